//! The benchmark: Weir beside nginx, HAProxy and Envoy, on loopback, in one run.
//!
//! Method and how to read the numbers: docs/benchmarks.md. The configurations of the peers are in
//! `bench/`, so that anybody can see that all do the same work.

mod behind;
mod chart;
mod content;
mod driver;
mod groups;
mod handshakes;
mod idle;
pub(crate) mod instructions;
mod lambda;
mod load;
mod meter;
mod mocks;
mod parts;
mod peer;
mod policies;
mod projects;
mod rate;
mod report;
mod rig;
mod rounds;
mod secured;
mod soap;
mod start;
mod trial;

use clap::{Args, Subcommand};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::shell::{cargo, run as execute};
use peer::Peer;
use trial::Plan;

/// How many files a process may open, where the user may have so many: some engines set room aside
/// for as many as they may open.
const FILES: u64 = 65_536;

/// What to measure.
#[derive(Debug, Args)]
pub(crate) struct Options {
    #[command(subcommand)]
    kind: Option<Kind>,
    /// Two short rounds, or one start, to see that everything works.
    #[arg(long, global = true)]
    quick: bool,
    /// Only workloads, or parts of groups, whose name contains this, and nothing else.
    #[arg(long, global = true)]
    only: Option<String>,
    /// How many rounds; each measures every peer once.
    #[arg(long, global = true, default_value_t = 5)]
    rounds: usize,
    /// How long a sample lasts.
    #[arg(long, global = true, default_value_t = 5)]
    seconds: u64,
    /// Who takes part.
    #[arg(long, global = true, value_delimiter = ',', default_value = "nginx,haproxy,envoy,weir")]
    peers: Vec<Peer>,
    /// How many APIs everybody serves.
    #[arg(long, global = true, default_value_t = 1000)]
    apis: usize,
    /// Take the programs that were built before.
    #[arg(long, global = true)]
    no_build: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Subcommand)]
enum Kind {
    /// Measures throughput and processor time for each workload.
    Workloads,
    /// Measures latencies at a fixed rate.
    Rate,
    /// Measures new TLS connections, with full handshakes and with resumed sessions.
    Handshakes,
    /// Measures the memory of idle connections.
    Idle,
    /// Measures the start with many APIs, and a change of one among them.
    Start,
    /// Measures groups of endpoints: what they cost, how evenly they share, and what is lost when a
    /// member is killed or flaps. `--only cost`, `spread`, `killed` or `flapping` for one of them.
    Groups,
    /// Measures what it costs to show a backend who calls: Basic, keys, OAuth 2.0, Digest.
    Secured,
    /// Measures policies: what they cost by the request, and to deploy. `--only cost` or `deployment`
    /// for one of them.
    Policies,
    /// Measures SOAP: the import of a large WSDL, and SOAP that goes through beside REST that becomes
    /// SOAP. `--only import` or `turn` for one of them.
    Soap,
    /// Measures mocks: what an answer costs, the memory of those that nobody calls, and what harmful
    /// scripts do to other APIs. `--only cost`, `memory` or `attack` for one of them.
    Mocks,
    /// Measures functions of AWS Lambda: what a call costs, and how much later an answer comes than
    /// from the service itself. `--only cost`, `latency` or `emulator` for one of them.
    Lambda,
}

/// Everything, in the order of docs/benchmarks.md.
const ALL: &[Kind] = &[
    Kind::Workloads,
    Kind::Rate,
    Kind::Handshakes,
    Kind::Idle,
    Kind::Start,
    Kind::Groups,
    Kind::Secured,
    Kind::Policies,
    Kind::Soap,
    Kind::Mocks,
    Kind::Lambda,
];

/// `cargo xtask bench`.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    anyhow::ensure!(cores >= 2, "the benchmark needs two processors");
    let plan = Plan {
        only: options.only.clone(),
        rounds: if options.quick { 2 } else { options.rounds.max(1) },
        seconds: if options.quick { 1 } else { options.seconds.max(1) },
        peers: options.peers.clone(),
        apis: options.apis.max(1),
    };
    let kinds = match (options.kind, &options.only) {
        (Some(kind), _) => vec![kind],
        (None, Some(_)) => vec![Kind::Workloads],
        // Some is ours alone.
        (None, None) if !plan.peers.contains(&Peer::Weir) => {
            let ours = [Kind::Start, Kind::Secured, Kind::Soap, Kind::Mocks, Kind::Lambda];
            ALL.iter().copied().filter(|kind| !ours.contains(kind)).collect()
        }
        (None, None) => ALL.to_vec(),
    };
    allow_many_files()?;
    if !options.no_build {
        build(&kinds, &plan)?;
    }
    for kind in kinds {
        match kind {
            Kind::Workloads => rounds::run(&plan),
            Kind::Rate => rate::run(&plan),
            Kind::Handshakes => handshakes::run(&plan),
            Kind::Idle => idle::run(&plan),
            Kind::Start => start::run(options.quick),
            Kind::Groups => groups::run(&plan),
            Kind::Secured => secured::run(&plan),
            Kind::Policies => policies::run(&plan),
            Kind::Soap => soap::run(&plan),
            Kind::Mocks => mocks::run(&plan),
            Kind::Lambda => lambda::run(&plan),
        }?;
    }
    Ok(())
}

/// Raises the limit of open files for this process, and so for all that it starts.
fn allow_many_files() -> anyhow::Result<()> {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let most = maximum.map_or(FILES, |maximum| maximum.min(FILES));
    if current.is_some_and(|current| current < most) {
        setrlimit(Resource::Nofile, Rlimit { current: Some(most), maximum })?;
    }
    Ok(())
}

/// Builds what takes part. One package after the other: built together they would share features,
/// and Weir would not be the program that users get.
fn build(kinds: &[Kind], plan: &Plan) -> anyhow::Result<()> {
    if plan.peers.contains(&Peer::Weir) {
        println!("bench: building Weir (release)");
        execute(cargo().args(["build", "--locked", "--release", "--package", "app"]))?;
    }
    let is_driven = |kind: &Kind| {
        matches!(
            kind,
            Kind::Rate | Kind::Handshakes | Kind::Idle | Kind::Groups | Kind::Mocks | Kind::Lambda
        )
    };
    if kinds.iter().any(is_driven) {
        driver::build()?;
    }
    Ok(())
}
