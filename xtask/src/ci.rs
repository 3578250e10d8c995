//! Everything that CI runs, in the order of what fails quickest.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::ensure;

use crate::bench::instructions;
use crate::shell::{cargo, root};
use crate::tidy;

type Step = (&'static str, fn() -> anyhow::Result<()>);

const STEPS: &[Step] = &[
    ("format", format),
    ("tidy", tidy::run),
    ("clippy", clippy),
    ("tests", tests),
    ("documentation", documentation),
    ("examples", examples),
    ("instructions", instructions::run),
];

/// `cargo xtask ci`: every step, the later ones too when an earlier one fails.
pub(crate) fn run() -> ExitCode {
    let (mut passed, mut failed) = (0, 0);
    for (index, (name, step)) in STEPS.iter().enumerate() {
        println!("==> [{}/{}] {name}", index + 1, STEPS.len());
        let start = Instant::now();
        let result = step();
        let seconds = start.elapsed().as_secs_f32();
        match result {
            Ok(()) => {
                passed += 1;
                println!("    {name}: ok ({seconds:.1} s)");
            }
            Err(error) => {
                failed += 1;
                println!("    {name}: FAILED ({seconds:.1} s): {error:#}");
            }
        }
    }
    println!("{passed} passed, {failed} failed");
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn format() -> anyhow::Result<()> {
    crate::shell::run(cargo().args(["fmt", "--all", "--check"]))
}

fn clippy() -> anyhow::Result<()> {
    let mut command = cargo();
    command.args(["clippy", "--locked", "--workspace", "--all-targets", "--", "-D", "warnings"]);
    crate::shell::run(&mut command)
}

fn tests() -> anyhow::Result<()> {
    crate::shell::run(cargo().args(["test", "--locked", "--workspace"]))
}

fn documentation() -> anyhow::Result<()> {
    let mut command = cargo();
    command
        .args(["doc", "--locked", "--workspace", "--no-deps"])
        .env("RUSTDOCFLAGS", "-D warnings");
    crate::shell::run(&mut command)
}

fn examples() -> anyhow::Result<()> {
    let projects = example_projects();
    ensure!(!projects.is_empty(), "no API project under examples/");
    let mut command = cargo();
    command.args(["run", "--locked", "--quiet", "--package", "app", "--bin", "weir", "--"]);
    crate::shell::run(command.arg("validate").args(projects))
}

/// The folders below `examples/` that hold an API project.
pub(crate) fn example_projects() -> Vec<PathBuf> {
    let mut projects = projects_below(&root().join("examples"));
    projects.sort();
    projects
}

fn projects_below(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    let folders = entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| path.is_dir());
    let is_project = |path: &Path| path.join("api.yaml").exists() || path.join("api.json").exists();
    folders
        .flat_map(|path| if is_project(&path) { vec![path] } else { projects_below(&path) })
        .collect()
}
