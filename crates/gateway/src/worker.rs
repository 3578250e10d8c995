//! What a worker has at hand: its own connections to upstreams, and what all workers share.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arc_swap::ArcSwap;

use crate::snapshot::Snapshot;
use crate::telemetry::log::{AccessLog, Format};
use crate::telemetry::metric::ProcessMetrics;
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
        let connections = AtomicUsize::new(0);
        Self { snapshot: ArcSwap::from_pointee(snapshot), metrics, access_log, connections }
    }

    /// Serves another snapshot from now on.
    pub fn publish(&self, snapshot: Snapshot) {
        self.metrics.set_generation(snapshot.generation);
        self.snapshot.store(Arc::new(snapshot));
    }
}

/// One worker: an index for its shards, and its own pool.
#[derive(Debug)]
pub struct Worker {
    /// From 0; picks this worker's shard of every counter.
    pub index: usize,
    /// What all workers share.
    pub shared: Arc<Shared>,
    pub(crate) upstream: AnyClient,
}

impl Worker {
    /// A worker without connections yet.
    #[must_use]
    pub fn new(index: usize, shared: Arc<Shared>) -> Self {
        let upstream = AnyClient::new(&shared.snapshot.load().config);
        Self { index, shared, upstream }
    }
}

/// The place of one connection under the limit; given back when dropped.
#[derive(Debug)]
pub(crate) struct ConnectionPermit {
    worker: Arc<Worker>,
}

impl ConnectionPermit {
    /// `None` when the limit is reached.
    pub(crate) fn take(worker: &Arc<Worker>, limit: usize) -> Option<Self> {
        let shared = &worker.shared;
        if shared.connections.fetch_add(1, Ordering::Relaxed) < limit {
            shared.metrics.connection_accepted(worker.index);
            return Some(Self { worker: Arc::clone(worker) });
        }
        shared.connections.fetch_sub(1, Ordering::Relaxed);
        shared.metrics.connection_refused(worker.index);
        None
    }
}

impl Drop for ConnectionPermit {
    fn drop(&mut self) {
        let Worker { shared, index, .. } = &*self.worker;
        shared.connections.fetch_sub(1, Ordering::Relaxed);
        shared.metrics.connection_closed(*index);
    }
}
