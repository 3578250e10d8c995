//! URI templates of endpoint addresses (RFC 6570, simple and reserved expansion; spec/01 §3.3).
//!
//! An address such as `http://b/echo/{uri.var.id}` is read once, when an API is compiled, and
//! expanded for each request.
//! Only variables named `uri.var.…` and `query.param.…` take part; any other one is undefined and
//! expands to nothing, as WSO2 does it.
//!
//! Deliberately absent: the operators of level 3 (`{/x}`, `{?x}` …), prefixes (`{x:3}`) and
//! explosion (`{x*}`), which mean nothing for the flat texts that are put in here.

use std::borrow::Cow;
use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use thiserror::Error;

/// What selects the way in which older versions encoded.
const LEGACY_PREFIX: &str = "legacy-encoding:";

/// Everything but the unreserved characters of RFC 3986 §2.3.
const NOT_UNRESERVED: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Everything but the unreserved and the reserved characters of RFC 3986 §2.2.
const NOT_RESERVED: &AsciiSet = &NOT_UNRESERVED
    .remove(b':')
    .remove(b'/')
    .remove(b'?')
    .remove(b'#')
    .remove(b'[')
    .remove(b']')
    .remove(b'@')
    .remove(b'!')
    .remove(b'$')
    .remove(b'&')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b'+')
    .remove(b',')
    .remove(b';')
    .remove(b'=');

/// Why a text is not a URI template. Positions are bytes, counted from 0.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TemplateError {
    /// A `{` is never closed, or another `{` comes first.
    #[error("the brace at byte {at} is not closed")]
    Unclosed {
        /// Where the brace is.
        at: usize,
    },
    /// A `}` without its `{`.
    #[error("the closing brace at byte {at} has no opening one")]
    Unopened {
        /// Where the brace is.
        at: usize,
    },
    /// An operator other than `+`.
    #[error("the operator `{operator}` at byte {at} is not supported; use {{x}} or {{+x}}")]
    Operator {
        /// The operator.
        operator: char,
        /// Where the expression starts.
        at: usize,
    },
    /// A variable without a name, or with characters that a name cannot have.
    #[error("`{name}` at byte {at} is not the name of a variable")]
    Name {
        /// What stands there.
        name: String,
        /// Where the expression starts.
        at: usize,
    },
}

/// An endpoint address with variables, ready to be expanded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UrlTemplate {
    text: String,
    parts: Vec<Part>,
}

/// A piece of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Literal(String),
    Expression { variables: Vec<String>, keeps_reserved: bool },
}

impl UrlTemplate {
    /// Reads a template.
    ///
    /// A text that begins with an expression is read as if it began with a reserved one (`{x}…` as
    /// `{+x}…`), for the expression then holds a whole URL.
    /// After the prefix `legacy-encoding:` every expression is a reserved one.
    ///
    /// # Errors
    /// An unbalanced brace, an operator other than `+`, or what is no name of a variable.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let (rest, legacy) = match text.strip_prefix(LEGACY_PREFIX) {
            Some(rest) => (rest, true),
            None => (text, false),
        };
        let mut reader = Reader { at: text.len() - rest.len(), parts: Vec::new() };
        reader.read(rest)?;
        let mut parts = reader.parts;
        if let Some(Part::Expression { keeps_reserved, .. }) = parts.first_mut() {
            *keeps_reserved = true;
        }
        if legacy {
            parts.iter_mut().for_each(keep_reserved);
        }
        Ok(Self { text: text.to_owned(), parts })
    }

    /// An address in which braces mean nothing: that of an `address` endpoint.
    #[must_use]
    pub fn literal(text: &str) -> Self {
        Self { text: text.to_owned(), parts: vec![Part::Literal(text.to_owned())] }
    }

    /// The text as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether every request has the same address.
    #[must_use]
    pub fn is_static(&self) -> bool {
        self.parts.iter().all(|part| matches!(part, Part::Literal(_)))
    }

    /// The names of the variables that take part, in the order of the text; a name that is used
    /// twice comes twice.
    pub fn variables(&self) -> impl Iterator<Item = &str> {
        self.all_variables().filter(|name| takes_part(name))
    }

    /// The names of the variables that never have a value, because of their prefix.
    pub fn ignored_variables(&self) -> impl Iterator<Item = &str> {
        self.all_variables().filter(|name| !takes_part(name))
    }

    /// The address, with the value that `lookup` gives for each variable put in.
    ///
    /// Values are given as they are meant, not percent-encoded.
    pub fn expand<'v>(&self, lookup: impl FnMut(&str) -> Option<Cow<'v, str>>) -> String {
        let mut out = String::with_capacity(self.text.len() + 32);
        self.expand_into(lookup, &mut out);
        out
    }

    /// As [`Self::expand`], at the end of `out`.
    pub fn expand_into<'v>(
        &self,
        mut lookup: impl FnMut(&str) -> Option<Cow<'v, str>>,
        out: &mut String,
    ) {
        for part in &self.parts {
            match part {
                Part::Literal(text) => out.push_str(text),
                Part::Expression { variables, keeps_reserved } => {
                    put_all(variables, *keeps_reserved, &mut lookup, out);
                }
            }
        }
    }

    fn all_variables(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().flat_map(|part| match part {
            Part::Literal(_) => [].iter().map(String::as_str),
            Part::Expression { variables, .. } => variables.iter().map(String::as_str),
        })
    }
}

