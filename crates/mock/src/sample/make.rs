//! One round: a value from its schemas, place by place.

use std::collections::HashSet;

use model::cursor::join;
use regex::Regex;
use serde_json::{Map, Value, json};

use super::flat::{Cut, Flat, Flattener, Parts};
use super::{MAX_TURNS, Mode, Turns, number, text};
use crate::schema::Direction;
use crate::{Schema, pattern};

/// Most values of one sample.
const MAX_VALUES: usize = 20_000;
/// From here on only what is required is made.
const LEAN_VALUES: usize = 2_000;
/// Deepest value, and from where on only what is required is made.
const MAX_DEPTH: usize = 40;
const LEAN_DEPTH: usize = 10;
/// How many branches are tried where one has no end.
const MAX_BRANCHES: usize = 8;
/// Longest list that is made; one that must be longer is refused.
const MAX_ITEMS: u64 = 1_000;

static ANYTHING: Value = Value::Bool(true);

pub(super) struct Maker<'a> {
    schema: &'a Schema,
    mode: Mode,
    turns: &'a Turns,
    copied: HashSet<String>,
    /// The definitions around the current value.
    active: Vec<usize>,
    depth: usize,
    made: usize,
    /// Moves the choices on within lists whose items must differ.
    variety: usize,
}

impl<'a> Maker<'a> {
    pub(super) fn new(schema: &'a Schema, mode: Mode, turns: &'a Turns) -> Self {
        let copied = HashSet::new();
        Self { schema, mode, turns, copied, active: Vec::new(), depth: 0, made: 0, variety: 0 }
    }

    pub(super) fn whole(&mut self) -> Result<Value, Cut> {
        self.value(&[self.schema.top()], "", None)
    }

    /// The places whose values were taken from the document as they are.
    pub(super) fn copied(self) -> HashSet<String> {
        self.copied
    }

