//! Base64, and the encoding of URLs.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode};
use serde_json::Value;

use super::{Arguments, Context, EvaluationError, Outcome, made};

/// What Java's form encoding leaves alone, without the `*` that WSO2 encodes too.
const NOT_FORM: &AsciiSet = &NON_ALPHANUMERIC.remove(b'.').remove(b'-').remove(b'_');

pub(super) fn base64_encode(arguments: &Arguments<'_>, _: &mut Context<'_>) -> Outcome<Value> {
    made(STANDARD.encode(bytes(arguments)?))
}

pub(super) fn base64_decode(arguments: &Arguments<'_>, _: &mut Context<'_>) -> Outcome<Value> {
    let bytes = STANDARD
        .decode(arguments.text(0)?)
        .map_err(|error| EvaluationError::failed(format!("this is no Base64: {error}")))?;
    made(String::from_utf8_lossy(&bytes).into_owned())
}

pub(super) fn url_encode(arguments: &Arguments<'_>, _: &mut Context<'_>) -> Outcome<Value> {
    made(percent_encode(&bytes(arguments)?, NOT_FORM).to_string())
}

/// `+` is a space.
pub(super) fn url_decode(arguments: &Arguments<'_>, _: &mut Context<'_>) -> Outcome<Value> {
    let text = arguments.text(0)?.replace('+', " ");
    let is_pair = |it: &str| {
        it.get(..2).is_some_and(|pair| pair.bytes().all(|byte| byte.is_ascii_hexdigit()))
    };
    if !text.split('%').skip(1).all(is_pair) {
        return Err(EvaluationError::failed("a `%` is not followed by two hexadecimal digits"));
    }
    made(percent_decode_str(&text).decode_utf8_lossy().into_owned())
}

/// The first argument in the character set that the second one names.
fn bytes(arguments: &Arguments<'_>) -> Outcome<Vec<u8>> {
    let text = arguments.text(0)?;
    if arguments.count() == 1 {
        return Ok(text.as_bytes().to_vec());
    }
    let charset = arguments.text(1)?;
    match charset.to_ascii_uppercase().as_str() {
        "UTF-8" | "UTF8" => Ok(text.as_bytes().to_vec()),
        "US-ASCII" | "ASCII" => Ok(narrow(text, 0x7f)),
        "ISO-8859-1" | "ISO8859-1" | "LATIN1" => Ok(narrow(text, 0xff)),
        "UTF-16BE" => Ok(wide(text)),
        "UTF-16" => Ok([vec![0xfe, 0xff], wide(text)].concat()),
        "UTF-16LE" => Ok(text.encode_utf16().flat_map(u16::to_le_bytes).collect()),
        _ => Err(EvaluationError::failed(format!(
            "the character set `{charset}` is not known; use UTF-8, UTF-16, ISO-8859-1 or US-ASCII"
        ))),
    }
}

/// One byte a character, and `?` for one that has none.
fn narrow(text: &str, most: u8) -> Vec<u8> {
    let byte = |it: char| u8::try_from(it).ok().filter(|it| *it <= most).unwrap_or(b'?');
    text.chars().map(byte).collect()
}

fn wide(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_be_bytes).collect()
}
