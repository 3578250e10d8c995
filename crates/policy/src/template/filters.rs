//! Filters and tests: what Jinjava has of them and policies use.

use std::cmp::Ordering;

use minijinja::value::{Serde, ValueKind};
use minijinja::{Error, Value};

use super::engine::{Bounds, Operation, failed, json_of, text_of};
use super::{rules, xml_text};

/// Filters by name.
pub(super) const ALL: &[(&str, Operation)] = &[
    (rules::SCALAR, scalar),
    (rules::TEXT, text),
    ("default", default),
    ("d", default),
    ("xml", escape),
    ("escape", escape),
    ("e", escape),
    ("escape_jinjava", text),
    ("safe", text),
    ("string", text),
    ("fromjson", from_json),
    ("tojson", to_json),
    ("replace", replace),
    ("split", split_filter),
    ("join", join),
    ("lower", lower),
    ("upper", upper),
    ("capitalize", capitalize),
    ("trim", trim),
    ("length", length),
    ("count", length),
    ("size", length),
    ("first", first),
    ("last", last),
    ("int", int),
    ("float", float),
    ("bool", boolean),
    ("items", items),
    ("keys", keys),
];

/// Tests by name (`x is …`).
pub(super) const TESTS: &[(&str, Operation)] = &[
    ("defined", |value, _, _| Ok(Value::from(!value.is_undefined()))),
    ("undefined", |value, _, _| Ok(Value::from(value.is_undefined()))),
    ("none", |value, _, _| Ok(Value::from(value.is_none() || value.is_undefined()))),
    ("string", |value, _, _| Ok(Value::from(value.kind() == ValueKind::String))),
    ("number", |value, _, _| Ok(Value::from(value.kind() == ValueKind::Number))),
    ("boolean", |value, _, _| Ok(Value::from(value.kind() == ValueKind::Bool))),
    ("mapping", |value, _, _| Ok(Value::from(value.kind() == ValueKind::Map))),
    ("sequence", |value, _, _| Ok(Value::from(is_list(value)))),
    ("iterable", |value, _, _| Ok(Value::from(is_list(value) || value.kind() == ValueKind::Map))),
    ("truthy", |value, _, _| Ok(Value::from(value.is_true()))),
    ("even", |value, _, _| Ok(Value::from(value.as_i64().is_some_and(|number| number % 2 == 0)))),
    ("odd", |value, _, _| Ok(Value::from(value.as_i64().is_some_and(|number| number % 2 != 0)))),
    ("divisibleby", is_divisible),
    ("eq", equals),
    ("equalto", equals),
    ("containing", contains),
    ("startingwith", starts_with),
    ("endingwith", ends_with),
];

/// An argument, or undefined.
pub(super) fn argument(arguments: &[Value], at: usize) -> Value {
    arguments.get(at).cloned().unwrap_or(Value::UNDEFINED)
}

/// The text of an argument.
pub(super) fn text_argument(
    arguments: &[Value],
    at: usize,
    bounds: Bounds,
) -> Result<String, Error> {
    text_of(&argument(arguments, at), bounds)
}

/// A text that may not be longer than the bounds say.
pub(super) fn bounded(text: String, bounds: Bounds) -> Result<Value, Error> {
    if text.len() > bounds.bytes {
        return Err(too_long(bounds));
    }
    Ok(Value::from(text))
}

pub(super) fn is_list(value: &Value) -> bool {
    matches!(value.kind(), ValueKind::Seq | ValueKind::Iterable)
}

pub(super) fn lower(value: &Value, _: &[Value], bounds: Bounds) -> Result<Value, Error> {
    bounded(text_of(value, bounds)?.to_lowercase(), bounds)
}

pub(super) fn upper(value: &Value, _: &[Value], bounds: Bounds) -> Result<Value, Error> {
    bounded(text_of(value, bounds)?.to_uppercase(), bounds)
}

pub(super) fn trim(value: &Value, _: &[Value], bounds: Bounds) -> Result<Value, Error> {
    Ok(Value::from(text_of(value, bounds)?.trim()))
}

pub(super) fn text(value: &Value, _: &[Value], bounds: Bounds) -> Result<Value, Error> {
    text_of(value, bounds).map(Value::from)
}

/// Characters of a text, items of anything else.
pub(super) fn length(value: &Value, _: &[Value], _: Bounds) -> Result<Value, Error> {
    Ok(Value::from(match value.as_str() {
        Some(text) => text.chars().count(),
        None => value.len().unwrap_or(0),
    }))
}

