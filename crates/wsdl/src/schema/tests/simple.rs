//! Simple types and facets.

use super::*;

fn check(inner: &str, expected: &str) -> Facets {
    let schemas = sound(inner);
    let id = schemas.find_type("urn:t", "x").unwrap();
    assert_eq!(show_simple(&schemas, id), expected, "{inner}");
    schemas.facets(id)
}

#[test]
fn varieties() {
    check("<xsd:simpleType name='x'><xsd:list itemType='xsd:int'/></xsd:simpleType>", "list(int)");
    check(
        "<xsd:simpleType name='x'><xsd:list><xsd:simpleType>
           <xsd:restriction base='xsd:int'/></xsd:simpleType></xsd:list></xsd:simpleType>",
        "list(int)",
    );
    check(
        "<xsd:simpleType name='x'><xsd:union memberTypes='xsd:int t:y'><xsd:simpleType>
           <xsd:restriction base='xsd:date'/></xsd:simpleType></xsd:union></xsd:simpleType>
         <xsd:simpleType name='y'><xsd:list itemType='xsd:string'/></xsd:simpleType>",
        "union(int|y|date)",
    );
    check(
        "<xsd:simpleType name='x'><xsd:restriction base='xsd:NMTOKENS'/></xsd:simpleType>",
        "list(NMTOKEN)",
    );
    check(
        "<xsd:simpleType name='x'><xsd:restriction base='t:y'><xsd:length value='2'/></xsd:restriction></xsd:simpleType>
         <xsd:simpleType name='y'><xsd:list itemType='xsd:string'/></xsd:simpleType>",
        "list(string)",
    );
}

#[test]
fn facets_of_all_derivations() {
    let facets = check(
        "<xsd:simpleType name='y'><xsd:restriction base='xsd:decimal'>
           <xsd:totalDigits value='9'/><xsd:fractionDigits value='2'/><xsd:minInclusive value='0'/>
           <xsd:maxExclusive value='100'/><xsd:pattern value='a'/><xsd:pattern value='b'/>
         </xsd:restriction></xsd:simpleType>
         <xsd:simpleType name='x'><xsd:restriction base='t:y'>
           <xsd:maxInclusive value='50'/><xsd:fractionDigits value='1'/><xsd:pattern value='c'/>
         </xsd:restriction></xsd:simpleType>",
        "decimal",
    );
    let text = |value: &Option<Arc<str>>| value.as_deref().map(str::to_owned);
    assert_eq!((facets.total_digits, facets.fraction_digits), (Some(9), Some(1)));
    assert_eq!(text(&facets.min_inclusive).as_deref(), Some("0"));
    assert_eq!(text(&facets.max_inclusive).as_deref(), Some("50"));
    assert_eq!(facets.max_exclusive, None);
    let patterns: Vec<Vec<&str>> =
        facets.patterns.iter().map(|step| step.iter().map(|one| &**one).collect()).collect();
    assert_eq!(patterns, [vec!["c"], vec!["a", "b"]]);
}

#[test]
fn enumerations_keep_what_is_written_about_them() {
    let facets = check(
        "<xsd:simpleType name='x'><xsd:restriction base='xsd:string'>
           <xsd:enumeration value=' a'><xsd:annotation><xsd:documentation>One.</xsd:documentation>
           </xsd:annotation></xsd:enumeration><xsd:enumeration value='b'/>
           <xsd:whiteSpace value='collapse'/><xsd:minLength value='1'/><xsd:maxLength value='2'/>
         </xsd:restriction></xsd:simpleType>",
        "string",
    );
    let values: Vec<_> =
        facets.enumeration.iter().map(|one| (&*one.value, one.documentation.as_deref())).collect();
    assert_eq!(values, [(" a", Some("One.")), ("b", None)]);
    assert_eq!(facets.white_space, Some(WhiteSpace::Collapse));
    assert_eq!((facets.min_length, facets.max_length), (Some(1), Some(2)));
}

#[test]
fn what_is_wrong_is_said() {
    wrong(
        "<xsd:simpleType name='a'/>
         <xsd:simpleType name='b'><xsd:restriction base='xsd:string'><xsd:length value='x'/>
           <xsd:whiteSpace value='x'/><xsd:pattern/><xsd:assertion test='x'/>
         </xsd:restriction></xsd:simpleType>
         <xsd:simpleType name='c'><xsd:union/></xsd:simpleType>
         <xsd:simpleType name='d'><xsd:list/></xsd:simpleType>",
        &[
            "error[WS046] <xsd:simpleType> says nothing of its values",
            "error[WS045] `value` of <xsd:length> is \"x\"",
            "error[WS045] `value` of <xsd:whiteSpace> is \"x\"",
            "error[WS046] <xsd:pattern> has no `value`",
            "error[WS046] <xsd:union> has no member",
            "error[WS046] <xsd:list> has no `itemType`",
        ],
    );
}
