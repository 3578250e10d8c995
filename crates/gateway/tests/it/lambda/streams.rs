//! Functions that stream (`InvokeWithResponseStream`).

use std::sync::Mutex;
use std::time::Duration;

use serde_json::{Value, json};
use testkit::{Backend, Feed, Reply, ReplyBody};

use super::serving;
use crate::gateway::{Weir, code};

const HEAD: &[u8] = b"{\"statusCode\":201,\"headers\":{\"content-type\":\"text/plain\",\"x-a\":\"1\"}}\0\0\0\0\0\0\0\0";

/// A frame of `application/vnd.amazon.eventstream`: two lengths, their checksum, headers of texts,
/// the payload, and the checksum of all of it.
fn frame(headers: &[(&str, &str)], payload: &[u8]) -> Vec<u8> {
    let mut lines = Vec::new();
    for (name, value) in headers {
        lines.push(u8::try_from(name.len()).unwrap());
        lines.extend_from_slice(name.as_bytes());
        lines.push(7);
        lines.extend_from_slice(&u16::try_from(value.len()).unwrap().to_be_bytes());
        lines.extend_from_slice(value.as_bytes());
    }
    let length = |length: usize| u32::try_from(length).unwrap().to_be_bytes();
    let mut frame = [length(16 + lines.len() + payload.len()), length(lines.len())].concat();
    frame.extend(crc32fast::hash(&frame).to_be_bytes());
    frame.extend(lines);
    frame.extend_from_slice(payload);
    frame.extend(crc32fast::hash(&frame).to_be_bytes());
    frame
}

fn event(kind: &str, payload: &[u8]) -> Vec<u8> {
    frame(&[(":message-type", "event"), (":event-type", kind)], payload)
}

fn chunk(payload: &[u8]) -> Vec<u8> {
    event("PayloadChunk", payload)
}

fn end() -> Vec<u8> {
    event("InvokeComplete", b"{}")
}

/// A function whose stream is fed by the test.
async fn streaming(settings: Value) -> (Backend, Weir, Feed) {
    let (body, feed) = ReplyBody::fed();
    let reply =
        Reply::new(200).header("content-type", "application/vnd.amazon.eventstream").stream(body);
    let reply = Mutex::new(Some(reply));
    let reply = move |_| reply.lock().unwrap().take().unwrap();
    let backend = Backend::builder().http1_only().start(reply).await;
    let weir = serving(&backend, settings);
    (backend, weir, feed)
}

