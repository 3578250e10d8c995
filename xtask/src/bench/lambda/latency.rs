//! How much later an answer comes than from the service itself, at a rate that both bear.

use anyhow::Context;
use serde::Serialize;
use serde_json::{Value, json};

use super::{API, deploy};
use crate::bench::driver::{self, AtRate};
use crate::bench::peer::Peer;
use crate::bench::report::{line, median};
use crate::bench::rig::{Rig, api_path};
use crate::bench::trial::{Cost, Notes, Plan, metered};

/// Requests a second: few, since functions take longer than gateways.
const RATE: f64 = 2000.0;
/// The path of the call; what the driver adds to it is a query.
const SERVICE: &str = "/2015-03-31/functions/bench/invocations?";
const CASES: [&str; 2] = ["the service itself", "through Weir"];

#[derive(Debug, Clone, Copy, Serialize)]
struct Sample {
    case: &'static str,
    round: usize,
    seen: AtRate,
    cost: Cost,
}

/// The tables and the samples.
pub(super) fn measure(plan: &Plan, notes: &mut Notes) -> anyhow::Result<(String, Value)> {
    let rig = Rig::new("lambda-latency", 1, true, plan.apis.max(10))?;
    let engine = notes.start_one(Peer::Weir, &rig).context("Weir does not start")?;
    deploy(&rig, &engine, rig.backend)?;
    let mut samples = Vec::new();
    for round in 1..=plan.rounds {
        for case in CASES {
            let (port, prefix) = match case {
                "through Weir" => (engine.http, api_path(API)),
                _ => (rig.backend, SERVICE.to_owned()),
            };
            let run = || driver::at_rate(&rig, port, &prefix, RATE, plan.seconds);
            let what = format!("round {round}  {RATE} requests/s  {case}");
            let taken = notes.sample(&what, || metered(&rig, &engine, run));
            let Some((seen, cost)) = taken else { continue };
            println!("p50 {:.0} µs  p99 {:.0} µs", seen.p50, seen.p99);
            samples.push(Sample { case, round, seen, cost });
        }
    }
    Ok((table(&samples), json!(samples)))
}

fn table(samples: &[Sample]) -> String {
    let mut text = String::new();
    line(&mut text, format_args!("\n### Latency at {RATE} calls a second\n"));
    line(&mut text, format_args!("| | p50 ms | p99 ms | n |\n|---|---|---|---|"));
    let medians = CASES.map(|case| {
        let own: Vec<&Sample> = samples.iter().filter(|one| one.case == case).collect();
        let of = |value: fn(&AtRate) -> f64| {
            median(own.iter().map(|one| value(&one.seen)).collect()) / 1000.0
        };
        let (p50, p99) = (of(|seen| seen.p50), of(|seen| seen.p99));
        line(&mut text, format_args!("| {case} | {p50:.3} | {p99:.3} | {} |", own.len()));
        p50
    });
    let [service, weir] = medians;
    line(&mut text, format_args!("\nOverhead at the median: {:.3} ms.", weir - service));
    text
}
