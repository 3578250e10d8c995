//! What a real backend has answered, as an example of the document.
//!
//! The rest of the document is left as it is. An answer that several operations share is copied
//! into the one that is recorded, so that the others do not change.

use definition::Dialect;
use serde_json::{Map, Value, json};

use crate::digest::digest;
use crate::document::{dialect, resolve};
use crate::examples::{Status, declared};
use crate::negotiate::{essence, is_json};

/// The largest body that becomes an example, in bytes.
pub const MAX_BODY: usize = 1 << 20;
/// The description of an answer that the document does not declare.
const DESCRIPTION: &str = "Recorded.";
/// The name of an example that had none.
const UNNAMED: &str = "example";

/// What became of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inserted {
    /// It is a new example.
    Added,
    /// It has taken the place of the example of the same name, or of the only one there may be.
    Replaced,
    /// The document has such an example already.
    Unchanged,
}

/// The name of an example with this body: the same for the same body, whoever recorded it and when.
#[must_use]
pub fn name_of(body: &[u8]) -> String {
    format!("recorded-{}", digest(body.iter().copied()))
}

/// Writes an answer into a document as an example of an operation.
///
/// An answer without a body only declares its status. OpenAPI 2.0 has one example for a media
/// type, without a name.
///
/// # Errors
///
/// Where the document has no such operation, or the body is too large or not what its media type
/// says; as text to show.
pub fn insert(
    document: &mut Value,
    method: &str,
    template: &str,
    status: u16,
    media_type: &str,
    body: &[u8],
    name: &str,
) -> Result<Inserted, String> {
    if !(100..=599).contains(&status) {
        return Err(format!("{status} is no status"));
    }
    if name.trim().is_empty() {
        return Err("the example has no name".to_owned());
    }
    let value = value(media_type, body)?;
    let dialect = dialect(document, "");
    let whole = document.clone();
    let operation = operation(document, method, template)?;
    let before = operation.clone();
    let is_new = declare(operation, &whole, status)?;
    let Some(value) = value else {
        if !is_new {
            *operation = before;
        }
        return Ok(if is_new { Inserted::Added } else { Inserted::Unchanged });
    };
    let recorded = Recorded { media_type, value, name };
    let inserted = match dialect {
        Dialect::V2 => recorded.old(operation, &whole, status),
        _ => recorded.new_content(operation, status),
    };
    if inserted == Inserted::Unchanged {
        // What was copied for the example is not needed.
        *operation = before;
    }
    Ok(inserted)
}

/// The body as the value of an example; `None` where there is no body.
fn value(media_type: &str, body: &[u8]) -> Result<Option<Value>, String> {
    if body.is_empty() {
        return Ok(None);
    }
    if body.len() > MAX_BODY {
        return Err(format!("a body of {} bytes is too large; at most {MAX_BODY}", body.len()));
    }
    if !media_type.contains('/') {
        return Err(format!("`{media_type}` is no media type"));
    }
    if is_json(media_type) {
        let parsed = serde_json::from_slice(body);
        return parsed.map(Some).map_err(|error| format!("the body is not JSON: {error}"));
    }
    let text = std::str::from_utf8(body).map_err(|_| "the body is no text in UTF-8".to_owned())?;
    Ok(Some(Value::from(text)))
}

fn operation<'a>(
    document: &'a mut Value,
    method: &str,
    template: &str,
) -> Result<&'a mut Map<String, Value>, String> {
    let item = document.get_mut("paths").and_then(|paths| paths.get_mut(template));
    let found = item.and_then(|item| item.get_mut(method.to_ascii_lowercase())?.as_object_mut());
    found.ok_or_else(|| format!("the document has no {method} {template}"))
}

/// Sees to it that an operation has an answer of its own for a status; says whether it is new.
fn declare(operation: &mut Map<String, Value>, whole: &Value, status: u16) -> Result<bool, String> {
    let responses = operation.entry("responses").or_insert_with(|| json!({}));
    let responses = responses.as_object_mut().ok_or("the responses are no mapping")?;
    let keys: Vec<(Status, String)> =
        responses.keys().filter_map(|key| Some((Status::parse(key)?, key.clone()))).collect();
    let statuses: Vec<Status> = keys.iter().map(|(status, _)| *status).collect();
    let known = declared(&statuses, status).and_then(|at| keys.get(at));
    let key = status.to_string();
    let answer = match known {
        Some((Status::Code(_), key)) => {
            let Some(answer) = responses.get_mut(key) else { return Ok(false) };
            if answer.get("$ref").is_some() {
                *answer = followed(whole, answer)?;
            }
            return Ok(false);
        }
        // What the document says of all such answers holds for this one.
        Some((_, general)) => match responses.get(general) {
            Some(general) => without_examples(&followed(whole, general)?),
            None => json!({ "description": DESCRIPTION }),
        },
        None => json!({ "description": DESCRIPTION }),
    };
    responses.insert(key, answer);
    Ok(true)
}

