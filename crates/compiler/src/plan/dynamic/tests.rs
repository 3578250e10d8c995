#![allow(clippy::unwrap_used, reason = "a failed test may panic")]

use super::*;

fn policy(allow: &[&str]) -> TargetPolicy {
    let allow = allow.iter().map(|text| TargetPattern::parse(text).unwrap()).collect();
    TargetPolicy { allow: Some(allow), ..TargetPolicy::default() }
}

#[test]
fn what_a_pattern_matches() {
    for (pattern, is_secure, host, port, expected) in [
        ("api.example.com", true, "api.example.com", 443, true),
        ("API.Example.com", false, "api.example.com", 80, true),
        ("api.example.com", true, "api.example.com.evil.org", 443, false),
        ("api.example.com", true, "xapi.example.com", 443, false),
        ("api.example.com:8443", true, "api.example.com", 8443, true),
        ("api.example.com:8443", true, "api.example.com", 443, false),
        ("https://api.example.com", true, "api.example.com", 9443, true),
        ("https://api.example.com", false, "api.example.com", 9443, false),
        ("http://api.example.com:80", false, "api.example.com", 80, true),
        ("*.example.com", true, "a.example.com", 443, true),
        ("*.example.com", true, "a.b.example.com", 443, true),
        ("*.example.com", true, "example.com", 443, false),
        ("*.example.com", true, "badexample.com", 443, false),
        ("*", true, "anything", 1, true),
        ("https://*", false, "anything", 1, false),
        ("*:443", true, "anything", 444, false),
        ("10.0.0.0/8", false, "10.255.0.1", 80, true),
        ("10.0.0.0/8", false, "11.0.0.1", 80, false),
        ("10.0.0.0/8", false, "::ffff:10.1.2.3", 80, true),
        ("10.0.0.0/8", false, "ten.example.com", 80, false),
        ("0.0.0.0/0", false, "9.9.9.9", 80, true),
        ("10.0.0.0/8:81", false, "10.0.0.1", 80, false),
        ("192.0.2.7", false, "192.0.2.7", 80, true),
        ("192.0.2.7:81", false, "192.0.2.7", 80, false),
        ("http://192.0.2.0/24", true, "192.0.2.7", 80, false),
        ("fd00::/8", false, "fd12::1", 80, true),
        ("[fd12::1]", false, "fd12::1", 80, true),
        ("[fd12::1]:8080", false, "fd12::1", 8080, true),
        ("[fd12::1]:8080", false, "fd12::1", 8081, false),
        ("::/0", false, "fe80::1", 80, true),
    ] {
        let allows = policy(&[pattern]).allows(is_secure, host, port);
        assert_eq!(allows, expected, "{pattern} {host}:{port}");
    }
}

#[test]
fn what_is_no_pattern() {
    for text in [
        "",
        " ",
        "ftp://a",
        "https://",
        "a b",
        "a:0",
        "a:70000",
        "a:",
        "a/b",
        "*.",
        "*a.com",
        "a.*",
        "a..b",
        "10.0.0.0/33",
        "fd00::/129",
        "2130706433",
        "127.1",
        "user@host",
        "[::1",
        "a.com.",
        "http://a/",
    ] {
        assert_eq!(TargetPattern::parse(text), None, "{text}");
    }
}

#[test]
fn nothing_said_allows_all_and_names_nobody() {
    let open = TargetPolicy::default();
    assert!(open.allows(true, "a", 1) && !open.names(true, "a", 1));
    assert!(!policy(&[]).allows(true, "a", 1));
    let any = policy(&["*"]);
    assert!(any.allows(true, "a", 1) && !any.names(true, "a", 1));
    assert!(policy(&["*.b"]).names(true, "a.b", 1));
}
