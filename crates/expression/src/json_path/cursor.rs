//! A place in the text of a path.

use crate::SyntaxError;

#[derive(Debug)]
pub(super) struct Cursor<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Cursor<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, at: 0 }
    }

    /// Bytes from the start.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// What is not read yet.
    pub(super) fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(super) fn next(&mut self) -> Option<char> {
        let character = self.peek()?;
        self.at += character.len_utf8();
        Some(character)
    }

    /// Reads this text if it comes next.
    pub(super) fn take(&mut self, expected: &str) -> bool {
        let is_next = self.rest().starts_with(expected);
        if is_next {
            self.at += expected.len();
        }
        is_next
    }

    /// Reads this word if it comes next and ends there.
    pub(super) fn take_word(&mut self, word: &str) -> bool {
        let follows = self.rest().get(..word.len()).filter(|next| next.eq_ignore_ascii_case(word));
        let after = self.rest().get(word.len()..).and_then(|rest| rest.chars().next());
        let is_next = follows.is_some()
            && !after.is_some_and(|next| next.is_alphanumeric() || next == '_' || next == '(');
        if is_next {
            self.at += word.len();
        }
        is_next
    }

    /// Reads characters as long as they are of this kind.
    pub(super) fn take_while(&mut self, mut is_part: impl FnMut(char) -> bool) -> &'t str {
        let rest = self.rest();
        let length = rest.find(|next| !is_part(next)).unwrap_or(rest.len());
        self.at += length;
        rest.get(..length).unwrap_or_default()
    }

    pub(super) fn skip_space(&mut self) {
        self.take_while(char::is_whitespace);
    }

    /// Reads this text, or says what is there instead.
    pub(super) fn expect(&mut self, expected: &str) -> Result<(), SyntaxError> {
        if self.take(expected) { Ok(()) } else { Err(self.unexpected(&format!("`{expected}`"))) }
    }

    pub(super) fn unexpected(&self, expected: &str) -> SyntaxError {
        let found = match self.peek() {
            Some(character) => format!("`{character}`"),
            None => "the end".to_owned(),
        };
        self.error(format!("{expected} is expected, and there is {found}"))
    }

    pub(super) fn error(&self, message: impl Into<String>) -> SyntaxError {
        SyntaxError::new(self.at, message)
    }
}