fn followed(whole: &Value, value: &Value) -> Result<Value, String> {
    let Some(reference) = value.get("$ref").and_then(Value::as_str) else {
        return Ok(value.clone());
    };
    let found = resolve(whole, reference).map_err(|problem| problem.to_string())?;
    if found.get("$ref").is_some() {
        return Err(format!("`{reference}` leads to another reference"));
    }
    Ok(found.clone())
}

fn without_examples(answer: &Value) -> Value {
    let mut answer = answer.clone();
    let drop_from = |value: &mut Value| {
        if let Some(map) = value.as_object_mut() {
            map.shift_remove("example");
            map.shift_remove("examples");
        }
    };
    drop_from(&mut answer);
    let contents = answer.get_mut("content").and_then(Value::as_object_mut);
    contents.into_iter().flat_map(Map::values_mut).for_each(drop_from);
    answer
}

/// The answer of a status, which `declare` has seen to.
fn answer(operation: &mut Map<String, Value>, status: u16) -> Option<&mut Map<String, Value>> {
    operation.get_mut("responses")?.get_mut(status.to_string())?.as_object_mut()
}

/// The key of a mapping that is this media type.
fn key_of(map: &Map<String, Value>, media_type: &str) -> Option<String> {
    map.keys().find(|key| essence(key) == essence(media_type)).cloned()
}

struct Recorded<'a> {
    media_type: &'a str,
    value: Value,
    name: &'a str,
}

impl Recorded<'_> {
    /// OpenAPI 2.0: `examples` by media type.
    fn old(self, operation: &mut Map<String, Value>, whole: &Value, status: u16) -> Inserted {
        let Some(answer) = answer(operation, status) else { return Inserted::Unchanged };
        let has_schema = answer.contains_key("schema");
        let examples = answer.entry("examples").or_insert_with(|| json!({}));
        let Some(examples) = examples.as_object_mut() else { return Inserted::Unchanged };
        let key = key_of(examples, self.media_type).unwrap_or_else(|| self.media_type.to_owned());
        let before = examples.get(&key);
        if before == Some(&self.value) {
            return Inserted::Unchanged;
        }
        let inserted = if before.is_some() { Inserted::Replaced } else { Inserted::Added };
        examples.insert(key, self.value);
        produce(operation, whole, self.media_type, has_schema);
        inserted
    }

    /// OpenAPI 3: `content.<type>.examples.<name>.value`.
    fn new_content(self, operation: &mut Map<String, Value>, status: u16) -> Inserted {
        let Some(answer) = answer(operation, status) else { return Inserted::Unchanged };
        let contents = answer.entry("content").or_insert_with(|| json!({}));
        let Some(contents) = contents.as_object_mut() else { return Inserted::Unchanged };
        let key = key_of(contents, self.media_type).unwrap_or_else(|| self.media_type.to_owned());
        let content = contents.entry(key).or_insert_with(|| json!({}));
        let Some(content) = content.as_object_mut() else { return Inserted::Unchanged };
        if content.get("example") == Some(&self.value) {
            return Inserted::Unchanged;
        }
        let named = content.get("examples").and_then(Value::as_object).into_iter().flatten();
        if named.into_iter().any(|(_, example)| example.get("value") == Some(&self.value)) {
            return Inserted::Unchanged;
        }
        // One of the two may stand there, not both (OpenAPI 3.1 §4.8.14).
        let single = content.shift_remove("example");
        let examples = content.entry("examples").or_insert_with(|| json!({}));
        let Some(examples) = examples.as_object_mut() else { return Inserted::Unchanged };
        if let Some(single) = single {
            examples.insert(UNNAMED.to_owned(), json!({ "value": single }));
        }
        let before = examples.insert(self.name.to_owned(), json!({ "value": self.value }));
        if before.is_some() { Inserted::Replaced } else { Inserted::Added }
    }
}

/// Adds a media type to those that an operation of OpenAPI 2.0 produces.
fn produce(operation: &mut Map<String, Value>, whole: &Value, media_type: &str, has_schema: bool) {
    let listed = operation.get("produces").or_else(|| whole.get("produces"));
    let mut types: Vec<Value> = listed.and_then(Value::as_array).cloned().unwrap_or_default();
    if types.is_empty() && has_schema {
        // What is meant where nothing is said.
        types.push(json!("application/json"));
    }
    let is_it =
        |kind: &Value| kind.as_str().is_some_and(|kind| essence(kind) == essence(media_type));
    if !types.iter().any(is_it) {
        types.push(json!(media_type));
        operation.insert("produces".to_owned(), Value::Array(types));
    }
}

#[cfg(test)]
mod tests;
