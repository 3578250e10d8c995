//! JSONPath in Jayway's dialect.
//!
//! Children by dot and bracket, `*`, `..`, indexes, slices, unions, filters, and functions at the end of a path.
//! Where Jayway has quirks that nobody can want, this is a superset:
//! a filter over an indefinite path asks whether anything was found,
//! slices have steps, texts have a `length()`,
//! and functions over numbers take all that an indefinite path found.
//!
//! Deliberately absent: the WSO2 quirk that an object with a key `members` stands for the value of that key.

mod change;
mod cursor;
mod filter;
mod function;
mod parser;
mod scan;
mod syntax;
mod walk;

use std::borrow::Cow;

use serde_json::Value;
use thiserror::Error;

use crate::{Budget, Exhausted, SyntaxError};
use syntax::Path;

/// A compiled path.
#[derive(Debug, Clone)]
pub struct JsonPath {
    source: Box<str>,
    path: Path,
}

/// What a path found; borrowed from the document where it is a part of it.
#[derive(Debug, Clone, PartialEq)]
pub enum Found<'a> {
    /// Nothing: a step of a definite path does not exist.
    Missing,
    /// The one value of a definite path, or of a function.
    One(Cow<'a, Value>),
    /// All values of an indefinite path, in the order of the document; perhaps none.
    Many(Vec<Cow<'a, Value>>),
}

/// Why a value cannot be looked for in a text.
#[derive(Debug, Error)]
pub enum FindError {
    /// The text is no JSON.
    #[error(transparent)]
    Malformed(#[from] serde_json::Error),
    /// The budget is used up.
    #[error(transparent)]
    Exhausted(#[from] Exhausted),
}

/// The way from the root of a document to one value.
pub type Location = Vec<Segment>;

/// One step of a [`Location`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Segment {
    /// The key of an object.
    Key(String),
    /// The place in an array, from 0.
    Index(usize),
}

impl JsonPath {
    /// Reads a path.
    /// A path without `$` or `@` at its start is one below the root, as if it began with `$.`.
    ///
    /// # Errors
    ///
    /// What is wrong with it, and where.
    pub fn compile(text: &str) -> Result<Self, SyntaxError> {
        Ok(Self { source: text.into(), path: parser::parse(text)? })
    }

    /// The path as it was written.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Whether it finds at most one value.
    pub fn is_definite(&self) -> bool {
        self.path.is_definite()
    }

    /// Whether it is only `$`, the whole document.
    pub fn is_root(&self) -> bool {
        self.path.steps.is_empty() && self.path.tail.is_none()
    }

    /// Whether it is one way down by names, and by places from the front: see [`Self::find`].
    pub fn is_simple(&self) -> bool {
        scan::is_simple(&self.path)
    }

    /// Finds the value of a simple path in the text of a document, of which nothing else is made.
    /// What the path passes by need only have the form of JSON: its numbers may be out of range.
    ///
    /// # Errors
    ///
    /// The text is no JSON, or the budget is used up.
    pub fn find(&self, text: &str, budget: &mut Budget) -> Result<Option<Value>, FindError> {
        budget.spend(1 + self.path.steps.len() as u64)?;
        let found = scan::find(&self.path, text)?;
        budget.spend(found.as_ref().map_or(0, walk::weight))?;
        Ok(found)
    }

    /// Finds values in a document.
    ///
    /// # Errors
    ///
    /// The budget is used up.
    pub fn evaluate<'a>(
        &self,
        document: &'a Value,
        budget: &mut Budget,
    ) -> Result<Found<'a>, Exhausted> {
        walk::evaluate(&self.path, document, document, budget)
    }

    /// What it finds as text: see [`Found::text`].
    ///
    /// # Errors
    ///
    /// The budget is used up.
    pub fn text(&self, document: &Value, budget: &mut Budget) -> Result<String, Exhausted> {
        let found = self.evaluate(document, budget)?;
        let values = match &found {
            Found::Missing => &[],
            Found::One(value) => std::slice::from_ref(value),
            Found::Many(values) => values.as_slice(),
        };
        for value in values {
            budget.spend(walk::weight(value))?;
        }
        Ok(found.text())
    }

    /// Where the values that it finds stand, in the order in which they are found.
    /// What a function makes stands nowhere.
    ///
    /// # Errors
    ///
    /// The budget is used up.
    pub fn locations(
        &self,
        document: &Value,
        budget: &mut Budget,
    ) -> Result<Vec<Location>, Exhausted> {
        walk::locations(&self.path, document, budget)
    }

    /// Puts a value in the place of each that is found, and tells how many there were.
    /// What does not exist is not made.
    ///
    /// # Errors
    ///
    /// The budget is used up; then nothing is changed.
    pub fn replace(
        &self,
        document: &mut Value,
        new: &Value,
        budget: &mut Budget,
    ) -> Result<usize, Exhausted> {
        Ok(change::replace(document, &self.targets(document, budget)?, new))
    }

    /// Takes out each value that is found, and tells how many there were.
    /// The document itself cannot be taken out.
    ///
    /// # Errors
    ///
    /// The budget is used up; then nothing is changed.
    pub fn remove(&self, document: &mut Value, budget: &mut Budget) -> Result<usize, Exhausted> {
        Ok(change::remove(document, &self.targets(document, budget)?))
    }

    /// Adds a value to each array that is found, or the entries of an object to each object;
    /// tells how many took it.
    ///
    /// # Errors
    ///
    /// The budget is used up; then nothing is changed.
    pub fn append_child(
        &self,
        document: &mut Value,
        new: &Value,
        budget: &mut Budget,
    ) -> Result<usize, Exhausted> {
        Ok(change::append(document, &self.targets(document, budget)?, new))
    }

    /// Adds a value at the end of what holds the values that are found, once for each holder:
    /// an array takes it, an object takes the entries of an object.
    /// Tells how many took it.
    ///
    /// # Errors
    ///
    /// The budget is used up; then nothing is changed.
    pub fn append_sibling(
        &self,
        document: &mut Value,
        new: &Value,
        budget: &mut Budget,
    ) -> Result<usize, Exhausted> {
        let targets = self.targets(document, budget)?;
        Ok(change::append(document, &change::holders(targets), new))
    }

    /// Each location once, in an order in which a holder comes before what it holds.
    fn targets(&self, document: &Value, budget: &mut Budget) -> Result<Vec<Location>, Exhausted> {
        let mut found = self.locations(document, budget)?;
        found.sort();
        found.dedup();
        Ok(found)
    }
}

