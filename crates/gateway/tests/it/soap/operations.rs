//! Policies, rules and the access log by SOAP operation.

use serde_json::{Value, json};
use testkit::{Backend, Project};

use super::served::with_wsdl;
use super::{SOAP11, address, envelope, project};
use crate::gateway::Weir;

fn set_header(name: &str, value: &str) -> Value {
    json!({ "request": [{
        "policyName": "addHeader", "policyVersion": "v1",
        "parameters": { "headerName": name, "headerValue": value },
    }] })
}

async fn call(weir: &Weir, action: Option<&str>, body: &str) -> u16 {
    let mut headers = vec![("Content-Type", "text/xml")];
    headers.extend(action.map(|action| ("SOAPAction", action)));
    weir.call("POST", "/quote/1.0", &headers, body.as_bytes()).await.status
}

fn message(name: &str) -> String {
    envelope(SOAP11, "<h/>", &format!("<{name} xmlns=\"urn:t\">{}</{name}>", "x".repeat(100_000)))
}

#[tokio::test]
async fn policies_belong_to_the_operation_that_is_called() {
    let backend = Backend::echo().await;
    let project = address(&backend.url(), json!({}))
        .operation_set("operationPolicies", set_header("x-op", "any"))
        .set(
            "x-weir-soap-operations",
            json!({
                "GetQuote": { "operationPolicies": set_header("x-op", "get") },
                "SetQuote": { "operationPolicies": set_header("x-op", "set") },
            }),
        );
    let weir = Weir::start(&with_wsdl(project));
    for (action, name, expected) in [
        // The action tells it, whatever the body says.
        (Some("\"urn:get\""), "SetQuote", "get"),
        (None, "GetQuote", "get"),
        (Some("\"\""), "SetQuote", "set"),
        (Some("\"urn:unknown\""), "SetQuote", "set"),
        (None, "Nothing", "any"),
    ] {
        let body = message(name);
        assert_eq!(call(&weir, action, &body).await, 200);
        let seen = backend.last();
        assert_eq!(seen.header("x-op"), Some(expected), "{action:?} {name}");
        assert!(seen.text() == body, "the body is as it came");
    }
    let record = weir.record().await;
    assert_eq!(record["soap_operation"], "GetQuote");
}

#[tokio::test]
async fn rules_and_policies_ask_for_the_operation() {
    let (first, second) = (Backend::echo().await, Backend::echo().await);
    let endpoint = |backend: &Backend| json!({ "type": "address", "url": backend.url() });
    let config = json!({
        "endpoint_type": "address",
        "production_endpoints": { "url": first.url() },
        "x-weir": {
            "endpoints": { "second": endpoint(&second) },
            "rules": [{ "when": { "soapOperation": "SetQuote" }, "endpoint": "second" }],
        },
    });
    // Without a WSDL the first element of the body names it.
    let weir = Weir::start(&project(config));
    assert_eq!(call(&weir, None, &message("SetQuote")).await, 200);
    assert_eq!(call(&weir, None, &message("GetQuote")).await, 200);
    assert_eq!((first.requests().len(), second.requests().len()), (1, 1));
}

#[tokio::test]
async fn the_operation_is_a_property() {
    let backend = Backend::echo().await;
    let policies = set_header("x-op", "${ctx:soap.operation}");
    let project = address(&backend.url(), json!({})).operation_set("operationPolicies", policies);
    let weir = Weir::start(&with_wsdl(project));
    assert_eq!(call(&weir, Some("urn:get"), "<a/>").await, 200);
    let seen = backend.last();
    assert!(seen.header("x-op").is_some(), "{:?}", seen.headers);
}

#[tokio::test]
async fn a_name_that_the_wsdl_does_not_have_is_refused() {
    let mut weir = Weir::with(&[], |_| {});
    let deploy = |key: &str, value: Value| -> Project {
        with_wsdl(address("http://127.0.0.1:9", json!({})).set(key, value))
    };
    weir.deploy(&deploy("x-weir-soap-operations", json!({ "Nope": {} })));
    assert!(weir.refusal().contains("GetQuote, SetQuote"), "{}", weir.refusal());
    weir.deploy(&deploy("x-weir-soap-operations", json!({ "GetQuote": { "policies": {} } })));
    assert!(weir.refusal().contains("`policies` is unknown"), "{}", weir.refusal());
}

#[tokio::test]
async fn explain_tells_the_operation_and_the_wsdl() {
    let project = address("http://127.0.0.1:9", json!({}))
        .set("x-weir-soap-operations", json!({ "GetQuote": {} }));
    let weir = Weir::start(&with_wsdl(project));
    let explained = async |query: &str| {
        let (status, document) = weir.admin(http::Method::GET, &format!("/explain?{query}")).await;
        assert_eq!(status, 200, "{document}");
        document.to_string()
    };
    let call = "method=POST&url=http://a/quote/1.0&header=Content-Type:text/xml";
    let text = explained(&format!("{call}&header=SOAPAction:urn:get")).await;
    assert!(text.contains("soap operation") && text.contains("GetQuote"), "{text}");
    let text = explained(call).await;
    assert!(text.contains("none that is known"), "{text}");
    let text = explained("method=GET&url=http://a/quote/1.0%3Fwsdl").await;
    assert!(text.contains("the WSDL of the API is answered"), "{text}");
}
