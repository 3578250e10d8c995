//! From a request to the operation that serves it (spec/01 §3.1, §3.2).
//!
//! [`Router`] finds the API by host and path, [`OperationTable`] the operation by method and the
//! rest of the path.
//! Both are built when an API is deployed; a lookup takes no memory.
//!
//! Deliberately absent: any decoding or normalisation of the path, which is compared byte for byte.

pub use api::{Conflict, Match, Router};
pub use method::Methods;
pub use operation::{OperationMatch, OperationTable};

mod api;
mod method;
mod operation;
#[cfg(test)]
mod sample;
