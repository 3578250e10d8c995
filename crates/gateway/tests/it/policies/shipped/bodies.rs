//! Policies that read, frame or turn bodies.

use serde_json::{Value, json};
use testkit::{Backend, Reply};

use super::{JSON, PATH, XML, one, serving};
use crate::gateway::Weir;
use crate::policies::{attach, fixed_endpoint, policed};

const BODY: &str = r#"{ "a" :1.50, "b": ["ä", null] }"#;

/// Requests pass as they are, byte for byte.
pub(super) async fn log(name: &str, flows: &[&str], version: &str) {
    let backend = Backend::echo().await;
    for flow in flows {
        let weir = serving(&backend, flow, name, version, json!({}));
        for (kind, body) in [
            ("application/json", BODY),
            ("application/xml", "<a  b='1'><!-- c --></a >"),
            ("application/json", "{ this is none"),
            ("application/xml", "<a>"),
            ("application/octet-stream", "\u{1}\u{2}"),
            ("text/plain", ""),
        ] {
            let answer = weir
                .call("POST", "/shop/1.0/a?b=1", &[("content-type", kind)], body.as_bytes())
                .await;
            assert_eq!((answer.status, &*answer.text()), (200, body), "{name} in {flow}: {kind}");
            assert_eq!(answer.header("content-type"), Some(kind));
            let seen = backend.last();
            assert_eq!((seen.target.as_str(), &*seen.text()), ("/a?b=1", body), "{name} in {flow}");
        }
        assert_eq!(weir.get(PATH).await.status, 200);
    }
}

pub(super) async fn json_fault(name: &str, version: &str) {
    let dead = testkit::RefusedPort::new();
    let config = fixed_endpoint(&format!("http://{}", dead.address()));
    let weir = Weir::start(&policed(config, one("fault", name, version, json!({}))));
    let sent = [("authorization", "Bearer t0ken"), ("x-secret", "s3cret"), ("accept", "text/html")];
    let answer = weir.call("POST", PATH, &sent, b"s3cret").await;
    let fault = &answer.json()["fault"];
    assert_eq!((answer.status, answer.header("content-type")), (500, Some("application/json")));
    assert_eq!(fault["code"], "101503");
    assert_eq!(
        (&fault["type"], &fault["message"]),
        (&json!("Status report"), &json!("Runtime Error"))
    );
    assert!(fault["description"].as_str().is_some_and(|text| !text.is_empty()), "{fault}");
    assert!(
        ["authorization", "x-secret", "accept"].iter().all(|name| answer.header(name).is_none())
    );
    assert!(!answer.text().contains("s3cret"));
    // A status of one's own.
    let status = r#"<property name="CUSTOM_HTTP_SC" value="503"/>"#;
    let project = crate::policies::mediated(
        fixed_endpoint(&format!("http://{}", dead.address())),
        ["", "", status],
    );
    let both =
        json!({ "fault": [attach("fault", "v1", json!({})), attach(name, version, json!({}))] });
    let weir = Weir::start(&crate::policies::open_to_all(project.set("apiPolicies", both)));
    let answer = weir.get(PATH).await;
    assert_eq!((answer.status, &answer.json()["fault"]["code"]), (503, &json!("101503")));
}

/// A length instead of chunks, in both directions.
pub(super) async fn disable_chunking(version: &str) {
    let backend = Backend::builder()
        .start(|request| {
            let (body, feed) = testkit::ReplyBody::fed();
            tokio::spawn(async move {
                feed.send(request.body).await;
            });
            Reply::new(200).stream(body)
        })
        .await;
    let weir = serving(&backend, "request", "disableChunking", version, json!({}));
    let chunked = "POST /shop/1.0/a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n\
        3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n";
    let answer = weir.raw(chunked).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let seen = backend.last();
    assert_eq!(seen.text(), "abcdefg");
    assert_eq!(
        (seen.header("content-length"), seen.header("transfer-encoding")),
        (Some("7"), None)
    );
    assert!(answer.to_ascii_lowercase().contains("transfer-encoding: chunked"), "{answer}");
    let weir = serving(&backend, "response", "disableChunking", version, json!({}));
    let answer = weir.raw(chunked).await;
    let head = answer.to_ascii_lowercase();
    assert!(head.contains("content-length: 7") && !head.contains("transfer-encoding"), "{answer}");
    assert!(answer.ends_with("\r\n\r\nabcdefg"), "{answer}");
}

