//! Backends that misbehave: each ends in the right fault or a visibly broken answer, never in a
//! wrong one (spec/01 §5.1–5.3).

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;
use testkit::{Backend, Feed, RawBackend, Reply, Step};
use tokio::sync::{Mutex, Notify};

use gateway::config::upstream::ClientChoice;

use crate::gateway::{Weir, code, shop, shop_with};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

fn steady(url: &str) -> Weir {
    Weir::start(&shop_with(url, json!({ "suspendDuration": "0" })))
}

#[tokio::test]
async fn what_brings_no_answer_is_a_fault_with_its_number() {
    let after_head = |then: Step| vec![Step::ReadHead, then];
    let pause = Step::Sleep(Duration::from_millis(20));
    for (name, steps, expected, status) in [
        ("closes after the request", after_head(Step::Close), "101508", "ConnectionClosed"),
        ("resets after the request", after_head(Step::Reset), "101503", "SenderIo"),
        (
            "garbage",
            after_head(Step::write("\0\x01\x02 nonsense\r\n\r\n")),
            "101509",
            "ProtocolViolation",
        ),
        (
            "another protocol",
            after_head(Step::write("220 mail ready\r\n")),
            "101509",
            "ProtocolViolation",
        ),
        (
            "bad status",
            after_head(Step::write("HTTP/1.1 abc OK\r\n\r\n")),
            "101509",
            "ProtocolViolation",
        ),
        (
            "two lengths",
            after_head(Step::write(
                "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok!",
            )),
            "101509",
            "ProtocolViolation",
        ),
        (
            "half a head",
            vec![
                Step::ReadHead,
                Step::write("HTTP/1.1 200 OK\r\nContent-"),
                pause.clone(),
                Step::Close,
            ],
            "101508",
            "ConnectionClosed",
        ),
    ] {
        let backend = RawBackend::play(steps).await;
        let weir = steady(&backend.url());
        let answer = weir.get("/shop/1.0/a").await;
        let body = answer.json();
        assert_eq!((answer.status, &*code(&answer)), (500, expected), "{name}: {body}");
        assert_eq!(
            (&body["type"], &body["message"]),
            (&json!("Status report"), &json!("Runtime Error"))
        );
        let record = weir.record().await;
        assert_eq!(record["fault"], status, "{name}");
        assert_eq!(record["fault_code"], expected.parse::<u32>().unwrap(), "{name}");
        weir.quiet().await;
    }
}

/// Whether the end is seen before or after the request was sent is a matter of luck.
#[tokio::test]
async fn a_backend_that_closes_at_once() {
    let backend = RawBackend::closing().await;
    let weir = steady(&backend.url());
    for _ in 0..20 {
        let answer = weir.call("POST", "/shop/1.0/a", &[], b"body").await;
        let code = code(&answer);
        assert!((101_505..=101_508).contains(&code.parse().unwrap()), "{code}");
        assert_eq!(answer.json()["description"], "Connection closed by the back end");
    }
    weir.quiet().await;
}

#[tokio::test]
async fn an_endless_head_is_a_fault() {
    let line = format!("X-Long: {}\r\n", "a".repeat(8000));
    let head = format!("HTTP/1.1 200 OK\r\n{}", line.repeat(100));
    let backend = RawBackend::play(vec![Step::ReadHead, Step::write(head), Step::Close]).await;
    let answer = steady(&backend.url()).get("/shop/1.0/a").await;
    assert_eq!((answer.status, &*code(&answer)), (500, "101509"));
}

#[tokio::test]
async fn a_head_in_pieces_is_whole() {
    let head = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-A: b\r\n\r\n";
    let mut steps = vec![Step::ReadHead];
    steps.extend(head.bytes().map(|byte| Step::Write(vec![byte])));
    steps.push(Step::write("ok"));
    let backend = RawBackend::play(steps).await;
    let answer = steady(&backend.url()).get("/shop/1.0/a").await;
    assert_eq!((answer.status, &*answer.text(), answer.header("x-a")), (200, "ok", Some("b")));
}

