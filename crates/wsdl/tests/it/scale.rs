//! A WSDL with a thousand operations and two hundred schemas.

use std::fmt::Write as _;
use std::time::Instant;

use wsdl::{Archive, Limits, Location, read};

const OPERATIONS: usize = 1_000;
const SCHEMAS: usize = 200;

fn schema(index: usize) -> String {
    let next = (index + 1) % SCHEMAS;
    let mut text = format!(
        "<xsd:schema xmlns:xsd='http://www.w3.org/2001/XMLSchema' targetNamespace='urn:s{index}' \
         xmlns:t='urn:s{index}' xmlns:n='urn:s{next}' elementFormDefault='qualified'>\
         <xsd:import namespace='urn:s{next}' schemaLocation='s{next}.xsd'/>"
    );
    for number in 0..20 {
        write!(
            text,
            "<xsd:complexType name='T{number}'><xsd:sequence>\
             <xsd:element name='id' type='xsd:int'/><xsd:element name='name' type='t:Name' minOccurs='0'/>\
             <xsd:element name='next' type='n:T{number}' minOccurs='0' maxOccurs='unbounded'/>\
             </xsd:sequence><xsd:attribute name='kind' type='xsd:token'/></xsd:complexType>"
        )
        .unwrap();
    }
    text.push_str(
        "<xsd:simpleType name='Name'><xsd:restriction base='xsd:string'>\
         <xsd:maxLength value='99'/></xsd:restriction></xsd:simpleType>",
    );
    for number in 0..OPERATIONS / SCHEMAS {
        let operation = index * (OPERATIONS / SCHEMAS) + number;
        for suffix in ["", "Response"] {
            write!(
                text,
                "<xsd:element name='Op{operation}{suffix}'><xsd:complexType><xsd:sequence>\
                 <xsd:element name='value' type='t:T{number}'/></xsd:sequence></xsd:complexType></xsd:element>"
            )
            .unwrap();
        }
    }
    text + "</xsd:schema>"
}

fn wsdl() -> String {
    let mut text = "<definitions xmlns='http://schemas.xmlsoap.org/wsdl/' xmlns:w='urn:w' \
        xmlns:soap='http://schemas.xmlsoap.org/wsdl/soap/' targetNamespace='urn:w'"
        .to_owned();
    for index in 0..SCHEMAS {
        write!(text, " xmlns:s{index}='urn:s{index}'").unwrap();
    }
    text.push_str("><types><xsd:schema xmlns:xsd='http://www.w3.org/2001/XMLSchema'>");
    for index in 0..SCHEMAS {
        write!(text, "<xsd:import namespace='urn:s{index}' schemaLocation='s{index}.xsd'/>")
            .unwrap();
    }
    text.push_str("</xsd:schema></types>");
    for index in 0..OPERATIONS {
        let schema = index / (OPERATIONS / SCHEMAS);
        for (suffix, role) in [("", "In"), ("Response", "Out")] {
            write!(
                text,
                "<message name='{role}{index}'><part name='parameters' element='s{schema}:Op{index}{suffix}'/></message>"
            )
            .unwrap();
        }
    }
    text.push_str("<portType name='P'>");
    for index in 0..OPERATIONS {
        write!(
            text,
            "<operation name='Op{index}'><input message='w:In{index}'/><output message='w:Out{index}'/></operation>"
        )
        .unwrap();
    }
    text.push_str("</portType><binding name='B' type='w:P'><soap:binding/>");
    for index in 0..OPERATIONS {
        write!(
            text,
            "<operation name='Op{index}'><soap:operation soapAction='urn:{index}'/><input>\
             <soap:body use='literal'/></input><output><soap:body use='literal'/></output></operation>"
        )
        .unwrap();
    }
    text.push_str("</binding><service name='S'><port name='P' binding='w:B'>");
    text + "<soap:address location='http://h/'/></port></service></definitions>"
}

#[test]
fn a_thousand_operations_and_two_hundred_schemas() {
    let mut archive = Archive::new();
    archive.insert("a.wsdl", wsdl()).unwrap();
    for index in 0..SCHEMAS {
        archive.insert(&format!("s{index}.xsd"), schema(index)).unwrap();
    }
    let bytes: usize = archive.iter().map(|(_, content)| content.len()).sum();
    let start = Instant::now();
    let reading = read(&archive, &Location::path("a.wsdl").unwrap(), &Limits::default());
    eprintln!("{bytes} bytes were read in {:?}", start.elapsed());
    assert!(reading.found.is_empty(), "{:?}", reading.found.iter().next());
    let description = reading.description.unwrap();
    let is_wrapped = |call: &wsdl::description::Call<'_>| {
        matches!(call.bound.shape, wsdl::description::Shape::Wrapped { .. })
    };
    assert_eq!(description.calls().filter(is_wrapped).count(), OPERATIONS);
    assert_eq!(description.documents().len(), SCHEMAS + 1);
}
