//! The `validationRegex` of attributes.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use regex::{Regex, RegexBuilder};

/// The most memory that a pattern may take, in bytes.
const SIZE: usize = 256 << 10;

/// How many patterns are remembered; most APIs ask for the same few.
const REMEMBERED: usize = 128;

static KNOWN: LazyLock<Mutex<HashMap<String, Regex>>> = LazyLock::new(Mutex::default);

/// A pattern that a value must match as a whole, without regard to case.
pub(crate) struct Pattern(Regex);

impl Pattern {
    /// Compiles a pattern.
    ///
    /// # Errors
    ///
    /// What is wrong with it, in one line.
    pub(crate) fn compile(text: &str) -> Result<Self, String> {
        let known = || KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        let found = known().get(text).cloned();
        if let Some(regex) = found {
            return Ok(Self(regex));
        }
        let pattern = Self::new(text)?;
        let mut known = known();
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(text.to_owned(), pattern.0.clone());
        Ok(pattern)
    }

    fn new(text: &str) -> Result<Self, String> {
        let whole = format!("^(?:{text})$");
        let compiled = RegexBuilder::new(&whole).case_insensitive(true).size_limit(SIZE).build();
        compiled.map(Self).map_err(|error| {
            let text = error.to_string();
            text.lines().last().unwrap_or_default().trim().to_owned()
        })
    }

    /// Whether the whole value matches.
    pub(crate) fn matches(&self, value: &str) -> bool {
        self.0.is_match(value)
    }
}