impl fmt::Display for UrlTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Cuts a text into parts; `at` is where the unread text starts.
struct Reader {
    at: usize,
    parts: Vec<Part>,
}

impl Reader {
    fn read(&mut self, mut rest: &str) -> Result<(), TemplateError> {
        while let Some((literal, after)) = rest.split_once('{') {
            self.literal(literal)?;
            let open = self.at;
            let Some((inside, next)) = after.split_once('}').filter(|(it, _)| !it.contains('{'))
            else {
                return Err(TemplateError::Unclosed { at: open });
            };
            self.parts.push(expression(inside, open)?);
            self.at += inside.len() + 2;
            rest = next;
        }
        self.literal(rest)
    }

    fn literal(&mut self, text: &str) -> Result<(), TemplateError> {
        if let Some(at) = text.find('}') {
            return Err(TemplateError::Unopened { at: self.at + at });
        }
        self.at += text.len();
        if !text.is_empty() {
            let mut encoded = String::with_capacity(text.len());
            put_reserved(text, &mut encoded);
            self.parts.push(Part::Literal(encoded));
        }
        Ok(())
    }
}

fn expression(inside: &str, at: usize) -> Result<Part, TemplateError> {
    let (list, keeps_reserved) = match inside.strip_prefix('+') {
        Some(list) => (list, true),
        None => (inside, false),
    };
    if let Some(operator) = list.chars().next().filter(|it| "+#./;?&=,!@|".contains(*it)) {
        return Err(TemplateError::Operator { operator, at });
    }
    let variables = list.split(',').map(|name| variable(name, at)).collect::<Result<_, _>>()?;
    Ok(Part::Expression { variables, keeps_reserved })
}

fn variable(name: &str, at: usize) -> Result<String, TemplateError> {
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '-' | '~' | '%');
    if name.is_empty() || !name.chars().all(fits) {
        return Err(TemplateError::Name { name: name.to_owned(), at });
    }
    Ok(name.to_owned())
}

fn keep_reserved(part: &mut Part) {
    if let Part::Expression { keeps_reserved, .. } = part {
        *keeps_reserved = true;
    }
}

/// Whether a variable can have a value (spec/01 §3.3).
fn takes_part(name: &str) -> bool {
    name.starts_with("uri.var.") || name.starts_with("query.param.")
}

/// The defined values of one expression, with commas between (RFC 6570 §3.2.2, §3.2.3).
fn put_all<'v>(
    variables: &[String],
    keeps_reserved: bool,
    lookup: &mut impl FnMut(&str) -> Option<Cow<'v, str>>,
    out: &mut String,
) {
    let mut separator = "";
    for name in variables.iter().filter(|name| takes_part(name)) {
        let Some(value) = lookup(name) else { continue };
        out.push_str(separator);
        separator = ",";
        if keeps_reserved {
            put_reserved(&value, out);
        } else {
            out.extend(utf8_percent_encode(&value, NOT_UNRESERVED));
        }
    }
}

/// Keeps reserved characters and percent-encoded triplets, and encodes the rest (RFC 6570 §3.2.3).
fn put_reserved(text: &str, out: &mut String) {
    let mut pieces = text.split('%');
    out.extend(
        pieces.next().map(|piece| utf8_percent_encode(piece, NOT_RESERVED)).into_iter().flatten(),
    );
    for piece in pieces {
        let is_triplet = piece
            .as_bytes()
            .first_chunk::<2>()
            .is_some_and(|it| it.iter().all(u8::is_ascii_hexdigit));
        out.push_str(if is_triplet { "%" } else { "%25" });
        out.extend(utf8_percent_encode(piece, NOT_RESERVED));
    }
}

#[cfg(test)]
mod tests;
