//! Draining: no new connections, what is in flight ends, and somebody knows when all is done.
//!
//! A connection that is idle is not closed at once: its client may be sending a request at this
//! very moment, which would be lost.
//! For a grace period it may still begin one, is told with the answer that it was the last, and
//! only who stays silent is closed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::{mpsc, watch};

/// Starts a drain and waits for its end.
#[derive(Debug)]
pub struct DrainControl {
    start: watch::Sender<Option<Duration>>,
    leaving: Leaving,
    ended: mpsc::Receiver<()>,
}

/// Tells when a drain starts; one for each listener.
#[derive(Debug, Clone)]
pub struct Drain {
    started: watch::Receiver<Option<Duration>>,
    leaving: Leaving,
    presence: mpsc::Sender<()>,
}

/// A connection that a drain waits for.
#[derive(Debug)]
pub struct Guest {
    started: watch::Receiver<Option<Duration>>,
    leaving: Leaving,
    _presence: mpsc::Sender<()>,
}

/// Whether a drain has started, cheap to ask for each request.
#[derive(Debug, Clone, Default)]
pub struct Leaving(Arc<AtomicBool>);

/// Both ends of a drain.
#[must_use]
pub fn drain() -> (DrainControl, Drain) {
    let (start, started) = watch::channel(None);
    let (presence, ended) = mpsc::channel(1);
    let leaving = Leaving::default();
    let drain = Drain { started, leaving: leaving.clone(), presence };
    (DrainControl { start, leaving, ended }, drain)
}

impl DrainControl {
    /// Starts the drain. For the time of `grace` a client that is idle may still begin a request.
    pub fn start(&self, grace: Duration) {
        self.leaving.0.store(true, Ordering::Relaxed);
        self.start.send_replace(Some(grace));
    }

    /// Waits until every guest has left, at most for `limit`; whether all have.
    pub async fn ended(&mut self, limit: Duration) -> bool {
        tokio::time::timeout(limit, self.ended.recv()).await.is_ok()
    }
}

impl Drain {
    /// Waits until the drain starts.
    pub async fn started(&mut self) {
        let _control_is_gone = begun(&mut self.started).await;
    }

    /// Registers a connection.
    #[must_use]
    pub fn guest(&self) -> Guest {
        Guest {
            started: self.started.clone(),
            leaving: self.leaving.clone(),
            _presence: self.presence.clone(),
        }
    }
}

impl Guest {
    /// The grace, once the drain starts; for those who look at it while they do something else.
    pub(crate) fn notice(&self) -> impl Future<Output = Duration> + Send + use<> {
        let mut started = self.started.clone();
        async move { begun(&mut started).await.unwrap_or_default() }
    }

    /// Waits until the drain starts: from then on an answer is the last one of its connection, and
    /// says so.
    pub async fn asked_to_leave(&mut self) {
        let _control_is_gone = begun(&mut self.started).await;
    }

    /// Waits until the drain has started and its grace period is over: who is idle now is closed.
    pub async fn outstayed(&mut self) {
        if let Some(grace) = begun(&mut self.started).await {
            tokio::time::sleep(grace).await;
        }
    }

    /// Whether the drain has started, to be asked without waiting.
    #[must_use]
    pub fn leaving(&self) -> Leaving {
        self.leaving.clone()
    }
}

impl Leaving {
    /// Whether the drain has started.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// The grace of a drain that has started; `None` when nobody is left to start it, which ends
/// everything as well.
async fn begun(started: &mut watch::Receiver<Option<Duration>>) -> Option<Duration> {
    started.wait_for(Option::is_some).await.ok().and_then(|grace| *grace)
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    const GRACE: Duration = Duration::from_secs(5);

    #[tokio::test(start_paused = true)]
    async fn a_drain_ends_with_its_last_guest() {
        let (mut control, drain) = drain();
        let mut guest = drain.guest();
        drop(drain);
        control.start(GRACE);
        assert!(!control.ended(Duration::from_secs(1)).await);
        guest.asked_to_leave().await;
        drop(guest);
        assert!(control.ended(Duration::from_secs(1)).await);
    }

    #[tokio::test(start_paused = true)]
    async fn who_is_idle_may_stay_for_the_grace() {
        let (control, mut drain) = drain();
        let mut guest = drain.guest();
        let leaving = guest.leaving();
        assert!(!leaving.has_begun());
        control.start(GRACE);
        assert!(leaving.has_begun());
        assert_eq!(guest.notice().await, GRACE);
        drain.started().await;
        let started = Instant::now();
        guest.outstayed().await;
        assert_eq!(started.elapsed(), GRACE);
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_stays_when_the_control_is_gone() {
        let (control, mut drain) = drain();
        let mut guest = drain.guest();
        drop(control);
        drain.started().await;
        guest.outstayed().await;
    }
}
