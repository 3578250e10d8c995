//! The endpoint of a stage at run time: today a leaf, later groups of endpoints too.

pub mod group;
pub mod health;
pub mod http;

use std::sync::Arc;

use ::http::Response;
use compiler::plan::{AuthPlan, EndpointPlan, Stages};
use model::fault::FaultCode;

use crate::admit::credential::{CredentialKind, KeyType};
use crate::body::ResponseBody;
use crate::config::EnvironmentKind;
use crate::exchange::Exchange;
use crate::fault::Failure;
use crate::snapshot::LiveApi;

/// An endpoint with its state and connections.
#[derive(Debug)]
pub enum Endpoint {
    /// A URL.
    Http(Box<http::HttpLeaf>),
}

/// Production or sandbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// For production keys.
    Production,
    /// For sandbox keys.
    Sandbox,
}

impl Stage {
    /// The word that is printed.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Production => "production",
            Self::Sandbox => "sandbox",
        }
    }
}

impl Endpoint {
    /// Attaches live things to a plan; `None` for a group, which is refused before.
    pub(crate) fn new(plan: &EndpointPlan, context: &http::LeafContext<'_>) -> Option<Self> {
        match plan {
            EndpointPlan::Http(plan) => {
                Some(Self::Http(Box::new(http::HttpLeaf::new(plan, context))))
            }
            EndpointPlan::Failover(_) | EndpointPlan::Balance(_) => None,
        }
    }

    /// Calls the endpoint with what the exchange holds.
    pub(crate) async fn call(
        &self,
        exchange: &mut Exchange,
        api: &LiveApi,
    ) -> Result<Response<ResponseBody>, Failure> {
        match self {
            Self::Http(leaf) => leaf.call(exchange, api).await,
        }
    }

    /// The leaves under this endpoint.
    pub fn leaves(&self) -> impl Iterator<Item = &http::HttpLeaf> {
        match self {
            Self::Http(leaf) => std::iter::once(&**leaf),
        }
    }
}

/// Step 6 of a request: the endpoint for the caller's kind of key (spec/01 §3.5).
///
/// # Errors
///
/// 401 for a key of the wrong kind for this gateway, 403 where the stage has no endpoint.
pub(crate) fn choose<'a>(exchange: &Exchange, api: &'a LiveApi) -> Result<&'a Endpoint, Failure> {
    stage(exchange, api)
        .map_err(Failure::from)
        .and_then(|stage| at(&api.endpoints, stage).ok_or_else(|| FaultCode::NoEndpoint.into()))
}

/// The endpoint of a stage.
#[must_use]
pub fn at(endpoints: &Stages<Endpoint>, stage: Stage) -> Option<&Endpoint> {
    match stage {
        Stage::Production => endpoints.production.as_ref(),
        Stage::Sandbox => endpoints.sandbox.as_ref(),
    }
}

fn stage(exchange: &Exchange, api: &LiveApi) -> Result<Stage, FaultCode> {
    let is_open = exchange
        .record
        .operation
        .and_then(|index| api.plan.operations.get(index))
        .is_none_or(|operation| operation.auth == AuthPlan::None);
    let key = if is_open { None } else { asked_for(exchange) };
    stage_for(
        exchange.snapshot.kind,
        key,
        api.endpoints.production.is_some(),
        api.endpoints.sandbox.is_some(),
    )
}

/// The kind of key that was shown; `None` where none had to be.
fn asked_for(exchange: &Exchange) -> Option<KeyType> {
    let credential = exchange.record.credential.as_deref()?;
    (credential.kind != CredentialKind::Open).then_some(credential.key_type)
}

/// The table of spec/01 §3.5; `key` is `None` where no credential was asked for.
///
/// # Errors
///
/// The fault for a key that this gateway or this API does not take.
pub fn stage_for(
    kind: EnvironmentKind,
    key: Option<KeyType>,
    has_production: bool,
    has_sandbox: bool,
) -> Result<Stage, FaultCode> {
    match (kind, key) {
        (EnvironmentKind::Production, Some(KeyType::Sandbox)) => {
            Err(FaultCode::SandboxKeyAtProduction)
        }
        (EnvironmentKind::Sandbox, Some(KeyType::Production)) => {
            Err(FaultCode::ProductionKeyAtSandbox)
        }
        (EnvironmentKind::Sandbox, None) => Ok(Stage::Sandbox),
        (EnvironmentKind::Production, None) => Ok(Stage::Production),
        (EnvironmentKind::Hybrid, None) if has_production => Ok(Stage::Production),
        (EnvironmentKind::Hybrid, None) => Ok(Stage::Sandbox),
        (_, Some(KeyType::Production)) if has_production => Ok(Stage::Production),
        (_, Some(KeyType::Production)) => Err(FaultCode::NoProductionEndpoint),
        (_, Some(KeyType::Sandbox)) if has_sandbox => Ok(Stage::Sandbox),
        (_, Some(KeyType::Sandbox)) => Err(FaultCode::NoSandboxEndpoint),
    }
}

/// Every leaf of an API with its stage.
pub fn leaves(api: &LiveApi) -> impl Iterator<Item = (Stage, &http::HttpLeaf)> {
    [Stage::Production, Stage::Sandbox].into_iter().flat_map(move |stage| {
        at(&api.endpoints, stage)
            .into_iter()
            .flat_map(Endpoint::leaves)
            .map(move |leaf| (stage, leaf))
    })
}

/// A leaf's name, shared with records of exchanges.
pub(crate) type LeafName = Arc<str>;

#[cfg(test)]
mod tests {
    use super::*;

    /// Every row of spec/01 §3.5.
    #[test]
    fn stages_follow_the_key() {
        use EnvironmentKind as Kind;
        let production = Some(KeyType::Production);
        let sandbox = Some(KeyType::Sandbox);
        for (kind, key, has_production, has_sandbox, expected) in [
            (Kind::Hybrid, production, true, true, Ok(Stage::Production)),
            (Kind::Hybrid, sandbox, true, true, Ok(Stage::Sandbox)),
            (Kind::Hybrid, sandbox, true, false, Err(FaultCode::NoSandboxEndpoint)),
            (Kind::Hybrid, production, false, true, Err(FaultCode::NoProductionEndpoint)),
            (Kind::Hybrid, None, false, true, Ok(Stage::Sandbox)),
            (Kind::Hybrid, None, true, true, Ok(Stage::Production)),
            (Kind::Production, sandbox, true, true, Err(FaultCode::SandboxKeyAtProduction)),
            (Kind::Sandbox, production, true, true, Err(FaultCode::ProductionKeyAtSandbox)),
            (Kind::Sandbox, None, true, true, Ok(Stage::Sandbox)),
            (Kind::Production, None, true, true, Ok(Stage::Production)),
            // There is no such endpoint, so this is answered 305100.
            (Kind::Production, None, false, true, Ok(Stage::Production)),
        ] {
            assert_eq!(
                stage_for(kind, key, has_production, has_sandbox),
                expected,
                "{kind:?} {key:?}"
            );
        }
    }
}
