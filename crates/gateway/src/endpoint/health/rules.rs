//! What a failure does to a leaf, and for how long (spec/01 §2.3–2.6).

use std::fmt;
use std::time::Duration;

use compiler::plan::Resilience;

use crate::config::EndpointDefaults;

/// The suspension of a leaf that says nothing.
const DEFAULT_SUSPENSION_MS: i64 = 30_000;

/// The timeout class of a leaf that says nothing.
const TIMEOUT_CODES: [u32; 2] = [101_504, 101_505];

/// The states of a leaf; they print as WSO2 prints them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// Takes calls.
    Active,
    /// Timed out; takes calls after the retry delay.
    Timeout,
    /// Failed; takes calls after the suspension.
    Suspended,
    /// Switched off by an operator.
    Off,
}

impl State {
    /// The text of messages and logs; the spelling of the last one is WSO2's.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::Timeout => "TIMEOUT",
            Self::Suspended => "SUSPENDED",
            Self::Off => "MAINTNENCE",
        }
    }

    /// The number that WSO2 gives the state, from 1.
    #[must_use]
    pub fn number(self) -> u8 {
        match self {
            Self::Active => 1,
            Self::Timeout => 2,
            Self::Suspended => 3,
            Self::Off => 4,
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a failure does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reaction {
    None,
    Timeout,
    Suspend,
}

/// What a leaf and the gateway say about failures, put together.
#[derive(Debug)]
pub(super) struct Rules {
    is_off: bool,
    timeout_codes: Vec<i64>,
    suspend_codes: Vec<i64>,
    pub(super) retries: u32,
    pub(super) retry_delay: Duration,
    initial_ms: i64,
    maximum_ms: i64,
    factor: f64,
    /// Failures since the leaf was active after which it is suspended in any case, and for how
    /// many milliseconds.
    forced: Option<(u32, i64)>,
}

impl Rules {
    /// The defaults of the gateway stand in for what the leaf leaves unset, or, if they override,
    /// for what it says; a factor of 1 is what an unset one looks like.
    pub(super) fn new(leaf: &Resilience, defaults: &EndpointDefaults) -> Self {
        let wins = defaults.override_leaf;
        let initial_is_open = leaf.initial_ms < 0 || wins && defaults.suspend_initial_ms >= 0;
        let factor_is_open = wins || (leaf.factor - 1.0).abs() < f64::EPSILON;
        Self {
            is_off: leaf.suspension_is_off,
            timeout_codes: leaf.timeout_codes.clone(),
            suspend_codes: leaf.suspend_codes.clone(),
            retries: leaf.retries_before_suspension,
            retry_delay: leaf.retry_delay,
            initial_ms: if initial_is_open { defaults.suspend_initial_ms } else { leaf.initial_ms },
            maximum_ms: leaf.maximum_ms,
            factor: if factor_is_open { defaults.suspend_factor } else { leaf.factor },
            forced: forced(leaf, defaults),
        }
    }

    /// Whether failures are counted at all.
    pub(super) fn counts_failures(&self) -> bool {
        self.forced.is_some()
    }

    /// How long the suspension is that so many failures in a row bring about, whatever their codes.
    pub(super) fn forced_ms(&self, run: u32) -> Option<i64> {
        self.forced.filter(|(most, _)| run >= *most).map(|(_, ms)| ms)
    }

    pub(super) fn reaction(&self, code: u32) -> Reaction {
        if self.is_off {
            return Reaction::None;
        }
        let listed = i64::from(code);
        let times_out = match self.timeout_codes.as_slice() {
            [] => TIMEOUT_CODES.contains(&code),
            codes => codes.contains(&listed),
        };
        if times_out {
            Reaction::Timeout
        } else if self.suspend_codes.is_empty() || self.suspend_codes.contains(&listed) {
            Reaction::Suspend
        } else {
            Reaction::None
        }
    }

    /// How long the next suspension is, after one of `last_ms` (0 if there was none).
    pub(super) fn suspension_ms(&self, last_ms: i64) -> i64 {
        let next = if last_ms > 0 { scaled(last_ms, self.factor) } else { self.initial_ms };
        if next > self.maximum_ms {
            self.maximum_ms
        } else if next < 0 {
            DEFAULT_SUSPENSION_MS
        } else {
            next
        }
    }
}

/// The limit of failures, which is another one for members of a group (spec/01 §2.6).
fn forced(leaf: &Resilience, defaults: &EndpointDefaults) -> Option<(u32, i64)> {
    let (most, suspension) = if leaf.is_member {
        (defaults.recursive_failover_retries, defaults.recursive_failover_suspension)
    } else {
        (defaults.failover_retries, defaults.failover_suspension)
    };
    let ms = i64::try_from(suspension.as_millis()).unwrap_or(i64::MAX);
    // A limit of none at all would suspend what never failed.
    most.map(|most| (most.max(1), ms))
}

/// A product without its fraction, held within the numbers that there are.
fn scaled(ms: i64, factor: f64) -> i64 {
    (ms as f64 * factor) as i64
}
