//! `Content-Length`, alone and against chunks (RFC 9112 §6.2, §6.3, §11.2).

use crate::smuggling::case::{BAD, Case, Claim, Place, Then, Want};

/// One length that two readers could read differently.
const BAD_LENGTHS: &[(&str, &[u8])] = &[
    ("length-empty", b"Content-Length:\r\n"),
    ("length-blank", b"Content-Length:  \r\n"),
    ("length-plus", b"Content-Length: +5\r\n"),
    ("length-minus", b"Content-Length: -5\r\n"),
    ("length-minus-zero", b"Content-Length: -0\r\n"),
    ("length-hex", b"Content-Length: 0x5\r\n"),
    ("length-hex-digit", b"Content-Length: a\r\n"),
    ("length-suffix", b"Content-Length: 5b\r\n"),
    ("length-inner-space", b"Content-Length: 1 0\r\n"),
    ("length-underscore", b"Content-Length: 1_0\r\n"),
    ("length-fraction", b"Content-Length: 5.0\r\n"),
    ("length-exponent", b"Content-Length: 5e0\r\n"),
    ("length-semicolon", b"Content-Length: 5;\r\n"),
    ("length-quoted", b"Content-Length: \"5\"\r\n"),
    ("length-vertical-tab", b"Content-Length:\x0b5\r\n"),
    ("length-form-feed", b"Content-Length: 5\x0c\r\n"),
    ("length-nul", b"Content-Length: 5\0\r\n"),
    ("length-nul-inside", b"Content-Length: 5\x003\r\n"),
    ("length-wide-digit", "Content-Length: \u{ff15}\r\n".as_bytes()),
    ("length-no-break-space", "Content-Length:\u{a0}5\r\n".as_bytes()),
    ("length-2-to-64", b"Content-Length: 18446744073709551616\r\n"),
    ("length-wraps-to-5", b"Content-Length: 18446744073709551621\r\n"),
    ("length-endless", b"Content-Length: 99999999999999999999999999999999999999\r\n"),
    ("length-list-same", b"Content-Length: 5, 5\r\n"),
    ("length-list-differs", b"Content-Length: 5, 6\r\n"),
    ("length-list-empty", b"Content-Length: 5,\r\n"),
    ("length-list-first-empty", b"Content-Length: ,5\r\n"),
    ("length-twice-same", b"Content-Length: 5\r\nContent-Length: 5\r\n"),
    ("length-twice-differs", b"Content-Length: 5\r\nContent-Length: 0\r\n"),
    ("length-twice-zero-first", b"Content-Length: 0\r\nContent-Length: 5\r\n"),
    ("length-twice-apart", b"Content-Length: 0\r\nX-A: b\r\ncontent-length: 5\r\n"),
    ("length-space-before-colon", b"Content-Length : 5\r\n"),
    ("length-tab-before-colon", b"Content-Length\t: 5\r\n"),
    ("length-folded", b"Content-Length:\r\n 5\r\n"),
    ("length-folded-more", b"Content-Length: 5\r\n 0\r\n"),
    ("length-line-led-by-space", b"X-A: b\r\n Content-Length: 5\r\n"),
    ("length-after-bare-line-feed", b"X-A: b\nContent-Length: 5\r\n"),
    ("length-after-bare-return", b"X-A: b\rContent-Length: 5\r\n"),
    ("length-name-with-nul", b"Content-Length\0: 5\r\n"),
    ("length-name-with-space", b"Content Length: 5\r\n"),
    ("length-in-name", b"Content-Length: 5: 6\r\n"),
];

/// Fields that give a message both kinds of framing.
const BOTH: &[(&str, &str)] = &[
    ("both-length-first", "Content-Length: {n}\r\nTransfer-Encoding: chunked\r\n"),
    ("both-chunked-first", "Transfer-Encoding: chunked\r\nContent-Length: {n}\r\n"),
    ("both-apart", "Content-Length: {n}\r\nX-A: b\r\ntransfer-encoding: chunked\r\n"),
    (
        "both-length-twice",
        "Content-Length: {n}\r\nContent-Length: {n}\r\nTransfer-Encoding: chunked\r\n",
    ),
    ("both-upper", "CONTENT-LENGTH: {n}\r\nTRANSFER-ENCODING: CHUNKED\r\n"),
    (
        "both-named-by-connection",
        "Connection: Content-Length\r\nContent-Length: {n}\r\nTransfer-Encoding: chunked\r\n",
    ),
    (
        "both-coding-named",
        "Connection: Transfer-Encoding\r\nContent-Length: {n}\r\nTransfer-Encoding: chunked\r\n",
    ),
];

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, fields) in BAD_LENGTHS {
        cases.push(Case::refused(*name, BAD, move |at: &Place| {
            at.post(fields, [b"12345", &at.smuggled()[..]].concat())
        }));
    }
    for (name, fields) in BOTH {
        // CL.TE: a reader of chunks ends before the other request, which is in the length.
        cases.push(Case::refused(format!("{name}-cl-te"), BAD, move |at: &Place| {
            let body = at.end_and_smuggled();
            at.post(fields.replace("{n}", &body.len().to_string()), body)
        }));
        // TE.CL: a reader of the length ends behind the size of the first chunk.
        cases.push(Case::refused(format!("{name}-te-cl"), BAD, move |at: &Place| {
            let inner = at.smuggled();
            let size = format!("{:x}\r\n", inner.len());
            let body = [size.as_bytes(), &inner, b"\r\n0\r\n\r\n"].concat();
            at.post(fields.replace("{n}", &size.len().to_string()), body)
        }));
    }
    cases.extend(zeros());
    cases.extend(good());
    cases
}

