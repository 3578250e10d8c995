//! What it costs to show a backend who calls, once that is warm.
//!
//! All cases are measured one after the other in each round, and compared within it. The backend
//! without security comes twice, which shows how much of a difference is noise. The backend asks for
//! what it is shown, and does not verify it: its own work is not what is measured.

use std::time::Duration;

use anyhow::{Context, ensure};
use serde::Serialize;
use serde_json::json;

use super::groups::compared;
use super::load::{GET, Seen};
use super::peer::{Peer, Running};
use super::projects;
use super::report::{line, median, save};
use super::rig::{Rig, api_path};
use super::rounds::rate;
use super::trial::{Cost, Notes, Plan, metered};
use crate::shell::{command, output};

/// A backend as it is secured.
struct Case {
    title: &'static str,
    /// `endpoint_security` of the stage; `@TOKENS@` is the authorization server.
    security: &'static str,
    /// What the path of the backend begins with.
    path: &'static str,
}

const BASELINE: &str = "no security";

const CASES: [Case; 7] = [
    Case { title: BASELINE, security: "", path: "" },
    Case { title: "Basic", security: "type: BASIC, username: user, password: password", path: "" },
    Case {
        title: "key in a header",
        security: "type: apikey, apiKeyIdentifier: X-API-Key, apiKeyIdentifierType: HEADER, \
                   apiKeyValue: 0123456789abcdef",
        path: "",
    },
    Case {
        title: "key in the query",
        security: "type: apikey, apiKeyIdentifier: key, apiKeyIdentifierType: QUERY_PARAMETER, \
                   apiKeyValue: 0123456789abcdef",
        path: "",
    },
    Case {
        title: "OAuth 2.0",
        security: "type: OAUTH, grantType: CLIENT_CREDENTIALS, tokenUrl: \"@TOKENS@\", \
                   clientId: client, clientSecret: secret",
        path: "",
    },
    Case {
        title: "Digest, SHA-256",
        security: "type: DIGEST, username: user, password: password",
        path: "/digest",
    },
    Case { title: "no security, again", security: "", path: "" },
];

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

/// Measures and reports.
pub(super) fn run(plan: &Plan) -> anyhow::Result<()> {
    println!("bench: secured backends");
    let mut notes = Notes::default();
    let rig = Rig::new("secured", 1, true, plan.apis.max(CASES.len()))?;
    let engine = notes.start_one(Peer::Weir, &rig).context("Weir does not start")?;
    write(&rig)?;
    await_deployed(&engine)?;
    let mut samples = Vec::new();
    for round in 1..=plan.rounds {
        for (index, case) in CASES.iter().enumerate() {
            samples.extend(take(plan, &rig, &engine, (case, index), round, &mut notes));
        }
    }
    save(plan, "secured", &table(&samples), &json!(samples), &notes)
}

/// The projects of all cases. The engine writes its own when it is started, so these come after it.
fn write(rig: &Rig) -> anyhow::Result<()> {
    let dir = rig.dir.join("apis");
    for (index, case) in CASES.iter().enumerate() {
        let backend = format!("http://127.0.0.1:{}", rig.backend);
        let tokens = format!("{backend}/token");
        let security = match case.security {
            "" => String::new(),
            text => format!(
                "\n    endpoint_security: {{production: {{enabled: true, {}}}}}",
                text.replace("@TOKENS@", &tokens)
            ),
        };
        let url = format!("{backend}{}", case.path);
        let endpoints =
            format!("endpoint_type: http\n    production_endpoints:\n      url: {url}{security}");
        projects::write_project(&dir, index, &endpoints)?;
    }
    Ok(())
}

/// Waits until every case is served as it was written: the admin listener tells what is secured.
fn await_deployed(engine: &Running) -> anyhow::Result<()> {
    for (index, case) in CASES.iter().enumerate().filter(|(_, case)| !case.security.is_empty()) {
        let is_served = (0..100).any(|_| {
            std::thread::sleep(Duration::from_millis(100));
            seen_by_backend(engine, index).unwrap_or(false)
        });
        ensure!(is_served, "{} is not served at {}", case.title, api_path(index));
    }
    Ok(())
}

/// Whether the backend is shown anything; it says so.
fn seen_by_backend(engine: &Running, index: usize) -> anyhow::Result<bool> {
    let url = format!("http://127.0.0.1:{}{}/shown", engine.http, api_path(index));
    let mut curl = command("curl");
    curl.args(["-sS", "--max-time", "5", &url]);
    Ok(output(&mut curl)?.starts_with("shown"))
}

fn take(
    plan: &Plan,
    rig: &Rig,
    engine: &Running,
    (case, index): (&Case, usize),
    round: usize,
    notes: &mut Notes,
) -> Option<Sample> {
    let what = format!("round {round}  {}", case.title);
    let run = || GET.run_api(rig, engine, index, plan.seconds);
    let (seen, cost) = notes.sample(&what, || metered(rig, engine, run))?;
    let sample = Sample { case: case.title, round, seen, cost };
    println!("{:.0} requests/s  {:.1} CPU s/M", rate(&seen), sample.cpu());
    Some(sample)
}

fn table(samples: &[Sample]) -> String {
    let mut text = String::new();
    line(&mut text, format_args!("\n### Cost of showing who calls, GET 1 KiB\n"));
    line(
        &mut text,
        format_args!(
            "| case | requests/s | p50 ms | p99 ms | CPU s/M | against none | lowest to highest | n \
             |\n|---|---|---|---|---|---|---|---|"
        ),
    );
    for case in &CASES {
        let of: Vec<&Sample> = samples.iter().filter(|one| one.case == case.title).collect();
        let middle = |value: fn(&Sample) -> f64| median(of.iter().map(|one| value(one)).collect());
        line(
            &mut text,
            format_args!(
                "| {} | {:.0} | {:.2} | {:.2} | {:.2} | {} | {} |",
                case.title,
                middle(|sample| rate(&sample.seen)),
                middle(|sample| sample.seen.p50) / 1000.0,
                middle(|sample| sample.seen.p99) / 1000.0,
                middle(Sample::cpu),
                compared(&ratios(&of, samples)),
                of.len()
            ),
        );
    }
    text.push_str(
        "\n64 connections, one pinned worker. \"against none\" is the median of the ratios of CPU \
         within each round; the backend without security measured again shows what of that is noise.\n",
    );
    text
}

/// Processor time as a multiple of that without security in the same round.
fn ratios(samples: &[&Sample], all: &[Sample]) -> Vec<f64> {
    let baseline = |sample: &Sample| {
        let same = |one: &&Sample| (one.case, one.round) == (BASELINE, sample.round);
        all.iter().find(same).map(Sample::cpu)
    };
    samples.iter().filter_map(|sample| Some(sample.cpu() / baseline(sample)?)).collect()
}
