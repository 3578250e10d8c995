//! Numbers: whole ones of 64 bits, and decimal ones.

use serde_json::{Number, Value};

use super::EvaluationError;
use super::node::Operator;

/// The most digits, and the most of them after the point, with which decimals are reckoned exactly.
const EXACT_DIGITS: usize = 18;

/// A number of JSON.
#[derive(Debug, Clone, Copy)]
pub(super) enum Numeric {
    Whole(i64),
    Decimal(f64),
}

impl Numeric {
    pub(super) fn of(value: &Value) -> Option<Self> {
        let number = value.as_number()?;
        number.as_i64().map(Self::Whole).or_else(|| number.as_f64().map(Self::Decimal))
    }

    #[expect(clippy::cast_precision_loss, reason = "a decimal has no more digits")]
    pub(super) fn decimal(self) -> f64 {
        match self {
            Self::Whole(number) => number as f64,
            Self::Decimal(number) => number,
        }
    }
}

/// The number with the other sign; nothing for what is no number.
pub(super) fn negate(value: &Value) -> Option<Value> {
    match Numeric::of(value)? {
        Numeric::Whole(number) => number
            .checked_neg()
            .map(Value::from)
            .or_else(|| decimal(-Numeric::Whole(number).decimal())),
        Numeric::Decimal(number) => decimal(-number),
    }
}

/// A decimal as a value; nothing for infinity and for what is no number.
pub(super) fn decimal(number: f64) -> Option<Value> {
    Number::from_f64(number).map(Value::Number)
}

/// A decimal that has no digits after the point, as a whole number when it fits.
#[expect(clippy::cast_possible_truncation, reason = "checked to be within the range")]
pub(super) fn whole(number: f64) -> Option<Value> {
    let fits = number.trunc() == number && number.abs() < 9.0e18;
    if fits { Some(Value::from(number as i64)) } else { decimal(number) }
}

/// `left operator right`, for an operator of arithmetic.
pub(super) fn calculate(
    operator: Operator,
    left: Numeric,
    right: Numeric,
) -> Result<Value, EvaluationError> {
    let divides = matches!(operator, Operator::Divide | Operator::Remainder);
    if divides && right.decimal() == 0.0 {
        return Err(EvaluationError::failed(format!(
            "`{}` cannot divide by zero",
            operator.symbol()
        )));
    }
    if let (Numeric::Whole(left), Numeric::Whole(right)) = (left, right)
        && let Some(result) = of_whole(operator, left, right)
    {
        return Ok(Value::from(result));
    }
    let (left, right) = (left.decimal(), right.decimal());
    let result = exact(operator, left, right).unwrap_or_else(|| rounded(operator, left, right));
    decimal(result).ok_or_else(|| {
        EvaluationError::failed(format!("`{}` makes too large a number", operator.symbol()))
    })
}

/// Nothing when the result does not fit, or is not whole.
fn of_whole(operator: Operator, left: i64, right: i64) -> Option<i64> {
    match operator {
        Operator::Add => left.checked_add(right),
        Operator::Subtract => left.checked_sub(right),
        Operator::Multiply => left.checked_mul(right),
        Operator::Divide if left.checked_rem(right)? == 0 => left.checked_div(right),
        Operator::Remainder => left.checked_rem(right),
        _ => None,
    }
}

fn rounded(operator: Operator, left: f64, right: f64) -> f64 {
    match operator {
        Operator::Add => left + right,
        Operator::Subtract => left - right,
        Operator::Multiply => left * right,
        Operator::Remainder => left % right,
        _ => left / right,
    }
}

/// Reckoned with decimal digits, so that `0.1 + 0.2` is `0.3`; nothing when there are too many.
fn exact(operator: Operator, left: f64, right: f64) -> Option<f64> {
    let (mut left, left_scale) = digits(left)?;
    let (mut right, right_scale) = digits(right)?;
    if operator == Operator::Multiply {
        return shifted(left.checked_mul(right)?, left_scale + right_scale);
    }
    let scale = left_scale.max(right_scale);
    left = left.checked_mul(10_i128.checked_pow(scale - left_scale)?)?;
    right = right.checked_mul(10_i128.checked_pow(scale - right_scale)?)?;
    let result = match operator {
        Operator::Add => left.checked_add(right)?,
        Operator::Subtract => left.checked_sub(right)?,
        Operator::Remainder => left.checked_rem(right)?,
        _ => return None,
    };
    shifted(result, scale)
}

/// The digits of a decimal as a whole number, and how many stand after the point.
fn digits(number: f64) -> Option<(i128, u32)> {
    let text = number.to_string();
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    if whole.len() + fraction.len() > EXACT_DIGITS {
        return None;
    }
    let all = format!("{whole}{fraction}").parse().ok()?;
    Some((all, u32::try_from(fraction.len()).ok()?))
}

fn shifted(digits: i128, scale: u32) -> Option<f64> {
    format!("{digits}e-{scale}").parse().ok()
}
