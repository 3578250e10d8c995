//! The two engines: one in linear time, and one that goes back and is held to a number of steps.

use crate::{Exhausted, SyntaxError};

use super::emit::{self, Emitted, Question};
use super::syntax::Parsed;

/// Bytes of a compiled expression.
const MOST_MEMORY: usize = 4 * 1024 * 1024;
/// Parts of a program of the backtracking engine.
const MOST_PARTS: usize = 100_000;
/// How often the backtracking engine may go back, for one search.
const MOST_STEPS_BACK: usize = 500_000;
/// Longer texts are not shown to the backtracking engine.
const MOST_TEXT: usize = 64 * 1024;

/// Where each group of a match stands, group 0 first.
pub(super) type Spans = Vec<Option<(usize, usize)>>;

#[derive(Debug)]
pub(super) struct Program {
    engine: Engine,
    groups: Vec<usize>,
    marks: Vec<usize>,
}

#[derive(Debug)]
enum Engine {
    Linear(regex::Regex),
    Backtracking(fancy_regex::Regex),
}

impl Program {
    pub(super) fn new(parsed: &Parsed, question: Question) -> Result<Self, SyntaxError> {
        let Emitted { text, is_linear, groups, marks } = emit::emit(parsed, question);
        let engine = if is_linear { linear(&text)? } else { backtracking(&text)? };
        Ok(Self { engine, groups, marks })
    }

    pub(super) fn is_linear(&self) -> bool {
        matches!(self.engine, Engine::Linear(_))
    }

    pub(super) fn is_match(&self, text: &str) -> Result<bool, Exhausted> {
        match &self.engine {
            Engine::Linear(regex) => Ok(regex.is_match(text)),
            Engine::Backtracking(_) if text.len() > MOST_TEXT => Err(Exhausted),
            Engine::Backtracking(regex) => regex.is_match(text).map_err(|_| Exhausted),
        }
    }

    /// The next match from a place on.
    pub(super) fn spans(&self, text: &str, from: usize) -> Result<Option<Spans>, Exhausted> {
        Ok(match &self.engine {
            Engine::Linear(regex) => regex.captures_at(text, from).map(|captures| {
                self.spans_of(|group| captures.get(group).map(|found| (found.start(), found.end())))
            }),
            Engine::Backtracking(_) if text.len() > MOST_TEXT => return Err(Exhausted),
            Engine::Backtracking(regex) => {
                let captures = regex.captures_from_pos(text, from).map_err(|_| Exhausted)?;
                captures.map(|captures| {
                    self.spans_of(|group| {
                        captures.get(group).map(|found| (found.start(), found.end()))
                    })
                })
            }
        })
    }

    /// Groups in the order of the expression, ending at a mark if there is one.
    fn spans_of(&self, span: impl Fn(usize) -> Option<(usize, usize)>) -> Spans {
        let end = self.marks.iter().find_map(|mark| span(*mark)).map(|(start, _)| start);
        let clamp = |(from, to): (usize, usize)| {
            let end = end.unwrap_or(to);
            (from.min(end), to.min(end))
        };
        std::iter::once(&0).chain(&self.groups).map(|group| span(*group).map(clamp)).collect()
    }
}

fn linear(text: &str) -> Result<Engine, SyntaxError> {
    regex::RegexBuilder::new(text).size_limit(MOST_MEMORY).build().map(Engine::Linear).map_err(
        |error| match error {
            regex::Error::CompiledTooBig(_) => too_large(),
            _ => SyntaxError::new(0, "the expression cannot be compiled"),
        },
    )
}

fn backtracking(text: &str) -> Result<Engine, SyntaxError> {
    fancy_regex::RegexBuilder::new(text)
        .backtrack_limit(MOST_STEPS_BACK)
        .delegate_size_limit(MOST_MEMORY)
        .max_prog_size(MOST_PARTS)
        .build()
        .map(Engine::Backtracking)
        .map_err(|error| match error {
            fancy_regex::Error::CompileError(reason) if reason.to_string().contains("size") => {
                too_large()
            }
            error => SyntaxError::new(0, format!("the expression cannot be compiled: {error}")),
        })
}

fn too_large() -> SyntaxError {
    SyntaxError::new(0, "the expression is too large once compiled; repeat less, or smaller parts")
}
