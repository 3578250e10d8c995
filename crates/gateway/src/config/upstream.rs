//! How upstreams are talked to.

use compiler::plan::RetryPolicy;
use http1::HeadLimits;

use super::proxies::Proxies;

/// How upstreams are talked to.
#[derive(Debug, Clone)]
pub struct Upstreams {
    /// What speaks HTTP/1.1 to them.
    pub client: ClientChoice,
    /// Most idle connections that a worker keeps to one of them.
    pub idle_per_target: usize,
    /// How large the head of an answer may be.
    pub head: HeadLimits,
    /// What a group of endpoints may send again where it does not say.
    pub retry_policy: RetryPolicy,
    /// Which of them are reached through a proxy.
    pub proxies: Proxies,
}

/// What speaks HTTP/1.1 to upstreams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientChoice {
    /// The gateway's own client.
    Own,
    /// The HTTP library's, to compare with.
    Library,
}

impl Default for Upstreams {
    fn default() -> Self {
        Self {
            client: ClientChoice::Own,
            idle_per_target: 512,
            head: HeadLimits { bytes: 64 * 1024, fields: 100 },
            retry_policy: RetryPolicy::default(),
            proxies: Proxies::default(),
        }
    }
}
