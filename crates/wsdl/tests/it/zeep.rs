//! Services, ports, operations, actions and elements beside those that zeep finds.
//!
//! Skipped where `target/venv` has no zeep, or there are no WSDLs.

use std::collections::HashMap;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::{Map, Value, json};
use wsdl::description::{BindingKind, BindingOperation, Style};
use wsdl::{Description, Limits, Location, read};

use crate::support::{Anywhere, Collection, collections, errors};

/// The schemas that are built in, which zeep would fetch from the web.
const KNOWN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/schema/known");
/// How many WSDLs both read, at least.
const COMPARED: usize = 75;

#[test]
fn both_find_the_same_operations() {
    let (mut questions, mut ours) = (Vec::new(), Vec::new());
    let collections = collections();
    for collection in &collections {
        let full = |path: &str| collection.folder.join(path);
        let names: HashMap<_, _> =
            collection.names.iter().map(|(name, path)| (name, full(path))).collect();
        for path in collection.wsdls() {
            let Some(summary) = summary(collection, &path) else { continue };
            questions.push((full(&path), names.clone()));
            ours.push(summary);
        }
    }
    let Some(theirs) = ask(&questions).filter(|_| !questions.is_empty()) else { return };
    assert_eq!(theirs.len(), ours.len());
    let (mut same, mut different) = (0, Vec::new());
    for (((path, _), ours), theirs) in questions.iter().zip(&ours).zip(&theirs) {
        match theirs.get("services") {
            Some(services) if services == ours => same += 1,
            Some(services) => {
                different.push(format!("{}\n  ours {ours}\n  zeep {services}", path.display()));
            }
            None => eprintln!("not read by zeep: {}: {}", path.display(), theirs["error"]),
        }
    }
    eprintln!("{same} of {} WSDLs are the same for zeep", ours.len());
    assert!(different.is_empty(), "{} differ:\n{}", different.len(), different.join("\n"));
    assert!(same >= COMPARED, "only {same} were compared");
}

/// What the script says of a WSDL, by our reader; nothing where there are errors.
fn summary(collection: &Collection, path: &str) -> Option<Value> {
    let location = Location::path(path).unwrap();
    let reading = read(&Anywhere(collection), &location, &Limits::default());
    let is_sound = errors(&reading.found).is_empty();
    reading.description.filter(|_| is_sound).map(|description| services(&description))
}

fn services(description: &Description) -> Value {
    let mut services = Map::new();
    // zeep leaves out what imported WSDLs serve.
    let first = description.services().iter();
    let first = first.filter(|one| one.source.document.is_some_and(|id| id.index() == 0));
    for service in first {
        let mut ports = Map::new();
        for port in &service.ports {
            let binding = description.binding(port.binding);
            if binding.is_missing {
                continue;
            }
            let mut found = json!({ "address": port.address() });
            if matches!(binding.kind, BindingKind::Soap { .. }) {
                let operations = binding.operations.iter();
                let operations: Map<_, _> = operations
                    .map(|bound| (bound.name.clone(), operation(description, bound)))
                    .collect();
                found["operations"] = Value::Object(operations);
            }
            ports.insert(port.name.clone(), found);
        }
        services.insert((*service.name.local).to_owned(), Value::Object(ports));
    }
    Value::Object(services)
}

fn operation(description: &Description, bound: &BindingOperation) -> Value {
    let style = if bound.style == Style::Rpc { "rpc" } else { "document" };
    json!({
        "action": bound.soap_action.clone().unwrap_or_default(),
        "style": style,
        "input": (bound.style == Style::Document).then(|| input(description, bound)).flatten(),
    })
}

/// The element that a body is, in Clark's notation.
fn input(description: &Description, bound: &BindingOperation) -> Option<String> {
    let operation = &description.port_type(bound.port_type).operations[bound.operation];
    let message = description.message(operation.input.as_ref()?.message);
    let body = bound.input.as_ref()?.body.as_ref()?;
    let [part] = body.parts.as_slice() else { return None };
    let part = &message.parts[*part];
    // What has no element is called as the part.
    let Some(element) = part.element() else { return Some(part.name.clone()) };
    let name = &description.schemas().element(element).name;
    Some(match &*name.namespace {
        "" => (*name.local).to_owned(),
        namespace => format!("{{{namespace}}}{}", name.local),
    })
}

/// What zeep says; nothing where there is no zeep.
fn ask(questions: &[(PathBuf, HashMap<&String, PathBuf>)]) -> Option<Vec<Value>> {
    let python = testkit::workspace_root().join("target/venv/bin/python");
    let probe = Command::new(&python).args(["-c", "import zeep"]).stderr(Stdio::null()).status();
    if !probe.is_ok_and(|status| status.success()) {
        eprintln!("skipped: target/venv has no zeep for Python (cargo xtask setup)");
        return None;
    }
    let mut child = Command::new(&python)
        .args(["-c", include_str!("zeep.py"), KNOWN])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(json!(questions).to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "the script fails");
    let lines = String::from_utf8(output.stdout).unwrap();
    Some(lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}
