//! Reads what stands after a backslash.

use super::class::Set;
use super::{Node, Parser, Place};
use crate::SyntaxError;

/// What a backslash and its characters stand for.
#[derive(Debug)]
pub(super) enum Escaped {
    Character(char),
    Set(Set),
}

impl Parser {
    /// Outside of classes; `start` is the place of the backslash.
    pub(super) fn escape(&mut self, start: usize) -> Result<Node, SyntaxError> {
        let Some(next) = self.peek() else {
            return Err(SyntaxError::new(start, "a character is expected after `\\`"));
        };
        let is_unix = self.flags.is_unix;
        let is_unicode = self.flags.is_unicode_class;
        let node = match next {
            'A' => Node::At(Place::Start),
            'z' => Node::At(Place::End),
            'Z' => Node::At(Place::LastLine { is_unix }),
            'G' => Node::At(Place::Continued),
            'b' => Node::At(Place::Word { is_negated: false, is_unicode }),
            'B' => Node::At(Place::Word { is_negated: true, is_unicode }),
            'R' => self.line_break(),
            'k' => {
                self.bump();
                return self.named_reference();
            }
            '1'..='9' => return Ok(self.reference(start)),
            _ => return self.escaped_atom(start),
        };
        self.bump();
        Ok(node)
    }

    fn escaped_atom(&mut self, start: usize) -> Result<Node, SyntaxError> {
        match self.escaped(start)? {
            Escaped::Character(character) => Ok(self.literal(character)),
            Escaped::Set(set) => set.class(start).map(Node::Class),
        }
    }

    fn line_break(&self) -> Node {
        let pair = ['\r', '\n'].map(|part| Node::Character(part, super::Fold::Exact));
        let one = Node::Class(r"[\n\x0B\f\r\x{85}\x{2028}\x{2029}]".to_owned());
        Node::Group(None, Box::new(Node::Choice(vec![Node::Sequence(pair.to_vec()), one])))
    }

    /// `\k<name>`
    fn named_reference(&mut self) -> Result<Node, SyntaxError> {
        if !self.take('<') {
            return Err(self.error("`<` and the name of a group are expected after `\\k`"));
        }
        let start = self.at();
        let name = self.written_name()?;
        let group = self.names.iter().find(|(known, _)| *known == name).map(|(_, group)| *group);
        match group {
            Some(group) => Ok(Node::Back(group, self.flags.fold())),
            None => Err(SyntaxError::new(start, format!("no group before this is named `{name}`"))),
        }
    }

    /// `\1`; more digits belong to it as long as there are so many groups.
    fn reference(&mut self, start: usize) -> Node {
        let mut group = 0;
        while let Some(digit) = self.peek().and_then(|next| next.to_digit(10)) {
            let longer = group * 10 + digit as usize;
            if group > 0 && longer > self.groups {
                break;
            }
            group = longer;
            self.bump();
        }
        if self.reference.is_none_or(|(highest, _)| group > highest) {
            self.reference = Some((group, start));
        }
        Node::Back(group, self.flags.fold())
    }

    /// Inside and outside of classes.
    pub(super) fn escaped(&mut self, start: usize) -> Result<Escaped, SyntaxError> {
        let Some(unit) = self.bump() else {
            return Err(SyntaxError::new(start, "a character is expected after `\\`"));
        };
        let character = match unit.character {
            't' => '\t',
            'n' => '\n',
            'r' => '\r',
            'f' => '\u{c}',
            'a' => '\u{7}',
            'e' => '\u{1b}',
            '0' => self.octal(start)?,
            'x' => self.hexadecimal(start)?,
            'u' => self.code_units(start)?,
            'c' => self.control(start)?,
            'p' | 'P' => return self.property(unit.character == 'P', start).map(Escaped::Set),
            letter if letter.is_ascii_alphanumeric() => {
                let set = Set::named(letter, self.flags.is_unicode_class);
                return set.map(Escaped::Set).ok_or_else(|| unknown(letter, start));
            }
            other => other,
        };
        Ok(Escaped::Character(character))
    }

    /// `\0` and up to three octal digits, at most 377.
    fn octal(&mut self, start: usize) -> Result<char, SyntaxError> {
        let mut code: Option<u32> = None;
        for _ in 0..3 {
            let Some(digit) = self.peek().and_then(|next| next.to_digit(8)) else { break };
            let longer = code.unwrap_or(0) * 8 + digit;
            if longer > 0o377 {
                break;
            }
            code = Some(longer);
            self.bump();
        }
        code.and_then(char::from_u32)
            .ok_or_else(|| SyntaxError::new(start, "octal digits are expected after `\\0`"))
    }

    /// `\x41`, `\x{1F600}`
    fn hexadecimal(&mut self, start: usize) -> Result<char, SyntaxError> {
        let wrong = || SyntaxError::new(start, "a character is written as `\\x41` or `\\x{1F600}`");
        let code = if self.take('{') {
            let code = self.digits(1, 8).ok_or_else(wrong)?;
            if !self.take('}') {
                return Err(wrong());
            }
            code
        } else {
            self.digits(2, 2).ok_or_else(wrong)?
        };
        char::from_u32(code).ok_or_else(wrong)
    }

    /// `\u0041`, and two of them for a character beyond the first 65536.
    fn code_units(&mut self, start: usize) -> Result<char, SyntaxError> {
        let wrong =
            || SyntaxError::new(start, "`\\u` and four hexadecimal digits are no character");
        let high = self.digits(4, 4).ok_or_else(wrong)?;
        let mut code = high;
        if (0xD800..0xDC00).contains(&high) && self.take_all("\\u") {
            let low = self.digits(4, 4).filter(|low| (0xDC00..0xE000).contains(low));
            code = 0x1_0000 + ((high - 0xD800) << 10) + (low.ok_or_else(wrong)? - 0xDC00);
        }
        char::from_u32(code).ok_or_else(wrong)
    }

    fn digits(&mut self, least: usize, most: usize) -> Option<u32> {
        let mut digits = String::new();
        while digits.len() < most {
            let Some(digit) = self.peek().filter(char::is_ascii_hexdigit) else { break };
            digits.push(digit);
            self.bump();
        }
        if digits.len() < least {
            return None;
        }
        u32::from_str_radix(&digits, 16).ok()
    }

    /// `\cA`
    fn control(&mut self, start: usize) -> Result<char, SyntaxError> {
        let next = self.bump().map(|unit| unit.character).filter(char::is_ascii);
        next.and_then(|next| char::from_u32(u32::from(next) ^ 64))
            .ok_or_else(|| SyntaxError::new(start, "a character of ASCII is expected after `\\c`"))
    }
}

fn unknown(letter: char, start: usize) -> SyntaxError {
    let message = match letter {
        'X' | 'N' => format!("`\\{letter}` is not supported"),
        'E' => "`\\E` ends nothing: there is no `\\Q` before it".to_owned(),
        _ => format!("`\\{letter}` means nothing"),
    };
    SyntaxError::new(start, message)
}
