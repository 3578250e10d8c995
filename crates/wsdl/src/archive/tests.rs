#![allow(clippy::unwrap_used, reason = "a failed test may panic")]

use super::*;

fn wsdl(imports: &[&str]) -> String {
    let imports: String =
        imports.iter().map(|one| format!("<import namespace='urn:a' location='{one}'/>")).collect();
    format!("<definitions xmlns='{WSDL}'>{imports}</definitions>")
}

/// The root that is chosen, or the code of the complaint and its message.
fn check(files: &[(&str, &[&str])], named: Option<&str>, expected: &str) {
    let mut archive = Archive::new();
    for (path, imports) in files {
        archive.insert(path, wsdl(imports)).unwrap();
    }
    let mut found = Diagnostics::new();
    let chosen = choose(&archive, named, &Limits::default(), &mut found);
    let shown = match chosen {
        Some(location) => location.to_string(),
        None => found.iter().map(|one| format!("{}: {}", one.code, one.message)).collect(),
    };
    assert_eq!(shown, expected);
}

#[test]
fn the_root_is_what_no_other_imports() {
    check(&[("x/only.wsdl", &[])], None, "x/only.wsdl");
    check(&[("a.wsdl", &[]), ("b.wsdl", &["a.wsdl"])], None, "b.wsdl");
    check(
        &[("b.wsdl", &["a.wsdl", "c.wsdl"]), ("A.WSDL", &["./c.wsdl"]), ("c.wsdl", &[])],
        None,
        "b.wsdl",
    );
    check(&[("a.wsdl", &["a.wsdl"]), ("__MACOSX/._a.wsdl", &[])], None, "a.wsdl");
}

#[test]
fn what_is_not_clear_is_said() {
    check(&[("readme.txt", &[])], None, "WS014: The archive holds no file that ends in `.wsdl`");
    check(
        &[("b.wsdl", &[]), ("a.wsdl", &[])],
        None,
        "WS015: The archive holds several WSDLs: a.wsdl, b.wsdl",
    );
    check(
        &[("b.wsdl", &["a.wsdl"]), ("a.wsdl", &["b.wsdl"])],
        None,
        "WS015: The archive holds several WSDLs: a.wsdl, b.wsdl",
    );
}

#[test]
fn one_may_be_named() {
    let files: &[(&str, &[&str])] = &[("b.wsdl", &[]), ("a.wsdl", &[])];
    check(files, Some("./A.wsdl"), "a.wsdl");
    check(files, Some("c.wsdl"), "WS001: The archive gives no `c.wsdl`: there is no such document");
    check(files, Some("../a.wsdl"), "WS003: the location \"../a.wsdl\" leads out of the archive");
}

#[test]
fn a_wsdl_that_cannot_be_read_is_a_root_like_others() {
    let mut archive = Archive::new();
    archive.insert("a.wsdl", "<a").unwrap();
    archive.insert("b.wsdl", wsdl(&[])).unwrap();
    assert_eq!(roots(&archive, &Limits::default()).len(), 2);
}