#[tokio::test]
async fn interim_answers_are_passed_on_to_those_who_understand_them() {
    let hints = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
    let steps = vec![Step::ReadHead, Step::write(format!("{hints}{hints}{OK}"))];
    let backend = RawBackend::play(steps).await;
    let weir = steady(&backend.url());
    let answer = weir.get("/shop/1.0/a").await;
    assert_eq!((answer.status, &*answer.text()), (200, "ok"));
    if crate::gateway::client() == ClientChoice::Own {
        let links: Vec<_> =
            answer.interim.iter().map(|head| (head.status, &*head.headers)).collect();
        let link = [("link".to_owned(), "</a>".to_owned())];
        assert_eq!(links, [(103, &link[..]), (103, &link[..])]);
    }
    let text = weir.raw("GET /shop/1.0/a HTTP/1.0\r\n\r\n").await;
    assert!(text.starts_with("HTTP/1.1 200 OK\r\n"), "{text}");
}

#[tokio::test]
async fn a_body_without_a_length_ends_with_the_connection() {
    for head in ["HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.0 200 OK\r\n\r\n"] {
        let backend = RawBackend::bytes(format!("{head}all of it")).await;
        let answer = steady(&backend.url()).get("/shop/1.0/a").await;
        assert_eq!((answer.status, &*answer.text()), (200, "all of it"), "{head}");
    }
}

/// Two parsers could end such an answer at two places (RFC 9112 §6.3).
#[tokio::test]
async fn an_answer_with_both_lengths_is_refused() {
    let head = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n";
    let steps =
        vec![Step::ReadHead, Step::write(format!("{head}5\r\nhello\r\n0\r\n\r\n")), Step::Never];
    let backend = RawBackend::play(steps).await;
    let answer = steady(&backend.url()).get("/shop/1.0/a").await;
    if crate::gateway::client() == ClientChoice::Own {
        assert_eq!((answer.status, &*code(&answer)), (500, "101509"));
    }
}

