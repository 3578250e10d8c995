//! What a load-balance group may say: the algorithm, sessions, and WSO2's switch.

use std::time::Duration;

use model::cursor::Cursor;
use model::endpoint::GroupConfig;
use model::{Diagnostics, Place, codes};
use serde_json::Value;

use super::options::no_effect;
use super::settings::{Settings, check_keys, is_off};
use super::value;
use crate::plan::{
    Affinity, AffinityKind, Algorithm, ConsistentHash, FailOverSwitch, GroupPlan, HashKey, WhenLost,
};

/// The package of the classes that `algoClassName` names.
const PACKAGE: &str = "org.apache.synapse.endpoints.algorithms.";
/// The cookies that WSO2 knows (spec/01 §4.3).
const COOKIES: [&str; 4] = ["JSESSIONID", "PHPSESSID", "phpMyAdmin", "wordpress_test_cookie"];
const AFFINITY_KEYS: &[&str] = &["type", "cookies", "timeout", "window", "whenLost"];
const HASH_KEYS: &[&str] = &["header", "cookie", "query"];
/// Below this a session hardly lasts; the portal's own default is 300.
const SHORT_SESSION: Duration = Duration::from_secs(1);

pub(super) fn algorithm(
    settings: &Settings<'_>,
    config: Option<&GroupConfig>,
    found: &mut Diagnostics,
) -> Algorithm {
    let Some(at) = settings.get("algorithm") else {
        warn_of_hash(settings, found);
        return config.map_or(Algorithm::RoundRobin, |config| of_class(config, found));
    };
    let names = [
        ("roundRobin", &Algorithm::RoundRobin),
        ("weighted", &Algorithm::Weighted),
        ("weightedOnEnd", &Algorithm::WeightedOnEnd),
        ("weightedByLoad", &Algorithm::WeightedByLoad { rounds: 1 }),
        ("leastRequests", &Algorithm::LeastRequests),
        ("powerOfTwo", &Algorithm::PowerOfTwo),
        ("random", &Algorithm::Random),
    ];
    if value::scalar(&at).is_some_and(|word| value::plain(&word) == "consistenthash") {
        return Algorithm::ConsistentHash(consistent_hash(settings, &at, found));
    }
    warn_of_hash(settings, found);
    if let Some((_, known)) =
        names.iter().find(|(name, _)| value::scalar(&at).is_some_and(|word| same(name, &word)))
    {
        return (*known).clone();
    }
    let names = names.iter().map(|(name, _)| *name).chain(["consistentHash"]);
    value::refuse(&at, format!("Use {}.", value::one_of(names)), found);
    Algorithm::RoundRobin
}

fn same(one: &str, other: &str) -> bool {
    value::plain(one) == value::plain(other)
}

/// WSO2's three classes, with or without their package.
fn of_class(config: &GroupConfig, found: &mut Diagnostics) -> Algorithm {
    let Some(written) = &config.algorithm else { return Algorithm::RoundRobin };
    match written.strip_prefix(PACKAGE).unwrap_or(written) {
        "RoundRobin" => Algorithm::RoundRobin,
        "WeightedRoundRobin" => Algorithm::WeightedOnEnd,
        "WeightedRRLCAlgorithm" => Algorithm::WeightedByLoad { rounds: 1 },
        _ => {
            let message = format!("the algorithm `{written}` is unknown");
            let help = format!(
                "Use `{PACKAGE}RoundRobin`, WeightedRoundRobin or WeightedRRLCAlgorithm of the \
                 same package, or `x-weir.algorithm`."
            );
            found.error(codes::ALGORITHM, config.place_of("algoClassName"), message, help);
            Algorithm::RoundRobin
        }
    }
}

fn warn_of_hash(settings: &Settings<'_>, found: &mut Diagnostics) {
    for at in ["hashOn", "boundedLoad"].iter().filter_map(|key| settings.get(key)) {
        no_effect(&at, "it belongs to `algorithm: consistentHash`", found);
    }
}

