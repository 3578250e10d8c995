//! The body of a request.

use std::sync::Arc;

use definition::Dialect;
use serde_json::{Map, Value, json};

use super::{Request, RequestProblem, header, in_body, multipart, parameters, unusable};
use crate::negotiate::{essence, is_json};
use crate::{Direction, MockOperation, Problem, Schema};

const FORM: &str = "application/x-www-form-urlencoded";
const MULTIPART: &str = "multipart/form-data";

/// What an operation asks of a body.
#[derive(Debug)]
pub(super) struct BodyCheck {
    is_required: bool,
    /// Media types, which may be ranges, with their schemas.
    contents: Vec<(String, Known)>,
}

/// A schema, which may stand for several media types; `None` where anything is taken.
type Known = Option<Arc<Result<Schema, Problem>>>;

impl BodyCheck {
    /// Compiles it; `None` where nothing is said of bodies.
    pub(super) fn read(operation: MockOperation<'_>) -> Option<Result<Self, Problem>> {
        match operation.dialect {
            Dialect::V2 => old(operation).map(Ok),
            _ => {
                let body = operation.value.get("requestBody")?;
                Some(operation.followed(body).map(|body| new(operation, body)))
            }
        }
    }

    pub(super) fn check(&self, request: &Request<'_>, found: &mut Vec<RequestProblem>) {
        if request.body.is_empty() {
            if self.is_required {
                found.push(in_body("a body is required".to_owned()));
            }
            return;
        }
        if self.contents.is_empty() {
            return;
        }
        let written = header(request, "content-type").unwrap_or("application/octet-stream");
        match of_type(written, &self.contents) {
            Some(Some(schema)) => match schema.as_ref() {
                Ok(schema) => check(schema, written, request.body, found),
                Err(problem) => found.push(unusable("body", "", problem)),
            },
            Some(None) => {}
            None => {
                let types: Vec<&str> = self.contents.iter().map(|(kind, _)| &**kind).collect();
                let types = types.join(", ");
                found.push(in_body(format!("`{written}` is not taken; there are: {types}")));
            }
        }
    }
}

fn new(operation: MockOperation<'_>, body: &Value) -> BodyCheck {
    let mut known: Vec<(&Value, Known)> = Vec::new();
    let contents = body.get("content").and_then(Value::as_object).into_iter().flatten();
    let contents = contents.map(|(media_type, content)| {
        let schema = content.get("schema").and_then(|schema| {
            // Most bodies have one schema for all of their media types.
            let same = known.iter().find(|(value, _)| *value == schema);
            if let Some((_, same)) = same {
                return same.clone();
            }
            known.push((schema, compiled(operation, schema)));
            known.last().and_then(|(_, schema)| schema.clone())
        });
        (media_type.clone(), schema)
    });
    let contents = contents.collect();
    BodyCheck { is_required: body.get("required") == Some(&Value::Bool(true)), contents }
}

fn old(operation: MockOperation<'_>) -> Option<BodyCheck> {
    let is_body = |parameter: &&Value| parameter.get("in").and_then(Value::as_str) == Some("body");
    let Some(parameter) = parameters::all(operation).filter_map(Result::ok).find(is_body) else {
        return old_form(operation);
    };
    let schema = parameter.get("schema").and_then(|schema| compiled(operation, schema));
    let mut types = operation.texts("consumes");
    if types.is_empty() {
        types.push("*/*");
    }
    let contents = types.iter().map(|kind| ((*kind).to_owned(), schema.clone())).collect();
    let is_required = parameter.get("required") == Some(&Value::Bool(true));
    Some(BodyCheck { is_required, contents })
}

/// The fields of a form, which OpenAPI 2.0 writes as parameters.
fn old_form(operation: MockOperation<'_>) -> Option<BodyCheck> {
    let is_field = |field: &&Value| field.get("in").and_then(Value::as_str) == Some("formData");
    let fields: Vec<&Value> =
        parameters::all(operation).filter_map(Result::ok).filter(is_field).collect();
    if fields.is_empty() {
        return None;
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
    let schema = compiled(operation, &schema);
    let contents = [FORM, MULTIPART].map(|kind| (kind.to_owned(), schema.clone())).to_vec();
    Some(BodyCheck { is_required: !required.is_empty(), contents })
}

fn compiled(operation: MockOperation<'_>, schema: &Value) -> Known {
    let MockOperation { document, dialect, .. } = operation;
    Some(Arc::new(Schema::read(document, dialect, schema, Direction::Request)))
}

/// The schema of the most specific media type, which may be a range, that a type belongs to.
fn of_type<'a>(written: &str, contents: &'a [(String, Known)]) -> Option<&'a Known> {
    let written = essence(written);
    let kind = written.split('/').next().unwrap_or_default();
    let rank = |media_type: &str| match essence(media_type) {
        known if known == written => 3,
        known if known == format!("{kind}/*") => 2,
        known if known == "*/*" => 1,
        _ => 0,
    };
    let fitting = contents.iter().filter(|(known, _)| rank(known) > 0);
    fitting.max_by_key(|(known, _)| rank(known)).map(|(_, schema)| schema)
}

fn check(schema: &Schema, media_type: &str, body: &[u8], found: &mut Vec<RequestProblem>) {
    let value = match essence(media_type).as_str() {
        _ if is_json(media_type) => match serde_json::from_slice(body) {
            Ok(value) => value,
            Err(error) => return found.push(in_body(format!("the body is not JSON: {error}"))),
        },
        FORM => parameters::form(body, schema),
        MULTIPART => return multipart::check(schema, media_type, body, found),
        _ => return,
    };
    found.extend(schema.violations(&value).into_iter().map(|violation| RequestProblem {
        part: "body",
        pointer: violation.pointer,
        message: violation.message,
    }));
}
