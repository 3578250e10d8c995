//! YAML and JSON text to ordered values and back; the only file that knows the YAML library.
//!
//! Scalars mean what they mean to WSO2's own reader (YAML 1.1): `yes`, `no`, `on` and `off` are
//! booleans.
//! A number with a leading zero stays text, because nobody who writes `0123` means eighty-three.
//! Duplicate keys are an error, and so is a second document in the file.
//! Deliberately absent: comments (a changed document loses them) and tags.

use serde_json::Value;
use serde_saphyr::options::{DuplicateKeyPolicy, NonFiniteFloatPolicy};
use serde_saphyr::{Error, Options, UserMessageFormatter};

use crate::codes;
use crate::diagnostic::{Diagnostic, Place, Severity};

/// Most bytes of a document: 16 MiB.
pub const MAX_BYTES: usize = 16 << 20;
/// Deepest nesting; a stack of 2 MiB holds it even without optimisation.
pub const MAX_DEPTH: usize = 64;
/// Most mappings, lists and scalars together, those behind aliases counted once.
pub const MAX_NODES: usize = 1_000_000;
/// Most events that aliases may repeat, which is what stops alias bombs.
const MAX_REPLAYED: usize = 200_000;

/// How a document is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// YAML.
    Yaml,
    /// JSON.
    Json,
}

impl Format {
    /// By the name of the file: `.json` is JSON, all else YAML (which JSON is a part of).
    #[must_use]
    pub fn of_path(path: &str) -> Self {
        let extension = path.rsplit_once('.').map(|(_, extension)| extension);
        match extension {
            Some(extension) if extension.eq_ignore_ascii_case("json") => Self::Json,
            _ => Self::Yaml,
        }
    }
}

/// Reads a document.
///
/// JSON is read by the same reader as YAML, so that limits, duplicate keys and positions are the
/// same for both.
/// An empty document is `null`.
///
/// # Errors
///
/// A diagnostic with line and column where the text is not well-formed, repeats a key or goes
/// beyond a limit.
pub fn parse(file: &str, content: &[u8]) -> Result<Value, Box<Diagnostic>> {
    if content.len() > MAX_BYTES {
        return Err(problem(
            codes::BUDGET,
            Place::file(file),
            format!("the document is larger than {MAX_BYTES} bytes"),
            "Split the document, or remove what is not needed.",
        ));
    }
    let text = decode(file, content)?;
    if text.trim().is_empty() {
        return Ok(Value::Null);
    }
    serde_saphyr::from_str_with_options(text, options()).map_err(|error| explain(file, &error))
}

/// Writes a value as YAML, with the keys in their order.
#[must_use]
pub fn to_yaml(value: &Value) -> String {
    let options = serde_saphyr::ser_options! { prefer_block_scalars: true };
    serde_saphyr::to_string_with_options(value, options)
        .expect("a JSON value has only text keys and finite numbers, all of which YAML can hold")
}

/// Writes a value as indented JSON, with the keys in their order and a newline at the end.
#[must_use]
pub fn to_json(value: &Value) -> String {
    let mut text = serde_json::to_string_pretty(value)
        .expect("a JSON value has only text keys, so it can be written");
    text.push('\n');
    text
}

/// Writes a value in a format.
#[must_use]
pub fn write(value: &Value, format: Format) -> String {
    match format {
        Format::Yaml => to_yaml(value),
        Format::Json => to_json(value),
    }
}

fn options() -> Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: MAX_DEPTH,
            max_nodes: MAX_NODES,
            max_events: 4 * MAX_NODES,
            max_total_scalar_bytes: MAX_BYTES,
            max_documents: 2,
            max_anchors: 10_000,
            max_aliases: 20_000,
            max_merge_keys: 1_000,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: MAX_REPLAYED,
            max_replay_stack_depth: 32,
        },
        duplicate_keys: DuplicateKeyPolicy::Error,
        non_finite_float_policy: NonFiniteFloatPolicy::AsString,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
        strict_booleans: false,
        with_snippet: false,
        emit_comments: false,
    }
}

/// Strict UTF-8; a byte order mark is skipped.
fn decode<'a>(file: &str, content: &'a [u8]) -> Result<&'a str, Box<Diagnostic>> {
    let text = std::str::from_utf8(content).map_err(|error| {
        let offset = error.valid_up_to();
        problem(
            codes::NOT_TEXT,
            Place::file(file),
            format!("the file is not UTF-8 text: byte {offset} starts no character"),
            "Save the file as UTF-8.",
        )
    })?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

fn explain(file: &str, error: &Error) -> Box<Diagnostic> {
    let narrow = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
    let place = error.location().map_or_else(
        || Place::file(file),
        |at| Place::line(file, narrow(at.line()), narrow(at.column())),
    );
    let is_budget = matches!(error.without_snippet(), Error::Budget { .. });
    let code = if is_budget { codes::BUDGET } else { codes::SYNTAX };
    problem(code, place, message(error), "Mend the text at this place.")
}

/// The library's sentence without the position, which the place tells already.
fn message(error: &Error) -> String {
    let text = error.render_with_formatter(&UserMessageFormatter);
    let first = text.lines().next().unwrap_or_default();
    let first = first.rsplit_once(" at line ").map_or(first, |(before, _)| before);
    first.to_owned()
}

fn problem(code: &'static str, place: Place, message: String, help: &str) -> Box<Diagnostic> {
    let severity = Severity::Error;
    Box::new(Diagnostic { severity, code, place, message, help: help.to_owned() })
}

#[cfg(test)]
mod tests;
