//! Mocks of public documents, called by Schemathesis, which holds every answer against the
//! document: its status, its media type, its headers and its body.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use model::yaml;
use serde_json::{Map, Value, json};
use testkit::{Project, workspace_root};

use crate::gateway::Weir;

/// So many operations of a document are called. `WEIR_CORPUS_OPERATIONS` says another number, and
/// takes all documents: a run that takes its time.
const OPERATIONS: usize = 16;
/// Larger ones take long to read.
const LARGE: usize = 1 << 20;
/// How often an operation is called with made-up requests, besides those of its examples.
const EXAMPLES: &str = "3";
/// The documents of `@readme/oas-examples` that are called.
const CHOSEN: &[&str] = &[
    "2.0/json/petstore.json",
    "2.0/json/petstore-expanded.json",
    "3.0/json/complex-nesting.json",
    "3.0/json/discriminators.json",
    "3.0/json/http-status-codes.json",
    "3.0/json/polymorphism.json",
    "3.0/json/response-examples.json",
    "3.0/json/response-http-behavior.json",
    "3.0/json/response-multiple-mediatypes.json",
    "3.0/json/response-schemas.json",
    "3.0/json/schema-circular.json",
    "3.0/json/uspto.json",
    "3.1/json/petstore.json",
    "3.1/json/schema-types.json",
    "3.1/json/train-travel.json",
];
/// Operations that nobody can answer rightly: the end of the file's name, the path, and why.
const EXCEPTIONS: &[(&str, &str, &str)] = &[
    ("train-travel.json", "/bookings/{bookingId}/payment", "its example has what is `writeOnly`"),
    ("missing-reference.yaml", "/pets", "its schema is not there"),
    ("separate/spec/openapi.yaml", "/pets", "its schema is in another file"),
    ("separate/spec/openapi.yaml", "/pets/{petId}", "its schema is in another file"),
    ("parent-reference/openapi.yaml", "/pets", "its parameters are in another file"),
    ("circular-request-bodies.json", "/direct", "its schema has no finite value"),
    ("schema-deprecated.json", "/anything", "its schemas are told apart by nothing"),
    ("complex-nesting.json", "/multischema/of-everything", "its schemas are told apart by nothing"),
    ("parameters-style.json", "/anything/path/label/{primitive}/{array}/{object}", "paths of dots"),
    ("readme.json", "/owlbot/ask", "it accepts a media type that it does not answer"),
    ("schema-types.json", "/anything/quirks/polymorphism", "its body has no valid value"),
];
const METHODS: &[&str] = &["get", "put", "post", "delete", "options", "head", "patch"];
/// What nobody may do, whatever a document asks for.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
                      response_headers_conformance,response_schema_conformance";

#[tokio::test]
#[allow(clippy::print_stderr, reason = "a skipped test says so")]
async fn answers_conform_to_their_documents() {
    let program = workspace_root().join("target/venv/bin/schemathesis");
    if !program.is_file() {
        eprintln!("skipped: target/venv has no schemathesis (cargo xtask setup)");
        return;
    }
    let wanted = std::env::var("WEIR_CORPUS_OPERATIONS").ok();
    let wanted: Option<usize> = wanted.and_then(|number| number.parse().ok());
    let files = files(wanted.is_some());
    if files.is_empty() {
        eprintln!("skipped: there are no documents (cargo xtask setup)");
        return;
    }
    let (mut called, mut failures) = (0, String::new());
    // Two at a time: most of it is the start of a program.
    for files in files.chunks(2) {
        let mut running = Vec::new();
        for file in files {
            let Some(document) = read(file, wanted.unwrap_or(OPERATIONS)) else { continue };
            let weir = Weir::start(&project(&document));
            let (program, url) = (program.clone(), weir.url("/mock/1.0"));
            let run = tokio::task::spawn_blocking(move || run(&program, &document, &url));
            running.push((file, weir, run));
        }
        for (file, _weir, run) in running {
            called += 1;
            if let Err(said) = run.await.unwrap() {
                failures.push_str(&format!("{}:\n{said}\n", file.display()));
            }
        }
    }
    assert!(failures.is_empty(), "{failures}");
    assert!(called > 3, "{called} documents");
}

/// Documents that are there, in a fixed order.
fn files(all: bool) -> Vec<PathBuf> {
    let target = workspace_root().join("target");
    let mut files = Vec::new();
    gather(&target.join("corpus/openapi"), &mut files);
    let examples = target.join("node/node_modules/@readme/oas-examples");
    if all {
        gather(&examples, &mut files);
    } else {
        files.extend(CHOSEN.iter().map(|name| examples.join(name)).filter(|file| file.is_file()));
        let is_small = |file: &PathBuf| file.metadata().is_ok_and(|it| it.len() <= LARGE as u64);
        files.retain(is_small);
    }
    files.sort();
    files
}

fn gather(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let is_document = path.extension().is_some_and(|known| known == "yaml" || known == "json");
        match entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            true => gather(&path, files),
            false if is_document => files.push(path),
            false => {}
        }
    }
}

