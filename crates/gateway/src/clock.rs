//! The wall clock: the one place that asks the system for the time of day.
//!
//! Whatever compares dates (tokens, certificates) takes a [`Clock`], so that tests can say what
//! time it is.
//! Durations are not measured with it; for those there is `tokio::time::Instant`.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::HeaderValue;
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimePrinter;
use tokio::time::Instant;

thread_local! {
    /// The last second that a thread wrote as a date.
    static DATE: RefCell<(u64, HeaderValue)> =
        const { RefCell::new((0, HeaderValue::from_static("Thu, 01 Jan 1970 00:00:00 GMT"))) };
}

/// The time of day, for records.
#[must_use]
pub fn now() -> SystemTime {
    SystemTime::now()
}

/// The time of day for `Date` (RFC 9110 §6.6.1), written once a second.
#[must_use]
pub fn http_date() -> HeaderValue {
    let second = now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    DATE.with_borrow_mut(|(last, value)| {
        if *last != second {
            *value = date(second).unwrap_or_else(|| value.clone());
            *last = second;
        }
        value.clone()
    })
}

/// `None` for a second that a calendar does not have.
fn date(second: u64) -> Option<HeaderValue> {
    let time = Timestamp::from_second(i64::try_from(second).ok()?).ok()?;
    let text = DateTimePrinter::new().timestamp_to_rfc9110_string(&time).ok()?;
    HeaderValue::try_from(text).ok()
}

/// When something happened, as text (RFC 3339, UTC, milliseconds).
#[must_use]
pub fn text_of(at: Instant) -> String {
    let time = Timestamp::try_from(time_of_day(at)).unwrap_or_default();
    time.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// The hour of the day at which something happened, as text (UTC).
#[must_use]
pub fn time_of(at: Instant) -> String {
    let time = Timestamp::try_from(time_of_day(at)).unwrap_or_default();
    time.strftime("%H:%M:%S").to_string()
}

fn time_of_day(at: Instant) -> SystemTime {
    let instant = Instant::now();
    match at.checked_duration_since(instant) {
        Some(ahead) => now() + ahead,
        None => now() - instant.duration_since(at),
    }
}

/// A source of the time of day. Clones show the same time.
#[derive(Debug, Clone)]
pub struct Clock(Source);

#[derive(Debug, Clone)]
enum Source {
    System,
    Set(Arc<AtomicI64>),
}

impl Clock {
    /// The clock of the system.
    #[must_use]
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that stands still at `unix_seconds` until it is moved with [`Clock::advance`].
    #[must_use]
    pub fn set_to(unix_seconds: i64) -> Self {
        Self(Source::Set(Arc::new(AtomicI64::new(unix_seconds))))
    }

    /// Moves a clock that was made with [`Clock::set_to`], and all its clones; the clock of the
    /// system is not moved. Parts of a second are dropped.
    pub fn advance(&self, by: Duration) {
        if let Source::Set(seconds) = &self.0 {
            seconds.fetch_add(i64::try_from(by.as_secs()).unwrap_or(i64::MAX), Ordering::SeqCst);
        }
    }

    /// Seconds since 1970-01-01T00:00:00Z; 0 when the system's clock is set before that.
    #[must_use]
    pub fn unix_seconds(&self) -> i64 {
        match &self.0 {
            Source::Set(seconds) => seconds.load(Ordering::SeqCst),
            Source::System => SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_clock_moves_only_when_told_and_its_clones_with_it() {
        let clock = Clock::set_to(1_000);
        let twin = clock.clone();
        clock.advance(Duration::from_secs(5));
        assert_eq!((clock.unix_seconds(), twin.unix_seconds()), (1_005, 1_005));
    }

    #[test]
    fn dates_are_those_of_http() {
        let text =
            |second| date(second).map(|value| value.to_str().expect("a date is ASCII").to_owned());
        assert_eq!(text(784_111_777).as_deref(), Some("Sun, 06 Nov 1994 08:49:37 GMT"));
        assert_eq!(text(u64::MAX), None);
        let now = http_date();
        assert_eq!((now.len(), http_date().len()), (29, 29));
        assert!(
            now.as_bytes().ends_with(b" GMT") && !now.as_bytes().starts_with(b"Thu, 01 Jan 1970")
        );
    }

    #[test]
    fn the_system_clock_is_past_2024() {
        assert!(Clock::system().unix_seconds() > 1_704_067_200);
    }
}
