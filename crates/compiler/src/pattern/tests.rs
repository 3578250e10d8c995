#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use proptest::prelude::*;

use super::*;

fn pattern(text: &str) -> Pattern {
    Pattern::parse(text).unwrap()
}

/// What a pattern captures from a path, as `name=value` pieces.
fn captured(text: &str, path: &str) -> Option<String> {
    let pattern = pattern(text);
    let captures = pattern.matches(path)?;
    assert_eq!(captures.len(), pattern.variables().len());
    let value = |index| captures.text(index, path).unwrap();
    let pairs = pattern.variables().iter().enumerate();
    Some(
        pairs.map(|(index, name)| format!("{name}={}", value(index))).collect::<Vec<_>>().join(" "),
    )
}

fn check(text: &str, table: &[(&str, Option<&str>)]) {
    for (path, expected) in table {
        assert_eq!(captured(text, path).as_deref(), *expected, "{text} {path}");
    }
}

#[test]
fn classes() {
    let table = [
        ("/menu", Class::Exact),
        ("/", Class::Exact),
        ("", Class::Exact),
        ("menu", Class::Exact),
        ("/menu/*", Class::Prefix),
        ("*.json", Class::Extension),
        ("/*", Class::All),
        ("*", Class::All),
        ("/order/{id}", Class::Template),
        ("/{id}/*", Class::Template),
        ("/a/*/b", Class::Template),
        ("/a*", Class::Template),
        ("/*.json", Class::Template),
        ("/*/*", Class::Template),
    ];
    for (text, class) in table {
        let pattern = pattern(text);
        assert_eq!(pattern.class(), class, "{text}");
        assert_eq!(pattern.as_str(), text);
    }
}

#[test]
fn mappings() {
    check("/menu", &[("/menu", Some("")), ("/menu/", Some("")), ("/menus", None), ("/Menu", None)]);
    check("/menu/", &[("/menu", Some("")), ("/menu/", Some(""))]);
    check("/", &[("/", Some("")), ("", Some("")), ("/a", None)]);
    check("menu", &[("/menu", Some(""))]);
    check(
        "/menu/*",
        &[("/menu", Some("")), ("/menu/", Some("")), ("/menu/a/b", Some("")), ("/menus", None)],
    );
    check("*.json", &[("/a/b.json", Some("")), ("/a/b.json/", Some("")), ("/a.json/b", None)]);
    check("/*", &[("", Some("")), ("/", Some("")), ("/a/b/", Some(""))]);
    check("/a%2Fb", &[("/a%2Fb", Some("")), ("/a%2fb", None), ("/a/b", None)]);
}

#[test]
fn a_variable_is_one_segment_or_a_part_of_it() {
    check(
        "/order/{id}",
        &[
            ("/order/7", Some("id=7")),
            ("/order/7/", Some("id=7")),
            ("/order/a%2Fb:c", Some("id=a%2Fb:c")),
            ("/order/", None),
            ("/order", None),
            ("/order/7/x", None),
            ("/order//", None),
            ("/orders/7", None),
        ],
    );
    check("/a/{x}/b/{y}", &[("/a/1/b/2", Some("x=1 y=2")), ("/a/1/c/2", None), ("/a//b/2", None)]);
    check("/{x}.json", &[("/a.json", Some("x=a")), ("/a.json.json", Some("x=a.json"))]);
    check("/{x}.json", &[("/.json", None), ("/a/b.json", None), ("/a.xml", None)]);
    check("/a{x}b", &[("/a1b", Some("x=1")), ("/abb", Some("x=b")), ("/ab", None)]);
    check("/{x},{y}", &[("/1,2", Some("x=1 y=2")), ("/1,2,3", Some("x=1 y=2,3")), ("/,2", None)]);
    check("/{x,y}", &[("/1,2", Some("x=1 y=2"))]);
    check("/{x}-{y}.txt/z", &[("/1-2-3.txt/z", Some("x=1 y=2-3")), ("/1.txt/z", None)]);
    check("/ö/{x}", &[("/ö/ü", Some("x=ü"))]);
    check("/{x}ü{y}", &[("/öüä", Some("x=ö y=ä"))]);
}

#[test]
fn a_reserved_variable_crosses_slashes() {
    for text in ["/files/{+path}", "/files/{path*}"] {
        check(
            text,
            &[
                ("/files/a", Some("path=a")),
                ("/files/a/b/c.txt", Some("path=a/b/c.txt")),
                ("/files/a/", Some("path=a")),
                ("/files/", None),
                ("/files", None),
            ],
        );
    }
    check("/f/{+p}/meta", &[("/f/a/b/meta", Some("p=a/b")), ("/f/meta", None), ("/f//meta", None)]);
    check("/f/{+p}.json", &[("/f/a/b.json", Some("p=a/b")), ("/f/.json", None)]);
    check(
        "/{t}/f/{+p}/v{n}/{m}.x",
        &[("/1/f/a/b/v2/c.x", Some("t=1 p=a/b n=2 m=c")), ("/1/f/v2/c.x", None)],
    );
    check("/{+p}.a/{x}", &[("/1/2.a/3", Some("p=1/2 x=3")), ("/1/2.b/3", None)]);
    check("{+p}", &[("/a/b", Some("p=a/b"))]);
}

#[test]
fn stars() {
    check("/a/*/b", &[("/a/x/b", Some("")), ("/a//b", Some("")), ("/a/x/y/b", None)]);
    check("/a/*/{x}", &[("/a/1/2", Some("x=2"))]);
    check("/a*b{c}", &[("/ab1", Some("c=1")), ("/axxb1", Some("c=1"))]);
    check("/a*", &[("/a", Some("")), ("/ab/c", Some("")), ("/b", None)]);
    check(
        "/{id}/*",
        &[("/1", Some("id=1")), ("/1/", Some("id=1")), ("/1/a/b", Some("id=1")), ("/", None)],
    );
    check("/*/*", &[("/a", Some("")), ("/a/b/c", Some(""))]);
    check("/*.json", &[("/a.json", Some("")), ("/a/b.json", None)]);
}

