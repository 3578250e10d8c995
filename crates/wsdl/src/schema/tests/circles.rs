//! What is built on itself.

use super::*;

#[test]
fn types_of_elements_may_go_round() {
    let schemas = sound(
        "<xsd:complexType name='x'><xsd:sequence>
           <xsd:element name='next' type='t:x' minOccurs='0'/>
         </xsd:sequence></xsd:complexType>",
    );
    assert_eq!(show(&schemas, "x"), "(t:next:x?)");
}

#[test]
fn everything_else_that_goes_round_is_cut() {
    let schemas = wrong(
        "<xsd:complexType name='x'><xsd:complexContent><xsd:extension base='t:y'>
           <xsd:sequence><xsd:element name='a'/></xsd:sequence>
         </xsd:extension></xsd:complexContent></xsd:complexType>
         <xsd:complexType name='y'><xsd:complexContent><xsd:extension base='t:x'/>
         </xsd:complexContent></xsd:complexType>
         <xsd:simpleType name='s'><xsd:union memberTypes='t:s xsd:int'/></xsd:simpleType>
         <xsd:simpleType name='l'><xsd:list itemType='t:l'/></xsd:simpleType>
         <xsd:simpleType name='r'><xsd:restriction base='t:r'/></xsd:simpleType>
         <xsd:group name='g'><xsd:sequence><xsd:choice><xsd:group ref='t:g'/></xsd:choice>
           <xsd:element name='b'/></xsd:sequence></xsd:group>
         <xsd:attributeGroup name='ag'><xsd:attributeGroup ref='t:ag'/></xsd:attributeGroup>
         <xsd:element name='e' substitutionGroup='t:f'/>
         <xsd:element name='f' substitutionGroup='t:e'/>",
        &[
            "error[WS044] The type `x` is derived from itself",
            "error[WS044] The type `s` is derived from itself",
            "error[WS044] The type `l` is derived from itself",
            "error[WS044] The type `r` is derived from itself",
            "error[WS044] The group `g` contains itself",
            "error[WS044] The attribute group `ag` contains itself",
            "error[WS044] The element `e` stands for itself",
        ],
    );
    assert_eq!(show(&schemas, "x"), "(t:a:anyType)");
    assert_eq!(show(&schemas, "s"), "union(int)");
    assert_eq!(show(&schemas, "l"), "list(anySimpleType)");
    assert_eq!(show(&schemas, "r"), "anySimpleType");
    let (_, g) = schemas.groups().next().unwrap();
    assert_eq!(show_model(&schemas, &g.model), "(() t:b:anyType)");
}

#[test]
fn chains_are_not_endless() {
    let mut inner = "<xsd:complexType name='t0'/>".to_owned();
    for index in 1..200 {
        let base = index - 1;
        write!(
            inner,
            "<xsd:complexType name='t{index}'><xsd:complexContent>\
             <xsd:extension base='t:t{base}'/></xsd:complexContent></xsd:complexType>"
        )
        .unwrap();
    }
    wrong(
        &inner,
        &["error[WS048] The type `t100` ends a chain of more than 100 of its kind that are built \
           on each other"],
    );
}
