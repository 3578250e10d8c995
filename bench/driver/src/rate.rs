//! Requests at a fixed rate, whether earlier ones are answered or not (an open loop).
//!
//! Request number `k` is due at `k / rate`. Its latency counts from then, not from when a connection
//! was free to send it; so an engine that stalls pays for every request that was due meanwhile.
//! Requests that could not even be sent until the end count with the time that they have waited.
//!
//! One thread on epoll with waits below a millisecond: a timer of milliseconds would send in bursts,
//! and measure those.

use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::num::NonZeroU64;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use clap::Args;
use rustix::buffer::spare_capacity;
use rustix::event::epoll;
use rustix::fd::OwnedFd;
use serde::Serialize;

use crate::answer::{self, HEAD};
use crate::target::Target;

/// How long answers are waited for after the last request.
const GRACE: Duration = Duration::from_secs(5);

/// What to send.
#[derive(Debug, Args)]
pub(crate) struct Options {
    #[command(flatten)]
    target: Target,
    /// Requests in a second.
    #[arg(long)]
    rate: f64,
    /// For how long.
    #[arg(long)]
    seconds: u64,
    /// How many connections.
    #[arg(long, default_value_t = 64)]
    connections: usize,
}

/// What came of it. Times in microseconds.
#[derive(Debug, Serialize)]
pub(crate) struct Summary {
    /// Requests that were due.
    due: u64,
    /// Answers within the time.
    answered: u64,
    seconds: f64,
    p50: f64,
    p99: f64,
    p999: f64,
    /// How late requests were sent, at the 99th percentile; part of their latency.
    late_p99: f64,
}

/// One connection, with at most one request on its way.
#[derive(Debug)]
struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
    filled: usize,
    /// When the request was due that is on its way.
    due: Option<Duration>,
}

/// All connections, and what was measured.
#[derive(Debug)]
struct Load {
    length: usize,
    request: Vec<u8>,
    epoll: OwnedFd,
    clients: Vec<Client>,
    /// Those without a request on its way, the longest idle one first.
    free: VecDeque<usize>,
    start: Instant,
    latencies: Vec<Duration>,
    lateness: Vec<Duration>,
}

/// Sends until the time is over, and waits for what is still on its way.
pub(crate) fn run(options: &Options) -> anyhow::Result<Summary> {
    ensure!(options.rate >= 1.0 && options.connections > 0, "nothing to send");
    // Waits end when they should, not up to 50 µs later.
    rustix::thread::set_current_timer_slack(NonZeroU64::new(1))?;
    let total = (options.rate * options.seconds as f64) as u64;
    let end = Duration::from_secs(options.seconds);
    let due_at = |number: u64| Duration::from_secs_f64(number as f64 / options.rate);
    let mut load = Load::connect(options, usize::try_from(total)?)?;
    let mut sent = 0;
    load.start = Instant::now();
    let mut now = Duration::ZERO;
    while sent < total && now < end {
        while sent < total && due_at(sent) <= now {
            let Some(index) = load.free.pop_front() else { break };
            load.send(index, due_at(sent), now)?;
            sent += 1;
        }
        // Without a free connection nothing can be sent before an answer comes.
        let until = if load.free.is_empty() { end } else { due_at(sent).min(end) };
        now = load.wait(until)?;
    }
    let answered = load.latencies.len() as u64;
    while load.free.len() < load.clients.len() {
        ensure!(now < end + GRACE, "answers that did not come for {GRACE:?}");
        now = load.wait(end + GRACE)?;
    }
    load.latencies.extend((sent..total).map(|number| end.saturating_sub(due_at(number))));
    load.latencies.sort_unstable();
    load.lateness.sort_unstable();
    Ok(Summary {
        due: total,
        answered,
        seconds: options.seconds as f64,
        p50: quantile(&load.latencies, 0.5),
        p99: quantile(&load.latencies, 0.99),
        p999: quantile(&load.latencies, 0.999),
        late_p99: quantile(&load.lateness, 0.99),
    })
}

impl Load {
    /// Opens the connections and asks each once, so that nothing is new any more.
    fn connect(options: &Options, total: usize) -> anyhow::Result<Self> {
        let mut load = Self {
            length: options.target.length,
            request: options.target.request(),
            epoll: epoll::create(epoll::CreateFlags::CLOEXEC)?,
            clients: Vec::with_capacity(options.connections),
            free: (0..options.connections).collect(),
            start: Instant::now(),
            latencies: Vec::with_capacity(total),
            lateness: Vec::with_capacity(total),
        };
        for index in 0..options.connections {
            let mut stream = options.target.connect(index)?;
            stream.write_all(&load.request)?;
            answer::read(&mut stream, load.length)?;
            stream.set_nonblocking(true)?;
            let data = epoll::EventData::new_u64(index as u64);
            epoll::add(&load.epoll, &stream, data, epoll::EventFlags::IN)?;
            let buffer = vec![0; HEAD + load.length];
            load.clients.push(Client { stream, buffer, filled: 0, due: None });
        }
        Ok(load)
    }

    fn send(&mut self, index: usize, due: Duration, now: Duration) -> anyhow::Result<()> {
        let client = self.clients.get_mut(index).context("no such connection")?;
        let count = client.stream.write(&self.request)?;
        ensure!(count == self.request.len(), "a request that was taken in part");
        client.due = Some(due);
        self.lateness.push(now.saturating_sub(due));
        Ok(())
    }

    /// Takes answers until one came or `until` is reached; gives the time since the start.
    fn wait(&mut self, until: Duration) -> anyhow::Result<Duration> {
        let left = until.saturating_sub(self.start.elapsed());
        let timeout = rustix::event::Timespec::try_from(left)?;
        let mut events = Vec::with_capacity(64);
        match epoll::wait(&self.epoll, spare_capacity(&mut events), Some(&timeout)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => bail!(error),
        }
        for event in &events {
            self.take(usize::try_from(event.data.u64())?)?;
        }
        Ok(self.start.elapsed())
    }

    /// Reads what there is on a connection.
    fn take(&mut self, index: usize) -> anyhow::Result<()> {
        let client = self.clients.get_mut(index).context("no such connection")?;
        let room = client.buffer.get_mut(client.filled..).unwrap_or_default();
        match client.stream.read(room) {
            Ok(0) => bail!("closed in the middle of the load"),
            Ok(count) => client.filled += count,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
            Err(error) => return Err(error.into()),
        }
        let answer = client.buffer.get(..client.filled).unwrap_or_default();
        if answer::is_complete(answer, self.length)? {
            let due = client.due.take().context("an answer that nobody asked for")?;
            client.filled = 0;
            self.latencies.push(self.start.elapsed().saturating_sub(due));
            self.free.push_back(index);
        }
        Ok(())
    }
}

fn quantile(sorted: &[Duration], share: f64) -> f64 {
    let index = (sorted.len().saturating_sub(1) as f64 * share) as usize;
    sorted.get(index).map_or(f64::NAN, |time| time.as_secs_f64() * 1e6)
}
