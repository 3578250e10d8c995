//! Expressions out of text.

use std::sync::Arc;

use serde_json::Number;

use super::{Builtin, Expression, MAXIMUM_DEPTH, MAXIMUM_PARTS, Operator};

/// Words that are no names.
const WORDS: [&str; 7] = ["as", "in", "using", "gt", "gte", "lt", "lte"];

/// Operators from the weakest to the strongest; the longer of two that begin alike comes first.
const LEVELS: [&[(&str, Operator)]; 6] = [
    &[("||", Operator::Or)],
    &[("&&", Operator::And), ("&amp;&amp;", Operator::And), ("\\and", Operator::And)],
    &[("==", Operator::Equal), ("!=", Operator::Unequal), ("=", Operator::Equal)],
    &[
        ("<=", Operator::LessOrEqual),
        ("<", Operator::Less),
        (">=", Operator::GreaterOrEqual),
        (">", Operator::Greater),
        ("lte", Operator::LessOrEqual),
        ("lt", Operator::Less),
        ("gte", Operator::GreaterOrEqual),
        ("gt", Operator::Greater),
    ],
    &[("+", Operator::Add), ("-", Operator::Subtract)],
    &[("*", Operator::Multiply), ("/", Operator::Divide), ("%", Operator::Remainder)],
];

