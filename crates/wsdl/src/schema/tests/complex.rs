//! Complex types, elements, attributes, wildcards, arrays.

use super::*;

fn check(inner: &str, expected: &str) {
    let schemas = sound(inner);
    assert_eq!(show(&schemas, "x"), expected, "{inner}");
}

#[test]
fn contents() {
    check(
        "<xsd:complexType name='x'><xsd:sequence>
           <xsd:element name='a' type='xsd:string'/>
           <xsd:element name='b' type='xsd:int' minOccurs='0' form='unqualified'/>
           <xsd:choice maxOccurs='unbounded'>
             <xsd:element name='c' type='t:x'/>
             <xsd:element name='d' type='xsd:date' minOccurs='2' maxOccurs='3'/>
           </xsd:choice>
           <xsd:any namespace='##other' processContents='lax' minOccurs='0'/>
         </xsd:sequence></xsd:complexType>",
        "(t:a:string b:int? (t:c:x|t:d:date{2,3})+ any?)",
    );
    check(
        "<xsd:complexType name='x' mixed='true'><xsd:all>
           <xsd:element name='a' type='xsd:string'/><xsd:element name='b'/>
         </xsd:all></xsd:complexType>",
        "mixed (t:a:string&t:b:anyType)",
    );
    check("<xsd:complexType name='x'/>", "");
    check(
        "<xsd:complexType name='x'><xsd:sequence>
           <xsd:element name='a' type='xsd:int' minOccurs='0' maxOccurs='0'/>
         </xsd:sequence></xsd:complexType>",
        "()",
    );
    check(
        "<xsd:complexType name='x'><xsd:choice minOccurs='0' maxOccurs='0'/></xsd:complexType>",
        "",
    );
}

#[test]
fn groups_and_attributes() {
    check(
        "<xsd:complexType name='x'>
           <xsd:group ref='t:g' minOccurs='0' maxOccurs='unbounded'/>
           <xsd:attribute name='a' type='xsd:int' use='required'/>
           <xsd:attributeGroup ref='t:ag'/>
           <xsd:attribute ref='t:ga'/>
         </xsd:complexType>
         <xsd:group name='g'><xsd:sequence>
           <xsd:element ref='t:e'/><xsd:group ref='t:h'/>
         </xsd:sequence></xsd:group>
         <xsd:group name='h'><xsd:choice><xsd:element name='i' type='xsd:int'/></xsd:choice></xsd:group>
         <xsd:element name='e' type='xsd:boolean'/>
         <xsd:attributeGroup name='ag'>
           <xsd:attribute name='b'/><xsd:attributeGroup ref='t:inner'/>
         </xsd:attributeGroup>
         <xsd:attributeGroup name='inner'><xsd:anyAttribute/></xsd:attributeGroup>
         <xsd:attribute name='ga' type='xsd:token'/>",
        "g=(t:e:boolean h=(t:i:int))* @a:int! @ga:token @b:anySimpleType @*",
    );
}

