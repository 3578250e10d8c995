//! Methods of Java that templates call on texts, lists and maps.

use minijinja::{Error, ErrorKind, Value};

use super::engine::{Bounds, Operation, failed, text_of};
use super::filters::{self, argument, bounded, parts_of, text_argument};

const METHODS: &[(&str, Operation)] = &[
    ("equals", filters::equals),
    ("equalsIgnoreCase", equals_ignore_case),
    ("length", filters::length),
    ("size", filters::length),
    ("isEmpty", is_empty),
    ("isBlank", is_blank),
    ("contains", filters::contains),
    ("containsKey", filters::contains),
    ("startsWith", filters::starts_with),
    ("startswith", filters::starts_with),
    ("endsWith", filters::ends_with),
    ("endswith", filters::ends_with),
    ("indexOf", index_of),
    ("split", split),
    ("replace", filters::replace),
    ("concat", concat),
    ("substring", substring),
    ("toLowerCase", filters::lower),
    ("lower", filters::lower),
    ("toUpperCase", filters::upper),
    ("upper", filters::upper),
    ("trim", filters::trim),
    ("strip", filters::trim),
    ("toString", filters::text),
    ("get", get),
    ("keySet", filters::keys),
    ("keys", filters::keys),
    ("entrySet", filters::items),
    ("items", filters::items),
];

/// Calls a method; what is unknown is told with its name.
pub(super) fn call(
    value: &Value,
    name: &str,
    arguments: &[Value],
    bounds: Bounds,
) -> Result<Value, Error> {
    match METHODS.iter().find(|(known, _)| *known == name) {
        Some((_, operation)) => operation(value, arguments, bounds),
        None => Err(Error::new(
            ErrorKind::InvalidOperation,
            format!("the method `{name}` is unknown; use a filter"),
        )),
    }
}

fn equals_ignore_case(value: &Value, arguments: &[Value], bounds: Bounds) -> Result<Value, Error> {
    let other = text_argument(arguments, 0, bounds)?;
    Ok(Value::from(text_of(value, bounds)?.to_lowercase() == other.to_lowercase()))
}

fn is_empty(value: &Value, _: &[Value], _: Bounds) -> Result<Value, Error> {
    Ok(Value::from(value.len().unwrap_or(0) == 0))
}

fn is_blank(value: &Value, _: &[Value], bounds: Bounds) -> Result<Value, Error> {
    Ok(Value::from(text_of(value, bounds)?.trim().is_empty()))
}

/// Characters before the text that is looked for; -1 where it does not occur.
fn index_of(value: &Value, arguments: &[Value], bounds: Bounds) -> Result<Value, Error> {
    let text = text_of(value, bounds)?;
    let wanted = text_argument(arguments, 0, bounds)?;
    Ok(match text.split_once(wanted.as_str()) {
        Some((before, _)) => Value::from(before.chars().count()),
        None => Value::from(-1),
    })
}

/// Parts as in Java: empty ones at the end are left out.
///
/// The separator is taken literally, once a backslash before a sign is removed.
fn split(value: &Value, arguments: &[Value], bounds: Bounds) -> Result<Value, Error> {
    let separator = text_argument(arguments, 0, bounds)?.replace('\\', "");
    let mut parts = parts_of(&text_of(value, bounds)?, &separator, bounds)?;
    while parts.len() > 1 && parts.last().is_some_and(String::is_empty) {
        parts.pop();
    }
    Ok(Value::from(parts))
}

fn concat(value: &Value, arguments: &[Value], bounds: Bounds) -> Result<Value, Error> {
    let text = text_of(value, bounds)? + &text_argument(arguments, 0, bounds)?;
    bounded(text, bounds)
}

fn substring(value: &Value, arguments: &[Value], bounds: Bounds) -> Result<Value, Error> {
    let text = text_of(value, bounds)?;
    let start = position(&argument(arguments, 0))?;
    let end = match arguments.get(1) {
        Some(end) => position(end)?,
        None => usize::MAX,
    };
    let taken: String = text.chars().skip(start).take(end.saturating_sub(start)).collect();
    Ok(Value::from(taken))
}

fn position(value: &Value) -> Result<usize, Error> {
    let number = value.as_i64().and_then(|number| usize::try_from(number).ok());
    number.ok_or_else(|| failed("`substring` takes positions from 0"))
}

fn get(value: &Value, arguments: &[Value], _: Bounds) -> Result<Value, Error> {
    let found = value.get_item(&argument(arguments, 0)).unwrap_or(Value::UNDEFINED);
    Ok(if found.is_undefined() { argument(arguments, 1) } else { found })
}
