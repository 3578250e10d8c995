//! SOAP services behind the gateway (spec/03 §1, §7.1).

mod calls;
mod faults;
mod formats;
mod members;
mod operations;
mod served;

use serde_json::{Value, json};
use testkit::Project;

const SOAP11: &str = "http://schemas.xmlsoap.org/soap/envelope/";
const SOAP12: &str = "http://www.w3.org/2003/05/soap-envelope";

/// A pass-through API `/quote/1.0` without a token, with this `endpointConfig`.
fn project(config: Value) -> Project {
    let project = Project::new("Quote", "1.0", "/quote").set("type", json!("SOAP"));
    project.operation("POST", "/*").open().endpoint_config(config)
}

/// One whose production endpoint is of type `address`, with a `config`.
fn address(url: &str, config: Value) -> Project {
    let endpoint = json!({ "url": url, "config": config });
    project(json!({ "endpoint_type": "address", "production_endpoints": endpoint }))
}

fn envelope(namespace: &str, header: &str, body: &str) -> String {
    format!(
        "<s:Envelope xmlns:s=\"{namespace}\"><s:Header>{header}</s:Header><s:Body>{body}</s:Body></s:Envelope>"
    )
}
