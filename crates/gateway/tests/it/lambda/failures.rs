//! The service says no, or the function fails: each has its own code, and tells nobody what is
//! nobody's business.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::json;
use testkit::{Backend, RawBackend, RefusedPort, Reply};

use super::{any, calling, function, project, refusal, serving};
use crate::gateway::{Weir, code};

/// Statement 33.
#[tokio::test]
async fn a_function_that_fails_is_a_bad_gateway() {
    let payload = json!({ "errorType": "KeyError", "errorMessage": "the secret plan" }).to_string();
    let failed = [("x-amz-function-error", "Unhandled")];
    let backend = Backend::answer(200, &failed, payload.clone()).await;
    let weir = serving(&backend, json!({}));
    let answer = weir.get("/f/1.0/a").await;
    assert_eq!((answer.status, code(&answer)), (502, "303912".to_owned()));
    assert!(!answer.text().contains("secret"), "{}", answer.text());
    assert_eq!(backend.requests().len(), 1, "a function that has run is not called again");
    assert_eq!(weir.state().await, "ACTIVE");
    let weir = serving(&backend, json!({ "showFailures": true }));
    let answer = weir.get("/f/1.0/a").await;
    assert_eq!((answer.status, answer.text()), (502, payload));
}

#[tokio::test]
async fn a_function_that_is_stopped_has_timed_out() {
    let payload =
        json!({ "errorMessage": "2026-11-30T00:00:00Z id Task timed out after 3.00 seconds" });
    let failed = [("x-amz-function-error", "Unhandled")];
    let backend = Backend::answer(200, &failed, payload.to_string()).await;
    let answer = serving(&backend, json!({})).get("/f/1.0/a").await;
    assert_eq!((answer.status, code(&answer)), (504, "303913".to_owned()));
}

#[tokio::test]
async fn each_error_of_the_service_has_its_code() {
    for (status, name, expected) in [
        (404, "ResourceNotFoundException", (502, "303915")),
        (403, "AccessDeniedException", (502, "303916")),
        (403, "InvalidSignatureException", (502, "303916")),
        (403, "UnrecognizedClientException", (502, "303916")),
        (413, "RequestTooLargeException", (413, "303917")),
        (400, "InvalidRequestContentException", (400, "303921")),
        (415, "UnsupportedMediaTypeException", (400, "303921")),
        (500, "ServiceException", (502, "303919")),
        (502, "KMSDisabledException", (502, "303920")),
        (502, "EC2AccessDeniedException", (502, "303920")),
        (503, "", (502, "303919")),
        (418, "", (502, "303919")),
    ] {
        let message = "arn:aws:iam::123456789012:role/secret";
        let backend = Backend::builder().start(move |_| refusal(status, name, message)).await;
        let answer = serving(&backend, json!({})).get("/f/1.0/a").await;
        let (expected_status, number) = expected;
        let seen = (answer.status, code(&answer));
        assert_eq!(seen, (expected_status, number.to_owned()), "{status} {name}");
        assert!(!answer.text().contains("secret"), "{}", answer.text());
        assert_eq!(backend.requests().len(), 1, "{name}: no other call would help");
    }
}

#[tokio::test]
async fn a_throttled_call_is_made_again_and_then_told() {
    let calls = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&calls);
    let backend = Backend::builder()
        .start(move |_| match count.fetch_add(1, Ordering::SeqCst) {
            0 | 1 => refusal(429, "TooManyRequestsException", "Rate exceeded"),
            _ => Reply::new(200).body("{}"),
        })
        .await;
    let weir = serving(&backend, json!({}));
    assert_eq!(weir.call("POST", "/f/1.0/a", &[], b"{}").await.status, 200);
    assert_eq!(backend.take().len(), 3, "the function has not run, whatever the method");

    let backend = Backend::builder()
        .start(|_| refusal(429, "TooManyRequestsException", "").header("retry-after", "900"))
        .await;
    let weir = serving(&backend, json!({}));
    let answer = weir.get("/f/1.0/a").await;
    assert_eq!((answer.status, code(&answer)), (429, "303911".to_owned()));
    assert_eq!(answer.header("retry-after"), Some("900"));
    assert_eq!(backend.take().len(), 1, "nobody waits for that long");
    assert_eq!(weir.state().await, "ACTIVE");

    let backend = Backend::builder().start(|_| refusal(429, "TooManyRequestsException", "")).await;
    let weir = Weir::with(&[&any(&backend.url(), json!({}))], |config| config.aws.attempts = 2);
    let answer = weir.get("/f/1.0/a").await;
    assert_eq!((answer.status, answer.header("retry-after")), (429, Some("1")));
    assert_eq!(backend.take().len(), 2);
}

/// Repeating never makes an overload worse: of many calls that are refused, few are made again.
#[tokio::test]
async fn repeats_have_a_budget() {
    let backend =
        Backend::builder().start(|_| refusal(503, "ServiceUnavailableException", "")).await;
    let weir = serving(&backend, json!({}));
    for _ in 0..100 {
        assert_eq!(weir.get("/f/1.0/a").await.status, 502);
    }
    let repeats = backend.take().len() - 100;
    assert!((1..=60).contains(&repeats), "{repeats}");
}

/// Statement 34.
#[tokio::test]
async fn a_function_that_is_too_slow_is_not_waited_for() {
    let slow = Backend::builder()
        .start(|_| Reply::new(200).body("{}").delay(Duration::from_secs(5)))
        .await;
    let project = calling(project(&slow.url()), "GET", "/a", "a")
        .operation_set("amznResourceTimeout", json!(1000));
    for (hides, expected) in [(false, (504, Some("303913"))), (true, (400, None))] {
        let weir = Weir::with(&[&project], |config| config.aws.hides_failures = hides);
        let started = std::time::Instant::now();
        let answer = weir.get("/f/1.0/a").await;
        assert!(started.elapsed() < Duration::from_secs(4));
        let number = (!answer.body.is_empty()).then(|| code(&answer));
        assert_eq!((answer.status, number.as_deref()), expected);
        assert_eq!(weir.state().await, "ACTIVE", "it says nothing of the other functions");
    }
}

#[tokio::test]
async fn an_emulator_that_is_down_is_a_bad_gateway() {
    let down = RefusedPort::new();
    let weir = Weir::start(&any(&down.url(), json!({})));
    let answer = weir.get("/f/1.0/a").await;
    assert_eq!((answer.status, code(&answer)), (500, "101503".to_owned()));
}

#[tokio::test]
async fn payloads_over_the_limit_and_those_that_break_off_are_refused() {
    let (_backend, weir) = function(json!({}), vec![b' '; 6 * 1024 * 1024 + 101]).await;
    let answer = weir.get("/f/1.0/a").await;
    assert_eq!((answer.status, code(&answer)), (502, "303914".to_owned()));
    let (_backend, weir) =
        function(json!({}), format!("\"{}\"", "a".repeat(6 * 1024 * 1024))).await;
    assert_eq!(weir.get("/f/1.0/a").await.body.len(), 6 * 1024 * 1024 + 2);
    let broken = RawBackend::half_body(100, "{\"a\":").await;
    let weir = Weir::start(&any(&broken.url(), json!({})));
    let answer = weir.get("/f/1.0/a").await;
    assert_eq!((answer.status, code(&answer)), (500, "101510".to_owned()));
}
