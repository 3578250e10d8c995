//! How long the answers of a member take, with more weight on what is bad and what is new (peak
//! EWMA): a slow answer counts at once, and is forgotten little by little.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

/// After this time a measurement counts for little more than a third.
const DECAY: Duration = Duration::from_secs(10);

/// The latency of one member.
///
/// Workers that measure in the same moment may lose one of the two measurements.
#[derive(Debug)]
pub struct Latency {
    start: Instant,
    /// In nanoseconds; 0 while nothing was measured.
    value: AtomicU64,
    /// When that was, in nanoseconds since the start.
    stamp: AtomicU64,
}

impl Latency {
    /// Nothing is measured yet.
    #[must_use]
    pub fn new(start: Instant) -> Self {
        Self { start, value: AtomicU64::new(0), stamp: AtomicU64::new(0) }
    }

    /// Notes how long an answer took.
    pub fn observe(&self, took: Duration, now: Instant) {
        let took = nanoseconds(took).max(1);
        let old = self.value.load(Ordering::Relaxed);
        let next = if took >= old {
            took
        } else {
            let keep = self.keep(now);
            (old as f64 * keep + took as f64 * (1.0 - keep)) as u64
        };
        self.value.store(next.max(1), Ordering::Relaxed);
        self.stamp.store(self.at(now), Ordering::Relaxed);
    }

    /// The latency as of now; a member that is asked nothing is slowly forgiven. Zero where
    /// nothing was measured.
    #[must_use]
    pub fn read(&self, now: Instant) -> Duration {
        match self.value.load(Ordering::Relaxed) {
            0 => Duration::ZERO,
            value => Duration::from_nanos(((value as f64 * self.keep(now)) as u64).max(1)),
        }
    }

    /// How much of the last value still counts.
    fn keep(&self, now: Instant) -> f64 {
        let age = self.at(now).saturating_sub(self.stamp.load(Ordering::Relaxed));
        (-(age as f64) / nanoseconds(DECAY) as f64).exp()
    }

    fn at(&self, now: Instant) -> u64 {
        nanoseconds(now.saturating_duration_since(self.start))
    }
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn a_slow_answer_counts_at_once_and_is_forgotten_slowly() {
        let start = Instant::now();
        let latency = Latency::new(start);
        assert_eq!(latency.read(start), Duration::ZERO);
        latency.observe(ms(10), start);
        assert_eq!(latency.read(start), ms(10));
        latency.observe(ms(500), start + ms(10));
        assert_eq!(latency.read(start + ms(10)), ms(500));
        latency.observe(ms(10), start + ms(20));
        assert!(latency.read(start + ms(20)) > ms(490));
        for tick in 1..=40 {
            latency.observe(ms(10), start + Duration::from_secs(tick));
        }
        let settled = latency.read(start + Duration::from_secs(40));
        assert!(settled < ms(20), "{settled:?}");
    }

    #[test]
    fn who_is_asked_nothing_is_forgiven() {
        let start = Instant::now();
        let latency = Latency::new(start);
        latency.observe(ms(1000), start);
        let later = latency.read(start + DECAY);
        assert!(later > ms(360) && later < ms(375), "{later:?}");
        assert_eq!(latency.read(start + Duration::from_secs(10_000)), Duration::from_nanos(1));
    }
}
