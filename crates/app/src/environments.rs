//! `weir environments`.

use std::process::ExitCode;

use gateway::config::environments;
use gateway::config::overrides::Overrides;

use crate::{INPUT_ERRORS, cli, load, output};

/// Prints the gateway environments as read.
pub(crate) fn run(options: &cli::Environments) -> ExitCode {
    let overrides = match Overrides::from_environment(|name| std::env::var(name).ok()) {
        Ok(overrides) => overrides,
        Err(error) => return output::failure(&error.to_string()),
    };
    let loaded = match load::load(&options.home, overrides) {
        Ok(loaded) => loaded,
        Err(error) => return output::failure(&error),
    };
    if options.json {
        output::json(&environments::environments_json(&loaded.config, &loaded.settings));
    } else {
        output::text(&environments::environments_text(&loaded.config, &loaded.settings));
        output::text(&output::diagnostics("", &loaded.diagnostics));
    }
    if loaded.diagnostics.has_errors() { ExitCode::from(INPUT_ERRORS) } else { ExitCode::SUCCESS }
}
