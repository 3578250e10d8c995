//! What the schemas that speak of one value say together, without validating it.

use serde_json::{Value, json};

use crate::Schema;
use crate::schema::target;

/// How many schemas are looked through for the type of one value.
const MAX_PARTS: usize = 64;

/// The schemas that may speak of one value.
pub(crate) struct Shape<'a> {
    schema: &'a Schema,
    parts: Vec<&'a Value>,
}

impl<'a> Shape<'a> {
    pub(crate) fn of(schema: &'a Schema, top: &'a Value) -> Self {
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
    pub(crate) fn is(&self, kind: &str) -> bool {
        self.parts.iter().any(|part| match part.get("type") {
            Some(Value::String(one)) => one == kind,
            Some(Value::Array(many)) => many.iter().any(|one| one == kind),
            _ => false,
        })
    }

    /// The names of all properties that are listed.
    pub(crate) fn names(&self) -> Vec<&'a str> {
        let mut names: Vec<&str> = Vec::new();
        let listed = self.parts.iter().filter_map(|part| part.get("properties")?.as_object());
        for name in listed.flat_map(|properties| properties.keys()) {
            if !names.contains(&name.as_str()) {
                names.push(name);
            }
        }
        names
    }

    /// Whether a schema has a keyword.
    pub(crate) fn says(&self, keyword: &str) -> bool {
        self.parts.iter().any(|part| part.get(keyword).is_some())
    }

    /// Whether a schema has a keyword that is true.
    pub(crate) fn is_set(&self, keyword: &str) -> bool {
        self.parts.iter().any(|part| part.get(keyword) == Some(&Value::Bool(true)))
    }

    /// What a keyword says, as the first schema has it that does.
    pub(crate) fn first(&self, keyword: &str) -> Option<&'a Value> {
        self.parts.iter().find_map(|part| part.get(keyword))
    }

    pub(crate) fn lists(&self, name: &str) -> bool {
        self.parts
            .iter()
            .any(|part| part.get("properties").is_some_and(|all| all.get(name).is_some()))
    }

    pub(crate) fn property(&self, name: &str) -> Self {
        let listed = |part: &&'a Value| part.get("properties")?.get(name);
        let mut parts: Vec<&Value> = self.parts.iter().filter_map(listed).collect();
        if parts.is_empty() {
            parts.extend(self.parts.iter().filter_map(|part| part.get("additionalProperties")));
        }
        Self::gather(self.schema, parts)
    }

    pub(crate) fn items(&self) -> Self {
        let parts = self.parts.iter().filter_map(|part| part.get("items")).collect();
        Self::gather(self.schema, parts)
    }

    /// A text as the type that is asked for; as text where it is none of these.
    pub(crate) fn parse(&self, text: &str) -> Value {
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
