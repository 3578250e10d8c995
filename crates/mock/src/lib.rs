//! Answers without an upstream: what an OpenAPI document lets a mock say.
//!
//! Schemas become values ([`sample()`]), operations become answers ([`examples`]), which are made
//! ready before a request comes ([`prepared`]), and scripts ([`generate`]). Requests are held against
//! the document ([`request`]), entries are remembered ([`state`]), and what a real backend answers
//! becomes an example ([`record`]).
//! Everything that is made from a schema has been validated against it before it is given.
//! Deliberately absent: input and output, running scripts, documents in other places than the one
//! that is given (references there are told, not followed).

pub mod chaos;
mod digest;
mod document;
pub mod examples;
pub mod generate;
mod negotiate;
mod pattern;
mod prefer;
pub mod prepared;
mod problem;
pub mod record;
pub mod request;
mod sample;
mod schema;
mod shape;
pub mod state;
mod xml_text;

pub use document::{Contract, MockOperation};
pub use prefer::Prefer;
pub use prepared::{Prepared, Reply, ReplyBody, Source};
pub use problem::Problem;
pub use sample::{Mode, sample};
pub use schema::{Direction, Schema, Violation};
pub use xml_text::to_xml;
