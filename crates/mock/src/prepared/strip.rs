//! A document without what only people read.

use definition::Dialect;
use serde_json::{Map, Value};

/// What is dropped from every object of the document itself, wherever it stands.
const PROSE: &[&str] = &[
    "callbacks",
    "deprecated",
    "description",
    "externalDocs",
    "links",
    "operationId",
    "security",
    "securityDefinitions",
    "securitySchemes",
    "servers",
    "summary",
    "tags",
    "title",
];
/// Dropped at the top, where they say nothing about answers.
const HEAD: &[&str] = &["basePath", "host", "info", "schemes", "webhooks", "x-tagGroups"];
/// Their keys are names that the author has given.
const NAMED: &[&str] = &[
    "$defs",
    "content",
    "definitions",
    "dependentSchemas",
    "encoding",
    "examples",
    "headers",
    "mapping",
    "parameters",
    "pathItems",
    "paths",
    "patternProperties",
    "properties",
    "requestBodies",
    "responses",
    "schemas",
];
/// Data of the author's, which is not looked into.
const DATA: &[&str] = &["const", "default", "dependentRequired", "enum", "example", "value"];

/// Copies a document without its prose. References into what is dropped keep it all.
pub(super) fn stripped(document: &Value, dialect: Dialect) -> Value {
    let Value::Object(map) = document else { return document.clone() };
    let mut references = Vec::new();
    references_of(document, &mut references);
    let is_meant = |key: &str| references.iter().any(|to| to.split('/').any(|step| step == key));
    let keeps_extensions = references.iter().any(|to| to.contains("/x-"));
    let is_kept = |key: &str| match key {
        "x-example" | "x-nullable" => true,
        key if key.starts_with("x-") => keeps_extensions && !key.ends_with("-script"),
        key => !PROSE.contains(&key) || is_meant(key),
    };
    let stripper = Stripper { is_kept: &is_kept, is_old: dialect == Dialect::V2 };
    let mut out = stripper.object(map);
    for key in HEAD.iter().filter(|key| !is_meant(key)) {
        out.shift_remove(*key);
    }
    Value::Object(out)
}

struct Stripper<'a> {
    is_kept: &'a dyn Fn(&str) -> bool,
    is_old: bool,
}

impl Stripper<'_> {
    fn object(&self, map: &Map<String, Value>) -> Map<String, Value> {
        let kept = map.iter().filter(|(key, _)| (self.is_kept)(key));
        kept.map(|(key, value)| (key.clone(), self.below(key, value))).collect()
    }

    fn below(&self, key: &str, value: &Value) -> Value {
        match value {
            _ if DATA.contains(&key) || (self.is_old && key == "examples") => value.clone(),
            // Examples of a schema are data too.
            Value::Array(_) if key == "examples" => value.clone(),
            Value::Object(map) if NAMED.contains(&key) => {
                Value::Object(map.iter().map(|(name, one)| (name.clone(), self.any(one))).collect())
            }
            value => self.any(value),
        }
    }

    fn any(&self, value: &Value) -> Value {
        match value {
            Value::Object(map) => Value::Object(self.object(map)),
            Value::Array(items) => Value::Array(items.iter().map(|item| self.any(item)).collect()),
            value => value.clone(),
        }
    }
}

fn references_of<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(map) => {
            found.extend(map.get("$ref").and_then(Value::as_str));
            map.values().for_each(|value| references_of(value, found));
        }
        Value::Array(items) => items.iter().for_each(|item| references_of(item, found)),
        _ => {}
    }
}
