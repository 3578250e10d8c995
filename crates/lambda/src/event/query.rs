//! Queries as names and values.

use std::borrow::Cow;

use percent_encoding::percent_decode;

/// Names and values as they are written; a name without `=` has an empty value.
pub(super) fn written(query: &str) -> impl Iterator<Item = (&str, &str)> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")))
}

/// Names and values, unescaped as forms are: a `+` is a space.
pub(super) fn unescaped(query: &str) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
    written(query).map(|(name, value)| (unescape(name), unescape(value)))
}

fn unescape(text: &str) -> Cow<'_, str> {
    if !text.contains(['%', '+']) {
        return Cow::Borrowed(text);
    }
    let spaced = text.replace('+', " ");
    Cow::Owned(percent_decode(spaced.as_bytes()).decode_utf8_lossy().into_owned())
}
