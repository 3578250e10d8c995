//! `deployment.toml`: read it, substitute what it refers to, and say where each value came from.
//!
//! The crate knows the shape of the file, not the meaning of its keys: typed readers such as the
//! gateway's ask for keys through [`Section`], which remembers what was asked, what was found and
//! what is in effect. It does no I/O: the text, the environment and secrets are handed in.
//!
//! Deliberately absent: writing the file, and opening sealed secrets (the caller gives a lookup).

mod document;
mod duration;
mod journal;
mod mask;
mod section;
mod substitute;
mod unknown;
mod value;
mod variables;

pub use duration::{Unit, duration_text, parse_duration};
pub use journal::Effective;
pub use mask::{MASK, is_secret_key, mask_credentials};
pub use section::Section;
pub use value::{Origin, Value};
pub use variables::Variables;

use std::sync::Mutex;

use indexmap::IndexMap;
use model::diagnostic::{Diagnostic, Diagnostics, Place};

use journal::Journal;

/// The largest file that is read, in bytes.
pub const MAX_FILE_BYTES: usize = 4 * 1024 * 1024;

/// The largest text that a value may grow to by substitution, in bytes.
pub const MAX_VALUE_BYTES: usize = 64 * 1024;

/// What all values together may gain by substitution, in bytes.
pub const MAX_SUBSTITUTED_BYTES: usize = 4 * 1024 * 1024;

/// A configuration file, read and substituted.
///
/// Keys are dotted paths; `[a] "b.c" = 1`, `[a.b] c = 1` and `a.b.c = 1` are the same key.
/// Elements of a table array have their index in the path: `apim.gateway.environment[0].name`.
#[derive(Debug)]
pub struct Settings {
    file: String,
    entries: IndexMap<String, Entry>,
    /// Table arrays: the line of each element.
    arrays: IndexMap<String, Vec<u32>>,
    journal: Mutex<Journal>,
}

/// One value of the file.
#[derive(Debug, Clone)]
struct Entry {
    value: Value,
    line: u32,
    /// Whether a secret was substituted into it.
    secret: bool,
    /// What went wrong in its substitution.
    problems: Vec<Diagnostic>,
}

impl Settings {
    /// Reads a file.
    ///
    /// `file` is the name that diagnostics carry. A file with syntax errors gives empty settings
    /// and one error for each; everything else gives settings that can be used. A placeholder that
    /// stays unresolved keeps its text; it is a problem when a reader asks for that key, and comes
    /// with [`Self::take_diagnostics`].
    #[must_use]
    pub fn read(text: &str, file: &str, variables: &Variables) -> (Self, Diagnostics) {
        let (mut settings, diagnostics) = document::parse(text, file);
        substitute::substitute(&mut settings, variables);
        (settings, diagnostics)
    }

    /// Settings without any key, for a process that has no file.
    #[must_use]
    pub fn empty(file: &str) -> Self {
        Self {
            file: file.to_owned(),
            entries: IndexMap::new(),
            arrays: IndexMap::new(),
            journal: Mutex::default(),
        }
    }

    /// The name of the file, as given.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.file
    }

    /// A table of the file, whether it is there or not; the empty path is the whole file.
    #[must_use]
    pub fn section(&self, path: &str) -> Section<'_> {
        Section::new(self, path.to_owned())
    }

    /// The place of a key: its line, or the file where the key is not set.
    #[must_use]
    pub fn place(&self, key: &str) -> Place {
        let line = self.entries.get(key).map(|entry| entry.line);
        let line = line.or_else(|| self.element_line(key));
        let line = line.or_else(|| self.arrays.get(key)?.first().copied());
        line.map_or_else(|| Place::file(&self.file), |line| Place::line(&self.file, line, 0))
    }

    /// Where the value of a key comes from, as far as the file decides.
    #[must_use]
    pub fn origin(&self, key: &str) -> Origin {
        self.entries.get(key).map_or(Origin::Default, |entry| Origin::File {
            file: self.file.clone(),
            line: entry.line,
        })
    }

    /// Every key that is set, with its value after substitution.
    pub fn values(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.entries.iter().map(|(key, entry)| (key.as_str(), &entry.value))
    }

    /// Every key that readers asked for so far, sorted; indices are written `[]`.
    #[must_use]
    pub fn asked(&self) -> Vec<String> {
        self.journal().asked()
    }

    /// What is in effect as far as readers said so, sorted by key, secrets masked.
    #[must_use]
    pub fn effective(&self) -> Vec<Effective> {
        self.journal().effective()
    }

    /// Hands over the problems that readers met since the last call.
    pub fn take_diagnostics(&self) -> Diagnostics {
        self.journal().take_diagnostics()
    }

    /// Keys that no reader asked for: a warning for each that is not known to WSO2 either, with
    /// the nearest known key, and one note that lists WSO2 sections without effect here.
    ///
    /// Call it after all readers have read.
    #[must_use]
    pub fn unknown(&self) -> Diagnostics {
        unknown::report(self)
    }

    fn journal(&self) -> std::sync::MutexGuard<'_, Journal> {
        self.journal.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// The line of the table array element that a path names or is below.
    fn element_line(&self, key: &str) -> Option<u32> {
        let (array, rest) = key.rsplit_once('[')?;
        let index = rest.split(']').next()?.parse::<usize>().ok()?;
        self.arrays.get(array)?.get(index).copied()
    }
}

#[cfg(test)]
mod tests;
