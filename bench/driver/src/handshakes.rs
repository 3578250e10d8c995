//! New TLS connections with one request each, by a few clients at once.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use clap::Args;
use rustls::{ClientConfig, ClientConnection, HandshakeKind, Stream};
use serde::Serialize;

use crate::answer;
use crate::target::Target;
use crate::tls;

/// The share of connections that may miss a ticket where sessions are to be resumed, beside the first
/// one of each client.
const MISSED: f64 = 0.01;

/// What to open.
#[derive(Debug, Args)]
pub(crate) struct Options {
    #[command(flatten)]
    target: Target,
    /// The certificate to trust.
    #[arg(long)]
    certificate: PathBuf,
    /// Resume sessions with tickets.
    #[arg(long)]
    resume: bool,
    /// How many clients.
    #[arg(long, default_value_t = 16)]
    clients: usize,
    /// For how long.
    #[arg(long)]
    seconds: u64,
}

/// What came of it. Times in microseconds.
#[derive(Debug, Serialize)]
pub(crate) struct Summary {
    connections: u64,
    resumed: u64,
    seconds: f64,
    p50: f64,
    p99: f64,
}

/// What one client did: how long each connection took, from its start to its answer.
#[derive(Debug, Default)]
struct Done {
    times: Vec<Duration>,
    resumed: u64,
}

/// Opens connections until the time is over.
pub(crate) fn run(options: &Options) -> anyhow::Result<Summary> {
    let start = Instant::now();
    let end = start + Duration::from_secs(options.seconds);
    let done = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..options.clients)
            .map(|index| scope.spawn(move || client(options, index, end)))
            .collect();
        clients
            .into_iter()
            .map(|client| client.join().map_err(|_| anyhow::anyhow!("a client panicked"))?)
            .collect::<anyhow::Result<Vec<Done>>>()
    })?;
    let seconds = start.elapsed().as_secs_f64();
    let resumed = done.iter().map(|done| done.resumed).sum();
    let mut times: Vec<Duration> = done.into_iter().flat_map(|done| done.times).collect();
    times.sort_unstable();
    let connections = times.len() as u64;
    ensure!(connections > 0, "not one connection");
    let may_be_full = options.clients as f64 + MISSED * connections as f64;
    let is_enough = (connections - resumed) as f64 <= may_be_full;
    ensure!(!options.resume || is_enough, "only {resumed} of {connections} were resumed");
    ensure!(options.resume || resumed == 0, "{resumed} of {connections} were resumed");
    let micros = |share: f64| {
        let index = ((times.len() - 1) as f64 * share) as usize;
        times.get(index).map_or(f64::NAN, |time| time.as_secs_f64() * 1e6)
    };
    Ok(Summary { connections, resumed, seconds, p50: micros(0.5), p99: micros(0.99) })
}

/// One client after another connection; with a memory of its own for tickets.
fn client(options: &Options, index: usize, end: Instant) -> anyhow::Result<Done> {
    let config = tls::settings(&options.certificate, options.resume)?;
    let request = options.target.request();
    let mut done = Done::default();
    while Instant::now() < end {
        let start = Instant::now();
        let number = index + done.times.len() * options.clients;
        let (answered, kind) = connect(&options.target, number, &config, &request)
            .with_context(|| format!("connection {number}"))?;
        done.times.push(answered.duration_since(start));
        done.resumed += u64::from(kind == Some(HandshakeKind::Resumed));
    }
    Ok(done)
}

/// One connection, closed in good order; says when it was answered.
fn connect(
    target: &Target,
    number: usize,
    config: &Arc<ClientConfig>,
    request: &[u8],
) -> anyhow::Result<(Instant, Option<HandshakeKind>)> {
    let mut socket = target.connect(number)?;
    let mut session = ClientConnection::new(Arc::clone(config), tls::name())?;
    let mut stream = Stream::new(&mut session, &mut socket);
    stream.write_all(request)?;
    stream.flush()?;
    answer::read(&mut stream, target.length)?;
    let answered = Instant::now();
    session.send_close_notify();
    while session.wants_write() {
        session.write_tls(&mut socket)?;
    }
    socket.shutdown(Shutdown::Write)?;
    // Until the engine has closed, too: what it does for that is part of the cost.
    socket.read_to_end(&mut Vec::new())?;
    Ok((answered, session.handshake_kind()))
}
