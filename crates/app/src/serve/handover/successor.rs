//! Offering this process's place to another one.

use std::fs::{DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::oneshot;

use super::predecessor::pid;
use super::wire::{self, Reader};
use super::{Role, Sockets, VERSION, control_socket, is_served};

/// How long a request and a confirmation may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a successor may take to get ready: it may have thousands of projects to read.
const PREPARATION: Duration = Duration::from_secs(600);

/// The offer to take this process's place, open until it is withdrawn.
#[derive(Debug)]
pub(crate) struct Offer {
    path: PathBuf,
    /// Device and file number of the socket in the file system, while it is ours.
    identity: Option<(u64, u64)>,
    sockets: Arc<Mutex<Option<Sockets>>>,
    taken: oneshot::Receiver<u64>,
}

impl Offer {
    /// Listens in the home folder for a process that wants these sockets; on a thread of its own.
    ///
    /// # Errors
    ///
    /// A folder that cannot be written, or that another process serves from whose place was not
    /// taken.
    pub(crate) fn open(home: &Path, sockets: Sockets, took_over: bool) -> io::Result<Self> {
        if !took_over && is_served(home) {
            return Err(io::Error::other("another process serves from this home"));
        }
        let path = control_socket(home);
        let listener = listen(&path)?;
        let written = std::fs::symlink_metadata(&path)?;
        let sockets = Arc::new(Mutex::new(Some(sockets)));
        let (tell, taken) = oneshot::channel();
        let offered = Arc::clone(&sockets);
        std::thread::Builder::new()
            .name("weir-control".to_owned())
            .spawn(move || offer(listener, &offered, tell))?;
        Ok(Self { path, identity: Some((written.dev(), written.ino())), sockets, taken })
    }

    /// Waits until another process serves in the place of this one; gives its process id.
    pub(crate) async fn taken(&mut self) -> u64 {
        match (&mut self.taken).await {
            Ok(successor) => {
                // From here on the path is the successor's.
                self.identity = None;
                successor
            }
            // The thread is gone, and with it the offer.
            Err(_gone) => std::future::pending().await,
        }
    }

    /// Closes the sockets and offers nothing any more.
    pub(crate) fn withdraw(self) {
        drop(lock(&self.sockets).take());
        let ours = self.identity.is_some_and(|identity| {
            let found = std::fs::symlink_metadata(&self.path);
            found.is_ok_and(|found| (found.dev(), found.ino()) == identity)
        });
        if ours && let Err(error) = std::fs::remove_file(&self.path) {
            tracing::debug!(%error, "The control socket could not be removed.");
        }
    }
}

/// Binds beside the path and renames, so that there is one that answers at any time.
fn listen(path: &Path) -> io::Result<UnixListener> {
    if let Some(folder) = path.parent() {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    let temporary = path.with_extension(format!("sock.{}", std::process::id()));
    match std::fs::remove_file(&temporary) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(&temporary)?;
    std::fs::set_permissions(&temporary, Permissions::from_mode(0o600))?;
    std::fs::rename(&temporary, path)?;
    Ok(listener)
}

/// Answers one process after the other until one has taken over.
fn offer(listener: UnixListener, sockets: &Mutex<Option<Sockets>>, tell: oneshot::Sender<u64>) {
    let (stream, successor) = wait_for_successor(&listener, sockets);
    // Gone before the successor hears of it and listens in its place.
    drop(listener);
    // When nobody waits for it, the process is about to end anyway.
    let _ending = tell.send(successor);
    if let Err(error) = wire::send(&stream, &json!({ "draining": true })) {
        tracing::debug!(%error, "The successor was not told.");
    }
}

fn wait_for_successor(
    listener: &UnixListener,
    sockets: &Mutex<Option<Sockets>>,
) -> (UnixStream, u64) {
    loop {
        let handed_over = listener.accept().and_then(|(stream, _)| {
            let successor = hand_over(&stream, sockets)?;
            Ok((stream, successor))
        });
        match handed_over {
            Ok(done) => return done,
            // It only looked whether somebody is there.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {}
            Err(error) => {
                tracing::warn!(%error, "Another process wanted to take over and did not.");
                // Out of file descriptors, most likely; nobody waits for this thread.
                std::thread::sleep(Duration::from_millis(50));
            }
        }
    }
}

/// One process from its request to its being ready; gives its process id.
fn hand_over(stream: &UnixStream, sockets: &Mutex<Option<Sockets>>) -> io::Result<u64> {
    refuse_strangers(stream)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut reader = Reader::new(stream);
    let request = reader.line()?;
    if request["takeover"].as_u64() != Some(VERSION) {
        return refuse(stream, "it does not know this version of handing over");
    }
    let successor = pid(&request);
    match &*lock(sockets) {
        Some(sockets) => pass(stream, sockets)?,
        None => return refuse(stream, "it is stopping"),
    }
    tracing::info!(pid = successor, "Another process is getting ready to take over.");
    stream.set_read_timeout(Some(PREPARATION))?;
    let ready = reader.line().map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => io::Error::other("it has ended"),
        _ => error,
    })?;
    if ready["ready"] == json!(true) {
        Ok(successor)
    } else {
        Err(io::Error::other("it does not say that it is ready"))
    }
}

fn pass(stream: &UnixStream, Sockets(sockets): &Sockets) -> io::Result<()> {
    let roles: Vec<&str> = sockets.iter().map(|(role, _): &(Role, _)| role.as_str()).collect();
    let offer: Value = json!({ "pid": std::process::id(), "listeners": roles });
    wire::send(stream, &offer)?;
    wire::send_sockets(stream, sockets.iter().map(|(_, socket)| socket))
}

fn refuse(stream: &UnixStream, reason: &str) -> io::Result<u64> {
    wire::send(stream, &json!({ "error": reason }))?;
    Err(io::Error::other(reason.to_owned()))
}

/// The socket's mode keeps others out already, except for a moment before it is set.
#[cfg(target_os = "linux")]
fn refuse_strangers(stream: &UnixStream) -> io::Result<()> {
    let peer = rustix::net::sockopt::socket_peercred(stream)?.uid;
    if peer.is_root() || peer == rustix::process::geteuid() {
        return Ok(());
    }
    Err(io::Error::other("it belongs to another user"))
}

#[cfg(not(target_os = "linux"))]
fn refuse_strangers(_: &UnixStream) -> io::Result<()> {
    Ok(())
}

/// A panic while the lock was held has changed nothing.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
