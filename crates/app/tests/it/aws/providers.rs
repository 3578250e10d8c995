//! Each member of the chain of providers.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;
use tempfile::TempDir;
use testkit::{Backend, RefusedPort, Reply, ReplyBody};

use super::{FAR, Rig, given, signer, written};
use crate::support::eventually;

#[tokio::test]
async fn keys_of_the_environment() {
    let rig = Rig::start(
        json!({}),
        &[
            ("AWS_ACCESS_KEY_ID", "AKIDENV"),
            ("AWS_SECRET_ACCESS_KEY", "secret"),
            ("AWS_SESSION_TOKEN", "token"),
        ],
    )
    .await;
    assert_eq!(rig.signer().await, ("AKIDENV".into(), Some("token".into())));
    let scope = rig.calls.last().header("authorization").unwrap().to_owned();
    assert!(scope.contains("/eu-west-1/lambda/aws4_request"), "{scope}");
}

#[tokio::test]
async fn profiles_and_programs() {
    let dir = TempDir::new().unwrap();
    let keys = written(
        &dir,
        "credentials",
        "[default]\naws_access_key_id = AKIDDEFAULT\naws_secret_access_key = secret\n\
         [dev]\naws_access_key_id = AKIDDEV\naws_secret_access_key = secret\n",
    );
    let given = json!({ "Version": 1, "AccessKeyId": "AKIDPROGRAM", "SecretAccessKey": "secret",
        "SessionToken": "token", "Expiration": FAR });
    let given = written(&dir, "given.json", &given.to_string());
    let config = written(
        &dir,
        "config",
        &format!("[default]\n[profile program]\ncredential_process = cat {given}\n"),
    );
    let files = [("AWS_SHARED_CREDENTIALS_FILE", &*keys), ("AWS_CONFIG_FILE", &*config)];
    let rig = Rig::start(json!({}), &files).await;
    assert_eq!(rig.signer().await, ("AKIDDEFAULT".into(), None));
    let named = [files[0], files[1], ("AWS_PROFILE", "dev")];
    let rig = Rig::start(json!({}), &named).await;
    assert_eq!(rig.signer().await, ("AKIDDEV".into(), None));
    // What an API says wins over the environment.
    let rig = Rig::start(json!({ "profile": "program" }), &named).await;
    assert_eq!(rig.signer().await, ("AKIDPROGRAM".into(), Some("token".into())));
}

/// Containers and pods: a URL, with a token of its own in a file. Keys that are to end soon are
/// replaced, and those that Lambda refuses too.
#[tokio::test]
async fn containers_and_pods() {
    let count = AtomicUsize::new(0);
    let container = Backend::builder()
        .start(move |_| {
            let number = count.fetch_add(1, Ordering::Relaxed);
            given(&format!("AKIDPOD{number}"), FAR)
        })
        .await;
    let dir = TempDir::new().unwrap();
    let token = written(&dir, "token", "who I am");
    let url = format!("{}/keys", container.url());
    let calls = Backend::builder()
        .start(|call| match signer(&call).0.as_str() {
            "AKIDPOD0" => Reply::new(403).header("x-amzn-ErrorType", "ExpiredTokenException"),
            _ => Reply::new(200).body("{}"),
        })
        .await;
    let rig = Rig::over(
        calls,
        json!({}),
        &[
            ("AWS_CONTAINER_CREDENTIALS_FULL_URI", &*url),
            ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", &*token),
        ],
    )
    .await;
    let (id, session) = rig.signer().await;
    assert_eq!((&*id, session.as_deref()), ("AKIDPOD1", Some("token of AKIDPOD1")));
    let asked = container.requests();
    assert_eq!(asked.len(), 2, "once at first, and once when they were refused");
    assert!(asked.iter().all(|asked| asked.header("authorization") == Some("who I am")));
    for _ in 0..5 {
        assert_eq!(rig.signer().await.0, "AKIDPOD1");
    }
    assert_eq!(container.requests().len(), 2);
}

