//! Line ends and header fields (RFC 9112 §2.2, §5).

use crate::smuggling::case::{BAD, Case, Place, Then, Want};

/// Fields that leave a reader a choice.
const WRONG: &[(&str, &[u8])] = &[
    ("line-feed-in-value", b"X-A: b\nX-B: c\r\n"),
    ("line-feed-at-end", b"X-A: b\n\r\n"),
    ("line-feed-alone", b"\nX-A: b\r\n"),
    ("line-feed-ends-line", b"X-A: b\nX-B: c\n"),
    ("return-in-value", b"X-A: b\rX-B: c\r\n"),
    ("return-before-end", b"X-A: b\r\r\n"),
    ("return-in-name", b"X\r-A: b\r\n"),
    ("return-before-colon", b"X-A\r: b\r\n"),
    ("return-starts-value", b"X-A:\rb\r\n"),
    ("return-line-feed-swapped", b"X-A: b\n\rX-B: c\r\n"),
    ("folded", b"X-A: b\r\n c\r\n"),
    ("folded-tab", b"X-A: b\r\n\tc\r\n"),
    ("folded-empty", b"X-A:\r\n b\r\n"),
    ("folded-blank", b"X-A: b\r\n \r\n"),
    ("folded-field", b"X-A: b\r\n X-B: c\r\n"),
    ("space-before-colon", b"X-A : b\r\n"),
    ("tab-before-colon", b"X-A\t: b\r\n"),
    ("space-in-name", b"X A: b\r\n"),
    ("empty-name", b": b\r\n"),
    ("empty-name-and-value", b":\r\n"),
    ("no-colon", b"X-A\r\n"),
    ("no-colon-like-request", b"GET / HTTP/1.1\r\n"),
    ("nul-in-value", b"X-A: b\0c\r\n"),
    ("nul-alone", b"X-A: \0\r\n"),
    ("nul-in-name", b"X\0A: b\r\n"),
    ("nul-line", b"\0\r\n"),
    ("control-in-value", b"X-A: b\x01c\r\n"),
    ("escape-in-value", b"X-A: \x1b[2J\r\n"),
    ("vertical-tab-in-value", b"X-A: b\x0bc\r\n"),
    ("backspace-in-value", b"X-A: b\x08\r\n"),
    ("delete-in-value", b"X-A: b\x7f\r\n"),
    ("control-in-name", b"X\x01A: b\r\n"),
    ("high-byte-in-name", b"X-\xe9: b\r\n"),
    ("parenthesis-in-name", b"X(A): b\r\n"),
    ("at-in-name", b"X@A: b\r\n"),
    ("slash-in-name", b"X/A: b\r\n"),
    ("bracket-in-name", b"[X]: b\r\n"),
    ("quote-in-name", b"\"X\": b\r\n"),
    ("comma-in-name", b"X,A: b\r\n"),
    ("equals-in-name", b"X=A: b\r\n"),
];

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, fields) in WRONG {
        cases.push(Case::refused(*name, BAD, move |at: &Place| {
            [at.get(fields), at.smuggled()].concat()
        }));
        // With a body behind it, whose length only some readers find.
        cases.push(Case::refused(format!("{name}-then-length"), BAD, move |at: &Place| {
            let body = at.smuggled();
            let length = format!("Content-Length: {}\r\n", body.len());
            at.post([fields, length.as_bytes()].concat(), body)
        }));
    }
    cases.extend(ends());
    cases.extend(starts());
    cases.extend(good());
    cases
}

