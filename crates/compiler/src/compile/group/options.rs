//! What both kinds of group may say: modes, triggers, retries, replay, ejection; and the order of a
//! failover group.

use std::time::Duration;

use model::cursor::Cursor;
use model::{Diagnostics, codes};

use super::settings::{Settings, is_off};
use super::{Kind, value};
use crate::condition::Condition;
use crate::plan::{
    Budget, Ejection, FailureRate, Hedge, Mode, Order, Recovery, Replay, Retries, RetryPolicy,
    StatusSet, Triggers,
};

const TRIGGER_KEYS: &[&str] = &["errors", "statuses", "expression"];
const RETRY_KEYS: &[&str] =
    &["policy", "attempts", "deadline", "budget", "hedge", "idempotencyKey"];
const BUDGET_KEYS: &[&str] = &["percent", "minimum"];
const HEDGE_KEYS: &[&str] = &["after", "atMost"];
const REPLAY_KEYS: &[&str] = &["memory", "file"];
const RECOVERY_KEYS: &[&str] = &["holdDown", "ramp"];
const EJECTION_KEYS: &[&str] = &[
    "consecutiveErrors",
    "statuses",
    "failureRate",
    "minimumRequests",
    "window",
    "baseTime",
    "maximumTime",
    "maximumShare",
];

/// Where a mode spills over when nothing is said: 10 of 14 members, as Envoy has it.
const SPILL_BELOW: u32 = 70;

pub(super) fn mode(settings: &Settings<'_>, kind: Kind, found: &mut Diagnostics) -> Mode {
    #[derive(Clone, Copy, PartialEq)]
    enum Word {
        Strict,
        SpillOver,
        FailOpen,
        LastResort,
    }
    let words = [
        ("strict", Word::Strict),
        ("spillOver", Word::SpillOver),
        ("failOpen", Word::FailOpen),
        ("lastResort", Word::LastResort),
    ];
    let word = value::choice(settings.get("mode"), &words, found).unwrap_or(Word::Strict);
    let below = value::percent(settings.get("spillBelow"), 1..=100, found);
    let spills = word == Word::SpillOver && kind == Kind::Failover;
    if let Some(at) = settings.get("spillBelow").filter(|_| !spills) {
        no_effect(&at, "it belongs to `mode: spillOver` of a failover group", found);
    }
    match word {
        Word::Strict => Mode::Strict,
        Word::SpillOver => Mode::SpillOver { below: below.unwrap_or(SPILL_BELOW) },
        Word::FailOpen => Mode::FailOpen,
        Word::LastResort => Mode::LastResort,
    }
}

pub(super) fn no_effect(at: &Cursor<'_>, why: &str, found: &mut Diagnostics) {
    let key = at.pointer().rsplit('/').next().unwrap_or_default();
    let message = format!("`{key}` has no effect here: {why}");
    found.warning(codes::NO_EFFECT, at.place(), message, "Remove it, or add what it needs.");
}

pub(super) fn triggers(settings: &Settings<'_>, found: &mut Diagnostics) -> Triggers {
    let own = settings.inner("failOn");
    own.check_keys(&[TRIGGER_KEYS], found);
    let mut triggers = Triggers {
        statuses: value::statuses(own.get("statuses"), found).unwrap_or_default(),
        condition: own.get("expression").and_then(|at| condition(&at, found)),
        ..Triggers::default()
    };
    let Some(at) = own.get("errors") else { return triggers };
    (triggers.on_connect_error, triggers.on_timeout, triggers.on_reset) = (false, false, false);
    // `errors: false`, or an empty list, is none at all.
    let entries = match at.value() {
        serde_json::Value::Array(_) => at.items(found),
        _ if is_off(&at) => Vec::new(),
        _ => vec![at],
    };
    let words = [("connectError", 0), ("timeout", 1), ("reset", 2)];
    for entry in entries {
        match value::choice(Some(entry), &words, found) {
            Some(0) => triggers.on_connect_error = true,
            Some(1) => triggers.on_timeout = true,
            Some(_) => triggers.on_reset = true,
            None => {}
        }
    }
    triggers
}

fn condition(at: &Cursor<'_>, found: &mut Diagnostics) -> Option<Condition> {
    let text = value::text(Some(at.clone()), found)?;
    match Condition::parse(&text) {
        Ok(condition) => Some(condition),
        Err(error) => {
            let message = format!("the expression is malformed: {error}");
            let help = "Write a comparison such as `status >= 500 && !header(\"retry-after\")`.";
            found.error(codes::CONDITION, at.place(), message, help);
            None
        }
    }
}

