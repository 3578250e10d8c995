//! What other APIs notice while scripts loop, hoard and back-track: latencies of a plain API at a fixed
//! rate, without attackers and with them.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, ensure};
use serde::Serialize;
use serde_json::{Value, json};

use super::words::{ATTACKS, Mock, write};
use crate::bench::driver::{self, AtRate};
use crate::bench::peer::{Peer, Running};
use crate::bench::report::{line, median};
use crate::bench::rig::{Rig, api_path};
use crate::bench::trial::{Cost, Notes, Plan, metered};

/// Requests a second to the plain API.
const RATE: f64 = 2_000.0;
/// Attackers at once; each asks again as soon as it is answered.
const ATTACKERS: usize = 8;
/// How many APIs there are; what is measured does not depend on it.
const APIS: usize = 20;

#[derive(Debug, Clone, Serialize)]
struct Sample {
    is_attacked: bool,
    round: usize,
    seen: AtRate,
    cost: Cost,
    /// What attackers were answered: how many, by status.
    answers: BTreeMap<String, usize>,
}

/// The table and the samples.
pub(super) fn measure(plan: &Plan, notes: &mut Notes) -> anyhow::Result<(String, Value)> {
    let rig = Rig::new("mocks-attack", 2, false, APIS)?;
    let weir = notes.start_one(Peer::Weir, &rig).context("Weir does not start")?;
    write(&rig.dir.join("apis"), Mock::Attack)?;
    await_attack(&weir)?;
    let mut samples = Vec::new();
    for round in 1..=plan.rounds {
        for is_attacked in [false, true] {
            samples.extend(take(plan, &rig, &weir, is_attacked, round, notes));
        }
    }
    Ok((table(&samples), json!(samples)))
}

/// Waits until the scripts are served.
fn await_attack(weir: &Running) -> anyhow::Result<()> {
    let is_served = (0..100).any(|_| {
        std::thread::sleep(Duration::from_millis(100));
        ask(weir.http, "/stack").is_ok_and(|status| status == "500")
    });
    ensure!(is_served, "the scripts are not served");
    Ok(())
}

fn take(
    plan: &Plan,
    rig: &Rig,
    weir: &Running,
    is_attacked: bool,
    round: usize,
    notes: &mut Notes,
) -> Option<Sample> {
    let attackers = if is_attacked { ATTACKERS } else { 0 };
    let what = format!("round {round}  {attackers} attackers");
    let api = driver::any_api(rig);
    let ended = AtomicBool::new(false);
    let run = || {
        ended.store(false, Ordering::Relaxed);
        std::thread::scope(|scope| {
            let (ended, port) = (&ended, weir.http);
            let spawn = |number: usize| {
                let (path, _) = ATTACKS[number % ATTACKS.len()];
                scope.spawn(move || attack(port, path, ended))
            };
            let threads: Vec<_> = (0..attackers).map(spawn).collect();
            let seen = driver::at_rate(rig, weir.http, &api, RATE, plan.seconds);
            ended.store(true, Ordering::Relaxed);
            let mut answers = BTreeMap::new();
            for status in threads.into_iter().filter_map(|thread| thread.join().ok()).flatten() {
                *answers.entry(status).or_default() += 1;
            }
            Ok((seen?, answers))
        })
    };
    let ((seen, answers), cost) = notes.sample(&what, || metered(rig, weir, run))?;
    let AtRate { p50, p99, p999, .. } = seen;
    println!("p50 {:.2} p99 {:.2} p99.9 {:.2} ms", p50 / 1000.0, p99 / 1000.0, p999 / 1000.0);
    Some(Sample { is_attacked, round, seen, cost, answers })
}

/// Asks again and again; the statuses of the answers.
fn attack(port: u16, path: &str, ended: &AtomicBool) -> Vec<String> {
    let mut seen = Vec::new();
    while !ended.load(Ordering::Relaxed) {
        seen.push(ask(port, path).unwrap_or_else(|_| "none".to_owned()));
    }
    seen
}

/// The status of an answer of the scripts.
fn ask(port: u16, path: &str) -> anyhow::Result<String> {
    let mut socket = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    socket.set_read_timeout(Some(Duration::from_secs(30)))?;
    let prefix = api_path(Mock::Attack.api());
    write!(socket, "GET {prefix}{path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    socket.read_to_string(&mut answer)?;
    let status = answer.split(' ').nth(1).context("no status")?;
    Ok(status.to_owned())
}

fn table(samples: &[Sample]) -> String {
    let mut text = String::new();
    line(&mut text, format_args!("\n### A plain API while scripts attack\n"));
    line(
        &mut text,
        format_args!(
            "| attackers | requests/s due | answered | p50 ms | p99 ms | p99.9 ms | attackers' answers \
             | n |\n|---|---|---|---|---|---|---|---|"
        ),
    );
    for is_attacked in [false, true] {
        let own: Vec<&Sample> =
            samples.iter().filter(|one| one.is_attacked == is_attacked).collect();
        if own.is_empty() {
            continue;
        }
        let median =
            |value: fn(&AtRate) -> f64| median(own.iter().map(|one| value(&one.seen)).collect());
        let mut answers: BTreeMap<&str, usize> = BTreeMap::new();
        for (status, count) in own.iter().flat_map(|one| &one.answers) {
            *answers.entry(status).or_default() += count;
        }
        let answers: Vec<String> =
            answers.iter().map(|(status, count)| format!("{count} × {status}")).collect();
        line(
            &mut text,
            format_args!(
                "| {} | {RATE:.0} | {:.1} % | {:.2} | {:.2} | {:.2} | {} | {} |",
                if is_attacked { ATTACKERS } else { 0 },
                median(|seen| seen.answered as f64 / seen.due as f64) * 100.0,
                median(|seen| seen.p50) / 1000.0,
                median(|seen| seen.p99) / 1000.0,
                median(|seen| seen.p999) / 1000.0,
                answers.join(", "),
                own.len()
            ),
        );
    }
    text.push_str(
        "\nAn open loop of GETs of 1 KiB over 64 connections, two workers, nothing pinned; attackers loop \
         for ever, hoard memory, match a pattern that back-tracks, and recurse.\n",
    );
    text
}
