//! Documents that are written to do harm are refused, and cost little.

use std::fmt::Write as _;

use wsdl::{Archive, Limits, Location, Reading, read};

const HEAD: &str = "<definitions xmlns='http://schemas.xmlsoap.org/wsdl/' xmlns:t='urn:t' \
    xmlns:xsd='http://www.w3.org/2001/XMLSchema' targetNamespace='urn:t'>";

fn read_all(files: &[(String, String)]) -> Reading {
    let mut archive = Archive::new();
    for (path, text) in files {
        archive.insert(path, text.clone()).unwrap();
    }
    read(&archive, &Location::path("a.wsdl").unwrap(), &Limits::default())
}

fn read_one(text: String) -> Reading {
    read_all(&[("a.wsdl".to_owned(), text)])
}

fn types(inner: &str) -> String {
    format!(
        "{HEAD}<types><xsd:schema targetNamespace='urn:t'>{inner}</xsd:schema></types>\
         <service name='s'/></definitions>"
    )
}

fn codes(reading: &Reading) -> Vec<&'static str> {
    let mut codes: Vec<_> = reading.found.iter().map(|one| one.code).collect();
    codes.dedup();
    codes
}

#[test]
fn entities_are_neither_fetched_nor_expanded() {
    for text in [
        "<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><x>&e;</x>",
        "<!DOCTYPE x [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;'>]><x>&b;</x>",
        "<!DOCTYPE x SYSTEM 'http://h/x.dtd'><x/>",
        "<?xml version='1.0'?>\n<!DOCTYPE x [<!ENTITY % p SYSTEM 'http://h/p'> %p;]><x/>",
    ] {
        let reading = read_one(text.to_owned());
        assert_eq!((codes(&reading), reading.description.is_none()), (vec!["WS005"], true));
        let main = types("<xsd:include schemaLocation='b.xsd'/>");
        let files = [("a.wsdl".to_owned(), main), ("b.xsd".to_owned(), text.to_owned())];
        assert_eq!(codes(&read_all(&files)), ["WS005"]);
    }
    assert_eq!(codes(&read_one("<x>&nbsp;</x>".to_owned())), ["WS004"]);
}

#[test]
fn elements_inside_each_other_end() {
    let deep = |start: &str, end: &str, count: usize| start.repeat(count) + &end.repeat(count);
    let sequences = deep("<xsd:sequence>", "</xsd:sequence>", 50_000);
    let text = types(&format!("<xsd:complexType name='x'>{sequences}</xsd:complexType>"));
    assert_eq!(codes(&read_one(text)), ["WS011"]);
    let types_in_types = deep(
        "<xsd:element name='e'><xsd:complexType><xsd:sequence>",
        "</xsd:sequence></xsd:complexType></xsd:element>",
        31,
    );
    let reading = read_one(types(&types_in_types));
    assert_eq!(codes(&reading), Vec::<&str>::new());
    let simple =
        deep("<xsd:simpleType><xsd:restriction>", "</xsd:restriction></xsd:simpleType>", 40);
    let text = types(&format!("<xsd:element name='e'>{simple}</xsd:element>"));
    assert_eq!(codes(&read_one(text)), ["WS046"]);
}

#[test]
fn imports_end() {
    let mut files = vec![("a.wsdl".to_owned(), types("<xsd:include schemaLocation='0.xsd'/>"))];
    for index in 0..6_000 {
        let next = index + 1;
        let text = format!(
            "<xsd:schema xmlns:xsd='http://www.w3.org/2001/XMLSchema' targetNamespace='urn:t'>\
             <xsd:include schemaLocation='{next}.xsd'/></xsd:schema>"
        );
        files.push((format!("{index}.xsd"), text));
    }
    let reading = read_all(&files);
    assert_eq!(codes(&reading), ["WS010"]);
    assert!(reading.description.unwrap().documents().len() <= 5_001);
    let many: String = (0..20_000)
        .map(|index| {
            format!("<xsd:import namespace='urn:{index}' schemaLocation='{index}/x.xsd'/>")
        })
        .collect();
    let reading = read_one(types(&many));
    assert_eq!(codes(&reading), ["WS001", "WS099"]);
    assert!(reading.found.len() < 60);
    let same = "<xsd:include schemaLocation='a.wsdl'/>".repeat(20_000);
    assert!(read_one(types(&same)).found.len() < 60);
}

