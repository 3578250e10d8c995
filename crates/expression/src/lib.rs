//! Languages in which policies ask about a message: JSONPath, `${…}` expressions, and regular expressions in Java's dialect.
//!
//! Each is compiled once, and evaluated under a budget of steps.

mod budget;
pub mod java_regex;
pub mod json_path;
pub mod synapse;

pub use budget::{Budget, Exhausted, SyntaxError};
pub use java_regex::{Groups, JavaRegex};
pub use json_path::{Found, JsonPath, text_of};