#[test]
fn derivations() {
    let bases = "<xsd:complexType name='base'><xsd:sequence>
             <xsd:element name='a' type='xsd:string'/></xsd:sequence>
           <xsd:attribute name='p' type='xsd:int'/><xsd:attribute name='q' type='xsd:int'/>
         </xsd:complexType>";
    check(
        &format!(
            "{bases}<xsd:complexType name='x'><xsd:complexContent><xsd:extension base='t:base'>
               <xsd:sequence><xsd:element name='b' type='xsd:int'/></xsd:sequence>
               <xsd:attribute name='r' type='xsd:int'/>
             </xsd:extension></xsd:complexContent></xsd:complexType>"
        ),
        "(t:a:string) (t:b:int) @p:int @q:int @r:int",
    );
    check(
        &format!(
            "{bases}<xsd:complexType name='x'><xsd:complexContent><xsd:restriction base='t:base'>
               <xsd:sequence><xsd:element name='a' type='xsd:token'/></xsd:sequence>
               <xsd:attribute name='p' use='prohibited'/>
             </xsd:restriction></xsd:complexContent></xsd:complexType>"
        ),
        "(t:a:token) @q:int",
    );
    check(
        "<xsd:complexType name='x'><xsd:simpleContent><xsd:extension base='xsd:decimal'>
           <xsd:attribute name='unit' type='xsd:string'/>
         </xsd:extension></xsd:simpleContent></xsd:complexType>",
        "decimal @unit:string",
    );
    let schemas = sound(
        "<xsd:complexType name='y'><xsd:simpleContent><xsd:extension base='t:s'>
           <xsd:attribute name='u'/></xsd:extension></xsd:simpleContent></xsd:complexType>
         <xsd:simpleType name='s'><xsd:restriction base='xsd:string'>
           <xsd:maxLength value='9'/></xsd:restriction></xsd:simpleType>
         <xsd:complexType name='x'><xsd:simpleContent><xsd:restriction base='t:y'>
           <xsd:maxLength value='5'/><xsd:enumeration value='a'/>
         </xsd:restriction></xsd:simpleContent></xsd:complexType>",
    );
    assert_eq!(show(&schemas, "x"), "string @u:anySimpleType");
    let facets = schemas.facets(schemas.find_type("urn:t", "x").unwrap());
    assert_eq!((facets.max_length, facets.enumeration.len()), (Some(5), 1));
    let (x, y) = (schemas.find_type("urn:t", "x"), schemas.find_type("urn:t", "y"));
    assert_eq!(schemas.derived(y.unwrap()), [x.unwrap()]);
    assert!(schemas.is_derived_from(x.unwrap(), schemas.find_type("urn:t", "s").unwrap()));
    assert!(!schemas.is_derived_from(y.unwrap(), x.unwrap()));
}

#[test]
fn elements() {
    let schemas = sound(
        "<xsd:element name='a' type='xsd:int' nillable='true' default='7'>
           <xsd:annotation><xsd:documentation> About a. </xsd:documentation></xsd:annotation>
           <xsd:unique name='u'><xsd:selector xpath='x'/><xsd:field xpath='y'/></xsd:unique>
         </xsd:element>
         <xsd:element name='b' type='xsd:string' fixed='f' abstract='1'/>
         <xsd:element name='c' substitutionGroup='t:b'/>
         <xsd:element name='d' type='xsd:token' substitutionGroup='t:c'/>
         <xsd:element name='e'><xsd:simpleType><xsd:restriction base='xsd:byte'/></xsd:simpleType></xsd:element>
         <xsd:element name='f' type='xsd:base64Binary' xmime:expectedContentTypes='image/png'/>",
    );
    let element = |name: &str| schemas.element(schemas.find_element("urn:t", name).unwrap());
    let a = element("a");
    assert!(a.is_nillable && a.is_global && !a.is_abstract);
    assert_eq!(a.value, Some(Value::Default("7".into())));
    assert_eq!(a.documentation.as_deref(), Some("About a."));
    assert_eq!(a.source.line, 2);
    let b = element("b");
    assert_eq!((b.is_abstract, &b.value), (true, &Some(Value::Fixed("f".into()))));
    assert_eq!(element("c").type_id, schemas.builtin(Builtin::String));
    assert_eq!(schemas.atomic(element("e").type_id), Some(Builtin::Byte));
    assert_eq!(element("f").content_types.as_deref(), Some("image/png"));
    let heads = schemas.substitutes(schemas.find_element("urn:t", "b").unwrap());
    let heads: Vec<_> = heads.iter().map(|id| &*schemas.element(*id).name.local).collect();
    assert_eq!(heads, ["c", "d"]);
    let unmapped = &schemas.unmapped()[0];
    assert_eq!((&*unmapped.kind, &*unmapped.owner.as_ref().unwrap().local), ("unique", "a"));
}

#[test]
fn wildcards() {
    let schemas = sound(
        "<xsd:complexType name='x'><xsd:sequence>
           <xsd:any/><xsd:any namespace='##other' processContents='skip'/>
           <xsd:any namespace='##targetNamespace ##local urn:v' processContents='lax'/>
         </xsd:sequence></xsd:complexType>",
    );
    let content = schemas.content(schemas.find_type("urn:t", "x").unwrap());
    let Term::Model(model) = &content[0].term else { panic!() };
    let wildcards = model.particles.iter().map(|one| match &one.term {
        Term::Any(wildcard) => wildcard,
        _ => panic!(),
    });
    let allowed: Vec<_> = wildcards
        .map(|one| {
            let names = ["", "urn:t", "urn:v", "urn:w"];
            (one.process, names.map(|name| one.namespaces.allow(name)))
        })
        .collect();
    assert_eq!(
        allowed,
        [
            (Process::Strict, [true, true, true, true]),
            (Process::Skip, [false, false, true, true]),
            (Process::Lax, [true, true, true, false]),
        ]
    );
}

