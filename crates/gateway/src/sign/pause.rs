//! Pauses that grow: how long a server is left alone after it failed.

use std::time::Duration;

use tokio::time::Instant;

/// A pause after each failure in a row, twice as long each time.
#[derive(Debug)]
pub(crate) struct Pause {
    first: Duration,
    failures: u32,
    until: Option<Instant>,
}

/// The longest pause.
const LONGEST: Duration = Duration::from_secs(30);

impl Pause {
    /// No failure yet.
    pub(crate) fn new(first: Duration) -> Self {
        Self { first, failures: 0, until: None }
    }

    /// Notes a failure. The pause is up to a fifth longer or shorter, so that many gateways do not
    /// come back at once.
    pub(crate) fn fail(&mut self, now: Instant) {
        let factor = 2_u32.saturating_pow(self.failures.min(16));
        let pause = self.first.saturating_mul(factor).min(LONGEST);
        self.failures = self.failures.saturating_add(1);
        self.until = Some(now + pause.mul_f64(rand::random_range(0.8..1.2)));
    }

    /// Notes that all is well.
    pub(crate) fn reset(&mut self) {
        self.failures = 0;
        self.until = None;
    }

    /// How long it lasts yet; `None` where it is over.
    pub(crate) fn left(&self, now: Instant) -> Option<Duration> {
        let left = self.until?.saturating_duration_since(now);
        (!left.is_zero()).then_some(left)
    }
}
