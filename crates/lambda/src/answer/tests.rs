#![allow(clippy::unwrap_used, reason = "a failed test may panic")]

use bytes::Bytes;
use http::StatusCode;
use proptest::prelude::*;

use super::{Answer, AnswerError, AnswerLimits, Mapping};

const PROXIES: [Mapping; 3] = [Mapping::Proxy1, Mapping::Proxy2, Mapping::Automatic];

fn read(payload: &str, mapping: Mapping) -> Result<Answer, AnswerError> {
    let payload = Bytes::copy_from_slice(payload.as_bytes());
    Answer::read(payload, None, mapping, AnswerLimits::default())
}

fn header<'a>(answer: &'a Answer, name: &str) -> Vec<&'a [u8]> {
    answer.headers.get_all(name).iter().map(http::HeaderValue::as_bytes).collect()
}

#[test]
fn a_payload_is_passed_whole_as_api_manager_does() {
    let payload = r#"{"statusCode":404,"body":"x"}"#;
    let answer = read(payload, Mapping::Whole).unwrap();
    assert_eq!((answer.status, &answer.body[..]), (StatusCode::OK, payload.as_bytes()));
    assert_eq!(header(&answer, "content-type"), [b"application/json"]);
    let failed = Answer::read(
        Bytes::from_static(b"{}"),
        Some("Unhandled"),
        Mapping::Whole,
        AnswerLimits::default(),
    );
    assert_eq!(failed.unwrap().status, StatusCode::OK);
}

#[test]
fn status_headers_and_body_are_mapped() {
    let payload = r#"{"statusCode": 404, "body": "x", "unknown": [1],
        "headers": {"Content-Type": "text/plain", "X-A": "single", "X-Number": 7, "X-Null": null},
        "multiValueHeaders": {"x-a": ["1", "2"], "x-one": "3"}, "cookies": ["a=1", "b=2"]}"#;
    for mapping in PROXIES {
        let answer = read(payload, mapping).unwrap();
        assert_eq!(answer.status, StatusCode::NOT_FOUND);
        assert_eq!(&answer.body[..], b"x");
        assert_eq!(header(&answer, "content-type"), [b"text/plain"]);
        assert_eq!(header(&answer, "x-a"), [b"1", b"2"], "lists win over single values");
        assert_eq!(header(&answer, "x-one"), [b"3"]);
        assert_eq!(header(&answer, "x-number"), [b"7"]);
        assert_eq!(header(&answer, "x-null").len(), 0);
        assert_eq!(header(&answer, "set-cookie"), [b"a=1", b"b=2"]);
    }
}

