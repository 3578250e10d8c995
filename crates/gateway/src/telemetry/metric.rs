//! Counters, latency histograms and gauges, and the page that a scraper reads.
//!
//! Every API and every leaf counts in shards, one for each worker, made when that worker first
//! counts something: an API that nobody calls costs a few words.
//! A shard is written by its worker alone, so that an addition is a load and a store, and is read
//! by whoever scrapes.
//! Labels are configured names and the enums of this file, never what a client sent.

mod encode;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

pub use encode::{CONTENT_TYPE, encode};

/// The upper bounds of the latency buckets in nanoseconds; one more bucket holds the rest.
const BOUNDS: [u64; 16] = [
    500_000,
    1_000_000,
    2_500_000,
    5_000_000,
    10_000_000,
    25_000_000,
    50_000_000,
    100_000_000,
    250_000_000,
    500_000_000,
    1_000_000_000,
    2_500_000_000,
    5_000_000_000,
    10_000_000_000,
    30_000_000_000,
    60_000_000_000,
];

const BUCKETS: usize = BOUNDS.len() + 1;

/// The names by which an API is known in metrics.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ApiLabels {
    /// Its name.
    pub name: Arc<str>,
    /// Its version.
    pub version: Arc<str>,
    /// Its full context.
    pub context: Arc<str>,
}

/// The names by which a leaf is known in metrics.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct EndpointLabels {
    /// The name of its API.
    pub api: Arc<str>,
    /// The version of its API.
    pub version: Arc<str>,
    /// `production` or `sandbox`.
    pub stage: &'static str,
    /// The name of the leaf.
    pub name: Arc<str>,
}

/// What is known of a request when its last byte, or its abort, has passed.
#[derive(Debug, Clone, Copy)]
pub struct Finished {
    /// The status that was answered; ignored when aborted.
    pub status: u16,
    /// Whether the exchange ended before the answer was whole.
    pub aborted: bool,
    /// From the head of the request to the end of the answer.
    pub duration: Duration,
    /// Bytes of the request's body.
    pub request_bytes: u64,
    /// Bytes of the answer's body.
    pub response_bytes: u64,
}

macro_rules! labels {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $label:literal,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$doc])* $variant,)* }

        impl $name {
            /// Every value, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The value of the label.
            #[must_use]
            pub const fn label(self) -> &'static str {
                match self { $(Self::$variant => $label,)* }
            }
        }
    };
}

labels! {
    /// How a request ended, as it is counted.
    Class {
        /// 1xx, such as a switch of protocols.
        Informational = "1xx",
        /// 2xx.
        Success = "2xx",
        /// 3xx.
        Redirection = "3xx",
        /// 4xx.
        ClientError = "4xx",
        /// 5xx.
        ServerError = "5xx",
        /// The exchange ended before the answer was whole.
        Aborted = "aborted",
    }
}

labels! {
    /// How an attempt at a leaf ended.
    Outcome {
        /// A whole head came, whatever its status.
        Success = "success",
        /// Refused, unreachable, or the name is unknown.
        ConnectFailed = "connect_failed",
        /// No connection in time.
        ConnectTimeout = "connect_timeout",
        /// No head in time.
        Timeout = "timeout",
        /// The upstream closed the connection without an answer.
        Closed = "closed",
        /// What came was not HTTP.
        Protocol = "protocol",
        /// The TLS handshake or a certificate failed.
        Tls = "tls",
        /// Not tried: the leaf was not ready.
        Refused = "refused",
        /// Not tried: nothing could be had that the upstream wants to see.
        NoCredentials = "no_credentials",
        /// The service that runs a function would not call it so often.
        Throttled = "throttled",
        /// A function failed, or gave what is no answer.
        Function = "function",
        /// Anything else, such as a client that went away.
        Other = "other",
    }
}

labels! {
    /// Why a request was refused before it reached an API.
    Refusal {
        /// The head is over its limit.
        HeadTooLarge = "head_too_large",
        /// The head did not come in time.
        HeadTimeout = "head_timeout",
        /// The request is malformed or ambiguous.
        BadRequest = "bad_request",
        /// The method or target form is not supported.
        NotImplemented = "not_implemented",
        /// A limit on connections or requests is reached.
        Overloaded = "overloaded",
        /// No API has this host and path.
        NoApi = "no_api",
        /// Anything else.
        Other = "other",
    }
}

