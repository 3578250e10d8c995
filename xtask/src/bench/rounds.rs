//! The rounds: every peer in turn, again and again, so that whatever disturbs hits all alike.

use std::time::Instant;

use anyhow::ensure;
use serde::Serialize;

use super::load::{Seen, WORKLOADS, Workload};
use super::meter::{Memory, Reading};
use super::peer::{Peer, Running};
use super::report;
use super::rig::Rig;

/// Above this share of one processor for strangers, a sample is taken again.
const POLLUTED: f64 = 0.2;

/// How often a sample is taken again before the last one is kept.
const AGAIN: usize = 2;

/// What is to be measured.
#[derive(Debug)]
pub(crate) struct Plan {
    /// Only workloads whose name contains this.
    pub(crate) only: Option<String>,
    /// How many rounds.
    pub(crate) rounds: usize,
    /// The length of a sample.
    pub(crate) seconds: u64,
    /// Who takes part.
    pub(crate) peers: Vec<Peer>,
    /// How many APIs.
    pub(crate) apis: usize,
}

/// One measurement.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Sample {
    /// Which workload.
    pub(crate) workload: &'static str,
    /// Which engine; `backend` without one.
    pub(crate) engine: &'static str,
    /// Which round, from 1.
    pub(crate) round: usize,
    /// What the load generator saw.
    pub(crate) seen: Seen,
    /// Processor seconds of the engine for a million requests.
    pub(crate) cpu: f64,
    /// The engine's share of its processors; below 0.9 the load was the limit.
    pub(crate) busy: f64,
    /// The share of one processor that strangers used.
    pub(crate) strangers: f64,
    /// Memory of the engine at the end.
    pub(crate) resident: u64,
    /// Most memory of the engine during the sample.
    pub(crate) peak: u64,
}

impl Sample {
    /// Whether strangers used too much.
    pub(crate) fn polluted(&self) -> bool {
        self.strangers > POLLUTED
    }
}

/// Everything that was measured.
#[derive(Debug, Default)]
pub(crate) struct Results {
    /// The samples that count.
    pub(crate) samples: Vec<Sample>,
    /// Samples that were thrown away because of strangers.
    pub(crate) discarded: usize,
    /// Samples that could not be taken, with the reason.
    pub(crate) void: Vec<String>,
}

/// Measures and reports.
pub(crate) fn run(plan: &Plan) -> anyhow::Result<()> {
    let wanted = |workload: &&Workload| {
        plan.only.as_deref().is_none_or(|only| {
            workload.name.to_ascii_lowercase().contains(&only.to_ascii_lowercase())
        })
    };
    let workloads: Vec<&Workload> = WORKLOADS.iter().filter(wanted).collect();
    ensure!(!workloads.is_empty(), "no workload is called that");
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    ensure!(cores >= 2, "the benchmark needs two processors");
    let mut results = Results::default();
    for workers in [1, 2] {
        let group: Vec<&Workload> =
            workloads.iter().copied().filter(|workload| workload.workers == workers).collect();
        if !group.is_empty() {
            run_group(plan, workers, &group, &mut results)?;
        }
    }
    report::write(plan, &workloads, &results)
}

/// The workloads that share one set of running engines.
fn run_group(
    plan: &Plan,
    workers: usize,
    workloads: &[&Workload],
    results: &mut Results,
) -> anyhow::Result<()> {
    let rig = Rig::new(&format!("workers-{workers}"), workers, workers == 1, plan.apis)?;
    let engines = start(plan, &rig, results);
    let total = plan.rounds * workloads.len() * engines.len();
    println!(
        "bench: {workers} worker(s), {}; {total} samples of {} s",
        if rig.pinned {
            "pinned: engine on processor 0, load and backend on 1"
        } else {
            "not pinned"
        },
        plan.seconds
    );
    for workload in workloads {
        warm(workload, &rig, &engines, results);
    }
    let mut done = 0;
    for round in 1..=plan.rounds {
        for workload in workloads {
            for engine in &engines {
                done += 1;
                print!(
                    "[{done}/{total}] round {round}  {}  {}  ",
                    workload.name,
                    engine.peer.name()
                );
                measure(plan, workload, &rig, engine, round, results);
            }
        }
    }
    Ok(())
}

fn start(plan: &Plan, rig: &Rig, results: &mut Results) -> Vec<Running> {
    let mut engines = Vec::new();
    for peer in &plan.peers {
        match peer.start(rig) {
            Ok(Some(engine)) => engines.push(engine),
            Ok(None) => println!("bench: {} is not installed and takes no part", peer.name()),
            Err(error) => {
                let note = format!("{} does not start: {error:#}", peer.name());
                println!("bench: {note}");
                results.void.push(note);
            }
        }
    }
    engines
}

/// Fills caches and pools, and measures the backend by itself: nothing can be quicker.
fn warm(workload: &Workload, rig: &Rig, engines: &[Running], results: &mut Results) {
    for engine in engines {
        // What goes wrong here goes wrong again where it is reported.
        drop(workload.run(rig, engine, 1));
    }
    if let Ok(Some(seen)) = workload.run_direct(rig, 1) {
        println!("bench: {}: the backend itself {:.0} requests/s", workload.name, rate(&seen));
        results.samples.push(Sample {
            workload: workload.name,
            engine: "backend",
            round: 0,
            seen,
            cpu: 0.0,
            busy: 0.0,
            strangers: 0.0,
            resident: 0,
            peak: 0,
        });
    }
}

fn measure(
    plan: &Plan,
    workload: &Workload,
    rig: &Rig,
    engine: &Running,
    round: usize,
    results: &mut Results,
) {
    for attempt in 0..=AGAIN {
        match take(plan, workload, rig, engine, round) {
            Ok(sample) if sample.polluted() && attempt < AGAIN => {
                results.discarded += 1;
                print!("(strangers {:.0} %, again) ", sample.strangers * 100.0);
            }
            Ok(sample) => {
                println!(
                    "{:.0} requests/s  {:.1} CPU s/M  p99 {:.2} ms{}",
                    rate(&sample.seen),
                    sample.cpu,
                    sample.seen.p99 / 1000.0,
                    if sample.polluted() { "  (polluted, kept)" } else { "" }
                );
                return results.samples.push(sample);
            }
            Err(error) => {
                println!("void: {error:#}");
                let who = engine.peer.name();
                results.void.push(format!("{}, {who}, round {round}: {error:#}", workload.name));
                return;
            }
        }
    }
}

fn take(
    plan: &Plan,
    workload: &Workload,
    rig: &Rig,
    engine: &Running,
    round: usize,
) -> anyhow::Result<Sample> {
    rig.trim_logs();
    Memory::forget_peak(engine.id());
    let (before, start) = (Reading::take(engine.id(), rig.backend_id()), Instant::now());
    let seen = workload.run(rig, engine, plan.seconds)?;
    let wall = start.elapsed().as_secs_f64();
    let spent = Reading::take(engine.id(), rig.backend_id()).since(before);
    let memory = Memory::of(engine.id());
    let cpu = spent.engine.as_secs_f64();
    Ok(Sample {
        workload: workload.name,
        engine: engine.peer.name(),
        round,
        seen,
        cpu: cpu / seen.requests as f64 * 1e6,
        busy: cpu / (wall * rig.workers as f64),
        strangers: spent.strangers.as_secs_f64() / wall,
        resident: memory.resident,
        peak: memory.peak,
    })
}

/// Requests in a second.
pub(crate) fn rate(seen: &Seen) -> f64 {
    seen.requests as f64 / seen.seconds
}
