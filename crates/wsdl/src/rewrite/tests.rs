#![allow(clippy::unwrap_used, reason = "a failed test may panic")]

use super::*;
use crate::{Archive, Location, read};

/// Rewrites with fixed answers, and notes what was asked.
fn rewritten(bytes: &[u8]) -> (String, Vec<String>) {
    let mut asked = Vec::new();
    let mut locations = Vec::new();
    let mut address = |site: &AddressSite<'_>| {
        let AddressSite { service, port, kind, address } = site;
        asked.push(format!("{service}/{port} {kind:?} {address}"));
        (*address != "keep").then(|| "http://gw/a?b=1&c='2'".to_owned())
    };
    let mut location = |site: &LocationSite<'_>| {
        locations.push(format!("{:?} {} {}", site.kind, site.namespace, site.location));
        (site.location != "keep").then(|| "?xsd=1&x".to_owned())
    };
    let mut rules = Rewrite { address: &mut address, location: &mut location };
    let text = rewrite(bytes, &Limits::default(), &mut rules).unwrap();
    asked.extend(locations);
    (text, asked)
}

const DOCUMENT: &str = "<?xml version='1.0' encoding='UTF-8'?>
<!-- location='http://old/' -->
<w:definitions xmlns:w='http://schemas.xmlsoap.org/wsdl/'
    xmlns:s='http://schemas.xmlsoap.org/wsdl/soap/'  xmlns:x=\"http://www.w3.org/2001/XMLSchema\"
    xmlns:h='http://schemas.xmlsoap.org/wsdl/http/' xmlns:e='http://www.w3.org/2005/08/addressing'>
  <w:import location='b.wsdl' namespace='urn:b' />
  <w:types><x:schema>
    <x:import schemaLocation = \"c.xsd\"
        namespace=\"urn:c\"/><x:include schemaLocation='keep'/><x:redefine schemaLocation='d.xsd'/>
    <x:import namespace='urn:none'/>
  </x:schema></w:types>
  <w:service name='S'>\t<w:port name='P'><s:address   location=\"http://old/?a&amp;b\" /></w:port>
    <w:port name='Q'><h:address location='keep'/></w:port>
    <w:port name='R'><e:EndpointReference><e:Address> http://<![CDATA[old]]>/
</e:Address></e:EndpointReference></w:port></w:service>
</w:definitions>
<!-- end -->";

#[test]
fn addresses_and_locations_change_and_nothing_else() {
    let (text, asked) = rewritten(DOCUMENT.as_bytes());
    let new = "http://gw/a?b=1&amp;c=&apos;2&apos;";
    let expected = DOCUMENT
        .replace("http://old/?a&amp;b", new)
        .replace(" http://<![CDATA[old]]>/\n", new)
        .replace("b.wsdl", "?xsd=1&amp;x")
        .replace("c.xsd", "?xsd=1&amp;x")
        .replace("d.xsd", "?xsd=1&amp;x");
    assert_eq!(text, expected);
    assert_eq!(
        asked,
        [
            "S/P Soap11 http://old/?a&b",
            "S/Q Http keep",
            "S/R Reference http://old/",
            "WsdlImport urn:b b.wsdl",
            "SchemaImport urn:c c.xsd",
            "SchemaInclude  keep",
            "SchemaRedefine  d.xsd",
        ]
    );
}

#[test]
fn endpoints_of_version_2() {
    let document = "<description xmlns='http://www.w3.org/ns/wsdl'><include location='b.wsdl'/>\
        <service name='S'><endpoint name='E' address='http://old/'/><endpoint name='F'/></service></description>";
    let (text, asked) = rewritten(document.as_bytes());
    assert_eq!(asked, ["S/E Endpoint http://old/", "WsdlInclude  b.wsdl"]);
    assert!(text.contains("address='http://gw/a?b=1&amp;c=&apos;2&apos;'/>"), "{text}");
}

#[test]
fn what_comes_out_is_utf8_and_says_so() {
    let schema = "<schema xmlns='http://www.w3.org/2001/XMLSchema'><!-- é --><include schemaLocation='é.xsd'/></schema>";
    let expected = schema.replace("é.xsd", "?xsd=1&amp;x");
    let declared = |encoding: &str, text: &str| {
        format!("<?xml version='1.0' encoding='{encoding}' ?>\n{text}")
    };
    let utf16 = |text: &str| -> Vec<u8> {
        let units = std::iter::once(0xFEFF).chain(text.encode_utf16());
        units.flat_map(u16::to_be_bytes).collect()
    };
    let latin = |text: &str| -> Vec<u8> {
        text.chars().map(|one| u8::try_from(u32::from(one)).unwrap()).collect()
    };
    for bytes in [utf16(&declared("UTF-16", schema)), latin(&declared("iso-8859-1", schema))] {
        assert_eq!(rewritten(&bytes).0, declared("UTF-8", &expected));
    }
    assert_eq!(rewritten(declared("utf-8", schema).as_bytes()).0, declared("utf-8", &expected));
    for before in ["\u{FEFF}", "\n\n", "\u{FEFF}\u{FEFF} "] {
        let text = format!("{before}{}", declared("utf-8", schema));
        assert_eq!(rewritten(text.as_bytes()).0, declared("utf-8", &expected));
    }
    assert_eq!(rewritten(format!("\u{FEFF}\u{FEFF}{schema}").as_bytes()).0, expected);
}

#[test]
fn other_documents_stay_and_bad_ones_are_refused() {
    assert_eq!(rewritten(b"<a location='x'/>").0, "<a location='x'/>");
    let mut rules = Rewrite { address: &mut |_| None, location: &mut |_| None };
    assert!(rewrite(b"<a>", &Limits::default(), &mut rules).is_err());
}

#[test]
fn a_description_knows_where_locations_lead() {
    let mut archive = Archive::new();
    archive.insert("a.wsdl", DOCUMENT).unwrap();
    archive
        .insert(
            "c.xsd",
            "<x:schema xmlns:x='http://www.w3.org/2001/XMLSchema' targetNamespace='urn:c'/>",
        )
        .unwrap();
    let limits = Limits::default();
    let reading = read(&archive, &Location::path("a.wsdl").unwrap(), &limits);
    let description = reading.description.unwrap();
    let mut document = |id: DocumentId| Some(format!("?xsd={}", id.index()));
    let text = description.rewrite(DocumentId(0), &limits, &mut |_| None, &mut document);
    assert_eq!(text.unwrap().unwrap(), DOCUMENT.replace("c.xsd", "?xsd=1"));
    assert!(description.rewrite(DocumentId(9), &limits, &mut |_| None, &mut document).is_none());
}
