//! Noticing that a peer is gone without a word: its machine lost power, or a firewall forgot the
//! connection.
//!
//! The kernel asks a silent peer whether it is still there (TCP keep-alive), and ends the connection
//! when nobody answers.
//! There is no `TCP_USER_TIMEOUT` on purpose: how long a peer may leave bytes unacknowledged is for
//! the limits on reading and writing to say, which are configured.

use std::io;
use std::os::fd::AsFd;
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};

/// Silence after which the kernel asks.
const SILENCE: Duration = Duration::from_secs(60);
/// The pause between two questions.
const INTERVAL: Duration = Duration::from_secs(15);
/// Questions without an answer after which the connection is ended.
const QUESTIONS: u32 = 4;

/// Switches keep-alive on; sockets that are accepted from a listening one have what that has.
///
/// # Errors
///
/// Whatever the system says.
pub(crate) fn keep_alive(socket: &impl AsFd) -> io::Result<()> {
    let times = TcpKeepalive::new().with_time(SILENCE).with_interval(INTERVAL);
    SockRef::from(socket).set_tcp_keepalive(&times.with_retries(QUESTIONS))
}
