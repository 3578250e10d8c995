//! Values for schemas: which they are, and that they are valid.

#![allow(clippy::unwrap_used, reason = "a failed test may panic")]

mod properties;

use definition::Dialect;
use serde_json::json;

use super::*;
use crate::Direction;

/// Reads a schema of OpenAPI 3.1; the document has what it refers to.
#[track_caller]
pub(super) fn read(document: &Value, schema: &Value) -> Schema {
    let schema = Schema::read(document, Dialect::V3_1, schema, Direction::Response);
    schema.unwrap_or_else(|problem| panic!("{problem}"))
}

#[allow(clippy::needless_pass_by_value, reason = "tables read better without borrows")]
#[track_caller]
fn check(schema: Value, expected: Value) {
    let read = read(&json!({}), &schema);
    match sample(&read, Mode::Fixed) {
        Ok(value) => assert_eq!(value, expected, "{schema}"),
        Err(problem) => panic!("{schema}: {problem}"),
    }
}

#[test]
fn scalars() {
    check(json!({}), json!({}));
    check(json!({"type": "string"}), json!("string"));
    check(json!({"type": "integer"}), json!(0));
    check(json!({"type": "number"}), json!(0));
    check(json!({"type": "boolean"}), json!(true));
    check(json!({"type": "null"}), json!(null));
    check(json!({"type": ["null", "string"]}), json!("string"));
    check(json!({"const": {"a": 1}}), json!({"a": 1}));
    check(json!({"enum": ["b", "a"]}), json!("b"));
    check(json!({"type": "integer", "enum": ["b", 3]}), json!(3));
    check(json!({"type": "string", "default": "d", "example": "e"}), json!("e"));
    check(json!({"type": "string", "default": "d", "examples": ["e"]}), json!("e"));
    check(json!({"type": "string", "default": "d"}), json!("d"));
}

/// What may be left out is left out where nothing fits.
#[test]
fn optional_properties_without_a_value() {
    let same = json!({"type": "object", "properties": {"a": {"type": "string"}}});
    let never = json!({"oneOf": [same, same, {"type": "object"}]});
    let schema =
        json!({"type": "object", "properties": {"b": {"type": "integer"}, "never": never}});
    check(schema.clone(), json!({"b": 0}));
    check(json!({"type": "array", "items": schema}), json!([{"b": 0}]));
}

#[test]
fn numbers() {
    check(json!({"type": "integer", "minimum": 7}), json!(7));
    check(json!({"type": "integer", "exclusiveMinimum": 7}), json!(8));
    check(json!({"type": "integer", "maximum": -7}), json!(-7));
    check(json!({"type": "integer", "minimum": 11, "multipleOf": 5}), json!(15));
    check(json!({"type": "number", "minimum": 0.15, "multipleOf": 0.1}), json!(0.2));
    check(json!({"type": "number", "exclusiveMinimum": 0, "maximum": 1}), json!(0.25));
    check(json!({"allOf": [{"multipleOf": 4}, {"multipleOf": 6, "minimum": 1}]}), json!(12));
    check(json!({"not": {"const": 0}, "type": "integer"}), json!(1));
}

#[test]
fn texts() {
    check(json!({"type": "string", "minLength": 8}), json!("stringst"));
    check(json!({"type": "string", "maxLength": 3}), json!("str"));
    check(json!({"type": "string", "maxLength": 0}), json!(""));
    check(json!({"type": "string", "format": "date"}), json!("2024-01-01"));
    check(
        json!({"type": "string", "format": "uuid"}),
        json!("3fa85f64-5717-4562-b3fc-2c963f66afa6"),
    );
    check(json!({"type": "string", "pattern": "^[A-Z]{3}-\\d+$"}), json!("AAA-0"));
    check(json!({"pattern": "^a*$", "minLength": 4}), json!("aaaa"));
    check(json!({"type": "string", "not": {"const": "string"}}), json!("string1"));
    for format in [
        "date-time",
        "time",
        "duration",
        "email",
        "hostname",
        "ipv4",
        "ipv6",
        "uri",
        "uri-reference",
        "uri-template",
        "json-pointer",
        "relative-json-pointer",
        "regex",
        "byte",
        "iri",
        "password",
    ] {
        let schema = read(&json!({}), &json!({"type": "string", "format": format}));
        for seed in 0..3 {
            assert!(sample(&schema, Mode::Fixed).is_ok(), "{format}");
            assert!(sample(&schema, Mode::Dynamic(seed)).is_ok(), "{format}");
        }
    }
}

#[test]
fn objects() {
    let text = json!({"type": "string"});
    check(
        json!({"properties": {"b": text, "a": {"type": "integer"}}}),
        json!({"b": "string", "a": 0}),
    );
    check(json!({"type": "object", "additionalProperties": text}), json!({"property1": "string"}));
    check(json!({"type": "object", "additionalProperties": false}), json!({}));
    check(json!({"patternProperties": {"^x-": text}}), json!({"x-": "string"}));
    check(json!({"required": ["a"], "additionalProperties": {"type": "integer"}}), json!({"a": 0}));
    check(
        json!({"type": "object", "minProperties": 2}),
        json!({"property1": "string", "property2": "string"}),
    );
    check(
        json!({"properties": {"a": text, "b": text}, "required": ["b"], "maxProperties": 1}),
        json!({"b": "string"}),
    );
    check(
        json!({"type": "object", "minProperties": 1, "propertyNames": {"enum": ["k"]}}),
        json!({"k": "string"}),
    );
    check(json!({"properties": {"a": text, "b": false}}), json!({"a": "string"}));
    check(
        json!({"properties": {"a": text, "w": {"type": "string", "writeOnly": true}}, "required": ["w"]}),
        json!({"a": "string"}),
    );
    check(
        json!({"required": ["a"], "dependentRequired": {"a": ["b"]}, "type": "object"}),
        json!({"a": "string", "b": "string"}),
    );
}

