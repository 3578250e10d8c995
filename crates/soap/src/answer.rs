//! An envelope to JSON.
//!
//! What the mapping names is typed: numbers and booleans are JSON's, what may repeat is an array
//! however often it is there, nil is null. What it does not name is kept by the general rules of
//! XML and JSON, so that a service that grows loses nothing.

mod element;
mod fault;
#[cfg(test)]
mod tests;

use serde_json::{Map, Value};
use wsdl::namespace::{ENVELOPE, ENVELOPE_12};
use xml::read::Limits;
use xml::tree::{NodeId, Tree};

use crate::mapping::{Mapping, Resource};
use crate::problem::problem;
use crate::request::HEADER;
use element::Reader;

/// What a caller is answered.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The body.
    pub body: Value,
    /// Whether it is a problem (RFC 9457).
    pub is_problem: bool,
}

/// Turns what a service answered, with its status, into JSON; `None` where it answered no body.
///
/// What is no envelope becomes a problem: with the status of a failed answer, else 502.
#[must_use]
pub fn read(
    mapping: &Mapping,
    resource: &Resource,
    status: u16,
    body: &[u8],
    limits: &Limits,
) -> Option<Answer> {
    if body.is_empty() {
        return None;
    }
    let Ok(tree) = xml::read::read(body, limits) else {
        return Some(no_envelope(status, "the service answered no XML"));
    };
    let Some(parts) = Parts::of(&tree) else {
        return Some(no_envelope(status, "the service answered no SOAP envelope"));
    };
    let reader = Reader::new(mapping, resource, &tree, parts.body);
    let fault = tree
        .elements(parts.body)
        .find(|id| tree.name(*id).is_some_and(|name| name.is(parts.namespace, "Fault")));
    if let Some(fault) = fault {
        return Some(fault::read(&reader, resource, fault, parts.namespace, status));
    }
    let mut members = match &resource.answer {
        Some(message) => reader.children(parts.body, &message.body, true),
        None => reader.general(parts.body),
    };
    if let Some((header, message)) = parts.header.zip(resource.answer.as_ref())
        && !message.header.is_empty()
    {
        let blocks = reader.named(header, &message.header);
        if !blocks.is_empty() {
            members.insert(HEADER.to_owned(), Value::Object(blocks));
        }
    }
    Some(Answer { status, body: Value::Object(members), is_problem: false })
}

fn no_envelope(status: u16, detail: &str) -> Answer {
    let status = if status >= 400 { status } else { 502 };
    Answer { status, body: Value::Object(problem(status, detail)), is_problem: true }
}

/// The parts of an envelope.
struct Parts {
    namespace: &'static str,
    header: Option<NodeId>,
    body: NodeId,
}

impl Parts {
    fn of(tree: &Tree) -> Option<Self> {
        let root = tree.root()?;
        let is = |id: NodeId, namespace: &str, local: &str| {
            tree.name(id).is_some_and(|name| name.is(namespace, local))
        };
        let namespace =
            [ENVELOPE, ENVELOPE_12].into_iter().find(|one| is(root, one, "Envelope"))?;
        let part = |local: &str| tree.elements(root).find(|id| is(*id, namespace, local));
        Some(Self { namespace, header: part("Header"), body: part("Body")? })
    }
}

/// Members of an object, where one key may come again.
fn insert(members: &mut Map<String, Value>, key: &str, value: Value, repeats: bool) {
    match members.get_mut(key) {
        None if repeats => {
            members.insert(key.to_owned(), Value::Array(vec![value]));
        }
        None => {
            members.insert(key.to_owned(), value);
        }
        Some(Value::Array(values)) if repeats => values.push(value),
        // More than the schema has: an array all the same, rather than losing one.
        Some(known) => {
            let first = known.take();
            *known = match first {
                Value::Array(mut values) => {
                    values.push(value);
                    Value::Array(values)
                }
                first => Value::Array(vec![first, value]),
            };
        }
    }
}
