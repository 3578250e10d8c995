//! HTTP/2 on either side, and gRPC through both.

use std::time::{Duration, Instant};

use bytes::Bytes;
use gateway::config::GatewayConfig;
use http::{Request, Version};
use serde_json::json;
use testkit::{Backend, Ca, H2Client, Project, RawBackend, Reply, ReplyBody};

use crate::gateway::{Weir, code, open, shop};

fn request(weir: &Weir, method: &str, path: &str, body: &str) -> Request<ReplyBody> {
    let body = ReplyBody::full(Bytes::from(body.to_owned()));
    Request::builder().method(method).uri(weir.url(path)).body(body).unwrap()
}

/// A backend with TLS, and what trusts it.
pub(crate) async fn secure(alpn: &[&str]) -> (Backend, impl FnOnce(&mut GatewayConfig) + use<>) {
    let ca = Ca::new();
    let config = ca.server_config(&ca.leaf(&["localhost"]), alpn);
    let backend = Backend::builder().tls(config).echo().await;
    let dir = tempfile::TempDir::new().unwrap();
    let roots = ca.write(dir.path());
    (backend, move |config: &mut GatewayConfig| {
        let kept = dir.keep();
        config.upstream_tls.extra_roots = vec![kept.join(roots.file_name().unwrap())];
    })
}

#[tokio::test]
async fn a_client_may_speak_http2_in_clear_text() {
    let backend = Backend::echo().await;
    let weir = Weir::start(&shop(&backend.url()));
    let mut client = weir.h2().await;
    let answer = client.call(request(&weir, "POST", "/shop/1.0/a?b=1", "hello")).await.unwrap();
    assert_eq!((answer.status, &*answer.text()), (200, "hello"));
    let seen = backend.last();
    assert_eq!((&*seen.target, seen.version), ("/a?b=1", Version::HTTP_11));
    assert_eq!(seen.header("host"), Some(&*backend.address().to_string()));
    assert_eq!(seen.header("x-forwarded-host"), Some(&*weir.address().to_string()));
    let answer = client.get(&weir.url("/none")).await.unwrap();
    assert_eq!((answer.status, &*code(&answer)), (404, "404"));
    let answer = client.call(request(&weir, "HEAD", "/shop/1.0/a", "")).await.unwrap();
    assert_eq!((answer.status, answer.body.len()), (200, 0));
    assert_eq!(weir.record().await["protocol"], "HTTP/2");
}

#[tokio::test]
async fn alpn_chooses_the_protocol() {
    let backend = Backend::echo().await;
    let weir = Weir::tls(&[&shop(&backend.url())], |_| {});
    let mut client = weir.tls_h2().await;
    let answer = client.get("https://localhost/shop/1.0/a").await.unwrap();
    assert_eq!(answer.status, 200);
    assert_eq!(backend.last().header("x-forwarded-proto"), Some("https"));
    assert_eq!(weir.tls_client().await.get("/shop/1.0/a").await.unwrap().status, 200);
    let records = weir.records(2).await;
    assert_eq!(records[0]["protocol"], "HTTP/2");
    assert_eq!(records[1]["protocol"], "HTTP/1.1");
}

#[tokio::test]
async fn many_streams_share_a_connection() {
    let feeds = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let kept = std::sync::Arc::clone(&feeds);
    let handler = move |_| {
        let (reply, feed) = Reply::events();
        kept.lock().unwrap().push(feed);
        reply
    };
    let backend = Backend::builder().start(handler).await;
    let weir = Weir::start(&shop(&backend.url()));
    let mut client = weir.h2().await;
    let mut answers = Vec::new();
    for _ in 0..50 {
        answers.push(client.open(request(&weir, "GET", "/shop/1.0/a", "")).await.unwrap());
    }
    let feeds = std::mem::take(&mut *feeds.lock().unwrap());
    // The last stream gets its piece first.
    for (index, feed) in feeds.iter().enumerate().rev() {
        assert!(feed.send(index.to_string()).await);
    }
    drop(feeds);
    for (index, answer) in answers.into_iter().enumerate() {
        let body = http_body_util::BodyExt::collect(answer.into_body());
        let body = testkit::bounded("a body", body).await.unwrap();
        assert_eq!(body.to_bytes(), index.to_string());
    }
    assert_eq!(weir.records(50).await.len(), 50);
    assert_eq!(backend.connections(), 50);
}

