//! Addresses that a caller chooses where a policy lets it: nothing of the inside is called.

use serde_json::json;
use testkit::{Backend, Reply};

use crate::gateway::{Weir, code};
use crate::policies::{attach, dynamic_endpoint, fixed_endpoint, mediated, open_to_all, policed};

const PATH: &str = "/shop/1.0/a";

/// A gateway that goes where the caller says.
fn told() -> Weir {
    let text = r#"<header name="To" expression="json-eval($.to)"/>"#;
    Weir::start(&open_to_all(mediated(dynamic_endpoint(), [text, "", ""])))
}

async fn call(weir: &Weir, to: &str) -> (u16, String) {
    let body = json!({ "to": to }).to_string();
    let answer = weir.call("POST", PATH, &[("content-type", "application/json")], body.as_bytes());
    let answer = testkit::bounded("an answer", answer).await;
    assert!(
        !answer.text().contains("127.0.0.1") && !answer.text().contains("169.254"),
        "{}",
        answer.text()
    );
    (answer.status, code(&answer))
}

#[tokio::test]
async fn addresses_of_the_inside_in_every_spelling() {
    let backend = Backend::echo().await;
    let port = backend.address().port();
    let weir = told();
    for host in [
        "127.0.0.1",
        "127.1",
        "127.0.1",
        "127.255.255.254",
        "0177.0.0.1",
        "0177.1",
        "017700000001",
        "0x7f.0.0.1",
        "0x7f000001",
        "0X7F.1",
        "2130706433",
        "0",
        "0.0.0.0",
        "127.0.0.1.",
        "%31%32%37.0.0.1",
        "%6c%6f%63%61%6c%68%6f%73%74",
        "１２７.0.0.1",
        "①②⑦.0.0.1",
        "127。0。0。1",
        "[::1]",
        "[0:0:0:0:0:0:0:1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "localhost",
        "LOCALHOST",
        "LocalHost.",
        "ＬＯＣＡＬＨＯＳＴ",
        "a.localhost",
        "169.254.169.254",
        "0xa9fea9fe",
        "2852039166",
        "0251.0376.0251.0376",
        "[::ffff:169.254.169.254]",
        "[fe80::1]",
        "[fd00:ec2::254]",
        "user@127.0.0.1",
        "example.com@127.0.0.1",
        "127.0.0.1:80@example.com",
        "metadata.google.internal",
    ] {
        let (status, code) = call(&weir, &format!("http://{host}:{port}/")).await;
        // What is a name may not resolve at all, which is as good.
        let is_barred = (status, code.as_str()) == (403, "303902")
            || (status == 500 && ["101503", "303001", "101500"].contains(&code.as_str()));
        assert!(is_barred, "{host}: {status} {code}");
    }
    assert!(backend.take().is_empty());
}

/// What two readers could understand in two ways is refused as no address.
#[tokio::test]
async fn addresses_that_mean_two_things() {
    let backend = Backend::echo().await;
    let at = backend.address();
    let weir = told();
    for to in [
        format!("http://{at}#@example.com/"),
        format!("http://{at}\\@example.com/"),
        format!("http://example.com\\@{at}/"),
        format!("http:\\\\{at}/"),
        format!("http:/{at}/"),
        format!("http:{at}/"),
        format!("//{at}/"),
        format!("http:///{at}/"),
        format!("http:// {at}/"),
        format!("http://{at}/ HTTP/1.1\r\nX-Evil: 1\r\n\r\nGET /x"),
        format!("http://{at}\r\n.example.com/"),
        format!("http://example.com\t@{at}/"),
        format!("http://example.com\u{0}.{at}/"),
        format!("http://{at}%00.example.com/"),
        format!("http://{at}?@example.com/"),
        format!("http://{at};@example.com/"),
        format!("http://{at},example.com/"),
        "http://[::1%25lo]/".to_owned(),
        "http://[::1".to_owned(),
        "http://127.0.0.1:99999/".to_owned(),
        "http://127.0.0.1:0/".to_owned(),
        "file:///etc/passwd".to_owned(),
        "gopher://127.0.0.1/_x".to_owned(),
        "ftp://127.0.0.1/".to_owned(),
        "unix:/var/run/docker.sock".to_owned(),
        "javascript:alert(1)".to_owned(),
    ] {
        let (status, code) = call(&weir, &to).await;
        let is_barred = match status {
            403 => code == "303902",
            500 => !code.is_empty(),
            _ => false,
        };
        assert!(is_barred, "{to}: {status} {code}");
    }
    assert!(backend.take().is_empty());
}

/// A part of the path that a caller gives stays a part of the path.
#[tokio::test]
async fn parts_of_an_address_stay_parts() {
    let backend = Backend::echo().await;
    let url = backend.url();
    let text = format!(
        r#"<property name="to" expression="json-eval($.to)"/><header name="To" expression="concat('{url}/x/', $ctx:to)"/><property name="REST_URL_POSTFIX" scope="axis2" action="remove"/>"#
    );
    let weir = Weir::start(&open_to_all(mediated(dynamic_endpoint(), [&text, "", ""])));
    for to in ["@example.com/", "../y", "//example.com", "y?z=http://example.com", "y#z"] {
        let body = json!({ "to": to }).to_string();
        let json = [("content-type", "application/json")];
        assert_eq!(weir.call("POST", PATH, &json, body.as_bytes()).await.status, 200, "{to}");
        assert!(backend.last().target.starts_with("/x/"), "{to}: {}", backend.last().target);
    }
    drop(backend.take());
    for to in
        ["y z", "y\r\nX-Evil: 1", "y HTTP/1.1\r\n\r\nGET /evil HTTP/1.1\r\n\r\n", "y\u{0}", "\\y"]
    {
        let (status, _) = call(&weir, to).await;
        assert_eq!(status, 500, "{to}");
    }
    assert!(backend.take().is_empty());
}

