//! Names across schemas: what is missing, what is meant, what is defined twice.

use super::*;

#[test]
fn what_is_missing_is_named_with_what_may_be_meant() {
    let text = "<xsd:schema targetNamespace='urn:t'>
           <xsd:element name='a' type='t:Adress'/><xsd:complexType name='Address'/>
           <xsd:element name='b' type='t:Other'/>
           <xsd:element name='c' type='q:x'/>
         </xsd:schema>
         <xsd:schema targetNamespace='urn:u'><xsd:complexType name='Other'/></xsd:schema>";
    let (schemas, found) = schemas(text);
    assert_eq!(
        found,
        [
            "error[WS022] The prefix of `q:x` is not declared",
            "error[WS040] The type `{urn:t}Adress` is not defined",
            "error[WS040] The type `{urn:t}Other` is not defined",
        ]
    );
    let a = schemas.element(schemas.find_element("urn:t", "a").unwrap());
    assert!(schemas.type_of(a.type_id).is_missing);
    assert_eq!(schemas.find_type("urn:t", "Adress"), None);
    assert_eq!(schemas.namespaces().len(), 2);
}

#[test]
fn help_says_what_may_be_meant() {
    let help = |inner: &str| {
        let mut archive = Archive::new();
        let wsdl = format!(
            "<definitions xmlns='http://schemas.xmlsoap.org/wsdl/' xmlns:xsd='{XSD}' \
             xmlns:t='urn:t' xmlns:u='urn:u'><types>{inner}</types><service name='s'/></definitions>"
        );
        archive.insert("a.wsdl", wsdl).unwrap();
        let reading = read(&archive, &Location::path("a.wsdl").unwrap(), &Limits::default());
        let dangling = reading.found.iter().find(|one| one.code == "WS040").unwrap();
        dangling.help.clone()
    };
    let schema = |inner: &str| {
        format!(
            "<xsd:schema targetNamespace='urn:t'>{inner}<xsd:complexType name='Address'/></xsd:schema>"
        )
    };
    for (inner, expected) in [
        ("<xsd:element name='a' type='t:Adress'/>", "Did you mean `Address`?"),
        (
            "<xsd:element name='a' type='u:Address'/>",
            "There is one of that name in urn:t; mend the prefix if it is meant.",
        ),
        (
            "<xsd:import namespace='urn:u'/><xsd:element name='a' type='u:Zip'/>",
            "Add a `schemaLocation` to the import of its namespace.",
        ),
        (
            "<xsd:import namespace='urn:u' schemaLocation='u.xsd'/><xsd:element name='a' type='u:Zip'/>",
            "Mend the import of its namespace, which could not be read.",
        ),
        (
            "<xsd:element name='a' type='u:Zip'/>",
            "Mend the name, or import the schema that defines it.",
        ),
    ] {
        assert_eq!(help(&schema(inner)), expected, "{inner}");
    }
}

#[test]
fn names_without_a_prefix_are_taken_from_the_target_namespace() {
    let text = "<xsd:schema xmlns='' targetNamespace='urn:t'>
           <xsd:element name='a' type='T'/><xsd:complexType name='T'><xsd:sequence/></xsd:complexType>
         </xsd:schema>";
    let (schemas, found) = schemas(text);
    assert_eq!(found, ["warning[WS041] The type `T` is taken from the target namespace"]);
    let a = schemas.element(schemas.find_element("urn:t", "a").unwrap());
    assert!(!schemas.type_of(a.type_id).is_missing);
}

#[test]
fn the_first_of_two_definitions_counts() {
    let text =
        "<xsd:schema targetNamespace='urn:t'><xsd:element name='a' type='xsd:int'/></xsd:schema>
         <xsd:schema targetNamespace='urn:t'><xsd:element name='a' type='xsd:date'/></xsd:schema>";
    let (schemas, found) = schemas(text);
    assert_eq!(found, ["warning[WS043] The element `a` is defined twice, first at line 2"]);
    let a = schemas.element(schemas.find_element("urn:t", "a").unwrap());
    assert_eq!(a.type_id, schemas.builtin(Builtin::Int));
}

#[test]
fn namespaces_that_are_not_imported_are_noted() {
    let text = "<xsd:schema targetNamespace='urn:t'><xsd:element name='a' type='u:T'/>
         <xsd:element name='b' type='u:T'/></xsd:schema>
         <xsd:schema targetNamespace='urn:u'><xsd:complexType name='T'/></xsd:schema>";
    let (_, found) = schemas(text);
    assert_eq!(found, ["note[WS042] The namespace urn:u is used and not imported"]);
}

#[test]
fn what_is_built_in_needs_no_location() {
    let schemas = sound(
        "<xsd:import namespace='http://www.w3.org/XML/1998/namespace'/>
         <xsd:import namespace='http://www.w3.org/2005/05/xmlmime'
             schemaLocation='http://www.w3.org/2005/05/xmlmime'/>
         <xsd:complexType name='x'><xsd:sequence>
           <xsd:element ref='xsd:schema'/><xsd:element name='b' type='xmime:base64Binary'/>
         </xsd:sequence><xsd:attributeGroup ref='xml:specialAttrs'/>
         </xsd:complexType>",
    );
    assert_eq!(
        show(&schemas, "x"),
        "(t:schema:anyType t:b:base64Binary) @base:anyURI @lang:string @space:NCName @id:ID"
    );
}
