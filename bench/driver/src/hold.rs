//! Connections that are opened, used once, and then held idle.
//!
//! They are opened one after the other, so that an engine needs one connection to its backend for all
//! of them, and what its memory grows by is the cost of the clients' connections alone.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context, ensure};
use clap::Args;
use rustls::{ClientConnection, StreamOwned};
use serde::Serialize;

use crate::answer;
use crate::target::Target;
use crate::tls;

/// What to hold.
#[derive(Debug, Args)]
pub(crate) struct Options {
    #[command(flatten)]
    target: Target,
    /// How many connections.
    #[arg(long)]
    connections: usize,
    /// Speak TLS, and trust this certificate.
    #[arg(long)]
    certificate: Option<PathBuf>,
}

/// Said once all connections are open.
#[derive(Debug, Serialize)]
struct Held {
    held: usize,
    seconds: f64,
}

/// One connection.
#[derive(Debug)]
enum Connection {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
}

impl Connection {
    fn ask(&mut self, request: &[u8], length: usize) -> anyhow::Result<()> {
        match self {
            Self::Plain(stream) => exchange(stream, request, length),
            Self::Tls(stream) => exchange(&mut **stream, request, length),
        }
    }

    /// Whether the other side still holds it, too.
    fn is_open(&self) -> anyhow::Result<bool> {
        let stream = match self {
            Self::Plain(stream) => stream,
            Self::Tls(stream) => &stream.sock,
        };
        stream.set_nonblocking(true)?;
        Ok(match stream.peek(&mut [0]) {
            Ok(count) => count > 0,
            Err(error) => error.kind() == std::io::ErrorKind::WouldBlock,
        })
    }
}

/// Opens them, says so, holds them until standard input ends, and fails when one was closed meanwhile.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let config =
        options.certificate.as_deref().map(|file| tls::settings(file, false)).transpose()?;
    let request = options.target.request();
    let start = Instant::now();
    let mut held = Vec::with_capacity(options.connections);
    for index in 0..options.connections {
        let stream = options.target.connect(index).with_context(|| format!("after {index}"))?;
        let mut connection = match &config {
            None => Connection::Plain(stream),
            Some(config) => {
                let client = ClientConnection::new(config.clone(), tls::name())?;
                Connection::Tls(Box::new(StreamOwned::new(client, stream)))
            }
        };
        connection
            .ask(&request, options.target.length)
            .with_context(|| format!("connection {index}"))?;
        held.push(connection);
    }
    crate::print(&Held { held: held.len(), seconds: start.elapsed().as_secs_f64() })?;
    std::io::stdin().read_to_end(&mut Vec::new())?;
    for (index, connection) in held.iter().enumerate() {
        ensure!(connection.is_open()?, "connection {index} of {} was closed", held.len());
    }
    Ok(())
}

/// One request and its answer.
fn exchange(stream: &mut (impl Read + Write), request: &[u8], length: usize) -> anyhow::Result<()> {
    stream.write_all(request)?;
    stream.flush()?;
    answer::read(stream, length)
}
