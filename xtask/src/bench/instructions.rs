//! The instructions that requests cost in the program itself, counted by callgrind.
//!
//! The count is the same whatever else the machine does, so it can guard the request path where a
//! time cannot. The kernel's share is not counted.

use std::fs;
use std::path::Path;

use anyhow::{Context, ensure};

use super::content::Content;
use super::lambda;
use super::load::h2load_summary;
use super::mocks::{self, Mock};
use super::peer::weir_command;
use super::policies::{self, Policy};
use super::projects;
use super::rig::{Rig, api_path, await_port, free_port};
use crate::shell::{cargo, command, find, output, root, run as execute};

/// A request whose cost is guarded.
struct Scenario {
    name: &'static str,
    path: &'static str,
    /// Whether it has the headers that policies look for, also where there is no policy.
    is_marked: bool,
    /// What the API does to it.
    policy: Option<Policy>,
    /// Who answers in the place of the backend.
    mock: Option<Mock>,
    /// Whether a function answers.
    is_function: bool,
    /// What the body holds.
    content: Content,
    /// How many bytes are sent.
    upload: usize,
    /// How many bytes come back.
    answer: u64,
    /// How many of it are counted.
    more: u64,
    /// Most instructions that it may cost. Lower it after an improvement; raise it only with the
    /// reason in the commit.
    budget: u64,
}

/// The plain one that the others differ from.
const GET: Scenario = Scenario {
    name: "GET 1 KiB",
    path: "/1k",
    is_marked: false,
    policy: None,
    mock: None,
    is_function: false,
    content: Content::Filler,
    upload: 0,
    answer: 1024,
    more: MORE,
    budget: 42_000,
};

/// The scenarios, over kept connections; budgets are about 4 % above what was measured.
const SCENARIOS: [Scenario; 11] = [
    GET,
    Scenario { name: "POST 1 KiB", path: "/post", upload: 1024, budget: 44_000, ..GET },
    Scenario { name: "GET 64 KiB", path: "/64k", answer: 64 * 1024, budget: 48_000, ..GET },
    Scenario { name: "GET 1 KiB, three headers more", is_marked: true, budget: 46_000, ..GET },
    Scenario {
        name: "GET 1 KiB, add and remove a header",
        policy: Some(Policy::Headers),
        budget: 51_000,
        ..GET
    },
    Scenario {
        name: "GET 1 KiB, rule on a header",
        policy: Some(Policy::HeaderRule),
        budget: 51_000,
        ..GET
    },
    Scenario {
        name: "POST 1 KiB, switch on a JSONPath",
        path: "/post",
        policy: Some(Policy::JsonPath),
        content: Content::Json,
        upload: 1024,
        more: MORE_OF_MUCH,
        budget: 85_000,
        ..GET
    },
    Scenario {
        name: "POST 1 KiB, switch on an XPath",
        path: "/post",
        policy: Some(Policy::XPath),
        content: Content::Soap,
        upload: 1024,
        more: MORE_OF_MUCH,
        budget: 230_000,
        ..GET
    },
    Scenario {
        name: "POST 1 KiB, JSON to XML and back",
        path: "/xml",
        policy: Some(Policy::Converted),
        content: Content::Json,
        upload: 1024,
        answer: 676,
        more: MORE_OF_MUCH,
        budget: 730_000,
        ..GET
    },
    Scenario {
        name: "GET 642 B, example of a mock",
        path: "/menu?kind=all",
        mock: Some(Mock::Example),
        answer: mocks::BODY.len() as u64,
        budget: 22_500,
        ..GET
    },
    // Hashes cost callgrind more than they cost: it does not have the processor's instructions for
    // SHA-256.
    Scenario { name: "GET 1 KiB, function", is_function: true, budget: 250_000, ..GET },
];

