//! What a new TLS connection costs, with a full handshake and with a resumed session.

use serde::Serialize;
use serde_json::json;

use super::driver::{self, Opened};
use super::peer::{Peer, Running};
use super::report::{absent, against, line, median, save};
use super::rig::Rig;
use super::trial::{Cost, Notes, Plan, metered};

/// Which handshake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
enum Handshake {
    Full,
    Resumed,
}

const HANDSHAKES: [Handshake; 2] = [Handshake::Full, Handshake::Resumed];

impl Handshake {
    fn title(self) -> &'static str {
        match self {
            Self::Full => "New TLS connections, full handshake",
            Self::Resumed => "New TLS connections, resumed with a ticket",
        }
    }
}

#[derive(Debug, Clone, Copy, Serialize)]
struct Sample {
    handshake: Handshake,
    engine: &'static str,
    round: usize,
    seen: Opened,
    cost: Cost,
}

impl Sample {
    /// Processor time of the engine for one connection, in microseconds.
    fn micros(&self) -> f64 {
        self.cost.per_million(self.seen.connections)
    }
}

/// Measures and reports.
pub(crate) fn run(plan: &Plan) -> anyhow::Result<()> {
    let rig = Rig::new("handshakes", 1, true, plan.apis)?;
    let mut notes = Notes::default();
    let engines = notes.start(plan, &rig);
    let mut samples = Vec::new();
    for engine in &engines {
        drop(driver::handshakes(&rig, engine.https, false, 1));
    }
    for round in 1..=plan.rounds {
        for handshake in HANDSHAKES {
            for engine in &engines {
                samples.extend(measure(plan, &rig, engine, handshake, round, &mut notes));
            }
        }
    }
    save(plan, "handshakes", &tables(plan, &samples), &json!({ "samples": samples }), &notes)
}

fn measure(
    plan: &Plan,
    rig: &Rig,
    engine: &Running,
    handshake: Handshake,
    round: usize,
    notes: &mut Notes,
) -> Option<Sample> {
    let name = engine.peer.name();
    let resume = handshake == Handshake::Resumed;
    let what = format!("round {round}  {}  {name}", handshake.title());
    let (seen, cost) = notes.sample(&what, || {
        metered(rig, engine, || driver::handshakes(rig, engine.https, resume, plan.seconds))
    })?;
    let sample = Sample { handshake, engine: name, round, seen, cost };
    println!(
        "{:.0} connections/s  {:.0} µs CPU each",
        seen.connections as f64 / seen.seconds,
        sample.micros()
    );
    Some(sample)
}

fn tables(plan: &Plan, samples: &[Sample]) -> String {
    let mut text = String::new();
    for handshake in HANDSHAKES {
        line(&mut text, format_args!("\n### {}\n", handshake.title()));
        line(
            &mut text,
            format_args!(
                "| engine | connections for a CPU second | CPU µs each | against nginx | \
                 connections/s | p50 ms | p99 ms | resumed | busy | n |\n\
                 |---|---|---|---|---|---|---|---|---|---|"
            ),
        );
        let of = |name: &str| -> Vec<&Sample> {
            let is = |sample: &&Sample| sample.handshake == handshake && sample.engine == name;
            samples.iter().filter(is).collect()
        };
        for (peer, reason) in absent(plan, |name| !of(name).is_empty()) {
            line(&mut text, format_args!("| {peer} | {reason} | | | | | | | | 0 |"));
        }
        let nginx = of(Peer::Nginx.name());
        let base = (!nginx.is_empty()).then(|| median(nginx.iter().map(|s| s.micros()).collect()));
        for peer in &plan.peers {
            row(&mut text, peer.name(), &of(peer.name()), base);
        }
    }
    text.push_str(
        "\nEach connection: TLS 1.3 with X25519, AES-128-GCM and an ECDSA P-256 certificate, one GET of \
         1 KiB, and a close in good order; 16 clients at once. CPU is that of the engine for all of it.\n",
    );
    text
}

fn row(text: &mut String, name: &str, samples: &[&Sample], nginx: Option<f64>) {
    if samples.is_empty() {
        return;
    }
    let median =
        |value: fn(&Sample) -> f64| median(samples.iter().map(|sample| value(sample)).collect());
    let micros = median(Sample::micros);
    let star = if samples.iter().any(|sample| sample.cost.is_disturbed()) { "*" } else { "" };
    line(
        text,
        format_args!(
            "| {name}{star} | {:.0} | {micros:.0} | {} | {:.0} | {:.2} | {:.2} | {:.0} % | {:.0} % | \
             {} |",
            1e6 / micros,
            against(micros, nginx),
            median(|sample| sample.seen.connections as f64 / sample.seen.seconds),
            median(|sample| sample.seen.p50) / 1000.0,
            median(|sample| sample.seen.p99) / 1000.0,
            median(|sample| sample.seen.resumed as f64 / sample.seen.connections as f64) * 100.0,
            median(|sample| sample.cost.busy(1)) * 100.0,
            samples.len()
        ),
    );
}
