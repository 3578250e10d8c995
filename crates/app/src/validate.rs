//! `weir validate`.

use std::path::Path;
use std::process::ExitCode;

use gateway::admin::diagnostic;
use gateway::deploy::{ProjectStatus, State};
use gateway::source::folder::ProjectFolders;
use model::Diagnostics;
use serde_json::{Value, json};

use crate::{INPUT_ERRORS, cli, explain, load, output};

/// Checks projects and prints what is wrong with them.
pub(crate) fn run(options: &cli::Validate) -> ExitCode {
    let loaded = match load::load(&options.home, Default::default()) {
        Ok(loaded) => loaded,
        Err(error) => return output::failure(&error),
    };
    if let Some(missing) = options.paths.iter().find(|path| !path.exists()) {
        return output::failure(&format!("{}: there is no such file or folder", missing.display()));
    }
    let mut folders = ProjectFolders::new(options.paths.clone());
    let mut deployer = match explain::deployer(loaded.config, options.environment.clone()) {
        Ok(deployer) => deployer,
        Err(error) => return output::failure(&error),
    };
    let changes = folders.changes();
    if changes.is_empty() {
        return output::failure(
            "there is no API project here: no api.yaml, api.json or zip was found",
        );
    }
    // Conflicts between projects are found as well, since they are deployed together.
    drop(deployer.apply(changes));
    let statuses: Vec<&ProjectStatus> = deployer.statuses().collect();
    if options.json {
        output::json(&to_json(&statuses));
    } else {
        output::text(&to_text(&statuses));
    }
    let is_fine = statuses.iter().all(|status| status.state != State::Rejected);
    if is_fine { ExitCode::SUCCESS } else { ExitCode::from(INPUT_ERRORS) }
}

fn to_json(statuses: &[&ProjectStatus]) -> Value {
    let projects: Vec<Value> = statuses
        .iter()
        .map(|status| {
            json!({
                "path": status.path.display().to_string(),
                "valid": status.state != State::Rejected,
                "api": status.live.as_deref().map(|live| live.plan.id.clone()),
                "diagnostics": status.diagnostics.iter().map(diagnostic).collect::<Vec<_>>(),
            })
        })
        .collect();
    json!({ "projects": projects })
}

fn to_text(statuses: &[&ProjectStatus]) -> String {
    let mut text = String::new();
    let mut all = Diagnostics::new();
    for status in statuses {
        text.push_str(&output::diagnostics(&shown(&status.path), &status.diagnostics));
        text.push_str(&line(status));
        all.extend(status.diagnostics.clone());
    }
    let projects = output::counted(statuses.len(), "project");
    format!("{text}{projects} checked: {}\n", output::summary(&all))
}

fn line(status: &ProjectStatus) -> String {
    let path = shown(&status.path);
    match (status.state, status.live.as_deref()) {
        (State::Rejected, _) => format!("{path}: refused\n"),
        (State::Elsewhere, _) => format!("{path}: valid, deployed to other environments\n"),
        (State::Deployed, Some(live)) => {
            let plan = &live.plan;
            let operations = output::counted(plan.operations.len(), "operation");
            format!(
                "{path}: valid, {} {} at {} with {operations}\n",
                plan.name, plan.version, plan.context
            )
        }
        (State::Deployed, None) => format!("{path}: valid\n"),
    }
}

/// As the caller would write it: relative where it is below the folder that the caller is in.
fn shown(path: &Path) -> String {
    let here = std::env::current_dir().ok();
    let relative = here.and_then(|here| path.strip_prefix(here).ok());
    relative.filter(|path| !path.as_os_str().is_empty()).unwrap_or(path).display().to_string()
}
