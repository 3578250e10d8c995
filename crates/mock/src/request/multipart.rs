//! `multipart/form-data` (RFC 7578): whether the parts that are required are there.
//!
//! What is in a part is not looked at: it may be a file of any kind.

use model::cursor::join;

use super::{RequestProblem, in_body};
use crate::Schema;

/// Most parts of a body that are looked at.
const MAX_PARTS: usize = 1_000;
/// The longest head of a part, in bytes.
const MAX_HEAD: usize = 8 << 10;

/// Tells of required parts that are not there.
pub(super) fn check(
    schema: &Schema,
    media_type: &str,
    body: &[u8],
    found: &mut Vec<RequestProblem>,
) {
    let Some(boundary) = parameter(media_type, "boundary").filter(|text| !text.is_empty()) else {
        return found.push(in_body("the content type says no `boundary`".to_owned()));
    };
    let names = names(body, &boundary);
    for name in schema.required().into_iter().filter(|name| !names.iter().any(|one| one == name)) {
        let (pointer, message) = (join("", name), "the part is required".to_owned());
        found.push(RequestProblem { part: "body", pointer, message });
    }
}

/// The names of the parts.
fn names(body: &[u8], boundary: &str) -> Vec<String> {
    let delimiter = format!("--{boundary}");
    // The first delimiter may stand at the very beginning, the others follow a line end.
    let starts = find_all(body, delimiter.as_bytes());
    let starts = starts.filter(|at| *at == 0 || body.get(at - 1) == Some(&b'\n'));
    let heads = starts.take(MAX_PARTS).filter_map(|at| {
        let part = body.get(at + delimiter.len()..)?;
        let part = part.get(..MAX_HEAD).unwrap_or(part);
        let end = find_all(part, b"\r\n\r\n").next().or_else(|| find_all(part, b"\n\n").next())?;
        std::str::from_utf8(part.get(..end)?).ok()
    });
    heads.filter_map(name).collect()
}

/// The name that the head of a part gives (RFC 7578 §4.2).
fn name(head: &str) -> Option<String> {
    let mut fields = head.lines().filter_map(|line| line.split_once(':'));
    let is_disposition = |name: &str| name.trim().eq_ignore_ascii_case("content-disposition");
    let (_, value) = fields.find(|(name, _)| is_disposition(name))?;
    parameter(value, "name")
}

/// A parameter behind a value, without its quotes.
fn parameter(value: &str, wanted: &str) -> Option<String> {
    let parts = crate::prefer::split(value, ';');
    let mut pairs = parts.iter().skip(1).filter_map(|part| part.split_once('='));
    let (_, value) = pairs.find(|(name, _)| name.trim().eq_ignore_ascii_case(wanted))?;
    Some(crate::prefer::unquoted(value.trim()))
}

fn find_all(text: &[u8], wanted: &[u8]) -> impl Iterator<Item = usize> {
    let windows = text.windows(wanted.len().max(1)).enumerate();
    windows.filter(move |(_, window)| *window == wanted).map(|(at, _)| at)
}
