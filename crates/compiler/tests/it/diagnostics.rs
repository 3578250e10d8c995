//! `docs/diagnostics.md` says what `model::codes` says.

use std::fmt::Write as _;
use std::path::Path;

use model::codes;

const HEAD: &str = "# Diagnostics

What Weir says of projects, definitions and parameter files.
Each diagnostic has a severity (`error`: the API is not deployed; `warning`: it is served, but perhaps not as meant; `note`), one of the
codes below, a place (file and line, or file and JSON pointer), a sentence that says what is wrong, and one that says how to mend it.

This file is written from `crates/model/src/codes.rs`; `UPDATE_GOLDEN=1 cargo test -p compiler` writes it anew.
";

const GROUPS: &[(&str, &str)] = &[
    ("PR", "Projects and files"),
    ("AP", "`api.yaml`"),
    ("EP", "`endpointConfig`"),
    ("OA", "OpenAPI definitions"),
    ("PA", "`params.yaml`"),
    ("CE", "Certificates"),
    ("PO", "Policies"),
    ("MD", "Mediation"),
    ("WS", "WSDL and XML Schema"),
];

#[test]
fn the_documentation_lists_every_code() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/diagnostics.md");
    let expected = page();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &expected).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(written == expected, "docs/diagnostics.md is out of date: UPDATE_GOLDEN=1 writes it");
}

fn page() -> String {
    let mut text = HEAD.to_owned();
    let mut rows = 0;
    for (prefix, title) in GROUPS {
        write!(text, "\n## {title}\n\n| code | meaning | how to mend it |\n| --- | --- | --- |\n")
            .unwrap();
        for row in codes::ALL.iter().filter(|row| row.code.starts_with(prefix)) {
            let cell = |cell: &str| cell.replace('|', "\\|");
            writeln!(text, "| {} | {} | {} |", row.code, cell(row.meaning), cell(row.mend))
                .unwrap();
            rows += 1;
        }
    }
    assert_eq!(rows, codes::ALL.len(), "every code belongs to a group");
    text
}
