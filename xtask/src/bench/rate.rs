//! Latencies at a fixed rate: those of a service with room to spare.

use serde::Serialize;
use serde_json::json;

use super::driver::{self, AtRate};
use super::load::WORKLOADS;
use super::peer::{Peer, Running};
use super::report::{absent, line, median, save};
use super::rig::Rig;
use super::rounds;
use super::trial::{Cost, Notes, Plan, metered};

/// What closed loops are measured with, to know what each engine can do.
const PEAK: &str = "GET 1 KiB";

/// How often the peak is measured.
const PEAK_ROUNDS: usize = 3;

/// How many requests a second an engine has to bear.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
enum Pace {
    /// The same for all: half of what the slowest can do.
    Slowest,
    /// The same for all: half of what nginx can do, and so more than some can bear.
    Nginx,
    /// Half of what the engine itself can do.
    Own,
}

const PACES: [Pace; 3] = [Pace::Slowest, Pace::Nginx, Pace::Own];

impl Pace {
    fn title(self) -> &'static str {
        match self {
            Self::Slowest => "Latency at half of the slowest engine's peak",
            Self::Nginx => "Latency at half of nginx's peak",
            Self::Own => "Latency at half of the engine's own peak",
        }
    }
}

/// What an engine does under a closed loop, in requests a second.
#[derive(Debug, Clone, Copy, Serialize)]
struct Peak {
    engine: &'static str,
    rate: f64,
}

#[derive(Debug, Clone, Copy, Serialize)]
struct Sample {
    pace: Pace,
    engine: &'static str,
    round: usize,
    seen: AtRate,
    cost: Cost,
}

/// Measures and reports.
pub(crate) fn run(plan: &Plan) -> anyhow::Result<()> {
    let rig = Rig::new("rate", 1, true, plan.apis)?;
    let mut notes = Notes::default();
    let engines = notes.start(plan, &rig);
    let peaks = peaks(plan, &rig, &engines, &mut notes);
    let mut samples = Vec::new();
    for round in 1..=plan.rounds {
        for pace in PACES {
            for engine in &engines {
                let Some(rate) = rate_for(pace, engine.peer.name(), &peaks) else { continue };
                samples.extend(measure(plan, &rig, engine, pace, (round, rate), &mut notes));
            }
        }
    }
    samples.extend(backend(plan, &rig, &peaks));
    let tables = tables(plan, &peaks, &samples);
    save(plan, "rate", &tables, &json!({ "peaks": peaks, "samples": samples }), &notes)
}

/// The closed loop of the workloads, to know what each can do.
fn peaks(plan: &Plan, rig: &Rig, engines: &[Running], notes: &mut Notes) -> Vec<Peak> {
    let Some(load) = WORKLOADS.iter().find(|workload| workload.name == PEAK) else {
        return Vec::new();
    };
    for engine in engines {
        drop(load.run(rig, engine, 1));
    }
    let mut seen: Vec<Peak> = Vec::new();
    for _ in 0..plan.rounds.min(PEAK_ROUNDS) {
        for engine in engines {
            let name = engine.peer.name();
            let take = || metered(rig, engine, || load.run(rig, engine, plan.seconds));
            let Some((one, _)) = notes.sample(&format!("peak  {name}"), take) else { continue };
            let rate = rounds::rate(&one);
            println!("{rate:.0} requests/s");
            seen.push(Peak { engine: name, rate });
        }
    }
    let all = |name| {
        let of = seen.iter().filter(|peak| peak.engine == name).map(|peak| peak.rate);
        Peak { engine: name, rate: median(of.collect()) }
    };
    engines.iter().map(|engine| all(engine.peer.name())).filter(|peak| peak.rate > 0.0).collect()
}

/// How many requests a second; `None` when the peak that it depends on is not known.
fn rate_for(pace: Pace, engine: &str, peaks: &[Peak]) -> Option<f64> {
    let of = |name: &str| peaks.iter().find(|peak| peak.engine == name).map(|peak| peak.rate);
    let peak = match pace {
        Pace::Slowest => peaks.iter().map(|peak| peak.rate).min_by(f64::total_cmp),
        Pace::Nginx => of(Peer::Nginx.name()),
        Pace::Own => of(engine),
    };
    peak.map(|peak| (peak / 2.0).floor().max(1.0))
}