#[test]
fn arrays_of_soap() {
    let schemas = sound(
        "<xsd:import namespace='http://schemas.xmlsoap.org/soap/encoding/'/>
         <xsd:complexType name='x'><xsd:complexContent><xsd:restriction base='soapenc:Array'>
           <xsd:attribute ref='soapenc:arrayType' wsdl:arrayType='t:item[,][]'/>
         </xsd:restriction></xsd:complexContent></xsd:complexType>
         <xsd:complexType name='y'><xsd:complexContent><xsd:restriction base='soapenc:Array'>
           <xsd:sequence><xsd:element name='i' type='t:item' maxOccurs='unbounded'/></xsd:sequence>
         </xsd:restriction></xsd:complexContent></xsd:complexType>
         <xsd:complexType name='item'/>
         <xsd:element name='e' type='soapenc:int'/>",
    );
    let item = schemas.find_type("urn:t", "item").unwrap();
    let [x, y] = ["x", "y"].map(|name| schemas.find_type("urn:t", name).unwrap());
    assert_eq!(schemas.array_item(x), Some(item));
    assert_eq!(&*schemas.type_of(x).complex().unwrap().array.as_ref().unwrap().dimensions, "[,][]");
    assert_eq!(schemas.array_item(y), Some(item));
    assert!(schemas.is_encoded_array(y) && !schemas.is_encoded_array(item));
    assert_eq!(schemas.array_item(item), None);
    let e = schemas.element(schemas.find_element("urn:t", "e").unwrap());
    assert_eq!(show_type(&schemas, e.type_id), "int @id:ID @href:anyURI @*");
}

#[test]
fn what_is_wrong_is_said() {
    wrong(
        "<xsd:element type='xsd:int'/><xsd:element name='a:b'/><xsd:complexTyp name='x'/>
         <xsd:complexType name='x'><xsd:sequence minOccurs='-1' maxOccurs='x'>
           <xsd:element name='a' minOccurs='2'/><xsd:elem/>
         </xsd:sequence><xsd:choice/></xsd:complexType>
         <xsd:element name='e' nillable='yes' default='a' fixed='b'/>
         <xsd:override schemaLocation='x'/>",
        &[
            "error[WS046] <xsd:element> has no `name`",
            "error[WS045] `name` of <xsd:element> is \"a:b\"",
            "warning[WS046] <xsd:complexTyp> has no place here; it has no effect",
            "error[WS045] `minOccurs` of <xsd:sequence> is \"-1\"",
            "error[WS045] `maxOccurs` of <xsd:sequence> is \"x\"",
            "error[WS046] <xsd:element> occurs at least more often than at most",
            "warning[WS046] <xsd:elem> has no place here; it has no effect",
            "error[WS046] <xsd:choice> stands beside another content",
            "error[WS045] `nillable` of <xsd:element> is \"yes\"",
            "error[WS046] <xsd:element> has both `default` and `fixed`",
            "error[WS047] `override` is not supported",
        ],
    );
    wrong(
        "<xsd:simpleType name='s'><xsd:restriction base='t:c'/></xsd:simpleType>
         <xsd:complexType name='c'><xsd:sequence/></xsd:complexType>
         <xsd:complexType name='d'><xsd:complexContent><xsd:extension base='xsd:string'>
           <xsd:sequence/></xsd:extension></xsd:complexContent></xsd:complexType>
         <xsd:complexType name='e'><xsd:complexContent/></xsd:complexType>",
        &[
            "error[WS046] <xsd:complexContent> is empty",
            "warning[WS046] A simple type is built on a complex one",
            "warning[WS046] A type with elements is built on one of texts",
        ],
    );
}
