//! Every policy that comes with the gateway, in every version, by what upstreams and callers see
//! of it (spec/02 §2.1, §7.3).

mod bodies;
mod checks;
mod requests;

use serde_json::{Value, json};
use testkit::{Backend, Project};

use super::{attach, dynamic_endpoint, fixed_endpoint, policed, refusal};
use crate::gateway::Weir;

const JSON: (&str, &str) = ("content-type", "application/json");
const XML: (&str, &str) = ("content-type", "application/xml");
const PATH: &str = "/shop/1.0/a";

/// What is tried; in a box, because all of them together are large.
type Case = std::pin::Pin<Box<dyn Future<Output = ()> + Send>>;

/// One attached policy.
fn one(flow: &str, name: &str, version: &str, parameters: Value) -> Value {
    json!({ flow: [attach(name, version, parameters)] })
}

/// A gateway whose API has one policy and this upstream.
fn serving(backend: &Backend, flow: &str, name: &str, version: &str, parameters: Value) -> Weir {
    let config = fixed_endpoint(&backend.url());
    Weir::start(&policed(config, one(flow, name, version, parameters)))
}

/// The same without an address of its own.
fn addressed(name: &str, version: &str, parameters: Value) -> Weir {
    Weir::start(&policed(dynamic_endpoint(), one("request", name, version, parameters)))
}

#[tokio::test]
async fn every_one_does_what_it_says() {
    let mut wrong = Vec::new();
    for shipped in policy::shipped::all().iter().filter(|it| it.template.is_some()) {
        let name = shipped.specification.name.as_str();
        let version = shipped.specification.version.as_str();
        // A task of its own, so that what fails does not hide the others.
        let case = tokio::spawn(case(name, version));
        if let Err(error) = case.await {
            wrong.push(format!("{name} {version}: {error}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Tries a policy; one that has no case fails.
fn case(name: &'static str, version: &'static str) -> Case {
    match name {
        "addHeader" => Box::pin(requests::add_header(version)),
        "removeHeader" => Box::pin(requests::remove_header(version)),
        "addQueryParam" => Box::pin(requests::add_query_param(version)),
        "changeHTTPMethod" => Box::pin(requests::change_method(version)),
        "rewriteResourcePath" => Box::pin(requests::rewrite_path(version)),
        "setToHeader" => Box::pin(requests::set_to(version)),
        "setToHeaderWS" => Box::pin(requests::set_to_of_resource(version)),
        "dynamicEndpoint" => Box::pin(requests::dynamic(version)),
        "respond" => Box::pin(requests::respond(version)),
        "mockLatency" => Box::pin(requests::latency(version)),
        "mockError" => Box::pin(requests::error(version)),
        "addLogMessage" => Box::pin(bodies::log(name, &["request", "response", "fault"], version)),
        "debugRequestFlow" => Box::pin(bodies::log(name, &["request"], version)),
        "debugResponseFlow" => Box::pin(bodies::log(name, &["response"], version)),
        "jsonFault" | "debugJsonFault" => Box::pin(bodies::json_fault(name, version)),
        "disableChunking" => Box::pin(bodies::disable_chunking(version)),
        "jsonToXML" => Box::pin(bodies::json_to_xml(version)),
        "xmlToJson" => Box::pin(bodies::xml_to_json(version)),
        "preserveAcceptHeader" => Box::pin(bodies::preserve_accept(version)),
        "applyAcceptHeader" => Box::pin(bodies::apply_accept(version)),
        "jsonValidator" => Box::pin(checks::json(version)),
        "xmlValidator" => Box::pin(checks::xml(version)),
        "regexPolicy" => Box::pin(checks::regex(version)),
        "jwtClaimBasedAccessValidator" => Box::pin(checks::claim(version)),
        "opaPolicy" => Box::pin(checks::opa(version)),
        "validateCsrfCookie" => Box::pin(checks::csrf(version)),
        _ => panic!("there is no case for this policy; write one"),
    }
}

/// What has no template is refused where it is attached, with what to do instead.
#[tokio::test]
async fn those_without_a_template_are_refused() {
    let config = fixed_endpoint("http://192.0.2.1");
    for shipped in policy::shipped::all().iter().filter(|it| it.template.is_none()) {
        let specification = &shipped.specification;
        let (name, version) = (specification.name.as_str(), specification.version.as_str());
        let project = policed(config.clone(), one("request", name, version, json!({})));
        let said = refusal(&project);
        assert!(said.contains("PO013") && said.contains(name), "{name} {version}: {said}");
    }
}

/// Row 21 of spec/02 §6.1.
#[tokio::test]
async fn what_is_attached_wrongly_is_refused() {
    let config = fixed_endpoint("http://192.0.2.1");
    for (flow, name, version, parameters, code) in [
        ("request", "removeHeader", "v2", json!({}), "PO003"),
        ("request", "jsonFault", "v1", json!({}), "PO005"),
        ("fault", "addHeader", "v1", json!({ "headerName": "a", "headerValue": "b" }), "PO005"),
        ("request", "removeHeader", "v2", json!({ "headerName": "a:b" }), "PO004"),
        ("request", "addHeader", "v9", json!({ "headerName": "a", "headerValue": "b" }), "PO002"),
        ("request", "addHeaders", "v1", json!({}), "PO001"),
    ] {
        let said = refusal(&policed(config.clone(), one(flow, name, version, parameters)));
        assert!(said.contains(code), "{name} {version} in {flow}: {said}");
    }
    let bare = Project::new("Shop", "1.0", "/shop").endpoint_config(config);
    let policies = one("request", "removeHeader", "v2", json!({}));
    let said = refusal(&bare.operation("GET", "/a").operation_set("operationPolicies", policies));
    assert!(said.contains("PO003"), "at an operation: {said}");
}
