//! `weir mock record`: what a gateway has recorded becomes examples of definitions.

use std::path::PathBuf;
use std::process::ExitCode;

use gateway::source::folder::ProjectFolders;
use gateway::source::{Change, LoadedProject};
use mock::record::{Inserted, insert, name_of};
use model::Diagnostics;
use model::project::Project;
use serde_json::{Value, json};

use crate::{INPUT_ERRORS, cli, definition_file, output, running};

/// An answer that was recorded, as the admin listener shows it.
struct Recorded {
    api: String,
    method: String,
    path: String,
    status: u16,
    media_type: String,
    body: String,
}

/// What became of one project.
struct Report {
    path: PathBuf,
    /// The file that was written.
    file: Option<String>,
    added: usize,
    known: usize,
    notes: Vec<String>,
    is_failed: bool,
}

/// Writes the examples.
pub(crate) fn run(options: &cli::MockRecord) -> ExitCode {
    let target = "/mocks/recordings";
    let address = options.running.as_deref();
    let told = match running::ask(&options.home, address, target) {
        Ok(told) => told,
        Err(reason) => return output::failure(&reason),
    };
    let list = told.get("list").and_then(Value::as_array);
    let recorded: Vec<Recorded> = list.into_iter().flatten().filter_map(Recorded::read).collect();
    if recorded.is_empty() {
        return output::failure(
            "nothing was recorded; set `x-weir-mock: {record: true}` in an operation, and call it",
        );
    }
    let changes = ProjectFolders::new(options.apis.clone()).changes();
    let reports: Vec<Report> =
        changes.into_iter().filter_map(|change| of_change(change, &recorded)).collect();
    if reports.is_empty() {
        return output::failure("no project here is one of an API that was recorded");
    }
    if options.json {
        output::json(&json!({ "projects": reports.iter().map(to_json).collect::<Vec<_>>() }));
    } else {
        output::text(&reports.iter().map(to_text).collect::<String>());
    }
    let is_fine = reports.iter().all(|report| !report.is_failed);
    if is_fine { ExitCode::SUCCESS } else { ExitCode::from(INPUT_ERRORS) }
}

impl Recorded {
    fn read(value: &Value) -> Option<Self> {
        let text = |key: &str| value.get(key)?.as_str().map(str::to_owned);
        Some(Self {
            api: text("api")?,
            method: text("method")?,
            path: text("path")?,
            status: u16::try_from(value.get("status")?.as_u64()?).ok()?,
            media_type: text("mediaType")?,
            body: text("body")?,
        })
    }

    /// Whether it is of the API of this name and version, of whatever tenant.
    fn is_of(&self, id: &str) -> bool {
        let rest = self.api.strip_suffix(id);
        rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('/'))
    }
}

fn of_change(change: Change, recorded: &[Recorded]) -> Option<Report> {
    let Change::Upsert(LoadedProject { path, files }) = change else { return None };
    let (project, _) = Project::read(files);
    let mut project = project?;
    let api = project.api_definition(&mut Diagnostics::new());
    let id = format!("{}/{}", api.name?, api.version?);
    let own: Vec<&Recorded> = recorded.iter().filter(|one| one.is_of(&id)).collect();
    if own.is_empty() {
        return None;
    }
    let mut report =
        Report { path, file: None, added: 0, known: 0, notes: Vec::new(), is_failed: false };
    if !report.path.is_dir() {
        report.notes.push("left alone, it is an archive; unpack it".to_owned());
        return Some(report);
    }
    let Some(mut value) = project.definition.as_ref().map(|it| it.value().clone()) else {
        report.fail("it has no definition that can be read".to_owned());
        return Some(report);
    };
    for one in own {
        report.insert(&mut value, one);
    }
    match definition_file::write(&mut project, &report.path, value) {
        Ok(Some(written)) => {
            if written.loses_comments {
                let lost = "the comments of the definition were lost when it was written";
                report.notes.push(lost.to_owned());
            }
            report.file = Some(written.file);
        }
        Ok(None) => {}
        Err(error) => report.fail(error),
    }
    Some(report)
}

impl Report {
    fn insert(&mut self, definition: &mut Value, one: &Recorded) {
        let Recorded { method, path, status, media_type, body, .. } = one;
        let body = body.as_bytes();
        match insert(definition, method, path, *status, media_type, body, &name_of(body)) {
            Ok(Inserted::Unchanged) => self.known += 1,
            Ok(Inserted::Added | Inserted::Replaced) => self.added += 1,
            Err(reason) => self.notes.push(format!("{method} {path} {status}: {reason}")),
        }
    }

    fn fail(&mut self, reason: String) {
        self.notes.push(reason);
        self.is_failed = true;
    }
}

fn to_text(report: &Report) -> String {
    let (path, known) = (report.path.display(), report.known);
    let added = output::counted(report.added, "example");
    let notes: String = report.notes.iter().map(|note| format!("  {note}\n")).collect();
    format!("{path}: {added} written, {known} known already\n{notes}")
}

fn to_json(report: &Report) -> Value {
    json!({
        "path": report.path.display().to_string(),
        "written": report.file,
        "added": report.added,
        "known": report.known,
        "notes": report.notes,
        "failed": report.is_failed,
    })
}
