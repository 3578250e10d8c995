#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::HashSet;

use proptest::prelude::*;

use super::*;

const VALID: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        headers.append(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
    }
    headers
}

fn incoming(traceparent: &str) -> TraceContext {
    TraceContext::incoming(&headers(&[("traceparent", traceparent)]))
}

#[test]
fn a_valid_trace_is_continued_with_a_span_of_its_own() {
    let context = incoming(VALID);
    assert_eq!(context.trace_id.to_string(), "4bf92f3577b34da6a3ce929d0e0e4736");
    assert_eq!(context.parent.unwrap().to_string(), "00f067aa0ba902b7");
    assert_ne!(context.span, context.parent.unwrap());
    let expected = format!("00-4bf92f3577b34da6a3ce929d0e0e4736-{}-01", context.span);
    assert_eq!(context.header_value(), expected.as_str());
}

#[test]
fn what_is_not_well_formed_begins_a_new_trace() {
    for text in [
        "",
        "00",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
        "00-4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e473g-00f067aa0ba902b7-01",
        "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01more",
    ] {
        assert_eq!(incoming(text).parent, None, "{text}");
    }
}

#[test]
fn a_later_version_is_read_by_its_first_fields() {
    for text in [
        "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-ff",
        "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-ff-what.the.future.brings",
    ] {
        let context = incoming(text);
        assert!(context.parent.is_some(), "{text}");
        assert_eq!(context.flags, KNOWN_FLAGS);
    }
}

#[test]
fn two_parents_are_none() {
    let headers = headers(&[("traceparent", VALID), ("traceparent", VALID)]);
    assert_eq!(TraceContext::incoming(&headers).parent, None);
}

#[test]
fn the_state_of_another_trace_is_not_handed_on() {
    for (traceparent, kept) in [(VALID, true), ("nonsense", false)] {
        let mut headers = headers(&[("traceparent", traceparent), ("tracestate", "a=b")]);
        let context = TraceContext::incoming(&headers);
        context.apply(&mut headers);
        assert_eq!(headers.contains_key(TRACESTATE), kept);
        assert_eq!(headers[TRACEPARENT], context.header_value());
    }
}

#[test]
fn a_request_id_of_the_client_is_kept_when_it_is_harmless() {
    let longest = "x".repeat(LONGEST_REQUEST_ID);
    for text in ["a", "3f2-ok_!", &longest] {
        assert_eq!(request_id(&headers(&[("x-request-id", text)])), text);
    }
    let too_long = "x".repeat(LONGEST_REQUEST_ID + 1);
    for text in ["", "two words", "tab\there", &too_long] {
        let made = request_id(&headers(&[("x-request-id", text)]));
        assert_eq!(made.len(), 36, "{text}");
    }
    let twice = headers(&[("x-request-id", "a"), ("x-request-id", "b")]);
    assert_eq!(request_id(&twice).len(), 36);
}

#[test]
fn new_request_ids_are_uuids_and_differ() {
    let ids: HashSet<String> =
        (0..100).map(|_| new_request_id().to_str().unwrap().to_owned()).collect();
    assert_eq!(ids.len(), 100);
    for id in ids {
        assert_eq!(uuid::Uuid::parse_str(&id).unwrap().get_version_num(), 4);
    }
}

proptest! {
    #[test]
    fn any_bytes_can_be_parsed(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
        if let Some(context) = parse(&bytes) {
            prop_assert!(context.parent.is_some());
        }
    }

    #[test]
    fn a_text_with_one_wrong_byte_is_refused_or_well_formed(place in 0..LENGTH, byte: u8) {
        let mut text = VALID.as_bytes().to_vec();
        text[place] = byte;
        if let Some(context) = parse(&text) {
            let lower_hex = byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
            prop_assert!(lower_hex || byte == VALID.as_bytes()[place]);
            prop_assert_ne!(context.trace_id.0, [0; 16]);
        }
    }

    #[test]
    fn what_is_handed_on_is_read_back(trace in any::<[u8; 16]>(), span in any::<[u8; 8]>(), flags in 0..4_u8) {
        prop_assume!(trace != [0; 16] && span != [0; 8]);
        let sent = TraceContext { trace_id: TraceId(trace), parent: None, span: SpanId(span), flags };
        let read = parse(sent.header_value().as_bytes()).unwrap();
        prop_assert_eq!((read.trace_id, read.parent, read.flags), (sent.trace_id, Some(sent.span), flags));
    }
}
