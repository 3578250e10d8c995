//! The process whose place this one takes.

use std::io;
use std::net::TcpListener;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use super::wire::{self, Reader};
use super::{Role, Sockets, VERSION, control_socket};

/// How long the other process may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// A process that serves, and waits to hear that this one does.
#[derive(Debug)]
pub(crate) struct Predecessor {
    stream: UnixStream,
    pid: u64,
}

impl Predecessor {
    /// Asks the process that serves from this home for its listening sockets; it goes on serving.
    /// `None` when there is no such process.
    ///
    /// # Errors
    ///
    /// A process that does not hand over, or that cannot be understood.
    pub(crate) fn find(home: &Path) -> Result<Option<(Self, Sockets)>, String> {
        let path = control_socket(home);
        let stream = match UnixStream::connect(&path) {
            Ok(stream) => stream,
            Err(error) if is_absence(&error) => return Ok(None),
            Err(error) => return Err(format!("cannot connect to {}: {error}", path.display())),
        };
        let asked = ask(stream);
        asked
            .map(Some)
            .map_err(|error| format!("the process that serves did not hand over: {error}"))
    }

    /// Tells the other process that this one serves, so that it stops.
    ///
    /// Nothing is lost when it has ended meanwhile, or does not answer: this one serves.
    pub(crate) fn relieve(self) {
        let told = wire::send(&self.stream, &json!({ "ready": true }));
        match told.and_then(|()| Reader::new(&self.stream).line()) {
            Ok(_) => tracing::info!(pid = self.pid, "The place of another process was taken."),
            Err(error) => tracing::warn!(
                pid = self.pid, %error,
                "The process whose place was taken did not say that it stops."
            ),
        }
    }
}

/// Nobody listens, or nobody ever has.
fn is_absence(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused)
}

fn ask(stream: UnixStream) -> io::Result<(Predecessor, Sockets)> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    wire::send(&stream, &json!({ "takeover": VERSION, "pid": std::process::id() }))?;
    let mut reader = Reader::new(&stream);
    let offer = reader.line()?;
    if let Some(error) = offer["error"].as_str() {
        return Err(io::Error::other(error.to_owned()));
    }
    let roles = offer["listeners"].as_array().cloned().unwrap_or_default();
    let mut sockets = Sockets::default();
    for (role, socket) in roles.iter().zip(reader.sockets(roles.len())?) {
        // One that this version does not know is closed here, and by the other process later.
        if let Some(role) = role.as_str().and_then(Role::parse) {
            sockets.push(role, TcpListener::from(socket));
        }
    }
    let pid = pid(&offer);
    Ok((Predecessor { stream, pid }, sockets))
}

/// The id of the process that sent a line, for logs.
pub(super) fn pid(line: &Value) -> u64 {
    line["pid"].as_u64().unwrap_or_default()
}
