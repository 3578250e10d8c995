//! One YAML or JSON file of a project, as it was read.

use std::fmt;

use serde_json::Value;

use crate::cursor::Cursor;
use crate::diagnostic::Diagnostics;
use crate::files::Files;
use crate::yaml::{self, Format};

/// A parsed file that remembers whether it was changed.
///
/// An unchanged document is written back byte for byte, because [`crate::project::Project`] keeps
/// the files; a changed one is written anew, with all keys in their order.
#[derive(Clone, PartialEq)]
pub struct Document {
    path: String,
    value: Value,
    is_changed: bool,
}

/// Without the content, which may hold passwords.
impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, is_changed, .. } = self;
        f.debug_struct("Document").field("path", path).field("is_changed", is_changed).finish()
    }
}

impl Document {
    /// A document that is not among the files yet; it counts as changed.
    #[must_use]
    pub fn new(path: impl Into<String>, value: Value) -> Self {
        Self { path: path.into(), value, is_changed: true }
    }

    /// Reads a file of a tree; `None` where it is missing or not well-formed.
    pub fn read(files: &Files, path: &str, found: &mut Diagnostics) -> Option<Self> {
        let content = files.get(path)?;
        match yaml::parse(path, content) {
            Ok(value) => Some(Self { path: path.to_owned(), value, is_changed: false }),
            Err(problem) => {
                found.report(*problem);
                None
            }
        }
    }

    /// The path of the file.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What it says.
    #[must_use]
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// What it says, to be changed; the document is then written anew.
    pub fn value_mut(&mut self) -> &mut Value {
        self.is_changed = true;
        &mut self.value
    }

    /// Changes how the content is understood, not what the file says: it is not written anew.
    pub(crate) fn convert(&mut self, change: impl FnOnce(&mut Value)) {
        change(&mut self.value);
    }

    /// Whether it differs from its file.
    #[must_use]
    pub fn is_changed(&self) -> bool {
        self.is_changed
    }

    /// A cursor at its root.
    #[must_use]
    pub fn root(&self) -> Cursor<'_> {
        Cursor::new(&self.path, "", &self.value)
    }

    /// The content below the envelope `{type, version, data}`, or the root where there is none.
    #[must_use]
    pub fn content(&self) -> Cursor<'_> {
        if self.has_envelope() { self.root().get("data") } else { self.root() }
    }

    /// Whether the content is wrapped in `{type, version, data}`.
    #[must_use]
    pub fn has_envelope(&self) -> bool {
        self.value.get("type").is_some() && self.value.get("data").is_some()
    }

    /// The text to write, in the format that the path asks for.
    #[must_use]
    pub fn to_text(&self) -> String {
        yaml::write(&self.value, Format::of_path(&self.path))
    }
}
