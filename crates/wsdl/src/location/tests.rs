use super::*;

/// What a reference in a document leads to: the location, or the beginning of the complaint.
fn check(base: &str, reference: &str, expected: &str) {
    let base = if base.contains("://") { Location::url(base) } else { Location::path(base) };
    let found = base.expect("a location").join(reference);
    let found = found.map_or_else(|error| format!("! {error}"), |found| found.to_string());
    let is_so = match expected.strip_prefix('!') {
        Some(complaint) => found.starts_with('!') && found.contains(complaint),
        None => found == expected,
    };
    assert!(is_so, "{reference}: {found}, not {expected}");
}

#[test]
fn references_inside_of_an_archive() {
    for (reference, expected) in [
        ("types.xsd", "a/b/types.xsd"),
        ("./types.xsd", "a/b/types.xsd"),
        ("../types.xsd", "a/types.xsd"),
        ("../../types.xsd", "types.xsd"),
        ("../x/../y/types.xsd", "a/y/types.xsd"),
        ("x//y.xsd", "a/b/x/y.xsd"),
        (" types.xsd\n", "a/b/types.xsd"),
        ("my%20types.xsd", "a/b/my types.xsd"),
        ("sch%C3%A9ma.xsd", "a/b/schéma.xsd"),
        ("100%.xsd", "a/b/100%.xsd"),
        ("%FF.xsd", "a/b/%FF.xsd"),
        ("types.xsd#part", "a/b/types.xsd"),
        ("#part", "a/b/main.wsdl"),
        ("service?xsd=1", "a/b/service?xsd=1"),
        ("http://h/types.xsd", "http://h/types.xsd"),
        ("HTTPS://H/types.xsd#x", "https://h/types.xsd"),
    ] {
        check("a/b/main.wsdl", reference, expected);
    }
}

#[test]
fn references_that_lead_out_of_an_archive() {
    for (reference, expected) in [
        ("../../../types.xsd", "!out of the archive"),
        ("%2e%2e/%2E%2E/../types.xsd", "!out of the archive"),
        ("/etc/passwd", "!absolute"),
        ("//host/types.xsd", "!absolute"),
        ("C:/types.xsd", "!absolute"),
        ("..\\types.xsd", "!backslash"),
        ("x%5Cy.xsd", "!backslash"),
        ("x%2Fy.xsd", "!not allowed in a path"),
        ("x%00.xsd", "!not allowed in a path"),
        ("x\u{1}.xsd", "!not allowed in a path"),
        ("a/b:c.xsd", "!not allowed in a path"),
        ("file:///etc/passwd", "!scheme"),
        ("jar:file:x!/y", "!scheme"),
        ("ftp://h/x", "!scheme"),
        ("http://", "!no URL"),
        ("", "!empty"),
        ("..", "!empty"),
        ("  ", "!empty"),
    ] {
        check("a/main.wsdl", reference, expected);
    }
    check("main.wsdl", &"x".repeat(5000), "!more than");
}

#[test]
fn references_in_a_url() {
    for (reference, expected) in [
        ("types.xsd", "http://h:81/a/types.xsd"),
        ("../types.xsd", "http://h:81/types.xsd"),
        ("../../../types.xsd", "http://h:81/types.xsd"),
        ("/types.xsd", "http://h:81/types.xsd"),
        ("?xsd=1", "http://h:81/a/service?xsd=1"),
        ("//other/x", "http://other/x"),
        ("https://other/x", "https://other/x"),
        ("my types.xsd", "http://h:81/a/my%20types.xsd"),
        ("file:///etc/passwd", "!scheme"),
        ("http://[::", "!no URL"),
    ] {
        check("http://h:81/a/service?wsdl", reference, expected);
    }
}

#[test]
fn a_password_is_not_shown() {
    let location = Location::url("https://me:secret@h:8443/a?wsdl").expect("a URL");
    assert_eq!(location.to_string(), "https://h:8443/a?wsdl");
}

#[test]
fn paths_from_the_root() {
    for (path, expected) in [
        ("a/./b/../c.wsdl", Ok("a/c.wsdl")),
        ("100%25.wsdl", Ok("100%25.wsdl")),
        ("/a.wsdl", Err(true)),
        ("../a.wsdl", Err(true)),
        ("a\\b.wsdl", Err(false)),
        ("", Err(false)),
    ] {
        let found = Location::path(path);
        let found = found.as_ref().map(|at| at.as_path().expect("a path"));
        assert_eq!(found.map_err(LocationError::is_forbidden), expected, "{path}");
    }
}