/// Requests of each scenario in every life of the program; what start and end cost, and each
/// scenario's first requests, fall out of the difference of two lives.
const FEW: u64 = 400;
/// Requests that one scenario has in addition in its own life. So many, because no two starts cost the
/// same: gathering entropy takes millions of instructions more or less, which fall on these.
const MORE: u64 = 8_000;
/// The same for requests that cost so much that the difference does not matter.
const MORE_OF_MUCH: u64 = 2_000;
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
    for policy in SCENARIOS.iter().filter_map(|scenario| scenario.policy) {
        policies::write(&rig, &rig.dir.join("apis"), policy)?;
    }
    for mock in SCENARIOS.iter().filter_map(|scenario| scenario.mock) {
        mocks::write(&rig.dir.join("apis"), mock)?;
    }
    lambda::write(&rig.dir.join("apis"), rig.backend)?;
    let base = count(&rig, None)?;
    let mut over = Vec::new();
    for scenario in &SCENARIOS {
        let Scenario { name, more, budget, .. } = scenario;
        let each = count(&rig, Some(scenario))?.saturating_sub(base) / more;
        println!("    instructions for {name}: {each} of {budget}");
        // A count that is far too small means that nothing was served.
        ensure!(each > budget / 4, "{each} instructions for {name} cannot be right");
        if each > *budget {
            over.push(format!("{name} costs {each} instructions, its budget is {budget}"));
        }
    }
    ensure!(over.is_empty(), "{}", over.join("; "));
    Ok(())
}

/// The instructions of one life of the program that serves a few requests of each scenario, and many
/// of one.
fn count(rig: &Rig, many: Option<&Scenario>) -> anyhow::Result<u64> {
    let name = many.map_or_else(|| "base".to_owned(), |scenario| scenario.name.replace(' ', "-"));
    let file = rig.dir.join(format!("callgrind.{name}"));
    let mut valgrind = command(find("valgrind").context("no valgrind")?);
    valgrind.arg("--tool=callgrind").arg(format!("--callgrind-out-file={}", file.display()));
    valgrind.arg(root().join("target/quick/weir"));
    let (http, https) = (free_port()?, free_port()?);
    weir_command(rig, &rig.dir.join("apis"), http, https, &mut valgrind)?;
    let mut daemon = rig.spawn(valgrind, "weir")?;
    await_port(http, &mut daemon)?;
    for scenario in &SCENARIOS {
        let is_many = many.is_some_and(|many| many.name == scenario.name);
        send(rig, http, scenario, if is_many { FEW + scenario.more } else { FEW })?;
    }
    // Ended by a signal; callgrind writes its file then.
    drop(daemon);
    total(&file)
}

/// Sends requests, and makes sure that each was answered in full.
fn send(rig: &Rig, port: u16, scenario: &Scenario, requests: u64) -> anyhow::Result<()> {
    let mut load = command(find("h2load").context("no h2load")?);
    load.args(["--h1", "-c", "8", "-t", "1", "-n", &requests.to_string()]);
    if scenario.upload > 0 {
        let body = rig.dir.join("upload");
        fs::write(&body, scenario.content.bytes(scenario.upload))?;
        load.arg("-d").arg(body);
    }
    let mut api = rig.apis / 2;
    if let Some(policy) = scenario.policy {
        api = policy.api(rig);
    }
    if let Some(mock) = scenario.mock {
        api = mock.api();
    }
    if scenario.is_function {
        api = lambda::API;
    }
    if scenario.is_marked || scenario.policy.is_some() {
        load.args(["-H", "X-Region: eu", "-H", "X-Dropped: dropped"]);
        load.args(["-H", &format!("Content-Type: {}", scenario.content.media_type())]);
    }
    load.arg(format!("http://127.0.0.1:{port}{}{}", api_path(api), scenario.path));
    let report = output(&mut load)?;
    let seen = h2load_summary(&report).context("h2load printed no summary")?;
    let right =
        (seen.requests, seen.failed, seen.bytes) == (requests, 0, requests * scenario.answer);
    ensure!(right, "{}: {report}", scenario.name);
    Ok(())
}

fn total(file: &Path) -> anyhow::Result<u64> {
    let text = fs::read_to_string(file).with_context(|| format!("no {}", file.display()))?;
    let line = text.lines().find_map(|line| line.strip_prefix("totals:"));
    line.and_then(|number| number.trim().parse().ok()).context("callgrind counted nothing")
}
