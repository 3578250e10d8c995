//! What a worker has at hand: its own connections to upstreams, and what all workers share.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arc_swap::ArcSwap;
use tokio::sync::Semaphore;

use crate::endpoint::mock::Apart;
use crate::listener::clients::{Client, Clients};
use crate::listener::refusals::Refusals;
use crate::scripts::Scripts;
use crate::snapshot::Snapshot;
use crate::telemetry::log::{AccessLog, Format};
use crate::telemetry::metric::{ProcessMetrics, TurnedAway};
use crate::upstream::AnyClient;

/// What all workers share.
#[derive(Debug)]
pub struct Shared {
    /// What is served now; replaced whole.
    pub snapshot: ArcSwap<Snapshot>,
    /// Counters of the process.
    pub metrics: ProcessMetrics,
    /// Where access records go.
    pub access_log: AccessLog,
    /// Open connections on the gateway's listeners.
    pub connections: AtomicUsize,
    /// What each client has open.
    pub(crate) clients: Clients,
    /// Tells of clients that are turned away.
    pub(crate) refusals: Refusals,
    /// Threads for scripts.
    pub(crate) scripts: Scripts,
    /// Places for what mocks do apart from workers.
    pub(crate) apart: Apart,
}

impl Shared {
    /// What a gateway shares that serves nobody, for looking at what it would do.
    ///
    /// # Errors
    ///
    /// A thread that cannot be started.
    pub fn offline(snapshot: Snapshot) -> std::io::Result<Self> {
        let access_log = AccessLog::start(Box::new(std::io::sink()), Format::Json, 1)?;
        Ok(Self::new(snapshot, access_log, 1))
    }

    /// Counters at zero over a first snapshot.
    #[must_use]
    pub fn new(snapshot: Snapshot, access_log: AccessLog, workers: usize) -> Self {
        let metrics = ProcessMetrics::new(workers, access_log.dropped());
        metrics.set_generation(snapshot.generation);
        Self {
            snapshot: ArcSwap::from_pointee(snapshot),
            metrics,
            access_log,
            connections: AtomicUsize::new(0),
            clients: Clients::default(),
            refusals: Refusals::default(),
            scripts: Scripts::default(),
            apart: Apart::default(),
        }
    }

    /// Serves another snapshot from now on.
    pub fn publish(&self, snapshot: Snapshot) {
        self.metrics.set_generation(snapshot.generation);
        self.snapshot.store(Arc::new(snapshot));
    }
}

/// How many clients a worker tells at once that there is no place; others are just closed.
const FAREWELLS: usize = 256;

/// One worker: an index for its shards, and its own pool.
#[derive(Debug)]
pub struct Worker {
    /// From 0; picks this worker's shard of every counter.
    pub index: usize,
    /// What all workers share.
    pub shared: Arc<Shared>,
    pub(crate) upstream: AnyClient,
    /// The turns of its TLS handshakes.
    pub(crate) handshakes: Semaphore,
    /// The turns of telling clients that there is no place.
    pub(crate) farewells: Arc<Semaphore>,
}

impl Worker {
    /// A worker without connections yet.
    #[must_use]
    pub fn new(index: usize, shared: Arc<Shared>) -> Self {
        let config = Arc::clone(&shared.snapshot.load().config);
        Self {
            index,
            shared,
            upstream: AnyClient::new(&config),
            handshakes: Semaphore::new(config.limits.handshakes.min(Semaphore::MAX_PERMITS)),
            farewells: Arc::new(Semaphore::new(FAREWELLS)),
        }
    }

    /// Counts a client that is not served, and tells of it now and then.
    pub(crate) fn turn_away(&self, peer: IpAddr, reason: TurnedAway) {
        self.shared.metrics.connection_refused(self.index, reason);
        self.shared.refusals.note(peer, reason);
    }
}

/// The place of one connection under the limits; given back when dropped.
#[derive(Debug)]
pub(crate) struct ConnectionPermit {
    worker: Arc<Worker>,
    /// `None` for a trusted proxy, which has no limits of its own.
    client: Option<Client>,
}

impl ConnectionPermit {
    /// The reason when a limit is reached.
    pub(crate) fn take(worker: &Arc<Worker>, peer: IpAddr) -> Result<Self, TurnedAway> {
        let shared = &worker.shared;
        let snapshot = shared.snapshot.load();
        let (limits, peer) = (&snapshot.config.limits, peer.to_canonical());
        if shared.connections.fetch_add(1, Ordering::Relaxed) >= limits.connections {
            shared.connections.fetch_sub(1, Ordering::Relaxed);
            return Err(TurnedAway::Connections);
        }
        let proxies = &snapshot.config.forwarding.trusted_proxies;
        let is_trusted = proxies.iter().any(|network| network.contains(&peer));
        let client = (!is_trusted).then(|| Client::at(peer));
        let entered = client.map_or(Ok(()), |client| shared.clients.enter(client, &limits.clients));
        if let Err(reason) = entered {
            shared.connections.fetch_sub(1, Ordering::Relaxed);
            return Err(reason);
        }
        shared.metrics.connection_accepted(worker.index);
        Ok(Self { worker: Arc::clone(worker), client })
    }

    /// The turns of the client's TLS handshakes, where these are limited.
    pub(crate) fn handshakes(&self) -> Option<Arc<Semaphore>> {
        let shared = &self.worker.shared;
        let most = shared.snapshot.load().config.limits.clients.handshakes?;
        Some(shared.clients.handshakes(self.client?, most))
    }
}

impl Drop for ConnectionPermit {
    fn drop(&mut self) {
        let Worker { shared, index, .. } = &*self.worker;
        if let Some(client) = self.client {
            shared.clients.leave(client);
        }
        shared.connections.fetch_sub(1, Ordering::Relaxed);
        shared.metrics.connection_closed(*index);
    }
}