#[tokio::test]
async fn an_upstream_may_offer_http2() {
    let (backend, trust) = secure(&["h2", "http/1.1"]).await;
    let weir = Weir::with(&[&shop(&backend.url())], trust);
    for index in 0..5 {
        let body = format!("body {index}");
        let answer = weir.call("POST", "/shop/1.0/a?x=1", &[], body.as_bytes()).await;
        assert_eq!((answer.status, answer.text()), (200, body));
    }
    let seen = backend.last();
    assert_eq!((seen.version, &*seen.target), (Version::HTTP_2, "/a?x=1"));
    let authority = backend.url().replace("https://", "");
    assert_eq!((seen.authority.as_deref(), seen.header("host")), (Some(&*authority), None));
    assert_eq!(backend.connections(), 1);
    assert_eq!(weir.get("/shop/1.0/a").await.status, 200);
    assert_eq!(backend.last().header("connection"), None);
}

#[tokio::test]
async fn an_upstream_without_http2_is_called_with_http1() {
    let (backend, trust) = secure(&["http/1.1"]).await;
    let weir = Weir::with(&[&shop(&backend.url())], trust);
    assert_eq!(weir.get("/shop/1.0/a").await.status, 200);
    assert_eq!(backend.last().version, Version::HTTP_11);
    let (backend, trust) = secure(&["h2", "http/1.1"]).await;
    let project = open(Project::new("Shop", "1.0", "/shop"), "/*").endpoint_config(json!({
        "endpoint_type": "http",
        "production_endpoints": { "url": backend.url(), "x-weir-http2": "never" },
    }));
    let weir = Weir::with(&[&project], trust);
    assert_eq!(weir.get("/shop/1.0/a").await.status, 200);
    assert_eq!(backend.last().version, Version::HTTP_11);
}

fn grpc(weir: &Weir, message: &[u8]) -> Request<ReplyBody> {
    let mut framed = vec![0, 0, 0, 0, u8::try_from(message.len()).unwrap()];
    framed.extend(message);
    Request::post(weir.url("/shop/1.0/pizza.Shop/Order"))
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .body(ReplyBody::full(framed.into()))
        .unwrap()
}

#[tokio::test]
async fn grpc_passes_through() {
    let handler = |request: testkit::Recorded| Reply::grpc(&request.body[5..], 0);
    let backend = Backend::builder().http2_only().start(handler).await;
    let weir = Weir::start(&shop(&backend.url()));
    let mut client = weir.h2().await;
    for _ in 0..3 {
        let answer = client.call(grpc(&weir, b"margherita")).await.unwrap();
        assert_eq!((answer.status, &answer.body[5..]), (200, &b"margherita"[..]));
        assert_eq!(answer.trailer("grpc-status"), Some("0"));
        assert_eq!(answer.header("content-type"), Some("application/grpc"));
    }
    let seen = backend.last();
    assert_eq!((seen.version, &*seen.target), (Version::HTTP_2, "/pizza.Shop/Order"));
    assert_eq!(seen.header("te"), Some("trailers"));
    assert_eq!(backend.connections(), 1);
    let record = weir.record().await;
    assert_eq!((&record["status"], record.get("aborted")), (&json!(200), None));
}

/// An answer that is nothing but a head with `grpc-status` ("trailers only").
#[tokio::test]
async fn grpc_errors_pass_through() {
    let handler =
        |_| Reply::new(200).header("content-type", "application/grpc").header("grpc-status", "5");
    let backend = Backend::builder().http2_only().start(handler).await;
    let weir = Weir::start(&shop(&backend.url()));
    let answer = weir.h2().await.call(grpc(&weir, b"x")).await.unwrap();
    assert_eq!((answer.status, answer.header("grpc-status")), (200, Some("5")));
    assert_eq!(answer.body.len(), 0);
}

#[tokio::test]
async fn grpc_streams_both_ways() {
    let (reply_body, feed) = ReplyBody::fed();
    let kept = std::sync::Mutex::new(Some(reply_body));
    let handler = move |_| {
        Reply::new(200)
            .header("content-type", "application/grpc")
            .stream(kept.lock().unwrap().take().unwrap())
            .trailers(&[("grpc-status", "0")])
    };
    let backend = Backend::builder().http2_only().early().start(handler).await;
    let weir = Weir::start(&shop(&backend.url()));
    let (body, sending) = ReplyBody::fed();
    let mut request = grpc(&weir, b"");
    *request.body_mut() = body;
    let mut client: H2Client = weir.h2().await;
    let answer = client.open(request).await.unwrap();
    assert_eq!(answer.status(), 200);
    let mut answer = answer.into_body();
    for piece in ["one", "two", "three"] {
        assert!(sending.send(piece).await && feed.send(piece).await);
        let frame = testkit::bounded("a piece", http_body_util::BodyExt::frame(&mut answer)).await;
        assert_eq!(frame.unwrap().unwrap().into_data().unwrap(), piece);
    }
    drop(sending);
    backend.arrived(1).await;
    assert_eq!((&*backend.last().text(), backend.last().complete), ("onetwothree", true));
    drop(feed);
    let end = http_body_util::BodyExt::collect(answer).await.unwrap();
    assert_eq!(end.trailers().unwrap()["grpc-status"], "0");
}

