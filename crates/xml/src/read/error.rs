//! Why a text is no document for us.

use std::fmt;

use thiserror::Error;

use crate::tree::Place;

/// A text that cannot be read, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadError {
    /// Where it is; line 0 where there is no such place.
    pub place: Place,
    /// What it is.
    pub reason: Reason,
}

/// What is wrong with a text.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Reason {
    /// It breaks a rule of XML or of its namespaces.
    #[error("not well-formed XML: {0}")]
    NotWellFormed(String),
    /// It has a document type, which could define entities or fetch something.
    #[error("a document type is not allowed; remove <!DOCTYPE …>")]
    DoctypeRefused,
    /// Elements are inside each other beyond the limit.
    #[error("elements are nested too deeply; make the document flatter")]
    TooDeep,
    /// It has more bytes than allowed.
    #[error("the document is too large; send less at once")]
    TooLarge,
    /// It has more elements, attributes and texts than allowed.
    #[error("the document has too many nodes; send less at once")]
    TooManyNodes,
    /// One element has more attributes than allowed.
    #[error("an element has too many attributes; make elements of them")]
    TooManyAttributes,
    /// A name has more bytes than allowed.
    #[error("a name is too long; shorten it")]
    NameTooLong,
    /// A prefix is used where no element around declares it.
    #[error("the prefix {0} is not declared; add xmlns:{0}=\"…\"")]
    UndeclaredPrefix(String),
    /// The bytes are not in the encoding they should be in, or that encoding is not known here.
    #[error("{0}; use UTF-8")]
    Encoding(String),
    /// An entity that is not one of the five of XML.
    #[error("the entity &{0}; is not known; write the character itself, or &#…;")]
    UnknownEntity(String),
}

impl ReadError {
    pub(crate) fn new(place: Place, reason: Reason) -> Self {
        Self { place, reason }
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.place != Place::default() {
            write!(f, "{}: ", self.place)?;
        }
        self.reason.fmt(f)
    }
}

impl std::error::Error for ReadError {}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line == 0 {
            return f.write_str("unknown place");
        }
        write!(f, "line {}, column {}", self.line, self.column)
    }
}
