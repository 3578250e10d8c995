//! Chunks, their extensions and trailers (RFC 9112 §7.1).

use crate::smuggling::case::{BAD, Case, Claim, Place};

/// Trailers may be too much as well as wrong.
const BAD_TRAILER: &[u16] = &[400, 431];

/// Bodies of which each holds the other request behind its mistake.
const WRONG: &[(&str, &[u8])] = &[
    ("size-empty", b"\r\n12345\r\n"),
    ("size-17-digits", b"00000000000000005\r\n12345\r\n"),
    ("size-wraps-to-5", b"10000000000000005\r\n12345\r\n"),
    ("size-wraps-to-0", b"10000000000000000\r\n\r\n"),
    ("size-endless", b"fffffffffffffffffffff\r\n12345\r\n"),
    ("size-prefixed", b"0x5\r\n12345\r\n"),
    ("size-prefixed-upper", b"0X5\r\n12345\r\n"),
    ("size-plus", b"+5\r\n12345\r\n"),
    ("size-minus", b"-5\r\n12345\r\n"),
    ("size-minus-zero", b"-0\r\n\r\n"),
    ("size-underscore", b"0_5\r\n12345\r\n"),
    ("size-letter", b"5g\r\n12345\r\n"),
    ("size-word", b"zz\r\n12345\r\n"),
    ("size-leading-space", b" 5\r\n12345\r\n"),
    ("size-leading-tab", b"\t5\r\n12345\r\n"),
    ("size-trailing-space", b"5 \r\n12345\r\n"),
    ("size-trailing-tab", b"5\t\r\n12345\r\n"),
    ("size-inner-space", b"0 5\r\n12345\r\n"),
    ("size-nul", b"5\0\r\n12345\r\n"),
    ("size-vertical-tab", b"5\x0b\r\n12345\r\n"),
    ("size-comma", b"5,\r\n12345\r\n"),
    ("size-line-feed", b"5\n12345\r\n"),
    ("size-return", b"5\r12345\r\n"),
    ("size-two-returns", b"5\r\r\n12345\r\n"),
    ("size-line-feed-return", b"5\n\r\n12345\r\n"),
    ("size-led-by-line-feed", b"\n5\r\n12345\r\n"),
    ("size-led-by-line-end", b"\r\n5\r\n12345\r\n"),
    ("data-line-feed", b"5\r\n12345\n"),
    ("data-return", b"5\r\n12345\r"),
    ("data-no-end", b"5\r\n12345"),
    ("data-other-end", b"5\r\n12345XX"),
    ("data-longer", b"5\r\n123456\r\n"),
    ("data-much-longer", b"5\r\n12345678\r\n"),
    ("data-shorter", b"5\r\n1234\r\n"),
    ("data-two-ends", b"5\r\n12345\r\n\r\n"),
    ("data-space-before-end", b"5\r\n12345 \r\n"),
    ("extension-line-feed", b"5;a=b\n12345\r\n"),
    ("extension-line-feed-inside", b"5;a\nb\r\n12345\r\n"),
    ("extension-return-inside", b"5;a\rb\r\n12345\r\n"),
    ("extension-bare-line-feed", b"5;\n12345\r\n"),
    ("extension-quoted-line-feed", b"5;a=\"\n\"\r\n12345\r\n"),
    ("extension-quoted-line-end", b"5;a=\"\r\n\"\r\n12345\r\n"),
    ("extension-nul", b"5;a=\0\r\n12345\r\n"),
    ("extension-control", b"5;a=\x01\r\n12345\r\n"),
    ("extension-delete", b"5;a=\x7f\r\n12345\r\n"),
    ("extension-after-space", b"5 ;a=b\r\n12345\r\n"),
    ("extension-without-semicolon", b"5 a=b\r\n12345\r\n"),
    ("last-line-feed", b"0\n\n"),
    ("last-line-feed-second", b"0\r\n\n"),
    ("last-line-feed-first", b"0\n\r\n"),
    ("last-return", b"0\r\r"),
    ("last-return-second", b"0\r\n\rX"),
    ("last-space", b"0 \r\n\r\n"),
    ("last-prefixed", b"0x0\r\n\r\n"),
    ("last-17-digits", b"00000000000000000\r\n\r\n"),
    ("last-extension-line-feed", b"0;a\n\r\n"),
];

/// Trailers that are no fields.
const WRONG_TRAILERS: &[(&str, &[u8])] = &[
    ("trailer-without-colon", b"X-A\r\n\r\n"),
    ("trailer-request", b"GET /smuggled HTTP/1.1\r\nHost: gw\r\n\r\n"),
    ("trailer-space-before-colon", b"X-A : b\r\n\r\n"),
    ("trailer-empty-name", b": b\r\n\r\n"),
    ("trailer-space-in-name", b"X A: b\r\n\r\n"),
    ("trailer-folded", b"X-A: b\r\n c\r\n\r\n"),
    ("trailer-folded-first", b" X-A: b\r\n\r\n"),
    ("trailer-nul", b"X-A: \0\r\n\r\n"),
    ("trailer-line-feed", b"X-A: b\n\r\n"),
    ("trailer-line-feed-inside", b"X-A: b\nX-B: c\r\n\r\n"),
    ("trailer-return-inside", b"X-A: b\rX-B: c\r\n\r\n"),
    ("trailer-ends-in-line-feed", b"X-A: b\r\n\n"),
    ("trailer-ends-in-two-line-feeds", b"X-A: b\n\n"),
];

