//! The table of attacks over HTTP/2.

use super::{Body, Case, Fields, Want};
use crate::smuggling::case::{Claim, Place, replaced};

/// Fields that are added to a good request with a body, and must not get through.
const REFUSED: &[(&str, &[u8], &[u8])] = &[
    ("coding-chunked", b"transfer-encoding", b"chunked"),
    ("coding-identity", b"transfer-encoding", b"identity"),
    ("coding-empty", b"transfer-encoding", b""),
    ("coding-upper-case", b"Transfer-Encoding", b"chunked"),
    ("connection-close", b"connection", b"close"),
    ("connection-length", b"connection", b"content-length"),
    ("connection-keep-alive", b"keep-alive", b"timeout=5"),
    ("connection-proxy", b"proxy-connection", b"keep-alive"),
    ("connection-upgrade", b"upgrade", b"h2c"),
    ("te-gzip", b"te", b"gzip"),
    ("te-more", b"te", b"trailers, chunked"),
    ("value-line", b"x-a", b"b\r\nX-Evil: c"),
    ("value-head", b"x-a", b"b\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: gw\r\n\r\n"),
    ("value-coding", b"x-a", b"b\r\nTransfer-Encoding: chunked"),
    ("value-line-feed", b"x-a", b"b\nX-Evil: c"),
    ("value-return", b"x-a", b"b\rX-Evil: c"),
    ("value-nul", b"x-a", b"b\0c"),
    ("value-control", b"x-a", b"b\x01c"),
    ("value-delete", b"x-a", b"b\x7fc"),
    ("name-upper-case", b"X-A", b"b"),
    ("name-empty", b"", b"b"),
    ("name-space", b"x a", b"b"),
    ("name-space-behind", b"x-a ", b"b"),
    ("name-colon", b"x-a:x-evil", b"b"),
    ("name-colon-coding", b"transfer-encoding:chunked", b""),
    ("name-line", b"x-a: b\r\nx-evil", b"c"),
    ("name-line-feed", b"x-a\nx-evil", b"c"),
    ("name-return", b"x-a\r", b"c"),
    ("name-nul", b"x-a\0", b"c"),
    ("name-tab", b"x-a\t", b"c"),
    ("name-delete", b"x-a\x7f", b"c"),
    ("name-high-byte", b"x-\xe9", b"c"),
    ("name-slash", b"x/a", b"c"),
    ("name-coding-line", b"x-a: b\r\ntransfer-encoding", b"chunked"),
    ("pseudo-after-field", b":path", b"/evil"),
    ("pseudo-unknown", b":evil", b"b"),
    ("pseudo-of-answer", b":status", b"200"),
    ("pseudo-protocol", b":protocol", b"websocket"),
    ("host-other", b"host", b"evil"),
    ("host-empty", b"host", b""),
    ("host-line", b"host", b"gw\r\nX-Evil: c"),
    ("length-word", b"content-length", b"five"),
    ("length-plus", b"content-length", b"+5"),
    ("length-hex", b"content-length", b"0x5"),
    ("length-list", b"content-length", b"5, 6"),
    ("length-empty", b"content-length", b""),
    ("length-too-small", b"content-length", b"3"),
    ("length-too-large", b"content-length", b"7"),
    ("length-zero", b"content-length", b"0"),
    ("length-wraps-to-5", b"content-length", b"18446744073709551621"),
    ("length-announced", b"content-length", b"100001"),
];

