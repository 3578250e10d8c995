#![allow(clippy::unwrap_used, reason = "a failed test may panic")]
#![allow(clippy::disallowed_methods, reason = "what is read was written here")]

mod formats;

use aws_lambda_events::alb::AlbTargetGroupRequest;
use aws_lambda_events::apigw::{ApiGatewayProxyRequest, ApiGatewayV2httpRequest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use serde_json::Value;

use super::{Caller, EventError, Format, Request};
use crate::limits;

const WSO2: Format = Format::Wso2 { is_encoded: false, has_flag_bug: false };
const ALL: [Format; 5] = [
    WSO2,
    Format::Proxy1,
    Format::Proxy2,
    Format::Alb { is_multi_value: false },
    Format::Alb { is_multi_value: true },
];

fn request() -> Request<'static> {
    Request {
        method: "POST",
        protocol: "HTTP/1.1",
        scheme: "https",
        host: "api.example.com:8243",
        context: "/shop/1.0",
        template: "/user/{id}",
        path: "/user/7",
        query: Some("a=1&b=x+y%21&a=2"),
        headers: &[
            ("content-type", b"application/json; charset=utf-8"),
            ("x-twice", b"one"),
            ("user-agent", b"test"),
            ("x-twice", b"two"),
        ],
        variables: &[("id", "7")],
        body: br#"{"name":"A \"B\""}"#,
        client: Some([192, 0, 2, 1].into()),
        id: "req-1",
        time_ms: 1_583_348_638_390,
        stage: "$default",
        api: "api-1",
        account: Some("123456789012"),
        target_group: "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/weir/1",
        caller: Caller { claims: &[("sub", "alice"), ("iss", "idp")], scopes: &["read"] },
    }
}

fn read(request: &Request<'_>, format: Format) -> Value {
    serde_json::from_slice(&request.event(format, limits::EVENT).unwrap()).unwrap()
}

#[test]
fn an_event_is_never_longer_than_its_limit() {
    for format in ALL {
        let request = request();
        let length = request.event(format, limits::EVENT).unwrap().len();
        assert_eq!(request.event(format, length).unwrap().len(), length);
        let error = request.event(format, length - 1).unwrap_err();
        assert_eq!(error, EventError::TooLarge { limit: length - 1 });
    }
}

#[test]
fn a_body_that_grows_beyond_the_limit_is_refused() {
    let body = vec![1; limits::EVENT / 2];
    let headers: &[(&str, &[u8])] = &[("content-type", b"text/plain")];
    let request = Request { body: &body, headers, ..request() };
    assert!(request.event(Format::Proxy1, limits::EVENT).is_err(), "each byte is six of JSON");
    assert!(Request { headers: &[], ..request }.event(Format::Proxy1, limits::EVENT).is_ok());
}

#[test]
fn a_raw_body_is_sent_as_it_is_if_it_is_json() {
    let body = br#" {"a": 1.50} "#;
    let raw = |body: &[u8]| Request { body, ..request() }.event(Format::Raw, 64);
    assert_eq!(raw(body).unwrap(), body);
    assert_eq!(raw(b"").unwrap(), b"");
    assert!(matches!(raw(b"{"), Err(EventError::NotJson(_))));
    assert!(matches!(raw(b"\"\xff\""), Err(EventError::NotJson(_))));
    assert!(matches!(raw(&[b' '; 100]), Err(EventError::NotJson(_))));
    assert_eq!(raw(&[b'1'; 65]), Err(EventError::TooLarge { limit: 64 }));
}

#[test]
fn headers_that_are_not_utf8_are_latin1() {
    let headers: &[(&str, &[u8])] = &[("x-a", b"caf\xe9"), ("x-b", "café".as_bytes())];
    for format in [WSO2, Format::Proxy1, Format::Proxy2, Format::Alb { is_multi_value: false }] {
        let event = read(&Request { headers, ..request() }, format);
        assert_eq!(event["headers"]["x-a"], "café");
        assert_eq!(event["headers"]["x-b"], "café");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Any request is an event that serde_json reads, with the body that was sent, and that the
    /// types of another library take.
    #[test]
    fn any_request_is_an_event(
        body in prop_oneof![any::<Vec<u8>>(), ".*".prop_map(String::into_bytes)],
        path in "/[^?#]{0,40}", query in proptest::option::of(".{0,60}"),
        values in proptest::collection::vec(("[a-z-]{1,5}", any::<Vec<u8>>()), 0..6),
        kind in prop_oneof![Just("text/plain"), Just("image/png"), Just("application/json")],
    ) {
        let mut headers: Vec<(&str, &[u8])> = vec![("content-type", kind.as_bytes())];
        headers.extend(values.iter().map(|(name, value)| (&**name, &**value)));
        let request = Request {
            body: &body, path: &path, query: query.as_deref(), headers: &headers, ..request()
        };
        for format in ALL {
            let bytes = request.event(format, limits::EVENT).unwrap();
            let event: Value = serde_json::from_slice(&bytes).unwrap();
            if format != WSO2 {
                let text = event["body"].as_str().unwrap_or_default();
                let sent = match event["isBase64Encoded"].as_bool().unwrap() {
                    true => STANDARD.decode(text).unwrap(),
                    false => text.as_bytes().to_vec(),
                };
                prop_assert_eq!(&sent, &body);
            }
        }
    }
}

#[test]
fn the_types_of_another_library_take_the_events() {
    let request = request();
    let bytes = |format| request.event(format, limits::EVENT).unwrap();
    let event: ApiGatewayProxyRequest = serde_json::from_slice(&bytes(Format::Proxy1)).unwrap();
    assert_eq!(event.path.as_deref(), Some("/user/7"));
    assert_eq!(event.multi_value_headers.get_all("x-twice").iter().count(), 2);
    assert_eq!(event.multi_value_query_string_parameters.all("a"), Some(vec!["1", "2"]));
    assert_eq!(event.request_context.identity.source_ip.as_deref(), Some("192.0.2.1"));
    let event: ApiGatewayV2httpRequest = serde_json::from_slice(&bytes(Format::Proxy2)).unwrap();
    assert_eq!(event.request_context.route_key.as_deref(), Some("POST /user/{id}"));
    assert_eq!(event.request_context.http.method, "POST");
    let jwt = event.request_context.authorizer.unwrap().jwt.unwrap();
    assert_eq!((&*jwt.claims["sub"], &*jwt.scopes.unwrap()), ("alice", &["read".to_owned()][..]));
    for is_multi_value in [false, true] {
        let bytes = bytes(Format::Alb { is_multi_value });
        let event: AlbTargetGroupRequest = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(event.path.as_deref(), Some("/user/7"));
        assert!(event.request_context.elb.target_group_arn.is_some());
    }
}
