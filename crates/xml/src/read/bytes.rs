//! Bytes to text: UTF-8, UTF-16, Latin-1.

use std::borrow::Cow;

use super::characters::shorten;
use super::cursor::Cursor;
use super::{ReadError, Reason, declaration};
use crate::tree::Place;

/// How far the XML declaration may reach.
const DECLARATION: usize = 512;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Encoding {
    Utf8,
    Utf16,
    Latin1,
}

/// The text of a document, without its byte order mark.
pub(super) fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, ReadError> {
    match bytes {
        [0xEF, 0xBB, 0xBF, rest @ ..] => agreed(utf8(rest)?, Encoding::Utf8),
        [0xFE, 0xFF, rest @ ..] => agreed(utf16(rest, u16::from_be_bytes)?, Encoding::Utf16),
        [0xFF, 0xFE, rest @ ..] => agreed(utf16(rest, u16::from_le_bytes)?, Encoding::Utf16),
        [0, b'<', ..] => agreed(utf16(bytes, u16::from_be_bytes)?, Encoding::Utf16),
        [b'<', 0, ..] => agreed(utf16(bytes, u16::from_le_bytes)?, Encoding::Utf16),
        _ => unmarked(bytes),
    }
}

/// Bytes whose encoding only their declaration tells.
fn unmarked(bytes: &[u8]) -> Result<Cow<'_, str>, ReadError> {
    if !bytes.starts_with(b"<?xml") {
        return utf8(bytes);
    }
    let head = bytes.get(..DECLARATION.min(bytes.len())).unwrap_or(bytes);
    let head: String = head.iter().map(|byte| char::from(*byte)).collect();
    match declared(&head)?.unwrap_or(Encoding::Utf8) {
        Encoding::Utf8 => utf8(bytes),
        Encoding::Latin1 => Ok(bytes.iter().map(|byte| char::from(*byte)).collect()),
        Encoding::Utf16 => Err(refused("the document declares UTF-16, but is not in UTF-16")),
    }
}

/// The text, unless it declares another encoding than it has.
fn agreed(text: Cow<'_, str>, is: Encoding) -> Result<Cow<'_, str>, ReadError> {
    match declared(&text)? {
        Some(other) if other != is => {
            Err(refused(&format!("the document declares {other:?}, but is in {is:?}")))
        }
        _ => Ok(text),
    }
}

fn declared(text: &str) -> Result<Option<Encoding>, ReadError> {
    let Some(label) = declaration::encoding(text) else { return Ok(None) };
    match label.to_ascii_lowercase().as_str() {
        "utf-8" | "utf8" | "us-ascii" | "ascii" => Ok(Some(Encoding::Utf8)),
        "utf-16" | "utf-16le" | "utf-16be" => Ok(Some(Encoding::Utf16)),
        "iso-8859-1" | "iso_8859-1" | "latin1" | "latin-1" => Ok(Some(Encoding::Latin1)),
        _ => {
            let label = shorten(label);
            Err(refused(&format!("the encoding {label:?} is not supported")))
        }
    }
}

fn utf8(bytes: &[u8]) -> Result<Cow<'_, str>, ReadError> {
    std::str::from_utf8(bytes).map(Cow::Borrowed).map_err(|error| {
        let valid = bytes.get(..error.valid_up_to()).unwrap_or_default();
        let valid = std::str::from_utf8(valid).unwrap_or_default();
        let reason = Reason::Encoding("the bytes are not UTF-8".to_owned());
        ReadError::new(Cursor::new(valid).place(valid.len()), reason)
    })
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<Cow<'_, str>, ReadError> {
    let (pairs, odd) = bytes.as_chunks::<2>();
    let text: Result<String, _> =
        char::decode_utf16(pairs.iter().map(|pair| unit(*pair))).collect();
    match text {
        Ok(text) if odd.is_empty() => Ok(Cow::Owned(text)),
        _ => Err(refused("the bytes are not UTF-16")),
    }
}

fn refused(message: &str) -> ReadError {
    ReadError::new(Place { line: 1, column: 1 }, Reason::Encoding(message.to_owned()))
}
