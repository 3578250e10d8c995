//! Engines that are kept: the same as new ones, and clean.

#![allow(clippy::unwrap_used, reason = "a failed test may panic")]

mod hostile;
mod same;

use super::*;
use crate::Line;

/// A script whose engine may be kept, whatever its words.
fn script(text: &str) -> Script {
    let script = Script::compile(text, "s", None);
    script.unwrap_or_else(|error| panic!("{text}: {error}")).ignoring_result()
}

fn printed(lines: &[Line]) -> Vec<String> {
    lines.iter().map(|line| line.text.clone()).collect()
}
