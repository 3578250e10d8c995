//! Reads classes, and writes them as ranges.
//!
//! A class is put together in the syntax of the engines' own parser, and what comes out of that is written as plain ranges:
//! so both engines see the same, and neither sees a property or an operator.

use std::borrow::Cow;

use regex_syntax::hir::{Class, ClassUnicodeRange, HirKind};

use super::escape::Escaped;
use super::{Fold, Node, Parser};
use crate::SyntaxError;

/// A set of characters: what stands between the brackets of a class.
#[derive(Debug, Clone)]
pub(super) struct Set {
    pub(super) body: Cow<'static, str>,
    pub(super) is_negated: bool,
}

impl Set {
    pub(super) fn new(body: impl Into<Cow<'static, str>>) -> Self {
        Self { body: body.into(), is_negated: false }
    }

    /// `\d`, `\w`, `\s`, `\h`, `\v` and their capitals.
    pub(super) fn named(letter: char, is_unicode: bool) -> Option<Self> {
        let body = match (letter.to_ascii_lowercase(), is_unicode) {
            ('d', false) => "0-9",
            ('d', true) => r"\p{Nd}",
            ('w', false) => "a-zA-Z0-9_",
            ('w', true) => r"\w",
            ('s', false) => r" \t\n\x0B\f\r",
            ('s', true) => r"\p{White_Space}",
            ('h', _) => r" \t\x{A0}\x{1680}\x{180E}\x{2000}-\x{200A}\x{202F}\x{205F}\x{3000}",
            ('v', _) => r"\n\x0B\f\r\x{85}\x{2028}\x{2029}",
            _ => return None,
        };
        Some(Self { body: body.into(), is_negated: letter.is_ascii_uppercase() })
    }

    pub(super) fn negated_if(mut self, is_negated: bool) -> Self {
        self.is_negated ^= is_negated;
        self
    }

    fn bracketed(&self) -> String {
        format!("[{}{}]", if self.is_negated { "^" } else { "" }, self.body)
    }

    /// The class by itself; `at` is where it stands.
    pub(super) fn class(&self, at: usize) -> Result<String, SyntaxError> {
        ranges(&self.bracketed(), at)
    }
}

impl Parser {
    /// What stands after `[`; `start` is its place.
    pub(super) fn class(&mut self, start: usize) -> Result<Node, SyntaxError> {
        let body = self.class_body(start)?;
        let class = if self.flags.fold() == Fold::Unicode { format!("(?i:{body})") } else { body };
        ranges(&class, start).map(Node::Class)
    }

    fn class_body(&mut self, start: usize) -> Result<String, SyntaxError> {
        let is_negated = self.take('^');
        let mut parts = Vec::new();
        let mut part = String::new();
        // After `&&` there are either brackets alone, or anything else.
        let mut is_bracket_part = false;
        loop {
            self.skip_comments();
            let Some(unit) = self.current() else { return Err(unclosed(start)) };
            let is_begun = !part.is_empty() || !parts.is_empty();
            if self.is_next(']') && is_begun {
                self.bump();
                break;
            }
            if self.take_all("&&") {
                parts.extend(Some(std::mem::take(&mut part)).filter(|_| is_begun));
                is_bracket_part = self.start_operand()?;
                continue;
            }
            if is_bracket_part && !self.is_next('[') {
                return Err(SyntaxError::new(unit.at, "put all that follows `&&` in brackets"));
            }
            let item = self.deeper(|parser| parser.class_item(start))?;
            part.push_str(&item);
        }
        parts.push(part);
        let body: Vec<String> = parts.into_iter().map(|part| format!("[{part}]")).collect();
        Ok(format!("[{}{}]", if is_negated { "^" } else { "" }, body.join("&&")))
    }

    /// Whether brackets follow `&&`; something must.
    fn start_operand(&mut self) -> Result<bool, SyntaxError> {
        self.skip_comments();
        match self.peek() {
            Some(']' | '&') => Err(self.error("a class is expected after `&&`")),
            Some('[') => Ok(true),
            _ => Ok(false),
        }
    }

    fn class_item(&mut self, start: usize) -> Result<String, SyntaxError> {
        let at = self.at();
        if self.take('[') {
            return self.class_body(at);
        }
        let first = match self.class_character(start)? {
            Escaped::Set(set) => return Ok(set.bracketed()),
            Escaped::Character(character) => character,
        };
        self.skip_comments();
        let after = self.units.get(self.next + 1);
        let is_range = self.is_next('-')
            && !after.is_some_and(|unit| !unit.is_quoted && matches!(unit.character, ']' | '['));
        if !is_range {
            return Ok(self.folded(first, first));
        }
        self.bump();
        self.skip_comments();
        match self.class_character(start)? {
            Escaped::Character(last) if first <= last => Ok(self.folded(first, last)),
            _ => Err(SyntaxError::new(at, "this range ends before it begins, or has no end")),
        }
    }

    fn class_character(&mut self, start: usize) -> Result<Escaped, SyntaxError> {
        let Some(unit) = self.bump() else { return Err(unclosed(start)) };
        if unit.character == '\\' && !unit.is_quoted {
            return self.escaped(unit.at);
        }
        Ok(Escaped::Character(unit.character))
    }

    /// A range, and its other letters of ASCII if they count as the same.
    fn folded(&self, first: char, last: char) -> String {
        let mut body = range(first, last);
        if self.flags.fold() == Fold::Ascii {
            for (from, to, other) in [('a', 'z', 'A'), ('A', 'Z', 'a')] {
                let (low, high) = (first.max(from), last.min(to));
                if low <= high {
                    let shifted = |letter: char| {
                        let code = u32::from(letter) - u32::from(from) + u32::from(other);
                        char::from_u32(code).unwrap_or(letter)
                    };
                    body.push_str(&range(shifted(low), shifted(high)));
                }
            }
        }
        body
    }
}

/// One character as the engines read it everywhere.
pub(in crate::java_regex) fn character(character: char) -> String {
    if character.is_ascii_alphanumeric() {
        return character.to_string();
    }
    format!("\\x{{{:X}}}", u32::from(character))
}

fn range(first: char, last: char) -> String {
    if first == last {
        return character(first);
    }
    format!("{}-{}", character(first), character(last))
}

/// The same class as ranges.
pub(super) fn ranges(class: &str, at: usize) -> Result<String, SyntaxError> {
    let parsed = regex_syntax::parse(class)
        .map_err(|_| SyntaxError::new(at, "there is no such property or class of characters"))?;
    Ok(match parsed.into_kind() {
        HirKind::Class(Class::Unicode(class)) => written(class.ranges()),
        HirKind::Literal(literal) => {
            let text = String::from_utf8_lossy(&literal.0).into_owned();
            format!("[{}]", text.chars().map(character).collect::<String>())
        }
        HirKind::Class(Class::Bytes(class)) => {
            let ranges: Vec<_> = class
                .ranges()
                .iter()
                .map(|range| ClassUnicodeRange::new(range.start().into(), range.end().into()))
                .collect();
            written(&ranges)
        }
        _ => written(&[]),
    })
}

fn written(ranges: &[ClassUnicodeRange]) -> String {
    if ranges.is_empty() {
        // A class of nothing has no shorter name.
        return r"[^\x{0}-\x{10FFFF}]".to_owned();
    }
    let mut text = String::from("[");
    for part in ranges {
        text.push_str(&range(part.start(), part.end()));
    }
    text.push(']');
    text
}

fn unclosed(start: usize) -> SyntaxError {
    SyntaxError::new(start, "this `[` is not closed; write `\\[` for the character")
}
