//! Policies over real sockets: what upstreams and callers see of them (spec/02 §6.1).

mod attacks;
mod cache;
mod dynamic;
mod flows;
mod imports;
mod opa;
mod project;
mod rules;
mod scripts;
mod shipped;

use serde_json::{Value, json};
use testkit::Project;

use crate::gateway::open;

/// What stands before the attributes of a policy that a test writes.
fn specification(name: &str) -> Value {
    json!({
        "category": "Mediation",
        "name": name,
        "version": "v1",
        "displayName": name,
        "applicableFlows": ["request", "response", "fault"],
        "supportedGateways": ["Synapse"],
        "supportedApiTypes": ["HTTP"],
        "policyAttributes": [],
    })
}

/// A policy of the project, made of these mediators.
pub(crate) fn with_policy(project: Project, name: &str, text: &str) -> Project {
    let wrapped = json!({
        "type": "operation_policy_specification",
        "version": "v4.6.0",
        "data": specification(name),
    });
    project
        .file(&format!("Policies/{name}_v1.yaml"), wrapped.to_string())
        .file(&format!("Policies/{name}_v1.j2"), text)
}

/// A reference to a policy.
pub(crate) fn attach(name: &str, version: &str, parameters: Value) -> Value {
    json!({ "policyName": name, "policyVersion": version, "parameters": parameters })
}

/// An API with mediators of its own in its request, response and fault flows.
pub(crate) fn mediated(config: Value, flows: [&str; 3]) -> Project {
    let mut project = Project::new("Shop", "1.0", "/shop").endpoint_config(config);
    let mut attached = json!({});
    for (name, text) in ["request", "response", "fault"].into_iter().zip(flows) {
        if !text.is_empty() {
            project = with_policy(project, name, text);
            attached[name] = json!([attach(name, "v1", json!({}))]);
        }
    }
    project.set("apiPolicies", attached)
}

/// `endpoint_type: default`.
pub(crate) fn dynamic_endpoint() -> Value {
    json!({
        "endpoint_type": "default",
        "production_endpoints": { "url": "default" },
        "sandbox_endpoints": { "url": "default" },
    })
}

/// An address for both stages.
pub(crate) fn fixed_endpoint(url: &str) -> Value {
    json!({
        "endpoint_type": "http",
        "production_endpoints": { "url": url },
        "sandbox_endpoints": { "url": url },
    })
}

/// The same with operations of every method, open to all.
pub(crate) fn open_to_all(project: Project) -> Project {
    open(project, "/*")
}

/// An API with policies of these flows, whose requests go to this address.
pub(crate) fn policed(config: Value, policies: Value) -> Project {
    let project = Project::new("Shop", "1.0", "/shop").endpoint_config(config);
    open_to_all(project.set("apiPolicies", policies))
}

/// What is said of a project that is not served.
pub(crate) fn refusal(project: &Project) -> String {
    let mut weir = crate::gateway::Weir::with(&[], |_| {});
    weir.deploy(project);
    weir.refusal()
}
