//! Lenient, typed reading of a document.
//!
//! A cursor is a value together with its file and JSON pointer, so that every problem names its
//! place.
//! Text may be written as a number and a number as text, because YAML and WSO2's own tools mix
//! them up (spec/04 §4); a value of the wrong type is a diagnostic and reads as absent.
//! Keys that nobody asks for are left alone.

use serde_json::Value;

use crate::codes;
use crate::diagnostic::{Diagnostics, Place};

static ABSENT: Value = Value::Null;

/// A value, and where it is.
#[derive(Debug, Clone)]
pub struct Cursor<'a> {
    file: &'a str,
    pointer: String,
    value: &'a Value,
}

impl<'a> Cursor<'a> {
    /// A value in a file; `pointer` is empty for the whole document.
    #[must_use]
    pub fn new(file: &'a str, pointer: impl Into<String>, value: &'a Value) -> Self {
        Self { file, pointer: pointer.into(), value }
    }

    /// The value itself; null where it is absent.
    #[must_use]
    pub fn value(&self) -> &'a Value {
        self.value
    }

    /// The file.
    #[must_use]
    pub fn file(&self) -> &'a str {
        self.file
    }

    /// The JSON pointer.
    #[must_use]
    pub fn pointer(&self) -> &str {
        &self.pointer
    }

    /// Where it is.
    #[must_use]
    pub fn place(&self) -> Place {
        Place::pointer(self.file, self.pointer.clone())
    }

    /// Whether it is missing or null.
    #[must_use]
    pub fn is_absent(&self) -> bool {
        self.value.is_null()
    }

    /// The value under a key; absent where this is no mapping.
    #[must_use]
    pub fn get(&self, key: &str) -> Self {
        let value = self.value.get(key).unwrap_or(&ABSENT);
        Self { file: self.file, pointer: join(&self.pointer, key), value }
    }

    /// The value under the first of some keys that is present.
    #[must_use]
    pub fn get_any(&self, keys: &[&str]) -> Self {
        let found = keys.iter().map(|key| self.get(key)).find(|cursor| !cursor.is_absent());
        found.unwrap_or_else(|| self.get(keys.first().copied().unwrap_or_default()))
    }

    /// The keys of a mapping; none for anything else.
    pub fn keys(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.value.as_object().into_iter().flat_map(|map| map.keys().map(String::as_str))
    }

    /// Text; numbers and booleans are taken as they print.
    pub fn text(&self, found: &mut Diagnostics) -> Option<String> {
        match self.value {
            Value::Null => None,
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(flag) => Some(flag.to_string()),
            Value::Array(_) | Value::Object(_) => self.wrong("text", found),
        }
    }

    /// Text that is not blank, without blanks around it.
    pub fn word(&self, found: &mut Diagnostics) -> Option<String> {
        let text = self.text(found)?;
        let text = text.trim();
        (!text.is_empty()).then(|| text.to_owned())
    }

    /// A boolean; the words `true` and `false` in any case are taken too.
    pub fn flag(&self, found: &mut Diagnostics) -> Option<bool> {
        match self.value {
            Value::Null => None,
            Value::Bool(flag) => Some(*flag),
            Value::String(text) if text.trim().is_empty() => None,
            Value::String(text) if text.trim().eq_ignore_ascii_case("true") => Some(true),
            Value::String(text) if text.trim().eq_ignore_ascii_case("false") => Some(false),
            _ => self.wrong("true or false", found),
        }
    }

    /// A whole number; digits in text are taken too, empty text is absent.
    pub fn integer(&self, found: &mut Diagnostics) -> Option<i64> {
        match self.value {
            Value::Null => None,
            Value::Number(number) if number.is_i64() => number.as_i64(),
            Value::String(text) if text.trim().is_empty() => None,
            Value::String(text) => {
                text.trim().parse().ok().or_else(|| self.wrong("a whole number", found))
            }
            _ => self.wrong("a whole number", found),
        }
    }

    /// The entries of a list; one for a single value, none where it is absent.
    pub fn items(&self, found: &mut Diagnostics) -> Vec<Self> {
        match self.value {
            Value::Array(items) => items.iter().enumerate().map(|item| self.item(item)).collect(),
            Value::Null => Vec::new(),
            _ => {
                self.wrong::<()>("a list", found);
                Vec::new()
            }
        }
    }

    /// A list of texts; empty entries are left out, and a single text counts as a list of one.
    pub fn texts(&self, found: &mut Diagnostics) -> Vec<String> {
        match self.value {
            Value::String(text) if text.trim().is_empty() => Vec::new(),
            Value::String(text) => vec![text.trim().to_owned()],
            _ => self.items(found).iter().filter_map(|item| item.word(found)).collect(),
        }
    }

    /// The entries of a mapping.
    pub fn entries(&self, found: &mut Diagnostics) -> Vec<(&'a str, Self)> {
        match self.value {
            Value::Object(map) => map.keys().map(|key| (key.as_str(), self.get(key))).collect(),
            Value::Null => Vec::new(),
            _ => {
                self.wrong::<()>("a mapping", found);
                Vec::new()
            }
        }
    }

    /// Reports the wrong type, and reads as absent.
    fn wrong<T>(&self, expected: &str, found: &mut Diagnostics) -> Option<T> {
        let message = format!("expected {expected}, found {}", kind(self.value));
        found.error(codes::WRONG_SHAPE, self.place(), message, format!("Write {expected} here."));
        None
    }

    fn item(&self, (index, value): (usize, &'a Value)) -> Self {
        Self { file: self.file, pointer: format!("{}/{index}", self.pointer), value }
    }
}

/// A JSON pointer, one step deeper (RFC 6901 §3).
#[must_use]
pub fn join(pointer: &str, key: &str) -> String {
    format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1"))
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a mapping",
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed test may panic")]

    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_and_text_stand_for_each_other() {
        let value = json!({"a": 1, "b": "2", "c": 1.5, "d": "True", "e": "", "f": false});
        let (at, mut found) = (Cursor::new("x", "", &value), Diagnostics::new());
        assert_eq!(at.get("a").text(&mut found).unwrap(), "1");
        assert_eq!(at.get("c").text(&mut found).unwrap(), "1.5");
        assert_eq!(at.get("b").integer(&mut found), Some(2));
        assert_eq!(at.get("e").integer(&mut found), None);
        assert_eq!(at.get("d").flag(&mut found), Some(true));
        assert_eq!(at.get("f").flag(&mut found), Some(false));
        assert_eq!(at.get("missing").flag(&mut found), None);
        assert!(found.is_empty());
    }

    #[test]
    fn the_wrong_type_names_its_place() {
        let value = json!({"paths": {"/a~b": [{"x": []}]}});
        let mut found = Diagnostics::new();
        let at = Cursor::new("api.yaml", "/data", &value).get("paths").get("/a~b");
        assert_eq!(at.items(&mut found).first().unwrap().get("x").text(&mut found), None);
        assert_eq!(
            found.iter().next().unwrap().to_string(),
            "error[PR007]: expected text, found a list\n  --> api.yaml#/data/paths/~1a~0b/0/x\n  help: Write text here."
        );
    }

    #[test]
    fn one_text_is_a_list_of_one() {
        let value = json!({"a": "x", "b": ["x", 1, null, ""], "c": null});
        let (at, mut found) = (Cursor::new("x", "", &value), Diagnostics::new());
        assert_eq!(at.get("a").texts(&mut found), ["x"]);
        assert_eq!(at.get("b").texts(&mut found), ["x", "1"]);
        assert!(at.get("c").texts(&mut found).is_empty());
    }
}
