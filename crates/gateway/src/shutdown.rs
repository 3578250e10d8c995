//! Draining: no new connections, what is in flight ends, and somebody knows when all is done.

use std::time::Duration;

use tokio::sync::{mpsc, watch};

/// Starts a drain and waits for its end.
#[derive(Debug)]
pub struct DrainControl {
    start: watch::Sender<bool>,
    ended: mpsc::Receiver<()>,
}

/// Tells when a drain starts; one for each listener.
#[derive(Debug, Clone)]
pub struct Drain {
    started: watch::Receiver<bool>,
    presence: mpsc::Sender<()>,
}

/// A connection that a drain waits for.
#[derive(Debug)]
pub struct Guest {
    started: watch::Receiver<bool>,
    _presence: mpsc::Sender<()>,
}

/// Both ends of a drain.
#[must_use]
pub fn drain() -> (DrainControl, Drain) {
    let (start, started) = watch::channel(false);
    let (presence, ended) = mpsc::channel(1);
    (DrainControl { start, ended }, Drain { started, presence })
}

impl DrainControl {
    /// Starts the drain.
    pub fn start(&self) {
        self.start.send_replace(true);
    }

    /// Waits until every guest has left, at most for `limit`; whether all have.
    pub async fn ended(&mut self, limit: Duration) -> bool {
        tokio::time::timeout(limit, self.ended.recv()).await.is_ok()
    }
}

impl Drain {
    /// Waits until the drain starts.
    pub async fn started(&mut self) {
        // An error means that the control is gone, which ends everything as well.
        let _ended = self.started.wait_for(|started| *started).await;
    }

    /// Registers a connection.
    #[must_use]
    pub fn guest(&self) -> Guest {
        Guest { started: self.started.clone(), _presence: self.presence.clone() }
    }
}

impl Guest {
    /// Waits until the drain starts.
    pub async fn asked_to_leave(&mut self) {
        let _ended = self.started.wait_for(|started| *started).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_drain_ends_with_its_last_guest() {
        let (mut control, drain) = drain();
        let mut guest = drain.guest();
        drop(drain);
        control.start();
        assert!(!control.ended(Duration::from_secs(1)).await);
        guest.asked_to_leave().await;
        drop(guest);
        assert!(control.ended(Duration::from_secs(1)).await);
    }
}
