//! HTTP/2 with a client: the library under a watch that bounds what a client can make it do.
//!
//! `docs/http2.md` says what is bounded, by whom and how.

mod guard;
mod streams;
mod watch;

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};

use super::phase::PhaseCell;
use super::socket::ClientSocket;
use super::{Guest, ServeError};
use crate::config::{Limits, Timeouts};
use crate::exchange::Connection;
use crate::handle::handle;
use guard::{Guard, Left};
pub(crate) use streams::Handover;
use streams::Streams;
use watch::Watch;

/// What a client may send on one stream before it is taken, in bytes.
const STREAM_WINDOW: u32 = 256 * 1024;
/// The same for a connection.
const CONNECTION_WINDOW: u32 = 1024 * 1024;
/// Streams that a client gives up before they are taken.
const UNTAKEN_RESETS: usize = 20;
/// Streams that the library resets for the client's mistakes, in the life of a connection.
const LIBRARY_RESETS: usize = 1024;
/// How often a client that says nothing is asked whether it is there.
const KEEP_ALIVE: Duration = Duration::from_secs(30);
/// How long it may take to answer.
const KEEP_ALIVE_ANSWER: Duration = Duration::from_secs(20);

/// Serves one connection until its end.
pub(super) async fn serve_http2<S>(
    socket: ClientSocket<S>,
    connection: Arc<Connection>,
    phase: Arc<PhaseCell>,
    (limits, timeouts): (&Limits, &Timeouts),
    guest: Guest,
) -> Result<(), ServeError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let left = Arc::<Left<S>>::default();
    let guard = Guard::new(socket, Watch::new(limits.http2), &left, timeouts.head);
    let streams = Streams::new(timeouts.socket);
    let ended = serve(guard, &connection, phase, (limits, streams), guest).await;
    let cause = match left.taken() {
        None => left.told(),
        Some(taken) => Some(taken.farewell().await),
    };
    let Some(cause) = cause else { return Ok(ended?) };
    let worker = &connection.worker;
    worker.shared.metrics.http2_ended(worker.index, cause);
    let (peer, cause) = (connection.peer, cause.label());
    tracing::debug!(%peer, cause, "An HTTP/2 connection was ended.");
    Ok(())
}

async fn serve<S>(
    guard: Guard<S>,
    connection: &Arc<Connection>,
    phase: Arc<PhaseCell>,
    (limits, streams): (&Limits, Streams),
    mut guest: Guest,
) -> hyper::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let builder = builder(limits, streams.clone());
    let connection = Arc::clone(connection);
    let service = service_fn(move |request: Request<Incoming>| {
        let busy = phase.stream();
        let handover = streams.begin();
        let handled = handle(Arc::clone(&connection), request);
        async move {
            let answer = handled.await;
            answer.map(|answer| answer.map(|body| body.guarding(busy).handing_over(handover)))
        }
    });
    let mut served = pin!(builder.serve_connection(TokioIo::new(guard), service));
    tokio::select! {
        biased;
        ended = &mut served => return ended,
        () = guest.asked_to_leave() => served.as_mut().graceful_shutdown(),
    }
    served.await
}

fn builder(limits: &Limits, streams: Streams) -> http2::Builder<Streams> {
    let header_list = u32::try_from(limits.head_bytes).unwrap_or(u32::MAX);
    let mut builder = http2::Builder::new(streams);
    builder
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits.http2_streams)
        .max_header_list_size(header_list)
        .max_pending_accept_reset_streams(UNTAKEN_RESETS)
        .max_local_error_reset_streams(LIBRARY_RESETS)
        .keep_alive_interval(Some(KEEP_ALIVE))
        .keep_alive_timeout(KEEP_ALIVE_ANSWER)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW);
    builder
}
