//! Everything that the gateway serves at one moment, immutable and replaced whole.

use std::sync::{Arc, Mutex};

use compiler::ApiPlan;
use compiler::plan::Stages;

use crate::admit::jwt::Admitter;
use crate::config::{EnvironmentKind, GatewayConfig};
use crate::endpoint::Endpoint;
use crate::flow::cache::Answers;
use crate::recording::Recordings;
use crate::route::{OperationTable, Router};
use crate::sign::oauth::Tokens;
use crate::telemetry::metric::ApiMetrics;

/// What is served, with the configuration that it is served under.
#[derive(Debug)]
pub struct Snapshot {
    /// Grows with every swap.
    pub generation: u64,
    /// The configuration in effect.
    pub config: Arc<GatewayConfig>,
    /// Finds the API of a request.
    pub router: Router<Arc<LiveApi>>,
    /// Every API served, in the order of their ids.
    pub apis: Arc<[Arc<LiveApi>]>,
    /// Judges consumers' tokens.
    pub admitter: Arc<Admitter>,
    /// All sources of tokens for upstreams.
    pub tokens: Arc<Tokens>,
    /// Which keys this gateway takes.
    pub kind: EnvironmentKind,
}

/// An API in service: its plan and the live things attached to it.
#[derive(Debug)]
pub struct LiveApi {
    /// The plan it was built from.
    pub plan: ApiPlan,
    /// Finds the operation of a request.
    pub operations: OperationTable,
    /// The endpoints, with their state.
    pub endpoints: Stages<Endpoint>,
    /// The endpoints that policies and rules choose by name.
    pub extras: Vec<(Arc<str>, Endpoint)>,
    /// The endpoint for addresses that policies give themselves.
    pub computed: Option<Endpoint>,
    /// Whether any operation has policies.
    pub(crate) has_flows: bool,
    /// Whether a stage is a sequence, which is run as policies are.
    pub(crate) has_backends: bool,
    /// Of each operation, whether its policies look at the head of requests alone.
    pub(crate) brief: Vec<bool>,
    /// Whether an endpoint exchanges the tokens of callers.
    pub(crate) exchanges_tokens: bool,
    /// What answers operations that are mocked whatever endpoint there is.
    pub(crate) mock: Option<Endpoint>,
    /// What mocks keep between calls.
    pub(crate) mock_state: Option<Mutex<mock::state::Store>>,
    /// Whether the answers of any operation are kept.
    pub(crate) records: bool,
    /// What upstreams have answered, to become examples.
    pub(crate) recordings: Recordings,
    /// Answers that `cache` keeps.
    pub(crate) answers: Answers,
    /// Counters.
    pub metrics: ApiMetrics,
    /// The generation in which it was deployed.
    pub generation: u64,
}

/// Which keys a gateway takes: the kind that its environments share, else both (spec/01 §3.5).
#[must_use]
pub fn environment_kind(config: &GatewayConfig) -> EnvironmentKind {
    let mut kinds = config
        .environments
        .iter()
        .filter(|environment| config.labels.contains(&environment.name))
        .map(|environment| environment.kind);
    let Some(first) = kinds.next() else { return EnvironmentKind::Hybrid };
    if kinds.all(|kind| kind == first) { first } else { EnvironmentKind::Hybrid }
}
