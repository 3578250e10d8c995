#![allow(clippy::unwrap_used, reason = "a failed test may panic")]

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;

fn regex(text: &str) -> JavaRegex {
    JavaRegex::compile(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn the_whole_text_must_match() {
    let table = [
        ("eu", "eu", true),
        ("eu", "eu-west", false),
        ("gold|platinum", "platinum", true),
        ("gold|platinum", "platinum!", false),
        ("^a$", "a", true),
        ("a$", "a\n", false),
        ("a$\\n", "a\n", true),
        (".*", "a\nb", false),
        ("(?s).*", "a\nb", true),
        ("[a-z&&[^aeiou]]+", "xyz", true),
        ("[a-z&&[^aeiou]]+", "xya", false),
        ("[a-z&&[def]&&[^e]]", "e", false),
        ("\\Qa.b\\E", "a.b", true),
        ("\\Qa.b\\E", "axb", false),
        ("\\d\\w\\s", "٣é\u{a0}", false),
        ("(?U)\\d\\w\\s", "٣é\u{a0}", true),
        ("\\p{javaLowerCase}\\p{Upper}\\p{IsGreek}", "éAα", true),
        ("\\p{Alpha}", "é", false),
        ("\\0101\\x42\\u0043\\x{44}\\cA", "ABCD\u{1}", true),
        ("(?i)abc", "ABC", true),
        ("(?i)k", "\u{212a}", false),
        ("(?iu)k", "\u{212a}", true),
        ("(?i:a)b", "Ab", true),
        ("(?i:a)b", "AB", false),
        ("(?x) a b # c", "ab", true),
        ("(?:(?=a)[a-z]+(?<!z))", "ab", true),
        ("(?:(?=a)[a-z]+(?<!z))", "abz", false),
        ("(?<q>['\"]).*\\k<q>", "'a'", true),
        ("(?<q>['\"]).*\\k<q>", "'a\"", false),
        ("(a)\\1", "aa", true),
        ("(a)\\11", "aa1", true),
        ("a++a", "aaa", false),
        ("(?>a*)a", "aaa", false),
        ("a\\Rb", "a\r\nb", true),
        ("a\\hb", "a\u{3000}b", true),
        ("\\Ga", "a", true),
    ];
    for (expression, text, expected) in table {
        assert_eq!(regex(expression).matches(text), Ok(expected), "{expression} on {text:?}");
    }
}

#[test]
fn a_dollar_stands_before_the_last_line_end() {
    let table = [
        ("a$", "a\n", true),
        ("a$", "a\r\n", true),
        ("a$", "a\u{2028}", true),
        ("a$", "a\n\n", false),
        ("a\\r$", "a\r\n", false),
        ("a\\z", "a\n", false),
        ("a\\Z", "a\n", true),
        ("(?d)a$", "a\r", false),
        ("(?m)a$", "a\nb", true),
        ("(?m)^b", "a\rb", true),
        ("^b", "a\nb", false),
    ];
    for (expression, text, expected) in table {
        assert_eq!(regex(expression).find(text), Ok(expected), "{expression} on {text:?}");
    }
}

#[test]
fn most_expressions_take_linear_time() {
    for linear in ["^a|b$", "(a$)|(?:b\\Z)", "[a-z&&[^b]]+?", "(?i)\\bx\\b", "\\QX\\E{2,}", ".*"] {
        assert!(regex(linear).is_linear(), "{linear}");
    }
    for other in ["(?=a)", "(a)\\1", "a*+", "(?>a)", "\\Ga", "\\B", "(?m)^a", "a$b"] {
        assert!(!regex(other).is_linear(), "{other}");
    }
}

#[test]
fn groups_are_told() {
    let compiled = regex("(?<scheme>https?)://(?:www\\.)?([^/]+)(/.*)?$");
    assert_eq!((compiled.group_count(), compiled.group_named("scheme")), (3, Some(1)));
    let groups = compiled.captures("https://www.there.com").unwrap().unwrap();
    let texts: Vec<_> = (0..5).map(|group| groups.text(group)).collect();
    let expected = [Some("https://www.there.com"), Some("https"), Some("there.com"), None, None];
    assert_eq!(texts, expected);
    assert_eq!(compiled.captures("ftp://there"), Ok(None));
    let groups = regex("(a.*$)").find_captures("xab\n").unwrap().unwrap();
    assert_eq!((groups.text(0), groups.text(1)), (Some("ab"), Some("ab")));
}

#[test]
fn matches_are_replaced() {
    let table = [
        ("a", "banana", "o", "bonono"),
        ("(\\w)(\\w)", "abcd", "$2$1", "badc"),
        ("(?<x>a)", "cab", "<${x}>", "c<a>b"),
        ("a", "a", "\\$1\\\\", "$1\\"),
        ("(a)", "a", "$11", "a1"),
        ("(a)|b", "ab", "[$1]", "[a][]"),
        ("a*", "baaac", "X", "XbXXcX"),
        ("", "é", "-", "-é-"),
        ("^", "ab", "-", "-ab"),
        ("$", "ab\r\n", "-", "ab-\r\n-"),
        ("(?=b)", "abb", "-", "a-b-b"),
        ("a", "a", "$", "$"),
        ("a", "a", "$2", "$2"),
    ];
    for (expression, text, replacement, expected) in table {
        let replaced = regex(expression).replace_all(text, replacement);
        assert_eq!(replaced.as_deref(), Ok(expected), "{expression} on {text:?}");
    }
    let checked = |replacement: &str| regex("(a)").check_replacement(replacement);
    assert_eq!(checked("$1 ${").unwrap_err().offset, 3);
    assert_eq!(checked("x\\").unwrap_err().offset, 1);
    assert_eq!(checked("$2").unwrap_err().offset, 0);
    assert_eq!(checked("${none}").unwrap_err().offset, 0);
    assert_eq!(checked("$0$1\\$"), Ok(()));
}

#[test]
fn texts_are_split() {
    let table: &[(&str, &str, &[&str])] = &[
        (",", "a,b,,c,,", &["a", "b", "", "c"]),
        (",", ",a", &["", "a"]),
        (",", "", &[""]),
        (",", "abc", &["abc"]),
        (",", ",", &[]),
        ("", "abc", &["a", "b", "c"]),
        ("\\s*;\\s*", "a ; b;c", &["a", "b", "c"]),
    ];
    for (expression, text, expected) in table {
        assert_eq!(regex(expression).split(text).unwrap(), *expected, "{expression} on {text:?}");
    }
}

#[test]
fn what_java_or_we_do_not_know_is_refused_with_its_place() {
    let table = [
        ("a(b", 1, "not closed"),
        ("a)b", 1, "closes nothing"),
        ("a[b", 1, "not closed"),
        ("a**", 2, "needs a group"),
        ("*a", 0, "nothing to repeat"),
        ("a|+", 2, "nothing to repeat"),
        ("^*", 1, "no character to repeat"),
        ("a{", 2, "a number"),
        ("{a}", 0, "\\{"),
        ("a{2,1}", 1, "greater"),
        ("a{1001}", 2, "up to 1000"),
        ("a{2", 3, "`}`"),
        ("\\q", 0, "means nothing"),
        ("ab\\X", 2, "not supported"),
        ("\\E", 0, "ends nothing"),
        ("\\", 0, "after `\\`"),
        ("\\08", 0, "octal"),
        ("\\x4", 0, "\\x41"),
        ("\\ud800", 0, "no character"),
        ("\\p{Nonsense}", 0, "no property"),
        ("\\p{InGreek}", 0, "no property"),
        ("\\p{IsNonsense}", 0, "no such property"),
        ("[b-a]", 1, "range"),
        ("[a-\\d]", 1, "range"),
        ("[a&&]", 4, "after `&&`"),
        ("[a&&[b]c]", 7, "brackets"),
        ("(?<1>a)", 3, "name of a group"),
        ("(?<n>a)(?<n>b)", 10, "two groups"),
        ("\\k<n>(?<n>a)", 3, "no group before"),
        ("(a)\\2", 3, "no group 2"),
        ("(?z)", 2, "flags"),
        ("(?P<n>a)", 2, "flags"),
    ];
    for (expression, offset, part) in table {
        let error = JavaRegex::compile(expression).expect_err(expression);
        assert_eq!(error.offset, offset, "{expression}: {error}");
        assert!(error.message.contains(part), "{expression}: {error}");
    }
}

#[test]
fn size_depth_and_length_are_limited() {
    let deep = format!("{}a{}", "(".repeat(1000), ")".repeat(1000));
    let classes = format!("{}a{}", "[".repeat(1000), "]".repeat(1000));
    let large = "((\\p{L}{1000}){1000}){1000}".to_owned();
    let backtracking = "((?=a)(\\p{L}{1000}){1000}){1000}".to_owned();
    let long = "a".repeat(100_000);
    for expression in [deep, classes, large, backtracking, long] {
        assert!(JavaRegex::compile(&expression).is_err());
    }
    let nested = format!("{}a{}", "(?:".repeat(40), ")*".repeat(40));
    assert_eq!(regex(&nested).matches("aaa"), Ok(true));
}

#[test]
fn no_text_takes_long() {
    let text = format!("{}!", "a".repeat(5_000));
    for expression in ["(a+)+$", "(?=a)(a+)+$", "(?=(a|aa)+$)b", "(a*)*\\1b", "(?:a|a)*+(?=b)c"] {
        let begun = Instant::now();
        let answer = regex(expression).matches(&text);
        assert_ne!(answer, Ok(true), "{expression}");
        assert!(begun.elapsed() < Duration::from_secs(5), "{expression}");
    }
    assert_eq!(regex("(a*)*\\1b").matches(&text), Err(Exhausted));
    assert_eq!(regex("(?=a).*").matches(&"a".repeat(100_000)), Err(Exhausted));
    assert_eq!(regex("a*").matches(&"a".repeat(100_000)), Ok(true));
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(expression in "\\PC{0,30}", text in "\\PC{0,10}") {
        if let Ok(regex) = JavaRegex::compile(&expression) {
            regex.matches(&text).ok();
            drop(regex.replace_all(&text, "$0"));
        }
    }

    #[test]
    fn anything_like_an_expression_is_read_or_refused(
        parts in proptest::collection::vec(
            proptest::sample::select(vec![
                "a", "é", "(", ")", "[", "]", "[^", "-", "&&", "*", "+", "?", "{2}", "{", "}", "|", "^", "$",
                ".", "\\", "\\Q", "\\E", "\\w", "\\1", "\\k<n>", "(?<n>", "(?=", "(?<!", "(?>", "(?i)", "(?x)", "#",
                "\\p{L}", "\\R", "\\G", "\\B", "\\u00", "\\x{", "(?m)",
            ]),
            0..16,
        ),
        text in "[aé\r\n]{0,6}",
        replacement in "[$\\\\{}0-9a]{0,5}",
    ) {
        if let Ok(regex) = JavaRegex::compile(&parts.concat()) {
            if let (Ok(found), Ok(groups)) = (regex.find(&text), regex.find_captures(&text)) {
                prop_assert_eq!(found, groups.is_some());
            }
            drop(regex.captures(&text));
            drop(regex.replace_all(&text, &replacement));
            drop(regex.split(&text));
        }
    }
}
