use proptest::prelude::*;

use super::*;

fn small() -> JsonLimits {
    JsonLimits {
        max_property_count: 2,
        max_string_length: 3,
        max_array_element_count: 2,
        max_key_length: 3,
        max_json_depth: 2,
    }
}

#[test]
fn each_limit_of_json_holds() {
    for (body, part) in [
        (r#"{"a": 1, "b": [1, 2]}"#, ""),
        (r#"{"a": "äöü"}"#, ""),
        ("1", ""),
        (r#"{"a": 1, "b": 1, "c": 1}"#, "properties"),
        (r#"{"a": "abcd"}"#, "string"),
        ("[1, 2, 3]", "items"),
        (r#"{"abcd": 1}"#, "key"),
        ("[[[1]]]", "depth"),
        ("[1", "EOF"),
        ("[1] x", "trailing"),
        ("{'a': 1}", "key"),
    ] {
        match check_json(body.as_bytes(), &small()) {
            Ok(()) => assert_eq!(part, "", "{body}"),
            Err(violation) => {
                let text = violation.to_string();
                assert!(!part.is_empty() && text.contains(part), "{body}: {text}");
            }
        }
    }
    let deep = JsonLimits { max_json_depth: 999, ..JsonLimits::default() };
    assert!(check_json("[".repeat(100_000).as_bytes(), &deep).is_err());
}

#[test]
fn each_limit_of_xml_holds() {
    let limits = XmlLimits {
        max_depth: 3,
        max_element_count: 5,
        max_attribute_count: 2,
        max_attribute_length: 3,
        max_children_per_element: 3,
    };
    for (body, part) in [
        ("<a><b><c/></b></a>", ""),
        ("<a b='123' c='1'/>", ""),
        ("<a><b><c><d/></c></b></a>", "deep"),
        ("<a><b><c/><c/></b><b><c/></b></a>", "elements over"),
        ("<a b='1' c='1' d='1'/>", "attributes"),
        ("<a b='1234'/>", "attribute over"),
        ("<a><b/><b/><b/><b/></a>", "one element"),
        ("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "document type"),
        ("<a>", "does not end"),
    ] {
        match check_xml(body.as_bytes(), &limits) {
            Ok(()) => assert_eq!(part, "", "{body}"),
            Err(violation) => {
                let text = violation.to_string();
                assert!(!part.is_empty() && text.contains(part), "{body}: {text}");
            }
        }
    }
}

/// With the pattern that the shipped policy has.
fn shipped() -> Injection {
    let template = crate::shipped::specification("regexPolicy", "v1").and_then(|it| it.template);
    let template = template.expect("it is shipped");
    let (_, rest) = template.split_once("name=\"regex\" value=\"").expect("it has a pattern");
    let (pattern, _) = rest.split_once('"').expect("it ends");
    Injection::compile(&pattern.replace("&lt;", "<").replace("&amp;", "&")).expect("it is one")
}

#[test]
fn attacks_are_found_and_ordinary_requests_are_not() {
    let injection = shipped();
    for text in [
        "/pets?id=1' or '1'='1",
        "/pets?id=1%27%20OR%20%271%27=%271",
        "/pets?id=1%2527%2520or%25201=1",
        "/pets?q=x'+union+select+name+from+users--",
        "x'; DROP TABLE users; --",
        "1; insert into users values (1)",
        "delete from users",
        "exec (xp_cmdshell)",
    ] {
        assert!(injection.check(text).is_some(), "{text}");
    }
    for text in [
        "/pets/1?sort=name&limit=10",
        "O'Brien",
        "the union of two sets",
        "select your size",
        "Mozilla/5.0 (X11; Linux x86_64; rv:128.0)",
        "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8",
        "100% sure + more",
    ] {
        assert!(injection.check(text).is_none(), "{text}");
    }
}

proptest! {
    #[test]
    fn no_body_makes_them_panic(body in any::<Vec<u8>>(), text in any::<String>()) {
        let _json = check_json(&body, &small());
        let _xml = check_xml(&body, &XmlLimits::default());
        let _found = shipped().check(&text);
    }
}
