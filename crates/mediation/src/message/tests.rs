//! Parts of the head (spec/02 §1.3, §3.2, §3.8).

use std::sync::Arc;

use bytes::Bytes;
use http::HeaderName;

use super::*;
use crate::property::Scope;
use crate::testing::{Ask, Gateway, NOW};

/// The text of a property; `None` where it is not there.
fn get(message: &Message, scope: Scope, name: &str) -> Option<String> {
    let value = message.get(scope, name, &Gateway::default());
    value.map(|value| value.text().as_ref().to_owned())
}

fn set(message: &mut Message, scope: Scope, name: &str, value: &str) {
    message.set(scope, &Arc::from(name), Value::text_of(value));
}

#[test]
fn the_destination_is_the_target_until_it_is_set() {
    let mut message = Ask::default().message();
    let target = "/shop/1.0/orders/7?region=eu&Tier=gold%20x";
    assert_eq!((message.to_text(), message.destination()), (Some(target), None));
    assert_eq!(message.query("TIER").as_deref(), Some("gold x"));
    message.to = Part::Set(Arc::from("http://b/x?q=a+b&q=2#r"));
    assert_eq!(message.destination().map(AsRef::as_ref), Some("http://b/x?q=a+b&q=2#r"));
    // `$url:` looks at the new one.
    assert_eq!((message.query("q").as_deref(), message.query("region")), (Some("a b"), None));
    message.to = Part::Removed;
    assert_eq!((message.to_text(), message.query("q")), (None, None));
}

#[test]
fn the_postfix_is_what_follows_the_context() {
    for (target, postfix) in [
        ("/shop/1.0", ""),
        ("/shop/1.0/", "/"),
        ("/shop/1.0?a=1", "?a=1"),
        ("/shop/1.0/a%2Fb?c=%20", "/a%2Fb?c=%20"),
    ] {
        let mut message = Ask { target, ..Ask::default() }.message();
        assert_eq!(get(&message, Scope::Axis2, "REST_URL_POSTFIX").as_deref(), Some(postfix));
        set(&mut message, Scope::Axis2, "REST_URL_POSTFIX", "/new?x=1");
        assert_eq!(message.postfix_text(), Some("/new?x=1"));
        assert_eq!(message.original_postfix(), postfix);
        message.unset(Scope::Axis2, "REST_URL_POSTFIX");
        assert_eq!(message.postfix_text(), None);
    }
}

#[test]
fn parameters_of_the_query() {
    let target = "/shop/1.0?flag&a=1&a=2&b&c=%41+d";
    let message = Ask { target, ..Ask::default() }.message();
    for (name, value) in [
        ("query.param.flag", Some("")),
        // The last wins; a piece without a sign of equality belongs to what is before it.
        ("query.param.a", Some("2&b")),
        ("query.param.c", Some("A d")),
        ("query.param.d", None),
    ] {
        assert_eq!(get(&message, Scope::Default, name).as_deref(), value, "{name}");
    }
}

#[test]
fn properties_that_nobody_set() {
    let message = Ask::json("{}").message();
    for (scope, name, value) in [
        (Scope::Default, "REST_METHOD", Some("POST")),
        (Scope::Default, "MessageID", Some("urn:uuid:1")),
        (Scope::Default, "MESSAGE_FORMAT", Some("pox")),
        (Scope::Default, "FAULT", Some("false")),
        (Scope::Default, "AM_KEY_TYPE", Some("SANDBOX")),
        (Scope::Default, "SYSTEM_DATE", Some("2024-05-06T07:08:09.010Z")),
        (Scope::Default, "nothing", None),
        (Scope::Axis2, "HTTP_METHOD", Some("POST")),
        (Scope::Axis2, "HTTP_SC", None),
        (Scope::Axis2, "messageType", Some("application/json")),
        (Scope::Axis2, "ContentType", Some("application/json")),
        (Scope::Axis2, "REMOTE_ADDR", Some("192.0.2.7")),
        (Scope::Axis2, "NO_ENTITY_BODY", None),
        (Scope::Transport, "x-region", Some("eu")),
        (Scope::Transport, "X-REGION", Some("eu")),
        (Scope::Transport, "X-None", None),
        (Scope::Other("operation"), "a", None),
    ] {
        assert_eq!(get(&message, scope, name).as_deref(), value, "{name}");
    }
    assert_eq!(get(&message, Scope::Default, "SYSTEM_TIME"), Some(NOW.to_string()));
}

#[test]
fn formats() {
    for (ask, format) in [
        (Ask::default(), "get"),
        (Ask::post("application/soap+xml", ""), "soap12"),
        (Ask::post("text/xml", "").with(&[("SOAPAction", "a")]), "soap11"),
        (Ask::post("text/xml", ""), "pox"),
    ] {
        let format = Some(format.to_owned());
        assert_eq!(get(&ask.message(), Scope::Default, "MESSAGE_FORMAT"), format);
    }
}

