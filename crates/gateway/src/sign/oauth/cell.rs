//! One token, and who is asking for the next one.
//!
//! A token that is valid is read without a lock. Requests that find none wait for the one request
//! that is under way; it is made by a task of its own, so that it does not end with the request
//! that began it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use http::HeaderValue;
use model::secret::Secret;
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use super::super::pause::Pause;
use super::answer::Given;
use super::failure::{TokenFailure, TokenOutcome};
use super::request::Ground;
use super::source::Server;

/// The first pause after a request for a token has failed.
const AFTER_FAILURE: Duration = Duration::from_millis(500);
/// The first pause after an upstream has refused a token that was had because of a refusal.
const AFTER_REFUSAL: Duration = Duration::from_secs(1);
/// How long before its end a token is replaced, at most; and after which part of its life.
const EARLY: Duration = Duration::from_secs(60);
const EARLY_PART: f64 = 0.2;
/// How long before its end a token is not shown any more, at most; and after which part.
const MARGIN: Duration = Duration::from_secs(1);
const MARGIN_PART: f64 = 0.1;
/// How often a request waits anew, because whoever asked for it is gone.
const TRIES: usize = 5;

/// A token while it can be shown.
#[derive(Debug)]
pub(crate) struct Token {
    /// The value of `Authorization`.
    pub(crate) header: HeaderValue,
    /// From then on it is replaced.
    renew_at: Instant,
    /// From then on it is not shown.
    end: Instant,
    /// Whether it was had because an upstream refused the one before.
    is_replacement: bool,
    /// Whether an upstream has taken it.
    is_proven: AtomicBool,
}

type Flight = watch::Receiver<Option<Result<Arc<Token>, TokenFailure>>>;

/// The place of one token.
#[derive(Debug)]
pub(super) struct Cell {
    token: ArcSwapOption<Token>,
    state: Mutex<State>,
    /// What of the caller is exchanged for it.
    subject: Option<Secret>,
}

#[derive(Debug)]
struct State {
    /// The request under way.
    flight: Option<Flight>,
    /// While the server is left alone, and why.
    failed: Pause,
    last_failure: Option<(Instant, TokenFailure)>,
    /// While refusals of upstreams change nothing.
    refused: Pause,
    /// Whether the next token replaces one that was refused.
    is_after_refusal: bool,
    refresh_token: Option<Secret>,
}

/// How a source of tokens is doing, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenReport {
    /// How long the token can still be shown; `None` without one.
    pub valid_for: Option<Duration>,
    /// How long until it is replaced.
    pub renewed_in: Option<Duration>,
    /// The last failure, and when it was.
    pub last_failure: Option<(Instant, String)>,
    /// How long the server is left alone.
    pub next_try_in: Option<Duration>,
}

impl Token {
    fn new(given: Given, asked: Instant, default_life: Duration, is_replacement: bool) -> Self {
        let life = given.life.unwrap_or(default_life);
        let before = |most: Duration, part: f64| life - most.min(life.mul_f64(part));
        Self {
            header: given.header,
            renew_at: asked + before(EARLY, EARLY_PART),
            end: asked + before(MARGIN, MARGIN_PART),
            is_replacement,
            is_proven: AtomicBool::new(false),
        }
    }

    /// Notes that an upstream has taken it.
    pub(crate) fn accept(&self) {
        // Read first, so that a token in use is not written to by every request.
        if !self.is_proven.load(Ordering::Relaxed) {
            self.is_proven.store(true, Ordering::Relaxed);
        }
    }
}

impl Cell {
    pub(super) fn new(subject: Option<Secret>) -> Self {
        Self {
            token: ArcSwapOption::empty(),
            state: Mutex::new(State {
                flight: None,
                failed: Pause::new(AFTER_FAILURE),
                last_failure: None,
                refused: Pause::new(AFTER_REFUSAL),
                is_after_refusal: false,
                refresh_token: None,
            }),
            subject,
        }
    }

    /// The token that can be shown now. One that ends soon is replaced meanwhile.
    pub(super) fn current(
        self: &Arc<Self>,
        server: &Arc<Server>,
        now: Instant,
    ) -> Option<Arc<Token>> {
        let token = self.token.load();
        let token = token.as_ref().filter(|token| now < token.end)?;
        if now >= token.renew_at
            && let Ok(mut state) = self.state.try_lock()
            && !state.is_busy()
            && state.failed.left(now).is_none()
        {
            self.ask(server, &mut state);
        }
        Some(Arc::clone(token))
    }

    /// The token that can be shown, once it has been had.
    ///
    /// # Errors
    ///
    /// Why there is none; without asking the server again for a while after it failed.
    pub(super) async fn get(
        self: &Arc<Self>,
        server: &Arc<Server>,
        deadline: Option<Instant>,
    ) -> Result<Arc<Token>, TokenFailure> {
        for _ in 0..TRIES {
            let now = Instant::now();
            if let Some(token) = self.current(server, now) {
                return Ok(token);
            }
            let mut flight = self.join(server, now)?;
            let landed = flight.wait_for(Option::is_some);
            let landed = match deadline {
                Some(deadline) => timeout_at(deadline, landed).await.map_err(|_| late())?,
                None => landed.await,
            };
            // Where it ended without a result, its runtime is gone: somebody else asks.
            if let Ok(result) = landed
                && let Some(result) = &*result
            {
                return result.clone();
            }
        }
        Err(TokenFailure::new(TokenOutcome::Unasked, "Whoever asked for the token is gone"))
    }

