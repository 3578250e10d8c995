//! Requests that are as the document says, and others.

#![allow(clippy::unwrap_used, reason = "a failed test may panic")]

use serde_json::json;

use super::*;
use crate::Contract;

fn pairs(text: &str) -> Vec<(String, String)> {
    let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// The part and the pointer of every problem of a request to an operation.
#[track_caller]
fn problems(document: &Value, query: &str, headers: &str, body: &str) -> Vec<String> {
    let (contract, _) = Contract::read(document, "openapi.yaml");
    let operation = contract.operation("POST", "/a/{id}").unwrap();
    let (path, query, headers) = (pairs("id=7"), pairs(query), pairs(headers));
    let request = Request { path: &path, query: &query, headers: &headers, body: body.as_bytes() };
    let found = validate(operation, &request);
    found.iter().map(|one| format!("{}{}", one.part, one.pointer)).collect()
}

fn document(parameters: &Value) -> Value {
    let schema = json!({"type": "object", "required": ["n", "r"], "properties": {
        "n": {"type": "integer"}, "r": {"type": "string", "readOnly": true},
        "l": {"type": "array", "items": {"type": "integer"}}}});
    let content = json!({"application/json": {"schema": schema},
        "application/x-www-form-urlencoded": {"schema": schema}, "text/*": {}});
    json!({"openapi": "3.0.3", "info": {"title": "a", "version": "1"}, "paths": {"/a/{id}": {
        "parameters": [{"in": "path", "name": "id", "required": true, "schema": {"type": "integer"}}],
        "post": {"parameters": parameters, "responses": {},
            "requestBody": {"required": true, "content": content}}}}})
}

#[test]
fn parameters() {
    let check = |parameter: Value, query: &str, expected: &[&str]| {
        let mut with = parameter.clone();
        with["in"] = json!("query");
        with["name"] = json!("q");
        let found = problems(&document(&json!([with])), query, "content-type=text/plain", "x");
        assert_eq!(found, expected, "{parameter} {query}");
    };
    let whole = json!({"schema": {"type": "integer", "maximum": 9}});
    check(whole.clone(), "q=9", &[]);
    check(whole.clone(), "q=10", &["query/q"]);
    check(whole.clone(), "q=x", &["query/q"]);
    check(whole.clone(), "q=1&q=2", &["query/q"]);
    check(whole, "", &[]);
    check(json!({"required": true, "schema": {"type": "string"}}), "", &["query/q"]);
    check(json!({"schema": {"type": "string"}}), "q=1", &[]);
    check(json!({"schema": {"type": "boolean"}}), "q=true", &[]);
    check(json!({"schema": {"type": "boolean"}}), "q=yes", &["query/q"]);
    let list = json!({"type": "array", "items": {"type": "integer"}, "maxItems": 2});
    check(json!({"schema": list}), "q=1&q=2", &[]);
    check(json!({"schema": list}), "q=1&q=b", &["query/q/1"]);
    check(json!({"schema": list, "explode": false}), "q=1,2,3", &["query/q"]);
    check(json!({"schema": list, "style": "pipeDelimited"}), "q=1|2", &[]);
    let object =
        json!({"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]});
    check(json!({"schema": object, "style": "deepObject"}), "q[a]=1", &[]);
    check(json!({"schema": object, "style": "deepObject"}), "q[a]=x", &["query/q/a"]);
    check(json!({"schema": object, "explode": false}), "q=a,1", &[]);
    check(json!({"schema": object}), "a=1", &[]);
    check(
        json!({"content": {"application/json": {"schema": object}}}),
        "q={\"a\":\"b\"}",
        &["query/q/a"],
    );
    check(json!({"content": {"application/json": {}}}), "q={", &["query/q"]);
    check(json!({"schema": {"$ref": "#/nowhere"}}), "q=1", &["query/q"]);
}

#[test]
fn headers_have_names_in_any_case() {
    let parameters = json!([{"in": "header", "name": "X-A", "required": true, "schema": {"type": "integer"}},
        {"in": "header", "name": "Accept", "required": true, "schema": {}}]);
    let document = document(&parameters);
    let check = |headers: &str, expected: &[&str]| {
        let headers = format!("Content-Type=text/plain&{headers}");
        assert_eq!(problems(&document, "", &headers, "x"), expected, "{headers}");
    };
    check("x-a=1", &[]);
    check("x-a=b", &["header/X-A"]);
    check("", &["header/X-A"]);
}

#[test]
fn bodies() {
    let check = |media_type: &str, body: &str, expected: &[&str]| {
        let headers = format!("content-type={media_type}");
        assert_eq!(problems(&document(&json!([])), "", &headers, body), expected, "{body}");
    };
    check("application/json", "{\"n\":1}", &[]);
    check("application/json; charset=utf-8", "{\"n\":\"1\"}", &["body/n"]);
    check("application/json", "{", &["body"]);
    check("application/json", "{}", &["body"]);
    check("application/json", "", &["body"]);
    check("image/png", "x", &["body"]);
    check("text/csv", "x", &[]);
    check("application/x-www-form-urlencoded", "n=1&l=2&l=3", &[]);
    check("application/x-www-form-urlencoded", "n=one", &["body/n"]);
}

#[test]
fn cookies_are_parameters() {
    let parameters = json!([
        {"in": "cookie", "name": "c", "required": true, "schema": {"type": "integer"}},
        {"in": "cookie", "name": "l", "explode": false,
            "schema": {"type": "array", "items": {"type": "integer"}}}]);
    let check = |cookie: &str, expected: &[&str]| {
        let headers = vec![
            ("Cookie".to_owned(), cookie.to_owned()),
            ("content-type".to_owned(), "text/csv".to_owned()),
        ];
        let document = document(&parameters);
        let (contract, _) = Contract::read(&document, "openapi.yaml");
        let operation = contract.operation("POST", "/a/{id}").unwrap();
        let path = pairs("id=7");
        let request = Request { path: &path, query: &[], headers: &headers, body: b"x" };
        let found = validate(operation, &request);
        let found: Vec<String> =
            found.iter().map(|one| format!("{}{}", one.part, one.pointer)).collect();
        assert_eq!(found, expected, "{cookie}");
    };
    check("a=b; c=1", &[]);
    check("c=\"2\"; l=1,2", &[]);
    check("c=x; l=1,b", &["cookie/c", "cookie/l/1"]);
    check("d=1", &["cookie/c"]);
}

#[test]
fn parts_that_are_required_are_there() {
    let schema = json!({"allOf": [{"required": ["file"]}, {"required": ["a b"]}]});
    let document = json!({"openapi": "3.0.3", "paths": {"/a/{id}": {"post": {"responses": {},
        "requestBody": {"content": {"multipart/form-data": {"schema": schema}}}}}}});
    let part =
        |name: &str| format!("--x\r\nContent-Disposition: form-data; name={name}\r\n\r\nabc\r\n");
    let check = |kind: &str, body: &str, expected: &[&str]| {
        let headers = format!("content-type={kind}");
        assert_eq!(problems(&document, "", &headers, body), expected, "{body}");
    };
    let kind = "multipart/form-data; boundary=x";
    let both = format!("{}{}--x--\r\n", part("file; filename=\"a\""), part("\"a b\""));
    check(kind, &both, &[]);
    check("multipart/form-data; boundary=\"x\"", &both, &[]);
    check(kind, &part("file"), &["body/a b"]);
    check(kind, "--x\r\nContent-Disposition: form-data; name=file", &["body/file", "body/a b"]);
    check("multipart/form-data", &both, &["body"]);
    check("text/plain", &both, &["body"]);
}

#[test]
fn a_path_item_may_stand_somewhere_else() {
    let document = json!({"openapi": "3.1.0", "paths": {"/a/{id}": {"$ref": "#/components/pathItems/A"}},
        "components": {"pathItems": {"A": {
            "parameters": [{"in": "path", "name": "id", "schema": {"type": "boolean"}}],
            "post": {"responses": {}}}}}});
    let operation = MockOperation::find(&document, Dialect::V3_1, "POST", "/a/{id}").unwrap();
    let path = pairs("id=7");
    let found = validate(operation, &Request { path: &path, ..Request::default() });
    assert_eq!(found.len(), 1, "{found:?}");
}

#[test]
fn openapi_2() {
    let check = |parameters: Value, query: &str, headers: &str, body: &str, expected: &[&str]| {
        let document = json!({"swagger": "2.0", "info": {"title": "a", "version": "1"},
            "consumes": ["application/json", "application/x-www-form-urlencoded"],
            "paths": {"/a/{id}": {"post": {"parameters": parameters, "responses": {}}}}});
        assert_eq!(problems(&document, query, headers, body), expected, "{parameters}");
    };
    let list = json!([{"in": "query", "name": "q", "type": "array", "items": {"type": "integer"}, "collectionFormat": "ssv"}]);
    check(list.clone(), "q=1 2", "", "", &[]);
    check(list, "q=1 b", "", "", &["query/q/1"]);
    let multi = json!([{"in": "query", "name": "q", "required": true, "type": "array", "items": {"type": "integer"}, "collectionFormat": "multi"}]);
    check(multi.clone(), "q=1&q=2", "", "", &[]);
    check(multi, "", "", "", &["query/q"]);
    let body =
        json!([{"in": "body", "name": "b", "required": true, "schema": {"type": "integer"}}]);
    check(body.clone(), "", "content-type=application/json", "1", &[]);
    check(body.clone(), "", "content-type=application/json", "[]", &["body"]);
    check(body.clone(), "", "content-type=text/plain", "1", &["body"]);
    check(body, "", "", "", &["body"]);
    let form = json!([{"in": "formData", "name": "f", "required": true, "type": "integer"}]);
    let kind = "content-type=application/x-www-form-urlencoded";
    check(form.clone(), "", kind, "f=1", &[]);
    check(form.clone(), "", kind, "f=x", &["body/f"]);
    check(form, "", kind, "", &["body"]);
}
