#![allow(clippy::unwrap_used, reason = "a failed test may panic")]

//! Every refusal and every form of an answer, byte by byte.

use bytes::BytesMut;
use http::{Method, Version};

use crate::{AnswerHead, Framing, HeadError, HeadLimits, HeadReader};

const LIMITS: HeadLimits = HeadLimits { bytes: 512, fields: 8 };

fn read(bytes: impl AsRef<[u8]>, method: &Method) -> Result<Option<AnswerHead>, HeadError> {
    HeadReader::default().answer(&mut BytesMut::from(bytes.as_ref()), LIMITS, method)
}

#[track_caller]
fn accept(bytes: impl AsRef<[u8]>) -> AnswerHead {
    read(bytes, &Method::GET).expect("accepted").expect("complete")
}

fn read_by_byte(bytes: &[u8]) -> Result<Option<AnswerHead>, HeadError> {
    let (mut reader, mut buffer) = (HeadReader::default(), BytesMut::new());
    for byte in bytes {
        buffer.extend_from_slice(&[*byte]);
        match reader.answer(&mut buffer, LIMITS, &Method::GET) {
            Ok(None) => {}
            result => return result,
        }
    }
    Ok(None)
}

#[track_caller]
fn refuse(bytes: impl AsRef<[u8]>, error: HeadError) {
    let bytes = bytes.as_ref();
    let shown = bytes.escape_ascii();
    assert_eq!(read(bytes, &Method::GET).map(|_| ()), Err(error), "{shown}");
    assert_eq!(read_by_byte(bytes).map(|_| ()), Err(error), "{shown}, byte by byte");
}

#[test]
fn status_lines_that_are_refused() {
    let cases: &[(&[u8], HeadError)] = &[
        (b"\r\nHTTP/1.1 200 OK\r\n\r\n", HeadError::StatusLine),
        (b" HTTP/1.1 200 OK\r\n\r\n", HeadError::StatusLine),
        (b"\x15\x03\x03\x00\x02", HeadError::StatusLine),
        (b"ICY 200 OK\r\n\r\n", HeadError::StatusLine),
        (b"HTTP/1.1\r\n\r\n", HeadError::StatusLine),
        (b"HTTP/1.1 \r\n\r\n", HeadError::StatusLine),
        (b"HTTP/1.1  200 OK\r\n\r\n", HeadError::StatusLine),
        (b"HTTP/1.1\t200 OK\r\n\r\n", HeadError::StatusLine),
        (b"HTTP/1.1 20 OK\r\n\r\n", HeadError::StatusLine),
        (b"HTTP/1.1 2000 OK\r\n\r\n", HeadError::StatusLine),
        (b"HTTP/1.1 +20 OK\r\n\r\n", HeadError::StatusLine),
        (b"HTTP/1.1 2x0 OK\r\n\r\n", HeadError::StatusLine),
        (b"HTTP/1.1 200\tOK\r\n\r\n", HeadError::StatusLine),
        (b"HTTP/1.1 200 O\0K\r\n\r\n", HeadError::StatusLine),
        (b"HTTP/1.1 200 O\x7fK\r\n\r\n", HeadError::StatusLine),
        (b"http/1.1 200 OK\r\n\r\n", HeadError::StatusLine),
        (b"HTTP/1.1x 200 OK\r\n\r\n", HeadError::StatusLine),
        (b"HTTP/2.0 200 OK\r\n\r\n", HeadError::Version),
        (b"HTTP/1.2 200 OK\r\n\r\n", HeadError::Version),
        (b"HTTP/1.1 099 OK\r\n\r\n", HeadError::Status),
        (b"HTTP/1.1 000 OK\r\n\r\n", HeadError::Status),
    ];
    cases.iter().for_each(|(bytes, error)| refuse(bytes, *error));
}

#[test]
fn lines_that_are_refused() {
    let cases: &[(&[u8], HeadError)] = &[
        (b"HTTP/1.1 200 OK\n\n", HeadError::BareLineFeed),
        (b"HTTP/1.1 200 OK\r\nA: b\n\r\n", HeadError::BareLineFeed),
        (b"HTTP/1.1 200 OK\r\nA: b\r\n\n", HeadError::BareLineFeed),
        (b"HTTP/1.1 200\nA: b\r\n\r\n", HeadError::BareLineFeed),
        (b"HTTP/1.1 200 O\rK\r\n\r\n", HeadError::BareCarriageReturn),
        (b"HTTP/1.1 200 OK\r\nA: b\rC: d\r\n\r\n", HeadError::BareCarriageReturn),
        (b"HTTP/1.1 200 OK\r\n A: b\r\n\r\n", HeadError::Folding),
        (b"HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n", HeadError::Folding),
        (b"HTTP/1.1 200 OK\r\nA : b\r\n\r\n", HeadError::SpaceBeforeColon),
        (b"HTTP/1.1 200 OK\r\nA\r\n\r\n", HeadError::ColonMissing),
        (b"HTTP/1.1 200 OK\r\n: b\r\n\r\n", HeadError::NameInvalid),
        (b"HTTP/1.1 200 OK\r\nA B: c\r\n\r\n", HeadError::NameInvalid),
        (b"HTTP/1.1 200 OK\r\nA: \0\r\n\r\n", HeadError::FieldInvalid),
    ];
    cases.iter().for_each(|(bytes, error)| refuse(bytes, *error));
    let long = format!("HTTP/1.1 200 {}\r\n\r\n", "a".repeat(512));
    refuse(long, HeadError::TooLarge);
    refuse(format!("HTTP/1.1 200 OK\r\n{}\r\n", "A: b\r\n".repeat(9)), HeadError::TooManyFields);
}