#[test]
fn arrays() {
    let text = json!({"type": "string"});
    check(json!({"items": text}), json!(["string"]));
    check(json!({"type": "array"}), json!([{}]));
    check(json!({"items": text, "maxItems": 0}), json!([]));
    check(json!({"items": text, "minItems": 2, "uniqueItems": true}), json!(["string", "string1"]));
    check(
        json!({"items": {"enum": [1, 2, 3]}, "minItems": 3, "uniqueItems": true}),
        json!([1, 2, 3]),
    );
    check(
        json!({"items": {"type": "boolean"}, "minItems": 2, "uniqueItems": true}),
        json!([true, false]),
    );
    check(
        json!({"prefixItems": [text, {"type": "integer"}], "items": false}),
        json!(["string", 0]),
    );
    check(json!({"type": "array", "contains": {"const": 5}, "minContains": 2}), json!([5, 5]));
    check(
        json!({"items": {"properties": {"a": {"type": "integer"}}, "required": ["a"]}, "minItems": 2, "uniqueItems": true}),
        json!([{"a": 0}, {"a": 1}]),
    );
}

#[test]
fn combinations() {
    let text = json!({"type": "string"});
    check(
        json!({"allOf": [{"properties": {"a": text}}, {"properties": {"b": text}}]}),
        json!({"a": "string", "b": "string"}),
    );
    check(json!({"oneOf": [{"type": "integer"}, text]}), json!(0));
    check(json!({"anyOf": [false, text]}), json!("string"));
    // Two branches hold for the first value that comes to mind.
    check(json!({"oneOf": [{"type": "integer"}, {"type": "integer", "maximum": 5}]}), json!(6));
    check(
        json!({"type": "object", "properties": {"k": {"enum": ["a", "b"]}}, "required": ["k"],
            "if": {"properties": {"k": {"const": "a"}}}, "then": {"required": ["x"]}}),
        json!({"k": "a", "x": "string"}),
    );
    // An example that is wrong costs nothing but itself.
    check(
        json!({"properties": {"a": {"type": "string", "format": "date", "example": "soon"}}}),
        json!({"a": "2024-01-01"}),
    );
    check(
        json!({"oneOf": [{"properties": {"a": {"type": "string", "maxLength": 2, "example": "long"}}, "required": ["a"]}]}),
        json!({"a": "st"}),
    );
}

#[test]
fn circles_are_cut() {
    let check = |components: Value, expected: Result<Value, Problem>| {
        let schema = read(&components, &json!({"$ref": "#/node"}));
        assert_eq!(sample(&schema, Mode::Fixed), expected, "{components}");
    };
    let node = json!({"$ref": "#/node"});
    let id = json!({"type": "integer"});
    check(json!({"node": {"properties": {"id": id, "next": node}}}), Ok(json!({"id": 0})));
    check(json!({"node": {"properties": {"all": {"items": node}}}}), Ok(json!({"all": []})));
    check(
        json!({"node": {"type": "object", "properties": {"next": {"oneOf": [node, {"type": "null"}]}}, "required": ["next"]}}),
        Ok(json!({"next": null})),
    );
    check(
        json!({"node": {"properties": {"next": node}, "required": ["next"]}}),
        Err(Problem::Endless),
    );
}

#[test]
fn what_has_no_value_says_why() {
    let check = |schema: Value, expected: &str| {
        let problem = sample(&read(&json!({}), &schema), Mode::Fixed).unwrap_err();
        assert!(problem.to_string().contains(expected), "{schema}: {problem}");
    };
    check(json!({"type": "integer", "minimum": 3, "maximum": 2}), "no valid value");
    check(
        json!({"properties": {"a": {"type": "string", "pattern": "^(?=a)b$"}}, "required": ["a"]}),
        "endless or too large",
    );
    check(json!({"type": "string", "minLength": 1_000_000_000}), "too large");
    check(json!({"type": "array", "minItems": 1_000_000_000}), "too large");
}

#[test]
fn discriminators_name_their_schema() {
    let document = json!({
        "Pet": {"type": "object", "discriminator": {"propertyName": "kind", "mapping": {"cat": "#/Cat"}},
            "properties": {"kind": {"type": "string"}}, "required": ["kind"]},
        "Cat": {"allOf": [{"$ref": "#/Pet"}]},
        "Dog": {"allOf": [{"$ref": "#/Pet"}]},
    });
    for (name, expected) in [("Cat", "cat"), ("Dog", "Dog")] {
        let schema = read(&document, &json!({"$ref": format!("#/{name}")}));
        assert_eq!(sample(&schema, Mode::Fixed).unwrap(), json!({"kind": expected}));
    }
}

#[test]
fn seeds_give_other_values_and_the_same_again() {
    let schema = read(&json!({}), &json!({"enum": [1, 2, 3, 4, 5, 6, 7, 8]}));
    let values: HashSet<String> =
        (0..32).map(|seed| sample(&schema, Mode::Dynamic(seed)).unwrap().to_string()).collect();
    assert!(values.len() > 2, "{values:?}");
    assert_eq!(sample(&schema, Mode::Dynamic(7)), sample(&schema, Mode::Dynamic(7)));
}
