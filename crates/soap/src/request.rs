//! JSON and parameters to an envelope.
//!
//! The schema says the order of elements, whatever the order in JSON. What the schema does not
//! have is refused with its place, since the service would refuse it in words of its own.

mod content;
mod element;
#[cfg(test)]
mod tests;

use serde_json::{Map, Value};

use crate::mapping::{Mapping, Message, ParameterPlace, Resource, SoapVersion};
use crate::problem::Problem;
use element::Writer;

/// The member that holds the blocks of the header.
pub const HEADER: &str = "$header";
/// The member that holds the text of an element with attributes.
pub const TEXT: &str = "$";
/// The member that names a derived type.
pub const TYPE: &str = "$type";

/// What a caller sent.
#[derive(Clone, Copy)]
pub struct Input<'a> {
    /// The body; none where there is none.
    pub body: Option<&'a Value>,
    /// Gives the values of a parameter.
    pub parameter: &'a dyn Fn(ParameterPlace, &str) -> Vec<String>,
}

impl std::fmt::Debug for Input<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Input").field("body", &self.body).finish_non_exhaustive()
    }
}

/// What the service is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// The message.
    pub text: String,
    /// Its `Content-Type`.
    pub content_type: String,
    /// `SOAPAction`, quoted; only for SOAP 1.1.
    pub action: Option<String>,
}

/// Makes the message of a request; most bytes that it may have are given.
///
/// # Errors
///
/// What in the request does not fit.
pub fn write(
    mapping: &Mapping,
    resource: &Resource,
    input: &Input<'_>,
    most_bytes: usize,
) -> Result<Envelope, Problem> {
    let value = gather(resource, input)?;
    let mut writer = Writer::new(mapping, resource, most_bytes);
    let (header, body) = split(&value);
    let header = header.map(|value| {
        let pointer = format!("/{HEADER}");
        let Some(blocks) = value.as_object() else {
            return Err(Problem::new(pointer, "this is no object", "an object of header blocks"));
        };
        writer.part(&resource.request.header, blocks, &pointer)
    });
    let header = header.transpose()?;
    let body = writer.part(&resource.request.body, &body, "")?;
    let text = writer.envelope(header.as_deref(), &body);
    Ok(Envelope { text, content_type: content_type(resource), action: action(resource) })
}

fn split(value: &Map<String, Value>) -> (Option<&Value>, Map<String, Value>) {
    let mut body = value.clone();
    body.shift_remove(HEADER);
    (value.get(HEADER), body)
}

/// The `Content-Type` of a message.
fn content_type(resource: &Resource) -> String {
    match (resource.version, &resource.action) {
        (SoapVersion::V11, _) => "text/xml; charset=UTF-8".to_owned(),
        (SoapVersion::V12, Some(action)) if !action.is_empty() => {
            format!("application/soap+xml; charset=UTF-8; action=\"{}\"", quotable(action))
        }
        (SoapVersion::V12, _) => "application/soap+xml; charset=UTF-8".to_owned(),
    }
}

fn action(resource: &Resource) -> Option<String> {
    let action = resource.action.as_deref().unwrap_or_default();
    (resource.version == SoapVersion::V11).then(|| format!("\"{}\"", quotable(action)))
}

/// A URI has none of these; what has would end the quotation.
fn quotable(text: &str) -> String {
    text.chars().filter(|one| !one.is_control() && *one != '"' && *one != '\\').collect()
}

/// The body with the outermost element and the parameters in it.
fn gather(resource: &Resource, input: &Input<'_>) -> Result<Map<String, Value>, Problem> {
    let mut value = match input.body {
        None | Some(Value::Null) => Map::new(),
        Some(Value::Object(members)) => with_outermost(&resource.request, members),
        // A single value for a single element.
        Some(other) => match resource.request.body.sole() {
            Some(element) => Map::from_iter([(element.key.to_string(), other.clone())]),
            None => return Err(Problem::new("", "this is no object", "an object")),
        },
    };
    for parameter in &resource.parameters {
        let mut values = (input.parameter)(parameter.place, &parameter.name);
        let given = match values.len() {
            0 => continue,
            1 => Value::String(values.remove(0)),
            _ => Value::from(values),
        };
        put(&mut value, &parameter.target, given);
    }
    // An operation without parameters has its element all the same.
    if let Some(element) = resource.request.body.sole()
        && input.body.is_none()
        && !value.contains_key(&*element.key)
    {
        value.insert(element.key.to_string(), Value::Object(Map::new()));
    }
    Ok(value)
}

/// Members may be those of the outermost element, without it.
fn with_outermost(request: &Message, members: &Map<String, Value>) -> Map<String, Value> {
    let Some(element) = request.body.sole() else { return members.clone() };
    let is_there = members.keys().any(|key| **key == *element.key);
    let others = members.keys().filter(|key| **key != *element.key && *key != HEADER).count();
    if is_there && others == 0 {
        return members.clone();
    }
    let mut inner = members.clone();
    let header = inner.shift_remove(HEADER);
    let mut all = Map::from_iter([(element.key.to_string(), Value::Object(inner))]);
    if let Some(header) = header {
        all.insert(HEADER.to_owned(), header);
    }
    all
}

/// Puts a value where a parameter says; members on the way are made, a value there is replaced.
fn put(value: &mut Map<String, Value>, target: &[String], given: Value) {
    let Some((last, way)) = target.split_last() else { return };
    let mut at = value;
    for key in way {
        let next = at.entry(key.clone()).or_insert_with(|| Value::Object(Map::new()));
        if !next.is_object() {
            *next = Value::Object(Map::new());
        }
        let Value::Object(members) = next else { return };
        at = members;
    }
    at.insert(last.clone(), given);
}
