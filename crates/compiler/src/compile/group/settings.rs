//! The keys below `x-weir`: found at the innermost place that has them, and refused where they are
//! unknown.

use model::cursor::Cursor;
use model::{Diagnostics, codes};

use super::{BALANCE_KEYS, FAILOVER_KEYS, NODE_KEYS};

/// How many keys are named to choose from.
const LONGEST_LIST: usize = 9;

/// Places that speak of the same thing, the one that counts first.
#[derive(Debug, Clone, Default)]
pub(crate) struct Settings<'a>(Vec<Cursor<'a>>);

impl<'a> Settings<'a> {
    pub(crate) fn new(levels: impl IntoIterator<Item = Cursor<'a>>) -> Self {
        Self(levels.into_iter().filter(|at| !at.is_absent()).collect())
    }

    /// These places, and then those that come after them.
    pub(crate) fn before<'b>(&self, outer: &Settings<'b>) -> Settings<'b>
    where
        'a: 'b,
    {
        Settings(self.0.iter().chain(&outer.0).cloned().collect())
    }

    /// The value of a key at the first place that has it.
    pub(crate) fn get(&self, key: &str) -> Option<Cursor<'a>> {
        self.0.iter().map(|at| at.get(key)).find(|at| !at.is_absent())
    }

    /// The places below a key, up to one where it is switched off.
    pub(crate) fn inner(&self, key: &str) -> Self {
        let below = self.0.iter().map(|at| at.get(key)).filter(|at| !at.is_absent());
        Self(below.take_while(|at| !is_off(at)).collect())
    }

    /// Every place together with those that come after it.
    pub(crate) fn suffixes(&self) -> impl Iterator<Item = (&Cursor<'a>, Self)> {
        let rest = |index: usize| Self(self.0.iter().skip(index).cloned().collect());
        self.0.iter().enumerate().map(move |(index, at)| (at, rest(index)))
    }

    /// Reports unknown keys at every place.
    pub(crate) fn check_keys(&self, known: &[&[&str]], found: &mut Diagnostics) {
        self.0.iter().for_each(|at| check_keys(at, known, found));
    }

    /// The first place, to point at.
    pub(crate) fn first(&self) -> Option<&Cursor<'a>> {
        self.0.first()
    }
}

/// Whether a mapping is written as `false`.
pub(crate) fn is_off(at: &Cursor<'_>) -> bool {
    match at.value() {
        serde_json::Value::Bool(flag) => !flag,
        serde_json::Value::String(text) => text.trim().eq_ignore_ascii_case("false"),
        _ => false,
    }
}

/// Reports keys that are not in any of some lists; also a value that is neither a mapping nor a
/// switch.
pub(crate) fn check_keys(at: &Cursor<'_>, known: &[&[&str]], found: &mut Diagnostics) {
    if at.flag(&mut Diagnostics::new()).is_some() {
        return;
    }
    for (key, value) in at.entries(found) {
        if known.iter().any(|list| list.contains(&key)) {
            continue;
        }
        let message = format!("the key `{key}` is unknown here");
        let help = suggestion(key, &known.concat());
        found.error(codes::UNKNOWN_EXTENSION, value.place(), message, help);
    }
}

fn suggestion(key: &str, known: &[&str]) -> String {
    let score = |name: &&&str| strsim::jaro_winkler(key, name);
    let nearest = known.iter().max_by(|one, other| score(one).total_cmp(&score(other)));
    if let Some(nearest) = nearest.filter(|name| score(name) > 0.8) {
        return format!("Did you mean `{nearest}`?");
    }
    if NODE_KEYS.contains(&key) && known.contains(&"production") {
        return "Put it below `production` or `sandbox`.".to_owned();
    }
    if FAILOVER_KEYS.contains(&key) {
        return "It belongs to a failover group.".to_owned();
    }
    if BALANCE_KEYS.contains(&key) {
        return "It belongs to a load-balance group.".to_owned();
    }
    match known.len() {
        0..=LONGEST_LIST => format!("Remove it, or use one of {}.", known.join(", ")),
        _ => "Remove it; docs/endpoint-groups.md lists the keys.".to_owned(),
    }
}
