//! Backends that want to know who calls.

mod basic;
mod digest;
mod keys;
mod members;
mod oauth;

use serde_json::{Value, json};
use testkit::Project;

use crate::gateway::open;

/// An API `/shop/1.0` whose production endpoint is secured.
fn secured(url: &str, security: Value) -> Project {
    project(json!({
        "endpoint_type": "http",
        "production_endpoints": { "url": url },
        "endpoint_security": { "production": security },
    }))
}

/// An API `/shop/1.0` with this `endpointConfig`.
fn project(config: Value) -> Project {
    open(Project::new("Shop", "1.0", "/shop"), "/*").endpoint_config(config)
}

/// `endpoint_security` with a user.
fn user(kind: &str, username: &str, password: &str) -> Value {
    json!({ "enabled": true, "type": kind, "username": username, "password": password })
}

/// `endpoint_security` with a key.
fn key(place: &str, name: &str, value: &str) -> Value {
    json!({
        "enabled": true,
        "type": "apikey",
        "apiKeyIdentifier": name,
        "apiKeyIdentifierType": place,
        "apiKeyValue": value,
    })
}
