#![allow(clippy::unwrap_used, reason = "a failed test may panic")]

use aws_smithy_eventstream::frame::write_message_to;
use aws_smithy_types::event_stream::{Header, HeaderValue, Message};
use bytes::{Bytes, BytesMut};
use proptest::prelude::*;

use super::{
    FrameError, FrameReader, Part, StreamError, StreamForm, StreamLimits, StreamReader, Value,
};

const HEAD: &[u8] = br#"{"statusCode":201,"headers":{"x-a":"1"},"cookies":["c=1"]}"#;

fn text(value: &str) -> HeaderValue {
    HeaderValue::String(value.to_owned().into())
}

fn message(headers: &[(&'static str, &str)], payload: &[u8]) -> Vec<u8> {
    let mut message = Message::new(Bytes::copy_from_slice(payload));
    for (name, value) in headers {
        message = message.add_header(Header::new(*name, text(value)));
    }
    let mut bytes = Vec::new();
    write_message_to(&message, &mut bytes).unwrap();
    bytes
}

fn event(kind: &str, payload: &[u8]) -> Vec<u8> {
    message(&[(":message-type", "event"), (":event-type", kind)], payload)
}

fn chunk(payload: &[u8]) -> Vec<u8> {
    event("PayloadChunk", payload)
}

fn integration(body: &[u8]) -> Vec<u8> {
    [HEAD, &[0; 8], body].concat()
}

/// Status, body, and how it ended.
type Outcome = (Option<u16>, Vec<u8>, Result<(), StreamError>);

/// Reads what comes in pieces of these sizes, again and again.
fn read(bytes: &[u8], form: StreamForm, limits: StreamLimits, sizes: &[usize]) -> Outcome {
    let mut reader = StreamReader::new(form, limits);
    let (mut buffer, mut status, mut body) = (BytesMut::new(), None, Vec::new());
    let (mut rest, mut sizes) = (bytes, sizes.iter().cycle());
    loop {
        match reader.next(&mut buffer) {
            Err(error) => return (status, body, Err(error)),
            Ok(Some(Part::Head(head))) => {
                assert!(status.replace(head.status.as_u16()).is_none(), "one head");
            }
            Ok(Some(Part::Body(bytes))) => {
                assert!(status.is_some() && !bytes.is_empty());
                body.extend_from_slice(&bytes);
            }
            Ok(Some(Part::End)) => return (status, body, reader.finish()),
            Ok(None) if rest.is_empty() => return (status, body, reader.finish()),
            Ok(None) => {
                let size = (*sizes.next().unwrap()).clamp(1, rest.len());
                let (piece, behind) = rest.split_at(size);
                buffer.extend_from_slice(piece);
                rest = behind;
            }
        }
    }
}

fn whole(bytes: &[u8], form: StreamForm) -> Outcome {
    read(bytes, form, StreamLimits::default(), &[usize::MAX])
}

#[test]
fn status_headers_and_body_come_as_they_are_streamed() {
    let bytes = [
        event("initial-response", b""),
        chunk(&integration(b"one")),
        chunk(b""),
        chunk(b"two"),
        event("SomethingNew", b"?"),
        event("InvokeComplete", b"{\"LogResult\":\"eA==\"}"),
    ]
    .concat();
    assert_eq!(whole(&bytes, StreamForm::Integration), (Some(201), b"onetwo".to_vec(), Ok(())));
    let mut buffer = BytesMut::from(&bytes[..]);
    let mut reader = StreamReader::new(StreamForm::Integration, StreamLimits::default());
    let Ok(Some(Part::Head(head))) = reader.next(&mut buffer) else { panic!("a head") };
    assert_eq!(head.headers.get("x-a").unwrap(), "1");
    assert_eq!(head.headers.get("set-cookie").unwrap(), "c=1");
}

#[test]
fn a_head_may_come_in_pieces_of_its_own() {
    let body = integration(b"body");
    for size in 1..body.len() {
        let mut bytes: Vec<u8> = body.chunks(size).flat_map(chunk).collect();
        bytes.extend(event("InvokeComplete", b""));
        assert_eq!(whole(&bytes, StreamForm::Integration), (Some(201), b"body".to_vec(), Ok(())));
    }
}

#[test]
fn a_raw_stream_is_all_body() {
    let bytes = [chunk(HEAD), event("InvokeComplete", b"{}")].concat();
    assert_eq!(whole(&bytes, StreamForm::Raw), (Some(200), HEAD.to_vec(), Ok(())));
    let empty = event("InvokeComplete", b"{}");
    assert_eq!(whole(&empty, StreamForm::Raw), (Some(200), Vec::new(), Ok(())));
    assert_eq!(StreamForm::of(Some("text/plain")), StreamForm::Raw);
    assert_eq!(StreamForm::of(Some("application/vnd.amazon.eventstream")), StreamForm::Unknown);
    assert_eq!(StreamForm::of(None), StreamForm::Unknown);
    assert_eq!(StreamForm::of(Some(super::INTEGRATION_RESPONSE)), StreamForm::Integration);
}

#[test]
fn a_form_that_nobody_names_is_seen_by_its_first_byte() {
    let form = StreamForm::Unknown;
    let end = || event("InvokeComplete", b"{}");
    let with_head = [chunk(b""), chunk(&integration(b"body")), end()].concat();
    assert_eq!(whole(&with_head, form), (Some(201), b"body".to_vec(), Ok(())));
    let raw = [chunk(b"some"), chunk(b"{text}"), end()].concat();
    assert_eq!(whole(&raw, form), (Some(200), b"some{text}".to_vec(), Ok(())));
    assert_eq!(whole(&end(), form), (Some(200), Vec::new(), Ok(())));
    assert_eq!(whole(&chunk(b""), form), (None, Vec::new(), Err(StreamError::Unfinished)));
}

#[test]
fn failures_on_the_way_are_told() {
    let failed = br#"{"ErrorCode":"Runtime.Failed","ErrorDetails":"why"}"#;
    let bytes = [chunk(&integration(b"some")), event("InvokeComplete", failed)].concat();
    let (status, body, end) = whole(&bytes, StreamForm::Integration);
    assert_eq!((status, body), (Some(201), b"some".to_vec()));
    let Err(StreamError::Function(failure)) = end else { panic!("{end:?}") };
    assert_eq!(failure.kind.as_deref(), Some("Runtime.Failed"));
    assert_eq!(failure.message.as_deref(), Some("why"));

    let late = br#"{"ErrorCode":"Sandbox.Timedout"}"#;
    let end = whole(&event("InvokeComplete", late), StreamForm::Integration).2;
    assert!(matches!(end, Err(StreamError::Function(failure)) if failure.is_timeout));

    let headers = [(":message-type", "exception"), (":exception-type", "serviceException")];
    let end = whole(&message(&headers, br#"{"message":"m"}"#), StreamForm::Raw).2;
    let Err(StreamError::Service(failure)) = end else { panic!("{end:?}") };
    assert_eq!((&*failure.code, &*failure.message), ("serviceException", "m"));

    let headers = [(":message-type", "error"), (":error-code", "c"), (":error-message", "m")];
    let end = whole(&message(&headers, b""), StreamForm::Raw).2;
    assert!(matches!(end, Err(StreamError::Service(failure)) if failure.message == "m"));
}

#[test]
fn a_stream_that_is_cut_off_is_not_finished() {
    let bytes = [chunk(&integration(b"some")), event("InvokeComplete", b"{}")].concat();
    for length in 0..bytes.len() {
        let end = whole(&bytes[..length], StreamForm::Integration).2;
        assert_eq!(end, Err(StreamError::Unfinished), "{length}");
    }
}

#[test]
fn heads_that_are_none_are_refused() {
    let end = |payload: &[u8]| {
        let bytes = [chunk(payload), event("InvokeComplete", b"{}")].concat();
        let limits = StreamLimits { head: 64, ..StreamLimits::default() };
        read(&bytes, StreamForm::Integration, limits, &[usize::MAX]).2.unwrap_err()
    };
    assert_eq!(end(HEAD), StreamError::HeadMissing);
    assert_eq!(end(b""), StreamError::HeadMissing);
    assert_eq!(end(&[b' '; 65]), StreamError::HeadTooLarge(64));
    assert_eq!(end(b"{}\0\0\0x"), StreamError::HeadTooLarge(64));
    assert!(matches!(end(b"[200]\0\0\0\0\0\0\0\0"), StreamError::Head(_)));
    assert!(matches!(end(b"{\"statusCode\":7}\0\0\0\0\0\0\0\0"), StreamError::Head(_)));
}

#[test]
fn limits_hold() {
    let bytes = [chunk(b"12345"), chunk(b"67890")].concat();
    let limits = StreamLimits { total: Some(9), ..StreamLimits::default() };
    let (_, body, end) = read(&bytes, StreamForm::Raw, limits, &[usize::MAX]);
    assert_eq!((&body[..], end), (&b"12345"[..], Err(StreamError::TooLarge(9))));
    let limits = StreamLimits { frame: 69, ..StreamLimits::default() };
    let end = read(&bytes, StreamForm::Raw, limits, &[1]).2;
    assert_eq!(end, Err(StreamError::Frame(FrameError::TooLarge)));
}

#[test]
fn every_type_of_header_is_read() {
    let values = [
        (HeaderValue::Bool(true), Value::Bool(true)),
        (HeaderValue::Bool(false), Value::Bool(false)),
        (HeaderValue::Byte(-3), Value::Byte(-3)),
        (HeaderValue::Int16(-300), Value::Short(-300)),
        (HeaderValue::Int32(-70_000), Value::Int(-70_000)),
        (HeaderValue::Int64(i64::MIN), Value::Long(i64::MIN)),
        (
            HeaderValue::ByteArray(Bytes::from_static(b"\xff")),
            Value::Bytes(Bytes::from_static(b"\xff")),
        ),
        (text("ü"), Value::Text("ü".to_owned())),
        (HeaderValue::Timestamp(aws_smithy_types::DateTime::from_millis(-5)), Value::Time(-5)),
        (HeaderValue::Uuid(u128::MAX - 1), Value::Uuid(u128::MAX - 1)),
    ];
    let mut message = Message::new(Bytes::from_static(b"payload"));
    for (index, (value, _)) in values.iter().enumerate() {
        message = message.add_header(Header::new(format!("h{index}"), value.clone()));
    }
    let mut bytes = Vec::new();
    write_message_to(&message, &mut bytes).unwrap();
    let mut buffer = BytesMut::from(&bytes[..]);
    let frame = FrameReader::new(1024).next(&mut buffer).unwrap().unwrap();
    assert!(buffer.is_empty());
    assert_eq!(&frame.payload[..], b"payload");
    let read: Vec<&Value> = frame.headers.iter().map(|(_, value)| value).collect();
    assert_eq!(read, values.iter().map(|(_, value)| value).collect::<Vec<_>>());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// However the bytes are cut, the answer is the same.
    #[test]
    fn pieces_make_no_difference(
        body in any::<Vec<u8>>(), frame in 1_usize..40,
        sizes in proptest::collection::vec(1_usize..50, 1..8),
    ) {
        let sent = integration(&body);
        let mut bytes: Vec<u8> = sent.chunks(frame).flat_map(chunk).collect();
        bytes.extend(event("InvokeComplete", b"{}"));
        let outcome = read(&bytes, StreamForm::Integration, StreamLimits::default(), &sizes);
        prop_assert_eq!(outcome, (Some(201), body, Ok(())));
    }

    /// One bit that is another is always noticed, however the bytes are cut.
    #[test]
    fn damage_is_noticed(at in any::<prop::sample::Index>(), bit in 0_u8..8) {
        let mut bytes = [chunk(&integration(b"some")), event("InvokeComplete", b"{}")].concat();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        for sizes in [[1], [usize::MAX]] {
            let end = read(&bytes, StreamForm::Integration, StreamLimits::default(), &sizes).2;
            prop_assert!(end.is_err());
        }
    }

    /// Bytes with sums that fit are read as another library reads them, or refused by both.
    #[test]
    fn frames_are_what_another_library_sees(
        headers in proptest::collection::vec(any::<u8>(), 0..40),
        payload in any::<Vec<u8>>(), is_typed in any::<bool>(),
    ) {
        // Half of them begin like a header, since pure chance hardly makes one.
        let begin: &[u8] = if is_typed { &[1, b'a'] } else { &[] };
        let headers = [begin, &headers].concat();
        let mut bytes = u32::try_from(16 + headers.len() + payload.len()).unwrap().to_be_bytes().to_vec();
        bytes.extend(u32::try_from(headers.len()).unwrap().to_be_bytes());
        bytes.extend(crc32fast::hash(&bytes).to_be_bytes());
        bytes.extend(&headers);
        bytes.extend(&payload);
        bytes.extend(crc32fast::hash(&bytes).to_be_bytes());
        let ours = FrameReader::new(usize::MAX).next(&mut BytesMut::from(&bytes[..]));
        let theirs = aws_smithy_eventstream::frame::read_message_from(&mut &bytes[..]);
        if let Ok(ours) = ours {
            let (ours, theirs) = (ours.unwrap(), theirs.unwrap());
            prop_assert_eq!(&ours.payload, theirs.payload());
            prop_assert_eq!(ours.headers.iter().count(), theirs.headers().len());
        }
    }
}
