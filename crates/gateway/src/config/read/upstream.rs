//! `[weir.upstream]`: how upstreams are talked to.

use compiler::plan::RetryPolicy;
use http1::HeadLimits;
use settings::Settings;

use super::values::{choice, size_in};
use crate::config::upstream::{ClientChoice, Upstreams};

/// What groups may send again, by its names in `x-weir.retries.policy`.
const POLICIES: [(&str, RetryPolicy); 5] = [
    ("never", RetryPolicy::Never),
    ("unsent", RetryPolicy::Unsent),
    ("safe", RetryPolicy::Safe),
    ("idempotent", RetryPolicy::Idempotent),
    ("wso2", RetryPolicy::Wso2),
];

/// Reads everything about connections to upstreams that is not TLS.
pub(super) fn upstreams(settings: &Settings) -> Upstreams {
    let section = settings.section("weir.upstream");
    let default = Upstreams::default();
    let clients = [("weir", ClientChoice::Own), ("hyper", ClientChoice::Library)];
    Upstreams {
        client: choice(&section, "client", "weir", &clients).unwrap_or(default.client),
        idle_per_target: size_in(&section, "max_idle_per_target", default.idle_per_target, 100_000),
        head: HeadLimits {
            bytes: size_in(&section, "head_bytes", default.head.bytes, 16 * 1024 * 1024),
            fields: size_in(&section, "header_fields", default.head.fields, 10_000),
        },
        retry_policy: choice(&section, "retry_policy", "safe", &POLICIES)
            .unwrap_or(default.retry_policy),
        proxies: super::proxies::proxies(settings),
    }
}
