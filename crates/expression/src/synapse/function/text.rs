//! Functions of texts; positions and lengths are in UTF-16 units, as in Java.

use std::borrow::Cow;

use serde_json::Value;

use super::{Arguments, Context, EvaluationError, Outcome, check_length, made};
use crate::java_regex::JavaRegex;
use crate::synapse::evaluate::spend_text;

/// What means more than itself in a regular expression.
const SPECIAL: &str = r"\^$.|?*+()[]{}";

/// Of a text, or of an array.
pub(super) fn length(arguments: &Arguments<'_>, _: &mut Context<'_>) -> Outcome<Value> {
    match arguments.get(0) {
        Value::String(text) => Ok(Value::from(units(text))),
        Value::Array(items) => Ok(Value::from(items.len())),
        _ => Err(arguments.wrong(0, "a text or an array")),
    }
}

pub(super) fn to_lower(arguments: &Arguments<'_>, _: &mut Context<'_>) -> Outcome<Value> {
    made(scalar(arguments)?.to_lowercase())
}

pub(super) fn to_upper(arguments: &Arguments<'_>, _: &mut Context<'_>) -> Outcome<Value> {
    made(scalar(arguments)?.to_uppercase())
}

/// A text, number or boolean as text.
fn scalar<'a>(arguments: &'a Arguments<'_>) -> Outcome<Cow<'a, str>> {
    match arguments.get(0) {
        Value::String(text) => Ok(Cow::Borrowed(text)),
        value @ (Value::Number(_) | Value::Bool(_)) => Ok(Cow::Owned(value.to_string())),
        _ => Err(arguments.wrong(0, "a text")),
    }
}

/// Without control characters and spaces at both ends.
pub(super) fn trim(arguments: &Arguments<'_>, _: &mut Context<'_>) -> Outcome<Value> {
    made(arguments.text(0)?.trim_matches(|it| it <= ' ').to_owned())
}

pub(super) fn starts_with(arguments: &Arguments<'_>, _: &mut Context<'_>) -> Outcome<Value> {
    Ok(Value::Bool(arguments.text(0)?.starts_with(arguments.text(1)?)))
}

pub(super) fn ends_with(arguments: &Arguments<'_>, _: &mut Context<'_>) -> Outcome<Value> {
    Ok(Value::Bool(arguments.text(0)?.ends_with(arguments.text(1)?)))
}

pub(super) fn contains(arguments: &Arguments<'_>, context: &mut Context<'_>) -> Outcome<Value> {
    spend_text(arguments.text(0)?.len(), context.budget)?;
    Ok(Value::Bool(arguments.text(0)?.contains(arguments.text(1)?)))
}

pub(super) fn sub_string(arguments: &Arguments<'_>, _: &mut Context<'_>) -> Outcome<Value> {
    let text = arguments.text(0)?;
    let start = position(text, arguments.integer(1)?)?;
    let end = match arguments.count() {
        2 => text.len(),
        _ => position(text, arguments.integer(2)?)?,
    };
    let found = text.get(start..end).ok_or_else(|| {
        EvaluationError::failed("the third argument, the end, is before the start")
    })?;
    made(found.to_owned())
}

pub(super) fn char_at(arguments: &Arguments<'_>, _: &mut Context<'_>) -> Outcome<Value> {
    let (text, index) = (arguments.text(0)?, arguments.integer(1)?);
    let start = position(text, index)?;
    let found = text.get(start..).and_then(|rest| rest.chars().next());
    found.map(|it| Value::from(it.to_string())).ok_or_else(|| outside(text, index))
}

/// Where the second text is first found in the first one, from a position on; -1 for nowhere.
pub(super) fn index_of(arguments: &Arguments<'_>, context: &mut Context<'_>) -> Outcome<Value> {
    let (text, wanted) = (arguments.text(0)?, arguments.text(1)?);
    spend_text(text.len(), context.budget)?;
    let from = match arguments.count() {
        2 => 0,
        _ => arguments.integer(2)?.clamp(0, units(text)),
    };
    // Behind the first half of a character of two units nothing can begin.
    let start = position(text, from).or_else(|_| position(text, from + 1))?;
    let found = text.get(start..).and_then(|rest| rest.find(wanted));
    let before = found.and_then(|at| text.get(..start + at));
    Ok(Value::from(before.map_or(-1, units)))
}

/// Every occurrence of a text by another one.
pub(super) fn replace(arguments: &Arguments<'_>, context: &mut Context<'_>) -> Outcome<Value> {
    let (text, old, new) = (arguments.text(0)?, arguments.text(1)?, arguments.text(2)?);
    spend_text(text.len(), context.budget)?;
    let count = text.matches(old).count();
    context.budget.spend(count as u64)?;
    check_length((text.len() - count * old.len()).saturating_add(count.saturating_mul(new.len())))?;
    made(text.replace(old, new))
}

/// At every match of a regular expression; empty texts at the end are left out, as Java does.
pub(super) fn split(arguments: &Arguments<'_>, context: &mut Context<'_>) -> Outcome<Value> {
    let (text, delimiter) = (arguments.text(0)?, arguments.text(1)?);
    spend_text(text.len() + delimiter.len(), context.budget)?;
    let mut parts: Vec<String> = if delimiter.is_empty() {
        text.chars().map(String::from).collect()
    } else if delimiter.contains(|it| SPECIAL.contains(it)) {
        let regex = JavaRegex::compile(delimiter)
            .map_err(|error| EvaluationError::failed(format!("`{delimiter}`: {error}")))?;
        context.budget.spend(delimiter.len() as u64)?;
        regex.split(text)?
    } else {
        text.split(delimiter).map(str::to_owned).collect()
    };
    context.budget.spend(parts.len() as u64)?;
    while parts.last().is_some_and(String::is_empty) {
        parts.pop();
    }
    if text.is_empty() {
        parts.push(String::new());
    }
    Ok(parts.into())
}

/// UTF-16 units.
#[expect(clippy::cast_possible_wrap, reason = "no text has so many")]
fn units(text: &str) -> i64 {
    if text.is_ascii() { text.len() as i64 } else { text.encode_utf16().count() as i64 }
}

/// The byte at a position that is counted in UTF-16 units.
fn position(text: &str, index: i64) -> Outcome<usize> {
    let mut left = usize::try_from(index).map_err(|_| outside(text, index))?;
    if text.is_ascii() {
        return if left <= text.len() { Ok(left) } else { Err(outside(text, index)) };
    }
    for (at, it) in text.char_indices() {
        if left == 0 {
            return Ok(at);
        }
        left = left.checked_sub(it.len_utf16()).ok_or_else(|| {
            EvaluationError::failed(format!("position {index} is within a character"))
        })?;
    }
    if left == 0 { Ok(text.len()) } else { Err(outside(text, index)) }
}

fn outside(text: &str, index: i64) -> EvaluationError {
    let length = units(text);
    EvaluationError::failed(format!("position {index} is outside the text, which has {length}"))
}
