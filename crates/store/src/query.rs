//! The query language of lists and searches (spec/04 §3.1, §3.6), as terms. Pure.
//!
//! Terms are separated by blanks and all must hold. A term is free text, or `key:value`; a value in
//! quotes is meant exactly, any other may stand anywhere in what is searched, with `*` for anything in
//! between. Case does not matter. A key that is not one of ours is the name of a property of the API,
//! as WSO2 has it.

use thiserror::Error;

use crate::sql::escaped;

/// The longest query, in bytes.
pub const MAX_BYTES: usize = 2048;
/// The most terms of a query.
pub const MAX_TERMS: usize = 20;
/// The most `*` of a term.
pub const MAX_STARS: usize = 4;

/// Why a query is refused: what it costs must have a bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum QueryError {
    /// More than [`MAX_BYTES`] bytes.
    #[error("the query is longer than {MAX_BYTES} bytes")]
    TooLong,
    /// More than [`MAX_TERMS`] terms.
    #[error("the query has more than {MAX_TERMS} terms")]
    TooManyTerms,
    /// More than [`MAX_STARS`] stars in one term.
    #[error("a term of the query has more than {MAX_STARS} stars")]
    TooManyStars,
}

/// Terms that must all hold; none holds for everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    /// The terms.
    pub terms: Vec<Term>,
}

/// One condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// Where it looks.
    pub field: Field,
    /// What it looks for, in lower case.
    pub value: String,
    /// Whether the whole field must be the value.
    pub is_exact: bool,
}

/// What a term looks at.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Field {
    /// Name, version, context, provider, the beginning of the description, or a tag; exact is a whole
    /// one of them, or a whole line of the description.
    Any,
    /// `name`.
    Name,
    /// `version`.
    Version,
    /// `context`.
    Context,
    /// `provider`.
    Provider,
    /// `status`.
    Status,
    /// `tags`, `tag`.
    Tag,
    /// `type`.
    Kind,
    /// `description`.
    Description,
    /// `property`, `properties`: the value of any property.
    AnyProperty,
    /// The property of this name, in lower case.
    Property(String),
}

impl Query {
    /// Reads a query. A quote that is not closed ends with the text; a term without a value is left
    /// out.
    ///
    /// # Errors
    ///
    /// A query that is too long, or has too many terms or stars.
    pub fn parse(text: &str) -> Result<Self, QueryError> {
        if text.len() > MAX_BYTES {
            return Err(QueryError::TooLong);
        }
        let mut terms = Vec::new();
        let mut rest = text.trim_start();
        while !rest.is_empty() {
            let (term, after) = Term::read(rest);
            rest = after.trim_start();
            let Some(term) = term else { continue };
            if !term.is_exact && term.value.matches('*').count() > MAX_STARS {
                return Err(QueryError::TooManyStars);
            }
            terms.push(term);
            if terms.len() > MAX_TERMS {
                return Err(QueryError::TooManyTerms);
            }
        }
        Ok(Self { terms })
    }
}

impl Term {
    /// The first term of a text without leading blanks, and the rest.
    fn read(text: &str) -> (Option<Self>, &str) {
        let is_end = |c: char| c.is_whitespace() || c == '"' || c == ':';
        let end = text.find(is_end).unwrap_or(text.len());
        let (word, rest) = text.split_at(end);
        let (field, rest) = match rest.strip_prefix(':') {
            Some(rest) if !word.is_empty() => (Field::named(word), rest),
            _ => (Field::Any, text),
        };
        let (value, is_exact, rest) = read_value(rest);
        (Self::new(field, &value, is_exact), rest)
    }

    fn new(field: Field, value: &str, is_exact: bool) -> Option<Self> {
        let mut value = value.to_lowercase();
        let is_empty = if is_exact { value.is_empty() } else { value.trim_matches('*').is_empty() };
        // `name:*` holds for everything, unlike a property that must be there.
        if is_empty && !matches!(field, Field::Property(_)) || value.is_empty() {
            return None;
        }
        if field == Field::Context && is_exact && !value.starts_with('/') {
            value.insert(0, '/');
        }
        Some(Self { field, value, is_exact })
    }

    /// The pattern of `LIKE … ESCAPE '\'`.
    pub(crate) fn pattern(&self) -> String {
        if self.is_exact {
            return escaped(&self.value);
        }
        let pieces = self.value.split('*').filter(|piece| !piece.is_empty()).map(escaped);
        let pattern = pieces.collect::<Vec<_>>().join("%");
        if pattern.is_empty() { "%".into() } else { format!("%{pattern}%") }
    }
}

impl Field {
    fn named(key: &str) -> Self {
        let key = key.to_lowercase();
        match key.as_str() {
            "name" => Self::Name,
            "version" => Self::Version,
            "context" => Self::Context,
            "provider" => Self::Provider,
            "status" | "lcstate" => Self::Status,
            "tag" | "tags" => Self::Tag,
            "type" => Self::Kind,
            "description" => Self::Description,
            "property" | "properties" => Self::AnyProperty,
            _ => Self::Property(key),
        }
    }
}

/// A value, whether it is in quotes, and what follows it.
fn read_value(text: &str) -> (String, bool, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(char::is_whitespace).unwrap_or(text.len());
        let (value, rest) = text.split_at(end);
        return (value.to_owned(), false, rest);
    };
    let mut value = String::new();
    let mut characters = quoted.chars();
    while let Some(character) = characters.next() {
        match character {
            '"' => break,
            '\\' => value.extend(characters.next()),
            other => value.push(other),
        }
    }
    (value, true, characters.as_str())
}

#[cfg(test)]
mod tests;
