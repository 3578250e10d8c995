//! Which answers there are, which is chosen, and what it says.

#![allow(clippy::unwrap_used, reason = "a failed test may panic")]

use serde_json::json;

use super::*;
use crate::{Contract, Prefer};

fn document() -> Value {
    json!({
        "openapi": "3.0.3", "info": {"title": "a", "version": "1"},
        "paths": {"/a": {"get": {"responses": {
            "404": {"description": "", "content": {"application/json": {"example": {"error": 1}}}},
            "201": {"$ref": "#/components/responses/Made"},
            "204": {"description": ""},
            "5XX": {"description": "", "content": {"text/plain": {"schema": {"type": "string"}}}},
        }}}},
        "components": {
            "examples": {"cat": {"value": {"name": "Tom"}}},
            "responses": {"Made": {"description": "", "content": {
                "application/xml": {"schema": {"$ref": "#/components/schemas/Pet"}},
                "application/json": {
                    "schema": {"$ref": "#/components/schemas/Pet"},
                    "examples": {
                        "cat": {"$ref": "#/components/examples/cat"},
                        "dog": {"value": {"name": 3}},
                        "far": {"externalValue": "https://example.com/a"},
                    },
                },
            }}},
            "schemas": {"Pet": {"type": "object", "required": ["name"],
                "properties": {"name": {"type": "string"}}}},
        },
    })
}

/// Status, media type and body, or the status of the refusal and a part of its detail.
#[track_caller]
fn check(accept: Option<&str>, prefer: &str, expected: Result<(u16, &str, &str), (u16, &str)>) {
    let document = document();
    let (contract, _) = Contract::read(&document, "openapi.yaml");
    let answers = Answers::read(contract.operation("GET", "/a").unwrap());
    match (choose(&answers, accept, &Prefer::parse([prefer]), 1), expected) {
        (Ok(chosen), Ok((status, media_type, text))) => {
            let body = make(&answers, &chosen).unwrap();
            let found = body.map_or(String::new(), |body| body.text);
            assert_eq!(
                (chosen.status, chosen.media_type.as_str(), found.as_str()),
                (status, media_type, text)
            );
        }
        (Err(refusal), Err((status, detail))) => {
            assert_eq!(refusal.status, status, "{refusal:?}");
            assert!(refusal.detail.contains(detail), "{refusal:?}");
        }
        (found, expected) => panic!("{prefer}: {found:?}, not {expected:?}"),
    }
}