#[tokio::test]
async fn limits_hold_over_http2() {
    let (backend, trust) = secure(&["h2"]).await;
    let weir = Weir::with(&[&shop(&backend.url())], |config| {
        trust(config);
        config.limits.body_bytes = Some(1000);
        config.limits.head_bytes = 8192;
    });
    let mut client = weir.h2().await;
    let large = "x".repeat(1001);
    let answer = client.call(request(&weir, "POST", "/shop/1.0/a", &large)).await.unwrap();
    assert_eq!((answer.status, &*code(&answer)), (413, "413"));
    // Not announced, towards an upstream that speaks HTTP/2 as well.
    let (body, feed) = ReplyBody::fed();
    let mut unannounced = request(&weir, "POST", "/shop/1.0/a", "");
    *unannounced.body_mut() = body;
    let sending = tokio::spawn(async move { while feed.send("x".repeat(600)).await {} });
    let answer = client.call(unannounced).await.unwrap();
    assert_eq!((answer.status, &*code(&answer)), (413, "413"));
    sending.abort();
    let mut head = request(&weir, "GET", "/shop/1.0/a", "");
    head.headers_mut().insert("x-large", "a".repeat(10_000).parse().unwrap());
    let refused = client.call(head).await;
    assert!(refused.is_err() || refused.is_ok_and(|answer| answer.status == 431));
    let mut client = weir.h2().await;
    assert_eq!(client.get(&weir.url("/shop/1.0/a")).await.unwrap().status, 200);
    assert_eq!(weir.state().await, "ACTIVE");
}

#[tokio::test]
async fn an_http2_upstream_that_fails_is_a_fault() {
    let always = |url: &str| {
        open(Project::new("Shop", "1.0", "/shop"), "/*").endpoint_config(json!({
            "endpoint_type": "http",
            "production_endpoints": {
                "url": url, "x-weir-http2": "always", "config": { "suspendDuration": "0" },
            },
        }))
    };
    for backend in
        [RawBackend::closing().await, RawBackend::bytes("HTTP/1.1 400 Bad Request\r\n\r\n").await]
    {
        let weir = Weir::start(&always(&backend.url()));
        for _ in 0..2 {
            let answer = weir.get("/shop/1.0/a").await;
            assert_eq!(answer.status, 500);
            assert!(code(&answer).starts_with("1015"), "{}", answer.text());
        }
        weir.quiet().await;
    }
    let backend = Backend::builder().http2_only().echo().await;
    let weir = Weir::start(&always(&backend.url()));
    assert_eq!(weir.get("/shop/1.0/a").await.status, 200);
    // The same place, after the backend was started anew.
    let address = backend.address();
    drop(backend);
    weir.until("the end", || async { weir.get("/shop/1.0/a").await.status == 500 }).await;
    let backend = Backend::builder().http2_only().address(address).echo().await;
    weir.until("the new backend", || async { weir.get("/shop/1.0/a").await.status == 200 }).await;
    assert_eq!(backend.last().version, Version::HTTP_2);
}

#[tokio::test]
async fn an_idle_connection_is_closed_and_a_busy_one_is_not() {
    let (reply, feed) = Reply::events();
    let reply = std::sync::Mutex::new(Some(reply));
    let handler = move |_| reply.lock().unwrap().take().unwrap_or_else(|| Reply::new(200));
    let backend = Backend::builder().start(handler).await;
    let weir = Weir::with(&[&shop(&backend.url())], |config| {
        config.timeouts.head = Duration::from_millis(100);
        config.timeouts.client_idle = Duration::from_millis(200);
    });
    // A stream that is open keeps the connection.
    let mut busy = weir.h2().await;
    let answer = busy.open(request(&weir, "GET", "/shop/1.0/a", "")).await.unwrap();
    // Settings alone are no request.
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    for sent in [&preface[..], &[&preface[..], &[0, 0, 0, 4, 0, 0, 0, 0, 0]].concat()] {
        let started = Instant::now();
        weir.raw(sent).await;
        assert!((100..3000).contains(&started.elapsed().as_millis()), "{:?}", started.elapsed());
    }
    let mut idle = weir.h2().await;
    assert_eq!(idle.get(&weir.url("/shop/1.0/a")).await.unwrap().status, 200);
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert!(idle.get(&weir.url("/shop/1.0/a")).await.is_err());
    assert!(feed.send("late").await);
    drop(feed);
    let body = http_body_util::BodyExt::collect(answer.into_body()).await.unwrap();
    assert_eq!(body.to_bytes(), "late");
}
