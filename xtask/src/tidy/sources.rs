//! Files: their size, their names, and what must not stand in them.

use std::path::{Path, PathBuf};

use super::Findings;
use crate::shell::root;

/// The most lines a source file may have; docs/style.md.
const LINES: usize = 800;

/// Names that say nothing and so collect everything.
const VAGUE: &[&str] = &["utils", "util", "helpers", "helper", "common", "misc"];

/// What must not stand in a source file. Written in two halves, so that this file may.
const BANNED: &[(&str, &str, &str)] = &[
    ("todo!", "(", "unfinished work"),
    ("dbg!", "(", "a trace that was left behind"),
    ("#[igno", "re", "a test that never runs"),
    ("unimplemented", "!(", "unfinished work"),
    ("Err(", "e)", "the variable is called `error`"),
];

/// Beginnings of paths that exist on one machine only.
const MACHINE: &[(&str, &str)] =
    &[("/ro", "ot/"), ("/wo", "rk/"), ("/User", "s/"), ("C:\\", "Users")];

/// Where SQL may be put together at run time; the mark is written in two halves, as above.
const DYNAMIC_SQL: (&str, &str, &str) = ("AssertSql", "Safe", "crates/store/src/sql.rs");

pub(super) fn check(files: &[PathBuf], findings: &mut Findings) {
    for file in files.iter().filter(|file| file.as_path() != Path::new("Cargo.lock")) {
        let Ok(text) = std::fs::read_to_string(root().join(file)) else { continue };
        check_machine(file, &text, findings);
        if file.extension().is_some_and(|extension| extension == "rs") {
            check_name(file, findings);
            check_text(file, &text, findings);
            check_sql(file, &text, findings);
        }
    }
}

fn check_name(file: &Path, findings: &mut Findings) {
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    if stem == "mod" {
        findings.add(file.display(), "is foo/mod.rs; write foo.rs");
    }
    if VAGUE.contains(&&*stem) {
        findings.add(file.display(), "has a name that says nothing");
    }
}

fn check_text(file: &Path, text: &str, findings: &mut Findings) {
    let lines = text.lines().count();
    if lines > LINES {
        findings.add(file.display(), format_args!("{lines} lines; {LINES} is the ceiling"));
    }
    for (number, line) in text.lines().enumerate() {
        for (start, end, reason) in BANNED {
            if line.contains(&format!("{start}{end}")) {
                let place = format_args!("{}:{}", file.display(), number + 1).to_string();
                findings.add(place, format_args!("{start}{end} is {reason}"));
            }
        }
    }
}

fn check_sql(file: &Path, text: &str, findings: &mut Findings) {
    let (start, end, allowed) = DYNAMIC_SQL;
    let is_test = file.components().any(|part| part.as_os_str() == "tests");
    if !is_test && file != Path::new(allowed) && text.contains(&format!("{start}{end}")) {
        findings.add(file.display(), format_args!("puts SQL together; only {allowed} may"));
    }
}

fn check_machine(file: &Path, text: &str, findings: &mut Findings) {
    for (number, line) in text.lines().enumerate() {
        for (start, end) in MACHINE {
            if line.contains(&format!("{start}{end}")) {
                let place = format_args!("{}:{}", file.display(), number + 1).to_string();
                findings.add(place, format_args!("{start}{end} exists on one machine only"));
            }
        }
    }
}
