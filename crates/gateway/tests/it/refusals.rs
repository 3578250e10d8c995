//! What is no request that everybody reads alike: refused with a status, a body, the end of the
//! connection, and an access record.

use serde_json::json;
use testkit::{Backend, Client};

use crate::gateway::{Weir, code, shop};

/// Bytes, the status that refuses them, what the caller is told, and method and path of the record.
type Case<'a> = (&'a str, u16, &'a str, &'a str, &'a str);

const GET: &str = "GET /shop/1.0/a HTTP/1.1\r\nHost: x\r\n";
const SHOP: &str = "/shop/1.0/a";

/// A second request in what may be taken for the first one's body.
const SMUGGLED: &str = "GET /shop/1.0/smuggled HTTP/1.1\r\nHost: x\r\n\r\n";

async fn check(weir: &Weir, index: usize, case: Case<'_>) {
    let (bytes, status, reason, method, path) = case;
    let mut client = weir.client().await;
    client.send(format!("{bytes}{SMUGGLED}")).await.unwrap();
    let answer = client.response_to(method).await.unwrap();
    assert_eq!(answer.status, status, "{bytes:?}: {}", answer.text());
    assert_eq!(answer.header("connection"), Some("close"), "{bytes:?}");
    assert_eq!(client.rest().await, b"", "{bytes:?}");
    let id = answer.header("x-request-id").unwrap().to_owned();
    assert_eq!(answer.header("activityid"), Some(&*id));
    if method != "HEAD" {
        assert_eq!(code(&answer), status.to_string(), "{bytes:?}");
        assert_eq!(answer.json()["type"], "Status report");
        assert_eq!(answer.json()["description"], reason, "{bytes:?}");
    }
    let record = &weir.records(index + 1).await[index];
    assert_eq!(
        (&record["request_id"], &record["status"], &record["method"], &record["path"]),
        (&json!(id), &json!(status), &json!(method), &json!(path)),
        "{bytes:?}"
    );
    assert_eq!((record.get("api"), &record["attempts"]), (None, &json!(0)));
}

