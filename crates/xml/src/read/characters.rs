//! Characters: which XML 1.0 has, how lines end, what references stand for.

use std::borrow::Cow;

use memchr::memmem;

use super::cursor::Cursor;
use super::{ReadError, Reason};

pub(super) fn is_space(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\n' | '\r')
}

/// Refuses characters that XML 1.0 does not have (§2.2).
pub(super) fn check(text: &str) -> Result<(), ReadError> {
    let bytes = text.as_bytes();
    let is_control = |byte: &u8| *byte < b' ' && !is_space(char::from(*byte));
    // Without a way out of the middle, so that it is done for many bytes at once.
    let has_control = bytes.iter().fold(false, |found, byte| found | is_control(byte));
    let found = [
        has_control.then(|| bytes.iter().position(is_control)).flatten(),
        memmem::find(bytes, "\u{FFFE}".as_bytes()),
        memmem::find(bytes, "\u{FFFF}".as_bytes()),
        text.starts_with('\u{FEFF}').then_some(0),
    ];
    let Some(offset) = found.into_iter().flatten().min() else { return Ok(()) };
    let code = text.get(offset..).and_then(|rest| rest.chars().next()).map_or(0, u32::from);
    let message = format!("the character U+{code:04X} is not allowed here; remove it");
    Err(ReadError::new(Cursor::new(text).place(offset), Reason::NotWellFormed(message)))
}

/// The text with every end of a line as one line feed (§2.11).
pub(super) fn lines(text: &str) -> Cow<'_, str> {
    if memchr::memchr(b'\r', text.as_bytes()).is_none() {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n"))
}

/// The value of an attribute, from what stands between its quotes (§3.3.3).
pub(super) fn expand(raw: &str) -> Result<Cow<'_, str>, Reason> {
    if memchr::memchr3(b'&', b'\r', b'\n', raw.as_bytes()).is_none() && !raw.contains('\t') {
        return Ok(Cow::Borrowed(raw));
    }
    let raw = lines(raw);
    let mut value = String::with_capacity(raw.len());
    let mut rest = &*raw;
    while let Some((before, behind)) = rest.split_once('&') {
        push_spaced(&mut value, before);
        let (name, behind) = behind.split_once(';').ok_or_else(no_reference)?;
        value.push(resolve(name)?);
        rest = behind;
    }
    push_spaced(&mut value, rest);
    Ok(Cow::Owned(value))
}

/// The character that stands for `&name;`.
pub(super) fn resolve(name: &str) -> Result<char, Reason> {
    match name {
        "amp" => Ok('&'),
        "lt" => Ok('<'),
        "gt" => Ok('>'),
        "quot" => Ok('"'),
        "apos" => Ok('\''),
        _ => match name.strip_prefix('#') {
            Some(number) => numbered(number),
            None if crate::name::is_ncname(name) => Err(Reason::UnknownEntity(shorten(name))),
            None => Err(no_reference()),
        },
    }
}

fn numbered(number: &str) -> Result<char, Reason> {
    let (digits, radix) = match number.strip_prefix('x') {
        Some(digits) => (digits, 16),
        None => (number, 10),
    };
    let is_number = !digits.is_empty() && digits.chars().all(|digit| digit.is_digit(radix));
    let code = u32::from_str_radix(digits, radix).ok().filter(|_| is_number);
    code.and_then(char::from_u32).filter(|character| is_allowed(*character)).ok_or_else(|| {
        let number = shorten(number);
        Reason::NotWellFormed(format!("&#{number}; is no character of XML; remove it"))
    })
}

fn is_allowed(character: char) -> bool {
    is_space(character) || (character >= ' ' && !matches!(character, '\u{FFFE}' | '\u{FFFF}'))
}

fn push_spaced(value: &mut String, text: &str) {
    value.extend(text.chars().map(|character| if is_space(character) { ' ' } else { character }));
}

fn no_reference() -> Reason {
    Reason::NotWellFormed("& begins no reference; write &amp;".to_owned())
}

/// Enough of a name to know it by in a message.
pub(super) fn shorten(name: &str) -> String {
    name.chars().take(64).collect()
}
