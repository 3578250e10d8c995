#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use percent_encoding::percent_decode_str;
use proptest::prelude::*;

use super::*;

fn lookup(name: &str) -> Option<Cow<'static, str>> {
    let value = match name {
        "uri.var.id" => "a:b",
        "uri.var.list" => "x,y",
        "uri.var.path" => "a/b c?d=%2F&100%",
        "uri.var.url" => "https://other:8080/base",
        "uri.var.empty" => "",
        "uri.var.word" => "héllo wörld",
        "query.param.q" => "1+1=2",
        "other" => "never",
        _ => return None,
    };
    Some(Cow::Borrowed(value))
}

fn check(template: &str, expected: &str) {
    let template = UrlTemplate::parse(template).unwrap();
    assert_eq!(template.expand(lookup), expected, "{template}");
}

#[test]
fn simple_expansion_encodes_what_is_not_unreserved() {
    check("http://b/echo/{uri.var.id}", "http://b/echo/a%3Ab");
    check("http://b/{uri.var.list}/x", "http://b/x%2Cy/x");
    check("http://b/{uri.var.word}", "http://b/h%C3%A9llo%20w%C3%B6rld");
    check("http://b/?q={query.param.q}", "http://b/?q=1%2B1%3D2");
    check("http://b/{uri.var.path}", "http://b/a%2Fb%20c%3Fd%3D%252F%26100%25");
}

#[test]
fn reserved_expansion_keeps_reserved_characters_and_triplets() {
    check("http://b/{+uri.var.path}", "http://b/a/b%20c?d=%2F&100%25");
    check("http://b/{+uri.var.id}", "http://b/a:b");
}

#[test]
fn a_list_has_commas_between_its_defined_values() {
    check("http://b/{uri.var.id,uri.var.list}", "http://b/a%3Ab,x%2Cy");
    check("http://b/{uri.var.none,uri.var.list}", "http://b/x%2Cy");
    check("http://b/{uri.var.id,other,uri.var.empty}", "http://b/a%3Ab,");
    check("http://b/{+uri.var.id,uri.var.list}", "http://b/a:b,x,y");
}

#[test]
fn variables_of_other_names_and_unknown_ones_expand_to_nothing() {
    check("http://b/{other}/{uri.var.none}/x", "http://b///x");
    let template = UrlTemplate::parse("http://b/{other}/{uri.var.id,query.param.q}").unwrap();
    assert_eq!(template.variables().collect::<Vec<_>>(), ["uri.var.id", "query.param.q"]);
    assert_eq!(template.ignored_variables().collect::<Vec<_>>(), ["other"]);
}

#[test]
fn a_leading_expression_is_a_reserved_one() {
    check("{uri.var.url}/x/{uri.var.id}", "https://other:8080/base/x/a%3Ab");
    check("{+uri.var.url}/x", "https://other:8080/base/x");
}

#[test]
fn the_legacy_prefix_makes_every_expression_reserved() {
    check("legacy-encoding:http://b/{uri.var.id}", "http://b/a:b");
    check("legacy-encoding:{uri.var.url}/{uri.var.list}", "https://other:8080/base/x,y");
}

#[test]
fn a_text_without_expressions_is_static() {
    for text in ["http://b:1/base", "https://b/a?x=%2f&y=1#z", ""] {
        let template = UrlTemplate::parse(text).unwrap();
        assert!(template.is_static());
        assert_eq!(template.as_str(), text);
        check(text, text);
    }
    check("http://b/a b/100%", "http://b/a%20b/100%25");
    let literal = UrlTemplate::literal("http://b/{uri.var.id}");
    assert!(literal.is_static());
    assert_eq!(literal.expand(lookup), "http://b/{uri.var.id}");
}

#[test]
fn what_is_not_a_template_is_refused_with_its_place() {
    let error = |text| UrlTemplate::parse(text).unwrap_err();
    assert_eq!(error("http://b/{x"), TemplateError::Unclosed { at: 9 });
    assert_eq!(error("http://b/{a{b}}"), TemplateError::Unclosed { at: 9 });
    assert_eq!(error("http://b/{a}/c}"), TemplateError::Unopened { at: 14 });
    assert_eq!(error("legacy-encoding:x}"), TemplateError::Unopened { at: 17 });
    assert_eq!(error("http://b{/x}"), TemplateError::Operator { operator: '/', at: 8 });
    assert_eq!(error("a{++x}"), TemplateError::Operator { operator: '+', at: 1 });
    for name in ["", "a b", "x:3", "x*", "${x}"] {
        assert!(UrlTemplate::parse(&format!("http://b/{{{name}}}")).is_err(), "{name}");
    }
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "[{}+,a.*%?/: ü]{0,24}") {
        if let Ok(template) = UrlTemplate::parse(&text) {
            let expanded = template.expand(|_| Some(Cow::Borrowed("v w\r\n")));
            prop_assert!(expanded.bytes().all(|byte| byte.is_ascii_graphic()));
            prop_assert_eq!(template.as_str(), text);
        }
    }

    #[test]
    fn a_simple_value_comes_back_by_decoding(value in any::<String>()) {
        let template = UrlTemplate::parse("http://b/{uri.var.x}!").unwrap();
        let expanded = template.expand(|_| Some(Cow::Borrowed(value.as_str())));
        let inner = expanded.strip_prefix("http://b/").unwrap().strip_suffix('!').unwrap();
        prop_assert!(inner.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~%".contains(&b)));
        prop_assert_eq!(percent_decode_str(inner).decode_utf8().unwrap(), value);
    }

    #[test]
    fn reserved_expansion_changes_nothing_the_second_time(value in any::<String>()) {
        let template = UrlTemplate::parse("{+uri.var.x}").unwrap();
        let once = template.expand(|_| Some(Cow::Borrowed(value.as_str())));
        let twice = template.expand(|_| Some(Cow::Borrowed(once.as_str())));
        prop_assert_eq!(once, twice);
    }
}
