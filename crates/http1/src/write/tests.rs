#![allow(clippy::unwrap_used, reason = "a failed test may panic")]

//! What the writers write, byte for byte.

use bytes::BytesMut;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};

use super::{
    AnswerFraming, ChunkHead, Connection, answer_head, interim_head, request_head, trailers,
};
use crate::Framing;

fn map(fields: &[(&'static str, &'static str)]) -> HeaderMap {
    fields
        .iter()
        .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
        .collect()
}

fn request(target: &str, headers: &HeaderMap, framing: Framing) -> String {
    let mut out = BytesMut::new();
    request_head(&mut out, &Method::POST, target, headers, framing);
    String::from_utf8(out.to_vec()).unwrap()
}

fn answer(
    status: u16,
    headers: &HeaderMap,
    framing: AnswerFraming,
    connection: Connection,
) -> String {
    let mut out = BytesMut::new();
    let status = StatusCode::from_u16(status).unwrap();
    answer_head(&mut out, status, headers, framing, connection);
    String::from_utf8(out.to_vec()).unwrap()
}

#[test]
fn a_request_names_its_host_first_and_its_framing_once() {
    let headers = map(&[
        ("accept", "*/*"),
        ("content-length", "7"),
        ("transfer-encoding", "gzip"),
        ("host", "a"),
        ("x", "1"),
    ]);
    let start = "POST /a?b HTTP/1.1\r\nhost: a\r\naccept: */*\r\nx: 1\r\n";
    let cases = [
        (Framing::None, ""),
        (Framing::Close, ""),
        (Framing::Length(0), "content-length: 0\r\n"),
        (Framing::Length(u64::MAX), "content-length: 18446744073709551615\r\n"),
        (Framing::Chunked, "transfer-encoding: chunked\r\n"),
    ];
    for (framing, line) in cases {
        assert_eq!(request("/a?b", &headers, framing), format!("{start}{line}\r\n"));
    }
}

#[test]
fn a_request_names_one_host_only() {
    let mut headers = map(&[("host", "a")]);
    headers.append("host", HeaderValue::from_static("b"));
    assert_eq!(request("/", &headers, Framing::None), "POST / HTTP/1.1\r\nhost: a\r\n\r\n");
}

#[test]
fn nothing_in_a_target_ends_it() {
    let cases = [
        ("", "/"),
        ("/a b", "/a%20b"),
        ("/ HTTP/1.1\r\nX: y", "/%20HTTP/1.1%0D%0AX:%20y"),
        ("/\0\u{7f}", "/%00%7F"),
        ("/ä b", "/ä%20b"),
    ];
    for (target, written) in cases {
        let head = request(target, &HeaderMap::new(), Framing::None);
        assert_eq!(head, format!("POST {written} HTTP/1.1\r\n\r\n"));
    }
}

#[test]
fn an_answer_says_how_it_is_framed() {
    let headers = map(&[("content-length", "7"), ("transfer-encoding", "gzip"), ("x", "1")]);
    let cases = [
        (200, AnswerFraming::Bare, "x: 1\r\n"),
        (200, AnswerFraming::Keep, "content-length: 7\r\nx: 1\r\n"),
        (304, AnswerFraming::Keep, "content-length: 7\r\nx: 1\r\n"),
        (200, AnswerFraming::Length(0), "x: 1\r\ncontent-length: 0\r\n"),
        (200, AnswerFraming::Chunked, "x: 1\r\ntransfer-encoding: chunked\r\n"),
        (200, AnswerFraming::Close, "x: 1\r\nconnection: close\r\n"),
        (204, AnswerFraming::Keep, "x: 1\r\n"),
        (204, AnswerFraming::Length(7), "x: 1\r\n"),
        (100, AnswerFraming::Chunked, "x: 1\r\n"),
    ];
    for (status, framing, lines) in cases {
        let head = answer(status, &headers, framing, Connection::Default);
        let (_, rest) = head.split_once("\r\n").unwrap();
        assert_eq!(rest, format!("{lines}\r\n"), "{status} {framing:?}");
    }
}

#[test]
fn an_answer_says_what_becomes_of_its_connection() {
    let headers = map(&[("connection", "upgrade"), ("upgrade", "websocket")]);
    let upgrade = "upgrade: websocket\r\n";
    let cases = [
        (Connection::Default, upgrade.to_owned()),
        (Connection::KeepAlive, format!("{upgrade}connection: keep-alive\r\n")),
        (Connection::Close, format!("{upgrade}connection: close\r\n")),
        (Connection::Upgrade, format!("connection: upgrade\r\n{upgrade}")),
    ];
    for (connection, lines) in cases {
        let head = answer(101, &headers, AnswerFraming::Bare, connection);
        assert_eq!(head, format!("HTTP/1.1 101 Switching Protocols\r\n{lines}\r\n"));
    }
    let close = answer(200, &HeaderMap::new(), AnswerFraming::Close, Connection::KeepAlive);
    assert_eq!(close, "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n");
}

#[test]
fn a_status_without_a_reason_has_an_empty_one() {
    let head = answer(799, &HeaderMap::new(), AnswerFraming::Bare, Connection::Default);
    assert_eq!(head, "HTTP/1.1 799 \r\n\r\n");
}

#[test]
fn an_interim_answer_has_no_framing() {
    let mut out = BytesMut::new();
    let headers = map(&[("link", "</a>"), ("content-length", "1")]);
    interim_head(&mut out, StatusCode::EARLY_HINTS, &headers);
    assert_eq!(out, "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n");
}

#[test]
fn sizes_of_chunks_are_hexadecimal() {
    let cases: [(usize, &[u8]); 5] = [
        (0, b"0\r\n"),
        (10, b"a\r\n"),
        (8000, b"1f40\r\n"),
        (65_536, b"10000\r\n"),
        (usize::MAX, b"ffffffffffffffff\r\n"),
    ];
    cases.iter().for_each(|(length, line)| assert_eq!(ChunkHead::new(*length).as_bytes(), *line));
}

#[test]
fn trailers_that_would_do_harm_are_left_out() {
    let mut out = BytesMut::new();
    let fields = [
        ("content-length", "1"),
        ("transfer-encoding", "chunked"),
        ("host", "a"),
        ("authorization", "a"),
        ("set-cookie", "a"),
        ("content-type", "a"),
        ("grpc-status", "0"),
        ("keep-alive", "1"),
        ("digest", "b"),
    ];
    trailers(&mut out, &map(&fields));
    assert_eq!(out, "0\r\ngrpc-status: 0\r\ndigest: b\r\n\r\n");
}
