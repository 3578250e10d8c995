//! Which documents are read, and which are not.

use super::*;

fn check(files: &[(&str, &str)], expected: &[&str]) -> Reading {
    let reading = read_files(files);
    assert_eq!(found(&reading), Vec::<String>::new());
    assert_eq!(locations(&reading), expected);
    reading
}

#[test]
fn imports_lead_to_any_depth_and_each_document_is_read_once() {
    let reading = check(
        &[
            ("a/main.wsdl", &importing("../x/1.xsd")),
            (
                "x/1.xsd",
                &schema(
                    "urn:t",
                    "<xsd:include schemaLocation='2.xsd'/><xsd:include schemaLocation='./y/../2.xsd'/>
                     <xsd:import namespace='urn:u' schemaLocation='../U.XSD'/>",
                ),
            ),
            ("x/2.xsd", &schema("urn:t", "<xsd:include schemaLocation='1.xsd'/><xsd:include schemaLocation='deep/3.xsd'/>")),
            ("x/deep/3.xsd", &schema("urn:t", "<xsd:element name='e' type='u:T'/><xsd:import namespace='urn:u'/>")),
            ("u.xsd", &schema("urn:u", "<xsd:complexType name='T'/>")),
        ],
        &["a/main.wsdl", "x/1.xsd", "x/2.xsd", "u.xsd", "x/deep/3.xsd"],
    );
    let description = reading.description.unwrap();
    let first = &description.documents()[1];
    assert_eq!((first.kind, &*first.target_namespace), (DocumentKind::Schema, "urn:t"));
    let targets: Vec<_> =
        first.links.iter().map(|link| link.target.map(DocumentId::index)).collect();
    assert_eq!(targets, [Some(2), Some(2), Some(3)]);
    let links = description.links_of(DocumentId(1));
    assert_eq!(links[&(LinkKind::SchemaImport, "../U.XSD")], DocumentId(3));
}

#[test]
fn wsdls_import_wsdls_and_go_round() {
    let reading = check(
        &[
            (
                "a.wsdl",
                &wsdl(
                    "<import namespace='urn:w' location='b.wsdl'/><service name='s'>\
                       <port name='p' binding='w:b'><address xmlns='http://schemas.xmlsoap.org/wsdl/soap/' \
                       location='http://h/'/></port></service>",
                ),
            ),
            (
                "b.wsdl",
                &wsdl(
                    "<import namespace='urn:w' location='a.wsdl'/><portType name='t'/>\
                       <binding name='b' type='w:t'><binding xmlns='http://schemas.xmlsoap.org/wsdl/soap/'/></binding>",
                ),
            ),
        ],
        &["a.wsdl", "b.wsdl"],
    );
    assert_eq!(reading.description.unwrap().services().len(), 1);
}

#[test]
fn schemas_in_one_wsdl_import_each_other_without_a_location() {
    check(
        &[(
            "a.wsdl",
            &wsdl(
                "<types>
                   <xsd:schema targetNamespace='urn:t'><xsd:import namespace='urn:u'/>
                     <xsd:element name='e' type='u:T'/></xsd:schema>
                   <xsd:schema targetNamespace='urn:u'><xsd:import namespace='urn:t'/>
                     <xsd:complexType name='T'><xsd:sequence><xsd:element ref='t:f'/></xsd:sequence></xsd:complexType></xsd:schema>
                   <xsd:schema targetNamespace='urn:t'><xsd:element name='f'/></xsd:schema>
                 </types><service name='s'/>",
            ),
        )],
        &["a.wsdl"],
    );
}

#[test]
fn what_is_known_is_not_fetched_from_elsewhere() {
    let schema = schema(
        "urn:t",
        "<xsd:import namespace='http://schemas.xmlsoap.org/soap/encoding/' schemaLocation='http://schemas.xmlsoap.org/soap/encoding/'/>
         <xsd:import namespace='http://www.w3.org/XML/1998/namespace' schemaLocation='xml.xsd'/>
         <xsd:element name='e' type='enc:Array' xmlns:enc='http://schemas.xmlsoap.org/soap/encoding/'/>",
    );
    check(&[("a.wsdl", &importing("t.xsd")), ("t.xsd", &schema)], &["a.wsdl", "t.xsd"]);
}

