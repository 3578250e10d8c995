//! The keys of one account, and who is asking for the next ones.
//!
//! As with tokens (`oauth/cell.rs`), whoever finds none waits for the request that is under way; it
//! is made by a task of its own, so that it does not end with the call that began it.

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use compiler::plan::{AwsPlan, AwsSource};
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use super::super::oauth::TokenReport;
use super::super::pause::Pause;
use super::{Keys, NoKeys};

/// The first pause after keys could not be had.
const AFTER_FAILURE: Duration = Duration::from_millis(500);
/// How long keys have to last that replace others which the service has refused, before they are
/// replaced for that reason again.
const AFTER_REFUSAL: Duration = Duration::from_secs(30);
/// How long asking for keys may take, whoever is asked.
const LIMIT: Duration = Duration::from_secs(20);
/// How long before their end keys are replaced, at most; and after which part of their life.
const EARLY: Duration = Duration::from_secs(5 * 60);
const EARLY_PART: f64 = 0.2;
/// How long before their end keys are not used any more, at most; and after which part.
const MARGIN: Duration = Duration::from_secs(10);
const MARGIN_PART: f64 = 0.1;
/// How long keys without an end are used before somebody looks whether there are others.
const ROTATION: Duration = Duration::from_secs(15 * 60);
/// How often a call waits anew, because whoever asked is gone.
const TRIES: usize = 5;

/// A request for keys.
type Asking = Pin<Box<dyn Future<Output = Result<Held, NoKeys>> + Send>>;

/// Who is asked for the keys of a plan, in a region.
type Provider = Box<dyn Fn(AwsPlan, Option<String>) -> Asking + Send + Sync>;

/// One account.
pub(crate) struct Account {
    plan: AwsPlan,
    /// The region of the environment, for services that are asked for keys.
    region: Option<String>,
    provider: Provider,
    keys: ArcSwapOption<Held>,
    state: Mutex<State>,
}

/// Keys while they can be used.
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) keys: Arc<Keys>,
    /// From then on they are replaced.
    renew_at: Option<Instant>,
    /// From then on they are not used.
    end: Option<Instant>,
}

type Flight = watch::Receiver<Option<Result<Arc<Held>, NoKeys>>>;

#[derive(Debug)]
struct State {
    /// The request under way.
    flight: Option<Flight>,
    /// While nobody is asked, and why.
    failed: Pause,
    last_failure: Option<(Instant, NoKeys)>,
    /// When keys were replaced because the service had refused them.
    refused_at: Option<Instant>,
}

impl Held {
    /// Keys that have just been had; `life` is how long they last.
    pub(super) fn new(keys: Keys, now: Instant, life: Option<Duration>) -> Self {
        let keys = Arc::new(keys);
        let Some(life) = life else {
            return Self { keys, renew_at: Some(now + ROTATION), end: None };
        };
        let before = |most: Duration, part: f64| life - most.min(life.mul_f64(part));
        let renew_at = Some(now + before(EARLY, EARLY_PART));
        Self { keys, renew_at, end: Some(now + before(MARGIN, MARGIN_PART)) }
    }

    fn is_usable(&self, now: Instant) -> bool {
        self.end.is_none_or(|end| now < end)
    }

    fn is_due(&self, now: Instant) -> bool {
        self.renew_at.is_some_and(|at| now >= at)
    }
}

impl Account {
    pub(super) fn new(plan: AwsPlan, region: Option<String>) -> Self {
        let provider = |plan: AwsPlan, region: Option<String>| -> Asking {
            Box::pin(async move { had(&plan, region.as_deref()).await })
        };
        Self::with(plan, region, Box::new(provider))
    }

    fn with(plan: AwsPlan, region: Option<String>, provider: Provider) -> Self {
        let held = stored(&plan).map(|keys| {
            let keys = Arc::new(keys);
            Arc::new(Held { keys, renew_at: None, end: None })
        });
        Self {
            plan,
            region,
            provider,
            keys: ArcSwapOption::new(held),
            state: Mutex::new(State {
                flight: None,
                failed: Pause::new(AFTER_FAILURE),
                last_failure: None,
                refused_at: None,
            }),
        }
    }

    pub(super) fn is_of(&self, plan: &AwsPlan, region: Option<&str>) -> bool {
        self.plan == *plan && self.region.as_deref() == region
    }

    /// The keys that can be used now. Such as end soon are replaced meanwhile.
    pub(crate) fn current(self: &Arc<Self>, now: Instant) -> Option<Arc<Keys>> {
        let held = self.keys.load();
        let held = held.as_ref().filter(|held| held.is_usable(now))?;
        if held.is_due(now)
            && let Ok(mut state) = self.state.try_lock()
            && !state.is_busy()
            && state.failed.left(now).is_none()
        {
            self.ask(&mut state);
        }
        Some(Arc::clone(&held.keys))
    }

    /// The keys, once they have been had.
    ///
    /// # Errors
    ///
    /// Why there are none; without asking again for a while after that failed.
    pub(crate) async fn get(
        self: &Arc<Self>,
        deadline: Option<Instant>,
    ) -> Result<Arc<Keys>, NoKeys> {
        for _ in 0..TRIES {
            let now = Instant::now();
            if let Some(keys) = self.current(now) {
                return Ok(keys);
            }
            let mut flight = self.join(now)?;
            let landed = flight.wait_for(Option::is_some);
            let landed = match deadline {
                Some(deadline) => timeout_at(deadline, landed).await.map_err(|_| late())?,
                None => landed.await,
            };
            // Where it ended without a result, its runtime is gone: somebody else asks.
            if let Ok(result) = landed
                && let Some(result) = &*result
            {
                return result.clone().map(|held| Arc::clone(&held.keys));
            }
        }
        Err(NoKeys("whoever asked for the keys is gone".into()))
    }

