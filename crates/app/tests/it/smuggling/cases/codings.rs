//! `Transfer-Encoding`, hidden from one reader or the other (RFC 9112 §6.1, §7; TE.TE).

use crate::smuggling::case::{BAD, Case, Claim, Place, Then, Want};

/// 501 is for codings that a server need not know, 400 for what is no list of codings at all.
const UNKNOWN: &[u16] = &[400, 501];

const HIDDEN: &[(&str, &[u16], &[u8])] = &[
    ("coding-space-before-colon", BAD, b"Transfer-Encoding : chunked\r\n"),
    ("coding-tab-before-colon", BAD, b"Transfer-Encoding\t: chunked\r\n"),
    ("coding-xchunked", BAD, b"Transfer-Encoding: xchunked\r\n"),
    ("coding-chunkedx", BAD, b"Transfer-Encoding: chunkedx\r\n"),
    ("coding-cow", BAD, b"Transfer-Encoding: cow\r\n"),
    ("coding-empty", BAD, b"Transfer-Encoding:\r\n"),
    ("coding-comma", BAD, b"Transfer-Encoding: ,\r\n"),
    ("coding-identity", BAD, b"Transfer-Encoding: identity\r\n"),
    ("coding-gzip", BAD, b"Transfer-Encoding: gzip\r\n"),
    ("coding-gzip-chunked", &[501], b"Transfer-Encoding: gzip, chunked\r\n"),
    ("coding-identity-chunked", UNKNOWN, b"Transfer-Encoding: identity, chunked\r\n"),
    ("coding-chunked-identity", BAD, b"Transfer-Encoding: chunked, identity\r\n"),
    ("coding-chunked-gzip", BAD, b"Transfer-Encoding: chunked, gzip\r\n"),
    ("coding-chunked-chunked", BAD, b"Transfer-Encoding: chunked, chunked\r\n"),
    ("coding-comma-chunked", UNKNOWN, b"Transfer-Encoding: ,chunked\r\n"),
    ("coding-chunked-comma", UNKNOWN, b"Transfer-Encoding: chunked,\r\n"),
    ("coding-semicolon", UNKNOWN, b"Transfer-Encoding: chunked;\r\n"),
    ("coding-parameter", UNKNOWN, b"Transfer-Encoding: chunked;q=1\r\n"),
    ("coding-blank-separated", UNKNOWN, b"Transfer-Encoding: identity chunked\r\n"),
    ("coding-quoted", UNKNOWN, b"Transfer-Encoding: \"chunked\"\r\n"),
    ("coding-single-quoted", UNKNOWN, b"Transfer-Encoding: 'chunked'\r\n"),
    ("coding-colon", UNKNOWN, b"Transfer-Encoding:: chunked\r\n"),
    ("coding-vertical-tab", BAD, b"Transfer-Encoding:\x0bchunked\r\n"),
    ("coding-form-feed", BAD, b"Transfer-Encoding: \x0cchunked\r\n"),
    ("coding-vertical-tab-behind", BAD, b"Transfer-Encoding: chunked\x0b\r\n"),
    ("coding-nul", BAD, b"Transfer-Encoding: chunked\0\r\n"),
    ("coding-nul-inside", BAD, b"Transfer-Encoding: ch\0unked\r\n"),
    ("coding-nul-in-name", BAD, b"Transfer\0-Encoding: chunked\r\n"),
    ("coding-delete", BAD, b"Transfer-Encoding: chunked\x7f\r\n"),
    ("coding-no-break-space", BAD, b"Transfer-Encoding: \xa0chunked\r\n"),
    ("coding-high-byte-behind", BAD, b"Transfer-Encoding: chunked\xff\r\n"),
    ("coding-kelvin-sign", BAD, "Transfer-Encoding: chun\u{212a}ed\r\n".as_bytes()),
    ("coding-twice", BAD, b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
    ("coding-twice-cow-last", BAD, b"Transfer-Encoding: chunked\r\nTransfer-Encoding: cow\r\n"),
    (
        "coding-twice-cow-first",
        UNKNOWN,
        b"Transfer-Encoding: cow\r\nTransfer-Encoding: chunked\r\n",
    ),
    (
        "coding-twice-identity-last",
        BAD,
        b"Transfer-Encoding: chunked\r\nTransfer-encoding: identity\r\n",
    ),
    ("coding-folded", BAD, b"Transfer-Encoding:\r\n chunked\r\n"),
    ("coding-folded-tab", BAD, b"Transfer-Encoding:\r\n\tchunked\r\n"),
    ("coding-folded-more", BAD, b"Transfer-Encoding: chunked\r\n , identity\r\n"),
    ("coding-folded-into-another", BAD, b"X-A: b\r\n Transfer-Encoding: chunked\r\n"),
    ("coding-after-line-feed", BAD, b"X-A: b\nTransfer-Encoding: chunked\r\n"),
    ("coding-after-return", BAD, b"X-A: b\rTransfer-Encoding: chunked\r\n"),
    ("coding-line-feed-behind", BAD, b"Transfer-Encoding: chunked\n\r\n"),
    ("coding-return-behind", BAD, b"Transfer-Encoding: chunked\r\r\n"),
    ("coding-return-in-value", BAD, b"Transfer-Encoding: \rchunked\r\n"),
    ("coding-line-feed-in-name", BAD, b"Transfer-Encoding\n: chunked\r\n"),
    ("coding-space-in-name", BAD, b"Transfer Encoding: chunked\r\n"),
    ("coding-without-value", BAD, b"Transfer-Encoding\r\n: chunked\r\n"),
];

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, statuses, fields) in HIDDEN {
        // Read as chunks the body ends before the other request; read without, at once.
        cases.push(Case::refused(*name, statuses, move |at: &Place| {
            at.post(fields, at.end_and_smuggled())
        }));
        // The same with a length over the other request.
        cases.push(Case::refused(format!("{name}-and-length"), statuses, move |at: &Place| {
            let body = at.end_and_smuggled();
            let length = format!("Content-Length: {}\r\n", body.len());
            at.post([length.as_bytes(), fields].concat(), body)
        }));
    }
    cases.extend(old());
    cases.extend(good());
    cases
}

