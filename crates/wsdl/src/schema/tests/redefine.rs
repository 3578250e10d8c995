//! `redefine`, and includes without a namespace.

use super::*;

fn files(files: &[(&str, &str)]) -> (Schemas, Vec<String>) {
    let mut archive = Archive::new();
    let wsdl = format!(
        "<definitions xmlns='http://schemas.xmlsoap.org/wsdl/' xmlns:xsd='{XSD}'><types>
           <xsd:schema><xsd:import namespace='urn:t' schemaLocation='a.xsd'/></xsd:schema>
         </types><service name='s'/></definitions>"
    );
    archive.insert("a.wsdl", wsdl).unwrap();
    for (path, inner) in files {
        let (target, inner) = inner.split_once('|').unwrap();
        let target =
            if target.is_empty() { String::new() } else { format!("targetNamespace='{target}'") };
        let text = format!(
            "<xsd:schema xmlns:xsd='{XSD}' xmlns:t='urn:t' xmlns:u='urn:u' {target}>{inner}</xsd:schema>"
        );
        archive.insert(path, text).unwrap();
    }
    let reading = read(&archive, &Location::path("a.wsdl").unwrap(), &Limits::default());
    let found = reading.found.iter().map(|one| format!("{}: {}", one.place, one.message)).collect();
    (reading.description.unwrap().schemas, found)
}

const ORIGINAL: &str = "urn:t|<xsd:complexType name='x'><xsd:sequence>
       <xsd:element name='a' type='xsd:int'/></xsd:sequence></xsd:complexType>
     <xsd:group name='g'><xsd:sequence><xsd:element name='p' type='xsd:int'/></xsd:sequence></xsd:group>
     <xsd:attributeGroup name='ag'><xsd:attribute name='o' type='xsd:int'/></xsd:attributeGroup>
     <xsd:complexType name='user'><xsd:sequence><xsd:element name='x' type='t:x'/>
       <xsd:group ref='t:g'/></xsd:sequence><xsd:attributeGroup ref='t:ag'/></xsd:complexType>";

const REDEFINITION: &str = "<xsd:redefine schemaLocation='b.xsd'>
       <xsd:complexType name='x'><xsd:complexContent><xsd:extension base='t:x'><xsd:sequence>
         <xsd:element name='b' type='t:x' minOccurs='0'/></xsd:sequence>
       </xsd:extension></xsd:complexContent></xsd:complexType>
       <xsd:group name='g'><xsd:choice><xsd:group ref='t:g'/>
         <xsd:element name='q' type='xsd:int'/></xsd:choice></xsd:group>
       <xsd:attributeGroup name='ag'><xsd:attributeGroup ref='t:ag'/>
         <xsd:attribute name='n' type='xsd:int'/></xsd:attributeGroup>
     </xsd:redefine>";

fn check_redefined(schemas: &Schemas) {
    assert_eq!(show(schemas, "x"), "(a:int) (b:x?)");
    assert_eq!(show(schemas, "user"), "(x:x g=(g=(p:int)|q:int)) @n:int @o:int");
    let x = schemas.find_type("urn:t", "x").unwrap();
    let content = schemas.content(schemas.find_type("urn:t", "user").unwrap());
    let Term::Model(model) = &content[0].term else { panic!() };
    let Term::Element(element) = model.particles[0].term else { panic!() };
    assert_eq!(schemas.element(element).type_id, x);
}

#[test]
fn a_redefinition_takes_the_place_of_its_original() {
    let (schemas, found) =
        files(&[("a.xsd", &format!("urn:t|{REDEFINITION}")), ("b.xsd", ORIGINAL)]);
    assert_eq!(found, Vec::<String>::new());
    check_redefined(&schemas);
}

#[test]
fn an_original_that_is_read_first_is_redefined_too() {
    let (schemas, found) = files(&[
        (
            "a.xsd",
            "urn:t|<xsd:include schemaLocation='b.xsd'/><xsd:include schemaLocation='c.xsd'/>",
        ),
        ("b.xsd", ORIGINAL),
        ("c.xsd", &format!("urn:t|{REDEFINITION}")),
    ]);
    assert_eq!(found, Vec::<String>::new());
    check_redefined(&schemas);
}

#[test]
fn a_redefinition_may_be_redefined() {
    let again = REDEFINITION.replace("b.xsd", "c.xsd").replace("'b'", "'c'");
    let (schemas, found) = files(&[
        ("a.xsd", &format!("urn:t|{again}")),
        ("c.xsd", &format!("urn:t|{REDEFINITION}")),
        ("b.xsd", ORIGINAL),
    ]);
    assert_eq!(found, Vec::<String>::new());
    assert_eq!(show(&schemas, "x"), "(a:int) (b:x?) (c:x?)");
}

#[test]
fn a_redefinition_of_nothing_is_an_error() {
    let (_, found) = files(&[("a.xsd", &format!("urn:t|{REDEFINITION}")), ("b.xsd", "urn:t|")]);
    assert_eq!(
        found,
        [
            "a.xsd:2:8: The type `x` is redefined, and not there",
            "a.xsd:5:8: The group `g` is redefined, and not there",
            "a.xsd:7:8: The attribute group `ag` is redefined, and not there",
        ]
    );
}

#[test]
fn what_has_no_namespace_becomes_part_of_each_that_includes_it() {
    let (schemas, found) = files(&[
        (
            "a.xsd",
            "urn:t|<xsd:include schemaLocation='b.xsd'/>
             <xsd:import namespace='urn:u' schemaLocation='c.xsd'/>
             <xsd:element name='e' type='t:x'/><xsd:element name='f' type='u:x'/>",
        ),
        ("c.xsd", "urn:u|<xsd:include schemaLocation='b.xsd'/>"),
        (
            "b.xsd",
            "|<xsd:include schemaLocation='d.xsd'/><xsd:complexType name='x'><xsd:sequence>
               <xsd:element ref='y'/></xsd:sequence></xsd:complexType>",
        ),
        ("d.xsd", "|<xsd:element name='y' type='z'/><xsd:complexType name='z'/>"),
    ]);
    assert_eq!(found, Vec::<String>::new());
    for namespace in ["urn:t", "urn:u"] {
        let x = schemas.find_type(namespace, "x").unwrap();
        let content = schemas.content(x);
        let Term::Model(model) = &content[0].term else { panic!() };
        let Term::Element(y) = model.particles[0].term else { panic!() };
        assert_eq!(Some(y), schemas.find_element(namespace, "y"));
        assert_eq!(Some(schemas.element(y).type_id), schemas.find_type(namespace, "z"));
    }
}
