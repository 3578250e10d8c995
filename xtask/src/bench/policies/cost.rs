//! What a policy costs by the request, against the same requests without it.
//!
//! All of an engine's cases are measured one after the other in each round, and each is compared with
//! the one without a policy that has the same load. The first of them comes twice, which shows how much
//! of a difference is noise.

use anyhow::{Context, ensure};
use serde::Serialize;
use serde_json::{Value, json};

use super::Policy;
use crate::bench::behind::Behind;
use crate::bench::groups::compared;
use crate::bench::load::{
    CONVERTED, JSON_1, JSON_100, MARKED_GET, SOAP_1, SOAP_100, Seen, Workload,
};
use crate::bench::peer::{Peer, Running};
use crate::bench::report::{absent, line, median};
use crate::bench::rig::{Rig, api_path};
use crate::bench::rounds::rate;
use crate::bench::trial::{Cost, Notes, Plan, metered};
use crate::shell::{command, output};

struct Case {
    title: &'static str,
    load: &'static Workload,
    policy: Option<Policy>,
}

const fn case(title: &'static str, load: &'static Workload, policy: Option<Policy>) -> Case {
    Case { title, load, policy }
}

const PLAIN: &str = "none";

const CASES: [Case; 18] = [
    case(PLAIN, &MARKED_GET, None),
    case("rule on a header", &MARKED_GET, Some(Policy::HeaderRule)),
    case("`switch` on a header, `To`", &MARKED_GET, Some(Policy::HeaderSwitch)),
    case("add and remove a header", &MARKED_GET, Some(Policy::Headers)),
    case("add and remove a header, both ways", &MARKED_GET, Some(Policy::HeadersBothWays)),
    case("none, again", &MARKED_GET, None),
    case(PLAIN, &JSON_1, None),
    case("JSONPath", &JSON_1, Some(Policy::JsonPath)),
    case("none, again", &JSON_1, None),
    case(PLAIN, &JSON_100, None),
    case("JSONPath", &JSON_100, Some(Policy::JsonPath)),
    case(PLAIN, &SOAP_1, None),
    case("XPath", &SOAP_1, Some(Policy::XPath)),
    case(PLAIN, &SOAP_100, None),
    case("XPath", &SOAP_100, Some(Policy::XPath)),
    case(PLAIN, &CONVERTED, None),
    case("JSON to XML and back", &CONVERTED, Some(Policy::Converted)),
    case("none, again", &CONVERTED, None),
];

impl Case {
    fn is_for(&self, peer: Peer) -> bool {
        // HAProxy's buffer is smaller than 100 KiB.
        let is_long = std::ptr::eq(self.load, &JSON_100);
        let has = |case: &Self| {
            case.policy.is_some_and(|policy| policy.is_for(peer))
                && (!is_long || peer == Peer::Weir)
        };
        let is_same_load = |case: &&Self| case.load.name == self.load.name;
        match self.policy {
            Some(_) => has(self),
            // Nothing to compare is nothing to measure.
            None => CASES.iter().filter(is_same_load).any(has),
        }
    }

    fn api(&self, rig: &Rig) -> usize {
        self.policy.map_or_else(|| rig.asked(), |policy| policy.api(rig))
    }
}

#[derive(Debug, Clone, Copy, Serialize)]
struct Sample {
    load: &'static str,
    case: &'static str,
    engine: &'static str,
    round: usize,
    seen: Seen,
    cost: Cost,
}

impl Sample {
    /// Processor seconds of the engine for a million requests.
    fn cpu(&self) -> f64 {
        self.cost.per_million(self.seen.requests)
    }
}

/// The tables and the samples.
pub(super) fn measure(plan: &Plan, notes: &mut Notes) -> anyhow::Result<(String, Value)> {
    let behind = Behind { policies: Policy::ALL, ..Behind::default() };
    let rig = Rig::with_groups("policies", 1, true, plan.apis, behind)?;
    let engines = notes.start(plan, &rig);
    for engine in &engines {
        check(&rig, engine)?;
        for case in cases(engine.peer) {
            // Fills caches and pools. What goes wrong here goes wrong again where it is reported.
            drop(case.load.run_api(&rig, engine, case.api(&rig), 1));
        }
    }
    let mut samples = Vec::new();
    for round in 1..=plan.rounds {
        for engine in &engines {
            for case in cases(engine.peer) {
                samples.extend(take(plan, &rig, engine, case, round, notes));
            }
        }
    }
    Ok((tables(plan, &samples), json!(samples)))
}

fn cases(peer: Peer) -> impl Iterator<Item = &'static Case> {
    const { &CASES }.iter().filter(move |case| case.is_for(peer))
}