#[tokio::test]
async fn half_a_body_is_seen_as_half() {
    let backend = RawBackend::half_body(10, "12345").await;
    let weir = steady(&backend.url());
    let mut client = weir.client().await;
    client.send("GET /shop/1.0/a HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let head = client.head().await.unwrap();
    assert_eq!(head.status, 200);
    assert_eq!(client.rest().await, b"12345");
    let record = weir.record().await;
    assert_eq!((&record["aborted"], &record["status"]), (&json!(true), &json!(200)));
    assert_eq!(record["response_bytes"], 5);
    weir.quiet().await;
}

#[tokio::test]
async fn half_a_chunked_body_has_no_last_chunk() {
    let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n";
    let backend = RawBackend::play(vec![Step::ReadHead, Step::write(head), Step::Close]).await;
    let weir = steady(&backend.url());
    let text = weir.raw("GET /shop/1.0/a HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert!(text.ends_with("5\r\nhello\r\n"), "{text}");
    assert_eq!(weir.record().await["aborted"], true);
}

#[tokio::test]
async fn a_stalled_body_is_given_up() {
    let head = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf";
    let backend = RawBackend::play(vec![Step::ReadHead, Step::write(head), Step::Never]).await;
    let weir = Weir::with(&[&shop(&backend.url())], |config| {
        config.timeouts.socket = Duration::from_millis(200);
    });
    let started = Instant::now();
    let text = weir.raw("GET /shop/1.0/a HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert!(text.ends_with("half"), "{text}");
    assert!((200..3000).contains(&started.elapsed().as_millis()));
    assert_eq!(weir.record().await["aborted"], true);
}

#[tokio::test]
async fn a_backend_killed_in_the_middle_breaks_the_answer() {
    let feeds: Arc<Mutex<Vec<Feed>>> = Arc::default();
    let kept = Arc::clone(&feeds);
    let backend = Backend::with(move |_| {
        let kept = Arc::clone(&kept);
        async move {
            let (reply, feed) = Reply::events();
            kept.lock().await.push(feed);
            reply
        }
    })
    .await;
    let weir = Weir::start(&shop(&backend.url()));
    let mut client = weir.client().await;
    client.send("GET /shop/1.0/a HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    assert_eq!(client.head().await.unwrap().status, 200);
    assert!(feeds.lock().await[0].event("one").await);
    assert_eq!(client.chunk().await.unwrap(), b"data: one\n\n");
    backend.stop();
    assert_eq!(client.rest().await, b"");
    assert_eq!(weir.record().await["aborted"], true);
    // The answer had begun: the state of the endpoint is as it was.
    assert_eq!(weir.state().await, "ACTIVE");
    assert_eq!(code(&weir.get("/shop/1.0/a").await), "101503");
}

#[tokio::test]
async fn a_connection_closed_between_requests_is_not_noticed() {
    let go = Arc::new(Notify::new());
    let closing = vec![Step::ReadHead, Step::write(OK), Step::Wait(Arc::clone(&go)), Step::Close];
    let open = vec![Step::ReadHead, Step::write(OK), Step::Never];
    for method in ["GET", "POST"] {
        let backend = RawBackend::script(vec![closing.clone(), open.clone()]).await;
        let weir = steady(&backend.url());
        assert_eq!(weir.get("/shop/1.0/a").await.status, 200);
        go.notify_one();
        // Long enough for the end to arrive, as between two requests of a client.
        tokio::time::sleep(Duration::from_millis(20)).await;
        let answer = weir.call(method, "/shop/1.0/b", &[], b"").await;
        assert_eq!(answer.status, 200, "{method}: {}", answer.text());
        assert_eq!(backend.connections(), 2);
    }
}

/// The backend ends a kept connection just as the next request arrives on it. A safe request is sent
/// again (RFC 9110 §9.2.1); any other is a fault, which does not suspend the endpoint.
#[tokio::test]
async fn a_connection_that_ends_under_a_request_costs_no_get() {
    for then in [Step::Close, Step::Reset] {
        let stale = vec![Step::ReadHead, Step::write(OK), Step::ReadHead, then];
        let open = vec![Step::ReadHead, Step::write(OK), Step::Never];
        for (method, status) in [("GET", 200), ("HEAD", 200), ("DELETE", 500), ("POST", 500)] {
            let backend = RawBackend::script(vec![stale.clone(), open.clone()]).await;
            let weir = Weir::start(&shop_with(&backend.url(), json!({})));
            assert_eq!(weir.get("/shop/1.0/a").await.status, 200);
            let answer = weir.call(method, "/shop/1.0/b", &[("X-A", "b")], b"").await;
            assert_eq!(answer.status, status, "{method}: {}", answer.text());
            if status == 500 {
                assert_eq!(weir.get("/shop/1.0/c").await.status, 200, "not suspended");
            } else {
                let sent = backend.text(1);
                assert!(sent.starts_with(&format!("{method} /b HTTP/1.1\r\n")), "{sent}");
                assert!(sent.contains("x-a: b\r\n"), "{sent}");
            }
        }
    }
    // On a connection of its own the end is an answer.
    let backend = RawBackend::play(vec![Step::ReadHead, Step::Close]).await;
    assert_eq!(steady(&backend.url()).get("/shop/1.0/a").await.status, 500);
    assert_eq!(backend.connections(), 1);
}

/// The backend ends each connection right after its answer, without announcing it, so that some
/// requests are sent into a connection that is ending.
#[tokio::test]
async fn a_connection_that_is_closing_costs_no_get() {
    let backend = RawBackend::play(vec![Step::ReadHead, Step::write(OK), Step::Close]).await;
    let weir = steady(&backend.url());
    let one = || async {
        let mut client = weir.client().await;
        for index in 0..100 {
            let answer = client.get("/shop/1.0/a").await.unwrap();
            assert_eq!(answer.status, 200, "{index}: {}", answer.text());
        }
    };
    futures_util::future::join_all((0..8).map(|_| one())).await;
}

#[tokio::test]
async fn connections_are_kept_and_shared() {
    let backend = Backend::echo().await;
    let weir = Weir::start(&shop(&backend.url()));
    for index in 0..10 {
        assert_eq!(weir.get("/shop/1.0/a").await.status, 200);
        let body = format!("body {index}");
        assert_eq!(weir.call("POST", "/shop/1.0/a", &[], body.as_bytes()).await.text(), body);
    }
    assert_eq!(backend.connections(), 1);
}

#[tokio::test]
async fn an_unknown_host_and_a_slow_connection_are_told_apart() {
    let weir = steady("http://name.invalid:1/");
    assert_eq!(code(&weir.get("/shop/1.0/a").await), "101503");
    // Nobody answers the handshake of TLS.
    let silent = RawBackend::play(vec![Step::Never]).await;
    let url = silent.url().replace("http:", "https:");
    let weir = Weir::with(&[&shop_with(&url, json!({ "suspendDuration": "0" }))], |config| {
        config.timeouts.connect = Duration::from_millis(150);
    });
    let answer = weir.get("/shop/1.0/a").await;
    assert_eq!((answer.status, &*code(&answer)), (500, "101508"));
    assert_eq!(weir.record().await["fault"], "ConnectTimeout");
    // What answers is no TLS.
    let clear = Backend::echo().await;
    let weir = steady(&clear.url().replace("http:", "https:"));
    assert_eq!(code(&weir.get("/shop/1.0/a").await), "101500");
}
