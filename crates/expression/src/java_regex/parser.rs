//! Reads expressions.

mod class;
mod escape;
mod group;
mod property;

pub(super) use class::character;

use super::syntax::{Fold, Greed, Node, Parsed, Place};
use super::units::{self, Unit};
use crate::SyntaxError;

/// Longer and deeper ones are refused.
const MOST_BYTES: usize = 32 * 1024;
const MOST_LEVELS: usize = 48;
const MOST_REPEATS: u32 = 1000;

/// Characters that end a line, inside a class.
const LINE_ENDS: &str = r"\n\r\x{85}\x{2028}\x{2029}";

#[derive(Debug, Clone, Copy, Default)]
struct Flags {
    is_insensitive: bool,
    is_unicode_case: bool,
    is_multi_line: bool,
    is_dot_all: bool,
    is_verbose: bool,
    is_unix: bool,
    is_unicode_class: bool,
}

struct Parser {
    units: Vec<Unit>,
    next: usize,
    end: usize,
    flags: Flags,
    levels: usize,
    groups: usize,
    names: Vec<(String, usize)>,
    /// The highest number of a group that is referred to, and where.
    reference: Option<(usize, usize)>,
}

pub(super) fn parse(text: &str) -> Result<Parsed, SyntaxError> {
    if text.len() > MOST_BYTES {
        return Err(SyntaxError::new(MOST_BYTES, "an expression has at most 32768 bytes"));
    }
    let mut parser = Parser {
        units: units::split(text),
        next: 0,
        end: text.len(),
        flags: Flags::default(),
        levels: 0,
        groups: 0,
        names: Vec::new(),
        reference: None,
    };
    let root = parser.choice()?;
    if parser.next < parser.units.len() {
        return Err(parser.error("this `)` closes nothing; write `\\)` for the character"));
    }
    match parser.reference {
        Some((group, at)) if group > parser.groups => {
            Err(SyntaxError::new(at, format!("there is no group {group}")))
        }
        _ => Ok(Parsed { root, groups: parser.groups, names: parser.names }),
    }
}

impl Flags {
    fn fold(self) -> Fold {
        match (self.is_insensitive, self.is_unicode_case || self.is_unicode_class) {
            (false, _) => Fold::Exact,
            (true, false) => Fold::Ascii,
            (true, true) => Fold::Unicode,
        }
    }
}

impl Parser {
    fn choice(&mut self) -> Result<Node, SyntaxError> {
        let mut branches = vec![self.sequence()?];
        while self.take('|') {
            branches.push(self.sequence()?);
        }
        Ok(if branches.len() > 1 { Node::Choice(branches) } else { branches.remove(0) })
    }

    fn sequence(&mut self) -> Result<Node, SyntaxError> {
        let mut nodes = Vec::new();
        loop {
            self.skip_comments();
            if self.next >= self.units.len() || self.is_next('|') || self.is_next(')') {
                return Ok(Node::Sequence(nodes));
            }
            if let Some(atom) = self.atom()? {
                let repeated = self.repeated(atom)?;
                nodes.push(repeated);
            }
        }
    }

    /// What can be repeated; nothing for flags that hold from here on.
    fn atom(&mut self) -> Result<Option<Node>, SyntaxError> {
        let Some(unit) = self.bump() else { return Err(self.error("a character is expected")) };
        if unit.is_quoted {
            return Ok(Some(self.literal(unit.character)));
        }
        Ok(Some(match unit.character {
            '(' => return self.group(unit.at),
            '[' => self.class(unit.at)?,
            '\\' => self.escape(unit.at)?,
            '.' => Node::Class(self.dot()),
            '^' => Node::At(self.caret()),
            '$' => Node::At(self.dollar()),
            '*' | '+' | '?' => {
                let message = format!("`{}` has nothing to repeat", unit.character);
                return Err(SyntaxError::new(unit.at, message));
            }
            '{' => return Err(SyntaxError::new(unit.at, "write `\\{` for the character")),
            character => self.literal(character),
        }))
    }

    fn literal(&self, character: char) -> Node {
        Node::Character(character, self.flags.fold())
    }

    fn dot(&self) -> String {
        match (self.flags.is_dot_all, self.flags.is_unix) {
            (true, _) => r"[\x{0}-\x{10FFFF}]".to_owned(),
            (false, true) => r"[^\n]".to_owned(),
            (false, false) => format!("[^{LINE_ENDS}]"),
        }
    }

    fn caret(&self) -> Place {
        if self.flags.is_multi_line {
            Place::LineStart { is_unix: self.flags.is_unix }
        } else {
            Place::Start
        }
    }

