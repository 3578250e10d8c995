//! What becomes of header fields on the way to the backend and back (spec/01 §6.1–6.2; row 39).

use serde_json::json;
use testkit::{Backend, Client, Recorded};

use crate::gateway::{Weir, shop};

async fn sent(weir: &Weir, backend: &Backend, headers: &[(&str, &str)]) -> Recorded {
    assert_eq!(weir.call("GET", "/shop/1.0/a", headers, b"").await.status, 200);
    backend.last()
}

fn values<'a>(request: &'a Recorded, name: &str) -> Vec<&'a str> {
    request.headers.get_all(name).iter().map(|value| value.to_str().unwrap()).collect()
}

#[tokio::test]
async fn hop_by_hop_fields_stay_here() {
    let backend = Backend::answer(
        200,
        &[
            ("connection", "x-theirs, close"),
            ("x-theirs", "1"),
            ("keep-alive", "timeout=5"),
            ("proxy-authenticate", "Basic"),
            ("proxy-connection", "keep-alive"),
            ("upgrade", "h2c"),
            ("x-kept", "2"),
            ("set-cookie", "a=1; Path=/base"),
            ("set-cookie", "b=2"),
            ("server", "their-server"),
        ],
        "ok",
    )
    .await;
    let weir = Weir::start(&shop(&backend.url()));
    let headers = [
        ("Connection", "X-Mine, keep-alive, TE"),
        ("X-Mine", "1"),
        ("Keep-Alive", "timeout=5"),
        ("Proxy-Connection", "keep-alive"),
        ("Proxy-Authorization", "Basic eDp5"),
        ("TE", "trailers, deflate"),
        ("Upgrade", "foo"),
        ("X-Kept", "2"),
        ("Cookie", "c=3"),
        ("Accept-Encoding", "gzip"),
        ("User-Agent", "me"),
    ];
    let answer = weir.call("GET", "/shop/1.0/a", &headers, b"").await;
    let request = backend.last();
    for name in
        ["x-mine", "keep-alive", "proxy-connection", "proxy-authorization", "upgrade", "connection"]
    {
        assert_eq!(request.header(name), None, "{name}");
    }
    for (name, value) in [
        ("te", "trailers"),
        ("x-kept", "2"),
        ("cookie", "c=3"),
        ("accept-encoding", "gzip"),
        ("user-agent", "me"),
    ] {
        assert_eq!(request.header(name), Some(value), "{name}");
    }
    for name in ["x-theirs", "keep-alive", "proxy-authenticate", "proxy-connection", "upgrade"] {
        assert_eq!(answer.header(name), None, "{name}");
    }
    assert_eq!(answer.header("x-kept"), Some("2"));
    assert_eq!(answer.header("server"), Some("their-server"));
    assert_eq!(answer.all("set-cookie"), ["a=1; Path=/base", "b=2"]);
}

#[tokio::test]
async fn a_connection_field_cannot_take_framing_away() {
    let backend = Backend::echo().await;
    let weir = Weir::start(&shop(&backend.url()));
    let headers = [("Connection", "host, content-length, content-type"), ("Content-Type", "a/b")];
    let answer = weir.call("POST", "/shop/1.0/a", &headers, b"12345").await;
    assert_eq!(answer.text(), "12345");
    assert_eq!(backend.last().header("content-type"), Some("a/b"));
}

#[tokio::test]
async fn the_backend_is_told_its_own_host() {
    let backend = Backend::echo().await;
    let weir = Weir::start(&shop(&backend.url()));
    let request = sent(&weir, &backend, &[("Host", "shop.example")]).await;
    assert_eq!(values(&request, "host"), [backend.address().to_string()]);
    assert_eq!(request.header("x-forwarded-host"), Some("shop.example"));
    let kept = shop(&backend.url()).set("x-weir-preserve-host", json!(true));
    let request = sent(&Weir::start(&kept), &backend, &[("Host", "shop.example:8080")]).await;
    assert_eq!(values(&request, "host"), ["shop.example:8080"]);
    let weir = Weir::with(&[&shop(&backend.url())], |config| {
        config.forwarding.preserve_host = true;
    });
    let request = sent(&weir, &backend, &[("Host", "shop.example")]).await;
    assert_eq!(values(&request, "host"), ["shop.example"]);
}

#[tokio::test]
async fn credentials_for_the_gateway_stay_here() {
    let backend = Backend::echo().await;
    let weir = Weir::start(&shop(&backend.url()));
    let headers = [("Authorization", "Bearer x"), ("ApiKey", "k"), ("Internal-Key", "i")];
    let request = sent(&weir, &backend, &headers).await;
    for (name, _) in headers {
        assert_eq!(request.header(name), None, "{name}");
    }
    let weir = Weir::with(&[&shop(&backend.url())], |config| {
        config.forwarding.outbound_auth_header = true;
    });
    let request = sent(&weir, &backend, &headers).await;
    assert_eq!(request.header("authorization"), Some("Bearer x"));
    let named = shop(&backend.url()).set("authorizationHeader", json!("X-Token"));
    let headers = [("Authorization", "Basic eDp5"), ("X-Token", "t")];
    let request = sent(&Weir::start(&named), &backend, &headers).await;
    assert_eq!(
        (request.header("authorization"), request.header("x-token")),
        (Some("Basic eDp5"), None)
    );
}

