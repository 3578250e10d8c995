//! Scripts as they are written, beside what they were when somebody last looked at them.
//!
//! `WEIR_BLESS=1` writes them anew.

use std::path::Path;

use mock::generate::{self, Kind};
use model::yaml;

#[test]
fn scripts_are_as_they_were() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut names: Vec<_> =
        std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.sort();
    for folder in names {
        let content = std::fs::read(folder.join("openapi.yaml")).unwrap();
        let mut document = yaml::parse("openapi.yaml", &content).unwrap();
        let outcomes = generate::update(&mut document, "openapi.yaml", false);
        assert!(outcomes.iter().all(|outcome| outcome.kind == Kind::Written), "{outcomes:?}");
        let mut text = String::new();
        for outcome in &outcomes {
            text.push_str(&format!("// == {} {}\n", outcome.method, outcome.template));
            for note in &outcome.notes {
                text.push_str(&format!("// note: {note}\n"));
            }
            let operation =
                &document["paths"][&outcome.template][outcome.method.to_ascii_lowercase()];
            let script = operation[generate::KEY].as_str().unwrap();
            // The choice among the answers is the same in all.
            let made = script.split("\nresponses[\"501\"] = responses").next().unwrap();
            text.push_str(&format!("{made}\n"));
        }
        let path = folder.join("scripts.js");
        if std::env::var_os("WEIR_BLESS").is_some() {
            std::fs::write(&path, &text).unwrap();
        }
        let known = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text, known, "{}", path.display());
        let again = generate::update(&mut document, "openapi.yaml", false);
        assert!(again.iter().all(|outcome| outcome.kind == Kind::Unchanged), "{again:?}");
    }
}
