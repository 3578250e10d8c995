//! Groups of endpoints: WSO2's two kinds (spec/01 §1.4, §4), and what `x-weir` says of them
//! (`docs/endpoint-groups.md`).
//!
//! What a file leaves to the gateway is `None` here.

use std::time::Duration;

use http::HeaderName;

use super::{EndpointPlan, HttpPlan, StatusSet};
use crate::condition::Condition;

/// What both kinds of group have.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupPlan {
    /// The name as WSO2 prints it, such as `Pizza--v1.0.0_APIproductionEndpoint`.
    pub name: String,
    /// The members, in the order in which they were written; at least one.
    pub members: Vec<MemberPlan>,
    /// What happens when members are not ready.
    pub mode: Mode,
    /// What makes the group try another member.
    pub triggers: Triggers,
    /// How often, for whom and for how long it does.
    pub retries: Retries,
    /// How much of a request body is kept to be sent again.
    pub replay: Replay,
    /// When a member that answers badly is left out for a while.
    pub ejection: Option<Ejection>,
}

/// A member of a group.
#[derive(Debug, Clone, PartialEq)]
pub struct MemberPlan {
    /// What its author calls it.
    pub label: Option<String>,
    /// Its share beside the others; 0 keeps it out of balancing.
    pub weight: u32,
    /// What is called.
    pub endpoint: EndpointPlan,
}

/// Members in an order: the next one when one fails (spec/01 §4.1).
#[derive(Debug, Clone, PartialEq)]
pub struct FailoverPlan {
    /// The members, the primary first.
    pub group: GroupPlan,
    /// Who comes after the primary.
    pub order: Order,
    /// How a member that has come back is used again.
    pub recovery: Recovery,
}

/// Members that share the calls (spec/01 §4.2, §4.3).
#[derive(Debug, Clone, PartialEq)]
pub struct BalancePlan {
    /// The members.
    pub group: GroupPlan,
    /// Who gets the next call.
    pub algorithm: Algorithm,
    /// How long a member that has become ready gets less than its share; zero is not at all.
    pub slow_start: Duration,
    /// Whether another member is tried when one fails.
    pub fail_over: FailOverSwitch,
    /// What keeps the calls of one session at one member.
    pub affinity: Option<Affinity>,
}

/// Who comes after the primary of a failover group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// The first ready one in the order of the list, as WSO2's code does it.
    #[default]
    InOrder,
    /// The others take turns, as WSO2's documentation has it.
    RoundRobin,
}

/// How traffic returns to a member that was out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Recovery {
    /// How long it has to be ready before it is used again.
    pub hold_down: Duration,
    /// How long its share then takes to grow to the whole.
    pub ramp: Duration,
}

/// What happens when members are not ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// Only ready members are called; 303000 where there is none.
    #[default]
    Strict,
    /// As strict; besides, a member that is at its limits is passed over instead of answering so,
    /// and a member that is a group of which less than this percentage of the weight is ready
    /// hands the rest of its share to the next one.
    SpillOver {
        /// The percentage.
        below: u32,
    },
    /// Where none is ready, suspended members are called all the same; those switched off are not.
    FailOpen,
    /// The last member is called when no other is left, whatever its own state.
    LastResort,
}

/// What makes a group try another member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Triggers {
    /// No connection: refused, not found, not reached in time, no TLS session. Nothing was sent.
    pub on_connect_error: bool,
    /// No answer within the time of the member.
    pub on_timeout: bool,
    /// The connection ended or what came was no HTTP, before the head of an answer.
    pub on_reset: bool,
    /// Answers with these statuses.
    pub statuses: StatusSet,
    /// Answers for which this holds.
    pub condition: Option<Condition>,
}

/// Repeating a request at another member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retries {
    /// What may be repeated; `None` is what the gateway says.
    pub policy: Option<RetryPolicy>,
    /// Most attempts of one request, the first included; `None` is one for each member.
    pub attempts: Option<u32>,
    /// The time for all attempts together.
    pub deadline: Option<Duration>,
    /// How much may be repeated altogether; `None` is as much as there is to repeat.
    pub budget: Option<Budget>,
    /// A second attempt beside a slow first one.
    pub hedge: Option<Hedge>,
    /// A header by which a client declares that a request may be repeated.
    pub idempotency_header: Option<HeaderName>,
}

/// What may be repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RetryPolicy {
    /// Nothing.
    Never,
    /// Requests of which no byte can have reached the upstream.
    Unsent,
    /// Those, and requests with a safe method (RFC 9110 §9.2.1).
    #[default]
    Safe,
    /// Those, and requests with an idempotent method (RFC 9110 §9.2.2).
    Idempotent,
    /// Whatever failed, as WSO2 does.
    Wso2,
}