/// The same for the postfix, and for templates of URIs.
#[tokio::test]
async fn paths_of_callers_break_no_request_line() {
    let backend = Backend::echo().await;
    let url = backend.url();
    let evil = "y HTTP/1.1\r\nX-Evil: 1\r\n\r\nGET /evil HTTP/1.1\r\nHost: a\r\n\r\n";
    let set = |name: &str, scope: &str| {
        format!(r#"<property name="{name}" scope="{scope}" expression="json-eval($.to)"/>"#)
    };
    for text in [
        set("REST_URL_POSTFIX", "axis2"),
        set("HTTP_METHOD", "axis2"),
        set("REQUEST_HOST_HEADER", "axis2"),
        set("HTTP_SC", "axis2"),
        set("HTTP_SC_DESC", "axis2"),
        set("messageType", "axis2"),
        set("ContentType", "axis2"),
        set("POST_TO_URI", "axis2"),
        format!(
            r#"{}<send><endpoint><http uri-template="{url}/{{uri.var.to}}"/></endpoint></send>"#,
            set("uri.var.to", "default")
        ),
    ] {
        let weir = Weir::start(&open_to_all(mediated(fixed_endpoint(&url), [&text, "", ""])));
        for to in [evil, "a\r\nX-Evil: 1", "a\nX-Evil:1", "a\u{0}b", "CONNECT", " "] {
            let body = json!({ "to": to }).to_string();
            let json = [("content-type", "application/json")];
            let call = weir.call("POST", PATH, &json, body.as_bytes());
            let answer = testkit::bounded(&text, call).await;
            assert!(
                [200, 400, 413, 500].contains(&answer.status),
                "{text} {to:?}: {}",
                answer.status
            );
            for seen in backend.take() {
                assert_eq!(seen.header("x-evil"), None, "{text} {to:?}");
                assert!(!seen.target.starts_with("/evil"), "{text} {to:?}");
                assert_ne!(seen.method.as_str(), "CONNECT", "{text} {to:?}");
            }
            assert_eq!(answer.header("x-evil"), None, "{text} {to:?}");
        }
    }
}

/// A redirect is the caller's to follow.
#[tokio::test]
async fn redirects_are_not_followed() {
    let inside = Backend::echo().await;
    let to = format!("{}/secret", inside.url());
    for status in [301, 302, 303, 307, 308] {
        let location = to.clone();
        let backend = Backend::builder()
            .start(move |_| Reply::new(status).header("location", &location))
            .await;
        let url = backend.url();
        let go = format!(r#"<header name="To" value="{url}"/>"#);
        let call = format!(
            r#"<call><endpoint><http method="get" uri-template="{url}/x"/></endpoint></call><respond/>"#
        );
        for text in [go, call] {
            let weir = Weir::start(&open_to_all(mediated(dynamic_endpoint(), [&text, "", ""])));
            let answer = weir.get(PATH).await;
            assert_eq!(answer.status, status, "{text}");
            assert_eq!(answer.header("location"), Some(to.as_str()), "{text}");
        }
    }
    assert!(inside.take().is_empty());
}

/// Sends and calls to computed addresses, and rules, are watched as `To` is.
#[tokio::test]
async fn every_way_out_is_watched() {
    let backend = Backend::echo().await;
    let (url, at) = (backend.url(), backend.address());
    let host = format!("{at}");
    let to = "$trp:X-To";
    for text in [
        format!(r#"<header name="To" expression="{to}"/><send/>"#),
        format!(r#"<property name="uri.var.to" expression="{to}"/><send><endpoint><http uri-template="{{uri.var.to}}"/></endpoint></send>"#),
        format!(r#"<property name="uri.var.to" expression="{to}"/><call><endpoint><http uri-template="{{uri.var.to}}"/></endpoint></call>"#),
        r#"<property name="uri.var.host" expression="$trp:X-Host"/><send><endpoint><http uri-template="http://{uri.var.host}/"/></endpoint></send>"#.to_owned(),
    ] {
        let project = mediated(fixed_endpoint("http://192.0.2.1"), [&text, "", ""]);
        let weir = Weir::start(&open_to_all(project));
        let sent = [("x-to", url.as_str()), ("x-host", host.as_str())];
        let answer = testkit::bounded(&text, weir.call("GET", PATH, &sent, b"")).await;
        assert!([403, 500].contains(&answer.status), "{text}: {} {}", answer.status, answer.text());
        assert!(backend.take().is_empty(), "{text}");
    }
    let rules = json!([{ "when": { "header": "X-Host", "exists": true }, "url": "http://{header.X-Host}/" }]);
    let parameters = json!({ "rules": rules });
    let policies = json!({ "request": [attach("dynamicEndpoint", "v1", parameters)] });
    let project = policed(dynamic_endpoint(), policies);
    let said = crate::policies::refusal(&project);
    if said.is_empty() {
        let weir = Weir::start(&project);
        let answer = weir.call("GET", PATH, &[("x-host", "127.0.0.1")], b"").await;
        assert_eq!((answer.status, code(&answer)), (403, "303902".to_owned()));
    }
    assert!(backend.take().is_empty());
}
