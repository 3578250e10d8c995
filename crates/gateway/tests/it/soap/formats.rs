//! `format` and `optimize` of `address` endpoints (spec/03 §1.4).

use serde_json::{Value, json};
use testkit::{Backend, Reply};

use super::{SOAP11, SOAP12, address, envelope, project};
use crate::gateway::{Weir, code};

const ACTION: (&str, &str) = ("SOAPAction", "\"urn:do\"");

async fn sent(config: Value, headers: &[(&str, &str)], body: &str) -> testkit::Recorded {
    let backend = Backend::answer(200, &[("Content-Type", "text/plain")], "as it is").await;
    let weir = Weir::start(&address(&format!("{}/service?v=1", backend.url()), config));
    let answer = weir.call("POST", "/quote/1.0", headers, body.as_bytes()).await;
    assert_eq!((answer.status, &*answer.text()), (200, "as it is"));
    backend.last()
}

fn text(recorded: &testkit::Recorded) -> String {
    let text = recorded.text();
    let declaration = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>";
    text.strip_prefix(declaration).unwrap_or(&text).to_owned()
}

/// Statement 11 of spec/03 §7.1.
#[tokio::test]
async fn a_message_is_sent_in_the_version_that_the_endpoint_wants() {
    let headers = [("Content-Type", "text/xml; charset=utf-8"), ACTION];
    let (one, two) = (envelope(SOAP11, "<h/>", "<q/>"), envelope(SOAP12, "<h/>", "<q/>"));
    let seen = sent(json!({ "format": "soap12" }), &headers, &one).await;
    assert_eq!((seen.target.as_str(), text(&seen)), ("/service?v=1", two.clone()));
    let media = "application/soap+xml; charset=utf-8; action=\"urn:do\"";
    assert_eq!((seen.header("content-type"), seen.header("soapaction")), (Some(media), None));
    assert_eq!(seen.header("content-length"), Some(&*seen.body.len().to_string()));
    let seen = sent(json!({ "format": "soap11" }), &[("Content-Type", media)], &two).await;
    assert_eq!(text(&seen), one);
    assert_eq!(seen.header("content-type"), Some("text/xml; charset=utf-8"));
    assert_eq!(seen.header("soapaction"), Some("\"urn:do\""));
}

#[tokio::test]
async fn what_is_as_it_is_wanted_streams_untouched() {
    let headers = [("Content-Type", "text/xml; charset=\"x\""), ACTION];
    for config in [json!({}), json!({ "format": "soap11" }), json!({ "format": "leave-as-is" })] {
        let seen = sent(config, &headers, "<no envelope").await;
        assert_eq!(seen.text(), "<no envelope");
        assert_eq!(seen.header("content-type"), Some(headers[0].1));
        assert_eq!(seen.header("soapaction"), Some("\"urn:do\""));
    }
}

#[tokio::test]
async fn what_is_in_an_envelope_is_sent_alone() {
    let headers = [("Content-Type", "text/xml"), ACTION];
    let body = envelope(SOAP11, "", "<q><a>1 2</a><b>é</b></q>");
    for format in ["pox", "rest"] {
        let seen = sent(json!({ "format": format }), &headers, &body).await;
        assert_eq!(text(&seen), "<q><a>1 2</a><b>é</b></q>");
        assert_eq!(seen.header("content-type"), Some("application/xml; charset=UTF-8"));
        assert_eq!((seen.method.as_str(), seen.header("soapaction")), ("POST", None));
    }
    let seen = sent(json!({ "format": "get" }), &headers, &body).await;
    assert_eq!((seen.method.as_str(), &*seen.target), ("GET", "/service?v=1&a=1%202&b=%C3%A9"));
    assert_eq!((seen.body.len(), seen.header("content-type")), (0, None));
}

#[tokio::test]
async fn a_plain_message_becomes_a_package_and_a_package_stays() {
    let body = envelope(SOAP11, "", "<q/>");
    let headers = [("Content-Type", "text/xml; charset=utf-8"), ACTION];
    for (optimize, part) in [
        ("mtom", "application/xop+xml; charset=utf-8; type=\"text/xml\""),
        ("swa", "text/xml; charset=utf-8"),
    ] {
        let seen = sent(json!({ "optimize": optimize }), &headers, &body).await;
        assert!(seen.header("content-type").unwrap().starts_with("multipart/related; boundary="));
        assert_eq!(seen.header("soapaction"), Some("\"urn:do\""));
        let text = seen.text();
        assert!(text.contains(&format!("\r\nContent-Type: {part}\r\n")), "{text}");
        assert!(text.contains(&format!("\r\n\r\n{body}\r\n--")), "{text}");
        let media = "multipart/related; boundary=b; type=\"text/xml\"";
        let seen = sent(json!({ "optimize": optimize }), &[("Content-Type", media)], "any").await;
        assert_eq!((seen.text(), seen.header("content-type")), ("any".to_owned(), Some(media)));
    }
}

