//! The words, texts and numbers of an expression.

use serde_json::{Number, Value};

use crate::budget::SyntaxError;

/// A place in the text of an expression.
#[derive(Debug)]
pub(super) struct Cursor<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Cursor<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, at: 0 }
    }

    pub(super) fn at(&self) -> usize {
        self.at
    }

    pub(super) fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// The character before.
    pub(super) fn previous(&self) -> Option<char> {
        self.text.get(..self.at)?.chars().next_back()
    }

    pub(super) fn next(&mut self) -> Option<char> {
        let found = self.peek()?;
        self.at += found.len_utf8();
        Some(found)
    }

    pub(super) fn skip_space(&mut self) {
        self.take_while(|it| it.is_ascii_whitespace());
    }

    pub(super) fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> &'t str {
        let rest = self.rest();
        let end = rest.find(|it| !wanted(it)).unwrap_or(rest.len());
        self.at += end;
        rest.get(..end).unwrap_or_default()
    }

    /// Steps over a symbol, when it stands here.
    pub(super) fn eat(&mut self, symbol: &str) -> bool {
        let found = self.rest().starts_with(symbol);
        if found {
            self.at += symbol.len();
        }
        found
    }

    /// Steps over a word, when it stands here and ends here.
    pub(super) fn eat_word(&mut self, word: &str) -> bool {
        let after = self.rest().strip_prefix(word);
        let found = after.is_some_and(|after| !after.starts_with(is_name));
        found && self.eat(word)
    }

    pub(super) fn expect(&mut self, symbol: &str, what: &str) -> Result<(), SyntaxError> {
        self.skip_space();
        if self.eat(symbol) {
            return Ok(());
        }
        Err(self.error(format!("`{symbol}` is missing {what}")))
    }

    /// The name that stands here.
    pub(super) fn name(&mut self, what: &str) -> Result<&'t str, SyntaxError> {
        let name = self.take_while(is_name);
        if name.is_empty() {
            let help = "write a name of letters, digits and `_`, or any other as [\"name\"]";
            return Err(self.error(format!("the name of {what} is missing; {help}")));
        }
        Ok(name)
    }

    pub(super) fn error(&self, message: impl Into<String>) -> SyntaxError {
        SyntaxError::new(self.at, message)
    }

    /// A text in single or double quotes.
    pub(super) fn string(&mut self) -> Result<String, SyntaxError> {
        let start = self.at;
        let quote = self.next();
        let mut out = String::new();
        loop {
            match self.next() {
                None => {
                    return Err(SyntaxError::new(start, "the quote of this text is not closed"));
                }
                found if found == quote => return Ok(out),
                Some('\\') => out.push(self.escape()?),
                Some(other) => out.push(other),
            }
        }
    }

    /// As [`Self::string`], as it is written, quotes and all.
    pub(super) fn raw_string(&mut self) -> Result<&'t str, SyntaxError> {
        let start = self.at;
        self.string()?;
        Ok(self.text.get(start..self.at).unwrap_or_default())
    }

    fn escape(&mut self) -> Result<char, SyntaxError> {
        let at = self.at;
        let found = match self.next() {
            Some('b') => Some('\u{8}'),
            Some('f') => Some('\u{c}'),
            Some('n') => Some('\n'),
            Some('r') => Some('\r'),
            Some('t') => Some('\t'),
            Some('u') => self.unicode(),
            other => other.filter(|it| !it.is_alphanumeric()),
        };
        found.ok_or_else(|| {
            SyntaxError::new(at, "this escape is not known; use \\n, \\t, \\\", \\\\ or \\u0041")
        })
    }

    /// Four hexadecimal digits, or two such groups for one character.
    fn unicode(&mut self) -> Option<char> {
        let first = self.unit()?;
        if let Some(found) = char::from_u32(first) {
            return Some(found);
        }
        let second = if self.eat("\\u") { self.unit()? } else { return None };
        let units = [u16::try_from(first).ok()?, u16::try_from(second).ok()?];
        char::decode_utf16(units).next()?.ok()
    }

    fn unit(&mut self) -> Option<u32> {
        let digits = self.rest().get(..4).filter(|it| it.bytes().all(|b| b.is_ascii_hexdigit()))?;
        self.at += 4;
        u32::from_str_radix(digits, 16).ok()
    }

    /// A number without a sign.
    pub(super) fn number(&mut self) -> Result<Value, SyntaxError> {
        let start = self.at;
        self.take_while(|it| it.is_ascii_digit());
        let is_decimal = self
            .rest()
            .strip_prefix('.')
            .is_some_and(|after| after.starts_with(|it: char| it.is_ascii_digit()));
        if is_decimal {
            self.next();
            self.take_while(|it| it.is_ascii_digit());
        }
        if self.peek().is_some_and(is_name) {
            return Err(self.error("a number ends here; write digits, and a point with digits"));
        }
        let text = self.text.get(start..self.at).unwrap_or_default();
        let whole = text.parse::<i64>().ok().map(Value::from);
        let decimal = || text.parse().ok().and_then(Number::from_f64).map(Value::Number);
        whole.or_else(decimal).ok_or_else(|| SyntaxError::new(start, "this number is too large"))
    }
}

/// Whether names may hold this character.
pub(super) fn is_name(it: char) -> bool {
    it.is_alphanumeric() || it == '_'
}
