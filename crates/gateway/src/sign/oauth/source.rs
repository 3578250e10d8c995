//! One set of credentials at one authorization server, for one upstream.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use aws_lc_rs::digest;
use compiler::plan::OAuthPlan;
use model::secret::Secret;
use moka::sync::Cache;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};
use url::Url;

use super::answer::{self, Given};
use super::cell::{Cell, Token, TokenReport};
use super::failure::{TokenFailure, TokenOutcome};
use super::registry::ServerMetrics;
use super::request::{self, Ground};
use crate::clock::Clock;
use crate::fetch::Fetcher;

/// Callers whose exchanged tokens are kept.
const CALLERS: u64 = 10_000;
/// How long one is kept that nobody asks for.
const IDLE: Duration = Duration::from_secs(3600);

/// What may change under a source without making it another one.
#[derive(Debug)]
pub(super) struct Way {
    pub(super) fetcher: Fetcher,
    /// How long to wait for a turn.
    pub(super) turn: Duration,
    /// The life of a token of which the server does not say it.
    pub(super) life: Duration,
}

/// An authorization server as one client sees it.
#[derive(Debug)]
pub(super) struct Server {
    plan: OAuthPlan,
    url: Url,
    way: ArcSwap<Way>,
    /// The turns of all clients of this server.
    turns: Arc<Semaphore>,
    metrics: Arc<ServerMetrics>,
    clock: Clock,
}

/// Gives the tokens for one upstream.
#[derive(Debug)]
pub(crate) struct TokenSource {
    server: Arc<Server>,
    own: Arc<Cell>,
    /// The tokens of callers that are exchanged, by the hash of what they have shown.
    exchanged: Option<Cache<[u8; 32], Arc<Cell>>>,
}

/// A token, and where it came from.
#[derive(Debug)]
pub(crate) struct Shown {
    pub(crate) token: Arc<Token>,
    cell: Arc<Cell>,
}

impl Server {
    pub(super) fn new(
        plan: &OAuthPlan,
        url: Url,
        way: Way,
        (turns, metrics): (Arc<Semaphore>, Arc<ServerMetrics>),
    ) -> Self {
        let way = ArcSwap::from_pointee(way);
        Self { plan: plan.clone(), url, way, turns, metrics, clock: Clock::system() }
    }

    pub(super) fn default_life(&self) -> Duration {
        self.way.load().life
    }

    /// Asks for a token, once there is a turn.
    pub(super) async fn ask(&self, ground: Ground<'_>) -> Result<Given, TokenFailure> {
        let started = Instant::now();
        let given = self.try_ask(ground).await;
        let outcome = given.as_ref().err().map_or(TokenOutcome::Success, |failure| failure.outcome);
        self.metrics.note(outcome, started.elapsed());
        given
    }

    async fn try_ask(&self, ground: Ground<'_>) -> Result<Given, TokenFailure> {
        let (headers, body) = request::build(&self.plan, ground, &self.clock)?;
        let way = self.way.load_full();
        let Ok(Ok(_turn)) = timeout(way.turn, self.turns.acquire()).await else {
            let waited = way.turn.as_millis();
            let detail = format!("No connection to the Token URL was free within {waited} ms");
            return Err(TokenFailure::new(TokenOutcome::Busy, detail));
        };
        let fetched = way.fetcher.post(&self.url, headers, body).await?;
        answer::read(&fetched)
    }

    /// Tells of a failure.
    pub(super) fn tell(&self, failure: &TokenFailure) {
        let (server, client) = (self.metrics.name(), &*self.plan.client.id);
        tracing::warn!(server, client, reason = %failure, "No token could be had for an endpoint.");
    }
}

impl TokenSource {
    pub(super) fn new(server: Server, is_exchange: bool) -> Self {
        let exchanged =
            is_exchange.then(|| Cache::builder().max_capacity(CALLERS).time_to_idle(IDLE).build());
        Self { server: Arc::new(server), own: Arc::new(Cell::new(None)), exchanged }
    }

    /// Goes another way to the server from now on.
    pub(super) fn go(&self, way: Way) {
        self.server.way.store(Arc::new(way));
    }

    /// The token that can be shown now; `caller` is the token of the caller.
    pub(crate) fn current(&self, caller: Option<&Secret>, now: Instant) -> Option<Shown> {
        let cell = self.cell(caller);
        let token = cell.current(&self.server, now)?;
        Some(Shown { token, cell })
    }

    /// The token that can be shown, once it has been had.
    ///
    /// # Errors
    ///
    /// Why there is none.
    pub(crate) async fn get(
        &self,
        caller: Option<&Secret>,
        deadline: Option<Instant>,
    ) -> Result<Shown, TokenFailure> {
        if self.exchanged.is_some() && caller.is_none() {
            let detail = "The caller has shown no token that could be exchanged";
            return Err(TokenFailure::new(TokenOutcome::Unasked, detail));
        }
        let cell = self.cell(caller);
        let token = cell.get(&self.server, deadline).await?;
        Ok(Shown { token, cell })
    }

    fn cell(&self, caller: Option<&Secret>) -> Arc<Cell> {
        let (Some(cells), Some(caller)) = (&self.exchanged, caller) else {
            return Arc::clone(&self.own);
        };
        cells.get_with(hash(caller), || Arc::new(Cell::new(Some(caller.clone()))))
    }

    /// An upstream has answered 401; whether another call with another token makes sense.
    pub(crate) fn refused(&self, shown: &Shown) -> bool {
        self.server.metrics.refused();
        shown.cell.refused(&shown.token)
    }

    /// How it is doing; `None` where each caller has a token of its own.
    pub(crate) fn report(&self, now: Instant) -> Option<TokenReport> {
        self.exchanged.is_none().then(|| self.own.report(now))
    }
}

fn hash(secret: &Secret) -> [u8; 32] {
    let digest = digest::digest(&digest::SHA256, secret.expose().as_bytes());
    digest.as_ref().try_into().expect("SHA-256 is 32 bytes long")
}
