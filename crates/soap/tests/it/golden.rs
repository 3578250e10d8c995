//! What becomes of small WSDLs: the mapping, the report, the definition and the sequences.
//!
//! `UPDATE_GOLDEN=1` writes them anew.

use std::fs;
use std::path::{Path, PathBuf};

use soap::definition::{Info, of_mapping};
use soap::{mapping, sequences};

use crate::support::of_text;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

fn check(folder: &Path, name: &str, text: &str) {
    let file = folder.join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&file, text).unwrap();
    }
    let expected = fs::read_to_string(&file).unwrap_or_default();
    assert!(
        expected == text,
        "{} differs; UPDATE_GOLDEN=1 writes it anew:\n{text}",
        file.display()
    );
}

#[test]
fn wsdls_become_what_they_did() {
    let mut cases: Vec<_> =
        fs::read_dir(folder()).unwrap().map(|one| one.unwrap().path()).collect();
    cases.sort();
    assert!(!cases.is_empty());
    for case in cases {
        let made = of_text(&fs::read_to_string(case.join("in.wsdl")).unwrap());
        check(&case, "mapping.yaml", &mapping::to_text(&made.mapping));
        check(&case, "report.md", &made.report.to_markdown());
        let definition = of_mapping(&made.mapping, Info { title: "API", version: "1" });
        check(&case, "definition.yaml", &model::yaml::to_yaml(&definition));
        let mut all = String::new();
        for resource in &made.mapping.resources {
            let made = sequences::of_resource(&made.mapping, resource);
            all.push_str(&format!("<!-- in/{} -->\n{}", made.file, made.request));
            all.push_str(&format!("<!-- out/{} -->\n{}", made.file, made.answer));
            for loss in made.losses {
                all.push_str(&format!("<!-- not in it: {loss} -->\n"));
            }
        }
        check(&case, "sequences.xml", &all);
    }
}
