//! The words of a block or an expression.

use super::TemplateError;

/// The most words of one block or expression.
const MOST_TOKENS: usize = 256;

/// What a word may be made of besides letters and digits; the longer ones first.
const SYMBOLS: &[&str] = &[
    "**", "//", "==", "!=", "<=", ">=", "&&", "||", "+", "-", "*", "/", "%", "~", "<", ">", "=",
    "!", "(", ")", "[", "]", "{", "}", ",", ".", ":", "|", "?",
];

/// A word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Word {
    Name(String),
    /// The text itself, without quotes and escapes.
    Text(String),
    Number(String),
    Symbol(&'static str),
}

/// A word and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) word: Word,
    /// From 1.
    pub(super) line: u32,
}

impl Token {
    pub(super) fn is(&self, symbol: &str) -> bool {
        matches!(self.word, Word::Symbol(own) if own == symbol)
    }

    pub(super) fn is_name(&self, name: &str) -> bool {
        matches!(&self.word, Word::Name(own) if own == name)
    }

    pub(super) fn name(&self) -> Option<&str> {
        match &self.word {
            Word::Name(name) => Some(name),
            _ => None,
        }
    }
}

/// What stands between the marks of a block or an expression.
pub(super) struct Inner<'t> {
    pub(super) tokens: Vec<Token>,
    /// The sign of white space control before the closing mark; empty without one.
    pub(super) trim: &'t str,
    /// What comes after the closing mark.
    pub(super) rest: &'t str,
    /// The line at which `rest` begins.
    pub(super) line: u32,
}

/// Reads words up to the closing mark.
pub(super) fn read<'t>(text: &'t str, close: &str, line: u32) -> Result<Inner<'t>, TemplateError> {
    let mut reader = Reader { rest: text, line, braces: 0, tokens: Vec::new() };
    loop {
        reader.skip_blanks();
        if reader.braces == 0
            && let Some((trim, rest)) = closing(reader.rest, close)
        {
            return Ok(Inner { tokens: reader.tokens, trim, rest, line: reader.line });
        }
        if reader.tokens.len() >= MOST_TOKENS {
            return Err(TemplateError::new(
                line,
                format!("more than {MOST_TOKENS} words in one tag; split it with `set`"),
            ));
        }
        reader.token(line, close)?;
    }
}

/// Writes words so that minijinja reads the same ones, on the same lines.
pub(super) fn write(tokens: &[Token], mut line: u32, out: &mut String) -> u32 {
    for token in tokens {
        if token.line > line {
            (line..token.line).for_each(|_| out.push('\n'));
            line = token.line;
        }
        write_word(&token.word, out);
        out.push(' ');
    }
    line
}

fn write_word(word: &Word, out: &mut String) {
    match word {
        Word::Name(text) | Word::Number(text) => out.push_str(text),
        Word::Symbol(symbol) => out.push_str(symbol),
        Word::Text(text) => {
            out.push('"');
            text.chars().for_each(|character| write_character(character, out));
            out.push('"');
        }
    }
}

fn write_character(character: char, out: &mut String) {
    match character {
        '"' => out.push_str("\\\""),
        '\\' => out.push_str("\\\\"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        other => out.push(other),
    }
}

fn closing<'t>(text: &'t str, close: &str) -> Option<(&'t str, &'t str)> {
    if let Some(rest) = text.strip_prefix(close) {
        return Some(("", rest));
    }
    let (sign, after) = text.split_at_checked(1)?;
    let rest = after.strip_prefix(close)?;
    matches!(sign, "-" | "+").then_some((sign, rest))
}

struct Reader<'t> {
    rest: &'t str,
    line: u32,
    braces: u32,
    tokens: Vec<Token>,
}

impl Reader<'_> {
    fn skip_blanks(&mut self) {
        let after = self.rest.trim_start();
        let blanks = self.rest.len() - after.len();
        let lines = self.rest.bytes().take(blanks).filter(|byte| *byte == b'\n').count();
        self.line = self.line.saturating_add(u32::try_from(lines).unwrap_or(u32::MAX));
        self.rest = after;
    }

    fn token(&mut self, opened: u32, close: &str) -> Result<(), TemplateError> {
        let line = self.line;
        let Some(first) = self.rest.chars().next() else {
            return Err(TemplateError::new(opened, format!("the tag is not closed by `{close}`")));
        };
        let word = match first {
            '"' | '\'' => Word::Text(self.text(first)?),
            '0'..='9' => Word::Number(self.number()),
            _ if is_name_start(first) => Word::Name(self.take_while(is_name_part)),
            _ => Word::Symbol(self.symbol(first)?),
        };
        self.tokens.push(Token { word, line });
        Ok(())
    }

    fn take_while(&mut self, accept: fn(char) -> bool) -> String {
        let end = self.rest.find(|character| !accept(character)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        taken.to_owned()
    }

    fn number(&mut self) -> String {
        let mut number = self.take_while(|character| character.is_ascii_digit());
        let fraction = self.rest.strip_prefix('.').unwrap_or_default();
        if fraction.starts_with(|character: char| character.is_ascii_digit()) {
            self.rest = fraction;
            number.push('.');
            number.push_str(&self.take_while(|character| character.is_ascii_digit()));
        }
        number
    }

    fn symbol(&mut self, first: char) -> Result<&'static str, TemplateError> {
        let Some(symbol) = SYMBOLS.iter().find(|symbol| self.rest.starts_with(**symbol)) else {
            return Err(TemplateError::new(
                self.line,
                format!("`{}` means nothing here", first.escape_default()),
            ));
        };
        match *symbol {
            "{" => self.braces += 1,
            "}" => self.braces = self.braces.saturating_sub(1),
            _ => {}
        }
        self.rest = self.rest.strip_prefix(symbol).unwrap_or_default();
        Ok(symbol)
    }

    fn text(&mut self, quote: char) -> Result<String, TemplateError> {
        let line = self.line;
        let mut text = String::new();
        let mut characters = self.rest.chars();
        characters.next();
        while let Some(character) = characters.next() {
            match character {
                '\n' => self.line = self.line.saturating_add(1),
                '\\' => {
                    escaped(characters.next(), &mut text);
                    continue;
                }
                _ if character == quote => {
                    self.rest = characters.as_str();
                    return Ok(text);
                }
                _ => {}
            }
            text.push(character);
        }
        Err(TemplateError::new(line, format!("the text is not closed by {quote}")))
    }
}

/// An escape that means nothing stays as it is, as in Jinjava.
fn escaped(character: Option<char>, text: &mut String) {
    match character {
        Some('n') => text.push('\n'),
        Some('r') => text.push('\r'),
        Some('t') => text.push('\t'),
        Some(literal @ ('"' | '\'' | '\\')) => text.push(literal),
        Some(other) => text.extend(['\\', other]),
        None => {}
    }
}

fn is_name_start(character: char) -> bool {
    character.is_ascii_alphabetic() || character == '_'
}

fn is_name_part(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '_'
}
