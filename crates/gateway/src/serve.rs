//! Starting and stopping a gateway: one thread with a runtime of its own for each worker.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use thiserror::Error;
use tokio::time::{Instant, interval_at};
use tokio_rustls::TlsAcceptor;

use crate::listener::sockets::{self, ListeningSockets};
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
/// What a silent client is still given when the process ends.
const LAST_CHANCE: Duration = Duration::from_millis(500);
/// The same when another process has taken over: nobody waits for the end of this one.
const LONG_FAREWELL: Duration = Duration::from_secs(5);

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
    /// Its listening sockets once more, for a successor. Clients can connect for as long as these
    /// are open.
    pub sockets: ListeningSockets,
    workers: Vec<(JoinHandle<bool>, tokio::sync::oneshot::Sender<Leave>)>,
}

/// How a worker is told to stop.
#[derive(Debug, Clone, Copy)]
struct Leave {
    /// For everything in flight.
    limit: Duration,
    /// For who is idle.
    grace: Duration,
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
        let workers = snapshot.config.workers;
        let shared = Arc::new(Shared::new(snapshot, access_log, workers));
        Self::start_with(shared, certificates, ListeningSockets::default())
    }

    /// As [`Gateway::start`], serving what is shared already, and on the sockets of another process
    /// as far as these are wanted.
    ///
    /// # Errors
    ///
    /// A listener that cannot be bound, or a thread that cannot be started.
    pub fn start_with(
        shared: Arc<Shared>,
        certificates: Option<&ServerCertificates>,
        inherited: ListeningSockets,
    ) -> Result<Self, StartError> {
        let (mut listeners, count) = {
            let config = &shared.snapshot.load().config;
            (config.listeners.clone(), config.workers.max(1))
        };
        listeners.https = listeners.https.filter(|_| certificates.is_some());
        let acceptor = certificates.map(|certificates| TlsAcceptor::from(certificates.config()));
        let open = ListeningSockets::open(inherited, &listeners, count)?;
        let sockets = open.try_clone().map_err(StartError::Worker)?;
        let (http, https) = (sockets::address(&open.http), sockets::address(&open.https));
        let mut workers = Vec::new();
        for (index, sockets) in open.share_out(count).into_iter().enumerate() {
            let worker = Worker::new(index, Arc::clone(&shared));
            let started = spawn(worker, sockets, acceptor.clone());
            workers.push(started.map_err(StartError::Worker)?);
        }
        Ok(Self { shared, http, https, sockets, workers })
    }

    /// Stops accepting, lets what is in flight end within `limit`, then cuts it.
    ///
    /// Blocks. Returns whether everything had ended by itself.
    #[must_use]
    pub fn stop(self, limit: Duration) -> bool {
        self.leave(limit, LAST_CHANCE)
    }

    /// As [`Gateway::stop`], when another process accepts on the same sockets: idle clients are
    /// given more time, since nobody waits for the end.
    #[must_use]
    pub fn hand_over(self, limit: Duration) -> bool {
        self.leave(limit, LONG_FAREWELL)
    }

    fn leave(self, limit: Duration, grace: Duration) -> bool {
        // Who is merely idle is not to be counted among those that were cut.
        let grace = grace.min(limit / 2);
        let Self { shared, workers, sockets, .. } = self;
        drop(sockets);
        let mut threads = Vec::new();
        for (thread, stop) in workers {
            // A worker that is gone already has nothing to drain.
            let _gone = stop.send(Leave { limit, grace });
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

fn spawn(
    worker: Worker,
    sockets: ListeningSockets,
    tls: Option<TlsAcceptor>,
) -> io::Result<(JoinHandle<bool>, tokio::sync::oneshot::Sender<Leave>)> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (stop, stopped) = tokio::sync::oneshot::channel();
    let thread = std::thread::Builder::new()
        .name(format!("weir-worker-{}", worker.index))
        .spawn(move || runtime.block_on(work(Arc::new(worker), sockets, tls, stopped)))?;
    Ok((thread, stop))
}

/// The life of a worker. Returns whether its drain came to an end by itself.
async fn work(
    worker: Arc<Worker>,
    sockets: ListeningSockets,
    tls: Option<TlsAcceptor>,
    stopped: tokio::sync::oneshot::Receiver<Leave>,
) -> bool {
    let (control, drain) = drain();
    let chores = tokio::spawn(chores(Arc::clone(&worker)));
    for (socket, tls) in listeners(sockets, tls.as_ref()) {
        match tokio::net::TcpListener::from_std(socket) {
            Ok(socket) => {
                tokio::spawn(listener::accept(socket, Arc::clone(&worker), tls, drain.clone()));
            }
            Err(error) => tracing::error!(%error, "A listening socket cannot be used."),
        }
    }
    // A handle that was dropped means that nobody will ask to stop: the process is ending.
    let at_once = Leave { limit: Duration::ZERO, grace: Duration::ZERO };
    let leave = stopped.await.unwrap_or(at_once);
    let ended = take_leave(control, drain, leave).await;
    chores.abort();
    worker.shared.access_log.flush(worker.index);
    ended
}

fn listeners(
    sockets: ListeningSockets,
    tls: Option<&TlsAcceptor>,
) -> impl Iterator<Item = (TcpListener, Option<TlsAcceptor>)> {
    let clear = sockets.http.into_iter().map(|socket| (socket, None));
    let secure = sockets.https.into_iter().map(move |socket| (socket, tls.cloned()));
    clear.chain(secure)
}

async fn take_leave(mut control: DrainControl, drain: Drain, leave: Leave) -> bool {
    control.start(leave.grace);
    drop(drain);
    control.ended(leave.limit).await
}

/// What a worker does besides serving.
async fn chores(worker: Arc<Worker>) {
    let mut flush = tokio::time::interval(FLUSH_INTERVAL);
    // What was never used is not judged: the first look is after some time.
    let mut sweep = interval_at(Instant::now() + SWEEP_INTERVAL, SWEEP_INTERVAL);
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