/// Fields that frame, route or authenticate (RFC 9110 §6.5.1): for the head alone.
const MISPLACED: &[(&str, &str)] = &[
    ("content-length", "5"),
    ("transfer-encoding", "chunked"),
    ("host", "evil.example"),
    ("authorization", "Bearer evil"),
    ("x-forwarded-for", "6.6.6.6"),
    ("x-request-id", "evil"),
    ("connection", "close"),
    ("expect", "100-continue"),
    ("cookie", "evil=1"),
    ("content-type", "evil/evil"),
    ("trailer", "evil"),
];

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, body) in WRONG {
        cases.push(Case::refused(*name, BAD, move |at: &Place| {
            at.chunked([body, &at.end_and_smuggled()[..]].concat())
        }));
        // A good chunk first, so that the backend has a part of the request.
        cases.push(Case::refused(format!("{name}-after-chunk"), BAD, move |at: &Place| {
            at.chunked([&b"3\r\nabc\r\n"[..], body, &at.end_and_smuggled()[..]].concat())
        }));
    }
    for (name, trailers) in WRONG_TRAILERS {
        cases.push(Case::refused(*name, BAD_TRAILER, move |at: &Place| {
            at.chunked([&b"5\r\n12345\r\n0\r\n"[..], trailers, &at.smuggled()[..]].concat())
        }));
    }
    cases.extend(overlong());
    cases.extend(misplaced());
    cases.extend(good());
    cases
}

/// Without an end, or without a bound.
fn overlong() -> Vec<Case> {
    let extension = |length: usize| format!("1;{}\r\n1\r\n", "a".repeat(length));
    vec![
        Case::refused("extension-long", BAD, move |at: &Place| {
            at.chunked([extension(300).as_bytes(), &at.end_and_smuggled()].concat())
        }),
        Case::refused("extensions-many", BAD, move |at: &Place| {
            let chunks = extension(200).repeat(30);
            at.chunked([chunks.as_bytes(), &at.end_and_smuggled()].concat())
        }),
        Case::refused("extension-endless", BAD, move |at: &Place| {
            at.chunked(format!("5;{}", "a".repeat(50_000)))
        }),
        Case::refused("size-never-ends", BAD, move |at: &Place| at.chunked("0".repeat(50_000))),
        Case::refused("trailer-long", BAD_TRAILER, move |at: &Place| {
            let trailers = format!("0\r\nX-A: {}\r\n\r\n", "a".repeat(10_000));
            at.chunked([trailers.as_bytes(), &at.smuggled()].concat())
        }),
        Case::refused("trailers-many", BAD_TRAILER, move |at: &Place| {
            let trailers = format!("0\r\n{}\r\n", "X-A: b\r\n".repeat(200));
            at.chunked([trailers.as_bytes(), &at.smuggled()].concat())
        }),
        Case::refused("trailers-endless", BAD_TRAILER, move |at: &Place| {
            at.chunked(format!("0\r\n{}", "X-A: b\r\n".repeat(10_000)))
        }),
    ]
}

/// What such a field says counts for nobody.
fn misplaced() -> Vec<Case> {
    let claims: Vec<Claim> = MISPLACED.iter().map(|(name, _)| Claim::NoTrailer(name)).collect();
    let mut cases = Vec::new();
    for (name, value) in MISPLACED {
        for is_named in [true, false] {
            let suffix = if is_named { "-named" } else { "" };
            let case = Case::harmless(format!("trailer-{name}{suffix}"), move |at: &Place| {
                let named = if is_named { format!("Trailer: {name}\r\n") } else { String::new() };
                let fields = format!("TE: trailers\r\n{named}Transfer-Encoding: chunked\r\n");
                at.post(fields, format!("5\r\n12345\r\n0\r\n{name}: {value}\r\n\r\n"))
            });
            cases.push(
                case.claiming(
                    &[&claims[..], &[Claim::Lacks("evil"), Claim::Body(b"12345")]].concat(),
                ),
            );
        }
    }
    cases
}

/// What must not be refused.
fn good() -> Vec<Case> {
    [
        ("chunks-good", "3\r\n123\r\n2\r\n45\r\n0\r\n\r\n"),
        ("chunks-16-digits", "0000000000000005\r\n12345\r\n0\r\n\r\n"),
        ("chunks-many-zeros", "5\r\n12345\r\n0000000000000000\r\n\r\n"),
        ("chunks-extension", "5;a=b\r\n12345\r\n0;last\r\n\r\n"),
        ("chunks-extension-quoted", "5;a=\"0;b\"\r\n12345\r\n0\r\n\r\n"),
        ("chunks-trailer", "5\r\n12345\r\n0\r\nX-Sum: 1\r\n\r\n"),
        ("chunks-data-like-chunks", "5\r\n12345\r\n0\r\n\r\n"),
    ]
    .into_iter()
    .map(|(name, body)| {
        let lacks = Claim::Lacks("content-length");
        Case::passed(name, move |at: &Place| at.chunked(body))
            .claiming(&[Claim::Body(b"12345"), lacks])
    })
    .collect()
}
