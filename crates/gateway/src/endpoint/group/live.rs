//! A group at run time: its members, and what its workers share.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use compiler::plan::{
    Algorithm, BalancePlan, BodyNeed, Ejection, EndpointPlan, FailoverPlan, GroupPlan, HashKey,
    MemberPlan, Mode, Recovery, Replay, RetryPolicy, Triggers,
};
use tokio::time::Instant;

use super::algorithm::{Chance, Picker, Seat, Spread, key_of};
use super::budget::RetryBudget;
use super::latency::Latency;
use super::order::Succession;
use super::outlier::{Cause, Outlier, has_room};
use super::session::Sessions;
use crate::endpoint::http::{HttpLeaf, LeafContext};
use crate::endpoint::{Endpoint, LeafName};
use crate::telemetry::metric::EndpointLabels;

/// Members that take over from one another, or share the calls.
#[derive(Debug)]
pub struct Group {
    /// The name as WSO2 prints it.
    pub name: LeafName,
    /// The members, in the order in which they were written.
    pub members: Box<[Member]>,
    /// What happens when members are not ready.
    pub mode: Mode,
    /// What has happened.
    pub counters: Counters,
    /// What may be repeated.
    pub policy: RetryPolicy,
    pub(super) choice: Choice,
    pub(super) triggers: Triggers,
    pub(super) retries: compiler::plan::Retries,
    pub(super) budget: Option<RetryBudget>,
    /// Whether it goes on after a failure at all.
    pub(super) fails_over: bool,
    pub(super) sessions: Option<Sessions>,
    /// The time in which a member that is back grows to its share, for a load-balance group.
    pub(super) slow_start: Duration,
    /// The same for a failover group.
    pub(super) recovery: Recovery,
    /// What has to be known of a body, in all of the tree below it.
    pub(super) body_need: BodyNeed,
    /// How much of a body is kept, in all of the tree below it.
    pub(super) replay: Replay,
    ejection: Option<Ejection>,
    /// Whether anybody here wants to know of answers.
    hears: bool,
    /// The names that its counters are shown under.
    pub labels: EndpointLabels,
}

/// A member of a group.
#[derive(Debug)]
pub struct Member {
    /// What its author calls it.
    pub label: Option<Arc<str>>,
    /// Its share beside the others.
    pub weight: u32,
    /// What is called.
    pub endpoint: Endpoint,
    pub(super) outlier: Option<Outlier>,
    pub(super) latency: Option<Latency>,
}

/// Who is called next.
#[derive(Debug)]
pub(super) enum Choice {
    /// In an order.
    Failover(Succession, Hands<Chance>),
    /// By an algorithm, that may want a key taken from the request.
    Balance(Hands<Picker>, Vec<HashKey>),
}

/// One for each worker; the locks are never contended.
pub(super) type Hands<T> = Box<[Mutex<T>]>;

/// What a group has done since it was made. Only what is out of the ordinary is counted here.
#[derive(Debug, Default)]
pub struct Counters {
    /// Requests that went to another member after a failure.
    pub repeats: AtomicU64,
    /// Requests that did not, since the group had repeated as much as it may.
    pub over_budget: AtomicU64,
    /// Second attempts beside a slow first one.
    pub hedges: AtomicU64,
    /// Requests for which nobody was ready.
    pub unserved: AtomicU64,
    /// Members that were left out for answering badly.
    pub ejections: AtomicU64,
}

/// The counters at one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct GroupTotals {
    /// Requests that went to another member after a failure.
    pub repeats: u64,
    /// Requests that did not, since the group had repeated as much as it may.
    pub over_budget: u64,
    /// Second attempts beside a slow first one.
    pub hedges: u64,
    /// Requests for which nobody was ready.
    pub unserved: u64,
    /// Members that were left out for answering badly.
    pub ejections: u64,
}