    /// The request under way, or one that begins.
    fn join(self: &Arc<Self>, server: &Arc<Server>, now: Instant) -> Result<Flight, TokenFailure> {
        let mut state = self.state();
        if let Some(flight) = state.flight.as_ref().filter(|_| state.is_busy()) {
            return Ok(flight.clone());
        }
        // It may have come since this was looked for without the lock.
        let held = self.token.load_full().filter(|token| now < token.end);
        if let Some(token) = held {
            return Ok(watch::channel(Some(Ok(token))).1);
        }
        match (&state.last_failure, state.failed.left(now)) {
            (Some((_, failure)), Some(_)) => Err(failure.clone()),
            _ => Ok(self.ask(server, &mut state)),
        }
    }

    /// Begins a request.
    fn ask(self: &Arc<Self>, server: &Arc<Server>, state: &mut State) -> Flight {
        let (sender, receiver) = watch::channel(None);
        state.flight = Some(receiver.clone());
        let is_replacement = std::mem::take(&mut state.is_after_refusal);
        let refresh_token = state.refresh_token.take();
        let (cell, server) = (Arc::clone(self), Arc::clone(server));
        tokio::spawn(async move {
            let result = cell.fetch(&server, refresh_token, is_replacement).await;
            // Nobody may be waiting any more.
            let _unheard = sender.send(Some(result));
        });
        receiver
    }

    async fn fetch(
        &self,
        server: &Server,
        mut refresh_token: Option<Secret>,
        is_replacement: bool,
    ) -> Result<Arc<Token>, TokenFailure> {
        let asked = Instant::now();
        let mut given = match &refresh_token {
            Some(token) => server.ask(Ground::Refresh(token)).await,
            None => server.ask(self.ground()).await,
        };
        // A refresh token that is not taken any more is no reason to go without.
        if refresh_token.is_some() && given.as_ref().is_err_and(TokenFailure::is_about_grant) {
            refresh_token = None;
            given = server.ask(self.ground()).await;
        }
        let now = Instant::now();
        let mut state = self.state();
        state.flight = None;
        match given {
            Ok(mut given) => {
                state.failed.reset();
                // A server that names no other one goes on with the same.
                let next = given.refresh_token.take().or(refresh_token);
                state.refresh_token = next.filter(|_| self.subject.is_none());
                let life = server.default_life();
                let token = Arc::new(Token::new(given, asked, life, is_replacement));
                self.token.store(Some(Arc::clone(&token)));
                Ok(token)
            }
            Err(failure) => {
                state.failed.fail(now);
                // What could not be tried may be tried again.
                state.refresh_token = refresh_token;
                state.is_after_refusal |= is_replacement;
                state.last_failure = Some((now, failure.clone()));
                server.tell(&failure);
                Err(failure)
            }
        }
    }

    fn ground(&self) -> Ground<'_> {
        self.subject.as_ref().map_or(Ground::Grant, Ground::Subject)
    }

    /// An upstream has answered 401 to a token; whether another call with another token makes
    /// sense.
    pub(super) fn refused(&self, token: &Arc<Token>) -> bool {
        let now = Instant::now();
        let mut state = self.state();
        let is_current = self.token.load().as_ref().is_some_and(|held| Arc::ptr_eq(held, token));
        if !is_current {
            // Somebody else has had the same answer.
            return true;
        }
        if state.failed.left(now).is_some() {
            // There is no other one to be had: this one may still be good for other calls.
            return false;
        }
        if token.is_proven.load(Ordering::Relaxed) {
            state.refused.reset();
        } else if token.is_replacement {
            // A new token did not help. Whether yet another one would is seen after a while.
            if state.refused.left(now).is_some() {
                return false;
            }
            if !state.is_after_refusal {
                state.refused.fail(now);
                state.is_after_refusal = true;
                return false;
            }
        }
        state.is_after_refusal = true;
        self.token.store(None);
        true
    }

    /// How it is doing.
    pub(super) fn report(&self, now: Instant) -> TokenReport {
        let token = self.token.load();
        let left = |at: Instant| at.saturating_duration_since(now);
        let token = token.as_ref().filter(|token| now < token.end);
        let state = self.state();
        TokenReport {
            valid_for: token.map(|token| left(token.end)),
            renewed_in: token.map(|token| left(token.renew_at)),
            last_failure: state.last_failure.as_ref().map(|(at, why)| (*at, why.to_string())),
            next_try_in: state.failed.left(now),
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

#[cold]
fn late() -> TokenFailure {
    TokenFailure::new(TokenOutcome::Timeout, "No token came in the time that the request has")
}
