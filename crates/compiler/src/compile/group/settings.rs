//! The keys below `x-weir`: found at the innermost place that has them, and refused where they are
//! unknown.

use model::cursor::Cursor;
use model::{Diagnostics, codes};

use super::{BALANCE_KEYS, FAILOVER_KEYS, NODE_KEYS};
use crate::compile::client_certificate;
use crate::compile::credentials::{self, StageSecurity};
use crate::compile::lambda::Ground;
use crate::compile::wsdl::Wsdls;

/// How many keys are named to choose from.
const LONGEST_LIST: usize = 10;

/// Places that speak of the same thing, the one that counts first.
#[derive(Debug, Clone, Default)]
pub(crate) struct Settings<'a> {
    places: Vec<Cursor<'a>>,
    /// What holds for all leaves of the stage, however deep they are.
    stage: Option<StageSecurity<'a>>,
    /// The WSDLs that endpoints may be in.
    wsdls: Option<&'a Wsdls<'a>>,
    /// What functions may be behind.
    functions: Option<Ground<'a>>,
    /// What a group around this place says of security; unlike other settings it holds for groups
    /// within, so that nobody is called without it by mistake.
    security: Option<Cursor<'a>>,
    /// The same of client certificates.
    client_certificate: Option<Cursor<'a>>,
}

impl<'a> Settings<'a> {
    pub(crate) fn new(levels: impl IntoIterator<Item = Cursor<'a>>) -> Self {
        let places = levels.into_iter().filter(|at| !at.is_absent()).collect();
        Self { places, ..Self::default() }
    }

    /// These places, and then those that come after them.
    pub(crate) fn before<'b>(&self, outer: &Settings<'b>) -> Settings<'b>
    where
        'a: 'b,
    {
        let places = self.places.iter().chain(&outer.places).cloned().collect();
        Settings {
            places,
            stage: self.stage.or(outer.stage),
            wsdls: self.wsdls.or(outer.wsdls),
            functions: self.functions.or(outer.functions),
            security: self.security.clone().or_else(|| outer.security.clone()),
            client_certificate: self
                .client_certificate
                .clone()
                .or_else(|| outer.client_certificate.clone()),
        }
    }

    /// The same for leaves of a stage.
    pub(crate) fn within(self, stage: Option<StageSecurity<'a>>) -> Self {
        Self { stage, ..self }
    }

    /// The same for endpoints that may be in one of these WSDLs.
    pub(crate) fn knowing(self, wsdls: &'a Wsdls<'a>) -> Self {
        Self { wsdls: Some(wsdls), ..self }
    }

    /// The same for endpoints that may be functions.
    pub(crate) fn invoking(self, ground: Ground<'a>) -> Self {
        Self { functions: Some(ground), ..self }
    }

    /// The same in a group within another one.
    pub(crate) fn inside(self, group: &Self) -> Self {
        Self {
            stage: group.stage,
            wsdls: group.wsdls,
            functions: group.functions,
            security: group.security(),
            client_certificate: group.client_certificate(),
            ..self
        }
    }

    /// What the nearest place says of security.
    pub(crate) fn security(&self) -> Option<Cursor<'a>> {
        self.get(credentials::KEY).or_else(|| self.security.clone())
    }

    /// What the nearest place says of client certificates.
    pub(crate) fn client_certificate(&self) -> Option<Cursor<'a>> {
        self.get(client_certificate::KEY).or_else(|| self.client_certificate.clone())
    }

    /// The WSDLs that endpoints may be in.
    pub(crate) fn wsdls(&self) -> Option<&'a Wsdls<'a>> {
        self.wsdls
    }

    /// What functions may be behind.
    pub(crate) fn functions(&self) -> Option<Ground<'a>> {
        self.functions
    }

    /// The stage.
    pub(crate) fn stage(&self) -> Option<StageSecurity<'a>> {
        self.stage
    }

    /// The value of a key at the first place that has it.
    pub(crate) fn get(&self, key: &str) -> Option<Cursor<'a>> {
        self.places.iter().map(|at| at.get(key)).find(|at| !at.is_absent())
    }

    /// The places below a key, up to one where it is switched off.
    pub(crate) fn inner(&self, key: &str) -> Self {
        let below = self.places.iter().map(|at| at.get(key)).filter(|at| !at.is_absent());
        Self { places: below.take_while(|at| !is_off(at)).collect(), ..Self::default() }
    }

    /// Every place together with those that come after it.
    pub(crate) fn suffixes(&self) -> impl Iterator<Item = (&Cursor<'a>, Self)> {
        let rest = |index: usize| Self {
            places: self.places.iter().skip(index).cloned().collect(),
            ..Self::default()
        };
        self.places.iter().enumerate().map(move |(index, at)| (at, rest(index)))
    }

    /// Reports unknown keys at every place.
    pub(crate) fn check_keys(&self, known: &[&[&str]], found: &mut Diagnostics) {
        self.places.iter().for_each(|at| check_keys(at, known, found));
    }

    /// The first place, to point at.
    pub(crate) fn first(&self) -> Option<&Cursor<'a>> {
        self.places.first()
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
        _ if known.contains(&"clientContext") => {
            "Remove it; docs/lambda.md lists the keys.".to_owned()
        }
        0..=LONGEST_LIST => format!("Remove it, or use one of {}.", known.join(", ")),
        _ => "Remove it; docs/endpoint-groups.md lists the keys.".to_owned(),
    }
}
