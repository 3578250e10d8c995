//! Policies that change where a request goes, and its head.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use testkit::Backend;

use super::{JSON, PATH, XML, addressed, one, serving};
use crate::gateway::{Weir, code};
use crate::policies::{fixed_endpoint, policed};

/// Row 20 of spec/02 §6.1: the value means itself.
pub(super) async fn add_header(version: &str) {
    let backend = Backend::echo().await;
    for value in ["plain", "${x}&<", "\"'>]]>{{ x }}", "a, b;c=\"d\""] {
        let parameters = json!({ "headerName": "X-Added", "headerValue": value });
        let weir = serving(&backend, "request", "addHeader", version, parameters.clone());
        // It takes the place of what the caller sent.
        let sent = [("x-added", "old"), ("x-added", "older")];
        let answer = weir.call("POST", PATH, &sent, b"body").await;
        assert_eq!((answer.status, &*answer.text()), (200, "body"), "{value}");
        let seen = backend.last();
        let all: Vec<_> = seen.headers.get_all("x-added").iter().collect();
        assert_eq!(all, [value], "{value}");
        let weir = serving(&backend, "response", "addHeader", version, parameters);
        let answer = weir.call("POST", PATH, &[], b"body").await;
        assert_eq!(answer.all("x-added"), [value]);
        assert_eq!((answer.status, &*answer.text()), (200, "body"), "{value}");
        assert_eq!(backend.last().header("x-added"), None);
    }
    if version == "v3" {
        let dead = testkit::RefusedPort::new();
        let config = fixed_endpoint(&format!("http://{}", dead.address()));
        let parameters = json!({ "headerName": "X-Added", "headerValue": "${x}&<" });
        let weir = Weir::start(&policed(config, one("fault", "addHeader", version, parameters)));
        let answer = weir.get(PATH).await;
        assert_eq!((answer.status, code(&answer)), (500, "101503".to_owned()));
        assert_eq!(answer.header("x-added"), Some("${x}&<"));
    }
}

pub(super) async fn remove_header(version: &str) {
    let backend = Backend::answer(200, &[("x-gone", "1"), ("x-stays", "1")], "body").await;
    let parameters = json!({ "headerName": "X-Gone" });
    let weir = serving(&backend, "request", "removeHeader", version, parameters.clone());
    let sent = [("x-gone", "1"), ("X-GONE", "2"), ("x-stays", "1")];
    assert_eq!(weir.call("GET", PATH, &sent, b"").await.header("x-gone"), Some("1"));
    let seen = backend.last();
    assert_eq!((seen.header("x-gone"), seen.header("x-stays")), (None, Some("1")));
    let weir = serving(&backend, "response", "removeHeader", version, parameters);
    let answer = weir.call("GET", PATH, &sent, b"").await;
    assert_eq!((answer.header("x-gone"), answer.header("x-stays")), (None, Some("1")));
    assert_eq!(answer.text(), "body");
    assert_eq!(backend.last().header("x-gone"), Some("1"));
    let dead = testkit::RefusedPort::new();
    let config = fixed_endpoint(&format!("http://{}", dead.address()));
    let add =
        super::attach("addHeader", "v3", json!({ "headerName": "X-Gone", "headerValue": "1" }));
    let remove = super::attach("removeHeader", version, json!({ "headerName": "X-Gone" }));
    let weir = Weir::start(&policed(config, json!({ "fault": [add, remove] })));
    let answer = weir.get(PATH).await;
    assert_eq!((answer.status, answer.header("x-gone")), (500, None));
}

pub(super) async fn add_query_param(version: &str) {
    let backend = Backend::echo().await;
    for (key, value, path, expected) in [
        ("k", "v", "/a", "/a?k=v"),
        ("k", "v", "/a?b=%26", "/a?b=%26&k=v"),
        ("k%20x", "a%26b", "/a?", "/a?&k%20x=a%26b"),
        ("k", "v", "", "/?k=v"),
        ("k", "v", "/", "/?k=v"),
    ] {
        let parameters = json!({ "paramKey": key, "paramValue": value });
        let weir = serving(&backend, "request", "addQueryParam", version, parameters);
        let answer = weir.get(&format!("/shop/1.0{path}")).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        assert_eq!(backend.last().target, expected, "{path}");
    }
}

/// Row 28.
pub(super) async fn change_method(version: &str) {
    let backend = Backend::echo().await;
    for (from, to, body) in [
        ("POST", "GET", ""),
        ("GET", "POST", ""),
        ("POST", "PUT", "body"),
        ("PUT", "PATCH", "body"),
        ("POST", "DELETE", "body"),
        ("GET", "HEAD", ""),
        ("GET", "OPTIONS", ""),
    ] {
        let parameters = json!({ "httpMethod": to });
        let weir = serving(&backend, "request", "changeHTTPMethod", version, parameters);
        let sent: &[u8] = if from == "GET" { b"" } else { b"body" };
        let headers: &[_] = if sent.is_empty() { &[] } else { &[JSON] };
        let answer = weir.call(from, PATH, headers, sent).await;
        assert_eq!(answer.status, 200, "{from} to {to}: {}", answer.text());
        let seen = backend.last();
        assert_eq!((seen.method.as_str(), &*seen.text()), (to, body), "{from} to {to}");
        assert_eq!(seen.header("content-type").is_some(), !body.is_empty(), "{from} to {to}");
        assert_eq!(answer.text(), body, "{from} to {to}");
    }
}