/// Whether headers come and go; where requests go shows in the answers of each sample.
fn check(rig: &Rig, engine: &Running) -> anyhow::Result<()> {
    for (policy, is_both_ways) in [(Policy::Headers, false), (Policy::HeadersBothWays, true)] {
        let url = format!("http://127.0.0.1:{}{}/seen", engine.http, api_path(policy.api(rig)));
        let mut curl = command("curl");
        curl.args(["-sSi", "--max-time", "5", "-H", "X-Dropped: dropped", &url]);
        let answer = output(&mut curl)?.to_ascii_lowercase();
        let (head, body) = answer.split_once("\r\n\r\n").context("no answer")?;
        let name = engine.peer.name();
        ensure!(body.trim() == "added,", "{name}: the backend sees {body}, not `added,`");
        let marks = (head.contains("x-added: added"), head.contains("x-dropped"));
        ensure!(marks == (is_both_ways, !is_both_ways), "{name}: the answer is {head}");
    }
    Ok(())
}

fn take(
    plan: &Plan,
    rig: &Rig,
    engine: &Running,
    case: &Case,
    round: usize,
    notes: &mut Notes,
) -> Option<Sample> {
    let (name, load) = (engine.peer.name(), case.load);
    let what = format!("round {round}  {}, {}  {name}", load.name, case.title);
    let run = || load.run_api(rig, engine, case.api(rig), plan.seconds);
    let (seen, cost) = notes.sample(&what, || metered(rig, engine, run))?;
    let (load, case) = (load.name, case.title);
    let sample = Sample { load, case, engine: name, round, seen, cost };
    println!("{:.0} requests/s  {:.1} CPU s/M", rate(&seen), sample.cpu());
    Some(sample)
}

fn tables(plan: &Plan, samples: &[Sample]) -> String {
    let mut text = String::new();
    line(&mut text, format_args!("\n### Cost of policies by the request\n"));
    line(
        &mut text,
        format_args!(
            "| engine | load | policy | requests/s | p50 ms | p99 ms | CPU s/M | against none | lowest \
             to highest | busy | n |\n|---|---|---|---|---|---|---|---|---|---|---|"
        ),
    );
    for (peer, reason) in absent(plan, |name| samples.iter().any(|one| one.engine == name)) {
        line(&mut text, format_args!("| {peer} | {reason} | | | | | | | | | 0 |"));
    }
    for peer in &plan.peers {
        for case in cases(*peer) {
            let of = |one: &&Sample| {
                (one.engine, one.load, one.case) == (peer.name(), case.load.name, case.title)
            };
            row(&mut text, &samples.iter().filter(of).collect::<Vec<_>>(), samples);
        }
    }
    text.push_str(
        "\n64 connections, one pinned worker. \"against none\" is the median of the ratios of CPU within \
         each round, with the lowest and the highest beside it; the load without a policy measured again \
         shows what of that is noise.\n",
    );
    text
}

fn row(text: &mut String, samples: &[&Sample], all: &[Sample]) {
    let Some(first) = samples.first() else { return };
    let median =
        |value: fn(&Sample) -> f64| median(samples.iter().map(|sample| value(sample)).collect());
    let star = if samples.iter().any(|sample| sample.cost.is_disturbed()) { "*" } else { "" };
    line(
        text,
        format_args!(
            "| {}{star} | {} | {} | {:.0} | {:.2} | {:.2} | {:.2} | {} | {:.0} % | {} |",
            first.engine,
            first.load,
            first.case,
            median(|sample| rate(&sample.seen)),
            median(|sample| sample.seen.p50) / 1000.0,
            median(|sample| sample.seen.p99) / 1000.0,
            median(Sample::cpu),
            compared(&ratios(samples, all)),
            median(|sample| sample.cost.busy(1)) * 100.0,
            samples.len()
        ),
    );
}

/// Processor time as a multiple of that without a policy in the same round.
fn ratios(samples: &[&Sample], all: &[Sample]) -> Vec<f64> {
    let plain = |sample: &Sample| {
        let same = |one: &&Sample| {
            (one.case, one.load, one.engine, one.round)
                == (PLAIN, sample.load, sample.engine, sample.round)
        };
        all.iter().find(same).map(Sample::cpu)
    };
    samples.iter().filter_map(|sample| Some(sample.cpu() / plain(sample)?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_does_what() {
        let loads = |peer| {
            let mut loads: Vec<&str> = cases(peer).map(|case| case.load.name).collect();
            loads.dedup();
            loads
        };
        assert_eq!(loads(Peer::Nginx), ["GET"]);
        assert_eq!(loads(Peer::Envoy), ["GET"]);
        assert_eq!(loads(Peer::Haproxy), ["GET", "POST JSON 1 KiB"]);
        assert_eq!(cases(Peer::Weir).count(), CASES.len());
    }
}
