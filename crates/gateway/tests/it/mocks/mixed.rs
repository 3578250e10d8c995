use serde_json::{Value, json};
use testkit::Backend;

use super::{definition, project, response};
use crate::gateway::Weir;

fn read(mock: Value) -> Value {
    let mut read =
        json!({ "responses": { "200": response(json!({}), &[("a", json!({ "mock": true }))]) } });
    if !mock.is_null() {
        read["x-weir-mock"] = mock;
    }
    read
}

fn http(url: &str) -> Value {
    json!({ "endpoint_type": "http", "production_endpoints": { "url": url } })
}

/// Operations without a backend yet are mocked, the others go to theirs.
#[tokio::test]
async fn one_api_has_both() {
    let backend = Backend::echo().await;
    let script = json!({
        "responses": {},
        "x-weir-mock": { "answer": "script" },
        "x-mediation-script": "mc.setProperty('CONTENT_TYPE', 'text/plain'); mc.setPayloadXML('<text xmlns=\"http://ws.apache.org/commons/ns/payload\">scripted</text>')",
    });
    let operations = [
        ("POST", "/live", read(Value::Null)),
        ("POST", "/examples", read(json!({ "answer": "examples" }))),
        ("POST", "/script", script),
    ];
    let policy = json!({ "policyName": "addHeader", "policyVersion": "v3",
                         "parameters": { "headerName": "X-After", "headerValue": "1" } });
    let project = project("ENDPOINT", &operations)
        .endpoint_config(http(&backend.url()))
        .set("lifeCycleStatus", json!("PUBLISHED"))
        .set("apiPolicies", json!({ "response": [policy] }));
    let weir = Weir::start(&project);
    for (target, body, after) in [
        ("/pets/1.0/live", "body", Some("1")),
        ("/pets/1.0/examples", r#"{"mock":true}"#, Some("1")),
        ("/pets/1.0/script", "scripted", None),
    ] {
        let answer = weir.call("POST", target, &[], b"body").await;
        assert_eq!((answer.status, answer.text().as_str()), (200, body), "{target}");
        assert_eq!(answer.header("x-after"), after, "{target}");
    }
    assert_eq!(backend.take().len(), 1);
}

/// When nobody else answers, the mock does.
#[tokio::test]
async fn a_mock_is_the_last_resort_of_a_group() {
    let (first, second) = (Backend::answer(503, &[], "busy").await, Backend::echo().await);
    let members = |url: &str| {
        json!([
            { "url": url },
            { "type": "mock", "name": "resort", "example": "stale" },
        ])
    };
    let stale = ("stale", json!({ "stale": true }));
    let fresh = ("fresh", json!({ "fresh": true }));
    let read = json!({ "responses": { "200": response(json!({}), &[fresh, stale]) } });
    let serving = |url: &str| {
        let group = json!({
            "type": "failover",
            "members": members(url),
            "failOn": { "statuses": ["5xx"] },
            "retries": { "policy": "wso2" },
        });
        let config = json!({ "endpoint_type": "failover", "x-weir": { "production": group } });
        let operations = [("GET", "/pets", read.clone()), ("POST", "/pets", read.clone())];
        let project = project("ENDPOINT", &operations).endpoint_config(config);
        Weir::start(&project.set("lifeCycleStatus", json!("PUBLISHED")))
    };
    // Nobody listens; a bad answer; and a good one.
    let nobody = format!("http://127.0.0.1:{}", testkit::free_port());
    for (url, body) in [
        (nobody.as_str(), r#"{"stale":true}"#),
        (first.url().as_str(), r#"{"stale":true}"#),
        (second.url().as_str(), "sent"),
    ] {
        let weir = serving(url);
        let answer = weir.call("POST", "/pets/1.0/pets", &[], b"sent").await;
        assert_eq!((answer.status, answer.text().as_str()), (200, body), "{url}");
    }
    let weir = serving(&nobody);
    let answer = weir.call("GET", "/pets/1.0/pets", &[("prefer", "example=fresh")], b"").await;
    assert_eq!(answer.text(), r#"{"fresh":true}"#);
    let listed = weir.admin(http::Method::GET, "/endpoints").await.1.to_string();
    assert!(listed.contains(r#""type":"mock""#), "{listed}");
}

/// Extensions of the definition are not served to anybody, and those that are unknown are refused.
#[tokio::test]
async fn unknown_keys_of_an_operation_are_refused() {
    let backend = Backend::echo().await;
    let project = project("ENDPOINT", &[("GET", "/a", read(json!({ "anser": "examples" })))])
        .endpoint_config(http(&backend.url()));
    let refusal = Weir::refused(&project).refusal();
    assert!(refusal.contains("AP023") && refusal.contains("answer"), "{refusal}");
    let mut other = definition(&[("GET", "/a", json!({ "responses": {} }))]);
    other["paths"]["/a"]["get"]["x-weir-mocked"] = json!(true);
    let refused = Weir::refused(&project.file("Definitions/swagger.yaml", other.to_string()));
    assert!(refused.refusal().contains("x-weir-mock"), "{}", refused.refusal());
}
