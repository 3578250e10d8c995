//! What several schemas say together of one value.

use serde_json::{Map, Value};

use crate::Schema;
use crate::schema::target;

/// The value would hold itself without end.
#[derive(Debug)]
pub(super) struct Cut;

/// Schemas that are all to hold for one value.
pub(super) type Parts<'a> = Vec<&'a Value>;

/// The keywords of all parts, with one branch chosen wherever there are several.
#[derive(Debug, Default, Clone)]
pub(super) struct Flat<'a> {
    pub(super) kinds: Option<Vec<&'a str>>,
    pub(super) allowed: Option<Vec<&'a Value>>,
    pub(super) examples: Parts<'a>,
    pub(super) defaults: Parts<'a>,
    pub(super) least: Option<f64>,
    pub(super) most: Option<f64>,
    pub(super) above: Option<f64>,
    pub(super) below: Option<f64>,
    pub(super) steps: Vec<f64>,
    pub(super) min_length: u64,
    pub(super) max_length: Option<u64>,
    pub(super) patterns: Vec<&'a str>,
    pub(super) format: Option<&'a str>,
    pub(super) properties: Vec<(&'a str, Parts<'a>)>,
    pub(super) by_pattern: Vec<(&'a str, &'a Value)>,
    pub(super) others: Parts<'a>,
    pub(super) names: Parts<'a>,
    pub(super) required: Vec<&'a str>,
    pub(super) dependents: Vec<(&'a str, &'a Value)>,
    pub(super) min_properties: u64,
    pub(super) max_properties: Option<u64>,
    pub(super) first_items: Vec<Parts<'a>>,
    pub(super) items: Parts<'a>,
    pub(super) contained: Vec<(&'a Value, u64)>,
    pub(super) min_items: u64,
    pub(super) max_items: Option<u64>,
    pub(super) is_unique: bool,
    pub(super) discriminator: Option<&'a Value>,
    /// The definitions that were gone through, outermost first.
    pub(super) definitions: Vec<usize>,
    /// How many branches there were to choose from, all together.
    pub(super) branches: usize,
}

/// Flattens schemas; `active` are the definitions around this value.
pub(super) struct Flattener<'a, 's> {
    pub(super) schema: &'a Schema,
    pub(super) active: &'s [usize],
    /// Which branches are taken: digits of a number, one for each choice on the way.
    pub(super) choice: usize,
}

impl<'a> Flattener<'a, '_> {
    pub(super) fn add(&mut self, schema: &'a Value, flat: &mut Flat<'a>) -> Result<(), Cut> {
        let map = match schema {
            Value::Object(map) => map,
            Value::Bool(false) => return Err(Cut),
            _ => return Ok(()),
        };
        if let Some(number) = target(schema) {
            if self.active.contains(&number) {
                return Err(Cut);
            }
            if !flat.definitions.contains(&number) {
                flat.definitions.push(number);
                self.add(self.schema.definition(number), flat)?;
            }
        }
        flat.take(map);
        for part in list(map, "allOf") {
            self.add(part, flat)?;
        }
        for key in ["oneOf", "anyOf"] {
            let branches: Vec<Parts<'a>> =
                list(map, key).iter().map(|branch| vec![branch]).collect();
            self.branch(&branches, flat)?;
        }
        if let Some(condition) = map.get("if") {
            let yes = [Some(condition), map.get("then")].into_iter().flatten().collect();
            let no = map.get("else").into_iter().collect();
            self.branch(&[yes, no], flat)?;
        }
        let dependent = map.get("dependentSchemas").and_then(Value::as_object);
        for (name, part) in dependent.into_iter().flatten() {
            let is_there = flat.required.contains(&name.as_str())
                || flat.properties.iter().any(|(known, _)| known == name);
            if is_there {
                self.add(part, flat)?;
            }
        }
        Ok(())
    }

    /// Adds the branch whose turn it is, or the next one that has an end.
    fn branch(&mut self, branches: &[Parts<'a>], flat: &mut Flat<'a>) -> Result<(), Cut> {
        let count = branches.len();
        if count == 0 {
            return Ok(());
        }
        let first = self.choice % count;
        self.choice /= count;
        flat.branches = flat.branches.max(1).saturating_mul(count);
        let rest = self.choice;
        for offset in 0..count {
            let Some(parts) = branches.get((first + offset) % count) else { break };
            let mut trial = flat.clone();
            self.choice = rest;
            if parts.iter().try_for_each(|part| self.add(part, &mut trial)).is_ok() {
                *flat = trial;
                return Ok(());
            }
        }
        Err(Cut)
    }
}

impl<'a> Flat<'a> {
    /// Takes over what one mapping says by itself.
    fn take(&mut self, map: &'a Map<String, Value>) {
        self.take_data(map);
        self.take_scalars(map);
        self.take_object(map);
        self.take_array(map);
    }

    fn take_data(&mut self, map: &'a Map<String, Value>) {
        if let Some(kind) = map.get("type") {
            let kinds = match kind {
                Value::String(kind) => vec![kind.as_str()],
                _ => list(map, "type").iter().filter_map(Value::as_str).collect(),
            };
            self.kinds = Some(match self.kinds.take() {
                Some(known) => both(&known, &kinds),
                None => kinds,
            });
        }
        let constant = map.get("const").map(|value| vec![value]);
        let listed = map.get("enum").map(|_| list(map, "enum").iter().collect::<Vec<_>>());
        for values in [constant, listed].into_iter().flatten() {
            self.allowed = Some(match self.allowed.take() {
                Some(known) => known.into_iter().filter(|value| values.contains(value)).collect(),
                None => values,
            });
        }
        self.examples.extend(map.get("example"));
        self.examples.extend(list(map, "examples"));
        self.defaults.extend(map.get("default"));
        self.discriminator = self.discriminator.or_else(|| map.get("discriminator"));
    }

