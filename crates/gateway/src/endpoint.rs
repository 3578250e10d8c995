//! The endpoint of a stage at run time: a leaf, or a group of endpoints.

pub mod check;
pub mod dynamic;
pub mod group;
pub mod health;
pub mod http;
pub mod limit;
pub mod mock;

use std::sync::Arc;

use ::http::Response;
use compiler::plan::{AuthPlan, BackendPlan, EndpointPlan, Stages};
use model::fault::FaultCode;
use tokio::time::Instant;

use crate::admit::credential::{CredentialKind, KeyType};
use crate::body::ResponseBody;
use crate::config::EnvironmentKind;
use crate::exchange::Exchange;
use crate::fault::{Failure, Fault};
use crate::snapshot::LiveApi;
use dynamic::Dynamic;
use group::Group;
use mock::MockLeaf;

/// An endpoint with its state and connections.
#[derive(Debug)]
pub enum Endpoint {
    /// A URL.
    Http(Box<http::HttpLeaf>),
    /// An address that each request brings with it.
    Dynamic(Box<Dynamic>),
    /// A sequence that answers in place of an upstream.
    Sequence(Box<BackendPlan>),
    /// The mocks of the operations.
    Mock(Box<MockLeaf>),
    /// Several endpoints.
    Group(Box<Group>),
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
    /// Attaches live things to a plan.
    pub(crate) fn new(plan: &EndpointPlan, context: &http::LeafContext<'_>) -> Self {
        let body = (plan.body_need(), plan.replay());
        match plan {
            EndpointPlan::Http(plan) => Self::Http(Box::new(http::HttpLeaf::new(plan, context))),
            EndpointPlan::Dynamic(plan) => Self::Dynamic(Box::new(Dynamic::new(plan, context))),
            EndpointPlan::Sequence(plan) => Self::Sequence(plan.clone()),
            EndpointPlan::Mock(plan) => Self::Mock(Box::new(MockLeaf::new(plan))),
            EndpointPlan::Failover(plan) => {
                Self::Group(Box::new(Group::failover(plan, body, context)))
            }
            EndpointPlan::Balance(plan) => {
                Self::Group(Box::new(Group::balance(plan, body, context)))
            }
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
            // Boxed, so that they do not make every exchange larger.
            Self::Dynamic(dynamic) => Box::pin(dynamic.call(exchange, api)).await,
            // Policies are run by `flow.rs`, which never comes here with one.
            Self::Sequence(plan) => Err(Fault::new(FaultCode::PolicyFailed)
                .internal(format!("{} was called as an upstream", plan.name))
                .into()),
            Self::Mock(leaf) => match leaf.at_once(exchange, api) {
                Some(answered) => answered,
                None => Box::pin(leaf.call(exchange, api)).await,
            },
            Self::Group(group) => Box::pin(group::call(group, exchange, api)).await,
        }
    }

    /// Whether it would take a call now.
    #[must_use]
    pub fn is_ready(&self, now: Instant) -> bool {
        match self {
            Self::Http(leaf) => leaf.is_ready(now),
            Self::Dynamic(dynamic) => dynamic.is_ready(now),
            Self::Sequence(_) | Self::Mock(_) => true,
            Self::Group(group) => group.is_ready(now),
        }
    }

    /// Since when it has been ready; `None` where it always was.
    pub(crate) fn ready_since(&self, now: Instant) -> Option<Instant> {
        match self {
            Self::Http(leaf) => leaf.ready_since(),
            Self::Dynamic(dynamic) => dynamic.health.ready_since(),
            Self::Sequence(_) | Self::Mock(_) => None,
            Self::Group(group) => group.ready_since(now),
        }
    }

    /// Whether all of it was switched off by hand.
    #[must_use]
    pub fn is_off(&self, now: Instant) -> bool {
        match self {
            Self::Http(leaf) => leaf.health.is_off(now),
            Self::Dynamic(dynamic) => dynamic.health.is_off(now),
            Self::Sequence(_) | Self::Mock(_) => false,
            Self::Group(group) => group.members.iter().all(|member| member.endpoint.is_off(now)),
        }
    }

    /// Whether a call would find a place at once.
    pub(crate) fn has_room(&self, now: Instant) -> bool {
        match self {
            Self::Http(leaf) => leaf.gate.has_room(),
            Self::Dynamic(_) | Self::Sequence(_) | Self::Mock(_) => true,
            Self::Group(group) => group.has_room(now),
        }
    }

    /// Calls in flight, where they are counted.
    #[must_use]
    pub fn in_flight(&self) -> u32 {
        match self {
            Self::Http(leaf) => leaf.gate.in_flight(),
            Self::Dynamic(dynamic) => dynamic.in_flight(),
            Self::Sequence(_) | Self::Mock(_) => 0,
            Self::Group(group) => group.in_flight(),
        }
    }

    /// The leaves under this endpoint, in the order in which they were written. The targets of a
    /// dynamic one come and go, and are none of them.
    pub fn leaves(&self) -> Vec<&http::HttpLeaf> {
        match self {
            Self::Http(leaf) => vec![leaf],
            Self::Dynamic(_) | Self::Sequence(_) | Self::Mock(_) => Vec::new(),
            Self::Group(group) => group.leaves(),
        }
    }
}

/// Step 6 of a request: the endpoint for the caller's kind of key (spec/01 §3.5).
///
/// # Errors
///
/// 401 for a key of the wrong kind for this gateway, 403 where the stage has no endpoint.
pub(crate) fn choose<'a>(exchange: &Exchange, api: &'a LiveApi) -> Result<&'a Endpoint, Failure> {
    if let Some(mock) = &api.mock
        && is_mocked(exchange, api)
    {
        // It answers for both stages; the gateway may be for one of them alone.
        stage(exchange, api, (true, true))?;
        return Ok(mock);
    }
    let there = (api.endpoints.production.is_some(), api.endpoints.sandbox.is_some());
    stage(exchange, api, there)
        .map_err(Failure::from)
        .and_then(|stage| at(&api.endpoints, stage).ok_or_else(|| FaultCode::NoEndpoint.into()))
}

/// Whether the operation is answered by its mock, whatever endpoint the API has.
fn is_mocked(exchange: &Exchange, api: &LiveApi) -> bool {
    let operation = exchange.record.operation.and_then(|index| api.plan.operations.get(index));
    operation.is_some_and(|operation| operation.is_mocked)
}

/// The endpoint of a stage.
#[must_use]
pub fn at(endpoints: &Stages<Endpoint>, stage: Stage) -> Option<&Endpoint> {
    match stage {
        Stage::Production => endpoints.production.as_ref(),
        Stage::Sandbox => endpoints.sandbox.as_ref(),
    }
}

fn stage(
    exchange: &Exchange,
    api: &LiveApi,
    (has_production, has_sandbox): (bool, bool),
) -> Result<Stage, FaultCode> {
    let is_open = exchange
        .record
        .operation
        .and_then(|index| api.plan.operations.get(index))
        .is_none_or(|operation| operation.auth == AuthPlan::None);
    let key = if is_open { None } else { asked_for(exchange) };
    stage_for(exchange.snapshot.kind, key, has_production, has_sandbox)
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
