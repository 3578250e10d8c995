//! How evenly a group shares its requests, from many connections and by two workers.

use std::fs::OpenOptions;
use std::time::Duration;

use anyhow::{Context, ensure};
use serde::Serialize;
use serde_json::{Value, json};

use super::chance::{chi_square, p_value};
use crate::bench::behind::{Behind, Sharing};
use crate::bench::load::{GET_OF_MANY as LOAD, Seen};
use crate::bench::peer::Running;
use crate::bench::report::{absent, line, median};
use crate::bench::rig::Rig;
use crate::bench::trial::{Cost, Notes, Plan, metered};

/// How many members share.
const MEMBERS: usize = 10;

/// How often it is measured.
const TIMES: usize = 3;

/// How long the backend may take to write down its last requests; it does so every 100 ms.
const REST: Duration = Duration::from_millis(500);

#[derive(Debug, Clone, Serialize)]
struct Sample {
    engine: &'static str,
    round: usize,
    seen: Seen,
    cost: Cost,
    /// Requests at each member.
    counts: Vec<u64>,
    chi_square: f64,
    p: f64,
}

impl Sample {
    /// A member's requests as a share of what each should have.
    fn share(&self, of: Option<&u64>) -> f64 {
        let mean = self.counts.iter().sum::<u64>() as f64 / self.counts.len() as f64;
        of.map_or(f64::NAN, |count| *count as f64 / mean)
    }
}

/// The table and the samples.
pub(super) fn measure(plan: &Plan, notes: &mut Notes) -> anyhow::Result<(String, Value)> {
    let mut behind = Behind::shapes([(Sharing::Balance, MEMBERS)].into_iter())?;
    behind.is_counted = true;
    let rig = Rig::with_groups("groups-spread", 2, false, plan.apis, behind)?;
    let engines = notes.start(plan, &rig);
    for engine in &engines {
        drop(LOAD.run_api(&rig, engine, rig.group_api(0), 1));
    }
    let mut samples = Vec::new();
    for round in 1..=plan.rounds.min(TIMES) {
        for engine in &engines {
            let name = engine.peer.name();
            let what = format!("round {round}  spread over {MEMBERS}  {name}");
            let taken = notes.sample(&what, || take(plan, &rig, engine));
            let Some(((seen, counts), cost)) = taken else { continue };
            let chi_square = chi_square(&counts);
            let p = p_value(chi_square, MEMBERS as u32 - 1);
            println!("chi-square {chi_square:.2}  p {p:.4}");
            samples.push(Sample { engine: name, round, seen, cost, counts, chi_square, p });
        }
    }
    Ok((table(plan, &samples), json!(samples)))
}

fn take(plan: &Plan, rig: &Rig, engine: &Running) -> anyhow::Result<((Seen, Vec<u64>), Cost)> {
    std::thread::sleep(REST);
    let log = rig.ports_seen();
    OpenOptions::new().write(true).open(&log).and_then(|file| file.set_len(0))?;
    let api = rig.group_api(0);
    let (seen, cost) = metered(rig, engine, || LOAD.run_api(rig, engine, api, plan.seconds))?;
    std::thread::sleep(REST);
    let text = std::fs::read_to_string(&log).context("the backend has no log")?;
    let counts = count(&text, &rig.behind.ports);
    let all = counts.iter().sum::<u64>();
    ensure!(all >= seen.requests, "the backend saw {all} of {} requests", seen.requests);
    Ok(((seen, counts), cost))
}

/// How often each of the ports is in a log of ports.
fn count(log: &str, ports: &[u16]) -> Vec<u64> {
    let mut counts = vec![0; ports.len()];
    let seen = log.lines().filter_map(|line| line.parse::<u16>().ok());
    for index in seen.filter_map(|seen| ports.iter().position(|port| *port == seen)) {
        if let Some(count) = counts.get_mut(index) {
            *count += 1;
        }
    }
    counts
}

fn table(plan: &Plan, samples: &[Sample]) -> String {
    let mut text = String::new();
    line(&mut text, format_args!("\n### Spread over {MEMBERS} members, 2 workers\n"));
    line(
        &mut text,
        format_args!(
            "| engine | requests | least loaded | most loaded | chi-square | p | lowest p | n |\n\
             |---|---|---|---|---|---|---|---|"
        ),
    );
    for (peer, reason) in absent(plan, |name| samples.iter().any(|one| one.engine == name)) {
        line(&mut text, format_args!("| {peer} | {reason} | | | | | | 0 |"));
    }
    for peer in &plan.peers {
        let of = |one: &&Sample| one.engine == peer.name();
        row(&mut text, &samples.iter().filter(of).collect::<Vec<_>>());
    }
    line(
        &mut text,
        format_args!(
            "\n256 connections, round robin; requests counted at the backend, shares of what each \
             member should have. p is the probability of a chi-square at least as high by chance, \
             with {} degrees of freedom: below 0.01 a group shares unevenly, near 1 it shares more \
             evenly than chance would.",
            MEMBERS - 1
        ),
    );
    text
}

fn row(text: &mut String, samples: &[&Sample]) {
    let Some(first) = samples.first() else { return };
    let median =
        |value: fn(&Sample) -> f64| median(samples.iter().map(|sample| value(sample)).collect());
    let star = if samples.iter().any(|sample| sample.cost.is_disturbed()) { "*" } else { "" };
    let lowest = samples.iter().map(|sample| sample.p).fold(f64::INFINITY, f64::min);
    line(
        text,
        format_args!(
            "| {}{star} | {:.0} | {:.2} % | {:.2} % | {:.2} | {:.4} | {lowest:.4} | {} |",
            first.engine,
            median(|sample| sample.counts.iter().sum::<u64>() as f64),
            median(|sample| sample.share(sample.counts.iter().min())) * 100.0,
            median(|sample| sample.share(sample.counts.iter().max())) * 100.0,
            median(|sample| sample.chi_square),
            median(|sample| sample.p),
            samples.len()
        ),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_ports_do_not_count() {
        assert_eq!(count("81\n82\n81\n80\n\nx\n", &[81, 82, 83]), [2, 1, 0]);
    }
}
