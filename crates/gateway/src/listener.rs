//! Accepting clients: sockets, TLS, the choice of protocol, and draining.
//!
//! Each worker has listening sockets of its own on the same ports (`SO_REUSEPORT`), so that the
//! kernel spreads connections and workers share nothing.

pub(crate) mod clients;
pub(crate) mod refusals;
pub mod sockets;
pub mod tls;

mod handshake;
mod http1;
mod http2;
mod phase;
mod socket;

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tokio_rustls::TlsAcceptor;

use crate::exchange::Connection;
use crate::shutdown::{Drain, Guest};
use crate::spare;
use crate::transport::Transport;
use crate::worker::{ConnectionPermit, Worker};

pub(crate) use http1::Switch;
pub use http1::{Upload, UploadError};
pub(crate) use http2::Handover;
pub(crate) use phase::BusyGuard;
use phase::PhaseCell;
use socket::{ClientSocket, Patience};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const TURN_AWAY_LIMIT: Duration = Duration::from_millis(500);
const FULL: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nconnection: close\r\nretry-after: 1\r\n\r\n";

/// Accepts clients until the worker drains.
pub(crate) async fn accept(
    listener: TcpListener,
    worker: Arc<Worker>,
    tls: Option<TlsAcceptor>,
    drain: Drain,
) {
    let mut draining = drain.clone();
    let mut stopping = pin!(draining.started());
    let mut told = None;
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => welcome(stream, peer, &worker, tls.as_ref(), &drain),
                Err(error) => accept_failed(&error, &mut told).await,
            },
            () = &mut stopping => break,
        }
    }
    empty_queue(listener, &worker, tls.as_ref(), &drain);
}

/// Waits after an error, unless it was that of one client; `told` is when the last one was logged.
async fn accept_failed(error: &io::Error, told: &mut Option<Instant>) {
    if is_of_the_client(error) {
        return;
    }
    if told.is_none_or(|told| told.elapsed() >= refusals::PAUSE) {
        *told = Some(Instant::now());
        tracing::warn!(%error, "A connection could not be accepted.");
    }
    // Out of file descriptors, most likely: waiting lets some be given back.
    tokio::time::sleep(Duration::from_millis(50)).await;
}

/// Whether a client left while it was queued.
fn is_of_the_client(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset)
}

/// Serves what the kernel had already queued for this socket: closing it would reset them, unless
/// another process has it too.
fn empty_queue(
    listener: TcpListener,
    worker: &Arc<Worker>,
    tls: Option<&TlsAcceptor>,
    drain: &Drain,
) {
    // The runtime's own may say that there is nothing when it has merely not looked yet.
    let Ok(listener) = listener.into_std() else { return };
    // No longer than the queue can be: meanwhile more may come.
    for _ in 0..sockets::BACKLOG {
        let accepted = listener.accept().and_then(|(stream, peer)| {
            stream.set_nonblocking(true)?;
            Ok((TcpStream::from_std(stream)?, peer))
        });
        match accepted {
            Ok((stream, peer)) => welcome(stream, peer, worker, tls, drain),
            Err(error) if is_of_the_client(&error) => {}
            Err(_none_left) => break,
        }
    }
}

fn welcome(
    stream: TcpStream,
    peer: SocketAddr,
    worker: &Arc<Worker>,
    tls: Option<&TlsAcceptor>,
    drain: &Drain,
) {
    let permit = match ConnectionPermit::take(worker, peer.ip()) {
        Ok(permit) => permit,
        Err(reason) => {
            worker.turn_away(peer.ip(), reason);
            return if tls.is_none() {
                turn_away(stream, worker)
            };
        }
    };
    let guest = drain.guest();
    let worker = Arc::clone(worker);
    let tls = tls.cloned();
    tokio::spawn(async move {
        if let Err(error) = serve(stream, peer, &worker, tls, (permit, guest)).await {
            tracing::debug!(%peer, %error, "A connection ended with an error.");
        }
    });
}

/// Tells a client that there is no place, unless too many are just being told.
fn turn_away(mut stream: TcpStream, worker: &Worker) {
    let Ok(turn) = Arc::clone(&worker.farewells).try_acquire_owned() else { return };
    tokio::spawn(async move {
        let answer = async {
            stream.write_all(FULL).await?;
            stream.shutdown().await?;
            // Closing over an unread request would reset the connection under the answer.
            tokio::io::copy(&mut stream, &mut tokio::io::sink()).await
        };
        // The client may be gone already; there is nothing more to do for it.
        let answered = tokio::time::timeout(TURN_AWAY_LIMIT, answer).await;
        tracing::debug!(answered = answered.is_ok(), "A connection was turned away at a limit.");
        drop(turn);
    });
}

#[derive(Debug, thiserror::Error)]
enum ServeError {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("{0}")]
    Http(#[from] hyper::Error),
    #[error("the TLS handshake did not end in time")]
    SlowHandshake,
    #[error("the TLS handshake had no turn in time")]
    NoTurn,
}

