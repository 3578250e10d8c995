//! Dynamic endpoints: rows 1–14 of spec/02 §6.1.

use serde_json::json;
use testkit::{Backend, Project};

use super::{attach, dynamic_endpoint, fixed_endpoint, mediated, open_to_all};
use crate::gateway::{Weir, code};

/// An API whose requests go where these mediators say.
fn routed(text: &str) -> Weir {
    Weir::start(&open_to_all(mediated(dynamic_endpoint(), [text, "", ""])))
}

fn to(url: &str) -> String {
    format!(r#"<header name="To" value="{url}"/>"#)
}

/// Rows 1–3, and 14.
#[tokio::test]
async fn the_rest_of_the_path_is_appended() {
    let backend = Backend::echo().await;
    let url = backend.url();
    let remove = r#"<property name="REST_URL_POSTFIX" scope="axis2" action="remove"/>"#;
    let replace = r#"<property name="REST_URL_POSTFIX" scope="axis2" value="/new?x=1"/>"#;
    for (text, path, expected) in [
        (to(&format!("{url}/x")), "/shop/1.0/y?q=1", "/x/y?q=1"),
        (to(&format!("{url}/x/")), "/shop/1.0/y?q=1", "/x//y?q=1"),
        (to(&format!("{url}/customers/123")), "/shop/1.0/", "/customers/123/"),
        (to(&format!("{url}/customers/123")), "/shop/1.0", "/customers/123"),
        (to(&url), "/shop/1.0?a=1", "/?a=1"),
        (format!("{}{remove}", to(&format!("{url}/x?k=1"))), "/shop/1.0/y?q=1", "/x?k=1"),
        (format!("{}{replace}", to(&format!("{url}/x"))), "/shop/1.0/y?q=1", "/x/new?x=1"),
    ] {
        let weir = routed(&text);
        let answer = weir.get(path).await;
        assert_eq!(answer.status, 200, "{text}: {}", answer.text());
        assert_eq!(backend.last().target, expected, "{text} {path}");
    }
}

/// Mediators, path, headers and body of a request, and whether the first backend gets it.
type Case<'a> = (String, &'a str, Vec<(&'a str, &'a str)>, &'a [u8], bool);

/// Rows 5–8, and the expressions of §1.6.
#[tokio::test]
async fn conditions_choose_the_address() {
    let (one, two) = (Backend::echo().await, Backend::echo().await);
    let switch = |source: &str, regex: &str| {
        format!(
            r#"<switch xmlns:m="urn:m" source="{source}"><case regex="{regex}">{}</case><default>{}</default></switch>"#,
            to(&one.url()),
            to(&two.url())
        )
    };
    let xml = [("content-type", "application/xml")];
    let json = [("content-type", "application/json")];
    let order = br#"<m:order xmlns:m="urn:m"><m:city>Bonn</m:city></m:order>"#.as_slice();
    let cases: Vec<Case<'_>> = vec![
        (switch("$trp:X-Region", "eu"), "/a", vec![("x-region", "eu")], b"", true),
        (switch("$trp:X-Region", "eu"), "/a", vec![("x-region", "eu-west")], b"", false),
        (switch("$trp:X-Region", "eu"), "/a", vec![], b"", false),
        (
            switch("get-property('transport', 'X-Region')", "eu"),
            "/a",
            vec![("x-region", "eu")],
            b"",
            true,
        ),
        (switch("boolean($trp:X-Region)", "true"), "/a", vec![("x-region", "")], b"", false),
        (switch("$url:tier", "gold x"), "/a?Tier=gold%20x", vec![], b"", true),
        (switch("get-property('query.param.tier')", "gold"), "/a?tier=gold", vec![], b"", true),
        (
            switch("get-property('axis2', 'REST_URL_POSTFIX')", ".*tier=gold.*"),
            "/a?tier=gold",
            vec![],
            b"",
            true,
        ),
        (
            switch("json-eval($.order.region)", "eu"),
            "/a",
            json.to_vec(),
            br#"{"order":{"region":"eu"}}"#,
            true,
        ),
        (switch("json-eval($.order.region)", "eu"), "/a", json.to_vec(), br#"{"order":{}}"#, false),
        (switch("json-eval($.order.region)", "eu"), "/a", json.to_vec(), b"", false),
        (switch("json-eval($.order.region)", "eu"), "/a", json.to_vec(), b"{", false),
        (
            switch("json-eval($.items[?(@.kind == 'x')].id)", r"\[7\]"),
            "/a",
            json.to_vec(),
            br#"{"items":[{"kind":"x","id":7}]}"#,
            true,
        ),
        (
            switch("${payload.order.region}", "eu"),
            "/a",
            json.to_vec(),
            br#"{"order":{"region":"eu"}}"#,
            true,
        ),
        (switch("//m:city/text()", "Bonn"), "/a", xml.to_vec(), order, true),
        (switch("$body/*/m:city", "Bonn"), "/a", xml.to_vec(), order, true),
        (switch("//m:city/text()", "Bonn"), "/a", xml.to_vec(), b"<a/>", false),
        (switch("get-property('axis2', 'HTTP_METHOD')", "POST"), "/a", vec![], b"x", true),
        (switch("$ctx:REST_METHOD", "POST"), "/a", vec![], b"x", true),
        (switch("$ctx:AM_KEY_TYPE", "PRODUCTION"), "/a", vec![], b"", true),
        (switch("get-property('axis2', 'REMOTE_ADDR')", r"127\.0\.0\.1"), "/a", vec![], b"", true),
    ];
    for (text, path, headers, body, is_first) in cases {
        let weir = routed(&text);
        let method = if body.is_empty() && !headers.contains(&json[0]) { "GET" } else { "POST" };
        let answer = weir.call(method, &format!("/shop/1.0{path}"), &headers, body).await;
        assert_eq!(answer.status, 200, "{text}: {}", answer.text());
        let (first, second) = (one.take(), two.take());
        assert_eq!(
            (first.len(), second.len()),
            if is_first { (1, 0) } else { (0, 1) },
            "{text} {headers:?}"
        );
        let seen = first.into_iter().chain(second).next().expect("one of them was asked");
        // What was only looked at goes on byte for byte.
        assert_eq!(seen.body.as_ref(), body, "{text}");
    }
}

/// Row 9: on every verb, and without a body.
#[tokio::test]
async fn a_body_that_is_not_there_is_no_fault() {
    let backend = Backend::echo().await;
    let text = format!(
        r#"<property name="r" expression="json-eval($.a.b)"/><header name="X-R" scope="transport" expression="concat('[', $ctx:r, ']')"/>{}"#,
        to(&backend.url())
    );
    let weir = routed(&text);
    for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
        let answer = weir.call(method, "/shop/1.0/a", &[], b"").await;
        assert_eq!(answer.status, 200, "{method}: {}", answer.text());
        assert_eq!(backend.last().header("x-r"), Some("[]"), "{method}");
    }
}

