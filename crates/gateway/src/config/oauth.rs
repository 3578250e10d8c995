//! How tokens for upstreams are had.

use std::time::Duration;

use super::proxies::Proxies;

/// What holds for every token URL, unless an endpoint says something else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OAuthConfig {
    /// How long connecting may take.
    pub connect: Duration,
    /// How long to wait for a turn, where connections are limited.
    pub turn: Duration,
    /// How long the answer may take.
    pub answer: Duration,
    /// How long a token is kept of which the server does not say it.
    pub life: Duration,
    /// Whether a call is made once more with another token after 401.
    pub repeats_after_401: bool,
    /// Most connections to one server.
    pub connections: usize,
    /// The proxies on the way; those of upstreams where there are none for tokens alone.
    pub proxies: Option<Proxies>,
}

impl Default for OAuthConfig {
    /// WSO2's values (spec/03 §4.4).
    fn default() -> Self {
        let time = Duration::from_secs(15);
        Self {
            connect: time,
            turn: time,
            answer: time,
            life: Duration::from_secs(3000),
            repeats_after_401: true,
            connections: 8,
            proxies: None,
        }
    }
}