#[tokio::test]
async fn keys_that_have_ended_already_are_not_used() {
    let container = Backend::builder().start(|_| given("AKIDOLD", "2020-01-01T00:00:00Z")).await;
    let url = container.url();
    let rig = Rig::start(json!({}), &[("AWS_CONTAINER_CREDENTIALS_FULL_URI", &*url)]).await;
    let answer = rig.call().await;
    assert_eq!(answer.status, 500, "{}", answer.text());
    assert_eq!(answer.json()["code"], "303003");
    assert!(rig.calls.requests().is_empty());
    let line = rig.process.logged("No keys of AWS could be had.").await;
    assert!(line.contains("have ended already"), "{line}");
}

/// Instances: a session first (IMDSv2), then the name of the role, then its keys.
#[tokio::test]
async fn instances() {
    let metadata = Backend::builder()
        .start(|asked| match (asked.method.as_str(), asked.target.as_str()) {
            ("PUT", "/latest/api/token") => Reply::new(200)
                .header("x-aws-ec2-metadata-token-ttl-seconds", "21600")
                .body("session"),
            _ if asked.header("x-aws-ec2-metadata-token") != Some("session") => Reply::new(401),
            ("GET", path) if path.trim_end_matches('/').ends_with("security-credentials") => {
                Reply::new(200).body("machine")
            }
            ("GET", path) if path.ends_with("/security-credentials/machine") => {
                given("AKIDMACHINE", FAR)
            }
            _ => Reply::new(404),
        })
        .await;
    let url = metadata.url();
    let variables =
        [("AWS_EC2_METADATA_SERVICE_ENDPOINT", &*url), ("AWS_EC2_METADATA_DISABLED", "false")];
    let rig = Rig::start(json!({}), &variables).await;
    assert_eq!(rig.signer().await, ("AKIDMACHINE".into(), Some("token of AKIDMACHINE".into())));
}

/// Nobody gives keys, or somebody takes long for it: the call fails, and soon.
#[tokio::test]
async fn machines_without_keys() {
    let refused = RefusedPort::new();
    let absent = format!("http://{}", refused.address());
    let slow = Backend::builder().start(|_| Reply::new(200).stream(ReplyBody::fed().0)).await;
    for url in [&*absent, &*slow.url()] {
        let variables =
            [("AWS_EC2_METADATA_SERVICE_ENDPOINT", url), ("AWS_EC2_METADATA_DISABLED", "false")];
        let rig = Rig::start(json!({}), &variables).await;
        let begun = Instant::now();
        let answer = rig.call().await;
        assert_eq!(answer.status, 500, "{}", answer.text());
        assert_eq!(answer.json()["code"], "303003");
        assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
        assert!(rig.calls.requests().is_empty());
        // The log says why, and nobody is asked again at once.
        rig.process.logged("No keys of AWS could be had.").await;
        let begun = Instant::now();
        assert_eq!(rig.call().await.status, 500);
        assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    }
}

/// Keys come back by themselves once somebody gives them.
#[tokio::test]
async fn a_container_that_comes_late() {
    let is_there = std::sync::Arc::new(AtomicUsize::new(0));
    let asked = std::sync::Arc::clone(&is_there);
    let container = Backend::builder()
        .start(move |_| match asked.load(Ordering::Relaxed) {
            0 => Reply::new(404),
            _ => given("AKIDLATE", FAR),
        })
        .await;
    let url = container.url();
    let rig = Rig::start(json!({}), &[("AWS_CONTAINER_CREDENTIALS_FULL_URI", &*url)]).await;
    assert_eq!(rig.call().await.status, 500);
    is_there.store(1, Ordering::Relaxed);
    let answer = eventually("keys", async || Some(rig.call().await).filter(|it| it.status == 200));
    answer.await;
    assert_eq!(signer(&rig.calls.last()).0, "AKIDLATE");
}
