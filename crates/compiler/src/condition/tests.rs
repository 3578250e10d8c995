#![allow(clippy::unwrap_used, reason = "a failed test may panic")]

use proptest::prelude::*;

use super::*;

/// An answer of 503 with `retry-after: 5` to `POST /orders/7` with `x-tenant: acme`.
struct Sample;

impl Facts for Sample {
    fn status(&self) -> u16 {
        503
    }

    fn header(&self, name: &HeaderName) -> Option<&str> {
        (name == "retry-after").then_some("5")
    }

    fn method(&self) -> &'static str {
        "POST"
    }

    fn path(&self) -> &'static str {
        "/orders/7"
    }

    fn request_header(&self, name: &HeaderName) -> Option<&str> {
        (name == "x-tenant").then_some("acme")
    }
}

fn holds(text: &str) -> bool {
    Condition::parse(text).unwrap().holds(&Sample)
}

#[test]
fn comparisons() {
    for (text, expected) in [
        ("status == 503", true),
        ("status != 503", false),
        ("status < 503", false),
        ("status<=503", true),
        ("status > 502", true),
        ("status >= 504", false),
        ("method == 'POST'", true),
        ("method != \"GET\"", true),
        ("path startsWith \"/orders/\"", true),
        ("path endsWith '8'", false),
        ("path contains 'ders'", true),
        ("header(\"Retry-After\")", true),
        ("header('x-none')", false),
        ("header('x-none') == ''", true),
        ("header('retry-after') == '5'", true),
        ("request.header('X-Tenant') == 'acme'", true),
        ("request.header('retry-after')", false),
    ] {
        assert_eq!(holds(text), expected, "{text}");
    }
}

#[test]
fn and_binds_closer_than_or() {
    for (text, expected) in [
        ("status == 503 || status == 1 && status == 2", true),
        ("(status == 503 || status == 1) && status == 2", false),
        ("!(status == 1) && !header('x')", true),
        ("!!header('retry-after')", true),
        ("status == 1 || status == 2 || status == 503", true),
    ] {
        assert_eq!(holds(text), expected, "{text}");
    }
}

#[test]
fn what_is_wrong_is_told_with_its_column() {
    for (text, expected) in [
        (
            "",
            "status, method, path, header(…) or request.header(…) is expected at column 1, and there is nothing",
        ),
        ("status", "==, !=, <, <=, > or >= is expected at column 7, and there is nothing"),
        ("status == x", "a status such as 503 is expected at column 11, and there is `x`"),
        ("status == 99999", "a status such as 503 is expected at column 11, and there is `99999`"),
        ("status == 5 status", "`&&` or `||` is expected at column 13, and there is `status`"),
        (
            "stauts == 5",
            "status, method, path, header(…) or request.header(…) is expected at column 1, and there is `stauts`",
        ),
        ("method == 5", "a text in quotes is expected at column 11, and there is `5`"),
        (
            "method",
            "==, !=, contains, startsWith or endsWith is expected at column 7, and there is nothing",
        ),
        ("header('a b')", "`a b` is not the name of a header"),
        ("header 'a'", "`(` is expected at column 8, and there is the text `a`"),
        ("path == 'x", "the quote at column 9 is not closed"),
        ("status = 5", "`=` at column 8 means nothing here"),
        ("(status == 5", "`)` is expected at column 13, and there is nothing"),
    ] {
        assert_eq!(Condition::parse(text).unwrap_err().to_string(), expected, "{text}");
    }
}

#[test]
fn depth_and_length_are_limited() {
    let deep = |levels: usize| format!("{}status == 1{}", "(".repeat(levels), ")".repeat(levels));
    assert!(Condition::parse(&deep(31)).is_ok());
    assert_eq!(Condition::parse(&deep(32)), Err(ConditionError::Budget));
    assert_eq!(Condition::parse(&"!".repeat(1000)), Err(ConditionError::Budget));
    assert_eq!(Condition::parse(&" ".repeat(1025)), Err(ConditionError::Budget));
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,40}|(status|header\\(|'a'|\\)|\\(|!|==|&&|\\|\\||5|é| ){0,20}") {
        if let Ok(condition) = Condition::parse(&text) {
            let _holds = condition.holds(&Sample);
            prop_assert_eq!(condition.as_str(), text);
        }
    }
}
