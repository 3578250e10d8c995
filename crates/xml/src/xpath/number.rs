//! Numbers of XPath 1.0 as text, and back (§4.2, §4.4).

use super::token::is_space;

/// The number that a text is; what is none becomes NaN.
///
/// Neither exponents nor a plus sign count as a number.
pub(super) fn parse(text: &str) -> f64 {
    let text = text.trim_matches(is_space);
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let is_number = (!whole.is_empty() || !fraction.is_empty())
        && [whole, fraction].iter().all(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
    if is_number { text.parse().unwrap_or(f64::NAN) } else { f64::NAN }
}

/// A number as text: no exponent, no more digits than tell it from its neighbours.
pub(super) fn format(number: f64) -> String {
    if number == 0.0 {
        return "0".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    // Rust writes NaN and finite numbers as XPath does.
    number.to_string()
}

/// The nearest whole number; of two, the one nearer to positive infinity.
pub(super) fn round(number: f64) -> f64 {
    let floor = number.floor();
    // By the distance, as a sum with a half would round once more.
    let rounded = if number - floor < 0.5 { floor } else { number.ceil() };
    if number.is_finite() { rounded } else { number }
}
