//! What a call costs the gateway, beside a request that goes to the same service as it is.

use anyhow::Context;
use serde::Serialize;
use serde_json::{Value, json};

use super::{API, deploy};
use crate::bench::groups::compared;
use crate::bench::load::{GET, Seen};
use crate::bench::peer::Peer;
use crate::bench::report::{line, median};
use crate::bench::rig::Rig;
use crate::bench::rounds::rate;
use crate::bench::trial::{Cost, Notes, Plan, metered};

const PLAIN: &str = "plain proxying";
const CASES: [&str; 3] = [PLAIN, "function", "plain proxying, again"];

#[derive(Debug, Clone, Copy, Serialize)]
struct Sample {
    case: &'static str,
    round: usize,
    seen: Seen,
    cost: Cost,
}

impl Sample {
    /// Processor seconds of the gateway for a million requests.
    fn cpu(&self) -> f64 {
        self.cost.per_million(self.seen.requests)
    }
}

/// The tables and the samples.
pub(super) fn measure(plan: &Plan, notes: &mut Notes) -> anyhow::Result<(String, Value)> {
    let rig = Rig::new("lambda", 1, true, plan.apis.max(10))?;
    let engine = notes.start_one(Peer::Weir, &rig).context("Weir does not start")?;
    deploy(&rig, &engine, rig.backend)?;
    let mut samples = Vec::new();
    for round in 1..=plan.rounds {
        for case in CASES {
            let api = if case == CASES[1] { API } else { rig.asked() };
            let run = || GET.run_api(&rig, &engine, api, plan.seconds);
            let what = format!("round {round}  {case}");
            let taken = notes.sample(&what, || metered(&rig, &engine, run));
            let Some((seen, cost)) = taken else { continue };
            let sample = Sample { case, round, seen, cost };
            println!("{:.0} requests/s  {:.1} CPU s/M", rate(&seen), sample.cpu());
            samples.push(sample);
        }
    }
    Ok((table(&samples), json!(samples)))
}

fn table(samples: &[Sample]) -> String {
    let mut text = String::new();
    line(&mut text, format_args!("\n### Cost of a call, 1 KiB\n"));
    line(
        &mut text,
        format_args!(
            "| | requests/s | p50 ms | p99 ms | CPU s/M | against plain | lowest to highest | n |\n\
             |---|---|---|---|---|---|---|---|"
        ),
    );
    let of = |case, round| samples.iter().find(|one| (one.case, one.round) == (case, round));
    for case in CASES {
        let own: Vec<&Sample> = samples.iter().filter(|one| one.case == case).collect();
        if own.is_empty() {
            continue;
        }
        let median = |value: fn(&Sample) -> f64| median(own.iter().map(|one| value(one)).collect());
        let ratios: Vec<f64> =
            own.iter().filter_map(|one| Some(one.cpu() / of(PLAIN, one.round)?.cpu())).collect();
        line(
            &mut text,
            format_args!(
                "| {case} | {:.0} | {:.2} | {:.2} | {:.2} | {} | {} |",
                median(|one| rate(&one.seen)),
                median(|one| one.seen.p50) / 1000.0,
                median(|one| one.seen.p99) / 1000.0,
                median(Sample::cpu),
                compared(&ratios),
                own.len()
            ),
        );
    }
    text
}
