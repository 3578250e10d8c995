//! Regular expressions in Java's dialect.
//!
//! They are read here, and written anew for one of two engines: one in linear time for nearly all of them,
//! and a backtracking one, held to a number of steps, for look-around, references to groups, possessive repeats,
//! atomic groups, `\G`, `\B`, `^` and `$` of lines, and a `$` in the middle.
//!
//! `\b` knows only letters of ASCII, as since Java 19.
//! What cannot be translated is refused: `\X`, `\N{…}`, blocks (`\p{InGreek}`),
//! repeats of repeats without a group, repeats of places such as `^*`,
//! and an `&&` in a class whose right side is half in brackets.

mod emit;
mod engine;
mod parser;
mod replacement;
mod syntax;
mod units;

use std::sync::Arc;

use crate::{Exhausted, SyntaxError};
use emit::Question;
use engine::{Program, Spans};
use replacement::Part;

/// A compiled regular expression; cheap to clone.
#[derive(Debug, Clone)]
pub struct JavaRegex(Arc<Compiled>);

/// What the groups of a match took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Groups {
    texts: Vec<Option<String>>,
}

#[derive(Debug)]
struct Compiled {
    source: Box<str>,
    whole: Program,
    anywhere: Program,
    groups: usize,
    names: Vec<(String, usize)>,
}

impl JavaRegex {
    /// Reads an expression.
    ///
    /// # Errors
    ///
    /// What is wrong with it, and where.
    pub fn compile(text: &str) -> Result<Self, SyntaxError> {
        let parsed = parser::parse(text)?;
        Ok(Self(Arc::new(Compiled {
            source: text.into(),
            whole: Program::new(&parsed, Question::Whole)?,
            anywhere: Program::new(&parsed, Question::Anywhere)?,
            groups: parsed.groups,
            names: parsed.names,
        })))
    }

    /// The expression as it was written.
    pub fn source(&self) -> &str {
        &self.0.source
    }

    /// How many groups it has, without group 0, the whole match.
    pub fn group_count(&self) -> usize {
        self.0.groups
    }

    /// The number of a named group.
    pub fn group_named(&self, name: &str) -> Option<usize> {
        self.0.names.iter().find(|(known, _)| known == name).map(|(_, group)| *group)
    }

    /// Whether it is answered in linear time, whatever the text.
    pub fn is_linear(&self) -> bool {
        self.0.whole.is_linear() && self.0.anywhere.is_linear()
    }

    /// Whether it matches the whole text.
    ///
    /// # Errors
    ///
    /// It takes too many steps.
    pub fn matches(&self, text: &str) -> Result<bool, Exhausted> {
        self.0.whole.is_match(text)
    }

    /// Whether it matches anywhere in the text.
    ///
    /// # Errors
    ///
    /// It takes too many steps.
    pub fn find(&self, text: &str) -> Result<bool, Exhausted> {
        self.0.anywhere.is_match(text)
    }

    /// The groups, if it matches the whole text.
    ///
    /// # Errors
    ///
    /// It takes too many steps.
    pub fn captures(&self, text: &str) -> Result<Option<Groups>, Exhausted> {
        Ok(self.0.whole.spans(text, 0)?.map(|spans| Groups::new(text, &spans)))
    }

    /// The groups of the first match anywhere in the text.
    ///
    /// # Errors
    ///
    /// It takes too many steps.
    pub fn find_captures(&self, text: &str) -> Result<Option<Groups>, Exhausted> {
        Ok(self.0.anywhere.spans(text, 0)?.map(|spans| Groups::new(text, &spans)))
    }

    /// Says what is wrong with a replacement: a `$` without a group, or a `\` at its end.
    ///
    /// # Errors
    ///
    /// What is wrong with it, and where.
    pub fn check_replacement(&self, replacement: &str) -> Result<(), SyntaxError> {
        self.parts(replacement).map(drop)
    }

    /// Puts the replacement in the place of each match: `$1` and `${name}` are groups, `\$` is a `$`.
    /// A replacement that [`check_replacement`](Self::check_replacement) refuses is taken as it stands.
    ///
    /// # Errors
    ///
    /// It takes too many steps.
    pub fn replace_all(&self, text: &str, replacement: &str) -> Result<String, Exhausted> {
        let parts =
            self.parts(replacement).unwrap_or_else(|_| vec![Part::Text(replacement.to_owned())]);
        let mut replaced = String::with_capacity(text.len());
        let mut rest = 0;
        self.each(text, |spans| {
            let (from, to) = whole(spans);
            replaced.push_str(text.get(rest..from).unwrap_or_default());
            for part in &parts {
                replaced.push_str(match part {
                    Part::Text(text) => text,
                    Part::Group(group) => taken(text, spans, *group).unwrap_or_default(),
                });
            }
            rest = to;
        })?;
        replaced.push_str(text.get(rest..).unwrap_or_default());
        Ok(replaced)
    }

    /// The pieces between the matches, without the empty ones at the end,
    /// and without an empty one that a match of nothing leaves at the start.
    ///
    /// # Errors
    ///
    /// It takes too many steps.
    pub fn split(&self, text: &str) -> Result<Vec<String>, Exhausted> {
        let mut pieces: Vec<String> = Vec::new();
        let mut rest = 0;
        let mut is_split = false;
        self.each(text, |spans| {
            let (from, to) = whole(spans);
            if to > 0 {
                is_split = true;
                pieces.push(text.get(rest..from).unwrap_or_default().to_owned());
                rest = to;
            }
        })?;
        if !is_split {
            return Ok(vec![text.to_owned()]);
        }
        pieces.push(text.get(rest..).unwrap_or_default().to_owned());
        while pieces.last().is_some_and(String::is_empty) {
            pieces.pop();
        }
        Ok(pieces)
    }

    fn parts(&self, replacement: &str) -> Result<Vec<Part>, SyntaxError> {
        replacement::parse(replacement, self.group_count(), |name| self.group_named(name))
    }

    /// Goes through all matches; one of nothing may follow another directly, as in Java.
    fn each(&self, text: &str, mut take: impl FnMut(&Spans)) -> Result<(), Exhausted> {
        let mut next = Some(0);
        while let Some(from) = next {
            let Some(spans) = self.0.anywhere.spans(text, from)? else { return Ok(()) };
            let (start, end) = whole(&spans);
            take(&spans);
            next = if end > start { Some(end) } else { after(text, end) };
        }
        Ok(())
    }
}

impl Groups {
    fn new(text: &str, spans: &Spans) -> Self {
        let texts = (0..spans.len()).map(|group| taken(text, spans, group).map(str::to_owned));
        Self { texts: texts.collect() }
    }

    /// What a group took; group 0 is the whole match.
    pub fn text(&self, group: usize) -> Option<&str> {
        self.texts.get(group)?.as_deref()
    }
}

fn whole(spans: &Spans) -> (usize, usize) {
    spans.first().copied().flatten().unwrap_or_default()
}

fn taken<'t>(text: &'t str, spans: &Spans, group: usize) -> Option<&'t str> {
    let (from, to) = spans.get(group).copied().flatten()?;
    text.get(from..to)
}

/// The place after the character at a place; nothing after the end.
fn after(text: &str, at: usize) -> Option<usize> {
    let next = text.get(at..)?.chars().next()?;
    Some(at + next.len_utf8())
}

#[cfg(test)]
mod tests;
