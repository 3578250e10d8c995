#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;

fn plan(origins: &[&str], allow_credentials: bool) -> CorsPlan {
    CorsPlan {
        allow_origins: origins.iter().map(|&it| it.to_owned()).collect(),
        allow_credentials,
        allow_headers: HeaderValue::from_static("authorization,Content-Type"),
        allow_methods: vec![Method::GET, Method::PUT, Method::DELETE],
    }
}

fn request(lines: &[(&'static str, &'static str)]) -> HeaderMap {
    lines
        .iter()
        .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
        .collect()
}

fn methods() -> Methods {
    [Method::GET, Method::POST, Method::PUT].iter().collect()
}

/// Headers as sorted lines.
fn lines(headers: &HeaderMap) -> Vec<String> {
    let line =
        |(name, value): (&HeaderName, &HeaderValue)| format!("{name}: {}", value.to_str().unwrap());
    let mut lines: Vec<_> = headers.iter().map(line).collect();
    lines.sort();
    lines
}

fn preflight(
    plan: Option<&CorsPlan>,
    request_lines: &[(&'static str, &'static str)],
) -> Vec<String> {
    let cors = Cors::new(&CorsConfig::default(), plan);
    match cors.answer_options(Some(methods()), &request(request_lines)) {
        OptionsAnswer::Preflight(headers) => lines(&headers),
        OptionsAnswer::MethodNotAllowed => vec!["405".to_owned()],
    }
}

/// The headers of a reply to a request from `origin`, added to what the upstream said.
fn reply(
    plan: &CorsPlan,
    origin: Option<&'static str>,
    upstream: &[(&'static str, &'static str)],
) -> Vec<String> {
    let mut response = request(upstream);
    let origin = origin.map(HeaderValue::from_static);
    Cors::new(&CorsConfig::default(), Some(plan)).decorate(origin.as_ref(), &mut response);
    lines(&response)
}

#[test]
fn a_preflight_is_told_what_it_may() {
    let asked = [("origin", "https://a.org"), ("access-control-request-method", "PUT")];
    assert_eq!(
        preflight(Some(&plan(&["*"], false)), &asked),
        [
            "access-control-allow-headers: authorization,Content-Type",
            "access-control-allow-methods: GET, PUT",
            "access-control-allow-origin: *",
        ]
    );
    assert_eq!(
        preflight(Some(&plan(&["https://b.org", "https://a.org"], true)), &asked),
        [
            "access-control-allow-credentials: true",
            "access-control-allow-headers: authorization,Content-Type",
            "access-control-allow-methods: GET, PUT",
            "access-control-allow-origin: https://a.org",
            "vary: origin",
        ]
    );
}

#[test]
fn without_a_requested_method_or_its_operation_options_is_not_allowed() {
    let plan = plan(&["*"], false);
    assert_eq!(preflight(Some(&plan), &[("origin", "https://a.org")]), ["405"]);
    assert_eq!(preflight(None, &[]), ["405"]);
    assert_eq!(preflight(None, &[("access-control-request-method", "a b")]), ["405"]);
    let cors = Cors::new(&CorsConfig::default(), Some(&plan));
    let asked = request(&[("access-control-request-method", "PATCH")]);
    assert_eq!(cors.answer_options(None, &asked), OptionsAnswer::MethodNotAllowed);
}

#[test]
fn where_cors_is_off_options_tells_the_methods_alone() {
    let asked = [("origin", "https://a.org"), ("access-control-request-method", "GET")];
    assert_eq!(preflight(None, &asked), ["allow: GET, POST, PUT, OPTIONS"]);
    let config = CorsConfig { enable: false, ..CorsConfig::default() };
    let plan = plan(&["*"], false);
    let cors = Cors::new(&config, Some(&plan));
    let OptionsAnswer::Preflight(headers) = cors.answer_options(Some(methods()), &request(&asked))
    else {
        panic!("answered")
    };
    assert_eq!(lines(&headers), ["allow: GET, POST, PUT, OPTIONS"]);
    let mut response = request(&[("access-control-allow-origin", "https://up.org")]);
    cors.decorate(Some(&HeaderValue::from_static("https://a.org")), &mut response);
    assert_eq!(lines(&response), ["access-control-allow-origin: https://up.org"]);
}

#[test]
fn replies_name_the_origin() {
    let any = plan(&["*"], false);
    assert_eq!(reply(&any, Some("https://a.org"), &[]), ["access-control-allow-origin: *"]);
    assert_eq!(reply(&any, None, &[]), ["access-control-allow-origin: *"]);
    let listed = plan(&["https://a.org"], false);
    assert_eq!(
        reply(&listed, Some("https://a.org"), &[]),
        ["access-control-allow-origin: https://a.org", "vary: origin"]
    );
    for origin in [None, Some("https://b.org"), Some("https://a.org:444"), Some("HTTPS://A.ORG")] {
        assert_eq!(reply(&listed, origin, &[]), ["vary: origin"], "{origin:?}");
    }
}

#[test]
fn credentials_are_never_given_to_a_star() {
    let any = plan(&["*"], true);
    assert_eq!(
        reply(&any, Some("https://a.org"), &[]),
        [
            "access-control-allow-credentials: true",
            "access-control-allow-origin: https://a.org",
            "vary: origin",
        ]
    );
    assert_eq!(reply(&any, None, &[]), ["vary: origin"]);
    assert_eq!(reply(&any, Some("null"), &[]), ["vary: origin"]);
    let listed = plan(&["null"], true);
    assert_eq!(reply(&listed, Some("null"), &[]).len(), 3);
}

#[test]
fn what_the_upstream_says_of_origins_is_replaced() {
    let upstream = [
        ("access-control-allow-origin", "https://up.org"),
        ("access-control-allow-credentials", "true"),
        ("access-control-expose-headers", "x-total"),
        ("vary", "Accept, Origin"),
    ];
    let kept = ["access-control-expose-headers: x-total", "vary: Accept, Origin"];
    assert_eq!(reply(&plan(&["https://a.org"], false), Some("https://b.org"), &upstream), kept);
    assert_eq!(
        reply(&plan(&["*"], false), None, &upstream),
        ["access-control-allow-origin: *", kept[0], kept[1]]
    );
}

#[test]
fn a_star_for_headers_allows_those_that_are_asked_for() {
    let plan = CorsPlan { allow_headers: HeaderValue::from_static("*"), ..plan(&["*"], false) };
    let asked =
        [("access-control-request-method", "GET"), ("access-control-request-headers", "x-a,x-b")];
    let answer = preflight(Some(&plan), &asked);
    assert!(answer.contains(&"access-control-allow-headers: x-a,x-b".to_owned()));
    assert!(answer.contains(&"vary: access-control-request-headers".to_owned()));
}
