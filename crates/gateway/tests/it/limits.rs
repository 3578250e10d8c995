//! What strangers may send: each limit with its status, and nothing that panics.

use std::time::{Duration, Instant};

use serde_json::json;
use testkit::{Backend, Client};

use crate::gateway::{Weir, code, shop};

fn status(text: &str) -> u16 {
    text.split(' ').nth(1).and_then(|word| word.parse().ok()).unwrap_or_default()
}

/// The gateway serves as before, and nothing has panicked.
async fn fine(weir: &Weir) {
    assert_eq!(weir.get("/shop/1.0/a").await.status, 200);
    assert_eq!(weir.metric("gateway_panics_total").await, 0.0);
}

#[tokio::test]
async fn a_head_may_not_be_too_large() {
    let backend = Backend::echo().await;
    let weir = Weir::with(&[&shop(&backend.url())], |config| {
        config.limits.head_bytes = 8192;
        config.limits.header_fields = 20;
    });
    let head = "GET /shop/1.0/a HTTP/1.1\r\nHost: x\r\n";
    let large = format!("{head}X-Large: {}\r\n\r\n", "a".repeat(10_000));
    let many = format!("{head}{}\r\n", "X-A: b\r\n".repeat(30));
    let fits = format!("{head}Connection: close\r\nX-Large: {}\r\n\r\n", "a".repeat(7000));
    assert_eq!(status(&weir.raw(large).await), 431);
    assert_eq!(status(&weir.raw(many).await), 431);
    assert_eq!(status(&weir.raw(fits).await), 200);
    let long = format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "a".repeat(70_000));
    assert!([414, 431].contains(&status(&weir.raw(long).await)));
    assert_eq!(backend.requests().len(), 1);
    fine(&weir).await;
}

#[tokio::test]
async fn a_body_may_not_be_too_large() {
    let backend = Backend::echo().await;
    let weir = Weir::with(&[&shop(&backend.url())], |config| config.limits.body_bytes = Some(1000));
    let answer = weir.call("POST", "/shop/1.0/a", &[], &[b'a'; 1001]).await;
    assert_eq!((answer.status, &*code(&answer)), (413, "413"));
    assert_eq!(answer.header("connection"), Some("close"));
    assert!(backend.requests().is_empty());
    assert_eq!(weir.call("POST", "/shop/1.0/a", &[], &[b'a'; 1000]).await.status, 200);
    // What was not announced is noticed on the way.
    let chunk = format!("190\r\n{}\r\n", "a".repeat(400));
    let chunked = format!(
        "POST /shop/1.0/a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n{}0\r\n\r\n",
        chunk.repeat(3)
    );
    let text = weir.raw(&chunked).await;
    assert_eq!(status(&text), 413, "{text}");
    weir.quiet().await;
    fine(&weir).await;
}

/// A client that sends all before it reads must still see why it was refused: the rest of what it
/// sends is taken for a while, so that no reset overtakes the answer.
#[tokio::test]
async fn a_refusal_reaches_a_client_that_is_still_sending() {
    let backend = Backend::echo().await;
    let weir = Weir::with(&[&shop(&backend.url())], |config| config.limits.body_bytes = Some(1000));
    let body = vec![b'a'; 3_000_000];
    let head =
        format!("POST /shop/1.0/a HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n", body.len());
    for _ in 0..3 {
        let mut client = weir.client().await;
        client.send([head.as_bytes(), &body].concat()).await.unwrap();
        tokio::time::sleep(Duration::from_millis(20)).await;
        let answer = client.response().await.unwrap();
        assert_eq!((answer.status, &*code(&answer)), (413, "413"));
    }
    fine(&weir).await;
}

