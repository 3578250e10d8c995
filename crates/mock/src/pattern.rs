//! A text that matches a regular expression.
//!
//! The expression is read as Rust's dialect, which is near enough to that of ECMAScript; one that
//! looks around or back is not understood, and has no text here.

use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Class, Hir, HirKind};

/// How many lengths are tried.
const MAX_EXTRA: u32 = 64;
/// Longest text that is made.
const MAX_TEXT: usize = 100_000;
/// Largest expression.
const NEST_LIMIT: u32 = 100;

/// Makes a text of a length; other variants give others where the expression allows it.
pub(crate) fn matching(
    expression: &str,
    min_length: u64,
    max_length: Option<u64>,
    variant: usize,
) -> Option<String> {
    let hir = ParserBuilder::new().nest_limit(NEST_LIMIT).build().parse(expression).ok()?;
    let is_open_end = !hir.properties().look_set_suffix().contains_anchor();
    let lengths = (0..MAX_EXTRA).chain((MAX_EXTRA..).step_by(64).take(256));
    for extra in lengths {
        let mut writer = Writer { text: String::new(), extra, variant };
        writer.write(&hir)?;
        let length = writer.text.chars().count() as u64;
        if max_length.is_some_and(|most| length > most) {
            return None;
        }
        if length >= min_length {
            return Some(writer.text);
        }
        if is_open_end {
            let missing = usize::try_from(min_length - length).ok()?;
            let filled = format!("{}{}", writer.text, "a".repeat(missing.min(MAX_TEXT)));
            return Some(filled);
        }
    }
    None
}

struct Writer {
    text: String,
    /// How much more often repetitions are written than they must be.
    extra: u32,
    /// Which of several possibilities: digits of a number, one for each choice.
    variant: usize,
}

impl Writer {
    fn write(&mut self, hir: &Hir) -> Option<()> {
        if self.text.len() > MAX_TEXT {
            return None;
        }
        match hir.kind() {
            HirKind::Empty | HirKind::Look(_) => {}
            HirKind::Literal(literal) => self.text.push_str(std::str::from_utf8(&literal.0).ok()?),
            HirKind::Class(class) => {
                let all = letters(class);
                let at = self.choose(all.len());
                self.text.push(*all.get(at)?);
            }
            HirKind::Repetition(repetition) => {
                // One where none is needed: it shows more of what is meant.
                let usual = repetition.min.max(u32::from(repetition.max != Some(0)));
                let times = usual.saturating_add(self.extra);
                for _ in 0..times.min(repetition.max.unwrap_or(u32::MAX)) {
                    self.write(&repetition.sub)?;
                }
            }
            HirKind::Capture(capture) => self.write(&capture.sub)?,
            HirKind::Concat(parts) => {
                for part in parts {
                    self.write(part)?;
                }
            }
            HirKind::Alternation(parts) => {
                let at = self.choose(parts.len());
                self.write(parts.get(at)?)?;
            }
        }
        Some(())
    }

    fn choose(&mut self, count: usize) -> usize {
        let Some(at) = self.variant.checked_rem(count) else { return 0 };
        self.variant /= count;
        at
    }
}

/// Up to a few characters of a class, those first that read well.
fn letters(class: &Class) -> Vec<char> {
    const LIKED: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-_. ";
    let ranges: Vec<(char, char)> = match class {
        Class::Unicode(class) => {
            class.ranges().iter().map(|range| (range.start(), range.end())).collect()
        }
        Class::Bytes(class) => {
            let ranges = class.ranges().iter();
            ranges.map(|range| (char::from(range.start()), char::from(range.end()))).collect()
        }
    };
    let is_in = |letter: &char| ranges.iter().any(|(low, high)| low <= letter && letter <= high);
    let mut all: Vec<char> = LIKED.chars().filter(is_in).collect();
    if all.is_empty() {
        all.extend(ranges.iter().map(|(low, _)| *low).take(16));
    }
    all
}

#[cfg(test)]
mod tests;
