//! The instructions that a request costs in the program itself, counted by callgrind.
//!
//! The count is the same whatever else the machine does, so it can guard the request path where a
//! time cannot. The kernel's share is not counted.

use std::fs;
use std::path::Path;

use anyhow::{Context, ensure};

use super::peer::weir_command;
use super::projects;
use super::rig::{Rig, api_path, await_port, free_port};
use crate::shell::{cargo, command, find, output, root, run as execute};

/// Most instructions for a GET of 1 KiB over kept connections. Lower it after an improvement; raise
/// it only with the reason in the commit.
const BUDGET: u64 = 52_000;
/// Requests of the two runs; what start and end cost falls out of their difference.
const FEW: u64 = 400;
const MANY: u64 = 2_400;
/// How many APIs are served. Few, since looking after their folders costs something by the second.
const APIS: usize = 10;
/// Programs that the count needs.
const TOOLS: [&str; 3] = ["valgrind", "nginx", "h2load"];

/// `cargo xtask instructions`: counts, and fails above the budget.
pub(crate) fn run() -> anyhow::Result<()> {
    if let Some(missing) = TOOLS.iter().find(|tool| find(tool).is_none()) {
        println!("    instructions: skipped, {missing} is not installed (cargo xtask setup)");
        return Ok(());
    }
    execute(cargo().args([
        "build",
        "--locked",
        "--quiet",
        "--profile",
        "quick",
        "--package",
        "app",
    ]))?;
    let rig = Rig::new("instructions", 1, false, APIS)?;
    projects::write(&rig.dir.join("apis"), rig.apis, &format!("http://127.0.0.1:{}", rig.backend))?;
    let (few, many) = (count(&rig, FEW)?, count(&rig, MANY)?);
    let each = many.saturating_sub(few) / (MANY - FEW);
    println!("    instructions for a request: {each} of {BUDGET}");
    ensure!(each <= BUDGET, "a request costs {each} instructions, the budget is {BUDGET}");
    // A count that is far too small means that nothing was served.
    ensure!(each > BUDGET / 4, "{each} instructions for a request cannot be right");
    Ok(())
}

/// The instructions of one life of the program that serves so many requests.
fn count(rig: &Rig, requests: u64) -> anyhow::Result<u64> {
    let file = rig.dir.join(format!("callgrind.{requests}"));
    let mut valgrind = command(find("valgrind").context("no valgrind")?);
    valgrind.arg("--tool=callgrind").arg(format!("--callgrind-out-file={}", file.display()));
    valgrind.arg(root().join("target/quick/weir"));
    let (http, https) = (free_port()?, free_port()?);
    weir_command(rig, &rig.dir.join("apis"), http, https, &mut valgrind)?;
    let mut daemon = rig.spawn(valgrind, "weir")?;
    await_port(http, &mut daemon)?;
    let mut load = command(find("h2load").context("no h2load")?);
    load.args(["--h1", "-c", "8", "-t", "1", "-n", &requests.to_string()]);
    load.arg(format!("http://127.0.0.1:{http}{}/1k", api_path(rig.apis / 2)));
    let report = output(&mut load)?;
    let good = format!("{requests} succeeded");
    ensure!(report.contains(&good) && report.contains(&format!("{requests} 2xx")), "{report}");
    // Ended by a signal; callgrind writes its file then.
    drop(daemon);
    total(&file)
}

fn total(file: &Path) -> anyhow::Result<u64> {
    let text = fs::read_to_string(file).with_context(|| format!("no {}", file.display()))?;
    let line = text.lines().find_map(|line| line.strip_prefix("totals:"));
    line.and_then(|number| number.trim().parse().ok()).context("callgrind counted nothing")
}
