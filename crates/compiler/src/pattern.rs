//! URI templates of operations, as patterns to match request paths (spec/01 §3.2).
//!
//! A pattern is matched with the rest of a path after the context, raw: percent-escapes are
//! compared byte for byte, and one slash at the end means nothing.
//! Matching takes no memory and time in proportion to the path, whatever a stranger sends: between
//! two variables there is always a literal, and at most one part of a pattern crosses slashes.
//!
//! Deliberately absent: queries in templates, which no operation of an API has.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use percent_encoding::percent_decode_str;
use thiserror::Error;

pub use captures::Captures;

mod captures;
mod reader;

/// Why a text is not the template of an operation. Positions are bytes, counted from 0.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PatternError {
    /// A brace without its counterpart.
    #[error("the brace at byte {at} has no counterpart")]
    Unbalanced {
        /// Where the brace is.
        at: usize,
    },
    /// An operator other than `+`, or a modifier other than `*`.
    #[error("`{{{inside}}}` is not supported; use {{x}}, {{+x}} or {{x*}}")]
    Expression {
        /// What stands between the braces.
        inside: String,
    },
    /// Two variables or wildcards with nothing between them.
    #[error("at byte {at} two variables touch: nothing tells where the first one ends")]
    Touching {
        /// Where the second one starts.
        at: usize,
    },
    /// More than one part that crosses slashes.
    #[error("only one of {{+x}}, {{x*}} and a `*` at the end can be used in a template")]
    TwoReserved,
    /// A variable between a part that crosses slashes and the next slash.
    #[error("only literal text may stand between {{+x}} or {{x*}} and the next slash")]
    AfterReserved,
    /// A `?`: templates are matched with paths alone.
    #[error("a template has no query: `?` at byte {at}")]
    Query {
        /// Where it is.
        at: usize,
    },
}

/// The five kinds of pattern, in the order in which they are tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// A path without variables: `/menu`.
    Exact,
    /// Everything from a path on: `/menu/*`.
    Prefix,
    /// Every path with an ending: `*.json`.
    Extension,
    /// Everything: `/*`.
    All,
    /// A template: `/order/{orderId}`.
    Template,
}

/// The template of an operation, ready to match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    text: String,
    shape: Shape,
    variables: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Shape {
    /// The path without a slash at the end.
    Exact(String),
    /// The path without `/*`.
    Prefix(String),
    /// The ending, with its dot.
    Extension(String),
    All,
    Template(Template),
}

/// Tokens from the start, perhaps a part that crosses slashes, and tokens to the end.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Template {
    head: Vec<Token>,
    reserved: Option<Reserved>,
    /// How many slashes `tail` has.
    tail_slashes: usize,
    tail: Vec<Token>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Literal(String),
    /// `{x}`: one or more characters, none of them a slash.
    Variable(usize),
    /// `*` inside: any characters but a slash.
    Star,
}

/// The part of a template that crosses slashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reserved {
    /// `{+x}` and `{x*}`: one or more characters.
    Variable(usize),
    /// `*` at the end: any characters.
    Any,
    /// `/*` at the end: nothing, or a slash and any characters.
    Below,
}

/// How the last literal before the end of a run of tokens is found.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    /// The run ends where its segment ends.
    OfSegment,
    /// The run ends as early as it can.
    Earliest,
}

