//! Which media type is taken.

use super::*;

#[test]
fn the_best_is_chosen() {
    const OFFERS: &[&str] = &["application/xml", "application/json", "text/plain"];
    let check = |accept: Option<&str>, expected: Option<&str>| {
        let chosen = choose(accept, OFFERS).map(|at| OFFERS[at]);
        assert_eq!(chosen, expected, "{accept:?}");
    };
    check(None, Some("application/json"));
    check(Some(""), Some("application/json"));
    check(Some("*/*"), Some("application/json"));
    check(Some("application/xml"), Some("application/xml"));
    check(Some("APPLICATION/XML"), Some("application/xml"));
    check(Some("application/json;q=0.5, application/xml"), Some("application/xml"));
    check(Some("text/*, */*;q=0.1"), Some("text/plain"));
    check(Some("application/json;q=0, */*"), Some("application/xml"));
    check(Some("application/*;q=0.2, text/plain;q=0.1"), Some("application/json"));
    check(Some("image/png"), None);
    check(Some("*/*;q=0"), None);
    check(Some("nonsense"), None);
    check(Some("application/json;q=2"), None);
}

#[test]
fn parameters_count_where_they_are_asked_for() {
    let offers = ["application/json; version=1", "application/json; version=2"];
    assert_eq!(choose(Some("application/json;version=2"), &offers), Some(1));
    assert_eq!(choose(Some("application/json"), &offers), Some(0));
    assert_eq!(choose(Some("application/json;version=3"), &offers), None);
}

#[test]
fn ranges_become_types() {
    let check = |offer, accept, expected: &str| {
        assert_eq!(concrete(offer, accept), expected, "{offer} {accept:?}");
    };
    check("*/*", None, "application/json");
    check("*/*", Some("text/html, */*"), "text/html");
    check("text/*", Some("application/json, text/csv;q=0.1"), "text/csv");
    check("text/*", None, "text/plain");
    check("image/*", None, "image/octet-stream");
    check("application/json", Some("text/html"), "application/json");
}
