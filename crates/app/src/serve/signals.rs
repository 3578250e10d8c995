//! SIGTERM and SIGINT end the process, SIGHUP reads configuration and certificates anew.

use tokio::signal::unix::{SignalKind, signal};

use super::follow::Follower;

/// Waits until the process is told to stop.
///
/// # Errors
///
/// Signals that cannot be received.
pub(crate) async fn wait(follower: &Follower) -> Result<(), String> {
    let receive = |kind| signal(kind).map_err(|error| format!("cannot receive signals: {error}"));
    let mut terminate = receive(SignalKind::terminate())?;
    let mut interrupt = receive(SignalKind::interrupt())?;
    let mut hangup = receive(SignalKind::hangup())?;
    loop {
        tokio::select! {
            _ = terminate.recv() => return Ok(()),
            _ = interrupt.recv() => return Ok(()),
            _ = hangup.recv() => follower.reload(),
        }
    }
}