    fn dollar(&self) -> Place {
        let is_unix = self.flags.is_unix;
        if self.flags.is_multi_line {
            Place::LineEnd { is_unix }
        } else {
            Place::LastLine { is_unix }
        }
    }

    fn repeated(&mut self, node: Node) -> Result<Node, SyntaxError> {
        self.skip_comments();
        let start = self.at();
        let (least, most) = match self.peek() {
            Some('*') => (0, None),
            Some('+') => (1, None),
            Some('?') => (0, Some(1)),
            Some('{') => return self.counted(node),
            _ => return Ok(node),
        };
        self.bump();
        self.repeat(node, least, most, start)
    }

    /// `{2}`, `{2,}`, `{2,3}`
    fn counted(&mut self, node: Node) -> Result<Node, SyntaxError> {
        let start = self.at();
        self.bump();
        let least = self.count()?;
        let most = if self.take(',') {
            if self.is_next('}') { None } else { Some(self.count()?) }
        } else {
            Some(least)
        };
        if !self.take('}') {
            return Err(self.error("`}` is expected, as in `{2}`, `{2,}` or `{2,3}`"));
        }
        if most.is_some_and(|most| most < least) {
            return Err(SyntaxError::new(start, "the first number is greater than the second"));
        }
        self.repeat(node, least, most, start)
    }

    fn count(&mut self) -> Result<u32, SyntaxError> {
        let start = self.at();
        let mut digits = String::new();
        while let Some(digit) = self.peek().filter(char::is_ascii_digit) {
            digits.push(digit);
            self.bump();
        }
        let number = digits.parse().ok().filter(|number| *number <= MOST_REPEATS);
        number.ok_or_else(|| {
            SyntaxError::new(
                start,
                "a number up to 1000 is expected; write `\\{` for the character",
            )
        })
    }

    fn repeat(
        &mut self,
        node: Node,
        least: u32,
        most: Option<u32>,
        start: usize,
    ) -> Result<Node, SyntaxError> {
        self.skip_comments();
        let greed = if self.take('?') {
            Greed::Lazy
        } else if self.take('+') {
            Greed::Possessive
        } else {
            Greed::Greedy
        };
        self.skip_comments();
        if matches!(self.peek(), Some('*' | '+' | '?' | '{')) {
            return Err(self.error("what is repeated already needs a group to be repeated again"));
        }
        if matches!(node, Node::At(_)) {
            return Err(SyntaxError::new(start, "there is no character to repeat before this"));
        }
        Ok(Node::Repeat { node: Box::new(node), least, most, greed })
    }

    /// One level deeper.
    fn deeper<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, SyntaxError>,
    ) -> Result<T, SyntaxError> {
        if self.levels == MOST_LEVELS {
            return Err(self.error("an expression is at most 48 levels deep"));
        }
        self.levels += 1;
        let read = read(self);
        self.levels -= 1;
        read
    }

    fn current(&self) -> Option<Unit> {
        self.units.get(self.next).copied()
    }

    fn bump(&mut self) -> Option<Unit> {
        let unit = self.current()?;
        self.next += 1;
        Some(unit)
    }

    /// The next character, unless it is quoted.
    fn peek(&self) -> Option<char> {
        self.current().filter(|unit| !unit.is_quoted).map(|unit| unit.character)
    }

    fn is_next(&self, character: char) -> bool {
        self.peek() == Some(character)
    }

    fn take(&mut self, character: char) -> bool {
        let is_next = self.is_next(character);
        if is_next {
            self.next += 1;
        }
        is_next
    }

    /// Reads these characters if all of them come next.
    fn take_all(&mut self, text: &str) -> bool {
        let start = self.next;
        let is_next = text.chars().all(|character| self.take(character));
        if !is_next {
            self.next = start;
        }
        is_next
    }

    /// With `(?x)`, white space and comments mean nothing.
    fn skip_comments(&mut self) {
        while self.flags.is_verbose {
            match self.peek() {
                Some(' ' | '\t' | '\n' | '\u{b}' | '\u{c}' | '\r') => self.next += 1,
                Some('#') => {
                    while self.peek().is_some_and(|next| !ends_line(next)) {
                        self.next += 1;
                    }
                }
                _ => return,
            }
        }
    }

    fn at(&self) -> usize {
        self.current().map_or(self.end, |unit| unit.at)
    }

    fn error(&self, message: impl Into<String>) -> SyntaxError {
        SyntaxError::new(self.at(), message)
    }
}

fn ends_line(character: char) -> bool {
    matches!(character, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}
