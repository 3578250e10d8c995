//! Requests at a fixed rate, whether earlier ones are answered or not (an open loop).
//!
//! Request number `k` is due at `k / rate`. Its latency counts from then, not from when a connection
//! was free to send it; so an engine that stalls pays for every request that was due meanwhile.
//! Requests that could not even be sent until the end count with the time that they have waited.
//!
//! The first wrong answer ends the measurement, unless failures are what is measured: then each is
//! counted, and its client goes on over a new connection.
//!
//! One thread on epoll with waits below a millisecond: a timer of milliseconds would send in bursts,
//! and measure those.

use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::num::NonZeroU64;
use std::time::{Duration, Instant, SystemTime};

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
    /// Count requests that fail, instead of giving up at the first one.
    #[arg(long)]
    tolerant: bool,
}

/// What came of it. Times in microseconds.
#[derive(Debug, Serialize)]
pub(crate) struct Summary {
    /// Requests that were due.
    due: u64,
    /// Answers within the time.
    answered: u64,
    /// Requests that got a wrong answer, or none.
    failed: u64,
    /// When the last of them failed, since the start.
    last_failure: Option<f64>,
    /// The start, since 1970: for whoever has to compare it with what else happened.
    began: u64,
    seconds: f64,
    p50: f64,
    p99: f64,
    p999: f64,
    max: f64,
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
    target: Target,
    is_tolerant: bool,
    request: Vec<u8>,
    epoll: OwnedFd,
    clients: Vec<Client>,
    /// Those without a request on its way, the longest idle one first.
    free: VecDeque<usize>,
    start: Instant,
    latencies: Vec<Duration>,
    lateness: Vec<Duration>,
    /// When requests failed, in order.
    failures: Vec<Duration>,
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
    let began = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
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
    while load.free.len() < load.clients.len() && now < end + GRACE {
        now = load.wait(end + GRACE)?;
    }
    let missing = load.clients.len() - load.free.len();
    ensure!(missing == 0 || load.is_tolerant, "answers that did not come for {GRACE:?}");
    load.failures.extend(std::iter::repeat_n(now, missing));
    load.latencies.extend((sent..total).map(|number| end.saturating_sub(due_at(number))));
    load.latencies.sort_unstable();
    load.lateness.sort_unstable();
    Ok(Summary {
        due: total,
        answered,
        failed: load.failures.len() as u64,
        last_failure: load.failures.last().map(|time| micros(*time)),
        began: u64::try_from(began.as_micros())?,
        seconds: options.seconds as f64,
        p50: quantile(&load.latencies, 0.5),
        p99: quantile(&load.latencies, 0.99),
        p999: quantile(&load.latencies, 0.999),
        max: quantile(&load.latencies, 1.0),
        late_p99: quantile(&load.lateness, 0.99),
    })
}

impl Load {
    /// Opens the connections and asks each once, so that nothing is new any more.
    fn connect(options: &Options, total: usize) -> anyhow::Result<Self> {
        let mut load = Self {
            target: options.target.clone(),
            is_tolerant: options.tolerant,
            request: options.target.request(),
            epoll: epoll::create(epoll::CreateFlags::CLOEXEC)?,
            clients: Vec::with_capacity(options.connections),
            free: (0..options.connections).collect(),
            start: Instant::now(),
            latencies: Vec::with_capacity(total),
            lateness: Vec::with_capacity(total),
            failures: Vec::new(),
        };
        for index in 0..options.connections {
            let mut stream = options.target.connect(index)?;
            stream.write_all(&load.request)?;
            answer::read(&mut stream, load.target.length)?;
            load.watch(&stream, index)?;
            let buffer = vec![0; HEAD + load.target.length];
            load.clients.push(Client { stream, buffer, filled: 0, due: None });
        }
        Ok(load)
    }

    fn watch(&self, stream: &TcpStream, index: usize) -> anyhow::Result<()> {
        stream.set_nonblocking(true)?;
        let data = epoll::EventData::new_u64(index as u64);
        Ok(epoll::add(&self.epoll, stream, data, epoll::EventFlags::IN)?)
    }