/// Heads that end otherwise than in CRLF CRLF.
fn ends() -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, end) in [
        ("head-ends-in-line-feed", &b"\r\n\n"[..]),
        ("head-ends-in-two-line-feeds", b"\n\n"),
        ("head-ends-in-line-feed-first", b"\n\r\n"),
        ("head-ends-in-returns", b"\r\r"),
        ("head-ends-in-return-first", b"\r\r\n\r\n"),
        ("head-ends-in-return-second", b"\r\n\r\r\n"),
    ] {
        cases.push(Case::refused(name, BAD, move |at: &Place| {
            let mut head = at.get("X-A: b\r\n");
            head.truncate(head.len() - 4);
            [&head, end, &at.smuggled()].concat()
        }));
    }
    cases.push(Case::refused("all-line-feeds", BAD, |at: &Place| {
        let head = String::from_utf8(at.get("")).unwrap();
        [head.replace("\r\n", "\n").as_bytes(), &at.smuggled()].concat()
    }));
    cases.push(Case::refused("all-returns", BAD, |at: &Place| {
        let head = String::from_utf8(at.get("")).unwrap();
        [head.replace("\r\n", "\r").as_bytes(), &at.smuggled()].concat()
    }));
    // The empty line of a head, and what a more tolerant reader takes for one.
    cases.push(Case::refused("line-end-of-request-line", BAD, |at: &Place| {
        let head = String::from_utf8(at.get("")).unwrap();
        [head.replacen("\r\n", "\n", 1).as_bytes(), &at.smuggled()].concat()
    }));
    cases
}

/// What comes before a request line.
fn starts() -> Vec<Case> {
    let before = |bytes: &'static [u8]| move |at: &Place| [bytes, &at.get("")].concat();
    vec![
        Case::passed("starts-with-line-end", before(b"\r\n")),
        Case::refused("starts-with-line-feed", BAD, before(b"\n")),
        Case::refused("starts-with-return", BAD, before(b"\r")),
        Case::refused("starts-with-space", BAD, before(b" ")),
        Case::refused("starts-with-nul", BAD, before(b"\0")),
        Case::refused("starts-with-byte-order-mark", BAD, before(b"\xef\xbb\xbf")),
        Case::refused("starts-with-field", &[400, 505], before(b"X-A: b\r\n")),
        Case::refused(
            "starts-with-tls",
            BAD,
            before(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"),
        ),
        Case::refused("starts-with-garbage", BAD, before(b"\x80\x90\xa0\r\n\r\n")),
        // The PROXY protocol, which is not spoken here.
        Case::refused(
            "starts-with-proxy-protocol",
            &[400, 505],
            before(b"PROXY TCP4 6.6.6.6 127.0.0.1 1 2\r\n"),
        ),
        Case::refused("first-field-is-folded", BAD, |at: &Place| {
            at.line("GET {} HTTP/1.1\r\n X-A: b", "Host: gw\r\n")
        }),
        Case::refused("first-field-is-folded-host", BAD, |at: &Place| {
            at.line("GET {} HTTP/1.1\r\n Host: gw", "")
        }),
    ]
}

/// What must not be refused.
fn good() -> Vec<Case> {
    let mut cases: Vec<Case> = [
        ("field-good", &b"X-A: b\r\n"[..]),
        ("field-empty", b"X-A:\r\n"),
        ("field-blank", b"X-A: \t \r\n"),
        ("field-without-space", b"X-A:b\r\n"),
        ("field-with-blanks", b"X-A:  b\tc  \r\n"),
        ("field-high-bytes", b"X-A: caf\xe9\r\n"),
        ("field-utf-8", "X-A: \u{20ac}\r\n".as_bytes()),
        ("field-odd-name", b"!#$%&'*+-.^_`|~0aZ: b\r\n"),
        ("field-colons", b"X-A: b:c::d\r\n"),
        ("field-twice", b"X-A: b\r\nX-A: c\r\n"),
    ]
    .into_iter()
    .map(|(name, fields)| Case::passed(name, move |at: &Place| at.get(fields)))
    .collect();
    cases.push(Case::answered(
        "pipelined",
        &[Want::Seen("attack"), Want::Seen("smuggled"), Want::Seen("third")],
        Then::Open,
        |at: &Place| {
            let third = at.request(("PUT", "third"), "Content-Length: 3\r\n", "abc");
            [at.chunked("5\r\n12345\r\n0\r\n\r\n"), at.smuggled(), third].concat()
        },
    ));
    cases
}
