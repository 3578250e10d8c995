//! `weir mock generate`: scripts of mock APIs, written into their definitions.
//!
//! The definition is written anew where a script has changed, and only then.
//! Archives are left alone: they are what somebody has exported.

use std::path::PathBuf;
use std::process::ExitCode;

use gateway::source::folder::ProjectFolders;
use gateway::source::{Change, LoadedProject};
use mock::generate::{Kind, Outcome, update};
use model::Diagnostics;
use model::project::Project;
use serde_json::{Value, json};

use crate::{INPUT_ERRORS, cli, definition_file, output};

/// What became of one project.
struct Report {
    path: PathBuf,
    /// The file that was written.
    file: Option<String>,
    outcomes: Vec<Outcome>,
    /// Why nothing was done.
    reason: Option<String>,
    is_failed: bool,
    loses_comments: bool,
}

/// Writes the scripts.
pub(crate) fn run(options: &cli::MockGenerate) -> ExitCode {
    if let Some(missing) = options.apis.iter().find(|path| !path.exists()) {
        return output::failure(&format!("{}: there is no such file or folder", missing.display()));
    }
    let changes = ProjectFolders::new(options.apis.clone()).changes();
    if changes.is_empty() {
        return output::failure(
            "there is no API project here: no api.yaml, api.json or zip was found",
        );
    }
    let reports: Vec<Report> =
        changes.into_iter().filter_map(|change| of_change(change, options)).collect();
    if options.json {
        output::json(&json!({ "projects": reports.iter().map(to_json).collect::<Vec<_>>() }));
    } else {
        output::text(&reports.iter().map(to_text).collect::<String>());
    }
    let is_fine = reports.iter().all(|report| !report.is_failed);
    if is_fine { ExitCode::SUCCESS } else { ExitCode::from(INPUT_ERRORS) }
}

fn of_change(change: Change, options: &cli::MockGenerate) -> Option<Report> {
    match change {
        Change::Upsert(project) => Some(of_project(project, options)),
        Change::Unreadable { path, error } => Some(Report::failed(path, error)),
        Change::Remove(_) => None,
    }
}

fn of_project(loaded: LoadedProject, options: &cli::MockGenerate) -> Report {
    let LoadedProject { path, files } = loaded;
    let (project, mut found) = Project::read(files);
    let Some(mut project) = project else { return Report::failed(path, first_error(&found)) };
    let implementation = project.api_definition(&mut found).implementation;
    if implementation != "INLINE" && !options.all {
        let reason = format!(
            "left alone, its endpointImplementationType is {implementation}, not INLINE (see --all)"
        );
        return Report::left_alone(path, reason);
    }
    let Some(definition) = &mut project.definition else {
        let reason = match found.has_errors() {
            true => format!("its definition cannot be read: {}", first_error(&found)),
            false => "it has no definition; add Definitions/swagger.yaml".to_owned(),
        };
        return Report::failed(path, reason);
    };
    if !path.is_dir() {
        let reason = "left alone, it is an archive; unpack it, and generate in the folder";
        return Report::left_alone(path, reason.to_owned());
    }
    let mut value = definition.value().clone();
    let file = definition.path().to_owned();
    let outcomes = update(&mut value, &file, options.force);
    let mut report = Report { outcomes, ..Report::left_alone(path, String::new()) };
    report.reason =
        report.outcomes.is_empty().then(|| "its definition has no operations".to_owned());
    match definition_file::write(&mut project, &report.path, value) {
        Ok(Some(written)) => {
            report.loses_comments = written.loses_comments;
            report.file = Some(written.file);
        }
        Ok(None) => {}
        Err(error) => return Report::failed(report.path, error),
    }
    report
}

impl Report {
    fn left_alone(path: PathBuf, reason: String) -> Self {
        let reason = Some(reason);
        let (outcomes, is_failed, loses_comments) = (Vec::new(), false, false);
        Self { path, file: None, outcomes, reason, is_failed, loses_comments }
    }

    fn failed(path: PathBuf, reason: String) -> Self {
        Self { is_failed: true, ..Self::left_alone(path, reason) }
    }

    fn count(&self, kinds: &[Kind]) -> usize {
        self.outcomes.iter().filter(|outcome| kinds.contains(&outcome.kind)).count()
    }
}

fn first_error(found: &Diagnostics) -> String {
    let first = found.iter().find(|one| one.severity == model::Severity::Error);
    first.map_or_else(
        || "it cannot be read; `weir validate` says more".to_owned(),
        |error| format!("{} ({})", error.message, error.place),
    )
}

fn to_text(report: &Report) -> String {
    let path = report.path.display();
    if let Some(reason) = &report.reason {
        return format!("{path}: {reason}\n");
    }
    let mut text = String::new();
    for outcome in &report.outcomes {
        let Outcome { method, template, kind, notes } = outcome;
        if *kind == Kind::Kept {
            let why = "left alone, the script is not one that was generated here, or was edited";
            text.push_str(&format!("  {method} {template}: {why} (see --force)\n"));
            continue;
        }
        for note in notes {
            text.push_str(&format!("  {method} {template}: {note}\n"));
        }
    }
    if report.loses_comments {
        text.push_str("  the comments of the definition were lost when it was written\n");
    }
    let written = report.count(&[Kind::Written, Kind::Renewed, Kind::Replaced]);
    let written = output::counted(written, "script");
    let (same, kept) = (report.count(&[Kind::Unchanged]), report.count(&[Kind::Kept]));
    format!("{path}: {written} written, {same} unchanged, {kept} left alone\n{text}")
}

fn to_json(report: &Report) -> Value {
    let operations = report.outcomes.iter().map(|outcome| {
        json!({
            "method": outcome.method,
            "path": outcome.template,
            "script": word(outcome.kind),
            "notes": outcome.notes,
        })
    });
    json!({
        "path": report.path.display().to_string(),
        "written": report.file,
        "failed": report.is_failed,
        "reason": report.reason,
        "losesComments": report.loses_comments,
        "operations": operations.collect::<Vec<_>>(),
    })
}

fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Written => "written",
        Kind::Renewed => "renewed",
        Kind::Unchanged => "unchanged",
        Kind::Kept => "left alone",
        Kind::Replaced => "replaced",
    }
}