labels! {
    /// Why the gateway ended an HTTP/2 connection of a client.
    Http2End {
        /// Too many streams were given up by the client.
        ResetFlood = "reset_flood",
        /// Too many streams were spoilt by the client, so that the gateway had to reset them.
        MadeResetFlood = "made_reset_flood",
        /// Too many `SETTINGS` frames.
        SettingsFlood = "settings_flood",
        /// Too many `PING` frames.
        PingFlood = "ping_flood",
        /// Too many `PRIORITY` or `PRIORITY_UPDATE` frames.
        PriorityFlood = "priority_flood",
        /// Too many `WINDOW_UPDATE` frames.
        WindowUpdateFlood = "window_update_flood",
        /// Too many frames of a type that nobody knows.
        UnknownFlood = "unknown_frame_flood",
        /// Header fields did not come in time.
        SlowHead = "slow_head",
        /// Our settings were not acknowledged in time.
        SettingsTimeout = "settings_timeout",
        /// Nothing was asked for the idle time.
        Idle = "idle",
        /// Another excess, such as too many `CONTINUATION` or empty `DATA` frames.
        Excess = "excess",
        /// The client broke the rules of HTTP/2.
        Violation = "violation",
    }
}

labels! {
    /// Why a connection of a client was not served.
    TurnedAway {
        /// As many connections are open as may be.
        Connections = "connections",
        /// As many are open to this client.
        ConnectionsPerClient = "connections_per_client",
        /// This client has opened as many in this second.
        ConnectionRatePerClient = "connection_rate_per_client",
        /// Its TLS handshake had no turn in time among those of the worker.
        Handshakes = "handshakes",
        /// The same among those of the client.
        HandshakesPerClient = "handshakes_per_client",
    }
}

labels! {
    /// The state of a leaf, as it is shown.
    LeafState {
        /// Calls go to it.
        Active = "active",
        /// It waits before its next try.
        TimingOut = "timing_out",
        /// No call goes to it until its time has passed.
        Suspended = "suspended",
        /// An operator has taken it out.
        Drained = "drained",
        /// Its health checks fail.
        Unhealthy = "unhealthy",
        /// Its group leaves it out for bad answers.
        Ejected = "ejected",
    }
}

impl Class {
    /// The class of a status; what is not a status is a server error.
    #[must_use]
    pub const fn of(status: u16) -> Self {
        match status {
            100..200 => Self::Informational,
            200..300 => Self::Success,
            300..400 => Self::Redirection,
            400..500 => Self::ClientError,
            _ => Self::ServerError,
        }
    }
}

/// A counter with one writer and any number of readers.
#[derive(Debug, Default)]
struct Cell(AtomicU64);

impl Cell {
    /// A load and a store instead of a locked addition: no other thread writes this cell.
    fn add(&self, amount: u64) {
        self.0.store(self.0.load(Ordering::Relaxed).wrapping_add(amount), Ordering::Relaxed);
    }

    fn read(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A latency histogram with one writer.
#[derive(Debug, Default)]
struct Histogram {
    buckets: [Cell; BUCKETS],
    nanoseconds: Cell,
}

impl Histogram {
    fn record(&self, duration: Duration) {
        let nanoseconds = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        if let Some(bucket) = self.buckets.get(bucket_of(nanoseconds)) {
            bucket.add(1);
        }
        self.nanoseconds.add(nanoseconds);
    }

    fn add_to(&self, sum: &mut Latency) {
        for (total, bucket) in sum.buckets.iter_mut().zip(&self.buckets) {
            *total += bucket.read();
        }
        sum.nanoseconds = sum.nanoseconds.wrapping_add(self.nanoseconds.read());
    }
}

/// Latencies of all workers together, as they were when they were read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Latency {
    buckets: [u64; BUCKETS],
    nanoseconds: u64,
}

impl Latency {
    /// How many durations were recorded.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.buckets.iter().sum()
    }

    /// All durations together.
    #[must_use]
    pub fn sum(&self) -> Duration {
        Duration::from_nanos(self.nanoseconds)
    }

