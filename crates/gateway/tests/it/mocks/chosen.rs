use serde_json::json;

use super::{examples, response};
use crate::gateway::{Weir, code};

fn pet() -> serde_json::Value {
    json!({
        "type": "object",
        "required": ["id", "name"],
        "properties": { "id": { "type": "integer" }, "name": { "type": "string", "minLength": 2 } },
    })
}

fn read() -> serde_json::Value {
    let rex = json!({ "id": 1, "name": "Rex" });
    let mut found = response(pet(), &[("rex", rex), ("tom", json!({ "id": 2, "name": "Tom" }))]);
    found["content"]["application/xml"] = json!({ "example": "<pet/>" });
    found["headers"] = json!({ "X-Rate": { "schema": { "type": "integer", "example": 7 } } });
    json!({ "responses": { "200": found, "404": response(json!({}), &[("none", json!({ "gone": true }))]) } })
}

#[tokio::test]
async fn the_definition_answers_by_accept_and_prefer() {
    let weir = Weir::start(&examples(&[("GET", "/pets/{id}", read())]));
    let target = "/pets/1.0/pets/1";
    let answer = weir.get(target).await;
    assert_eq!((answer.status, answer.text().as_str()), (200, r#"{"id":1,"name":"Rex"}"#));
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("x-rate"), Some("7"));
    for (name, value, status, body) in [
        ("prefer", "example=tom", 200, r#"{"id":2,"name":"Tom"}"#),
        ("prefer", "code=404", 404, r#"{"gone":true}"#),
        ("accept", "application/xml", 200, "<pet/>"),
        ("accept", "text/html, application/xml;q=0.5, */*;q=0.1", 200, "<pet/>"),
    ] {
        let answer = weir.call("GET", target, &[(name, value)], b"").await;
        assert_eq!((answer.status, answer.text().as_str()), (status, body), "{name}: {value}");
        assert_eq!(answer.header("preference-applied"), (name == "prefer").then_some(value));
    }
    for (name, value, status) in
        [("prefer", "example=none", 404), ("prefer", "code=599", 404), ("accept", "image/png", 406)]
    {
        let answer = weir.call("GET", target, &[(name, value)], b"").await;
        assert_eq!((answer.status, code(&answer)), (status, "400911".to_owned()), "{value}");
    }
    assert!(weir.metric("gateway_mock_answers_total").await > 0.0);
}

#[tokio::test]
async fn values_are_made_up_where_that_is_asked_for() {
    let weir = Weir::start(&examples(&[("GET", "/pets/{id}", read())]));
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..8 {
        let answer = weir.call("GET", "/pets/1.0/pets/1", &[("prefer", "dynamic=true")], b"").await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let value = answer.json();
        assert!(value["id"].is_i64() && value["name"].as_str().unwrap().len() >= 2, "{value}");
        seen.insert(answer.text());
    }
    assert!(seen.len() > 1, "{seen:?}");
}

#[tokio::test]
async fn conditions_choose_an_example() {
    let mut read = read();
    read["x-weir-mock"] = json!({ "choose": [
        { "when": { "query": "name", "equals": "tom" }, "example": "tom" },
        { "when": { "json": "$.id", "range": [100, null] }, "code": 404 },
        { "when": { "header": "X-Lost", "exists": true }, "code": "404" },
    ] });
    let weir = Weir::start(&examples(&[("POST", "/pets/{id}", read)]));
    let json = ("content-type", "application/json");
    for (target, header, body, status, expected) in [
        ("/pets/1.0/pets/1", json, "{}", 200, "Rex"),
        ("/pets/1.0/pets/1?name=tom", json, "{}", 200, "Tom"),
        ("/pets/1.0/pets/1", json, r#"{"id": 100}"#, 404, "gone"),
        ("/pets/1.0/pets/1", ("x-lost", ""), "", 404, "gone"),
        ("/pets/1.0/pets/1?name=tom", ("prefer", "example=rex"), "", 200, "Rex"),
    ] {
        let answer = weir.call("POST", target, &[header], body.as_bytes()).await;
        assert_eq!(answer.status, status, "{target} {header:?} {body}");
        assert!(answer.text().contains(expected), "{target} {header:?} {body}: {}", answer.text());
    }
}

#[tokio::test]
async fn requests_are_held_against_the_definition() {
    let create = json!({
        "requestBody": { "required": true, "content": { "application/json": { "schema": pet() } } },
        "parameters": [{ "name": "dry", "in": "query", "schema": { "type": "boolean" } }],
        "responses": { "201": response(pet(), &[("made", json!({ "id": 3, "name": "Ada" }))]) },
    });
    let project = examples(&[("POST", "/pets", create)]);
    let checked = project.set("x-weir-mock", json!({ "validateRequests": true }));
    let weir = Weir::start(&checked);
    let json = ("content-type", "application/json");
    let good = r#"{"id": 1, "name": "Rex"}"#;
    let large = format!(r#"{{"id": 1, "name": "{}"}}"#, "x".repeat(100_000));
    for (target, header, body, status, told) in [
        ("/pets/1.0/pets", json, good, 201, "Ada"),
        ("/pets/1.0/pets?dry=true", json, large.as_str(), 201, "Ada"),
        ("/pets/1.0/pets?dry=perhaps", json, good, 400, "query /dry"),
        ("/pets/1.0/pets", json, r#"{"id": "1", "name": "R"}"#, 400, "body /name"),
        ("/pets/1.0/pets", json, "{", 400, "not JSON"),
        ("/pets/1.0/pets", ("content-type", "text/plain"), "a", 400, "text/plain"),
        ("/pets/1.0/pets", json, "", 400, "required"),
    ] {
        let answer = weir.call("POST", target, &[header], body.as_bytes()).await;
        assert_eq!(answer.status, status, "{target} {body:.80}: {}", answer.text());
        assert!(answer.text().contains(told), "{target} {body:.80}: {}", answer.text());
    }
}

/// A mock cannot lie about its contract unseen.
#[tokio::test]
async fn answers_are_held_against_the_definition() {
    let wrong = json!({ "id": "x", "name": "R" });
    let lies = json!({ "responses": { "200": response(pet(), &[("wrong", wrong)]) } });
    let script = json!({
        "responses": { "200": response(pet(), &[]) },
        "x-weir-mock": { "answer": "script" },
        "x-mediation-script": "mc.setProperty('CONTENT_TYPE', 'application/json');\n\
             mc.setPayloadJSON(mc.getProperty('query.param.lie') ? {id: 1} : {id: 1, name: 'Rex'});",
    });
    let operations = [("GET", "/lies", lies), ("GET", "/script", script)];
    let checked = examples(&operations).set("x-weir-mock", json!({ "checkAnswers": true }));
    let weir = Weir::start(&checked);
    for (target, warns) in [("/lies", true), ("/script", false), ("/script?lie=1", true)] {
        let answer = weir.get(&format!("/pets/1.0{target}")).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("x-weir-mock-warning").is_some(), warns, "{target}");
    }
    assert!((weir.metric("gateway_mock_nonconforming_total").await - 2.0).abs() < 0.1);
    assert!(weir.findings().contains("AP034"), "{}", weir.findings());
    let weir = Weir::start(&examples(&operations));
    assert_eq!(weir.get("/pets/1.0/lies").await.header("x-weir-mock-warning"), None);
}

#[tokio::test]
async fn an_operation_that_is_not_in_the_definition_is_501() {
    let project = examples(&[("GET", "/a", json!({ "responses": {} }))]);
    let weir = Weir::start(&project.operation("GET", "/b").open());
    assert_eq!(weir.get("/pets/1.0/b").await.status, 501);
    assert_eq!(weir.get("/pets/1.0/a").await.status, 501);
}
