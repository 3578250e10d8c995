//! Parameters of path, query, header and cookie (OpenAPI 3.1 §4.8.12, OpenAPI 2.0 "Parameter Object").

use definition::Dialect;
use model::cursor::join;
use percent_encoding::percent_decode;
use serde_json::{Map, Value, json};

use super::{Request, RequestProblem, unusable};
use crate::shape::Shape;
use crate::{Direction, MockOperation, Problem, Schema};

/// Header parameters that say nothing (OpenAPI 3.1 §4.8.12.2).
const NO_PARAMETERS: &[&str] = &["accept", "content-type", "authorization"];

/// The parameters of an operation and its path, references followed; its own win.
pub(super) fn all<'a>(
    operation: MockOperation<'a>,
) -> impl Iterator<Item = Result<&'a Value, Problem>> {
    let of = move |value: &'a Value| {
        let list = value.get("parameters").and_then(Value::as_array);
        list.into_iter().flatten().map(move |parameter| operation.followed(parameter))
    };
    let own: Vec<_> = of(operation.value).collect();
    let key = |parameter: &'a Value| (parameter.get("in"), parameter.get("name"));
    let is_own = |parameter: &Result<&'a Value, Problem>| {
        parameter
            .as_ref()
            .is_ok_and(|parameter| own.iter().flatten().any(|known| key(known) == key(parameter)))
    };
    let inherited: Vec<_> = of(operation.item).filter(|parameter| !is_own(parameter)).collect();
    own.into_iter().chain(inherited)
}

/// One parameter, with its schema compiled.
#[derive(Debug)]
pub(super) struct Parameter {
    part: &'static str,
    name: String,
    is_required: bool,
    /// Whether its value is JSON, as `content` says.
    is_json: bool,
    style: Style,
    schema: Result<Schema, Problem>,
}

/// How a value is written.
#[derive(Debug)]
struct Style {
    is_deep: bool,
    explodes: bool,
    separator: char,
}

impl Parameter {
    /// Compiles a parameter; `None` for one that says nothing, and for bodies and forms.
    pub(super) fn read(operation: MockOperation<'_>, parameter: &Value) -> Option<Self> {
        let text = |key: &str| parameter.get(key).and_then(Value::as_str).unwrap_or_default();
        let name = text("name");
        let part = match text("in") {
            "path" => "path",
            "query" => "query",
            "header" if NO_PARAMETERS.contains(&name.to_ascii_lowercase().as_str()) => return None,
            "header" => "header",
            "cookie" => "cookie",
            _ => return None,
        };
        Some(Self {
            part,
            name: name.to_owned(),
            is_required: parameter.get("required") == Some(&Value::Bool(true)),
            is_json: parameter.get("content").is_some(),
            style: Style::of(parameter, part),
            schema: schema(operation, parameter),
        })
    }

    pub(super) fn check(&self, request: &Request<'_>, found: &mut Vec<RequestProblem>) {
        let (part, pointer) = (self.part, join("", &self.name));
        let schema = match &self.schema {
            Ok(schema) => schema,
            Err(problem) => return found.push(unusable(part, &pointer, problem)),
        };
        let mut tell = |pointer: String, message: String| {
            found.push(RequestProblem { part, pointer, message });
        };
        let cookies;
        let pairs = match part {
            "path" => request.path,
            "query" => request.query,
            "cookie" => {
                cookies = crumbs(request);
                &cookies
            }
            _ => request.headers,
        };
        match self.value(schema, pairs) {
            Ok(Some(value)) => {
                for violation in schema.violations(&value) {
                    tell(format!("{pointer}{}", violation.pointer), violation.message);
                }
            }
            Ok(None) if self.is_required => tell(pointer, "the parameter is required".to_owned()),
            Ok(None) => {}
            Err(message) => tell(pointer, message),
        }
    }

    fn is(&self, known: &str) -> bool {
        match self.part {
            "header" => known.eq_ignore_ascii_case(&self.name),
            _ => known == self.name,
        }
    }

    /// The value that the parameter has; `None` where it is not there.
    fn value(&self, schema: &Schema, pairs: &[(String, String)]) -> Result<Option<Value>, String> {
        let (top, style) = (Shape::of(schema, schema.top()), &self.style);
        let mine = pairs.iter().filter(|(known, _)| self.is(known));
        let values: Vec<&str> = mine.map(|(_, value)| value.as_str()).collect();
        if self.is_json {
            let Some(text) = values.first() else { return Ok(None) };
            let parsed =
                serde_json::from_str(text).map_err(|error| format!("not JSON: {error}"))?;
            return Ok(Some(parsed));
        }
        if top.is("object") && self.part == "query" {
            let object = match style.explodes {
                _ if style.is_deep => deep(&self.name, pairs, &top),
                true => exploded(pairs, &top),
                false => values.first().map(|text| flat_object(text, &top)),
            };
            return Ok(object.map(Value::Object));
        }
        let Some(first) = values.first() else { return Ok(None) };
        if top.is("object") {
            return Ok(Some(Value::Object(flat_object(first, &top))));
        }
        if top.is("array") {
            let items = top.items();
            let texts = match style.explodes && matches!(self.part, "query" | "cookie") {
                true => values,
                false if first.is_empty() => Vec::new(),
                false => first.split(style.separator).collect(),
            };
            return Ok(Some(texts.iter().map(|text| items.parse(text)).collect()));
        }
        match values.as_slice() {
            [only] => Ok(Some(top.parse(only))),
            _ => Err("the parameter stands there more than once".to_owned()),
        }
    }
}

