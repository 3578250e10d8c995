//! Envelopes beside those that zeep makes of the same values.
//!
//! Skipped where `target/venv` has no zeep, or there are no WSDLs.

use std::collections::HashMap;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use soap::request::{Input, write};

use crate::sample::{self, Row, Wish};
use crate::support::{Collection, collections, mappings, of_text};

/// The schemas that are built in, which zeep would fetch from the web.
fn known() -> PathBuf {
    testkit::workspace_root().join("crates/wsdl/src/schema/known")
}

#[test]
fn both_make_the_same_messages() {
    let mut questions = Vec::new();
    for case in ["orders", "encoded"] {
        let file =
            testkit::workspace_root().join(format!("crates/soap/tests/golden/{case}/in.wsdl"));
        let made = of_text(&std::fs::read_to_string(&file).unwrap());
        let port = if case == "orders" { ("Orders", "Orders11") } else { ("Old", "Old") };
        questions.push(json!([file, {}, cases(port, &made.mapping)]));
    }
    for collection in collections() {
        let Collection { folder, names, .. } = &collection;
        let names: HashMap<_, _> =
            names.iter().map(|(name, path)| (name, folder.join(path))).collect();
        for path in collection.wsdls() {
            let Some(description) = collection.description(&path) else { continue };
            let mut all = Vec::new();
            for (service, port, made) in mappings(&description) {
                all.extend(cases((&service, &port), &made.mapping));
            }
            questions.push(json!([folder.join(&path), names, all]));
        }
    }
    let Some(verdicts) = ask(&questions) else { return };
    let (mut same, mut unread, mut different) = (0, HashMap::<String, usize>::new(), Vec::new());
    for (index, verdict) in verdicts.iter().enumerate() {
        let file = questions[index][0].as_str().unwrap();
        for one in verdict.as_array().unwrap() {
            match one["verdict"].as_str().unwrap() {
                "same" => same += 1,
                "error" => *unread.entry(one["why"].as_str().unwrap().to_owned()).or_default() += 1,
                _ => different.push(format!("{file} {one:#}")),
            }
        }
    }
    eprintln!(
        "{same} messages are the same for zeep; it cannot make {}",
        unread.values().sum::<usize>()
    );
    if std::env::var_os("WEIR_SHOW").is_some() {
        eprintln!("{unread:#?}");
    }
    assert!(
        different.is_empty(),
        "{} differ:\n{}",
        different.len(),
        different.iter().take(10).cloned().collect::<Vec<_>>().join("\n")
    );
}

fn cases((service, port): (&str, &str), mapping: &soap::Mapping) -> Vec<Value> {
    let mut cases = Vec::new();
    for resource in &mapping.resources {
        let wish = Wish { varies: false, any: false };
        let Some(sample) = sample::message(mapping, &resource.request, wish, &mut Row(7)) else {
            continue;
        };
        let body = Value::Object(sample);
        let input = Input { body: Some(&body), parameter: &|_, _| Vec::new() };
        let envelope = write(mapping, resource, &input, 1 << 20);
        let envelope = envelope.unwrap_or_else(|problem| panic!("{problem:?} {body:#}"));
        cases.push(json!({
            "service": service,
            "port": port,
            "operation": resource.operation,
            "body": body,
            "ours": envelope.text,
        }));
    }
    cases
}

/// What zeep says; nothing where there is no zeep.
fn ask(questions: &[Value]) -> Option<Vec<Value>> {
    let python = testkit::workspace_root().join("target/venv/bin/python");
    let probe = Command::new(&python).args(["-c", "import zeep"]).stderr(Stdio::null()).status();
    if !probe.is_ok_and(|status| status.success()) {
        eprintln!("skipped: target/venv has no zeep for Python (cargo xtask setup)");
        return None;
    }
    let mut child = Command::new(&python)
        .args(["-c", include_str!("zeep.py")])
        .arg(known())
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