fn measure(
    plan: &Plan,
    rig: &Rig,
    engine: &Running,
    pace: Pace,
    (round, rate): (usize, f64),
    notes: &mut Notes,
) -> Option<Sample> {
    let name = engine.peer.name();
    let api = driver::any_api(rig);
    let what = format!("round {round}  {rate:.0} requests/s  {name}");
    let (seen, cost) = notes.sample(&what, || {
        metered(rig, engine, || driver::at_rate(rig, engine.http, &api, rate, plan.seconds))
    })?;
    let AtRate { p50, p99, p999, .. } = seen;
    println!("p50 {:.2} p99 {:.2} p99.9 {:.2} ms", p50 / 1000.0, p99 / 1000.0, p999 / 1000.0);
    Some(Sample { pace, engine: name, round, seen, cost })
}

/// The backend by itself at the same rates: no engine can be quicker.
fn backend(plan: &Plan, rig: &Rig, peaks: &[Peak]) -> Vec<Sample> {
    let take = |pace| {
        let rate = rate_for(pace, "", peaks)?;
        let seen = driver::at_rate(rig, rig.backend, "", rate, plan.seconds).ok()?;
        Some(Sample { pace, engine: "(backend itself)", round: 0, seen, cost: Cost::default() })
    };
    [Pace::Slowest, Pace::Nginx].into_iter().filter_map(take).collect()
}

fn tables(plan: &Plan, peaks: &[Peak], samples: &[Sample]) -> String {
    let mut text = String::new();
    let peaks: Vec<String> =
        peaks.iter().map(|Peak { engine, rate }| format!("{engine} {rate:.0}")).collect();
    line(&mut text, format_args!("\nPeaks ({PEAK}, requests/s): {}.", peaks.join(", ")));
    for pace in PACES {
        line(&mut text, format_args!("\n### {}\n", pace.title()));
        line(
            &mut text,
            format_args!(
                "| engine | requests/s due | answered | p50 ms | p99 ms | p99.9 ms | sent late p99 ms \
                 | CPU s/M | busy | n |\n|---|---|---|---|---|---|---|---|---|---|"
            ),
        );
        let of = |name: &str| -> Vec<&Sample> {
            samples.iter().filter(|sample| sample.pace == pace && sample.engine == name).collect()
        };
        for (peer, reason) in absent(plan, |name| !of(name).is_empty()) {
            line(&mut text, format_args!("| {peer} | {reason} | | | | | | | | 0 |"));
        }
        let names = plan.peers.iter().map(|peer| peer.name()).chain(["(backend itself)"]);
        for row in names.filter_map(|name| row(name, &of(name))) {
            line(&mut text, format_args!("{row}"));
        }
    }
    text.push_str(
        "\nAn open loop: 64 connections, requests evenly spaced, latencies counted from when a request \
         was due. \"sent late\" is the part of them before a connection was free; with less than \
         100 % answered an engine cannot keep up, and its latencies only say how long it was tried.\n",
    );
    text
}

fn row(name: &str, samples: &[&Sample]) -> Option<String> {
    let first = samples.first()?;
    let median =
        |value: fn(&Sample) -> f64| median(samples.iter().map(|sample| value(sample)).collect());
    let millis = |value: fn(&AtRate) -> f64| {
        let values = samples.iter().map(|sample| value(&sample.seen) / 1000.0).collect();
        format!("{:.2}", super::report::median(values))
    };
    let cost = match first.round {
        0 => " | ".to_owned(),
        _ => format!(
            "{:.1} | {:.0} %",
            median(|sample| sample.cost.per_million(sample.seen.answered)),
            median(|sample| sample.cost.busy(1)) * 100.0
        ),
    };
    let star = if samples.iter().any(|sample| sample.cost.is_disturbed()) { "*" } else { "" };
    Some(format!(
        "| {name}{star} | {:.0} | {:.1} % | {} | {} | {} | {} | {cost} | {} |",
        median(|sample| sample.seen.due as f64 / sample.seen.seconds),
        median(|sample| sample.seen.answered as f64 / sample.seen.due as f64) * 100.0,
        millis(|seen| seen.p50),
        millis(|seen| seen.p99),
        millis(|seen| seen.p999),
        millis(|seen| seen.late_p99),
        samples.len()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paces_are_halves_of_peaks() {
        let peaks = [Peak { engine: "nginx", rate: 60.0 }, Peak { engine: "Envoy", rate: 20.0 }];
        assert_eq!(rate_for(Pace::Slowest, "nginx", &peaks), Some(10.0));
        assert_eq!(rate_for(Pace::Nginx, "Envoy", &peaks), Some(30.0));
        assert_eq!(rate_for(Pace::Own, "Envoy", &peaks), Some(10.0));
        assert_eq!(rate_for(Pace::Nginx, "Weir", &[]), None);
    }
}
