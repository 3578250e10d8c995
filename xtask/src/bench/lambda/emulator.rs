//! The same with functions that run: cargo-lambda with one in Python, called in turns directly and
//! through Weir, one call at a time.

use anyhow::Context;
use serde_json::{Value, json};

use super::{API, deploy};
use crate::bench::peer::Peer;
use crate::bench::report::line;
use crate::bench::rig::{Rig, api_path, await_port, free_port};
use crate::bench::trial::Plan;
use crate::setup::venv;
use crate::shell::{command, output};

/// A function, and whoever calls it in turns.
const FUNCTION: &str = include_str!("function.py");
const TURNS: &str = include_str!("turns.py");
/// Pairs of calls for each round.
const PAIRS: usize = 400;

/// The tables and the samples.
pub(super) fn measure(plan: &Plan) -> anyhow::Result<(String, Value)> {
    let program = venv().join("bin/cargo-lambda");
    let mut text = String::new();
    line(&mut text, format_args!("\n### cargo-lambda with a function, one call at a time\n"));
    if !program.is_file() {
        line(&mut text, format_args!("cargo-lambda is not installed (cargo xtask setup)."));
        return Ok((text, Value::Null));
    }
    let rig = Rig::new("lambda-emulator", 1, false, plan.apis.min(10))?;
    let engine = Peer::Weir.start(&rig)?.context("Weir does not start")?;
    let folder = rig.dir.join("functions");
    std::fs::create_dir_all(folder.join("src/bin"))?;
    let manifest = "[package]\nname = \"functions\"\nversion = \"0.0.0\"\n[workspace]\n";
    std::fs::write(folder.join("Cargo.toml"), manifest)?;
    std::fs::write(folder.join("src/bin/bench.rs"), "fn main() {}\n")?;
    let port = free_port()?;
    let mut watch = command(&program);
    watch.args(["lambda", "watch", "--only-lambda-apis", "--quiet", "-A", "127.0.0.1", "-P"]);
    watch.arg(port.to_string()).current_dir(&folder);
    let mut watch = rig.spawn(watch, "cargo-lambda")?;
    await_port(port, &mut watch).context("cargo-lambda")?;
    let mut function = command("python3");
    function.args(["-c", FUNCTION, &format!("127.0.0.1:{port}/.rt/bench")]);
    let _function = rig.spawn(function, "function")?;
    deploy(&rig, &engine, port)?;
    let mut turns = command("python3");
    turns.args(["-c", TURNS, &port.to_string(), &engine.http.to_string()]);
    turns.args([&format!("{}/1k", api_path(API)), &(plan.rounds * PAIRS).to_string()]);
    let seen: Value = serde_json::from_str(&output(&mut turns)?)?;
    let of = |key: &str, quantile: usize| seen[key][quantile].as_f64().unwrap_or(f64::NAN);
    line(&mut text, format_args!("| | p50 ms | p90 ms |\n|---|---|---|"));
    for (key, title) in [("direct", "the emulator itself"), ("weir", "through Weir")] {
        line(&mut text, format_args!("| {title} | {:.3} | {:.3} |", of(key, 0), of(key, 1)));
    }
    line(
        &mut text,
        format_args!(
            "\nOverhead at the median: {:.3} ms; of the differences within each pair: {:.3} ms.",
            of("weir", 0) - of("direct", 0),
            of("difference", 0)
        ),
    );
    Ok((text, json!(seen)))
}
