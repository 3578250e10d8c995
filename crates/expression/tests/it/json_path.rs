//! Paths beside those of the Python package `jsonpath_ng`, where both mean the same.

use std::io::Write;
use std::process::{Command, Stdio};

use expression::{Budget, Found, JsonPath};
use serde_json::{Value, json};

use crate::random::Random;

const COUNTERPART: &str = r#"
import json, sys
from jsonpath_ng.ext import parse
given = json.load(sys.stdin)
for path in given["paths"]:
    try:
        found = [found.value for found in parse(path).find(given["document"])]
    except (KeyError, TypeError):
        found = None
    print(json.dumps(found))
"#;

fn document() -> Value {
    json!({
        "a": {"b": [1, 2, {"a": 3, "c": "x"}], "c": {"a": [], "b": null}},
        "b": [{"a": 1, "b": "x"}, {"a": 5, "c": [true, 7]}, {"a": 3, "b": "y"}, {"b": {"a": 2}}],
        "c": [10, 20, 30, 40, 50],
        "d e": {"a": "x"},
    })
}

/// Answers of the counterpart, or nothing where there is none.
fn ask(paths: &[String]) -> Option<Vec<Value>> {
    let started = Command::new("python3")
        .args(["-c", COUNTERPART])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut python) = started else {
        eprintln!("skipped: there is no python3 here");
        return None;
    };
    let given = json!({ "document": document(), "paths": paths }).to_string();
    let mut stdin = python.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(given.as_bytes()));
    let output = python.wait_with_output().unwrap();
    let written = writer.join().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    if errors.contains("ModuleNotFoundError") {
        eprintln!("skipped: python3 has no jsonpath_ng");
        return None;
    }
    assert!(output.status.success() && written.is_ok(), "{errors}");
    let answers = String::from_utf8(output.stdout).unwrap();
    Some(answers.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

#[test]
fn random_paths_find_what_they_find_elsewhere() {
    let mut random = Random::new(0x5EED_0007);
    let paths: Vec<String> = (0..100).map(|_| path(&mut random)).collect();
    let Some(answers) = ask(&paths) else { return };
    assert_eq!(answers.len(), paths.len());
    let document = document();
    let mut wrong = Vec::new();
    // Where the counterpart gives up, it says nothing.
    for (path, expected) in paths.iter().zip(&answers).filter(|(_, answer)| !answer.is_null()) {
        let compiled = JsonPath::compile(path).unwrap();
        let found = compiled.evaluate(&document, &mut Budget::new(100_000)).unwrap();
        let found = match found {
            Found::Missing => json!([]),
            Found::One(value) => json!([value]),
            many @ Found::Many(_) => many.into_value().unwrap().into_owned(),
        };
        if found != *expected {
            wrong.push(format!("{path}: {found}, and elsewhere {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

/// A path along what is there, because the two differ about steps that do not fit.
fn path(random: &mut Random) -> String {
    let document = document();
    let mut here = &document;
    let mut path = "$".to_owned();
    for _ in 0..=random.below(4) {
        let Some((step, next)) = step(random, here) else { break };
        path.push_str(&step);
        here = next;
    }
    path.push_str(random.pick(&["", "", "", ".a", ".b", "..a", "..b", "..c"]));
    path
}

fn step<'v>(random: &mut Random, here: &'v Value) -> Option<(String, &'v Value)> {
    match here {
        Value::Object(entries) if !entries.is_empty() => {
            let (key, next) = entries.iter().nth(random.below(entries.len()))?;
            let written = match random.below(4) {
                0 => ".*".to_owned(),
                1 => format!("['{key}']"),
                2 => format!("[\"{key}\"]"),
                _ if key.contains(' ') => format!("['{key}']"),
                _ => format!(".{key}"),
            };
            // After a wildcard only names fit everything.
            let next = if written == ".*" { &Value::Null } else { next };
            Some((written, next))
        }
        Value::Array(items) if !items.is_empty() => {
            let index = random.below(items.len());
            if random.below(3) == 0 {
                return Some((format!("[{index}]"), items.get(index)?));
            }
            let many = random.pick(&[
                "[*]",
                "[1:3]",
                "[:2]",
                "[-2:]",
                "[::2]",
                "[:-1]",
                "[9:]",
                "[?(@.a == 3)]",
                "[?(@.a > 1)]",
                "[?(@.a <= 3)]",
                "[?(@.b == 'x')]",
                "[?(@.a)]",
                "[?(@.c)]",
            ]);
            Some((many.to_owned(), &Value::Null))
        }
        _ => None,
    }
}
