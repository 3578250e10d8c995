//! Requests over HTTP/2 that would mean something else, or something more, over HTTP/1.1: what is
//! refused, by whom, and that an upstream never gets a request that looks whole.

use serde_json::json;
use testkit::{Backend, Project, RawBackend};

use crate::frames::{
    CONTINUATION, DATA, END_HEADERS, END_STREAM, HEADERS, Peer, RESET, block, frame, get, post,
    request,
};
use crate::gateway::{Weir, open, shop};

const PROTOCOL_ERROR: u32 = 1;

/// A request without a body that has these fields, in this order.
fn asking(fields: &[(&str, &str)]) -> Vec<u8> {
    frame(HEADERS, END_STREAM | END_HEADERS, 1, block(fields))
}

/// The outcome of a request that has these fields; no upstream may have seen it unless it is
/// answered 200.
async fn outcome(fields: &[(&str, &str)]) -> Option<Result<u16, u32>> {
    let backend = Backend::echo().await;
    let weir = Weir::start(&shop(&backend.url()));
    let mut peer = Peer::connect(&weir).await;
    peer.send(asking(fields)).await;
    let outcome = peer.outcome(1).await;
    assert_eq!(backend.requests().len(), usize::from(outcome == Some(Ok(200))), "{fields:?}");
    if let Some(Ok(status)) = outcome {
        assert_eq!(weir.record().await["status"], status);
    }
    assert_eq!(weir.get("/shop/1.0/a").await.status, 200);
    assert_eq!(weir.metric("gateway_panics_total").await, 0.0);
    outcome
}

/// A request to the shop with more fields.
async fn with(more: &[(&str, &str)]) -> Option<Result<u16, u32>> {
    outcome(&request("GET", "/shop/1.0/a", more)).await
}

/// A request to the shop at another path.
async fn at(path: &str) -> Option<Result<u16, u32>> {
    outcome(&request("GET", path, &[])).await
}

const REFUSED: Option<Result<u16, u32>> = Some(Err(PROTOCOL_ERROR));

#[tokio::test]
async fn fields_of_a_connection_are_refused() {
    for field in [
        ("connection", "close"),
        ("keep-alive", "timeout=5"),
        ("proxy-connection", "keep-alive"),
        ("transfer-encoding", "chunked"),
        ("transfer-encoding", "identity"),
        ("upgrade", "websocket"),
        ("te", "gzip"),
        ("te", "trailers, deflate"),
    ] {
        assert_eq!(with(&[field]).await, REFUSED, "{field:?}");
    }
    assert_eq!(with(&[("te", "trailers")]).await, Some(Ok(200)));
}

#[tokio::test]
async fn names_and_values_are_refused_that_http1_would_read_otherwise() {
    for field in [
        ("X-Upper", "v"),
        ("x name", "v"),
        ("x:name", "v"),
        ("x-name\r\n", "v"),
        ("", "v"),
        ("x-value", "a\r\nx-smuggled: b"),
        ("x-value", "a\nb"),
        ("x-value", "a\rb"),
        ("x-value", "a\0b"),
        ("cookie", "a\r\nb"),
        ("host", "x\r\ny"),
    ] {
        assert_eq!(with(&[field]).await, REFUSED, "{field:?}");
    }
}

#[tokio::test]
async fn pseudo_fields_come_first_once_and_known() {
    let whole = request("GET", "/shop/1.0/a", &[("x-a", "b")]);
    let without = |name: &str| -> Vec<(&str, &str)> {
        whole.iter().copied().filter(|(known, _)| *known != name).collect()
    };
    for name in [":method", ":scheme", ":path"] {
        assert_eq!(outcome(&without(name)).await, REFUSED, "{name}");
    }
    for (name, value) in &whole[..4] {
        let twice = [&whole[..], &[(*name, *value)]].concat();
        assert_eq!(outcome(&twice).await, REFUSED, "{name} at the end");
        let twice = [&[(*name, *value)], &whole[..]].concat();
        assert_eq!(outcome(&twice).await, REFUSED, "{name} twice");
        let mut late = without(name);
        late.push((name, value));
        assert_eq!(outcome(&late).await, REFUSED, "{name} late");
    }
    for more in [(":status", "200"), (":protocol", "websocket"), (":unknown", "x"), (":", "x")] {
        let fields = [&[more], &whole[..]].concat();
        assert_eq!(outcome(&fields).await, REFUSED, "{more:?}");
    }
}