/// Pseudo-header fields with other values.
const PSEUDO: &[(&str, &[u8], &[u8])] = &[
    ("method-line", b":method", b"GET /smuggled HTTP/1.1\r\nX-A: b"),
    ("method-request", b":method", b"GET /smuggled HTTP/1.1"),
    ("method-space", b":method", b"PO ST"),
    ("method-space-behind", b":method", b"POST "),
    ("method-empty", b":method", b""),
    ("method-nul", b":method", b"POST\0"),
    ("method-connect", b":method", b"CONNECT"),
    ("method-unknown", b":method", b"GPOST"),
    ("method-lower-case", b":method", b"post"),
    ("path-line", b":path", b"{} HTTP/1.1\r\nX-Evil: c"),
    ("path-head", b":path", b"{} HTTP/1.1\r\nHost: gw\r\n\r\nGET /smuggled"),
    ("path-space", b":path", b"{} HTTP/1.1"),
    ("path-space-inside", b":path", b"{}/a b"),
    ("path-tab", b":path", b"{}\tb"),
    ("path-line-feed", b":path", b"{}\nb"),
    ("path-return", b":path", b"{}\rb"),
    ("path-nul", b":path", b"{}\0b"),
    ("path-control", b":path", b"{}\x01b"),
    ("path-delete", b":path", b"{}\x7fb"),
    ("path-fragment", b":path", b"{}#b"),
    ("path-empty", b":path", b""),
    ("path-star", b":path", b"*"),
    ("path-relative", b":path", b"attack"),
    ("path-absolute", b":path", b"http://evil{}"),
    ("path-query-alone", b":path", b"?a=b"),
    ("authority-line", b":authority", b"gw\r\nX-Evil: c"),
    ("authority-space", b":authority", b"gw evil"),
    ("authority-path", b":authority", b"gw/evil"),
    ("authority-query", b":authority", b"gw?evil"),
    ("authority-fragment", b":authority", b"gw#evil"),
    ("authority-user", b":authority", b"user@gw"),
    ("authority-port-word", b":authority", b"gw:evil"),
    ("authority-nul", b":authority", b"gw\0"),
    ("authority-backslash", b":authority", b"gw\\evil"),
    ("scheme-line", b":scheme", b"http\r\nX-Evil: c"),
    ("scheme-url", b":scheme", b"http://evil/?"),
    ("scheme-space", b":scheme", b"http evil"),
    ("scheme-empty", b":scheme", b""),
];

/// Fields in a trailer section that must not get through.
const TRAILERS: &[(&str, &[u8], &[u8])] = &[
    ("trailer-pseudo", b":path", b"/evil"),
    ("trailer-status", b":status", b"200"),
    ("trailer-upper-case", b"X-Sum", b"1"),
    ("trailer-line", b"x-sum", b"1\r\nX-Evil: c"),
    ("trailer-end", b"x-sum", b"1\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: gw\r\n\r\n"),
    ("trailer-nul", b"x-sum", b"1\0"),
    ("trailer-name-line", b"x-sum: 1\r\nx-evil", b"c"),
    ("trailer-name-colon", b"x-sum:", b"c"),
    ("trailer-connection", b"connection", b"close"),
    ("trailer-coding", b"transfer-encoding", b"chunked"),
];

/// What the HTTP/2 library takes away before anybody sees it: what is left leaves no choice.
const TAKEN_AWAY: [&str; 3] = ["path-fragment", "trailer-pseudo", "trailer-status"];

fn want(name: &str) -> Want {
    if TAKEN_AWAY.contains(&name) { Want::Harmless } else { Want::Refused }
}

pub(super) fn all() -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, field, value) in REFUSED {
        for (suffix, body) in
            [("", Body::Bytes(b"12345".to_vec())), ("-smuggled", Body::EndAndSmuggled)]
        {
            let case = Case::new(format!("h2-{name}{suffix}"), Want::Refused, move |_, fields| {
                fields.push((field.to_vec(), value.to_vec()));
            });
            cases.push(case.body(body).claiming(&[Claim::Lacks("evil")]));
        }
    }
    for (name, field, value) in PSEUDO {
        let case = Case::new(format!("h2-{name}"), want(name), move |at, fields| {
            let target = format!("{}/attack", at.path);
            let value = replaced(value, b"{}", target.as_bytes());
            set(fields, field, &value);
        });
        cases.push(case.body(Body::Smuggled).claiming(&[Claim::Lacks("evil")]));
    }
    for (name, field, value) in TRAILERS {
        let case = Case::new(format!("h2-{name}"), want(name), |_, _| {});
        cases.push(case.trailers(&[(field, value)]).claiming(&[Claim::Lacks("evil")]));
    }
    cases.extend(pseudo());
    cases.extend(lengths());
    cases.extend(trailers());
    cases.extend(limits());
    cases.extend(good());
    cases
}

fn set(fields: &mut Fields, name: &[u8], value: &[u8]) {
    let field = fields.iter_mut().find(|field| field.0 == name).unwrap();
    field.1 = value.to_vec();
}

