//! Parameters of path, query and header (OpenAPI 3.1 §4.8.12, OpenAPI 2.0 "Parameter Object").

use definition::Dialect;
use model::cursor::join;
use percent_encoding::percent_decode;
use serde_json::{Map, Value, json};

use super::{Request, RequestProblem, read, unusable};
use crate::schema::target;
use crate::{MockOperation, Problem, Schema};

/// Header parameters that say nothing (OpenAPI 3.1 §4.8.12.2).
const NO_PARAMETERS: &[&str] = &["accept", "content-type", "authorization"];
/// How many schemas are looked through for the type of one value.
const MAX_PARTS: usize = 64;

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

pub(super) fn validate(operation: MockOperation<'_>, request: &Request<'_>) -> Vec<RequestProblem> {
    let mut found = Vec::new();
    for parameter in all(operation) {
        match parameter {
            Ok(parameter) => check(operation, parameter, request, &mut found),
            Err(problem) => found.push(unusable("query", "", &problem)),
        }
    }
    found
}

fn check(
    operation: MockOperation<'_>,
    parameter: &Value,
    request: &Request<'_>,
    found: &mut Vec<RequestProblem>,
) {
    let text = |key: &str| parameter.get(key).and_then(Value::as_str).unwrap_or_default();
    let name = text("name");
    let (part, pairs) = match text("in") {
        "path" => ("path", request.path),
        "query" => ("query", request.query),
        "header" if NO_PARAMETERS.contains(&name.to_ascii_lowercase().as_str()) => return,
        "header" => ("header", request.headers),
        // Cookies are a header of their own making; bodies and forms are looked at elsewhere.
        _ => return,
    };
    let pointer = join("", name);
    let schema = match schema(operation, parameter) {
        Ok(schema) => schema,
        Err(problem) => return found.push(unusable(part, &pointer, &problem)),
    };
    let mut tell = |pointer: String, message: String| {
        found.push(RequestProblem { part, pointer, message });
    };
    let is_this = |known: &str| match part {
        "header" => known.eq_ignore_ascii_case(name),
        _ => known == name,
    };
    let values: Vec<&str> =
        pairs.iter().filter(|(known, _)| is_this(known)).map(|(_, value)| value.as_str()).collect();
    match value(parameter, part, &schema, &values, pairs) {
        Ok(Some(value)) => {
            for violation in schema.violations(&value) {
                tell(format!("{pointer}{}", violation.pointer), violation.message);
            }
        }
        Ok(None) if parameter.get("required") == Some(&Value::Bool(true)) => {
            tell(pointer, "the parameter is required".to_owned());
        }
        Ok(None) => {}
        Err(message) => tell(pointer, message),
    }
}

/// The schema of a parameter: its own, that of its content, or in OpenAPI 2.0 the parameter itself.
fn schema(operation: MockOperation<'_>, parameter: &Value) -> Result<Schema, Problem> {
    if operation.dialect == Dialect::V2 {
        let mut bare = parameter.clone();
        if let Some(map) = bare.as_object_mut() {
            map.shift_remove("required");
        }
        return Schema::read(
            operation.document,
            operation.dialect,
            &bare,
            crate::Direction::Request,
        );
    }
    static ANYTHING: Value = Value::Bool(true);
    let content = parameter.get("content").and_then(Value::as_object);
    let content = content.and_then(|content| content.values().next()?.get("schema"));
    read(operation, parameter.get("schema").or(content).unwrap_or(&ANYTHING))
}

