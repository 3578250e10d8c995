//! `x-mediation-script`: a script for each operation, which its author may edit.
//!
//! The first line of a script that was made here has a digest of all the others, so that a script
//! that was edited is told from one that may be made anew. A script without that line, one that
//! WSO2 has made for instance, is its author's.

mod text;

use model::cursor::join;
use serde_json::Value;

use crate::Contract;
use crate::digest::digest;

pub use text::{Script, script};

/// The key of an operation.
pub const KEY: &str = "x-mediation-script";

const MARK: &str = "// Made by Weir from the definition, ";
const MARK_END: &str = "; once edited, it is left alone.";

/// What became of the script of one operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The method, in upper case.
    pub method: String,
    /// The path.
    pub template: String,
    /// What became of it.
    pub kind: Kind,
    /// What its script cannot answer, as text to show.
    pub notes: Vec<String>,
}

/// What became of a script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// There was none.
    Written,
    /// It was made here before, and the definition has changed since.
    Renewed,
    /// It was made here before, and nothing has changed.
    Unchanged,
    /// It is its author's, and was left alone.
    Kept,
    /// It was its author's, and was replaced because that was asked for.
    Replaced,
}

/// Writes scripts into a document; `replaces` also those of authors.
#[must_use]
pub fn update(document: &mut Value, file: &str, replaces: bool) -> Vec<Outcome> {
    let mut made = Vec::new();
    let (contract, _) = Contract::read(document, file);
    for (method, template, operation) in contract.operations() {
        let script = script(operation);
        let existing = operation.value.get(KEY).and_then(Value::as_str).unwrap_or_default();
        let kind = kind(existing, &script.text, replaces);
        let (method, template) = (method.to_owned(), template.to_owned());
        made.push((Outcome { method, template, kind, notes: script.notes }, script.text));
    }
    for (outcome, text) in &made {
        if matches!(outcome.kind, Kind::Written | Kind::Renewed | Kind::Replaced) {
            put(document, outcome, text);
        }
    }
    made.into_iter().map(|(outcome, _)| outcome).collect()
}

/// Whether a script was made here and is as it was made.
#[must_use]
pub fn is_unedited(script: &str) -> bool {
    let Some((first, rest)) = script.split_once('\n') else { return false };
    let digest = first.trim_end().strip_prefix(MARK).and_then(|rest| rest.strip_suffix(MARK_END));
    digest.is_some_and(|digest| digest == digest_of(rest))
}

fn kind(existing: &str, made: &str, replaces: bool) -> Kind {
    match () {
        () if existing.trim().is_empty() => Kind::Written,
        () if same(existing, made) => Kind::Unchanged,
        () if is_unedited(existing) => Kind::Renewed,
        () if replaces => Kind::Replaced,
        () => Kind::Kept,
    }
}

/// YAML may have lost or added the end of the last line.
fn same(left: &str, right: &str) -> bool {
    left.trim_end() == right.trim_end()
}

fn put(document: &mut Value, outcome: &Outcome, text: &str) {
    let path = join(&join("/paths", &outcome.template), &outcome.method.to_ascii_lowercase());
    let operation = document.pointer_mut(&path).and_then(Value::as_object_mut);
    if let Some(operation) = operation {
        operation.insert(KEY.to_owned(), Value::String(text.to_owned()));
    }
}

/// The first line for a script.
fn marked(script: &str) -> String {
    format!("{MARK}{}{MARK_END}\n{script}", digest_of(script))
}

/// A digest of the lines, whatever ends them and whatever blanks are behind them: what a tool may
/// change on the way is no edit.
fn digest_of(script: &str) -> String {
    let lines = script.trim_end().lines();
    digest(lines.flat_map(|line| line.trim_end().bytes().chain([b'\n'])))
}

#[cfg(test)]
mod tests;
