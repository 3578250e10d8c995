#![allow(clippy::unwrap_used, reason = "a failed test may panic")]

use serde_json::json;

use super::*;
use crate::mapping::read;

const TEXT: &str = r#"
version: 1
types:
  small: { restriction: "xsd:int", minInclusive: "1", maxExclusive: "10" }
  colour: { restriction: "xsd:string", enumeration: [red, green] }
  word: { restriction: "xsd:string", minLength: 2, maxLength: 4 }
  numbers: { list: "xsd:int" }
  either: { union: ["xsd:int", "colour"] }
  circle: { union: [circle] }
"#;

fn with(check: impl Fn(&Mapping, &dyn Fn(&str) -> TypeRef)) {
    let mut found = model::Diagnostics::new();
    let mapping =
        read("m.yaml", TEXT.as_bytes(), &mut found).unwrap_or_else(|| panic!("{found:?}"));
    let named = |name: &str| match name.strip_prefix("xsd:") {
        Some(local) => {
            TypeRef::Builtin(*Builtin::ALL.iter().find(|one| one.name() == local).unwrap())
        }
        None => TypeRef::Own(mapping.types.iter().position(|one| one.key == name).unwrap()),
    };
    check(&mapping, &named);
}

#[test]
fn values_become_texts() {
    with(|mapping, named| {
        for (name, value, expected) in [
            ("xsd:int", json!(5), Some("5")),
            ("xsd:int", json!("5"), Some("5")),
            ("xsd:int", json!(5.0), Some("5")),
            ("xsd:int", json!(5.5), None),
            ("xsd:int", json!(3_000_000_000_u64), None),
            ("xsd:int", json!(true), None),
            ("xsd:byte", json!(-129), None),
            (
                "xsd:integer",
                json!("123456789012345678901234567890"),
                Some("123456789012345678901234567890"),
            ),
            // A fraction so large has lost digits already.
            ("xsd:integer", json!(1e30), None),
            ("xsd:positiveInteger", json!(0), None),
            ("xsd:unsignedLong", json!(u64::MAX), Some("18446744073709551615")),
            ("xsd:decimal", json!(12.5), Some("12.5")),
            ("xsd:decimal", json!(0.000_000_1), Some("0.0000001")),
            ("xsd:decimal", json!("1e3"), None),
            ("xsd:double", json!(1e300), Some("1e+300")),
            ("xsd:double", json!("INF"), Some("INF")),
            ("xsd:double", json!("nothing"), None),
            ("xsd:boolean", json!(true), Some("true")),
            ("xsd:boolean", json!("0"), Some("0")),
            ("xsd:boolean", json!(1), None),
            ("xsd:string", json!("a"), Some("a")),
            ("xsd:string", json!(1), Some("1")),
            ("xsd:string", json!({}), None),
            ("xsd:date", json!(1), None),
            ("small", json!(9), Some("9")),
            ("small", json!(10), None),
            ("small", json!(0), None),
            ("colour", json!("red"), Some("red")),
            ("colour", json!("blue"), None),
            ("word", json!("äöü"), Some("äöü")),
            ("word", json!("a"), None),
            ("word", json!("abcde"), None),
            ("numbers", json!([1, "2"]), Some("1 2")),
            ("numbers", json!("1 2"), Some("1 2")),
            ("numbers", json!(3), Some("3")),
            ("numbers", json!([1, "x"]), None),
            ("either", json!(7), Some("7")),
            ("either", json!("green"), Some("green")),
            ("either", json!("blue"), None),
            ("circle", json!(1), None),
            ("xsd:NMTOKENS", json!(["a", "b"]), Some("a b")),
        ] {
            let text = to_text(mapping, named(name), &value);
            assert_eq!(text.ok().as_deref(), expected, "{name} {value}");
        }
    });
}

#[test]
fn texts_become_values() {
    with(|mapping, named| {
        for (name, text, expected) in [
            ("xsd:int", " 5 ", json!(5)),
            ("xsd:int", "+5", json!(5)),
            ("xsd:int", "five", json!("five")),
            ("xsd:integer", "18446744073709551616", json!("18446744073709551616")),
            ("xsd:decimal", "12.50", json!(12.5)),
            (
                "xsd:decimal",
                "0.1000000000000000055511151231257827",
                json!("0.1000000000000000055511151231257827"),
            ),
            ("xsd:decimal", "-.5", json!(-0.5)),
            ("xsd:double", "1E3", json!(1000.0)),
            ("xsd:double", "INF", json!("INF")),
            ("xsd:boolean", "1", json!(true)),
            ("xsd:boolean", "yes", json!("yes")),
            ("xsd:string", " a ", json!(" a ")),
            ("xsd:token", " a  b ", json!("a b")),
            ("numbers", "1 2", json!([1, 2])),
            ("either", "7", json!(7)),
            ("either", "red", json!("red")),
            ("circle", "a", json!("a")),
        ] {
            assert_eq!(to_json(mapping, named(name), text), expected, "{name} {text}");
        }
    });
}