/// How much may be repeated, as a share of what was asked for in the last ten seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Repeats for each hundred requests.
    pub percent: u32,
    /// Repeats in each second that are allowed besides.
    pub minimum: u32,
}

/// A second attempt beside a first one that is slow; for safe methods only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hedge {
    /// How long the first one may take before.
    pub after: Duration,
    /// Most attempts beside the first.
    pub at_most: u32,
}

/// How much of a request body is kept, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Replay {
    /// In memory.
    pub memory: u64,
    /// In a temporary file, beyond what is in memory.
    pub file: u64,
}

/// When a member that answers badly is left out for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ejection {
    /// Answers that count as failures besides failed calls.
    pub statuses: StatusSet,
    /// So many failures in a row.
    pub consecutive: Option<u32>,
    /// So many of the calls within the window.
    pub rate: Option<FailureRate>,
    /// What the failure rate is taken over.
    pub window: Duration,
    /// How long the first time; the n-th time in a row n times as long.
    pub base: Duration,
    /// How long at most.
    pub maximum: Duration,
    /// The largest share of members that is left out at once, in percent; one always may be.
    pub share: u32,
}

/// A share of calls that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FailureRate {
    /// In percent.
    pub percent: u32,
    /// Calls within the window below which it means nothing.
    pub minimum: u32,
}

/// Who gets the next call.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Algorithm {
    /// One after the other, weights unheeded (WSO2's `RoundRobin`).
    #[default]
    RoundRobin,
    /// In turn, each as often as its weight, spread out evenly.
    Weighted,
    /// In turn, each as many calls on end as its weight (WSO2's `WeightedRoundRobin`).
    WeightedOnEnd,
    /// The same with weights that move by up to two with the load (WSO2's
    /// `WeightedRRLCAlgorithm`).
    WeightedByLoad {
        /// How many rounds pass before the weights are looked at again.
        rounds: u32,
    },
    /// The fewest calls in flight for its weight.
    LeastRequests,
    /// The better of two at random, by latency and calls in flight.
    PowerOfTwo,
    /// At random, by weight.
    Random,
    /// The same member for the same key.
    ConsistentHash(ConsistentHash),
}

/// The same member for the same key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsistentHash {
    /// The key: the first of these that a request has. Without any it goes to one at random.
    pub keys: Vec<HashKey>,
    /// How much more than its share of the calls in flight a member may have, in percent of the
    /// share (125 is a quarter more) before the next one is taken.
    pub bound: Option<u32>,
}

/// What a key is taken from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HashKey {
    /// The value of a header.
    Header(HeaderName),
    /// The value of a cookie.
    Cookie(String),
    /// The first value of a query parameter.
    Query(String),
    /// The address of the client.
    ClientAddress,
    /// The path of the request.
    Path,
}

/// Whether a load-balance group tries another member when one fails (spec/01 §4.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FailOverSwitch {
    /// As versions before 4.6 read what is written.
    pub before_4_6: bool,
    /// As 4.6 and later read it.
    pub since_4_6: bool,
}

impl FailOverSwitch {
    /// The same for every version.
    pub const ON: Self = Self { before_4_6: true, since_4_6: true };
    /// The same for every version.
    pub const OFF: Self = Self { before_4_6: false, since_4_6: false };

    /// Whether it is on; `as_since_4_6` is `apim.endpoint_config.loadbalanced.enable_failover`.
    #[must_use]
    pub fn is_on(self, as_since_4_6: bool) -> bool {
        if as_since_4_6 { self.since_4_6 } else { self.before_4_6 }
    }
}

/// What keeps the calls of one session at one member (spec/01 §4.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Affinity {
    /// What tells a session.
    pub kind: AffinityKind,
    /// How long it lasts; `None` is what the gateway says.
    pub timeout: Option<Duration>,
    /// Whether each call starts that time anew.
    pub is_sliding: bool,
    /// What happens when the member of a session is not ready, or fails.
    pub when_lost: WhenLost,
}

/// What tells a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AffinityKind {
    /// One of these cookies, as the upstream sets it (`http`, `transport`).
    Cookie(Vec<String>),
    /// `ServiceGroupId` of the SOAP header (`soap`).
    Soap,
    /// `ClientID` of the SOAP header (`simpleClientSession`).
    ClientId,
}

/// What happens when the member of a session is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WhenLost {
    /// The session goes to another member.
    #[default]
    Rebind,
    /// 309001 or 309003 until the session ends, as WSO2 answers.
    Fault,
}

/// What has to be known of a request's body before the first attempt; ordered, so that the need of
/// a tree is the greatest one in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum BodyNeed {
    /// Nothing: it streams.
    #[default]
    Stream,
    /// It is kept as it goes by, to be sent again.
    Replay,
    /// The header of the SOAP message in it.
    SoapHeader,
}

