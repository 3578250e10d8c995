//! Two counts over a time that moves on, kept by all workers together without a lock.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

/// Into how many parts the time is cut; the oldest part is dropped as a whole.
const PARTS: u32 = 10;
/// Bits of a part: when it is from, then the two counts.
const COUNT_BITS: u32 = 20;
const MOST: u64 = (1 << COUNT_BITS) - 1;

/// Two counts over the last while.
#[derive(Debug)]
pub struct Window {
    start: Instant,
    /// In nanoseconds; not 0.
    part: u64,
    parts: [AtomicU64; PARTS as usize],
}

/// Two counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// The first one.
    pub first: u64,
    /// The second one.
    pub second: u64,
}

impl Window {
    /// Counts over so much time; `start` is before any other moment it is told of.
    #[must_use]
    pub fn new(span: Duration, start: Instant) -> Self {
        let part = (span / PARTS).max(Duration::from_millis(1)).as_nanos();
        let part = u64::try_from(part).unwrap_or(u64::MAX);
        Self { start, part, parts: std::array::from_fn(|_| AtomicU64::new(0)) }
    }

    /// Adds to the counts. A part holds a million of each at most.
    pub fn add(&self, counts: Counts, now: Instant) {
        let tick = self.tick(now);
        let index = (tick % u64::from(PARTS)) as usize;
        let Some(part) = self.parts.get(index) else { return };
        let add = |old: u64| {
            let old = if old >> (2 * COUNT_BITS) == tick { unpack(old) } else { Counts::default() };
            let first = (old.first + counts.first).min(MOST);
            let second = (old.second + counts.second).min(MOST);
            (tick << (2 * COUNT_BITS)) | (first << COUNT_BITS) | second
        };
        part.update(Ordering::Relaxed, Ordering::Relaxed, add);
    }

    /// The counts until now.
    #[must_use]
    pub fn sum(&self, now: Instant) -> Counts {
        let tick = self.tick(now);
        let oldest = (tick + 1).saturating_sub(u64::from(PARTS)).max(1);
        let parts = self.parts.iter().map(|part| part.load(Ordering::Relaxed));
        let recent = parts.filter(|part| (oldest..=tick).contains(&(part >> (2 * COUNT_BITS))));
        recent.map(unpack).fold(Counts::default(), |sum, part| Counts {
            first: sum.first + part.first,
            second: sum.second + part.second,
        })
    }

    /// Forgets everything.
    pub fn clear(&self) {
        self.parts.iter().for_each(|part| part.store(0, Ordering::Relaxed));
    }

    /// The number of the part that a moment is in, from 1: nothing has been counted in 0.
    fn tick(&self, now: Instant) -> u64 {
        let elapsed = now.saturating_duration_since(self.start);
        // Of 64 bits, which last for centuries: a division of 128 bits costs much more.
        let nanoseconds =
            elapsed.as_secs().saturating_mul(1_000_000_000) + u64::from(elapsed.subsec_nanos());
        (nanoseconds / self.part + 1) & (u64::MAX >> (2 * COUNT_BITS))
    }
}

fn unpack(part: u64) -> Counts {
    Counts { first: (part >> COUNT_BITS) & MOST, second: part & MOST }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one_each(window: &Window, now: Instant) {
        window.add(Counts { first: 1, second: 2 }, now);
    }

    #[test]
    fn counts_are_forgotten_part_by_part() {
        let start = Instant::now();
        let window = Window::new(Duration::from_secs(10), start);
        assert_eq!(window.sum(start), Counts::default());
        for second in 0..10 {
            one_each(&window, start + Duration::from_secs(second));
        }
        for (second, left) in [(9, 10), (10, 9), (14, 5), (18, 1), (19, 0), (1_000_000, 0)] {
            let sum = window.sum(start + Duration::from_secs(second));
            assert_eq!(sum, Counts { first: left, second: 2 * left }, "after {second} s");
        }
        one_each(&window, start + Duration::from_secs(15));
        assert_eq!(window.sum(start + Duration::from_secs(15)).first, 5);
        window.clear();
        assert_eq!(window.sum(start + Duration::from_secs(15)), Counts::default());
    }

    #[test]
    fn counts_do_not_run_over() {
        let start = Instant::now();
        let window = Window::new(Duration::from_secs(10), start);
        window.add(Counts { first: u64::MAX / 4, second: 0 }, start);
        window.add(Counts { first: 1, second: 1 }, start);
        assert_eq!(window.sum(start), Counts { first: MOST, second: 1 });
    }
}
