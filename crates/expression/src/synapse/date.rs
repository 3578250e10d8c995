//! Dates and times by Java's patterns; the time zone is always UTC, the language English.
//!
//! Two dialects differ in a few letters: `SimpleDateFormat` counts milliseconds with `S`, and `DateTimeFormatter` fractions of a second.
//! Weeks are those of ISO 8601.

mod format;
mod read;

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;

/// The longest pattern, in bytes.
const MAX_PATTERN: usize = 512;

/// The most letters in a row.
const MAX_RUN: usize = 16;

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

const DAYS: [&str; 7] =
    ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// A date, a time, or both.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    date: Option<Date>,
    time: Option<Time>,
}

/// A pattern, cut into letters and texts.
#[derive(Debug, Clone)]
pub(super) struct Pattern<'t> {
    source: &'t str,
    items: Vec<Item>,
    dialect: Dialect,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Item {
    Text(String),
    Field { letter: char, count: usize },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Dialect {
    /// `java.text.SimpleDateFormat`.
    Simple,
    /// `java.time.format.DateTimeFormatter`, of a time without a zone.
    Formatter,
}

/// A time by a pattern of Java's `SimpleDateFormat`, in UTC and in English.
///
/// Nothing for what is no pattern, and for times beyond the year 9999.
#[must_use]
pub fn date_text(epoch_ms: i64, java_pattern: &str) -> Option<String> {
    let pattern = Pattern::read(java_pattern, Dialect::Simple)?;
    pattern.format(&Moment::at(epoch_ms)?)
}

impl Moment {
    /// A time in UTC, in milliseconds since 1970.
    pub(super) fn at(epoch_ms: i64) -> Option<Self> {
        let timestamp = Timestamp::from_millisecond(epoch_ms).ok()?;
        let moment = TimeZone::UTC.to_datetime(timestamp);
        Some(Self { date: Some(moment.date()), time: Some(moment.time()) })
    }
}

impl<'t> Pattern<'t> {
    /// A pattern of `DateTimeFormatter`.
    pub(super) fn of_formatter(source: &'t str) -> Option<Self> {
        Self::read(source, Dialect::Formatter)
    }

    pub(super) fn source(&self) -> &'t str {
        self.source
    }

    fn read(source: &'t str, dialect: Dialect) -> Option<Self> {
        if source.len() > MAX_PATTERN {
            return None;
        }
        let mut items = Vec::new();
        let mut rest = source;
        while let Some(first) = rest.chars().next() {
            let (item, after) = match first {
                '\'' => quoted(rest)?,
                'a'..='z' | 'A'..='Z' => run(rest, first),
                '[' | ']' | '{' | '}' | '#' if dialect == Dialect::Formatter => return None,
                other => (Item::Text(other.to_string()), rest.get(other.len_utf8()..)?),
            };
            if let Item::Field { count, .. } = item
                && count > MAX_RUN
            {
                return None;
            }
            items.push(item);
            rest = after;
        }
        Some(Self { source, items, dialect })
    }
}

/// A text in quotes, in which two quotes are one; two quotes alone are one as well.
fn quoted(text: &str) -> Option<(Item, &str)> {
    let mut rest = text.strip_prefix('\'')?;
    if let Some(after) = rest.strip_prefix('\'') {
        return Some((Item::Text("'".to_owned()), after));
    }
    let mut out = String::new();
    loop {
        let (part, after) = rest.split_once('\'')?;
        out.push_str(part);
        let Some(next) = after.strip_prefix('\'') else { return Some((Item::Text(out), after)) };
        out.push('\'');
        rest = next;
    }
}

fn run(text: &str, letter: char) -> (Item, &str) {
    let rest = text.trim_start_matches(letter);
    (Item::Field { letter, count: text.len() - rest.len() }, rest)
}

#[cfg(test)]
mod tests;
