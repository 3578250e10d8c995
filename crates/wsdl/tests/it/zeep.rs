//! Services, ports, operations, actions and elements beside those that zeep finds.
//!
//! Skipped where `target/venv` has no zeep, or there are no WSDLs.

use std::collections::HashMap;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::{Map, Value, json};
use wsdl::description::{BindingKind, BindingOperation, Part, Style};
use wsdl::schema::{Builtin, Particle, Term, TypeId};
use wsdl::{Description, Limits, Location, Schemas, read};
use xml::name::Name;

use crate::support::{Anywhere, Collection, collections, errors};

/// A collection whose WSDLs are older forms of those in another, which zeep takes long to read.
const LEFT_OUT: &str = "onvif-zeep-async";
/// The schemas that are built in, which zeep would fetch from the web.
const KNOWN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/schema/known");

#[test]
fn both_find_the_same_operations() {
    let (mut questions, mut ours) = (Vec::new(), Vec::new());
    let collections = collections();
    for collection in collections.iter().filter(|one| one.name != LEFT_OUT) {
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
        match theirs.get("error") {
            None if theirs == ours => same += 1,
            None => {
                different.push(format!("{}\n  ours {ours}\n  zeep {theirs}", path.display()));
            }
            Some(_) => eprintln!("not read by zeep: {}: {}", path.display(), theirs["error"]),
        }
    }
    eprintln!("{same} of {} WSDLs are the same for zeep", ours.len());
    assert!(different.is_empty(), "{} differ:\n{}", different.len(), different.join("\n"));
    assert!(same * 10 >= ours.len() * 9, "only {same} were compared");
}

/// What the script says of a WSDL, by our reader; nothing where there are errors.
fn summary(collection: &Collection, path: &str) -> Option<Value> {
    let location = Location::path(path).unwrap();
    let reading = read(&Anywhere(collection), &location, &Limits::default());
    let is_sound = errors(&reading.found).is_empty();
    reading.description.filter(|_| is_sound).map(|description| {
        json!({ "services": services(&description), "types": types(description.schemas()) })
    })
}

/// The complex types that have a name, with what they hold.
fn types(schemas: &Schemas) -> Value {
    let own = schemas.types().filter(|(_, one)| one.source.document.is_some());
    let complex = own.filter(|(_, one)| one.complex().is_some());
    let types = complex
        .filter_map(|(id, one)| Some((clark(one.name.as_ref()?), json!(members(schemas, id)))));
    Value::Object(types.collect())
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
    let part = part(description, bound);
    let style = if bound.style == Style::Rpc { "rpc" } else { "document" };
    json!({
        "action": bound.soap_action.clone().unwrap_or_default(),
        "style": style,
        "input": part.map(|part| input(description.schemas(), part)),
        "content": part.map(|part| content(description.schemas(), part)).unwrap_or_default(),
    })
}

/// The part that a body of document style is, where it is a single one.
fn part<'a>(description: &'a Description, bound: &BindingOperation) -> Option<&'a Part> {
    let operation = &description.port_type(bound.port_type).operations[bound.operation];
    let message = description.message(operation.input.as_ref()?.message);
    let body = bound.input.as_ref()?.body.as_ref()?;
    let [part] = body.parts.as_slice() else { return None };
    (bound.style == Style::Document).then(|| &message.parts[*part])
}

/// The name of the element that a part is; what has no element is called as the part.
fn input(schemas: &Schemas, part: &Part) -> String {
    part.element().map_or_else(|| part.name.clone(), |id| clark(&schemas.element(id).name))
}

/// The elements and attributes in the element that a part is.
fn content(schemas: &Schemas, part: &Part) -> Vec<String> {
    let Some(element) = part.element() else { return Vec::new() };
    members(schemas, schemas.element(element).type_id)
}

fn members(schemas: &Schemas, id: TypeId) -> Vec<String> {
    let mut names = Vec::new();
    if schemas.type_of(id).complex().is_none() || id == schemas.builtin(Builtin::AnyType) {
        return names;
    }
    for particle in schemas.content(id) {
        elements(schemas, particle, &mut names);
    }
    let attributes = schemas.all_attributes(id).uses;
    let mut attributes: Vec<_> = attributes
        .iter()
        .map(|one| format!("@{}", clark(&schemas.attribute(one.attribute).name)))
        .collect();
    attributes.sort();
    names.extend(attributes);
    names
}

fn elements(schemas: &Schemas, particle: &Particle, names: &mut Vec<String>) {
    let particles = match &particle.term {
        Term::Element(id) => return names.push(clark(&schemas.element(*id).name)),
        Term::Any(_) => return,
        Term::Model(model) => &model.particles,
        Term::Group(id) => &schemas.group(*id).model.particles,
    };
    particles.iter().for_each(|one| elements(schemas, one, names));
}

/// A name in Clark's notation.
fn clark(name: &Name) -> String {
    match &*name.namespace {
        "" => (*name.local).to_owned(),
        namespace => format!("{{{namespace}}}{}", name.local),
    }
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
