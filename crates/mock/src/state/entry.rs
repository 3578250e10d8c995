//! An entry as the schema of an answer wants it.

use serde_json::{Map, Value};

use crate::shape::Shape;
use crate::{Mode, Schema, sample};

/// An entry without what is never answered, with what must be there, or without what must not.
///
/// Where none of these is valid, the entry itself was not: it is given as it is.
pub(super) fn fit(schema: &Schema, entry: &Value) -> Value {
    let Some(map) = entry.as_object() else { return entry.clone() };
    let top = Shape::of(schema, schema.top());
    let names = top.names();
    let is_listed = |name: &str| names.contains(&name);
    if !names.is_empty() && !map.keys().any(|name| is_listed(name)) {
        // It says something else than the entry, such as that all went well.
        return sample(schema, Mode::Fixed).unwrap_or_else(|_| entry.clone());
    }
    let shown = without_secrets(&top, map);
    if schema.is_valid(&shown) {
        return shown;
    }
    let mut whole = shown.clone();
    if let Some(whole) = whole.as_object_mut() {
        complete(schema, whole);
    }
    if schema.is_valid(&whole) {
        return whole;
    }
    if let Some(whole) = whole.as_object_mut() {
        whole.retain(|name, _| is_listed(name));
    }
    if schema.is_valid(&whole) { whole } else { shown }
}

/// What is wrong with an entry, but for what is never answered.
pub(super) fn violation(schema: &Schema, entry: &Value) -> Option<String> {
    let top = Shape::of(schema, schema.top());
    match entry.as_object() {
        Some(map) => crate::examples::wrong(schema, &without_secrets(&top, map)),
        None => crate::examples::wrong(schema, entry),
    }
}

/// An entry without what clients may only write.
fn without_secrets(top: &Shape<'_>, entry: &Map<String, Value>) -> Value {
    let mut shown = entry.clone();
    shown.retain(|name, _| !top.property(name).is_set("writeOnly"));
    Value::Object(shown)
}

/// Adds what an entry must have and the client did not send, such as what the server decides.
pub(super) fn complete(schema: &Schema, entry: &mut Map<String, Value>) {
    let required = schema.required();
    let missing: Vec<&str> =
        required.into_iter().filter(|name| !entry.contains_key(*name)).collect();
    if missing.is_empty() {
        return;
    }
    let Ok(made) = sample(schema, Mode::Fixed) else { return };
    for name in missing {
        if let Some(value) = made.get(name) {
            entry.insert(name.to_owned(), value.clone());
        }
    }
}
