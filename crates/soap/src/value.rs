//! Single values: what they are as JSON, and as text in a message.
//!
//! Numbers of a schema may have more digits than a number of JSON keeps. Those that do are texts,
//! both ways; nothing is ever rounded.
//! Patterns are not checked: the service does that, in its own dialect.

mod number;
#[cfg(test)]
mod tests;

use serde_json::Value;

use crate::mapping::{Builtin, Facets, Kind, Mapping, Simple, TypeRef};
pub(crate) use number::range;

/// So deep may lists and unions be nested; longer chains are circles.
const DEPTH: usize = 16;

/// The text of a value; else what is expected.
///
/// # Errors
///
/// What a value has to be.
pub fn to_text(mapping: &Mapping, type_ref: TypeRef, value: &Value) -> Result<String, String> {
    text_of(mapping, type_ref, value, DEPTH)
}

fn text_of(
    mapping: &Mapping,
    type_ref: TypeRef,
    value: &Value,
    depth: usize,
) -> Result<String, String> {
    let depth = depth.checked_sub(1).ok_or("a type that is not built on itself")?;
    match simple(mapping, type_ref) {
        Found::Builtin(base, facets) => {
            let text = builtin_text(base, value)?;
            facets.map_or(Ok(()), |facets| check(base, facets, &text))?;
            Ok(text)
        }
        Found::List(item) => list_text(mapping, item, value, depth),
        Found::Union(members) => {
            let mut tried = members.iter().map(|one| text_of(mapping, *one, value, depth));
            let names = || members.iter().map(|one| expected(mapping, *one)).collect::<Vec<_>>();
            tried.find_map(Result::ok).ok_or_else(|| names().join(" or "))
        }
    }
}

/// A list is an array, or the text that it becomes.
fn list_text(
    mapping: &Mapping,
    item: TypeRef,
    value: &Value,
    depth: usize,
) -> Result<String, String> {
    let texts: Result<Vec<_>, _> = match value {
        Value::Array(items) => items.iter().map(|one| text_of(mapping, item, one, depth)).collect(),
        Value::String(text) => {
            let words = text.split_whitespace();
            words.map(|one| text_of(mapping, item, &Value::from(one), depth)).collect()
        }
        one => text_of(mapping, item, one, depth).map(|text| vec![text]),
    };
    texts.map(|texts| texts.join(" ")).map_err(|expected| format!("a list of {expected}"))
}

/// The value of a text; a text that its type does not have stays what it is.
#[must_use]
pub fn to_json(mapping: &Mapping, type_ref: TypeRef, text: &str) -> Value {
    json_of(mapping, type_ref, text, DEPTH).unwrap_or_else(|| Value::from(text))
}

fn json_of(mapping: &Mapping, type_ref: TypeRef, text: &str, depth: usize) -> Option<Value> {
    let depth = depth.checked_sub(1)?;
    match simple(mapping, type_ref) {
        Found::Builtin(base, _) => builtin_json(base, text),
        Found::List(item) => {
            let words = text.split_whitespace();
            let or_text =
                |word| json_of(mapping, item, word, depth).unwrap_or_else(|| Value::from(word));
            Some(words.map(or_text).collect())
        }
        // The first that has the text, as the schema wants it.
        Found::Union(members) => members.iter().find_map(|one| {
            let value = json_of(mapping, *one, text, depth)?;
            text_of(mapping, *one, &value, depth).is_ok().then_some(value)
        }),
    }
}

/// What a value of a type is, for people.
#[must_use]
pub fn expected(mapping: &Mapping, type_ref: TypeRef) -> String {
    if let Some(complex) = mapping.complex(type_ref) {
        let what = if complex.array.is_some() { "an array" } else { "an object" };
        return format!("{what} ({})", mapping.called(type_ref));
    }
    match simple(mapping, type_ref) {
        Found::Builtin(base, _) => describe(base),
        Found::List(item) => format!("a list of {}", mapping.called(item)),
        Found::Union(_) => format!("a value of {}", mapping.called(type_ref)),
    }
}

