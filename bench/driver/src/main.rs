//! The load of the benchmark that wrk and h2load do not make: requests at a fixed rate, connections
//! that are held idle, and new TLS connections.
//!
//! A program of its own, because it has to be built with optimisation and to be kept on a processor,
//! and because its own processor time has to be told from that of the chores. It prints one line of
//! JSON, and fails when a single answer is wrong, unless it is told to count such. Method: docs/benchmarks.md.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "what it saw goes to its caller")]

mod answer;
mod handshakes;
mod hold;
#[cfg(target_os = "linux")]
mod rate;
mod target;
mod tls;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Debug, Parser)]
#[command(name = "driver", about = "Load for the benchmark")]
struct Arguments {
    #[command(subcommand)]
    kind: Kind,
}

#[derive(Debug, Subcommand)]
enum Kind {
    /// Sends requests at a fixed rate, whether they are answered or not.
    Rate(rate::Options),
    /// Opens connections with one request each, and holds them until standard input ends.
    Hold(hold::Options),
    /// Opens TLS connections with one request each, one after the other.
    Handshakes(handshakes::Options),
}

fn main() -> ExitCode {
    let done = match Arguments::parse().kind {
        Kind::Rate(options) => rate::run(&options).and_then(|seen| print(&seen)),
        Kind::Hold(options) => hold::run(&options),
        Kind::Handshakes(options) => handshakes::run(&options).and_then(|seen| print(&seen)),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

/// One line of JSON, which is the whole result.
fn print(result: &impl serde::Serialize) -> anyhow::Result<()> {
    println!("{}", serde_json::to_string(result)?);
    Ok(())
}

#[cfg(not(target_os = "linux"))]
mod rate {
    //! Stands in where there is no epoll.

    #[derive(Debug, clap::Args)]
    pub(crate) struct Options {}

    pub(crate) fn run(_: &Options) -> anyhow::Result<()> {
        anyhow::bail!("a fixed rate needs Linux")
    }
}
