//! A value as XML, by the `xml` keywords of its schema (OpenAPI 3.0 §4.7.26).

use serde_json::{Map, Value};

use crate::Schema;
use crate::schema::target;

/// How many schemas are looked through for one value.
const MAX_PARTS: usize = 256;

/// Writes a value; `root` names the outermost element where the schema does not.
#[must_use]
pub fn to_xml(schema: &Schema, value: &Value, root: &str) -> String {
    let mut writer = Writer { schema, out: String::new() };
    let parts = writer.parts(&[schema.top()]);
    let name = writer.name(&parts).unwrap_or_else(|| root.to_owned());
    if let Value::Array(items) = value {
        writer.wrapped(&parts, items, &name, &name);
    } else {
        writer.element(&parts, value, &name);
    }
    writer.out
}

struct Writer<'a> {
    schema: &'a Schema,
    out: String,
}

impl<'a> Writer<'a> {
    /// The schemas that may speak of a value, references followed.
    fn parts(&self, schemas: &[&'a Value]) -> Vec<&'a Value> {
        let mut parts = schemas.to_vec();
        let mut next = 0;
        while let Some(part) = parts.get(next).copied() {
            next += 1;
            let behind = target(part).map(|number| self.schema.definition(number));
            let lists = ["allOf", "oneOf", "anyOf"].into_iter();
            let lists = lists.filter_map(|key| part.get(key)?.as_array()).flatten();
            for part in behind.into_iter().chain(lists) {
                let is_known = parts.iter().any(|known| std::ptr::eq(*known, part));
                if parts.len() < MAX_PARTS && !is_known {
                    parts.push(part);
                }
            }
        }
        parts
    }

    /// The name that the schemas give, or that the document gives to the schema.
    fn name(&self, parts: &[&'a Value]) -> Option<String> {
        let written = text(parts, "name").map(str::to_owned);
        written.or_else(|| {
            let number = parts.iter().find_map(|part| target(part))?;
            Some(self.schema.name(number)).filter(|name| !name.is_empty()).map(str::to_owned)
        })
    }

    fn properties(&self, parts: &[&'a Value], name: &str) -> Vec<&'a Value> {
        let listed = |part: &&'a Value| part.get("properties")?.get(name);
        let mut found: Vec<&Value> = parts.iter().filter_map(listed).collect();
        if found.is_empty() {
            found.extend(parts.iter().filter_map(|part| part.get("additionalProperties")));
        }
        self.parts(&found)
    }

    fn element(&mut self, parts: &[&'a Value], value: &Value, name: &str) {
        let tag = self.open(parts, name);
        let empty = Map::new();
        let map = value.as_object().unwrap_or(&empty);
        let members: Vec<_> =
            map.iter().map(|(name, value)| (name, value, self.properties(parts, name))).collect();
        for (name, value, parts) in members.iter().filter(|(_, _, parts)| is_attribute(parts)) {
            let name = xml_name(text(parts, "name").unwrap_or(name));
            self.out.push_str(&format!(" {name}=\"{}\"", xml::escape::text(&scalar(value))));
        }
        self.out.push('>');
        for (name, value, parts) in members.iter().filter(|(_, _, parts)| !is_attribute(parts)) {
            self.property(parts, value, name);
        }
        match value {
            Value::Object(_) => {}
            Value::Array(items) => self.items(parts, items, name),
            value => self.out.push_str(&xml::escape::text(&scalar(value))),
        }
        self.out.push_str(&format!("</{tag}>"));
    }

    fn property(&mut self, parts: &[&'a Value], value: &Value, name: &str) {
        let own = text(parts, "name").unwrap_or(name);
        match value {
            Value::Array(items) if is_set(parts, "wrapped") => {
                self.wrapped(parts, items, own, name)
            }
            Value::Array(items) => self.items(parts, items, own),
            value => self.element(parts, value, own),
        }
    }

    fn wrapped(&mut self, parts: &[&'a Value], items: &[Value], name: &str, item: &str) {
        let tag = self.open(parts, name);
        self.out.push('>');
        self.items(parts, items, item);
        self.out.push_str(&format!("</{tag}>"));
    }

    fn items(&mut self, parts: &[&'a Value], items: &[Value], name: &str) {
        for (index, item) in items.iter().enumerate() {
            let listed = |part: &&'a Value| part.get("prefixItems")?.get(index);
            let mut schemas: Vec<&Value> = parts.iter().filter_map(listed).collect();
            if schemas.is_empty() {
                schemas.extend(parts.iter().filter_map(|part| part.get("items")));
            }
            let schemas = self.parts(&schemas);
            let name = text(&schemas, "name").unwrap_or(name).to_owned();
            self.element(&schemas, item, &name);
        }
    }

    /// Opens a tag, up to its attributes; gives the name to close it with.
    fn open(&mut self, parts: &[&'a Value], name: &str) -> String {
        let namespace = text(parts, "namespace");
        // A prefix that stands for nothing would make the text unreadable.
        let prefix = text(parts, "prefix").filter(|_| namespace.is_some()).map(xml_name);
        let tag = match &prefix {
            Some(prefix) => format!("{prefix}:{}", xml_name(name)),
            None => xml_name(name),
        };
        self.out.push_str(&format!("<{tag}"));
        if let Some(namespace) = namespace {
            let prefix = prefix.map_or_else(String::new, |prefix| format!(":{prefix}"));
            let namespace = xml::escape::text(namespace);
            self.out.push_str(&format!(" xmlns{prefix}=\"{namespace}\""));
        }
        tag
    }
}

fn text<'a>(parts: &[&'a Value], key: &str) -> Option<&'a str> {
    parts.iter().find_map(|part| part.get("xml")?.get(key)?.as_str())
}

fn is_set(parts: &[&Value], key: &str) -> bool {
    parts
        .iter()
        .any(|part| part.get("xml").and_then(|xml| xml.get(key)) == Some(&Value::Bool(true)))
}

fn is_attribute(parts: &[&Value]) -> bool {
    is_set(parts, "attribute")
}

fn scalar(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        value => value.to_string(),
    }
}

/// A name that XML takes; other characters become underscores.
fn xml_name(name: &str) -> String {
    let is_fine = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '-' | '.');
    let name: String =
        name.chars().map(|letter| if is_fine(letter) { letter } else { '_' }).collect();
    let begins_well = name.starts_with(|first: char| first.is_alphabetic() || first == '_');
    if begins_well { name } else { format!("_{name}") }
}

#[cfg(test)]
mod tests;
