//! The tokens that one leaf shows: of one source where its address is fixed, else of one for each
//! address that it has led to.

use std::sync::Arc;

use compiler::plan::{OAuthPlan, TrustedCertificate};
use http::HeaderValue;
use model::secret::Secret;
use moka::sync::Cache;
use tokio::time::Instant;

use super::oauth::{Means, Shown, TokenReport, TokenSource, Tokens};
use crate::config::oauth::OAuthConfig;
use crate::config::proxies::Proxies;
use crate::endpoint::http::LeafContext;
use crate::upstream::tls::TrustStore;

/// Addresses of one leaf whose tokens are kept.
const TARGETS: u64 = 256;

/// The tokens of one leaf.
#[derive(Debug)]
pub(crate) struct LeafTokens {
    plan: OAuthPlan,
    tokens: Arc<Tokens>,
    config: OAuthConfig,
    proxies: Proxies,
    trust: Arc<TrustStore>,
    certificates: Arc<[TrustedCertificate]>,
    /// By scheme, host and port of the upstream.
    sources: Cache<Box<str>, Option<Arc<TokenSource>>>,
    /// The only one, where the address is fixed.
    fixed: Option<(Box<str>, Arc<TokenSource>)>,
}

/// A token that one request needs.
#[derive(Debug)]
pub(crate) struct WantedToken {
    source: Option<Arc<TokenSource>>,
    caller: Option<Secret>,
    /// Whether a call is made once more after 401.
    repeats: bool,
}

/// A token that a request has.
#[derive(Debug)]
pub(crate) struct ShownToken(Shown);

impl LeafTokens {
    /// Those of a plan; `target` is the upstream, where it is always the same.
    pub(crate) fn new(plan: &OAuthPlan, target: Option<&str>, context: &LeafContext<'_>) -> Self {
        let mut tokens = Self {
            plan: plan.clone(),
            tokens: Arc::clone(context.tokens),
            config: context.config.oauth.clone(),
            proxies: context.config.upstream.proxies.clone(),
            trust: Arc::clone(context.trust),
            certificates: context.certificates.into(),
            sources: Cache::new(TARGETS),
            fixed: None,
        };
        tokens.fixed = target.and_then(|target| Some((target.into(), tokens.source(target)?)));
        tokens
    }

    /// What a request to an upstream needs; `caller` is what the caller has shown to the gateway.
    pub(crate) fn wanted(&self, target: &str, caller: Option<&HeaderValue>) -> WantedToken {
        let source = match &self.fixed {
            Some((fixed, source)) if **fixed == *target => Some(Arc::clone(source)),
            _ => self.sources.get_with(target.into(), || self.source(target)),
        };
        let caller = caller.and_then(bearer).map(Secret::new);
        WantedToken { source, caller, repeats: self.config.repeats_after_401 }
    }

    fn source(&self, target: &str) -> Option<Arc<TokenSource>> {
        let means = Means {
            config: &self.config,
            proxies: &self.proxies,
            trust: &self.trust,
            certificates: &self.certificates,
        };
        self.tokens.source(&self.plan, target, means)
    }

    /// How the token is doing; `None` where there is not exactly one.
    pub(crate) fn report(&self, now: Instant) -> Option<TokenReport> {
        self.fixed.as_ref()?.1.report(now)
    }
}

impl WantedToken {
    /// The token, where it is at hand.
    pub(crate) fn current(&self, now: Instant) -> Option<ShownToken> {
        self.source.as_ref()?.current(self.caller.as_ref(), now).map(ShownToken)
    }

    /// The token, once it has been had.
    ///
    /// # Errors
    ///
    /// Why there is none, in words for the log.
    pub(crate) async fn get(&self, deadline: Option<Instant>) -> Result<ShownToken, String> {
        let Some(source) = &self.source else { return Err("the token URL is none".to_owned()) };
        let shown = source.get(self.caller.as_ref(), deadline).await;
        shown.map(ShownToken).map_err(|failure| failure.to_string())
    }

    /// The upstream has answered 401; whether another call with another token makes sense.
    pub(crate) fn refused(&self, shown: &ShownToken) -> bool {
        let makes_sense = self.source.as_ref().is_some_and(|source| source.refused(&shown.0));
        makes_sense && self.repeats
    }
}

impl ShownToken {
    /// The value of `Authorization`.
    pub(crate) fn header(&self) -> HeaderValue {
        self.0.token.header.clone()
    }

    /// Notes that the upstream has taken it.
    pub(crate) fn accept(&self) {
        self.0.token.accept();
    }
}

/// A token without the word before it.
fn bearer(value: &HeaderValue) -> Option<&str> {
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim()).filter(|token| !token.is_empty())
}
