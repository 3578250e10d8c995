//! What a connection is doing, so that each wait has its own limit.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

/// What a connection waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// The first or next request.
    Idle,
    /// The rest of a head whose first bytes have come.
    Head,
    /// Nothing: an exchange is under way and has limits of its own.
    Busy,
    /// Nothing: the connection is a tunnel.
    Tunnel,
}

/// The phase of one connection, shared between its socket and its exchanges.
///
/// The upper bits count requests, so that two waits for a request can be told apart.
#[derive(Debug)]
pub(crate) struct PhaseCell {
    value: AtomicU32,
    /// When the connection was accepted.
    begun: Instant,
    /// When the last answer had been handed over, in nanoseconds after `begun`.
    idle_since: AtomicU64,
    /// Whether the last request has a body, some of which may be unread.
    has_body: AtomicBool,
    /// Exchanges of an HTTP/2 connection that are under way.
    streams: AtomicU32,
}

const KINDS: u32 = 4;

impl Default for PhaseCell {
    fn default() -> Self {
        Self {
            value: AtomicU32::new(0),
            begun: Instant::now(),
            idle_since: AtomicU64::new(0),
            has_body: AtomicBool::new(false),
            streams: AtomicU32::new(0),
        }
    }
}

impl PhaseCell {
    /// The phase, and a number that is different for each wait.
    pub(crate) fn load(&self) -> (Phase, u32) {
        let value = self.value.load(Ordering::Relaxed);
        let phase = match value % KINDS {
            0 => Phase::Idle,
            1 => Phase::Head,
            2 => Phase::Busy,
            _ => Phase::Tunnel,
        };
        (phase, value)
    }

    /// When the last answer had been handed over, or the connection was accepted.
    pub(crate) fn idle_since(&self) -> Instant {
        self.begun + Duration::from_nanos(self.idle_since.load(Ordering::Relaxed))
    }

    /// Bytes have come.
    pub(crate) fn received(&self) {
        let value = self.value.load(Ordering::Relaxed);
        if value.is_multiple_of(KINDS) {
            self.value.store(value + 1, Ordering::Relaxed);
        }
    }

    /// A head is complete.
    pub(crate) fn busy(&self, has_body: bool) {
        self.has_body.store(has_body, Ordering::Relaxed);
        self.set(2, 0);
    }

    /// One more exchange of an HTTP/2 connection has begun.
    pub(crate) fn stream(self: &Arc<Self>) -> BusyGuard {
        self.streams.fetch_add(1, Ordering::Relaxed);
        self.busy(false);
        BusyGuard(Arc::clone(self))
    }

    /// Whether there has been an exchange.
    pub(crate) fn has_served(&self) -> bool {
        self.value.load(Ordering::Relaxed) >= KINDS
    }

    /// Whether the client may still be sending what nobody will read: a body, or the head that was
    /// refused.
    pub(crate) fn may_be_sending(&self) -> bool {
        self.load().0 == Phase::Head || self.has_body.load(Ordering::Relaxed)
    }

    /// The client has not been heard out.
    pub(crate) fn expect_more(&self) {
        self.has_body.store(true, Ordering::Relaxed);
    }

    /// The answer has been handed over.
    pub(crate) fn idle(&self) {
        let since = u64::try_from(self.begun.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.idle_since.store(since, Ordering::Relaxed);
        self.set(0, KINDS);
    }

    /// The connection is no longer HTTP.
    pub(crate) fn tunnel(&self) {
        self.set(3, 0);
    }

    fn set(&self, kind: u32, step: u32) {
        let value = self.value.load(Ordering::Relaxed);
        self.value.store((value - value % KINDS).wrapping_add(step) + kind, Ordering::Relaxed);
    }
}

/// Makes a connection idle again when the last byte of an answer has been handed over.
#[derive(Debug)]
pub(crate) struct BusyGuard(pub(crate) Arc<PhaseCell>);

impl Drop for BusyGuard {
    fn drop(&mut self) {
        // Streams are counted in HTTP/2 alone.
        if self.0.streams.load(Ordering::Relaxed) == 0
            || self.0.streams.fetch_sub(1, Ordering::Relaxed) == 1
        {
            self.0.idle();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_wait_has_its_own_number() {
        let cell = PhaseCell::default();
        let (first, one) = cell.load();
        cell.received();
        assert_eq!(cell.load().0, Phase::Head);
        cell.busy(false);
        assert_eq!(cell.load().0, Phase::Busy);
        cell.idle();
        let (second, two) = cell.load();
        assert_eq!((first, second), (Phase::Idle, Phase::Idle));
        assert_ne!(one, two);
        cell.tunnel();
        assert_eq!(cell.load().0, Phase::Tunnel);
    }
}