    /// A value at a place; `wanted` goes before everything else.
    fn value(
        &mut self,
        parts: &[&'a Value],
        at: &str,
        wanted: Option<&Value>,
    ) -> Result<Value, Cut> {
        self.made += 1;
        if self.made > MAX_VALUES || self.depth > MAX_DEPTH {
            return Err(Cut);
        }
        let mut turn = self.turns.get(at).copied().unwrap_or(0) + self.variety;
        if let Some(wanted) = wanted {
            match turn.checked_sub(1) {
                None => return Ok(wanted.clone()),
                Some(rest) => turn = rest,
            }
        }
        if self.mode == Mode::Fixed {
            let given = self.given(parts);
            match given.get(turn) {
                Some(value) => {
                    self.copied.insert(at.to_owned());
                    return Ok((*value).clone());
                }
                None => turn -= given.len(),
            }
        }
        self.made_up(parts, at, turn)
    }

    /// What the document gives for a value: examples, then defaults.
    fn given(&self, parts: &[&'a Value]) -> Parts<'a> {
        let Ok((flat, _)) = self.flatten(parts, 0) else { return Vec::new() };
        let is_possible = |value: &&Value| {
            let kinds = flat.kinds.as_ref();
            let is_kind = kinds.is_none_or(|kinds| kinds.iter().any(|kind| is_of(value, kind)));
            is_kind && flat.allowed.as_ref().is_none_or(|allowed| allowed.contains(value))
        };
        flat.examples.iter().chain(&flat.defaults).copied().filter(is_possible).collect()
    }

    fn made_up(&mut self, parts: &[&'a Value], at: &str, turn: usize) -> Result<Value, Cut> {
        let chance = self.chance(at, turn);
        for attempt in 0..MAX_BRANCHES {
            let (flat, variant) = self.flatten(parts, turn.wrapping_add(chance) + attempt)?;
            let value = self.of_flat(&flat, variant, at);
            if value.is_ok() || flat.branches <= attempt + 1 {
                return value;
            }
        }
        Err(Cut)
    }

    /// A number for a place: nothing when the same value is wanted every time.
    fn chance(&self, at: &str, turn: usize) -> usize {
        let Mode::Dynamic(seed) = self.mode else { return 0 };
        let start = at.bytes().fold(seed ^ turn as u64, |sum, byte| mixed(sum ^ u64::from(byte)));
        // Small, so that it can be added to without end.
        (mixed(start) >> 48) as usize
    }

    /// The schemas as one, and what is left of the turn when branches are chosen.
    fn flatten(&self, parts: &[&'a Value], choice: usize) -> Result<(Flat<'a>, usize), Cut> {
        let (schema, active) = (self.schema, self.active.as_slice());
        let mut flattener = Flattener { schema, active, choice };
        let mut flat = Flat::default();
        for part in parts {
            flattener.add(part, &mut flat)?;
        }
        Ok((flat, flattener.choice))
    }

    fn of_flat(&mut self, flat: &Flat<'a>, variant: usize, at: &str) -> Result<Value, Cut> {
        let kinds = flat.possible_kinds();
        if let Some(allowed) = &flat.allowed {
            let is_kind = |value: &&&Value| {
                flat.kinds.is_none() || kinds.iter().any(|kind| is_of(value, kind))
            };
            let values: Parts<'a> = allowed.iter().filter(is_kind).copied().collect();
            let chosen = values.get(variant.checked_rem(values.len()).unwrap_or(0));
            return chosen.map(|value| (*value).clone()).ok_or(Cut);
        }
        // Null is the last resort.
        let (nulls, others): (Vec<&str>, Vec<&str>) =
            kinds.iter().partition(|kind| **kind == "null");
        let kinds: Vec<&str> = others.into_iter().chain(nulls).collect();
        let Some(kind) = kinds.get(variant.checked_rem(kinds.len()).unwrap_or(0)) else {
            return Err(Cut);
        };
        let variant = variant / kinds.len().max(1);
        match *kind {
            "object" => self.inside(flat, |maker| maker.object(flat, at)),
            "array" => self.inside(flat, |maker| maker.array(flat, at)),
            "string" => text::make(flat, variant).map(Value::String).ok_or(Cut),
            "integer" => Ok(number::make(flat, true, variant)),
            "number" => Ok(number::make(flat, false, variant)),
            "boolean" => Ok(json!(variant.is_multiple_of(2))),
            _ => Ok(Value::Null),
        }
    }

    /// Makes what is inside of a value, with its definitions known to be around.
    fn inside(
        &mut self,
        flat: &Flat<'a>,
        make: impl FnOnce(&mut Self) -> Result<Value, Cut>,
    ) -> Result<Value, Cut> {
        let outside = self.active.len();
        self.active.extend(&flat.definitions);
        self.depth += 1;
        let value = make(self);
        self.depth -= 1;
        self.active.truncate(outside);
        value
    }

    /// Whether no turn of a place has led to a valid value.
    fn is_hopeless(&self, at: &str) -> bool {
        self.turns.get(at).is_some_and(|turn| *turn >= MAX_TURNS)
    }

    fn is_lean(&self) -> bool {
        self.made > LEAN_VALUES || self.depth > LEAN_DEPTH
    }

    fn object(&mut self, flat: &Flat<'a>, at: &str) -> Result<Value, Cut> {
        let required = all_required(flat);
        let most = flat.max_properties.unwrap_or(u64::MAX);
        let mut out = Map::new();
        let mut optional_left = most.saturating_sub(required.len() as u64);
        for (name, parts) in &flat.properties {
            let is_required = required.contains(name);
            if !is_required && (self.is_lean() || optional_left == 0 || self.is_other_way(parts)) {
                continue;
            }
            let place = join(at, name);
            if !is_required && self.is_hopeless(&place) {
                continue;
            }
            let wanted = self.discriminating(flat, name);
            let parts = with_patterns(parts, name, flat);
            match self.value(&parts, &place, wanted.as_ref()) {
                Ok(value) => drop(out.insert((*name).to_owned(), value)),
                Err(cut) if is_required => return Err(cut),
                Err(_) => continue,
            }
            optional_left = if is_required { optional_left } else { optional_left - 1 };
        }
        for name in required {
            if !out.contains_key(name) {
                let value = self.value(&self.unlisted(name, flat), &join(at, name), None)?;
                out.insert(name.to_owned(), value);
            }
        }
        self.fill(flat, at, &mut out)?;
        Ok(Value::Object(out))
    }

    /// Properties that nobody lists: up to the least number, or one to show what they look like.
    fn fill(&mut self, flat: &Flat<'a>, at: &str, out: &mut Map<String, Value>) -> Result<(), Cut> {
        let shows = flat.properties.is_empty()
            && flat.max_properties != Some(0)
            && (!flat.by_pattern.is_empty() || flat.others.iter().any(|other| other.is_object()));
        let least = flat.min_properties.min(MAX_ITEMS + 1);
        if least > MAX_ITEMS {
            return Err(Cut);
        }
        let goal = least.max(u64::from(shows && out.is_empty() && !self.is_lean()));
        let mut number = 0;
        while (out.len() as u64) < goal && number < 2 * MAX_ITEMS as usize {
            let name = self.new_name(flat, number);
            number += 1;
            let Some(name) = name.filter(|name| !out.contains_key(name)) else { continue };
            match self.value(&self.unlisted(&name, flat), &join(at, &name), None) {
                Ok(value) => drop(out.insert(name, value)),
                Err(_) if (out.len() as u64) >= least => break,
                Err(cut) => return Err(cut),
            }
        }
        Ok(())
    }

    fn new_name(&self, flat: &Flat<'a>, number: usize) -> Option<String> {
        let is_closed = flat.others.contains(&&Value::Bool(false));
        if let Some((expression, _)) = flat.by_pattern.first()
            && (is_closed || number == 0)
        {
            let longer = u64::try_from(number).unwrap_or(0);
            return pattern::matching(expression, longer, None, number);
        }
        if flat.names.is_empty() {
            return Some(format!("property{}", number + 1));
        }
        let (mut names, variant) = self.flatten(&flat.names, number).ok()?;
        names.kinds = Some(vec!["string"]);
        match &names.allowed {
            Some(allowed) => allowed.get(number)?.as_str().map(str::to_owned),
            None => text::make(&names, variant),
        }
    }

    /// The schemas of a property that is not listed by its name.
    fn unlisted(&self, name: &str, flat: &Flat<'a>) -> Parts<'a> {
        let by_pattern = with_patterns(&[], name, flat);
        match () {
            () if !by_pattern.is_empty() => by_pattern,
            () if !flat.others.is_empty() => flat.others.clone(),
            () => {
                static TEXT: std::sync::LazyLock<Value> =
                    std::sync::LazyLock::new(|| json!({ "type": "string" }));
                vec![&TEXT]
            }
        }
    }

    /// The name that tells which schema of several this is.
    fn discriminating(&self, flat: &Flat<'a>, name: &str) -> Option<Value> {
        let discriminator = flat.discriminator?;
        if discriminator.get("propertyName")?.as_str()? != name {
            return None;
        }
        let bases = discriminator.get("mapping").and_then(Value::as_object);
        let named = flat.definitions.iter().map(|number| self.schema.name(*number));
        let named: Vec<&str> = named.filter(|name| !name.is_empty()).collect();
        let mapped = bases.into_iter().flatten().find(|(_, to)| {
            let to = to.as_str().and_then(|to| to.rsplit('/').next()).unwrap_or_default();
            named.contains(&to)
        });
        mapped
            .map(|(key, _)| key.as_str())
            .or_else(|| named.first().copied())
            .map(|name| json!(name))
    }

    /// Whether a property is only sent in the other direction.
    fn is_other_way(&self, parts: &[&Value]) -> bool {
        let flag = match self.schema.direction() {
            Direction::Request => "readOnly",
            Direction::Response => "writeOnly",
        };
        let flagged = |schema: &Value| schema.get(flag) == Some(&Value::Bool(true));
        parts.iter().any(|part| {
            let behind = crate::schema::target(part).map(|number| self.schema.definition(number));
            flagged(part) || behind.is_some_and(flagged)
        })
    }

    fn array(&mut self, flat: &Flat<'a>, at: &str) -> Result<Value, Cut> {
        let contained: Parts<'a> = flat
            .contained
            .iter()
            .flat_map(|(schema, count)| {
                std::iter::repeat_n(*schema, usize::try_from((*count).min(MAX_ITEMS)).unwrap_or(0))
            })
            .collect();
        let listed = flat.first_items.len() + contained.len();
        let usual = if self.is_lean() { 0 } else { listed.max(1) as u64 };
        let most = flat.max_items.unwrap_or(u64::MAX);
        let goal = flat.min_items.max(usual.min(most));
        if flat.min_items > MAX_ITEMS {
            return Err(Cut);
        }
        let (outer, mut out) = (self.variety, Vec::new());
        for index in 0..usize::try_from(goal).unwrap_or(0) {
            let mut parts =
                flat.first_items.get(index).cloned().unwrap_or_else(|| flat.items.clone());
            if let Some(of) = index.checked_sub(flat.first_items.len()) {
                parts.extend(contained.get(of));
            }
            if parts.is_empty() {
                parts.push(&ANYTHING);
            }
            let item = self.item(&parts, &join(at, &index.to_string()), flat.is_unique, &out);
            self.variety = outer;
            match item {
                Ok(item) => out.push(item),
                Err(_) if index as u64 >= flat.min_items => break,
                Err(cut) => return Err(cut),
            }
        }
        Ok(Value::Array(out))
    }

    /// One item; where items must differ, possibilities are gone through until one is new.
    fn item(
        &mut self,
        parts: &[&'a Value],
        at: &str,
        is_unique: bool,
        others: &[Value],
    ) -> Result<Value, Cut> {
        if !is_unique {
            return self.value(parts, at, None);
        }
        for _ in 0..=others.len() + MAX_BRANCHES {
            let item = self.value(parts, at, None)?;
            if !others.contains(&item) {
                return Ok(item);
            }
            self.variety += 1;
        }
        Err(Cut)
    }
}

/// The required names, and those that they bring with them.
fn all_required<'a>(flat: &Flat<'a>) -> Vec<&'a str> {
    let mut all = flat.required.clone();
    let mut next = 0;
    while let Some(name) = all.get(next).copied() {
        next += 1;
        let brought = flat.dependents.iter().filter(|(of, _)| *of == name);
        let brought = brought.flat_map(|(_, names)| names.as_array().into_iter().flatten());
        for name in brought.filter_map(Value::as_str) {
            if !all.contains(&name) {
                all.push(name);
            }
        }
    }
    all
}

fn with_patterns<'a>(parts: &[&'a Value], name: &str, flat: &Flat<'a>) -> Parts<'a> {
    let by_pattern = flat.by_pattern.iter();
    let matching = by_pattern.filter(|(pattern, _)| {
        Regex::new(pattern).is_ok_and(|expression| expression.is_match(name))
    });
    parts.iter().copied().chain(matching.map(|(_, schema)| *schema)).collect()
}

fn is_of(value: &Value, kind: &str) -> bool {
    match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.as_f64().is_some_and(|number| number.fract() == 0.0),
        "number" => value.is_number(),
        _ => value.is_null(),
    }
}

/// One step of splitmix64.
pub(super) fn mixed(state: u64) -> u64 {
    let state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    state ^ (state >> 31)
}
