//! Why there is no value for a schema.

use thiserror::Error;

/// Why a schema cannot be used, or has no value that could be found.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Problem {
    /// A reference that leaves the document.
    #[error("`{0}` leaves the document and is not followed; bundle the document into one file")]
    Remote(String),
    /// A reference to nothing.
    #[error("`{0}` points to nothing; mend the reference, or add what it points to")]
    Unresolved(String),
    /// A keyword that is not understood.
    #[error("`{0}` in schemas is not supported; write `$ref` instead")]
    Keyword(&'static str),
    /// Something that is no schema.
    #[error("{0} is no schema; write a mapping here")]
    Shape(String),
    /// A schema that is nothing but itself.
    #[error("the schema refers to itself without ever saying anything; break the circle")]
    Circle,
    /// Every value of the schema would be endless, or too large.
    #[error("every value of the schema is endless or too large; make a property optional")]
    Endless,
    /// The schema itself is too large, or asks one value too much.
    #[error("the schema and what it refers to have more than {0} parts; split it")]
    TooLarge(usize),
    /// The validator does not take it.
    #[error("the schema is not valid: {0}")]
    Invalid(String),
    /// No valid value was found.
    #[error("no valid value was found: at `{pointer}`, {message}; give an example")]
    Unsatisfied {
        /// Where in the value; a JSON pointer.
        pointer: String,
        /// What is wrong there.
        message: String,
    },
}