#[tokio::test]
async fn a_path_is_a_path() {
    for path in [
        "",
        "/shop/1.0/a b",
        "/shop/1.0/a\r\nx: y",
        "/shop/1.0/a\n",
        "/shop/1.0/a\0",
        "/shop/1.0/a\t",
        "/shop/1.0/a HTTP/1.1\r\nHost: y\r\n\r\n",
        "/shop/1.0/\u{7f}",
    ] {
        assert_eq!(at(path).await, REFUSED, "{path:?}");
    }
    for path in ["shop/1.0/a", "http://x/shop/1.0/a"] {
        assert_eq!(at(path).await, REFUSED, "{path:?}");
    }
    for path in ["*", "?a=b"] {
        assert_eq!(at(path).await, Some(Ok(400)), "{path:?}");
    }
    // Without an authority the library lets more through.
    let without = [(":method", "GET"), (":scheme", "http"), ("host", "x")];
    assert_eq!(outcome(&without).await, Some(Ok(400)));
    // About the server, which has nothing to say.
    let about = request("OPTIONS", "*", &[]);
    assert_eq!(outcome(&about).await, Some(Ok(404)));
}

/// What follows `#` is nothing to a server, and goes nowhere.
#[tokio::test]
async fn a_fragment_is_cut_off() {
    let backend = Backend::echo().await;
    let weir = Weir::start(&shop(&backend.url()));
    let mut peer = Peer::connect(&weir).await;
    peer.send(asking(&request("GET", "/shop/1.0/a#/../../admin", &[]))).await;
    assert_eq!(peer.outcome(1).await, Some(Ok(200)));
    assert_eq!(backend.last().target, "/a");
}

#[tokio::test]
async fn there_is_one_host_and_one_scheme() {
    assert_eq!(with(&[("host", "x")]).await, Some(Ok(200)));
    assert_eq!(with(&[("host", "y")]).await, Some(Ok(400)));
    assert_eq!(with(&[("host", "x"), ("host", "x")]).await, Some(Ok(400)));
    let fields = |authority, scheme| {
        [
            (":method", "GET"),
            (":scheme", scheme),
            (":path", "/shop/1.0/a"),
            (":authority", authority),
        ]
    };
    assert_eq!(outcome(&fields("user@x", "http")).await, Some(Ok(400)));
    assert_eq!(outcome(&fields("x", "ftp")).await, Some(Ok(400)));
    for authority in ["x y", "x/y", "x\r\ny", "x#y", "x?y"] {
        assert_eq!(outcome(&fields(authority, "http")).await, REFUSED, "{authority:?}");
    }
    assert_eq!(outcome(&fields("x", "ht tp")).await, REFUSED);
    let bare = [(":method", "GET"), (":scheme", "http"), (":path", "/shop/1.0/a")];
    assert_eq!(outcome(&bare).await, Some(Ok(400)));
    let named = [&bare[..], &[("host", "x")]].concat();
    assert_eq!(outcome(&named).await, Some(Ok(200)));
    let twice = [&bare[..], &[("host", "x"), ("host", "y")]].concat();
    assert_eq!(outcome(&twice).await, Some(Ok(400)));
}

#[tokio::test]
async fn methods_are_words_and_connect_is_no_way_out() {
    for method in ["", "GET /admin HTTP/1.1\r\n", "G ET", "GET\0"] {
        assert_eq!(outcome(&request(method, "/shop/1.0/a", &[])).await, REFUSED, "{method:?}");
    }
    assert_eq!(outcome(&[(":method", "CONNECT"), (":authority", "x:80")]).await, Some(Ok(501)));
    assert_eq!(outcome(&request("CONNECT", "/shop/1.0/a", &[])).await, REFUSED);
}

/// What reaches the upstream of a request with this length whose body comes in these pieces, the
/// last of which ends the stream; the client is told that it is wrong.
async fn smuggled(length: &str, pieces: &[&str]) -> String {
    let backend = RawBackend::silent().await;
    let weir = Weir::start(&shop(&backend.url()));
    let mut peer = Peer::connect(&weir).await;
    peer.send(post(1, &[("content-length", length)])).await;
    for (index, piece) in pieces.iter().enumerate() {
        if index > 0 {
            // What came so far has been read.
            peer.send(frame(6, 0, 0, [0; 8])).await;
            peer.until(6, 0).await.expect("the connection goes on");
        }
        let flags = if index + 1 == pieces.len() { END_STREAM } else { 0 };
        peer.send(frame(DATA, flags, 1, piece)).await;
    }
    assert_eq!(peer.until(RESET, 1).await.map(|got| got.code()), Some(PROTOCOL_ERROR));
    weir.quiet().await;
    let records = weir.records(1).await;
    assert_eq!(records[0]["aborted"], true);
    backend
        .received()
        .first()
        .map_or_else(String::new, |bytes| String::from_utf8_lossy(bytes).into_owned())
}

/// H2.CL: the length is not that of the body.
#[tokio::test]
async fn a_body_of_another_length_is_no_whole_request() {
    for (length, pieces) in [
        ("10", &["short"][..]),
        ("10", &["sho", "rt"]),
        ("5", &["12345", "GET /admin HTTP/1.1\r\n\r\n"]),
        ("5", &["123", "45", "", "GET /admin HTTP/1.1\r\n\r\n"]),
        ("5", &["12345GET /admin HTTP/1.1\r\n\r\n"]),
    ] {
        let seen = smuggled(length, pieces).await;
        let body = seen.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        assert!(body.len() < length.parse().unwrap(), "{length} {pieces:?}: {seen}");
        assert!(!seen.contains("/admin"), "{seen}");
    }
}

