#![allow(clippy::unwrap_used, reason = "a failed test may panic")]

use proptest::prelude::*;

use super::*;

fn read(text: &str) -> (Document, Diagnostics) {
    Document::read(&model::yaml::parse("o.yaml", text.as_bytes()).unwrap(), "o.yaml")
}

#[track_caller]
fn complains(text: &str, expect: &[&str]) {
    let printed: Vec<_> = read(text).1.iter().map(|d| format!("{} {}", d.code, d.place)).collect();
    assert_eq!(printed, expect);
}

#[test]
fn every_dialect_is_known() {
    for (text, dialect) in [
        ("swagger: '2.0'\npaths: {}", Dialect::V2),
        ("swagger: 2.0\npaths: {}", Dialect::V2),
        ("openapi: 3.0.1\npaths: {}", Dialect::V3_0),
        ("openapi: 3.1.0\npaths: {}", Dialect::V3_1),
    ] {
        let (document, found) = read(text);
        assert_eq!(document.dialect, dialect, "{text}");
        assert!(found.is_empty(), "{found:?}");
    }
    complains("openapi: 4.0\npaths: {}", &["OA001 o.yaml#"]);
    complains("swagger: 3.0.1\npaths: {}", &["OA001 o.yaml#"]);
    complains("openapi: 3.01\npaths: {}", &["OA001 o.yaml#"]);
    complains("- 1", &["OA001 o.yaml#", "OA002 o.yaml#"]);
}

#[test]
fn operations_have_what_wso2_says_of_them() {
    let (document, found) = read(
        "openapi: 3.0.1
info: {title: T, version: 1.0.0, x-wso2-apictl-init: true}
servers: [{url: /base}]
security: [{default: [all]}]
x-wso2-disable-security: false
components:
  parameters: {id: {name: id, in: path}}
  securitySchemes: {mine: {type: oauth2}, key: {type: apiKey}}
paths:
  /a/{id}:
    parameters: [{$ref: '#/components/parameters/id'}]
    get: {x-auth-type: None, x-throttling-tier: Gold, security: [{mine: [s1]}, {default: [s2, s1]}, {key: [no]}]}
    post: {x-scope: 'a, b', x-wso2-disable-security: true}
    x-else: {}
  x-paths: {}
",
    );
    assert!(found.is_empty(), "{found:?}");
    assert!(document.is_placeholder && !document.disables_security);
    assert_eq!(document.servers, ["/base"]);
    assert_eq!(document.security_schemes, ["mine", "key"]);
    let [get, post] = document.operations.as_slice() else { panic!("two operations") };
    assert_eq!((get.method.as_str(), get.template.as_str()), ("GET", "/a/{id}"));
    assert_eq!(get.auth_type.as_deref(), Some("None"));
    assert_eq!(get.throttling_tier.as_deref(), Some("Gold"));
    assert_eq!(get.scopes, ["s1", "s2"]);
    assert_eq!(post.scopes, ["a", "b", "all"]);
    assert!(post.disables_security && !get.disables_security);
}

#[test]
fn problems_name_their_place() {
    complains(
        "openapi: 3.0.1
paths:
  a/{x}:
    get: {operationId: i, responses: {200: {$ref: '#/components/responses/R'}, 201: {$ref: 'other.yaml#/R'}}}
  /b:
    get: {operationId: i, x-wso2-disable-security: maybe, example: {$ref: '#/no'}}
",
        &[
            "OA003 o.yaml#/paths/a~1{x}",
            "OA004 o.yaml#/paths/a~1{x}/get",
            "OA005 o.yaml#/paths/~1b/get/operationId",
            "OA008 o.yaml#/paths/~1b/get/x-wso2-disable-security",
            "OA006 o.yaml#/paths/a~1{x}/get/responses/200/$ref",
            "OA007 o.yaml#/paths/a~1{x}/get/responses/201/$ref",
        ],
    );
    complains("openapi: 3.0.1", &["OA002 o.yaml#"]);
}

#[test]
fn references_may_be_percent_encoded() {
    complains(
        "openapi: 3.0.1
paths:
  /a/{id}:
    get: {parameters: [{name: id, in: path}], responses: {200: {$ref: '#/paths/~1a~1%7Bid%7D/get'}}}
",
        &[],
    );
}

proptest! {
    #[test]
    fn no_document_makes_it_panic(text in "(openapi|swagger|paths|/a\\{b\\}|get|\\$ref|security|: |\\n |\\n|- |\\{|\\}|'#/%zz'|3.0.1|\\[|\\]){0,16}") {
        if let Ok(value) = model::yaml::parse("o.yaml", text.as_bytes()) {
            let _read = Document::read(&value, "o.yaml");
        }
    }
}