/// A place in a text.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    rest: &'a str,
    /// Brackets and braces that are open: within them `>` compares, and does not close a tag.
    open: usize,
    depth: usize,
    parts: usize,
    /// Whether the name of the body was met.
    pub(super) reads_payload: bool,
}

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { rest: text, open: 0, depth: 0, parts: 0, reads_payload: false }
    }

    pub(super) fn rest(&self) -> &'a str {
        self.rest
    }

    pub(super) fn skip(&mut self, bytes: usize) {
        self.rest = self.rest.split_at_checked(bytes).map_or("", |(_, rest)| rest);
    }

    fn blank(&mut self) {
        self.rest = self.rest.trim_start();
    }

    pub(super) fn peeks(&mut self, text: &str) -> bool {
        self.blank();
        self.rest.starts_with(text)
    }

    pub(super) fn take(&mut self, text: &str) -> bool {
        let is_there = self.peeks(text);
        if is_there {
            self.skip(text.len());
        }
        is_there
    }

    pub(super) fn expect(&mut self, text: &str) -> Result<(), String> {
        if self.take(text) {
            return Ok(());
        }
        let found: String = self.rest.chars().take(20).collect();
        Err(format!("`{text}` is expected before `{found}`"))
    }

    /// Letters, digits and the like; possibly none.
    pub(super) fn word(&mut self) -> &'a str {
        self.blank();
        let ends = |it: char| !(it.is_alphanumeric() || it == '_');
        let (word, rest) = self.rest.split_at(self.rest.find(ends).unwrap_or(self.rest.len()));
        self.rest = rest;
        word
    }

    /// A name; a backslash takes `-`, `.` and `:` into it.
    pub(super) fn name(&mut self) -> Result<String, String> {
        self.blank();
        let mut name = String::new();
        let mut characters = self.rest.chars();
        loop {
            let before = characters.as_str();
            match characters.next() {
                Some(it) if it.is_alphabetic() || matches!(it, '_' | '$' | '@') => name.push(it),
                Some(it) if it.is_numeric() && !name.is_empty() => name.push(it),
                Some('\\') => match characters.next() {
                    Some(it @ ('-' | '.' | ':')) => name.push(it),
                    _ => {
                        return Err(
                            "a backslash in a name stands before `-`, `.` or `:`".to_owned()
                        );
                    }
                },
                _ => {
                    self.rest = before;
                    break;
                }
            }
        }
        if name.is_empty() {
            let found: String = self.rest.chars().take(20).collect();
            return Err(format!("a name is expected before `{found}`"));
        }
        Ok(name)
    }

    /// Reads what stands between brackets or braces.
    pub(super) fn inner<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, String>,
    ) -> Result<T, String> {
        let before = std::mem::replace(&mut self.open, 1);
        let found = read(self);
        self.open = before;
        found
    }

    /// An expression.
    pub(super) fn expression(&mut self) -> Result<Expression, String> {
        if self.depth == 0 {
            self.parts = 0;
        }
        self.nested(|reader| reader.level(0))
    }

    fn nested<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, String>,
    ) -> Result<T, String> {
        if self.depth >= MAXIMUM_DEPTH {
            return Err(format!("an expression is nested deeper than {MAXIMUM_DEPTH}"));
        }
        self.depth += 1;
        let found = read(self);
        self.depth -= 1;
        found
    }

    fn part(&mut self) -> Result<(), String> {
        self.parts += 1;
        if self.parts > MAXIMUM_PARTS {
            return Err(format!("an expression has more than {MAXIMUM_PARTS} parts"));
        }
        Ok(())
    }

    fn level(&mut self, level: usize) -> Result<Expression, String> {
        let Some(operators) = LEVELS.get(level) else { return self.unary() };
        let mut left = self.level(level + 1)?;
        while let Some(operator) = self.operator(operators) {
            self.part()?;
            let right = self.level(level + 1)?;
            left = Expression::Binary(operator, Box::new(left), Box::new(right));
        }
        Ok(left)
    }

    fn operator(&mut self, operators: &[(&str, Operator)]) -> Option<Operator> {
        self.blank();
        let (text, operator) = operators.iter().find(|(text, _)| self.rest.starts_with(text))?;
        let after = self.rest.strip_prefix(text)?;
        let is_word = text.starts_with(char::is_alphabetic);
        let goes_on = is_word && after.starts_with(|it: char| it.is_alphanumeric() || it == '_');
        let closes = self.open == 0 && (text.starts_with('>') || self.rest.starts_with("/>"));
        if goes_on || closes {
            return None;
        }
        self.rest = after;
        Some(*operator)
    }

    fn unary(&mut self) -> Result<Expression, String> {
        self.part()?;
        if self.peeks("!") && !self.peeks("!=") {
            self.skip(1);
            return Ok(Expression::Not(Box::new(self.nested(Self::unary)?)));
        }
        if self.take("-") {
            return Ok(Expression::Negative(Box::new(self.nested(Self::unary)?)));
        }
        if self.take("+") {
            return self.nested(Self::unary);
        }
        let mut found = self.primary()?;
        loop {
            self.part()?;
            found = match self.postfix(found)? {
                (next, true) => next,
                (last, false) => return Ok(last),
            };
        }
    }

    /// What follows a value; false where nothing does.
    fn postfix(&mut self, of: Expression) -> Result<(Expression, bool), String> {
        let of = Box::new(of);
        if self.take("??") {
            return Ok((Expression::Exists(of), true));
        }
        if self.take("?") {
            let name = self.name()?;
            let arguments = if self.take("(") { self.listed(")")? } else { Vec::new() };
            let builtin = Builtin::named(&name, &arguments)?;
            return Ok((Expression::Builtin(of, builtin, arguments), true));
        }
        if self.peeks("..") {
            return Err("ranges are not supported".to_owned());
        }
        if self.take(".") {
            let name = self.name()?;
            if name.starts_with("@@") {
                return Err(format!("`{name}` is not supported"));
            }
            return Ok((Expression::Member(of, name), true));
        }
        if self.take("[") {
            let index = self.inner(Self::expression)?;
            self.expect("]")?;
            return Ok((Expression::Index(of, Box::new(index)), true));
        }
        if self.peeks("(") {
            return Err("methods are not supported".to_owned());
        }
        if self.peeks("!") && !self.peeks("!=") {
            self.skip(1);
            let other = if self.begins() { Some(Box::new(self.expression()?)) } else { None };
            return Ok((Expression::Default(of, other), true));
        }
        Ok((*of, false))
    }

    /// Whether an expression begins here, and no further assignment.
    fn begins(&mut self) -> bool {
        self.blank();
        let rest = self.rest;
        let Some(first) = rest.chars().next() else { return false };
        if !(first.is_alphanumeric() || matches!(first, '_' | '"' | '\'' | '(' | '[' | '-')) {
            return false;
        }
        let word = self.word();
        let is_assignment = self.peeks("=") && !self.peeks("==") && self.open == 0;
        self.rest = rest;
        !WORDS.contains(&word) && (word.is_empty() || !is_assignment)
    }

    /// Values with commas between them, up to a bracket.
    fn listed(&mut self, end: &str) -> Result<Vec<Expression>, String> {
        self.inner(|reader| {
            let mut values = Vec::new();
            while !reader.peeks(end) {
                values.push(reader.expression()?);
                if !reader.take(",") {
                    break;
                }
            }
            reader.expect(end)?;
            Ok(values)
        })
    }

    fn primary(&mut self) -> Result<Expression, String> {
        self.blank();
        match self.rest.chars().next() {
            Some(quote @ ('"' | '\'')) => self.quoted(quote),
            Some('0'..='9') => self.number(),
            Some('(') => {
                self.skip(1);
                let inner = self.inner(Self::expression)?;
                self.expect(")")?;
                Ok(Expression::Group(Box::new(inner)))
            }
            Some('[') => {
                self.skip(1);
                Ok(Expression::List(self.listed("]")?))
            }
            Some('{') => Err("objects cannot be written in an expression".to_owned()),
            Some('.') => Err("special variables are not supported".to_owned()),
            None => Err("an expression is expected at the end".to_owned()),
            Some(_) => self.named(),
        }
    }

    fn named(&mut self) -> Result<Expression, String> {
        if let Some(raw) = self.rest.strip_prefix('r').filter(|raw| raw.starts_with(['"', '\''])) {
            return self.raw(raw);
        }
        let name = self.name()?;
        if WORDS.contains(&name.as_str()) {
            return Err(format!("a value is expected before `{name}`"));
        }
        self.reads_payload |= name == "payload";
        Ok(match name.as_str() {
            "true" => Expression::Boolean(true),
            "false" => Expression::Boolean(false),
            _ => Expression::Name(name),
        })
    }

    fn number(&mut self) -> Result<Expression, String> {
        let digits = |text: &str| text.find(|it: char| !it.is_ascii_digit()).unwrap_or(text.len());
        let mut length = digits(self.rest);
        let (_, after) = self.rest.split_at(length);
        if let Some(fraction) = after.strip_prefix('.').filter(|it| digits(it) > 0) {
            length += 1 + digits(fraction);
        }
        let (text, rest) = self.rest.split_at(length);
        self.rest = rest;
        let whole = text.parse::<i64>().ok().map(Number::from);
        let number = whole.or_else(|| Number::from_f64(text.parse().ok()?));
        number.map(Expression::Number).ok_or_else(|| format!("`{text:.40}` is no number"))
    }

    fn raw(&mut self, text: &'a str) -> Result<Expression, String> {
        let quote = text.chars().next().unwrap_or('"');
        let inner = text.strip_prefix(quote).and_then(|inner| inner.split_once(quote));
        let (inner, rest) = inner.ok_or("a text does not end")?;
        self.rest = rest;
        Ok(Expression::Text(Arc::from(inner)))
    }

    /// A text with escapes, and possibly with interpolations.
    fn quoted(&mut self, quote: char) -> Result<Expression, String> {
        self.skip(1);
        let mut pieces = Vec::new();
        let mut plain = String::new();
        loop {
            let mut characters = self.rest.chars();
            let next = characters.next().ok_or("a text does not end")?;
            self.rest = characters.as_str();
            match next {
                '\\' => plain.push(self.escaped()?),
                '$' if self.rest.starts_with('{') => {
                    self.skip(1);
                    pieces.push(Expression::Text(Arc::from(std::mem::take(&mut plain))));
                    pieces.push(self.inner(Self::expression)?);
                    self.expect("}")?;
                }
                it if it == quote => break,
                it => plain.push(it),
            }
        }
        if pieces.is_empty() {
            return Ok(Expression::Text(Arc::from(plain)));
        }
        pieces.push(Expression::Text(Arc::from(plain)));
        Ok(Expression::Joined(pieces))
    }

    fn escaped(&mut self) -> Result<char, String> {
        let mut characters = self.rest.chars();
        let next = characters.next().ok_or("a text does not end")?;
        self.rest = characters.as_str();
        Ok(match next {
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'b' => '\u{8}',
            'f' => '\u{c}',
            'l' => '<',
            'g' => '>',
            'a' => '&',
            '"' | '\'' | '\\' | '{' | '=' => next,
            'x' => {
                let ends = |it: char| !it.is_ascii_hexdigit();
                let length = self.rest.find(ends).unwrap_or(self.rest.len()).min(4);
                let (digits, rest) = self.rest.split_at(length);
                self.rest = rest;
                let code = u32::from_str_radix(digits, 16).ok().and_then(char::from_u32);
                code.ok_or_else(|| format!("`\\x{digits}` is no character"))?
            }
            _ => return Err(format!("`\\{next}` is no escape")),
        })
    }
}
