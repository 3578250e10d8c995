//! Texts with `${…}` in them.

use std::borrow::Cow;

use super::evaluate::{charge, spend_text, text_of};
use super::{EvaluationError, Expression, Scope};
use crate::budget::{Budget, SyntaxError};

/// A text with expressions in it; `\${` stands for `${`.
#[derive(Debug, Clone)]
pub struct Template {
    source: String,
    pieces: Vec<Piece>,
}

/// A part of a template.
#[derive(Debug, Clone, Copy)]
pub enum Part<'t> {
    /// Text that stands for itself, with its escapes undone.
    Text(&'t str),
    /// An expression.
    Expression(&'t Expression),
}

#[derive(Debug, Clone)]
enum Piece {
    Text(String),
    Expression(Expression),
}

impl Template {
    /// Reads a text.
    ///
    /// # Errors
    /// A `${` that is not closed, or what is no expression; the offset is that in the whole text.
    pub fn compile(text: &str) -> Result<Self, SyntaxError> {
        let mut pieces = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            if let Some(before) = before.strip_suffix('\\') {
                literal.push_str(before);
                literal.push_str("${");
                rest = after;
                continue;
            }
            literal.push_str(before);
            let start = text.len() - after.len();
            let (inside, next) = closed(after).ok_or_else(|| unclosed(start))?;
            let expression = Expression::compile(inside)
                .map_err(|error| SyntaxError::new(start + error.offset, error.message))?;
            if !literal.is_empty() {
                pieces.push(Piece::Text(std::mem::take(&mut literal)));
            }
            pieces.push(Piece::Expression(expression));
            rest = next;
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            pieces.push(Piece::Text(literal));
        }
        Ok(Self { source: text.to_owned(), pieces })
    }

    /// Its text.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Whether it holds no expression.
    #[must_use]
    pub fn is_constant(&self) -> bool {
        self.expressions().next().is_none()
    }

    /// Whether the body must have been read, as JSON or as XML.
    #[must_use]
    pub fn reads_payload(&self) -> bool {
        self.expressions().any(Expression::reads_payload)
    }

    /// The XPath expressions that are written in it, for a scope that prepares them.
    pub fn xpaths(&self) -> impl Iterator<Item = &str> {
        self.expressions().flat_map(Expression::xpaths)
    }

    /// Its parts in their order, for callers who write values in a way of their own.
    pub fn parts(&self) -> impl Iterator<Item = Part<'_>> {
        self.pieces.iter().map(|piece| match piece {
            Piece::Text(text) => Part::Text(text),
            Piece::Expression(expression) => Part::Expression(expression),
        })
    }

    /// The text with the value of each expression in its place.
    ///
    /// # Errors
    /// As [`Expression::evaluate`].
    pub fn text(&self, scope: &dyn Scope, budget: &mut Budget) -> Result<String, EvaluationError> {
        let mut out = String::new();
        for piece in &self.pieces {
            let text = match piece {
                Piece::Text(text) => {
                    spend_text(text.len(), budget)?;
                    Cow::Borrowed(text.as_str())
                }
                Piece::Expression(expression) => {
                    let value = expression.root.evaluate(scope, budget)?;
                    charge(&value, budget)?;
                    Cow::Owned(text_of(&value).into_owned())
                }
            };
            out.push_str(&text);
        }
        Ok(out)
    }

    fn expressions(&self) -> impl Iterator<Item = &Expression> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Text(_) => None,
            Piece::Expression(expression) => Some(expression),
        })
    }
}

/// What stands before the brace that closes an expression, and after it; braces in quotes do not count.
fn closed(text: &str) -> Option<(&str, &str)> {
    let mut open = 0_usize;
    let mut quote = None;
    let mut is_escaped = false;
    for (at, it) in text.char_indices() {
        if quote.is_some() {
            match it {
                _ if is_escaped => is_escaped = false,
                '\\' => is_escaped = true,
                _ if quote == Some(it) => quote = None,
                _ => {}
            }
            continue;
        }
        match it {
            '"' | '\'' => quote = Some(it),
            '{' => open += 1,
            '}' if open == 0 => return Some((text.get(..at)?, text.get(at + 1..)?)),
            '}' => open -= 1,
            _ => {}
        }
    }
    None
}

fn unclosed(start: usize) -> SyntaxError {
    let message = "the `}` that closes `${` is missing; write `\\${` where no expression is meant";
    SyntaxError::new(start, message)
}
