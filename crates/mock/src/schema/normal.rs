//! From the dialects of OpenAPI to JSON Schema 2020-12.
//!
//! Each keyword is copied only where its value has the right shape, because documents are written
//! by hand and one wrong keyword must not cost all the others.

use std::collections::{HashMap, VecDeque};

use definition::Dialect;
use model::cursor::join;
use serde_json::{Map, Value, json};

use super::Direction;
use crate::Problem;
use crate::document::resolve;

/// Most schemas and keywords of one schema with all that it refers to.
const MAX_PARTS: usize = 200_000;
/// How far inherited properties are looked for.
const MAX_INHERITED: usize = 8;

const ONE_SCHEMA: &[&str] = &[
    "additionalProperties",
    "contains",
    "else",
    "if",
    "items",
    "not",
    "propertyNames",
    "then",
    "unevaluatedItems",
    "unevaluatedProperties",
];
const LISTS_OF_SCHEMAS: &[&str] = &["allOf", "anyOf", "oneOf", "prefixItems"];
const MAPS_OF_SCHEMAS: &[&str] = &["dependentSchemas", "patternProperties", "properties"];
const COUNTS: &[&str] = &[
    "maxContains",
    "maxItems",
    "maxLength",
    "maxProperties",
    "minContains",
    "minItems",
    "minLength",
    "minProperties",
];
/// Kept as they are, because a value may be made of them, or a text.
const DATA: &[&str] = &["const", "default", "example", "xml"];
const TYPES: &[&str] = &["array", "boolean", "integer", "null", "number", "object", "string"];

/// A schema with what it refers to, by number; the schema itself is the first.
pub(super) struct Normal {
    pub(super) definitions: Vec<Value>,
    pub(super) names: Vec<String>,
    pub(super) ignored: Vec<String>,
}

struct Normaliser<'a> {
    document: &'a Value,
    dialect: Dialect,
    direction: Direction,
    numbers: HashMap<String, usize>,
    names: Vec<String>,
    waiting: VecDeque<&'a Value>,
    ignored: Vec<String>,
    parts: usize,
    /// The schemas whose `allOf` leads to the one at hand: they speak of the same value.
    around: Vec<&'a Map<String, Value>>,
}

pub(super) fn normalise<'a>(
    document: &'a Value,
    dialect: Dialect,
    schema: &'a Value,
    direction: Direction,
) -> Result<Normal, Problem> {
    let mut normaliser = Normaliser {
        document,
        dialect,
        direction,
        numbers: HashMap::new(),
        names: vec![String::new()],
        waiting: VecDeque::from([schema]),
        ignored: Vec::new(),
        parts: 0,
        around: Vec::new(),
    };
    let mut definitions = Vec::new();
    while let Some(next) = normaliser.waiting.pop_front() {
        let at = normaliser.names.get(definitions.len()).cloned().unwrap_or_default();
        definitions.push(normaliser.schema(next, &at)?);
    }
    Ok(Normal { definitions, names: normaliser.names, ignored: normaliser.ignored })
}

impl<'a> Normaliser<'a> {
    fn schema(&mut self, schema: &'a Value, at: &str) -> Result<Value, Problem> {
        self.count()?;
        let map = match schema {
            Value::Bool(_) => return Ok(schema.clone()),
            Value::Object(map) => map,
            _ => return Err(Problem::Shape(format!("what stands at `{at}`"))),
        };
        if map.contains_key("$dynamicRef") || map.contains_key("$recursiveRef") {
            return Err(Problem::Keyword("$dynamicRef"));
        }
        let mut out = Map::new();
        if let Some(reference) = map.get("$ref").and_then(Value::as_str) {
            out.insert("$ref".to_owned(), json!(self.reference(reference)?));
            if self.dialect != Dialect::V3_1 {
                // Nothing beside a reference counts there (OpenAPI 3.0 §4.7.23).
                return Ok(Value::Object(out));
            }
        }
        for (key, value) in map {
            self.count()?;
            let around = self.around.clone();
            match key.as_str() {
                "allOf" => self.around.push(map),
                "required" => {}
                _ => self.around.clear(),
            }
            let read = self.keyword(key, value, map, at, &mut out);
            self.around = around;
            read?;
        }
        self.finish(map, &mut out);
        Ok(Value::Object(out))
    }

    fn count(&mut self) -> Result<(), Problem> {
        self.parts += 1;
        if self.parts > MAX_PARTS { Err(Problem::TooLarge(MAX_PARTS)) } else { Ok(()) }
    }