#[test]
fn base64_is_read_strictly() {
    let body = |body: &str| {
        let payload = format!(r#"{{"statusCode":200,"isBase64Encoded":true,"body":"{body}"}}"#);
        read(&payload, Mapping::Automatic).map(|answer| answer.body)
    };
    assert_eq!(body("iVBORw0KGgo=").unwrap(), &b"\x89PNG\r\n\x1a\n"[..]);
    for wrong in ["iVBORw0KGgo", "iVBO Rw0KGgo=", "iVBORw0KGg-=", "iVBORw0KGgp="] {
        assert!(matches!(body(wrong), Err(AnswerError::Base64(_))), "{wrong}");
    }
}

#[test]
fn a_payload_without_a_status_is_up_to_the_mapping() {
    for payload in [r#"{"message":"Hello"}"#, "[200]", "null", "17"] {
        assert_eq!(read(payload, Mapping::Proxy1).unwrap_err(), AnswerError::StatusMissing);
        for mapping in [Mapping::Proxy2, Mapping::Automatic] {
            let answer = read(payload, mapping).unwrap();
            assert_eq!((answer.status, &answer.body[..]), (StatusCode::OK, payload.as_bytes()));
        }
    }
    assert_eq!(&read("\"Hello\"", Mapping::Proxy2).unwrap().body[..], b"Hello");
    assert_eq!(&read("\"Hello\"", Mapping::Automatic).unwrap().body[..], b"\"Hello\"");
    let text = r#"{"statusCode":"404"}"#;
    assert_eq!(read(text, Mapping::Proxy1).unwrap().status, StatusCode::NOT_FOUND);
    assert_eq!(read(text, Mapping::Automatic).unwrap().status, StatusCode::OK);
    assert_eq!(read("{", Mapping::Automatic).unwrap().status, StatusCode::OK);
    assert!(matches!(read("{", Mapping::Proxy1), Err(AnswerError::Form(_))));
}

#[test]
fn what_is_not_of_the_form_is_said() {
    let error = |payload: &str| read(payload, Mapping::Automatic).unwrap_err().to_string();
    let cases = [
        (r#"{"statusCode":101}"#, "statusCode 101 is not an integer from 200 to 599"),
        (r#"{"statusCode":-1}"#, "statusCode -1 is not"),
        (r#"{"statusCode":99999999999}"#, "statusCode 99999999999 is not"),
        (r#"{"statusCode":200,"headers":[]}"#, "not of the form"),
        (r#"{"statusCode":200,"headers":{"a b":"c"}}"#, "header \"a b\" has a name"),
        (r#"{"statusCode":200,"headers":{"a":"b\r\nc: d"}}"#, "header \"a\" has a value"),
        (r#"{"statusCode":200,"headers":{"a":{}}}"#, "header \"a\" has a value"),
        (r#"{"statusCode":200,"cookies":["a\nb"]}"#, "header \"set-cookie\" has a value"),
        (r#"{"statusCode":200,"cookies":"a"}"#, "not of the form"),
        (r#"{"statusCode":200,"body":{"a":1}}"#, "body is not a string"),
        (r#"{"statusCode":200,"isBase64Encoded":"yes"}"#, "not of the form"),
    ];
    for (payload, expected) in cases {
        let said = error(payload);
        assert!(said.contains(expected), "{payload}: {said}");
    }
}

#[test]
fn a_function_does_not_frame_the_message() {
    let payload = r#"{"statusCode":200,"body":"abc","headers":{"Content-Length":"1",
        "Transfer-Encoding":"chunked","Connection":"x-hop, close","X-Hop":"1","Upgrade":"h2c",
        "Keep-Alive":"1","TE":"trailers","Trailer":"x","X-Kept":"1"}}"#;
    let answer = read(payload, Mapping::Automatic).unwrap();
    let mut names: Vec<&str> = answer.headers.keys().map(http::HeaderName::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["content-type", "x-kept"]);
    let answer = read(r#"{"statusCode":204,"body":"abc"}"#, Mapping::Automatic).unwrap();
    assert!(answer.body.is_empty() && answer.headers.is_empty());
}

#[test]
fn a_function_that_failed_is_a_mistake_of_its_own() {
    let read = |payload: &'static str| {
        let payload = Bytes::from_static(payload.as_bytes());
        let read = |mapping| {
            Answer::read(payload.clone(), Some("Unhandled"), mapping, AnswerLimits::default())
        };
        PROXIES.map(|mapping| match read(mapping) {
            Err(AnswerError::Function(failure)) => *failure,
            other => panic!("{other:?}"),
        })
    };
    for failure in read(r#"{"errorType":"ValueError","errorMessage":"secret","stackTrace":[]}"#) {
        assert_eq!(failure.kind.as_deref(), Some("ValueError"));
        assert_eq!(failure.message.as_deref(), Some("secret"));
        assert!(!failure.is_timeout);
        assert_eq!(AnswerError::Function(Box::new(failure)).to_string(), "the function failed");
    }
    for payload in [
        r#"{"errorType":"Sandbox.Timedout","errorMessage":"RequestId: 1 Error: Task timed out"}"#,
        r#"{"errorMessage":"2026-01-01T00:00:00.000Z 1 Task timed out after 3.00 seconds"}"#,
    ] {
        assert!(read(payload).iter().all(|failure| failure.is_timeout));
    }
    assert_eq!(read("no JSON")[0].kind, None);
}

#[test]
fn limits_hold() {
    let limits = AnswerLimits { payload: 100, fields: 2, field_bytes: 20 };
    let read = |payload: &str| {
        Answer::read(Bytes::from(payload.to_owned()), None, Mapping::Automatic, limits)
            .map(|answer| answer.headers.len())
    };
    assert_eq!(read(&"1".repeat(101)), Err(AnswerError::TooLarge(100)));
    assert_eq!(read(r#"{"statusCode":200,"headers":{"a":"1","b":"2"}}"#), Ok(2));
    let many = r#"{"statusCode":200,"multiValueHeaders":{"a":["1","2","3"]}}"#;
    assert_eq!(read(many), Err(AnswerError::HeadersTooLarge));
    let long = r#"{"statusCode":200,"headers":{"a":"01234567890123456789"}}"#;
    assert_eq!(read(long), Err(AnswerError::HeadersTooLarge));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Nothing that a function gives makes a panic, or a status or header that is none.
    #[test]
    fn any_payload_is_an_answer_or_a_mistake(
        payload in prop_oneof![
            any::<Vec<u8>>(),
            (".{0,8}", ".{0,8}", ".{0,20}", any::<i64>(), any::<bool>()).prop_map(
                |(name, value, body, code, flag)| serde_json::json!({
                    "statusCode": code % 700, "headers": {name.clone(): value.clone()},
                    "multiValueHeaders": {name: [value.clone()]}, "cookies": [value],
                    "body": body, "isBase64Encoded": flag,
                }).to_string().into_bytes()),
        ],
    ) {
        for mapping in [Mapping::Whole, Mapping::Proxy1, Mapping::Proxy2, Mapping::Automatic] {
            let payload = Bytes::from(payload.clone());
            if let Ok(answer) = Answer::read(payload, None, mapping, AnswerLimits::default()) {
                prop_assert!((200..600).contains(&answer.status.as_u16()));
                prop_assert!(!answer.headers.contains_key("content-length"));
            }
        }
    }
}
