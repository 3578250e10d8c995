//! What an answer costs: of the definition, of a script of twenty lines, and beside them what nginx
//! and Prism need for the same bytes.

use std::path::PathBuf;

use anyhow::{Context, ensure};
use serde::Serialize;
use serde_json::{Value, json};

use super::words::{BODY, Mock, nginx_routes, write};
use crate::bench::groups::compared;
use crate::bench::load::{MENU, Seen};
use crate::bench::peer::{Peer, Running};
use crate::bench::report::{line, median};
use crate::bench::rig::{Daemon, Rig, api_path, await_port, free_port};
use crate::bench::rounds::rate;
use crate::bench::trial::{Cost, Notes, Plan, metered_process};
use crate::shell::{command, find, output, root};

/// Who answers, and where.
struct Case {
    engine: &'static str,
    title: &'static str,
    process: u32,
    port: u16,
    /// What comes before the path.
    prefix: String,
}

/// The title of what the others are compared with.
const RETURN: &str = "`return 200`";
const EXAMPLE: &str = "example";
const SCRIPT: &str = "script of 20 lines";
const AGAIN: &str = "example, again";

#[derive(Debug, Clone, Copy, Serialize)]
struct Sample {
    engine: &'static str,
    case: &'static str,
    round: usize,
    seen: Seen,
    cost: Cost,
}

impl Sample {
    /// Processor seconds for a million requests, which are microseconds for one.
    fn cpu(&self) -> f64 {
        self.cost.per_million(self.seen.requests)
    }
}

/// The tables and the samples.
pub(super) fn measure(plan: &Plan, notes: &mut Notes) -> anyhow::Result<(String, Value)> {
    let rig = Rig::new("mocks", 1, true, plan.apis.max(10))?;
    let nginx = nginx(&rig)?;
    let prism = prism(&rig)?;
    let weir = notes.start_one(Peer::Weir, &rig).context("Weir does not start")?;
    for mock in [Mock::Example, Mock::Script] {
        write(&rig.dir.join("apis"), mock)?;
    }
    let cases = cases(nginx.as_ref(), prism.as_ref(), &weir);
    for case in &cases {
        check(case)?;
        // Fills caches and pools. What goes wrong here goes wrong again where it is reported.
        drop(MENU.run_at(&rig, case.port, &case.prefix, 1));
    }
    let mut samples = Vec::new();
    for round in 1..=plan.rounds {
        for case in &cases {
            samples.extend(take(plan, &rig, case, round, notes));
        }
    }
    let text = table(&cases, &samples, prism.is_some());
    Ok((text, json!(samples)))
}

fn cases(
    nginx: Option<&(Daemon, u16)>,
    prism: Option<&(Daemon, u16)>,
    weir: &Running,
) -> Vec<Case> {
    let prefix = |mock: Mock| api_path(mock.api());
    let ours = |title, mock| Case {
        engine: Peer::Weir.name(),
        title,
        process: weir.id(),
        port: weir.http,
        prefix: prefix(mock),
    };
    let other = |engine, title, prefix: String| {
        move |(daemon, port): &(Daemon, u16)| Case {
            engine,
            title,
            process: daemon.id(),
            port: *port,
            prefix,
        }
    };
    let mut cases = Vec::new();
    cases.extend(nginx.map(other(Peer::Nginx.name(), RETURN, prefix(Mock::Example))));
    cases.push(ours(EXAMPLE, Mock::Example));
    cases.push(ours(SCRIPT, Mock::Script));
    cases.push(ours(AGAIN, Mock::Example));
    cases.extend(prism.map(other("Prism", EXAMPLE, String::new())));
    cases
}

/// nginx with the answer in its configuration; `None` where it is not installed.
fn nginx(rig: &Rig) -> anyhow::Result<Option<(Daemon, u16)>> {
    let Some(program) = find("nginx") else { return Ok(None) };
    let (http, https) = (free_port()?, free_port()?);
    let values = [
        ("HTTP", http.to_string()),
        ("HTTPS", https.to_string()),
        ("GROUPS", String::new()),
        ("ROUTES", nginx_routes(rig)),
    ];
    let mut command = rig.pinned_to(0, &program);
    command.arg("-p").arg(&rig.dir).arg("-c").arg(rig.fill("nginx.conf", &values)?);
    let mut daemon = rig.spawn(command, "nginx")?;
    await_port(http, &mut daemon).context("nginx")?;
    Ok(Some((daemon, http)))
}

