//! Policies that let requests pass or refuse them.

use serde_json::{Value, json};
use testkit::{Answer, Backend, Issuer, Project};

use super::{JSON, PATH, XML, attach, fixed_endpoint, serving};
use crate::gateway::{Weir, code};
use crate::stages::trust;

/// A refusal of a body or request that is made to do harm.
fn assert_threat(answer: &Answer, case: &str) {
    assert_eq!(answer.status, 400, "{case}: {}", answer.text());
    let text = answer.text();
    if text.starts_with('<') {
        // As the caller speaks.
        assert!(text.contains("refused by threat protection"), "{case}: {text}");
        return;
    }
    let body = answer.json();
    assert_eq!(body["code"], "400", "{case}: {body}");
    assert!(body["message"].is_string(), "{case}: {body}");
}

fn nested(depth: usize) -> String {
    format!("{}{}", "[".repeat(depth), "]".repeat(depth))
}

pub(super) async fn json(version: &str) {
    let backend = Backend::echo().await;
    let parameters = json!({
        "maxPropertyCount": "3",
        "maxStringLength": 5,
        "maxArrayElementCount": "2",
        "maxKeyLength": "4",
        "maxJsonDepth": "3",
    });
    let weir = serving(&backend, "request", "jsonValidator", version, parameters);
    for body in ["{}", r#"{"a": [1, 2], "b": "12345", "four": null}"#, "[[[]]]", "1", ""] {
        let answer = weir.call("POST", PATH, &[JSON], body.as_bytes()).await;
        assert_eq!((answer.status, &*answer.text()), (200, body));
        assert_eq!(backend.last().text(), body);
    }
    // Other bodies are not its business.
    assert_eq!(weir.call("POST", PATH, &[XML], b"<a>123456</a>").await.status, 200);
    assert_eq!(weir.get(PATH).await.status, 200);
    drop(backend.take());
    for body in [
        r#"{"a": 1, "b": 1, "c": 1, "d": 1}"#,
        r#"{"a": "123456"}"#,
        r#"{"a": [1, 2, 3]}"#,
        r#"{"fives": 1}"#,
        "[[[[]]]]",
        "{",
        r#"{"a": 1} {"b": 1}"#,
        &nested(100_000),
    ] {
        let answer = weir.call("POST", PATH, &[JSON], body.as_bytes()).await;
        assert_threat(&answer, body.get(..40).unwrap_or(body));
    }
    assert!(backend.take().is_empty());
    let weir = serving(&backend, "request", "jsonValidator", version, json!({}));
    assert_eq!(weir.call("POST", PATH, &[JSON], nested(100).as_bytes()).await.status, 200);
    assert_threat(&weir.call("POST", PATH, &[JSON], nested(101).as_bytes()).await, "101 deep");
}

pub(super) async fn xml(version: &str) {
    let backend = Backend::echo().await;
    let weir = serving(&backend, "request", "xmlValidator", version, json!({}));
    for body in [r#"<a b="1"><c/><c>d</c></a>"#, "<?xml version=\"1.0\"?>\n<a/>", ""] {
        let answer = weir.call("POST", PATH, &[XML], body.as_bytes()).await;
        assert_eq!((answer.status, &*answer.text()), (200, body), "{body}");
    }
    assert_eq!(weir.call("POST", PATH, &[JSON], nested(101).as_bytes()).await.status, 200);
    drop(backend.take());
    let attributes: String = (0..101).map(|at| format!(" a{at}='1'")).collect();
    for body in [
        format!("{}{}", "<a>".repeat(101), "</a>".repeat(101)),
        format!("<a>{}</a>", "<b/>".repeat(101)),
        format!("<a{attributes}/>"),
        format!("<a b='{}'/>", "x".repeat(101)),
        "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>".to_owned(),
        "<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>".to_owned(),
        "<a>".to_owned(),
        "<a>&undeclared;</a>".to_owned(),
    ] {
        for kind in ["application/xml", "text/xml", "application/soap+xml; charset=utf-8"] {
            let answer = weir.call("POST", PATH, &[("content-type", kind)], body.as_bytes()).await;
            assert_threat(&answer, body.get(..40).unwrap_or(&body));
        }
    }
    assert!(backend.take().is_empty());
}