    fn send(&mut self, index: usize, due: Duration, now: Duration) -> anyhow::Result<()> {
        let written = self.write(index);
        // Closed while it was idle, and not noticed yet: that is no failure of the request.
        if written.is_err() && self.is_tolerant {
            self.reconnect(index)?;
            self.write(index)?;
        } else {
            written?;
        }
        self.client(index)?.due = Some(due);
        self.lateness.push(now.saturating_sub(due));
        Ok(())
    }

    fn write(&mut self, index: usize) -> anyhow::Result<()> {
        let client = self.clients.get_mut(index).context("no such connection")?;
        let count = client.stream.write(&self.request)?;
        ensure!(count == self.request.len(), "a request that was taken in part");
        Ok(())
    }

    fn client(&mut self, index: usize) -> anyhow::Result<&mut Client> {
        self.clients.get_mut(index).context("no such connection")
    }

    /// Gives a client a new connection; the old one leaves epoll as it is closed.
    fn reconnect(&mut self, index: usize) -> anyhow::Result<()> {
        let stream = self.target.connect(index)?;
        self.watch(&stream, index)?;
        let client = self.client(index)?;
        client.stream = stream;
        client.filled = 0;
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

    /// Takes what there is on a connection: an answer, a part of one, or a failure.
    fn take(&mut self, index: usize) -> anyhow::Result<()> {
        match self.read(index) {
            Ok(None) => {}
            Ok(Some(due)) => {
                self.latencies.push(self.start.elapsed().saturating_sub(due));
                self.free.push_back(index);
            }
            Err(error) if !self.is_tolerant => return Err(error),
            Err(_) => {
                self.reconnect(index)?;
                // A connection that was closed while it was idle has failed nobody.
                if self.client(index)?.due.take().is_some() {
                    self.failures.push(self.start.elapsed());
                    self.free.push_back(index);
                }
            }
        }
        Ok(())
    }

    /// Reads from a connection; when that completes an answer, the time when its request was due.
    fn read(&mut self, index: usize) -> anyhow::Result<Option<Duration>> {
        let length = self.target.length;
        let client = self.client(index)?;
        let room = client.buffer.get_mut(client.filled..).unwrap_or_default();
        match client.stream.read(room) {
            Ok(0) => bail!("closed in the middle of the load"),
            Ok(count) => client.filled += count,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(None),
            Err(error) => return Err(error.into()),
        }
        let answer = client.buffer.get(..client.filled).unwrap_or_default();
        if !answer::is_complete(answer, length)? {
            return Ok(None);
        }
        client.filled = 0;
        client.due.take().context("an answer that nobody asked for").map(Some)
    }
}

fn quantile(sorted: &[Duration], share: f64) -> f64 {
    let index = (sorted.len().saturating_sub(1) as f64 * share) as usize;
    sorted.get(index).map_or(f64::NAN, |time| micros(*time))
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, TcpListener};

    use super::*;

    /// Answers a request, breaks the connection at the next one, and so on; ends with its clients.
    fn answer_every_other(listener: &TcpListener, connections: usize) {
        for stream in listener.incoming().take(connections) {
            let mut stream = stream.expect("a client");
            let mut request = [0; 1024];
            let count = stream.read(&mut request).expect("a request");
            assert!(count > 0);
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx").expect("written");
            drop(stream.read(&mut request));
        }
    }

    /// One request that is answered, one that is not, and one after that.
    fn three(is_tolerant: bool) -> anyhow::Result<Load> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let port = listener.local_addr().expect("bound").port();
        std::thread::spawn(move || answer_every_other(&listener, 2));
        let target = Target { port, path: "/".to_owned(), length: 1 };
        let options =
            Options { target, rate: 1.0, seconds: 1, connections: 1, tolerant: is_tolerant };
        let mut load = Load::connect(&options, 2)?;
        for _ in 0..2 {
            let index = load.free.pop_front().expect("it is free");
            load.send(index, Duration::ZERO, Duration::ZERO)?;
            while load.free.is_empty() {
                load.wait(Duration::from_secs(10))?;
            }
        }
        Ok(load)
    }

    #[test]
    fn a_failure_is_counted_and_its_client_goes_on() {
        let load = three(true).expect("failures are borne");
        assert_eq!((load.failures.len(), load.latencies.len()), (1, 1));
    }

    #[test]
    fn without_tolerance_the_first_failure_ends_it() {
        assert!(three(false).is_err());
    }
}
