//! Texts that look like numbers, booleans and null.

use serde_json::{Number, Value};

/// The value that a text looks like, or the text.
pub(super) fn guess(text: String) -> Value {
    match text.as_str() {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        "null" => Value::Null,
        _ => match number(&text) {
            Some(number) => Value::Number(number),
            None => Value::String(text),
        },
    }
}

/// The number that a text is in JSON's grammar.
///
/// One that cannot be kept without loss is none: its text says more.
fn number(text: &str) -> Option<Number> {
    let (integer, fraction, exponent) = parts(text)?;
    if fraction.is_empty() && exponent.is_empty() {
        let small = text.parse::<i64>().map(Number::from);
        return small.or_else(|_| text.parse::<u64>().map(Number::from)).ok();
    }
    let value: f64 = text.parse().ok()?;
    let kept = format!("{value:e}");
    let (digits, power) = kept.split_once('e')?;
    let (whole, rest) = digits.split_once('.').unwrap_or((digits, ""));
    let exponent = if exponent.is_empty() { 0 } else { exponent.parse().ok()? };
    let is_same = normal(integer, fraction, exponent) == normal(whole, rest, power.parse().ok()?);
    Number::from_f64(value).filter(|_| is_same)
}

/// The integer, the digits behind the point and the exponent.
fn parts(text: &str) -> Option<(&str, &str, &str)> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent),
        None => (text, ""),
    };
    let (integer, fraction) = match mantissa.split_once('.') {
        Some((integer, fraction)) => (integer, fraction),
        None => (mantissa, ""),
    };
    let whole = integer.strip_prefix('-').unwrap_or(integer);
    let is_whole = is_digits(whole) && (whole == "0" || !whole.starts_with('0'));
    let is_fraction = is_digits(fraction) || mantissa == integer;
    let power = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    let is_power = is_digits(power) || text == mantissa;
    (is_whole && is_fraction && is_power).then_some((integer, fraction, exponent))
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_digit())
}

/// The significant digits, and the power of ten of the last one.
fn normal(integer: &str, fraction: &str, exponent: i64) -> (String, i64) {
    let all = format!("{}{fraction}", integer.trim_start_matches('-'));
    let digits = all.trim_start_matches('0').trim_end_matches('0');
    if digits.is_empty() {
        return (String::new(), 0);
    }
    let zeros = all.len() - all.trim_end_matches('0').len();
    let shift = length(zeros).saturating_sub(length(fraction.len()));
    (digits.to_owned(), exponent.saturating_add(shift))
}

fn length(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn texts_become_what_they_look_like() {
        let cases = [
            ("true", "true"),
            ("null", "null"),
            ("0", "0"),
            ("-1", "-1"),
            ("18446744073709551615", "18446744073709551615"),
            ("25.5000", "25.5"),
            ("-0.125", "-0.125"),
            ("1e3", "1000.0"),
            ("1.5E+2", "150.0"),
            ("100.0", "100.0"),
            ("0.00", "0.0"),
            ("1E-7", "1e-7"),
            ("1e22", "1e+22"),
        ];
        for (text, expected) in cases {
            assert_eq!(guess(text.to_owned()).to_string(), expected, "{text}");
        }
    }

    #[test]
    fn other_texts_stay() {
        let long = "9".repeat(400);
        let texts = [
            "",
            " ",
            "True",
            "01",
            "1.",
            ".5",
            "+1",
            "1e",
            "1e+",
            "- 1",
            "-",
            "1 ",
            " 1",
            "0x1",
            "NaN",
            "1_000",
            "1.2.3",
            "1e5e5",
            "18446744073709551616",
            "0.12345678901234567890",
            "1e999",
            "1e-999",
            "1e99999999999999999999",
            "\u{661}",
            "1.e5",
            "--1",
            long.as_str(),
        ];
        for text in texts {
            assert_eq!(guess(text.to_owned()), Value::String(text.to_owned()));
        }
    }

    proptest! {
        #[test]
        fn numbers_come_back(value in any::<f64>().prop_filter("finite", |value| value.is_finite())) {
            let number = Number::from_f64(value).expect("finite");
            prop_assert_eq!(guess(number.to_string()), Value::Number(number));
        }
    }
}
