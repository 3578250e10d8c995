//! Texts: by format, by pattern, by length.

use super::flat::Flat;
use crate::pattern;

/// Longest text that is made; one that must be longer is refused.
const MAX_LENGTH: u64 = 100_000;

/// A text for the keywords; `None` where there is none to be found.
pub(super) fn make(flat: &Flat<'_>, variant: usize) -> Option<String> {
    if flat.min_length > MAX_LENGTH {
        return None;
    }
    if let Some(first) = flat.patterns.first() {
        return pattern::matching(first, flat.min_length, flat.max_length, variant);
    }
    let formatted = flat.format.and_then(|format| by_format(format, variant));
    if let Some(text) = formatted.filter(|text| is_within(text, flat)) {
        return Some(text);
    }
    Some(plain(flat, variant))
}

fn is_within(text: &str, flat: &Flat<'_>) -> bool {
    let length = text.chars().count() as u64;
    length >= flat.min_length && flat.max_length.is_none_or(|most| length <= most)
}

/// The word `string`, longer or shorter, with a number behind it for other variants.
fn plain(flat: &Flat<'_>, variant: usize) -> String {
    let number = if variant == 0 { String::new() } else { variant.to_string() };
    let most =
        flat.max_length.map_or(usize::MAX, |most| usize::try_from(most).unwrap_or(usize::MAX));
    let room = most.saturating_sub(number.len());
    let least = usize::try_from(flat.min_length).unwrap_or(0).saturating_sub(number.len());
    let word: String = "string".chars().cycle().take(least.max(6).min(room)).collect();
    let text = format!("{word}{number}");
    let length = text.chars().count();
    text.chars().skip(length.saturating_sub(most)).collect()
}

/// A text of a format that is known; others have no say.
fn by_format(format: &str, variant: usize) -> Option<String> {
    let (day, small) = (variant % 28 + 1, variant % 250 + 1);
    let number = if variant == 0 { String::new() } else { variant.to_string() };
    Some(match format {
        "date" => format!("2024-01-{day:02}"),
        "date-time" => format!("2024-01-{day:02}T12:00:00Z"),
        "time" => format!("12:00:{:02}Z", variant % 60),
        "duration" => format!("P{day}D"),
        "email" | "idn-email" => format!("user{number}@example.com"),
        "hostname" | "idn-hostname" => format!("www{number}.example.com"),
        "ipv4" => format!("192.0.2.{small}"),
        "ipv6" => format!("2001:db8::{small:x}"),
        "uri" | "iri" | "url" => format!("https://example.com/{number}"),
        "uri-reference" | "iri-reference" => format!("/path{number}"),
        "uri-template" => format!("/path{number}/{{id}}"),
        "uuid" => format!("3fa85f64-5717-4562-b3fc-{:012x}", 0x2c96_3f66_afa6_u64 + variant as u64),
        "json-pointer" => format!("/a{number}"),
        "relative-json-pointer" => format!("{variant}/a"),
        "regex" => format!("^a{number}$"),
        // "string" in Base64; four digits of Base64 for other variants.
        "byte" => format!("c3RyaW5n{}", base64_of(variant)),
        "password" => format!("secret{number}"),
        _ => return None,
    })
}

fn base64_of(variant: usize) -> String {
    if variant == 0 { String::new() } else { format!("{:04}", variant % 10_000) }
}