impl Pattern {
    /// Reads a template; a missing slash at its start is added.
    ///
    /// # Errors
    /// See [`PatternError`].
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        reader::read(text)
    }

    /// The text as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The kind of pattern.
    #[must_use]
    pub fn class(&self) -> Class {
        match self.shape {
            Shape::Exact(_) => Class::Exact,
            Shape::Prefix(_) => Class::Prefix,
            Shape::Extension(_) => Class::Extension,
            Shape::All => Class::All,
            Shape::Template(_) => Class::Template,
        }
    }

    /// What an exact, prefix or extension pattern compares, as [`canonical`] writes paths; empty
    /// for the other classes.
    #[must_use]
    pub fn fixed(&self) -> &str {
        match &self.shape {
            Shape::Exact(text) | Shape::Prefix(text) | Shape::Extension(text) => text,
            Shape::All | Shape::Template(_) => "",
        }
    }

    /// The text that every matching path begins with, as [`canonical`] writes paths.
    #[must_use]
    pub fn literal_start(&self) -> &str {
        match &self.shape {
            Shape::Exact(text) | Shape::Prefix(text) => text,
            Shape::Template(Template { head, .. }) => match head.first() {
                Some(Token::Literal(text)) => text,
                _ => "",
            },
            Shape::Extension(_) | Shape::All => "",
        }
    }

    /// The names of the variables; a capture has the index of its name.
    #[must_use]
    pub fn variables(&self) -> &[String] {
        &self.variables
    }

    /// Matches a path without its query; the captures are byte ranges of `path`.
    #[must_use]
    pub fn matches(&self, path: &str) -> Option<Captures> {
        let canonical = canonical(path);
        let fits = match &self.shape {
            Shape::Exact(text) => canonical == text,
            Shape::Prefix(text) => is_below(canonical, text),
            Shape::Extension(ending) => canonical.ends_with(ending.as_str()),
            Shape::All => true,
            Shape::Template(template) => return template.matches(canonical),
        };
        fits.then(Captures::default)
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Template {
    fn matches(&self, path: &str) -> Option<Captures> {
        let mut captures = Captures::default();
        let head_end = match self.reserved {
            None | Some(Reserved::Below) => End::OfSegment,
            Some(_) => End::Earliest,
        };
        let at = run(&self.head, path, 0, head_end, &mut captures)?;
        let rest = path.get(at..)?;
        let fits = match self.reserved {
            None => rest.is_empty(),
            Some(Reserved::Any) => true,
            Some(Reserved::Below) => rest.is_empty() || rest.starts_with('/'),
            Some(Reserved::Variable(index)) => {
                let end = self.match_tail(path, at, &mut captures)?;
                captures.put(index, at..end);
                end > at
            }
        };
        fits.then_some(captures)
    }

    /// Matches the tail with the end of a path, no earlier than `from`; returns where it starts.
    fn match_tail(&self, path: &str, from: usize, captures: &mut Captures) -> Option<usize> {
        let Some((Token::Literal(first), others)) = self.tail.split_first() else {
            return Some(path.len());
        };
        let start = match first.find('/') {
            None => path.len().checked_sub(first.len())?,
            Some(before) => nth_slash_from_end(path, self.tail_slashes)?.checked_sub(before)?,
        };
        let rest = path.get(start..)?.strip_prefix(first.as_str())?;
        let end = run(others, path, path.len() - rest.len(), End::OfSegment, captures)?;
        (start >= from && end == path.len()).then_some(start)
    }
}

/// A path without the slash at its end; the root becomes empty.
#[must_use]
pub fn canonical(path: &str) -> &str {
    path.strip_suffix('/').unwrap_or(path)
}

/// The value of a captured variable: percent-decoded, unless that is not UTF-8.
#[must_use]
pub fn decoded(raw: &str) -> Cow<'_, str> {
    percent_decode_str(raw).decode_utf8().unwrap_or(Cow::Borrowed(raw))
}

/// Whether `path` is `prefix` or goes on after it with a slash.
fn is_below(path: &str, prefix: &str) -> bool {
    path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn nth_slash_from_end(path: &str, n: usize) -> Option<usize> {
    path.rmatch_indices('/').nth(n.checked_sub(1)?).map(|(at, _)| at)
}

/// Matches tokens with `path` from `at` on and returns where they end.
///
/// A literal is taken where it first occurs in its segment, and the last one of a segment where the
/// segment ends: any later place would only leave less to what follows, so nothing is tried twice.
fn run(
    tokens: &[Token],
    path: &str,
    mut at: usize,
    end: End,
    captures: &mut Captures,
) -> Option<usize> {
    let mut tokens = tokens.iter().peekable();
    while let Some(token) = tokens.next() {
        let (variable, least) = match token {
            Token::Literal(text) => {
                at = path.get(at..)?.starts_with(text.as_str()).then_some(at + text.len())?;
                continue;
            }
            Token::Variable(index) => (Some(*index), 1),
            Token::Star => (None, 0),
        };
        let literal = match tokens.next() {
            Some(Token::Literal(text)) => text.as_str(),
            _ => "",
        };
        let is_last = end == End::OfSegment && tokens.peek().is_none();
        let gap = gap(path, at, literal, is_last, least).filter(|it| it.len() >= least)?;
        at = gap.end + literal.len();
        if let Some(index) = variable {
            captures.put(index, gap);
        }
    }
    Some(at)
}

/// What stands between `from` and the literal that follows in the same segment; at least `least`
/// characters are taken before the literal is looked for.
fn gap(
    path: &str,
    from: usize,
    literal: &str,
    is_last: bool,
    least: usize,
) -> Option<Range<usize>> {
    let rest = path.get(from..)?;
    let segment = rest.split('/').next()?;
    let length = match literal.find('/') {
        Some(before) => segment.len().checked_sub(before)?,
        None if is_last || literal.is_empty() => segment.len().checked_sub(literal.len())?,
        None => {
            let first = segment.chars().take(least).map(char::len_utf8).sum::<usize>();
            first + segment.get(first..)?.find(literal)?
        }
    };
    rest.get(length..)?.starts_with(literal).then_some(from..from + length)
}

#[cfg(test)]
mod tests;
