//! What policies do: the sequences of an operation, and what they may call.

use std::fmt;
use std::sync::Arc;

use mediation::sequence::{EndpointRef, Mediator};
use mediation::{Library, Sequence};

use super::{DynamicPlan, EndpointPlan};

/// The sequences of an operation; `None` where nothing runs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FlowsPlan {
    /// On the way to the upstream.
    pub request: Option<SequencePlan>,
    /// On the way back.
    pub response: Option<SequencePlan>,
    /// When something failed.
    pub fault: Option<SequencePlan>,
}

/// A sequence, ready to run. What is printed of it tells it from another one.
#[derive(Clone)]
pub struct SequencePlan {
    /// Its steps.
    pub sequence: Arc<Sequence>,
}

/// The sequences that steps call by their keys.
#[derive(Debug, Clone, Default)]
pub struct LibraryPlan(pub Arc<Library>);

/// What sequences and rules call besides the endpoint of the stage.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ExtraPlan {
    /// The endpoints of `x-weir.endpoints`, by name.
    pub named: Vec<(Arc<str>, EndpointPlan)>,
    /// For addresses that are written or computed, where the endpoint has one of its own.
    pub computed: Option<Box<DynamicPlan>>,
}

/// A sequence that answers in place of an upstream (`sequence_backend`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackendPlan {
    /// The name as WSO2 prints it.
    pub name: String,
    /// What it does.
    pub sequence: SequencePlan,
}

impl FlowsPlan {
    /// Whether nothing runs.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.request.is_none() && self.response.is_none() && self.fault.is_none()
    }

    /// All that runs.
    pub fn sequences(&self) -> impl Iterator<Item = &SequencePlan> {
        [&self.request, &self.response, &self.fault].into_iter().flatten()
    }
}

impl SequencePlan {
    /// A sequence; `None` where it has no step.
    #[must_use]
    pub fn new(sequence: Sequence) -> Option<Self> {
        if sequence.steps.is_empty() {
            return None;
        }
        Some(Self { sequence: Arc::new(sequence) })
    }

    /// Whether a step calls an address that is written in it, or that a rule computes.
    #[must_use]
    pub fn computes(&self, library: &Library) -> bool {
        let sets = self.sequence.sets_address(library);
        self.sequence.any(library, &|mediator| match mediator {
            Mediator::Rules(table) => table.computes(),
            Mediator::Opa(_) => true,
            Mediator::Send(Some(to)) => has_address(to),
            Mediator::Send(None) => sets,
            Mediator::Call(call) => call.endpoint.as_ref().map_or(sets, has_address),
            Mediator::Named(key) => key.as_literal().is_none(),
            _ => false,
        })
    }
}

fn has_address(endpoint: &EndpointRef) -> bool {
    matches!(endpoint, EndpointRef::Address(_) | EndpointRef::Http { .. } | EndpointRef::To)
}

impl PartialEq for SequencePlan {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.sequence, &other.sequence)
            || self.sequence.to_string() == other.sequence.to_string()
    }
}

impl Eq for SequencePlan {}

impl PartialEq for LibraryPlan {
    fn eq(&self, other: &Self) -> bool {
        let text = |library: &Self| -> Vec<(Arc<str>, String)> {
            library.0.iter().map(|(key, steps)| (Arc::clone(key), steps.to_string())).collect()
        };
        Arc::ptr_eq(&self.0, &other.0) || text(self) == text(other)
    }
}

impl fmt::Display for SequencePlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.sequence)
    }
}

/// Without the steps, which may hold secrets.
impl fmt::Debug for SequencePlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SequencePlan({} steps)", self.sequence.steps.len())
    }
}
