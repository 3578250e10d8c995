//! Signals to processes that a test has started.

use std::process::Command;

/// Sends a signal: `TERM`, `HUP`, `STOP`.
///
/// # Panics
/// When the signal cannot be sent.
pub(crate) fn send(id: u32, name: &str) {
    // A shell has `kill` built in; the Debian package with the program may be missing.
    let kill = format!("kill -{name} {id}");
    let done = Command::new("sh").args(["-c", &kill]).status().expect("a shell");
    assert!(done.success(), "{kill}: {done}");
}
