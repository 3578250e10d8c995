//! What an idle connection costs in memory.
//!
//! Each sample has an engine of its own, started for it: memory that an allocator has kept from before
//! would hide what the next connections need. The kernel's own memory for sockets is not counted.

use std::time::Duration;

use serde::Serialize;
use serde_json::json;

use super::driver;
use super::meter::Memory;
use super::peer::Peer;
use super::report::{absent, against, line, median, save};
use super::rig::Rig;
use super::trial::{Notes, Plan};

/// Connections before the first reading: what only the first ones need is there then.
const FIRST: usize = 8;

/// How often an engine is started for each kind of connection.
const TIMES: usize = 3;

/// How long an engine has to come to rest before its memory is read.
const REST: Duration = Duration::from_secs(1);

/// A number of connections of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
struct Crowd {
    connections: usize,
    tls: bool,
}

const CROWDS: [Crowd; 3] = [
    Crowd { connections: 1_000, tls: false },
    Crowd { connections: 10_000, tls: false },
    Crowd { connections: 1_000, tls: true },
];

#[derive(Debug, Clone, Copy, Serialize)]
struct Sample {
    crowd: Crowd,
    engine: &'static str,
    round: usize,
    before: Memory,
    with: Memory,
    after: Memory,
}

impl Sample {
    /// Growth for one connection, in KiB.
    fn each(&self, of: fn(&Memory) -> u64) -> f64 {
        let growth = of(&self.with) as f64 - of(&self.before) as f64;
        growth / self.crowd.connections as f64 / 1024.0
    }
}

/// Measures and reports.
pub(crate) fn run(plan: &Plan) -> anyhow::Result<()> {
    let rig = Rig::new("idle", 1, true, plan.apis)?;
    let mut notes = Notes::default();
    let mut samples = Vec::new();
    for round in 1..=plan.rounds.min(TIMES) {
        for crowd in CROWDS {
            for peer in &plan.peers {
                let what = format!("round {round}  {}  {}", title(crowd), peer.name());
                print!("{what}  ");
                match measure(&rig, *peer, crowd, round, &mut notes) {
                    Ok(Some(sample)) => {
                        println!("{:.2} KiB each", sample.each(|memory| memory.resident));
                        samples.push(sample);
                    }
                    Ok(None) => {}
                    Err(error) => {
                        println!("void: {error:#}");
                        notes.void.push(format!("{what}: {error:#}"));
                    }
                }
            }
        }
    }
    save(plan, "idle", &tables(plan, &samples), &json!({ "samples": samples }), &notes)
}

/// One life of an engine: before, with the connections, and after them.
fn measure(
    rig: &Rig,
    peer: Peer,
    crowd: Crowd,
    round: usize,
    notes: &mut Notes,
) -> anyhow::Result<Option<Sample>> {
    let Some(engine) = notes.start_one(peer, rig) else { return Ok(None) };
    let port = if crowd.tls { engine.https } else { engine.http };
    let read = || {
        std::thread::sleep(REST);
        Memory::of(engine.id())
    };
    driver::hold(rig, port, crowd.tls, FIRST)?.release()?;
    let before = read();
    let held = driver::hold(rig, port, crowd.tls, crowd.connections)?;
    let with = read();
    held.release()?;
    let after = read();
    Ok(Some(Sample { crowd, engine: peer.name(), round, before, with, after }))
}

fn title(crowd: Crowd) -> String {
    let kind = if crowd.tls { "TLS" } else { "plain" };
    format!("{} idle connections, {kind}", crowd.connections)
}

fn tables(plan: &Plan, samples: &[Sample]) -> String {
    let mut text = String::new();
    for crowd in CROWDS {
        line(&mut text, format_args!("\n### {}\n", title(crowd)));
        line(
            &mut text,
            format_args!(
                "| engine | KiB each | of it heap KiB | against nginx | before MiB | with them MiB | \
                 after MiB | n |\n|---|---|---|---|---|---|---|---|"
            ),
        );
        let of = |name: &str| -> Vec<&Sample> {
            samples.iter().filter(|one| one.crowd == crowd && one.engine == name).collect()
        };
        for (peer, reason) in absent(plan, |name| !of(name).is_empty()) {
            line(&mut text, format_args!("| {peer} | {reason} | | | | | | 0 |"));
        }
        let nginx = of(Peer::Nginx.name());
        let base = (!nginx.is_empty()).then(|| resident(&nginx));
        for peer in &plan.peers {
            row(&mut text, peer.name(), &of(peer.name()), base);
        }
    }
    text.push_str(
        "\nGrowth of the engine's memory (shared pages counted once) from before the connections were \
         opened, each after one GET of 1 KiB, for one connection; without the kernel's buffers. nginx \
         sets room for each possible connection aside at its start, and so grows by less.\n",
    );
    text
}

fn resident(samples: &[&Sample]) -> f64 {
    median(samples.iter().map(|one| one.each(|memory| memory.resident)).collect())
}

fn row(text: &mut String, name: &str, samples: &[&Sample], nginx: Option<f64>) {
    if samples.is_empty() {
        return;
    }
    let mib = |of: fn(&Sample) -> &Memory| {
        median(samples.iter().map(|one| of(one).resident as f64 / 1_048_576.0).collect())
    };
    let each = resident(samples);
    let heap = median(samples.iter().map(|one| one.each(|memory| memory.anonymous)).collect());
    line(
        text,
        format_args!(
            "| {name} | {each:.2} | {heap:.2} | {} | {:.1} | {:.1} | {:.1} | {} |",
            against(each, nginx),
            mib(|one| &one.before),
            mib(|one| &one.with),
            mib(|one| &one.after),
            samples.len()
        ),
    );
}