#[test]
fn names_that_lead_nowhere_are_many_and_cost_little() {
    let mut inner = String::new();
    for index in 0..4_000 {
        write!(inner, "<xsd:element name='e{index}' type='t:Tpe{index}'/>").unwrap();
        write!(inner, "<xsd:complexType name='Type{index}'/>").unwrap();
    }
    let reading = read_one(types(&inner));
    assert_eq!(codes(&reading), ["WS040", "WS099"]);
    assert_eq!(reading.found.len(), 51);
}

#[test]
fn prefixes_that_are_declared_again_and_again() {
    let declarations: String =
        (0..200).map(|index| format!(" xmlns:p{index}='urn:{index}'")).collect();
    let mut inner = format!("<xsd:element{declarations} name='e'><xsd:complexType{declarations}>");
    for _ in 0..10 {
        write!(inner, "<xsd:sequence{declarations}>").unwrap();
    }
    inner.push_str(&"<xsd:element name='x' type='t:T'/>".repeat(30_000));
    inner.push_str(&"</xsd:sequence>".repeat(10));
    inner.push_str("</xsd:complexType></xsd:element><xsd:complexType name='T'/>");
    let mut archive = Archive::new();
    archive.insert("a.wsdl", types(&inner)).unwrap();
    let limits = Limits { steps: 5_000_000, ..Limits::default() };
    let reading = read(&archive, &Location::path("a.wsdl").unwrap(), &limits);
    assert_eq!(codes(&reading), ["WS012"]);
}

#[test]
fn what_is_built_on_itself_by_many_ways_is_walked_once() {
    // Each group contains the next one twice: two to the sixtieth ways lead to the last.
    let mut inner = String::new();
    for index in 0..60 {
        let next = index + 1;
        write!(
            inner,
            "<xsd:group name='g{index}'><xsd:sequence><xsd:group ref='t:g{next}'/>\
             <xsd:group ref='t:g{next}'/></xsd:sequence></xsd:group>\
             <xsd:attributeGroup name='a{index}'><xsd:attributeGroup ref='t:a{next}'/>\
             <xsd:attributeGroup ref='t:a{next}'/></xsd:attributeGroup>"
        )
        .unwrap();
    }
    inner.push_str("<xsd:group name='g60'><xsd:sequence/></xsd:group>");
    inner.push_str("<xsd:attributeGroup name='a60'><xsd:attribute name='z'/></xsd:attributeGroup>");
    inner.push_str(
        "<xsd:complexType name='x'><xsd:group ref='t:g0'/><xsd:attributeGroup ref='t:a0'/></xsd:complexType>",
    );
    let reading = read_one(types(&inner));
    assert_eq!(codes(&reading), ["WS048"]);
    let description = reading.description.unwrap();
    let schemas = description.schemas();
    let x = schemas.find_type("urn:t", "x").unwrap();
    assert_eq!(schemas.all_attributes(x).uses.len(), 1);
    for particle in schemas.content(x) {
        assert!(walk(schemas, particle) < 100_000);
    }
}

/// How many particles there are when every group is written out.
fn walk(schemas: &wsdl::Schemas, particle: &wsdl::schema::Particle) -> usize {
    use wsdl::schema::Term;
    let particles = match &particle.term {
        Term::Element(_) | Term::Any(_) => return 1,
        Term::Model(model) => &model.particles,
        Term::Group(id) => &schemas.group(*id).model.particles,
    };
    1 + particles.iter().map(|one| walk(schemas, one)).sum::<usize>()
}

#[test]
fn counts_that_are_larger_than_any_number() {
    let reading = read_one(types(
        "<xsd:complexType name='x'><xsd:sequence minOccurs='99999999999999999999' \
         maxOccurs='99999999999999999999999'><xsd:any/></xsd:sequence></xsd:complexType>",
    ));
    assert_eq!(codes(&reading), Vec::<&str>::new());
}
