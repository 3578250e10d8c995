//! Answers filters.
//!
//! Text and numbers compare as Jayway compares them: a number equals a text that says the same number.

use std::borrow::Cow;
use std::cmp::Ordering;

use serde_json::{Number, Value};

use super::syntax::{Comparison, Operand, Path, Test};
use super::{Found, text_of, walk};
use crate::{Budget, Exhausted, JavaRegex};

/// Bytes of a text that count as one step when a pattern looks at it.
const BYTES_PER_STEP: usize = 64;

/// Whether a value passes; `current` is what `@` means.
pub(super) fn holds(
    test: &Test,
    root: &Value,
    current: &Value,
    budget: &mut Budget,
) -> Result<bool, Exhausted> {
    budget.spend(1)?;
    match test {
        Test::Constant(value) => Ok(*value),
        Test::Not(test) => Ok(!holds(test, root, current, budget)?),
        Test::Exists(path) => exists(path, root, current, budget),
        Test::Any(tests) => {
            for test in tests {
                if holds(test, root, current, budget)? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        Test::All(tests) => {
            for test in tests {
                if !holds(test, root, current, budget)? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        Test::Compare(Operand::Pattern(pattern), _, other)
        | Test::Compare(other, _, Operand::Pattern(pattern)) => {
            let value = operand(other, root, current, budget)?;
            matches(pattern, &value, budget)
        }
        Test::Compare(left, comparison, right) => {
            let left = operand(left, root, current, budget)?;
            let right = operand(right, root, current, budget)?;
            compare(&left, *comparison, &right, budget)
        }
    }
}

/// What one side of a comparison, or an argument, stands for.
pub(super) fn operand<'x>(
    operand: &'x Operand,
    root: &'x Value,
    current: &'x Value,
    budget: &mut Budget,
) -> Result<Found<'x>, Exhausted> {
    match operand {
        Operand::Literal(value) => Ok(Found::One(Cow::Borrowed(value))),
        Operand::Path(path) => walk::evaluate(path, root, current, budget),
        Operand::Pattern(_) => Ok(Found::Missing),
    }
}

fn exists(
    path: &Path,
    root: &Value,
    current: &Value,
    budget: &mut Budget,
) -> Result<bool, Exhausted> {
    Ok(!walk::evaluate(path, root, current, budget)?.is_missing())
}

fn compare(
    left: &Found<'_>,
    comparison: Comparison,
    right: &Found<'_>,
    budget: &mut Budget,
) -> Result<bool, Exhausted> {
    let order = |is_wanted: fn(Ordering) -> bool| order(left, right).is_some_and(is_wanted);
    Ok(match comparison {
        Comparison::Equal => equal(left, right),
        Comparison::Differs => !equal(left, right),
        Comparison::Same => is_same_type(left, right) && equal(left, right),
        Comparison::NotSame => !(is_same_type(left, right) && equal(left, right)),
        Comparison::Less => order(Ordering::is_lt),
        Comparison::AtMost => order(Ordering::is_le),
        Comparison::Greater => order(Ordering::is_gt),
        Comparison::AtLeast => order(Ordering::is_ge),
        Comparison::Size => has_size(left, right),
        Comparison::Empty => is_empty(left, right),
        Comparison::Contains => return contains(left, right, budget),
        Comparison::In => return is_in(left, right, budget),
        Comparison::NotIn => return Ok(!is_in(left, right, budget)?),
        Comparison::All => return within(right, left, budget),
        Comparison::SubsetOf => return within(left, right, budget),
        Comparison::AnyOf => return Ok(overlap(left, right, budget)?.unwrap_or(false)),
        Comparison::NoneOf => return Ok(!overlap(left, right, budget)?.unwrap_or(true)),
        // Its pattern was looked for before.
        Comparison::Matches => false,
    })
}

/// The one value; an indefinite path has none.
fn one<'x>(found: &'x Found<'_>) -> Option<&'x Value> {
    match found {
        Found::One(value) => Some(value),
        Found::Missing | Found::Many(_) => None,
    }
}

/// The items of an array, or of what an indefinite path found.
fn items<'x>(found: &'x Found<'_>) -> Option<Vec<&'x Value>> {
    match found {
        Found::Missing => None,
        Found::One(value) => Some(value.as_array()?.iter().collect()),
        Found::Many(values) => Some(values.iter().map(AsRef::as_ref).collect()),
    }
}

fn equal(left: &Found<'_>, right: &Found<'_>) -> bool {
    if let (Some(left), Some(right)) = (one(left), one(right)) {
        return is_same(left, right);
    }
    match (items(left), items(right)) {
        (Some(left), Some(right)) => left == right,
        _ => false,
    }
}

fn is_same_type(left: &Found<'_>, right: &Found<'_>) -> bool {
    match (one(left), one(right)) {
        (Some(left), Some(right)) => std::mem::discriminant(left) == std::mem::discriminant(right),
        _ => items(left).is_some() && items(right).is_some(),
    }
}

fn is_same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => {
            number_order(left, right) == Some(Ordering::Equal)
        }
        (Value::Number(left), Value::String(text)) => {
            text.trim().parse::<f64>().ok().is_some_and(|right| left.as_f64() == Some(right))
        }
        (Value::String(text), Value::Number(right)) => *text == right.to_string(),
        (left, right) => left == right,
    }
}