    /// The duration that `percent` of all stay below, estimated by a straight line within its
    /// bucket; `None` when nothing was recorded.
    /// What lies beyond the last bound is estimated as the last bound.
    #[must_use]
    pub fn quantile(&self, percent: u8) -> Option<Duration> {
        let count = self.count();
        if count == 0 {
            return None;
        }
        let rank = (u128::from(count) * u128::from(percent.min(100))).div_ceil(100).max(1);
        let mut below = 0_u128;
        let mut low = 0_u64;
        for (bound, held) in BOUNDS.iter().zip(&self.buckets) {
            let held = u128::from(*held);
            if below + held >= rank {
                return Some(Duration::from_nanos(between(low, *bound, rank - below, held)));
            }
            below += held;
            low = *bound;
        }
        Some(Duration::from_nanos(low))
    }

    /// The 50th, 90th and 99th percentile; `None` when nothing was recorded.
    #[must_use]
    pub fn quantiles(&self) -> Option<Quantiles> {
        Some(Quantiles {
            p50: self.quantile(50)?,
            p90: self.quantile(90)?,
            p99: self.quantile(99)?,
        })
    }
}

/// Estimates from a histogram.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quantiles {
    /// Half of all stay below.
    pub p50: Duration,
    /// Nine of ten stay below.
    pub p90: Duration,
    /// Ninety-nine of a hundred stay below.
    pub p99: Duration,
}

/// One value for each worker, each made at its first use, on cache lines of its own.
#[derive(Debug)]
struct Shards<T> {
    workers: u32,
    rows: OnceLock<Box<[OnceLock<Box<T>>]>>,
}

impl<T: Default> Shards<T> {
    fn new(workers: usize) -> Self {
        let workers = u32::try_from(workers.max(1)).unwrap_or(u32::MAX);
        Self { workers, rows: OnceLock::new() }
    }

    /// The shard of a worker; `None` for a worker that there is not.
    fn of(&self, worker: usize) -> Option<&T> {
        let rows = self.rows.get_or_init(|| (0..self.workers).map(|_| OnceLock::new()).collect());
        rows.get(worker).map(|row| &**row.get_or_init(Box::default))
    }

    fn iter(&self) -> impl Iterator<Item = &T> {
        self.rows.get().into_iter().flatten().filter_map(OnceLock::get).map(AsRef::as_ref)
    }

    fn is_untouched(&self) -> bool {
        self.rows.get().is_none()
    }
}

#[derive(Debug, Default)]
#[repr(align(128))]
struct ApiShard {
    begun: Cell,
    classes: [Cell; Class::ALL.len()],
    request_bytes: Cell,
    response_bytes: Cell,
    mocked: Cell,
    nonconforming: Cell,
    latency: Histogram,
}

/// What is counted for one API.
///
/// A worker passes its own index, from 0, and no other thread passes that index: what two threads
/// count under one index may be lost.
/// An index beyond the number of workers counts nothing.
#[derive(Debug)]
pub struct ApiMetrics {
    labels: Arc<ApiLabels>,
    shards: Shards<ApiShard>,
}

impl ApiMetrics {
    /// Counters at zero for an API that is served by `workers` workers.
    #[must_use]
    pub fn new(labels: ApiLabels, workers: usize) -> Self {
        Self { labels: Arc::new(labels), shards: Shards::new(workers) }
    }

    /// The names of the API.
    #[must_use]
    pub fn labels(&self) -> &ApiLabels {
        &self.labels
    }

    /// A request has begun.
    pub fn begin(&self, worker: usize) {
        if let Some(shard) = self.shards.of(worker) {
            shard.begun.add(1);
        }
    }

    /// A request that had begun on this worker has ended.
    pub fn finish(&self, worker: usize, finished: &Finished) {
        let Some(shard) = self.shards.of(worker) else { return };
        let class = if finished.aborted { Class::Aborted } else { Class::of(finished.status) };
        shard.classes[class as usize].add(1);
        shard.latency.record(finished.duration);
        shard.request_bytes.add(finished.request_bytes);
        shard.response_bytes.add(finished.response_bytes);
    }

    /// A request is answered by a mock.
    pub fn mocked(&self, worker: usize) {
        if let Some(shard) = self.shards.of(worker) {
            shard.mocked.add(1);
        }
    }