#[test]
fn what_steers_sending() {
    let mut message = Ask::json("{}").message();
    set(&mut message, Scope::Axis2, "HTTP_METHOD", "PUT");
    set(&mut message, Scope::Axis2, "HTTP_SC", "418");
    set(&mut message, Scope::Axis2, "NO_ENTITY_BODY", "true");
    set(&mut message, Scope::Axis2, "HTTP_SC_DESC", "I am a teapot");
    set(&mut message, Scope::Axis2, "messageType", "application/xml");
    assert_eq!((message.method.as_str(), message.client_method.as_str()), ("PUT", "POST"));
    assert_eq!(message.status, Some(StatusCode::IM_A_TEAPOT));
    assert!(message.has_no_body);
    assert_eq!(get(&message, Scope::Axis2, "HTTP_SC_DESC").as_deref(), Some("I am a teapot"));
    assert_eq!(content_type(&message.headers), "application/xml");
    assert_eq!(message.written_as(), Media::Xml("application/xml".to_owned()));
    for status in ["99", "600", "abc", "-1", ""] {
        set(&mut message, Scope::Axis2, "HTTP_SC", status);
        assert_eq!(message.status, Some(StatusCode::IM_A_TEAPOT), "{status}");
    }
    for name in ["HTTP_METHOD", "HTTP_SC", "NO_ENTITY_BODY", "HTTP_SC_DESC", "ContentType"] {
        message.unset(Scope::Axis2, name);
    }
    assert_eq!(
        (message.method.as_str(), message.status, message.has_no_body),
        ("POST", None, false)
    );
    assert!(!message.headers.contains_key(header::CONTENT_TYPE));
    message.unset(Scope::Axis2, "TRANSPORT_HEADERS");
    assert!(message.headers.is_empty());
}

#[test]
fn types_that_a_client_accepts() {
    for (asked, content_type) in [
        ("application/xml, application/json;q=0.5", "application/xml"),
        ("application/json;q=0.9", "application/json"),
        ("application/json; charset=utf-8", "application/json; charset=utf-8"),
        ("*/*", "text/plain"),
        ("", "text/plain"),
    ] {
        let mut message = Ask::post("text/plain", "").message();
        set(&mut message, Scope::Axis2, "messageType", asked);
        assert_eq!(super::content_type(&message.headers), content_type, "{asked}");
    }
}

#[test]
fn headers_take_no_line_breaks() {
    let mut message = Ask::default().message();
    set(&mut message, Scope::Transport, "X-A", "a\r\nX-B: b\u{7f}ü");
    set(&mut message, Scope::Transport, "bad name", "a");
    assert_eq!(message.headers.len(), 3);
    let value = message.header(&HeaderName::from_static("x-a"));
    assert_eq!(value.as_deref(), Some("a  X-B: b ü"));
}

#[test]
fn a_header_is_replaced_and_removed_with_all_its_lines() {
    let ask = Ask::default().with(&[("x-region", "us")]);
    let mut message = ask.message();
    set(&mut message, Scope::Transport, "X-REGION", "ap");
    assert_eq!(message.headers.get_all("x-region").iter().count(), 1);
    message.headers.append("x-region", HeaderValue::from_static("b"));
    message.unset(Scope::Transport, "X-Region");
    assert!(!message.headers.contains_key("x-region"));
}

#[test]
fn what_is_written_anew_is_utf8() {
    let limits = Limits::default();
    let text = "<?xml version='1.0' encoding='iso-8859-1'?><a>\u{e4}</a>";
    let latin: Vec<u8> = text.chars().map(|at| u8::try_from(at).expect("latin")).collect();
    let mut message = Ask::post("application/xml; charset=ISO-8859-1; x=1", "").message();
    message.payload.load(Bytes::from(latin.clone()));
    assert_eq!(message.write_body(&limits).expect("it came so"), latin);
    assert_eq!(content_type(&message.headers), "application/xml; charset=ISO-8859-1; x=1");
    message.payload.envelope_mut(&limits).expect("XML");
    assert_eq!(message.write_body(&limits).expect("XML"), "<a>\u{e4}</a>");
    assert_eq!(content_type(&message.headers), "application/xml; charset=UTF-8; x=1");
}

#[test]
fn an_answer_takes_the_place_of_the_request() {
    let mut message = Ask::json("{}").message();
    set(&mut message, Scope::Default, "a", "1");
    set(&mut message, Scope::Axis2, "messageType", "application/xml");
    let media = Media::of("application/json");
    message.answer(StatusCode::OK, HeaderMap::new(), Payload::unread(media.clone()));
    assert_eq!(message.direction, Direction::Response);
    assert_eq!(get(&message, Scope::Default, "a").as_deref(), Some("1"));
    assert_eq!((message.written_as(), message.headers.len()), (media, 0));
}
