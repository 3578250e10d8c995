//! Reads groups: what stands after `(`.

use super::{Flags, Node, Parser};
use crate::SyntaxError;

impl Parser {
    pub(super) fn group(&mut self, start: usize) -> Result<Option<Node>, SyntaxError> {
        let flags = self.flags;
        let read = self.deeper(|parser| parser.group_of(start))?;
        // Flags that are set in a group end with it; `(?i)` is none.
        if read.is_some() {
            self.flags = flags;
        }
        Ok(read)
    }

    fn group_of(&mut self, start: usize) -> Result<Option<Node>, SyntaxError> {
        if !self.take('?') {
            return self.numbered(None, start).map(Some);
        }
        let look = |is_ahead, is_negated| {
            move |node| Node::Look { is_ahead, is_negated, node: Box::new(node) }
        };
        if self.take(':') {
            return self.rest(start).map(|node| Some(Node::Group(None, Box::new(node))));
        }
        if self.take('=') {
            return self.rest(start).map(look(true, false)).map(Some);
        }
        if self.take('!') {
            return self.rest(start).map(look(true, true)).map(Some);
        }
        if self.take_all("<=") {
            return self.rest(start).map(look(false, false)).map(Some);
        }
        if self.take_all("<!") {
            return self.rest(start).map(look(false, true)).map(Some);
        }
        if self.take('>') {
            return self.rest(start).map(|node| Some(Node::Atomic(Box::new(node))));
        }
        if self.take('<') {
            let name = self.name()?;
            return self.numbered(Some(name), start).map(Some);
        }
        self.flagged(start)
    }

    fn numbered(&mut self, name: Option<String>, start: usize) -> Result<Node, SyntaxError> {
        self.groups += 1;
        let number = self.groups;
        self.names.extend(name.map(|name| (name, number)));
        let node = self.rest(start)?;
        Ok(Node::Group(Some(number), Box::new(node)))
    }

    fn rest(&mut self, start: usize) -> Result<Node, SyntaxError> {
        let node = self.choice()?;
        if self.take(')') { Ok(node) } else { Err(unclosed(start)) }
    }

    fn name(&mut self) -> Result<String, SyntaxError> {
        let start = self.at();
        let name = self.written_name()?;
        if self.names.iter().any(|(other, _)| *other == name) {
            return Err(SyntaxError::new(start, format!("two groups are named `{name}`")));
        }
        Ok(name)
    }

    /// A name up to `>`.
    pub(super) fn written_name(&mut self) -> Result<String, SyntaxError> {
        let start = self.at();
        let mut name = String::new();
        while let Some(next) = self.peek().filter(char::is_ascii_alphanumeric) {
            name.push(next);
            self.bump();
        }
        let is_name = name.starts_with(|first: char| first.is_ascii_alphabetic());
        if is_name && self.take('>') {
            return Ok(name);
        }
        let message = "a name of a group is expected: letters and digits of ASCII, and then `>`";
        Err(SyntaxError::new(start, message))
    }

    /// `(?i)` for all that follows in this group, `(?i:…)` for what it holds.
    fn flagged(&mut self, start: usize) -> Result<Option<Node>, SyntaxError> {
        let outer = self.flags;
        let mut is_on = true;
        loop {
            let Some(unit) = self.current() else { return Err(unclosed(start)) };
            self.next += 1;
            match unit.character {
                _ if unit.is_quoted => return Err(no_flag(unit.at)),
                '-' if is_on => is_on = false,
                ')' => return Ok(None),
                ':' => {
                    let node = self.rest(start)?;
                    self.flags = outer;
                    return Ok(Some(Node::Group(None, Box::new(node))));
                }
                flag => self.flags.set(flag, is_on).ok_or_else(|| no_flag(unit.at))?,
            }
        }
    }
}

impl Flags {
    fn set(&mut self, flag: char, is_on: bool) -> Option<()> {
        let place = match flag {
            'i' => &mut self.is_insensitive,
            'u' => &mut self.is_unicode_case,
            'm' => &mut self.is_multi_line,
            's' => &mut self.is_dot_all,
            'x' => &mut self.is_verbose,
            'd' => &mut self.is_unix,
            'U' => &mut self.is_unicode_class,
            _ => return None,
        };
        *place = is_on;
        Some(())
    }
}

fn unclosed(start: usize) -> SyntaxError {
    SyntaxError::new(start, "this `(` is not closed; write `\\(` for the character")
}

fn no_flag(at: usize) -> SyntaxError {
    SyntaxError::new(
        at,
        "after `(?` one of `:`, `=`, `!`, `<`, `>` or the flags idmsuxU is expected",
    )
}