/// A document with about so many of its operations; `None` where it is none, or nobody can call it.
fn read(file: &Path, wanted: usize) -> Option<Value> {
    let mut document = yaml::parse("openapi.yaml", &std::fs::read(file).ok()?).ok()?;
    let version = document.get("openapi").or(document.get("swagger"))?.as_str()?;
    if !["2.0", "3.0", "3.1"].iter().any(|known| version.starts_with(known)) {
        return None;
    }
    let mut paths = document.get("paths")?.as_object()?.clone();
    let name = file.to_string_lossy();
    paths.retain(|path, _| {
        !EXCEPTIONS.iter().any(|(end, at, _)| name.ends_with(end) && path.as_str() == *at)
    });
    let all: usize = paths.values().map(|item| operations(item).count()).sum();
    let step = all.div_ceil(wanted.max(1)).max(1);
    let (mut number, mut kept) = (0, Map::new());
    for (path, item) in paths {
        let mut left = item.clone();
        for method in METHODS {
            let is_asked = operations(&item).any(|known| known == *method);
            if !is_asked || number % step != 0 {
                left.as_object_mut()?.shift_remove(*method);
            }
            number += usize::from(is_asked);
        }
        if operations(&left).next().is_some() {
            kept.insert(path, left);
        }
    }
    if kept.is_empty() {
        return None;
    }
    document["paths"] = Value::Object(kept);
    prune(&mut document);
    Some(document)
}

fn operations(item: &Value) -> impl Iterator<Item = &'static str> {
    METHODS.iter().copied().filter(|method| item.get(method).is_some_and(has_answer))
}

/// Whether an operation declares an answer that is no failure of the server. Where there is none,
/// 501 or that failure is all that a mock can say.
fn has_answer(operation: &Value) -> bool {
    let given = operation.get("responses").and_then(usual);
    given.is_some_and(|status| !status.starts_with(['1', '5']))
}

/// The status that is answered without a wish.
fn usual(responses: &Value) -> Option<&str> {
    let order = |status: &&String| match status.as_str() {
        "default" => (1, String::new()),
        status if status.starts_with('2') => (0, status.to_owned()),
        status => (2, status.to_owned()),
    };
    let statuses = responses.as_object()?.keys().filter(|status| !status.starts_with(['1', 'x']));
    statuses.min_by_key(order).map(String::as_str)
}

/// Takes out the components that nobody refers to any more.
fn prune(document: &mut Value) {
    let (mut used, mut next) = (BTreeSet::new(), vec![document["paths"].clone()]);
    while let Some(value) = next.pop() {
        let mut found = Vec::new();
        references(&value, &mut found);
        for reference in found {
            if let Some(target) = document.pointer(&reference)
                && used.insert(reference)
            {
                next.push(target.clone());
            }
        }
    }
    let is_used = |place: &str| used.iter().any(|known| known.starts_with(place));
    for (group, kept) in [("/components/schemas", "schemas"), ("/definitions", "definitions")] {
        if let Some(all) = document.pointer_mut(group).and_then(Value::as_object_mut) {
            let part = group.trim_end_matches(kept);
            all.retain(|name, _| {
                is_used(&format!("{part}{kept}/{}", name.replace('~', "~0").replace('/', "~1")))
            });
        }
    }
}

fn references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            if let Some(place) = map.get("$ref").and_then(Value::as_str) {
                found.extend(place.strip_prefix('#').map(str::to_owned));
            }
            map.values().for_each(|value| references(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

/// A mock of a document.
fn project(document: &Value) -> Project {
    let mut project = Project::new("Mock", "1.0", "/mock")
        .set("endpointImplementationType", json!("MOCKED_OAS"))
        .set("lifeCycleStatus", json!("PROTOTYPED"));
    for (path, item) in document["paths"].as_object().into_iter().flatten() {
        for method in operations(item) {
            project = project.operation(&method.to_ascii_uppercase(), path).open();
        }
    }
    project.file("Definitions/swagger.yaml", document.to_string())
}

/// The document as Schemathesis is given it. In OpenAPI 2.0 an answer without a schema has no body
/// ("Response Object"); Schemathesis wants a media type of `produces` there all the same.
fn told(document: &Value) -> Value {
    let mut document = document.clone();
    if document.get("swagger").is_none() {
        return document;
    }
    // An empty list in an operation does not count there, so the one for all has to go.
    let all = document.as_object_mut().and_then(|document| document.shift_remove("produces"));
    let items = document["paths"].as_object_mut().into_iter().flat_map(Map::values_mut);
    for operation in items.filter_map(Value::as_object_mut).flat_map(Map::values_mut) {
        let Some(operation) = operation.as_object_mut() else { continue };
        let Some(responses) = operation.get("responses") else { continue };
        if usual(responses).is_some_and(|status| responses[status].get("schema").is_none()) {
            operation.shift_remove("produces");
        } else if let Some(all) = &all {
            operation.entry("produces").or_insert_with(|| all.clone());
        }
    }
    document
}

/// Calls every operation; what was found, where anything was.
fn run(program: &Path, document: &Value, url: &str) -> Result<(), String> {
    let dir = tempfile::TempDir::new().unwrap();
    let file = dir.path().join("openapi.json");
    std::fs::write(&file, told(document).to_string()).unwrap();
    let mut command = Command::new(program);
    command.arg("run").arg(&file).args(["--url", url, "--checks", CHECKS]);
    command.args(["--phases", "examples,coverage,fuzzing", "--mode", "positive"]);
    command.args(["--max-examples", EXAMPLES, "--seed", "1", "--generation-deterministic"]);
    command.args(["--no-shrink", "--continue-on-failure"]);
    command.args(["--suppress-health-check", "all", "--warnings", "off", "--no-color"]);
    let done = command.current_dir(dir.path()).output().unwrap();
    if done.status.success() {
        return Ok(());
    }
    let text = [done.stdout, done.stderr].concat();
    Err(String::from_utf8_lossy(&text).into_owned())
}