impl Counters {
    /// The sums until now.
    #[must_use]
    pub fn read(&self) -> GroupTotals {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        GroupTotals {
            repeats: read(&self.repeats),
            over_budget: read(&self.over_budget),
            hedges: read(&self.hedges),
            unserved: read(&self.unserved),
            ejections: read(&self.ejections),
        }
    }
}

/// Counts one more.
pub(super) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

/// What a member counts for an algorithm.
#[derive(Debug, Clone, Copy, Default)]
struct Wants {
    load: bool,
    latency: bool,
}

impl Group {
    /// A failover group.
    pub(crate) fn failover(
        plan: &FailoverPlan,
        body: (BodyNeed, Replay),
        context: &LeafContext<'_>,
    ) -> Self {
        let now = Instant::now();
        let hands = hands(context.config.workers, |_, seed| Chance::new(seed));
        let choice = Choice::Failover(Succession::new(plan.order), hands);
        let members = members(&plan.group, context, Wants::default(), now);
        let group = Self::new(&plan.group, (members, choice), body, context, now);
        Self { recovery: plan.recovery, ..group }
    }

    /// A load-balance group.
    pub(crate) fn balance(
        plan: &BalancePlan,
        body: (BodyNeed, Replay),
        context: &LeafContext<'_>,
    ) -> Self {
        let now = Instant::now();
        let seats: Vec<Seat> = plan.group.members.iter().map(seat).collect();
        let spread = Arc::new(Spread::new(&plan.algorithm, &seats));
        let (keys, has_bound) = match &plan.algorithm {
            Algorithm::ConsistentHash(hash) => (hash.keys.clone(), hash.bound.is_some()),
            _ => (Vec::new(), false),
        };
        let load = has_bound
            || matches!(
                plan.algorithm,
                Algorithm::LeastRequests | Algorithm::PowerOfTwo | Algorithm::WeightedByLoad { .. }
            );
        let wants = Wants { load: load || context.counts, latency: spread.wants_latency() };
        let hands = hands(context.config.workers, |worker, seed| {
            Picker::new(Arc::clone(&spread), worker, seed)
        });
        let members = members(&plan.group, context, wants, now);
        let choice = Choice::Balance(hands, keys);
        let group = Self::new(&plan.group, (members, choice), body, context, now);
        let defaults = &context.config.endpoint_defaults;
        let sessions =
            plan.affinity.as_ref().map(|affinity| Sessions::new(affinity, defaults.session));
        let fails_over = plan.fail_over.is_on(defaults.load_balance_failover);
        let hears = group.hears || sessions.is_some();
        Self { sessions, fails_over, slow_start: plan.slow_start, hears, ..group }
    }

    fn new(
        plan: &GroupPlan,
        (members, choice): (Box<[Member]>, Choice),
        (body_need, replay): (BodyNeed, Replay),
        context: &LeafContext<'_>,
        now: Instant,
    ) -> Self {
        let policy = plan.retries.policy.unwrap_or(context.config.upstream.retry_policy);
        // Who asks for WSO2's way for all groups asks for no budget either, unless the group has
        // one of its own.
        let is_asked_for = plan.retries.policy.is_some() || policy != RetryPolicy::Wso2;
        let budget = plan
            .retries
            .budget
            .filter(|budget| is_asked_for || *budget != compiler::plan::Budget::default());
        let is_measured = |member: &Member| member.outlier.is_some() || member.latency.is_some();
        let hears = members.iter().any(is_measured);
        Self {
            name: Arc::from(plan.name.as_str()),
            members,
            mode: plan.mode,
            counters: Counters::default(),
            policy,
            choice,
            triggers: plan.triggers.clone(),
            retries: plan.retries.clone(),
            budget: budget.map(|budget| RetryBudget::new(budget, now)),
            fails_over: true,
            sessions: None,
            slow_start: Duration::ZERO,
            recovery: Recovery::default(),
            body_need,
            replay,
            ejection: plan.ejection.clone(),
            hears,
            labels: EndpointLabels { name: plan.name.as_str().into(), ..context.labels.clone() },
        }
    }

