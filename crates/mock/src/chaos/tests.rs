//! Delays and faults, drawn from bits that are given.

#![allow(clippy::unwrap_used, reason = "a failed test may panic")]

use super::*;

const fn ms(number: u64) -> Duration {
    Duration::from_millis(number)
}

/// The bits that stand for a percent.
fn at(percent: f64) -> u64 {
    (percent / 100.0 * 2.0_f64.powi(64)) as u64
}

#[track_caller]
fn check(delay: &Delay, percent: f64, expected: Duration) {
    let drawn = delay.draw(at(percent));
    let off = drawn.abs_diff(expected);
    assert!(off < Duration::from_micros(2), "{percent}: {drawn:?}, not {expected:?}");
}

#[test]
fn delays_are_drawn() {
    let fixed = Delay::fixed(ms(30)).unwrap();
    assert_eq!((fixed.draw(0), fixed.draw(u64::MAX)), (ms(30), ms(30)));
    let range = Delay::range(ms(10), ms(20)).unwrap();
    check(&range, 0.0, ms(10));
    check(&range, 50.0, ms(15));
    assert!(range.draw(u64::MAX) <= ms(20));
    assert_eq!(range.longest(), ms(20));
}

#[test]
fn percentiles_are_met() {
    let points = [(50.0, ms(20)), (95.0, ms(200)), (99.0, ms(1000))];
    let delay = Delay::percentiles(Duration::ZERO, &points).unwrap();
    check(&delay, 0.0, Duration::ZERO);
    check(&delay, 25.0, ms(10));
    check(&delay, 50.0, ms(20));
    check(&delay, 72.5, ms(110));
    check(&delay, 95.0, ms(200));
    check(&delay, 99.0, ms(1000));
    assert_eq!(delay.draw(u64::MAX), ms(1000));
    let from = Delay::percentiles(ms(5), &[(100.0, ms(15))]).unwrap();
    check(&from, 0.0, ms(5));
    check(&from, 50.0, ms(10));
}

#[test]
fn faults_come_as_often_as_they_should() {
    let faults = Faults::new(0.25, &[500, 503]).unwrap();
    assert_eq!(faults.draw(0), Some(500));
    assert_eq!(faults.draw(at(12.4)), Some(500));
    assert_eq!(faults.draw(at(12.6)), Some(503));
    assert_eq!(faults.draw(at(24.9)), Some(503));
    assert_eq!(faults.draw(at(25.1)), None);
    let never = Faults::new(0.0, &[500]).unwrap();
    assert_eq!((never.draw(0), never.draw(u64::MAX)), (None, None));
    let always = Faults::new(1.0, &[500]).unwrap();
    assert_eq!((always.draw(0), always.draw(u64::MAX)), (Some(500), Some(500)));
}

#[test]
fn what_makes_no_sense_is_refused() {
    let delay = |min, points: &[(f64, Duration)]| Delay::percentiles(min, points).unwrap_err();
    assert_eq!(Delay::range(ms(2), ms(1)).unwrap_err(), ChaosError::Backwards);
    assert!(matches!(Delay::fixed(MAX_DELAY + ms(1)), Err(ChaosError::TooLong(_))));
    assert_eq!(delay(ms(0), &[]), ChaosError::Points(0));
    assert!(matches!(delay(ms(0), &[(0.0, ms(1))]), ChaosError::Percent(_)));
    assert!(matches!(delay(ms(0), &[(f64::NAN, ms(1))]), ChaosError::Percent(_)));
    assert!(matches!(delay(ms(0), &[(101.0, ms(1))]), ChaosError::Percent(_)));
    assert!(matches!(delay(ms(0), &[(9.0, ms(1)), (9.0, ms(2))]), ChaosError::Order(_)));
    assert!(matches!(delay(ms(2), &[(9.0, ms(1))]), ChaosError::Falling(_)));
    assert!(matches!(Faults::new(1.1, &[500]), Err(ChaosError::Rate(_))));
    assert!(matches!(Faults::new(f64::NAN, &[500]), Err(ChaosError::Rate(_))));
    assert_eq!(Faults::new(0.5, &[]).unwrap_err(), ChaosError::Statuses(0));
    assert_eq!(Faults::new(0.5, &[101]).unwrap_err(), ChaosError::Status(101));
}
