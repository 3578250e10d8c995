//! SIGTERM and SIGINT end the process, SIGHUP reads configuration and certificates anew.

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::follow::Follower;

/// The signals that the process answers to.
pub(crate) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
}

impl Signals {
    /// From here on signals are received, and no longer end the process by themselves.
    ///
    /// # Errors
    ///
    /// Signals that cannot be received.
    pub(crate) fn receive() -> Result<Self, String> {
        let receive =
            |kind| signal(kind).map_err(|error| format!("cannot receive signals: {error}"));
        Ok(Self {
            terminate: receive(SignalKind::terminate())?,
            interrupt: receive(SignalKind::interrupt())?,
            hangup: receive(SignalKind::hangup())?,
        })
    }

    /// Waits until the process is told to stop once more.
    pub(crate) async fn stop_again(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }

    /// Waits until the process is told to stop.
    pub(crate) async fn wait(&mut self, follower: &Follower) {
        loop {
            tokio::select! {
                _ = self.terminate.recv() => return,
                _ = self.interrupt.recv() => return,
                _ = self.hangup.recv() => follower.reload(),
            }
        }
    }
}
