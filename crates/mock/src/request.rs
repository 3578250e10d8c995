//! A request held against the document.
//!
//! Parameters come as text, so they are read as the type that their schema asks for before they
//! are validated. Bodies are validated where they are JSON or a form; of others only whether they
//! may come at all.

mod parameters;

use serde_json::{Map, Value, json};

use crate::negotiate::{essence, is_json};
use crate::{Direction, MockOperation, Problem, Schema};
use definition::Dialect;

/// Most problems that are told at once.
const MAX_PROBLEMS: usize = 64;

/// What came from the client.
#[derive(Debug, Clone, Copy, Default)]
pub struct Request<'a> {
    /// The variables of the path, decoded.
    pub path: &'a [(String, String)],
    /// The query, decoded, in its order.
    pub query: &'a [(String, String)],
    /// The headers; names in any case.
    pub headers: &'a [(String, String)],
    /// The body; empty where there is none.
    pub body: &'a [u8],
}

/// One thing that is wrong with a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestProblem {
    /// The part: `path`, `query`, `header` or `body`.
    pub part: &'static str,
    /// Where in the part: a JSON pointer, whose first step is the name of a parameter.
    pub pointer: String,
    /// What is wrong there.
    pub message: String,
}

/// Everything that is wrong with a request; nothing where it is as the document says.
///
/// A schema that cannot be used is a problem too: nothing is passed unseen.
#[must_use]
pub fn validate(operation: MockOperation<'_>, request: &Request<'_>) -> Vec<RequestProblem> {
    let mut found = parameters::validate(operation, request);
    match operation.dialect {
        Dialect::V2 => old_body(operation, request, &mut found),
        _ => new_body(operation, request, &mut found),
    }
    found.truncate(MAX_PROBLEMS);
    found
}

fn content_type<'a>(request: &Request<'a>) -> Option<&'a str> {
    let mut headers = request.headers.iter();
    let field = headers.find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    field.map(|(_, value)| value.as_str())
}

fn new_body(operation: MockOperation<'_>, request: &Request<'_>, found: &mut Vec<RequestProblem>) {
    let Some(body) = operation.value.get("requestBody") else { return };
    let body = match operation.followed(body) {
        Ok(body) => body,
        Err(problem) => return found.push(unusable("body", "", &problem)),
    };
    if request.body.is_empty() {
        if body.get("required") == Some(&Value::Bool(true)) {
            found.push(in_body("a body is required".to_owned()));
        }
        return;
    }
    let Some(contents) = body.get("content").and_then(Value::as_object) else { return };
    let written = content_type(request).unwrap_or("application/octet-stream");
    let types: Vec<&str> = contents.keys().map(String::as_str).collect();
    match of_type(written, &types).and_then(|media_type| contents.get(media_type)) {
        Some(content) => {
            check_body(operation, content.get("schema"), written, request.body, found);
        }
        None => found.push(wrong_type(written, &types)),
    }
}

fn old_body(operation: MockOperation<'_>, request: &Request<'_>, found: &mut Vec<RequestProblem>) {
    let Some(parameter) = parameters::all(operation)
        .filter_map(Result::ok)
        .find(|parameter| parameter.get("in").and_then(Value::as_str) == Some("body"))
    else {
        return old_form(operation, request, found);
    };
    if request.body.is_empty() {
        if parameter.get("required") == Some(&Value::Bool(true)) {
            found.push(in_body("a body is required".to_owned()));
        }
        return;
    }
    let types = operation.texts("consumes");
    let written = content_type(request).unwrap_or("application/octet-stream");
    if !types.is_empty() && of_type(written, &types).is_none() {
        return found.push(wrong_type(written, &types));
    }
    check_body(operation, parameter.get("schema"), written, request.body, found);
}

/// The fields of a form, which OpenAPI 2.0 writes as parameters.
fn old_form(operation: MockOperation<'_>, request: &Request<'_>, found: &mut Vec<RequestProblem>) {
    let is_field = |field: &&Value| field.get("in").and_then(Value::as_str) == Some("formData");
    let fields: Vec<&Value> =
        parameters::all(operation).filter_map(Result::ok).filter(is_field).collect();
    let written = content_type(request).unwrap_or_default();
    if fields.is_empty() || essence(written) == "multipart/form-data" {
        return;
    }
    let (mut properties, mut required) = (Map::new(), Vec::new());
    for field in fields {
        let name = field.get("name").and_then(Value::as_str).unwrap_or_default();
        let mut schema = field.clone();
        if let Some(map) = schema.as_object_mut()
            && map.shift_remove("required") == Some(Value::Bool(true))
        {
            required.push(name);
        }
        properties.insert(name.to_owned(), schema);
    }
    let schema = json!({ "type": "object", "properties": properties, "required": required });
    let form = "application/x-www-form-urlencoded";
    check_body(operation, Some(&schema), form, request.body, found);
}

/// The most specific of some types, which may be ranges, that a type belongs to.
fn of_type<'a>(written: &str, types: &[&'a str]) -> Option<&'a str> {
    let written = essence(written);
    let kind = written.split('/').next().unwrap_or_default();
    let rank = |media_type: &str| match essence(media_type) {
        known if known == written => 3,
        known if known == format!("{kind}/*") => 2,
        known if known == "*/*" => 1,
        _ => 0,
    };
    types.iter().copied().filter(|known| rank(known) > 0).max_by_key(|known| rank(known))
}

fn check_body(
    operation: MockOperation<'_>,
    schema: Option<&Value>,
    media_type: &str,
    body: &[u8],
    found: &mut Vec<RequestProblem>,
) {
    let Some(schema) = schema else { return };
    let schema = match read(operation, schema) {
        Ok(schema) => schema,
        Err(problem) => return found.push(unusable("body", "", &problem)),
    };
    let value = match essence(media_type).as_str() {
        _ if is_json(media_type) => match serde_json::from_slice(body) {
            Ok(value) => value,
            Err(error) => return found.push(in_body(format!("the body is not JSON: {error}"))),
        },
        "application/x-www-form-urlencoded" => parameters::form(body, &schema),
        _ => return,
    };
    found.extend(schema.violations(&value).into_iter().map(|violation| RequestProblem {
        part: "body",
        pointer: violation.pointer,
        message: violation.message,
    }));
}

fn read(operation: MockOperation<'_>, schema: &Value) -> Result<Schema, Problem> {
    Schema::read(operation.document, operation.dialect, schema, Direction::Request)
}

fn wrong_type(written: &str, types: &[&str]) -> RequestProblem {
    in_body(format!("`{written}` is not taken; there are: {}", types.join(", ")))
}

fn in_body(message: String) -> RequestProblem {
    RequestProblem { part: "body", pointer: String::new(), message }
}

fn unusable(part: &'static str, pointer: &str, problem: &Problem) -> RequestProblem {
    let message = format!("the document cannot be used here: {problem}");
    RequestProblem { part, pointer: pointer.to_owned(), message }
}

#[cfg(test)]
mod tests;