#[test]
fn lengths_and_codings_that_are_refused() {
    let cases = [
        ("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n", HeadError::BothLengths),
        ("Content-Length: 1\r\nContent-Length: 1\r\n", HeadError::LengthRepeated),
        ("Content-Length: 1, 1\r\n", HeadError::LengthInvalid),
        ("Content-Length: -1\r\n", HeadError::LengthInvalid),
        ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", HeadError::CodingInvalid),
        ("Transfer-Encoding: identity\r\n", HeadError::CodingInvalid),
        ("Transfer-Encoding: gzip\r\n", HeadError::CodingInvalid),
        ("Transfer-Encoding: gzip, chunked\r\n", HeadError::CodingUnknown),
    ];
    for (lines, error) in cases {
        refuse(format!("HTTP/1.1 200 OK\r\n{lines}\r\n"), error);
        // That there is no body does not make them true.
        refuse(format!("HTTP/1.1 304 Not Modified\r\n{lines}\r\n"), error);
    }
    let coding = "Transfer-Encoding: chunked";
    refuse(format!("HTTP/1.0 200 OK\r\n{coding}\r\n\r\n"), HeadError::CodingOnHttp10);
    for status in [100, 101, 103, 204] {
        refuse(format!("HTTP/1.1 {status} A\r\n{coding}\r\n\r\n"), HeadError::CodingWithoutBody);
    }
}

#[test]
fn framings_that_are_accepted() {
    let length = "Content-Length: 5\r\n";
    let chunked = "Transfer-Encoding: Chunked\r\n";
    let cases = [
        (200, Method::GET, "", Framing::Close),
        (200, Method::GET, length, Framing::Length(5)),
        (200, Method::GET, "Content-Length: 0\r\n", Framing::Length(0)),
        (200, Method::GET, chunked, Framing::Chunked),
        (205, Method::GET, "Content-Length: 0\r\n", Framing::Length(0)),
        (404, Method::POST, length, Framing::Length(5)),
        (799, Method::POST, length, Framing::Length(5)),
        (100, Method::GET, length, Framing::None),
        (101, Method::GET, "", Framing::None),
        (204, Method::GET, length, Framing::None),
        (304, Method::GET, length, Framing::None),
        (304, Method::GET, chunked, Framing::None),
        (200, Method::HEAD, "", Framing::None),
        (200, Method::HEAD, length, Framing::None),
        (200, Method::HEAD, chunked, Framing::None),
        (200, Method::CONNECT, length, Framing::None),
        (200, Method::CONNECT, chunked, Framing::None),
        (407, Method::CONNECT, length, Framing::Length(5)),
    ];
    for (status, method, lines, framing) in cases {
        let bytes = format!("HTTP/1.1 {status} A\r\n{lines}\r\n");
        let head = read(&bytes, &method).unwrap().unwrap();
        assert_eq!((head.status.as_u16(), head.framing), (status, framing), "{method} {bytes}");
        assert_eq!(head.keep_alive, framing != Framing::Close);
    }
}

#[test]
fn reasons_are_dropped() {
    let lines: [&[u8]; 5] = [b"200 OK", b"200 ", b"200", b"200 A  b\tc", b"200 \xe4"];
    for line in lines {
        let bytes = [b"HTTP/1.1 ", line, b"\r\nA: b\r\n\r\n"].concat();
        assert_eq!(accept(bytes).headers.len(), 1);
    }
}

#[test]
fn connections_that_live_on() {
    let length = "Content-Length: 0\r\n";
    let cases = [
        ("1.1", "", true),
        ("1.1", "Connection: Close\r\n", false),
        ("1.1", "Connection: a,close\r\n", false),
        ("1.0", "", false),
        ("1.0", "Connection: keep-alive\r\n", true),
        ("1.0", "Connection: keep-alive\r\nConnection: close\r\n", false),
    ];
    for (version, lines, keep_alive) in cases {
        let head = accept(format!("HTTP/{version} 200 OK\r\n{length}{lines}\r\n"));
        assert_eq!(head.keep_alive, keep_alive, "{version} {lines}");
        let unframed = accept(format!("HTTP/{version} 200 OK\r\n{lines}\r\n"));
        assert!(!unframed.keep_alive);
    }
    assert_eq!(accept("HTTP/1.0 200 OK\r\n\r\n").version, Version::HTTP_10);
}

#[test]
fn an_interim_answer_is_followed_by_the_final_one() {
    let bytes = "HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\nHTTP/1.1 200 OK\r\n\r\nbody";
    let (mut reader, mut buffer) = (HeadReader::default(), BytesMut::from(bytes));
    for (status, framing) in [(103, Framing::None), (200, Framing::Close)] {
        let head = reader.answer(&mut buffer, LIMITS, &Method::GET).unwrap().unwrap();
        assert_eq!((head.status.as_u16(), head.framing), (status, framing));
    }
    assert_eq!(buffer, "body");
}

#[test]
fn a_head_is_the_same_wherever_it_is_split() {
    let bytes = b"HTTP/1.1 200 \xe4\r\nX: \xff \r\nSet-Cookie: a\r\nset-cookie: b\r\n\
        Content-Length: 5\r\n\r\nhello";
    for at in 0..bytes.len() {
        let (mut reader, mut buffer) = (HeadReader::default(), BytesMut::from(&bytes[..at]));
        let first = reader.answer(&mut buffer, LIMITS, &Method::GET).unwrap();
        buffer.extend_from_slice(&bytes[at..]);
        let head = match first {
            Some(head) => head,
            None => reader.answer(&mut buffer, LIMITS, &Method::GET).unwrap().unwrap(),
        };
        assert_eq!(head.framing, Framing::Length(5));
        assert_eq!(head.headers["x"].as_bytes(), b"\xff");
        assert_eq!(head.headers.get_all("set-cookie").iter().collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(buffer, "hello");
    }
}
