//! Values below `x-weir`: times, sizes, counts, statuses, words of a list.
//!
//! What is malformed is an error and reads as absent.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::time::Duration;

use http::HeaderName;
use model::cursor::Cursor;
use model::{Diagnostics, codes};

use crate::plan::StatusSet;

/// The longest time that makes sense anywhere here.
const LONGEST: Duration = Duration::from_secs(7 * 86_400);

pub(crate) fn refuse(at: &Cursor<'_>, help: impl Into<String>, found: &mut Diagnostics) {
    let message = match at.value() {
        serde_json::Value::Array(_) | serde_json::Value::Object(_) => {
            format!("`{}` is not written in this way", name(at))
        }
        value => format!("`{}` cannot be `{}`", name(at), shown(value)),
    };
    found.error(codes::EXTENSION_VALUE, at.place(), message, help);
}

/// The key that a cursor is at; that of the list, for an entry.
fn name(at: &Cursor<'_>) -> String {
    let is_key = |part: &&str| !part.is_empty() && !part.bytes().all(|b| b.is_ascii_digit());
    let part = at.pointer().rsplit('/').find(is_key).unwrap_or_default();
    part.replace("~1", "/").replace("~0", "~")
}

fn shown(value: &serde_json::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// A time: a number of milliseconds, or a number with its unit.
pub(crate) fn time(at: Option<Cursor<'_>>, found: &mut Diagnostics) -> Option<Duration> {
    let at = at?;
    let time = scalar(&at).and_then(|text| parse_time(&text)).filter(|time| *time <= LONGEST);
    if time.is_none() {
        refuse(
            &at,
            "Write a time such as 500ms, 10s, 5m or 1h; a bare number is milliseconds.",
            found,
        );
    }
    time
}

/// A time above nothing.
pub(crate) fn some_time(at: Option<Cursor<'_>>, found: &mut Diagnostics) -> Option<Duration> {
    let place = at.clone();
    let time = time(at, found)?;
    if time.is_zero()
        && let Some(at) = place
    {
        refuse(&at, "Write a time above 0.", found);
        return None;
    }
    Some(time)
}

fn parse_time(text: &str) -> Option<Duration> {
    let (number, unit) = split_unit(text)?;
    let milliseconds = match unit {
        "" | "ms" => 1,
        "s" => 1000,
        "m" | "min" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    number.checked_mul(milliseconds).map(Duration::from_millis)
}

/// A size: a number of bytes, or a number with its unit.
pub(crate) fn size(at: Option<Cursor<'_>>, found: &mut Diagnostics) -> Option<u64> {
    let at = at?;
    let size = scalar(&at).and_then(|text| parse_size(&text));
    if size.is_none() {
        refuse(&at, "Write a size such as 64KiB, 1MiB or 0; a bare number is bytes.", found);
    }
    size
}

fn parse_size(text: &str) -> Option<u64> {
    let (number, unit) = split_unit(text)?;
    let bytes = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "kb" => 1000,
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        "k" | "kib" => 1 << 10,
        "m" | "mib" => 1 << 20,
        "g" | "gib" => 1 << 30,
        _ => return None,
    };
    number.checked_mul(bytes)
}

fn split_unit(text: &str) -> Option<(u64, &str)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at_checked(digits)?;
    Some((number.parse().ok()?, unit.trim()))
}

/// A whole number within limits.
pub(crate) fn count(
    at: Option<Cursor<'_>>,
    range: RangeInclusive<u32>,
    found: &mut Diagnostics,
) -> Option<u32> {
    let at = at?;
    let number = scalar(&at).and_then(|text| text.parse().ok());
    let number = number.filter(|number| range.contains(number));
    if number.is_none() {
        let help = format!("Write a whole number from {} to {}.", range.start(), range.end());
        refuse(&at, help, found);
    }
    number
}

/// A percentage, with or without its sign.
pub(crate) fn percent(
    at: Option<Cursor<'_>>,
    range: RangeInclusive<u32>,
    found: &mut Diagnostics,
) -> Option<u32> {
    let at = at?;
    let text = scalar(&at);
    let number = text.and_then(|text| text.trim_end_matches('%').trim_end().parse().ok());
    let number = number.filter(|number| range.contains(number));
    if number.is_none() {
        let (start, end) = (range.start(), range.end());
        refuse(&at, format!("Write a percentage from {start} to {end}."), found);
    }
    number
}

/// True or false.
pub(crate) fn flag(at: Option<Cursor<'_>>, found: &mut Diagnostics) -> Option<bool> {
    let at = at?;
    let flag = at.flag(&mut Diagnostics::new());
    if flag.is_none() {
        refuse(&at, "Write true or false.", found);
    }
    flag
}