    fn take_scalars(&mut self, map: &'a Map<String, Value>) {
        let number = |key: &str| map.get(key).and_then(Value::as_f64);
        self.least = larger(self.least, number("minimum"));
        self.above = larger(self.above, number("exclusiveMinimum"));
        self.most = smaller(self.most, number("maximum"));
        self.below = smaller(self.below, number("exclusiveMaximum"));
        self.steps.extend(number("multipleOf"));
        self.min_length = self.min_length.max(count(map, "minLength").unwrap_or(0));
        self.max_length = least(self.max_length, count(map, "maxLength"));
        self.patterns.extend(map.get("pattern").and_then(Value::as_str));
        self.format = self.format.or_else(|| map.get("format").and_then(Value::as_str));
    }

    fn take_object(&mut self, map: &'a Map<String, Value>) {
        for (name, schema) in entries(map, "properties") {
            match self.properties.iter_mut().find(|(known, _)| known == name) {
                Some((_, parts)) => parts.push(schema),
                None => self.properties.push((name, vec![schema])),
            }
        }
        let patterns = entries(map, "patternProperties");
        self.by_pattern.extend(patterns.map(|(pattern, schema)| (pattern.as_str(), schema)));
        self.others.extend(map.get("additionalProperties"));
        self.others.extend(map.get("unevaluatedProperties"));
        self.names.extend(map.get("propertyNames"));
        for name in list(map, "required").iter().filter_map(Value::as_str) {
            if !self.required.contains(&name) {
                self.required.push(name);
            }
        }
        let dependents = entries(map, "dependentRequired");
        self.dependents.extend(dependents.map(|(name, needed)| (name.as_str(), needed)));
        self.min_properties = self.min_properties.max(count(map, "minProperties").unwrap_or(0));
        self.max_properties = least(self.max_properties, count(map, "maxProperties"));
    }

    fn take_array(&mut self, map: &'a Map<String, Value>) {
        for (index, schema) in list(map, "prefixItems").iter().enumerate() {
            match self.first_items.get_mut(index) {
                Some(parts) => parts.push(schema),
                None => self.first_items.push(vec![schema]),
            }
        }
        self.items.extend(map.get("items"));
        self.items.extend(map.get("unevaluatedItems"));
        if let Some(contained) = map.get("contains") {
            self.contained.push((contained, count(map, "minContains").unwrap_or(1)));
        }
        self.min_items = self.min_items.max(count(map, "minItems").unwrap_or(0));
        self.max_items = least(self.max_items, count(map, "maxItems"));
        self.is_unique |= map.get("uniqueItems") == Some(&Value::Bool(true));
    }

    /// The kinds that the value may have; guessed from the keywords where none is written.
    pub(super) fn possible_kinds(&self) -> Vec<&'a str> {
        match &self.kinds {
            Some(kinds) => kinds.clone(),
            None => vec![self.guess()],
        }
    }

    fn guess(&self) -> &'static str {
        let has_properties = !self.properties.is_empty() || !self.by_pattern.is_empty();
        let has_items = !self.items.is_empty() || !self.first_items.is_empty();
        let has_bounds =
            [self.least, self.most, self.above, self.below].iter().any(Option::is_some);
        let is_text = self.format.is_some() || !self.patterns.is_empty();
        match () {
            () if has_properties || !self.required.is_empty() || self.min_properties > 0 => {
                "object"
            }
            () if has_items || !self.contained.is_empty() || self.min_items > 0 => "array",
            () if is_text || self.min_length > 0 || self.max_length.is_some() => "string",
            () if has_bounds || !self.steps.is_empty() => "number",
            () => "object",
        }
    }
}

pub(super) fn list<'a>(map: &'a Map<String, Value>, key: &str) -> &'a [Value] {
    map.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn entries<'a>(
    map: &'a Map<String, Value>,
    key: &str,
) -> impl Iterator<Item = (&'a String, &'a Value)> {
    map.get(key).and_then(Value::as_object).into_iter().flatten()
}

fn count(map: &Map<String, Value>, key: &str) -> Option<u64> {
    map.get(key).and_then(Value::as_u64)
}

/// The kinds that are in both lists; whole numbers are numbers.
fn both<'a>(left: &[&'a str], right: &[&'a str]) -> Vec<&'a str> {
    let is_in = |list: &[&str], kind: &str| {
        list.contains(&kind) || (kind == "integer" && list.contains(&"number"))
    };
    let mut kinds: Vec<&str> = left.iter().copied().filter(|kind| is_in(right, kind)).collect();
    for kind in right.iter().filter(|kind| is_in(left, kind)) {
        if !kinds.contains(kind) {
            kinds.push(kind);
        }
    }
    kinds
}

fn larger(left: Option<f64>, right: Option<f64>) -> Option<f64> {
    left.zip(right).map(|(left, right)| left.max(right)).or(left).or(right)
}

fn smaller(left: Option<f64>, right: Option<f64>) -> Option<f64> {
    left.zip(right).map(|(left, right)| left.min(right)).or(left).or(right)
}

fn least(left: Option<u64>, right: Option<u64>) -> Option<u64> {
    left.zip(right).map(|(left, right)| left.min(right)).or(left).or(right)
}
