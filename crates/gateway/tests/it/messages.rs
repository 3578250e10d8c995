//! Messages of HTTP/1.1: their framing, their bodies, and the connections that they come over.

use gateway::config::upstream::ClientChoice;
use testkit::{Backend, Nginx, RawBackend, Reply, Step};

use crate::gateway::{self as rig, Weir, open, shop};

#[tokio::test]
async fn a_connection_serves_many_requests() {
    let backend = Backend::echo().await;
    let weir = Weir::start(&shop(&backend.url()));
    let mut client = weir.client().await;
    for index in 0..20 {
        let body = "x".repeat(index * 1000);
        let answer = client.call("POST", "/shop/1.0/a", &[], body.as_bytes()).await.unwrap();
        assert_eq!((answer.status, answer.text()), (200, body));
        assert_eq!(client.get("/shop/1.0/b").await.unwrap().header("x-echo-target"), Some("/b"));
        assert_eq!(client.get("/none").await.unwrap().status, 404);
    }
    assert_eq!(weir.metric("gateway_connections_accepted_total").await, 1.0);
}

#[tokio::test]
async fn requests_may_come_all_at_once() {
    let backend = Backend::echo().await;
    let weir = Weir::start(&shop(&backend.url()));
    let mut client = weir.client().await;
    let mut all = String::new();
    for index in 0..50 {
        all.push_str(&format!(
            "POST /shop/1.0/{index} HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
        ));
        all.push_str("GET /none HTTP/1.1\r\nHost: x\r\n\r\n");
    }
    client.send(&all).await.unwrap();
    for index in 0..50 {
        let answer = client.response().await.unwrap();
        let target = format!("/{index}");
        assert_eq!((answer.header("x-echo-target"), &*answer.text()), (Some(&*target), "abc"));
        assert_eq!(client.response().await.unwrap().status, 404);
    }
}

#[tokio::test]
async fn a_head_request_gets_the_head() {
    let body = "four";
    let backend = Backend::answer(200, &[("x-a", "b")], body).await;
    let weir = Weir::start(&shop(&backend.url()));
    let mut client = weir.client().await;
    let answer = client.call("HEAD", "/shop/1.0/a", &[], b"").await.unwrap();
    assert_eq!((answer.status, answer.header("content-length")), (200, Some("4")));
    assert_eq!(client.get("/shop/1.0/a").await.unwrap().text(), body);
    // What the backend would send in chunks has no length, and none is made up.
    let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    let backend = RawBackend::keep_alive(head).await;
    let weir = Weir::start(&shop(&backend.url()));
    let mut client = weir.client().await;
    for _ in 0..2 {
        let answer = client.call("HEAD", "/shop/1.0/a", &[], b"").await.unwrap();
        assert_eq!((answer.status, answer.header("content-length")), (200, None));
    }
    let record = &weir.records(2).await[1];
    assert_eq!((&record["method"], record.get("aborted")), (&"HEAD".into(), None));
}

#[tokio::test]
async fn a_head_request_to_nothing_has_no_body() {
    let backend = Backend::echo().await;
    let weir = Weir::start(&shop(&backend.url()));
    let mut client = weir.client().await;
    let answer = client.call("HEAD", "/none", &[], b"").await.unwrap();
    assert_eq!(answer.status, 404);
    assert_eq!(client.get("/shop/1.0/a").await.unwrap().status, 200);
}

#[tokio::test]
async fn answers_without_a_body() {
    for (head, length) in [
        ("HTTP/1.1 204 No Content\r\n", None),
        ("HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\n", None),
        ("HTTP/1.1 304 Not Modified\r\nContent-Length: 10\r\n", None),
        ("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n", Some("0")),
    ] {
        let backend = RawBackend::keep_alive(format!("{head}\r\n")).await;
        let weir = Weir::start(&shop(&backend.url()));
        let mut client = weir.client().await;
        for _ in 0..3 {
            let answer = client.get("/shop/1.0/a").await.unwrap();
            assert!(head.contains(&answer.status.to_string()));
            assert_eq!(answer.header("content-length"), length, "{head}");
            assert_eq!(answer.header("transfer-encoding"), None, "{head}");
        }
        assert_eq!(backend.connections(), 1, "{head}");
        assert!(weir.records(3).await.iter().all(|record| record.get("aborted").is_none()));
    }
}

#[tokio::test]
async fn trailers_go_both_ways() {
    let backend = Backend::with(|request| async move {
        Reply::new(200).body(request.body).trailers(&[("x-checksum", "abc"), ("x-more", "1")])
    })
    .await;
    let weir = Weir::start(&shop(&backend.url()));
    let mut client = weir.client().await;
    client
        .send(
            "POST /shop/1.0/a HTTP/1.1\r\nHost: x\r\nTE: trailers\r\nConnection: TE\r\n\
             Transfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n\
             5\r\nhello\r\n6\r\n world\r\n0\r\nX-Sum: 9\r\n\r\n",
        )
        .await
        .unwrap();
    let answer = client.response().await.unwrap();
    assert_eq!((answer.status, &*answer.text()), (200, "hello world"));
    assert_eq!((answer.trailer("x-checksum"), answer.trailer("x-more")), (Some("abc"), Some("1")));
    let request = backend.last();
    assert_eq!(
        (request.header("trailer"), request.header("te")),
        (Some("X-Sum"), Some("trailers"))
    );
    assert_eq!(request.trailers.unwrap()["x-sum"], "9");
    assert!(request.complete);
    // The connection is still good.
    assert_eq!(client.get("/shop/1.0/a").await.unwrap().status, 200);
}

