//! The rounds: every peer in turn, again and again, so that whatever disturbs hits all alike.

use anyhow::ensure;
use serde::Serialize;

use super::load::{Seen, WORKLOADS, Workload};
use super::meter::Memory;
use super::peer::Running;
use super::report;
use super::rig::Rig;
use super::trial::{Cost, Notes, Plan, metered};

/// One measurement.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Sample {
    /// Which workload.
    pub(crate) workload: &'static str,
    /// Which engine; `backend` without one.
    pub(crate) engine: &'static str,
    /// Which round, from 1.
    pub(crate) round: usize,
    /// How many workers the engine had.
    pub(crate) workers: usize,
    /// What the load generator saw.
    pub(crate) seen: Seen,
    /// Processor time of all who took part.
    pub(crate) cost: Cost,
    /// Memory of the engine at the end.
    pub(crate) resident: u64,
    /// Most memory of the engine during the sample.
    pub(crate) peak: u64,
}

/// Everything that was measured.
#[derive(Debug, Default)]
pub(crate) struct Results {
    /// The samples that count.
    pub(crate) samples: Vec<Sample>,
    /// What did not go as planned.
    pub(crate) notes: Notes,
}

impl Sample {
    /// Processor seconds of the engine for a million requests.
    pub(crate) fn cpu(&self) -> f64 {
        self.cost.per_million(self.seen.requests)
    }
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
    let engines = results.notes.start(plan, &rig);
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
                let who = engine.peer.name();
                let what = format!("[{done}/{total}] round {round}  {}  {who}", workload.name);
                let taken = results.notes.sample(&what, || take(plan, workload, &rig, engine));
                let Some(((seen, memory), cost)) = taken else { continue };
                let sample = Sample {
                    workload: workload.name,
                    engine: who,
                    round,
                    workers,
                    seen,
                    cost,
                    resident: memory.resident,
                    peak: memory.peak,
                };
                println!(
                    "{:.0} requests/s  {:.1} CPU s/M  p99 {:.2} ms",
                    rate(&seen),
                    sample.cpu(),
                    seen.p99 / 1000.0
                );
                results.samples.push(sample);
            }
        }
    }
    Ok(())
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
            workers: rig.workers,
            seen,
            cost: Cost::default(),
            resident: 0,
            peak: 0,
        });
    }
}

fn take(
    plan: &Plan,
    workload: &Workload,
    rig: &Rig,
    engine: &Running,
) -> anyhow::Result<((Seen, Memory), Cost)> {
    Memory::forget_peak(engine.id());
    let (seen, cost) = metered(rig, engine, || workload.run(rig, engine, plan.seconds))?;
    Ok(((seen, Memory::of(engine.id())), cost))
}

/// Requests in a second.
pub(crate) fn rate(seen: &Seen) -> f64 {
    seen.requests as f64 / seen.seconds
}
