//! Bytes that are no plain UTF-8, and what stands in front of documents.

use super::*;

fn read_bytes(bytes: Vec<u8>) -> Reading {
    let mut archive = Archive::new();
    archive.insert("a.wsdl", bytes).unwrap();
    read(&archive, &Location::path("a.wsdl").unwrap(), &Limits::default())
}

fn text() -> String {
    wsdl("<documentation>é</documentation><service name='s'/>")
}

#[test]
fn byte_order_marks_and_encodings() {
    let utf16 = |text: &str| -> Vec<u8> {
        let units = std::iter::once(0xFEFF).chain(text.encode_utf16());
        units.flat_map(u16::to_le_bytes).collect()
    };
    let latin = |text: &str| -> Vec<u8> {
        text.chars().map(|one| u8::try_from(u32::from(one)).unwrap()).collect()
    };
    let text = text();
    for bytes in [
        text.clone().into_bytes(),
        format!("\u{FEFF}{text}").into_bytes(),
        format!("\u{FEFF}<?xml version='1.0' encoding='utf-8'?>\n{text}").into_bytes(),
        utf16(&text),
        utf16(&format!("<?xml version='1.0' encoding='UTF-16'?>{text}")),
        latin(&format!("<?xml version='1.0' encoding='ISO-8859-1'?>{text}")),
    ] {
        let reading = read_bytes(bytes.clone());
        assert_eq!(found(&reading), Vec::<String>::new());
        let description = reading.description.unwrap();
        assert_eq!(description.documentation(), Some("é"));
        assert_eq!(description.documents()[0].bytes, bytes);
    }
}

#[test]
fn blanks_in_front_of_the_declaration_are_ignored() {
    let text = text().replace("<service", "<service>\n</service><service");
    for before in ["\n \n", "\u{FEFF}\u{FEFF}", "\u{FEFF}\n"] {
        let reading = read_bytes(format!("{before}<?xml version='1.0'?>\n{text}").into_bytes());
        let line = 2 + before.matches('\n').count();
        assert_eq!(
            found(&reading),
            [
                "warning[WS007] a.wsdl:1: Blanks stand in front of the XML declaration; they are \
                 ignored"
                    .to_owned(),
                format!("error[WS020] a.wsdl:{line}: <service> has no `name`"),
            ]
        );
    }
    let reading = read_bytes(format!("x<?xml version='1.0'?>\n{text}").into_bytes());
    assert_eq!(
        found(&reading),
        [
            "error[WS004] a.wsdl:1: Not well-formed XML: text stands outside of the document's element; remove it"
        ]
    );
}

#[test]
fn what_is_built_in_takes_the_place_of_what_cannot_be_read() {
    let main = importing("t.xsd").replace("urn:t", "http://www.w3.org/2000/09/xmldsig#");
    let main = main.replace("t:e", "t:Signature");
    let other = "<!DOCTYPE schema [<!ENTITY dsig 'x'>]>\n<schema/>";
    let reading = read_files(&[("a.wsdl", &main), ("t.xsd", other)]);
    assert_eq!(
        found(&reading),
        ["warning[WS005] t.xsd:1: A document type is not allowed; remove <!DOCTYPE …> \
          (what is built in takes its place)"]
    );
    let description = reading.description.unwrap();
    let schemas = description.schemas();
    assert!(schemas.find_type("http://www.w3.org/2000/09/xmldsig#", "X509DataType").is_some());
}

#[test]
fn documents_that_cannot_be_read() {
    for (bytes, expected) in [
        (b"<a>".to_vec(), "error[WS004] a.wsdl:1: Not well-formed XML: <a> does not end; add </a>"),
        (
            Vec::new(),
            "error[WS004] a.wsdl:1: Not well-formed XML: there is no element; a document needs one",
        ),
        (
            b"<a>\n<p:b/></a>".to_vec(),
            "error[WS004] a.wsdl:2: The prefix p is not declared; add xmlns:p=\"…\"",
        ),
        (
            b"<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>".to_vec(),
            "error[WS005] a.wsdl:1: A document type is not allowed; remove <!DOCTYPE …>",
        ),
        (b"<a>\xFF</a>".to_vec(), "error[WS006] a.wsdl:1: The bytes are not UTF-8; use UTF-8"),
        (
            b"<?xml version='1.0' encoding='EBCDIC'?><a/>".to_vec(),
            "error[WS006] a.wsdl:1: The encoding \"EBCDIC\" is not supported; use UTF-8",
        ),
    ] {
        assert_eq!(found(&read_bytes(bytes)), [expected]);
    }
}