/// Row 27.
pub(super) async fn rewrite_path(version: &str) {
    let backend = Backend::echo().await;
    for (path, query, target, expected) in [
        ("/n", json!(true), "/a?a=1", "/n?a=1"),
        ("/n", json!("true"), "/a", "/n"),
        ("/n", Value::Null, "/a/b?a=1?2", "/n?a=1?2"),
        ("/n?b=2", Value::Null, "/a?a=1", "/n?b=2&a=1"),
        ("/n", json!(false), "/a?a=1", "/n"),
        ("/n?b=2", json!("false"), "/a?a=1", "/n?b=2"),
        ("n", json!(true), "/a?a=1", "/n?a=1"),
    ] {
        let parameters = json!({ "newResourcePath": path, "includeQueryParams": query });
        let weir = serving(&backend, "request", "rewriteResourcePath", version, parameters);
        let answer = weir.get(&format!("/shop/1.0{target}")).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        assert_eq!(backend.last().target, expected, "{path} {query} {target}");
    }
}

pub(super) async fn set_to(version: &str) {
    let backend = Backend::echo().await;
    let url = format!("{}/x?k=&l", backend.url());
    let weir =
        addressed("setToHeader", version, json!({ "value": format!(" {}/x ", backend.url()) }));
    assert_eq!(weir.get("/shop/1.0/y?q=1").await.status, 200);
    assert_eq!(backend.last().target, "/x/y?q=1");
    let weir = addressed("setToHeader", version, json!({ "value": url }));
    assert_eq!(weir.get("/shop/1.0").await.status, 200);
    assert_eq!(backend.last().target, "/x?k=&l");
    if version == "v3" {
        let value = format!("concat('{}/', $trp:X-Part)", backend.url());
        let parameters = json!({ "value": value, "isExpression": "true" });
        let weir = addressed("setToHeader", version, parameters);
        let answer = weir.call("GET", "/shop/1.0/y", &[("x-part", "p")], b"").await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(backend.last().target, "/p/y");
    }
}

/// Meant for WebSocket APIs, whose resource it appends.
pub(super) async fn set_to_of_resource(version: &str) {
    let backend = Backend::echo().await;
    let parameters = json!({ "value": format!("{}/x", backend.url()) });
    let weir = addressed("setToHeaderWS", version, parameters);
    let answer = weir.get("/shop/1.0/y").await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(backend.last().target, "/x/*/y");
}

pub(super) async fn dynamic(version: &str) {
    let (eu, other) = (Backend::echo().await, Backend::echo().await);
    let rules = json!([{ "when": { "header": "X-Region", "equals": "eu" }, "url": format!("{}/eu", eu.url()) }]);
    for rules in [rules.clone(), json!(rules.to_string())] {
        let parameters = json!({ "rules": rules, "default": other.url(), "keepPath": true });
        let weir = addressed("dynamicEndpoint", version, parameters.clone());
        assert_eq!(weir.call("GET", PATH, &[("x-region", "eu")], b"").await.status, 200);
        assert_eq!(eu.last().target, "/eu/a");
        assert_eq!(weir.call("GET", PATH, &[], b"").await.status, 200);
        assert_eq!(other.last().target, "/a");
        // Where the endpoint has an address of its own, too.
        let weir = serving(&other, "request", "dynamicEndpoint", version, parameters);
        drop(eu.take());
        assert_eq!(weir.call("GET", PATH, &[("x-region", "eu")], b"").await.status, 200);
        assert_eq!(eu.last().target, "/eu/a");
    }
}

pub(super) async fn respond(version: &str) {
    let backend = Backend::echo().await;
    let text = r#"{"a": "${x} & <b> {{ c }} $1"}"#;
    let parameters = json!({
        "statusCode": "418",
        "body": text,
        "headers": r#"{"X-Made": "yes & no", "X-Other": "1"}"#,
    });
    let weir = serving(&backend, "request", "respond", version, parameters);
    let answer = weir.call("POST", PATH, &[("x-secret", "s"), XML], b"<a/>").await;
    assert_eq!((answer.status, &*answer.text()), (418, text));
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!((answer.header("x-made"), answer.header("x-other")), (Some("yes & no"), Some("1")));
    assert_eq!(answer.header("x-secret"), None);
    let parameters = json!({ "body": "<b/>", "contentType": "text/html", "statusCode": 201 });
    let weir = serving(&backend, "request", "respond", version, parameters);
    let answer = weir.get(PATH).await;
    assert_eq!((answer.status, &*answer.text()), (201, "<b/>"));
    assert_eq!(answer.header("content-type"), Some("text/html"));
    let weir = serving(&backend, "request", "respond", version, json!({ "statusCode": "204" }));
    let answer = weir.call("POST", PATH, &[JSON], b"{}").await;
    assert_eq!((answer.status, &*answer.text()), (204, ""));
    assert_eq!(answer.header("content-type"), None);
    assert!(backend.take().is_empty());
}

pub(super) async fn latency(version: &str) {
    let backend = Backend::echo().await;
    for flow in ["request", "response"] {
        for milliseconds in [json!("120"), json!(120)] {
            let parameters = json!({ "milliseconds": milliseconds });
            let weir = serving(&backend, flow, "mockLatency", version, parameters);
            let start = Instant::now();
            let answer = weir.call("POST", PATH, &[], b"body").await;
            assert!(start.elapsed() >= Duration::from_millis(120), "{flow}");
            assert_eq!((answer.status, &*answer.text()), (200, "body"), "{flow}");
        }
    }
}

pub(super) async fn error(version: &str) {
    let backend = Backend::echo().await;
    for (flow, sent) in [("request", 0), ("response", 1)] {
        let parameters = json!({ "rate": "100", "status": "503" });
        let weir = serving(&backend, flow, "mockError", version, parameters);
        let answer = weir.call("POST", PATH, &[], b"body").await;
        assert_eq!((answer.status, &answer.json()["code"]), (503, &json!("503")), "{flow}");
        assert_eq!(backend.take().len(), sent, "{flow}");
    }
}
