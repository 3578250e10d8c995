//! Telling of clients that are turned away: a line now and then for each reason, however many they
//! are.

use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use crate::telemetry::metric::TurnedAway;

/// The least time between two lines of one kind.
pub(super) const PAUSE: Duration = Duration::from_secs(10);

/// What was counted since the last line, for each reason.
#[derive(Debug)]
pub(crate) struct Refusals {
    begun: Instant,
    reasons: [Reason; TurnedAway::ALL.len()],
}

#[derive(Debug, Default)]
struct Reason {
    count: AtomicU64,
    /// From when the next line may be written, in milliseconds after the beginning.
    next: AtomicU64,
}

impl Default for Refusals {
    fn default() -> Self {
        Self { begun: Instant::now(), reasons: Default::default() }
    }
}

impl Refusals {
    /// Counts one; the line names the client that was the last.
    pub(crate) fn note(&self, client: IpAddr, reason: TurnedAway) {
        if let Some(count) = self.due(reason) {
            let client = client.to_canonical();
            let reason = reason.label();
            tracing::warn!(reason, count, %client, "Connections were turned away at a limit.");
        }
    }

    /// How many a line is due for.
    fn due(&self, reason: TurnedAway) -> Option<u64> {
        let Reason { count, next } = &self.reasons[reason as usize];
        count.fetch_add(1, Ordering::Relaxed);
        let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let now = millis(self.begun.elapsed());
        let due = next.load(Ordering::Relaxed);
        if now < due {
            return None;
        }
        // Of several workers one writes.
        next.compare_exchange(due, now + millis(PAUSE), Ordering::Relaxed, Ordering::Relaxed)
            .ok()
            .map(|_| count.swap(0, Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_line_tells_of_all_since_the_last() {
        let refusals = Refusals::default();
        let due = |reason| refusals.due(reason);
        assert_eq!(due(TurnedAway::Connections), Some(1));
        for _ in 0..5 {
            assert_eq!(due(TurnedAway::Connections), None);
        }
        assert_eq!(due(TurnedAway::Handshakes), Some(1), "each reason for itself");
        tokio::time::advance(PAUSE).await;
        assert_eq!(due(TurnedAway::Connections), Some(6));
        assert_eq!(due(TurnedAway::Connections), None);
    }
}