#[tokio::test]
async fn a_length_is_one_number() {
    for values in [
        &["1", "2"][..],
        &["5, 5"],
        &["+5"],
        &["-1"],
        &["0x5"],
        &["5 "],
        &[""],
        &["99999999999999999999"],
    ] {
        let more: Vec<_> = values.iter().map(|value| ("content-length", *value)).collect();
        let backend = Backend::echo().await;
        let weir = Weir::start(&shop(&backend.url()));
        let mut peer = Peer::connect(&weir).await;
        peer.send([post(1, &more), frame(DATA, END_STREAM, 1, "12345")].concat()).await;
        assert_eq!(peer.outcome(1).await, REFUSED, "{values:?}");
        assert!(backend.requests().is_empty());
    }
    // Without a body only no length is right.
    assert_eq!(with(&[("content-length", "5")]).await, REFUSED);
    assert_eq!(with(&[("content-length", "0")]).await, Some(Ok(200)));
}

/// The right length, whose end comes later, with trailers or without.
#[tokio::test]
async fn a_body_whose_end_comes_late_is_whole() {
    let trailers = frame(HEADERS, END_STREAM | END_HEADERS, 1, block(&[("x-sum", "5")]));
    for end in [frame(DATA, END_STREAM, 1, ""), trailers] {
        let backend = Backend::echo().await;
        let weir = Weir::start(&shop(&backend.url()));
        let mut peer = Peer::connect(&weir).await;
        let head = post(1, &[("content-length", "5")]);
        peer.send([head, frame(DATA, 0, 1, "123"), frame(DATA, 0, 1, "45")].concat()).await;
        peer.send(frame(6, 0, 0, [0; 8])).await;
        peer.until(6, 0).await.expect("the connection goes on");
        peer.send(end).await;
        assert_eq!(peer.outcome(1).await, Some(Ok(200)));
        assert_eq!((&*backend.last().text(), backend.last().complete), ("12345", true));
    }
}

/// What is no field of a trailer goes nowhere.
#[tokio::test]
async fn pseudo_fields_in_trailers_are_dropped() {
    let backend = Backend::builder().http2_only().echo().await;
    let project = open(Project::new("Shop", "1.0", "/shop"), "/*").endpoint_config(json!({
        "endpoint_type": "http",
        "production_endpoints": { "url": backend.url(), "x-weir-http2": "always" },
    }));
    let weir = Weir::start(&project);
    let mut peer = Peer::connect(&weir).await;
    let trailers = block(&[(":path", "/admin"), ("x-sum", "1")]);
    let trailers = frame(HEADERS, END_STREAM | END_HEADERS, 1, trailers);
    peer.send([post(1, &[]), frame(DATA, 0, 1, "x"), trailers].concat()).await;
    assert_eq!(peer.outcome(1).await, Some(Ok(200)));
    let seen = backend.last();
    assert_eq!((&*seen.target, seen.complete), ("/a", true));
    let trailers = seen.trailers.unwrap();
    assert_eq!((trailers.len(), &trailers["x-sum"]), (1, &"1".parse().unwrap()));
}

/// Browsers send each cookie on its own; HTTP/1.1 knows one field for all.
#[tokio::test]
async fn cookies_are_joined() {
    let backend = Backend::echo().await;
    let weir = Weir::start(&shop(&backend.url()));
    let mut peer = Peer::connect(&weir).await;
    let more = [("cookie", "a=1"), ("x-between", "y"), ("cookie", "b=2"), ("cookie", "c=3")];
    peer.send(asking(&request("GET", "/shop/1.0/a", &more))).await;
    assert_eq!(peer.outcome(1).await, Some(Ok(200)));
    let seen = backend.last();
    let cookies: Vec<_> = seen.headers.get_all("cookie").iter().collect();
    assert_eq!(cookies, ["a=1; b=2; c=3"]);
}

/// Everything that reaches the handler leaves a record.
#[tokio::test]
async fn what_is_refused_here_is_recorded() {
    let backend = Backend::echo().await;
    let weir = Weir::start(&shop(&backend.url()));
    let mut peer = Peer::connect(&weir).await;
    let refused = block(&request("GET", "/shop/1.0/a", &[("host", "other")]));
    peer.send(frame(HEADERS, END_STREAM, 1, &refused[..10])).await;
    peer.send(frame(CONTINUATION, END_HEADERS, 1, &refused[10..])).await;
    assert_eq!(peer.outcome(1).await, Some(Ok(400)));
    peer.send(get(3)).await;
    assert_eq!(peer.outcome(3).await, Some(Ok(200)));
    let records = weir.records(2).await;
    assert_eq!((&records[0]["status"], &records[0]["protocol"]), (&400.into(), &"HTTP/2".into()));
    assert_eq!(records[1]["status"], 200);
}
