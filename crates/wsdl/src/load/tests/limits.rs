//! Every limit has a diagnostic of its own.

use super::*;

fn check(limits: &Limits, files: &[(&str, &str)], expected: &[&str]) {
    let reading = read(&archive(files), &Location::path(files[0].0).unwrap(), limits);
    assert_eq!(found(&reading), expected);
}

#[test]
fn documents() {
    let includes: String =
        (0..20).map(|index| format!("<xsd:include schemaLocation='{index}.xsd'/>")).collect();
    let first = schema("urn:t", &format!("<xsd:element name='e'/>{includes}"));
    let (main, empty) = (importing("t.xsd"), schema("urn:t", ""));
    let names: Vec<_> = (0..20).map(|index| format!("{index}.xsd")).collect();
    let mut files = vec![("a.wsdl", main.as_str()), ("t.xsd", &first)];
    files.extend(names.iter().map(|name| (name.as_str(), empty.as_str())));
    let limits = Limits { documents: 10, ..Limits::default() };
    let reading = read(&archive(&files), &Location::path("a.wsdl").unwrap(), &limits);
    let found = found(&reading);
    assert!(found.iter().all(|one| one.starts_with("error[WS010] ")), "{found:?}");
    assert!(!found.is_empty());
    assert!(reading.description.unwrap().documents().len() <= 11);
}

#[test]
fn bytes_of_one_and_of_all() {
    let (main, other) = (importing("t.xsd"), schema("urn:t", "<xsd:element name='e'/>"));
    let files = [("a.wsdl", main.as_str()), ("t.xsd", other.as_str())];
    let missing = "error[WS040] a.wsdl:2: The element `{urn:t}e` is not defined";
    check(
        &Limits { document_bytes: main.len() - 1, ..Limits::default() },
        &files,
        &["error[WS008] a.wsdl: The document is too large; send less at once"],
    );
    check(
        &Limits { total_bytes: 500, ..Limits::default() },
        &files,
        &["error[WS009] t.xsd: All documents together have more than 500 bytes", missing],
    );
    check(
        &Limits { total_nodes: 17, ..Limits::default() },
        &files,
        &["error[WS012] t.xsd: All documents together have more than 17 nodes", missing],
    );
    check(
        &Limits { nodes: 10, ..Limits::default() },
        &files,
        &["error[WS012] a.wsdl:2: The document has too many nodes; send less at once"],
    );
    check(
        &Limits { depth: 3, ..Limits::default() },
        &files,
        &["error[WS011] a.wsdl:1: Elements are nested too deeply; make the document flatter"],
    );
}

#[test]
fn steps() {
    let main = importing("t.xsd");
    check(
        &Limits { steps: 5, ..Limits::default() },
        &[("a.wsdl", &main), ("t.xsd", &schema("urn:t", "<xsd:element name='e'/>"))],
        &[
            "error[WS012] a.wsdl:2: Finding out what prefixes mean costs more steps than are accepted",
        ],
    );
}

#[test]
fn a_schema_without_a_namespace_is_not_read_for_ever() {
    let inner: String = (0..40)
        .map(|index| {
            format!("<xsd:schema targetNamespace='urn:{index}'><xsd:include schemaLocation='c.xsd'/></xsd:schema>")
        })
        .collect();
    let main = wsdl(&format!("<types>{inner}</types><service name='s'/>"));
    let chameleon = format!(
        "<xsd:schema {XSD}><xsd:include schemaLocation='c.xsd'/><xsd:element name='e'/></xsd:schema>"
    );
    let limits = Limits { documents: 30, ..Limits::default() };
    let files = [("a.wsdl", main.as_str()), ("c.xsd", chameleon.as_str())];
    let reading = read(&archive(&files), &Location::path("a.wsdl").unwrap(), &limits);
    let found = found(&reading);
    assert_eq!(found.len(), 1);
    assert!(found[0].contains("[WS010]"), "{found:?}");
}