#[tokio::test]
async fn strangers_are_not_believed() {
    let backend = Backend::echo().await;
    let weir = Weir::start(&shop(&backend.url()));
    let headers = [
        ("Host", "shop.example"),
        ("X-Forwarded-For", "1.2.3.4"),
        ("X-Forwarded-Proto", "https"),
        ("X-Forwarded-Host", "evil.example"),
        ("Forwarded", "for=1.2.3.4"),
    ];
    let request = sent(&weir, &backend, &headers).await;
    assert_eq!(values(&request, "x-forwarded-for"), ["127.0.0.1"]);
    assert_eq!(values(&request, "x-forwarded-proto"), ["http"]);
    assert_eq!(values(&request, "x-forwarded-host"), ["shop.example"]);
    assert_eq!(values(&request, "forwarded"), ["for=127.0.0.1;host=\"shop.example\";proto=http"]);
}

#[tokio::test]
async fn trusted_proxies_are_believed_and_extended() {
    let backend = Backend::echo().await;
    let weir = Weir::with(&[&shop(&backend.url())], |config| {
        config.forwarding.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    });
    let headers = [
        ("Host", "shop.example"),
        ("X-Forwarded-For", "1.2.3.4"),
        ("X-Forwarded-For", "2001:db8::1, 10.0.0.1"),
        ("X-Forwarded-Proto", "https"),
        ("X-Forwarded-Host", "public.example"),
        ("Forwarded", "for=1.2.3.4"),
        ("Forwarded", "for=\"[2001:db8::1]\""),
    ];
    let request = sent(&weir, &backend, &headers).await;
    assert_eq!(
        values(&request, "x-forwarded-for").join(", "),
        "1.2.3.4, 2001:db8::1, 10.0.0.1, 127.0.0.1"
    );
    assert_eq!(values(&request, "x-forwarded-proto"), ["https"]);
    assert_eq!(values(&request, "x-forwarded-host"), ["public.example"]);
    assert_eq!(
        values(&request, "forwarded").join(", "),
        "for=1.2.3.4, for=\"[2001:db8::1]\", for=127.0.0.1;host=\"shop.example\";proto=http"
    );
}

#[tokio::test]
async fn forwarding_over_ipv6_and_tls() {
    let backend = Backend::echo().await;
    let weir = Weir::with(&[&shop(&backend.url())], |config| {
        config.listeners.http = Some("[::1]:0".parse().unwrap());
    });
    let mut client = Client::connect(weir.address()).await.unwrap();
    assert_eq!(client.get("/shop/1.0/a").await.unwrap().status, 200);
    let request = backend.last();
    assert_eq!(request.header("x-forwarded-for"), Some("::1"));
    let host = weir.address();
    let expected = format!("for=\"[::1]\";host=\"{host}\";proto=http");
    assert_eq!(request.header("forwarded"), Some(&*expected));
    let weir = Weir::tls(&[&shop(&backend.url())], |_| {});
    assert_eq!(weir.tls_client().await.get("/shop/1.0/a").await.unwrap().status, 200);
    assert_eq!(backend.last().header("x-forwarded-proto"), Some("https"));
    let weir = Weir::with(&[&shop(&backend.url())], |config| {
        config.forwarding.x_forwarded = false;
        config.forwarding.forwarded = false;
    });
    let request = sent(&weir, &backend, &[]).await;
    for name in ["x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "forwarded"] {
        assert_eq!(request.header(name), None, "{name}");
    }
}

#[tokio::test]
async fn every_request_has_ids() {
    let backend =
        Backend::answer(200, &[("x-request-id", "theirs"), ("activityid", "theirs")], "").await;
    let weir = Weir::start(&shop(&backend.url()));
    let answer = weir.get("/shop/1.0/a").await;
    let request = backend.last();
    let id = request.header("x-request-id").unwrap();
    assert_eq!(answer.all("x-request-id"), [id]);
    assert_eq!(answer.all("activityid"), [request.header("activityid").unwrap()]);
    let record = weir.record().await;
    assert_eq!(record["request_id"], id);
    let parent = request.header("traceparent").unwrap();
    assert_eq!(parent.split('-').nth(1), record["trace_id"].as_str());
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let theirs = format!("00-{trace}-00f067aa0ba902b7-01");
    let headers = [
        ("traceparent", &*theirs),
        ("tracestate", "a=1"),
        ("X-Request-ID", "my-id"),
        ("ActivityID", "my-activity"),
    ];
    let answer = weir.call("GET", "/shop/1.0/a", &headers, b"").await;
    let request = backend.last();
    assert_eq!(request.header("x-request-id"), Some("my-id"));
    assert_eq!(request.header("activityid"), Some("my-activity"));
    assert_eq!(answer.header("activityid"), Some("my-activity"));
    let ours = request.header("traceparent").unwrap();
    assert!(ours.contains(trace) && ours != theirs, "{ours}");
    assert_eq!(request.header("tracestate"), Some("a=1"));
}

#[tokio::test]
async fn a_correlation_header_may_have_another_name() {
    let backend = Backend::echo().await;
    let weir = Weir::with(&[&shop(&backend.url())], |config| {
        config.forwarding.correlation_header = "x-correlation".parse().unwrap();
    });
    let answer = weir.get("/shop/1.0/a").await;
    let request = backend.last();
    assert_eq!(answer.header("x-correlation"), request.header("x-correlation"));
    assert!(request.header("x-correlation").is_some() && request.header("activityid").is_none());
}

#[tokio::test]
async fn repeated_and_odd_fields_survive() {
    let backend = Backend::echo().await;
    let weir = Weir::start(&shop(&backend.url()));
    let headers = [("X-Many", "1"), ("X-Many", "2"), ("X-Empty", ""), ("X-Latin", "caf\u{e9}")];
    let request = sent(&weir, &backend, &headers).await;
    assert_eq!(values(&request, "x-many"), ["1", "2"]);
    assert_eq!(request.header("x-empty"), Some(""));
    assert_eq!(request.headers["x-latin"].as_bytes(), "caf\u{e9}".as_bytes());
}
