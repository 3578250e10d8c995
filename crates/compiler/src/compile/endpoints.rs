//! `endpointConfig` to the endpoint of each stage (spec/01 §1, §2.1).

use model::endpoint::{
    EndpointConfig, EndpointKind, EndpointSecurity, Member, SecurityKind, StageConfig,
};
use model::{Diagnostics, Place, codes};

use super::{Source, extensions, resilience, url};
use crate::plan::{Dialect, EndpointPlan, HttpPlan, Stages};

pub(super) fn plan(source: &Source<'_>, found: &mut Diagnostics) -> Option<Stages<EndpointPlan>> {
    if source.api.implementation != "ENDPOINT" {
        // Reported as a mock; its endpoint does not matter.
        return None;
    }
    let Some(config) = source.project.endpoint_config(found) else {
        let place = source.place("endpointConfig");
        let help = "Add `endpointConfig` with an `endpoint_type`.";
        found.error(codes::ENDPOINT_MISSING, place, "the API has no `endpointConfig`", help);
        return None;
    };
    let dialect = dialect(&config, found)?;
    let stages = Stages {
        production: stage(source, &config.production, "production", dialect, found),
        sandbox: stage(source, &config.sandbox, "sandbox", dialect, found),
    };
    let is_empty = |stage: &StageConfig| stage.members.is_empty();
    if is_empty(&config.production) && is_empty(&config.sandbox) {
        let message = "the API has neither a production nor a sandbox endpoint";
        let help = "Add `production_endpoints`, `sandbox_endpoints` or both.";
        found.error(codes::NO_STAGE, config.place, message, help);
    }
    Some(stages)
}

/// The kinds that this version serves; all others are refused with a code of their own.
fn dialect(config: &EndpointConfig, found: &mut Diagnostics) -> Option<Dialect> {
    let (code, what) = match &config.kind {
        EndpointKind::Http | EndpointKind::Service => return Some(Dialect::Http),
        EndpointKind::Address => return Some(Dialect::Address),
        EndpointKind::LoadBalance => (codes::LOAD_BALANCE, "load-balanced endpoints"),
        EndpointKind::Failover => (codes::FAILOVER, "failover endpoints"),
        EndpointKind::Default => (codes::DYNAMIC, "dynamic endpoints"),
        EndpointKind::AwsLambda => (codes::AWS_LAMBDA, "AWS Lambda endpoints"),
        EndpointKind::SequenceBackend => (codes::SEQUENCE_BACKEND, "sequence backends"),
        EndpointKind::WebSocket => (codes::WEBSOCKET, "WebSocket endpoints"),
        EndpointKind::GraphQl => (codes::GRAPHQL, "GraphQL endpoints"),
        EndpointKind::Wsdl => (codes::WSDL, "WSDL endpoints"),
        EndpointKind::Mock => (codes::PROTOTYPE, "mock endpoints"),
        EndpointKind::Absent | EndpointKind::Unknown(_) => {
            report_unknown(config, found);
            return None;
        }
    };
    let message = format!("{what} are not supported by this version");
    let help = "Use `endpoint_type: http` with one URL for each stage.";
    found.error(code, type_place(config), message, help);
    None
}

fn report_unknown(config: &EndpointConfig, found: &mut Diagnostics) {
    let message = match &config.kind {
        EndpointKind::Unknown(name) => format!("the endpoint type `{name}` is unknown"),
        _ => "the endpoint has no `endpoint_type`".to_owned(),
    };
    let help = "Write `endpoint_type: http`, for instance.";
    found.error(codes::ENDPOINT_TYPE, type_place(config), message, help);
}

fn type_place(config: &EndpointConfig) -> Place {
    url::deeper(&config.place, "endpoint_type")
}

fn stage(
    source: &Source<'_>,
    stage: &StageConfig,
    name: &str,
    dialect: Dialect,
    found: &mut Diagnostics,
) -> Option<EndpointPlan> {
    if let Some(security) = stage.security.as_ref().filter(|_| !stage.members.is_empty()) {
        check_security(security, found);
    }
    match stage.members.as_slice() {
        [] => None,
        [member] => leaf(source, member, name, dialect, found).map(EndpointPlan::Http),
        [_, ..] => {
            let message = "a single endpoint was expected, and there are several";
            let help = "Keep one URL, or use `endpoint_type: load_balance`.";
            found.error(codes::WRONG_SHAPE, stage.place.clone(), message, help);
            None
        }
    }
}

fn leaf(
    source: &Source<'_>,
    member: &Member,
    stage: &str,
    dialect: Dialect,
    found: &mut Diagnostics,
) -> Option<HttpPlan> {
    let resilience = resilience::plan(member.config.as_ref(), found);
    check_format(member, found);
    let http2 = extensions::http2(member, found);
    let name = source.api.name.as_deref().unwrap_or_default();
    let version = source.api.version.as_deref().unwrap_or_default();
    Some(HttpPlan {
        name: format!("{name}--v{version}_API{stage}Endpoint"),
        dialect,
        url: url::parse(member, dialect, found)?,
        resilience,
        http2,
    })
}

fn check_format(member: &Member, found: &mut Diagnostics) {
    let Some(config) = &member.config else { return };
    for (key, value) in [("format", &config.format), ("optimize", &config.optimize)] {
        let Some(value) = value else { continue };
        if !value.eq_ignore_ascii_case("leave-as-is") {
            let message = format!("`{key}: {value}` has no effect in this version");
            let help = "Use `leave-as-is`.";
            found.warning(codes::MESSAGE_FORMAT, config.place_of(key), message, help);
        }
    }
}

fn check_security(security: &EndpointSecurity, found: &mut Diagnostics) {
    if !security.is_enabled {
        return;
    }
    let (code, what) = match &security.kind {
        SecurityKind::None => return,
        SecurityKind::Basic => (codes::SECURITY_BASIC, "basic authentication"),
        SecurityKind::Digest => (codes::SECURITY_DIGEST, "digest authentication"),
        SecurityKind::OAuth => (codes::SECURITY_OAUTH, "OAuth 2.0"),
        SecurityKind::ApiKey => (codes::SECURITY_API_KEY, "an API key"),
        SecurityKind::Other(name) => {
            let message = format!("the type `{name}` of endpoint security is unknown");
            let help = "Use NONE, BASIC, DIGEST, OAUTH or apikey.";
            found.error(codes::SECURITY_OTHER, security.place.clone(), message, help);
            return;
        }
    };
    let message = format!("{what} towards an endpoint is not supported by this version");
    let help = "Disable the endpoint security of this stage.";
    found.error(code, security.place.clone(), message, help);
}