#[test]
fn more_variables_than_fit_inline() {
    let text: String = (0..12).map(|n| format!("/{{v{n}}}")).collect();
    let path: String = (0..12).map(|n| format!("/{}", n * 100)).collect();
    let expected: Vec<_> = (0..12).map(|n| format!("v{n}={}", n * 100)).collect();
    assert_eq!(captured(&text, &path).unwrap(), expected.join(" "));
    assert_eq!(pattern(&text).matches(&path).unwrap().get(12), None);
}

#[test]
fn refused() {
    let error = |text: &str| Pattern::parse(text).unwrap_err();
    assert_eq!(error("/a/{x"), PatternError::Unbalanced { at: 3 });
    assert_eq!(error("/a/x}"), PatternError::Unbalanced { at: 4 });
    assert_eq!(error("/a/{x{y}}"), PatternError::Unbalanced { at: 3 });
    assert_eq!(error("/{x}{y}"), PatternError::Touching { at: 4 });
    assert_eq!(error("/{x}*"), PatternError::Touching { at: 4 });
    assert_eq!(error("/{+x}/{y*}"), PatternError::TwoReserved);
    assert_eq!(error("/{+x}/*"), PatternError::TwoReserved);
    assert_eq!(error("/{+x}-{y}"), PatternError::AfterReserved);
    assert_eq!(error("/a?b={c}"), PatternError::Query { at: 2 });
    for inside in ["", "+", "x:3", "/x", ";x", "a,", "++x", "#x", ".x"] {
        let expected = PatternError::Expression { inside: inside.to_owned() };
        assert_eq!(error(&format!("/{{{inside}}}")), expected, "{inside}");
    }
}

#[test]
fn values_are_decoded_once() {
    assert_eq!(decoded("a%2Fb%20c+d"), "a/b c+d");
    assert_eq!(decoded("%252F"), "%2F");
    assert_eq!(decoded("%FFx"), "%FFx");
}

#[test]
fn a_hostile_path_takes_no_longer_than_its_length() {
    let long = "a".repeat(1 << 20);
    for text in ["/{a}a{b}a{c}a{d}a{e}b", "/*a*a*a*a*a*a*b", "/{a}aaaaaab{c}a{+d}b", "/{+p}a/b"] {
        assert_eq!(captured(text, &format!("/{long}")), None, "{text}");
    }
    let slashes = "/".repeat(1 << 20);
    for text in ["/{+x}/a/{b}/{c}", "/*/*/*/*/*/x", "/{a}/{b}/{+c}"] {
        assert_eq!(captured(text, &slashes), None, "{text}");
    }
}

/// The obvious matcher, which tries everything: what one character of `text` stands for.
fn naive(text: &[u8], path: &[u8]) -> bool {
    let some = |from: usize, may: &dyn Fn(u8) -> bool, rest: &[u8]| {
        (0..=path.len())
            .take_while(|n| *n == 0 || may(path[n - 1]))
            .any(|n| n >= from && naive(rest, &path[n..]))
    };
    match text {
        [] => path.is_empty(),
        [b'*'] => true,
        [b'/', b'*'] if path.is_empty() => true,
        [b'V', rest @ ..] => some(1, &|c| c != b'/', rest),
        [b'R', rest @ ..] => some(1, &|_| true, rest),
        [b'*', rest @ ..] => some(0, &|c| c != b'/', rest),
        [c, rest @ ..] => path.first() == Some(c) && naive(rest, &path[1..]),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn matches_what_the_obvious_matcher_matches(
        shape in "/([ab/*VR]{0,7}|[ab/V]{0,7})",
        path in "/[ab/]{0,9}",
    ) {
        let text = shape.replace('V', "{v}").replace('R', "{+r}");
        let Ok(pattern) = Pattern::parse(&text) else { return Ok(()) };
        let expected = naive(canonical(&shape).as_bytes(), canonical(&path).as_bytes());
        prop_assert_eq!(pattern.matches(&path).is_some(), expected, "{} {}", text, path);
    }

    #[test]
    fn captures_put_into_the_template_give_the_path(
        shape in "/[ab/V]{0,5}[/b]{0,2}(R[ab]{0,2}(/[abV/]{0,4})?)?",
        path in "/[abü/%]{0,12}",
    ) {
        let text = shape.replace('V', "{v}").replace('R', "{+r}");
        let Ok(pattern) = Pattern::parse(&text) else { return Ok(()) };
        let Some(captures) = pattern.matches(&path) else { return Ok(()) };
        let mut index = 0;
        let filled: String = canonical(&shape).chars().map(|c| {
            if !matches!(c, 'V' | 'R') {
                return c.to_string();
            }
            index += 1;
            let value = captures.text(index - 1, &path).unwrap_or("?");
            assert!(!value.is_empty() && (c == 'R' || !value.contains('/')));
            value.to_owned()
        }).collect();
        prop_assert_eq!(filled, canonical(&path));
    }

    #[test]
    fn any_text_is_read_or_refused(text in "[/{}+*,?.abü]{0,16}", path in "/[/ab.,üx]{0,16}") {
        if let Ok(pattern) = Pattern::parse(&text) {
            let captures = pattern.matches(&path).unwrap_or_default();
            for index in 0..captures.len() {
                prop_assert!(captures.text(index, &path).is_some());
            }
        }
    }
}
