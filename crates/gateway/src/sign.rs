//! Showing an upstream who calls: the credentials of an endpoint, put into its requests.
//!
//! Some are the same for every request (`fixed.rs`), others have to be had first: the challenge of
//! an upstream (`digest.rs`), or the token of an authorization server (`oauth.rs`). How an attempt
//! waits for them, and is made once more where an upstream refuses them, is in
//! `endpoint/http/authorize.rs`.

pub(crate) mod aws;
pub mod digest;
pub(crate) mod fixed;
mod live;
pub mod oauth;
mod pause;
mod token;

use std::sync::Arc;

use compiler::plan::Credentials;
use http::{HeaderName, HeaderValue, header};
use tokio::time::Instant;

use crate::endpoint::http::LeafContext;
use aws::Account;
use digest::Digest;
pub(crate) use fixed::Fixed;
pub(crate) use live::{Again, Live, Shown};
use oauth::TokenReport;
use token::LeafTokens;

/// What one endpoint is shown.
#[derive(Debug)]
pub(crate) enum Signer {
    /// The same for every request.
    Fixed(Fixed),
    /// An answer to the upstream's challenge.
    Digest(Arc<Digest>),
    /// A token.
    Token(Box<LeafTokens>),
    /// A signature, which is made where its call is.
    Aws(Arc<Account>),
}

impl Signer {
    /// What a plan says.
    /// `target` is the upstream (its scheme, host and port), where it is always the same.
    pub(crate) fn new(
        credentials: &Credentials,
        target: Option<&str>,
        context: &LeafContext<'_>,
    ) -> Option<Self> {
        Some(match credentials {
            Credentials::Basic(account) => Self::Fixed(Fixed::basic(account)?),
            Credentials::HeaderKey { name, key } => {
                Self::Fixed(Fixed::header(name.clone(), key.expose())?)
            }
            Credentials::QueryKey { name, key } => Self::Fixed(Fixed::query(name, key.expose())),
            Credentials::Digest(account) => {
                Self::Digest(Arc::new(Digest::new(&account.username, &account.password)))
            }
            Credentials::OAuth(plan) => {
                Self::Token(Box::new(LeafTokens::new(plan, target, context)))
            }
            Credentials::Aws(plan) => {
                let region = context.config.aws.defaults.region.as_deref();
                Self::Aws(context.tokens.accounts().account(plan, region))
            }
        })
    }

    /// The header that carries what is shown.
    pub(crate) fn header(&self) -> Option<&HeaderName> {
        match self {
            Self::Fixed(Fixed::Header(name, _)) => Some(name),
            // What is sent to functions has none of the caller's headers.
            Self::Fixed(Fixed::Query { .. }) | Self::Aws(_) => None,
            Self::Digest(_) | Self::Token(_) => Some(&header::AUTHORIZATION),
        }
    }

    /// The account of AWS that calls are signed for.
    pub(crate) fn account(&self) -> Option<&Arc<Account>> {
        match self {
            Self::Aws(account) => Some(account),
            Self::Fixed(_) | Self::Digest(_) | Self::Token(_) => None,
        }
    }

    /// How the token is doing, where there is one.
    pub(crate) fn token(&self, now: Instant) -> Option<TokenReport> {
        match self {
            Self::Token(tokens) => tokens.report(now),
            Self::Aws(account) => account.report(now),
            Self::Fixed(_) | Self::Digest(_) => None,
        }
    }

    /// What is the same for every request.
    pub(crate) fn fixed(&self) -> Option<&Fixed> {
        match self {
            Self::Fixed(fixed) => Some(fixed),
            Self::Digest(_) | Self::Token(_) | Self::Aws(_) => None,
        }
    }

    /// What has to be had for a request to this upstream; `caller` is what the caller has shown.
    pub(crate) fn live(&self, origin: &str, caller: Option<&HeaderValue>) -> Option<Live> {
        match self {
            Self::Fixed(_) | Self::Aws(_) => None,
            Self::Digest(digest) => Some(Live::Digest(Arc::clone(digest))),
            Self::Token(tokens) => Some(Live::Token(tokens.wanted(origin, caller))),
        }
    }
}
