//! The JSONPath after a root, and the values that are put into it.

use super::cursor::is_name;
use super::node::{Node, Piece, Tail};
use super::parse::{Parser, SUM, begins_value};
use crate::budget::SyntaxError;
use crate::json_path::JsonPath;

/// The functions that may end a path.
const PATH_FUNCTIONS: [&str; 10] =
    ["length", "size", "min", "max", "avg", "sum", "stddev", "keys", "first", "last"];

/// A path that is being read.
struct Path {
    pieces: Vec<Piece>,
    literal: String,
    is_payload: bool,
}

impl Parser<'_> {
    /// Reads as much of a path as stands here; `is_payload` says what `$` in it means.
    pub(super) fn tail(&mut self, is_payload: bool) -> Result<Tail, SyntaxError> {
        let start = self.cursor.at();
        let mut path = Path { pieces: Vec::new(), literal: "$".to_owned(), is_payload };
        while self.step(&mut path)? {}
        path.finish(start)
    }

    /// One step of a path; whether there was one.
    fn step(&mut self, path: &mut Path) -> Result<bool, SyntaxError> {
        let dots = if self.cursor.eat("..") { ".." } else { "." };
        let has_dot = dots == ".." || self.cursor.eat(".");
        match self.cursor.peek() {
            Some('[') => {
                path.literal.push_str(if dots == ".." { dots } else { "" });
                self.nested(|it| it.bracket(path))?;
            }
            _ if !has_dot => return Ok(false),
            Some('*') => {
                self.cursor.eat("*");
                path.literal.push_str(dots);
                path.literal.push('*');
            }
            Some('"' | '\'') if dots == "." => {
                let name = self.cursor.string()?;
                path.literal.push('[');
                path.literal.push_str(&quoted(&name));
                path.literal.push(']');
            }
            _ => self.member(dots, path)?,
        }
        Ok(true)
    }

    fn member(&mut self, dots: &str, path: &mut Path) -> Result<(), SyntaxError> {
        let at = self.cursor.at();
        let name = self.cursor.name("a member")?;
        path.literal.push_str(dots);
        path.literal.push_str(name);
        if !self.cursor.eat("(") {
            return Ok(());
        }
        if !PATH_FUNCTIONS.contains(&name) {
            let known = PATH_FUNCTIONS.join("(), ");
            let message = format!("`{name}` is no function of a path; there are {known}()");
            return Err(SyntaxError::new(at, message));
        }
        self.cursor.expect(")", "after the function of the path")?;
        path.literal.push_str("()");
        Ok(())
    }

    fn bracket(&mut self, path: &mut Path) -> Result<(), SyntaxError> {
        self.cursor.eat("[");
        path.literal.push('[');
        self.cursor.skip_space();
        if self.cursor.peek() == Some('?') { self.filter(path) } else { self.indexes(path) }
    }

    /// `0`, `"name"`, `*`, `1:3`, or expressions in such places.
    fn indexes(&mut self, path: &mut Path) -> Result<(), SyntaxError> {
        let mut wants_item = true;
        loop {
            self.cursor.skip_space();
            match self.cursor.peek() {
                None => return Err(self.cursor.error("`]` is missing after the index")),
                Some(found @ (']' | ',' | ':')) => {
                    self.cursor.next();
                    path.literal.push(found);
                    wants_item = true;
                    if found == ']' {
                        return Ok(());
                    }
                }
                Some(_) if !wants_item => {
                    return Err(self.cursor.error("`]` is missing after the index"));
                }
                Some('*') => {
                    self.cursor.next();
                    path.literal.push('*');
                    wants_item = false;
                }
                Some(_) => {
                    let item = self.level(SUM)?;
                    path.put(item);
                    wants_item = false;
                }
            }
        }
    }

    /// `?(…)` up to the bracket that closes it, with values of the scope taken out.
    fn filter(&mut self, path: &mut Path) -> Result<(), SyntaxError> {
        let mut open = 1;
        while open > 0 {
            match self.cursor.peek() {
                None => return Err(self.cursor.error("`]` is missing after the filter")),
                Some('"' | '\'') => path.literal.push_str(self.cursor.raw_string()?),
                Some('$') if !path.is_payload => self.value(path)?,
                Some('=') if self.cursor.eat("=~") => self.pattern(path)?,
                Some(found) if is_name(found) => self.filter_word(path)?,
                Some(found) => {
                    self.cursor.next();
                    path.literal.push(found);
                    open += usize::from(found == '[');
                    open -= usize::from(found == ']');
                }
            }
        }
        Ok(())
    }

    /// A regular expression between slashes, whose brackets and quotes mean nothing here.
    fn pattern(&mut self, path: &mut Path) -> Result<(), SyntaxError> {
        path.literal.push_str("=~ ");
        self.cursor.skip_space();
        if !self.cursor.eat("/") {
            return Ok(());
        }
        path.literal.push('/');
        loop {
            let found = self.cursor.next();
            let Some(it) = found else {
                return Err(self.cursor.error("the `/` that ends the pattern is missing"));
            };
            path.literal.push(it);
            match it {
                '/' => return Ok(()),
                '\\' => path.literal.extend(self.cursor.next()),
                _ => {}
            }
        }
    }

    fn filter_word(&mut self, path: &mut Path) -> Result<(), SyntaxError> {
        let is_member = matches!(self.cursor.previous(), Some('.' | '@' | '$'));
        let rest = self.cursor.rest();
        let end = rest.find(|it| !is_name(it)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        if !is_member && begins_value(word, after) {
            return self.value(path);
        }
        path.literal.push_str(self.cursor.take_while(is_name));
        Ok(())
    }

    fn value(&mut self, path: &mut Path) -> Result<(), SyntaxError> {
        let node = self.nested(Self::primary)?;
        path.put(node);
        Ok(())
    }
}

impl Path {
    fn put(&mut self, node: Node) {
        if let Node::Constant(value) = &node {
            self.literal.push_str(&literal(value));
            return;
        }
        self.pieces.push(Piece::Literal(std::mem::take(&mut self.literal)));
        self.pieces.push(Piece::Value(node));
    }

    fn finish(mut self, start: usize) -> Result<Tail, SyntaxError> {
        if self.pieces.is_empty() && self.literal == "$" {
            return Ok(Tail::None);
        }
        self.pieces.push(Piece::Literal(self.literal));
        // Any number does for a check of what is around the values.
        let sample: String = self.pieces.iter().map(Piece::sample).collect();
        let path = JsonPath::compile(&sample).map_err(|error| {
            let within = error.offset.saturating_sub(1);
            SyntaxError::new(start + within, error.message)
        })?;
        let is_fixed = self.pieces.len() == 1;
        Ok(if is_fixed { Tail::Fixed(path) } else { Tail::Made(self.pieces) })
    }
}

impl Piece {
    fn sample(&self) -> &str {
        match self {
            Self::Literal(text) => text,
            Self::Value(_) => "0",
        }
    }
}

/// A value as it stands in a path.
pub(super) fn literal(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::String(text) => quoted(text),
        other => other.to_string(),
    }
}

fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('\'');
    for it in text.chars() {
        if matches!(it, '\'' | '\\') {
            out.push('\\');
        }
        out.push(it);
    }
    out.push('\'');
    out
}