#[tokio::test]
async fn a_length_stays_a_length_and_chunks_stay_chunks() {
    let backend = Backend::echo().await;
    let weir = Weir::start(&shop(&backend.url()));
    let mut client = weir.client().await;
    client.call("POST", "/shop/1.0/a", &[], b"12345").await.unwrap();
    assert_eq!(backend.last().header("content-length"), Some("5"));
    client.call("POST", "/shop/1.0/a", &[], b"").await.unwrap();
    assert_eq!(backend.last().header("content-length"), Some("0"));
    client.call("DELETE", "/shop/1.0/a", &[], b"").await.unwrap();
    assert_eq!(backend.last().header("content-length"), None);
    assert_eq!(backend.last().header("transfer-encoding"), None);
    let chunked = "PUT /shop/1.0/a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n\
                   3\r\nabc\r\n0\r\n\r\n";
    client.send(chunked).await.unwrap();
    assert_eq!(client.response().await.unwrap().text(), "abc");
    assert_eq!(backend.last().header("transfer-encoding"), Some("chunked"));
    assert_eq!(backend.last().header("content-length"), None);
}

#[tokio::test]
async fn the_body_of_a_get_is_dropped() {
    let backend = Backend::echo().await;
    let weir = Weir::start(&shop(&backend.url()));
    let mut client = weir.client().await;
    let headers = [("Content-Type", "application/json"), ("Content-Encoding", "gzip")];
    for _ in 0..3 {
        let answer = client.call("GET", "/shop/1.0/a", &headers, b"{\"a\":1}").await.unwrap();
        assert_eq!((answer.status, &*answer.text()), (200, ""));
        let request = backend.last();
        for name in ["content-type", "content-length", "transfer-encoding"] {
            assert_eq!(request.header(name), None, "{name}");
        }
        assert!(request.body.is_empty());
    }
    let answer = client.call("DELETE", "/shop/1.0/a", &headers, b"{}").await.unwrap();
    assert_eq!(answer.text(), "{}");
}

#[tokio::test]
async fn a_client_may_ask_before_it_sends_its_body() {
    let backend = Backend::echo().await;
    let weir = Weir::start(&shop(&backend.url()));
    let mut client = weir.client().await;
    let head = "POST /shop/1.0/a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\
                Expect: 100-continue\r\n\r\n";
    for _ in 0..2 {
        client.send(head).await.unwrap();
        assert_eq!(client.head().await.unwrap().status, 100);
        client.send("hello").await.unwrap();
        assert_eq!(client.response().await.unwrap().text(), "hello");
        // Our own client passes the question on.
        let asked = (rig::client() == ClientChoice::Own).then_some("100-continue");
        assert_eq!(backend.last().header("expect"), asked);
    }
    // What is refused anyway is not asked for.
    client.send(head.replace("/shop/1.0", "/none")).await.unwrap();
    let answer = client.response().await.unwrap();
    assert_eq!((answer.status, answer.interim.len()), (404, 0));
    assert_eq!(client.rest().await, b"");
}

/// An upstream that wants no body spares the client its upload.
#[tokio::test]
async fn a_refusal_comes_before_the_body() {
    let refusal = "HTTP/1.1 413 Payload Too Large\r\nContent-Length: 3\r\n\r\nbig";
    let steps = vec![Step::ReadHead, Step::write(refusal), Step::ReadToEnd];
    let backend = RawBackend::play(steps).await;
    let weir = Weir::start(&shop(&backend.url()));
    let mut client = weir.client().await;
    let head = "POST /shop/1.0/a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\
                Expect: 100-continue\r\n\r\n";
    client.send(head).await.unwrap();
    let answer = client.response().await.unwrap();
    if rig::client() == ClientChoice::Own {
        assert_eq!((answer.status, &*answer.text(), answer.interim.len()), (413, "big", 0));
        assert!(backend.text(0).ends_with("\r\n\r\n"));
    }
}