#[tokio::test]
async fn what_cannot_be_said_in_the_format_is_a_fault_and_nothing_is_sent() {
    let backend = Backend::echo().await;
    let weir = Weir::start(&address(&backend.url(), json!({ "format": "soap12" })));
    for (content_type, body, expected) in [
        ("text/xml", "<a>", "not well-formed"),
        ("application/json", "{}", "cannot be put into an envelope"),
    ] {
        let headers = [("Content-Type", content_type)];
        let answer = weir.call("POST", "/quote/1.0", &headers, body.as_bytes()).await;
        assert_eq!(answer.status, 400);
        assert!(answer.text().contains(expected), "{}", answer.text());
    }
    let headers = [("Content-Type", "text/xml"), ("Content-Encoding", "gzip")];
    let answer = weir.call("POST", "/quote/1.0", &headers, b"x").await;
    assert!(answer.text().contains("compressed"), "{}", answer.text());
    let large = format!("<!--{}-->", "x".repeat(20 << 10));
    let small = Weir::with(&[&address(&backend.url(), json!({ "format": "pox" }))], |config| {
        std::sync::Arc::make_mut(&mut config.mediation).body = 16 << 10;
    });
    let answer =
        small.call("POST", "/quote/1.0", &[("Content-Type", "text/xml")], large.as_bytes());
    assert_eq!(answer.await.status, 413);
    assert!(backend.requests().is_empty());
}

/// A member gets the message in its own format, and the next one as it came.
#[tokio::test]
async fn members_have_formats_of_their_own() {
    let failing = testkit::RawBackend::play(vec![testkit::Step::ReadHead, testkit::Step::Close]);
    let (failing, second, third) =
        (failing.await, Backend::answer(503, &[], "").await, Backend::echo().await);
    let member = |url: String, format: &str| json!({ "url": url, "endpoint_type": "address", "config": { "format": format } });
    let config = json!({
        "endpoint_type": "failover",
        "production_endpoints": member(failing.url(), "soap12"),
        "production_failovers": [
            member(second.url(), "get"),
            member(third.url(), "leave-as-is"),
        ],
        "x-weir": { "failOn": { "statuses": [503] }, "retries": { "policy": "wso2" } },
    });
    let weir = Weir::start(&project(config));
    let body = envelope(SOAP11, "", "<q><a>1</a></q>");
    let headers = [("Content-Type", "text/xml"), ACTION];
    let answer = weir.call("POST", "/quote/1.0", &headers, body.as_bytes()).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(failing.text(0).contains(SOAP12), "{}", failing.text(0));
    let seen = second.last();
    assert_eq!((seen.method.as_str(), &*seen.target, seen.body.len()), ("GET", "/?a=1", 0));
    let seen = third.last();
    assert_eq!((seen.method.as_str(), seen.text()), ("POST", body));
    assert_eq!(seen.header("content-type"), Some("text/xml"));
    assert_eq!(seen.header("soapaction"), Some("\"urn:do\""));
}

/// What is sent again after a challenge is what was sent before.
#[tokio::test]
async fn a_secured_endpoint_is_sent_the_same_message_again() {
    let backend = Backend::builder()
        .start(|request| match request.header("authorization") {
            None => Reply::new(401).header(
                "WWW-Authenticate",
                "Digest realm=\"r\", nonce=\"n\", qop=\"auth\", algorithm=SHA-256",
            ),
            Some(_) => Reply::new(200),
        })
        .await;
    let config = json!({
        "endpoint_type": "address",
        "production_endpoints": { "url": backend.url(), "config": { "format": "soap12" } },
        "endpoint_security": {
            "production": { "enabled": true, "type": "DIGEST", "username": "u", "password": "p" },
        },
    });
    let weir = Weir::start(&project(config));
    let body = envelope(SOAP11, "", "<q/>");
    let headers = [("Content-Type", "text/xml"), ACTION];
    assert_eq!(weir.call("POST", "/quote/1.0", &headers, body.as_bytes()).await.status, 200);
    let seen = backend.requests();
    assert_eq!(seen.len(), 2);
    assert_eq!(
        text(&seen[1]),
        envelope(SOAP12, "", "<q/>").replace("<s:Header></s:Header>", "<s:Header/>")
    );
    assert_eq!(seen[0].header("content-type"), seen[1].header("content-type"));
}

#[tokio::test]
async fn other_requests_are_not_looked_at() {
    let backend = Backend::echo().await;
    let project = address(&backend.url(), json!({ "format": "soap12" }));
    let weir = Weir::start(&project.operation("GET", "/a").open());
    assert_eq!(weir.get("/quote/1.0/a?b=c").await.status, 200);
    assert_eq!(backend.last().target, "/a?b=c");
    let answer = weir.call("POST", "/quote/1.0", &[], b"").await;
    assert_eq!(answer.status, 200);
    let answer =
        weir.call("POST", "/quote/1.0", &[("Content-Type", "application/json")], b"x").await;
    assert_eq!((answer.status, &*code(&answer)), (400, "303903"));
}