/// Pseudo-header fields that are missing, double, or in the wrong place.
fn pseudo() -> Vec<Case> {
    let mut cases = Vec::new();
    for name in [":method", ":scheme", ":path"] {
        let case = format!("h2-no-{}", name.trim_start_matches(':'));
        cases.push(Case::new(case, Want::Refused, move |_, fields| {
            fields.retain(|field| field.0 != name.as_bytes());
        }));
    }
    for (name, value) in
        [(":method", "GET"), (":scheme", "http"), (":path", "/evil"), (":authority", "evil")]
    {
        let case = format!("h2-two-{}s", name.trim_start_matches(':'));
        cases.push(Case::new(case, Want::Refused, move |_, fields| {
            fields.insert(0, (name.into(), value.into()));
        }));
    }
    cases.push(Case::new("h2-pseudo-last", Want::Refused, |_, fields| fields.rotate_right(1)));
    cases.push(Case::new("h2-no-host-at-all", Want::Refused, |_, fields| {
        fields.retain(|field| field.0 != b":authority");
    }));
    cases.push(Case::new("h2-two-hosts", Want::Refused, |_, fields| {
        fields.retain(|field| field.0 != b":authority");
        fields.push((b"host".to_vec(), b"gw".to_vec()));
        fields.push((b"host".to_vec(), b"evil".to_vec()));
    }));
    cases
}

/// Lengths that do not fit what comes, with the other request as body or behind it.
fn lengths() -> Vec<Case> {
    let with = |value: &'static str| {
        move |_: &Place, fields: &mut Fields| {
            fields.push((b"content-length".to_vec(), value.as_bytes().to_vec()));
        }
    };
    let two = |first: &'static str, second: &'static str| {
        move |_: &Place, fields: &mut Fields| {
            for value in [first, second] {
                fields.push((b"content-length".to_vec(), value.as_bytes().to_vec()));
            }
        }
    };
    vec![
        Case::new("h2-length-without-body", Want::Refused, with("5")).body(Body::None),
        Case::new("h2-length-before-smuggled", Want::Refused, with("0")).body(Body::Smuggled),
        Case::new("h2-length-of-part", Want::Refused, with("10")).body(Body::Smuggled),
        Case::new("h2-lengths-differ", Want::Refused, two("5", "0")),
        Case::new("h2-lengths-differ-zero-first", Want::Refused, two("0", "5")),
        Case::new("h2-lengths-same", Want::Harmless, two("5", "5"))
            .claiming(&[Claim::Body(b"12345")]),
        Case::new("h2-length-list-same", Want::Harmless, with("5, 5")),
        Case::new("h2-length-with-space", Want::Harmless, with(" 5")),
    ]
}

/// Trailers that are fields, but for the head alone (RFC 9110 §6.5.1).
fn trailers() -> Vec<Case> {
    let misplaced: [(&str, &[u8], &[u8]); 6] = [
        ("content-length", b"content-length", b"5"),
        ("host", b"host", b"evil"),
        ("authorization", b"authorization", b"evil"),
        ("x-forwarded-for", b"x-forwarded-for", b"evil"),
        ("x-request-id", b"x-request-id", b"evil"),
        ("cookie", b"cookie", b"evil"),
    ];
    misplaced
        .into_iter()
        .map(|(name, field, value)| {
            Case::new(format!("h2-trailer-{name}"), Want::Harmless, move |_, fields| {
                fields.push((b"te".to_vec(), b"trailers".to_vec()));
                fields.push((b"trailer".to_vec(), field.to_vec()));
            })
            .trailers(&[(field, value)])
            .claiming(&[Claim::NoTrailer(name), Claim::Body(b"12345")])
        })
        .collect()
}

fn limits() -> Vec<Case> {
    let add = |count: usize, length: usize| {
        move |_: &Place, fields: &mut Fields| {
            for index in 0..count {
                fields.push((format!("x-{index}").into_bytes(), vec![b'a'; length]));
            }
        }
    };
    vec![
        Case::new("h2-head-large", Want::Refused, add(1, 20_000)),
        Case::new("h2-head-large-sum", Want::Refused, add(40, 500)),
        Case::new("h2-head-many-fields", Want::Refused, add(150, 1)),
        Case::new("h2-head-much-too-large", Want::Refused, add(1, 200_000)),
        Case::new("h2-head-almost-too-large", Want::Passed, add(1, 14_000)),
        Case::new("h2-path-long", Want::Refused, |at, fields| {
            set(fields, b":path", format!("{}/{}", at.path, "a".repeat(20_000)).as_bytes());
        }),
        Case::new("h2-body-too-long", Want::Refused, |_, _| {})
            .body(Body::Bytes(vec![b'a'; 100_001])),
        Case::new("h2-body-almost-too-long", Want::Passed, |_, _| {})
            .body(Body::Bytes(vec![b'a'; 60_000])),
    ]
}

