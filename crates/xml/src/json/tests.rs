use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::read::{Reason, read_text};
use crate::write::{write, write_document};

fn xml(value: &Value, options: &Options) -> String {
    let tree = from_json(value, options).unwrap_or_else(|error| panic!("{value}: {error}"));
    write(&tree, tree.document())
}

fn json(text: &str, options: &Options) -> Value {
    let tree = read_text(text, &Limits::default()).unwrap_or_else(|e| panic!("{text}: {e}"));
    to_json(&tree, tree.document(), options)
}

#[test]
fn json_becomes_xml() {
    let cases = [
        (json!({}), "<jsonObject/>"),
        (json!([]), "<jsonArray/>"),
        (json!("x"), "<jsonValue>x</jsonValue>"),
        (json!({"array": [1, 2]}), "<jsonObject><array>1</array><array>2</array></jsonObject>"),
        (json!({"array": []}), "<jsonObject/>"),
        (json!({"object": {}}), "<jsonObject><object/></jsonObject>"),
        (json!({"object": ""}), "<jsonObject><object/></jsonObject>"),
        (
            json!([1, 2]),
            "<jsonArray><jsonElement>1</jsonElement><jsonElement>2</jsonElement></jsonArray>",
        ),
        (
            json!([1, []]),
            "<jsonArray><jsonElement>1</jsonElement><jsonElement><jsonArray/></jsonElement></jsonArray>",
        ),
        (
            json!({"a": [[1]]}),
            "<jsonObject><a><jsonArray><jsonElement>1</jsonElement></jsonArray></a></jsonObject>",
        ),
        (
            json!({"a": null, "b": [null]}),
            "<jsonObject xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"><a xsi:nil=\"true\"/><b xsi:nil=\"true\"/></jsonObject>",
        ),
        (json!({"a:b": 1}), "<jsonObject><a_JsonReader_58_b>1</a_JsonReader_58_b></jsonObject>"),
        (json!({"a": {"@b": 1, "$": "x"}}), "<jsonObject><a b=\"1\">x</a></jsonObject>"),
        (json!({"a": {"@xmlns": "u"}}), "<jsonObject><a _JsonReader_120_mlns=\"u\"/></jsonObject>"),
        (
            json!({"@a": null, "@b": {"c": true}}),
            "<jsonObject xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"><_JsonReader_64_a xsi:nil=\"true\"/><_JsonReader_64_b><c>true</c></_JsonReader_64_b></jsonObject>",
        ),
        (json!({"a": "<&\r"}), "<jsonObject><a>&lt;&amp;&#13;</a></jsonObject>"),
    ];
    for (value, expected) in cases {
        assert_eq!(xml(&value, &Options::default()), expected);
    }
}

#[test]
fn shapes_are_kept_on_demand() {
    let options = Options { keep_shape: true, ..Options::default() };
    let value = json!({"a": [1], "b": [], "c": {}, "d e": [[]], "f": [{}]});
    let expected = "<jsonObject><?xml-multiple a?><a>1</a><?xml-multiple b?><c><jsonObject/></c>\
        <?xml-multiple d_JsonReader_32_e?><d_JsonReader_32_e><jsonArray/></d_JsonReader_32_e>\
        <?xml-multiple f?><f><jsonObject/></f></jsonObject>";
    assert_eq!(xml(&value, &options), expected);
    assert_eq!(json(expected, &Options::default()), value);
}

#[test]
fn xml_becomes_json() {
    let xsi = "xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'";
    let nil = format!("<a {xsi}><b xsi:nil='true'/><c xsi:nil='false'/></a>");
    let full = format!("<a {xsi} xsi:nil='1' b='1'/>");
    let cases = [
        ("<a/>", json!({"a": ""})),
        ("<a> </a>", json!({"a": " "})),
        ("<p:a xmlns:p='u'><p:b>1</p:b></p:a>", json!({"a": {"b": 1}})),
        ("<a><b>1</b><c/><b>x</b></a>", json!({"a": {"b": [1, "x"], "c": ""}})),
        ("<a>\n <b>true</b>\n</a>", json!({"a": {"b": true}})),
        ("<a b='1'>2</a>", json!({"a": {"@b": "1", "$": 2}})),
        ("<a b='1'/>", json!({"a": {"@b": "1"}})),
        ("<a>x<b/>y</a>", json!({"a": {"b": "", "$": "xy"}})),
        ("<a><![CDATA[<x>]]></a>", json!({"a": "<x>"})),
        (nil.as_str(), json!({"a": {"b": null, "c": ""}})),
        (full.as_str(), json!({"a": {"@b": "1"}})),
        ("<jsonObject><a>1</a></jsonObject>", json!({"a": 1})),
        ("<jsonObject/>", json!({})),
        ("<jsonArray><jsonElement>1</jsonElement></jsonArray>", json!([1])),
        ("<jsonArray>\n</jsonArray>", json!([])),
        ("<jsonElement><a>1</a></jsonElement>", json!({"a": 1})),
        ("<jsonValue>5</jsonValue>", json!(5)),
        ("<a><?xml-multiple?><b>1</b></a>", json!({"a": {"b": [1]}})),
        ("<a><b>1</b><?xml-multiple b?><b>2</b></a>", json!({"a": {"b": [1, 2]}})),
        ("<a><jsonArray/></a>", json!({"a": []})),
        ("<a><jsonArray/><jsonArray/></a>", json!({"a": {"jsonArray": [[], []]}})),
        ("<_JsonReader_PD_1><_JsonReader_PS_a/></_JsonReader_PD_1>", json!({"1": {"$a": ""}})),
    ];
    for (text, expected) in cases {
        assert_eq!(json(text, &Options::default()), expected, "{text}");
    }
}