fn consistent_hash(
    settings: &Settings<'_>,
    at: &Cursor<'_>,
    found: &mut Diagnostics,
) -> ConsistentHash {
    let keys = match settings.get("hashOn") {
        Some(on) if on.value().is_array() => {
            on.items(found).iter().filter_map(|on| hash_key(on, found)).collect()
        }
        Some(on) => hash_key(&on, found).into_iter().collect(),
        None => {
            let message = "`consistentHash` does not say what of a request to hash";
            let help = "Add `hashOn`, such as `{header: X-User}`, `clientAddress` or `path`.";
            found.error(codes::EXTENSION_VALUE, at.place(), message, help);
            Vec::new()
        }
    };
    let bound = match settings.get("boundedLoad") {
        Some(at) if is_off(&at) => None,
        at => value::percent(at, 101..=1000, found),
    };
    ConsistentHash { keys, bound }
}

fn hash_key(at: &Cursor<'_>, found: &mut Diagnostics) -> Option<HashKey> {
    if !at.value().is_object() {
        let words = [("clientAddress", &HashKey::ClientAddress), ("path", &HashKey::Path)];
        let word = value::scalar(at).unwrap_or_default();
        let known = words.iter().find(|(name, _)| same(name, &word));
        if known.is_none() {
            let help = "Use `{header: …}`, `{cookie: …}`, `{query: …}`, clientAddress or path.";
            value::refuse(at, help, found);
        }
        return known.map(|(_, key)| (*key).clone());
    }
    check_keys(at, &[HASH_KEYS], found);
    let part = |key: &str| Some(at.get(key)).filter(|at| !at.is_absent());
    if let Some(header) = part("header") {
        return value::header_name(Some(header), found).map(HashKey::Header);
    }
    if let Some(cookie) = part("cookie") {
        return value::text(Some(cookie), found).map(HashKey::Cookie);
    }
    value::text(part("query"), found).map(HashKey::Query)
}

/// Weights that are written and not looked at.
pub(super) fn check_weights(
    settings: &Settings<'_>,
    group: &GroupPlan,
    algorithm: &Algorithm,
    place: Place,
    found: &mut Diagnostics,
) {
    let is_weighted = group.members.iter().any(|member| member.weight > 1);
    if is_weighted && *algorithm == Algorithm::RoundRobin {
        let place = settings.get("algorithm").map_or(place, |at| at.place());
        let message = "the weights of the members have no effect under `roundRobin`";
        let help = "Use `algorithm: weighted`.";
        found.warning(codes::NO_EFFECT, place, message, help);
    }
}

pub(super) fn fail_over(
    settings: &Settings<'_>,
    config: Option<&GroupConfig>,
    has_sessions: bool,
    found: &mut Diagnostics,
) -> FailOverSwitch {
    if let Some(flag) = value::flag(settings.get("failOver"), found) {
        return if flag { FailOverSwitch::ON } else { FailOverSwitch::OFF };
    }
    // WSO2 does not look at the switch where there are sessions (spec/01 §4.3).
    match config.filter(|_| !has_sessions) {
        Some(config) => of_switch(config, found),
        None => FailOverSwitch::ON,
    }
}

/// The table of spec/01 §4.2.
fn of_switch(config: &GroupConfig, found: &mut Diagnostics) -> FailOverSwitch {
    let since_4_6 = FailOverSwitch { before_4_6: true, since_4_6: false };
    let help = "Write true or false, without quotes.";
    let place = config.place_of("failOver");
    match &config.fail_over {
        None | Some(Value::Null | Value::Bool(true)) => FailOverSwitch::ON,
        Some(Value::Bool(false)) => since_4_6,
        Some(Value::String(text)) => match text.as_str() {
            "" | "true" | "True" => FailOverSwitch::ON,
            "false" => since_4_6,
            "False" => {
                let message = "`failOver: \"False\"` is off before 4.6, and on since";
                found.note(codes::FAIL_OVER, place, message, help);
                FailOverSwitch { before_4_6: false, since_4_6: true }
            }
            other => {
                let message = format!("`failOver: {other}` counts as on");
                found.warning(codes::FAIL_OVER, place, message, help);
                FailOverSwitch::ON
            }
        },
        Some(other) => {
            let message = format!("`failOver: {other}` counts as on");
            found.warning(codes::FAIL_OVER, place, message, help);
            FailOverSwitch::ON
        }
    }
}

