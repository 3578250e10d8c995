//! Leaving out a member that answers badly, judged by the answers to clients.
//!
//! The members of a group are judged one by one; that not too many are out at once is for the group
//! to see to, with [`has_room`].

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use compiler::plan::Ejection;
use tokio::time::Instant;

use super::window::{Counts, Window};

/// What is known of one member. Noting a good answer costs one load, and one addition where a
/// failure rate is looked at.
#[derive(Debug)]
pub struct Outlier {
    rules: Ejection,
    start: Instant,
    /// Failures in a row.
    run: AtomicU32,
    /// Calls and failures.
    window: Window,
    /// When it is taken back, in nanoseconds since the start; 0 while it is in.
    until: AtomicU64,
    past: Mutex<Past>,
}

/// Why a member is to be left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// So many failures in a row.
    Consecutive(u32),
    /// So many of a hundred calls failed.
    Rate(u32),
}

#[derive(Debug, Default)]
struct Past {
    /// Times in a row that it was left out.
    times: u32,
    /// When the last time ended.
    ended: Option<Instant>,
}

impl Outlier {
    /// A member that is in.
    #[must_use]
    pub fn new(rules: Ejection, start: Instant) -> Self {
        Self {
            window: Window::new(rules.window, start),
            rules,
            start,
            run: AtomicU32::new(0),
            until: AtomicU64::new(0),
            past: Mutex::default(),
        }
    }

    /// Whether an answer with this status counts as a failure.
    #[must_use]
    pub fn is_bad(&self, status: u16) -> bool {
        self.rules.statuses.contains(status)
    }

    /// Notes how a call ended; gives the cause when it is to be left out now.
    pub fn note(&self, failed: bool, now: Instant) -> Option<Cause> {
        if self.rules.rate.is_some() {
            self.window.add(Counts { first: 1, second: u64::from(failed) }, now);
        }
        if !failed {
            // Most often there is nothing to forget, and then nothing is written.
            if self.run.load(Ordering::Relaxed) > 0 {
                self.run.store(0, Ordering::Relaxed);
            }
            return None;
        }
        let run = self.run.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        if self.rules.consecutive.is_some_and(|most| run >= most) {
            return Some(Cause::Consecutive(run));
        }
        self.rate(now)
    }

    fn rate(&self, now: Instant) -> Option<Cause> {
        let rule = self.rules.rate?;
        let Counts { first: calls, second: failures } = self.window.sum(now);
        let is_enough = calls >= u64::from(rule.minimum.max(1));
        let percent = failures * 100 / calls.max(1);
        let is_over = is_enough && percent >= u64::from(rule.percent);
        is_over.then(|| Cause::Rate(u32::try_from(percent).unwrap_or(100)))
    }

    /// Leaves it out, for longer each time in a row; how long. `None` if it is out already.
    pub fn eject(&self, now: Instant) -> Option<Duration> {
        let mut past = self.past.lock().unwrap_or_else(PoisonError::into_inner);
        if self.is_out(now) {
            return None;
        }
        // Who was in for longer than the longest time out begins anew.
        let is_in_a_row = past.ended.is_some_and(|ended| now < ended + self.rules.maximum);
        past.times = if is_in_a_row { past.times.saturating_add(1) } else { 1 };
        let time = self.rules.base.saturating_mul(past.times).min(self.rules.maximum);
        past.ended = Some(now + time);
        self.until.store(self.at(now + time).max(1), Ordering::Relaxed);
        self.run.store(0, Ordering::Relaxed);
        self.window.clear();
        Some(time)
    }

    /// Takes it back at once.
    pub fn restore(&self) {
        self.until.store(0, Ordering::Relaxed);
    }

    /// Whether it is left out.
    #[must_use]
    pub fn is_out(&self, now: Instant) -> bool {
        let until = self.until.load(Ordering::Relaxed);
        until > 0 && self.at(now) < until
    }

    /// When it is taken back, or was the last time.
    #[must_use]
    pub fn until(&self) -> Option<Instant> {
        let until = self.until.load(Ordering::Relaxed);
        (until > 0).then(|| self.start + Duration::from_nanos(until))
    }

    fn at(&self, now: Instant) -> u64 {
        let nanoseconds = now.saturating_duration_since(self.start).as_nanos();
        u64::try_from(nanoseconds).unwrap_or(u64::MAX)
    }
}

/// Whether one more member may be left out: at most this share of all, in percent, but one in any
/// case where there are others.
#[must_use]
pub fn has_room(members: usize, out: usize, share: u32) -> bool {
    let most = (members * share as usize / 100).max(1);
    members > 1 && out < most
}

#[cfg(test)]
mod tests {
    use compiler::plan::FailureRate;

    use super::*;

    const fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn outlier(change: impl Fn(&mut Ejection)) -> (Outlier, Instant) {
        let mut rules = Ejection::default();
        change(&mut rules);
        let start = Instant::now();
        (Outlier::new(rules, start), start)
    }

    #[test]
    fn failures_in_a_row() {
        let (outlier, start) = outlier(|rules| rules.consecutive = Some(3));
        for failed in [true, true, false, true, true] {
            assert_eq!(outlier.note(failed, start), None);
        }
        assert_eq!(outlier.note(true, start), Some(Cause::Consecutive(3)));
        assert!(!outlier.is_out(start), "only the group leaves it out");
        assert_eq!(outlier.eject(start), Some(seconds(30)));
        assert_eq!(outlier.eject(start), None);
        assert!(outlier.is_out(start + seconds(29)));
        assert!(!outlier.is_out(start + seconds(30)));
        assert_eq!(outlier.note(true, start + seconds(30)), None, "it begins anew");
    }

    #[test]
    fn a_failure_rate() {
        let rate = Some(FailureRate { percent: 50, minimum: 4 });
        let (outlier, start) = outlier(|rules| {
            rules.consecutive = None;
            rules.rate = rate;
        });
        for failed in [true, true, false] {
            assert_eq!(outlier.note(failed, start), None, "too few calls");
        }
        assert_eq!(outlier.note(true, start), Some(Cause::Rate(75)));
        for _ in 0..5 {
            assert_eq!(outlier.note(false, start), None);
        }
        assert_eq!(outlier.note(true, start), None, "4 of 10");
        assert_eq!(outlier.note(true, start + seconds(11)), None, "forgotten");
    }

    #[test]
    fn each_time_in_a_row_is_longer() {
        let (outlier, start) = outlier(|rules| rules.maximum = seconds(70));
        let mut now = start;
        for expected in [30, 60, 70, 70] {
            assert_eq!(outlier.eject(now), Some(seconds(expected)));
            now += seconds(expected + 1);
        }
        now += seconds(70);
        assert_eq!(outlier.eject(now), Some(seconds(30)));
        outlier.restore();
        assert!(!outlier.is_out(now));
    }

    #[test]
    fn statuses_that_count() {
        let (outlier, _) = outlier(|_| {});
        assert_eq!([500, 502, 504].map(|status| outlier.is_bad(status)), [false, true, true]);
    }

    #[test]
    fn not_too_many_at_once() {
        for (members, out, share, expected) in [
            (10, 4, 50, true),
            (10, 5, 50, false),
            (3, 0, 10, true),
            (3, 1, 10, false),
            (1, 0, 100, false),
            (2, 1, 100, true),
        ] {
            assert_eq!(has_room(members, out, share), expected, "{members} {out} {share}");
        }
    }
}