async fn serve(
    stream: TcpStream,
    peer: SocketAddr,
    worker: &Arc<Worker>,
    tls: Option<TlsAcceptor>,
    (permit, mut guest): (ConnectionPermit, Guest),
) -> Result<(), ServeError> {
    let turns = tls.is_some().then(|| permit.handshakes()).flatten();
    let connection = Connection::new(Arc::clone(worker), peer, tls.is_some());
    let connection = Arc::new(connection.holding(permit));
    let begin = begin((stream, peer), worker, tls, turns);
    let Some(begun) = unless_draining(&mut guest, begin).await else { return Ok(()) };
    let Begun { transport, read, is_http2 } = begun?;
    // Boxed, as are handshakes: what a connection of HTTP/1.1 holds while it waits is to be small.
    if is_http2 {
        return Box::pin(serve_http2(transport, read.freeze(), connection, guest)).await;
    }
    http1::serve(http1::Gateway, (transport, read), connection, guest).await;
    Ok(())
}

/// A connection whose protocol is known, with what has been read of it.
struct Begun {
    transport: Transport,
    read: BytesMut,
    is_http2: bool,
}

/// Finds out which protocol a client speaks.
async fn begin(
    (stream, peer): (TcpStream, SocketAddr),
    worker: &Worker,
    tls: Option<TlsAcceptor>,
    turns: Option<Arc<Semaphore>>,
) -> Result<Begun, ServeError> {
    let (head, handshake) = {
        let timeouts = &worker.shared.snapshot.load().config.timeouts;
        (timeouts.head, timeouts.handshake)
    };
    let Some(acceptor) = tls else {
        let (read, is_http2, stream) = sniff(stream, head).await?;
        return Ok(Begun { transport: Transport::Plain(stream), read, is_http2 });
    };
    let handshake = handshake::accept(&acceptor, (stream, peer), worker, turns, handshake);
    let stream = Box::pin(handshake).await?;
    let is_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
    let transport = Transport::Secure(Box::new(stream.into()));
    Ok(Begun { transport, read: BytesMut::new(), is_http2 })
}

/// Waits for what a client begins with; `None` when it still has sent nothing of use at the end of
/// a drain's grace, so that silent clients hold nothing up.
async fn unless_draining<T>(guest: &mut Guest, begin: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        biased;
        begun = begin => Some(begun),
        () = guest.outstayed() => None,
    }
}

/// Reads as much as is needed to tell HTTP/2 with prior knowledge (RFC 9113 §3.3) from HTTP/1.1.
async fn sniff(
    mut stream: TcpStream,
    limit: Duration,
) -> Result<(BytesMut, bool, TcpStream), io::Error> {
    let mut start = BytesMut::new();
    let read = async {
        start = first_bytes(&stream).await?;
        while PREFACE.starts_with(&start) && start.len() < PREFACE.len() {
            if stream.read_buf(&mut start).await? == 0 {
                break;
            }
        }
        Ok::<(), io::Error>(())
    };
    // What did not come in time is left to the phase that follows, which has the same limit.
    let in_time = tokio::time::timeout(limit, read).await;
    if let Ok(failed) = in_time {
        failed?;
    }
    let is_http2 = start.starts_with(PREFACE);
    Ok((start, is_http2, stream))
}

/// Reads once; who has sent nothing holds no buffer.
async fn first_bytes(stream: &TcpStream) -> io::Result<BytesMut> {
    loop {
        // It may say so when there is nothing yet, and does for new connections.
        stream.readable().await?;
        let mut buffer = spare::take();
        match stream.try_read_buf(&mut buffer) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => spare::give(buffer),
            read => return read.map(|_count| buffer),
        }
    }
}

async fn serve_http2(
    transport: Transport,
    read: Bytes,
    connection: Arc<Connection>,
    guest: Guest,
) -> Result<(), ServeError> {
    let config = Arc::clone(&connection.worker.shared.snapshot.load().config);
    let phase = Arc::new(PhaseCell::default());
    let patience = Patience::of(&config.timeouts);
    let socket = ClientSocket::new(transport, read, Arc::clone(&phase), patience);
    let limits = (&config.limits, &config.timeouts);
    http2::serve_http2(socket, connection, phase, limits, guest).await
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a task holds until its client says something, and while it waits for the next request.
    #[test]
    fn the_task_of_a_connection_is_small() {
        fn size<F: Future>(
            _: impl Fn(TcpStream, SocketAddr, Arc<Worker>, (ConnectionPermit, Guest)) -> F,
        ) -> usize {
            size_of::<F>()
        }
        let bytes = size(async |stream, peer, worker, held| {
            drop(serve(stream, peer, &worker, None, held).await);
        });
        assert!(bytes <= 1792, "{bytes} bytes");
    }
}
