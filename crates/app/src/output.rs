//! Everything that is printed on standard output, and the exit status that goes with it.

#![allow(clippy::print_stdout, reason = "this is where the command line prints")]

use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;

use clap::error::ErrorKind;
use model::{Diagnostic, Diagnostics, Severity};
use serde_json::{Value, json};

use crate::{INPUT_ERRORS, WRONG_USAGE};

/// Prints text; that a reader went away changes nothing, least of all that a gateway serves.
pub(crate) fn text(text: &str) {
    let mut out = std::io::stdout().lock();
    if let Err(error) = out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        tracing::debug!(%error, "Standard output is gone.");
    }
}

/// Prints one JSON document.
pub(crate) fn json(value: &Value) {
    text(&format!("{value:#}\n"));
}

/// Prints the version.
pub(crate) fn version(as_json: bool) -> ExitCode {
    let version = env!("CARGO_PKG_VERSION");
    if as_json {
        json(&json!({ "name": "weir", "version": version }));
    } else {
        text(&format!("weir {version}\n"));
    }
    ExitCode::SUCCESS
}

/// Prints what is wrong with the command line, or the help that was asked for.
pub(crate) fn usage(error: &clap::Error) -> ExitCode {
    let is_help = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    if let Err(failed) = error.print() {
        tracing::debug!(%failed, "The usage could not be printed.");
    }
    if is_help { ExitCode::SUCCESS } else { ExitCode::from(WRONG_USAGE) }
}

/// Prints one failure that is no diagnostic, on standard error.
pub(crate) fn failure(message: &str) -> ExitCode {
    #[allow(clippy::print_stderr, reason = "a failure before or after logging")]
    {
        eprintln!("weir: {message}");
    }
    ExitCode::from(INPUT_ERRORS)
}

/// Refuses a command line that cannot be taken, on standard error.
pub(crate) fn wrong_usage(message: &str) -> ExitCode {
    // Printed the same; only the exit status differs.
    let _input_errors = failure(message);
    ExitCode::from(WRONG_USAGE)
}

/// Refuses a command that is promised for a later version.
pub(crate) fn not_yet(command: &str) -> ExitCode {
    wrong_usage(&format!("`{command}` is not in this version; `weir help` lists what is"))
}

/// The diagnostics of one file tree as a compiler would print them.
pub(crate) fn diagnostics(prefix: &str, diagnostics: &Diagnostics) -> String {
    let is_coloured = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    diagnostics.iter().map(|one| diagnostic(prefix, one, is_coloured)).collect()
}

fn diagnostic(prefix: &str, diagnostic: &Diagnostic, is_coloured: bool) -> String {
    let Diagnostic { severity, code, place, message, help } = diagnostic;
    let word = severity.as_str();
    let head = if is_coloured {
        let colour = match severity {
            Severity::Error => "31",
            Severity::Warning => "33",
            Severity::Note => "36",
        };
        format!("\x1b[1;{colour}m{word}[{code}]\x1b[0m")
    } else {
        format!("{word}[{code}]")
    };
    let separator = if prefix.is_empty() || place.file.is_empty() { "" } else { "/" };
    format!("{head}: {message}\n  --> {prefix}{separator}{place}\n  help: {help}\n")
}

/// How many of each severity, in words.
pub(crate) fn summary(diagnostics: &Diagnostics) -> String {
    let count = |severity| diagnostics.iter().filter(|one| one.severity == severity).count();
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    format!("{} and {}", counted(errors, "error"), counted(warnings, "warning"))
}

/// A number with its noun.
pub(crate) fn counted(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}
