//! The ids of entries.

use serde_json::{Map, Value, json};

use crate::shape::Shape;
use crate::{Mode, Schema, sample};

/// How often an id is made anew where it is taken.
const MAX_TRIES: u64 = 16;

/// How the ids of a collection are made, and where they stand.
#[derive(Debug)]
pub(super) struct Ids {
    /// The property; `None` where entries do not say their ids.
    pub(super) property: Option<Box<str>>,
    kind: Kind,
    /// Whether clients have no say.
    is_read_only: bool,
}

#[derive(Debug)]
enum Kind {
    /// The one above the highest.
    Integer,
    /// A random one (RFC 9562 §5.4).
    Uuid,
    /// Numbers, as text.
    Text,
    /// What the schema of an entry makes: it asks for more than text.
    Made(Box<Schema>),
}

impl Ids {
    /// Reads it off the schema of an entry; the variable is that of the path.
    pub(super) fn read(variable: &str, schema: Option<Schema>) -> Self {
        let nothing = Self { property: None, kind: Kind::Text, is_read_only: false };
        let Some(schema) = schema else { return nothing };
        let top = Shape::of(&schema, schema.top());
        let Some(property) = property(variable, &top) else { return nothing };
        let shape = top.property(&property);
        let is_read_only = shape.is_set("readOnly");
        let is_plain = ["enum", "format", "maxLength", "minLength", "pattern"]
            .iter()
            .all(|keyword| !shape.says(keyword));
        let kind = match () {
            () if shape.is("integer") || shape.is("number") => Kind::Integer,
            () if shape.first("format").and_then(Value::as_str) == Some("uuid") => Kind::Uuid,
            () if is_plain => Kind::Text,
            () => Kind::Made(Box::new(schema)),
        };
        Self { property: Some(property.into_boxed_str()), kind, is_read_only }
    }

    /// The id that an entry has, where that is for the client to say.
    pub(super) fn given(&self, entry: &Map<String, Value>) -> Option<Value> {
        let property = self.property.as_deref().filter(|_| !self.is_read_only)?;
        entry.get(property).filter(|value| is_id(value)).cloned()
    }

    /// The id of an entry of the document.
    pub(super) fn of(&self, entry: &Value) -> Option<Value> {
        let value = entry.get(self.property.as_deref()?)?;
        Some(value.clone()).filter(is_id)
    }

    /// An id that no entry has.
    pub(super) fn fresh(&self, entries: &Map<String, Value>, seed: u64) -> Value {
        let is_free = |value: &Value| !entries.contains_key(&text(value));
        match &self.kind {
            Kind::Integer => {
                let highest = entries.keys().filter_map(|id| id.parse::<i64>().ok()).max();
                let next = highest.unwrap_or(0).max(0).checked_add(1).map(|next| json!(next));
                next.unwrap_or_else(|| counted(entries, |number| json!(number)))
            }
            Kind::Uuid => {
                let made = (0..MAX_TRIES).map(|turn| json!(uuid(seed.wrapping_add(turn))));
                made.into_iter().find(is_free).unwrap_or_else(|| json!(uuid(seed)))
            }
            Kind::Text => counted(entries, |number| json!(number.to_string())),
            Kind::Made(schema) => {
                let made = (0..MAX_TRIES).filter_map(|turn| {
                    let entry = sample(schema, Mode::Dynamic(seed.wrapping_add(turn))).ok()?;
                    self.of(&entry)
                });
                let free = made.into_iter().find(is_free);
                free.unwrap_or_else(|| counted(entries, |number| json!(number.to_string())))
            }
        }
    }

    /// The id of a path as the value that it is; `None` where no entry can have it.
    pub(super) fn parse(&self, id: &str) -> Option<Value> {
        match self.kind {
            Kind::Integer => id.parse::<i64>().ok().map(|number| json!(number)),
            _ => Some(json!(id)).filter(|_| !id.is_empty()),
        }
    }

    /// Writes an id into its entry.
    pub(super) fn write(&self, id: Value, entry: &mut Map<String, Value>) {
        if let Some(property) = self.property.as_deref() {
            entry.insert(property.to_owned(), id);
        }
    }

    /// Gives an entry the id that it had.
    pub(super) fn keep(&self, before: &Value, after: &mut Value) {
        if let (Some(property), Some(after)) = (self.property.as_deref(), after.as_object_mut())
            && let Some(id) = before.get(property)
        {
            after.insert(property.to_owned(), id.clone());
        }
    }
}

/// An id as it stands in a path.
pub(super) fn text(id: &Value) -> String {
    match id {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn is_id(value: &Value) -> bool {
    value.is_number() || value.as_str().is_some_and(|text| !text.is_empty())
}

/// The first number that is free, counted from how many there are.
fn counted(entries: &Map<String, Value>, write: impl Fn(usize) -> Value) -> Value {
    // One of so many numbers is free, because there are fewer entries.
    let mut numbers = (entries.len() + 1..=2 * entries.len() + 1).map(write);
    let first = numbers.next().unwrap_or_default();
    if !entries.contains_key(&text(&first)) {
        return first;
    }
    numbers.find(|value| !entries.contains_key(&text(value))).unwrap_or(first)
}

/// The property that a variable names: `petId` is `petId` or `id`, in any case and spelling.
fn property(variable: &str, shape: &Shape<'_>) -> Option<String> {
    let bare = |name: &str| -> String {
        name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase()
    };
    let names = shape.names();
    let wanted = bare(variable);
    let exact = names.iter().find(|name| **name == variable);
    let alike = || names.iter().find(|name| bare(name) == wanted);
    let short = || names.iter().find(|name| wanted.ends_with("id") && bare(name) == "id");
    // `/users/{username}` is found by the first two; `/files/{key}` with an `id` by this.
    let any = || names.iter().find(|name| **name == "id");
    exact.or_else(alike).or_else(short).or_else(any).map(|name| (*name).to_owned())
}

/// A random UUID (RFC 9562 §5.4).
fn uuid(seed: u64) -> String {
    let high = mixed(seed) & !0xf000 | 0x4000;
    let low = mixed(seed ^ 0x5851_f42d_4c95_7f2d) & !(0b11 << 62) | 0b10 << 62;
    let text = format!("{high:016x}{low:016x}");
    let ends = [(0, 8), (8, 12), (12, 16), (16, 20), (20, 32)];
    let parts: Vec<&str> = ends.iter().filter_map(|(from, to)| text.get(*from..*to)).collect();
    parts.join("-")
}

/// Bits that look like chance (SplitMix64).
fn mixed(seed: u64) -> u64 {
    let mut bits = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ bits >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ bits >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ bits >> 31
}