#[tokio::test]
async fn old_clients_are_served() {
    let backend =
        Backend::with(|_| async { Reply::new(200).body("plain").trailers(&[("x-t", "1")]) }).await;
    let weir = Weir::start(&shop(&backend.url()));
    let text = weir.raw("GET /shop/1.0/a HTTP/1.0\r\n\r\n").await;
    assert!(text.starts_with("HTTP/1.0 200") || text.starts_with("HTTP/1.1 200"), "{text}");
    assert!(text.ends_with("\r\n\r\nplain"), "{text}");
    assert!(!text.to_ascii_lowercase().contains("chunked"), "{text}");
    assert_eq!(backend.last().version, http::Version::HTTP_11);
    // One that asks for it keeps its connection.
    let backend = Backend::echo().await;
    let weir = Weir::start(&shop(&backend.url()));
    let mut client = weir.client().await;
    for _ in 0..2 {
        client
            .send("POST /shop/1.0/a HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nhi")
            .await
            .unwrap();
        let answer = client.response().await.unwrap();
        assert_eq!((answer.status, &*answer.text()), (200, "hi"));
    }
    assert_eq!(weir.record().await["protocol"], "HTTP/1.0");
}

#[tokio::test]
async fn an_absolute_target_is_taken_apart() {
    let backend = Backend::echo().await;
    let weir = Weir::start(&shop(&backend.url()));
    let request = "GET http://Shop.example:80/shop/1.0/a?b=1 HTTP/1.1\r\n\
                   Host: shop.example:80\r\nConnection: close\r\n\r\n";
    assert!(weir.raw(request).await.starts_with("HTTP/1.1 200"));
    let seen = backend.last();
    assert_eq!((&*seen.target, seen.authority.as_deref()), ("/a?b=1", None));
    assert_eq!(seen.header("x-forwarded-host"), Some("Shop.example:80"));
}

#[tokio::test]
async fn a_client_that_says_close_is_let_go() {
    let backend = Backend::echo().await;
    let weir = Weir::start(&shop(&backend.url()));
    let mut client = weir.client().await;
    let close = [("Connection", "close")];
    let answer = client.call("GET", "/shop/1.0/a", &close, b"").await.unwrap();
    assert_eq!((answer.status, answer.header("connection")), (200, Some("close")));
    assert_eq!(client.rest().await, b"");
    assert_eq!(backend.last().header("connection"), None);
}

#[tokio::test]
async fn bytes_and_times_are_recorded() {
    let backend = Backend::echo().await;
    let weir = Weir::start(&shop(&backend.url()));
    assert_eq!(weir.call("POST", "/shop/1.0/a?secret=1", &[], &[b'x'; 5000]).await.status, 200);
    let record = weir.record().await;
    assert_eq!((&record["request_bytes"], &record["response_bytes"]), (&5000.into(), &5000.into()));
    assert_eq!((&record["api"], &record["operation"]), (&"Shop".into(), &"/*".into()));
    assert_eq!((&record["path"], &record["attempts"]), (&"/shop/1.0/a".into(), &1.into()));
    let upstream = backend.url();
    assert_eq!(record["upstream"], upstream);
}

/// Steps that a backend goes through while a request is still coming.
#[tokio::test]
async fn an_early_answer_is_passed_on() {
    let answer = "HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nno!";
    let backend =
        RawBackend::play(vec![Step::ReadHead, Step::write(answer), Step::ReadToEnd]).await;
    let weir = Weir::start(&shop(&backend.url()));
    let mut client = weir.client().await;
    client
        .send("POST /shop/1.0/a HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\nfirst")
        .await
        .unwrap();
    let answer = client.response().await.unwrap();
    assert_eq!((answer.status, &*answer.text()), (413, "no!"));
    assert_eq!(client.rest().await, b"");
    weir.quiet().await;
    assert_eq!(weir.state().await, "ACTIVE");
}

#[tokio::test]
async fn nginx_serves_files_and_ranges() {
    let Some(nginx) = Nginx::server("root @DIR@; location = /empty { return 204; }").await else {
        return;
    };
    let content: Vec<u8> = (0..1_000_000_u32).map(|n| (n % 251) as u8).collect();
    std::fs::write(nginx.dir().join("big.bin"), &content).unwrap();
    let weir = Weir::start(&open(
        testkit::Project::new("Files", "1.0", "/shop").endpoint(&nginx.url()),
        "/*",
    ));
    let mut client = weir.client().await;
    let answer = client.get("/shop/1.0/big.bin").await.unwrap();
    assert_eq!((answer.status, answer.body.len()), (200, content.len()));
    assert!(answer.body == content);
    let tag = answer.header("etag").unwrap().to_owned();
    let part =
        client.call("GET", "/shop/1.0/big.bin", &[("Range", "bytes=5-9")], b"").await.unwrap();
    assert_eq!((part.status, &part.body[..]), (206, &content[5..10]));
    let same =
        client.call("GET", "/shop/1.0/big.bin", &[("If-None-Match", &tag)], b"").await.unwrap();
    assert_eq!((same.status, same.header("etag")), (304, Some(&*tag)));
    assert_eq!(client.get("/shop/1.0/empty").await.unwrap().status, 204);
    let head = client.call("HEAD", "/shop/1.0/big.bin", &[], b"").await.unwrap();
    assert_eq!(head.header("content-length"), Some("1000000"));
    assert_eq!(client.get("/shop/1.0/none").await.unwrap().status, 404);
}
