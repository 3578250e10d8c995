//! What is written is read again as it was.

use bytes::BytesMut;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Version};
use http1::{
    AnswerFraming, CHUNK_END, ChunkHead, Connection, Framing, HeadLimits, HeadReader, LAST_CHUNK,
    write,
};
use proptest::prelude::*;

use crate::checks::{self, Random, read_body};

const LIMITS: HeadLimits = HeadLimits { bytes: 64 * 1024, fields: 64 };

/// A field as a client may send it: values have no white space at their ends.
fn field() -> impl Strategy<Value = (HeaderName, HeaderValue)> {
    let name = prop_oneof![
        "[!#$%&'*+.^_`|~0-9a-z-]{1,80}",
        Just("set-cookie".to_owned()),
        Just("x-request-id".to_owned()),
        Just("content-type".to_owned()),
    ];
    let value =
        proptest::collection::vec(prop_oneof![Just(9_u8), 32..=126_u8, 128..=255_u8], 0..30);
    (name, value).prop_map(|(name, value)| {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        (name, HeaderValue::from_bytes(value.trim_ascii()).unwrap())
    })
}

/// Fields beside those that a reader understands.
fn headers() -> impl Strategy<Value = HeaderMap> {
    let meant = |name: &HeaderName| {
        ["connection", "expect", "host", "content-length"].contains(&name.as_str())
    };
    // Some have more fields than a reader has room for at first.
    let count = prop_oneof![9 => 0..8_usize, 1 => 33..40_usize];
    let fields = count.prop_flat_map(|count| proptest::collection::vec(field(), count));
    fields.prop_map(move |fields| {
        fields.into_iter().filter(|(name, _)| !meant(name)).collect::<HeaderMap>()
    })
}

fn framing() -> impl Strategy<Value = Framing> {
    prop_oneof![Just(Framing::None), any::<u64>().prop_map(Framing::Length), Just(Framing::Chunked)]
}

/// Feeds what was written in pieces.
fn feed<T>(out: &[u8], seed: u64, mut read: impl FnMut(&mut BytesMut) -> Option<T>) -> T {
    let mut buffer = BytesMut::new();
    let pieces = Random(seed).cut(out);
    let (last, first) = pieces.split_last().expect("something was written");
    for piece in first {
        buffer.extend_from_slice(piece);
        assert!(read(&mut buffer).is_none());
    }
    buffer.extend_from_slice(last);
    let head = read(&mut buffer).expect("complete");
    assert!(buffer.is_empty());
    head
}

/// The fields without the length or coding that the writer put there.
fn without_framing(mut headers: HeaderMap) -> HeaderMap {
    headers.remove("content-length");
    headers.remove("transfer-encoding");
    headers
}

proptest! {
    #[test]
    fn a_request_comes_back(
        method in "GET|POST|HEAD|[A-Z]{1,20}",
        target in "/[a-zA-Z0-9/%._~!$&'()*+,;=:@-]{0,40}(\\?[a-z=&%/?]{0,20})?",
        host in "[a-z0-9.-]{0,20}(:[0-9]{1,4})?",
        headers in headers(),
        framing in framing(),
        seed in any::<u64>(),
    ) {
        prop_assume!(method != "CONNECT");
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let mut headers = headers;
        headers.insert("host", HeaderValue::from_str(&host).unwrap());
        let mut out = BytesMut::new();
        write::request_head(&mut out, &method, &target, &headers, framing);
        let mut reader = HeadReader::default();
        let head = feed(&out, seed, |buffer| reader.request(buffer, LIMITS).unwrap());
        prop_assert_eq!(head.method, method);
        prop_assert_eq!(head.target.to_string(), target);
        prop_assert_eq!(head.version, Version::HTTP_11);
        prop_assert_eq!(head.framing, framing);
        prop_assert!(head.keep_alive && !head.expects_continue);
        prop_assert_eq!(without_framing(head.headers), headers);
    }

    #[test]
    fn an_answer_comes_back(
        status in 200_u16..=999,
        headers in headers(),
        framing in prop_oneof![framing(), Just(Framing::Close)],
        close in any::<bool>(),
        seed in any::<u64>(),
    ) {
        prop_assume!(![204, 304].contains(&status));
        let status = StatusCode::from_u16(status).unwrap();
        let said = match framing {
            Framing::None => AnswerFraming::Length(0),
            Framing::Length(length) => AnswerFraming::Length(length),
            Framing::Chunked => AnswerFraming::Chunked,
            Framing::Close => AnswerFraming::Close,
        };
        let framing = if framing == Framing::None { Framing::Length(0) } else { framing };
        let connection = if close { Connection::Close } else { Connection::KeepAlive };
        let mut out = BytesMut::new();
        write::answer_head(&mut out, status, &headers, said, connection);
        let mut reader = HeadReader::default();
        let head =
            feed(&out, seed, |buffer| reader.answer(buffer, LIMITS, &Method::GET).unwrap());
        prop_assert_eq!(head.status, status);
        prop_assert_eq!(head.framing, framing);
        prop_assert_eq!(head.keep_alive, !close && framing != Framing::Close);
        let mut found = without_framing(head.headers);
        prop_assert!(found.remove("connection").is_some());
        prop_assert_eq!(found, headers);
    }

    #[test]
    fn chunks_come_back(
        parts in proptest::collection::vec(
            proptest::collection::vec(any::<u8>(), 1..300), 0..8),
        trailers in proptest::collection::vec(("[a-z]{1,8}-x", "[a-z]{0,8}"), 0..4),
        seed in any::<u64>(),
    ) {
        let mut out = BytesMut::new();
        for part in &parts {
            out.extend_from_slice(ChunkHead::new(part.len()).as_bytes());
            out.extend_from_slice(part);
            out.extend_from_slice(CHUNK_END);
        }
        let trailers: HeaderMap = trailers
            .iter()
            .map(|(name, value)| (name.parse::<HeaderName>().unwrap(), value.parse().unwrap()))
            .collect();
        if trailers.is_empty() {
            out.extend_from_slice(LAST_CHUNK);
        } else {
            write::trailers(&mut out, &trailers);
        }
        out.extend_from_slice(b"rest");
        let body = read_body(Framing::Chunked, &Random(seed).cut(&out));
        prop_assert_eq!(body.content, parts.concat());
        prop_assert_eq!(body.trailers.unwrap_or_default(), trailers);
        prop_assert_eq!((body.end, body.rest), (Ok(()), 4));
    }

    #[test]
    fn a_length_comes_back(
        content in proptest::collection::vec(any::<u8>(), 0..500),
        seed in any::<u64>(),
    ) {
        let stream = [&content[..], b"rest"].concat();
        let framing = Framing::Length(content.len() as u64);
        let body = read_body(framing, &Random(seed).cut(&stream));
        prop_assert_eq!(body.content, content);
        prop_assert_eq!((body.end, body.rest), (Ok(()), 4));
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _head = checks::request_head(&bytes);
        let _answer = checks::answer(&bytes);
        let _body = checks::chunks(&bytes);
    }
}