    /// The service does not take these keys; whether another call with other ones makes sense.
    pub(crate) fn refused(&self, keys: &Arc<Keys>) -> bool {
        if is_fixed(&self.plan) {
            return false;
        }
        let now = Instant::now();
        let mut state = self.state();
        let held = self.keys.load();
        let is_current = held.as_ref().is_some_and(|held| Arc::ptr_eq(&held.keys, keys));
        if !is_current {
            // Somebody else has had the same answer.
            return true;
        }
        let is_soon = |at: Instant| now.saturating_duration_since(at) < AFTER_REFUSAL;
        if state.failed.left(now).is_some() || state.refused_at.is_some_and(is_soon) {
            return false;
        }
        state.refused_at = Some(now);
        self.keys.store(None);
        true
    }

    /// How it is doing; `None` for keys that are always the same.
    pub(crate) fn report(&self, now: Instant) -> Option<TokenReport> {
        if is_fixed(&self.plan) {
            return None;
        }
        let held = self.keys.load();
        let left = |at: Instant| at.saturating_duration_since(now);
        let held = held.as_ref().filter(|held| held.is_usable(now));
        let state = self.state();
        Some(TokenReport {
            valid_for: held.and_then(|held| held.end).map(left),
            renewed_in: held.and_then(|held| held.renew_at).map(left),
            last_failure: state.last_failure.as_ref().map(|(at, why)| (*at, why.to_string())),
            next_try_in: state.failed.left(now),
        })
    }

    /// The request under way, or one that begins.
    fn join(self: &Arc<Self>, now: Instant) -> Result<Flight, NoKeys> {
        let mut state = self.state();
        if let Some(flight) = state.flight.as_ref().filter(|_| state.is_busy()) {
            return Ok(flight.clone());
        }
        // They may have come since they were looked for without the lock.
        let held = self.keys.load_full().filter(|held| held.is_usable(now));
        if let Some(held) = held {
            return Ok(watch::channel(Some(Ok(held))).1);
        }
        match (&state.last_failure, state.failed.left(now)) {
            (Some((_, failure)), Some(_)) => Err(failure.clone()),
            _ => Ok(self.ask(&mut state)),
        }
    }

    /// Begins a request.
    fn ask(self: &Arc<Self>, state: &mut State) -> Flight {
        let (sender, receiver) = watch::channel(None);
        state.flight = Some(receiver.clone());
        let account = Arc::clone(self);
        tokio::spawn(async move {
            let result = account.fetch().await;
            // Nobody may be waiting any more.
            let _unheard = sender.send(Some(result));
        });
        receiver
    }

    async fn fetch(&self) -> Result<Arc<Held>, NoKeys> {
        let asking = (self.provider)(self.plan.clone(), self.region.clone());
        let asking = tokio::time::timeout(LIMIT, asking).await;
        let had = asking.unwrap_or_else(|_elapsed| {
            let text = format!("the keys did not come within {} s", LIMIT.as_secs());
            Err(NoKeys(text.into()))
        });
        let now = Instant::now();
        let mut state = self.state();
        state.flight = None;
        match had {
            Ok(held) => {
                state.failed.reset();
                let held = Arc::new(held);
                self.keys.store(Some(Arc::clone(&held)));
                Ok(held)
            }
            Err(why) => {
                state.failed.fail(now);
                state.last_failure = Some((now, why.clone()));
                tracing::warn!(account = %self.shown(), reason = %why, "No keys of AWS could be had.");
                Err(why)
            }
        }
    }

    /// Whose keys they are, for the log.
    fn shown(&self) -> &str {
        match (&self.plan.role, &self.plan.source) {
            (Some(role), _) => &role.arn,
            (None, AwsSource::Chain { profile: Some(profile) }) => profile,
            (None, AwsSource::Chain { profile: None }) => "this machine",
            (None, AwsSource::Keys { id, .. }) => id,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Whether somebody is asking, and will have an answer.
    fn is_busy(&self) -> bool {
        self.flight.as_ref().is_some_and(|flight| flight.has_changed().is_ok())
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Account({})", self.shown())
    }
}

/// Whether its keys are written down, and never others.
fn is_fixed(plan: &AwsPlan) -> bool {
    plan.role.is_none() && matches!(plan.source, AwsSource::Keys { .. })
}

#[cfg(feature = "aws")]
use super::provider::had;
#[cfg(not(feature = "aws"))]
use super::without::had;

/// Keys that are written down.
fn stored(plan: &AwsPlan) -> Option<Keys> {
    match &plan.source {
        AwsSource::Keys { id, secret, token } if plan.role.is_none() => {
            Some(Keys::new(id, secret, token.as_ref()))
        }
        _ => None,
    }
}

#[cold]
fn late() -> NoKeys {
    NoKeys("no keys came in the time that the request has".into())
}

#[cfg(all(test, feature = "aws"))]
mod tests;