/// What a client sees of a stream that comes at once.
async fn whole(settings: Value, stream: Vec<u8>) -> (Weir, String) {
    let (_backend, weir, feed) = streaming(settings).await;
    assert!(feed.send(stream).await);
    drop(feed);
    let seen = weir.raw(b"GET /f/1.0/a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
    (weir, seen)
}

#[tokio::test]
async fn chunks_go_on_as_they_come() {
    let (backend, weir, feed) = streaming(json!({ "stream": true })).await;
    let mut client = weir.client().await;
    client.send("GET /f/1.0/a HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    assert!(feed.send(chunk(HEAD)).await);
    let head = client.head().await.unwrap();
    assert_eq!(head.status, 201);
    let has = |name: &str, value: &str| {
        head.headers.iter().any(|(known, text)| known.eq_ignore_ascii_case(name) && text == value)
    };
    assert!(has("x-a", "1") && has("content-type", "text/plain"), "{:?}", head.headers);
    for index in 0..10 {
        let text = format!("piece {index}");
        assert!(feed.send(chunk(text.as_bytes())).await);
        assert_eq!(client.chunk().await.unwrap(), text.into_bytes());
    }
    assert!(feed.send(end()).await);
    assert_eq!(client.chunk().await.unwrap(), b"", "nobody waits for the end of the message");
    drop(feed);
    let call = backend.last();
    assert_eq!(call.target, "/2021-11-15/functions/any/response-streaming-invocations");
    assert_eq!(weir.record().await["status"], 201);
}

#[tokio::test]
async fn a_body_may_come_alone() {
    let stream = || [chunk(b"some"), chunk(b"thing"), end()].concat();
    for form in [json!("body"), json!(true)] {
        let (_weir, seen) = whole(json!({ "stream": form }), stream()).await;
        assert!(seen.starts_with("HTTP/1.1 200"), "{seen}");
        assert!(seen.contains("some") && seen.ends_with("\r\n0\r\n\r\n"), "{seen}");
    }
    let (_weir, seen) = whole(json!({ "stream": "head" }), stream()).await;
    assert!(seen.starts_with("HTTP/1.1 502"), "{seen}");
    assert!(seen.contains("303914"), "{seen}");
}

/// Before the head a stream that breaks off is a fault.
#[tokio::test]
async fn a_stream_that_ends_before_its_head_is_a_fault() {
    let failed = br#"{"ErrorCode":"Runtime.ExitError","ErrorDetails":"the secret plan"}"#;
    let exception = frame(
        &[(":message-type", "exception"), (":exception-type", "ServiceException")],
        b"{\"message\":\"the secret plan\"}",
    );
    let mut damaged = chunk(HEAD);
    *damaged.last_mut().unwrap() ^= 1;
    let half = chunk(HEAD).split_at(20).0.to_vec();
    for (stream, status, number) in [
        (event("InvokeComplete", failed), 502, "303912"),
        (exception, 502, "303919"),
        (damaged, 500, "101506"),
        (half, 500, "101510"),
        (Vec::new(), 500, "101510"),
        (b"HTTP/1.1 200 OK\r\nthis is no frame at all, whatever it is".to_vec(), 500, "101511"),
    ] {
        let (weir, seen) = whole(json!({ "stream": true }), stream).await;
        assert!(seen.starts_with(&format!("HTTP/1.1 {status}")), "{number}: {seen}");
        let has_number = seen.contains(number) || number == "101506" || number == "101511";
        assert!(has_number, "{number}: {seen}");
        assert!(!seen.contains("secret"), "{seen}");
        assert_eq!(weir.record().await["status"], status);
    }
}

/// Behind the head all that is left is to break off, so that nobody takes half an answer for a
/// whole one; the log says why.
#[tokio::test]
async fn a_stream_that_ends_in_its_midst_is_cut() {
    let failed = br#"{"ErrorCode":"Runtime.ExitError","ErrorDetails":"why"}"#;
    let mut damaged = chunk(b"more");
    *damaged.last_mut().unwrap() ^= 1;
    let half = chunk(b"more").split_at(10).0.to_vec();
    for last in [event("InvokeComplete", failed), damaged, half] {
        let stream = [chunk(HEAD), chunk(b"some"), last].concat();
        let (weir, seen) = whole(json!({ "stream": true }), stream).await;
        assert!(seen.starts_with("HTTP/1.1 201"), "{seen}");
        assert!(seen.contains("some") && !seen.ends_with("0\r\n\r\n"), "{seen}");
        assert_eq!(weir.record().await["aborted"], true);
    }
}

/// The time of the operation ends with the head, as that of any endpoint.
#[tokio::test]
async fn a_stream_may_go_on_for_longer_than_its_function_may_be_silent() {
    let (_backend, weir, feed) = streaming(json!({ "stream": true, "timeout": "100ms" })).await;
    let mut client = weir.client().await;
    client.send("GET /f/1.0/a HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    assert!(feed.send(chunk(HEAD)).await);
    assert_eq!(client.head().await.unwrap().status, 201);
    tokio::time::sleep(Duration::from_millis(250)).await;
    assert!(feed.send(chunk(b"late")).await);
    assert_eq!(client.chunk().await.unwrap(), b"late");

    let (_backend, weir, _feed) = streaming(json!({ "stream": true, "timeout": "100ms" })).await;
    let answer = weir.get("/f/1.0/a").await;
    assert_eq!((answer.status, code(&answer)), (504, "303913".to_owned()));
}

/// A client that goes away ends the call.
#[tokio::test]
async fn a_client_that_leaves_ends_the_stream() {
    let (_backend, weir, feed) = streaming(json!({ "stream": true })).await;
    let mut client = weir.client().await;
    client.send("GET /f/1.0/a HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    assert!(feed.send(chunk(HEAD)).await);
    assert_eq!(client.head().await.unwrap().status, 201);
    drop(client);
    feed.closed().await;
    assert_eq!(weir.record().await["aborted"], true);
}