/// The value that a parameter has; `None` where it is not there.
fn value(
    parameter: &Value,
    part: &str,
    schema: &Schema,
    values: &[&str],
    pairs: &[(String, String)],
) -> Result<Option<Value>, String> {
    let top = Shape::of(schema, schema.top());
    let name = parameter.get("name").and_then(Value::as_str).unwrap_or_default();
    let style = style(parameter, part);
    if parameter.get("content").is_some() {
        let Some(text) = values.first() else { return Ok(None) };
        let parsed = serde_json::from_str(text).map_err(|error| format!("not JSON: {error}"))?;
        return Ok(Some(parsed));
    }
    if top.is("object") && part == "query" {
        let object = match style.name {
            "deepObject" => deep(name, pairs, &top),
            _ if style.explodes => exploded(pairs, &top),
            _ => values.first().map(|text| flat_object(text, &top)),
        };
        return Ok(object.map(Value::Object));
    }
    let Some(first) = values.first() else { return Ok(None) };
    if top.is("object") {
        return Ok(Some(Value::Object(flat_object(first, &top))));
    }
    if top.is("array") {
        let items = top.items();
        let separate = |text: &str| -> Vec<String> {
            if text.is_empty() {
                Vec::new()
            } else {
                text.split(style.separator).map(str::to_owned).collect()
            }
        };
        let texts = match style.explodes && part == "query" {
            true => values.iter().map(|text| (*text).to_owned()).collect(),
            false => separate(first),
        };
        return Ok(Some(texts.iter().map(|text| items.parse(text)).collect()));
    }
    match values {
        [only] => Ok(Some(top.parse(only))),
        _ => Err("the parameter stands there more than once".to_owned()),
    }
}

struct Style<'a> {
    name: &'a str,
    explodes: bool,
    separator: char,
}

/// How a parameter is written, in either dialect.
fn style<'a>(parameter: &'a Value, part: &str) -> Style<'a> {
    let text = |key: &str| parameter.get(key).and_then(Value::as_str);
    let usual = if part == "query" { "form" } else { "simple" };
    let name = text("style").or_else(|| text("collectionFormat")).unwrap_or(usual);
    let separator = match name {
        "spaceDelimited" | "ssv" => ' ',
        "pipeDelimited" | "pipes" => '|',
        "tsv" => '\t',
        _ => ',',
    };
    // What OpenAPI 2.0 writes, it writes apart only for `multi`; there `type` is the parameter's.
    let is_old = parameter.get("type").is_some();
    let usual = if is_old { name == "multi" } else { name == "form" };
    let explodes = parameter.get("explode").and_then(Value::as_bool).unwrap_or(usual);
    Style { name, explodes, separator }
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

/// The schemas that may speak of one value.
struct Shape<'a> {
    schema: &'a Schema,
    parts: Vec<&'a Value>,
}

impl<'a> Shape<'a> {
    fn of(schema: &'a Schema, top: &'a Value) -> Self {
        Self::gather(schema, vec![top])
    }

    fn gather(schema: &'a Schema, mut parts: Vec<&'a Value>) -> Self {
        let mut next = 0;
        while let Some(part) = parts.get(next).copied().filter(|_| parts.len() < MAX_PARTS) {
            next += 1;
            parts.extend(target(part).map(|number| schema.definition(number)));
            let lists = ["allOf", "oneOf", "anyOf"].into_iter();
            parts.extend(lists.filter_map(|key| part.get(key)?.as_array()).flatten());
        }
        Self { schema, parts }
    }

    /// Whether a schema asks for this type.
    fn is(&self, kind: &str) -> bool {
        self.parts.iter().any(|part| match part.get("type") {
            Some(Value::String(one)) => one == kind,
            Some(Value::Array(many)) => many.iter().any(|one| one == kind),
            _ => false,
        })
    }

    fn lists(&self, name: &str) -> bool {
        self.parts
            .iter()
            .any(|part| part.get("properties").is_some_and(|all| all.get(name).is_some()))
    }

    fn property(&self, name: &str) -> Self {
        let listed = |part: &&'a Value| part.get("properties")?.get(name);
        let mut parts: Vec<&Value> = self.parts.iter().filter_map(listed).collect();
        if parts.is_empty() {
            parts.extend(self.parts.iter().filter_map(|part| part.get("additionalProperties")));
        }
        Self::gather(self.schema, parts)
    }

    fn items(&self) -> Self {
        let parts = self.parts.iter().filter_map(|part| part.get("items")).collect();
        Self::gather(self.schema, parts)
    }

    /// A text as the type that is asked for; as text where it is none of these.
    fn parse(&self, text: &str) -> Value {
        let is_number = self.is("integer") || self.is("number");
        let number = || text.parse::<serde_json::Number>().ok().filter(|_| is_number);
        if let Some(number) = number() {
            return Value::Number(number);
        }
        match text {
            "true" | "false" if self.is("boolean") => json!(text == "true"),
            "" | "null" if self.is("null") && !self.is("string") => Value::Null,
            text => json!(text),
        }
    }
}