/// What a type of texts is in the end.
pub(crate) enum Found<'a> {
    Builtin(Builtin, Option<&'a Facets>),
    List(TypeRef),
    Union(&'a [TypeRef]),
}

/// A complex type here is one with a text, or a mistake in the mapping; it is read as a text.
pub(crate) fn simple(mapping: &Mapping, type_ref: TypeRef) -> Found<'_> {
    let own = match type_ref {
        TypeRef::Builtin(one) => {
            let list = one.item().map(|item| Found::List(TypeRef::Builtin(item)));
            return list.unwrap_or(Found::Builtin(one, None));
        }
        TypeRef::Own(_) => mapping.own(type_ref),
    };
    match own.map(|one| &one.kind) {
        Some(Kind::Simple(Simple::Restriction(base, facets))) => match base.item() {
            Some(item) => Found::List(TypeRef::Builtin(item)),
            None => Found::Builtin(*base, Some(facets)),
        },
        Some(Kind::Simple(Simple::List(item))) => Found::List(*item),
        Some(Kind::Simple(Simple::Union(members))) => Found::Union(members),
        Some(Kind::Complex(_)) | None => Found::Builtin(Builtin::String, None),
    }
}

fn builtin_text(base: Builtin, value: &Value) -> Result<String, String> {
    let wrong = || describe(base);
    match base.primitive() {
        Builtin::Boolean => match value {
            Value::Bool(flag) => Ok(flag.to_string()),
            Value::String(text) if matches!(text.trim(), "true" | "false" | "1" | "0") => {
                Ok(text.trim().to_owned())
            }
            _ => Err(wrong()),
        },
        Builtin::Decimal => number::decimal(base, value).ok_or_else(wrong),
        Builtin::Float | Builtin::Double => number::float(value).ok_or_else(wrong),
        _ => match value {
            Value::String(text) => Ok(text.clone()),
            Value::Number(_) | Value::Bool(_) if is_any_text(base) => Ok(value.to_string()),
            _ => Err(wrong()),
        },
    }
}

/// Whether numbers and booleans are texts of the type too.
fn is_any_text(base: Builtin) -> bool {
    matches!(
        base.primitive(),
        Builtin::String | Builtin::AnySimpleType | Builtin::AnyAtomicType | Builtin::GYear
    )
}

fn builtin_json(base: Builtin, text: &str) -> Option<Value> {
    match base.primitive() {
        Builtin::Boolean => match text.trim() {
            "true" | "1" => Some(Value::Bool(true)),
            "false" | "0" => Some(Value::Bool(false)),
            _ => None,
        },
        Builtin::Decimal => number::read_decimal(base, text.trim()),
        Builtin::Float | Builtin::Double => number::read_float(text.trim()),
        Builtin::String if matches!(base, Builtin::String | Builtin::NormalizedString) => {
            Some(Value::from(text))
        }
        Builtin::AnySimpleType | Builtin::AnyAtomicType | Builtin::AnyType => {
            Some(Value::from(text))
        }
        _ => Some(Value::from(text.split_whitespace().collect::<Vec<_>>().join(" "))),
    }
}

/// Restrictions that need no regular expressions.
fn check(base: Builtin, facets: &Facets, text: &str) -> Result<(), String> {
    if !facets.enumeration.is_empty() && !facets.enumeration.iter().any(|one| one == text) {
        return Err(format!("one of {}", shortened(&facets.enumeration)));
    }
    // The length of binary data is that of what it stands for.
    let is_text = base.primitive() == Builtin::String || base == Builtin::AnyUri;
    let length = text.chars().count() as u64;
    let is_long = |name: &str| facets.number(name).filter(|_| is_text);
    if let Some(exactly) = is_long("length").filter(|one| *one != length) {
        return Err(format!("a text of {exactly} characters"));
    }
    if let Some(least) = is_long("minLength").filter(|one| length < *one) {
        return Err(format!("a text of {least} characters or more"));
    }
    if let Some(most) = is_long("maxLength").filter(|one| length > *one) {
        return Err(format!("a text of {most} characters or fewer"));
    }
    let out = facets.bounds.iter().find(|(name, bound)| number::is_outside(text, name, bound));
    out.map_or(Ok(()), |(name, bound)| Err(format!("a number with {name} {bound}")))
}

fn shortened(all: &[String]) -> String {
    const SHOWN: usize = 20;
    let mut text = all.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    if all.len() > SHOWN {
        text.push_str(", …");
    }
    text
}

fn describe(base: Builtin) -> String {
    match base.primitive() {
        Builtin::Boolean => "true or false".to_owned(),
        Builtin::Decimal if base.is_a(Builtin::Integer) => {
            format!("a whole number (xsd:{}), as a text where it has many digits", base.name())
        }
        Builtin::Decimal => "a number, as a text where it has many digits".to_owned(),
        Builtin::Float | Builtin::Double => "a number, or INF, -INF or NaN".to_owned(),
        _ => format!("a text (xsd:{})", base.name()),
    }
}
