//! Values with a default and bounds, each said to be in effect.

use std::ops::RangeInclusive;
use std::time::Duration;

use settings::{Section, Unit, duration_text};

pub(super) const DAY: Duration = Duration::from_secs(86_400);

pub(super) fn bool_or(section: &Section<'_>, name: &str, default: bool) -> bool {
    let value = section.bool(name).unwrap_or(default);
    section.effective(name, value.to_string());
    value
}

pub(super) fn text_or(section: &Section<'_>, name: &str, default: &str) -> String {
    let value = section.text(name).unwrap_or_else(|| default.to_owned());
    section.effective(name, value.as_str());
    value
}

/// A text that may be absent; an empty one counts as absent.
pub(super) fn text(section: &Section<'_>, name: &str) -> Option<String> {
    let value = section.text(name).filter(|value| !value.trim().is_empty())?;
    section.effective(name, value.as_str());
    Some(value)
}

pub(super) fn texts_or(section: &Section<'_>, name: &str, default: &[String]) -> Vec<String> {
    let value = section.texts(name).unwrap_or_else(|| default.to_vec());
    section.effective(name, value.join(", "));
    value
}

/// An integer, clamped to its range with a warning.
pub(super) fn integer_in(
    section: &Section<'_>,
    name: &str,
    default: i64,
    range: &RangeInclusive<i64>,
) -> i64 {
    let written = section.integer(name).unwrap_or(default);
    let value = written.clamp(*range.start(), *range.end());
    if value != written {
        clamped(section, name, &written.to_string(), &value.to_string());
    }
    section.effective(name, value.to_string());
    value
}

/// A size or count from 1 to `most`.
pub(super) fn size_in(section: &Section<'_>, name: &str, default: usize, most: usize) -> usize {
    let number = |value: usize| i64::try_from(value).unwrap_or(i64::MAX);
    let value = integer_in(section, name, number(default), &(1..=number(most)));
    usize::try_from(value).unwrap_or(default)
}

/// A duration, clamped to its range with a warning.
pub(super) fn duration_in(
    section: &Section<'_>,
    name: &str,
    unit: Unit,
    default: Duration,
    range: &RangeInclusive<Duration>,
) -> Duration {
    let written = section.duration(name, unit).unwrap_or(default);
    let value = written.clamp(*range.start(), *range.end());
    if value != written {
        clamped(section, name, &duration_text(written), &duration_text(value));
    }
    section.effective(name, duration_text(value));
    value
}

/// One word of a few; another one is a warning and the default holds.
pub(super) fn choice<T: Copy>(
    section: &Section<'_>,
    name: &str,
    default: &str,
    choices: &[(&str, T)],
) -> Option<T> {
    let written = section.text(name).unwrap_or_else(|| default.to_owned());
    let of = |word: &str| choices.iter().find(|(name, _)| name.eq_ignore_ascii_case(word.trim()));
    let found = of(&written).or_else(|| {
        let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
        let message = format!("{} is {written:?}; {default} is used.", section.key(name));
        section.warning("CF032", name, message, &format!("Write one of {}.", words.join(", ")));
        of(default)
    });
    found.map(|(word, value)| {
        section.effective(name, *word);
        *value
    })
}

fn clamped(section: &Section<'_>, name: &str, written: &str, value: &str) {
    let message = format!("{} is {written}; {value} is used.", section.key(name));
    section.warning("CF008", name, message, "docs/configuration.md names the bounds of each key.");
}
