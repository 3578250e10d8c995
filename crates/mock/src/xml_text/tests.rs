//! Values as XML.

#![allow(clippy::unwrap_used, reason = "a failed test may panic")]

use definition::Dialect;
use serde_json::json;

use super::*;
use crate::Direction;

#[allow(clippy::needless_pass_by_value, reason = "tables read better without borrows")]
#[track_caller]
fn check(schema: Value, value: Value, expected: &str) {
    let document =
        json!({"Tag": {"type": "object", "properties": {"id": {"xml": {"attribute": true}}}}});
    let read = Schema::read(&document, Dialect::V3_0, &schema, Direction::Response).unwrap();
    let text = to_xml(&read, &value, "root");
    assert_eq!(text, expected, "{schema}");
    let tree = xml::read::read_text(&text, &xml::read::Limits::default());
    assert!(tree.is_ok(), "{text}");
}

#[test]
fn keywords_of_xml_are_heeded() {
    check(json!({}), json!({"a": 1, "b": null}), "<root><a>1</a><b></b></root>");
    check(json!({"xml": {"name": "pet"}}), json!({}), "<pet></pet>");
    check(json!({"$ref": "#/Tag"}), json!({"id": 7}), "<Tag id=\"7\"></Tag>");
    check(
        json!({"xml": {"namespace": "urn:a", "prefix": "p"}}),
        json!({}),
        "<p:root xmlns:p=\"urn:a\"></p:root>",
    );
    check(json!({"xml": {"prefix": "p"}}), json!("<&"), "<root>&lt;&amp;</root>");
    let items = json!({"type": "string", "xml": {"name": "item"}});
    check(
        json!({"properties": {"all": {"type": "array", "items": items}}}),
        json!({"all": ["a", "b"]}),
        "<root><item>a</item><item>b</item></root>",
    );
    check(
        json!({"properties": {"all": {"type": "array", "items": items, "xml": {"wrapped": true}}}}),
        json!({"all": ["a"]}),
        "<root><all><item>a</item></all></root>",
    );
    check(
        json!({"type": "array", "items": {"$ref": "#/Tag"}}),
        json!([{"id": 1}]),
        "<root><root id=\"1\"></root></root>",
    );
    check(json!({}), json!({"1 a:b": true}), "<root><_1_a_b>true</_1_a_b></root>");
    check(json!({}), json!([[1], 2]), "<root><root><root>1</root></root><root>2</root></root>");
}
