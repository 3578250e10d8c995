//! Threat protection: bodies and requests that are made to do harm (spec/02 §2.1).

mod injection;
mod json;
#[cfg(test)]
mod tests;
mod xml;

use thiserror::Error;

pub use injection::Injection;
pub use json::{JsonLimits, check_json};
pub use xml::{XmlLimits, check_xml};

/// What a body does that it may not.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct Violation(String);

impl Violation {
    /// More of something than may be.
    fn over(what: &str, most: usize) -> Self {
        Self(format!("{what} over the limit of {most}"))
    }
}