#[test]
fn urls_are_followed_where_they_are_given() {
    let mut web = Web::default();
    web.files.insert("http://h/s?wsdl".to_owned(), importing("?xsd=1").into_bytes());
    web.files.insert(
        "http://h/s?xsd=1".to_owned(),
        schema(
            "urn:t",
            "<xsd:element name='e'/><xsd:import namespace='urn:u' schemaLocation='//other/u.xsd'/>",
        )
        .into_bytes(),
    );
    let root = Location::url("http://h/s?wsdl").unwrap();
    let reading = read(&web, &root, &Limits::default());
    assert_eq!(
        found(&reading),
        [
            "warning[WS002] http://h/s?xsd=1:1: http://other/u.xsd is not given: the host other is not allowed"
        ]
    );
    assert_eq!(*web.asked.borrow(), ["http://h/s?wsdl", "http://h/s?xsd=1", "http://other/u.xsd"]);
}

#[test]
fn what_cannot_be_had_is_an_error_where_something_is_missing() {
    for (location, code, reason) in [
        ("t.xsd", "WS001", "t.xsd is not given: there is no such document"),
        ("http://h/t.xsd", "WS002", "http://h/t.xsd is not given: it is outside of the archive"),
        (
            "../t.xsd",
            "WS002",
            "Nothing is read: the location \"../t.xsd\" leads out of the archive",
        ),
        (
            "file:///etc/passwd",
            "WS002",
            "Nothing is read: the scheme of \"file:///etc/passwd\" is not supported; use http or https",
        ),
        (
            "x\\t.xsd",
            "WS003",
            "Nothing is read: the location \"x\\\\t.xsd\" has a backslash; write /",
        ),
    ] {
        let place = "a.wsdl:1";
        let reading = read_files(&[("a.wsdl", &importing(location))]);
        assert_eq!(
            found(&reading),
            [
                format!("error[{code}] {place}: {reason}"),
                "error[WS040] a.wsdl:2: The element `{urn:t}e` is not defined".to_owned(),
            ]
        );
        let unused = importing(location).replace("element='t:e'", "type='xsd:int'");
        let reading = read_files(&[("a.wsdl", &unused)]);
        assert_eq!(found(&reading), [format!("warning[{code}] {place}: {reason}")]);
    }
}

#[test]
fn documents_that_are_of_another_kind_than_they_should_be() {
    let element = schema("urn:t", "<xsd:element name='e'/>");
    let imports = wsdl(
        "<import namespace='urn:t' location='t.xsd'/>
         <message name='m'><part name='p' element='t:e'/></message><service name='s'/>",
    );
    let reading = read_files(&[("a.wsdl", &imports), ("t.xsd", &element)]);
    assert_eq!(
        found(&reading),
        ["warning[WS017] a.wsdl:1: The import leads to a schema, which is read as such"]
    );
    for (text, what) in [
        ("<html><body/></html>", "an HTML page, perhaps an error or a form to log in"),
        ("<x/>", "a document that begins with <x> in the namespace \"\""),
        (
            "<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/'/>",
            "a SOAP message, perhaps a fault",
        ),
        (
            "<description xmlns='http://www.w3.org/2006/01/wsdl'/>",
            "a draft of WSDL 2.0, which is not supported",
        ),
    ] {
        let reading = read_files(&[("a.wsdl", text)]);
        assert!(reading.description.is_none());
        assert_eq!(
            found(&reading),
            [format!("error[WS013] a.wsdl:1: This is no WSDL, but {what}")]
        );
        let reading = read_files(&[("a.wsdl", &importing("t.xsd")), ("t.xsd", text)]);
        assert_eq!(
            found(&reading)[0],
            format!("error[WS013] t.xsd:1: This is no WSDL or a schema, but {what}")
        );
    }
    let reading = read_files(&[("a.wsdl", &element)]);
    assert_eq!(found(&reading), ["error[WS013] a.wsdl:1: This is a schema, and no WSDL"]);
}

#[test]
fn namespaces_of_imports_and_includes_agree() {
    let files = [
        ("a.wsdl", importing("t.xsd").replace("namespace='urn:t'", "namespace='urn:x'")),
        ("t.xsd", schema("urn:t", "<xsd:element name='e'/><xsd:include schemaLocation='u.xsd'/>")),
        ("u.xsd", schema("urn:u", "")),
    ];
    let files: Vec<_> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
    assert_eq!(
        found(&read_files(&files)),
        [
            "warning[WS016] a.wsdl:1: It names the namespace \"urn:x\", and leads to \"urn:t\"",
            "error[WS016] t.xsd:1: It names the namespace \"urn:t\", and leads to \"urn:u\"",
        ]
    );
}

#[test]
fn a_wsdl_that_is_not_there() {
    let reading = read(&Archive::new(), &Location::path("a.wsdl").unwrap(), &Limits::default());
    assert!(reading.description.is_none());
    assert_eq!(
        found(&reading),
        ["error[WS001] a.wsdl: The WSDL is not given: there is no such document"]
    );
}