/// The cookies of a request (RFC 6265 §4.2.1).
fn crumbs(request: &Request<'_>) -> Vec<(String, String)> {
    let fields = request.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("cookie"));
    let crumbs = fields.flat_map(|(_, value)| value.split(';'));
    let pairs = crumbs.filter_map(|crumb| crumb.trim().split_once('='));
    pairs.map(|(name, value)| (name.to_owned(), value.trim_matches('"').to_owned())).collect()
}

/// The schema of a parameter: its own, that of its content, or in OpenAPI 2.0 the parameter itself.
fn schema(operation: MockOperation<'_>, parameter: &Value) -> Result<Schema, Problem> {
    let MockOperation { document, dialect, .. } = operation;
    if dialect == Dialect::V2 {
        let mut bare = parameter.clone();
        if let Some(map) = bare.as_object_mut() {
            map.shift_remove("required");
        }
        return Schema::read(document, dialect, &bare, Direction::Request);
    }
    static ANYTHING: Value = Value::Bool(true);
    let content = parameter.get("content").and_then(Value::as_object);
    let content = content.and_then(|content| content.values().next()?.get("schema"));
    let schema = parameter.get("schema").or(content).unwrap_or(&ANYTHING);
    Schema::read(document, dialect, schema, Direction::Request)
}

impl Style {
    /// How a parameter is written, in either dialect.
    fn of(parameter: &Value, part: &str) -> Self {
        let text = |key: &str| parameter.get(key).and_then(Value::as_str);
        let usual = if matches!(part, "query" | "cookie") { "form" } else { "simple" };
        let name = text("style").or_else(|| text("collectionFormat")).unwrap_or(usual);
        let separator = match name {
            "spaceDelimited" | "ssv" => ' ',
            "pipeDelimited" | "pipes" => '|',
            "tsv" => '\t',
            _ => ',',
        };
        // What OpenAPI 2.0 writes, it writes apart only for `multi`; there `type` is the
        // parameter's.
        let is_old = parameter.get("type").is_some();
        let usual = if is_old { name == "multi" } else { name == "form" };
        let explodes = parameter.get("explode").and_then(Value::as_bool).unwrap_or(usual);
        Self { is_deep: name == "deepObject", explodes, separator }
    }
}

/// A body of a form as an object.
pub(super) fn form(body: &[u8], schema: &Schema) -> Value {
    let text: Vec<u8> = body.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    let decoded = |bytes: &[u8]| percent_decode(bytes).decode_utf8_lossy().into_owned();
    let fields = text.split(|byte| *byte == b'&').filter(|field| !field.is_empty());
    let pairs: Vec<(String, String)> = fields
        .map(|field| {
            let mut halves = field.splitn(2, |byte| *byte == b'=');
            let mut next = || decoded(halves.next().unwrap_or_default());
            (next(), next())
        })
        .collect();
    let top = Shape::of(schema, schema.top());
    let mut out = Map::new();
    for (name, value) in &pairs {
        let shape = top.property(name);
        if shape.is("array") {
            let item = shape.items().parse(value);
            let list = out.entry(name.clone()).or_insert_with(|| json!([]));
            if let Some(list) = list.as_array_mut() {
                list.push(item);
            }
        } else {
            out.insert(name.clone(), shape.parse(value));
        }
    }
    Value::Object(out)
}

/// `name[key]=value` for each key.
fn deep(name: &str, pairs: &[(String, String)], shape: &Shape<'_>) -> Option<Map<String, Value>> {
    let key = |known: &str| {
        let inner = known.strip_prefix(name)?.strip_prefix('[')?.strip_suffix(']')?;
        Some(inner.to_owned())
    };
    let mut out = Map::new();
    for (key, value) in pairs.iter().filter_map(|(known, value)| Some((key(known)?, value))) {
        let parsed = shape.property(&key).parse(value);
        out.insert(key, parsed);
    }
    (!out.is_empty()).then_some(out)
}

/// The properties of an object, each a parameter of its own.
fn exploded(pairs: &[(String, String)], shape: &Shape<'_>) -> Option<Map<String, Value>> {
    let mine = pairs.iter().filter(|(name, _)| shape.lists(name));
    let out: Map<String, Value> =
        mine.map(|(name, value)| (name.clone(), shape.property(name).parse(value))).collect();
    (!out.is_empty()).then_some(out)
}

/// `key,value,key,value` or `key=value,key=value`.
fn flat_object(text: &str, shape: &Shape<'_>) -> Map<String, Value> {
    let mut out = Map::new();
    let mut parts = text.split(',');
    while let Some(part) = parts.next().filter(|part| !part.is_empty()) {
        let (key, value) = match part.split_once('=') {
            Some(pair) => pair,
            None => (part, parts.next().unwrap_or_default()),
        };
        out.insert(key.to_owned(), shape.property(key).parse(value));
    }
    out
}
