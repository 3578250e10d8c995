//! A table of the file with typed getters.
//!
//! Getters are lenient: a number may be written as text, a list as text with commas. A value of
//! the wrong type is a diagnostic and counts as not set. Every getter remembers that its key was
//! asked for.

use std::time::Duration;

use model::diagnostic::Place;

use crate::duration::parse_duration;
use crate::mask::MASK;
use crate::{Entry, Origin, Settings, Unit, Value};

/// A table, whether the file has it or not.
#[derive(Debug, Clone)]
pub struct Section<'a> {
    settings: &'a Settings,
    path: String,
}

impl<'a> Section<'a> {
    pub(crate) fn new(settings: &'a Settings, path: String) -> Self {
        Self { settings, path }
    }

    /// The dotted path of the table.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The full path of a key in this table.
    #[must_use]
    pub fn key(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    /// The place of a key: its own line, else that of the table array element.
    #[must_use]
    pub fn place(&self, name: &str) -> Place {
        self.settings.place(&self.key(name))
    }

    /// Whether a key is set; nothing is said about its value.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.ask(name);
        self.settings.entries.contains_key(&self.key(name))
    }

    /// The first of several names for the same thing that is set, else the first of all.
    #[must_use]
    pub fn either<'n>(&self, names: &[&'n str]) -> &'n str {
        for name in names {
            self.ask(name);
        }
        let set = names.iter().find(|name| self.settings.entries.contains_key(&self.key(name)));
        set.or(names.first()).copied().unwrap_or_default()
    }

    /// A boolean, or the text `true` or `false`.
    #[must_use]
    pub fn bool(&self, name: &str) -> Option<bool> {
        self.typed(name, "true or false", |value| match value {
            Value::Bool(flag) => Some(*flag),
            Value::Text(text) if text.trim().eq_ignore_ascii_case("true") => Some(true),
            Value::Text(text) if text.trim().eq_ignore_ascii_case("false") => Some(false),
            _ => None,
        })
    }

    /// An integer, or a text that is one.
    #[must_use]
    pub fn integer(&self, name: &str) -> Option<i64> {
        self.typed(name, "an integer", |value| match value {
            Value::Integer(number) => Some(*number),
            Value::Text(text) => text.trim().parse().ok(),
            _ => None,
        })
    }

    /// A finite number, or a text that is one.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<f64> {
        let number = |value: &Value| match value {
            Value::Float(number) => Some(*number),
            // Exact up to 2^53; factors are small.
            Value::Integer(number) => i32::try_from(*number).ok().map(f64::from),
            Value::Text(text) => text.trim().parse::<f64>().ok(),
            _ => None,
        };
        self.typed(name, "a number", |value| number(value).filter(|number| number.is_finite()))
    }

    /// A duration: a number in `unit`, or text such as `15m`, `900s`, `500ms`.
    #[must_use]
    pub fn duration(&self, name: &str, unit: Unit) -> Option<Duration> {
        self.typed(name, "a duration such as 900s, 15m or a number", |value| match value {
            Value::Integer(number) => parse_duration(&number.to_string(), unit),
            Value::Text(text) => parse_duration(text, unit),
            _ => None,
        })
    }

    /// A text; numbers and booleans are taken as text.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<String> {
        self.typed(name, "a text", Value::scalar)
    }

    /// A list of texts, or one text with commas; empty parts are left out.
    #[must_use]
    pub fn texts(&self, name: &str) -> Option<Vec<String>> {
        self.typed(name, "a list of texts", |value| match value {
            Value::List(values) => values.iter().map(Value::scalar).collect(),
            Value::Text(text) => Some(parts(text)),
            _ => None,
        })
    }

    /// The elements of a table array; a plain table counts as one element.
    #[must_use]
    pub fn tables(&self, name: &str) -> Vec<Self> {
        let path = self.key(name);
        let is_first = self.settings.journal().ask(&path);
        if let Some(lines) = self.settings.arrays.get(&path) {
            let element = |index| Self::new(self.settings, format!("{path}[{index}]"));
            return (0..lines.len()).map(element).collect();
        }
        let below = format!("{path}.");
        let mut keys = self.settings.entries.keys();
        let Some(first) = keys.find(|key| key.starts_with(&below)) else { return Vec::new() };
        let place = self.settings.place(first);
        if is_first {
            self.settings.journal().diagnostics().warning(
                "CF012",
                place,
                format!("[{path}] is a list of tables; this one is taken as its only element."),
                format!("Write [[{path}]]."),
            );
        }
        vec![Self::new(self.settings, path)]
    }

    /// Where the value of a key comes from.
    #[must_use]
    pub fn origin(&self, name: &str) -> Origin {
        self.settings.origin(&self.key(name))
    }

    /// Says which value is in effect for a key, for `GET /config`; the origin is the file where
    /// the key is set there.
    pub fn effective(&self, name: &str, value: impl Into<String>) {
        self.effective_from(name, value, self.origin(name));
    }

    /// Says which value is in effect for a key, and that it comes from elsewhere than the file.
    pub fn effective_from(&self, name: &str, value: impl Into<String>, origin: Origin) {
        let key = self.key(name);
        let is_secret = matches!(origin, Origin::File { .. })
            && self.settings.entries.get(&key).is_some_and(|entry| entry.secret);
        let value = if is_secret { MASK.to_owned() } else { value.into() };
        self.settings.journal().set_effective(key, value, origin);
    }

    /// Adds an error at a key of this table.
    pub fn error(&self, code: &'static str, name: &str, message: String, help: &str) {
        let place = self.place(name);
        self.settings.journal().diagnostics().error(code, place, message, help);
    }

    /// Adds a warning at a key of this table.
    pub fn warning(&self, code: &'static str, name: &str, message: String, help: &str) {
        let place = self.place(name);
        self.settings.journal().diagnostics().warning(code, place, message, help);
    }

    fn ask(&self, name: &str) {
        self.settings.journal().ask(&self.key(name));
    }

    fn entry(&self, name: &str) -> Option<&'a Entry> {
        let key = self.key(name);
        let entry = self.settings.entries.get(&key);
        let mut journal = self.settings.journal();
        journal.ask(&key);
        journal.blame(entry.map(|entry| entry.problems.as_slice()).unwrap_or_default());
        entry
    }

    fn typed<T>(
        &self,
        name: &str,
        expected: &str,
        read: impl FnOnce(&Value) -> Option<T>,
    ) -> Option<T> {
        let entry = self.entry(name)?;
        let value = read(&entry.value);
        if value.is_none() {
            let message =
                format!("{} must be {expected}, not {}.", self.key(name), shown(name, entry));
            self.error("CF007", name, message, "The default is used instead.");
        }
        value
    }
}

/// A value in a message, as long as it is no secret.
fn shown(name: &str, entry: &Entry) -> String {
    let kind = entry.value.kind();
    match entry.value.scalar() {
        Some(text) if !entry.secret && !crate::is_secret_key(name) && text.len() <= 60 => {
            format!("{kind} ({text})")
        }
        _ => kind.to_owned(),
    }
}

fn parts(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
}
