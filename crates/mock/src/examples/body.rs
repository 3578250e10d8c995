//! The body of an answer, as it is written in its media type.

use serde_json::Value;

use super::{Answers, Chosen, Content};
use crate::negotiate::{is_json, is_xml};
use crate::{Direction, Mode, Problem, Schema, sample, to_xml};

/// The name of the outermost element where the document gives none.
const ROOT_ELEMENT: &str = "response";

/// A body, and whether it is what its schema says.
#[derive(Debug, Clone, PartialEq)]
pub struct Body {
    /// The text to send.
    pub text: String,
    /// The value behind it; text for media types that are neither JSON nor XML.
    pub value: Value,
    /// What is wrong with an example by its own schema; `None` where it fits or nothing is said.
    pub violation: Option<String>,
    /// Keywords of the schema that were left out because they are wrongly written.
    pub ignored: Vec<String>,
}

/// Makes the body of an answer that was chosen; `None` for one without.
///
/// # Errors
///
/// Where there is no example and no value for the schema.
pub fn make(answers: &Answers<'_>, chosen: &Chosen<'_, '_>) -> Result<Option<Body>, Problem> {
    let Some(content) = chosen.content else { return Ok(None) };
    body(answers, content, &chosen.media_type, chosen.example, chosen.mode).map(Some)
}

/// The body for one media type.
pub(crate) fn body(
    answers: &Answers<'_>,
    content: &Content<'_>,
    media_type: &str,
    example: Option<&Value>,
    mode: Mode,
) -> Result<Body, Problem> {
    let schema = schema(answers, content)?;
    match example {
        Some(example) => written(schema.as_ref(), media_type, example),
        None => made_up(schema.as_ref(), media_type, mode),
    }
}

/// The body that an example is in a media type.
pub(crate) fn written(
    schema: Option<&Schema>,
    media_type: &str,
    example: &Value,
) -> Result<Body, Problem> {
    let ignored = schema.map(|schema| schema.ignored().to_vec()).unwrap_or_default();
    if is_json(media_type) {
        let value = parsed(example, schema);
        let violation = schema.and_then(|schema| wrong(schema, &value));
        return Ok(Body { text: value.to_string(), value, violation, ignored });
    }
    let text = match (example, schema) {
        (Value::String(text), _) => text.clone(),
        (value, Some(schema)) if is_xml(media_type) => to_xml(schema, value, ROOT_ELEMENT),
        (value, None) if is_xml(media_type) => to_xml(&anything()?, value, ROOT_ELEMENT),
        (value, _) => value.to_string(),
    };
    // A text in another notation says nothing about the value behind it.
    let violation = match example {
        Value::String(_) if is_xml(media_type) => None,
        value => schema.and_then(|schema| wrong(schema, value)),
    };
    Ok(Body { text, value: example.clone(), violation, ignored })
}

fn schema(answers: &Answers<'_>, content: &Content<'_>) -> Result<Option<Schema>, Problem> {
    let operation = answers.operation;
    let read =
        |schema| Schema::read(operation.document, operation.dialect, schema, Direction::Response);
    content.schema.map(read).transpose()
}

fn anything() -> Result<Schema, Problem> {
    static ANYTHING: Value = Value::Bool(true);
    Schema::read(&Value::Null, definition::Dialect::V3_1, &ANYTHING, Direction::Response)
}

/// The body that a schema makes in a media type.
pub(crate) fn made_up(
    schema: Option<&Schema>,
    media_type: &str,
    mode: Mode,
) -> Result<Body, Problem> {
    let Some(schema) = schema else {
        let (text, value, ignored) = (String::new(), Value::Null, Vec::new());
        return Ok(Body { text, value, violation: None, ignored });
    };
    let value = sample(schema, mode)?;
    let text = match &value {
        value if is_json(media_type) => value.to_string(),
        value if is_xml(media_type) => to_xml(schema, value, ROOT_ELEMENT),
        Value::String(text) => text.clone(),
        value => value.to_string(),
    };
    Ok(Body { text, value, violation: None, ignored: schema.ignored().to_vec() })
}

/// JSON in a text is taken for what it says, where the schema asks for no text.
fn parsed(example: &Value, schema: Option<&Schema>) -> Value {
    let Value::String(text) = example else { return example.clone() };
    if schema.is_some_and(|schema| schema.is_valid(example)) {
        return example.clone();
    }
    let is_better = |value: &Value| {
        value.is_object() || value.is_array() || schema.is_some_and(|schema| schema.is_valid(value))
    };
    serde_json::from_str(text).ok().filter(is_better).unwrap_or_else(|| example.clone())
}

/// The first thing that is wrong with a value.
pub(crate) fn wrong(schema: &Schema, value: &Value) -> Option<String> {
    let violations = schema.violations(value);
    violations.first().map(|first| format!("at `{}`, {}", first.pointer, first.message))
}
