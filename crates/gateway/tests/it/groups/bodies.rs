//! Bodies that are sent again: byte for byte, or not at all.

use serde_json::{Value, json};
use testkit::{Answer, Backend, RawBackend, RefusedPort, Step};

use super::{at, failover, hasty, named, steady};
use crate::gateway::{Weir, code};

/// Bytes that differ from place to place.
fn bytes(length: usize) -> Vec<u8> {
    (0..length).map(|index| (index % 251) as u8 ^ (index >> 12) as u8).collect()
}

/// A `PUT` in chunks, with a trailer.
fn chunked(body: &[u8]) -> Vec<u8> {
    let head = "PUT /shop/1.0/a HTTP/1.1\r\nHost: x\r\nTE: trailers\r\nConnection: TE\r\n\
                Transfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n";
    let mut all = head.as_bytes().to_vec();
    for piece in body.chunks(40_000) {
        all.extend(format!("{:x}\r\n", piece.len()).bytes());
        all.extend(piece);
        all.extend(b"\r\n");
    }
    all.extend(b"0\r\nX-Sum: 9\r\n\r\n");
    all
}

async fn put(weir: &Weir, body: &[u8], is_chunked: bool) -> Answer {
    let mut client = weir.client().await;
    if is_chunked {
        client.send(chunked(body)).await.unwrap();
        return client.response().await.unwrap();
    }
    client.call("PUT", "/shop/1.0/a", &[], body).await.unwrap()
}

/// A member that reads so many bytes behind the head and then hangs up, reading on.
async fn reads(length: usize) -> RawBackend {
    RawBackend::play(vec![Step::ReadHead, Step::ReadBytes(length), Step::Close]).await
}

fn settings(replay: &Value) -> Value {
    json!({ "retries": { "policy": "idempotent" }, "replay": replay })
}

#[tokio::test]
async fn a_body_is_repeated_byte_for_byte() {
    for (length, replay) in [
        (0, json!({})),
        (10, json!({})),
        (100 * 1024, json!({})),
        (3_000_000, json!({ "memory": "4MiB" })),
        // Most of it comes from a file.
        (3_000_000, json!({ "memory": "64KiB", "file": "4MiB" })),
        // All of it does.
        (100 * 1024, json!({ "memory": 0, "file": "1MiB" })),
    ] {
        let body = bytes(length);
        for is_chunked in [false, true] {
            for seen in [length / 2, length] {
                let a = reads(seen).await;
                let b = Backend::echo().await;
                let members = [steady(&a.url()), at(&b.url())];
                let weir = Weir::start(&failover(&members, settings(&replay)));
                let case = format!("{length} {replay} {is_chunked} {seen}");
                let answer = put(&weir, &body, is_chunked).await;
                assert_eq!(answer.status, 200, "{case}: {}", answer.text());
                assert!(answer.body == body, "{case}");
                let request = b.last();
                assert!(request.complete && request.body == body, "{case}");
                let (length, trailer) = if is_chunked {
                    (None, request.trailers.as_ref().map(|all| all["x-sum"].clone()))
                } else {
                    (Some(body.len().to_string()), None)
                };
                assert_eq!(request.header("content-length"), length.as_deref(), "{case}");
                assert_eq!(trailer.is_some(), is_chunked, "{case}");
                let record = weir.record().await;
                assert_eq!(record["request_bytes"], body.len(), "{case}");
                assert_eq!((&record["attempts"], record.get("no_failover")), (&json!(2), None));
            }
        }
    }
}

/// The same after a time-out, where WSO2 sends an empty body (api-manager#5086).
#[tokio::test]
async fn a_body_is_repeated_after_a_time_out() {
    let body = bytes(200_000);
    for seen in [0, 100_000, body.len()] {
        let steps = vec![Step::ReadHead, Step::ReadBytes(seen), Step::Never];
        let (a, b) = (RawBackend::play(steps).await, Backend::echo().await);
        let weir = Weir::start(&failover(&[hasty(&a.url()), at(&b.url())], settings(&json!({}))));
        let answer = put(&weir, &body, false).await;
        assert!(answer.status == 200 && answer.body == body, "{seen}");
    }
}

/// What is still coming from the client when a member fails reaches the next one too.
#[tokio::test]
async fn a_body_that_is_still_coming() {
    let (a, b) = (reads(5).await, Backend::echo().await);
    let weir = Weir::start(&failover(&[steady(&a.url()), at(&b.url())], settings(&json!({}))));
    let mut client = weir.client().await;
    let head = "PUT /shop/1.0/a HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\n\r\nhello";
    client.send(head).await.unwrap();
    weir.until("the next member", || async { b.connections() == 1 }).await;
    assert!(b.requests().is_empty());
    client.send(" world").await.unwrap();
    assert_eq!(client.response().await.unwrap().text(), "hello world");
    assert_eq!(a.received().len(), 1);
}

