//! The words and marks of an expression.

use super::SyntaxError;
use crate::name::{is_name_character as is_name, is_name_start};

/// Longer marks stand before those that they start with.
const MARKS: [&str; 21] = [
    "::", "//", "..", "!=", "<=", ">=", "(", ")", "[", "]", ".", "@", ",", "/", "|", "+", "-", "=",
    "<", ">", "*",
];

/// Schemes that give an address away which was meant as a literal.
const SCHEMES: [&str; 8] = ["http", "https", "ws", "wss", "jms", "file", "urn", "mailto"];

/// A word or mark, and where it starts, in bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token<'a> {
    pub(super) offset: usize,
    pub(super) kind: Kind<'a>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Kind<'a> {
    Literal(&'a str),
    Number(f64),
    Name {
        prefix: Option<&'a str>,
        local: &'a str,
    },
    /// `prefix:*`.
    AnyOf(&'a str),
    Variable {
        prefix: Option<&'a str>,
        local: &'a str,
    },
    Mark(&'static str),
}

struct Lexer<'a> {
    rest: &'a str,
    offset: usize,
}

/// Takes an expression apart.
pub(super) fn tokens(text: &str) -> Result<Vec<Token<'_>>, SyntaxError> {
    let mut lexer = Lexer { rest: text, offset: 0 };
    let mut tokens = Vec::new();
    loop {
        lexer.take_while(is_space);
        let offset = lexer.offset;
        let Some(first) = lexer.rest.chars().next() else {
            return Ok(tokens);
        };
        tokens.push(Token { offset, kind: lexer.token(first)? });
    }
}

/// A refusal at an offset.
pub(super) fn refuse<T>(offset: usize, message: impl Into<String>) -> Result<T, SyntaxError> {
    Err(SyntaxError { offset, message: message.into() })
}

/// Whether a prefix is rather the scheme of an address.
pub(super) fn is_scheme(prefix: &str) -> bool {
    SCHEMES.iter().any(|scheme| scheme.eq_ignore_ascii_case(prefix))
}

/// What to tell those who wrote an address where an expression is read.
pub(super) fn address_message(scheme: &str) -> String {
    format!(
        "`{scheme}:` looks like the start of an address, not of an expression; this is a literal: \
         use value= instead of expression=, or put it in quotes"
    )
}

/// Space as XML has it.
pub(super) fn is_space(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\r' | '\n')
}

impl<'a> Lexer<'a> {
    fn token(&mut self, first: char) -> Result<Kind<'a>, SyntaxError> {
        match first {
            '"' | '\'' => self.literal(first),
            '$' => self.variable(),
            '0'..='9' => Ok(self.number()),
            '.' if self.rest.chars().nth(1).is_some_and(|next| next.is_ascii_digit()) => {
                Ok(self.number())
            }
            _ if is_name_start(first) => self.name(),
            _ => self.mark(first),
        }
    }

    fn literal(&mut self, quote: char) -> Result<Kind<'a>, SyntaxError> {
        let start = self.offset;
        self.take(1);
        let Some(length) = self.rest.find(quote) else {
            return refuse(start, format!("the literal has no end; close it with {quote}"));
        };
        let literal = self.take(length);
        self.take(1);
        Ok(Kind::Literal(literal))
    }

    fn number(&mut self) -> Kind<'a> {
        let whole = self.rest;
        let start = self.offset;
        self.take_while(|character| character.is_ascii_digit());
        if self.rest.starts_with('.') {
            self.take(1);
            self.take_while(|character| character.is_ascii_digit());
        }
        let (digits, _) = whole.split_at(self.offset - start);
        Kind::Number(super::number::parse(digits))
    }

    fn variable(&mut self) -> Result<Kind<'a>, SyntaxError> {
        let start = self.offset;
        self.take(1);
        let first = self.ncname();
        if first.is_empty() {
            return refuse(start, "`$` has no name; write it as $name or $prefix:name");
        }
        if !self.rest.starts_with(':') || self.rest.starts_with("::") {
            return Ok(Kind::Variable { prefix: None, local: first });
        }
        self.take(1);
        let local = self.host_name();
        if local.is_empty() {
            return refuse(start, format!("`${first}:` has no name after the colon"));
        }
        Ok(Kind::Variable { prefix: Some(first), local })
    }

    fn name(&mut self) -> Result<Kind<'a>, SyntaxError> {
        let start = self.offset;
        let first = self.ncname();
        if !self.rest.starts_with(':') || self.rest.starts_with("::") {
            return Ok(Kind::Name { prefix: None, local: first });
        }
        self.take(1);
        if self.rest.starts_with(|next: char| next == '/' || next.is_ascii_digit()) {
            return refuse(start, address_message(first));
        }
        if self.rest.starts_with('*') {
            self.take(1);
            return Ok(Kind::AnyOf(first));
        }
        let local = self.ncname();
        if local.is_empty() {
            return refuse(start, format!("`{first}:` has no name after the colon"));
        }
        if is_scheme(first) && self.rest.starts_with(':') && !self.rest.starts_with("::") {
            return refuse(start, address_message(first));
        }
        Ok(Kind::Name { prefix: Some(first), local })
    }

    fn mark(&mut self, first: char) -> Result<Kind<'a>, SyntaxError> {
        let Some(mark) = MARKS.iter().find(|mark| self.rest.starts_with(**mark)) else {
            let help = match first {
                '&' => "; write `and`",
                '!' => "; write not(…), or != between two values",
                ':' => "; a colon joins a prefix and a name, without spaces",
                '{' | '}' => "; braces are for values that hold an expression, not for expressions",
                '‘' | '’' | '“' | '”' | '`' => "; quotes are ' and \"",
                '%' => "; write `mod`",
                _ => "",
            };
            return refuse(self.offset, format!("`{first}` has no meaning here{help}"));
        };
        self.take(mark.len());
        Ok(Kind::Mark(mark))
    }

    fn ncname(&mut self) -> &'a str {
        if self.rest.starts_with(is_name_start) { self.take_while(is_name) } else { "" }
    }

    /// The local name of a variable: it may start with any character of names, and hold colons.
    fn host_name(&mut self) -> &'a str {
        let length = self.rest.find(|character| character != ':' && !is_name(character));
        let (name, _) = self.rest.split_at(length.unwrap_or(self.rest.len()));
        let name = name.split_once("::").map_or(name, |(before, _)| before);
        self.take(name.trim_end_matches(':').len())
    }

    fn take_while(&mut self, holds: impl Fn(char) -> bool) -> &'a str {
        let length = self.rest.find(|character| !holds(character)).unwrap_or(self.rest.len());
        self.take(length)
    }

    /// Takes so many bytes, which end between two characters.
    fn take(&mut self, length: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(length);
        self.rest = rest;
        self.offset += length;
        taken
    }
}