#[tokio::test]
async fn half_a_head_is_too_late() {
    let backend = Backend::echo().await;
    let weir = Weir::with(&[&shop(&backend.url())], |config| {
        config.timeouts.head = Duration::from_millis(150);
        config.timeouts.client_idle = Duration::from_millis(300);
    });
    let started = Instant::now();
    let text = weir.raw("GET /shop/1.0/a HTTP/1.1\r\nHost: x\r\nX-").await;
    let took = started.elapsed();
    assert_eq!(status(&text), 408, "{text}");
    assert!((150..3000).contains(&took.as_millis()), "{took:?}");
    // Who says nothing is told nothing.
    let started = Instant::now();
    assert_eq!(weir.raw("").await, "");
    assert!(started.elapsed() >= Duration::from_millis(150));
    // Drop by drop does not help.
    let mut client = weir.client().await;
    let started = Instant::now();
    let mut sent = Ok(());
    while sent.is_ok() && started.elapsed() < Duration::from_secs(5) {
        sent = client.send("G").await;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
    // Between two requests another limit holds, and no answer is due.
    let mut client = weir.client().await;
    assert_eq!(client.get("/shop/1.0/a").await.unwrap().status, 200);
    let started = Instant::now();
    assert_eq!(client.rest().await, b"");
    assert!((290..3000).contains(&started.elapsed().as_millis()), "{:?}", started.elapsed());
    fine(&weir).await;
}

#[tokio::test]
async fn the_head_of_a_later_request_has_its_time_too() {
    let backend = Backend::echo().await;
    let weir = Weir::with(&[&shop(&backend.url())], |config| {
        config.timeouts.head = Duration::from_millis(150);
        config.timeouts.client_idle = Duration::from_millis(400);
    });
    let whole = "GET /shop/1.0/a HTTP/1.1\r\nHost: x\r\n\r\n";
    let mut client = weir.client().await;
    client.send(whole).await.unwrap();
    assert_eq!(client.response().await.unwrap().status, 200);
    client.send("GET /shop").await.unwrap();
    let started = Instant::now();
    let text = String::from_utf8_lossy(&client.rest().await).into_owned();
    assert!((150..3000).contains(&started.elapsed().as_millis()), "{:?}", started.elapsed());
    assert_eq!(status(&text), 408, "{text}");
    // So has one that came with the request before.
    let mut client = weir.client().await;
    client.send(format!("{whole}GET /shop")).await.unwrap();
    assert_eq!(client.response().await.unwrap().status, 200);
    let started = Instant::now();
    let answer = client.response().await.unwrap();
    assert!((100..3000).contains(&started.elapsed().as_millis()), "{:?}", started.elapsed());
    assert_eq!((answer.status, answer.header("connection")), (408, Some("close")));
    let record = &weir.records(4).await[3];
    assert_eq!(
        (&record["status"], &record["method"], &record["path"]),
        (&json!(408), &json!("GET"), &json!("/shop"))
    );
}

#[tokio::test]
async fn a_body_that_stops_coming_is_given_up() {
    let backend = Backend::echo().await;
    let weir = Weir::with(&[&shop(&backend.url())], |config| {
        config.timeouts.socket = Duration::from_millis(200);
    });
    let started = Instant::now();
    let text =
        weir.raw("POST /shop/1.0/a HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf").await;
    assert_eq!(status(&text), 408, "{text}");
    assert!((200..3000).contains(&started.elapsed().as_millis()));
    assert_eq!(weir.state().await, "ACTIVE");
    weir.quiet().await;
    fine(&weir).await;
}

#[tokio::test]
async fn connections_are_limited() {
    let backend = Backend::echo().await;
    let weir = Weir::with(&[&shop(&backend.url())], |config| config.limits.connections = 2);
    let mut first = weir.client().await;
    let mut second = weir.client().await;
    assert_eq!(first.get("/shop/1.0/a").await.unwrap().status, 200);
    assert_eq!(second.get("/shop/1.0/a").await.unwrap().status, 200);
    for _ in 0..10 {
        let answer = weir.get("/shop/1.0/a").await;
        assert_eq!((answer.status, answer.header("retry-after")), (503, Some("1")));
        assert_eq!(answer.header("connection"), Some("close"));
    }
    drop(first);
    weir.until("a free place", || async {
        let mut client = Client::connect(weir.address()).await.unwrap();
        client.get("/shop/1.0/a").await.is_ok_and(|answer| answer.status == 200)
    })
    .await;
    assert_eq!(second.get("/shop/1.0/a").await.unwrap().status, 200);
}

#[tokio::test]
async fn the_host_must_be_clear() {
    let backend = Backend::echo().await;
    let weir = Weir::start(&shop(&backend.url()));
    for (head, expected) in [
        ("GET /shop/1.0/a HTTP/1.1\r\n", 400),
        ("GET /shop/1.0/a HTTP/1.1\r\nHost: a\r\nHost: b\r\n", 400),
        ("GET /shop/1.0/a HTTP/1.1\r\nHost: a\r\nHost: a\r\n", 400),
        ("GET http://a/shop/1.0/a HTTP/1.1\r\nHost: b\r\n", 400),
        ("GET http://u:p@a/shop/1.0/a HTTP/1.1\r\nHost: a\r\n", 400),
        ("GET /shop/1.0/a HTTP/1.1\r\nHost: a b\r\n", 400),
        ("GET /shop/1.0/a HTTP/1.1\r\nHost: a/b\r\n", 400),
        ("GET /shop/1.0/a HTTP/1.1\r\nHost: a,b\r\n", 200),
        ("GET /shop/1.0/a HTTP/1.1\r\nHost:\r\n", 200),
        ("GET http://a/shop/1.0/a HTTP/1.1\r\nHost: A\r\n", 200),
        ("GET http://a/shop/1.0/a HTTP/1.1\r\n", 400),
        ("GET http://a/shop/1.0/a HTTP/1.0\r\n", 200),
        ("GET /shop/1.0/a HTTP/1.1\r\nHost: [::1]:80\r\n", 200),
    ] {
        let text = weir.raw(format!("{head}Connection: close\r\n\r\n")).await;
        assert_eq!(status(&text), expected, "{head}: {text}");
    }
    let answer = weir.raw("GET /shop/1.0/a HTTP/1.1\r\n\r\n").await;
    assert!(answer.contains("\"code\":\"400\"") && answer.contains("The Host header is missing"));
    fine(&weir).await;
}

#[tokio::test]
async fn odd_methods_and_targets() {
    let backend = Backend::echo().await;
    let weir = Weir::start(&shop(&backend.url()));
    for (line, expected) in [
        ("CONNECT a:443 HTTP/1.1", 501),
        ("OPTIONS * HTTP/1.1", 404),
        ("FOO /shop/1.0/a HTTP/1.1", 405),
        ("TRACE /shop/1.0/a HTTP/1.1", 405),
        ("GET shop HTTP/1.1", 400),
        ("GET /shop/1.0/a HTTP/9.9", 505),
        ("GET /shop/1.0/a", 400),
        ("G(T /shop/1.0/a HTTP/1.1", 400),
    ] {
        let host = if line.starts_with("CONNECT") { "a:443" } else { "x" };
        let text = weir.raw(format!("{line}\r\nHost: {host}\r\nConnection: close\r\n\r\n")).await;
        assert_eq!(status(&text), expected, "{line}: {text}");
    }
    assert!(backend.requests().is_empty());
    fine(&weir).await;
}

/// Requests whose end two readers could see at different places (RFC 9112 §11.2).
#[tokio::test]
async fn ambiguous_lengths_are_refused() {
    let backend = Backend::echo().await;
    let weir = Weir::start(&shop(&backend.url()));
    let post = "POST /shop/1.0/a HTTP/1.1\r\nHost: x\r\n";
    for fields in [
        "Content-Length: 3\r\nContent-Length: 4\r\n",
        "Content-Length: 3, 4\r\n",
        "Content-Length: -1\r\n",
        "Content-Length: +3\r\n",
        "Content-Length: 99999999999999999999999\r\n",
        "Transfer-Encoding: gzip\r\n",
        "Transfer-Encoding: chunked, gzip\r\n",
        "Transfer-Encoding : chunked\r\n",
        "Content-Length : 3\r\n",
        "Content-Length: 3\r\n Transfer-Encoding: chunked\r\n",
    ] {
        drop(backend.take());
        let text = weir
            .raw(format!("{post}{fields}\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"))
            .await;
        assert_eq!(status(&text), 400, "{fields}: {text}");
        assert!(backend.requests().is_empty(), "{fields}");
        assert_eq!(text.matches("HTTP/1.1 ").count(), 1, "{fields}: {text}");
    }
    for body in
        ["zz\r\nabc\r\n0\r\n\r\n", "-1\r\n\r\n", "fffffffffffffffff\r\na", "3\r\nabcd\r\n0\r\n\r\n"]
    {
        drop(backend.take());
        let text = weir.raw(format!("{post}Transfer-Encoding: chunked\r\n\r\n{body}")).await;
        assert_eq!(status(&text), 400, "{body}: {text}");
        assert!(backend.requests().iter().all(|request| !request.complete), "{body}");
    }
    assert_eq!(weir.state().await, "ACTIVE");
    fine(&weir).await;
}

#[tokio::test]
async fn a_refusal_tells_its_reason_as_json() {
    let backend = Backend::echo().await;
    let weir = Weir::start(&shop(&backend.url()));
    let mut client = weir.client().await;
    client.send("CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n").await.unwrap();
    let answer = client.response().await.unwrap();
    assert_eq!(
        answer.json(),
        json!({ "code": "501", "type": "Status report", "message": "Not Implemented",
                "description": "The method is not supported" })
    );
}