#[tokio::test]
async fn a_body_beyond_the_limits_goes_out_once() {
    let body = bytes(400_000);
    for (replay, is_chunked) in [
        (json!({ "memory": "64KiB" }), false),
        (json!({ "memory": "64KiB" }), true),
        (json!({ "memory": "64KiB", "file": "128KiB" }), false),
        (json!({ "memory": "64KiB", "file": "128KiB" }), true),
        (json!(false), false),
        (json!(false), true),
    ] {
        let case = format!("{replay} {is_chunked}");
        // It is passed on whole.
        let (a, b) = (Backend::echo().await, named("b").await);
        let weir = Weir::start(&failover(&[at(&a.url()), at(&b.url())], settings(&replay)));
        assert!(put(&weir, &body, is_chunked).await.body == body, "{case}");
        assert!(a.last().complete && a.last().body == body, "{case}");
        // It is not repeated.
        let a = reads(body.len()).await;
        let weir = Weir::start(&failover(&[steady(&a.url()), at(&b.url())], settings(&replay)));
        let answer = put(&weir, &body, is_chunked).await;
        assert_eq!((answer.status, &*code(&answer)), (500, "101508"), "{case}");
        let record = weir.record().await;
        assert_eq!((&record["no_failover"], &record["attempts"]), (&json!("body"), &json!(1)));
        assert!(b.requests().is_empty(), "{case}");
        if !is_chunked {
            weir.until("all of it", || async { a.received()[0].ends_with(&body) }).await;
        }
    }
}

/// Where there was no connection nothing of the body was read, so that nothing had to be kept.
#[tokio::test]
async fn a_body_is_sent_once_there_is_a_connection() {
    let body = bytes(3_000_000);
    let ports = [RefusedPort::new(), RefusedPort::new()];
    for replay in [json!(false), json!({ "memory": "1KiB" })] {
        for method in ["POST", "PUT"] {
            let c = Backend::echo().await;
            let members = [at(&ports[0].url()), at(&ports[1].url()), at(&c.url())];
            let weir = Weir::start(&failover(&members, json!({ "replay": replay })));
            let answer = weir.call(method, "/shop/1.0/a", &[], &body).await;
            assert!(answer.status == 200 && answer.body == body, "{replay} {method}");
            assert_eq!(weir.record().await["attempts"], 3);
        }
    }
}

/// Neither is a member given a part as if it were the whole.
#[tokio::test]
async fn a_client_that_breaks_off_leaves_no_whole_request() {
    let (a, b) = (reads(5).await, Backend::echo().await);
    let weir = Weir::start(&failover(&[steady(&a.url()), at(&b.url())], settings(&json!({}))));
    for framing in
        ["Content-Length: 11\r\n\r\nhello", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"]
    {
        let connections = b.connections();
        let mut client = weir.client().await;
        client.send(format!("PUT /shop/1.0/a HTTP/1.1\r\nHost: x\r\n{framing}")).await.unwrap();
        weir.until("the next member", || async { b.connections() == connections + 1 }).await;
        drop(client);
        b.arrived(connections + 1).await;
        assert!(!b.last().complete, "{framing}");
    }
    assert_eq!(super::state(&weir, &[1]).await, "ACTIVE");
}

/// A client that asks before it sends its body is asked for it once.
#[tokio::test]
async fn a_client_that_asks_first() {
    let (a, port, b) = (reads(5).await, RefusedPort::new(), Backend::echo().await);
    let members = [steady(&port.url()), steady(&a.url()), at(&b.url())];
    let weir = Weir::start(&failover(&members, settings(&json!({}))));
    let mut client = weir.client().await;
    let head = "PUT /shop/1.0/a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\
                Expect: 100-continue\r\n\r\n";
    for _ in 0..2 {
        client.send(head).await.unwrap();
        assert_eq!(client.head().await.unwrap().status, 100);
        client.send("hello").await.unwrap();
        let answer = client.response().await.unwrap();
        assert_eq!((answer.status, &*answer.text(), answer.interim.len()), (200, "hello", 0));
    }
}

/// The limit of the gateway holds as everywhere, and is the client's fault.
#[tokio::test]
async fn a_body_may_not_be_too_large() {
    let (a, b) = (Backend::echo().await, Backend::echo().await);
    let project = failover(&[at(&a.url()), at(&b.url())], settings(&json!({})));
    let weir = Weir::with(&[&project], |config| config.limits.body_bytes = Some(1000));
    assert_eq!(put(&weir, &bytes(1001), false).await.status, 413);
    assert_eq!(put(&weir, &bytes(5000), true).await.status, 413);
    assert_eq!(super::state(&weir, &[0]).await, "ACTIVE");
    assert!(b.requests().is_empty());
}
