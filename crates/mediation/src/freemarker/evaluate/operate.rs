//! Arithmetic and comparison.

use std::cmp::Ordering;

use serde_json::Number;

use super::{Outcome, Stop};
use crate::freemarker::Operator;
use crate::freemarker::value::Value;

pub(super) fn arithmetic<'a>(
    operator: Operator,
    left: &Value<'_>,
    right: &Value<'_>,
) -> Outcome<'a> {
    let (Value::Number(left), Value::Number(right)) = (left, right) else {
        let what =
            format!("numbers are needed, and these are {} and {}", left.kind(), right.kind());
        return Err(Stop::Wrong(what));
    };
    if let (Some(left), Some(right)) = (left.as_i64(), right.as_i64()) {
        let whole = match operator {
            Operator::Add => left.checked_add(right),
            Operator::Subtract => left.checked_sub(right),
            Operator::Multiply => left.checked_mul(right),
            Operator::Divide if left.checked_rem(right) == Some(0) => left.checked_div(right),
            Operator::Remainder => left.checked_rem(right),
            _ => None,
        };
        if let Some(whole) = whole {
            return Ok(Value::Number(Number::from(whole)));
        }
    }
    let (left, right) = (left.as_f64().unwrap_or(f64::NAN), right.as_f64().unwrap_or(f64::NAN));
    let made = match operator {
        Operator::Subtract => left - right,
        Operator::Multiply => left * right,
        Operator::Divide => left / right,
        Operator::Remainder => left % right,
        _ => left + right,
    };
    let number =
        Number::from_f64(made).ok_or_else(|| Stop::Wrong("a number is too large".to_owned()))?;
    Ok(Value::Number(number))
}

pub(super) fn compare(
    operator: Operator,
    left: &Value<'_>,
    right: &Value<'_>,
) -> Result<bool, Stop> {
    let order = match (left, right) {
        (Value::Number(left), Value::Number(right)) => match (left.as_i64(), right.as_i64()) {
            (Some(left), Some(right)) => Some(left.cmp(&right)),
            _ => left.as_f64().partial_cmp(&right.as_f64()),
        },
        (Value::Boolean(left), Value::Boolean(right)) => Some(left.cmp(right)),
        _ => match (left.string(), right.string()) {
            (Some(left), Some(right)) => Some(left.cmp(&right)),
            _ => None,
        },
    };
    let Some(order) = order else {
        let what = format!("{} cannot be compared with {}", left.kind(), right.kind());
        return Err(Stop::Wrong(what));
    };
    Ok(match operator {
        Operator::Unequal => order != Ordering::Equal,
        Operator::Less => order == Ordering::Less,
        Operator::LessOrEqual => order != Ordering::Greater,
        Operator::Greater => order == Ordering::Greater,
        Operator::GreaterOrEqual => order != Ordering::Less,
        _ => order == Ordering::Equal,
    })
}