/// What must not be refused.
fn good() -> Vec<Case> {
    let add = |pairs: &'static [(&'static str, &'static str)]| {
        move |_: &Place, fields: &mut Fields| {
            let pairs = pairs.iter().map(|(name, value)| ((*name).into(), (*value).into()));
            fields.extend(pairs.collect::<Fields>());
        }
    };
    let whole = Claim::Body(b"12345");
    vec![
        Case::new("h2-good", Want::Passed, |_, _| {}).claiming(&[whole]),
        Case::new("h2-good-length", Want::Passed, add(&[("content-length", "5")])).claiming(&[
            whole,
            Claim::Has("\r\ncontent-length: 5\r\n"),
            Claim::Lacks("transfer-encoding"),
        ]),
        Case::new("h2-good-without-body", Want::Passed, |_, _| {}).body(Body::None),
        Case::new("h2-good-length-zero", Want::Passed, add(&[("content-length", "0")]))
            .body(Body::None),
        Case::new("h2-body-of-get", Want::Passed, |at, fields| {
            *fields = super::fields(at, "GET", "attack");
        })
        .body(Body::Smuggled)
        .claiming(&[Claim::Lacks("content-length"), Claim::Lacks("transfer-encoding")]),
        Case::new("h2-body-of-delete", Want::Passed, |at, fields| {
            *fields = super::fields(at, "DELETE", "attack");
        })
        .body(Body::Smuggled),
        Case::new(
            "h2-cookie-crumbs",
            Want::Passed,
            add(&[("cookie", "a=1"), ("cookie", "b=2"), ("cookie", "c=3")]),
        )
        .claiming(&[whole, Claim::Has("\r\ncookie: a=1; b=2; c=3\r\n")]),
        Case::new("h2-host-same", Want::Passed, add(&[("host", "gw")])).claiming(&[whole]),
        Case::new("h2-host-alone", Want::Passed, |_, fields| {
            fields.retain(|field| field.0 != b":authority");
            fields.push((b"host".to_vec(), b"gw".to_vec()));
        }),
        Case::new("h2-te-trailers", Want::Passed, add(&[("te", "trailers")])).claiming(&[whole]),
        Case::new(
            "h2-trailer-good",
            Want::Passed,
            add(&[("te", "trailers"), ("trailer", "x-sum")]),
        )
        .trailers(&[(b"x-sum", b"1")])
        .claiming(&[whole]),
        Case::new("h2-expect", Want::Harmless, add(&[("expect", "100-continue")]))
            .claiming(&[whole, Claim::Lacks("\r\nexpect")]),
        Case::new("h2-expect-other", Want::Harmless, add(&[("expect", "x")]))
            .claiming(&[whole, Claim::Lacks("\r\nexpect")]),
        Case::new("h2-settings-field", Want::Harmless, add(&[("http2-settings", "AAMAAABk")]))
            .claiming(&[whole, Claim::Lacks("http2-settings")]),
        Case::new("h2-value-spaces", Want::Harmless, add(&[("x-a", " b "), ("x-b", "\tc")]))
            .claiming(&[whole]),
        Case::new("h2-value-high-bytes", Want::Passed, add(&[("x-a", "\u{20ac}")]))
            .claiming(&[whole]),
        Case::new(
            "h2-origin",
            Want::Passed,
            add(&[("x-forwarded-for", "6.6.6.6"), ("forwarded", "for=6.6.6.6")]),
        )
        .claiming(&[
            whole,
            Claim::Lacks("6.6.6.6"),
            Claim::Has("\r\nx-forwarded-host: gw\r\n"),
        ]),
        Case::new("h2-scheme-secure", Want::Harmless, |_, fields| {
            set(fields, b":scheme", b"https")
        })
        .claiming(&[whole, Claim::Has("\r\nx-forwarded-proto: http\r\n")]),
        Case::new("h2-scheme-other", Want::Harmless, |_, fields| set(fields, b":scheme", b"ftp")),
    ]
}
