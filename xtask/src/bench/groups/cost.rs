//! What a group costs: the same requests, once through a single endpoint and once through groups.
//!
//! All of an engine's cases are measured one after the other in each round, and compared within it:
//! what is looked for is a few percent, and machines drift by more than that from round to round. The
//! single endpoint comes twice, which shows how much of a difference is noise.

use serde::Serialize;
use serde_json::{Value, json};

use crate::bench::behind::{Behind, Sharing};
use crate::bench::load::{GET, Seen};
use crate::bench::peer::{Peer, Running};
use crate::bench::report::{absent, line, median};
use crate::bench::rig::Rig;
use crate::bench::rounds::rate;
use crate::bench::trial::{Cost, Notes, Plan, metered};

/// A single endpoint, or a group of so many members.
#[derive(Debug, Clone, Copy)]
struct Case {
    title: &'static str,
    group: Option<(Sharing, usize)>,
}

const SINGLE: Case = Case { title: "single endpoint", group: None };

const CASES: [Case; 8] = [
    SINGLE,
    Case { title: "load balance, 2", group: Some((Sharing::Balance, 2)) },
    Case { title: "load balance, 10", group: Some((Sharing::Balance, 10)) },
    Case { title: "load balance, 100", group: Some((Sharing::Balance, 100)) },
    Case { title: "failover, 2", group: Some((Sharing::Failover, 2)) },
    Case { title: "failover, 10", group: Some((Sharing::Failover, 10)) },
    Case { title: "failover, 100", group: Some((Sharing::Failover, 100)) },
    Case { title: "single endpoint, again", group: None },
];

#[derive(Debug, Clone, Copy, Serialize)]
struct Sample {
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
    let behind = Behind::shapes(CASES.iter().filter_map(|case| case.group))?;
    let rig = Rig::with_groups("groups-cost", 1, true, plan.apis, behind)?;
    let engines = notes.start(plan, &rig);
    for engine in &engines {
        for (_, api) in cases(&rig, engine.peer) {
            // Fills caches and pools. What goes wrong here goes wrong again where it is reported.
            drop(GET.run_api(&rig, engine, api, 1));
        }
    }
    let mut samples = Vec::new();
    for round in 1..=plan.rounds {
        for engine in &engines {
            for (case, api) in cases(&rig, engine.peer) {
                samples.extend(take(plan, &rig, engine, (case, api), round, notes));
            }
        }
    }
    Ok((tables(plan, &samples), json!(samples)))
}

/// The cases that an engine has, each with the API that serves it.
fn cases(rig: &Rig, peer: Peer) -> impl Iterator<Item = (Case, usize)> {
    let mut groups = 0;
    let served = CASES.iter().map(move |case| {
        let Some(_) = case.group else { return (*case, rig.asked()) };
        groups += 1;
        (*case, rig.group_api(groups - 1))
    });
    // Failover groups are not a matter of the peers.
    served.filter(move |(case, _)| {
        !matches!(case.group, Some((Sharing::Failover, _))) || peer == Peer::Weir
    })
}

fn take(
    plan: &Plan,
    rig: &Rig,
    engine: &Running,
    (case, api): (Case, usize),
    round: usize,
    notes: &mut Notes,
) -> Option<Sample> {
    let name = engine.peer.name();
    let what = format!("round {round}  {}  {name}", case.title);
    let (seen, cost) = notes
        .sample(&what, || metered(rig, engine, || GET.run_api(rig, engine, api, plan.seconds)))?;
    let sample = Sample { case: case.title, engine: name, round, seen, cost };
    println!("{:.0} requests/s  {:.1} CPU s/M", rate(&seen), sample.cpu());
    Some(sample)
}

fn tables(plan: &Plan, samples: &[Sample]) -> String {
    let mut text = String::new();
    line(&mut text, format_args!("\n### Cost of a group, GET 1 KiB\n"));
    line(
        &mut text,
        format_args!(
            "| engine | case | requests/s | p50 ms | p99 ms | CPU s/M | against single | lowest to \
             highest | busy | n |\n|---|---|---|---|---|---|---|---|---|---|"
        ),
    );
    for (peer, reason) in absent(plan, |name| samples.iter().any(|one| one.engine == name)) {
        line(&mut text, format_args!("| {peer} | {reason} | | | | | | | | 0 |"));
    }
    for peer in &plan.peers {
        for case in CASES {
            let of = |one: &&Sample| one.engine == peer.name() && one.case == case.title;
            row(&mut text, &samples.iter().filter(of).collect::<Vec<_>>(), samples);
        }
    }
    text.push_str(
        "\n64 connections, one pinned worker. \"against single\" is the median of the ratios of CPU \
         within each round, with the lowest and the highest beside it; the single endpoint measured \
         again shows what of that is noise.\n",
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
            "| {}{star} | {} | {:.0} | {:.2} | {:.2} | {:.2} | {} | {:.0} % | {} |",
            first.engine,
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

/// Processor time as a multiple of that of the single endpoint in the same round.
fn ratios(samples: &[&Sample], all: &[Sample]) -> Vec<f64> {
    let single = |sample: &Sample| {
        let same = |one: &&Sample| {
            (one.case, one.engine, one.round) == (SINGLE.title, sample.engine, sample.round)
        };
        all.iter().find(same).map(Sample::cpu)
    };
    samples.iter().filter_map(|sample| Some(sample.cpu() / single(sample)?)).collect()
}

/// The median of some ratios, and the lowest and the highest, as two cells of a table.
pub(in crate::bench) fn compared(ratios: &[f64]) -> String {
    let lowest = ratios.iter().copied().min_by(f64::total_cmp);
    let highest = ratios.iter().copied().max_by(f64::total_cmp);
    match (lowest, highest) {
        (Some(lowest), Some(highest)) => {
            format!("{:.3} | {lowest:.3} to {highest:.3}", median(ratios.to_vec()))
        }
        _ => "– | ".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(case: &'static str, round: usize, engine: f64) -> Sample {
        let seen =
            Seen { requests: 10, seconds: 1.0, bytes: 0, failed: 0, p50: 1.0, p99: 1.0, p999: 1.0 };
        let cost = Cost { wall: 1.0, engine, ..Cost::default() };
        Sample { case, engine: "Weir", round, seen, cost }
    }

    #[test]
    fn ratios_are_taken_within_a_round() {
        let all = [
            sample(SINGLE.title, 1, 1.0),
            sample("group", 1, 1.5),
            sample(SINGLE.title, 2, 2.0),
            sample("group", 2, 2.0),
            sample("group", 3, 2.0),
        ];
        let group: Vec<&Sample> = all.iter().filter(|one| one.case == "group").collect();
        assert_eq!(ratios(&group, &all), [1.5, 1.0]);
        assert_eq!(compared(&ratios(&group, &all)), "1.250 | 1.000 to 1.500");
        assert_eq!(compared(&[]), "– | ");
    }
}