/// Row 13.
#[tokio::test]
async fn path_variables_are_there_before_the_policies() {
    let backend = Backend::echo().await;
    let text = format!(
        r#"<header name="X-Id" scope="transport" expression="$ctx:uri.var.id"/>{}"#,
        to(&backend.url())
    );
    let project = mediated(dynamic_endpoint(), [&text, "", ""]);
    let weir = Weir::start(&project.operation("GET", "/pets/{id}").open());
    assert_eq!(weir.get("/shop/1.0/pets/a%20b").await.status, 200);
    assert_eq!(backend.last().header("x-id"), Some("a b"));
}

/// Row 5: an endpoint with an address of its own does not look at `To`.
#[tokio::test]
async fn an_address_of_ones_own_wins() {
    let (own, other) = (Backend::echo().await, Backend::echo().await);
    let project = mediated(fixed_endpoint(&own.url()), [&to(&other.url()), "", ""]);
    let weir = Weir::start(&open_to_all(project));
    assert_eq!(weir.get("/shop/1.0/a").await.status, 200);
    assert_eq!((own.take().len(), other.take().len()), (1, 0));
}

/// The shipped policy, in all its versions.
#[tokio::test]
async fn the_shipped_policy_sets_the_address() {
    let backend = Backend::echo().await;
    for (version, parameters) in [
        ("v1", json!({ "value": backend.url() })),
        ("v2", json!({ "value": backend.url() })),
        (
            "v3",
            json!({ "value": format!("fn:concat('{}', '/x')", backend.url()), "isExpression": true }),
        ),
    ] {
        let project = Project::new("Shop", "1.0", "/shop")
            .endpoint_config(dynamic_endpoint())
            .set("apiPolicies", json!({ "request": [attach("setToHeader", version, parameters)] }));
        let weir = Weir::start(&open_to_all(project));
        let answer = weir.get("/shop/1.0/y").await;
        assert_eq!(answer.status, 200, "{version}: {}", answer.text());
        let expected = if version == "v3" { "/x/y" } else { "/y" };
        assert_eq!(backend.last().target, expected, "{version}");
    }
}

/// One bad address says nothing of another one.
#[tokio::test]
async fn a_target_that_is_down_suspends_no_other() {
    let backend = Backend::echo().await;
    let refused = testkit::RefusedPort::new();
    let dead = refused.address();
    let text = format!(
        r#"<filter source="$trp:X-Dead" regex="1"><then>{}</then><else>{}</else></filter>"#,
        to(&format!("http://{dead}")),
        to(&backend.url())
    );
    let weir = routed(&text);
    let failed = weir.call("GET", "/shop/1.0/a", &[("x-dead", "1")], b"").await;
    assert_eq!(code(&failed), "101503");
    let again = weir.call("GET", "/shop/1.0/a", &[("x-dead", "1")], b"").await;
    assert_eq!(code(&again), "303001", "it is suspended");
    assert_eq!(weir.get("/shop/1.0/a").await.status, 200, "the other one is not");
}

/// A caller cannot have the gateway call what the author has not written.
#[tokio::test]
async fn computed_addresses_are_watched() {
    let backend = Backend::echo().await;
    let weir = routed(r#"<header name="To" expression="$trp:X-To"/>"#);
    for to in [
        backend.url(),
        "http://169.254.169.254/latest".to_owned(),
        "http://[::1]:80/".to_owned(),
        "http://2130706433/".to_owned(),
        "http://0x7f.1/".to_owned(),
        "http://localhost/".to_owned(),
        "http://user@example.com/".to_owned(),
        "file:///etc/passwd".to_owned(),
    ] {
        let answer = weir.call("GET", "/shop/1.0/a", &[("x-to", &to)], b"").await;
        assert_eq!((answer.status, code(&answer)), (403, "303902".to_owned()), "{to}");
    }
    assert!(backend.take().is_empty());
}
