#![allow(clippy::unwrap_used, reason = "a failed test may panic")]

use model::Diagnostics;

use super::*;

fn codes(text: &str) -> Vec<&'static str> {
    let mut found = Diagnostics::new();
    let mapping = read("m.yaml", text.as_bytes(), &mut found);
    assert_eq!(mapping.is_none(), found.has_errors(), "{found:?}");
    found.iter().map(|one| one.code).collect()
}

#[test]
fn what_is_wrong_is_told() {
    for (text, expected) in [
        ("version: 1", &[][..]),
        ("{}", &["WS061"]),
        ("version: 2", &["WS061"]),
        ("version: 1\nsorts: {}", &["WS060"]),
        ("version: 1\nnamespaces: { xsd: a }", &["WS061"]),
        ("version: 1\nresources: [ { resource: GET } ]", &["WS061"]),
        ("version: 1\ntypes: { a: [ { b: a ?? } ] }", &["WS061"]),
        ("version: 1\ntypes: { a: [ { b: a 5..2 } ] }", &["WS061"]),
        ("version: 1\ntypes: { a: [ {} ] }", &["WS063"]),
        ("version: 1\ntypes: { a: [ { \"p:b\": xsd:int } ] }", &["WS062"]),
        ("version: 1\ntypes: { a: { base: b }, b: { base: a } }", &["WS061", "WS061"]),
        ("version: 1\ntypes: { a: { restriction: b }, b: [] }", &["WS061"]),
        ("version: 1\ntypes: { a: { content: [ { b: xsd:int, occurs: 2 } ] } }", &["WS060"]),
        ("version: [", &["PR002"]),
    ] {
        assert_eq!(codes(text), expected, "{text}");
    }
}

#[test]
fn fields_know_what_repeats() {
    let text = "version: 1\ntypes: { a: [ { b: xsd:int }, { $choice: [ { c: xsd:int }, { $sequence: \
                [ { c: xsd:int }, { d: xsd:int } ] } ] }, { e: xsd:int * }, { $sequence: [ { f: xsd:int } ], \
                occurs: 0..5 }, { b: xsd:int }, { $any: '*' } ] }";
    let mut found = Diagnostics::new();
    let mapping =
        read("m.yaml", text.as_bytes(), &mut found).unwrap_or_else(|| panic!("{found:?}"));
    let fields = mapping.complex(TypeRef::Own(0)).unwrap().content.fields().clone();
    let seen: Vec<_> =
        fields.iter().map(|one| (&*one.element.key, one.repeats, one.is_required)).collect();
    let expected = [
        ("b", true, true),
        ("c", false, false),
        ("d", false, false),
        ("e", true, false),
        ("f", true, false),
    ];
    assert_eq!(seen, expected);
    assert!(fields.has_any);
}
