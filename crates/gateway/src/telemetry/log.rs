//! The access log: one record for each request, written as one line.
//!
//! A worker appends lines to a buffer of its own, and hands a full buffer to the one thread that
//! writes. A worker never waits: when the writer cannot keep up, whole buffers are dropped and
//! their records counted.
//! The buffers have locks, so that [`AccessLog::shutdown`] can take what is left from outside, but
//! nobody else holds the lock of a worker that serves.
//! The query of a request is deliberately absent, because callers put secrets there.

mod line;

use std::fmt;
use std::io::Write;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, SyncSender, TrySendError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use model::fault::FaultCode;

use super::trace::TraceId;
use crate::exchange::{PastAttempt, Stopped};
use line::Stamp;

/// A buffer is handed over when it holds this much.
const FULL: usize = 32 * 1024;
/// What is allocated for a buffer: room for the line that fills it.
const CAPACITY: usize = FULL + 8 * 1024;
/// How many full buffers may wait for the writer, at least.
const WAITING: usize = 64;

/// What is known of a request when it has ended.
#[derive(Debug, Clone, Copy)]
pub struct AccessRecord<'a> {
    /// When the head of the request was there.
    pub time: SystemTime,
    /// The id of the request.
    pub request_id: &'a str,
    /// Its trace.
    pub trace_id: TraceId,
    /// Who called.
    pub client: IpAddr,
    /// The method.
    pub method: &'a str,
    /// The host that was asked for.
    pub host: &'a str,
    /// The path; a query is cut off, and so is what goes beyond 2 KiB.
    pub path: &'a str,
    /// The protocol, such as `HTTP/1.1`.
    pub protocol: &'a str,
    /// The status that was answered.
    pub status: u16,
    /// Bytes of the request's body.
    pub request_bytes: u64,
    /// Bytes of the answer's body.
    pub response_bytes: u64,
    /// From the head of the request to the end of the answer.
    pub duration: Duration,
    /// The name of the API that was matched.
    pub api: Option<&'a str>,
    /// Its version.
    pub version: Option<&'a str>,
    /// The URI template of the operation that was matched.
    pub operation: Option<&'a str>,
    /// The operation of a SOAP service, where something depends on it.
    pub soap_operation: Option<&'a str>,
    /// The name of the leaf that answered, or failed last.
    pub endpoint: Option<&'a str>,
    /// The address of its upstream.
    pub upstream: Option<&'a str>,
    /// How many leaves were called.
    pub attempts: u32,
    /// The time to the head of the upstream's answer.
    pub upstream_time: Option<Duration>,
    /// The fault that was answered: its number and its kind.
    pub fault: Option<(u32, FaultCode)>,
    /// `production` or `sandbox`.
    pub key_type: Option<&'a str>,
    /// The client id (consumer key) of the token.
    pub client_id: Option<&'a str>,
    /// Whether the exchange ended before the answer was whole.
    pub aborted: bool,
    /// Each attempt, where there was more than one or the only one failed.
    pub past: &'a [PastAttempt],
    /// Why no other member of a group was tried after the last failure.
    pub stopped: Option<Stopped>,
    /// The `User-Agent`, of which 256 bytes are kept.
    pub user_agent: Option<&'a [u8]>,
}

/// How a record is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One JSON object on a line.
    Json,
    /// One line to be read by people.
    Text,
}

/// The access log of all workers.
pub struct AccessLog {
    format: Format,
    workers: Box<[Slot]>,
    dropped: Arc<AtomicU64>,
    written: Mutex<Receiver<()>>,
    spare: Arc<Mutex<Vec<Vec<u8>>>>,
    last: Arc<Mutex<Vec<Batch>>>,
}

/// A worker's buffer, away from its neighbours' cache lines.
#[repr(align(128))]
struct Slot(Mutex<Buffer>);

struct Buffer {
    bytes: Vec<u8>,
    records: u64,
    stamp: Stamp,
    /// `None` once the log is shut down.
    writer: Option<SyncSender<Batch>>,
}

struct Batch {
    bytes: Vec<u8>,
    records: u64,
}

impl AccessLog {
    /// Starts the thread that writes to the sink, which in production is standard error.
    ///
    /// # Errors
    ///
    /// When the thread cannot be started.
    pub fn start(
        sink: Box<dyn Write + Send>,
        format: Format,
        workers: usize,
    ) -> std::io::Result<Self> {
        let workers = workers.max(1);
        let (batches, waiting) = mpsc::sync_channel(WAITING.max(workers * 4));
        let (done, written) = mpsc::channel();
        let dropped = Arc::new(AtomicU64::new(0));
        let spare = Arc::new(Mutex::new(Vec::new()));
        let last = Arc::new(Mutex::new(Vec::new()));
        let mut writer = Writer {
            sink,
            last: Arc::clone(&last),
            dropped: Arc::clone(&dropped),
            spare: Arc::clone(&spare),
            most_spare: workers * 2,
        };
        std::thread::Builder::new().name("access-log".to_owned()).spawn(move || {
            writer.run(&waiting);
            drop(done);
        })?;
        let slot = || Slot(Mutex::new(Buffer::new(batches.clone())));
        let workers = (0..workers).map(|_| slot()).collect();
        Ok(Self { format, workers, dropped, written: Mutex::new(written), spare, last })
    }

