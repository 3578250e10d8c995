//! How tokens for upstreams are had: `[apim.mediator_config.oauth]`, `[apim.proxy_config]` and
//! `[weir.oauth]`.

use std::time::Duration;

use settings::{Section, Settings};

use super::proxies;
use super::values::{bool_or, integer_in};
use crate::config::oauth::OAuthConfig;

/// Reads the settings.
pub(super) fn oauth(settings: &Settings) -> OAuthConfig {
    let section = settings.section("apim.mediator_config.oauth");
    let default = OAuthConfig::default();
    let life = integer_in(&section, "expires_in", seconds(default.life), &(1..=31_536_000));
    let weir = settings.section("weir.oauth");
    let connections = integer_in(&weir, "connections", 8, &(1..=1000));
    OAuthConfig {
        connect: time(&section, "connection_timeout_duration", default.connect),
        turn: time(&section, "connection_request_timeout_duration", default.turn),
        answer: time(&section, "socket_timeout_duration", default.answer),
        life: Duration::from_secs(u64::try_from(life).unwrap_or_default()),
        repeats_after_401: bool_or(&section, "enable_retry_call_with_new_token", true),
        connections: usize::try_from(connections).unwrap_or(8),
        proxies: proxies::of_tokens(settings),
    }
}

/// Milliseconds.
fn time(section: &Section<'_>, name: &str, default: Duration) -> Duration {
    let default = i64::try_from(default.as_millis()).unwrap_or(i64::MAX);
    let time = integer_in(section, name, default, &(1..=3_600_000));
    Duration::from_millis(u64::try_from(time).unwrap_or_default())
}

fn seconds(time: Duration) -> i64 {
    i64::try_from(time.as_secs()).unwrap_or(i64::MAX)
}
