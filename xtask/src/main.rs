//! Chores of this repository: what CI runs, the rules it checks, what has to be installed, and the
//! benchmark. Nothing here is shipped.
#![allow(clippy::print_stdout, reason = "chores talk to the terminal")]

mod bench;
mod ci;
mod setup;
mod shell;
mod tidy;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Debug, Parser)]
#[command(name = "cargo xtask", about = "Chores of this repository", version)]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Debug, Subcommand)]
enum Chore {
    /// Runs everything that CI runs, and counts.
    Ci,
    /// Checks the rules that neither compiler nor clippy checks.
    Tidy,
    /// Installs what tests need, or says what is missing.
    Setup(setup::Options),
    /// Counts the instructions of a few kinds of requests, and fails above their budgets.
    Instructions,
    /// Measures Weir beside the peers that are installed.
    Bench(bench::Options),
}

fn main() -> ExitCode {
    let done = match Arguments::parse().chore {
        Chore::Ci => Ok(ci::run()),
        Chore::Tidy => tidy::run().map(|()| ExitCode::SUCCESS),
        Chore::Setup(options) => setup::run(&options).map(|()| ExitCode::SUCCESS),
        Chore::Instructions => bench::instructions::run().map(|()| ExitCode::SUCCESS),
        Chore::Bench(options) => bench::run(&options).map(|()| ExitCode::SUCCESS),
    };
    done.unwrap_or_else(|error| {
        println!("error: {error:#}");
        ExitCode::FAILURE
    })
}
