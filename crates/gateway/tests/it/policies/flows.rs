//! Flows: their order, early answers, faults; rows 15–20 and 28–30 of spec/02 §6.1.

use serde_json::json;
use testkit::{Backend, Project};

use super::{attach, dynamic_endpoint, fixed_endpoint, mediated, open_to_all, with_policy};
use crate::gateway::{Weir, code};

const STATUS_418: &str = r#"<property name="HTTP_SC" scope="axis2" value="418"/>"#;
const MARK: &str = r#"<header name="X-Mark" scope="transport" value="response"/>"#;
const PAYLOAD: &str = r#"<payloadFactory media-type="json"><format>{"made": "$1"}</format><args><arg expression="$trp:X-Name"/></args></payloadFactory>"#;

/// Rows 15 and 16.
#[tokio::test]
async fn answers_may_be_made_early() {
    let backend = Backend::echo().await;
    for (end, is_marked) in [("<respond/>", false), ("<loopback/>", true)] {
        let request = format!("{PAYLOAD}{STATUS_418}{end}");
        let project = mediated(fixed_endpoint(&backend.url()), [&request, MARK, ""]);
        let weir = Weir::start(&open_to_all(project));
        let headers = [("x-name", "a\"b"), ("x-secret", "s"), ("cookie", "c=1")];
        let answer = weir.call("GET", "/shop/1.0/a", &headers, b"").await;
        assert_eq!(answer.status, 418, "{end}");
        assert_eq!(answer.json(), json!({ "made": "a\"b" }), "{end}");
        assert_eq!(answer.header("content-type"), Some("application/json"), "{end}");
        assert_eq!(answer.header("x-mark").is_some(), is_marked, "{end}");
        // What the client has sent does not come back.
        assert_eq!((answer.header("x-secret"), answer.header("cookie")), (None, None), "{end}");
        assert!(backend.take().is_empty(), "{end}");
    }
}

/// Row 17.
#[tokio::test]
async fn a_sequence_stands_for_an_upstream() {
    let sequence = format!(
        r#"<sequence xmlns="http://ws.apache.org/ns/synapse" name="b">{PAYLOAD}</sequence>"#
    );
    let project = mediated(
        json!({ "endpoint_type": "sequence_backend", "production": "b", "sandbox": "b" }),
        ["", MARK, ""],
    );
    let project = project.file("Sequence-Backend/b.xml", sequence);
    let weir = Weir::start(&open_to_all(project));
    let answer = weir.call("GET", "/shop/1.0/a", &[("x-name", "n")], b"").await;
    assert_eq!((answer.status, answer.json()), (200, json!({ "made": "n" })));
    assert_eq!(answer.header("x-mark"), Some("response"));
}

/// Rows 18 and 19, with the root resource.
#[tokio::test]
async fn policies_of_the_api_run_before_those_of_the_operation() {
    let backend = Backend::echo().await;
    let step = |name: &str| {
        format!(
            r#"<header name="X-Order" scope="transport" expression="concat($trp:X-Order, '{name}')"/>"#
        )
    };
    let mut project = mediated(fixed_endpoint(&backend.url()), [&step("A"), &step("A"), ""]);
    project = with_policy(project, "own", &step("B"));
    let own = json!({ "request": [attach("own", "v1", json!({}))], "response": [attach("own", "v1", json!({}))] });
    for (verb, target) in [("GET", "/a"), ("POST", "/a"), ("GET", "/")] {
        project = project.operation(verb, target).open();
        if verb == "GET" {
            project = project.operation_set("operationPolicies", own.clone());
        }
    }
    let weir = Weir::start(&project);
    for (verb, path, expected) in [("GET", "/a", "AB"), ("POST", "/a", "A"), ("GET", "/", "AB")] {
        let answer = weir.call(verb, &format!("/shop/1.0{path}"), &[], b"").await;
        assert_eq!(answer.status, 200, "{verb} {path}");
        assert_eq!(backend.last().header("x-order"), Some(expected), "{verb} {path}");
        assert_eq!(answer.header("x-order"), Some(expected), "{verb} {path}");
    }
}

/// Row 29: the fault flow runs once, and the gateway's own answer follows it.
#[tokio::test]
async fn a_fault_flow_runs_once() {
    let refused = testkit::RefusedPort::new();
    let dead = refused.address();
    let fault = r#"<header name="X-Code" scope="transport" expression="concat($trp:X-Code, $ctx:ERROR_CODE, ';')"/>"#;
    let config = fixed_endpoint(&format!("http://{dead}"));
    let weir = Weir::start(&open_to_all(mediated(config.clone(), ["", MARK, fault])));
    let answer = weir.get("/shop/1.0/a").await;
    assert_eq!((answer.status, code(&answer)), (500, "101503".to_owned()));
    assert_eq!(answer.header("x-code"), Some("101503;"));
    assert_eq!(answer.header("x-mark"), None, "the response flow does not run");
    let custom = r#"<property name="CUSTOM_HTTP_SC" value="503"/>"#;
    let weir = Weir::start(&open_to_all(mediated(config, ["", "", custom])));
    let answer = weir.get("/shop/1.0/a").await;
    assert_eq!((answer.status, code(&answer)), (503, "101503".to_owned()));
}

