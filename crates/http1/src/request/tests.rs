#![allow(clippy::unwrap_used, reason = "a failed test may panic")]

//! Every refusal and every form of a request, byte by byte.

use bytes::BytesMut;
use http::{Method, Version};

use crate::{Framing, HeadError, HeadLimits, HeadReader, RequestHead};

const LIMITS: HeadLimits = HeadLimits { bytes: 512, fields: 8 };

fn read(bytes: impl AsRef<[u8]>) -> Result<Option<RequestHead>, HeadError> {
    read_within(bytes, LIMITS)
}

fn read_within(
    bytes: impl AsRef<[u8]>,
    limits: HeadLimits,
) -> Result<Option<RequestHead>, HeadError> {
    HeadReader::default().request(&mut BytesMut::from(bytes.as_ref()), limits)
}

#[track_caller]
fn accept(bytes: impl AsRef<[u8]>) -> RequestHead {
    read(bytes).expect("accepted").expect("complete")
}

/// A request of HTTP/1.1 with these lines behind its host.
fn with(lines: &str) -> String {
    format!("POST /a HTTP/1.1\r\nHost: a\r\n{lines}\r\n")
}

/// Fed byte by byte the answer is the same, and comes no later than at the end.
fn read_by_byte(bytes: &[u8], limits: HeadLimits) -> Result<Option<RequestHead>, HeadError> {
    let (mut reader, mut buffer) = (HeadReader::default(), BytesMut::new());
    for byte in bytes {
        buffer.extend_from_slice(&[*byte]);
        match reader.request(&mut buffer, limits) {
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
    assert_eq!(read(bytes).map(|_| ()), Err(error), "{shown}");
    assert_eq!(read_by_byte(bytes, LIMITS).map(|_| ()), Err(error), "{shown}, byte by byte");
}

#[test]
fn start_lines_that_are_refused() {
    let cases: &[(&[u8], HeadError)] = &[
        (b"\r\n\r\n\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", HeadError::EmptyLines),
        (b"\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", HeadError::BareLineFeed),
        (b"\rGET / HTTP/1.1\r\nHost: a\r\n\r\n", HeadError::BareCarriageReturn),
        (b" GET / HTTP/1.1\r\nHost: a\r\n\r\n", HeadError::MethodInvalid),
        (b"\x16\x03\x01\x02\x00", HeadError::MethodInvalid),
        (b"G(T / HTTP/1.1\r\nHost: a\r\n\r\n", HeadError::MethodInvalid),
        (b"GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", HeadError::MethodInvalid),
        (b"G\0T / HTTP/1.1\r\nHost: a\r\n\r\n", HeadError::MethodInvalid),
        (b"G\xc3\xa4T / HTTP/1.1\r\nHost: a\r\n\r\n", HeadError::MethodInvalid),
        (b"GET\r\nHost: a\r\n\r\n", HeadError::RequestLine),
        (b"GET /\r\nHost: a\r\n\r\n", HeadError::RequestLine),
        (b"GET / \r\nHost: a\r\n\r\n", HeadError::RequestLine),
        (b"GET / HTTP/1.1 \r\nHost: a\r\n\r\n", HeadError::RequestLine),
        (b"GET / http/1.1\r\nHost: a\r\n\r\n", HeadError::RequestLine),
        (b"GET / HTTP/11\r\nHost: a\r\n\r\n", HeadError::RequestLine),
        (b"GET / HTTP/1.10\r\nHost: a\r\n\r\n", HeadError::RequestLine),
        (b"GET / HTTP/+1.1\r\nHost: a\r\n\r\n", HeadError::RequestLine),
        (b"GET / XTTP/1.1\r\nHost: a\r\n\r\n", HeadError::RequestLine),
        (b"GET / HTTP/2.0\r\nHost: a\r\n\r\n", HeadError::Version),
        (b"GET / HTTP/0.9\r\nHost: a\r\n\r\n", HeadError::Version),
        (b"GET / HTTP/1.2\r\nHost: a\r\n\r\n", HeadError::Version),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", HeadError::Version),
    ];
    cases.iter().for_each(|(bytes, error)| refuse(bytes, *error));
}

#[test]
fn targets_that_are_refused() {
    let cases = [
        ("GET", " /", HeadError::TargetInvalid),
        ("GET", "/ ", HeadError::TargetInvalid),
        ("GET", "/a b", HeadError::TargetInvalid),
        ("GET", "/a\tb", HeadError::TargetInvalid),
        ("GET", "/a\0b", HeadError::TargetInvalid),
        ("GET", "/a\u{7f}", HeadError::TargetInvalid),
        ("GET", "/a#b", HeadError::TargetInvalid),
        ("GET", "#", HeadError::TargetInvalid),
        ("GET", "http://a/#b", HeadError::TargetInvalid),
        ("GET", "a", HeadError::TargetInvalid),
        ("GET", "a/b", HeadError::TargetInvalid),
        ("GET", "?a", HeadError::TargetInvalid),
        ("GET", "a:80", HeadError::TargetInvalid),
        ("GET", "*", HeadError::TargetInvalid),
        ("OPTIONS", "**", HeadError::TargetInvalid),
        ("OPTIONS", "*/a", HeadError::TargetInvalid),
        ("GET", "ftp://a/", HeadError::TargetInvalid),
        ("GET", "file:///a", HeadError::TargetInvalid),
        ("GET", "http:/a", HeadError::TargetInvalid),
        ("GET", "http:///a", HeadError::TargetInvalid),
        ("GET", "http://", HeadError::TargetInvalid),
        ("GET", "http://:80/", HeadError::TargetInvalid),
        ("GET", "http://a:b/", HeadError::TargetInvalid),
        ("GET", "http://a:99999/", HeadError::TargetInvalid),
        ("GET", "http://u@a/", HeadError::TargetUser),
        ("GET", "http://u:p@a/", HeadError::TargetUser),
        ("CONNECT", "/", HeadError::TargetInvalid),
        ("CONNECT", "*", HeadError::TargetInvalid),
        ("CONNECT", "a", HeadError::TargetInvalid),
        ("CONNECT", ":80", HeadError::TargetInvalid),
        ("CONNECT", "a:80/", HeadError::TargetInvalid),
        ("CONNECT", "http://a:80", HeadError::TargetInvalid),
        ("CONNECT", "u@a:80", HeadError::TargetUser),
    ];
    for (method, target, error) in cases {
        refuse(format!("{method} {target} HTTP/1.1\r\nHost: a\r\n\r\n"), error);
    }
    refuse(b"GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n", HeadError::TargetInvalid);
}

#[test]
fn targets_that_are_accepted() {
    let cases = [
        ("GET", "/", "/"),
        ("GET", "//a/../b?c=d&%20", "//a/../b?c=d&%20"),
        ("GET", "/{a}?b={c}", "/{a}?b={c}"),
        ("GET", "/ä", "/ä"),
        ("OPTIONS", "*", "*"),
        ("OPTIONS", "/", "/"),
        ("GET", "http://a", "http://a/"),
        ("GET", "HTTP://a/b?c", "http://a/b?c"),
        ("GET", "https://[::1]:8443/", "https://[::1]:8443/"),
        ("CONNECT", "a:443", "a:443"),
        ("CONNECT", "[::1]:443", "[::1]:443"),
    ];
    for (method, target, expected) in cases {
        let head = accept(format!("{method} {target} HTTP/1.1\r\nHost: a\r\n\r\n"));
        assert_eq!(head.target.to_string(), expected);
        assert_eq!(head.method.as_str(), method);
    }
}

#[test]
fn lines_that_are_refused() {
    let cases: &[(&[u8], HeadError)] = &[
        (b"GET / HTTP/1.1\nHost: a\n\n", HeadError::BareLineFeed),
        (b"GET / HTTP/1.1\nHost: a\r\n\r\n", HeadError::BareLineFeed),
        (b"GET / HTTP/1.1\r\nHost: a\n\r\n", HeadError::BareLineFeed),
        (b"GET / HTTP/1.1\r\nHost: a\n\n", HeadError::BareLineFeed),
        (b"GET / HTTP/1.1\r\nHost: a\r\n\n", HeadError::BareLineFeed),
        (b"GET / HTTP/1.1\r\nHost: a\n\r\n\r\n", HeadError::BareLineFeed),
        (b"GET / HTTP/1.1\r\nHost: a\r\n\n\r\n\r\n", HeadError::BareLineFeed),
        (b"GET / HTTP/1.1\r\nHost: a\r\nA: b\nC: d\r\n\r\n", HeadError::BareLineFeed),
        (b"GET / HTTP/1.1\r\nHost: a\r\nA b\nC: d\r\n\r\n", HeadError::BareLineFeed),
        (b"GET / HTTP/1.1\r\nHost: a\r\nA: b\rC: d\r\n\r\n", HeadError::BareCarriageReturn),
        (b"GET / HTTP/1.1\r\nHost: a\r\nA: b\r\r\n\r\n", HeadError::BareCarriageReturn),
        (b"GET / HTTP/1.1\r\nHost: a\r\n\rA: b\r\n\r\n", HeadError::BareCarriageReturn),
        (b"GET / HTTP/1.1\r\r\nHost: a\r\n\r\n", HeadError::BareCarriageReturn),
        (b"GET /\r HTTP/1.1\r\nHost: a\r\n\r\n", HeadError::BareCarriageReturn),
        (b"GET / HTTP/1.1\r\n Host: a\r\n\r\n", HeadError::Folding),
        (b"GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n", HeadError::Folding),
        (b"GET / HTTP/1.1\r\nHost: a\r\n\tb: c\r\n\r\n", HeadError::Folding),
        (b"GET / HTTP/1.1\r\nHost : a\r\n\r\n", HeadError::SpaceBeforeColon),
        (b"GET / HTTP/1.1\r\nHost\t: a\r\n\r\n", HeadError::SpaceBeforeColon),
        (b"GET / HTTP/1.1\r\nHost\r\n\r\n", HeadError::ColonMissing),
        (b"GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n", HeadError::NameInvalid),
        (b"GET / HTTP/1.1\r\nHost: a\r\nA B: c\r\n\r\n", HeadError::NameInvalid),
        (b"GET / HTTP/1.1\r\nHost: a\r\nA\0: c\r\n\r\n", HeadError::NameInvalid),
        (b"GET / HTTP/1.1\r\nHost: a\r\n(A): c\r\n\r\n", HeadError::NameInvalid),
        (b"GET / HTTP/1.1\r\nHost: a\r\n\"A\": c\r\n\r\n", HeadError::NameInvalid),
        (b"GET / HTTP/1.1\r\nHost: a\r\n\xc3\xa4: c\r\n\r\n", HeadError::NameInvalid),
        (b"GET / HTTP/1.1\r\nHost: a\r\nA: \0\r\n\r\n", HeadError::FieldInvalid),
        (b"GET / HTTP/1.1\r\nHost: a\r\nA: b\x0bc\r\n\r\n", HeadError::FieldInvalid),
        (b"GET / HTTP/1.1\r\nHost: a\r\nA: b\x7f\r\n\r\n", HeadError::FieldInvalid),
    ];
    cases.iter().for_each(|(bytes, error)| refuse(bytes, *error));
}

#[test]
fn hosts_that_are_refused() {
    let cases = [
        ("", HeadError::HostMissing),
        ("A: b\r\n", HeadError::HostMissing),
        ("Host: a\r\nHost: a\r\n", HeadError::HostRepeated),
        ("Host: a\r\nA: b\r\nhOST: c\r\n", HeadError::HostRepeated),
        ("Host:\r\nHost:\r\n", HeadError::HostRepeated),
        ("Host: a b\r\n", HeadError::HostInvalid),
        ("Host: a, b c\r\n", HeadError::HostInvalid),
        ("Host: a/b\r\n", HeadError::HostInvalid),
        ("Host: http://a\r\n", HeadError::HostInvalid),
        ("Host: u@a\r\n", HeadError::HostInvalid),
        ("Host: a?b\r\n", HeadError::HostInvalid),
        ("Host: a#b\r\n", HeadError::HostInvalid),
        ("Host: a\\b\r\n", HeadError::HostInvalid),
        ("Host: a%2\r\n", HeadError::HostInvalid),
        ("Host: a%zzb\r\n", HeadError::HostInvalid),
        ("Host: %\r\n", HeadError::HostInvalid),
        ("Host: ä\r\n", HeadError::HostInvalid),
        ("Host: a:b\r\n", HeadError::HostInvalid),
        ("Host: a:+1\r\n", HeadError::HostInvalid),
        ("Host: a:1:2\r\n", HeadError::HostInvalid),
        ("Host: a:65536\r\n", HeadError::HostInvalid),
        ("Host: a:000080\r\n", HeadError::HostInvalid),
        ("Host: ::1\r\n", HeadError::HostInvalid),
        ("Host: [::1\r\n", HeadError::HostInvalid),
        ("Host: []\r\n", HeadError::HostInvalid),
        ("Host: [::1]a\r\n", HeadError::HostInvalid),
        ("Host: [::1]:a\r\n", HeadError::HostInvalid),
        ("Host: [::1/a]\r\n", HeadError::HostInvalid),
        ("Host: a]\r\n", HeadError::HostInvalid),
    ];
    for (lines, error) in cases {
        refuse(format!("GET / HTTP/1.1\r\n{lines}\r\n"), error);
        if error != HeadError::HostMissing {
            refuse(format!("GET / HTTP/1.0\r\n{lines}\r\n"), error);
        }
    }
}

#[test]
fn hosts_that_are_accepted() {
    let hosts = ["", "a", "a.b-c_d~:80", "127.0.0.1:65535", "[::1]", "[fe80::1]:1", "a%2Db", "a:"];
    for host in hosts {
        let head = accept(format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n"));
        assert_eq!(head.headers["host"], host);
    }
    assert!(accept("GET / HTTP/1.0\r\n\r\n").headers.is_empty());
}

#[test]
fn lengths_and_codings_that_are_refused() {
    let cases = [
        ("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n", HeadError::BothLengths),
        ("Transfer-Encoding: chunked\r\nContent-Length: 0\r\n", HeadError::BothLengths),
        ("Content-Length: 1\r\nContent-Length: 1\r\n", HeadError::LengthRepeated),
        ("Content-Length: 1\r\ncontent-LENGTH: 2\r\n", HeadError::LengthRepeated),
        ("Content-Length: 1, 1\r\n", HeadError::LengthInvalid),
        ("Content-Length: 1,\r\n", HeadError::LengthInvalid),
        ("Content-Length:\r\n", HeadError::LengthInvalid),
        ("Content-Length: +1\r\n", HeadError::LengthInvalid),
        ("Content-Length: -1\r\n", HeadError::LengthInvalid),
        ("Content-Length: 1 2\r\n", HeadError::LengthInvalid),
        ("Content-Length: 0x1\r\n", HeadError::LengthInvalid),
        ("Content-Length: 1_0\r\n", HeadError::LengthInvalid),
        ("Content-Length: 1.0\r\n", HeadError::LengthInvalid),
        ("Content-Length: \"1\"\r\n", HeadError::LengthInvalid),
        ("Content-Length: ١\r\n", HeadError::LengthInvalid),
        ("Content-Length: 18446744073709551616\r\n", HeadError::LengthInvalid),
        ("Content-Length: 99999999999999999999999\r\n", HeadError::LengthInvalid),
        ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", HeadError::CodingInvalid),
        ("Transfer-Encoding: chunked, chunked\r\n", HeadError::CodingInvalid),
        ("Transfer-Encoding: chunked, gzip\r\n", HeadError::CodingInvalid),
        ("Transfer-Encoding: gzip\r\n", HeadError::CodingInvalid),
        ("Transfer-Encoding: identity\r\n", HeadError::CodingInvalid),
        ("Transfer-Encoding: xchunked\r\n", HeadError::CodingInvalid),
        ("Transfer-Encoding: chunked;a=b\r\n", HeadError::CodingInvalid),
        ("Transfer-Encoding: chunked,\r\n", HeadError::CodingInvalid),
        ("Transfer-Encoding: ,chunked\r\n", HeadError::CodingInvalid),
        ("Transfer-Encoding: \"chunked\"\r\n", HeadError::CodingInvalid),
        ("Transfer-Encoding: 'chunked', chunked(\r\n", HeadError::CodingInvalid),
        ("Transfer-Encoding: a b, chunked\r\n", HeadError::CodingInvalid),
        ("Transfer-Encoding:\r\n", HeadError::CodingInvalid),
        ("Transfer-Encoding: chun\tked\r\n", HeadError::CodingInvalid),
        ("Transfer-Encoding: gzip, chunked\r\n", HeadError::CodingUnknown),
        ("Transfer-Encoding: gzip;q=1 , Chunked\r\n", HeadError::CodingUnknown),
        ("Transfer-Encoding: identity, chunked\r\n", HeadError::CodingUnknown),
    ];
    cases.into_iter().for_each(|(lines, error)| refuse(with(lines), error));
    let old = "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n";
    refuse(old, HeadError::CodingOnHttp10);
}

#[test]
fn framings_that_are_accepted() {
    let cases = [
        ("", Framing::None),
        ("Content-Length: 0\r\n", Framing::Length(0)),
        ("content-length:\t 12 \t\r\n", Framing::Length(12)),
        ("Content-Length: 00012\r\n", Framing::Length(12)),
        ("CONTENT-LENGTH: 18446744073709551615\r\n", Framing::Length(u64::MAX)),
        ("Transfer-Encoding: chunked\r\n", Framing::Chunked),
        ("transfer-encoding:CHUNKED\r\n", Framing::Chunked),
    ];
    for (lines, framing) in cases {
        assert_eq!(accept(with(lines)).framing, framing, "{lines}");
        for method in ["GET", "HEAD", "DELETE", "PURGE"] {
            let head = accept(with(lines).replace("POST", method));
            assert_eq!(head.framing, framing, "{method} {lines}");
        }
    }
    let old = accept("POST / HTTP/1.0\r\nContent-Length: 3\r\n\r\n");
    assert_eq!((old.version, old.framing), (Version::HTTP_10, Framing::Length(3)));
}

#[test]
fn connections_that_live_on() {
    let cases = [
        ("1.1", "", true),
        ("1.1", "Connection: keep-alive\r\n", true),
        ("1.1", "Connection: upgrade\r\n", true),
        ("1.1", "Connection: close\r\n", false),
        ("1.1", "connection: foo , CLOSE,bar\r\n", false),
        ("1.1", "Connection: keep-alive, close\r\n", false),
        ("1.1", "Connection: keep-alive\r\nConnection: close\r\n", false),
        ("1.1", "Connection: closed\r\n", true),
        ("1.0", "", false),
        ("1.0", "Connection: Keep-Alive\r\n", true),
        ("1.0", "Connection: a, keep-alive ,b\r\n", true),
        ("1.0", "Connection: close, keep-alive\r\n", false),
    ];
    for (version, lines, keep_alive) in cases {
        let head = accept(format!("GET / HTTP/{version}\r\nHost: a\r\n{lines}\r\n"));
        assert_eq!(head.keep_alive, keep_alive, "{version} {lines}");
    }
}

#[test]
fn clients_that_wait_to_be_told() {
    assert!(accept(with("Expect: 100-Continue\r\n")).expects_continue);
    assert!(!accept(with("Expect: 200-ok\r\n")).expects_continue);
    assert!(!accept(with("")).expects_continue);
    let old = accept("POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
    assert!(!old.expects_continue);
}

#[test]
fn limits_are_exact() {
    let head = with("A: b\r\n");
    let exact = HeadLimits { bytes: head.len(), fields: 2 };
    assert!(read_within(&head, exact).unwrap().is_some());
    let cases = [
        (HeadLimits { bytes: head.len() - 1, fields: 2 }, HeadError::TooLarge),
        (HeadLimits { bytes: 18, fields: 2 }, HeadError::TooLarge),
        (HeadLimits { bytes: 17, fields: 2 }, HeadError::TargetTooLong),
        (HeadLimits { bytes: 0, fields: 2 }, HeadError::TargetTooLong),
        (HeadLimits { bytes: head.len(), fields: 1 }, HeadError::TooManyFields),
        (HeadLimits { bytes: head.len(), fields: 0 }, HeadError::TooManyFields),
    ];
    for (limits, error) in cases {
        assert_eq!(read_within(&head, limits).map(|_| ()), Err(error), "{limits:?}");
        assert_eq!(read_by_byte(head.as_bytes(), limits).map(|_| ()), Err(error), "{limits:?}");
    }
}

#[test]
fn a_target_beyond_what_a_uri_holds_is_too_long() {
    let limits = HeadLimits { bytes: 1 << 20, fields: 8 };
    let long = |length| format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "a".repeat(length));
    assert!(read_within(long(65_533), limits).unwrap().is_some());
    assert_eq!(read_within(long(65_534), limits).unwrap_err(), HeadError::TargetTooLong);
}

#[test]
fn many_fields_are_read_where_they_are_allowed() {
    let limits = HeadLimits { bytes: 1 << 20, fields: 40_000 };
    for count in [31, 32, 33, 1000] {
        let lines: String = (1..count).map(|number| format!("A{number}: b\r\n")).collect();
        let head = read_within(with(&lines), limits).unwrap().unwrap();
        assert_eq!(head.headers.len(), count);
    }
    let lines: String = (0..35_000).map(|number| format!("A{number}: b\r\n")).collect();
    assert_eq!(read_within(with(&lines), limits).unwrap_err(), HeadError::TooManyFields);
    let name = format!("{}: b\r\n", "a".repeat(70_000));
    assert_eq!(read_within(with(&name), limits).unwrap_err(), HeadError::NameInvalid);
}

#[test]
fn a_head_is_the_same_wherever_it_is_split() {
    let bytes = b"\r\nPOST /a?b HTTP/1.1\r\nHost: a\r\nX: \xff \r\nEmpty:\r\nX: c\r\n\
        Transfer-Encoding: chunked\r\n\r\n5\r\nhello";
    let limits = HeadLimits { bytes: 4096, fields: 8 };
    for at in 0..bytes.len() {
        let (mut reader, mut buffer) = (HeadReader::default(), BytesMut::from(&bytes[..at]));
        let first = reader.request(&mut buffer, limits).unwrap();
        buffer.extend_from_slice(&bytes[at..]);
        let head = match first {
            Some(head) => head,
            None => reader.request(&mut buffer, limits).unwrap().unwrap(),
        };
        assert_eq!((head.method, head.framing), (Method::POST, Framing::Chunked));
        let values: Vec<&[u8]> = head.headers.get_all("x").iter().map(|v| v.as_bytes()).collect();
        assert_eq!(values, [&b"\xff"[..], b"c"]);
        assert_eq!(head.headers["empty"], "");
        assert_eq!(buffer, "5\r\nhello");
    }
}

#[test]
fn requests_behind_each_other_are_read_one_by_one() {
    let one = "GET /1 HTTP/1.1\r\nHost: a\r\n\r\n";
    let two = "GET /2 HTTP/1.1\r\nHost: b\r\n\r\n";
    let (mut reader, mut buffer) = (HeadReader::default(), BytesMut::from(one));
    buffer.extend_from_slice(two.as_bytes());
    for path in ["/1", "/2"] {
        let head = reader.request(&mut buffer, LIMITS).unwrap().unwrap();
        assert_eq!(head.target.path(), path);
    }
    assert!(reader.request(&mut buffer, LIMITS).unwrap().is_none());
}

#[test]
fn what_was_refused_can_be_recorded() {
    let whole = "GET / HTTP/1.1\r\nA b\r\n\r\n";
    for (bytes, kept) in [(format!("{whole}rest"), whole), ("GET /\n".to_owned(), "GET /\n")] {
        let (mut reader, mut buffer) = (HeadReader::default(), BytesMut::from(bytes.as_bytes()));
        assert!(reader.request(&mut buffer, LIMITS).is_err());
        assert_eq!(reader.refused(&buffer), kept.as_bytes());
    }
}

#[test]
fn values_are_slices_of_what_was_read() {
    let mut buffer = BytesMut::from(&b"GET /abc HTTP/1.1\r\nHost: example\r\n\r\n"[..]);
    let range = buffer.as_ptr_range();
    let head = HeadReader::default().request(&mut buffer, LIMITS).unwrap().unwrap();
    assert!(range.contains(&head.headers["host"].as_bytes().as_ptr()));
    assert!(range.contains(&head.target.path().as_ptr()));
}

#[test]
fn refusals_have_their_status() {
    let cases = [
        (HeadError::TargetTooLong, 414),
        (HeadError::TooLarge, 431),
        (HeadError::TooManyFields, 431),
        (HeadError::CodingUnknown, 501),
        (HeadError::Version, 505),
        (HeadError::BothLengths, 400),
    ];
    cases.into_iter().for_each(|(error, status)| assert_eq!(error.status(), status));
}