    /// The answer of a mock is not as the definition says.
    pub fn nonconforming(&self, worker: usize) {
        if let Some(shard) = self.shards.of(worker) {
            shard.nonconforming.add(1);
        }
    }

    /// The sums over all workers.
    #[must_use]
    pub fn read(&self) -> ApiTotals {
        let mut totals = ApiTotals::default();
        let mut begun = 0_u64;
        for shard in self.shards.iter() {
            begun += shard.begun.read();
            add_all(&mut totals.requests, &shard.classes);
            totals.request_bytes += shard.request_bytes.read();
            totals.response_bytes += shard.response_bytes.read();
            totals.mocked += shard.mocked.read();
            totals.nonconforming += shard.nonconforming.read();
            shard.latency.add_to(&mut totals.latency);
        }
        totals.in_flight = begun.saturating_sub(totals.requests.iter().sum());
        totals
    }
}

/// The sums of an API over all workers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ApiTotals {
    /// Requests that ended, in the order of [`Class::ALL`].
    pub requests: [u64; Class::ALL.len()],
    /// Bytes of request bodies.
    pub request_bytes: u64,
    /// Bytes of answers' bodies.
    pub response_bytes: u64,
    /// Requests that were answered by a mock.
    pub mocked: u64,
    /// Answers of mocks that are not as the definition says.
    pub nonconforming: u64,
    /// Requests that have begun and not ended.
    pub in_flight: u64,
    /// How long requests took.
    pub latency: Latency,
}

#[derive(Debug, Default)]
#[repr(align(128))]
struct EndpointShard {
    begun: Cell,
    outcomes: [Cell; Outcome::ALL.len()],
    latency: Histogram,
}

/// What is counted for one leaf; as for [`ApiMetrics`], an index belongs to one worker.
#[derive(Debug)]
pub struct EndpointMetrics {
    labels: Arc<EndpointLabels>,
    shards: Shards<EndpointShard>,
    /// What counts the same together with others.
    whole: Option<Arc<Self>>,
}

impl EndpointMetrics {
    /// Counters at zero for a leaf that is called by `workers` workers.
    #[must_use]
    pub fn new(labels: EndpointLabels, workers: usize) -> Self {
        Self { labels: Arc::new(labels), shards: Shards::new(workers), whole: None }
    }

    /// Counters at zero for one of several leaves that are counted together too.
    #[must_use]
    pub(crate) fn part_of(whole: &Arc<Self>, workers: usize) -> Self {
        let labels = Arc::clone(&whole.labels);
        Self { labels, shards: Shards::new(workers), whole: Some(Arc::clone(whole)) }
    }

    /// The names of the leaf.
    #[must_use]
    pub fn labels(&self) -> &EndpointLabels {
        &self.labels
    }

    /// An attempt has begun.
    pub fn begin(&self, worker: usize) {
        if let Some(whole) = &self.whole {
            whole.begin(worker);
        }
        if let Some(shard) = self.shards.of(worker) {
            shard.begun.add(1);
        }
    }

    /// An attempt that had begun on this worker has ended; `to_head` is the time to the head of
    /// the answer, and `None` where no head came.
    pub fn finish(&self, worker: usize, outcome: Outcome, to_head: Option<Duration>) {
        if let Some(whole) = &self.whole {
            whole.finish(worker, outcome, to_head);
        }
        let Some(shard) = self.shards.of(worker) else { return };
        shard.outcomes[outcome as usize].add(1);
        if let Some(duration) = to_head {
            shard.latency.record(duration);
        }
    }

    /// The leaf was not tried because it was not ready: counts without a begin.
    pub fn refuse(&self, worker: usize) {
        self.begin(worker);
        self.finish(worker, Outcome::Refused, None);
    }

    /// The sums over all workers.
    #[must_use]
    pub fn read(&self) -> EndpointTotals {
        let mut totals = EndpointTotals::default();
        let mut begun = 0_u64;
        for shard in self.shards.iter() {
            begun += shard.begun.read();
            add_all(&mut totals.attempts, &shard.outcomes);
            shard.latency.add_to(&mut totals.latency);
        }
        totals.in_flight = begun.saturating_sub(totals.attempts.iter().sum());
        totals
    }
}

