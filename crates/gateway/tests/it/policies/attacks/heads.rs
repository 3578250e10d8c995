//! Values that would be lines of their own, and headers that frame a message.

use serde_json::json;
use testkit::{Backend, RawBackend, Step};

use super::{JSON, PATH, request};
use crate::gateway::Weir;
use crate::policies::{attach, fixed_endpoint, mediated, open_to_all, policed};

const EVILS: [&str; 6] = [
    "a\r\nX-Evil: 1",
    "a\nX-Evil: 1",
    "a\rX-Evil: 1",
    "a\r\n\r\nHTTP/1.1 200 OK\r\nX-Evil: 1\r\nContent-Length: 0\r\n\r\n",
    "a\u{0}b",
    "a\u{85}X-Evil: 1\u{2028}b",
];

/// One header remains one header, on the way there and back.
#[tokio::test]
async fn values_break_no_line() {
    let backend = Backend::echo().await;
    let set = r#"<header name="X-Set" scope="transport" expression="json-eval($.v)"/>
        <property name="X-Prop" scope="transport" expression="json-eval($.v)"/>
        <property name="ContentType" scope="axis2" expression="json-eval($.v)"/>"#;
    let back = r#"<header name="X-Set" scope="transport" expression="json-eval($.v)"/>
        <property name="HTTP_SC_DESC" scope="axis2" expression="json-eval($.v)"/>"#;
    for evil in EVILS {
        let body = json!({ "v": evil }).to_string();
        let weir = request(&backend, set);
        drop(backend.take());
        let answer = weir.call("POST", PATH, &[JSON], body.as_bytes()).await;
        assert_eq!(answer.status, 200, "{evil:?}");
        let seen = backend.last();
        assert_eq!(seen.header("x-evil"), None, "{evil:?}");
        let set = seen.headers.get("x-set").expect("it is set");
        assert!(set.as_bytes().starts_with(b"a"), "{evil:?}");
        assert_eq!(backend.take().len(), 1, "{evil:?}");
        let weir =
            Weir::start(&open_to_all(mediated(fixed_endpoint(&backend.url()), ["", back, ""])));
        let text = format!(
            "POST {PATH} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let answer = weir.raw(&text).await;
        let (head, _) = answer.split_once("\r\n\r\n").expect("a head");
        assert!(head.starts_with("HTTP/1.1 200"), "{evil:?}: {head}");
        assert!(head.lines().all(|line| !line.starts_with("X-Evil")), "{evil:?}: {head}");
        let ends = answer.find("\r\n\r\n").map(|at| answer.split_at(at + 4).1.to_owned());
        assert_eq!(ends, Some(body), "{evil:?}");
    }
    // As a parameter of a shipped policy it is no value.
    let parameters = json!({ "headerName": "X-Set", "headerValue": "a\r\nX-Evil: 1" });
    let policies = json!({ "request": [attach("addHeader", "v3", parameters)] });
    let said = crate::policies::refusal(&policed(fixed_endpoint(&backend.url()), policies));
    assert!(said.contains("PO004"), "{said}");
}

/// A name that is none sets no header.
#[tokio::test]
async fn names_that_are_none() {
    let backend = Backend::echo().await;
    for name in ["X-A: 1\r\nX-Evil", "X Evil", "X-Evil:", ""] {
        let parameters = json!({ "headerName": name, "headerValue": "1" });
        let policies = json!({ "request": [attach("addHeader", "v3", parameters)] });
        let project = policed(fixed_endpoint(&backend.url()), policies);
        let said = crate::policies::refusal(&project);
        if said.is_empty() {
            let weir = Weir::start(&project);
            assert_eq!(weir.get(PATH).await.status, 200, "{name:?}");
            assert_eq!(backend.last().header("x-evil"), None, "{name:?}");
        }
    }
}

/// What frames a message is the gateway's business, whatever a policy sets.
#[tokio::test]
async fn policies_smuggle_nothing() {
    let backend = Backend::echo().await;
    let set = |name: &str, value: &str| {
        format!(r#"<header name="{name}" scope="transport" value="{value}"/>"#)
    };
    let reads = super::READS_JSON;
    let own = backend.address().to_string();
    for headers in [
        set("Content-Length", "0"),
        set("Content-Length", "3"),
        set("Content-Length", "+5, 5"),
        set("Content-Length", "99999"),
        set("Transfer-Encoding", "chunked"),
        set("Transfer-Encoding", "identity, chunked"),
        set("Content-Length", "0") + &set("Transfer-Encoding", "chunked"),
        set("Connection", "close, X-Kept, Content-Length"),
        set("Connection", "upgrade")
            + &set("Upgrade", "h2c")
            + &set("HTTP2-Settings", "AAMAAABkAAQ"),
        set("Keep-Alive", "timeout=0"),
        set("Proxy-Connection", "close"),
        set("Proxy-Authorization", "Basic eA=="),
        set("TE", "trailers, deflate"),
        set("Trailer", "Content-Length"),
        set("Expect", "100-continue"),
        set("Host", "evil.example"),
        set("Host", "a b"),
        set("Host", ""),
    ] {
        for prefix in ["", reads] {
            let weir = request(&backend, &format!("{prefix}{headers}"));
            let mut client = weir.client().await;
            for body in ["{\"n\": 1}", "GET /evil HTTP/1.1\r\nHost: a\r\n\r\n", "{\"n\": 3}"] {
                let sent = [JSON, ("x-kept", "1")];
                let call = client.call("POST", PATH, &sent, body.as_bytes());
                let answer = testkit::bounded(&headers, call).await.expect("an answer");
                assert_eq!((answer.status, answer.text().as_str()), (200, body), "{headers}");
                let seen = backend.take();
                assert_eq!(seen.len(), 1, "{headers}");
                assert_eq!((seen[0].target.as_str(), &*seen[0].text()), ("/a", body), "{headers}");
                // What `Connection` names is not for the upstream, and nothing else is lost.
                let is_kept = !headers.contains("X-Kept");
                assert_eq!(seen[0].header("x-kept").is_some(), is_kept, "{headers}");
                assert_eq!(seen[0].header("host"), Some(own.as_str()), "{headers}");
                for name in ["transfer-encoding", "upgrade", "keep-alive", "proxy-connection"] {
                    assert_eq!(seen[0].header(name), None, "{headers}: {name}");
                }
            }
        }
    }
}

/// The same for answers.
#[tokio::test]
async fn policies_split_no_answer() {
    let backend = Backend::echo().await;
    let set = |name: &str, value: &str| {
        format!(r#"<header name="{name}" scope="transport" value="{value}"/>"#)
    };
    for headers in [
        set("Content-Length", "0"),
        set("Content-Length", "99999"),
        set("Transfer-Encoding", "chunked"),
        set("Connection", "upgrade") + &set("Upgrade", "websocket"),
        set("Trailer", "X-A"),
        r#"<property name="HTTP_SC" scope="axis2" value="101"/>"#.to_owned(),
        r#"<property name="HTTP_SC" scope="axis2" value="99999"/>"#.to_owned(),
    ] {
        for prefix in ["", super::READS_JSON] {
            let text = format!("{prefix}{headers}");
            let project = mediated(fixed_endpoint(&backend.url()), ["", &text, ""]);
            let weir = Weir::start(&open_to_all(project));
            let mut client = weir.client().await;
            for body in ["{\"n\": 1}", "HTTP/1.1 200 OK\r\n\r\n", "{\"n\": 3}"] {
                let call = client.call("POST", PATH, &[JSON], body.as_bytes());
                let answer = testkit::bounded(&headers, call).await.expect("an answer");
                assert_eq!((answer.status, answer.text().as_str()), (200, body), "{headers}");
                assert_eq!(answer.header("upgrade"), None, "{headers}");
            }
            let answer = client.call("HEAD", PATH, &[], b"").await.expect("an answer");
            assert_eq!(answer.status, 200, "{headers}");
            assert_eq!(client.get(PATH).await.expect("an answer").status, 200, "{headers}");
        }
    }
}

/// What goes out is seen byte for byte: one request, one framing.
#[tokio::test]
async fn one_request_on_the_wire() {
    let answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";
    let backend = RawBackend::play(vec![Step::ReadHead, Step::write(answer), Step::Close]).await;
    let text = r#"<header name="Content-Length" scope="transport" value="1"/>
        <header name="Transfer-Encoding" scope="transport" value="chunked"/>
        <header name="Host" scope="transport" value="evil.example"/>"#;
    let weir = Weir::start(&open_to_all(mediated(fixed_endpoint(&backend.url()), [text, "", ""])));
    assert_eq!(weir.call("POST", PATH, &[], b"0\r\n\r\nGET /evil").await.status, 200);
    let sent = backend.text(0).to_ascii_lowercase();
    assert_eq!(sent.matches("content-length:").count(), 1, "{sent}");
    assert!(!sent.contains("transfer-encoding"), "{sent}");
    assert_eq!(sent.matches("\r\nhost:").count(), 1, "{sent}");
    assert!(!sent.contains("evil.example"), "{sent}");
}
