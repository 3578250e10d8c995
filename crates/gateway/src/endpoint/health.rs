//! The state of one leaf: active, timing out, suspended or switched off (spec/01 §2.2–2.8).
//!
//! A leaf that is active costs one relaxed load to ask and one to report success; everything else
//! takes a lock.
//! What time it is comes from the caller, so that the state can be tested without waiting.
//!
//! Unlike WSO2, calls that began before the leaf was suspended and fail after it change nothing:
//! ten calls that are in flight together count as one failure, not as ten.
//!
//! Deliberately absent: a single probe after a suspension; every call passes once it is over.

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

/// How many low bits of the word hold the state.
const STATE_BITS: u32 = 2;

/// Further ahead than any process lives: stands for an instant that cannot be written.
const FAR: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// The state of one leaf.
#[derive(Debug)]
pub struct Health {
    rules: Rules,
    /// The state in the low bits and the epoch above; written under the lock.
    word: AtomicU64,
    inner: Mutex<Inner>,
}

/// The permission to call, to be handed back with the outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ticket {
    /// How often the leaf had been suspended when the call began.
    epoch: u64,
}

/// Whether a leaf takes a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readiness {
    /// It does.
    Yes(Ticket),
    /// It does not.
    No {
        /// Why: `Timeout`, `Suspended` or `Off`.
        state: State,
        /// When it will; `None` when it is switched off until further notice.
        retry_at: Option<Instant>,
    },
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
}

#[derive(Debug)]
struct Inner {
    state: State,
    epoch: u64,
    since: Option<Instant>,
    retry_at: Option<Instant>,
    /// Failures of the timeout class that are left before suspension.
    remaining: u32,
    /// The last suspension in milliseconds; 0 since the leaf was active.
    last_ms: i64,
    failures: u64,
    last_code: Option<u32>,
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
            remaining: rules.retries,
            last_ms: 0,
            failures: 0,
            last_code: None,
        };
        Self { rules, word: AtomicU64::new(word(State::Active, 0)), inner: Mutex::new(inner) }
    }

    /// Whether the leaf takes a call now.
    #[must_use]
    pub fn ready(&self, now: Instant) -> Readiness {
        let word = self.word.load(Ordering::Relaxed);
        if is_active(word) {
            return Readiness::Yes(Ticket { epoch: word >> STATE_BITS });
        }
        let mut inner = self.lock();
        let is_over = inner.retry_at.is_some_and(|at| at <= now);
        if !is_over && inner.state != State::Active {
            return Readiness::No { state: inner.state, retry_at: inner.retry_at };
        }
        if inner.state == State::Off {
            self.activate(&mut inner, now);
        }
        Readiness::Yes(Ticket { epoch: inner.epoch })
    }

    /// Notes that the upstream answered, whatever the status: the leaf is active.
    pub fn succeeded(&self, _ticket: Ticket, now: Instant) -> Option<Transition> {
        if is_active(self.word.load(Ordering::Relaxed)) {
            return None;
        }
        let mut inner = self.lock();
        let from = inner.state;
        if matches!(from, State::Active | State::Off) {
            return None;
        }
        self.activate(&mut inner, now);
        Some(Transition::Recovered { from })
    }

    /// Notes that a call failed with this code (base and protocol state added).
    pub fn failed(&self, ticket: Ticket, code: u32, now: Instant) -> Option<Transition> {
        let mut inner = self.lock();
        inner.failures += 1;
        inner.last_code = Some(code);
        if inner.state == State::Off || ticket.epoch < inner.epoch {
            return None;
        }
        match self.rules.reaction(code) {
            Reaction::None => None,
            Reaction::Timeout if inner.remaining > 0 => Some(self.wait(&mut inner, now)),
            Reaction::Timeout | Reaction::Suspend => Some(self.suspend(&mut inner, now)),
        }
    }

    /// Takes the leaf out of service until [`Self::switch_on`], or for a time.
    pub fn switch_off(&self, now: Instant, limit: Option<Duration>) {
        let mut inner = self.lock();
        self.activate(&mut inner, now);
        self.enter(State::Off, limit.map(|limit| later(now, limit)), &mut inner, now);
    }

    /// Puts the leaf into service as an active one.
    pub fn switch_on(&self, now: Instant) {
        let mut inner = self.lock();
        self.activate(&mut inner, now);
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
        }
    }

    /// Goes active and forgets what led away from it.
    fn activate(&self, inner: &mut Inner, now: Instant) {
        inner.remaining = self.rules.retries;
        inner.last_ms = 0;
        self.enter(State::Active, None, inner, now);
    }

    fn wait(&self, inner: &mut Inner, now: Instant) -> Transition {
        inner.remaining -= 1;
        let delay = self.rules.retry_delay;
        self.enter(State::Timeout, Some(later(now, delay)), inner, now);
        Transition::TimedOut { remaining: inner.remaining, delay }
    }

    /// A suspension that is switched off, or shorter than nothing, still changes the state; then
    /// the leaf is ready at once.
    fn suspend(&self, inner: &mut Inner, now: Instant) -> Transition {
        let last_ms = inner.last_ms;
        let current_ms = self.rules.suspension_ms(last_ms);
        inner.last_ms = current_ms;
        inner.epoch += 1;
        let retry_at = later(now, milliseconds(current_ms));
        self.enter(State::Suspended, Some(retry_at), inner, now);
        Transition::Suspended { last_ms, current_ms }
    }

    fn enter(&self, state: State, retry_at: Option<Instant>, inner: &mut Inner, now: Instant) {
        if inner.state != state {
            inner.since = Some(now);
        }
        inner.state = state;
        inner.retry_at = retry_at;
        self.word.store(word(state, inner.epoch), Ordering::Relaxed);
    }

    /// No code panics while it holds the lock, so a poisoned one is as good as any.
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn word(state: State, epoch: u64) -> u64 {
    (epoch << STATE_BITS) | (u64::from(state.number()) - 1)
}

fn is_active(word: u64) -> bool {
    word & ((1 << STATE_BITS) - 1) == 0
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
