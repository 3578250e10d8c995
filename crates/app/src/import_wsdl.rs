//! `weir import-wsdl`: an API project for a SOAP service.

mod folder;
mod source;
mod store;
mod web;

use std::path::Path;
use std::process::ExitCode;

use model::{Diagnostics, Files, Place, Severity, codes};
use serde_json::{Value, json};
use soap::generate::{self, Choice, Generated, Report, Unmapped};
use soap::project::{self, Form, Identity};
use soap::sequences;
use wsdl::{Description, Limits};

use crate::{INPUT_ERRORS, cli, load, output};
use source::Source;

/// What came of an import.
struct Imported {
    files: Files,
    kind: &'static str,
    operations: Vec<Value>,
    report: Option<Report>,
    endpoint: String,
}

/// Imports a WSDL and prints what came of it.
pub(crate) fn run(options: &cli::ImportWsdl) -> ExitCode {
    if let Err(error) = check(options) {
        return output::wrong_usage(&error);
    }
    let mut found = Diagnostics::new();
    let imported = match import(options, &mut found) {
        Ok(imported) => imported,
        Err(error) => return output::failure(&error),
    };
    let imported = imported.filter(|_| !found.has_errors());
    if let Some(imported) = &imported
        && let Err(error) = write(&options.out, &imported.files, options.force)
    {
        return output::failure(&error);
    }
    print(options, imported.as_ref(), &found);
    if imported.is_some() { ExitCode::SUCCESS } else { ExitCode::from(INPUT_ERRORS) }
}

/// What no WSDL can make right (spec/03 §1.2).
fn check(options: &cli::ImportWsdl) -> Result<(), String> {
    let cli::ImportWsdl { name, context, version, .. } = options;
    let is_word = |text: &str| {
        let is_sound = |one: char| one.is_alphanumeric() || matches!(one, '-' | '_' | '.');
        !text.is_empty() && text.chars().all(is_sound) && !text.starts_with('.')
    };
    if !is_word(name) {
        return Err("the name of an API has letters, digits, `-`, `_` and `.` only".to_owned());
    }
    if !is_word(version) {
        return Err("a version has letters, digits, `-`, `_` and `.` only".to_owned());
    }
    let is_glued = |segment: &str| segment.contains("{version}") && segment != "{version}";
    if !context.starts_with('/') || context.split('/').any(is_glued) {
        return Err("the context is malformed: write `/name`, perhaps with `{version}` as a \
                    segment of its own"
            .to_owned());
    }
    if options.sequences && !options.soap_to_rest {
        return Err("`--sequences` needs `--soap-to-rest`".to_owned());
    }
    if !options.force && std::fs::read_dir(&options.out).is_ok_and(|mut all| all.next().is_some()) {
        let out = options.out.display();
        return Err(format!("{out} is not empty; give `--force` to write into it"));
    }
    Ok(())
}

/// # Errors
///
/// What is wrong besides the WSDL.
fn import(options: &cli::ImportWsdl, found: &mut Diagnostics) -> Result<Option<Imported>, String> {
    let config = load::load(&options.home, Default::default())?.config;
    let Some(source) = Source::open(options, &config, found)? else { return Ok(None) };
    let limits = Limits::default();
    let reading = wsdl::read(source.documents(), source.root(), &limits);
    for mut problem in reading.found {
        // Who passes messages on needs no schemas.
        if !options.soap_to_rest && wsdl::concerns_schema(problem.code) {
            problem.severity = problem.severity.min(Severity::Warning);
        }
        found.report(problem);
    }
    let Some(description) = reading.description.filter(|_| !found.has_errors()) else {
        return Ok(None);
    };
    let Some(generated) = generated(options, &description, source.shown(), found) else {
        return Ok(None);
    };
    let Some(endpoint) = endpoint(options, &generated, source.shown(), found) else {
        return Ok(None);
    };
    let stored = store::stored(&source, &description, options)?;
    let identity = Identity {
        name: &options.name,
        context: &options.context,
        version: &options.version,
        endpoint: &endpoint,
    };
    let form = match options.soap_to_rest {
        false => Form::PassThrough,
        true => Form::Rest {
            mapping: &generated.mapping,
            report: &generated.report,
            as_sequences: options.sequences,
        },
    };
    let files = project::files(identity, &stored, form)
        .map_err(|error| format!("the project cannot be made: {error}"))?;
    Ok(Some(Imported {
        files,
        kind: if options.soap_to_rest { "SOAPTOREST" } else { "SOAP" },
        operations: operations(options, &generated),
        report: options.soap_to_rest.then_some(generated.report),
        endpoint,
    }))
}

