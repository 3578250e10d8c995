//! What an expression may say, and how Jinjava's way to say it becomes minijinja's.
//!
//! Fuel does not see a list that holds another list twice: it is small, and what is printed of it
//! doubles with each such step. So lists and maps are not nested, those that hold variables are not
//! kept, and neither is added or multiplied: each side of `+` and `*` goes through the filter
//! [`SCALAR`].

use std::collections::BTreeMap;

use super::TemplateError;
use super::token::{Token, Word};

/// The filter that lets through what is neither a list nor a map.
pub(super) const SCALAR: &str = "weir_scalar";

/// The filter that makes a text of anything, as it would be printed.
pub(super) const TEXT: &str = "weir_text";

/// The most brackets inside each other.
const DEEPEST: usize = 24;
/// Words that are no values although they look like names.
pub(super) const KEYWORDS: &[&str] = &["in", "is", "not", "and", "or", "if", "else"];
/// Names that are constants.
pub(super) const CONSTANTS: &[&str] = &["true", "false", "none", "True", "False", "None"];
/// Operators beside which a value is a number or is refused.
const ARITHMETIC: &[&str] = &["+", "-", "*", "**", "/", "//", "%"];
/// Operators that Jinjava also knows by a word.
const WORDS: &[(&str, &str)] = &[
    ("eq", "=="),
    ("ne", "!="),
    ("lt", "<"),
    ("le", "<="),
    ("gt", ">"),
    ("ge", ">="),
    ("mod", "%"),
    ("div", "/"),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bracket {
    Call,
    Group,
    Subscript,
    /// Directly after `in`.
    Compared,
    List,
    Map,
}

/// Checks and rewrites an expression.
///
/// `commas` tells whether it is a list of assignments (`with a = 1, b = 2`).
pub(super) fn expression(tokens: &[Token], commas: bool) -> Result<Vec<Token>, TemplateError> {
    let mut checker = Checker { commas, ..Checker::default() };
    for (index, token) in tokens.iter().enumerate() {
        checker.check(token, tokens.get(index + 1))?;
    }
    if let Some(line) = checker.open.last().map(|_| line_of(tokens)) {
        return Err(TemplateError::new(line, "a bracket is not closed"));
    }
    Ok(guard_operands(&checker.words))
}

#[derive(Default)]
struct Checker {
    commas: bool,
    open: Vec<Bracket>,
    words: Vec<Token>,
}

impl Checker {
    /// Whether the last word ends a value.
    fn after_value(&self) -> bool {
        self.words.last().is_some_and(ends_value)
    }

    fn check(&mut self, token: &Token, next: Option<&Token>) -> Result<(), TemplateError> {
        let word = match &token.word {
            Word::Name(name) => self.name(name, token.line, next)?,
            Word::Symbol(symbol) => self.symbol(symbol, token.line)?,
            other => other.clone(),
        };
        self.words.push(Token { word, line: token.line });
        Ok(())
    }

    fn name(&self, name: &str, line: u32, next: Option<&Token>) -> Result<Word, TemplateError> {
        let is_member = self.words.last().is_some_and(|last| last.is(".") || last.is("|"));
        if self.after_value()
            && let Some((_, symbol)) = WORDS.iter().find(|(word, _)| *word == name)
        {
            return Ok(Word::Symbol(symbol));
        }
        if is_member && KEYWORDS.contains(&name) {
            return Err(TemplateError::new(line, format!("`{name}` cannot follow a dot or a bar")));
        }
        if name == "loop" && next.is_some_and(|next| next.is("(")) {
            return Err(TemplateError::new(line, "loops that call themselves are not supported"));
        }
        let may_vary = !self.open.iter().any(|open| matches!(open, Bracket::List | Bracket::Map));
        if may_vary || is_member || CONSTANTS.contains(&name) {
            return Ok(Word::Name(name.to_owned()));
        }
        Err(TemplateError::new(
            line,
            format!(
                "`{name}` may not stand in a list or a map that is kept; use constants, or write \
                 the list after `in`"
            ),
        ))
    }

    fn symbol(&mut self, symbol: &'static str, line: u32) -> Result<Word, TemplateError> {
        let after_value = self.after_value();
        match symbol {
            "(" | "[" | "{" => self.opening(symbol, after_value, line)?,
            ")" | "]" | "}" => self.closing(symbol, line)?,
            "," => self.comma(line)?,
            ":" if !matches!(self.open.last(), Some(Bracket::Map)) => {
                return Err(TemplateError::new(line, "slices are not supported; use a method"));
            }
            "=" if !self.commas && self.open.last() != Some(&Bracket::Call) => {
                return Err(TemplateError::new(line, "`=` assigns; compare with `==`"));
            }
            // `in` and its like are variables to minijinja where a value is due.
            "*" | "**" | "+" if !after_value => {
                return Err(TemplateError::new(line, format!("`{symbol}` has no value before it")));
            }
            "?" => {
                return Err(TemplateError::new(line, "write `a if c else b` for `c ? a : b`"));
            }
            "&&" => return Ok(Word::Name("and".to_owned())),
            "||" => return Ok(Word::Name("or".to_owned())),
            "!" => return Ok(Word::Name("not".to_owned())),
            _ => {}
        }
        Ok(Word::Symbol(symbol))
    }

    fn opening(&mut self, symbol: &str, after_value: bool, line: u32) -> Result<(), TemplateError> {
        let bracket = match symbol {
            "(" if after_value => Bracket::Call,
            "(" => Bracket::Group,
            "[" if after_value => Bracket::Subscript,
            "[" if self.words.last().is_some_and(|last| last.is_name("in")) => Bracket::Compared,
            "[" => Bracket::List,
            _ => Bracket::Map,
        };
        if is_container(bracket) && self.open.iter().any(|open| is_container(*open)) {
            return Err(TemplateError::new(
                line,
                "a list or a map may not hold another one; put JSON into a text and use `fromjson`",
            ));
        }
        if self.open.len() >= DEEPEST {
            return Err(TemplateError::new(
                line,
                format!("more than {DEEPEST} brackets inside each other; use `set`"),
            ));
        }
        self.open.push(bracket);
        Ok(())
    }

    fn closing(&mut self, symbol: &str, line: u32) -> Result<(), TemplateError> {
        let fits = match self.open.pop() {
            Some(Bracket::Call | Bracket::Group) => symbol == ")",
            Some(Bracket::Subscript | Bracket::Compared | Bracket::List) => symbol == "]",
            Some(Bracket::Map) => symbol == "}",
            None => false,
        };
        if fits {
            return Ok(());
        }
        Err(TemplateError::new(line, format!("`{symbol}` closes nothing")))
    }

    fn comma(&self, line: u32) -> Result<(), TemplateError> {
        let is_fine = match self.open.last() {
            Some(Bracket::Group | Bracket::Subscript) => false,
            Some(_) => true,
            None => self.commas,
        };
        if is_fine {
            return Ok(());
        }
        Err(TemplateError::new(line, "a comma means nothing here; write a list as `[a, b]`"))
    }
}

/// Puts [`SCALAR`] behind both sides of each `+` and `*`, and [`TEXT`] behind those of `~`.
fn guard_operands(words: &[Token]) -> Vec<Token> {
    let mut places = BTreeMap::new();
    for (index, token) in words.iter().enumerate() {
        if token.is("+") || token.is("*") {
            places.insert(index, SCALAR);
            places.insert(operand_end(words, index + 1), SCALAR);
        }
        if let Some(end) = concatenated(words, index) {
            places.entry(end).or_insert(TEXT);
        }
    }
    let mut guarded = Vec::with_capacity(words.len() + 2 * places.len());
    for index in 0..=words.len() {
        if let Some(filter) = places.get(&index) {
            let line = guarded.last().map_or(1, |last: &Token| last.line);
            guarded.push(Token { word: Word::Symbol("|"), line });
            guarded.push(Token { word: Word::Name((*filter).to_owned()), line });
        }
        guarded.extend(words.get(index).cloned());
    }
    guarded
}

/// Where the operand that starts here ends, if it stands alone on one side of `~`.
///
/// A sum or a product needs no guard: it is a number or a text.
fn concatenated(words: &[Token], start: usize) -> Option<usize> {
    let before = start.checked_sub(1).and_then(|before| words.get(before));
    if before.is_some_and(|token| ends_value(token) || token.is(".") || token.is("|")) {
        return None;
    }
    let end = operand_end(words, start);
    let after = words.get(end);
    let touches = [before, after].into_iter().flatten().any(|token| token.is("~"));
    let calculates = |token: &Token| ARITHMETIC.iter().any(|symbol| token.is(symbol));
    let is_part = [before, after].into_iter().flatten().any(calculates);
    (touches && !is_part && words.get(end.checked_sub(1)?).is_some_and(ends_value)).then_some(end)
}

/// Where the operand that starts here ends, its members, calls and filters included.
fn operand_end(words: &[Token], start: usize) -> usize {
    let mut at = start;
    while words.get(at).is_some_and(|token| token.is("-")) {
        at += 1;
    }
    at = after_group(words, at);
    loop {
        match words.get(at) {
            Some(token) if token.is("(") || token.is("[") => at = after_group(words, at),
            Some(token) if token.is(".") || token.is("|") => at += 2,
            _ => return at.min(words.len()),
        }
    }
}

/// After a word, or after the bracket that closes it if it is an opening one.
fn after_group(words: &[Token], start: usize) -> usize {
    let mut depth = 0_usize;
    for (index, token) in words.iter().enumerate().skip(start) {
        match token.word {
            Word::Symbol("(" | "[" | "{") => depth += 1,
            Word::Symbol(")" | "]" | "}") => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return index + 1;
        }
    }
    words.len()
}

fn is_container(bracket: Bracket) -> bool {
    matches!(bracket, Bracket::Compared | Bracket::List | Bracket::Map)
}

fn ends_value(token: &Token) -> bool {
    match &token.word {
        Word::Name(name) => !KEYWORDS.contains(&name.as_str()),
        Word::Text(_) | Word::Number(_) => true,
        Word::Symbol(symbol) => matches!(*symbol, ")" | "]" | "}"),
    }
}

fn line_of(tokens: &[Token]) -> u32 {
    tokens.first().map_or(0, |token| token.line)
}
