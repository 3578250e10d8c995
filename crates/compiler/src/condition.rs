//! A small expression over an answer and its request: `status >= 500 && header("x-cache") != "hit"`.
//!
//! It compares `status` with numbers, and `method`, `path`, `header("name")` and
//! `request.header("name")` with text by `==`, `!=`, `contains`, `startsWith` and `endsWith`; a
//! header by itself asks whether it is there.
//! `!`, `&&`, `||` and parentheses put comparisons together.
//! A header that is missing compares as empty text.
//!
//! Deliberately absent: arithmetic, variables, regular expressions, bodies. An expression is read
//! once and then costs some comparisons.

mod parser;

use std::fmt;

use http::HeaderName;

pub use parser::ConditionError;

/// An expression, ready to be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    text: Box<str>,
    root: Node,
}

/// What an expression may ask for.
pub trait Facts {
    /// The status of the answer.
    fn status(&self) -> u16;
    /// The first value of a header of the answer.
    fn header(&self, name: &HeaderName) -> Option<&str>;
    /// The method of the request.
    fn method(&self) -> &str;
    /// The path of the request, without its query.
    fn path(&self) -> &str;
    /// The first value of a header of the request.
    fn request_header(&self, name: &HeaderName) -> Option<&str>;
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Node {
    Any(Vec<Self>),
    All(Vec<Self>),
    Not(Box<Self>),
    Status(NumberTest, u16),
    Text(Field, TextTest, Box<str>),
    Present(Field),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum NumberTest {
    Equal,
    Differs,
    Less,
    AtMost,
    Greater,
    AtLeast,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Field {
    Method,
    Path,
    Header(HeaderName),
    RequestHeader(HeaderName),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TextTest {
    Equal,
    Differs,
    Contains,
    StartsWith,
    EndsWith,
}

impl Condition {
    /// Reads an expression.
    ///
    /// # Errors
    ///
    /// What is wrong with it, and where.
    pub fn parse(text: &str) -> Result<Self, ConditionError> {
        Ok(Self { text: text.into(), root: parser::parse(text)? })
    }

    /// Whether it holds.
    #[must_use]
    pub fn holds(&self, facts: &dyn Facts) -> bool {
        self.root.holds(facts)
    }

    /// The expression as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Node {
    fn holds(&self, facts: &dyn Facts) -> bool {
        match self {
            Self::Any(nodes) => nodes.iter().any(|node| node.holds(facts)),
            Self::All(nodes) => nodes.iter().all(|node| node.holds(facts)),
            Self::Not(node) => !node.holds(facts),
            Self::Status(test, number) => test.holds(facts.status(), *number),
            Self::Text(field, test, text) => {
                test.holds(field.value(facts).unwrap_or_default(), text)
            }
            Self::Present(field) => field.value(facts).is_some(),
        }
    }
}

impl Field {
    fn value<'a>(&self, facts: &'a dyn Facts) -> Option<&'a str> {
        match self {
            Self::Method => Some(facts.method()),
            Self::Path => Some(facts.path()),
            Self::Header(name) => facts.header(name),
            Self::RequestHeader(name) => facts.request_header(name),
        }
    }
}

impl NumberTest {
    fn holds(self, one: u16, other: u16) -> bool {
        match self {
            Self::Equal => one == other,
            Self::Differs => one != other,
            Self::Less => one < other,
            Self::AtMost => one <= other,
            Self::Greater => one > other,
            Self::AtLeast => one >= other,
        }
    }
}

impl TextTest {
    fn holds(self, one: &str, other: &str) -> bool {
        match self {
            Self::Equal => one == other,
            Self::Differs => one != other,
            Self::Contains => one.contains(other),
            Self::StartsWith => one.starts_with(other),
            Self::EndsWith => one.ends_with(other),
        }
    }
}

#[cfg(test)]
mod tests;
