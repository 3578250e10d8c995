//! Changes of state, in the words that users of WSO2 look for in a log (spec/01 §2.5).

use std::time::{Duration, SystemTime};

use jiff::Timestamp;

use super::State;

/// A change of the state of a leaf.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transition {
    /// It was suspended, or suspended again.
    Suspended {
        /// The suspension before this one in milliseconds; 0 when it was active since.
        last_ms: i64,
        /// This one in milliseconds; not above 0 when the leaf stays ready.
        current_ms: i64,
    },
    /// It timed out, and may do so again before it is suspended.
    TimedOut {
        /// How often.
        remaining: u32,
        /// For how long it takes no calls.
        delay: Duration,
    },
    /// It answered and is active.
    Recovered {
        /// What it was before.
        from: State,
    },
}

impl Transition {
    /// The state after the change.
    #[must_use]
    pub fn state(&self) -> State {
        match self {
            Self::Suspended { .. } => State::Suspended,
            Self::TimedOut { .. } => State::Timeout,
            Self::Recovered { .. } => State::Active,
        }
    }

    /// The lines to log about a leaf of this name and address; `now` is when the change happened.
    #[must_use]
    pub fn lines(&self, name: &str, address: &str, now: SystemTime) -> Vec<String> {
        let leaf = format!("Endpoint : {name} with address {address}");
        match *self {
            Self::Suspended { last_ms, current_ms } => {
                let delay = Duration::from_millis(u64::try_from(current_ms).unwrap_or(0));
                vec![
                    format!("{leaf} will be marked SUSPENDED as it failed"),
                    format!(
                        "Suspending endpoint : {name} with address {address} - last suspend \
                         duration was : {last_ms}ms and current suspend duration is : \
                         {current_ms}ms - Next retry after : {}",
                        date(now, delay)
                    ),
                ]
            }
            Self::TimedOut { remaining, delay } => vec![format!(
                "{leaf} is marked as TIMEOUT and will be retried : {remaining} more time/s after \
                 : {} until its marked SUSPENDED for failure",
                date(now, delay)
            )],
            Self::Recovered { from } => vec![format!(
                "{leaf} currently {from} will now be marked active since it processed its last \
                 message"
            )],
        }
    }
}

/// The moment `delay` after `now`, as Java prints dates; the time zone is UTC.
fn date(now: SystemTime, delay: Duration) -> String {
    let at = now.checked_add(delay).and_then(|at| Timestamp::try_from(at).ok());
    at.unwrap_or(Timestamp::MAX).strftime("%a %b %d %H:%M:%S UTC %Y").to_string()
}
