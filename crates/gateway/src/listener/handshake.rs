//! TLS handshakes with clients: each has its turn among those of its client and of its worker, and
//! its time.
//!
//! A crowd of clients, such as all of them after a restart, waits its turn and is served; a client
//! that starts handshakes and goes on with none holds up itself.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::ServeError;
use crate::telemetry::metric::TurnedAway;
use crate::worker::Worker;

/// Speaks TLS with a client, all within `limit`; `turns` are those of the client.
pub(super) async fn accept(
    acceptor: &TlsAcceptor,
    (stream, peer): (TcpStream, SocketAddr),
    worker: &Worker,
    turns: Option<Arc<Semaphore>>,
    limit: Duration,
) -> Result<TlsStream<TcpStream>, ServeError> {
    let deadline = Instant::now() + limit;
    let no_turn = |reason| {
        worker.turn_away(peer.ip(), reason);
        ServeError::NoTurn
    };
    // That of the client first: whoever waits here takes nobody's place.
    let _of_the_client = match &turns {
        Some(turns) => Some(
            timeout_at(deadline, turns.acquire())
                .await
                .map_err(|_elapsed| no_turn(TurnedAway::HandshakesPerClient))?,
        ),
        None => None,
    };
    let _of_the_worker = timeout_at(deadline, worker.handshakes.acquire())
        .await
        .map_err(|_elapsed| no_turn(TurnedAway::Handshakes))?;
    let failed = |error: ServeError| {
        worker.shared.metrics.handshake_failed(worker.index);
        error
    };
    match timeout_at(deadline, acceptor.accept(stream)).await {
        Ok(accepted) => accepted.map_err(|error| failed(error.into())),
        Err(_elapsed) => Err(failed(ServeError::SlowHandshake)),
    }
}