/// HTTP/1.0 knows no codings.
fn old() -> Vec<Case> {
    let old = |fields: &'static str| {
        move |at: &Place| {
            let fields = format!("Host: gw\r\n{fields}");
            [at.line("POST {} HTTP/1.0", fields), at.end_and_smuggled()].concat()
        }
    };
    vec![
        Case::refused("old-coding", BAD, old("Transfer-Encoding: chunked\r\n")),
        Case::refused(
            "old-coding-kept",
            BAD,
            old("Connection: keep-alive\r\nTransfer-Encoding: chunked\r\n"),
        ),
        Case::refused(
            "old-coding-and-length",
            BAD,
            old("Connection: keep-alive\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n"),
        ),
        Case::refused("old-coding-unknown", &[400, 501], old("Transfer-Encoding: cow\r\n")),
        Case::answered("old-closes", &[Want::Seen("attack")], Then::Closed, move |at: &Place| {
            let old = at.line("POST {} HTTP/1.0", "Content-Length: 5\r\n");
            [&old, &b"12345"[..], &at.smuggled()].concat()
        }),
        Case::passed("old-kept", |at: &Place| {
            let fields = "Connection: keep-alive\r\nContent-Length: 5\r\n";
            [&at.line("POST {} HTTP/1.0", fields), &b"12345"[..]].concat()
        }),
    ]
}

/// What must not be refused.
fn good() -> Vec<Case> {
    [
        ("coding-good", "Transfer-Encoding: chunked\r\n"),
        ("coding-upper-case", "TRANSFER-ENCODING: CHUNKED\r\n"),
        ("coding-without-space", "Transfer-Encoding:chunked\r\n"),
        ("coding-tab", "Transfer-Encoding:\tchunked\r\n"),
        ("coding-blanks-behind", "Transfer-Encoding: chunked \t \r\n"),
    ]
    .into_iter()
    .map(|(name, fields)| {
        Case::passed(name, move |at: &Place| at.post(fields, "5\r\n12345\r\n0\r\n\r\n")).claiming(
            &[
                Claim::Has("\r\ntransfer-encoding: chunked\r\n"),
                Claim::Lacks("content-length"),
                Claim::Body(b"12345"),
            ],
        )
    })
    .collect()
}
