//! Tests of the whole crate, and against other programs.

mod documents;
mod xpath;