/// The mapping, which says the operations of an API that passes messages on too.
fn generated(
    options: &cli::ImportWsdl,
    description: &Description,
    shown: &str,
    found: &mut Diagnostics,
) -> Option<Generated> {
    let choice = Choice { service: options.service.as_deref(), port: options.port.as_deref() };
    let mut made = generate::generate(description, choice);
    // Which of several interfaces is meant does not matter to who passes messages on.
    if let (Err(Unmapped::Several(ports)), false) = (&made, options.soap_to_rest)
        && let Some((service, port)) = ports.first()
    {
        made = generate::generate(description, Choice { service: Some(service), port: Some(port) });
    }
    let place = Place::file(shown);
    match made {
        Ok(generated) => return Some(generated),
        Err(Unmapped::NoPort) => found.error(
            codes::WSDL_NO_PORT,
            place,
            "no port speaks SOAP, or none has the name that was given",
            "Give a WSDL with a SOAP binding, or another `--service` or `--port`.",
        ),
        Err(Unmapped::Several(ports)) => {
            let ports: Vec<_> =
                ports.iter().map(|(service, port)| format!("{port} of {service}")).collect();
            let message = format!("the ports have different interfaces: {}", ports.join(", "));
            let help = "Choose one with `--service` and `--port`.";
            found.error(codes::WSDL_SEVERAL_PORTS, place, message, help);
        }
        Err(Unmapped::NoOperation) => found.error(
            codes::WSDL_NO_OPERATION,
            place,
            "the port has no operation that can be called",
            "Choose another one with `--port`.",
        ),
    }
    None
}

fn endpoint(
    options: &cli::ImportWsdl,
    generated: &Generated,
    shown: &str,
    found: &mut Diagnostics,
) -> Option<String> {
    let address = options.endpoint.as_ref().or(generated.address.as_ref());
    let is_url = |address: &&String| {
        url::Url::parse(address).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
    };
    let sound = address.filter(is_url);
    if sound.is_none() {
        let message = match address {
            Some(address) => {
                format!("the address `{address}` of the service is no URL of http or https")
            }
            None => "the WSDL does not say where the service is".to_owned(),
        };
        let help = "Give it with `--endpoint URL`.";
        found.error(codes::WSDL_NO_ADDRESS, Place::file(shown), message, help);
    }
    sound.cloned()
}

fn operations(options: &cli::ImportWsdl, generated: &Generated) -> Vec<Value> {
    let mapping = &generated.mapping;
    let losses = |resource| {
        let made = options.sequences.then(|| sequences::of_resource(mapping, resource));
        made.map(|made| made.losses).unwrap_or_default()
    };
    let resources = mapping.resources.iter();
    let operation = resources.map(|one| {
        json!({
            "operation": one.operation,
            "soap": one.version.as_str(),
            "action": one.action,
            "method": if options.soap_to_rest { one.method.as_str() } else { "POST" },
            "path": if options.soap_to_rest { one.path.as_str() } else { "/*" },
            "losses": losses(one),
        })
    });
    operation.collect()
}

/// # Errors
///
/// What could not be written.
fn write(out: &Path, files: &Files, is_forced: bool) -> Result<(), String> {
    let failed =
        |path: &Path, error: std::io::Error| format!("cannot write {}: {error}", path.display());
    if is_forced {
        // What an import before this one has written must not win over what this one writes.
        for old in ["SoapToRest/in", "SoapToRest/out"] {
            let old = out.join(old);
            if old.is_dir() {
                std::fs::remove_dir_all(&old).map_err(|error| failed(&old, error))?;
            }
        }
        let old = out.join(soap::mapping::PATH);
        if old.is_file() {
            std::fs::remove_file(&old).map_err(|error| failed(&old, error))?;
        }
    }
    for (path, content) in files.iter() {
        let path = out.join(path);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(|error| failed(folder, error))?;
        }
        std::fs::write(&path, content).map_err(|error| failed(&path, error))?;
    }
    Ok(())
}

fn print(options: &cli::ImportWsdl, imported: Option<&Imported>, found: &Diagnostics) {
    if options.json {
        let diagnostics: Vec<_> = found.iter().map(gateway::admin::diagnostic).collect();
        output::json(&json!({
            "imported": imported.is_some(),
            "out": options.out.display().to_string(),
            "type": imported.map(|one| one.kind),
            "endpoint": imported.map(|one| one.endpoint.as_str()),
            "operations": imported.map(|one| one.operations.as_slice()).unwrap_or_default(),
            "report": imported.and_then(|one| one.report.as_ref()).map(Report::to_json),
            "diagnostics": diagnostics,
        }));
        return;
    }
    let mut text = output::diagnostics("", found);
    match imported {
        Some(imported) => text.push_str(&of_import(options, imported)),
        None => text.push_str(&format!("not imported: {}\n", output::summary(found))),
    }
    output::text(&text);
}

fn of_import(options: &cli::ImportWsdl, imported: &Imported) -> String {
    let mut text = String::new();
    let field = |one: &Value, key: &str| one[key].as_str().unwrap_or_default().to_owned();
    for one in &imported.operations {
        let resource = format!("{} {}", field(one, "method"), field(one, "path"));
        let (operation, version) = (field(one, "operation"), field(one, "soap"));
        text.push_str(&format!("{resource}: {operation}, SOAP {version}\n"));
        for loss in one["losses"].as_array().into_iter().flatten() {
            text.push_str(&format!(
                "  not in its sequences: {}\n",
                loss.as_str().unwrap_or_default()
            ));
        }
    }
    for note in imported.report.iter().flat_map(|report| &report.notes) {
        let generate::Note { fidelity, place, subject, why } = note;
        text.push_str(&format!("{}: {subject} ({place}): {why}\n", fidelity.as_str()));
    }
    let operations = output::counted(imported.operations.len(), "operation");
    let (kind, out, endpoint) = (imported.kind, options.out.display(), &imported.endpoint);
    text.push_str(&format!("imported {operations} of {endpoint} as {kind} into {out}\n"));
    text
}
