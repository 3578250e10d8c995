//! Policies that fail at run time: the fault flow runs once, and nothing is told that is not meant
//! for the caller.

use std::sync::Arc;

use mediation::Limits;
use testkit::{Answer, Backend, RefusedPort};

use super::{JSON, PATH};
use crate::gateway::{Weir, code};
use crate::policies::{fixed_endpoint, mediated, open_to_all};

const FAULT: &str = r#"<property name="n" expression="concat($ctx:n, 'x')"/>
    <header name="X-Seen" scope="transport" expression="concat($trp:X-Seen, $ctx:n, $ctx:ERROR_CODE)"/>
    <header name="X-Token" scope="transport" expression="concat('[', $trp:Authorization, $trp:Cookie, $trp:X-Secret, ']')"/>
    <property name="body" expression="json-eval($.secret)"/>
    <header name="X-Body" scope="transport" expression="concat('[', $body, $ctx:body, ']')"/>"#;
const SENT: [(&str, &str); 4] =
    [("authorization", "Bearer t0ken"), ("cookie", "c=t0ken"), ("x-secret", "t0ken"), JSON];
/// Leaves something in every place that an answer could be made of.
const LEAVES: &str = r#"<header name="X-Inner" scope="transport" value="t0ken"/>
    <property name="HTTP_SC" scope="axis2" value="200"/>
    <property name="inner" value="t0ken"/>
    <payloadFactory media-type="json"><format>{"secret": "t0ken"}</format><args/></payloadFactory>"#;

fn assert_tells_nothing(answer: &Answer, case: &str) {
    let head = format!("{:?}", answer.headers);
    for text in [&head, &answer.text()] {
        for part in ["t0ken", "hidden", "127.0.0.1", "policy request", "step ", "Policies/", ".j2"]
        {
            assert!(!text.contains(part), "{case}: {part} in {text}");
        }
    }
}

/// Steps that fail, by the code that they fail with.
fn failures(url: &str) -> Vec<(String, u16, &'static str)> {
    vec![
        (
            r#"<property name="a" type="INTEGER" expression="concat('hid', 'den')"/>"#.to_owned(),
            500,
            "400900",
        ),
        (
            r#"<property name="a" type="JSON" expression="concat('{hid', 'den')"/>"#.to_owned(),
            500,
            "400900",
        ),
        (r#"<throwError type="E1" errorMessage="meant for the caller"/>"#.to_owned(), 500, "E1"),
        (
            format!(
                r#"<call><endpoint><http method="get" uri-template="{url}"/></endpoint></call>"#
            ),
            500,
            "101503",
        ),
        (
            r#"<header name="To" value="http://169.254.169.254/hidden"/><send/>"#.to_owned(),
            403,
            "303902",
        ),
    ]
}

#[tokio::test]
async fn a_failure_runs_the_fault_flow_once() {
    let backend = Backend::echo().await;
    let dead = RefusedPort::new();
    for (text, status, number) in failures(&dead.url()) {
        for flow in [0, 1] {
            if flow == 1 && text.ends_with("<send/>") {
                // There it is the answer that is sent.
                continue;
            }
            let failing = format!("{LEAVES}{text}");
            let mut flows = ["", "", FAULT];
            flows[flow] = &failing;
            let weir = Weir::start(&open_to_all(mediated(fixed_endpoint(&backend.url()), flows)));
            let answer = weir.call("POST", PATH, &SENT, br#"{"secret": "t0ken"}"#).await;
            let case = format!("{text} in flow {flow}");
            assert_eq!(code(&answer), number, "{case}: {}", answer.text());
            if flow == 0 {
                assert_eq!(answer.status, status, "{case}");
                assert!(backend.take().is_empty(), "{case}");
            } else {
                assert!(answer.status >= 403, "{case}: {}", answer.status);
                drop(backend.take());
            }
            let seen = format!("x{number}");
            assert_eq!(answer.header("x-seen"), Some(seen.as_str()), "{case}");
            assert_eq!(answer.header("x-token"), Some("[]"), "{case}");
            assert_eq!(answer.header("x-body"), Some("[]"), "{case}");
            assert_eq!(answer.header("x-inner"), None, "{case}");
            assert_tells_nothing(&answer, &case);
        }
    }
}

/// Without a fault flow the gateway answers, and tells as little.
#[tokio::test]
async fn a_failure_without_a_fault_flow() {
    let backend = Backend::echo().await;
    let dead = RefusedPort::new();
    for (text, status, number) in failures(&dead.url()) {
        let failing = format!("{LEAVES}{text}");
        let project = mediated(fixed_endpoint(&backend.url()), [&failing, "", ""]);
        let weir = Weir::start(&open_to_all(project));
        let answer = weir.call("POST", PATH, &SENT, br#"{"secret": "t0ken"}"#).await;
        assert_eq!((answer.status, code(&answer)), (status, number.to_owned()), "{text}");
        assert_tells_nothing(&answer, &text);
    }
}

/// A fault flow that fails itself is not run again; the first fault is answered.
#[tokio::test]
async fn a_fault_flow_that_fails() {
    let backend = Backend::echo().await;
    let dead = RefusedPort::new();
    for text in [
        r#"<throwError type="E2" errorMessage="hidden"/>"#,
        r#"<property name="a" type="INTEGER" expression="concat('hid', 'den')"/>"#,
        r#"<header name="To" value="http://169.254.169.254/hidden"/><call><endpoint><default/></endpoint></call>"#,
    ] {
        let fault = format!("{FAULT}{text}");
        let project = mediated(fixed_endpoint(&dead.url()), ["", "", &fault]);
        let weir = Weir::start(&open_to_all(project));
        let answer = weir.call("POST", PATH, &SENT, b"{}").await;
        assert_eq!((answer.status, code(&answer)), (500, "101503".to_owned()), "{text}");
        assert_tells_nothing(&answer, text);
    }
    assert!(backend.take().is_empty());
}

/// Each failure is one line of the access log, with what went wrong for the operator.
#[tokio::test]
async fn a_failure_is_told_to_the_operator() {
    let backend = Backend::echo().await;
    let text = r#"<property name="a" type="INTEGER" expression="'x'"/>"#;
    let project = open_to_all(mediated(fixed_endpoint(&backend.url()), [text, "", FAULT]));
    let weir = Weir::with(&[&project], |config| config.mediation = Arc::new(Limits::default()));
    assert_eq!(weir.get(PATH).await.status, 500);
    let record = weir.record().await;
    assert_eq!(record["status"], 500, "{record}");
    assert!(record.to_string().contains("400900"), "{record}");
    assert!(!record.to_string().contains("t0ken"), "{record}");
}
