//! `weir lambda list`: the functions that an account of AWS has in a region.

use std::process::ExitCode;
use std::sync::Arc;

use gateway::config::overrides::Overrides;
use gateway::functions::{self, Asked, Functions};
use gateway::upstream::tls::TrustStore;
use serde_json::json;

use crate::{cli, load, output};

/// Prints their ARNs.
pub(crate) fn run(options: &cli::LambdaList) -> ExitCode {
    let Functions { region, arns } = match list(options) {
        Ok(functions) => functions,
        Err(why) => return output::failure(&why),
    };
    if options.json {
        output::json(&json!({ "region": region, "count": arns.len(), "list": arns }));
    } else {
        output::text(&arns.iter().map(|arn| format!("{arn}\n")).collect::<String>());
    }
    ExitCode::SUCCESS
}

fn list(options: &cli::LambdaList) -> Result<Functions, String> {
    let overrides = Overrides::from_environment(|name| std::env::var(name).ok());
    let overrides = overrides.map_err(|error| error.to_string())?;
    let loaded = load::load(&options.home, overrides)?;
    if loaded.diagnostics.has_errors() {
        return Err(output::diagnostics("", &loaded.diagnostics));
    }
    let config = loaded.config;
    let trust = TrustStore::load(&config.upstream_tls).map_err(|error| error.to_string())?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("cannot start: {error}"))?;
    let asked = Asked { region: options.region.clone(), role: options.role_arn.clone() };
    let listed = runtime.block_on(functions::list(asked, &config, Arc::new(trust)));
    listed.map_err(|error| error.to_string())
}