    /// How many sessions it remembers, about; `None` where it keeps none.
    #[must_use]
    pub fn sessions(&self) -> Option<u64> {
        self.sessions.as_ref().map(Sessions::count)
    }

    /// What it is called in messages, as WSO2 has it.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self.choice {
            Choice::Failover(..) => "Failover",
            Choice::Balance(..) => "Loadbalance",
        }
    }

    /// Whether it is a failover group.
    #[must_use]
    pub fn is_failover(&self) -> bool {
        matches!(self.choice, Choice::Failover(..))
    }

    /// Whether it would take a call now.
    #[must_use]
    pub fn is_ready(&self, now: Instant) -> bool {
        let is_ready = self.members.iter().any(|member| member.is_ready(now));
        is_ready
            || match self.mode {
                Mode::Strict | Mode::SpillOver { .. } => false,
                Mode::FailOpen => self.members.iter().any(|member| !member.endpoint.is_off(now)),
                Mode::LastResort => {
                    self.members.last().is_some_and(|member| !member.endpoint.is_off(now))
                }
            }
    }

    /// Since when somebody has been ready; `None` where that was always so.
    pub(crate) fn ready_since(&self, now: Instant) -> Option<Instant> {
        let ready = self.members.iter().filter(|member| member.is_ready(now));
        let since = ready.map(|member| member.ready_since());
        since.min_by_key(|since| *since).flatten()
    }

    /// How much of its weight is ready, in percent.
    #[must_use]
    pub fn ready_percent(&self, now: Instant) -> u32 {
        let weight = |member: &&Member| u64::from(member.weight);
        let all: u64 = self.members.iter().map(|member| u64::from(member.weight)).sum();
        let ready = self.members.iter().filter(|member| member.is_ready(now));
        let ready: u64 = ready.map(|member| weight(&member)).sum();
        u32::try_from(ready * 100 / all.max(1)).unwrap_or(100)
    }

    /// Calls in flight at all of its members, where they are counted.
    #[must_use]
    pub fn in_flight(&self) -> u32 {
        self.members.iter().map(|member| member.endpoint.in_flight()).sum()
    }

    /// Whether a call would find a place at once.
    pub(crate) fn has_room(&self, now: Instant) -> bool {
        self.members.iter().any(|member| member.is_ready(now) && member.endpoint.has_room(now))
    }

    /// Every leaf below it.
    pub fn leaves(&self) -> Vec<&HttpLeaf> {
        self.members.iter().flat_map(|member| member.endpoint.leaves()).collect()
    }

    /// Whether answers have to be told of.
    pub(super) fn hears_answers(&self) -> bool {
        self.hears
    }

    /// Notes an answer of a member.
    pub(super) fn note_answer(&self, index: usize, status: u16, took: Duration, now: Instant) {
        let Some(member) = self.members.get(index) else { return };
        if let Some(latency) = &member.latency {
            latency.observe(took, now);
        }
        if let Some(outlier) = &member.outlier {
            self.note(index, outlier.is_bad(status), now);
        }
    }

    /// Notes how a call of a member ended, and leaves the member out where it ends badly too often.
    pub(super) fn note(&self, index: usize, is_bad: bool, now: Instant) {
        let Some(member) = self.members.get(index) else { return };
        let Some(outlier) = &member.outlier else { return };
        let Some(cause) = outlier.note(is_bad, now) else { return };
        let share = self.ejection.as_ref().map_or(0, |ejection| ejection.share);
        let out = self.members.iter().filter(|member| member.is_ejected(now)).count();
        if !has_room(self.members.len(), out, share) {
            return;
        }
        if let Some(time) = outlier.eject(now) {
            count(&self.counters.ejections);
            let cause = match cause {
                Cause::Consecutive(run) => format!("{run} bad calls in a row"),
                Cause::Rate(percent) => format!("{percent} % of its calls were bad"),
            };
            let member = member.shown(index);
            tracing::warn!(group = &*self.name, member, ?time, cause, "A member is left out.");
        }
    }

    /// Lets a worker use its hand.
    pub(super) fn with_hand<T, R>(
        hands: &Hands<T>,
        worker: usize,
        deal: impl FnOnce(&mut T) -> Option<R>,
    ) -> Option<R> {
        let hand = hands.get(worker).or_else(|| hands.first())?;
        deal(&mut hand.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Member {
    /// Whether it would take a call now.
    #[must_use]
    pub fn is_ready(&self, now: Instant) -> bool {
        !self.is_ejected(now) && self.endpoint.is_ready(now)
    }

    /// Whether it is left out for answering badly.
    #[must_use]
    pub fn is_ejected(&self, now: Instant) -> bool {
        self.outlier.as_ref().is_some_and(|outlier| outlier.is_out(now))
    }

    /// When it is taken back.
    #[must_use]
    pub fn ejected_until(&self, now: Instant) -> Option<Instant> {
        self.outlier.as_ref().filter(|outlier| outlier.is_out(now))?.until()
    }

    /// Takes it back.
    pub fn restore(&self) {
        if let Some(outlier) = &self.outlier {
            outlier.restore();
        }
    }

    /// Since when it has been ready; `None` where it always was.
    pub(crate) fn ready_since(&self) -> Option<Instant> {
        let back = self.outlier.as_ref().and_then(Outlier::until);
        self.endpoint.ready_since(Instant::now()).max(back)
    }

    /// What people call it.
    #[must_use]
    pub fn shown(&self, index: usize) -> String {
        match (&self.label, &self.endpoint) {
            (Some(label), _) => label.to_string(),
            (None, Endpoint::Http(leaf)) => leaf.name().to_owned(),
            (None, Endpoint::Mock(leaf)) => leaf.name().to_owned(),
            (None, Endpoint::Dynamic(_) | Endpoint::Sequence(_) | Endpoint::Group(_)) => {
                format!("member {index}")
            }
        }
    }
}

fn members(
    plan: &GroupPlan,
    context: &LeafContext<'_>,
    wants: Wants,
    now: Instant,
) -> Box<[Member]> {
    let context = LeafContext { counts: wants.load, ..context.clone() };
    let member = |member: &MemberPlan| Member {
        label: member.label.as_deref().map(Arc::from),
        weight: member.weight,
        endpoint: Endpoint::new(&member.endpoint, &context),
        outlier: plan.ejection.clone().map(|ejection| Outlier::new(ejection, now)),
        latency: wants.latency.then(|| Latency::new(now)),
    };
    plan.members.iter().map(member).collect()
}

/// What tells a member also after a change of its group.
fn seat(member: &MemberPlan) -> Seat {
    let identity = member.label.clone().unwrap_or_else(|| address_of(&member.endpoint));
    Seat { identity: key_of(identity.as_bytes()), weight: member.weight }
}

fn address_of(endpoint: &EndpointPlan) -> String {
    match endpoint {
        EndpointPlan::Http(plan) => plan.url.as_str().to_owned(),
        EndpointPlan::Dynamic(plan) => plan.leaf.name.clone(),
        EndpointPlan::Sequence(plan) => plan.name.clone(),
        EndpointPlan::Mock(plan) => plan.name.clone(),
        EndpointPlan::Failover(_) | EndpointPlan::Balance(_) => {
            let members = endpoint.group().map(|group| group.members.as_slice());
            let all = members.unwrap_or_default().iter().map(|one| address_of(&one.endpoint));
            all.collect::<Vec<_>>().join(" ")
        }
    }
}

/// One for each worker, each with a seed of its own.
fn hands<T>(workers: usize, deal: impl Fn(usize, u64) -> T) -> Hands<T> {
    (0..workers.max(1)).map(|worker| Mutex::new(deal(worker, rand::random()))).collect()
}
