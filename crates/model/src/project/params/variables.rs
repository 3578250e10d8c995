//! `${NAME}` in parameter files.

use serde_json::Value;

use crate::codes;
use crate::cursor::{Cursor, join};
use crate::diagnostic::{Diagnostics, Place};

/// Who knows the values, and where the problems go.
struct Resolver<'a> {
    file: &'a str,
    lookup: &'a dyn Fn(&str) -> Option<String>,
    found: &'a mut Diagnostics,
}

/// A copy of a value with every variable replaced; those that are not set stay, and are reported.
pub(super) fn resolve(
    at: &Cursor<'_>,
    lookup: &dyn Fn(&str) -> Option<String>,
    found: &mut Diagnostics,
) -> Value {
    Resolver { file: at.file(), lookup, found }.value(at.value(), at.pointer())
}

impl Resolver<'_> {
    fn value(&mut self, value: &Value, pointer: &str) -> Value {
        match value {
            Value::String(text) if text.contains("${") => self.text(text, pointer).into(),
            Value::Array(items) => {
                let items = items.iter().enumerate();
                items
                    .map(|(index, item)| self.value(item, &join(pointer, &index.to_string())))
                    .collect()
            }
            Value::Object(map) => {
                let pairs = map.iter();
                let resolved =
                    pairs.map(|(key, value)| (key.clone(), self.value(value, &join(pointer, key))));
                Value::Object(resolved.collect())
            }
            other => other.clone(),
        }
    }

    /// What a variable stands for is not looked at again.
    fn text(&mut self, text: &str, pointer: &str) -> String {
        let (mut done, mut rest) = (String::new(), text);
        while let Some((before, after)) = rest.split_once("${") {
            done.push_str(before);
            let Some((name, tail)) = after.split_once('}') else {
                done.push_str("${");
                rest = after;
                continue;
            };
            let value = (self.lookup)(name);
            if value.is_none() {
                self.report(name, pointer);
            }
            done.push_str(&value.unwrap_or_else(|| format!("${{{name}}}")));
            rest = tail;
        }
        done + rest
    }

    fn report(&mut self, name: &str, pointer: &str) {
        let message = format!("the variable `{name}` is not set");
        let help = format!("Set `{name}` in the environment, or write the value itself.");
        let place = Place::pointer(self.file, pointer);
        self.found.error(codes::UNRESOLVED_VARIABLE, place, message, help);
    }
}
