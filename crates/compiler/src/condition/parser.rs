//! Reads expressions: a list of words, then one function for each level of binding.

use http::HeaderName;
use thiserror::Error;

use super::{Field, Node, NumberTest, TextTest};

/// Longer and deeper ones are refused.
const MOST_BYTES: usize = 1024;
const MOST_LEVELS: usize = 32;

/// Why an expression is refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ConditionError {
    /// It is longer than 1024 bytes, or has more than 32 levels.
    #[error("it is too long, or too deeply nested")]
    Budget,
    /// A text without its closing quote.
    #[error("the quote at column {0} is not closed")]
    Quote(usize),
    /// A character that means nothing.
    #[error("`{1}` at column {0} means nothing here")]
    Character(usize, char),
    /// Something else was expected.
    #[error("{expected} is expected at column {column}, and there is {found}")]
    Unexpected {
        /// Where, counted from 1.
        column: usize,
        /// What would be right.
        expected: &'static str,
        /// What is there.
        found: String,
    },
    /// The name of a header is malformed.
    #[error("`{0}` is not the name of a header")]
    Header(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Word {
    Name(String),
    Number(String),
    Text(String),
    Sign(&'static str),
}

/// Signs, the longer ones first.
const SIGNS: &[&str] = &["&&", "||", "==", "!=", "<=", ">=", "<", ">", "!", "(", ")"];

pub(super) fn parse(text: &str) -> Result<Node, ConditionError> {
    if text.len() > MOST_BYTES {
        return Err(ConditionError::Budget);
    }
    let words = split(text)?;
    let mut parser = Parser { words, next: 0, levels: 0, end: text.len() + 1 };
    let node = parser.any()?;
    if parser.next < parser.words.len() {
        return parser.expected("`&&` or `||`");
    }
    Ok(node)
}

/// Words with their columns.
fn split(text: &str) -> Result<Vec<(usize, Word)>, ConditionError> {
    let mut words = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let column = text.len() - rest.len() + 1;
        let (word, length) = match first {
            ' ' | '\t' | '\n' | '\r' => (None, first.len_utf8()),
            '"' | '\'' => {
                let inner = rest.get(1..).unwrap_or_default();
                let end = inner.find(first).ok_or(ConditionError::Quote(column))?;
                (Some(Word::Text(inner.get(..end).unwrap_or_default().to_owned())), end + 2)
            }
            '0'..='9' => {
                let number = leading(rest, |c| c.is_ascii_digit());
                (Some(Word::Number(number.to_owned())), number.len())
            }
            'a'..='z' | 'A'..='Z' => {
                let name = leading(rest, |c| c.is_ascii_alphanumeric() || c == '.');
                (Some(Word::Name(name.to_owned())), name.len())
            }
            other => {
                let sign = SIGNS.iter().find(|sign| rest.starts_with(**sign));
                let sign = sign.ok_or(ConditionError::Character(column, other))?;
                (Some(Word::Sign(sign)), sign.len())
            }
        };
        words.extend(word.map(|word| (column, word)));
        rest = rest.get(length..).unwrap_or_default();
    }
    Ok(words)
}

fn leading(text: &str, is_part: impl Fn(char) -> bool) -> &str {
    let end = text.find(|c| !is_part(c)).unwrap_or(text.len());
    text.get(..end).unwrap_or_default()
}

struct Parser {
    words: Vec<(usize, Word)>,
    next: usize,
    levels: usize,
    end: usize,
}

impl Parser {
    fn any(&mut self) -> Result<Node, ConditionError> {
        let mut nodes = vec![self.all()?];
        while self.take("||") {
            nodes.push(self.all()?);
        }
        Ok(one_or(nodes, Node::Any))
    }

    fn all(&mut self) -> Result<Node, ConditionError> {
        let mut nodes = vec![self.single()?];
        while self.take("&&") {
            nodes.push(self.single()?);
        }
        Ok(one_or(nodes, Node::All))
    }

    fn single(&mut self) -> Result<Node, ConditionError> {
        self.levels += 1;
        if self.levels > MOST_LEVELS {
            return Err(ConditionError::Budget);
        }
        let node = if self.take("!") {
            Node::Not(Box::new(self.single()?))
        } else if self.take("(") {
            let node = self.any()?;
            self.need(")", "`)`")?;
            node
        } else {
            self.comparison()?
        };
        self.levels -= 1;
        Ok(node)
    }

    fn comparison(&mut self) -> Result<Node, ConditionError> {
        let name = match self.word() {
            Some(Word::Name(name)) => name.clone(),
            _ => return self.expected("status, method, path, header(…) or request.header(…)"),
        };
        self.next += 1;
        let field = match name.as_str() {
            "status" => return self.status(),
            "method" => Field::Method,
            "path" => Field::Path,
            "header" => Field::Header(self.header()?),
            "request.header" => Field::RequestHeader(self.header()?),
            _ => {
                self.next -= 1;
                return self.expected("status, method, path, header(…) or request.header(…)");
            }
        };
        self.text(field)
    }

    fn status(&mut self) -> Result<Node, ConditionError> {
        let test = match self.word() {
            Some(Word::Sign("==")) => NumberTest::Equal,
            Some(Word::Sign("!=")) => NumberTest::Differs,
            Some(Word::Sign("<")) => NumberTest::Less,
            Some(Word::Sign("<=")) => NumberTest::AtMost,
            Some(Word::Sign(">")) => NumberTest::Greater,
            Some(Word::Sign(">=")) => NumberTest::AtLeast,
            _ => return self.expected("==, !=, <, <=, > or >="),
        };
        self.next += 1;
        let number = match self.word() {
            Some(Word::Number(digits)) => digits.parse().ok(),
            _ => None,
        };
        let Some(number) = number else { return self.expected("a status such as 503") };
        self.next += 1;
        Ok(Node::Status(test, number))
    }

    fn text(&mut self, field: Field) -> Result<Node, ConditionError> {
        let test = match self.word() {
            Some(Word::Sign("==")) => TextTest::Equal,
            Some(Word::Sign("!=")) => TextTest::Differs,
            Some(Word::Name(name)) if name == "contains" => TextTest::Contains,
            Some(Word::Name(name)) if name == "startsWith" => TextTest::StartsWith,
            Some(Word::Name(name)) if name == "endsWith" => TextTest::EndsWith,
            _ if matches!(field, Field::Header(_) | Field::RequestHeader(_)) => {
                return Ok(Node::Present(field));
            }
            _ => return self.expected("==, !=, contains, startsWith or endsWith"),
        };
        self.next += 1;
        let text = self.quoted()?;
        Ok(Node::Text(field, test, text.into()))
    }

    fn header(&mut self) -> Result<HeaderName, ConditionError> {
        self.need("(", "`(`")?;
        let name = self.quoted()?;
        self.need(")", "`)`")?;
        HeaderName::from_bytes(name.as_bytes()).map_err(|_invalid| ConditionError::Header(name))
    }

    fn quoted(&mut self) -> Result<String, ConditionError> {
        let Some(Word::Text(text)) = self.word().cloned() else {
            return self.expected("a text in quotes");
        };
        self.next += 1;
        Ok(text)
    }

    fn word(&self) -> Option<&Word> {
        self.words.get(self.next).map(|(_, word)| word)
    }

    fn take(&mut self, sign: &'static str) -> bool {
        let is_there = self.word() == Some(&Word::Sign(sign));
        self.next += usize::from(is_there);
        is_there
    }

    fn need(&mut self, sign: &'static str, shown: &'static str) -> Result<(), ConditionError> {
        if self.take(sign) { Ok(()) } else { self.expected(shown) }
    }

    fn expected<T>(&self, expected: &'static str) -> Result<T, ConditionError> {
        let (column, found) = match self.words.get(self.next) {
            None => (self.end, "nothing".to_owned()),
            Some((column, Word::Name(word) | Word::Number(word))) => (*column, format!("`{word}`")),
            Some((column, Word::Text(text))) => (*column, format!("the text `{text}`")),
            Some((column, Word::Sign(sign))) => (*column, format!("`{sign}`")),
        };
        Err(ConditionError::Unexpected { column, expected, found })
    }
}

fn one_or(mut nodes: Vec<Node>, several: fn(Vec<Node>) -> Node) -> Node {
    if nodes.len() > 1 {
        return several(nodes);
    }
    nodes.pop().expect("a level has at least one node")
}
