//! Reads filters.

use serde_json::Value;

use super::Parser;
use crate::JavaRegex;
use crate::SyntaxError;
use crate::json_path::syntax::{Comparison, Operand, Test};

/// Signs, the longer ones first.
const SIGNS: &[(&str, Comparison)] = &[
    ("===", Comparison::Same),
    ("!==", Comparison::NotSame),
    ("==", Comparison::Equal),
    ("!=", Comparison::Differs),
    ("=~", Comparison::Matches),
    ("<=", Comparison::AtMost),
    (">=", Comparison::AtLeast),
    ("<", Comparison::Less),
    (">", Comparison::Greater),
];

const WORDS: &[(&str, Comparison)] = &[
    ("in", Comparison::In),
    ("nin", Comparison::NotIn),
    ("contains", Comparison::Contains),
    ("all", Comparison::All),
    ("subsetof", Comparison::SubsetOf),
    ("anyof", Comparison::AnyOf),
    ("noneof", Comparison::NoneOf),
    ("size", Comparison::Size),
    ("empty", Comparison::Empty),
];

impl Parser<'_> {
    /// What stands between `[?` and `]`.
    pub(super) fn filter(&mut self) -> Result<Test, SyntaxError> {
        let test = self.any()?;
        self.cursor.skip_space();
        Ok(test)
    }

    fn any(&mut self) -> Result<Test, SyntaxError> {
        let mut tests = vec![self.all()?];
        while self.sign("||") {
            tests.push(self.all()?);
        }
        Ok(if tests.len() > 1 { Test::Any(tests) } else { tests.remove(0) })
    }

    fn all(&mut self) -> Result<Test, SyntaxError> {
        let mut tests = vec![self.single()?];
        while self.sign("&&") {
            tests.push(self.single()?);
        }
        Ok(if tests.len() > 1 { Test::All(tests) } else { tests.remove(0) })
    }

    fn single(&mut self) -> Result<Test, SyntaxError> {
        self.cursor.skip_space();
        if self.cursor.take("!") {
            return Ok(Test::Not(Box::new(self.deeper(Self::single)?)));
        }
        if self.cursor.take("(") {
            let test = self.deeper(Self::any)?;
            self.cursor.skip_space();
            self.cursor.expect(")")?;
            return Ok(test);
        }
        self.compare()
    }

    fn compare(&mut self) -> Result<Test, SyntaxError> {
        let left_at = self.cursor.at();
        let left = self.operand()?;
        self.cursor.skip_space();
        let sign_at = self.cursor.at();
        let Some(comparison) = self.comparison() else {
            return match left {
                Operand::Path(path) => Ok(Test::Exists(path)),
                Operand::Literal(Value::Bool(value)) => Ok(Test::Constant(value)),
                _ => Err(self.cursor.unexpected("`==` or another comparison")),
            };
        };
        self.cursor.skip_space();
        let is_bare_empty = comparison == Comparison::Empty && self.at_end_of_test();
        let right_at = self.cursor.at();
        let right =
            if is_bare_empty { Operand::Literal(Value::Bool(true)) } else { self.operand()? };
        check_pattern(&left, left_at, &right, right_at, comparison, sign_at)?;
        Ok(Test::Compare(left, comparison, right))
    }

    fn at_end_of_test(&self) -> bool {
        let rest = self.cursor.rest();
        rest.starts_with([')', ']']) || rest.starts_with("&&") || rest.starts_with("||")
    }

    fn comparison(&mut self) -> Option<Comparison> {
        let sign = SIGNS.iter().find(|(sign, _)| self.cursor.take(sign));
        sign.or_else(|| WORDS.iter().find(|(word, _)| self.cursor.take_word(word)))
            .map(|(_, comparison)| *comparison)
    }

    /// A path, a pattern or a literal.
    pub(super) fn operand(&mut self) -> Result<Operand, SyntaxError> {
        match self.cursor.peek() {
            Some('$' | '@') => {
                let path = self.deeper(Self::path)?;
                Ok(Operand::Path(path))
            }
            Some('/') => self.pattern(),
            _ => Ok(Operand::Literal(self.literal()?)),
        }
    }

    /// `/expression/flags`
    fn pattern(&mut self) -> Result<Operand, SyntaxError> {
        let start = self.cursor.at();
        self.cursor.next();
        let mut source = String::new();
        loop {
            match self.cursor.next() {
                None => return Err(SyntaxError::new(start, "the `/` is not closed by another")),
                Some('/') => break,
                Some('\\') if self.cursor.take("/") => source.push('/'),
                Some('\\') => {
                    source.push('\\');
                    source.extend(self.cursor.next());
                }
                Some(character) => source.push(character),
            }
        }
        let flags = self.cursor.take_while(|next| next.is_ascii_alphabetic());
        if flags.chars().any(|flag| !"imsduxU".contains(flag)) {
            return Err(self.cursor.error("the flags of a pattern are i, m, s, d, u, x and U"));
        }
        let flagged = if flags.is_empty() { source } else { format!("(?{flags}){source}") };
        let pattern = JavaRegex::compile(&flagged).map_err(|error| {
            SyntaxError::new(start, format!("the pattern is malformed: {}", error.message))
        })?;
        Ok(Operand::Pattern(pattern))
    }

    fn sign(&mut self, sign: &str) -> bool {
        self.cursor.skip_space();
        self.cursor.take(sign)
    }
}

/// Patterns belong to `=~`, on one side of it.
fn check_pattern(
    left: &Operand,
    left_at: usize,
    right: &Operand,
    right_at: usize,
    comparison: Comparison,
    sign_at: usize,
) -> Result<(), SyntaxError> {
    let is_left = matches!(left, Operand::Pattern(_));
    let is_right = matches!(right, Operand::Pattern(_));
    if comparison == Comparison::Matches {
        if is_left == is_right {
            return Err(SyntaxError::new(sign_at, "`=~` stands between a value and a `/pattern/`"));
        }
    } else if is_left || is_right {
        let at = if is_left { left_at } else { right_at };
        return Err(SyntaxError::new(at, "a `/pattern/` is only compared by `=~`"));
    }
    Ok(())
}
