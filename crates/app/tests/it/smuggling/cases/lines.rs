//! Request lines and hosts (RFC 9112 §3, RFC 9110 §7.2).

use crate::smuggling::case::{BAD, Case, Claim, Place, Then, Want};

/// A version that is none, or none that is spoken here.
const VERSION: &[u16] = &[400, 505];

const WRONG: &[(&str, &[u16], &[u8])] = &[
    ("version-none", VERSION, b"GET {}"),
    ("version-blank", VERSION, b"GET {} "),
    ("version-0.9", VERSION, b"GET {} HTTP/0.9"),
    ("version-1.2", &[505], b"GET {} HTTP/1.2"),
    ("version-1.9", &[505], b"GET {} HTTP/1.9"),
    ("version-2.0", &[505], b"GET {} HTTP/2.0"),
    ("version-2", VERSION, b"GET {} HTTP/2"),
    ("version-3.0", &[505], b"GET {} HTTP/3.0"),
    ("version-9.9", &[505], b"GET {} HTTP/9.9"),
    ("version-1", VERSION, b"GET {} HTTP/1"),
    ("version-1.", VERSION, b"GET {} HTTP/1."),
    ("version-1.10", VERSION, b"GET {} HTTP/1.10"),
    ("version-01.1", VERSION, b"GET {} HTTP/01.1"),
    ("version-1.1.1", VERSION, b"GET {} HTTP/1.1.1"),
    ("version-lower-case", VERSION, b"GET {} http/1.1"),
    ("version-comma", VERSION, b"GET {} HTTP/1,1"),
    ("version-minus", VERSION, b"GET {} HTTP/-1.1"),
    ("version-space", VERSION, b"GET {} HTTP/ 1.1"),
    ("version-other-protocol", VERSION, b"GET {} ICAP/1.1"),
    ("version-trailing-space", VERSION, b"GET {} HTTP/1.1 "),
    ("version-trailing-tab", VERSION, b"GET {} HTTP/1.1\t"),
    ("version-trailing-word", VERSION, b"GET {} HTTP/1.1 HTTP/1.1"),
    ("version-nul", VERSION, b"GET {} HTTP/1.1\0"),
    ("version-return", VERSION, b"GET {} HTTP/1.1\r"),
    ("method-empty", BAD, b" {} HTTP/1.1"),
    ("method-missing", BAD, b"{} HTTP/1.1"),
    ("method-nul", BAD, b"GE\0T {} HTTP/1.1"),
    ("method-control", BAD, b"GE\x01T {} HTTP/1.1"),
    ("method-colon", BAD, b"GET: {} HTTP/1.1"),
    ("method-parenthesis", BAD, b"GE(T {} HTTP/1.1"),
    ("method-quoted", BAD, b"\"GET\" {} HTTP/1.1"),
    ("method-high-byte", BAD, b"G\xc9T {} HTTP/1.1"),
    ("separated-by-tabs", BAD, b"GET\t{}\tHTTP/1.1"),
    ("separated-by-tab-first", BAD, b"GET\t{} HTTP/1.1"),
    ("separated-by-vertical-tab", BAD, b"GET\x0b{} HTTP/1.1"),
    ("separated-by-return", BAD, b"GET\r{} HTTP/1.1"),
    ("separated-by-line-feed", BAD, b"GET\n{} HTTP/1.1"),
    ("separated-by-two-spaces", BAD, b"GET  {} HTTP/1.1"),
    ("separated-by-two-spaces-behind", BAD, b"GET {}  HTTP/1.1"),
    ("separated-by-no-break-space", BAD, b"GET\xa0{} HTTP/1.1"),
    ("target-empty", BAD, b"GET  HTTP/1.1"),
    ("target-missing", BAD, b"GET HTTP/1.1"),
    ("target-space", BAD, b"GET {}/a b HTTP/1.1"),
    ("target-version-inside", BAD, b"GET {} HTTP/1.1 b HTTP/1.1"),
    ("target-tab", BAD, b"GET {}/a\tb HTTP/1.1"),
    ("target-nul", BAD, b"GET {}/a\0b HTTP/1.1"),
    ("target-control", BAD, b"GET {}/a\x01b HTTP/1.1"),
    ("target-delete", BAD, b"GET {}/a\x7fb HTTP/1.1"),
    ("target-return", BAD, b"GET {}/a\rb HTTP/1.1"),
    ("target-line-feed", BAD, b"GET {}/a\nb HTTP/1.1"),
    ("target-injected-line", BAD, b"GET {} HTTP/1.1\nX-A: b HTTP/1.1"),
    ("target-fragment", BAD, b"GET {}#a HTTP/1.1"),
    ("target-fragment-in-query", BAD, b"GET {}?a=b#c HTTP/1.1"),
    ("target-fragment-alone", BAD, b"GET # HTTP/1.1"),
    ("target-star", BAD, b"GET * HTTP/1.1"),
    ("target-star-post", BAD, b"POST * HTTP/1.1"),
    ("target-relative", BAD, b"GET attack HTTP/1.1"),
    ("target-query-alone", BAD, b"GET ?a=b HTTP/1.1"),
    ("target-authority", BAD, b"GET gw:80 HTTP/1.1"),
    ("target-other-scheme", BAD, b"GET ftp://gw{} HTTP/1.1"),
    ("target-scheme-without-host", BAD, b"GET http://{} HTTP/1.1"),
    ("target-scheme-one-slash", BAD, b"GET http:{} HTTP/1.1"),
    ("target-user", BAD, b"GET http://gw@gw{} HTTP/1.1"),
    ("target-other-user", BAD, b"GET http://gw:80@evil{} HTTP/1.1"),
    ("target-other-host", BAD, b"GET http://evil{} HTTP/1.1"),
    ("target-other-port", BAD, b"GET http://gw:81{} HTTP/1.1"),
    ("target-backslash-host", BAD, b"GET http://gw\\evil{} HTTP/1.1"),
    ("target-absolute-fragment", BAD, b"GET http://gw{}#a HTTP/1.1"),
    ("connect", &[400, 501], b"CONNECT gw:80 HTTP/1.1"),
    ("connect-path", &[400, 501], b"CONNECT {} HTTP/1.1"),
    ("connect-absolute", &[400, 501], b"CONNECT http://gw{} HTTP/1.1"),
];