fn order(left: &Found<'_>, right: &Found<'_>) -> Option<Ordering> {
    match (one(left)?, one(right)?) {
        (Value::Number(left), Value::Number(right)) => number_order(left, right),
        (Value::String(left), Value::String(right)) => Some(left.cmp(right)),
        _ => None,
    }
}

fn number_order(left: &Number, right: &Number) -> Option<Ordering> {
    match (left.as_i128(), right.as_i128()) {
        (Some(left), Some(right)) => Some(left.cmp(&right)),
        _ => left.as_f64()?.partial_cmp(&right.as_f64()?),
    }
}

fn length(found: &Found<'_>) -> Option<usize> {
    if let Some(items) = items(found) {
        return Some(items.len());
    }
    match one(found)? {
        Value::String(text) => Some(text.encode_utf16().count()),
        Value::Object(entries) => Some(entries.len()),
        _ => None,
    }
}

fn has_size(left: &Found<'_>, right: &Found<'_>) -> bool {
    let wanted = one(right).and_then(Value::as_u64);
    length(left).is_some_and(|length| wanted == u64::try_from(length).ok())
}

fn is_empty(left: &Found<'_>, right: &Found<'_>) -> bool {
    let wanted = one(right).and_then(Value::as_bool);
    length(left).is_some_and(|length| wanted == Some(length == 0))
}

fn contains(left: &Found<'_>, right: &Found<'_>, budget: &mut Budget) -> Result<bool, Exhausted> {
    match (one(left), one(right)) {
        (Some(Value::String(text)), Some(Value::String(part))) => Ok(text.contains(part)),
        _ => is_in(right, left, budget),
    }
}

fn is_in(left: &Found<'_>, right: &Found<'_>, budget: &mut Budget) -> Result<bool, Exhausted> {
    match (one(left), items(right)) {
        (Some(value), Some(items)) => is_among(value, &items, budget),
        _ => Ok(false),
    }
}

fn is_among(value: &Value, items: &[&Value], budget: &mut Budget) -> Result<bool, Exhausted> {
    budget.spend(items.len() as u64)?;
    Ok(items.iter().any(|item| is_same(value, item)))
}

/// Whether all items of the first are items of the second.
fn within(part: &Found<'_>, whole: &Found<'_>, budget: &mut Budget) -> Result<bool, Exhausted> {
    let (Some(part), Some(whole)) = (items(part), items(whole)) else { return Ok(false) };
    for value in part {
        if !is_among(value, &whole, budget)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether two lists have an item in common; nothing, where one is no list.
fn overlap(
    left: &Found<'_>,
    right: &Found<'_>,
    budget: &mut Budget,
) -> Result<Option<bool>, Exhausted> {
    let (Some(left), Some(right)) = (items(left), items(right)) else { return Ok(None) };
    for value in left {
        if is_among(value, &right, budget)? {
            return Ok(Some(true));
        }
    }
    Ok(Some(false))
}

/// Whether a pattern fits the whole of a scalar, or of one item of a list.
fn matches(pattern: &JavaRegex, found: &Found<'_>, budget: &mut Budget) -> Result<bool, Exhausted> {
    let candidates = items(found).or_else(|| one(found).map(|value| vec![value]));
    for value in candidates.unwrap_or_default() {
        if value.is_object() || value.is_array() || value.is_null() {
            continue;
        }
        let text = text_of(value);
        budget.spend(1 + (text.len() / BYTES_PER_STEP) as u64)?;
        if pattern.matches(&text)? {
            return Ok(true);
        }
    }
    Ok(false)
}
