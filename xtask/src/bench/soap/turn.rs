//! What a request costs as SOAP that is just proxied, as SOAP of an API of that type, and as JSON
//! that becomes SOAP and back; and what zeep takes for the same two steps.

use std::time::Duration;

use anyhow::{Context, ensure};
use serde::Serialize;
use serde_json::{Value, json};

use crate::bench::groups::compared;
use crate::bench::load::{REST_10, SOAP_10, Seen, Workload};
use crate::bench::peer::{Peer, Running};
use crate::bench::projects;
use crate::bench::report::{line, median};
use crate::bench::rig::{Rig, api_path};
use crate::bench::rounds::rate;
use crate::bench::trial::{Cost, Notes, Plan, metered};
use crate::setup::venv;
use crate::shell::{command, output};

struct Case {
    title: &'static str,
    load: &'static Workload,
    kind: &'static str,
}

const CASES: [Case; 4] = [
    Case { title: "proxied", load: &SOAP_10, kind: "HTTP" },
    Case { title: "type SOAP", load: &SOAP_10, kind: "SOAP" },
    Case { title: "REST to SOAP", load: &REST_10, kind: "SOAPTOREST" },
    Case { title: "proxied, again", load: &SOAP_10, kind: "HTTP" },
];

/// The mapping of the API of REST.
const MAPPING: &str = r#"version: 1
namespaces: { o: "urn:orders" }
resources:
- resource: POST /rest
  operation: order
  soap: "1.1"
  action: urn:order
  request: [ { "o:order": order } ]
  answer: [ { "o:orderResponse": placed } ]
types:
  order: [ { "o:items": item * }, { "o:note": xsd:string ? } ]
  item: [ { "o:id": xsd:int }, { "o:name": xsd:string }, { "o:price": xsd:decimal }, { "o:inStock": xsd:boolean } ]
  placed: [ { "o:number": xsd:int }, { "o:sum": xsd:decimal }, { "o:note": xsd:string } ]
"#;

/// Prints the microseconds of processor time for each of a thousand messages and their answers.
const ZEEP: &str = include_str!("zeep.py");

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
pub(super) fn measure(plan: &Plan) -> anyhow::Result<(String, Value)> {
    let mut notes = Notes::default();
    let rig = Rig::new("soap", 1, true, CASES.len())?;
    let engine = notes.start_one(Peer::Weir, &rig).context("Weir does not start")?;
    write(&rig)?;
    await_deployed(&engine)?;
    let mut samples = Vec::new();
    for round in 1..=plan.rounds {
        for (index, case) in CASES.iter().enumerate() {
            samples.extend(take(plan, &rig, &engine, (case, index), round, &mut notes));
        }
    }
    let zeep = zeep(&rig);
    Ok((table(&samples, zeep), json!({ "samples": samples, "zeep_us": zeep })))
}

/// The projects of all cases; the engine has written its own when it was started.
fn write(rig: &Rig) -> anyhow::Result<()> {
    let dir = rig.dir.join("apis");
    for (index, case) in CASES.iter().enumerate() {
        let is_rest = case.kind == "SOAPTOREST";
        let path = if is_rest { "/soap" } else { "" };
        let url = format!("http://127.0.0.1:{}{path}", rig.backend);
        let endpoints = format!("endpoint_type: http\n    production_endpoints:\n      url: {url}");
        projects::write_project(&dir, index, &endpoints)?;
        let project = dir.join(format!("Bench{index:05}-1.0.0"));
        let file = project.join("api.yaml");
        let mut text = std::fs::read_to_string(&file)?;
        text = text.replace("  type: HTTP\n", &format!("  type: {}\n", case.kind));
        if is_rest {
            let (head, _) = text.split_once("  operations:").context("no operations")?;
            let operation =
                "  operations:\n   -\n    target: /rest\n    verb: POST\n    authType: None\n";
            text = format!("{head}{operation}");
            std::fs::create_dir_all(project.join("SoapToRest"))?;
            std::fs::write(project.join("SoapToRest/mapping.yaml"), MAPPING)?;
        }
        std::fs::write(&file, text)?;
    }
    Ok(())
}

/// Waits until the API of REST answers JSON.
fn await_deployed(engine: &Running) -> anyhow::Result<()> {
    let url = format!("http://127.0.0.1:{}{}/rest", engine.http, api_path(2));
    let is_served = (0..100).any(|_| {
        std::thread::sleep(Duration::from_millis(100));
        let mut curl = command("curl");
        curl.args(["-sS", "--max-time", "5", "-H", "Content-Type: application/json"]);
        curl.args(["-d", "{\"order\":{}}", &url]);
        output(&mut curl).is_ok_and(|answer| answer.starts_with("{\"orderResponse\""))
    });
    ensure!(is_served, "{url} does not become SOAP");
    Ok(())
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
    let run = || case.load.run_api(rig, engine, index, plan.seconds);
    let (seen, cost) = notes.sample(&what, || metered(rig, engine, run))?;
    let sample = Sample { case: case.title, round, seen, cost };
    println!("{:.0} requests/s  {:.1} CPU s/M", rate(&seen), sample.cpu());
    Some(sample)
}

/// Microseconds of zeep for one message and its answer; none where it is not installed.
fn zeep(rig: &Rig) -> Option<f64> {
    let mut python = command(venv().join("bin/python"));
    python.args(["-c", ZEEP]).current_dir(&rig.dir);
    output(&mut python).ok()?.trim().parse().ok()
}

fn table(samples: &[Sample], zeep: Option<f64>) -> String {
    let mut text = String::new();
    line(&mut text, format_args!("\n### SOAP, 10 KiB\n"));
    line(
        &mut text,
        format_args!(
            "| case | requests/s | p50 ms | p99 ms | CPU s/M | against proxied | lowest to highest | n |\n|---|---|---|---|---|---|---|---|"
        ),
    );
    for case in &CASES {
        let own: Vec<&Sample> = samples.iter().filter(|one| one.case == case.title).collect();
        if own.is_empty() {
            continue;
        }
        let median = |value: fn(&Sample) -> f64| median(own.iter().map(|one| value(one)).collect());
        let ratios: Vec<f64> = own
            .iter()
            .filter_map(|one| {
                let same = |it: &&Sample| it.case == CASES[0].title && it.round == one.round;
                Some(one.cpu() / samples.iter().find(same)?.cpu())
            })
            .collect();
        line(
            &mut text,
            format_args!(
                "| {} | {:.0} | {:.2} | {:.2} | {:.1} | {} | {} |",
                case.title,
                median(|one| rate(&one.seen)),
                median(|one| one.seen.p50) / 1000.0,
                median(|one| one.seen.p99) / 1000.0,
                median(Sample::cpu),
                compared(&ratios),
                own.len()
            ),
        );
    }
    match zeep {
        Some(us) => line(
            &mut text,
            format_args!("| zeep: message and answer, no network | | | | {us:.1} | | | 1 |"),
        ),
        None => line(&mut text, format_args!("| zeep is not installed | | | | | | | 0 |")),
    }
    text
}
