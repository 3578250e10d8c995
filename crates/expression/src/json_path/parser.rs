//! Reads paths.

mod filter;
mod literal;

use super::cursor::Cursor;
use super::syntax::{Function, Operand, Path, Select, Slice, Step, Tail};
use crate::SyntaxError;

/// Longer and deeper ones are refused.
const MOST_BYTES: usize = 64 * 1024;
const MOST_LEVELS: usize = 32;
const MOST_STEPS: usize = 256;

pub(super) fn parse(text: &str) -> Result<Path, SyntaxError> {
    if text.len() > MOST_BYTES {
        return Err(SyntaxError::new(MOST_BYTES, "a path has at most 65536 bytes"));
    }
    let mut parser = Parser { cursor: Cursor::new(text), levels: 0, is_inside: false };
    parser.cursor.skip_space();
    let path = parser.whole()?;
    parser.cursor.skip_space();
    match parser.cursor.peek() {
        None => Ok(path),
        Some(_) => Err(parser.cursor.unexpected("`.`, `[` or the end of the path")),
    }
}

struct Parser<'t> {
    cursor: Cursor<'t>,
    levels: usize,
    /// Whether a filter or the arguments of a function surround the path, so that their signs end it.
    is_inside: bool,
}

impl Parser<'_> {
    fn whole(&mut self) -> Result<Path, SyntaxError> {
        match self.cursor.peek() {
            None => Err(self.cursor.error("a path is expected, such as `$.name`")),
            Some('$' | '@') => self.path(),
            Some('[') => self.steps(false),
            Some(_) => {
                let mut steps = Vec::new();
                match self.child(false, &mut steps)? {
                    None => self.go_on(false, steps),
                    Some(tail) => Ok(Path { is_relative: false, steps, tail: Some(tail) }),
                }
            }
        }
    }

    /// A path from `$` or `@` on.
    fn path(&mut self) -> Result<Path, SyntaxError> {
        let is_relative = self.cursor.peek() == Some('@');
        self.cursor.next();
        self.steps(is_relative)
    }

    fn steps(&mut self, is_relative: bool) -> Result<Path, SyntaxError> {
        self.go_on(is_relative, Vec::new())
    }

    fn go_on(&mut self, is_relative: bool, mut steps: Vec<Step>) -> Result<Path, SyntaxError> {
        loop {
            if steps.len() > MOST_STEPS {
                return Err(self.cursor.error("a path has at most 256 steps"));
            }
            let is_deep = self.cursor.take("..");
            if !is_deep && self.cursor.peek() == Some('[') {
                self.bracket(false, &mut steps)?;
            } else if is_deep || self.cursor.take(".") {
                if let Some(tail) = self.child(is_deep, &mut steps)? {
                    return Ok(Path { is_relative, steps, tail: Some(tail) });
                }
            } else {
                return Ok(merged(is_relative, steps));
            }
        }
    }

    /// What stands after a dot.
    fn child(&mut self, is_deep: bool, steps: &mut Vec<Step>) -> Result<Option<Tail>, SyntaxError> {
        if self.cursor.peek() == Some('[') {
            self.bracket(is_deep, steps)?;
            return Ok(None);
        }
        if self.cursor.take("*") {
            steps.push(Step { is_deep, select: Select::Every });
            return Ok(None);
        }
        let start = self.cursor.at();
        let name = self.name();
        if name.is_empty() {
            return Err(self.cursor.unexpected("a name, `*` or `[`"));
        }
        if self.cursor.peek() != Some('(') {
            steps.push(Step { is_deep, select: Select::Names(vec![name.into()]) });
            return Ok(None);
        }
        let Some(function) = Function::named(&name) else {
            return Err(SyntaxError::new(start, unknown_function(&name)));
        };
        if is_deep {
            steps.push(Step { is_deep, select: Select::Every });
        }
        self.call(function).map(Some)
    }

    fn name(&mut self) -> String {
        let is_inside = self.is_inside;
        let mut name = String::new();
        while let Some(next) = self.cursor.peek() {
            let ends = matches!(next, '.' | '[' | '(') || next.is_whitespace();
            if ends || is_inside && ends_operand(self.cursor.rest()) {
                break;
            }
            name.push(next);
            self.cursor.next();
        }
        name
    }

    fn call(&mut self, function: Function) -> Result<Tail, SyntaxError> {
        self.cursor.expect("(")?;
        let arguments = self.within(Self::arguments)?;
        if function == Function::Index && arguments.len() != 1 {
            return Err(self.cursor.error("`index` takes one number, such as `index(0)`"));
        }
        let goes_on = matches!(self.cursor.peek(), Some('.' | '['));
        let then = if goes_on { Some(Box::new(self.within_same(true)?)) } else { None };
        Ok(Tail::Call { function, arguments, then })
    }

    fn arguments(&mut self) -> Result<Vec<Operand>, SyntaxError> {
        let mut arguments = Vec::new();
        self.cursor.skip_space();
        if self.cursor.take(")") {
            return Ok(arguments);
        }
        loop {
            self.cursor.skip_space();
            arguments.push(self.operand()?);
            self.cursor.skip_space();
            if self.cursor.take(")") {
                return Ok(arguments);
            }
            self.cursor.expect(",")?;
        }
    }

    fn bracket(&mut self, is_deep: bool, steps: &mut Vec<Step>) -> Result<(), SyntaxError> {
        self.cursor.expect("[")?;
        self.cursor.skip_space();
        let select = match self.cursor.peek() {
            Some('*') => {
                self.cursor.next();
                Select::Every
            }
            Some('?') => {
                self.cursor.next();
                Select::Filter(self.within(Self::filter)?)
            }
            Some('\'' | '"') => self.names()?,
            Some('-' | '0'..='9' | ':') => self.numbers()?,
            _ => return Err(self.cursor.unexpected("a quoted name, a number, `*` or `?(`")),
        };
        self.cursor.skip_space();
        self.cursor.expect("]")?;
        steps.push(Step { is_deep, select });
        Ok(())
    }

    fn names(&mut self) -> Result<Select, SyntaxError> {
        let mut names = Vec::new();
        loop {
            self.cursor.skip_space();
            names.push(self.quoted()?.into_boxed_str());
            self.cursor.skip_space();
            if !self.cursor.take(",") {
                return Ok(Select::Names(names));
            }
        }
    }

    fn numbers(&mut self) -> Result<Select, SyntaxError> {
        let first = self.optional_number()?;
        self.cursor.skip_space();
        if self.cursor.take(":") {
            return self.slice(first);
        }
        let mut indexes: Vec<i64> = first.into_iter().collect();
        while self.cursor.take(",") {
            self.cursor.skip_space();
            indexes.push(self.number()?);
            self.cursor.skip_space();
        }
        Ok(Select::Indexes(indexes))
    }

    fn slice(&mut self, from: Option<i64>) -> Result<Select, SyntaxError> {
        self.cursor.skip_space();
        let to = self.optional_number()?;
        self.cursor.skip_space();
        let mut step = 1;
        if self.cursor.take(":") {
            self.cursor.skip_space();
            step = self.optional_number()?.unwrap_or(1);
        }
        if step == 0 {
            return Err(self.cursor.error("the step of a slice is not 0"));
        }
        Ok(Select::Slice(Slice { from, to, step }))
    }

    fn optional_number(&mut self) -> Result<Option<i64>, SyntaxError> {
        match self.cursor.peek() {
            Some('-' | '0'..='9') => self.number().map(Some),
            _ => Ok(None),
        }
    }

    fn number(&mut self) -> Result<i64, SyntaxError> {
        let start = self.cursor.at();
        let sign = if self.cursor.take("-") { "-" } else { "" };
        let digits = self.cursor.take_while(|next| next.is_ascii_digit());
        let number: Option<i64> = format!("{sign}{digits}").parse().ok();
        // So that no arithmetic on places overflows.
        number
            .filter(|number| number.abs_diff(0) <= u64::from(u32::MAX))
            .ok_or_else(|| SyntaxError::new(start, "a number is expected, such as `0` or `-1`"))
    }

    /// One level deeper, where a filter or a function surrounds what is read.
    fn within<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, SyntaxError>,
    ) -> Result<T, SyntaxError> {
        let was_inside = std::mem::replace(&mut self.is_inside, true);
        let read = self.deeper(read);
        self.is_inside = was_inside;
        read
    }

    fn within_same(&mut self, is_relative: bool) -> Result<Path, SyntaxError> {
        self.deeper(|parser| parser.steps(is_relative))
    }

    fn deeper<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, SyntaxError>,
    ) -> Result<T, SyntaxError> {
        if self.levels == MOST_LEVELS {
            return Err(self.cursor.error("a path is at most 32 levels deep"));
        }
        self.levels += 1;
        let read = read(self);
        self.levels -= 1;
        read
    }
}

/// Whether a sign of the surrounding filter or function comes next.
fn ends_operand(rest: &str) -> bool {
    rest.starts_with([')', ']', ',', '=', '<', '>', '!', '~', '?'])
        || rest.starts_with("&&")
        || rest.starts_with("||")
}

fn merged(is_relative: bool, mut steps: Vec<Step>) -> Path {
    match steps.pop() {
        Some(Step { is_deep, select: Select::Names(names) }) if names.len() > 1 => {
            Path { is_relative, steps, tail: Some(Tail::Merge { is_deep, names }) }
        }
        last => {
            steps.extend(last);
            Path { is_relative, steps, tail: None }
        }
    }
}

fn unknown_function(name: &str) -> String {
    format!(
        "`{name}` is no function; there are length, size, min, max, avg, stddev, sum, keys, \
         concat, append, first, last and index"
    )
}