/// Puts one text in the place of another everywhere; the length is known before it is made.
pub(super) fn replace(value: &Value, arguments: &[Value], bounds: Bounds) -> Result<Value, Error> {
    let text = text_of(value, bounds)?;
    let old = text_argument(arguments, 0, bounds)?;
    let new = text_argument(arguments, 1, bounds)?;
    if old.is_empty() {
        return Ok(Value::from(text));
    }
    let grown = text.matches(old.as_str()).count().saturating_mul(new.len());
    if grown.saturating_add(text.len()) > bounds.bytes.saturating_mul(2) {
        return Err(too_long(bounds));
    }
    bounded(text.replace(&old, &new), bounds)
}

/// Whether the texts of both are the same, whatever their types.
pub(super) fn equals(value: &Value, arguments: &[Value], bounds: Bounds) -> Result<Value, Error> {
    let other = argument(arguments, 0);
    if value.is_undefined() || value.is_none() || other.is_undefined() || other.is_none() {
        return Ok(Value::from(value == &other));
    }
    Ok(Value::from(text_of(value, bounds)? == text_of(&other, bounds)?))
}

pub(super) fn contains(value: &Value, arguments: &[Value], bounds: Bounds) -> Result<Value, Error> {
    let wanted = argument(arguments, 0);
    if is_list(value) {
        return Ok(Value::from(value.try_iter()?.any(|item| item == wanted)));
    }
    if value.kind() == ValueKind::Map {
        return Ok(Value::from(value.try_iter()?.any(|key| key == wanted)));
    }
    let text = text_of(value, bounds)?;
    Ok(Value::from(text.contains(text_of(&wanted, bounds)?.as_str())))
}

pub(super) fn starts_with(
    value: &Value,
    arguments: &[Value],
    bounds: Bounds,
) -> Result<Value, Error> {
    let start = text_argument(arguments, 0, bounds)?;
    Ok(Value::from(text_of(value, bounds)?.starts_with(start.as_str())))
}

pub(super) fn ends_with(
    value: &Value,
    arguments: &[Value],
    bounds: Bounds,
) -> Result<Value, Error> {
    let end = text_argument(arguments, 0, bounds)?;
    Ok(Value::from(text_of(value, bounds)?.ends_with(end.as_str())))
}

pub(super) fn keys(value: &Value, _: &[Value], _: Bounds) -> Result<Value, Error> {
    if value.kind() != ValueKind::Map {
        return Ok(Value::from(Vec::<Value>::new()));
    }
    Ok(Value::from(value.try_iter()?.collect::<Vec<_>>()))
}

/// Pairs of key and value.
pub(super) fn items(value: &Value, _: &[Value], _: Bounds) -> Result<Value, Error> {
    if value.kind() != ValueKind::Map {
        return Ok(Value::from(Vec::<Value>::new()));
    }
    let mut pairs = Vec::new();
    for key in value.try_iter()? {
        let item = value.get_item(&key)?;
        pairs.push(Value::from(vec![key, item]));
    }
    Ok(Value::from(pairs))
}

pub(super) fn join(value: &Value, arguments: &[Value], bounds: Bounds) -> Result<Value, Error> {
    if !is_list(value) {
        return text(value, arguments, bounds);
    }
    let between = text_argument(arguments, 0, bounds)?;
    let mut joined = String::new();
    for (index, item) in value.try_iter()?.enumerate() {
        if index > 0 {
            joined.push_str(&between);
        }
        joined.push_str(&text_of(&item, bounds)?);
        if joined.len() > bounds.bytes {
            return Err(too_long(bounds));
        }
    }
    Ok(Value::from(joined))
}

/// The parts of a text between separators.
pub(super) fn parts_of(text: &str, separator: &str, bounds: Bounds) -> Result<Vec<String>, Error> {
    if separator.is_empty() {
        return Ok(vec![text.to_owned()]);
    }
    let parts: Vec<_> =
        text.split(separator).take(bounds.items.saturating_add(1)).map(str::to_owned).collect();
    if parts.len() > bounds.items {
        return Err(failed(format!("`split` gives at most {} parts", bounds.items)));
    }
    Ok(parts)
}

fn too_long(bounds: Bounds) -> Error {
    failed(format!("a value may have at most {} bytes", bounds.bytes))
}

fn scalar(value: &Value, _: &[Value], _: Bounds) -> Result<Value, Error> {
    match value.kind() {
        ValueKind::Undefined | ValueKind::None => Ok(Value::from("")),
        ValueKind::Bool | ValueKind::Number | ValueKind::String => Ok(value.clone()),
        kind => Err(failed(format!("a {kind} cannot be added or multiplied"))),
    }
}

