//! OpenAPI documents: read, check, list operations.
//!
//! OpenAPI 2.0, 3.0 and 3.1 are read through one thin view over the ordered value, which stays the
//! only copy of the document.
//! Deliberately absent: input and output, validation of schemas, following references to other
//! files.

mod document;
mod operations;
mod references;

pub use document::{Dialect, Document};
pub use operations::OperationDefinition;
pub use references::resolve;