/// The shipped fault policies answer by themselves.
#[tokio::test]
async fn shipped_fault_policies_answer() {
    let refused = testkit::RefusedPort::new();
    let dead = refused.address();
    for name in ["jsonFault", "debugJsonFault"] {
        let project = Project::new("Shop", "1.0", "/shop")
            .endpoint_config(fixed_endpoint(&format!("http://{dead}")))
            .set("apiPolicies", json!({ "fault": [attach(name, "v1", json!({}))] }));
        let weir = Weir::start(&open_to_all(project));
        let answer = weir.get("/shop/1.0/a").await;
        assert_eq!(answer.status, 500, "{name}: {}", answer.text());
        let body = answer.json();
        assert_eq!(body["fault"]["message"], "Runtime Error", "{name}: {body}");
        assert_eq!(body["fault"]["code"].to_string().trim_matches('"'), "101503", "{name}: {body}");
    }
}

/// A policy that fails leaks nothing, and runs the fault flow once.
#[tokio::test]
async fn a_policy_that_fails_leaks_nothing() {
    let backend = Backend::echo().await;
    let request = r#"<property name="HTTP_SC" scope="axis2" value="200"/><header name="X-Secret" scope="transport" value="s3cret"/><throwError type="E42" errorMessage="not today"/>"#;
    let fault = r#"<header name="X-Seen" scope="transport" expression="concat($trp:X-Seen, $ctx:ERROR_CODE, '|', $ctx:ERROR_MESSAGE)"/>"#;
    let project = mediated(fixed_endpoint(&backend.url()), [request, "", fault]);
    let weir = Weir::start(&open_to_all(project));
    let answer =
        weir.call("POST", "/shop/1.0/a", &[("authorization", "Bearer t0ken")], b"body").await;
    assert_eq!((answer.status, code(&answer)), (500, "E42".to_owned()));
    assert_eq!(answer.header("x-seen"), Some("E42|not today"));
    assert_eq!((answer.header("x-secret"), answer.header("authorization")), (None, None));
    assert!(!answer.text().contains("s3cret") && !answer.text().contains("body"));
    assert!(backend.take().is_empty());
}

/// A call in the middle: its answer is the message from then on.
#[tokio::test]
async fn calls_are_made_on_the_way() {
    let other =
        Backend::builder().start(|_| testkit::Reply::json(&json!({ "to": "/chosen" }))).await;
    let backend = Backend::echo().await;
    let request = format!(
        r#"<property name="was" expression="$trp:X-Was"/><call><endpoint><http method="get" uri-template="{}/lookup"/></endpoint></call><property name="REST_URL_POSTFIX" scope="axis2" expression="json-eval($.to)"/><property name="NO_ENTITY_BODY" scope="axis2" value="true"/><header name="X-Was" scope="transport" expression="$ctx:was"/>"#,
        other.url()
    );
    let project = mediated(fixed_endpoint(&backend.url()), [&request, "", ""]);
    let weir = Weir::start(&open_to_all(project));
    let answer = weir.call("GET", "/shop/1.0/a", &[("x-was", "here")], b"").await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!((other.last().method.as_str(), other.last().target.as_str()), ("GET", "/lookup"));
    let seen = backend.last();
    assert_eq!((seen.target.as_str(), seen.header("x-was")), ("/chosen", Some("here")));
}

/// `send` with an address goes there; without one to `To` as it is.
#[tokio::test]
async fn messages_are_sent_elsewhere() {
    let (own, other) = (Backend::echo().await, Backend::echo().await);
    let url = other.url();
    for (text, expected) in [
        (format!(r#"<send><endpoint><address uri="{url}/x"/></endpoint></send>"#), "/x/a"),
        (format!(r#"<send><endpoint><http uri-template="{url}/x"/></endpoint></send>"#), "/x/a"),
        (
            format!(
                r#"<send><endpoint><http method="get" uri-template="{url}/x"/></endpoint></send>"#
            ),
            "/x",
        ),
        (format!(r#"<header name="To" value="{url}/x"/><send/>"#), "/x"),
        (
            format!(
                r#"<header name="To" value="{url}/x"/><send><endpoint><default/></endpoint></send>"#
            ),
            "/x/a",
        ),
    ] {
        for config in [fixed_endpoint(&own.url()), dynamic_endpoint()] {
            let weir = Weir::start(&open_to_all(mediated(config, [&text, MARK, ""])));
            let answer = weir.get("/shop/1.0/a").await;
            assert_eq!(answer.status, 200, "{text}: {}", answer.text());
            assert_eq!(answer.header("x-mark"), Some("response"), "{text}");
            assert_eq!(other.last().target, expected, "{text}");
        }
    }
    assert!(own.take().is_empty());
}

/// An API without policies that read bodies keeps streaming, and what frames a body is kept.
#[tokio::test]
async fn bodies_are_framed_as_they_are() {
    let backend = Backend::echo().await;
    let request = r#"<header name="Content-Length" scope="transport" value="3"/><header name="Transfer-Encoding" scope="transport" value="chunked"/>"#;
    let project = mediated(fixed_endpoint(&backend.url()), [request, "", ""]);
    let weir = Weir::start(&open_to_all(project));
    let answer = weir.call("POST", "/shop/1.0/a", &[], b"0123456789").await;
    assert_eq!(answer.status, 200);
    assert_eq!(backend.last().body.as_ref(), b"0123456789");
}