impl<'a> Found<'a> {
    /// Nothing is empty text, one value is [`text_of`] it, many are the text of a JSON array.
    pub fn text(&self) -> String {
        match self {
            Self::Missing => String::new(),
            Self::One(value) => text_of(value),
            Self::Many(values) => {
                let texts: Vec<String> = values.iter().map(|value| value.to_string()).collect();
                format!("[{}]", texts.join(","))
            }
        }
    }

    /// The value; many become an array.
    pub fn into_value(self) -> Option<Cow<'a, Value>> {
        match self {
            Self::Missing => None,
            Self::One(value) => Some(value),
            Self::Many(values) => {
                Some(Cow::Owned(values.into_iter().map(Cow::into_owned).collect()))
            }
        }
    }

    /// Whether nothing was found.
    pub fn is_missing(&self) -> bool {
        match self {
            Self::Missing => true,
            Self::One(_) => false,
            Self::Many(values) => values.is_empty(),
        }
    }
}

/// A place as a JSON pointer (RFC 6901).
pub fn pointer(location: &[Segment]) -> String {
    let mut pointer = String::new();
    for segment in location {
        pointer.push('/');
        match segment {
            Segment::Key(name) => pointer.push_str(&name.replace('~', "~0").replace('/', "~1")),
            Segment::Index(index) => pointer.push_str(&index.to_string()),
        }
    }
    pointer
}

/// A value as text: a string as it is, all else as compact JSON.
pub fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests;
