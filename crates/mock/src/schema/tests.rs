//! The normal form of schemas, and what is no schema.

#![allow(clippy::unwrap_used, reason = "a failed test may panic")]

use super::*;

#[track_caller]
fn normal(dialect: Dialect, schema: &Value) -> Value {
    let schema = Schema::read(&json!({}), dialect, schema, Direction::Response);
    schema.map_or_else(|problem| panic!("{problem}"), |schema| schema.top().clone())
}

#[test]
fn dialects_become_one() {
    let check = |dialect, written: Value, expected: Value| {
        assert_eq!(normal(dialect, &written), expected, "{written}");
    };
    use Dialect::{V2, V3_0, V3_1};
    check(V3_0, json!({"type": "string", "nullable": true}), json!({"type": ["string", "null"]}));
    check(V3_0, json!({"nullable": true}), json!({}));
    check(V2, json!({"type": "string", "x-nullable": true}), json!({"type": ["string", "null"]}));
    check(V2, json!({"type": "file"}), json!({"type": "string"}));
    check(V3_1, json!({"type": "string", "nullable": true}), json!({"type": "string"}));
    check(
        V3_0,
        json!({"minimum": 1, "exclusiveMinimum": true, "maximum": 3, "exclusiveMaximum": false}),
        json!({"exclusiveMinimum": 1, "maximum": 3}),
    );
    check(V3_1, json!({"exclusiveMinimum": 1}), json!({"exclusiveMinimum": 1}));
    check(V3_0, json!({"items": [{"type": "null"}]}), json!({"prefixItems": [{"type": "null"}]}));
    check(V2, json!({"discriminator": "kind"}), json!({"discriminator": {"propertyName": "kind"}}));
    check(V2, json!({"description": "a", "x-a": 1, "minLength": 2.0}), json!({"minLength": 2}));
    check(
        V3_1,
        json!({"type": "integer", "format": "int32"}),
        json!({"type": "integer", "format": "int32",
            "minimum": -2_147_483_648_i64, "maximum": 2_147_483_647_i64}),
    );
}

#[test]
fn what_goes_the_other_way_is_not_required() {
    let written = json!({"required": ["a", "b"], "properties": {
        "a": {"readOnly": true}, "b": {"writeOnly": true}}});
    for (direction, left) in [(Direction::Request, "b"), (Direction::Response, "a")] {
        let schema = Schema::read(&json!({}), Dialect::V3_0, &written, direction).unwrap();
        assert_eq!(schema.top().get("required"), Some(&json!([left])), "{direction:?}");
    }
}

#[test]
fn what_goes_the_other_way_may_be_said_beside() {
    let check = |written: Value, valid: Value| {
        let document = json!({"a": {"properties": {"id": {"readOnly": true}}}});
        let schema = Schema::read(&document, Dialect::V3_0, &written, Direction::Request).unwrap();
        assert!(schema.is_valid(&valid), "{written}");
    };
    let only = json!({"properties": {"id": {"readOnly": true}}});
    let required = json!({"required": ["id", "name"]});
    check(json!({"allOf": [only, required]}), json!({"name": 1}));
    check(json!({"allOf": [{"$ref": "#/a"}, required]}), json!({"name": 1}));
    check(json!({"allOf": [{"allOf": [required]}, only]}), json!({"name": 1}));
    // What is said of the object says nothing of an object in it.
    let inner = json!({"properties": {"a": {"required": ["id"]}}});
    let written = json!({"allOf": [only, inner]});
    let schema = Schema::read(&json!({}), Dialect::V3_0, &written, Direction::Request).unwrap();
    assert!(!schema.is_valid(&json!({"a": {}})));
}

#[test]
fn one_wrong_keyword_does_not_cost_the_others() {
    let written = json!({"type": "text", "required": true, "minLength": -1, "maxLength": 3});
    let schema = Schema::read(&json!({}), Dialect::V3_0, &written, Direction::Response).unwrap();
    assert_eq!(schema.top(), &json!({"maxLength": 3}));
    assert_eq!(schema.ignored().len(), 3, "{:?}", schema.ignored());
}

#[test]
fn what_is_no_schema_is_told() {
    let check = |document: Value, expected: Problem| {
        let schema = json!({"$ref": "#/a"});
        let schema = Schema::read(&document, Dialect::V3_1, &schema, Direction::Response);
        assert_eq!(schema.unwrap_err(), expected, "{document}");
    };
    check(json!({}), Problem::Unresolved("#/a".to_owned()));
    check(json!({"a": {"$ref": "b.yaml#/c"}}), Problem::Remote("b.yaml#/c".to_owned()));
    check(json!({"a": {"$ref": "#/a"}}), Problem::Circle);
    check(
        json!({"a": {"allOf": [{"oneOf": [{"$ref": "#/b"}]}]}, "b": {"not": {"$ref": "#/a"}}}),
        Problem::Circle,
    );
    check(json!({"a": {"$dynamicRef": "#a"}}), Problem::Keyword("$dynamicRef"));
    check(json!({"a": 3}), Problem::Shape("what stands at `a`".to_owned()));
}

#[test]
fn a_circle_through_a_property_is_none() {
    let document = json!({"a": {"properties": {"a": {"$ref": "#/a"}}}});
    let schema = json!({"$ref": "#/a"});
    assert!(Schema::read(&document, Dialect::V3_1, &schema, Direction::Response).is_ok());
}

#[test]
fn branches_that_double_again_and_again_are_refused() {
    let mut document = json!({"a40": {"type": "string"}});
    for number in 0..40 {
        let next = json!({"$ref": format!("#/a{}", number + 1)});
        document[format!("a{number}")] = json!({"oneOf": [next, next]});
    }
    let schema = json!({"$ref": "#/a0"});
    let schema = Schema::read(&document, Dialect::V3_1, &schema, Direction::Response);
    assert!(matches!(schema, Err(Problem::TooLarge(_))), "{schema:?}");
}
