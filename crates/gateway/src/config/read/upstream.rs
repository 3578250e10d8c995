//! `[weir.upstream]`: how upstreams are talked to.

use http1::HeadLimits;
use settings::Settings;

use super::values::{choice, size_in};
use crate::config::upstream::{ClientChoice, Upstreams};

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
        proxies: super::proxies::proxies(settings),
    }
}