    /// The reference of the normal form; what it points to waits for its turn.
    fn reference(&mut self, reference: &str) -> Result<String, Problem> {
        let number = match self.numbers.get(reference) {
            Some(number) => *number,
            None => {
                let schema = resolve(self.document, reference)?;
                let number = self.names.len();
                let name = reference.rsplit('/').next().unwrap_or_default();
                self.names.push(name.replace("~1", "/").replace("~0", "~"));
                self.numbers.insert(reference.to_owned(), number);
                self.waiting.push_back(schema);
                number
            }
        };
        Ok(format!("#/$defs/{number}"))
    }

    fn keyword(
        &mut self,
        key: &str,
        value: &'a Value,
        map: &'a Map<String, Value>,
        at: &str,
        out: &mut Map<String, Value>,
    ) -> Result<(), Problem> {
        let here = join(at, key);
        let normal = match (key, value) {
            ("items", Value::Array(_)) => {
                let items = self.list(value, &here)?;
                out.insert("prefixItems".to_owned(), items);
                return Ok(());
            }
            (key, Value::Object(_) | Value::Bool(_)) if ONE_SCHEMA.contains(&key) => {
                Some(self.schema(value, &here)?)
            }
            (key, Value::Array(items)) if LISTS_OF_SCHEMAS.contains(&key) && !items.is_empty() => {
                Some(self.list(value, &here)?)
            }
            (key, Value::Object(entries)) if MAPS_OF_SCHEMAS.contains(&key) => {
                Some(self.entries(entries, &here)?)
            }
            (key, _) if is_concerned(key) => self.scalar(key, value, map),
            _ => return Ok(()),
        };
        match normal {
            Some(normal) => drop(out.insert(key.to_owned(), normal)),
            None => self.ignored.push(format!("`{here}` is wrongly written and left out")),
        }
        Ok(())
    }

    fn list(&mut self, value: &'a Value, at: &str) -> Result<Value, Problem> {
        let items = value.as_array().into_iter().flatten().enumerate();
        let items = items.map(|(index, item)| self.schema(item, &join(at, &index.to_string())));
        Ok(Value::Array(items.collect::<Result<_, _>>()?))
    }

    fn entries(&mut self, entries: &'a Map<String, Value>, at: &str) -> Result<Value, Problem> {
        let mut out = Map::new();
        for (name, schema) in entries {
            out.insert(name.clone(), self.schema(schema, &join(at, name))?);
        }
        Ok(Value::Object(out))
    }

    /// A keyword without schemas in it; `None` where its value has the wrong shape.
    fn scalar(&self, key: &str, value: &Value, map: &Map<String, Value>) -> Option<Value> {
        match key {
            "type" => types(value),
            "enum" => value.as_array().filter(|values| !values.is_empty()).map(|_| value.clone()),
            "examples" => value.as_array().map(|_| value.clone()),
            "required" => self.required(value, map),
            "minimum" | "maximum" => value.as_number().map(|_| value.clone()),
            // Booleans are of older dialects; `finish` has turned them.
            "exclusiveMinimum" | "exclusiveMaximum" => {
                (value.is_number() || value.is_boolean()).then(|| value.clone())
            }
            "multipleOf" => value.as_f64().filter(|step| *step > 0.0).map(|_| value.clone()),
            "pattern" | "format" => value.as_str().map(|_| value.clone()),
            "uniqueItems" | "readOnly" | "writeOnly" | "nullable" | "x-nullable" => {
                value.as_bool().map(|_| value.clone())
            }
            "dependentRequired" => value.as_object().map(|_| value.clone()),
            "discriminator" => discriminator(value),
            key if COUNTS.contains(&key) => count(value),
            key if DATA.contains(&key) => Some(value.clone()),
            _ => None,
        }
    }

    /// The names that are required, but for those that do not go in this direction.
    fn required(&self, value: &Value, map: &Map<String, Value>) -> Option<Value> {
        let names = value.as_array()?;
        let mut kept: Vec<&str> = Vec::new();
        for name in names.iter().filter_map(Value::as_str) {
            let is_left_out = |map: &Map<String, Value>| self.is_left_out(map, name, 0);
            let is_elsewhere = || self.around.iter().any(|map| is_left_out(map));
            if !kept.contains(&name) && !is_left_out(map) && !is_elsewhere() {
                kept.push(name);
            }
        }
        Some(json!(kept))
    }

