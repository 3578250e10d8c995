//! More than the gateway takes: as much is read as its limits say, and nothing behind it.

use crate::smuggling::case::{BAD, Case, Place};

/// More than `head_bytes`.
const MUCH: usize = 20_000;
/// More than `body_bytes`.
const LARGE: usize = 100_001;
const HEAD: &[u16] = &[431];
const LINE: &[u16] = &[414];
const BODY: &[u16] = &[413];

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = heads();
    cases.extend(bodies());
    cases
}

fn heads() -> Vec<Case> {
    vec![
        Case::refused("line-long", LINE, |at: &Place| {
            let line = format!("GET {{}}/{} HTTP/1.1", "a".repeat(MUCH));
            [at.line(line, "Host: gw\r\n"), at.smuggled()].concat()
        }),
        Case::refused("line-long-query", LINE, |at: &Place| {
            let line = format!("GET {{}}?{} HTTP/1.1", "a".repeat(MUCH));
            [at.line(line, "Host: gw\r\n"), at.smuggled()].concat()
        }),
        Case::refused("line-endless", LINE, |at: &Place| {
            format!("GET {}/{}", at.path, "a".repeat(MUCH * 5)).into_bytes()
        }),
        Case::refused("line-method-endless", &[400, 414, 501], |_: &Place| {
            "G".repeat(MUCH * 5).into_bytes()
        }),
        Case::refused("head-large-value", HEAD, |at: &Place| {
            [at.get(format!("X-A: {}\r\n", "a".repeat(MUCH))), at.smuggled()].concat()
        }),
        Case::refused("head-large-name", HEAD, |at: &Place| {
            [at.get(format!("{}: a\r\n", "a".repeat(MUCH))), at.smuggled()].concat()
        }),
        Case::refused("head-large-sum", HEAD, |at: &Place| {
            let field = format!("X-A: {}\r\n", "a".repeat(500));
            [at.get(field.repeat(50)), at.smuggled()].concat()
        }),
        Case::refused("head-many-fields", HEAD, |at: &Place| {
            [at.get("X-A: b\r\n".repeat(150)), at.smuggled()].concat()
        }),
        Case::refused("head-empty-fields", HEAD, |at: &Place| {
            [at.get("A:\r\n".repeat(150)), at.smuggled()].concat()
        }),
        Case::refused("head-endless-value", HEAD, |at: &Place| {
            let mut head = at.get(format!("X-A: {}", "a".repeat(MUCH * 5)));
            head.truncate(head.len() - 2);
            head
        }),
        Case::refused("head-endless-fields", HEAD, |at: &Place| {
            let mut head = at.get("X-A: b\r\n".repeat(MUCH));
            head.truncate(head.len() - 2);
            head
        }),
        Case::passed("head-almost-too-large", |at: &Place| {
            at.get(format!("X-A: {}\r\n", "a".repeat(15_000)))
        }),
        Case::passed("head-almost-too-many", |at: &Place| at.get("X-A: b\r\n".repeat(90))),
    ]
}

fn bodies() -> Vec<Case> {
    let smuggled = |at: &Place| at.smuggled();
    vec![
        Case::refused("body-too-long", BODY, move |at: &Place| {
            let body = [&vec![b'a'; LARGE][..], &smuggled(at)].concat();
            at.post(format!("Content-Length: {LARGE}\r\n"), body)
        }),
        Case::refused("body-too-long-announced", BODY, move |at: &Place| {
            at.post(format!("Content-Length: {LARGE}\r\n"), smuggled(at))
        }),
        Case::refused("body-most-of-all", BODY, move |at: &Place| {
            at.post("Content-Length: 18446744073709551615\r\n", smuggled(at))
        }),
        Case::refused("body-wraps-32-bits", BODY, move |at: &Place| {
            at.post("Content-Length: 4294967301\r\n", smuggled(at))
        }),
        Case::refused("body-wraps-63-bits", BODY, move |at: &Place| {
            at.post("Content-Length: 9223372036854775808\r\n", smuggled(at))
        }),
        Case::refused("chunks-too-long", BODY, move |at: &Place| {
            let chunk = format!("3e8\r\n{}\r\n", "a".repeat(1000));
            let chunks = chunk.repeat(LARGE.div_ceil(1000));
            at.chunked([chunks.as_bytes(), &at.end_and_smuggled()].concat())
        }),
        Case::refused("chunk-too-long", BODY, move |at: &Place| {
            let chunk = format!("{LARGE:x}\r\n{}\r\n", "a".repeat(LARGE));
            at.chunked([chunk.as_bytes(), &at.end_and_smuggled()].concat())
        }),
        Case::refused("chunk-most-of-all", BODY, move |at: &Place| {
            let chunk = format!("ffffffffffffffff\r\n{}", "a".repeat(LARGE));
            at.chunked([chunk.as_bytes(), &at.end_and_smuggled()].concat())
        }),
        Case::refused("chunk-wraps-with-another", &[400, 413], move |at: &Place| {
            let chunks = "5\r\n12345\r\nfffffffffffffffb\r\n";
            at.chunked([chunks.as_bytes(), &[b'a'; LARGE], &at.end_and_smuggled()].concat())
        }),
        Case::refused("body-of-get-too-long", BODY, move |at: &Place| {
            let fields = format!("Content-Length: {LARGE}\r\n");
            at.request(("GET", "attack"), fields, smuggled(at))
        }),
        Case::passed("body-almost-too-long", |at: &Place| {
            let body = vec![b'a'; LARGE - 1];
            at.post(format!("Content-Length: {}\r\n", body.len()), body)
        }),
        Case::refused("body-too-long-and-chunked", BAD, |at: &Place| {
            let fields = format!("Content-Length: {LARGE}\r\nTransfer-Encoding: chunked\r\n");
            at.post(fields, at.end_and_smuggled())
        }),
    ]
}

/// Clients that stop in the middle, each of which costs as much time as the gateway gives it.
pub(crate) fn slow() -> Vec<Case> {
    vec![
        Case::refused("head-slow", &[408], |at: &Place| {
            let mut head = at.get("X-A: b\r\n");
            head.truncate(head.len() - 2);
            head
        }),
        Case::refused("head-slow-in-line", &[408], |at: &Place| {
            format!("GET {}/att", at.path).into_bytes()
        }),
        Case::refused("head-slow-at-last-byte", &[408], |at: &Place| {
            let mut head = at.get("");
            head.truncate(head.len() - 1);
            head
        }),
        Case::refused("body-stops", &[400, 408], |at: &Place| {
            at.post("Content-Length: 10\r\n", "12345")
        }),
        Case::refused("chunks-stop", &[400, 408], |at: &Place| at.chunked("5\r\n12345\r\n")),
        Case::refused("chunks-stop-in-size", &[400, 408], |at: &Place| {
            at.chunked("5\r\n12345\r\n5")
        }),
        Case::refused("chunks-stop-at-last", &[400, 408], |at: &Place| {
            at.chunked("5\r\n12345\r\n0\r\n")
        }),
        Case::refused("starts-with-endless-lines", &[400, 408, 414, 431], |_: &Place| {
            "\r\n".repeat(MUCH * 5).into_bytes()
        }),
    ]
}
