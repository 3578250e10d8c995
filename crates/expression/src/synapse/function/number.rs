//! Functions of numbers.

use serde_json::Value;

use super::{Arguments, Context, EvaluationError, Numeric, Outcome};
use crate::synapse::arithmetic;

/// The most places to which a decimal is rounded.
const MAX_PLACES: i64 = 15;

pub(super) fn abs(arguments: &Arguments<'_>, _: &mut Context<'_>) -> Outcome<Value> {
    let number = arguments.number(0)?;
    match number {
        Numeric::Whole(whole) if whole != i64::MIN => Ok(Value::from(whole.abs())),
        _ => decimal(number.decimal().abs()),
    }
}

pub(super) fn ceil(arguments: &Arguments<'_>, _: &mut Context<'_>) -> Outcome<Value> {
    to_whole(arguments, f64::ceil)
}

pub(super) fn floor(arguments: &Arguments<'_>, _: &mut Context<'_>) -> Outcome<Value> {
    to_whole(arguments, f64::floor)
}

/// To a whole number, or to places after the point; halves go up, as Java rounds.
pub(super) fn round(arguments: &Arguments<'_>, _: &mut Context<'_>) -> Outcome<Value> {
    if arguments.count() == 1 {
        return to_whole(arguments, |number| (number + 0.5).floor());
    }
    let places = arguments.integer(1)?;
    if !(0..=MAX_PLACES).contains(&places) {
        let message = format!("the second argument must be from 0 to {MAX_PLACES}, not {places}");
        return Err(EvaluationError::failed(message));
    }
    match arguments.number(0)? {
        Numeric::Whole(whole) => Ok(Value::from(whole)),
        Numeric::Decimal(number) => decimal(rounded(number, places)),
    }
}

pub(super) fn sqrt(arguments: &Arguments<'_>, _: &mut Context<'_>) -> Outcome<Value> {
    decimal(arguments.number(0)?.decimal().sqrt())
}

/// The natural logarithm.
pub(super) fn log(arguments: &Arguments<'_>, _: &mut Context<'_>) -> Outcome<Value> {
    decimal(arguments.number(0)?.decimal().ln())
}

pub(super) fn pow(arguments: &Arguments<'_>, _: &mut Context<'_>) -> Outcome<Value> {
    let base = arguments.number(0)?.decimal();
    decimal(base.powf(arguments.number(1)?.decimal()))
}

fn to_whole(arguments: &Arguments<'_>, round: fn(f64) -> f64) -> Outcome<Value> {
    match arguments.number(0)? {
        Numeric::Whole(whole) => Ok(Value::from(whole)),
        Numeric::Decimal(number) => arithmetic::whole(round(number)).ok_or_else(out_of_range),
    }
}

/// Rounds the digits as they are written, so that 1.005 becomes 1.01.
fn rounded(number: f64, places: i64) -> f64 {
    let shifted = format!("{number}e{places}").parse::<f64>().unwrap_or(f64::INFINITY);
    if !shifted.is_finite() {
        return number;
    }
    let back = format!("{}e-{places}", shifted.round());
    back.parse().unwrap_or(number)
}

fn decimal(number: f64) -> Outcome<Value> {
    arithmetic::decimal(number).ok_or_else(out_of_range)
}

fn out_of_range() -> EvaluationError {
    EvaluationError::failed("it has no finite value for these arguments")
}
