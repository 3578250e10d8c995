//! Endpoints of type `wsdl`: at the address that a service and port of a WSDL have.

use serde_json::json;
use testkit::{Backend, Project, Reply};

use super::project;
use super::served::{MAIN, MORE, TYPES};
use crate::gateway::Weir;

/// A service that serves its own WSDL, and says `called` to everything else.
async fn service() -> Backend {
    Backend::builder()
        .start(|request| match (request.method.as_str(), &*request.target) {
            ("GET", "/service?wsdl") => {
                let url = format!("http://{}/real", request.header("host").unwrap());
                Reply::new(200).body(MAIN.replace("@URL@", &url))
            }
            ("GET", "/types/t.xsd") => Reply::new(200).body(TYPES),
            ("GET", "/types/more.xsd") => Reply::new(200).body(MORE),
            ("GET", _) => Reply::new(404),
            _ => Reply::new(200).body("called"),
        })
        .await
}

fn named(url: &str, service: &str, port: &str) -> Project {
    project(json!({
        "endpoint_type": "wsdl",
        "production_endpoints": { "url": url },
        "wsdlendpointService": service,
        "wsdlendpointPort": port,
    }))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_address_comes_from_the_wsdl_that_the_gateway_fetches() {
    let backend = service().await;
    let url = format!("{}/service?wsdl", backend.url());
    let mut weir = Weir::start(&named(&url, "QuoteService", "QuotePort"));
    let headers = [("Content-Type", "text/xml")];
    let answer = weir.call("POST", "/quote/1.0", &headers, b"<a/>").await;
    assert_eq!((answer.status, &*answer.text()), (200, "called"));
    assert_eq!(backend.last().target, "/real");
    // What was fetched stays of use while the server is down, and what serves stays.
    backend.stop();
    weir.deploy(&named(&url, "QuoteService", "QuotePort").set("description", json!("new")));
    assert!(weir.refusal().is_empty(), "{}", weir.refusal());
    assert!(weir.findings().contains("is used as it was"), "{}", weir.findings());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_in_the_wsdl_is_refused_with_what_is() {
    let backend = service().await;
    let url = format!("{}/service?wsdl", backend.url());
    let mut weir = Weir::with(&[], |_| {});
    for (url, service, port, expected) in [
        (url.clone(), "QuoteService", "Nope", "QuoteService/QuotePort, QuoteService/Other"),
        (url.clone(), "QuoteService", "", "several addresses"),
        (format!("{}/gone?wsdl", backend.url()), "", "", "answers 404"),
        ("http://127.0.0.1:9/a?wsdl".to_owned(), "", "", "cannot be fetched"),
    ] {
        weir.deploy(&named(&url, service, port));
        assert!(weir.refusal().contains(expected), "{expected}: {}", weir.refusal());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn members_of_groups_are_located_too() {
    let (first, second) = (service().await, Backend::answer(200, &[], "second").await);
    let member = |url: &str| {
        json!({
            "endpoint_type": "wsdl", "url": url,
            "wsdlendpointService": "QuoteService", "wsdlendpointPort": "QuotePort",
        })
    };
    let own = MAIN.replace("@URL@", &format!("{}/own", second.url()));
    let config = json!({
        "endpoint_type": "load_balance",
        "production_endpoints": [member(&format!("{}/service?wsdl", first.url())), member("WSDL/own.wsdl")],
    });
    let project = project(config).file("WSDL/own.wsdl", own);
    let weir = Weir::start(&project);
    let mut answers = Vec::new();
    for _ in 0..2 {
        let headers = [("Content-Type", "text/xml")];
        answers.push(weir.call("POST", "/quote/1.0", &headers, b"<a/>").await.text());
    }
    answers.sort();
    assert_eq!(answers, ["called", "second"]);
    assert_eq!(second.last().target, "/own");
}