pub(super) async fn regex(version: &str) {
    let backend = Backend::echo().await;
    let weir = serving(&backend, "request", "regexPolicy", version, json!({}));
    for (path, header, body) in [
        ("/a?q=o'brien", "plain", r#"{"name": "O'Brien", "text": "select a table"}"#),
        ("/a/selection/1?from=b", "union", r#"{"text": "the union of all; drop it -- or not"}"#),
        ("/a", "x", ""),
    ] {
        let path = format!("/shop/1.0{path}");
        let answer = weir.call("POST", &path, &[("x-any", header), JSON], body.as_bytes()).await;
        assert_eq!((answer.status, &*answer.text()), (200, body), "{path}");
    }
    drop(backend.take());
    let harmless = ("/a", "x", "{}");
    for (path, header, body) in [
        ("/a?q=1%27%20OR%20%271%27=%271", harmless.1, harmless.2),
        ("/a?q=1%2527+or+1=1", harmless.1, harmless.2),
        ("/a/x'%20--", harmless.1, harmless.2),
        (harmless.0, "1 UNION ALL SELECT x", harmless.2),
        (harmless.0, harmless.1, r#"{"a": "'; DROP TABLE users; --"}"#),
        (harmless.0, harmless.1, "{\"a\": \"insert\ninto b\"}"),
        (harmless.0, harmless.1, r#"{"a": "delete from b"}"#),
    ] {
        let path = format!("/shop/1.0{path}");
        let answer = weir.call("POST", &path, &[("x-any", header), JSON], body.as_bytes()).await;
        assert_threat(&answer, &format!("{path} {header} {body}"));
    }
    assert!(backend.take().is_empty());
}

/// Row 26 of spec/02 §6.1.
pub(super) async fn claim(version: &str) {
    let (backend, issuer) = (Backend::echo().await, Issuer::start().await);
    let weir = |parameters: Value| {
        let policies =
            json!({ "request": [attach("jwtClaimBasedAccessValidator", version, parameters)] });
        let project = Project::new("Shop", "1.0", "/shop")
            .endpoint_config(fixed_endpoint(&backend.url()))
            .set("apiPolicies", policies)
            .operation("GET", "/a");
        Weir::with(&[&project], |config| trust(config, &issuer))
    };
    let plain =
        json!({ "accessVerificationClaim": "aut", "accessVerificationClaimValue": "APPLICATION" });
    let inverted = |mut parameters: Value, flag: Value| {
        parameters["shouldAllowValidation"] = flag;
        parameters
    };
    let pattern = json!({
        "accessVerificationClaim": "grp",
        "accessVerificationClaimValue": "team-a",
        "accessVerificationClaimValueRegex": "team-[a-c]",
    });
    for (parameters, claims, is_let) in [
        (json!({}), json!({ "aut": "APPLICATION" }), true),
        (json!({}), json!({ "aut": "APPLICATION_USER" }), false),
        (plain.clone(), json!({ "aut": "APPLICATION" }), true),
        (plain.clone(), json!({ "aut": "application" }), false),
        (plain.clone(), json!({}), false),
        (plain.clone(), json!({ "aut": ["A", "APPLICATION"] }), true),
        (plain.clone(), json!({ "aut": ["A", "B"] }), false),
        (inverted(plain.clone(), json!("true")), json!({ "aut": "OTHER" }), true),
        (inverted(plain.clone(), json!(true)), json!({ "aut": "APPLICATION" }), false),
        (inverted(plain, json!("false")), json!({ "aut": "OTHER" }), false),
        (pattern.clone(), json!({ "grp": "team-b" }), true),
        (pattern.clone(), json!({ "grp": "team-d" }), false),
        (pattern, json!({ "grp": ["x", "team-c"] }), true),
    ] {
        let weir = weir(parameters.clone());
        let mut all = json!({ "keytype": "PRODUCTION", "azp": "client-1" });
        for (name, value) in claims.as_object().expect("claims") {
            all[name] = value.clone();
        }
        let bearer = format!("Bearer {}", issuer.token(all));
        let answer = weir.call("GET", PATH, &[("Authorization", &bearer)], b"").await;
        let status = if is_let { 200 } else { 403 };
        assert_eq!(answer.status, status, "{parameters} {claims}: {}", answer.text());
        assert_eq!(backend.take().len(), usize::from(is_let), "{parameters} {claims}");
        // A refused caller is not told which claim would have done.
        assert!(is_let || !answer.text().contains("team-") && !answer.text().contains("aut"));
    }
}

pub(super) async fn csrf(version: &str) {
    let backend = Backend::echo().await;
    let weir = serving(
        &backend,
        "request",
        "validateCsrfCookie",
        version,
        json!({ "csrfCookieName": "tok" }),
    );
    for (method, cookie, header, status) in [
        ("GET", "", "", 200),
        ("POST", "a=b; tok=x1", "x1", 200),
        ("POST", "tok=x1", "x2", 403),
        ("POST", "tok=x1", "", 403),
        ("POST", "tok=", "", 403),
        ("DELETE", "", "x1", 403),
        ("PUT", "atbv=x1", "x1", 403),
    ] {
        let sent = [("cookie", cookie), ("x-csrf-token", header)];
        let sent: Vec<_> = sent.into_iter().filter(|(_, value)| !value.is_empty()).collect();
        let answer = weir.call(method, PATH, &sent, b"").await;
        assert_eq!(answer.status, status, "{method} {cookie} {header}: {}", answer.text());
        assert_eq!(backend.take().len(), usize::from(status == 200));
        if status == 403 {
            assert_eq!(code(&answer), "403");
            assert!(!answer.text().contains("tok"), "{}", answer.text());
        }
    }
    let weir = serving(&backend, "request", "validateCsrfCookie", version, json!({}));
    let sent = [("cookie", "atbv=x1"), ("x-csrf-token", "x1")];
    assert_eq!(weir.call("POST", PATH, &sent, b"").await.status, 200);
}

/// More of it is in `opa.rs`.
pub(super) async fn opa(version: &str) {
    let backend = Backend::echo().await;
    for (decision, status) in [(true, 200), (false, 403)] {
        let result = json!({ "result": decision });
        let server = Backend::builder().start(move |_| testkit::Reply::json(&result)).await;
        let parameters = json!({ "serverUrl": server.url(), "policy": "p", "rule": "r" });
        let weir = serving(&backend, "request", "opaPolicy", version, parameters);
        let answer = weir.call("POST", PATH, &[JSON], b"{}").await;
        assert_eq!(answer.status, status, "{}", answer.text());
        assert_eq!(server.last().target, "/p/r");
        assert_eq!(backend.take().len(), usize::from(decision));
    }
}
