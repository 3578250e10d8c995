//! Weir's own keys, all of which begin with `x-weir-`, and where `x-weir` may stand; what is below
//! it is read by `group.rs` and `leaf.rs`.
//!
//! WSO2 ignores them; here a key that is misspelt is an error, because it would silently not work.

use model::cursor::Cursor;
use model::endpoint::Member;
use model::{Diagnostics, Project, codes};

use super::lambda::{ENDPOINT_URL, OPERATION_KEY as LAMBDA_KEY};
use super::mock::KEY as MOCK_KEY;
use super::policies::SOAP_KEY;
use crate::plan::Http2;

const PREFIX: &str = "x-weir";
const GROUP: &str = "x-weir";
const PRESERVE_HOST: &str = "x-weir-preserve-host";
const HTTP2: &str = "x-weir-http2";
const OF_API: &[&str] = &[PRESERVE_HOST, SOAP_KEY, MOCK_KEY];
const OF_CONFIG: &[&str] = &[GROUP, PRESERVE_HOST, HTTP2, ENDPOINT_URL];
const OF_MEMBER: &[&str] = &[GROUP, HTTP2];
const MEMBER_KEYS: &[&str] =
    &["production_endpoints", "sandbox_endpoints", "production_failovers", "sandbox_failovers"];

/// Reports the keys that are unknown where they stand.
pub(super) fn check(project: &Project, found: &mut Diagnostics) {
    let data = project.data();
    check_keys(&data, OF_API, found);
    let config = data.get("endpointConfig");
    check_keys(&config, OF_CONFIG, found);
    for members in MEMBER_KEYS.iter().map(|key| config.get(key)) {
        let is_list = members.value().is_array();
        let members = if is_list { members.items(&mut Diagnostics::new()) } else { vec![members] };
        for member in members {
            check_keys(&member, OF_MEMBER, found);
            check_keys(&member.get("config"), &[], found);
        }
    }
    for (_, at) in data.get(SOAP_KEY).entries(&mut Diagnostics::new()) {
        for key in at.keys().filter(|key| *key != "operationPolicies") {
            let message = format!("the key `{key}` is unknown here");
            let help = "Write `operationPolicies`; nothing else belongs to a SOAP operation.";
            found.error(codes::UNKNOWN_EXTENSION, at.get(key).place(), message, help);
        }
    }
    for operation in data.get("operations").items(&mut Diagnostics::new()) {
        check_keys(&operation, &[], found);
    }
    let paths = project.definition.as_ref().map(|document| document.content().get("paths"));
    for (_, item) in paths.iter().flat_map(|paths| paths.entries(&mut Diagnostics::new())) {
        for (_, operation) in item.entries(&mut Diagnostics::new()) {
            check_keys(&operation, &[MOCK_KEY, LAMBDA_KEY], found);
        }
    }
}

/// `x-weir-preserve-host`; what `endpointConfig` says wins over what the API says.
pub(super) fn preserve_host(project: &Project, found: &mut Diagnostics) -> bool {
    let data = project.data();
    let levels = [data.get("endpointConfig").get(PRESERVE_HOST), data.get(PRESERVE_HOST)];
    let values: Vec<_> = levels.iter().filter_map(|at| flag(at, found)).collect();
    values.first().copied().unwrap_or(false)
}

/// `x-weir-http2` of an endpoint, or of the whole `endpointConfig`.
pub(super) fn http2(member: &Member, found: &mut Diagnostics) -> Http2 {
    match member.http2.as_deref() {
        None | Some("negotiate") => Http2::Negotiate,
        Some("always") => Http2::Always,
        Some("never") => Http2::Never,
        Some(other) => {
            let message = format!("`{HTTP2}` cannot be `{other}`");
            let help = "Use negotiate, always or never.";
            found.error(codes::EXTENSION_VALUE, member.place_of(HTTP2), message, help);
            Http2::Negotiate
        }
    }
}

fn flag(at: &Cursor<'_>, found: &mut Diagnostics) -> Option<bool> {
    if at.is_absent() {
        return None;
    }
    let mut problems = Diagnostics::new();
    let flag = at.flag(&mut problems);
    if flag.is_none() {
        let message = format!("`{PRESERVE_HOST}` is neither true nor false");
        found.error(codes::EXTENSION_VALUE, at.place(), message, "Write true or false.");
    }
    flag
}

fn check_keys(at: &Cursor<'_>, known: &[&str], found: &mut Diagnostics) {
    for key in at.keys().filter(|key| key.starts_with(PREFIX) && !known.contains(key)) {
        let message = format!("the key `{key}` is unknown here");
        found.error(codes::UNKNOWN_EXTENSION, at.get(key).place(), message, suggestion(key, known));
    }
}

fn suggestion(key: &str, known: &[&str]) -> String {
    match key {
        MOCK_KEY => {
            return format!("Put `{MOCK_KEY}` into `data`, or an operation of the definition.");
        }
        SOAP_KEY => return format!("Put `{SOAP_KEY}` into `data`."),
        PRESERVE_HOST => return format!("Put `{PRESERVE_HOST}` into `endpointConfig` or `data`."),
        GROUP => return format!("Put `{GROUP}` into `endpointConfig`, or beside a `url`."),
        HTTP2 => return format!("Put `{HTTP2}` into `endpointConfig`, or beside a `url`."),
        _ => {}
    }
    let nearest = known.iter().max_by(|one, other| {
        strsim::jaro_winkler(key, one).total_cmp(&strsim::jaro_winkler(key, other))
    });
    match nearest {
        Some(nearest) => format!("Did you mean `{nearest}`? Mend the key, or remove it."),
        None => "Remove the key.".to_owned(),
    }
}
