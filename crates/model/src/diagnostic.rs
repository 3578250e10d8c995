//! One problem found in what somebody wrote: where it is, what is wrong, how to mend it.
//!
//! Readers and the compiler collect diagnostics instead of stopping at the first problem, so that
//! an author sees all of them at once.

use std::fmt;

use crate::cursor::join;

/// How bad a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing, nothing to mend.
    Note,
    /// Served, but probably not as its author meant it.
    Warning,
    /// Refused: the API is not deployed until it is mended.
    Error,
}

impl Severity {
    /// The word that is printed and written to JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// The spot inside a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Spot {
    /// The file as a whole.
    Whole,
    /// A JSON pointer (RFC 6901) into the document.
    Pointer(String),
    /// A line and column, both counted from 1.
    Line {
        /// The line.
        line: u32,
        /// The column; 0 when only the line is known.
        column: u32,
    },
}

/// Where a problem is: a file and a spot in it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The path of the file, relative to the root of its project.
    pub file: String,
    /// The spot in the file.
    pub spot: Spot,
}

impl Place {
    /// The whole of a file.
    #[must_use]
    pub fn file(file: impl Into<String>) -> Self {
        Self { file: file.into(), spot: Spot::Whole }
    }

    /// A JSON pointer in a file.
    #[must_use]
    pub fn pointer(file: impl Into<String>, pointer: impl Into<String>) -> Self {
        Self { file: file.into(), spot: Spot::Pointer(pointer.into()) }
    }

    /// A line and column in a file, both counted from 1.
    #[must_use]
    pub fn line(file: impl Into<String>, line: u32, column: u32) -> Self {
        Self { file: file.into(), spot: Spot::Line { line, column } }
    }

    /// The value under a key of the mapping that is here; the same place where it is no pointer.
    #[must_use]
    pub fn deeper(&self, key: &str) -> Self {
        match &self.spot {
            Spot::Pointer(pointer) => Self::pointer(self.file.clone(), join(pointer, key)),
            _ => self.clone(),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.spot {
            Spot::Whole => f.write_str(&self.file),
            Spot::Pointer(pointer) => write!(f, "{}#{pointer}", self.file),
            Spot::Line { line, column: 0 } => write!(f, "{}:{line}", self.file),
            Spot::Line { line, column } => write!(f, "{}:{line}:{column}", self.file),
        }
    }
}

/// One problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// A stable code such as `EP012`; `docs/diagnostics.md` lists them all.
    pub code: &'static str,
    /// Where it is.
    pub place: Place,
    /// What is wrong, in one sentence.
    pub message: String,
    /// How to mend it, in one sentence.
    pub help: String,
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { severity, code, place, message, help } = self;
        write!(f, "{}[{code}]: {message}\n  --> {place}\n  help: {help}", severity.as_str())
    }
}

/// Problems, in the order in which they were found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Diagnostics(Vec<Diagnostic>);

impl Diagnostics {
    /// No problem yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an error.
    pub fn error(
        &mut self,
        code: &'static str,
        place: Place,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.push(Severity::Error, code, place, message.into(), help.into());
    }

    /// Adds a warning.
    pub fn warning(
        &mut self,
        code: &'static str,
        place: Place,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.push(Severity::Warning, code, place, message.into(), help.into());
    }

    /// Adds a note.
    pub fn note(
        &mut self,
        code: &'static str,
        place: Place,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.push(Severity::Note, code, place, message.into(), help.into());
    }

    fn push(
        &mut self,
        severity: Severity,
        code: &'static str,
        place: Place,
        message: String,
        help: String,
    ) {
        self.0.push(Diagnostic { severity, code, place, message, help });
    }

    /// Adds a problem as it is.
    pub fn report(&mut self, diagnostic: Diagnostic) {
        self.0.push(diagnostic);
    }

    /// Takes over everything that another reader found.
    pub fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// Whether anything found forbids deployment.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.0.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
    }

    /// Whether nothing was found.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many problems there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The problems, in the order in which they were found.
    pub fn iter(&self) -> std::slice::Iter<'_, Diagnostic> {
        self.0.iter()
    }
}

impl IntoIterator for Diagnostics {
    type Item = Diagnostic;
    type IntoIter = std::vec::IntoIter<Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> IntoIterator for &'a Diagnostics {
    type Item = &'a Diagnostic;
    type IntoIter = std::slice::Iter<'a, Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}
