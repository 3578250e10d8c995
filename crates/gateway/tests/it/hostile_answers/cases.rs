//! The table of answers.

use super::{Case, EVIL, End, Want};

fn case(name: impl Into<String>, answer: impl Into<Vec<u8>>, want: Want) -> Case {
    Case { name: name.into(), method: "GET", answer: answer.into(), end: End::Kept, want }
}

/// A good answer, whose connection may carry the next one.
fn good(name: &str, answer: impl Into<Vec<u8>>, status: u16, body: &'static str) -> Case {
    Case { end: End::Good, ..case(name, answer, Want::Whole(status, body)) }
}

/// Heads that are not HTTP; behind each is a body that would be good.
const WRONG_HEADS: &[(&str, &[u8])] = &[
    ("line-feed-ends-status-line", b"HTTP/1.1 200 OK\nContent-Length: 2\r\n\r\nok"),
    ("line-feed-ends-field", b"HTTP/1.1 200 OK\r\nX-A: b\nContent-Length: 2\r\n\r\nok"),
    ("line-feed-ends-head", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\nok"),
    ("line-feeds-end-head", b"HTTP/1.1 200 OK\r\nContent-Length: 2\n\nok"),
    ("all-line-feeds", b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok"),
    ("line-feed-first", b"\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"),
    ("return-in-status-line", b"HTTP/1.1 200 O\rK\r\nContent-Length: 2\r\n\r\nok"),
    ("return-in-value", b"HTTP/1.1 200 OK\r\nX-A: b\rSet-Cookie: c\r\nContent-Length: 2\r\n\r\nok"),
    ("return-in-name", b"HTTP/1.1 200 OK\r\nX\r-A: b\r\nContent-Length: 2\r\n\r\nok"),
    ("return-before-end", b"HTTP/1.1 200 OK\r\nX-A: b\r\r\nContent-Length: 2\r\n\r\nok"),
    ("folded", b"HTTP/1.1 200 OK\r\nX-A: b\r\n c\r\nContent-Length: 2\r\n\r\nok"),
    ("folded-tab", b"HTTP/1.1 200 OK\r\nX-A: b\r\n\tc\r\nContent-Length: 2\r\n\r\nok"),
    ("folded-first", b"HTTP/1.1 200 OK\r\n X-A: b\r\nContent-Length: 2\r\n\r\nok"),
    ("folded-length", b"HTTP/1.1 200 OK\r\nX-A: b\r\n Content-Length: 2\r\n\r\nok"),
    ("nul-in-value", b"HTTP/1.1 200 OK\r\nX-A: b\0c\r\nContent-Length: 2\r\n\r\nok"),
    ("nul-in-name", b"HTTP/1.1 200 OK\r\nX\0A: b\r\nContent-Length: 2\r\n\r\nok"),
    ("nul-in-reason", b"HTTP/1.1 200 O\0K\r\nContent-Length: 2\r\n\r\nok"),
    ("control-in-value", b"HTTP/1.1 200 OK\r\nX-A: b\x01c\r\nContent-Length: 2\r\n\r\nok"),
    ("escape-in-value", b"HTTP/1.1 200 OK\r\nX-A: \x1b[2J\r\nContent-Length: 2\r\n\r\nok"),
    ("delete-in-value", b"HTTP/1.1 200 OK\r\nX-A: b\x7f\r\nContent-Length: 2\r\n\r\nok"),
    ("space-before-colon", b"HTTP/1.1 200 OK\r\nX-A : b\r\nContent-Length: 2\r\n\r\nok"),
    ("space-before-colon-of-length", b"HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\nok"),
    ("space-in-name", b"HTTP/1.1 200 OK\r\nX A: b\r\nContent-Length: 2\r\n\r\nok"),
    ("empty-name", b"HTTP/1.1 200 OK\r\n: b\r\nContent-Length: 2\r\n\r\nok"),
    ("no-colon", b"HTTP/1.1 200 OK\r\nX-A\r\nContent-Length: 2\r\n\r\nok"),
    ("high-byte-in-name", b"HTTP/1.1 200 OK\r\nX-\xe9: b\r\nContent-Length: 2\r\n\r\nok"),
    ("parenthesis-in-name", b"HTTP/1.1 200 OK\r\nX(A): b\r\nContent-Length: 2\r\n\r\nok"),
    ("version-2", b"HTTP/2.0 200 OK\r\nContent-Length: 2\r\n\r\nok"),
    ("version-1.2", b"HTTP/1.2 200 OK\r\nContent-Length: 2\r\n\r\nok"),
    ("version-0.9", b"HTTP/0.9 200 OK\r\nContent-Length: 2\r\n\r\nok"),
    ("version-lower-case", b"http/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"),
    ("version-other", b"ICY 200 OK\r\nContent-Length: 2\r\n\r\nok"),
    ("version-two-spaces", b"HTTP/1.1  200 OK\r\nContent-Length: 2\r\n\r\nok"),
    ("version-tab", b"HTTP/1.1\t200 OK\r\nContent-Length: 2\r\n\r\nok"),
    ("status-two-digits", b"HTTP/1.1 20 OK\r\nContent-Length: 2\r\n\r\nok"),
    ("status-four-digits", b"HTTP/1.1 2000 OK\r\nContent-Length: 2\r\n\r\nok"),
    ("status-099", b"HTTP/1.1 099 OK\r\nContent-Length: 2\r\n\r\nok"),
    ("status-000", b"HTTP/1.1 000 OK\r\nContent-Length: 2\r\n\r\nok"),
    ("status-minus", b"HTTP/1.1 -20 OK\r\nContent-Length: 2\r\n\r\nok"),
    ("status-plus", b"HTTP/1.1 +20 OK\r\nContent-Length: 2\r\n\r\nok"),
    ("status-stuck-to-reason", b"HTTP/1.1 200OK\r\nContent-Length: 2\r\n\r\nok"),
    ("status-none", b"HTTP/1.1\r\nContent-Length: 2\r\n\r\nok"),
    ("status-blank", b"HTTP/1.1 \r\nContent-Length: 2\r\n\r\nok"),
    ("garbage-first", b"garbage\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"),
    ("body-first", b"helloHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"),
    ("mark-first", b"\xef\xbb\xbfHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"),
    ("a-request", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
    ("tls", b"\x15\x03\x01\x00\x02\x02\x46\r\n\r\n"),
    ("http2", b"\0\0\x12\x04\0\0\0\0\0\0\x03\0\0\0\x64\0\x04\0\x10\0\0\0\x06\0\0\x40\0\r\n\r\n"),
];

pub(super) fn heads() -> Vec<Case> {
    let mut cases: Vec<Case> =
        WRONG_HEADS.iter().map(|(name, answer)| case(*name, *answer, Want::Violation)).collect();
    cases.extend(large());
    cases.extend(interim());
    cases.extend([
        Case {
            end: End::Good,
            ..case(
                "no-reason",
                "HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok",
                Want::WholeOrFault(200, "ok"),
            )
        },
        good("empty-reason", "HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nok", 200, "ok"),
        good("odd-status", "HTTP/1.1 599 OK\r\nContent-Length: 2\r\n\r\nok", 599, "ok"),
        good(
            "high-byte-in-reason",
            &b"HTTP/1.1 200 \xe9\r\nContent-Length: 2\r\n\r\nok"[..],
            200,
            "ok",
        ),
        good(
            "high-byte-in-value",
            &b"HTTP/1.1 200 OK\r\nX-A: \xe9\r\nContent-Length: 2\r\n\r\nok"[..],
            200,
            "ok",
        ),
        cut("half-a-status-line", "HTTP/1.1 20"),
        cut("head-without-its-last-byte", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r"),
    ]);
    cases
}

/// No whole head before the end.
fn cut(name: &str, answer: &str) -> Case {
    Case { end: End::Closed, ..case(name, answer, Want::NoAnswer) }
}

fn large() -> Vec<Case> {
    let with = |fields: &str| format!("HTTP/1.1 200 OK\r\n{fields}Content-Length: 2\r\n\r\nok");
    let much = "a".repeat(2_000_000);
    vec![
        case("many-fields", with(&"X-A: b\r\n".repeat(50_000)), Want::Violation),
        case("large-field", with(&format!("X-A: {much}\r\n")), Want::Violation),
        case("large-name", with(&format!("{much}: b\r\n")), Want::Violation),
        case(
            "large-reason",
            format!("HTTP/1.1 200 {much}\r\nContent-Length: 2\r\n\r\nok"),
            Want::Violation,
        ),
        case("endless-line", much, Want::Violation),
    ]
}

/// Interim answers, which have no body and are not many, and 101, which nobody has asked for.
fn interim() -> Vec<Case> {
    let interim = |fields: &str| format!("HTTP/1.1 103 Early Hints\r\n{fields}\r\n");
    let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    let switch = |fields: &str| format!("HTTP/1.1 101 Switching Protocols\r\n{fields}\r\n");
    let much = format!("X-A: {}\r\n", "a".repeat(2_000_000));
    vec![
        case("interim-many", interim("Link: </a>\r\n").repeat(20_000) + ok, Want::Violation),
        case("interim-large", interim(&much) + ok, Want::Violation),
        case("interim-body", interim("Content-Length: 5\r\n") + "hello" + ok, Want::Violation),
        case("interim-chunked", interim("Transfer-Encoding: chunked\r\n") + ok, Want::Violation),
        case("interim-malformed", interim("X-A : b\r\n") + ok, Want::Violation),
        case("interim-line-feed", interim("X-A: b\n") + ok, Want::Violation),
        cut("interim-and-no-more", &interim("Link: </a>\r\n")),
        case(
            "switch-that-nobody-asked-for",
            switch("Connection: upgrade\r\nUpgrade: websocket\r\n"),
            Want::Violation,
        ),
        case("switch-without-protocol", switch(""), Want::Violation),
        case("switch-then-answer", switch("") + ok, Want::Violation),
    ]
}

/// Fields whose reading decides where the answer ends.
const WRONG_LENGTHS: &[(&str, &[u8])] = &[
    ("both", b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n"),
    ("both-chunked-first", b"Transfer-Encoding: chunked\r\nContent-Length: 2\r\n"),
    ("length-twice-differs", b"Content-Length: 2\r\nContent-Length: 3\r\n"),
    ("length-twice-same", b"Content-Length: 2\r\nContent-Length: 2\r\n"),
    ("length-list", b"Content-Length: 2, 3\r\n"),
    ("length-list-same", b"Content-Length: 2, 2\r\n"),
    ("length-plus", b"Content-Length: +2\r\n"),
    ("length-minus", b"Content-Length: -2\r\n"),
    ("length-hex", b"Content-Length: 0x2\r\n"),
    ("length-word", b"Content-Length: two\r\n"),
    ("length-inner-space", b"Content-Length: 2 2\r\n"),
    ("length-empty", b"Content-Length:\r\n"),
    ("length-semicolon", b"Content-Length: 2;\r\n"),
    ("length-wraps-to-2", b"Content-Length: 18446744073709551618\r\n"),
    ("length-endless", b"Content-Length: 99999999999999999999999999\r\n"),
    ("coding-xchunked", b"Transfer-Encoding: xchunked\r\n"),
    ("coding-gzip", b"Transfer-Encoding: gzip\r\n"),
    ("coding-identity", b"Transfer-Encoding: identity\r\n"),
    ("coding-empty", b"Transfer-Encoding:\r\n"),
    ("coding-gzip-chunked", b"Transfer-Encoding: gzip, chunked\r\n"),
    ("coding-chunked-gzip", b"Transfer-Encoding: chunked, gzip\r\n"),
    ("coding-chunked-chunked", b"Transfer-Encoding: chunked, chunked\r\n"),
    ("coding-twice", b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
    ("coding-twice-differs", b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n"),
    ("coding-parameter", b"Transfer-Encoding: chunked;a=b\r\n"),
    ("coding-quoted", b"Transfer-Encoding: \"chunked\"\r\n"),
    ("coding-space-before-colon", b"Transfer-Encoding : chunked\r\n"),
    ("coding-vertical-tab", b"Transfer-Encoding: \x0bchunked\r\n"),
    ("coding-folded", b"Transfer-Encoding:\r\n chunked\r\n"),
    ("coding-kelvin-sign", "Transfer-Encoding: chun\u{212a}ed\r\n".as_bytes()),
];

pub(super) fn lengths() -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, fields) in WRONG_LENGTHS {
        let answer = [b"HTTP/1.1 200 OK\r\n", *fields, b"\r\n2\r\nok\r\n0\r\n\r\n"].concat();
        cases.push(Case { end: End::Closed, ..case(*name, answer.clone(), Want::Violation) });
        cases.push(case(format!("{name}-kept"), answer, Want::Violation));
    }
    let coded = |line: &str, fields: &str| {
        format!("HTTP/{line}\r\n{fields}Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n")
    };
    let kept = "Connection: keep-alive\r\nContent-Length: 2\r\n";
    let sized = |fields: &str| format!("HTTP/1.1 200 OK\r\n{fields}\r\n\r\nok");
    cases.extend([
        case("old-chunked", coded("1.0 200 OK", ""), Want::Violation),
        case("old-chunked-and-length", coded("1.0 200 OK", kept), Want::Violation),
        case("no-content-chunked", coded("1.1 204 No Content", ""), Want::Violation),
        good("upper-case", coded("1.1 200 OK", "").replace("chunked", "CHUNKED"), 200, "ok"),
        good("names-coding", coded("1.1 200 OK", "Connection: transfer-encoding\r\n"), 200, "ok"),
        good("names-length", sized("Connection: content-length\r\nContent-Length: 2"), 200, "ok"),
        good("leading-zeros", sized("Content-Length: 0002"), 200, "ok"),
    ]);
    cases
}

/// Chunks that are none; a good one comes before each.
const WRONG_CHUNKS: &[(&str, &[u8])] = &[
    ("size-empty", b"\r\nabc\r\n0\r\n\r\n"),
    ("size-word", b"zz\r\nabc\r\n0\r\n\r\n"),
    ("size-minus", b"-3\r\nabc\r\n0\r\n\r\n"),
    ("size-plus", b"+3\r\nabc\r\n0\r\n\r\n"),
    ("size-prefixed", b"0x3\r\nabc\r\n0\r\n\r\n"),
    ("size-leading-space", b" 3\r\nabc\r\n0\r\n\r\n"),
    ("size-underscore", b"0_3\r\nabc\r\n0\r\n\r\n"),
    ("size-17-digits", b"00000000000000003\r\nabc\r\n0\r\n\r\n"),
    ("size-wraps-to-3", b"10000000000000003\r\nabc\r\n0\r\n\r\n"),
    ("size-wraps-to-0", b"10000000000000000\r\n\r\n"),
    ("size-endless", b"fffffffffffffffffffffff\r\nabc\r\n0\r\n\r\n"),
    ("size-line-feed", b"3\nabc\r\n0\r\n\r\n"),
    ("size-return", b"3\rabc\r\n0\r\n\r\n"),
    ("size-nul", b"3\0\r\nabc\r\n0\r\n\r\n"),
    ("data-longer", b"3\r\nabcd\r\n0\r\n\r\n"),
    ("data-shorter", b"3\r\nab\r\n0\r\n\r\n"),
    ("data-line-feed", b"3\r\nabc\n0\r\n\r\n"),
    ("data-no-end", b"3\r\nabc0\r\n\r\n"),
    ("extension-line-feed", b"3;a\nb\r\nabc\r\n0\r\n\r\n"),
    ("extension-return", b"3;a\rb\r\nabc\r\n0\r\n\r\n"),
    ("extension-nul", b"3;a=\0\r\nabc\r\n0\r\n\r\n"),
    ("last-line-feed", b"0\n\n"),
    ("last-line-feed-second", b"0\r\n\n"),
    ("last-return", b"0\r\n\rX\r\n\r\n"),
    ("last-then-answer", b"0\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"),
    ("trailer-no-colon", b"0\r\nX-A\r\n\r\n"),
    ("trailer-space-before-colon", b"0\r\nX-A : b\r\n\r\n"),
    ("trailer-folded", b"0\r\nX-A: b\r\n c\r\n\r\n"),
    ("trailer-nul", b"0\r\nX-A: \0\r\n\r\n"),
    ("trailer-line-feed", b"0\r\nX-A: b\n\r\n"),
    ("trailer-return", b"0\r\nX-A: b\rX-B: c\r\n\r\n"),
];

/// Bodies that end too early, each by the end of the connection or by a reset.
const CUT: &[(&str, &str)] = &[
    ("cut-length", "Content-Length: 10\r\n\r\n12345"),
    ("cut-length-at-start", "Content-Length: 10\r\n\r\n"),
    ("cut-length-at-last-byte", "Content-Length: 10\r\n\r\n123456789"),
    ("cut-chunks-at-start", "Transfer-Encoding: chunked\r\n\r\n"),
    ("cut-in-size", "Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n1"),
    ("cut-after-size", "Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n5\r\n"),
    ("cut-in-data", "Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n5\r\n123"),
    ("cut-after-data", "Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n5\r\n12345"),
    ("cut-after-chunk", "Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n5\r\n12345\r\n"),
    ("cut-in-last-chunk", "Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0"),
    ("cut-after-last-chunk", "Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n"),
    ("cut-in-trailers", "Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-A: b\r\n"),
    ("cut-at-last-byte", "Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r"),
];

pub(super) fn bodies() -> Vec<Case> {
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n";
    let mut cases = Vec::new();
    for (name, chunks) in WRONG_CHUNKS {
        let answer = [chunked.as_bytes(), chunks].concat();
        cases.push(case(*name, answer, Want::Broken));
    }
    for (name, rest) in CUT {
        for (suffix, end) in [("", End::Closed), ("-by-reset", End::Reset)] {
            let answer = format!("HTTP/1.1 200 OK\r\n{rest}");
            cases.push(Case { end, ..case(format!("{name}{suffix}"), answer, Want::Broken) });
        }
    }
    let trailer = |field: &str| format!("{chunked}0\r\n{field}\r\n\r\n");
    let extension = format!("{chunked}3;{}\r\nabc\r\n0\r\n\r\n", "a".repeat(100_000));
    let until = |version: &str, end: End, want: Want| Case {
        end,
        ..case(
            format!("{version}-until-the-end"),
            format!("HTTP/{version} 200 OK\r\n\r\nall"),
            want,
        )
    };
    cases.extend([
        case("extension-long", extension, Want::Broken),
        case("trailers-many", trailer(&"X-A: b\r\n".repeat(10_000)), Want::Broken),
        until("1.1", End::Reset, Want::Broken),
        until("1.0", End::Reset, Want::Broken),
        until("1.1", End::Closed, Want::Whole(200, "all")),
        until("1.0", End::Closed, Want::Whole(200, "all")),
        good("extension", format!("{chunked}3;a=\"b\"\r\nabc\r\n0;c\r\n\r\n"), 200, "okabc"),
        good("trailer-of-length", trailer("Content-Length: 5"), 200, "ok"),
        good("trailer-of-coding", trailer("Transfer-Encoding: chunked"), 200, "ok"),
        good("trailer-of-connection", trailer("Connection: close"), 200, "ok"),
    ]);
    cases
}

/// Answers with more behind them than they say. None of it is the answer to anything.
pub(super) fn behind() -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, method, answer, want) in [
        ("length", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", Want::Whole(200, "ok")),
        (
            "length-zero",
            "GET",
            "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
            Want::Whole(200, ""),
        ),
        (
            "chunks",
            "GET",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
            Want::Whole(200, "ok"),
        ),
        ("no-content", "GET", "HTTP/1.1 204 No Content\r\n\r\n", Want::Whole(204, "")),
        (
            "no-content-length",
            "GET",
            "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n",
            Want::Whole(204, ""),
        ),
        (
            "not-modified",
            "GET",
            "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
            Want::Whole(304, ""),
        ),
        (
            "not-modified-chunked",
            "GET",
            "HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n",
            Want::Whole(304, ""),
        ),
        ("head", "HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", Want::Whole(200, "")),
        (
            "head-chunked",
            "HEAD",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            Want::Whole(200, ""),
        ),
    ] {
        for (suffix, more) in [
            ("another-answer", EVIL),
            ("a-body", "hello"),
            ("chunks", "5\r\nhello\r\n0\r\n\r\n"),
            ("a-byte", "x"),
            ("a-line-end", "\r\n"),
        ] {
            let answer = format!("{answer}{more}");
            let case = case(format!("{name}-then-{suffix}"), answer, want);
            cases.push(Case { method, ..case });
        }
    }
    cases
}
