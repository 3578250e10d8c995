use super::table::TABLE;
use super::{Reason, Refusal, Repeat};

fn read(status: u16, error_type: Option<&str>, body: &str) -> Refusal {
    Refusal::read(status, error_type, None, body.as_bytes())
}

#[test]
fn a_throttled_call_says_how_long_to_wait_and_why() {
    let body = r#"{"Type":"User","message":"Rate Exceeded.",
        "Reason":"ReservedFunctionConcurrentInvocationLimitExceeded"}"#;
    let refusal = Refusal::read(429, Some("TooManyRequestsException"), Some("3"), body.as_bytes());
    assert_eq!((refusal.reason, refusal.repeat), (Reason::Throttled, Repeat::Later));
    assert_eq!(refusal.retry_after, Some(3));
    let reason = refusal.throttle.as_deref();
    assert_eq!(reason, Some("ReservedFunctionConcurrentInvocationLimitExceeded"));
    assert_eq!(refusal.message, "Rate Exceeded.");
    let pause = |text| Refusal::read(429, None, Some(text), b"").retry_after;
    assert_eq!((pause("soon"), pause("-1"), pause("99999999")), (None, None, Some(3600)));
}

#[test]
fn the_name_is_found_wherever_it_stands() {
    let name = |error_type, body| read(404, error_type, body).name;
    let expected = "ResourceNotFoundException";
    let long = "com.amazonaws.lambda#ResourceNotFoundException:http://internal.amazon.com/coral/";
    assert_eq!(name(Some(long), ""), expected);
    assert_eq!(name(None, r#"{"__type":"com.amazonaws#ResourceNotFoundException"}"#), expected);
    assert_eq!(name(None, r#"{"code":"ResourceNotFoundException"}"#), expected);
    assert_eq!(name(None, r#"{"Type":"ResourceNotFoundException"}"#), expected);
    assert_eq!(name(None, r#"{"Type":"User"}"#), "");
}

#[test]
fn the_name_decides_and_the_status_only_without_one() {
    let meaning = |status, name, body| {
        let refusal = read(status, name, body);
        (refusal.reason, refusal.is_safe_to_repeat())
    };
    let cases = [
        (404, Some("ResourceNotFoundException"), (Reason::NotFound, false)),
        (403, Some("AccessDeniedException"), (Reason::Denied, false)),
        (403, Some("ExpiredTokenException"), (Reason::Expired, true)),
        (403, Some("UnrecognizedClientException"), (Reason::Credentials, true)),
        (403, Some("EFSMountFailureException"), (Reason::FileSystem, false)),
        (413, Some("RequestTooLargeException"), (Reason::TooLarge, false)),
        (400, Some("InvalidRequestContentException"), (Reason::Invalid, false)),
        (415, Some("UnsupportedMediaTypeException"), (Reason::MediaType, false)),
        (502, Some("ResourceNotReadyException"), (Reason::NotReady, true)),
        (409, Some("ResourceConflictException"), (Reason::Conflict, true)),
        (502, Some("ENINotReadyException"), (Reason::Network, true)),
        (502, Some("KMSDisabledException"), (Reason::Key, false)),
        (500, Some("ServiceException"), (Reason::Service, false)),
        (429, None, (Reason::Throttled, true)),
        (413, None, (Reason::TooLarge, false)),
        (502, Some("SomethingNewException"), (Reason::Service, false)),
        (302, None, (Reason::Other, false)),
    ];
    for (status, name, expected) in cases {
        assert_eq!(meaning(status, name, ""), expected, "{status} {name:?}");
    }
    let late = r#"{"message":"Signature expired: 20260101T000000Z is now earlier than …"}"#;
    let expected = (Reason::Credentials, false);
    assert_eq!(meaning(403, Some("InvalidSignatureException"), late), expected);
}

#[test]
fn every_name_stands_once() {
    let mut names: Vec<&str> = TABLE.iter().map(|row| row.0).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), TABLE.len());
}

#[test]
fn bodies_that_are_no_object_say_nothing() {
    for body in ["", "{", "[]", "<html>", "null"] {
        let refusal = read(503, None, body);
        assert_eq!((refusal.reason, &*refusal.name, &*refusal.message), (Reason::Service, "", ""));
    }
}