/// Row 25 of spec/02 §6.1.
pub(super) async fn json_to_xml(version: &str) {
    let sent = r#"{"order": {"ns:id": 7, "$x": "1", "1y": "2", "a b": "<&>", "items": [1, 2]}}"#;
    let backend = Backend::echo().await;
    let weir = serving(&backend, "request", "jsonToXML", version, json!({}));
    let answer = weir.call("POST", PATH, &[JSON], sent.as_bytes()).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let seen = backend.last();
    assert_is_xml(seen.header("content-type"), &seen.text());
    assert_eq!(seen.header("content-length"), Some(seen.body.len().to_string().as_str()));
    let backend = Backend::answer(201, &[JSON], sent).await;
    let weir = serving(&backend, "response", "jsonToXML", version, json!({}));
    let answer = weir.get(PATH).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    assert_is_xml(answer.header("content-type"), &answer.text());
    let length = answer.body.len().to_string();
    assert_eq!(answer.header("content-length"), Some(length.as_str()));
    // Nothing to turn, and what cannot be turned.
    let backend = Backend::echo().await;
    let weir = serving(&backend, "request", "jsonToXML", version, json!({}));
    assert_eq!(weir.get(PATH).await.status, 200);
    let answer = weir.call("POST", PATH, &[JSON], b"{").await;
    assert_eq!((answer.status, crate::gateway::code(&answer)), (400, "400906".to_owned()));
}

fn assert_is_xml(kind: Option<&str>, text: &str) {
    assert!(kind.is_some_and(|kind| kind.starts_with("application/xml")), "{kind:?}");
    let tree = xml::read::read_text(text, &xml::read::Limits::default());
    assert!(tree.is_ok(), "{text}");
    for part in ["<order>", "7</", "&lt;&amp;", "<items>1</items><items>2</items>"] {
        assert!(text.contains(part), "{part} in {text}");
    }
}

pub(super) async fn xml_to_json(version: &str) {
    let sent =
        r#"<order id="7"><n:name xmlns:n="urn:n">a"b</n:name><item>1</item><item>x</item></order>"#;
    let check = |kind: Option<&str>, body: &[u8]| {
        assert!(kind.is_some_and(|kind| kind.starts_with("application/json")), "{kind:?}");
        let value: Value = serde_json::from_slice(body).expect("JSON");
        let order = &value["order"];
        assert_eq!((&order["name"], &order["item"]), (&json!("a\"b"), &json!([1, "x"])), "{value}");
    };
    let backend = Backend::echo().await;
    let weir = serving(&backend, "request", "xmlToJson", version, json!({}));
    assert_eq!(weir.call("POST", PATH, &[XML], sent.as_bytes()).await.status, 200);
    let seen = backend.last();
    check(seen.header("content-type"), &seen.body);
    let backend = Backend::answer(200, &[XML], sent).await;
    let weir = serving(&backend, "response", "xmlToJson", version, json!({}));
    let answer = weir.get(PATH).await;
    check(answer.header("content-type"), &answer.body);
    // What is JSON already stays as it is.
    let backend = Backend::echo().await;
    let weir = serving(&backend, "response", "xmlToJson", version, json!({}));
    assert_eq!(weir.call("POST", PATH, &[JSON], BODY.as_bytes()).await.text(), BODY);
}

/// Out of the request, and kept for later.
pub(super) async fn preserve_accept(version: &str) {
    let backend = Backend::echo().await;
    let weir = serving(&backend, "request", "preserveAcceptHeader", version, json!({}));
    let answer = weir.call("POST", PATH, &[("accept", "application/xml"), JSON], b"{}").await;
    assert_eq!((answer.status, &*answer.text()), (200, "{}"));
    assert_eq!(backend.last().header("accept"), None);
}

/// Written as the caller wanted it.
pub(super) async fn apply_accept(version: &str) {
    let backend = Backend::echo().await;
    let preserve = attach("preserveAcceptHeader", "v1", json!({}));
    let apply = attach("applyAcceptHeader", version, json!({}));
    let config = fixed_endpoint(&backend.url());
    let policies = json!({ "request": [preserve], "response": [apply] });
    let weir = Weir::start(&policed(config.clone(), policies));
    let answer =
        weir.call("POST", PATH, &[("accept", "application/xml"), JSON], br#"{"a": 1}"#).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(answer.text().contains("<a>1</a>"), "{}", answer.text());
    let kind = answer.header("content-type");
    assert!(kind.is_some_and(|kind| kind.starts_with("application/xml")), "{kind:?}");
    let answer = weir.call("POST", PATH, &[JSON], br#"{"a": 1}"#).await;
    assert_eq!((answer.status, &*answer.text()), (200, r#"{"a": 1}"#));
    let both = [
        attach("preserveAcceptHeader", "v1", json!({})),
        attach("applyAcceptHeader", version, json!({})),
    ];
    let weir = Weir::start(&policed(config, json!({ "request": both })));
    let answer =
        weir.call("POST", PATH, &[("accept", "application/xml"), JSON], br#"{"a": 1}"#).await;
    assert_eq!(answer.status, 200);
    assert!(backend.last().text().contains("<a>1</a>"));
}