/// Fields that do not say one host; HTTP/1.1 needs one even with an absolute target.
const WRONG_HOSTS: &[(&str, &[u8], &[u8])] = &[
    ("host-none", b"GET {} HTTP/1.1", b""),
    ("host-none-absolute", b"GET http://gw{} HTTP/1.1", b""),
    ("host-twice", b"GET {} HTTP/1.1", b"Host: gw\r\nHost: evil\r\n"),
    ("host-twice-same", b"GET {} HTTP/1.1", b"Host: gw\r\nHost: gw\r\n"),
    ("host-twice-empty", b"GET {} HTTP/1.1", b"Host:\r\nHost: gw\r\n"),
    ("host-twice-apart", b"GET {} HTTP/1.1", b"Host: gw\r\nX-A: b\r\nhost: evil\r\n"),
    ("host-twice-old", b"GET {} HTTP/1.0", b"Host: gw\r\nHost: evil\r\n"),
    ("host-twice-absolute", b"GET http://gw{} HTTP/1.1", b"Host: gw\r\nHost: evil\r\n"),
    ("host-space", b"GET {} HTTP/1.1", b"Host: gw evil\r\n"),
    ("host-tab", b"GET {} HTTP/1.1", b"Host: gw\tevil\r\n"),
    ("host-path", b"GET {} HTTP/1.1", b"Host: gw/evil\r\n"),
    ("host-query", b"GET {} HTTP/1.1", b"Host: gw?evil\r\n"),
    ("host-fragment", b"GET {} HTTP/1.1", b"Host: gw#evil\r\n"),
    ("host-user", b"GET {} HTTP/1.1", b"Host: gw@evil\r\n"),
    ("host-scheme", b"GET {} HTTP/1.1", b"Host: http://gw\r\n"),
    ("host-backslash", b"GET {} HTTP/1.1", b"Host: gw\\evil\r\n"),
    ("host-quoted", b"GET {} HTTP/1.1", b"Host: \"gw\"\r\n"),
    ("host-angle", b"GET {} HTTP/1.1", b"Host: <gw>\r\n"),
    ("host-port-word", b"GET {} HTTP/1.1", b"Host: gw:evil\r\n"),
    ("host-port-minus", b"GET {} HTTP/1.1", b"Host: gw:-1\r\n"),
    ("host-two-ports", b"GET {} HTTP/1.1", b"Host: gw:80:81\r\n"),
    ("host-open-bracket", b"GET {} HTTP/1.1", b"Host: [::1\r\n"),
    ("host-closed-bracket", b"GET {} HTTP/1.1", b"Host: ::1]\r\n"),
    ("host-behind-bracket", b"GET {} HTTP/1.1", b"Host: [::1]evil\r\n"),
    ("host-inside-bracket", b"GET {} HTTP/1.1", b"Host: [evil/]\r\n"),
    ("host-nul", b"GET {} HTTP/1.1", b"Host: gw\0evil\r\n"),
    ("host-high-byte", b"GET {} HTTP/1.1", b"Host: g\xe9w\r\n"),
    ("host-percent", b"GET {} HTTP/1.1", b"Host: gw%zz\r\n"),
    ("host-folded", b"GET {} HTTP/1.1", b"Host: gw\r\n evil\r\n"),
    ("host-space-before-colon", b"GET {} HTTP/1.1", b"Host : gw\r\n"),
    ("host-hidden-by-space", b"GET {} HTTP/1.1", b"Host: gw\r\nHost : evil\r\n"),
    ("host-hidden-by-nul", b"GET {} HTTP/1.1", b"Host: gw\r\nHost\0: evil\r\n"),
    ("host-hidden-by-fold", b"GET {} HTTP/1.1", b"Host: gw\r\n Host: evil\r\n"),
    ("host-hidden-by-return", b"GET {} HTTP/1.1", b"Host: gw\rHost: evil\r\n"),
];

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, statuses, line) in WRONG {
        cases.push(Case::refused(*name, statuses, move |at: &Place| {
            [at.line(line, "Host: gw\r\n"), at.smuggled()].concat()
        }));
    }
    for (name, line, fields) in WRONG_HOSTS {
        cases.push(Case::refused(*name, BAD, move |at: &Place| {
            [at.line(line, fields), at.smuggled()].concat()
        }));
    }
    cases.extend(answered());
    cases.extend(good());
    cases
}