    fn is_left_out(&self, map: &Map<String, Value>, name: &str, depth: usize) -> bool {
        let flag = match self.direction {
            Direction::Request => "readOnly",
            Direction::Response => "writeOnly",
        };
        let property = map.get("properties").and_then(|properties| properties.get(name));
        let flagged = |schema: &Value| schema.get(flag) == Some(&Value::Bool(true));
        if property.is_some_and(|schema| flagged(schema) || flagged(self.followed(schema))) {
            return true;
        }
        let parts = map.get("allOf").and_then(Value::as_array).into_iter().flatten();
        let mut parts = parts.filter_map(|part| self.followed(part).as_object());
        depth < MAX_INHERITED && parts.any(|part| self.is_left_out(part, name, depth + 1))
    }

    fn followed<'b>(&self, schema: &'b Value) -> &'b Value
    where
        'a: 'b,
    {
        let reference = schema.get("$ref").and_then(Value::as_str);
        reference.and_then(|to| resolve(self.document, to).ok()).unwrap_or(schema)
    }

    /// What several keywords say together.
    fn finish(&self, map: &Map<String, Value>, out: &mut Map<String, Value>) {
        for (flag, bound) in [("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")] {
            if let Some(is_exclusive) = out.get(flag).and_then(Value::as_bool) {
                out.shift_remove(flag);
                if is_exclusive && let Some(value) = out.shift_remove(bound) {
                    out.insert(flag.to_owned(), value);
                }
            }
        }
        let is_nullable = ["nullable", "x-nullable"].iter().any(|key| {
            out.shift_remove(*key) == Some(Value::Bool(true)) && self.dialect != Dialect::V3_1
        });
        if is_nullable && let Some(kind) = out.get("type").filter(|kind| kind.is_string()) {
            let kinds = json!([kind, "null"]);
            out.insert("type".to_owned(), kinds);
        }
        if out.get("type").is_none() && map.get("type").and_then(Value::as_str) == Some("file") {
            out.insert("type".to_owned(), json!("string"));
        }
        if out.get("type").and_then(Value::as_str) == Some("integer") {
            bound_integers(out);
        }
    }
}

/// `int32` and `int64` are limits that validators do not know.
fn bound_integers(out: &mut Map<String, Value>) {
    let (least, most) = match out.get("format").and_then(Value::as_str) {
        Some("int32") => (json!(i32::MIN), json!(i32::MAX)),
        Some("int64") => (json!(i64::MIN), json!(i64::MAX)),
        _ => return,
    };
    for (bound, exclusive, value) in
        [("minimum", "exclusiveMinimum", least), ("maximum", "exclusiveMaximum", most)]
    {
        if !out.contains_key(bound) && !out.contains_key(exclusive) {
            out.insert(bound.to_owned(), value);
        }
    }
}

fn is_concerned(key: &str) -> bool {
    const OTHERS: &[&str] = &[
        "dependentRequired",
        "discriminator",
        "enum",
        "examples",
        "exclusiveMaximum",
        "exclusiveMinimum",
        "format",
        "maximum",
        "minimum",
        "multipleOf",
        "nullable",
        "pattern",
        "readOnly",
        "required",
        "type",
        "uniqueItems",
        "writeOnly",
        "x-nullable",
    ];
    let lists: [&[&str]; 6] = [OTHERS, ONE_SCHEMA, LISTS_OF_SCHEMAS, MAPS_OF_SCHEMAS, COUNTS, DATA];
    lists.iter().any(|list| list.contains(&key))
}

fn types(value: &Value) -> Option<Value> {
    let is_known = |value: &Value| value.as_str().is_some_and(|kind| TYPES.contains(&kind));
    match value {
        Value::String(_) if is_known(value) => Some(value.clone()),
        Value::Array(kinds) if !kinds.is_empty() && kinds.iter().all(is_known) => {
            let mut unique: Vec<&Value> = Vec::new();
            for kind in kinds {
                if !unique.contains(&kind) {
                    unique.push(kind);
                }
            }
            Some(json!(unique))
        }
        _ => None,
    }
}

/// A number that is whole and not negative; `1.0` is taken for one.
fn count(value: &Value) -> Option<Value> {
    let number = value.as_u64().or_else(|| {
        let float = value.as_f64().filter(|float| float.fract() == 0.0 && *float >= 0.0)?;
        // Saturates, and a bound beyond that is none.
        Some(float as u64)
    });
    number.map(|number| json!(number))
}

fn discriminator(value: &Value) -> Option<Value> {
    match value {
        Value::String(name) => Some(json!({ "propertyName": name })),
        Value::Object(map) => map.get("propertyName")?.as_str().map(|_| value.clone()),
        _ => None,
    }
}
