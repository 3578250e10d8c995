#![allow(clippy::unwrap_used, reason = "a failed test may panic")]

use proptest::prelude::*;

use super::*;

/// Terms as `field=value`, with `==` where they are exact.
fn check(text: &str, expect: &[&str]) {
    let terms = Query::parse(text).unwrap().terms;
    let shown: Vec<String> = terms
        .iter()
        .map(|term| {
            let field = match &term.field {
                Field::Property(name) => format!("[{name}]"),
                field => format!("{field:?}"),
            };
            format!("{field}{}{}", if term.is_exact { "==" } else { "=" }, term.value)
        })
        .collect();
    assert_eq!(shown, expect, "{text}");
}

#[test]
fn terms_of_every_kind() {
    check("", &[]);
    check("  Pizza  shack ", &["Any=pizza", "Any=shack"]);
    check("name:\"Pizza Shack\" version:\"1.0\"", &["Name==pizza shack", "Version==1.0"]);
    check("name:pizza provider:admin", &["Name=pizza", "Provider=admin"]);
    check("context:/pizza context:\"pizza\"", &["Context=/pizza", "Context==/pizza"]);
    check("Status:PUBLISHED type:HTTP tags:food", &["Status=published", "Kind=http", "Tag=food"]);
    check("\"two words\"", &["Any==two words"]);
    check("property:gold Region:eu", &["AnyProperty=gold", "[region]=eu"]);
    check("description:a\"b", &["Description=a\"b"]);
    check(r#"name:"say \"hi\"""#, &["Name==say \"hi\""]);
    check("name:\"open", &["Name==open"]);
    check("name: name:* \"\" :x region:*", &["Any=:x", "[region]=*"]);
    check("url:http://a", &["[url]=http://a"]);
}

#[test]
fn patterns_stand_for_themselves() {
    for (text, pattern) in [
        ("a", "%a%"),
        ("a*b", "%a%b%"),
        ("50%_", "%50\\%\\_%"),
        ("a\\b", "%a\\\\b%"),
        ("\"a*b%\"", "a*b\\%"),
        ("x:*", "%"),
    ] {
        assert_eq!(Query::parse(text).unwrap().terms[0].pattern(), pattern, "{text}");
    }
}

#[test]
fn what_it_costs_has_a_bound() {
    assert_eq!(Query::parse(&"a".repeat(MAX_BYTES + 1)), Err(QueryError::TooLong));
    assert_eq!(Query::parse(&"a ".repeat(MAX_TERMS + 1)), Err(QueryError::TooManyTerms));
    assert_eq!(Query::parse("a*b*c*d*e*f"), Err(QueryError::TooManyStars));
    assert!(Query::parse(&"a ".repeat(MAX_TERMS)).is_ok());
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,80}") {
        if let Ok(query) = Query::parse(&text) {
            for term in query.terms {
                prop_assert!(!term.value.is_empty());
                // No placeholder of a pattern comes from the text unless it is escaped.
                let pattern = term.pattern();
                let bare = pattern.replace("\\\\", "").replace("\\%", "").replace("\\_", "");
                prop_assert!(!bare.contains('_'));
                prop_assert!(bare.matches('%').count() <= MAX_STARS + 2);
            }
        }
    }

    #[test]
    fn a_quoted_value_is_read_back(value in "\\PC{1,40}") {
        let quoted = value.replace('\\', "\\\\").replace('"', "\\\"");
        let query = Query::parse(&format!("x name:\"{quoted}\" y")).unwrap();
        prop_assert_eq!(query.terms.len(), 3);
        prop_assert_eq!(&query.terms[1].value, &value.to_lowercase());
        prop_assert!(query.terms[1].is_exact);
    }
}
