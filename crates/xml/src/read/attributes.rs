//! The attributes of a tag, cut apart.

use super::Reason;
use super::characters::is_space;

/// An attribute as it is written.
pub(super) struct Attribute<'a> {
    pub(super) name: &'a str,
    /// What stands between the quotes.
    pub(super) value: &'a str,
    /// Where the name begins, in bytes from the end of the tag's name.
    pub(super) offset: usize,
    /// Where the value begins, counted likewise.
    pub(super) value_offset: usize,
}

impl<'a> Attribute<'a> {
    /// The prefix that it declares; empty for the default namespace.
    pub(super) fn declared_prefix(&self) -> Option<&'a str> {
        match self.name.strip_prefix("xmlns") {
            Some("") => Some(""),
            Some(rest) => rest.strip_prefix(':'),
            None => None,
        }
    }
}

/// Cuts what stands behind the name of a tag into attributes.
///
/// An error has the offset of the attribute that it is about.
pub(super) fn split(raw: &str, limit: usize) -> Result<Vec<Attribute<'_>>, (usize, Reason)> {
    let mut attributes = Vec::new();
    let mut rest = raw;
    loop {
        let trimmed = rest.trim_start_matches(is_space);
        let offset = raw.len() - trimmed.len();
        if trimmed.is_empty() {
            return Ok(attributes);
        }
        if trimmed.len() == rest.len() {
            return Err((offset, malformed("a space is missing in front of an attribute")));
        }
        if attributes.len() >= limit {
            return Err((offset, Reason::TooManyAttributes));
        }
        let (name, value, behind) = one(trimmed).map_err(|reason| (offset, reason))?;
        let value_offset = raw.len() - behind.len() - 1 - value.len();
        attributes.push(Attribute { name, value, offset, value_offset });
        rest = behind;
    }
}

/// The name and the value of the first attribute, and what stands behind it.
fn one(text: &str) -> Result<(&str, &str, &str), Reason> {
    let no_value = || malformed("an attribute has no value; write name=\"value\"");
    let (name, behind) = text.split_once('=').ok_or_else(no_value)?;
    let name = name.trim_end_matches(is_space);
    let behind = behind.trim_start_matches(is_space);
    let quote = behind.chars().next().filter(|mark| matches!(mark, '"' | '\''));
    let quote = quote.ok_or_else(|| malformed("the value of an attribute has no quotes"))?;
    let inner = behind.trim_start_matches(is_space).strip_prefix(quote).unwrap_or_default();
    let (value, rest) = inner.split_once(quote).ok_or_else(no_value)?;
    if value.contains('<') {
        return Err(malformed("< stands in the value of an attribute; write &lt;"));
    }
    Ok((name, value, rest))
}

fn malformed(message: &str) -> Reason {
    Reason::NotWellFormed(message.to_owned())
}