async fn check_all(cases: &[Case<'_>]) {
    let backend = Backend::echo().await;
    let weir = Weir::with(&[&shop(&backend.url())], |config| {
        config.limits.head_bytes = 4096;
        config.limits.header_fields = 20;
    });
    for (index, case) in cases.iter().enumerate() {
        check(&weir, index, *case).await;
    }
    assert!(backend.requests().is_empty());
    assert_eq!(weir.get(SHOP).await.status, 200);
    assert_eq!(weir.metric("gateway_panics_total").await, 0.0);
    let refused = weir.metric("gateway_requests_refused_total").await;
    assert_eq!(refused as usize, cases.len());
}

#[tokio::test]
async fn start_lines() {
    check_all(&[
        ("GET  /shop/1.0/a HTTP/1.1\r\n\r\n", 400, "The request target is malformed", "GET", "-"),
        ("GET /shop/1.0/a  HTTP/1.1\r\n\r\n", 400, "The request target is malformed", "GET", SHOP),
        ("GET /shop/1.0/a b HTTP/1.1\r\n\r\n", 400, "The request target is malformed", "GET", SHOP),
        ("GET /shop/1.0/a\r\n\r\n", 400, "The request line is malformed", "GET", SHOP),
        ("GET /shop/1.0/a http/1.1\r\n\r\n", 400, "The request line is malformed", "GET", SHOP),
        ("GET /shop/1.0/a HTTP/1.2\r\n\r\n", 505, "The HTTP version is not supported", "GET", SHOP),
        ("PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n", 505, "The HTTP version is not supported", "PRI", "*"),
        (
            "GET shop HTTP/1.1\r\nHost: x\r\n\r\n",
            400,
            "The request target is malformed",
            "GET",
            "-",
        ),
        ("GET * HTTP/1.1\r\nHost: x\r\n\r\n", 400, "The request target is malformed", "GET", "*"),
        (
            "GET /a#b HTTP/1.1\r\nHost: x\r\n\r\n",
            400,
            "The request target is malformed",
            "GET",
            "/a",
        ),
        (
            "GET ftp://x/a HTTP/1.1\r\nHost: x\r\n\r\n",
            400,
            "The request target is malformed",
            "GET",
            "/a",
        ),
        ("G\u{e9}T / HTTP/1.1\r\n\r\n", 400, "The method is malformed", "-", "-"),
        ("HEAD /shop/1.0/a HTTP/3.0\r\n\r\n", 505, "", "HEAD", SHOP),
        ("\u{16}\u{3}\u{1}\u{2}\0\u{1}", 400, "The method is malformed", "-", "-"),
        (
            "\r\n\r\n\r\n\r\n\r\n\r\n",
            400,
            "There are too many empty lines before the request line",
            "-",
            "-",
        ),
        ("\n", 400, "A line ends in a line feed without a carriage return", "-", "-"),
    ])
    .await;
}

#[tokio::test]
async fn header_lines() {
    let lines = [
        (" X: a\r\n", "A header line is folded"),
        ("X: a\r\n b\r\n", "A header line is folded"),
        ("X : a\r\n", "There is white space before the colon of a header"),
        ("X a\r\n", "A header line has no colon"),
        (": a\r\n", "The name of a header is malformed"),
        ("X\u{0}: a\r\n", "The name of a header is malformed"),
        ("X: a\u{0}b\r\n", "The value of a header has a control character"),
        ("X: a\u{7f}b\r\n", "The value of a header has a control character"),
        ("X: a\nY: b\r\n", "A line ends in a line feed without a carriage return"),
        ("X: a\rY: b\r\n", "A carriage return is not followed by a line feed"),
        ("Host: y\r\n", "There is more than one Host header"),
    ];
    let bytes: Vec<String> = lines.iter().map(|(line, _)| format!("{GET}{line}\r\n")).collect();
    let mut cases: Vec<Case<'_>> = Vec::new();
    for (bytes, (_, reason)) in bytes.iter().zip(lines) {
        cases.push((bytes, 400, reason, "GET", SHOP));
    }
    cases.push((
        "GET /shop/1.0/a HTTP/1.1\r\n\r\n",
        400,
        "The Host header is missing",
        "GET",
        SHOP,
    ));
    let odd = "GET /shop/1.0/a HTTP/1.1\r\nHost: a b\r\n\r\n";
    cases.push((odd, 400, "The Host header is not a host name", "GET", SHOP));
    check_all(&cases).await;
}

#[tokio::test]
async fn lengths_and_codings() {
    let cases = [
        (
            "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
            400,
            "The message has both Content-Length and Transfer-Encoding",
        ),
        (
            "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n",
            400,
            "The message has both Content-Length and Transfer-Encoding",
        ),
        (
            "Content-Length: 5\r\nContent-Length: 5\r\n",
            400,
            "The message has more than one Content-Length",
        ),
        ("Content-Length: 5, 5\r\n", 400, "The Content-Length is not a valid number"),
        ("Content-Length: +5\r\n", 400, "The Content-Length is not a valid number"),
        ("Content-Length: 0x5\r\n", 400, "The Content-Length is not a valid number"),
        ("Content-Length: \r\n", 400, "The Content-Length is not a valid number"),
        (
            "Content-Length: 18446744073709551616\r\n",
            400,
            "The Content-Length is not a valid number",
        ),
        ("Transfer-Encoding: gzip, chunked\r\n", 501, "The transfer coding is not supported"),
        ("Transfer-Encoding: chunked, chunked\r\n", 400, "The Transfer-Encoding is malformed"),
        (
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
            400,
            "The Transfer-Encoding is malformed",
        ),
        ("Transfer-Encoding: chunked, identity\r\n", 400, "The Transfer-Encoding is malformed"),
        ("Transfer-Encoding: xchunked\r\n", 400, "The Transfer-Encoding is malformed"),
        ("Transfer-Encoding: \"chunked\"\r\n", 400, "The Transfer-Encoding is malformed"),
        (
            "Transfer-Encoding: \u{b}chunked\r\n",
            400,
            "The value of a header has a control character",
        ),
    ];
    let post = "POST /shop/1.0/a HTTP/1.1\r\nHost: x\r\n";
    let bytes: Vec<String> =
        cases.iter().map(|(fields, ..)| format!("{post}{fields}\r\n0\r\n\r\n")).collect();
    let mut all: Vec<Case<'_>> = Vec::new();
    for (bytes, (_, status, reason)) in bytes.iter().zip(cases) {
        all.push((bytes, status, reason, "POST", SHOP));
    }
    let old = "POST /shop/1.0/a HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
    all.push((old, 400, "A message of HTTP/1.0 must not have a Transfer-Encoding", "POST", SHOP));
    check_all(&all).await;
}

#[tokio::test]
async fn sizes() {
    let long = format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "a".repeat(5000));
    let large = format!("{GET}X: {}\r\n\r\n", "a".repeat(5000));
    let many = format!("{GET}{}\r\n", "X: a\r\n".repeat(20));
    let path = format!("/{}", "a".repeat(2047));
    check_all(&[
        (&long, 414, "The request line is too long", "GET", &path),
        (&large, 431, "The header is too large", "GET", SHOP),
        (&many, 431, "There are too many header fields", "GET", SHOP),
    ])
    .await;
}

/// Through the steps of a request, for which it has all that they need.
#[tokio::test]
async fn what_is_refused_later_is_recorded_alike() {
    let backend = Backend::echo().await;
    let weir = Weir::start(&shop(&backend.url()));
    for (index, (bytes, status)) in [
        ("CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n", 501),
        ("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", 404),
        ("GET http://a/shop/1.0/a HTTP/1.1\r\nHost: b\r\n\r\n", 400),
    ]
    .into_iter()
    .enumerate()
    {
        let mut client: Client = weir.client().await;
        client.send(bytes).await.unwrap();
        let answer = client.response().await.unwrap();
        assert_eq!(answer.status, status, "{bytes}");
        assert_eq!(weir.records(index + 1).await[index]["status"], status);
    }
}

/// A backend that takes underscores for hyphens, as CGI does, would believe the client.
#[tokio::test]
async fn names_that_a_backend_may_confuse_are_dropped() {
    let backend = Backend::echo().await;
    let weir = Weir::start(&shop(&backend.url()));
    let headers = [
        ("Content_Length", "1"),
        ("Transfer_Encoding", "1"),
        ("X_Forwarded_For", "1"),
        ("X_FORWARDED-Host", "1"),
        ("x-forwarded_proto", "1"),
        ("X_Request_Id", "1"),
        ("Internal_Key", "1"),
        ("X_Own", "1"),
        ("wso2_own", "1"),
    ];
    assert_eq!(weir.call("GET", SHOP, &headers, b"").await.status, 200);
    let seen = backend.last();
    for (name, _) in &headers {
        let is_own = name.ends_with("wn");
        assert_eq!(seen.header(&name.to_ascii_lowercase()), is_own.then_some("1"), "{name}");
    }
}
