//! What all measurements have in common: engines at work, processor time beside the result, and
//! another try for what strangers disturbed.

use std::time::Instant;

use serde::Serialize;

use super::meter::Reading;
use super::peer::{Peer, Running};
use super::rig::Rig;

/// Above this share of one processor for strangers, a sample is taken again.
const DISTURBED: f64 = 0.2;

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

/// What did not go as planned.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Notes {
    /// Samples that were thrown away because of strangers.
    pub(crate) discarded: usize,
    /// Samples that could not be taken, with the reason.
    pub(crate) void: Vec<String>,
}

/// Processor time beside a result, in seconds.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub(crate) struct Cost {
    /// How long it took.
    pub(crate) wall: f64,
    /// By the engine.
    pub(crate) engine: f64,
    /// By the backend.
    pub(crate) backend: f64,
    /// By the load.
    pub(crate) load: f64,
    /// By processes that have nothing to do with the benchmark.
    pub(crate) strangers: f64,
}

impl Cost {
    /// Whether strangers used too much.
    pub(crate) fn is_disturbed(&self) -> bool {
        self.strangers > DISTURBED * self.wall
    }

    /// Processor seconds of the engine for a million of what it did so often, which are
    /// microseconds for one.
    pub(crate) fn per_million(&self, count: u64) -> f64 {
        self.engine / count as f64 * 1e6
    }

    /// The engine's share of its processors; below 0.9 the load was the limit.
    pub(crate) fn busy(&self, workers: usize) -> f64 {
        self.engine / (self.wall * workers as f64)
    }
}

impl Notes {
    /// Takes a sample, and takes it again when strangers disturbed it. `None` when it is void.
    pub(crate) fn sample<T>(
        &mut self,
        what: &str,
        mut take: impl FnMut() -> anyhow::Result<(T, Cost)>,
    ) -> Option<(T, Cost)> {
        print!("{what}  ");
        for _ in 0..AGAIN {
            match take() {
                Ok((_, cost)) if cost.is_disturbed() => {
                    self.discarded += 1;
                    print!("(strangers {:.0} %, again) ", cost.strangers / cost.wall * 100.0);
                }
                done => return self.judge(what, done),
            }
        }
        self.judge(what, take())
    }

    fn judge<T>(&mut self, what: &str, done: anyhow::Result<(T, Cost)>) -> Option<(T, Cost)> {
        match done {
            Ok((sample, cost)) => {
                if cost.is_disturbed() {
                    print!("(disturbed, kept) ");
                }
                Some((sample, cost))
            }
            Err(error) => {
                println!("void: {error:#}");
                self.void.push(format!("{what}: {error:#}"));
                None
            }
        }
    }

    /// Starts everybody who takes part.
    pub(crate) fn start(&mut self, plan: &Plan, rig: &Rig) -> Vec<Running> {
        plan.peers.iter().filter_map(|peer| self.start_one(*peer, rig)).collect()
    }

    /// Starts one engine; `None` when it is not installed or does not start.
    pub(crate) fn start_one(&mut self, peer: Peer, rig: &Rig) -> Option<Running> {
        match peer.start(rig) {
            Ok(Some(engine)) => return Some(engine),
            Ok(None) => println!("bench: {} is not installed and takes no part", peer.name()),
            Err(error) => {
                let note = format!("{} does not start: {error:#}", peer.name());
                println!("bench: {note}");
                self.void.push(note);
            }
        }
        None
    }
}

/// Does something, and says what it cost.
pub(crate) fn metered<T>(
    rig: &Rig,
    engine: &Running,
    work: impl FnOnce() -> anyhow::Result<T>,
) -> anyhow::Result<(T, Cost)> {
    metered_process(rig, engine.id(), work)
}

/// The same, where the engine is the process tree with this root.
pub(crate) fn metered_process<T>(
    rig: &Rig,
    engine: u32,
    work: impl FnOnce() -> anyhow::Result<T>,
) -> anyhow::Result<(T, Cost)> {
    rig.trim_logs();
    let (before, start) = (Reading::take(engine, rig.backend_id()), Instant::now());
    let result = work()?;
    let wall = start.elapsed().as_secs_f64();
    let spent = Reading::take(engine, rig.backend_id()).since(before);
    let cost = Cost {
        wall,
        engine: spent.engine.as_secs_f64(),
        backend: spent.backend.as_secs_f64(),
        load: spent.load.as_secs_f64(),
        strangers: spent.strangers.as_secs_f64(),
    };
    Ok((result, cost))
}
