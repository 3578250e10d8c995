//! Logs on standard error: text on a terminal, JSON lines otherwise.

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;

/// Whether standard error is a terminal.
pub(crate) fn is_terminal() -> bool {
    std::io::stderr().is_terminal()
}

/// Starts logging; `WEIR_LOG` picks what is logged, in `tracing`'s filter language.
pub(crate) fn start() {
    let filter =
        EnvFilter::try_from_env("WEIR_LOG").unwrap_or_else(|_unset| EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = if is_terminal() {
        let is_coloured = std::env::var_os("NO_COLOR").is_none();
        builder.with_ansi(is_coloured).with_target(false).try_init()
    } else {
        builder.json().flatten_event(true).with_target(false).with_current_span(false).try_init()
    };
    if let Err(error) = started {
        tracing::debug!(%error, "Logging was started before.");
    }
}