fn prism_program() -> Option<PathBuf> {
    let program = root().join("target/node/node_modules/@stoplight/prism-cli/dist/index.js");
    Some(program).filter(|program| program.is_file())
}

/// Prism with the same document; `None` where it is not installed.
fn prism(rig: &Rig) -> anyhow::Result<Option<(Daemon, u16)>> {
    let (Some(node), Some(program)) = (find("node"), prism_program()) else { return Ok(None) };
    let document = rig.dir.join("menu-openapi.json");
    std::fs::write(&document, Mock::Example.definition().to_string())?;
    let port = free_port()?;
    let mut command = rig.pinned_to(0, &node);
    command.arg(program).args(["mock", "--verboseLevel", "silent"]);
    command.args(["--port", &port.to_string()]).arg(document);
    let mut daemon = rig.spawn(command, "prism")?;
    await_port(port, &mut daemon).context("Prism")?;
    Ok(Some((daemon, port)))
}

/// Waits until the answer is the one that all give.
fn check(case: &Case) -> anyhow::Result<()> {
    let Case { engine, title, port, prefix, .. } = case;
    let url = format!("http://127.0.0.1:{port}{prefix}/menu?kind=all");
    let mut said = String::new();
    for _ in 0..100 {
        let mut curl = command("curl");
        curl.args(["-sS", "--max-time", "5", "-w", "|%{http_code}|%{content_type}", &url]);
        said = output(&mut curl)?;
        if said == format!("{BODY}|200|application/json") {
            return Ok(());
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    ensure!(false, "{engine}, {title}: {url} answers {said}");
    Ok(())
}

fn take(plan: &Plan, rig: &Rig, case: &Case, round: usize, notes: &mut Notes) -> Option<Sample> {
    let Case { engine, title, process, port, prefix } = case;
    let what = format!("round {round}  {engine}, {title}");
    let run = || MENU.run_at(rig, *port, prefix, plan.seconds);
    let (seen, cost) = notes.sample(&what, || metered_process(rig, *process, run))?;
    let sample = Sample { engine, case: title, round, seen, cost };
    println!("{:.0} requests/s  {:.1} CPU s/M", rate(&seen), sample.cpu());
    Some(sample)
}

fn table(cases: &[Case], samples: &[Sample], has_prism: bool) -> String {
    let mut text = String::new();
    line(&mut text, format_args!("\n### Cost of a mock, {} bytes of JSON\n", BODY.len()));
    line(
        &mut text,
        format_args!(
            "| engine | answer | requests/s | p50 ms | p99 ms | CPU s/M | against nginx | lowest to \
             highest | busy | n |\n|---|---|---|---|---|---|---|---|---|---|"
        ),
    );
    for case in cases {
        let is_own = |one: &&Sample| (one.engine, one.case) == (case.engine, case.title);
        let own: Vec<&Sample> = samples.iter().filter(is_own).collect();
        if own.is_empty() {
            continue;
        }
        let median = |value: fn(&Sample) -> f64| median(own.iter().map(|one| value(one)).collect());
        let ratios: Vec<f64> = own
            .iter()
            .filter_map(|one| Some(one.cpu() / of(samples, RETURN, one.round)?.cpu()))
            .collect();
        let star = if own.iter().any(|one| one.cost.is_disturbed()) { "*" } else { "" };
        line(
            &mut text,
            format_args!(
                "| {}{star} | {} | {:.0} | {:.2} | {:.2} | {:.2} | {} | {:.0} % | {} |",
                case.engine,
                case.title,
                median(|one| rate(&one.seen)),
                median(|one| one.seen.p50) / 1000.0,
                median(|one| one.seen.p99) / 1000.0,
                median(Sample::cpu),
                compared(&ratios),
                median(|one| one.cost.busy(1)) * 100.0,
                own.len()
            ),
        );
    }
    if !has_prism {
        line(&mut text, format_args!("| Prism | not installed | | | | | | | | 0 |"));
    }
    let scripts: Vec<f64> = samples
        .iter()
        .filter(|one| one.case == SCRIPT)
        .filter_map(|one| Some(one.cpu() - of(samples, AGAIN, one.round)?.cpu()))
        .collect();
    line(
        &mut text,
        format_args!(
            "\nThe script itself, which is what it costs more than an example of the same bytes: {:.0} µs.",
            median(scripts)
        ),
    );
    text
}

/// The sample of a case in a round.
fn of<'a>(samples: &'a [Sample], case: &str, round: usize) -> Option<&'a Sample> {
    samples.iter().find(|one| one.case == case && one.round == round)
}