    /// Appends one record to the worker's buffer; never waits for the sink.
    pub fn write(&self, worker: usize, record: &AccessRecord<'_>) {
        let mut buffer = self.buffer(worker);
        let Buffer { bytes, stamp, .. } = &mut *buffer;
        match self.format {
            Format::Json => line::json(bytes, stamp, record),
            Format::Text => line::text(bytes, stamp, record),
        }
        buffer.records += 1;
        if buffer.bytes.len() >= FULL {
            self.hand_over(&mut buffer);
        }
    }

    /// Hands over what the worker's buffer holds, for a timer of some 100 ms.
    pub fn flush(&self, worker: usize) {
        let mut buffer = self.buffer(worker);
        if !buffer.bytes.is_empty() {
            self.hand_over(&mut buffer);
        }
    }

    /// Writes everything that is buffered and stops; records that come later are dropped.
    ///
    /// Returns whether all of it was written within that time.
    pub fn shutdown(&self, within: Duration) -> bool {
        for slot in &self.workers {
            let mut buffer = lock(&slot.0);
            let (bytes, records) = (std::mem::take(&mut buffer.bytes), buffer.records);
            buffer.records = 0;
            lock(&self.last).push(Batch { bytes, records });
            buffer.writer = None;
        }
        // The writer never sends: it ends, and with it the channel, when all is written.
        let ended = lock(&self.written).recv_timeout(within);
        ended == Err(mpsc::RecvTimeoutError::Disconnected)
    }

    /// How many records were dropped so far, as a counter that can be shared with
    /// [`ProcessMetrics`](super::metric::ProcessMetrics).
    #[must_use]
    pub fn dropped(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.dropped)
    }

    fn buffer(&self, worker: usize) -> MutexGuard<'_, Buffer> {
        lock(&self.workers[worker % self.workers.len()].0)
    }

    /// Gives the buffer to the writer. When too much waits, a buffer that is not full is kept, and
    /// a full one dropped.
    fn hand_over(&self, buffer: &mut Buffer) {
        let fresh = lock(&self.spare).pop().unwrap_or_else(|| Vec::with_capacity(CAPACITY));
        let bytes = std::mem::replace(&mut buffer.bytes, fresh);
        let batch = Batch { bytes, records: std::mem::take(&mut buffer.records) };
        let refused = match &buffer.writer {
            Some(writer) => writer.try_send(batch),
            None => Err(TrySendError::Disconnected(batch)),
        };
        match refused {
            Ok(()) => {}
            Err(TrySendError::Full(batch)) if batch.bytes.len() < FULL => buffer.restore(batch),
            Err(TrySendError::Full(batch) | TrySendError::Disconnected(batch)) => {
                self.dropped.fetch_add(batch.records, Ordering::Relaxed);
                buffer.bytes = batch.bytes;
                buffer.bytes.clear();
            }
        }
    }
}

impl fmt::Debug for AccessLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let dropped = self.dropped.load(Ordering::Relaxed);
        f.debug_struct("AccessLog")
            .field("format", &self.format)
            .field("workers", &self.workers.len())
            .field("dropped", &dropped)
            .finish_non_exhaustive()
    }
}

impl Buffer {
    fn new(writer: SyncSender<Batch>) -> Self {
        Self { bytes: Vec::new(), records: 0, stamp: Stamp::default(), writer: Some(writer) }
    }

    fn restore(&mut self, batch: Batch) {
        self.bytes = batch.bytes;
        self.records = batch.records;
    }
}

/// The thread that writes.
struct Writer {
    sink: Box<dyn Write + Send>,
    dropped: Arc<AtomicU64>,
    spare: Arc<Mutex<Vec<Vec<u8>>>>,
    most_spare: usize,
    /// What the workers' buffers held at the end; it is whole once every sender is gone.
    last: Arc<Mutex<Vec<Batch>>>,
}

impl Writer {
    /// Writes until every sender is gone, and then what was left.
    fn run(&mut self, waiting: &Receiver<Batch>) {
        while let Ok(mut batch) = waiting.recv() {
            self.write(&batch);
            batch.bytes.clear();
            let mut spare = lock(&self.spare);
            if spare.len() < self.most_spare {
                spare.push(batch.bytes);
            }
        }
        let last = std::mem::take(&mut *lock(&self.last));
        last.iter().for_each(|batch| self.write(batch));
    }

    /// What a sink refuses is dropped: it has nowhere to go.
    fn write(&mut self, batch: &Batch) {
        let written = self.sink.write_all(&batch.bytes).and_then(|()| self.sink.flush());
        if written.is_err() {
            self.dropped.fetch_add(batch.records, Ordering::Relaxed);
        }
    }
}

/// A panic while the lock was held leaves at worst half a line.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
