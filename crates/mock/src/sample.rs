//! A value for a schema.
//!
//! A value is made, validated, and made again where it is not valid: every place of the value has a
//! *turn*, which says which of its possibilities it takes, and a place where a violation was found
//! takes the next one. What is given is valid, or a reason is given in its place.
//!
//! Examples of the author come first, then defaults, then what the keywords ask for. Circles of
//! references are cut where a property, an item or a branch may be left out.

mod flat;
mod make;
mod number;
mod text;

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use crate::{Problem, Schema, Violation};

/// How often a value is made anew.
const MAX_ROUNDS: usize = 64;
/// How many possibilities of one place are tried before those of the place around it.
const MAX_TURNS: usize = 24;

/// Which of all the values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// The same every time, from examples where there are any.
    Fixed,
    /// Without examples, and another one for each seed.
    Dynamic(u64),
}

/// Which possibility each place takes; places are JSON pointers.
type Turns = HashMap<String, usize>;

/// Makes a value that is valid for a schema.
///
/// # Errors
///
/// Where no value was found, with the place and the reason.
pub fn sample(schema: &Schema, mode: Mode) -> Result<Value, Problem> {
    let mut turns = Turns::new();
    let mut last = None;
    for round in 0..MAX_ROUNDS {
        let mut maker = make::Maker::new(schema, mode, &turns);
        let Ok(value) = maker.whole() else { return last.map_or(Err(Problem::Endless), Err) };
        let copied = maker.copied();
        let violations = schema.violations(&value);
        let Some(first) = violations.first() else { return Ok(value) };
        last = Some(Problem::Unsatisfied {
            pointer: first.pointer.clone(),
            message: first.message.clone(),
        });
        // In the end only the first of them moves on, so that they do not move around each other.
        let count = if round < MAX_ROUNDS / 2 { violations.len() } else { 1 };
        for violation in violations.iter().take(count) {
            advance(violation, &copied, &mut turns);
        }
    }
    last.map_or(Err(Problem::Endless), Err)
}

/// Gives the next turn to the place that a violation is about.
fn advance(violation: &Violation, copied: &HashSet<String>, turns: &mut Turns) {
    if let Some(whole) = ancestors(&violation.pointer).find(|at| copied.contains(*at)) {
        // An example is taken as it is, or not at all.
        *turns.entry(whole.to_owned()).or_default() += 1;
        return;
    }
    let prefix = format!("{}/", violation.pointer);
    let is_choice = matches!(violation.keyword.as_str(), "oneOf" | "anyOf" | "not" | "if");
    let below: Vec<&String> = copied.iter().filter(|at| at.starts_with(&prefix)).collect();
    if is_choice && !below.is_empty() {
        for at in below {
            *turns.entry(at.clone()).or_default() += 1;
        }
        return;
    }
    for at in ancestors(&violation.pointer) {
        let turn = turns.entry(at.to_owned()).or_default();
        if *turn < MAX_TURNS || at.is_empty() {
            *turn += 1;
            return;
        }
    }
}

/// A pointer, and all that lead to it, the deepest first.
fn ancestors(pointer: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(pointer), |at| at.rsplit_once('/').map(|(before, _)| before))
}

#[cfg(test)]
mod tests;
