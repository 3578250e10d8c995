//! `params.yaml`: what differs between environments (spec/04 §2.4).
//!
//! The endpoints of an environment replace `endpointConfig` as a whole.
//! Unlike WSO2, an environment that says nothing of endpoints leaves them alone instead of putting
//! `https://localhost` in their place.

mod endpoints;
mod security;
mod variables;

use serde_json::{Value, json};

use super::Project;
use super::certificates::{ClientCertificate, EndpointCertificate};
use crate::codes;
use crate::cursor::Cursor;
use crate::diagnostic::{Diagnostics, Place};
use crate::document::Document;

/// Keys of an environment that say something of endpoints.
const ENDPOINT_KEYS: &[&str] = &[
    "endpointType",
    "endpointRoutingPolicy",
    "endpoints",
    "loadBalanceEndpoints",
    "failoverEndpoints",
    "awsLambdaEndpoints",
];
/// Keys of our own, which go into `endpointConfig` as they are.
const OWN_KEYS: &[&str] = &["x-weir", "x-weir-http2", "x-weir-preserve-host"];
const OTHER_KEYS: &[&str] = &[
    "name",
    "configs",
    "security",
    "certs",
    "mutualSslCerts",
    "deploymentEnvironments",
    "policies",
    "additionalProperties",
    "dependentAPIs",
    "gatewayEnvironments",
];
const CERTIFICATE_DIRECTORIES: &[&str] = &["Deployment/certificates", "certificates"];

pub(super) fn apply(
    project: &mut Project,
    name: &str,
    lookup: &dyn Fn(&str) -> Option<String>,
) -> Diagnostics {
    let mut found = Diagnostics::new();
    let Some(params) = project.params.clone() else {
        let help = "Add `params.yaml`, or do not name an environment.";
        let message = format!("there is no parameter file to find the environment `{name}` in");
        found.error(codes::NO_PARAMS, Place::file("params.yaml"), message, help);
        return found;
    };
    let Some(environment) = find(&params, name, &mut found) else { return found };
    let configs = configs_of(&environment);
    if configs.is_absent() || configs.keys().all(|key| key == "name") {
        let message = format!("the environment `{name}` says nothing");
        let help = "Add `configs`, or remove the environment.";
        found.error(codes::NO_CONFIGS, environment.place(), message, help);
        return found;
    }
    let resolved = variables::resolve(&configs, lookup, &mut found);
    let configs = Cursor::new(configs.file(), configs.pointer(), &resolved);
    apply_configs(project, &configs, &mut found);
    found
}

/// A note where there are environments to choose from.
pub(super) fn not_chosen(project: &Project) -> Diagnostics {
    let mut found = Diagnostics::new();
    let Some(params) = &project.params else { return found };
    let environments = params.content().get("environments");
    // What is wrong with the list is told when one is chosen.
    let mut ignored = Diagnostics::new();
    let names: Vec<String> = environments
        .items(&mut ignored)
        .iter()
        .filter_map(|environment| environment.get("name").word(&mut ignored))
        .map(|name| format!("`{name}`"))
        .collect();
    if !names.is_empty() {
        let message =
            format!("there are parameters for {}, and none of them is applied", names.join(", "));
        let help = "Choose one with `--environment` or `WEIR_ENVIRONMENT`.";
        found.note(codes::NO_ENVIRONMENT_CHOSEN, environments.place(), message, help);
    }
    found
}

/// The mapping with the settings: `configs`, or the environment itself in the old form.
fn configs_of<'a>(environment: &Cursor<'a>) -> Cursor<'a> {
    let is_nested = environment.keys().any(|key| key == "configs");
    if is_nested { environment.get("configs") } else { environment.clone() }
}

fn find<'a>(params: &'a Document, name: &str, found: &mut Diagnostics) -> Option<Cursor<'a>> {
    let environments = params.content().get("environments");
    let mut names = Vec::new();
    for environment in environments.items(found) {
        let Some(own) = environment.get("name").word(found) else { continue };
        if own == name {
            return Some(environment);
        }
        names.push(format!("`{own}`"));
    }
    let message = format!("there is no environment `{name}`");
    let help = if names.is_empty() {
        "Add an entry with this name under `environments`.".to_owned()
    } else {
        format!("Add it, or use one of {}.", names.join(", "))
    };
    found.error(codes::NO_ENVIRONMENT, environments.place(), message, help);
    None
}

fn apply_configs(project: &mut Project, configs: &Cursor<'_>, found: &mut Diagnostics) {
    for (key, at) in configs.entries(found) {
        if ![ENDPOINT_KEYS, OTHER_KEYS, OWN_KEYS].iter().any(|keys| keys.contains(&key)) {
            let message = format!("`{key}` is unknown and has no effect");
            found.warning(codes::PARAM_UNKNOWN_KEY, at.place(), message, "Mend or remove it.");
        }
    }
    if ENDPOINT_KEYS.iter().any(|key| !configs.get(key).is_absent()) {
        let config = endpoints::build(configs, found);
        warn_of_loss(project, configs, found);
        project.data_mut()["endpointConfig"] = config;
        project.endpoints_from = Some(configs.place());
    }
    apply_own_keys(project, configs);
    let security = security::build(&configs.get("security"), found);
    if let Some(security) = security {
        set_security(project, security);
    }
    apply_certificates(project, &configs.get("certs"), found);
    apply_mutual_tls(project, &configs.get("mutualSslCerts"), found);
    apply_deployments(project, &configs.get("deploymentEnvironments"), found);
    let policies = configs.get("policies").texts(found);
    if !policies.is_empty() {
        project.data_mut()["policies"] = policies.into();
    }
    let properties = configs.get("additionalProperties");
    if !properties.is_absent() {
        project.data_mut()["additionalProperties"] = properties.value().clone();
    }
}

