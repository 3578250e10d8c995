//! The state of one leaf: active, timing out, suspended or switched off (spec/01 §2.2–2.8).
//!
//! A leaf that is active costs one relaxed load to ask and one to report success; everything else
//! takes a lock.
//! What time it is comes from the caller, so that the state can be tested without waiting.
//!
//! Unlike WSO2, calls that began before the last failure that counted change nothing when they fail
//! too: ten calls that are in flight together count as one failure, not as ten.
//! And when a suspension is over, one call at a time passes until one has been answered.
//! Whatever becomes of such a probe, also when it is given up, its ticket lets the next one pass.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use compiler::plan::Resilience;
use tokio::time::Instant;

use crate::config::EndpointDefaults;

pub use rules::State;
use rules::{Reaction, Rules};
pub use transition::Transition;

mod rules;
mod transition;

/// How many low bits of the word hold the state, and, above it, whether an active leaf has failed
/// in a way that counts only when it is repeated.
const STATE_BITS: u32 = 3;
const FAILED: u64 = 1 << 2;

/// How many changes of state are remembered.
const REMEMBERED: usize = 16;

/// Further ahead than any process lives: stands for an instant that cannot be written.
const FAR: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// The state of one leaf.
#[derive(Debug)]
pub struct Health {
    rules: Rules,
    /// The state and the mark in the low bits and the epoch above; written under the lock.
    word: AtomicU64,
    inner: Mutex<Inner>,
}

/// The permission to call, to be handed back with the outcome, or dropped where there is none.
#[derive(Debug)]
#[must_use = "a probe ends when its ticket is dropped"]
pub struct Ticket<'a> {
    health: &'a Health,
    /// How often the leaf had failed, as far as it counts, when the call began.
    epoch: u64,
    /// Whether this is the one call that passes after a suspension.
    is_probe: bool,
}

/// Whether a leaf takes a call.
#[derive(Debug)]
pub enum Readiness<'a> {
    /// It does.
    Yes(Ticket<'a>),
    /// It does not.
    No {
        /// Why: `Timeout`, `Suspended` or `Off`.
        state: State,
        /// When it will; `None` when it is switched off until further notice. Past while a probe
        /// is under way.
        retry_at: Option<Instant>,
    },
}

/// A change of state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event {
    /// When.
    pub at: Instant,
    /// The state before.
    pub from: State,
    /// The state since.
    pub to: State,
    /// When it takes calls again, if that is known.
    pub retry_at: Option<Instant>,
    /// Why.
    pub cause: Cause,
}

/// Why a state changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// A call failed with this code.
    Failure(u32),
    /// A call was answered.
    Answer,
    /// Somebody switched it.
    Operator,
    /// The time for which it was switched off has passed.
    Elapsed,
}

/// What is known of a leaf, to be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HealthReport {
    /// Its state.
    pub state: State,
    /// Since when, unless it has had no other.
    pub since: Option<Instant>,
    /// When it takes calls again, if it is timing out or suspended; may be past.
    pub retry_at: Option<Instant>,
    /// How many calls have failed since the leaf was made.
    pub failures: u64,
    /// The code of the last failure.
    pub last_code: Option<u32>,
    /// How long the last suspension is, since the leaf was last active.
    pub last_duration: Option<Duration>,
    /// Whether the one call that passes after a suspension is under way.
    pub is_probing: bool,
    /// Until when somebody wants it in service, whatever fails; may be past.
    pub held_until: Option<Instant>,
}

#[derive(Debug)]
struct Inner {
    state: State,
    epoch: u64,
    since: Option<Instant>,
    retry_at: Option<Instant>,
    /// Since when an active leaf takes calls again; `None` where it has always done so.
    ready_since: Option<Instant>,
    /// Until when somebody wants it in service, whatever fails.
    held_until: Option<Instant>,
    /// Failures of the timeout class that are left before suspension.
    remaining: u32,
    /// Failures since the leaf was active, as far as they count.
    run: u32,
    /// Whether a probe is under way.
    is_probing: bool,
    /// The last suspension in milliseconds; 0 since the leaf was active.
    last_ms: i64,
    failures: u64,
    last_code: Option<u32>,
    events: VecDeque<Event>,
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        if self.is_probe {
            self.health.end_probe(self.epoch);
        }
    }
}

impl Health {
    /// An active leaf.
    #[must_use]
    pub fn new(resilience: &Resilience, defaults: &EndpointDefaults) -> Self {
        let rules = Rules::new(resilience, defaults);
        let inner = Inner {
            state: State::Active,
            epoch: 0,
            since: None,
            retry_at: None,
            ready_since: None,
            held_until: None,
            remaining: rules.retries,
            run: 0,
            is_probing: false,
            last_ms: 0,
            failures: 0,
            last_code: None,
            events: VecDeque::new(),
        };
        Self { rules, word: AtomicU64::new(word(State::Active, 0)), inner: Mutex::new(inner) }
    }