/// The argument where there is no value; with a true second one, also where it is empty.
fn default(value: &Value, arguments: &[Value], _: Bounds) -> Result<Value, Error> {
    let is_missing = value.is_undefined()
        || value.is_none()
        || (argument(arguments, 1).is_true() && !value.is_true());
    Ok(if is_missing { argument(arguments, 0) } else { value.clone() })
}

fn escape(value: &Value, _: &[Value], bounds: Bounds) -> Result<Value, Error> {
    bounded(xml_text::escape(&text_of(value, bounds)?), bounds)
}

fn to_json(value: &Value, _: &[Value], bounds: Bounds) -> Result<Value, Error> {
    json_of(value, bounds).map(Value::from)
}

/// Reads JSON, also as clients store it: with entities, or with `'` for `"`.
fn from_json(value: &Value, _: &[Value], bounds: Bounds) -> Result<Value, Error> {
    let Some(text) = value.as_str() else { return Ok(value.clone()) };
    if text.len() > bounds.bytes / 4 {
        return Err(failed(format!("JSON of more than {} bytes is not read", bounds.bytes / 4)));
    }
    let unescaped = xml_text::unescape(text);
    let parsed = serde_json::from_str::<serde_json::Value>(text)
        .or_else(|error| serde_json::from_str(&unescaped).map_err(|_| error))
        .or_else(|error| serde_json::from_str(&unescaped.replace('\'', "\"")).map_err(|_| error));
    match parsed {
        Ok(parsed) => Ok(Value::from(Serde(parsed))),
        Err(error) => Err(failed(format!("the value is not JSON: {error}"))),
    }
}

/// Parts without blanks around them, empty ones left out.
fn split_filter(value: &Value, arguments: &[Value], bounds: Bounds) -> Result<Value, Error> {
    let separator = match arguments.first() {
        Some(separator) => text_of(separator, bounds)?,
        None => " ".to_owned(),
    };
    let parts = parts_of(&text_of(value, bounds)?, &separator, bounds)?;
    let parts = parts.iter().map(|part| part.trim()).filter(|part| !part.is_empty());
    Ok(Value::from(parts.map(Value::from).collect::<Vec<_>>()))
}

fn capitalize(value: &Value, _: &[Value], bounds: Bounds) -> Result<Value, Error> {
    let text = text_of(value, bounds)?;
    let mut characters = text.chars();
    let first: String = characters.next().into_iter().flat_map(char::to_uppercase).collect();
    bounded(first + &characters.as_str().to_lowercase(), bounds)
}

fn first(value: &Value, _: &[Value], _: Bounds) -> Result<Value, Error> {
    if let Some(text) = value.as_str() {
        return Ok(text.chars().next().map_or(Value::UNDEFINED, Value::from));
    }
    Ok(value.try_iter()?.next().unwrap_or(Value::UNDEFINED))
}

fn last(value: &Value, _: &[Value], _: Bounds) -> Result<Value, Error> {
    if let Some(text) = value.as_str() {
        return Ok(text.chars().next_back().map_or(Value::UNDEFINED, Value::from));
    }
    Ok(value.try_iter()?.last().unwrap_or(Value::UNDEFINED))
}

fn int(value: &Value, arguments: &[Value], bounds: Bounds) -> Result<Value, Error> {
    let text = text_of(value, bounds)?;
    let whole = text.trim().split('.').next().unwrap_or_default();
    Ok(match whole.parse::<i64>() {
        Ok(number) => Value::from(number),
        Err(_) => arguments.first().cloned().unwrap_or(Value::from(0)),
    })
}

fn float(value: &Value, arguments: &[Value], bounds: Bounds) -> Result<Value, Error> {
    Ok(match text_of(value, bounds)?.trim().parse::<f64>() {
        Ok(number) if number.is_finite() => Value::from(number),
        _ => arguments.first().cloned().unwrap_or(Value::from(0)),
    })
}

/// What clients that send texts mean: `"false"` is false here, although it is true in an `if`.
fn boolean(value: &Value, _: &[Value], bounds: Bounds) -> Result<Value, Error> {
    if value.kind() != ValueKind::String {
        return Ok(Value::from(value.is_true()));
    }
    let text = text_of(value, bounds)?.trim().to_ascii_lowercase();
    Ok(Value::from(matches!(text.as_str(), "true" | "yes" | "on" | "1")))
}

fn is_divisible(value: &Value, arguments: &[Value], _: Bounds) -> Result<Value, Error> {
    let (number, divisor) = (value.as_i64(), argument(arguments, 0).as_i64());
    let rest = number.zip(divisor).and_then(|(number, divisor)| number.checked_rem(divisor));
    Ok(Value::from(rest.map(|rest| rest.cmp(&0)) == Some(Ordering::Equal)))
}
