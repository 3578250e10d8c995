//! What a connection of HTTP/2 is doing, so that each wait has its own limit.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

/// What a connection waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// The first or next request.
    Idle,
    /// Nothing: an exchange is under way and has limits of its own.
    Busy,
}

/// The phase of one connection, shared between its socket and its exchanges.
#[derive(Debug)]
pub(crate) struct PhaseCell {
    /// Exchanges that are under way.
    streams: AtomicU32,
    /// How often it has become idle or busy, so that two waits can be told apart.
    changes: AtomicU32,
    /// When the connection was accepted.
    begun: Instant,
    /// When the last answer had been handed over, in nanoseconds after `begun`.
    idle_since: AtomicU64,
    /// Whether the client may still be sending what nobody will read.
    expects_more: AtomicBool,
}

impl Default for PhaseCell {
    fn default() -> Self {
        Self {
            streams: AtomicU32::new(0),
            changes: AtomicU32::new(0),
            begun: Instant::now(),
            idle_since: AtomicU64::new(0),
            expects_more: AtomicBool::new(false),
        }
    }
}

impl PhaseCell {
    /// The phase, and a number that is different for each wait.
    pub(crate) fn load(&self) -> (Phase, u32) {
        let is_idle = self.streams.load(Ordering::Relaxed) == 0;
        let phase = if is_idle { Phase::Idle } else { Phase::Busy };
        (phase, self.changes.load(Ordering::Relaxed))
    }

    /// When the last answer had been handed over, or the connection was accepted.
    pub(crate) fn idle_since(&self) -> Instant {
        self.begun + Duration::from_nanos(self.idle_since.load(Ordering::Relaxed))
    }

    /// One more exchange has begun.
    pub(crate) fn stream(self: &Arc<Self>) -> BusyGuard {
        if self.streams.fetch_add(1, Ordering::Relaxed) == 0 {
            self.changes.fetch_add(1, Ordering::Relaxed);
        }
        BusyGuard(Arc::clone(self))
    }

    /// Whether there has been an exchange.
    pub(crate) fn has_served(&self) -> bool {
        self.changes.load(Ordering::Relaxed) > 0
    }

    /// Whether the client may still be sending what nobody will read.
    pub(crate) fn may_be_sending(&self) -> bool {
        self.expects_more.load(Ordering::Relaxed)
    }

    /// The client has not been heard out.
    pub(crate) fn expect_more(&self) {
        self.expects_more.store(true, Ordering::Relaxed);
    }

    /// The last byte of the last answer has been handed over.
    fn idle(&self) {
        let since = u64::try_from(self.begun.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.idle_since.store(since, Ordering::Relaxed);
        self.changes.fetch_add(1, Ordering::Relaxed);
    }
}

/// One exchange, whose end may make its connection idle again.
#[derive(Debug)]
pub(crate) struct BusyGuard(Arc<PhaseCell>);

impl Drop for BusyGuard {
    fn drop(&mut self) {
        if self.0.streams.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.0.idle();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_wait_has_its_own_number() {
        let cell = Arc::new(PhaseCell::default());
        let (first, one) = cell.load();
        assert!(!cell.has_served());
        let streams = [cell.stream(), cell.stream()];
        let (second, two) = cell.load();
        let [last, other] = streams;
        drop(other);
        assert_eq!(cell.load(), (second, two));
        drop(last);
        let (third, three) = cell.load();
        assert_eq!((first, second, third), (Phase::Idle, Phase::Busy, Phase::Idle));
        assert!(one != two && two != three && one != three && cell.has_served());
    }
}