    /// Whether the leaf takes a call now, and the permission for it.
    pub fn ready(&self, now: Instant) -> Readiness<'_> {
        let word = self.word.load(Ordering::Relaxed);
        if is_active(word) {
            return Readiness::Yes(self.ticket(word >> STATE_BITS, false));
        }
        let mut inner = self.lock();
        if !inner.is_open(now) {
            return Readiness::No { state: inner.state, retry_at: inner.retry_at };
        }
        if inner.state == State::Off {
            self.activate(&mut inner, Cause::Elapsed, now);
        }
        inner.is_probing = inner.wants_probe();
        Readiness::Yes(self.ticket(inner.epoch, inner.is_probing))
    }

    /// Whether the leaf would take a call now.
    #[must_use]
    pub fn is_ready(&self, now: Instant) -> bool {
        is_active(self.word.load(Ordering::Relaxed)) || self.lock().is_open(now)
    }

    /// A permission whatever the state is, but for a leaf that was switched off: for who has no other
    /// choice.
    pub fn force(&self, now: Instant) -> Option<Ticket<'_>> {
        match self.ready(now) {
            Readiness::Yes(ticket) => Some(ticket),
            Readiness::No { state: State::Off, .. } => None,
            Readiness::No { .. } => Some(self.ticket(self.lock().epoch, false)),
        }
    }

    /// Whether it was switched off, and is so still.
    #[must_use]
    pub fn is_off(&self, now: Instant) -> bool {
        if is_active(self.word.load(Ordering::Relaxed)) {
            return false;
        }
        let inner = self.lock();
        inner.state == State::Off && !inner.is_open(now)
    }

    /// Since when a leaf that takes calls does so; `None` where it has done so from its beginning.
    #[must_use]
    pub fn ready_since(&self) -> Option<Instant> {
        let inner = self.lock();
        if inner.state == State::Active { inner.ready_since } else { inner.retry_at }
    }

    /// Whether somebody wants it in service, whatever fails.
    #[must_use]
    pub fn is_held(&self, now: Instant) -> bool {
        self.lock().is_held(now)
    }

    fn ticket(&self, epoch: u64, is_probe: bool) -> Ticket<'_> {
        Ticket { health: self, epoch, is_probe }
    }

    /// The next call may pass, unless the probe has brought something about by itself.
    fn end_probe(&self, epoch: u64) {
        let mut inner = self.lock();
        if inner.epoch == epoch {
            inner.is_probing = false;
        }
    }

    /// Notes that the upstream answered, whatever the status: the leaf is active.
    pub fn succeeded(&self, _ticket: Ticket<'_>, now: Instant) -> Option<Transition> {
        let word = self.word.load(Ordering::Relaxed);
        if is_active(word) && word & FAILED == 0 {
            return None;
        }
        let mut inner = self.lock();
        let from = inner.state;
        if from == State::Active {
            inner.run = 0;
            self.write(&inner);
        }
        if matches!(from, State::Active | State::Off) {
            return None;
        }
        self.activate(&mut inner, Cause::Answer, now);
        Some(Transition::Recovered { from })
    }

    /// Notes that a call failed with this code (base and protocol state added).
    #[expect(clippy::needless_pass_by_value, reason = "with the outcome the permission ends")]
    pub fn failed(&self, ticket: Ticket<'_>, code: u32, now: Instant) -> Option<Transition> {
        let mut inner = self.lock();
        inner.failures += 1;
        inner.last_code = Some(code);
        if inner.state == State::Off || ticket.epoch < inner.epoch || inner.is_held(now) {
            return None;
        }
        inner.run = inner.run.saturating_add(1);
        if let Some(forced_ms) = self.rules.forced_ms(inner.run) {
            return Some(self.suspend(&mut inner, forced_ms, code, now));
        }
        match self.rules.reaction(code) {
            Reaction::None => {
                self.write(&inner);
                None
            }
            Reaction::Timeout if inner.remaining > 0 => Some(self.wait(&mut inner, code, now)),
            Reaction::Timeout | Reaction::Suspend => {
                let current_ms = self.rules.suspension_ms(inner.last_ms);
                Some(self.suspend(&mut inner, current_ms, code, now))
            }
        }
    }

    /// Takes the leaf out of service until [`Self::switch_on`], or for a time.
    pub fn switch_off(&self, now: Instant, limit: Option<Duration>) {
        let mut inner = self.lock();
        self.forget(&mut inner);
        inner.held_until = None;
        let until = limit.map(|limit| later(now, limit));
        self.enter(State::Off, until, Cause::Operator, &mut inner, now);
    }

    /// Puts the leaf into service as an active one; for a time, if one is given, it stays so
    /// whatever fails.
    pub fn switch_on(&self, now: Instant, hold: Option<Duration>) {
        let mut inner = self.lock();
        inner.held_until = hold.map(|hold| later(now, hold));
        self.activate(&mut inner, Cause::Operator, now);
    }

    /// What is known of the leaf.
    #[must_use]
    pub fn report(&self) -> HealthReport {
        let inner = self.lock();
        HealthReport {
            state: inner.state,
            since: inner.since,
            retry_at: inner.retry_at,
            failures: inner.failures,
            last_code: inner.last_code,
            last_duration: (inner.last_ms > 0).then(|| milliseconds(inner.last_ms)),
            is_probing: inner.is_probing,
            held_until: inner.held_until,
        }
    }

    /// The last changes of state, the oldest first.
    #[must_use]
    pub fn events(&self) -> Vec<Event> {
        self.lock().events.iter().copied().collect()
    }

    /// Goes active and forgets what led away from it.
    fn activate(&self, inner: &mut Inner, cause: Cause, now: Instant) {
        let waited = inner.retry_at.filter(|at| cause == Cause::Answer && *at <= now);
        inner.ready_since = Some(waited.unwrap_or(now));
        self.forget(inner);
        self.enter(State::Active, None, cause, inner, now);
    }

    fn forget(&self, inner: &mut Inner) {
        inner.remaining = self.rules.retries;
        inner.last_ms = 0;
        inner.run = 0;
        inner.is_probing = false;
    }

    fn wait(&self, inner: &mut Inner, code: u32, now: Instant) -> Transition {
        inner.remaining -= 1;
        inner.epoch += 1;
        inner.is_probing = false;
        let delay = self.rules.retry_delay;
        self.enter(State::Timeout, Some(later(now, delay)), Cause::Failure(code), inner, now);
        Transition::TimedOut { remaining: inner.remaining, delay }
    }

    /// A suspension that is switched off, or shorter than nothing, still changes the state; then
    /// the leaf is ready at once.
    fn suspend(&self, inner: &mut Inner, current_ms: i64, code: u32, now: Instant) -> Transition {
        let last_ms = inner.last_ms;
        inner.last_ms = current_ms;
        inner.epoch += 1;
        inner.is_probing = false;
        let retry_at = later(now, milliseconds(current_ms));
        self.enter(State::Suspended, Some(retry_at), Cause::Failure(code), inner, now);
        Transition::Suspended { last_ms, current_ms }
    }

    fn enter(
        &self,
        state: State,
        retry_at: Option<Instant>,
        cause: Cause,
        inner: &mut Inner,
        now: Instant,
    ) {
        let from = inner.state;
        if from != state {
            inner.since = Some(now);
        }
        if inner.events.len() == REMEMBERED {
            inner.events.pop_front();
        }
        inner.events.push_back(Event { at: now, from, to: state, retry_at, cause });
        inner.state = state;
        inner.retry_at = retry_at;
        self.write(inner);
    }

    fn write(&self, inner: &Inner) {
        let mark = if inner.run > 0 && self.rules.counts_failures() { FAILED } else { 0 };
        self.word.store(word(inner.state, inner.epoch) | mark, Ordering::Relaxed);
    }

    /// No code panics while it holds the lock, so a poisoned one is as good as any.
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// Whether a call may pass.
    fn is_open(&self, now: Instant) -> bool {
        let is_over = self.retry_at.is_some_and(|at| at <= now);
        self.state == State::Active || is_over && !self.is_probing
    }

    fn is_held(&self, now: Instant) -> bool {
        self.held_until.is_some_and(|until| now < until)
    }

    /// Whether the next call is the only one to pass: after a suspension that kept calls away.
    fn wants_probe(&self) -> bool {
        self.state == State::Suspended && self.last_ms > 0
    }
}

fn word(state: State, epoch: u64) -> u64 {
    (epoch << STATE_BITS) | (u64::from(state.number()) - 1)
}

fn is_active(word: u64) -> bool {
    word & (FAILED - 1) == 0
}

/// Nothing, where the number is negative.
fn milliseconds(ms: i64) -> Duration {
    Duration::from_millis(u64::try_from(ms).unwrap_or(0))
}

fn later(now: Instant, delay: Duration) -> Instant {
    now.checked_add(delay.min(FAR)).unwrap_or(now)
}

#[cfg(test)]
mod tests;