/// Our own keys of the API go with the endpoints that they belong to.
fn warn_of_loss(project: &Project, configs: &Cursor<'_>, found: &mut Diagnostics) {
    let old = project.data().get("endpointConfig");
    let is_lost = |key: &&&str| !old.get(key).is_absent() && configs.get(key).is_absent();
    for key in OWN_KEYS.iter().filter(is_lost) {
        let message =
            format!("the environment replaces the endpoints, and with them the API's `{key}`");
        let help = format!("Write `{key}` beside the endpoints of the environment.");
        found.warning(codes::PARAM_DROPS_EXTENSION, configs.place(), message, help);
    }
}

fn apply_own_keys(project: &mut Project, configs: &Cursor<'_>) {
    for key in OWN_KEYS.iter().filter(|key| !configs.get(key).is_absent()) {
        endpoint_config(project)[*key] = configs.get(key).value().clone();
    }
}

fn set_security(project: &mut Project, security: Value) {
    endpoint_config(project)["endpoint_security"] = security;
}

/// `endpointConfig`, made where it is missing.
fn endpoint_config(project: &mut Project) -> &mut Value {
    let config = &mut project.data_mut()["endpointConfig"];
    if !config.is_object() {
        *config = json!({});
    }
    config
}

fn apply_certificates(project: &mut Project, at: &Cursor<'_>, found: &mut Diagnostics) {
    for entry in filled(at, found) {
        let Some((alias, path)) = certificate_file(project, &entry, found) else { continue };
        let endpoint = entry.get_any(&["hostName", "endpoint"]).word(found).unwrap_or_default();
        let content = project.files.get(&path).cloned().unwrap_or_default();
        let certificate =
            EndpointCertificate { place: entry.place(), alias, endpoint, path, content };
        project.endpoint_certificates.retain(|other| other.alias != certificate.alias);
        project.endpoint_certificates.push(certificate);
    }
}

fn apply_mutual_tls(project: &mut Project, at: &Cursor<'_>, found: &mut Diagnostics) {
    let entries = filled(at, found);
    for entry in &entries {
        let Some((alias, path)) = certificate_file(project, entry, found) else { continue };
        let key_type = entry.get("keyType").word(found);
        let content = project.files.get(&path).cloned().unwrap_or_default();
        project.client_certificates.push(ClientCertificate {
            place: entry.place(),
            alias,
            tier: entry.get("tierName").word(found),
            key_type: key_type.map_or("PRODUCTION".to_owned(), |kind| kind.to_ascii_uppercase()),
            path,
            content,
        });
    }
    if !entries.is_empty() {
        add_scheme(project.data_mut(), "mutualssl");
    }
}

fn add_scheme(data: &mut Value, scheme: &str) {
    let schemes = &mut data["securityScheme"];
    if schemes.is_null() {
        *schemes = json!(["oauth2", "oauth_basic_auth_api_key_mandatory"]);
    }
    if let Some(schemes) = schemes.as_array_mut()
        && !schemes.iter().any(|other| other == scheme)
    {
        schemes.push(scheme.into());
    }
}

fn apply_deployments(project: &mut Project, at: &Cursor<'_>, found: &mut Diagnostics) {
    let entries = filled(at, found);
    if entries.is_empty() {
        return;
    }
    let data: Vec<_> = entries.iter().map(|entry| entry.value().clone()).collect();
    let path = project.deployments.as_ref().map_or("deployment_environments.yaml", Document::path);
    let value = json!({ "type": "deployment_environments", "version": "v4.7.0", "data": data });
    project.deployments = Some(Document::new(path.to_owned(), value));
}

/// The file of an entry, below one of the directories for certificates.
fn certificate_file(
    project: &Project,
    entry: &Cursor<'_>,
    found: &mut Diagnostics,
) -> Option<(String, String)> {
    let (alias, named) = (entry.get("alias").word(found), entry.get("path").word(found));
    let (Some(alias), Some(named)) = (alias, named) else {
        let help = "Write `alias` and `path`.";
        let message = "the certificate lacks its alias or its path";
        found.error(codes::PARAM_MISSING, entry.place(), message, help);
        return None;
    };
    let mut paths = CERTIFICATE_DIRECTORIES.iter().map(|directory| format!("{directory}/{named}"));
    let Some(path) = paths.find(|path| project.files.contains(path)) else {
        let message =
            format!("the certificate `{alias}` names the file `{named}`, which is missing");
        let help = "Put the file below `certificates/` beside the parameter file.";
        found.error(codes::PARAM_CERTIFICATE, entry.place(), message, help);
        return None;
    };
    Some((alias, path))
}

/// The entries of a list without those that are left blank, as in the samples of `apictl`.
fn filled<'a>(at: &Cursor<'a>, found: &mut Diagnostics) -> Vec<Cursor<'a>> {
    let is_blank = |entry: &Cursor<'_>| match entry.value() {
        Value::Object(map) => map.values().all(Value::is_null),
        value => value.is_null(),
    };
    at.items(found).into_iter().filter(|entry| !is_blank(entry)).collect()
}
