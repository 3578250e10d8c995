//! Numbers, without losing a digit.

use serde_json::{Number, Value};

use crate::mapping::Builtin;

/// Whole numbers up to here are the same as a fraction of two to the 53rd.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// The text of a decimal or a whole number; `None` where the value is none, or has lost digits.
pub(super) fn decimal(base: Builtin, value: &Value) -> Option<String> {
    let is_whole = base.is_a(Builtin::Integer);
    let text = match value {
        Value::Number(number) => of_number(number)?,
        Value::String(text) => text.trim().to_owned(),
        _ => return None,
    };
    let fits =
        if is_whole { is_integer(&text) && in_range(base, &text) } else { is_decimal(&text) };
    fits.then_some(text)
}

/// A number of JSON as a decimal, which has no exponent.
fn of_number(number: &Number) -> Option<String> {
    if let Some(float) = number.as_f64().filter(|_| number.is_f64()) {
        if float.fract() == 0.0 {
            // What is larger may have had digits that are lost.
            return (float.abs() < EXACT).then(|| format!("{float:.0}"));
        }
        return Some(format!("{float}"));
    }
    Some(number.to_string())
}

/// The text of a floating-point number.
pub(super) fn float(value: &Value) -> Option<String> {
    match value {
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) => {
            let text = text.trim();
            let is_special = matches!(text, "INF" | "-INF" | "NaN");
            (is_special || is_float(text)).then(|| text.to_owned())
        }
        _ => None,
    }
}

/// The value of a decimal: a number where that keeps all digits, else the text.
pub(super) fn read_decimal(base: Builtin, text: &str) -> Option<Value> {
    let plain = text.strip_prefix('+').unwrap_or(text);
    if is_integer(plain) {
        let small = plain.parse::<i64>().map(Value::from);
        let large = small.or_else(|_| plain.parse::<u64>().map(Value::from));
        return Some(large.unwrap_or_else(|_| Value::from(text)));
    }
    if base.is_a(Builtin::Integer) || !is_decimal(plain) {
        return None;
    }
    let number: f64 = plain.parse().ok()?;
    let is_same = digits(&format!("{number}")) == digits(plain);
    Some(
        Number::from_f64(number)
            .filter(|_| is_same)
            .map_or_else(|| Value::from(text), Value::Number),
    )
}

/// The value of a floating-point number.
pub(super) fn read_float(text: &str) -> Option<Value> {
    if !is_float(text) {
        return None;
    }
    let number: f64 = text.parse().ok()?;
    Number::from_f64(number).map(Value::Number)
}

/// Whether a number is beyond a bound; texts that are no numbers are not compared.
pub(super) fn is_outside(text: &str, name: &str, bound: &str) -> bool {
    let numbers = text.trim().parse::<f64>().ok().zip(bound.trim().parse::<f64>().ok());
    numbers.is_some_and(|(value, bound)| match name {
        "minInclusive" => value < bound,
        "maxInclusive" => value > bound,
        "minExclusive" => value <= bound,
        "maxExclusive" => value >= bound,
        _ => false,
    })
}

/// The smallest and the largest value; none without a bound.
pub(crate) fn range(base: Builtin) -> (Option<i128>, Option<i128>) {
    match base {
        Builtin::Byte => (Some(i8::MIN.into()), Some(i8::MAX.into())),
        Builtin::Short => (Some(i16::MIN.into()), Some(i16::MAX.into())),
        Builtin::Int => (Some(i32::MIN.into()), Some(i32::MAX.into())),
        Builtin::Long => (Some(i64::MIN.into()), Some(i64::MAX.into())),
        Builtin::UnsignedByte => (Some(0), Some(u8::MAX.into())),
        Builtin::UnsignedShort => (Some(0), Some(u16::MAX.into())),
        Builtin::UnsignedInt => (Some(0), Some(u32::MAX.into())),
        Builtin::UnsignedLong => (Some(0), Some(u64::MAX.into())),
        Builtin::NonNegativeInteger => (Some(0), None),
        Builtin::PositiveInteger => (Some(1), None),
        Builtin::NonPositiveInteger => (None, Some(0)),
        Builtin::NegativeInteger => (None, Some(-1)),
        _ => (None, None),
    }
}

fn in_range(base: Builtin, text: &str) -> bool {
    let (least, most) = range(base);
    let is_negative = text.starts_with('-');
    match text.strip_prefix('+').unwrap_or(text).parse::<i128>() {
        Ok(value) => {
            least.is_none_or(|least| value >= least) && most.is_none_or(|most| value <= most)
        }
        // More digits than any bound has.
        Err(_) => {
            if is_negative {
                least.is_none()
            } else {
                most.is_none()
            }
        }
    }
}

fn unsigned(text: &str) -> &str {
    text.strip_prefix(['-', '+']).unwrap_or(text)
}

fn are_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_integer(text: &str) -> bool {
    are_digits(unsigned(text))
}

fn is_decimal(text: &str) -> bool {
    match unsigned(text).split_once('.') {
        Some((whole, fraction)) => {
            (are_digits(whole) || whole.is_empty())
                && (are_digits(fraction) || fraction.is_empty())
                && !(whole.is_empty() && fraction.is_empty())
        }
        None => is_integer(text),
    }
}

fn is_float(text: &str) -> bool {
    match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => is_decimal(mantissa) && is_integer(exponent),
        None => is_decimal(text),
    }
}

/// What tells one decimal from another.
fn digits(text: &str) -> (bool, &str, &str) {
    let (whole, fraction) = unsigned(text).split_once('.').unwrap_or((unsigned(text), ""));
    let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
    (text.starts_with('-'), whole, fraction)
}
