//! Numbers within their bounds.

use serde_json::{Value, json};

use super::flat::Flat;

/// Beyond this, not every whole number is one of the machine's.
const LARGEST_EXACT: f64 = 9_007_199_254_740_992.0;

/// A number; zero where that is allowed, and others for other variants.
pub(super) fn make(flat: &Flat<'_>, is_whole: bool, variant: usize) -> Value {
    let step = step(flat, is_whole);
    let low = low(flat, step);
    let high = high(flat, step);
    let start = match (low, high) {
        (Some(low), _) if low > 0.0 => low,
        (_, Some(high)) if high < 0.0 => high,
        _ => 0.0,
    };
    let stride = step.unwrap_or_else(|| free_stride(low, high));
    let ways_up = high.map_or(f64::INFINITY, |high| ((high - start) / stride).floor().max(0.0));
    let variant = variant as f64;
    let number = match low.filter(|_| variant > ways_up) {
        // Downwards, once there is no more room above.
        Some(low) => (start - (variant - ways_up) * stride).max(low),
        None => start + variant.min(ways_up) * stride,
    };
    as_json(on_grid(number, step), is_whole)
}

/// The distance between numbers that are allowed.
fn step(flat: &Flat<'_>, is_whole: bool) -> Option<f64> {
    let whole = is_whole.then_some(1.0);
    whole.into_iter().chain(flat.steps.iter().copied()).reduce(common)
}

/// The least number that is a multiple of both, where it is found in a few steps.
fn common(left: f64, right: f64) -> f64 {
    let (large, small) = if left > right { (left, right) } else { (right, left) };
    let fits = |times: &u32| {
        let ratio = large * f64::from(*times) / small;
        (ratio - ratio.round()).abs() < 1e-9
    };
    (1..=1_000).find(fits).map_or(large, |times| large * f64::from(times))
}

fn low(flat: &Flat<'_>, step: Option<f64>) -> Option<f64> {
    let bound = flat.least.map(|least| up(least, step));
    let above = flat.above.map(|above| match step {
        Some(step) => ((above / step).floor() + 1.0) * step,
        None => above + gap(flat),
    });
    bound.into_iter().chain(above).reduce(f64::max)
}

fn high(flat: &Flat<'_>, step: Option<f64>) -> Option<f64> {
    let bound = flat.most.map(|most| step.map_or(most, |step| (most / step).floor() * step));
    let below = flat.below.map(|below| match step {
        Some(step) => ((below / step).ceil() - 1.0) * step,
        None => below - gap(flat),
    });
    bound.into_iter().chain(below).reduce(f64::min)
}

fn up(bound: f64, step: Option<f64>) -> f64 {
    step.map_or(bound, |step| (bound / step).ceil() * step)
}

/// How far from a bound that is itself not allowed.
fn gap(flat: &Flat<'_>) -> f64 {
    let low = flat.above.or(flat.least);
    let high = flat.below.or(flat.most);
    low.zip(high).map_or(1.0, |(low, high)| ((high - low) / 4.0).min(1.0))
}

fn free_stride(low: Option<f64>, high: Option<f64>) -> f64 {
    let room = low.zip(high).map(|(low, high)| (high - low) / 8.0);
    room.filter(|room| *room > 0.0 && *room < 1.0).unwrap_or(1.0)
}

/// Without what adding up has left behind the last digit of the step.
fn on_grid(number: f64, step: Option<f64>) -> f64 {
    match step.map(|step| 1.0 / step).filter(|per_one| (per_one - per_one.round()).abs() < 1e-9) {
        Some(per_one) => (number * per_one.round()).round() / per_one.round(),
        None => number,
    }
}

fn as_json(number: f64, is_whole: bool) -> Value {
    if number.fract() == 0.0 && number.abs() <= LARGEST_EXACT {
        return json!(number as i64);
    }
    if is_whole && number.abs() < 1e18 { json!(number as i64) } else { json!(number) }
}
