//! Functions of AWS Lambda: what a call costs beside plain proxying, and how much later an answer
//! comes than from the service itself.

mod cost;
mod emulator;
mod latency;

use std::path::Path;
use std::time::Duration;

use anyhow::ensure;

use super::parts::{self, Part};
use super::peer::Running;
use super::projects;
use super::rig::{Rig, api_path};
use super::trial::{Notes, Plan};
use crate::shell::{command, output};

/// The API whose operations are functions; the first ones may be mocks.
pub(crate) const API: usize = 3;

/// Measures and reports; all parts, or the one whose name contains what `--only` says.
pub(super) fn run(plan: &Plan) -> anyhow::Result<()> {
    let emulator = |plan: &Plan, _: &mut Notes| emulator::measure(plan);
    let parts: [(&str, Part<'_>); 3] =
        [("cost", &cost::measure), ("latency", &latency::measure), ("emulator", &emulator)];
    parts::run(plan, "lambda", &parts)
}

/// Writes the API with functions, in the place of another one; the service is at this port.
pub(crate) fn write(apis: &Path, service: u16) -> anyhow::Result<()> {
    let endpoints = format!(
        "endpoint_type: awslambda
    access_method: stored
    amznAccessKey: AKIDEXAMPLE
    amznSecretKey: wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY
    amznRegion: eu-west-1
    x-weir-endpoint-url: http://127.0.0.1:{service}
    x-weir: {{lambda: {{function: bench}}}}"
    );
    projects::write_project(apis, API, &endpoints)
}

/// The same, until it is served.
fn deploy(rig: &Rig, engine: &Running, service: u16) -> anyhow::Result<()> {
    write(&rig.dir.join("apis"), service)?;
    let url = format!("http://127.0.0.1:{}{}/1k", engine.http, api_path(API));
    for _ in 0..100 {
        let mut curl = command("curl");
        curl.args([
            "-sS",
            "--max-time",
            "5",
            "-o",
            "/dev/null",
            "-w",
            "%{http_code} %{content_type}",
        ]);
        if output(curl.arg(&url))? == "200 application/json" {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    ensure!(false, "the function is not served at {url}");
    Ok(())
}
