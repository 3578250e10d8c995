//! Texts for regular expressions.

#![allow(clippy::unwrap_used, reason = "a failed test may panic")]

use regex::Regex;

use super::*;

#[test]
fn texts_match() {
    for expression in [
        "^abc$",
        "abc",
        "",
        "^$",
        "^[^a-z]+$",
        "^\\d{4}-\\d{2}$",
        "(?i)^abc$",
        "^(foo|bar)?$",
        "^\\S+@\\S+$",
        "[A-Z]\\w*",
        "^\\p{L}{3}$",
        "^.{5,}$",
        "^[\\u0041-\\u005A]$",
    ] {
        for variant in 0..4 {
            let text = matching(expression, 0, None, variant);
            let Some(text) = text else { panic!("{expression}") };
            assert!(Regex::new(expression).unwrap().is_match(&text), "{expression}: {text}");
        }
    }
}

#[test]
fn lengths_are_kept() {
    let check = |expression, least, most, expected: Option<&str>| {
        assert_eq!(matching(expression, least, most, 0).as_deref(), expected, "{expression}");
    };
    check("^a+$", 5, None, Some("aaaaa"));
    check("x", 3, Some(3), Some("xaa"));
    check("^abc$", 4, None, None);
    check("^abc$", 0, Some(2), None);
}

#[test]
fn what_is_not_understood_has_no_text() {
    for expression in ["^(?=a)a$", "(a)\\1", "[", "(?<!x)y"] {
        assert_eq!(matching(expression, 0, None, 0), None, "{expression}");
    }
}