fn sized(at: &Place, method: &str) -> Vec<u8> {
    let body = at.smuggled();
    let fields = format!("Content-Length: {}\r\n", body.len());
    at.request((method, "attack"), fields, body)
}

/// Bodies where not every reader expects one (CL.0, 0.CL).
fn zeros() -> Vec<Case> {
    let mut cases: Vec<Case> = ["GET", "DELETE", "PUT", "PATCH", "POST"]
        .into_iter()
        .map(|method| {
            let name = format!("body-of-{}", method.to_ascii_lowercase());
            // A body that is dropped is read to its end, or the connection is closed.
            let then = if method == "GET" { Then::Any } else { Then::Open };
            Case::passed(name, move |at: &Place| sized(at, method)).then(then)
        })
        .collect();
    cases.push(Case::passed("body-of-head", |at: &Place| sized(at, "HEAD")).head().then(Then::Any));
    cases.push(
        Case::passed("chunks-of-get", |at: &Place| {
            let inner = at.smuggled();
            let chunk = format!("{:x}\r\n", inner.len());
            let body = [chunk.as_bytes(), &inner, b"\r\n0\r\n\r\n"].concat();
            at.request(("GET", "attack"), "Transfer-Encoding: chunked\r\n", body)
        })
        .then(Then::Any),
    );
    // The gateway's own answer must not leave a body behind on the connection.
    for (name, method, path, statuses) in [
        ("body-to-nowhere", "POST", "/nowhere", &[404][..]),
        ("body-of-trace", "TRACE", "", &[405]),
        ("body-of-options", "OPTIONS", "", &[200, 204, 405]),
        ("body-of-unknown", "GPOST", "", &[405, 501]),
    ] {
        cases.push(Case::answered(name, &[Want::Own(statuses)], Then::Any, move |at: &Place| {
            let body = at.smuggled();
            let target = if path.is_empty() { "{}" } else { path };
            let fields = format!("Host: gw\r\nContent-Length: {}\r\n", body.len());
            let line = format!("{method} {target} HTTP/1.1");
            [at.line(line, fields), body].concat()
        }));
    }
    // What comes behind a message without a body is a request of its own.
    cases.push(Case::answered(
        "no-body-then-another",
        &[Want::Seen("attack"), Want::Seen("smuggled")],
        Then::Open,
        |at: &Place| [at.post("Content-Length: 0\r\n", ""), at.smuggled()].concat(),
    ));
    cases.push(Case::answered(
        "post-without-length-then-another",
        &[Want::Seen("attack"), Want::Seen("smuggled")],
        Then::Open,
        |at: &Place| [at.post("", ""), at.smuggled()].concat(),
    ));
    cases
}

/// What must not be refused.
fn good() -> Vec<Case> {
    let mut cases: Vec<Case> = [
        ("length-good", "Content-Length: 5\r\n"),
        ("length-without-space", "Content-Length:5\r\n"),
        ("length-with-spaces", "Content-Length: \t 5 \t \r\n"),
        ("length-leading-zeros", "Content-Length: 0005\r\n"),
        ("length-lower-case", "content-length: 5\r\n"),
    ]
    .into_iter()
    .map(|(name, fields)| {
        Case::passed(name, move |at: &Place| at.post(fields, "12345")).claiming(&[
            Claim::Has("\r\ncontent-length: 5\r\n"),
            Claim::Lacks("transfer-encoding"),
            Claim::Body(b"12345"),
        ])
    })
    .collect();
    cases.push(
        Case::passed("length-none", |at: &Place| at.get(""))
            .claiming(&[Claim::Lacks("content-length"), Claim::Lacks("transfer-encoding")]),
    );
    cases
}
