//! Kinds of values, and dates.

use serde_json::Value;

use super::{Arguments, Context, EvaluationError, Outcome, check_length, made};
use crate::synapse::arithmetic;
use crate::synapse::date::{Moment, Pattern};
use crate::synapse::evaluate::{charge, text_of};

pub(super) fn is_number(arguments: &Arguments<'_>, _: &mut Context<'_>) -> Outcome<Value> {
    Ok(Value::Bool(arguments.get(0).is_number()))
}

pub(super) fn is_string(arguments: &Arguments<'_>, _: &mut Context<'_>) -> Outcome<Value> {
    Ok(Value::Bool(arguments.get(0).is_string()))
}

/// An array, or a text that holds one.
pub(super) fn is_array(arguments: &Arguments<'_>, _: &mut Context<'_>) -> Outcome<Value> {
    Ok(Value::Bool(parsed(arguments.get(0), Value::is_array).is_some()))
}

/// An object, or a text that holds one.
pub(super) fn is_object(arguments: &Arguments<'_>, _: &mut Context<'_>) -> Outcome<Value> {
    Ok(Value::Bool(parsed(arguments.get(0), Value::is_object).is_some()))
}

pub(super) fn array(arguments: &Arguments<'_>, _: &mut Context<'_>) -> Outcome<Value> {
    parsed(arguments.get(0), Value::is_array)
        .ok_or_else(|| arguments.wrong(0, "an array, or a text that holds one as JSON"))
}

pub(super) fn object(arguments: &Arguments<'_>, _: &mut Context<'_>) -> Outcome<Value> {
    parsed(arguments.get(0), Value::is_object)
        .ok_or_else(|| arguments.wrong(0, "an object, or a text that holds one as JSON"))
}

/// Also from a text, and from a decimal without digits after the point.
pub(super) fn integer(arguments: &Arguments<'_>, _: &mut Context<'_>) -> Outcome<Value> {
    let value = arguments.get(0);
    let found = match value {
        Value::String(text) => text.parse().ok().map(|it: i64| Value::from(it)),
        _ => value.as_f64().and_then(arithmetic::whole).filter(Value::is_i64),
    };
    let exact = value.as_i64().map(Value::from);
    exact.or(found).ok_or_else(|| arguments.wrong(0, "a whole number, or a text of digits"))
}

pub(super) fn float(arguments: &Arguments<'_>, _: &mut Context<'_>) -> Outcome<Value> {
    let value = arguments.get(0);
    let found = match value {
        Value::String(text) => text.trim().parse().ok(),
        _ => value.as_f64(),
    };
    found
        .and_then(arithmetic::decimal)
        .ok_or_else(|| arguments.wrong(0, "a number, or a text that holds one"))
}

/// A text is true when it is `true` in any case.
pub(super) fn boolean(arguments: &Arguments<'_>, _: &mut Context<'_>) -> Outcome<Value> {
    let value = arguments.get(0);
    let is_true = value.as_str().is_some_and(|text| text.eq_ignore_ascii_case("true"));
    Ok(Value::Bool(value.as_bool().unwrap_or(is_true)))
}

pub(super) fn string(arguments: &Arguments<'_>, context: &mut Context<'_>) -> Outcome<Value> {
    charge(arguments.get(0), context.budget)?;
    made(text_of(arguments.get(0)).into_owned())
}

pub(super) fn not(arguments: &Arguments<'_>, _: &mut Context<'_>) -> Outcome<Value> {
    let value = arguments.get(0).as_bool();
    value.map(|it| Value::Bool(!it)).ok_or_else(|| arguments.wrong(0, "true or false"))
}

/// Milliseconds by a pattern, or a text from one pattern to another.
pub(super) fn format_date_time(arguments: &Arguments<'_>, _: &mut Context<'_>) -> Outcome<Value> {
    let (moment, target) = if arguments.count() == 2 {
        let milliseconds = arguments.integer(0)?;
        let moment = Moment::at(milliseconds).ok_or_else(|| {
            EvaluationError::failed("the first argument is beyond the years 1 to 9999")
        })?;
        (moment, arguments.text(1)?)
    } else {
        let source = pattern(arguments.text(1)?)?;
        let text = arguments.text(0)?;
        let moment = source.parse(text).ok_or_else(|| {
            let wanted = source.source();
            EvaluationError::failed(format!("the first argument is no date written as `{wanted}`"))
        })?;
        (moment, arguments.text(2)?)
    };
    let out = pattern(target)?.format(&moment).ok_or_else(|| {
        EvaluationError::failed(format!("`{target}` asks for more than the date or time has"))
    })?;
    made(out)
}

fn pattern(text: &str) -> Outcome<Pattern<'_>> {
    Pattern::of_formatter(text).ok_or_else(|| {
        let message = "is no pattern of dates; write letters such as yyyy-MM-dd'T'HH:mm:ss";
        EvaluationError::failed(format!("`{text}` {message}"))
    })
}

/// The value, or the one that a text holds as JSON, when it is of the wanted kind.
fn parsed(value: &Value, is_wanted: fn(&Value) -> bool) -> Option<Value> {
    let inside = match value {
        Value::String(text) => {
            check_length(text.len()).ok()?;
            serde_json::from_str(text).ok()?
        }
        other => other.clone(),
    };
    Some(inside).filter(is_wanted)
}
