//! The answers that a document gives for an operation, and which of them a request gets.
//!
//! Where WSO2 says nothing, the choice is that of mock servers which users know: the lowest 2xx
//! without a wish, `Prefer: code=` for another one, `example=` for an example by its name, and
//! `dynamic=true` for made-up values.

mod body;
mod choose;

use std::fmt;

use definition::Dialect;
use serde_json::Value;

use crate::MockOperation;
use crate::negotiate::essence;

pub use body::{Body, make};
pub(crate) use body::{body, made_up, written, wrong};
pub use choose::{Chosen, Refusal, choose};
pub(crate) use choose::{
    Offer, acceptable, answer_for, declared, is_bare, no_answer, no_example, usual,
};

/// The key of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// `200`.
    Code(u16),
    /// `2XX`, by its first digit.
    Class(u16),
    /// `default`.
    Default,
}

/// The answers of one operation.
#[derive(Debug, Clone)]
pub struct Answers<'a> {
    pub(crate) operation: MockOperation<'a>,
    /// In the order of the document.
    pub answers: Vec<Answer<'a>>,
    /// What could not be used, as text to show.
    pub notes: Vec<String>,
}

/// One answer.
#[derive(Debug, Clone)]
pub struct Answer<'a> {
    /// Its key.
    pub status: Status,
    /// What it may look like; empty for an answer without a body.
    pub contents: Vec<Content<'a>>,
    /// The response object itself.
    pub(crate) value: &'a Value,
}

/// One media type of an answer.
#[derive(Debug, Clone)]
pub struct Content<'a> {
    /// As it is written; may be a range such as `*/*`.
    pub media_type: &'a str,
    /// Examples with their names; the name is empty for the one without.
    pub examples: Vec<(&'a str, &'a Value)>,
    /// The schema.
    pub schema: Option<&'a Value>,
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code) => write!(f, "{code}"),
            Self::Class(class) => write!(f, "{class}XX"),
            Self::Default => write!(f, "default"),
        }
    }
}

impl Status {
    pub(crate) fn parse(key: &str) -> Option<Self> {
        if key == "default" {
            return Some(Self::Default);
        }
        if let Some(class) = key.strip_suffix("XX").or_else(|| key.strip_suffix("xx")) {
            return class.parse().ok().filter(|class| (1..=5).contains(class)).map(Self::Class);
        }
        key.parse().ok().filter(|code| (100..=599).contains(code)).map(Self::Code)
    }

    /// Whether it is followed by an answer (RFC 9110 §15.2), and cannot be given alone.
    fn is_interim(self) -> bool {
        matches!(self, Self::Code(100..=199) | Self::Class(1))
    }
}

impl<'a> Answers<'a> {
    /// Reads the answers of an operation.
    #[must_use]
    pub fn read(operation: MockOperation<'a>) -> Self {
        let mut all = Self { operation, answers: Vec::new(), notes: Vec::new() };
        let responses = operation.value.get("responses").and_then(Value::as_object);
        for (key, value) in responses.into_iter().flatten().filter(|(key, _)| !is_extension(key)) {
            let Some(status) = Status::parse(key) else {
                all.notes.push(format!("the response `{key}` is neither a status nor `default`"));
                continue;
            };
            if status.is_interim() {
                all.notes.push(format!("the response `{key}` comes before an answer and is none"));
                continue;
            }
            match operation.followed(value) {
                Ok(response) => {
                    let contents = all.contents(key, response);
                    all.answers.push(Answer { status, contents, value: response });
                }
                Err(problem) => all.notes.push(format!("the response `{key}`: {problem}")),
            }
        }
        all
    }

    fn contents(&mut self, key: &str, response: &'a Value) -> Vec<Content<'a>> {
        if self.operation.dialect == Dialect::V2 {
            return self.old_contents(response);
        }
        let content = response.get("content").and_then(Value::as_object);
        let entries: Vec<_> = content.into_iter().flatten().collect();
        let read = entries.into_iter().map(|(media_type, value)| Content {
            media_type,
            examples: self.examples(key, media_type, value),
            schema: value.get("schema"),
        });
        read.collect()
    }

    fn examples(
        &mut self,
        key: &str,
        media_type: &str,
        content: &'a Value,
    ) -> Vec<(&'a str, &'a Value)> {
        let operation = self.operation;
        let single = content.get("example").map(|value| ("", referred(operation, value)));
        let mut examples: Vec<(&str, &Value)> = single.into_iter().collect();
        let named = content.get("examples").and_then(Value::as_object);
        for (name, example) in named.into_iter().flatten() {
            let followed = self.operation.followed(example);
            let at = format!("the example `{name}` of {key} {media_type}");
            match followed.map(|example| (example.get("value"), example.get("externalValue"))) {
                Ok((Some(value), _)) => examples.push((name, referred(operation, value))),
                Ok((None, Some(_))) => {
                    self.notes.push(format!("{at} is in another document and is not fetched"));
                }
                Ok((None, None)) => self.notes.push(format!("{at} has no `value`")),
                Err(problem) => self.notes.push(format!("{at}: {problem}")),
            }
        }
        examples
    }

    /// OpenAPI 2.0: one schema, media types in `produces`, an example for each of them.
    fn old_contents(&self, response: &'a Value) -> Vec<Content<'a>> {
        let schema = response.get("schema");
        let examples = response.get("examples").and_then(Value::as_object);
        let mut types = self.operation.texts("produces");
        if schema.is_none() {
            types.clear();
        } else if types.is_empty() {
            types.push("application/json");
        }
        for media_type in examples.into_iter().flat_map(|examples| examples.keys()) {
            if !types.iter().any(|known| essence(known) == essence(media_type)) {
                types.push(media_type);
            }
        }
        let example_of = |media_type: &str| {
            let mut all = examples.into_iter().flatten();
            all.find(|(key, _)| essence(key) == essence(media_type)).map(|(_, value)| ("", value))
        };
        let contents = types.into_iter().map(|media_type| Content {
            media_type,
            examples: example_of(media_type).into_iter().collect(),
            schema,
        });
        contents.collect()
    }
}

/// An example that is nothing but a reference, which the specification does not know and authors
/// write all the same: what it points to, where there is such a thing.
fn referred<'a>(operation: MockOperation<'a>, value: &'a Value) -> &'a Value {
    let is_alone = value.as_object().is_some_and(|map| map.len() == 1);
    if is_alone { operation.followed(value).unwrap_or(value) } else { value }
}

fn is_extension(key: &str) -> bool {
    key.starts_with("x-")
}

#[cfg(test)]
mod tests;