#[test]
fn answers_are_chosen() {
    check(None, "", Ok((201, "application/json", r#"{"name":"Tom"}"#)));
    check(
        Some("application/xml"),
        "",
        Ok((201, "application/xml", "<Pet><name>string</name></Pet>")),
    );
    check(None, "example=dog", Ok((201, "application/json", r#"{"name":3}"#)));
    check(None, "code=404", Ok((404, "application/json", r#"{"error":1}"#)));
    check(None, "code=204", Ok((204, "", "")));
    check(Some("image/png"), "code=204", Ok((204, "", "")));
    check(None, "code=503", Ok((503, "text/plain", "string")));
}

#[test]
fn made_up_values_are_the_same_for_a_seed() {
    let document = document();
    let (contract, _) = Contract::read(&document, "openapi.yaml");
    let answers = Answers::read(contract.operation("GET", "/a").unwrap());
    let text = |seed| {
        let chosen = choose(&answers, None, &Prefer::parse(["dynamic=true"]), seed).unwrap();
        make(&answers, &chosen).unwrap().unwrap().text
    };
    assert_eq!(text(1), text(1));
    assert_ne!(text(1), text(2));
}

#[test]
fn what_is_not_there_is_refused() {
    check(Some("image/png"), "", Err((406, "application/xml, application/json")));
    check(None, "code=418", Err((404, "404, 201, 204, 5XX")));
    check(None, "code=many", Err((400, "is no status")));
    check(None, "example=bird", Err((404, "cat, dog")));
    check(None, "code=204, example=cat", Err((404, "none")));
    check(Some("application/xml"), "example=cat", Err((406, "application/json")));
}

#[test]
fn wrong_examples_and_far_ones_are_told() {
    let document = document();
    let (contract, _) = Contract::read(&document, "openapi.yaml");
    let answers = Answers::read(contract.operation("GET", "/a").unwrap());
    assert!(answers.notes.iter().any(|note| note.contains("`far`")), "{:?}", answers.notes);
    let chosen = choose(&answers, None, &Prefer::parse(["example=dog"]), 0).unwrap();
    let body = make(&answers, &chosen).unwrap().unwrap();
    assert!(body.violation.is_some_and(|told| told.contains("/name")));
}

#[test]
fn openapi_2_has_its_own_ways() {
    let document = json!({
        "swagger": "2.0", "info": {"title": "a", "version": "1"}, "produces": ["application/xml"],
        "paths": {"/a": {"get": {"produces": ["application/json", "text/csv"], "responses": {
            "default": {"description": "", "schema": {"type": "object"},
                "examples": {"text/csv": "a,b", "text/html": "<p>"}},
        }}}},
    });
    let (contract, _) = Contract::read(&document, "swagger.yaml");
    let answers = Answers::read(contract.operation("GET", "/a").unwrap());
    let types: Vec<&str> =
        answers.answers[0].contents.iter().map(|content| content.media_type).collect();
    assert_eq!(types, ["application/json", "text/csv", "text/html"]);
    let chosen = choose(&answers, Some("text/csv"), &Prefer::default(), 0).unwrap();
    assert_eq!((chosen.status, chosen.example), (200, Some(&json!("a,b"))));
}

#[test]
fn an_example_may_be_a_reference() {
    let document = json!({"openapi": "3.0.3", "x-examples": {"a": {"b": 1}},
    "paths": {"/a": {"get": {"responses": {"200": {"description": "", "content": {
        "application/json": {"example": {"$ref": "#/x-examples/a"}},
        "text/json": {"example": {"$ref": "#/nowhere"}},
    }}}}}}});
    let (contract, _) = Contract::read(&document, "openapi.yaml");
    let answers = Answers::read(contract.operation("GET", "/a").unwrap());
    let examples = answers.answers[0].contents.iter().map(|content| content.examples[0].1);
    let expected = [json!({"b": 1}), json!({"$ref": "#/nowhere"})];
    assert_eq!(examples.cloned().collect::<Vec<_>>(), expected);
}

#[test]
fn statuses_are_read() {
    let check = |key: &str, expected| assert_eq!(Status::parse(key), expected, "{key}");
    check("200", Some(Status::Code(200)));
    check("2XX", Some(Status::Class(2)));
    check("5xx", Some(Status::Class(5)));
    check("default", Some(Status::Default));
    check("9XX", None);
    check("99", None);
    check("ok", None);
}

/// What comes before an answer is none.
#[test]
fn interim_responses_are_no_answers() {
    let responses = json!({"103": {"description": ""}, "1XX": {"description": ""}});
    let document = json!({
        "openapi": "3.0.3", "info": {"title": "a", "version": "1"},
        "paths": {"/a": {"get": {"responses": responses}, "put": {"responses": {
            "100": {"description": ""}, "default": {"description": ""},
        }}}},
    });
    let (contract, _) = Contract::read(&document, "openapi.yaml");
    let answers = Answers::read(contract.operation("GET", "/a").unwrap());
    assert_eq!(choose(&answers, None, &Prefer::default(), 1).unwrap_err().status, 501);
    assert_eq!(answers.notes.len(), 2, "{:?}", answers.notes);
    let answers = Answers::read(contract.operation("PUT", "/a").unwrap());
    assert_eq!(choose(&answers, None, &Prefer::default(), 1).unwrap().status, 200);
    assert_eq!(choose(&answers, None, &Prefer::parse(["code=100"]), 1).unwrap_err().status, 400);
}
