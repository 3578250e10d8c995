//! Which document something was read from, and where it stands there.

use crate::description::Document;

/// The number of a document of one description; the first is the one that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DocumentId(pub(crate) u32);

/// A place in a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Source {
    /// The document; none for what is built in.
    pub document: Option<DocumentId>,
    /// From 1; 0 is unknown.
    pub line: u32,
    /// In characters, from 1; 0 is unknown.
    pub column: u32,
}

impl DocumentId {
    /// The document at this place in the list of documents.
    #[must_use]
    pub fn new(index: usize) -> Self {
        Self(u32::try_from(index).unwrap_or(u32::MAX))
    }

    /// Its place in the list of documents.
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

impl Source {
    /// Something that is built in.
    pub(crate) const BUILT_IN: Self = Self { document: None, line: 0, column: 0 };

    /// The place as diagnostics have it.
    #[must_use]
    pub fn place(self, documents: &[Document]) -> model::Place {
        let document = self.document.and_then(|id| documents.get(id.index()));
        let Some(document) = document else { return model::Place::file("(built in)") };
        let file = document.location.to_string();
        match self.line {
            0 => model::Place::file(file),
            line => model::Place::line(file, line, self.column),
        }
    }
}