/// The sums of a leaf over all workers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EndpointTotals {
    /// Attempts that ended, in the order of [`Outcome::ALL`].
    pub attempts: [u64; Outcome::ALL.len()],
    /// Attempts that have begun and not ended.
    pub in_flight: u64,
    /// Time to the head of the answer.
    pub latency: Latency,
}

#[derive(Debug, Default)]
#[repr(align(128))]
struct ProcessShard {
    accepted: AtomicU64,
    closed: AtomicU64,
    turned_away: [AtomicU64; TurnedAway::ALL.len()],
    handshakes_failed: AtomicU64,
    refusals: [AtomicU64; Refusal::ALL.len()],
    http2_ends: [AtomicU64; Http2End::ALL.len()],
    panics: AtomicU64,
}

/// What is counted for the process as a whole; here any thread may count under any index.
#[derive(Debug)]
pub struct ProcessMetrics {
    shards: Box<[ProcessShard]>,
    access_records_dropped: Arc<AtomicU64>,
    reloads: [AtomicU64; 2],
    generation: AtomicU64,
}

impl ProcessMetrics {
    /// Counters at zero; `access_records_dropped` is the access log's own count.
    #[must_use]
    pub fn new(workers: usize, access_records_dropped: Arc<AtomicU64>) -> Self {
        Self {
            shards: (0..workers.max(1)).map(|_| ProcessShard::default()).collect(),
            access_records_dropped,
            reloads: Default::default(),
            generation: AtomicU64::new(0),
        }
    }

    fn shard(&self, worker: usize) -> &ProcessShard {
        &self.shards[worker % self.shards.len()]
    }

    /// A connection was accepted.
    pub fn connection_accepted(&self, worker: usize) {
        self.shard(worker).accepted.fetch_add(1, Ordering::Relaxed);
    }

    /// A connection that was accepted has ended.
    pub fn connection_closed(&self, worker: usize) {
        self.shard(worker).closed.fetch_add(1, Ordering::Relaxed);
    }

    /// A connection was turned away because of a limit.
    pub fn connection_refused(&self, worker: usize, reason: TurnedAway) {
        self.shard(worker).turned_away[reason as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// A TLS handshake with a client failed.
    pub fn handshake_failed(&self, worker: usize) {
        self.shard(worker).handshakes_failed.fetch_add(1, Ordering::Relaxed);
    }

    /// A request was refused before it reached an API.
    pub fn request_refused(&self, worker: usize, reason: Refusal) {
        self.shard(worker).refusals[reason as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// An HTTP/2 connection of a client was ended.
    pub fn http2_ended(&self, worker: usize, cause: Http2End) {
        self.shard(worker).http2_ends[cause as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// A request ended in a panic.
    pub fn panicked(&self, worker: usize) {
        self.shard(worker).panics.fetch_add(1, Ordering::Relaxed);
    }

    /// A change of configuration or of API projects was taken over, or failed.
    pub fn reloaded(&self, succeeded: bool) {
        self.reloads[usize::from(succeeded)].fetch_add(1, Ordering::Relaxed);
    }

    /// The snapshot that serves from now on.
    pub fn set_generation(&self, generation: u64) {
        self.generation.store(generation, Ordering::Relaxed);
    }

    /// The connections that are open now.
    #[must_use]
    pub fn connections_open(&self) -> u64 {
        self.sum(|shard| &shard.accepted).saturating_sub(self.sum(|shard| &shard.closed))
    }

    fn sum(&self, counter: impl Fn(&ProcessShard) -> &AtomicU64) -> u64 {
        self.shards.iter().map(|shard| counter(shard).load(Ordering::Relaxed)).sum()
    }
}

/// The first bucket whose bound is not below the duration.
fn bucket_of(nanoseconds: u64) -> usize {
    BOUNDS.partition_point(|bound| *bound < nanoseconds)
}

/// The point on the line from `low` to `high` that `rank` of `held` durations lie at or below.
fn between(low: u64, high: u64, rank: u128, held: u128) -> u64 {
    let part = u128::from(high - low) * rank / held.max(1);
    low + u64::try_from(part).unwrap_or(high - low)
}

fn add_all(totals: &mut [u64], cells: &[Cell]) {
    for (total, cell) in totals.iter_mut().zip(cells) {
        *total += cell.read();
    }
}

#[cfg(test)]
mod tests;
