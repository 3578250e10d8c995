//! What calls are signed with, judged by botocore (statement 35).

use serde_json::{Value, json};
use testkit::{Backend, Script};

use super::{any, calling, config, event, project, refusal};
use crate::gateway::{Weir, code};

const VERIFIER: &str = include_str!("verifier.py");
const KEY: &str = "AKIDEXAMPLE";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

/// A verifier of calls for keys.
async fn verifier(arguments: &[&str]) -> Option<Script> {
    Script::venv("botocore", VERIFIER, arguments).await
}

#[tokio::test]
async fn calls_are_signed_as_botocore_signs_them() {
    let Some(verifier) = verifier(&[KEY, SECRET, "", "eu-west-1"]).await else { return };
    let url = format!("http://{}", verifier.address());
    let arn = "arn:aws:lambda:eu-west-1:123456789012:function:user_1-a:live";
    let mut project = project(&url);
    for (target, function) in [("/a/{id}", arn), ("/b/*", "b"), ("/c", "123456789012:function:c:7")]
    {
        project = calling(calling(project, "POST", target, function), "GET", target, function);
    }
    let weir = Weir::start(&project);
    let long = format!("\"{}\"", "é\u{0}\"\\".repeat(20_000));
    let json_type = [("content-type", "application/json"), ("x-a", "b  c"), ("x-a", " d")];
    for (method, path, body) in [
        ("GET", "/f/1.0/a/%20%2Fx?q=%20&a=~b*", ""),
        ("POST", "/f/1.0/a/7", "{}"),
        ("POST", "/f/1.0/b/c/d?x", &long),
        ("GET", "/f/1.0/c", ""),
    ] {
        let answer = weir.call(method, path, &json_type, body.as_bytes()).await;
        assert_eq!(answer.status, 200, "{method} {path}: {}", answer.text());
        let event: Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(event["httpMethod"], method);
    }
}

#[tokio::test]
async fn what_else_is_said_of_a_call_is_signed_too() {
    let arguments = [KEY, SECRET, "the-token", "eu-west-1"];
    let Some(verifier) = verifier(&arguments).await else { return };
    let url = format!("http://{}/base/", verifier.address());
    let settings = json!({
        "sessionToken": "the-token",
        "clientContext": { "custom": { "a": "ü" } },
        "qualifier": "live",
    });
    let answer = Weir::start(&any(&url, settings)).get("/f/1.0/a").await;
    assert_eq!(answer.status, 200, "{}", answer.text());
}

#[tokio::test]
async fn other_keys_are_refused() {
    for arguments in [
        [KEY, "another", "", "eu-west-1"],
        ["AKIDOTHER", SECRET, "", "eu-west-1"],
        [KEY, SECRET, "", "eu-west-2"],
        [KEY, SECRET, "a-token", "eu-west-1"],
    ] {
        let Some(verifier) = verifier(&arguments).await else { return };
        let url = format!("http://{}", verifier.address());
        let answer = Weir::start(&any(&url, json!({}))).get("/f/1.0/a").await;
        assert_eq!((answer.status, code(&answer)), (502, "303916".to_owned()), "{arguments:?}");
    }
}

/// The secret and its signature are nowhere to be seen.
#[tokio::test]
async fn nobody_sees_the_secret() {
    let backend = Backend::builder().start(|_| refusal(403, "AccessDeniedException", "")).await;
    let weir = Weir::start(&any(&backend.url(), json!({})));
    let answer = weir.get("/f/1.0/a").await;
    let signature = backend.last().header("authorization").unwrap().to_owned();
    let endpoint = weir.endpoint().await.to_string();
    assert!(endpoint.contains(KEY), "{endpoint}");
    for text in
        [answer.text(), endpoint, weir.metrics().await, format!("{:?}", event(&backend.last()))]
    {
        assert!(!text.contains(SECRET) && !text.contains(&signature), "{text}");
    }
}

/// Statement 36: a project that shows no secret goes on with the one in use.
#[tokio::test]
async fn a_secret_that_is_unchanged_stays_in_use() {
    let Some(verifier) = verifier(&[KEY, SECRET, "", "eu-west-1"]).await else { return };
    let url = format!("http://{}", verifier.address());
    let mut weir = Weir::start(&any(&url, json!({})));
    for unchanged in ["AWS_SECRET_KEY", "", "*****"] {
        let mut masked = config(&url, json!({}));
        masked["amznSecretKey"] = json!(unchanged);
        let project = testkit::Project::new("Functions", "1.0", "/f").endpoint_config(masked);
        weir.deploy(&calling(project, "GET", "/b", "b"));
        let answer = weir.get("/f/1.0/b").await;
        assert_eq!(answer.status, 200, "{unchanged}: {}", answer.text());
    }
}
