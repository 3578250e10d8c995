//! Groups and HTTP/2, on either side.

use http::Request;
use serde_json::{Value, json};
use testkit::{Backend, RawBackend, RefusedPort, ReplyBody, Step};

use super::{at, failover, merged, state, steady};
use crate::gateway::Weir;
use crate::http2_upstream::{Deed, Upstream};

fn always(url: &str) -> Value {
    merged(steady(url), json!({ "x-weir-http2": "always" }))
}

#[tokio::test]
async fn a_client_that_speaks_http2() {
    let body = vec![b'x'; 300_000];
    let port = RefusedPort::new();
    let reading =
        RawBackend::play(vec![Step::ReadHead, Step::ReadBytes(100_000), Step::Close]).await;
    let c = Backend::echo().await;
    let members = [at(&port.url()), at(&reading.url()), at(&c.url())];
    let settings = json!({ "retries": { "policy": "idempotent" } });
    let weir = Weir::start(&failover(&members, settings));
    let mut client = weir.h2().await;
    let request = Request::put(weir.url("/shop/1.0/a"));
    let request = request.body(ReplyBody::full(body.clone().into())).unwrap();
    let answer = client.call(request).await.unwrap();
    assert!(answer.status == 200 && answer.body == body);
    let seen = c.last();
    assert!(seen.complete && seen.body == body);
    let record = weir.record().await;
    assert_eq!((&record["protocol"], &record["attempts"]), (&json!("HTTP/2"), &json!(3)));
    assert_eq!(client.get(&weir.url("/shop/1.0/a")).await.unwrap().status, 200);
}

/// What a member of HTTP/2 says it has not looked at may be sent again, whatever the method.
#[tokio::test]
async fn a_member_that_speaks_http2() {
    for (deed, method, policy, is_repeated) in [
        (Deed::Refuse, "POST", "unsent", true),
        (Deed::Refuse, "POST", "never", false),
        (Deed::Close, "POST", "safe", false),
        (Deed::Close, "PUT", "idempotent", true),
        (Deed::Close, "POST", "wso2", true),
    ] {
        let first = Upstream::start(100, move |_, _| deed).await;
        let second = Upstream::start(100, |_, _| Deed::Echo).await;
        let members = [always(&first.url()), always(&second.url())];
        let settings = json!({ "retries": { "policy": policy } });
        let weir = Weir::start(&failover(&members, settings));
        let body = "some body".repeat(1000);
        let answer = weir.call(method, "/shop/1.0/a", &[], body.as_bytes()).await;
        let case = format!("{deed:?} {method} {policy}");
        assert_eq!(answer.status, if is_repeated { 200 } else { 500 }, "{case}");
        let arrived = second.requests();
        assert_eq!(arrived.len(), usize::from(is_repeated), "{case}");
        if is_repeated {
            assert!(answer.text() == body && arrived[0].1 == body, "{case}");
        }
        if matches!(deed, Deed::Close) {
            assert_eq!(first.requests().len(), 1, "{case}");
        }
        assert_eq!(state(&weir, &[1]).await, "ACTIVE", "{case}");
    }
}

/// From HTTP/2 to HTTP/1.1, and back.
#[tokio::test]
async fn members_need_not_speak_the_same() {
    let closing = super::hanging_up().await;
    let leaving = Upstream::start(100, |_, _| Deed::Close).await;
    let (one, two) = (Backend::echo().await, Backend::builder().http2_only().echo().await);
    for (first, second) in
        [(always(&leaving.url()), at(&one.url())), (steady(&closing.url()), always(&two.url()))]
    {
        let settings = json!({ "retries": { "policy": "idempotent" } });
        let weir = Weir::start(&failover(&[first, second], settings));
        let headers = [("X-Own", "kept"), ("Content-Type", "text/plain")];
        let answer = weir.call("PUT", "/shop/1.0/a?b=1", &headers, b"hello").await;
        assert_eq!((answer.status, &*answer.text()), (200, "hello"));
    }
    for backend in [one, two] {
        let seen = backend.last();
        assert_eq!((&*seen.target, seen.header("x-own")), ("/a?b=1", Some("kept")));
        assert_eq!(
            (seen.header("content-type"), seen.header("content-length")),
            (Some("text/plain"), Some("5"))
        );
    }
}
