//! Clients that go away: nothing keeps running for them, and their records say so.

use std::time::Duration;

use serde_json::json;
use testkit::{Backend, RawBackend, Reply, Step};

use crate::gateway::{Weir, shop};

/// The counters are back to zero and the record says that the exchange was cut.
async fn gone(weir: &Weir, status: u16) {
    let record = weir.record().await;
    assert_eq!((&record["aborted"], &record["status"]), (&json!(true), &json!(status)));
    weir.quiet().await;
    assert_eq!(weir.metric("gateway_requests_in_flight").await, 0.0);
    assert_eq!(weir.state().await, "ACTIVE");
}

/// A backend that reads to the end of a connection and so sees when it is closed.
async fn watching(answer: &str) -> RawBackend {
    RawBackend::play(vec![Step::ReadHead, Step::write(answer), Step::ReadToEnd, Step::Reset]).await
}

#[tokio::test]
async fn before_the_answer() {
    let backend = RawBackend::silent().await;
    let weir = Weir::start(&shop(&backend.url()));
    let mut client = weir.client().await;
    client.send("GET /shop/1.0/a HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    backend.accepted(1).await;
    drop(client);
    gone(&weir, 499).await;
}

#[tokio::test]
async fn in_the_middle_of_its_request() {
    let backend = Backend::echo().await;
    let weir = Weir::start(&shop(&backend.url()));
    let mut client = weir.client().await;
    client
        .send("POST /shop/1.0/a HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf")
        .await
        .unwrap();
    weir.until("the call", || async { weir.endpoint().await["inFlight"] == 1 }).await;
    drop(client);
    weir.until("the end at the backend", || async { !backend.requests().is_empty() }).await;
    assert!(!backend.last().complete);
    weir.quiet().await;
    assert_eq!(weir.state().await, "ACTIVE");
    assert_eq!(weir.record().await["aborted"], true);
}

#[tokio::test]
async fn in_the_middle_of_its_answer() {
    let (reply, feed) = Reply::events();
    let reply = std::sync::Mutex::new(Some(reply));
    let backend = Backend::builder().start(move |_| reply.lock().unwrap().take().unwrap()).await;
    let weir = Weir::start(&shop(&backend.url()));
    let mut client = weir.client().await;
    client.send("GET /shop/1.0/a HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    assert_eq!(client.head().await.unwrap().status, 200);
    assert!(feed.event("one").await);
    assert_eq!(client.chunk().await.unwrap(), b"data: one\n\n");
    drop(client);
    testkit::bounded("the end at the backend", feed.closed()).await;
    gone(&weir, 200).await;
}

#[tokio::test]
async fn over_http2_by_reset() {
    let (reply, feed) = Reply::events();
    let reply = std::sync::Mutex::new(Some(reply));
    let backend = Backend::builder().start(move |_| reply.lock().unwrap().take().unwrap()).await;
    let weir = Weir::start(&shop(&backend.url()));
    let mut client = weir.h2().await;
    let body = testkit::ReplyBody::full(bytes::Bytes::new());
    let request = http::Request::get(weir.url("/shop/1.0/a")).body(body).unwrap();
    let answer = client.open(request).await.unwrap();
    assert!(feed.event("one").await);
    drop(answer);
    testkit::bounded("the end at the backend", feed.closed()).await;
    gone(&weir, 200).await;
    // The connection serves on.
    assert_eq!(client.get(&weir.url("/none")).await.unwrap().status, 404);
}

#[tokio::test]
async fn a_connection_cut_in_the_middle_is_not_used_again() {
    let half = "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf";
    let backend = watching(half).await;
    let weir = Weir::start(&shop(&backend.url()));
    let mut client = weir.client().await;
    client.send("GET /shop/1.0/a HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    assert_eq!(client.head().await.unwrap().status, 200);
    drop(client);
    gone(&weir, 200).await;
    let mut client = weir.client().await;
    client.send("GET /shop/1.0/b HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    assert_eq!(client.head().await.unwrap().status, 200);
    assert_eq!(backend.connections(), 2);
    assert!(backend.text(1).starts_with("GET /b "));
}

#[tokio::test]
async fn many_at_once() {
    let backend = RawBackend::silent().await;
    let weir = Weir::start(&shop(&backend.url()));
    let mut clients = Vec::new();
    for _ in 0..50 {
        let mut client = weir.client().await;
        client.send("GET /shop/1.0/a HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        clients.push(client);
    }
    backend.accepted(50).await;
    weir.until("all calls", || async { weir.endpoint().await["inFlight"] == 50 }).await;
    drop(clients);
    weir.quiet().await;
    assert!(weir.records(50).await.iter().all(|record| record["aborted"] == true));
}

/// A client that takes nothing is cut off after the socket's time, so that it holds nothing.
#[tokio::test]
async fn a_client_that_takes_nothing() {
    let backend = Backend::answer(200, &[], vec![b'x'; 32 * 1024 * 1024]).await;
    let weir = Weir::with(&[&shop(&backend.url())], |config| {
        config.timeouts.socket = Duration::from_millis(300);
    });
    let mut client = weir.client().await;
    client.send("GET /shop/1.0/a HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    gone(&weir, 200).await;
    drop(client);
}
