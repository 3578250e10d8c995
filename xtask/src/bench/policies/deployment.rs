//! How long policies take to deploy: a folder of APIs without any is checked, and the same with ten
//! for each API.

use std::path::Path;
use std::time::Instant;

use anyhow::{Context, ensure};
use serde_json::{Value, json};

use super::words::{attached, own};
use crate::bench::peer::Peer;
use crate::bench::projects;
use crate::bench::report::{line, median};
use crate::bench::trial::Plan;
use crate::shell::{command, root};

/// How many APIs, whatever `--apis` says: the aim is for so many.
const APIS: usize = 1_000;

/// The tables and the samples.
pub(super) fn measure(plan: &Plan) -> anyhow::Result<(String, Value)> {
    let dir = root().join("target/bench/policies-deployment");
    if dir.exists() {
        std::fs::remove_dir_all(&dir)?;
    }
    let folders = [("none", dir.join("none")), ("10 for each API", dir.join("ten"))];
    println!("bench: writing {APIS} projects, twice");
    for (index, (_, folder)) in folders.iter().enumerate() {
        std::fs::create_dir_all(folder)?;
        for api in 0..APIS {
            write(folder, api, index == 1)?;
        }
    }
    let mut times = [Vec::new(), Vec::new()];
    for _ in 0..plan.rounds {
        for ((name, folder), times) in folders.iter().zip(&mut times) {
            let time = validate(folder)?;
            println!("bench: {APIS} APIs, policies: {name}: {time:.0} ms");
            times.push(time);
        }
    }
    Ok((table(&times), json!({ "none_ms": times[0], "ten_ms": times[1] })))
}

/// Milliseconds that it takes to read, check and compile all projects of a folder.
fn validate(folder: &Path) -> anyhow::Result<f64> {
    let program = Peer::Weir.program().context("target/release/weir is not built")?;
    let mut weir = command(program);
    weir.arg("validate").arg("--home").arg(folder.join("no-home")).arg(folder);
    let start = Instant::now();
    let said = weir.output().context("cannot run weir validate")?;
    let time = start.elapsed().as_secs_f64() * 1000.0;
    let text = String::from_utf8_lossy(&said.stdout);
    let last = text.lines().last().unwrap_or_default();
    ensure!(said.status.success(), "weir validate: {last}");
    ensure!(last.starts_with(&format!("{APIS} projects checked")), "weir validate: {last}");
    Ok(time)
}

/// A project; half of its ten policies have parameters that no other API has, and two are its own.
fn write(folder: &Path, index: usize, has_policies: bool) -> anyhow::Result<()> {
    let endpoint = "endpoint_type: http\n    production_endpoints:\n      url: http://192.0.2.1";
    if !has_policies {
        return projects::write_project(folder, index, endpoint);
    }
    let none = json!({});
    let header = |name: &str| {
        let parameters = json!({ "headerName": name, "headerValue": format!("value of {index}") });
        attached("addHeader", "v3", &parameters)
    };
    let removed = |name: &str| attached("removeHeader", "v2", &json!({ "headerName": name }));
    let query = json!({ "paramKey": "api", "paramValue": index.to_string() });
    let policies = json!({
        "request": [
            header("X-Api"),
            removed("X-Internal"),
            attached("addQueryParam", "v2", &query),
            attached("preserveAcceptHeader", "v1", &none),
            attached("byRegion", "v1", &none),
            attached("audit", "v1", &none),
        ],
        "response": [header("X-Served-By"), removed("Server"), attached("addLogMessage", "v2", &none)],
        "fault": [attached("jsonFault", "v1", &none)],
    });
    let by_region = format!(
        "<switch source=\"get-property('transport', 'X-Region')\">\
         <case regex=\"eu|eu-.*\"><property name=\"region\" value=\"eu-{index}\"/></case>\
         <default><property name=\"region\" value=\"other\"/></default></switch>"
    );
    let audit = "<filter source=\"$trp:X-Audit\" regex=\"true\"><then>\
                 <log level=\"custom\"><property name=\"region\" expression=\"$ctx:region\"/></log>\
                 </then></filter>";
    let mut files = own("byRegion", "request", &by_region).to_vec();
    files.extend(own("audit", "request", audit));
    projects::write_mediated(folder, index, endpoint, &policies, &files)
}

fn table(times: &[Vec<f64>; 2]) -> String {
    let mut text = String::new();
    line(&mut text, format_args!("\n### Deployment of {APIS} APIs with 10 policies each\n"));
    line(
        &mut text,
        format_args!(
            "| policies | `weir validate` ms | lowest to highest | n |\n|---|---|---|---|"
        ),
    );
    let rows = ["none", "10 for each API"];
    for (name, times) in rows.iter().zip(times) {
        let lowest = times.iter().copied().fold(f64::INFINITY, f64::min);
        let highest = times.iter().copied().fold(0.0, f64::max);
        let middle = median(times.clone());
        let count = times.len();
        line(
            &mut text,
            format_args!("| {name} | {middle:.0} | {lowest:.0} to {highest:.0} | {count} |"),
        );
    }
    text
}
