//! The endpoints of an environment as an `endpointConfig` (spec/04 §2.4).

use serde_json::{Map, Value, json};

use crate::codes;
use crate::cursor::Cursor;
use crate::diagnostic::Diagnostics;

/// What WSO2 puts where an environment names a type and no endpoint.
const PLACEHOLDER: &str = "https://localhost";
const ROUND_ROBIN: &str = "org.apache.synapse.endpoints.algorithms.RoundRobin";

/// Builds the `endpointConfig`; problems leave parts out, never the whole.
pub(super) fn build(configs: &Cursor<'_>, found: &mut Diagnostics) -> Value {
    let kind = configs.get("endpointType");
    let word = kind.word(found).map(|word| word.to_ascii_lowercase());
    match word.as_deref() {
        None | Some("rest" | "http" | "http/rest" | "service") => routed(configs, "http", found),
        Some("soap" | "address" | "http/soap") => routed(configs, "address", found),
        Some("dynamic" | "default") => json!({
            "endpoint_type": "default",
            "failover": "false",
            "production_endpoints": { "url": "default" },
            "sandbox_endpoints": { "url": "default" },
        }),
        Some("aws" | "awslambda") => lambda(&configs.get("awsLambdaEndpoints"), found),
        Some(other) => {
            let message = format!("the endpoint type `{other}` is unknown");
            let help = "Use rest, http, soap, dynamic or aws.";
            found.error(codes::PARAM_ENDPOINT_TYPE, kind.place(), message, help);
            json!({ "endpoint_type": other })
        }
    }
}

fn routed(configs: &Cursor<'_>, leaf: &str, found: &mut Diagnostics) -> Value {
    let policy = configs.get("endpointRoutingPolicy");
    match policy.word(found).map(|word| word.to_ascii_lowercase()).as_deref() {
        None | Some("none") => plain(&configs.get("endpoints"), leaf, found),
        Some("load_balanced" | "load_balance") => {
            load_balanced(&configs.get("loadBalanceEndpoints"), leaf, found)
        }
        Some("failover") => failover(&configs.get("failoverEndpoints"), leaf, found),
        Some(other) => {
            let message = format!("the routing policy `{other}` is unknown");
            let help = "Use load_balanced or failover, or leave it out.";
            found.error(codes::PARAM_ENDPOINT_TYPE, policy.place(), message, help);
            plain(&configs.get("endpoints"), leaf, found)
        }
    }
}

fn plain(at: &Cursor<'_>, leaf: &str, found: &mut Diagnostics) -> Value {
    let mut config = Map::new();
    config.insert("endpoint_type".to_owned(), leaf.into());
    let stages = [("production", "production_endpoints"), ("sandbox", "sandbox_endpoints")];
    if at.is_absent() {
        let message = format!("no endpoint is given; `{PLACEHOLDER}` stands in for it");
        let help = "Write `endpoints` with `production`, `sandbox` or both.";
        found.warning(codes::PARAM_MISSING, at.place(), message, help);
        for (_, key) in stages {
            config.insert(key.to_owned(), json!({ "url": PLACEHOLDER }));
        }
        return config.into();
    }
    for (stage, key) in stages {
        if let Some(member) = member(&at.get(stage), None, found) {
            config.insert(key.to_owned(), member);
        }
    }
    config.into()
}

fn load_balanced(at: &Cursor<'_>, leaf: &str, found: &mut Diagnostics) -> Value {
    need(at, "loadBalanceEndpoints", found);
    // WSO2 drops these three (spec/01 §1.6); here what is written counts.
    let session = at.get("sessionManagement").word(found).unwrap_or_default();
    let session = if session.eq_ignore_ascii_case("transport") { "http" } else { &session };
    let algorithm = at.get("algoClassName").word(found).unwrap_or_else(|| ROUND_ROBIN.to_owned());
    let fail_over = at.get_any(&["failOver", "failover"]);
    let fail_over = if fail_over.is_absent() { json!("False") } else { fail_over.value().clone() };
    let mut config = json!({
        "endpoint_type": "load_balance",
        "algoClassName": algorithm,
        "algoCombo": algorithm,
        "sessionManagement": session,
        "failOver": fail_over,
    });
    if let Some(timeout) = at.get("sessionTimeOut").word(found) {
        config["sessionTimeOut"] = timeout.into();
    }
    for (stage, key) in [("production", "production_endpoints"), ("sandbox", "sandbox_endpoints")] {
        let members = members(&at.get(stage), leaf, found);
        if !members.is_empty() {
            config[key] = members.into();
        }
    }
    config
}

fn failover(at: &Cursor<'_>, leaf: &str, found: &mut Diagnostics) -> Value {
    need(at, "failoverEndpoints", found);
    let mut config = json!({ "endpoint_type": "failover", "failOver": "True" });
    for stage in ["production", "sandbox"] {
        let Some(primary) = member(&at.get(stage), Some(leaf), found) else { continue };
        config[format!("{stage}_endpoints")] = primary;
        let others = at.get(&format!("{stage}Failovers"));
        if others.is_absent() {
            let message = format!("`{stage}Failovers` is missing");
            let help = "List at least one URL that takes over.";
            found.error(codes::PARAM_MISSING, others.place(), message, help);
        }
        config[format!("{stage}_failovers")] = members(&others, leaf, found).into();
    }
    config
}

fn lambda(at: &Cursor<'_>, found: &mut Diagnostics) -> Value {
    need(at, "awsLambdaEndpoints", found);
    let method = at.get("accessMethod").word(found).unwrap_or_default();
    let is_stored = method.eq_ignore_ascii_case("stored");
    let mut config = json!({
        "endpoint_type": "awslambda",
        "access_method": if is_stored { "stored" } else { "role-supplied" },
    });
    for key in ["amznRegion", "amznAccessKey", "amznSecretKey"] {
        let value = at.get(key).word(found);
        if value.is_none() && is_stored {
            need(&at.get(key), key, found);
        }
        config[key] = value.unwrap_or_default().into();
    }
    config
}

fn need(at: &Cursor<'_>, key: &str, found: &mut Diagnostics) {
    if at.is_absent() {
        let message = format!("`{key}` is missing");
        found.error(codes::PARAM_MISSING, at.place(), message, format!("Add `{key}`."));
    }
}

fn members(at: &Cursor<'_>, leaf: &str, found: &mut Diagnostics) -> Vec<Value> {
    at.items(found).iter().filter_map(|at| member(at, Some(leaf), found)).collect()
}

/// One URL; members of a group say of which kind they are when they are not `http`.
fn member(at: &Cursor<'_>, leaf: Option<&str>, found: &mut Diagnostics) -> Option<Value> {
    if at.is_absent() {
        return None;
    }
    if at.get("url").word(found).is_none() {
        let help = "Write the `url` of the endpoint.";
        found.error(codes::PARAM_URL, at.place(), "the endpoint has no `url`", help);
        return None;
    }
    let mut value = texts(at.value());
    if leaf == Some("address") {
        value["endpoint_type"] = "address".into();
    }
    Some(value)
}

/// Numbers become text, as WSO2 stores them.
fn texts(value: &Value) -> Value {
    match value {
        Value::Number(number) => number.to_string().into(),
        Value::Array(items) => items.iter().map(texts).collect(),
        Value::Object(map) => {
            Value::Object(map.iter().map(|(key, value)| (key.clone(), texts(value))).collect())
        }
        other => other.clone(),
    }
}
