//! Decisions of an OPA server: the policy `opaPolicy`, and the mediator behind it.

use serde_json::{Value, json};
use testkit::{Backend, Project, Reply};

use super::{attach, fixed_endpoint, mediated, open_to_all};
use crate::gateway::{Weir, code};

/// A server that says yes to GET.
async fn server() -> Backend {
    Backend::builder()
        .start(|request| {
            let body: Value = serde_json::from_slice(&request.body).expect("JSON");
            match body["input"]["transportHeaders"]["x-answer"].as_str() {
                Some("empty") => Reply::json(&json!({})),
                Some("text") => Reply::new(200).body("yes"),
                Some("broken") => Reply::new(500),
                _ => Reply::json(&json!({ "result": body["input"]["method"] == "GET" })),
            }
        })
        .await
}

fn guarded(backend: &Backend, server: &str, more: Value) -> Weir {
    let mut parameters = json!({ "serverUrl": server, "policy": "shop/authz" });
    parameters.as_object_mut().expect("an object").extend(more.as_object().cloned().expect("more"));
    let project = Project::new("Shop", "1.0", "/shop")
        .endpoint_config(fixed_endpoint(&backend.url()))
        .set("apiPolicies", json!({ "request": [attach("opaPolicy", "v1", parameters)] }));
    Weir::start(&open_to_all(project))
}

#[tokio::test]
async fn the_server_decides() {
    let (backend, server) = (Backend::echo().await, server().await);
    let url = format!("{}/v1/data/", server.url());
    let weir = guarded(&backend, &url, json!({ "accessKey": "k3y" }));
    let answer = weir.call("GET", "/shop/1.0/a?b=c", &[("x-a", "1")], b"").await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let asked = server.last();
    assert_eq!(
        (asked.method.as_str(), asked.target.as_str()),
        ("POST", "/v1/data/shop/authz/allow")
    );
    assert_eq!(asked.header("authorization"), Some("Bearer k3y"));
    let body: Value = serde_json::from_slice(&asked.body).expect("JSON");
    assert_eq!(body["input"]["path"], "/shop/1.0/a?b=c");
    assert_eq!(body["input"]["transportHeaders"]["x-a"], "1");
    assert_eq!(body["input"]["apiContext"]["apiName"], "Shop");
    let seen = backend.last();
    assert_eq!((seen.target.as_str(), seen.header("x-a")), ("/a?b=c", Some("1")));
    assert_eq!(seen.header("authorization"), None, "the server's key is not the backend's");
    assert_eq!(backend.take().len(), 1);
    let answer = weir.call("POST", "/shop/1.0/a", &[], b"body").await;
    assert_eq!((answer.status, code(&answer)), (403, "403".to_owned()), "{}", answer.text());
    assert!(backend.take().is_empty());
}

#[tokio::test]
async fn bodies_go_on_past_the_question() {
    let backend = Backend::echo().await;
    let yes = Backend::builder().start(|_| Reply::json(&json!({ "result": true }))).await;
    let weir = guarded(&backend, &yes.url(), json!({ "rule": "may_post" }));
    let body = vec![b'x'; 300_000];
    let answer = weir.call("POST", "/shop/1.0/a", &[("content-type", "text/plain")], &body).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(yes.last().target, "/shop/authz/may_post");
    let seen = backend.last();
    assert_eq!((seen.method.as_str(), seen.body.len()), ("POST", body.len()));
    assert_eq!(seen.header("content-type"), Some("text/plain"));
}

#[tokio::test]
async fn nothing_passes_without_a_decision() {
    let (backend, server) = (Backend::echo().await, server().await);
    let weir = guarded(&backend, &server.url(), json!({}));
    for answer in ["empty", "text", "broken"] {
        let answered = weir.call("GET", "/shop/1.0/a", &[("x-answer", answer)], b"").await;
        let expected = (500, "400900".to_owned());
        assert_eq!((answered.status, code(&answered)), expected, "{answer}");
    }
    let dead = testkit::RefusedPort::new();
    let weir = guarded(&backend, &format!("http://{}", dead.address()), json!({}));
    let answered = weir.get("/shop/1.0/a").await;
    assert_eq!((answered.status, code(&answered)), (500, "400900".to_owned()));
    assert!(backend.take().is_empty());
}

#[tokio::test]
async fn a_decision_is_not_waited_for_too_long() {
    let backend = Backend::echo().await;
    let silent = Backend::builder()
        .start(|_| {
            Reply::json(&json!({ "result": true })).delay(std::time::Duration::from_secs(20))
        })
        .await;
    let weir = guarded(&backend, &silent.url(), json!({ "connectionTimeout": "1" }));
    let answered = weir.get("/shop/1.0/a").await;
    assert_eq!((answered.status, code(&answered)), (500, "400900".to_owned()));
    assert!(backend.take().is_empty());
}

/// No `onError` turns a no into a yes.
#[tokio::test]
async fn a_no_is_final() {
    let backend = Backend::echo().await;
    let no = Backend::builder().start(|_| Reply::json(&json!({ "result": false }))).await;
    let request = format!(
        r#"<sequence onError="fault"><opa><serverUrl>{}</serverUrl><policy>p</policy><rule>r</rule></opa></sequence>"#,
        no.url()
    );
    let project = mediated(fixed_endpoint(&backend.url()), [&request, "", ""]);
    let weir = Weir::start(&open_to_all(project));
    assert_eq!(weir.get("/shop/1.0/a").await.status, 403);
    assert!(backend.take().is_empty());
}
