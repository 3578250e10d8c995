//! Accepting clients: sockets, TLS, the choice of protocol, and draining.
//!
//! Each worker has listening sockets of its own on the same ports (`SO_REUSEPORT`), so that the
//! kernel spreads connections and workers share nothing.

pub mod sockets;
pub mod tls;

mod http2;
mod phase;
mod socket;

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderValue, Request, Response, StatusCode, header};
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::body::ResponseBody;
use crate::config::Limits;
use crate::exchange::Connection;
use crate::handle::handle;
use crate::shutdown::{Drain, Guest};
use crate::worker::{ConnectionPermit, Worker};

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
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => welcome(stream, peer, &worker, tls.as_ref(), &drain),
                // Out of file descriptors, most likely: waiting lets some be given back.
                Err(error) => {
                    tracing::warn!(%error, "A connection could not be accepted.");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            },
            () = &mut stopping => break,
        }
    }
    empty_queue(listener, &worker, tls.as_ref(), &drain);
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
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
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
    let limit = worker.shared.snapshot.load().config.limits.connections;
    let permit = ConnectionPermit::take(worker, limit);
    let guest = drain.guest();
    let worker = Arc::clone(worker);
    let tls = tls.cloned();
    tokio::spawn(async move {
        let Some(permit) = permit else { return turn_away(stream).await };
        if let Err(error) = serve(stream, peer, &worker, tls, (permit, guest)).await {
            tracing::debug!(%peer, %error, "A connection ended with an error.");
        }
    });
}

async fn turn_away(mut stream: TcpStream) {
    let answer = async {
        stream.write_all(FULL).await?;
        stream.shutdown().await?;
        // Closing over an unread request would reset the connection under the answer.
        tokio::io::copy(&mut stream, &mut tokio::io::sink()).await
    };
    // The client may be gone already; there is nothing more to do for it.
    let answered = tokio::time::timeout(TURN_AWAY_LIMIT, answer).await;
    tracing::debug!(answered = answered.is_ok(), "A connection was turned away at the limit.");
}

#[derive(Debug, thiserror::Error)]
enum ServeError {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("{0}")]
    Http(#[from] hyper::Error),
    #[error("the TLS handshake did not end in time")]
    SlowHandshake,
}

async fn serve(
    stream: TcpStream,
    peer: SocketAddr,
    worker: &Arc<Worker>,
    tls: Option<TlsAcceptor>,
    (permit, mut guest): (ConnectionPermit, Guest),
) -> Result<(), ServeError> {
    let head = worker.shared.snapshot.load().config.timeouts.head;
    let connection = Connection::new(Arc::clone(worker), peer, tls.is_some());
    let connection = Arc::new(connection.holding(permit));
    let Some(acceptor) = tls else {
        let Some(sniffed) = unless_draining(&mut guest, sniff(stream, head)).await else {
            return Ok(());
        };
        let (prefix, is_http2, stream) = sniffed?;
        return serve_protocol(stream, prefix, is_http2, connection, guest).await;
    };
    let accepting = tokio::time::timeout(head, acceptor.accept(stream));
    let Some(accepted) = unless_draining(&mut guest, accepting).await else { return Ok(()) };
    let Ok(Ok(stream)) = accepted else {
        worker.shared.metrics.handshake_failed(worker.index);
        return Err(accepted.map_or(ServeError::SlowHandshake, |failed| match failed {
            Ok(_) => ServeError::SlowHandshake,
            Err(error) => error.into(),
        }));
    };
    let is_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
    serve_protocol(stream, Bytes::new(), is_http2, connection, guest).await
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
) -> Result<(Bytes, bool, TcpStream), io::Error> {
    let mut start = BytesMut::with_capacity(PREFACE.len());
    let read = async {
        while PREFACE.starts_with(&start) && start.len() < PREFACE.len() {
            if (&mut stream).take((PREFACE.len() - start.len()) as u64).read_buf(&mut start).await?
                == 0
            {
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
    let is_http2 = start.len() == PREFACE.len() && start == PREFACE;
    Ok((start.freeze(), is_http2, stream))
}

async fn serve_protocol<S>(
    stream: S,
    prefix: Bytes,
    is_http2: bool,
    connection: Arc<Connection>,
    guest: Guest,
) -> Result<(), ServeError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let config = Arc::clone(&connection.worker.shared.snapshot.load().config);
    let patience = Patience {
        head: config.timeouts.head,
        idle: config.timeouts.client_idle,
        write: config.timeouts.socket,
    };
    let phase = Arc::new(PhaseCell::default());
    let socket = ClientSocket::new(stream, prefix, Arc::clone(&phase), patience, !is_http2);
    if is_http2 {
        let limits = (&config.limits, &config.timeouts);
        http2::serve_http2(socket, connection, phase, limits, guest).await
    } else {
        serve_http1(socket, connection, phase, &config.limits, guest).await
    }
}

async fn serve_http1<S>(
    socket: ClientSocket<S>,
    connection: Arc<Connection>,
    phase: Arc<PhaseCell>,
    limits: &Limits,
    mut guest: Guest,
) -> Result<(), ServeError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let leaving = guest.leaving();
    let service = service_fn(move |request: Request<Incoming>| {
        phase.busy(!request.body().is_end_stream());
        let handled = handle(Arc::clone(&connection), request);
        let (phase, leaving) = (Arc::clone(&phase), leaving.clone());
        async move {
            let response = handled.await.map(|response| watch(response, phase));
            response.map(|response| if leaving.has_begun() { last(response) } else { response })
        }
    });
    let served = http1::Builder::new()
        .max_headers(limits.header_fields)
        .max_header_size(limits.head_bytes)
        .serve_connection(TokioIo::new(socket), service)
        .with_upgrades();
    let mut served = pin!(served);
    tokio::select! {
        biased;
        ended = &mut served => return Ok(ended?),
        () = guest.outstayed() => served.as_mut().graceful_shutdown(),
    }
    Ok(served.await?)
}

/// Tells a client that it gets no further answer on this connection.
fn last(mut response: Response<ResponseBody>) -> Response<ResponseBody> {
    if response.status() != StatusCode::SWITCHING_PROTOCOLS {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// Lets the connection's phase follow the answer.
fn watch(response: Response<ResponseBody>, phase: Arc<PhaseCell>) -> Response<ResponseBody> {
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        phase.tunnel();
        return response;
    }
    let guard = BusyGuard(phase);
    response.map(|body| body.guarding(guard))
}