#[derive(Clone, Copy)]
enum Session {
    None,
    Cookie,
    Soap,
    ClientId,
}

pub(super) fn affinity(
    settings: &Settings<'_>,
    config: Option<&GroupConfig>,
    found: &mut Diagnostics,
) -> Option<Affinity> {
    if settings.get("affinity").is_some_and(|at| is_off(&at)) {
        return None;
    }
    let own = settings.inner("affinity");
    own.check_keys(&[AFFINITY_KEYS], found);
    let words = [
        ("cookie", Session::Cookie),
        ("soap", Session::Soap),
        ("clientId", Session::ClientId),
        ("none", Session::None),
    ];
    let written = value::choice(own.get("type"), &words, found);
    let session = written.or_else(|| config.and_then(|config| session(config, found)));
    // Whoever writes of sessions wants them.
    let default = if own.first().is_some() { Session::Cookie } else { Session::None };
    let kind = match session.unwrap_or(default) {
        Session::None => return None,
        Session::Cookie => AffinityKind::Cookie(cookies(&own, found)),
        Session::Soap => AffinityKind::Soap,
        Session::ClientId => AffinityKind::ClientId,
    };
    if let Some(at) = own.get("cookies").filter(|_| !matches!(kind, AffinityKind::Cookie(_))) {
        no_effect(&at, "sessions are not told by cookies", found);
    }
    let timeout = match own.get("timeout") {
        Some(at) => value::some_time(Some(at), found),
        None => config.and_then(|config| session_timeout(config, found)),
    };
    let windows = [("fixed", false), ("sliding", true)];
    let losses = [("rebind", WhenLost::Rebind), ("fault", WhenLost::Fault)];
    Some(Affinity {
        kind,
        timeout,
        is_sliding: value::choice(own.get("window"), &windows, found).unwrap_or(false),
        when_lost: value::choice(own.get("whenLost"), &losses, found).unwrap_or_default(),
    })
}

fn cookies(own: &Settings<'_>, found: &mut Diagnostics) -> Vec<String> {
    let named = value::texts(own.get("cookies"), found);
    named.unwrap_or_else(|| COOKIES.map(str::to_owned).to_vec())
}

/// `transport` is what tools and documents call `http` (spec/01 §10, 10).
fn session(config: &GroupConfig, found: &mut Diagnostics) -> Option<Session> {
    let written = config.session.as_deref()?;
    match written.to_ascii_lowercase().as_str() {
        "none" => Some(Session::None),
        "http" | "transport" => Some(Session::Cookie),
        "soap" => Some(Session::Soap),
        "simpleclientsession" => Some(Session::ClientId),
        _ => {
            let message = format!("the session type `{written}` is unknown");
            let help = "Use http, soap, simpleClientSession or none.";
            found.error(codes::SESSION, config.place_of("sessionManagement"), message, help);
            None
        }
    }
}

fn session_timeout(config: &GroupConfig, found: &mut Diagnostics) -> Option<Duration> {
    let text = config.session_timeout.as_deref()?;
    let place = config.place_of("sessionTimeOut");
    let Ok(milliseconds) = text.parse::<i64>() else {
        let message = format!("`sessionTimeOut` cannot be `{text}`");
        let help = "Write a whole number of milliseconds.";
        found.error(codes::NUMBER, place, message, help);
        return None;
    };
    let timeout = u64::try_from(milliseconds).ok().filter(|milliseconds| *milliseconds > 0);
    let timeout = timeout.map(Duration::from_millis)?;
    if timeout < SHORT_SESSION {
        let message = format!("sessions stick to a member for {milliseconds} ms only");
        let help = "The unit is milliseconds: write 300000 for five minutes.";
        found.warning(codes::SESSION_TIMEOUT, place, message, help);
    }
    Some(timeout)
}