/// One word of a list, compared without regard to case, `_` and `-`.
pub(crate) fn choice<T: Copy>(
    at: Option<Cursor<'_>>,
    choices: &[(&str, T)],
    found: &mut Diagnostics,
) -> Option<T> {
    let at = at?;
    let word = scalar(&at).unwrap_or_default();
    let chosen = choices.iter().find(|(name, _)| plain(name) == plain(&word));
    if chosen.is_none() {
        refuse(&at, format!("Use {}.", one_of(choices.iter().map(|(name, _)| name))), found);
    }
    chosen.map(|(_, value)| *value)
}

/// A word without what tells `load_balance` from `loadBalance`.
pub(crate) fn plain(word: &str) -> String {
    word.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase()
}

/// `a, b or c`.
pub(crate) fn one_of(names: impl IntoIterator<Item = impl Display>) -> String {
    let mut names: Vec<String> = names.into_iter().map(|name| name.to_string()).collect();
    let Some(last) = names.pop() else { return String::new() };
    if names.is_empty() { last } else { format!("{} or {last}", names.join(", ")) }
}

/// Text that is not blank.
pub(crate) fn text(at: Option<Cursor<'_>>, found: &mut Diagnostics) -> Option<String> {
    let at = at?;
    let text = scalar(&at);
    if text.is_none() {
        refuse(&at, "Write a text.", found);
    }
    text
}

/// A list of texts, or a single one.
pub(crate) fn texts(at: Option<Cursor<'_>>, found: &mut Diagnostics) -> Option<Vec<String>> {
    let at = at?;
    let list = at.texts(&mut Diagnostics::new());
    if list.is_empty() {
        refuse(&at, "Write a list of texts.", found);
        return None;
    }
    Some(list)
}

/// The name of a header.
pub(crate) fn header_name(at: Option<Cursor<'_>>, found: &mut Diagnostics) -> Option<HeaderName> {
    let at = at?;
    let name = scalar(&at).and_then(|text| HeaderName::from_bytes(text.as_bytes()).ok());
    if name.is_none() {
        refuse(&at, "Write the name of a header.", found);
    }
    name
}

/// Statuses: numbers, ranges such as `500-504`, classes such as `5xx`; a list of them, or one.
pub(crate) fn statuses(at: Option<Cursor<'_>>, found: &mut Diagnostics) -> Option<StatusSet> {
    let at = at?;
    let entries =
        if at.value().is_array() { at.items(&mut Diagnostics::new()) } else { vec![at.clone()] };
    let mut ranges = Vec::new();
    for entry in &entries {
        let range = scalar(entry).and_then(|text| status_range(&text));
        match range {
            Some(range) => ranges.push(range),
            None => {
                refuse(entry, "Write statuses such as 503, 500-504 or 5xx.", found);
                return None;
            }
        }
    }
    Some(StatusSet::from_ranges(ranges))
}

/// The statuses that a text names.
pub(crate) fn status_range(text: &str) -> Option<RangeInclusive<u16>> {
    let valid = 100..=599;
    if let Some(class) = text.strip_suffix("xx").or_else(|| text.strip_suffix("XX")) {
        let start = class.parse::<u16>().ok().filter(|class| (1..=5).contains(class))? * 100;
        return Some(start..=start + 99);
    }
    let (start, end) = text.split_once('-').unwrap_or((text, text));
    let (start, end) = (start.trim().parse().ok()?, end.trim().parse().ok()?);
    (valid.contains(&start) && valid.contains(&end) && start <= end).then_some(start..=end)
}

/// Text or a number, without blanks around it.
pub(crate) fn scalar(at: &Cursor<'_>) -> Option<String> {
    at.word(&mut Diagnostics::new())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_sizes_have_units() {
        for (text, expected) in [
            ("250", Some(250)),
            ("250ms", Some(250)),
            ("3 s", Some(3000)),
            ("2m", Some(120_000)),
            ("1h", Some(3_600_000)),
            ("1.5s", None),
            ("-1", None),
            ("s", None),
            ("18446744073709551615h", None),
        ] {
            assert_eq!(parse_time(text), expected.map(Duration::from_millis), "{text}");
        }
        for (text, expected) in [
            ("7", Some(7)),
            ("2KiB", Some(2048)),
            ("2kb", Some(2000)),
            ("1 MiB", Some(1 << 20)),
            ("1G", Some(1 << 30)),
            ("1TiB", None),
        ] {
            assert_eq!(parse_size(text), expected, "{text}");
        }
    }

    #[test]
    fn statuses_are_numbers_ranges_and_classes() {
        for (text, expected) in [
            ("503", Some(503..=503)),
            ("500-504", Some(500..=504)),
            ("5xx", Some(500..=599)),
            ("504-500", None),
            ("99", None),
            ("600", None),
            ("6xx", None),
            ("x", None),
        ] {
            assert_eq!(status_range(text), expected, "{text}");
        }
    }
}
