//! Reads properties: `\p{Lower}`, `\pL`, `\p{IsLatin}`, `\p{javaLowerCase}`.

use std::borrow::Cow;

use super::Parser;
use super::class::{Set, ranges};
use crate::SyntaxError;

impl Parser {
    /// What stands after `\p` or `\P`; `start` is the place of the backslash.
    pub(super) fn property(&mut self, is_negated: bool, start: usize) -> Result<Set, SyntaxError> {
        let name = self.property_name(start)?;
        let (is_unicode, is_insensitive) = (self.flags.is_unicode_class, self.flags.is_insensitive);
        let body = body(&name, is_unicode, is_insensitive).ok_or_else(|| {
            SyntaxError::new(start, format!("`{name}` is no property of characters that is known"))
        })?;
        let set = Set::new(body);
        ranges(&format!("[{}]", set.body), start)?;
        Ok(set.negated_if(is_negated))
    }

    fn property_name(&mut self, start: usize) -> Result<String, SyntaxError> {
        let wrong = || SyntaxError::new(start, "a property is written as `\\p{Lower}` or `\\pL`");
        if !self.take('{') {
            let letter = self.bump().ok_or_else(wrong)?;
            return Ok(letter.character.to_string());
        }
        let mut name = String::new();
        loop {
            match self.bump().ok_or_else(wrong)?.character {
                '}' => return Ok(name),
                part => name.push(part),
            }
        }
    }
}

/// What a name stands for, as the inside of a class.
fn body(name: &str, is_unicode: bool, is_insensitive: bool) -> Option<Cow<'static, str>> {
    if is_insensitive && let Some(body) = insensitive(name, is_unicode) {
        return Some(body.into());
    }
    let posix = if is_unicode { unicode_posix(name) } else { ascii_posix(name) };
    if let Some(body) = posix.or_else(|| java(name)).or_else(|| extra(name)) {
        return Some(body.into());
    }
    if let Some((key, value)) = name.split_once('=') {
        return keyed(key, value);
    }
    match name.strip_prefix("Is") {
        Some(name) => unicode(name),
        None => category(name),
    }
}

/// Where case does not matter, capital and small letters are the same letters.
fn insensitive(name: &str, is_unicode: bool) -> Option<&'static str> {
    Some(match name {
        "Lower" | "Upper" if !is_unicode => "a-zA-Z",
        "Lower" | "Upper" | "javaLowerCase" | "javaUpperCase" | "javaTitleCase" => {
            r"\p{Lowercase}\p{Uppercase}\p{Lt}"
        }
        "Lu" | "Ll" | "Lt" | "IsLu" | "IsLl" | "IsLt" => r"\p{Lu}\p{Ll}\p{Lt}",
        _ => return None,
    })
}

fn ascii_posix(name: &str) -> Option<&'static str> {
    Some(match name {
        "Lower" => "a-z",
        "Upper" => "A-Z",
        "ASCII" => r"\x00-\x7F",
        "Alpha" => "a-zA-Z",
        "Digit" => "0-9",
        "Alnum" => "a-zA-Z0-9",
        "Punct" => "[:punct:]",
        "Graph" => "[:graph:]",
        "Print" => "[:print:]",
        "Blank" => r" \t",
        "Cntrl" => r"\x00-\x1F\x7F",
        "XDigit" => "0-9a-fA-F",
        "Space" => r" \t\n\x0B\f\r",
        _ => return None,
    })
}

fn unicode_posix(name: &str) -> Option<&'static str> {
    Some(match name {
        "Lower" => r"\p{Lowercase}",
        "Upper" => r"\p{Uppercase}",
        "ASCII" => r"\x00-\x7F",
        "Alpha" => r"\p{Alphabetic}",
        "Digit" => r"\p{Nd}",
        "Alnum" => r"\p{Alphabetic}\p{Nd}",
        "Punct" => r"\p{P}",
        "Blank" => r"\p{Zs}\t",
        "Cntrl" => r"\p{Cc}",
        "XDigit" => r"\p{Nd}\p{Hex_Digit}",
        "Space" => r"\p{White_Space}",
        _ => return None,
    })
}

fn java(name: &str) -> Option<&'static str> {
    Some(match name {
        "javaLowerCase" => r"\p{Lowercase}",
        "javaUpperCase" => r"\p{Uppercase}",
        "javaTitleCase" => r"\p{Lt}",
        "javaAlphabetic" => r"\p{Alphabetic}",
        "javaIdeographic" => r"\p{Ideographic}",
        "javaDigit" => r"\p{Nd}",
        "javaLetter" => r"\p{L}",
        "javaLetterOrDigit" => r"\p{L}\p{Nd}",
        "javaDefined" => r"\P{Cn}",
        "javaSpaceChar" => r"\p{Z}",
        "javaISOControl" => r"\p{Cc}",
        "javaWhitespace" => r"\t-\r\x1C-\x1F[\p{Z}--\x{A0}\x{2007}\x{202F}]",
        _ => return None,
    })
}

/// Names that Java has beside those of Unicode.
fn extra(name: &str) -> Option<&'static str> {
    Some(match name {
        "L1" => r"\x00-\x{FF}",
        "LD" => r"\p{L}\p{Nd}",
        "all" => r"\x{0}-\x{10FFFF}",
        "LC" => r"\p{Lu}\p{Ll}\p{Lt}",
        _ => return None,
    })
}

fn category(name: &str) -> Option<Cow<'static, str>> {
    let is_category = matches!(name.len(), 1 | 2)
        && name.starts_with(|first: char| first.is_ascii_uppercase())
        && name.chars().skip(1).all(|second| second.is_ascii_lowercase());
    is_category.then(|| format!("\\p{{gc={name}}}").into())
}

/// What follows `Is`: a category, a binary property or a script.
fn unicode(name: &str) -> Option<Cow<'static, str>> {
    let body = match name.to_ascii_lowercase().as_str() {
        "titlecase" => r"\p{Lt}",
        "digit" => r"\p{Nd}",
        "letter" => r"\p{L}",
        "punctuation" => r"\p{P}",
        "control" => r"\p{Cc}",
        "assigned" => r"\P{Cn}",
        _ => {
            return category(name)
                .or_else(|| is_word(name).then(|| format!("\\p{{{name}}}").into()));
        }
    };
    Some(body.into())
}

/// `sc=Latin`, `gc=Lu`
fn keyed(key: &str, value: &str) -> Option<Cow<'static, str>> {
    if !is_word(value) {
        return None;
    }
    match key.to_ascii_lowercase().as_str() {
        "sc" | "script" => Some(format!("\\p{{sc={value}}}").into()),
        "gc" | "general_category" => Some(format!("\\p{{gc={value}}}").into()),
        _ => None,
    }
}

fn is_word(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|part| part.is_ascii_alphanumeric() || part == '_')
}
