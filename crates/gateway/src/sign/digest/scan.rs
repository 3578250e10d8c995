//! Schemes and their parameters in one line of `WWW-Authenticate`, `Authorization` or
//! `Authentication-Info` (RFC 9110 §11).
//!
//! One line may hold several challenges, and a comma separates challenges as well as parameters:
//! only what follows a word tells which of them it is. What is malformed is skipped up to the next
//! comma, and what was read before it stays.

/// Challenges of one line; further ones are not read.
const MOST_CHALLENGES: usize = 16;
/// Parameters of one challenge; further ones are skipped.
const MOST_PARAMETERS: usize = 32;

/// One scheme with its parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scheme {
    /// Its name, in small letters.
    pub name: Vec<u8>,
    /// The parameters, in order.
    pub parameters: Vec<Parameter>,
}

/// One parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// Its name, in small letters.
    pub name: Vec<u8>,
    /// The value, without its quotes and escapes.
    pub value: Vec<u8>,
}

/// The value of the first parameter of a name.
#[must_use]
pub fn value<'a>(parameters: &'a [Parameter], name: &str) -> Option<&'a [u8]> {
    let first = parameters.iter().find(|parameter| parameter.name == name.as_bytes());
    first.map(|parameter| &*parameter.value)
}

/// The challenges of a line.
#[must_use]
pub fn challenges(line: &[u8]) -> Vec<Scheme> {
    let mut scanner = Scanner::new(line);
    let mut found: Vec<Scheme> = Vec::new();
    while let Some(item) = scanner.item() {
        match (item, found.last_mut()) {
            (Item::Parameter(parameter), Some(scheme)) => push(&mut scheme.parameters, parameter),
            (Item::Word(word), Some(scheme)) if continues_list(scheme, &word) => {
                if let Some(last) = scheme.parameters.last_mut() {
                    last.value.push(b',');
                    last.value.extend(word);
                }
            }
            (Item::Word(name), _) => {
                if found.len() == MOST_CHALLENGES {
                    break;
                }
                scanner.skip_token68();
                found.push(Scheme { name, parameters: Vec::new() });
            }
            (Item::Parameter(_), None) | (Item::Noise, _) => {}
        }
    }
    found
}

/// The parameters of a line that names no scheme.
#[must_use]
pub fn parameters(line: &[u8]) -> Vec<Parameter> {
    let mut scanner = Scanner::new(line);
    let mut found = Vec::new();
    while let Some(item) = scanner.item() {
        if let Item::Parameter(parameter) = item {
            push(&mut found, parameter);
        }
    }
    found
}

fn push(parameters: &mut Vec<Parameter>, parameter: Parameter) {
    if parameters.len() < MOST_PARAMETERS {
        parameters.push(parameter);
    }
}

/// Whether a word is no scheme but a further `qop`, by a server that forgot the quotes:
/// `qop=auth,auth-int`.
fn continues_list(scheme: &Scheme, word: &[u8]) -> bool {
    let is_list = scheme.parameters.last().is_some_and(|last| last.name == b"qop");
    is_list && (word == b"auth" || word == b"auth-int")
}

/// What stands between two commas.
#[derive(Debug)]
enum Item {
    /// A word without a value, in small letters: where challenges are listed, the next scheme.
    Word(Vec<u8>),
    Parameter(Parameter),
    /// Neither.
    Noise,
}

#[derive(Debug)]
struct Scanner<'a> {
    rest: &'a [u8],
    /// A parameter has ended: only a comma lets another scheme begin.
    awaits_comma: bool,
}

impl<'a> Scanner<'a> {
    fn new(line: &'a [u8]) -> Self {
        Self { rest: line, awaits_comma: false }
    }

    /// The next item; `None` at the end, or where a quote is never closed.
    fn item(&mut self) -> Option<Item> {
        self.skip_separators();
        if self.rest.is_empty() {
            return None;
        }
        let word = self.take_while(is_token).to_ascii_lowercase();
        let follows = self.rest.first().copied();
        self.skip_space();
        if !word.is_empty() && self.eat(b'=') {
            self.skip_space();
            self.awaits_comma = true;
            return Some(Item::Parameter(Parameter { name: word, value: self.value()? }));
        }
        let is_whole = follows.is_none_or(|byte| is_space(byte) || byte == b',');
        if word.is_empty() || !is_whole || self.awaits_comma {
            self.skip_to_comma();
            return Some(Item::Noise);
        }
        Some(Item::Word(word))
    }

    /// The value of a parameter; `None` for a quoted one that does not end.
    fn value(&mut self) -> Option<Vec<u8>> {
        if self.eat(b'"') {
            return self.quoted();
        }
        Some(self.take_while(|byte| byte != b',' && !is_space(byte)).to_vec())
    }

    /// What is left of a quoted string, after its first quote.
    fn quoted(&mut self) -> Option<Vec<u8>> {
        let mut value = Vec::new();
        loop {
            value.extend_from_slice(self.take_while(|byte| byte != b'"' && byte != b'\\'));
            let is_end = self.next()? == b'"';
            if is_end {
                return Some(value);
            }
            value.push(self.next()?);
        }
    }

    /// Skips the one value that some schemes have in place of parameters.
    fn skip_token68(&mut self) {
        let before = self.rest;
        self.take_while(|byte| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte));
        self.take_while(|byte| byte == b'=');
        self.skip_space();
        if self.rest.first().is_some_and(|byte| *byte != b',') {
            self.rest = before;
        }
    }

    fn skip_separators(&mut self) {
        let skipped = self.take_while(|byte| is_space(byte) || byte == b',');
        if skipped.contains(&b',') {
            self.awaits_comma = false;
        }
    }

    /// Skips everything up to a comma that is not in quotes.
    fn skip_to_comma(&mut self) {
        loop {
            self.take_while(|byte| byte != b',' && byte != b'"');
            if !self.eat(b'"') {
                return;
            }
            if self.quoted().is_none() {
                self.rest = &[];
            }
        }
    }

    fn skip_space(&mut self) {
        self.take_while(is_space);
    }

    fn take_while(&mut self, is_wanted: impl Fn(u8) -> bool) -> &'a [u8] {
        let end = self.rest.iter().position(|byte| !is_wanted(*byte)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        taken
    }

    fn eat(&mut self, wanted: u8) -> bool {
        let rest = self.rest.strip_prefix(&[wanted]);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn next(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }
}

fn is_space(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}

/// `tchar` of RFC 9110 §5.6.2.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests;
