//! Health checks: endpoints are asked how they are, without calls of clients.
//!
//! A [`Check`] belongs to a leaf, which asks it one thing: whether it may be called. It is made
//! known to a [`Checker`], whose thread asks the endpoint from then on, and stops by itself once
//! the leaf is gone.
//! What a check brought is good only if it is listed as healthy; anything else is bad.
//!
//! Checks know nothing of how calls of clients go, and say nothing to `health`.

mod checker;
mod grpc;
mod probe;
mod state;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use compiler::plan::HealthCheck;
use http::HeaderValue;
use tokio::time::Instant;

use crate::sign::Signer;
use crate::upstream::Target;
pub use checker::{Checker, Watch};
use state::Checked;

/// What came of one check, in words: `Ok` is good.
type Verdict = Result<String, String>;

/// The health of one endpoint by its checks.
#[derive(Debug)]
pub struct Check {
    /// The endpoint's name, for the log.
    name: Arc<str>,
    /// Shared with whoever asks, so that asking does not keep the check itself.
    question: Arc<Question>,
    state: Checked,
    seen: Mutex<Seen>,
}

/// What is asked, and where.
#[derive(Debug)]
struct Question {
    plan: HealthCheck,
    target: Arc<Target>,
    /// The `Host` to send.
    host: HeaderValue,
    /// What calls show the endpoint, and checks too.
    signer: Option<Arc<Signer>>,
}

/// What is told of an endpoint; calls do not need it.
#[derive(Debug)]
struct Seen {
    since: Instant,
    /// Whether it has not always been so.
    has_turned: bool,
    good: u64,
    bad: u64,
    last: Option<LastCheck>,
}

/// How an endpoint is doing by its checks, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckReport {
    /// Whether it may be called.
    pub is_healthy: bool,
    /// Since when; at first since it was made.
    pub since: Instant,
    /// Good checks so far.
    pub good: u64,
    /// Bad checks so far.
    pub bad: u64,
    /// Checks in a row that spoke against the state.
    pub run: u32,
    /// How many of them turn it.
    pub needed: u32,
    /// What came of the latest check; `None` before the first one has ended.
    pub last: Option<LastCheck>,
}

/// How a check ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastCheck {
    /// Whether that was good.
    pub is_good: bool,
    /// What it brought, in words.
    pub text: String,
    /// When it ended.
    pub at: Instant,
}

impl Check {
    /// An endpoint that is healthy until checks say otherwise. Nobody asks it before it is made
    /// known by [`Watch::watch`].
    ///
    /// `target` and `host` are those of calls; a check by gRPC over clear text needs a target to
    /// which HTTP/2 is always spoken.
    #[must_use]
    pub(crate) fn new(
        plan: &HealthCheck,
        name: Arc<str>,
        target: Arc<Target>,
        host: HeaderValue,
        signer: Option<Arc<Signer>>,
    ) -> Arc<Self> {
        Arc::new(Self {
            name,
            question: Arc::new(Question { plan: plan.clone(), target, host, signer }),
            state: Checked::new(plan),
            seen: Mutex::new(Seen {
                since: Instant::now(),
                has_turned: false,
                good: 0,
                bad: 0,
                last: None,
            }),
        })
    }

    /// Whether it may be called: one relaxed load.
    #[must_use]
    pub fn is_healthy(&self) -> bool {
        self.state.is_healthy()
    }

    /// How it is doing.
    #[must_use]
    pub fn report(&self) -> CheckReport {
        // Under the lock, so that all of it is of the same moment.
        let seen = self.seen();
        let (run, needed) = self.state.progress();
        CheckReport {
            is_healthy: self.is_healthy(),
            since: seen.since,
            good: seen.good,
            bad: seen.bad,
            run,
            needed,
            last: seen.last.clone(),
        }
    }

    /// Since when it has been as it is; `None` where it has always been so.
    pub(crate) fn turned_at(&self) -> Option<Instant> {
        let seen = self.seen();
        seen.has_turned.then_some(seen.since)
    }

    /// Takes it for healthy until checks say otherwise once more.
    pub(crate) fn restore(&self) {
        let mut seen = self.seen();
        if self.state.restore() {
            seen.since = Instant::now();
            seen.has_turned = true;
        }
    }

    /// Takes down what came of a check, and tells of it where the endpoint has turned.
    fn note(&self, verdict: Verdict) {
        let (is_good, text) = match verdict {
            Ok(text) => (true, text),
            Err(text) => (false, text),
        };
        if let Some(is_healthy) = self.take_down(is_good, text.clone()) {
            let (endpoint, address) = (&*self.name, &*self.question.target.name);
            if is_healthy {
                tracing::info!(endpoint, address, answer = text, "An endpoint is healthy again.");
            } else {
                tracing::warn!(endpoint, address, reason = text, "An endpoint is unhealthy.");
            }
        }
    }

    fn take_down(&self, is_good: bool, text: String) -> Option<bool> {
        let now = Instant::now();
        let mut seen = self.seen();
        let turned = self.state.note(is_good);
        if turned.is_some() {
            seen.since = now;
            seen.has_turned = true;
        }
        if is_good {
            seen.good += 1;
        } else {
            seen.bad += 1;
        }
        seen.last = Some(LastCheck { is_good, text, at: now });
        turned
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