impl Default for Triggers {
    /// Every failed call and no answer, as WSO2 has it.
    fn default() -> Self {
        Self {
            on_connect_error: true,
            on_timeout: true,
            on_reset: true,
            statuses: StatusSet::default(),
            condition: None,
        }
    }
}

impl Default for Retries {
    fn default() -> Self {
        Self {
            policy: None,
            attempts: None,
            deadline: None,
            budget: Some(Budget::default()),
            hedge: None,
            idempotency_header: None,
        }
    }
}

impl Default for Budget {
    fn default() -> Self {
        Self { percent: 20, minimum: 10 }
    }
}

impl Default for Replay {
    fn default() -> Self {
        Self { memory: 1 << 20, file: 0 }
    }
}

impl Default for Ejection {
    fn default() -> Self {
        Self {
            statuses: StatusSet::from_ranges(vec![502..=504]),
            consecutive: Some(5),
            rate: None,
            window: Duration::from_secs(10),
            base: Duration::from_secs(30),
            maximum: Duration::from_secs(300),
            share: 50,
        }
    }
}

impl EndpointPlan {
    /// What has to be known of a request's body before the first attempt.
    #[must_use]
    pub fn body_need(&self) -> BodyNeed {
        let Some(group) = self.group() else { return BodyNeed::Stream };
        let own = match self {
            Self::Balance(plan) => plan.body_need(),
            Self::Http(_)
            | Self::Dynamic(_)
            | Self::Sequence(_)
            | Self::Mock(_)
            | Self::Failover(_) => group.body_need(),
        };
        group.members.iter().map(|member| member.endpoint.body_need()).max().unwrap_or(own).max(own)
    }

    /// The most that anybody in this tree keeps of a body.
    #[must_use]
    pub fn replay(&self) -> Replay {
        let of_leaf = |leaf: &HttpPlan| match &leaf.credentials {
            Some(credentials) if credentials.may_be_refused() => Replay::default(),
            _ => Replay { memory: 0, file: 0 },
        };
        let group = match self {
            Self::Http(leaf) => return of_leaf(leaf),
            Self::Dynamic(plan) => return of_leaf(&plan.leaf),
            Self::Sequence(_) | Self::Mock(_) => return Replay { memory: 0, file: 0 },
            Self::Failover(plan) => &plan.group,
            Self::Balance(plan) => &plan.group,
        };
        let own = match group.body_need() {
            BodyNeed::Stream => Replay { memory: 0, file: 0 },
            BodyNeed::Replay | BodyNeed::SoapHeader => group.replay,
        };
        group.members.iter().map(|member| member.endpoint.replay()).fold(own, |one, other| Replay {
            memory: one.memory.max(other.memory),
            file: one.file.max(other.file),
        })
    }

    /// The leaves of this tree, in the order in which they were written.
    #[must_use]
    pub fn leaves(&self) -> Vec<&HttpPlan> {
        let members = match self {
            Self::Http(leaf) => return vec![leaf],
            Self::Dynamic(plan) => return vec![&plan.leaf],
            Self::Sequence(_) | Self::Mock(_) => return Vec::new(),
            Self::Failover(plan) => &plan.group.members,
            Self::Balance(plan) => &plan.group.members,
        };
        members.iter().flat_map(|member| member.endpoint.leaves()).collect()
    }

    /// Whether a mock is anywhere in this tree.
    #[must_use]
    pub fn has_mock(&self) -> bool {
        matches!(self, Self::Mock(_))
            || self
                .group()
                .is_some_and(|group| group.members.iter().any(|member| member.endpoint.has_mock()))
    }

    /// What both kinds of group have; `None` for a leaf.
    #[must_use]
    pub fn group(&self) -> Option<&GroupPlan> {
        match self {
            Self::Http(_) | Self::Dynamic(_) | Self::Sequence(_) | Self::Mock(_) => None,
            Self::Failover(plan) => Some(&plan.group),
            Self::Balance(plan) => Some(&plan.group),
        }
    }
}

impl GroupPlan {
    fn body_need(&self) -> BodyNeed {
        let keeps = self.replay.memory > 0 || self.replay.file > 0;
        let repeats = self.retries.policy != Some(RetryPolicy::Never) && self.members.len() > 1;
        if keeps && repeats { BodyNeed::Replay } else { BodyNeed::Stream }
    }
}

impl BalancePlan {
    fn body_need(&self) -> BodyNeed {
        match self.affinity.as_ref().map(|affinity| &affinity.kind) {
            Some(AffinityKind::Soap | AffinityKind::ClientId) => BodyNeed::SoapHeader,
            Some(AffinityKind::Cookie(_)) => self.group.body_need(),
            None if self.fail_over == FailOverSwitch::OFF => BodyNeed::Stream,
            None => self.group.body_need(),
        }
    }
}
