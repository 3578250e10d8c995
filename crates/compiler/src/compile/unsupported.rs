//! What an API may say and this version does not do: refused where it would be served wrongly, told
//! where it only goes without.

use model::{Diagnostics, codes};

use super::Source;

pub(super) fn check(source: &Source<'_>, found: &mut Diagnostics) {
    check_kind(source, found);
    check_ignored(source, found);
}

fn check_kind(source: &Source<'_>, found: &mut Diagnostics) {
    let api = source.api;
    check_type(source, found);
    if let Some(subtype) = api.subtype.as_ref().filter(|subtype| *subtype != "DEFAULT") {
        let message = format!("the subtype `{subtype}` is not supported by this version");
        let place = source.place("subtypeConfiguration");
        found.error(codes::SUBTYPE, place, message, "Use the subtype DEFAULT.");
    }
    if api.has_endpoint_ids {
        let message = "endpoints with ids of their own are not supported by this version";
        let help = "Put the endpoint into `endpointConfig`.";
        found.error(codes::OPERATION_ENDPOINT, api.place.clone(), message, help);
    }
}

fn check_type(source: &Source<'_>, found: &mut Diagnostics) {
    let kind = source.api.kind.as_str();
    if matches!(kind, "HTTP" | "SOAP" | "SOAPTOREST") {
        return;
    }
    let message = format!("APIs of type `{kind}` are not supported by this version");
    let help = "Use `HTTP`, `SOAP` or `SOAPTOREST`.";
    found.error(codes::API_TYPE, source.place("type"), message, help);
}

/// The API works without these, but less strictly or less quickly than its author meant.
fn check_ignored(source: &Source<'_>, found: &mut Diagnostics) {
    let api = source.api;
    let limits =
        |policy: &Option<String>| policy.as_deref().is_some_and(|name| name != "Unlimited");
    let help = "Switch it off, or accept that the API is served without it.";
    for (is_set, key, what) in [
        (api.validates_schema, "enableSchemaValidation", "requests are not validated"),
        (api.has_max_tps, "maxTps", "the load on the endpoint is not limited"),
        (limits(&api.throttling_policy), "apiThrottlingPolicy", "calls are not limited"),
    ] {
        if is_set {
            let message = format!("`{key}` has no effect in this version: {what}");
            found.warning(codes::IGNORED_SETTING, source.place(key), message, help);
        }
    }
    if api.operations.iter().any(|operation| limits(&operation.throttling_policy)) {
        let message = "`throttlingPolicy` has no effect in this version: calls are not limited";
        found.warning(codes::IGNORED_SETTING, source.place("operations"), message, help);
    }
    if api.caches_responses {
        let message = "`responseCachingEnabled` has no effect in this version";
        let place = source.place("responseCachingEnabled");
        found.note(codes::IGNORED_SETTING, place, message, help);
    }
    if let Some(certificate) = source.project.client_certificates.first() {
        let message = "client certificates have no effect in this version";
        let help = "Ask for a token instead.";
        found.warning(codes::CLIENT_CERTIFICATES, certificate.place.clone(), message, help);
    }
}