#[test]
fn options_are_followed() {
    let plain = Options { auto_primitive: false, attributes: false, ..Options::default() };
    assert_eq!(json("<a b='1'>2</a>", &plain), json!({"a": "2"}));
    assert_eq!(
        xml(&json!({"@a": 1}), &plain),
        "<jsonObject><_JsonReader_64_a>1</_JsonReader_64_a></jsonObject>"
    );
    let tree = read_text("<a b='1'>2<!--c--></a>", &Limits::default()).expect("well-formed");
    let root = tree.root().expect("a root");
    let attribute = tree.attributes(root).next().expect("b");
    let kinds = tree.children(root).chain([attribute]);
    let values: Vec<_> = kinds.map(|id| to_json(&tree, id, &Options::default())).collect();
    assert_eq!(values, [json!(2), json!("c"), json!(1)]);
    let empty = Tree::new();
    assert_eq!(to_json(&empty, empty.document(), &Options::default()), Value::Null);
}

#[test]
fn limits_hold() {
    let limits = Limits { depth: 3, nodes: 6, attributes: 1, name: 5, ..Limits::default() };
    let options = Options { read_limits: limits, ..Options::default() };
    let cases = [
        (json!({"a": {"b": 1}}), None),
        (json!({"a": {"b": {"c": 1}}}), Some(Reason::TooDeep)),
        (json!([[1]]), Some(Reason::TooDeep)),
        (json!([1, 2]), None),
        (json!([1, 2, 3]), Some(Reason::TooManyNodes)),
        (json!({"@a": 1, "@b": 2}), Some(Reason::TooManyAttributes)),
        (json!({"abcdef": ""}), Some(Reason::NameTooLong)),
        (json!({"$a": ""}), Some(Reason::NameTooLong)),
    ];
    for (value, expected) in cases {
        assert_eq!(
            from_json(&value, &options).err().map(|error| error.reason),
            expected,
            "{value}"
        );
    }
    assert_eq!(
        json("<a><b><c><d>x<e>y</e></d></c></b></a>", &options),
        json!({"a": {"b": {"c": {"d": "xy"}}}})
    );
}

#[test]
fn deep_trees_end_in_texts() {
    let mut tree = Tree::new();
    let mut at = tree.document();
    for _ in 0..100_000 {
        let inner = tree.create_element(crate::name::Name::local("e"));
        let kind = tree.kind(inner).clone();
        at = tree.push_child(at, kind, tree.place(inner));
    }
    let value = to_json(&tree, tree.document(), &Options::default());
    let depth = std::iter::successors(Some(&value), |value| value.get("e")).count();
    // The object around it all, 256 elements, and the text of the rest.
    assert_eq!(depth, 258);
}

fn values() -> impl Strategy<Value = Value> {
    let text = "[ -~\u{e9}\t\n\r]{0,6}".prop_filter("looks like another value", |text| {
        matches!(primitive::guess(text.clone()), Value::String(_))
    });
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        text.prop_map(Value::from),
    ];
    let key = "[ -~\u{0}\u{e9}]{0,5}"
        .prop_filter("has a meaning of its own", |key| !key.starts_with('@') && key != "$");
    leaf.prop_recursive(5, 40, 6, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..5).prop_map(Value::from),
            vec((key.clone(), inner), 0..5)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// An array of one array as a member becomes that array.
fn keeps_its_depth(value: &Value) -> bool {
    let is_array_of_one = |value: &Value| {
        value.as_array().is_some_and(|items| matches!(items.as_slice(), [Value::Array(_)]))
    };
    match value {
        Value::Array(items) => items.iter().all(keeps_its_depth),
        Value::Object(members) => {
            members.values().all(|value| !is_array_of_one(value) && keeps_its_depth(value))
        }
        _ => true,
    }
}

proptest! {
    #[test]
    fn json_comes_back(value in values()) {
        let options = Options { keep_shape: true, ..Options::default() };
        let tree = from_json(&value, &options).expect("within limits");
        prop_assert_eq!(&to_json(&tree, tree.document(), &options), &value);
        let written = write_document(&tree);
        let tree = read_text(&written, &Limits::default()).expect("well-formed");
        prop_assert_eq!(to_json(&tree, tree.document(), &options), value, "{}", written);
    }

    #[test]
    fn texts_come_back_as_such(
        value in values().prop_filter("is flatter on its way back", keeps_its_depth),
    ) {
        let options = Options { auto_primitive: false, attributes: false, ..Options::default() };
        let once = from_json(&value, &options).expect("within limits");
        let back = to_json(&once, once.document(), &options);
        let twice = from_json(&back, &options).expect("within limits");
        prop_assert_eq!(write_document(&once), write_document(&twice));
    }
}
