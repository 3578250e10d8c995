//! `$ref` inside a document.

use model::cursor::Cursor;
use model::{Diagnostics, codes};
use serde_json::Value;

/// Below these keys is data of the author's, where `$ref` means nothing.
const DATA_KEYS: &[&str] = &["example", "examples", "default", "enum", "const"];

/// Reports the references that point nowhere, and notes those that leave the document.
pub(crate) fn check(root: &Cursor<'_>, found: &mut Diagnostics) {
    walk(root, root, found);
}

/// What a local reference points to (RFC 6901 §6); one step, references of references are not
/// followed.
#[must_use]
pub fn resolve<'a>(root: &'a Value, reference: &str) -> Option<&'a Value> {
    let pointer = reference.strip_prefix('#')?;
    root.pointer(&percent_decoded(pointer)?)
}

fn walk(root: &Cursor<'_>, at: &Cursor<'_>, found: &mut Diagnostics) {
    match at.value() {
        Value::Object(map) => {
            if let Some(reference) = map.get("$ref").and_then(Value::as_str) {
                check_one(root, at, reference, found);
            }
            let is_walked = |key: &str| !key.starts_with("x-") && !DATA_KEYS.contains(&key);
            for key in map.keys().filter(|key| is_walked(key)) {
                walk(root, &at.get(key), found);
            }
        }
        Value::Array(_) => {
            for item in at.items(found) {
                walk(root, &item, found);
            }
        }
        _ => {}
    }
}

fn check_one(root: &Cursor<'_>, at: &Cursor<'_>, reference: &str, found: &mut Diagnostics) {
    let place = at.get("$ref").place();
    if !reference.starts_with('#') {
        let message =
            format!("the reference `{reference}` leaves the document and is not followed");
        let help = "Bundle the definition into one file.";
        found.note(codes::REMOTE_REFERENCE, place, message, help);
        return;
    }
    // `#name` is an anchor of JSON Schema, which only OpenAPI 3.1 has.
    let is_pointer = reference == "#" || reference.starts_with("#/");
    if is_pointer && resolve(root.value(), reference).is_none() {
        let message = format!("the reference `{reference}` points to nothing");
        let help = "Mend the reference, or add what it points to.";
        found.warning(codes::UNRESOLVED_REFERENCE, place, message, help);
    }
}

/// Percent-decodes the fragment of a URI; `None` where that is not UTF-8.
fn percent_decoded(text: &str) -> Option<String> {
    let (mut bytes, mut rest) = (Vec::new(), text.as_bytes());
    while let Some((first, tail)) = rest.split_first() {
        let escaped = (*first == b'%').then(|| tail.split_at_checked(2)).flatten();
        let decoded = escaped.and_then(|(digits, tail)| {
            let digits = std::str::from_utf8(digits).ok()?;
            Some((u8::from_str_radix(digits, 16).ok()?, tail))
        });
        let (byte, tail) = decoded.unwrap_or((*first, tail));
        bytes.push(byte);
        rest = tail;
    }
    String::from_utf8(bytes).ok()
}
