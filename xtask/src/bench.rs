//! The benchmark: Weir beside nginx, HAProxy and Envoy, on loopback, in one run.
//!
//! Method and how to read the numbers: docs/benchmarks.md. The configurations of the peers are in
//! `bench/`, so that anybody can see that all do the same work.

mod chart;
pub(crate) mod instructions;
mod load;
mod meter;
mod peer;
mod projects;
mod report;
mod rig;
mod rounds;
mod start;

use clap::{Args, Subcommand};

use crate::shell::{cargo, run as execute};
use peer::Peer;

/// What to measure.
#[derive(Debug, Args)]
pub(crate) struct Options {
    #[command(subcommand)]
    kind: Option<Kind>,
    /// Two short rounds, or one start, to see that everything works.
    #[arg(long, global = true)]
    quick: bool,
    /// Only workloads whose name contains this.
    #[arg(long)]
    only: Option<String>,
    /// How many rounds; each measures every peer once.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// How long a sample lasts.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Who takes part.
    #[arg(long, value_delimiter = ',', default_value = "nginx,haproxy,envoy,weir")]
    peers: Vec<Peer>,
    /// How many APIs everybody serves.
    #[arg(long, default_value_t = 1000)]
    apis: usize,
    /// Take the program that was built before.
    #[arg(long, global = true)]
    no_build: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Subcommand)]
enum Kind {
    /// Measures the start with many APIs, and a change of one among them.
    Start,
}

/// `cargo xtask bench`.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    if options.peers.contains(&Peer::Weir) && !options.no_build {
        println!("bench: building Weir (release)");
        execute(cargo().args(["build", "--locked", "--release", "--package", "app"]))?;
    }
    match options.kind {
        Some(Kind::Start) => start::run(options.quick),
        None => rounds::run(&rounds::Plan {
            only: options.only.clone(),
            rounds: if options.quick { 2 } else { options.rounds.max(1) },
            seconds: if options.quick { 1 } else { options.seconds.max(1) },
            peers: options.peers.clone(),
            apis: options.apis.max(1),
        }),
    }
}
