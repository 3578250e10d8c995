//! Starting and stopping a gateway: one thread with a runtime of its own for each worker.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use thiserror::Error;
use tokio_rustls::TlsAcceptor;

use crate::config::GatewayConfig;
use crate::listener::{self, tls::ServerCertificates};
use crate::shutdown::{Drain, DrainControl, drain};
use crate::snapshot::Snapshot;
use crate::telemetry::log::AccessLog;
use crate::upstream::Client as _;
use crate::worker::{Shared, Worker};

/// How often a worker hands over its access records.
const FLUSH_INTERVAL: Duration = Duration::from_millis(100);
/// How long the last access records may take.
const LOG_LIMIT: Duration = Duration::from_secs(5);
/// How often a worker closes idle connections to upstreams.
const SWEEP_INTERVAL: Duration = Duration::from_secs(5);

/// Why a gateway did not start.
#[derive(Debug, Error)]
pub enum StartError {
    /// A listener could not be bound.
    #[error("cannot listen on {address}: {error}")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        error: io::Error,
    },
    /// A worker could not be started.
    #[error("cannot start a worker: {0}")]
    Worker(io::Error),
}

/// A gateway that serves.
#[derive(Debug)]
pub struct Gateway {
    /// What its workers share.
    pub shared: Arc<Shared>,
    /// Where it serves clear text.
    pub http: Option<SocketAddr>,
    /// Where it serves TLS.
    pub https: Option<SocketAddr>,
    workers: Vec<(JoinHandle<bool>, tokio::sync::oneshot::Sender<Duration>)>,
}

/// The listening sockets of one worker.
struct Sockets {
    http: Option<TcpListener>,
    https: Option<(TcpListener, TlsAcceptor)>,
}

impl Gateway {
    /// Binds the listeners and starts the workers.
    ///
    /// # Errors
    ///
    /// A listener that cannot be bound, or a thread that cannot be started.
    pub fn start(
        snapshot: Snapshot,
        access_log: AccessLog,
        certificates: Option<&ServerCertificates>,
    ) -> Result<Self, StartError> {
        let config = Arc::clone(&snapshot.config);
        let shared = Arc::new(Shared::new(snapshot, access_log, config.workers));
        let acceptor = certificates.map(|certificates| TlsAcceptor::from(certificates.config()));
        let all = bind_all(&config, acceptor.as_ref())?;
        let http = all.first().and_then(|sockets| sockets.http.as_ref()).and_then(address);
        let https = all
            .first()
            .and_then(|sockets| sockets.https.as_ref())
            .and_then(|(socket, _)| address(socket));
        let mut workers = Vec::new();
        for (index, sockets) in all.into_iter().enumerate() {
            let worker = Worker::new(index, Arc::clone(&shared));
            workers.push(spawn(worker, sockets).map_err(StartError::Worker)?);
        }
        Ok(Self { shared, http, https, workers })
    }

    /// Stops accepting, lets what is in flight end within `limit`, then cuts it.
    ///
    /// Blocks. Returns whether everything had ended by itself.
    #[must_use]
    pub fn stop(self, limit: Duration) -> bool {
        let Self { shared, workers, .. } = self;
        let mut threads = Vec::new();
        for (thread, stop) in workers {
            // A worker that is gone already has nothing to drain.
            let _gone = stop.send(limit);
            threads.push(thread);
        }
        // Every one is waited for, also after one that was cut.
        let ended: Vec<bool> =
            threads.into_iter().map(|thread| thread.join().unwrap_or(false)).collect();
        let all = ended.into_iter().all(|has_ended| has_ended);
        if !shared.access_log.shutdown(LOG_LIMIT) {
            tracing::warn!("Some access records could not be written in time.");
        }
        all
    }
}

fn address(socket: &TcpListener) -> Option<SocketAddr> {
    socket.local_addr().ok()
}

/// The sockets of every worker; with port 0 all share the port that the first one got.
fn bind_all(config: &GatewayConfig, tls: Option<&TlsAcceptor>) -> Result<Vec<Sockets>, StartError> {
    let mut http = config.listeners.http;
    let mut https = config.listeners.https.filter(|_| tls.is_some());
    for address in http.into_iter().chain(https) {
        listener::probe(address).map_err(|error| StartError::Bind { address, error })?;
    }
    let mut all = Vec::new();
    for _ in 0..config.workers.max(1) {
        let clear = http.map(bind).transpose()?;
        let secure = https.map(bind).transpose()?;
        http = clear.as_ref().and_then(address);
        https = secure.as_ref().and_then(address);
        all.push(Sockets { http: clear, https: secure.zip(tls.cloned()) });
    }
    Ok(all)
}

fn bind(address: SocketAddr) -> Result<TcpListener, StartError> {
    listener::bind(address).map_err(|error| StartError::Bind { address, error })
}

fn spawn(
    worker: Worker,
    sockets: Sockets,
) -> io::Result<(JoinHandle<bool>, tokio::sync::oneshot::Sender<Duration>)> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (stop, stopped) = tokio::sync::oneshot::channel();
    let thread = std::thread::Builder::new()
        .name(format!("weir-worker-{}", worker.index))
        .spawn(move || runtime.block_on(work(Arc::new(worker), sockets, stopped)))?;
    Ok((thread, stop))
}

/// The life of a worker. Returns whether its drain came to an end by itself.
async fn work(
    worker: Arc<Worker>,
    sockets: Sockets,
    stopped: tokio::sync::oneshot::Receiver<Duration>,
) -> bool {
    let (control, drain) = drain();
    let chores = tokio::spawn(chores(Arc::clone(&worker)));
    for (socket, tls) in listeners(sockets) {
        match tokio::net::TcpListener::from_std(socket) {
            Ok(socket) => {
                tokio::spawn(listener::accept(socket, Arc::clone(&worker), tls, drain.clone()));
            }
            Err(error) => tracing::error!(%error, "A listening socket cannot be used."),
        }
    }
    // A handle that was dropped means that nobody will ask to stop: the process is ending.
    let limit = stopped.await.unwrap_or_default();
    let ended = leave(control, drain, limit).await;
    chores.abort();
    worker.shared.access_log.flush(worker.index);
    ended
}

fn listeners(sockets: Sockets) -> impl Iterator<Item = (TcpListener, Option<TlsAcceptor>)> {
    let clear = sockets.http.map(|socket| (socket, None));
    let secure = sockets.https.map(|(socket, tls)| (socket, Some(tls)));
    clear.into_iter().chain(secure)
}

async fn leave(mut control: DrainControl, drain: Drain, limit: Duration) -> bool {
    control.start();
    drop(drain);
    control.ended(limit).await
}

/// What a worker does besides serving.
async fn chores(worker: Arc<Worker>) {
    let mut flush = tokio::time::interval(FLUSH_INTERVAL);
    let mut sweep = tokio::time::interval(SWEEP_INTERVAL);
    loop {
        tokio::select! {
            _ = flush.tick() => worker.shared.access_log.flush(worker.index),
            _ = sweep.tick() => {
                let older_than = worker.shared.snapshot.load().config.timeouts.pool_idle;
                worker.upstream.close_idle(older_than);
            }
        }
    }
}