pub(super) fn retries(settings: &Settings<'_>, found: &mut Diagnostics) -> Retries {
    let own = settings.inner("retries");
    own.check_keys(&[RETRY_KEYS], found);
    let policies = [
        ("never", RetryPolicy::Never),
        ("unsent", RetryPolicy::Unsent),
        ("safe", RetryPolicy::Safe),
        ("idempotent", RetryPolicy::Idempotent),
        ("wso2", RetryPolicy::Wso2),
    ];
    let is_off = settings.get("retries").is_some_and(|at| is_off(&at));
    let policy = value::choice(own.get("policy"), &policies, found);
    let policy = if is_off { Some(RetryPolicy::Never) } else { policy };
    if let Some(at) = own.get("hedge").filter(|_| policy == Some(RetryPolicy::Never)) {
        no_effect(&at, "the policy repeats nothing", found);
    }
    Retries {
        policy,
        attempts: value::count(own.get("attempts"), 1..=100, found),
        deadline: value::some_time(own.get("deadline"), found),
        budget: budget(&own, policy, found),
        hedge: hedge(&own, found),
        idempotency_header: value::header_name(own.get("idempotencyKey"), found),
    }
}

/// WSO2 has no budget, so its policy has one only if it is written.
fn budget(
    retries: &Settings<'_>,
    policy: Option<RetryPolicy>,
    found: &mut Diagnostics,
) -> Option<Budget> {
    let written = retries.get("budget");
    let is_unlimited = match &written {
        None => policy == Some(RetryPolicy::Wso2),
        Some(at) => is_off(at),
    };
    if is_unlimited {
        return None;
    }
    let own = retries.inner("budget");
    own.check_keys(&[BUDGET_KEYS], found);
    let default = Budget::default();
    Some(Budget {
        percent: value::percent(own.get("percent"), 0..=1000, found).unwrap_or(default.percent),
        minimum: value::count(own.get("minimum"), 0..=1_000_000, found).unwrap_or(default.minimum),
    })
}

fn hedge(retries: &Settings<'_>, found: &mut Diagnostics) -> Option<Hedge> {
    let own = retries.inner("hedge");
    let at = own.first()?.clone();
    own.check_keys(&[HEDGE_KEYS], found);
    let after = value::some_time(own.get("after"), found);
    if own.get("after").is_none() {
        let message = "`hedge` does not say after what time";
        let help = "Add `after`, such as the time that 95 of 100 calls take.";
        found.error(codes::EXTENSION_VALUE, at.place(), message, help);
    }
    let at_most = value::count(own.get("atMost"), 1..=10, found).unwrap_or(1);
    Some(Hedge { after: after?, at_most })
}

pub(super) fn replay(settings: &Settings<'_>, found: &mut Diagnostics) -> Replay {
    if settings.get("replay").is_some_and(|at| is_off(&at)) {
        return Replay { memory: 0, file: 0 };
    }
    let own = settings.inner("replay");
    own.check_keys(&[REPLAY_KEYS], found);
    let default = Replay::default();
    Replay {
        memory: value::size(own.get("memory"), found).unwrap_or(default.memory),
        file: value::size(own.get("file"), found).unwrap_or(default.file),
    }
}

pub(super) fn ejection(settings: &Settings<'_>, found: &mut Diagnostics) -> Option<Ejection> {
    let own = settings.inner("outlierEjection");
    own.first()?;
    own.check_keys(&[EJECTION_KEYS], found);
    let default = Ejection::default();
    let consecutive = match own.get("consecutiveErrors") {
        Some(at) if is_off(&at) => None,
        at => value::count(at, 1..=1_000_000, found).or(default.consecutive),
    };
    let rate = value::percent(own.get("failureRate"), 1..=100, found);
    let minimum = value::count(own.get("minimumRequests"), 1..=1_000_000, found);
    if let Some(at) = own.get("minimumRequests").filter(|_| rate.is_none()) {
        no_effect(&at, "it belongs to `failureRate`", found);
    }
    let base = value::some_time(own.get("baseTime"), found).unwrap_or(default.base);
    let statuses: Option<StatusSet> = value::statuses(own.get("statuses"), found);
    Some(Ejection {
        statuses: statuses.unwrap_or(default.statuses),
        consecutive,
        rate: rate.map(|percent| FailureRate { percent, minimum: minimum.unwrap_or(20) }),
        window: value::some_time(own.get("window"), found).unwrap_or(default.window),
        base,
        maximum: value::some_time(own.get("maximumTime"), found)
            .unwrap_or(default.maximum)
            .max(base),
        share: value::percent(own.get("maximumShare"), 1..=100, found).unwrap_or(default.share),
    })
}

pub(super) fn order(settings: &Settings<'_>, found: &mut Diagnostics) -> Order {
    let orders = [("inOrder", Order::InOrder), ("roundRobin", Order::RoundRobin)];
    value::choice(settings.get("order"), &orders, found).unwrap_or_default()
}

pub(super) fn recovery(settings: &Settings<'_>, found: &mut Diagnostics) -> Recovery {
    let own = settings.inner("returnToPrimary");
    own.check_keys(&[RECOVERY_KEYS], found);
    let time = |key: &str, found: &mut Diagnostics| value::time(own.get(key), found);
    Recovery {
        hold_down: time("holdDown", found).unwrap_or(Duration::ZERO),
        ramp: time("ramp", found).unwrap_or(Duration::ZERO),
    }
}
