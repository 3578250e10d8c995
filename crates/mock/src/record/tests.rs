//! Answers that become examples, and documents that stay as they are.

#![allow(clippy::unwrap_used, reason = "a failed test may panic")]

use super::*;
use crate::{Prefer, Prepared, ReplyBody, Source};

fn document() -> Value {
    json!({"openapi": "3.0.3", "info": {"title": "a", "version": "1"},
        "paths": {"/a": {"get": {"responses": {
            "200": {"description": "d", "content": {"application/json; charset=utf-8": {
                "schema": {"type": "object"}, "example": {"a": 1}}}},
            "404": {"$ref": "#/components/responses/Absent"},
            "default": {"description": "any", "content": {"application/json": {
                "schema": {"type": "string"}, "example": "x"}}},
        }}}},
        "components": {"responses": {"Absent": {"description": "absent"}}}})
}

fn put(document: &mut Value, status: u16, media_type: &str, body: &str, name: &str) -> Inserted {
    insert(document, "GET", "/a", status, media_type, body.as_bytes(), name).unwrap()
}

#[test]
fn an_answer_becomes_an_example_with_its_name() {
    let mut document = document();
    assert_eq!(put(&mut document, 200, "application/json", "{\"b\": 2}", "live"), Inserted::Added);
    let content = &document["paths"]["/a"]["get"]["responses"]["200"]["content"];
    let expected = json!({"application/json; charset=utf-8": {"schema": {"type": "object"},
        "examples": {"example": {"value": {"a": 1}}, "live": {"value": {"b": 2}}}}});
    assert_eq!(*content, expected);
    let before = document.clone();
    let again = put(&mut document, 200, "application/json", "{\"b\":2}", "other");
    assert_eq!((again, &document), (Inserted::Unchanged, &before));
    let newer = put(&mut document, 200, "application/json", "{\"b\":3}", "live");
    assert_eq!(newer, Inserted::Replaced);

    let source = Source::new(&document, "openapi.yaml");
    let (prepared, _) = Prepared::read(&source, "GET", "/a").unwrap();
    let reply = prepared.choose(None, &Prefer::parse(["example=live"])).unwrap();
    assert_eq!(reply.body, ReplyBody::Ready(&"{\"b\":3}".into()));
}

#[test]
fn what_is_not_declared_is_added_and_the_rest_is_left_alone() {
    let mut document = document();
    let components = document["components"].clone();
    assert_eq!(put(&mut document, 404, "text/plain", "none", "live"), Inserted::Added);
    assert_eq!(put(&mut document, 500, "application/json", "\"y\"", "live"), Inserted::Added);
    assert_eq!(put(&mut document, 204, "", "", "live"), Inserted::Added);
    assert_eq!(put(&mut document, 204, "", "", "live"), Inserted::Unchanged);
    let responses = &document["paths"]["/a"]["get"]["responses"];
    assert_eq!(
        responses["404"],
        json!({"description": "absent",
            "content": {"text/plain": {"examples": {"live": {"value": "none"}}}}})
    );
    assert_eq!(
        responses["500"],
        json!({"description": "any", "content": {"application/json": {
            "schema": {"type": "string"}, "examples": {"live": {"value": "y"}}}}})
    );
    assert_eq!(document["components"], components);
    let mut bare = json!({"openapi": "3.1.0", "paths": {"/a": {"get": {}}}});
    assert_eq!(put(&mut bare, 200, "text/csv", "a,b", "live"), Inserted::Added);
    assert_eq!(bare["paths"]["/a"]["get"]["responses"]["200"]["description"], "Recorded.");
}

#[test]
fn openapi_2_has_one_example_for_a_media_type() {
    let mut document = json!({"swagger": "2.0", "produces": ["application/json"],
        "paths": {"/a": {"get": {"responses": {"200": {"description": "d", "schema": {}}}}}}});
    assert_eq!(put(&mut document, 200, "application/json", "[1]", "live"), Inserted::Added);
    assert_eq!(put(&mut document, 200, "application/json", "[1]", "live"), Inserted::Unchanged);
    assert_eq!(put(&mut document, 200, "application/json", "[2]", "live"), Inserted::Replaced);
    assert_eq!(put(&mut document, 200, "text/csv", "a", "live"), Inserted::Added);
    let operation = &document["paths"]["/a"]["get"];
    let examples = json!({"application/json": [2], "text/csv": "a"});
    assert_eq!(operation["responses"]["200"]["examples"], examples);
    assert_eq!(operation["produces"], json!(["application/json", "text/csv"]));
    assert_eq!(document["produces"], json!(["application/json"]));
}

#[test]
fn what_cannot_be_recorded_says_why() {
    let check = |method: &str, status, media_type: &str, body: &[u8], name: &str, part: &str| {
        let mut document = document();
        let told = insert(&mut document, method, "/a", status, media_type, body, name);
        assert!(told.unwrap_err().contains(part), "{part}");
        assert_eq!(document, self::document());
    };
    check("PUT", 200, "application/json", b"1", "live", "no PUT /a");
    check("GET", 200, "application/json", b"{", "live", "not JSON");
    check("GET", 200, "text/plain", b"\xff", "live", "UTF-8");
    check("GET", 200, "", b"x", "live", "no media type");
    check("GET", 200, "text/plain", b"x", " ", "no name");
    check("GET", 99, "text/plain", b"x", "live", "no status");
    check("GET", 200, "text/plain", &vec![b'x'; MAX_BODY + 1], "live", "too large");
}
