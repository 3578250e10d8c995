//! `tests/golden/<topic>/<case>`: `in/` is a project, `out.txt` its diagnostics and its plan.
//!
//! `environment` beside them names the environment of the parameter file to apply.
//! `UPDATE_GOLDEN=1` writes `out.txt` anew.

use std::path::Path;

use compiler::{CompileOptions, Lookup, Secrets, compile_files};
use model::Diagnostics;

use crate::reading;

#[test]
fn every_case_gives_what_is_written_down() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let cases =
        reading::directories(&root).into_iter().flat_map(|topic| reading::directories(&topic));
    let wrong: Vec<_> = cases.filter_map(|case| check(&case)).collect();
    assert!(wrong.is_empty(), "{}\nUPDATE_GOLDEN=1 accepts what came out.", wrong.join("\n"));
}

/// What is wrong with a case.
fn check(case: &Path) -> Option<String> {
    let got = run(case);
    let out = case.join("out.txt");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&out, &got).unwrap();
        return None;
    }
    let expected = std::fs::read_to_string(&out).unwrap_or_default();
    (got != expected)
        .then(|| format!("== {}\n-- expected\n{expected}-- came out\n{got}", case.display()))
}

fn run(case: &Path) -> String {
    let environment = std::fs::read_to_string(case.join("environment")).ok();
    let lookup = |name: &str| (name == "BACKEND").then(|| "https://b.example".to_owned());
    let environment = environment.as_deref().map(|name| (name.trim(), &lookup as Lookup<'_>));
    let files = reading::files(&case.join("in"));
    let (plan, found) =
        compile_files(files, environment, &CompileOptions::default(), Secrets::none());
    let plan = plan.map_or("no plan\n".to_owned(), |plan| plan.to_string());
    print(&found) + &plan
}

fn print(found: &Diagnostics) -> String {
    found.iter().fold(String::new(), |text, diagnostic| text + &format!("{diagnostic}\n"))
}