/// HTTP/0.9, and what is answered without a backend.
fn answered() -> Vec<Case> {
    let mut cases = vec![
        Case::refused("version-0.9-bare", VERSION, |at: &Place| {
            format!("GET {}/attack\r\n\r\n", at.path).into_bytes()
        }),
        Case::refused("version-0.9-then-another", VERSION, |at: &Place| {
            [format!("GET {}/attack\r\n", at.path).as_bytes(), &at.smuggled()].concat()
        }),
    ];
    for (name, statuses, line) in [
        ("method-lower-case", &[405, 501][..], "get {} HTTP/1.1"),
        ("method-unknown", &[405, 501], "GPOST {} HTTP/1.1"),
        ("method-long", &[400, 405, 414, 501], "GETGETGETGETGETGETGETGETGETGET {} HTTP/1.1"),
        ("method-pri", &[400, 405, 501, 505], "PRI * HTTP/1.1"),
        ("target-star-options", &[200, 204, 400, 404], "OPTIONS * HTTP/1.1"),
        ("target-no-path", &[400, 404], "GET http://gw HTTP/1.1"),
    ] {
        let want = [Want::Own(statuses)];
        cases.push(Case::answered(name, &want, Then::Any, move |at: &Place| {
            at.line(line, "Host: gw\r\n")
        }));
    }
    cases
}

/// What must not be refused.
fn good() -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, line, fields) in [
        ("target-good", "GET {}?a=b&c=%23 HTTP/1.1", "Host: gw\r\n"),
        ("target-absolute", "GET http://gw{}?a=b HTTP/1.1", "Host: gw\r\n"),
        ("target-absolute-case", "GET HTTP://GW{} HTTP/1.1", "Host: gw\r\n"),
        ("host-port", "GET {} HTTP/1.1", "Host: gw:8080\r\n"),
        ("host-empty", "GET {} HTTP/1.1", "Host:\r\n"),
        ("host-ipv6", "GET {} HTTP/1.1", "Host: [::1]:80\r\n"),
        ("host-upper-case", "GET {} HTTP/1.1", "HOST: GW\r\n"),
    ] {
        let case = Case::passed(name, move |at: &Place| at.line(line, fields));
        cases.push(case.claiming(&[Claim::Lacks("\r\nhost: gw"), Claim::Lacks("http://")]));
    }
    // Backends are not told who sent an absolute target from elsewhere.
    cases.push(Case::answered(
        "version-1.0",
        &[Want::Seen("attack")],
        Then::Closed,
        |at: &Place| at.line("GET {} HTTP/1.0", ""),
    ));
    cases
}
