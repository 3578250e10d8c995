//! The driver in `bench/driver`: loads that wrk and h2load do not make.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

use anyhow::{Context, bail, ensure};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::rig::{Rig, api_path};
use crate::shell::{cargo, root, run as execute};

/// What the driver saw at a fixed rate. Times in microseconds.
#[derive(Debug, Clone, Copy, serde::Serialize, Deserialize)]
pub(crate) struct AtRate {
    /// Requests that were due.
    pub(crate) due: u64,
    /// Answers within the time.
    pub(crate) answered: u64,
    /// Requests that got a wrong answer, or none; only where failures are counted.
    pub(crate) failed: u64,
    /// When the last of them failed, since the start.
    pub(crate) last_failure: Option<f64>,
    /// The start, since 1970.
    pub(crate) began: u64,
    /// How long it took.
    pub(crate) seconds: f64,
    /// The median, from when a request was due.
    pub(crate) p50: f64,
    /// The 99th percentile.
    pub(crate) p99: f64,
    /// The 99.9th percentile.
    pub(crate) p999: f64,
    /// The longest.
    pub(crate) max: f64,
    /// How late requests were sent, at the 99th percentile.
    pub(crate) late_p99: f64,
}

/// What the driver saw of new connections. Times in microseconds.
#[derive(Debug, Clone, Copy, serde::Serialize, Deserialize)]
pub(crate) struct Opened {
    /// How many.
    pub(crate) connections: u64,
    /// How many of them resumed a session.
    pub(crate) resumed: u64,
    /// How long it took.
    pub(crate) seconds: f64,
    /// From the start of a connection to its answer: the median.
    pub(crate) p50: f64,
    /// The 99th percentile.
    pub(crate) p99: f64,
}

/// Connections that are held until `release`.
#[derive(Debug)]
pub(crate) struct Held(Child);

/// Builds it.
pub(crate) fn build() -> anyhow::Result<()> {
    println!("bench: building the driver (release)");
    execute(cargo().args(["build", "--locked", "--release", "--package", "driver"]))
}

/// Puts a fixed rate on whoever listens at `port`; `api` is empty for the backend itself.
pub(crate) fn at_rate(
    rig: &Rig,
    port: u16,
    api: &str,
    rate: f64,
    seconds: u64,
) -> anyhow::Result<AtRate> {
    summary(&mut rate_command(rig, port, api, rate, seconds)?)
}

/// The same, but requests may fail, and are counted.
pub(crate) fn through_failures(
    rig: &Rig,
    port: u16,
    api: &str,
    rate: f64,
    seconds: u64,
) -> anyhow::Result<AtRate> {
    summary(rate_command(rig, port, api, rate, seconds)?.arg("--tolerant"))
}

fn rate_command(
    rig: &Rig,
    port: u16,
    api: &str,
    rate: f64,
    seconds: u64,
) -> anyhow::Result<Command> {
    let mut command = command(rig, "rate", port, api)?;
    command.args(["--rate", &rate.to_string(), "--seconds", &seconds.to_string()]);
    Ok(command)
}

/// Opens TLS connections with one request each.
pub(crate) fn handshakes(
    rig: &Rig,
    port: u16,
    resume: bool,
    seconds: u64,
) -> anyhow::Result<Opened> {
    let mut command = command(rig, "handshakes", port, &any_api(rig))?;
    command.arg("--certificate").arg(rig.dir.join("server.pem"));
    command.args(["--seconds", &seconds.to_string()]).args(resume.then_some("--resume"));
    summary(&mut command)
}

/// Opens connections with one request each and holds them.
pub(crate) fn hold(rig: &Rig, port: u16, tls: bool, connections: usize) -> anyhow::Result<Held> {
    let mut command = command(rig, "hold", port, &any_api(rig))?;
    command.args(["--connections", &connections.to_string()]);
    if tls {
        command.arg("--certificate").arg(rig.dir.join("server.pem"));
    }
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut held = Held(command.spawn().context("cannot start the driver")?);
    let mut line = String::new();
    let stdout = held.0.stdout.take().context("the driver has no output")?;
    BufReader::new(stdout).read_line(&mut line)?;
    if line.is_empty() {
        held.release()?;
        bail!("the driver said nothing");
    }
    Ok(held)
}

impl Held {
    /// Closes the connections; an error when one had been closed before, or none was ever open.
    pub(crate) fn release(mut self) -> anyhow::Result<()> {
        drop(self.0.stdin.take());
        let mut complaint = String::new();
        if let Some(mut stderr) = self.0.stderr.take() {
            std::io::Read::read_to_string(&mut stderr, &mut complaint)?;
        }
        let status = self.0.wait()?;
        ensure!(status.success(), "the driver: {}", complaint.trim());
        Ok(())
    }
}

/// The API that is asked, among all.
pub(crate) fn any_api(rig: &Rig) -> String {
    api_path(rig.asked())
}

fn command(rig: &Rig, kind: &str, port: u16, api: &str) -> anyhow::Result<Command> {
    let program: PathBuf = root().join("target/release/driver");
    ensure!(program.is_file(), "target/release/driver is not built");
    let mut command = rig.pinned_to(1, &program);
    command.args([kind, "--port", &port.to_string(), "--path", &format!("{api}/1k")]);
    command.args(["--length", "1024"]);
    Ok(command)
}

fn summary<T: DeserializeOwned>(command: &mut Command) -> anyhow::Result<T> {
    let Output { status, stdout, stderr } = command.output().context("cannot start the driver")?;
    ensure!(status.success(), "the driver: {}", String::from_utf8_lossy(&stderr).trim());
    Ok(serde_json::from_slice(&stdout)?)
}
