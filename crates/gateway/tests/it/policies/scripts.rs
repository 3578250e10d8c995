//! Scripts of policies; rows 37 to 39 of spec/02 §6.1.

use std::time::{Duration, Instant};

use serde_json::json;
use testkit::Backend;

use super::{dynamic_endpoint, fixed_endpoint, mediated, open_to_all};
use crate::gateway::{Weir, code};

/// A policy with one script.
fn script(text: &str) -> String {
    format!("<script language=\"js\"><![CDATA[{text}]]></script>")
}

#[tokio::test]
async fn a_script_reads_and_changes_the_message() {
    let backend = Backend::echo().await;
    let text = script(&format!(
        "var order = mc.getPayloadJSON();\n\
         mc.setProperty('X-Total', order.items.length * order.price, 'transport');\n\
         mc.setProperty('region', mc.getProperty('query.param.region') == 1 ? 'one' : 'other');\n\
         mc.setProperty('HTTP_METHOD', 'PUT', 'axis2');\n\
         order.items.push('</x>\"');\n\
         mc.setPayloadJSON(order);\n\
         mc.setTo('{}/chosen');",
        backend.url()
    ));
    let text =
        format!(r#"{text}<header name="X-Region" scope="transport" expression="$ctx:region"/>"#);
    let weir = Weir::start(&open_to_all(mediated(dynamic_endpoint(), [&text, "", ""])));
    let body = br#"{"items": ["a", null], "price": 2.5, "checkNull": null}"#;
    let headers = [("content-type", "application/json")];
    let answer = weir.call("POST", "/shop/1.0/a?region=1", &headers, body).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let seen = backend.last();
    assert_eq!((seen.method.as_str(), seen.target.as_str()), ("PUT", "/chosen/a?region=1"));
    assert_eq!((seen.header("x-total"), seen.header("x-region")), (Some("5"), Some("one")));
    let sent: serde_json::Value = serde_json::from_slice(&seen.body).unwrap();
    let expected = json!({ "items": ["a", null, "</x>\""], "price": 2.5, "checkNull": null });
    assert_eq!(sent, expected);
}

/// As mocks do it: content type, status, body and headers of an answer.
#[tokio::test]
async fn a_script_makes_an_answer() {
    let backend = Backend::echo().await;
    let text = script(
        "if (mc.getProperty('query.param.code') == 404) mc.setProperty('HTTP_SC', '404', 'axis2');\n\
         mc.setProperty('X-A', '1', 'transport');\n\
         var name = mc.getProperty('REST_METHOD');\n\
         mc.setPayloadXML(<answer><method>{name}</method></answer>);",
    );
    let text = format!("{text}<respond/>");
    let weir = Weir::start(&open_to_all(mediated(fixed_endpoint(&backend.url()), [&text, "", ""])));
    let answer = weir.get("/shop/1.0/a?code=404").await;
    assert_eq!((answer.status, answer.header("x-a")), (404, Some("1")));
    assert_eq!(answer.text(), "<answer><method>GET</method></answer>");
    assert_eq!(answer.header("content-type"), Some("application/xml"));
    assert!(backend.take().is_empty());
}

/// Row 38: others are served while one does not end, and that one fails in its time.
#[tokio::test]
async fn an_endless_script_fails_alone() {
    let backend = Backend::echo().await;
    let text = script("if (mc.getProperty('query.param.loop') === '1') { while (true) {} }");
    let fault = r#"<header name="X-Code" scope="transport" expression="$ctx:ERROR_CODE"/>"#;
    let project = open_to_all(mediated(fixed_endpoint(&backend.url()), [&text, "", fault]));
    let weir = Weir::with(&[&project], |config| {
        config.scripts.threads = 2;
        config.scripts.limits.time = Duration::from_millis(700);
    });
    let start = Instant::now();
    let others = async {
        for _ in 0..3 {
            assert_eq!(weir.get("/shop/1.0/a").await.status, 200);
        }
        start.elapsed()
    };
    let endless = async {
        let answer = weir.get("/shop/1.0/a?loop=1").await;
        (answer, start.elapsed())
    };
    let (_, (answer, took)) = tokio::join!(others, endless);
    assert_eq!((answer.status, code(&answer)), (500, "400908".to_owned()));
    assert_eq!(answer.header("x-code"), Some("400908"));
    assert!(took >= Duration::from_millis(700), "{took:?}");
    assert_eq!(backend.take().len(), 3);
}

#[tokio::test]
async fn a_script_that_throws_goes_to_the_fault_flow() {
    let backend = Backend::echo().await;
    let text = script("mc.setProperty('X-Half', '1', 'transport');\nnull.secret;");
    let fault = r#"<header name="X-Seen" scope="transport" expression="concat($ctx:ERROR_CODE, ' ', $ctx:ERROR_MESSAGE)"/>"#;
    let weir =
        Weir::start(&open_to_all(mediated(fixed_endpoint(&backend.url()), [&text, "", fault])));
    let answer = weir.get("/shop/1.0/a").await;
    assert_eq!((answer.status, code(&answer)), (500, "400908".to_owned()));
    assert_eq!(answer.header("x-seen"), Some("400908 Script failed"));
    assert_eq!(answer.header("x-half"), None);
    assert!(!answer.text().contains("secret"), "{}", answer.text());
    assert!(backend.take().is_empty());
}

/// `false` drops the message, in either direction.
#[tokio::test]
async fn a_script_may_end_the_flow() {
    let backend = Backend::echo().await;
    for flows in [[script("false"), String::new()], [String::new(), script("1 < 0")]] {
        let [request, response] = &flows;
        let project = mediated(fixed_endpoint(&backend.url()), [request, response, ""]);
        let weir = Weir::start(&open_to_all(project));
        let answer = weir.get("/shop/1.0/a").await;
        assert_eq!((answer.status, answer.text().as_str()), (202, ""), "{flows:?}");
    }
    assert_eq!(backend.take().len(), 1);
}

/// A script without a method of the body leaves it to stream.
#[tokio::test]
async fn bodies_stream_past_scripts_that_do_not_ask() {
    let backend = Backend::echo().await;
    let text = script("mc.setProperty('X-A', mc.getProperty('x-b', 'transport'), 'transport')");
    let project = open_to_all(mediated(fixed_endpoint(&backend.url()), [&text, "", ""]));
    let weir = Weir::with(&[&project], |config| {
        let limits = mediation::Limits { body: 4, ..mediation::Limits::default() };
        config.mediation = std::sync::Arc::new(limits);
    });
    let answer = weir.call("POST", "/shop/1.0/a", &[("x-b", "b")], b"more than four").await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let seen = backend.last();
    assert_eq!((seen.header("x-a"), seen.body.as_ref()), (Some("b"), b"more than four".as_ref()));
}
