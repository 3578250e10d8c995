//! Reads literals: JSON, with either kind of quotes.

use serde_json::{Map, Value};

use super::Parser;
use crate::SyntaxError;

impl Parser<'_> {
    pub(super) fn literal(&mut self) -> Result<Value, SyntaxError> {
        match self.cursor.peek() {
            Some('\'' | '"') => self.quoted().map(Value::String),
            Some('-' | '+' | '.' | '0'..='9') => self.numeral(),
            Some('[') => self.deeper(Self::array),
            Some('{') => self.deeper(Self::object),
            _ => self.word(),
        }
    }

    fn word(&mut self) -> Result<Value, SyntaxError> {
        let words =
            [("true", Value::Bool(true)), ("false", Value::Bool(false)), ("null", Value::Null)];
        for (word, value) in words {
            if self.cursor.take_word(word) {
                return Ok(value);
            }
        }
        Err(self.cursor.unexpected("a path, or a value such as 'text', 1, true or null"))
    }

    fn numeral(&mut self) -> Result<Value, SyntaxError> {
        let start = self.cursor.at();
        let text = self.cursor.take_while(|next| {
            next.is_ascii_digit() || matches!(next, '-' | '+' | '.' | 'e' | 'E')
        });
        let number = text.parse::<i64>().map(Value::from).ok();
        let number = number.or_else(|| text.parse::<u64>().map(Value::from).ok());
        let fraction = || text.parse().ok().and_then(serde_json::Number::from_f64);
        number
            .or_else(|| fraction().map(Value::Number))
            .ok_or_else(|| SyntaxError::new(start, format!("`{text}` is no number")))
    }

    fn array(&mut self) -> Result<Value, SyntaxError> {
        self.cursor.expect("[")?;
        let mut items = Vec::new();
        self.cursor.skip_space();
        while !self.cursor.take("]") {
            if !items.is_empty() {
                self.cursor.expect(",")?;
                self.cursor.skip_space();
            }
            items.push(self.literal()?);
            self.cursor.skip_space();
        }
        Ok(Value::Array(items))
    }

    fn object(&mut self) -> Result<Value, SyntaxError> {
        self.cursor.expect("{")?;
        let mut entries = Map::new();
        self.cursor.skip_space();
        while !self.cursor.take("}") {
            if !entries.is_empty() {
                self.cursor.expect(",")?;
                self.cursor.skip_space();
            }
            let key = self.quoted()?;
            self.cursor.skip_space();
            self.cursor.expect(":")?;
            self.cursor.skip_space();
            let value = self.literal()?;
            entries.insert(key, value);
            self.cursor.skip_space();
        }
        Ok(Value::Object(entries))
    }

    /// A text between quotes.
    pub(super) fn quoted(&mut self) -> Result<String, SyntaxError> {
        let start = self.cursor.at();
        let Some(quote @ ('\'' | '"')) = self.cursor.peek() else {
            return Err(self.cursor.unexpected("a text in quotes"));
        };
        self.cursor.next();
        let mut text = String::new();
        loop {
            match self.cursor.next() {
                None => return Err(SyntaxError::new(start, "the quote is not closed")),
                Some('\\') => text.push(self.escaped()?),
                Some(character) if character == quote => return Ok(text),
                Some(character) => text.push(character),
            }
        }
    }

    /// What stands after a backslash.
    fn escaped(&mut self) -> Result<char, SyntaxError> {
        Ok(match self.cursor.next() {
            None => return Err(self.cursor.error("a character is expected after `\\`")),
            Some('n') => '\n',
            Some('t') => '\t',
            Some('r') => '\r',
            Some('b') => '\u{8}',
            Some('f') => '\u{c}',
            Some('u') => self.code_point()?,
            Some(other) => other,
        })
    }

    fn code_point(&mut self) -> Result<char, SyntaxError> {
        let start = self.cursor.at();
        let wrong =
            || SyntaxError::new(start, "four hexadecimal digits of a character are expected");
        let mut units = vec![self.code_unit().ok_or_else(wrong)?];
        if matches!(units.as_slice(), [0xD800..=0xDBFF]) && self.cursor.take("\\u") {
            units.push(self.code_unit().ok_or_else(wrong)?);
        }
        let mut characters = char::decode_utf16(units);
        match (characters.next(), characters.next()) {
            (Some(Ok(character)), None) => Ok(character),
            _ => Err(wrong()),
        }
    }

    fn code_unit(&mut self) -> Option<u16> {
        let mut count = 0;
        let digits = self.cursor.take_while(|next| {
            count += 1;
            count <= 4 && next.is_ascii_hexdigit()
        });
        if digits.len() == 4 { u16::from_str_radix(digits, 16).ok() } else { None }
    }
}
