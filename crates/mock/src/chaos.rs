//! Slow answers and failed ones, on purpose: how long, and how often.
//!
//! Chance comes from the caller, as 64 bits that are equally likely, so that the same bits give
//! the same answer.
//! Deliberately absent: waiting.

use std::fmt;
use std::time::Duration;

use thiserror::Error;

/// The longest delay.
pub const MAX_DELAY: Duration = Duration::from_mins(5);
/// Most points of a distribution, and most statuses.
const MAX_POINTS: usize = 32;
/// Percents are kept in thousandths.
const WHOLE: u32 = 100_000;

/// Why chaos cannot be made as it is described.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ChaosError {
    /// A delay that is too long.
    #[error("a delay of {} ms is too long; at most {} ms are possible", .0.as_millis(), MAX_DELAY.as_millis())]
    TooLong(Duration),
    /// The least delay is more than the most.
    #[error("the least delay is more than the most; exchange them")]
    Backwards,
    /// There are no points, or too many.
    #[error("there are {0} percentiles; write between 1 and {MAX_POINTS}")]
    Points(usize),
    /// A percentile that is none.
    #[error("{0} is no percentile; write a number above 0 and up to 100")]
    Percent(String),
    /// Percentiles that do not rise.
    #[error("the percentile {0} is not above the one before it; write them in their order")]
    Order(String),
    /// Delays that fall while percentiles rise.
    #[error("the delay of the percentile {0} is less than the one before it")]
    Falling(String),
    /// A rate that is none.
    #[error("{0} is no rate; write a number from 0 to 1")]
    Rate(String),
    /// There are no statuses, or too many.
    #[error("there are {0} statuses; write between 1 and {MAX_POINTS}")]
    Statuses(usize),
    /// A status that no answer has.
    #[error("{0} is no status of an answer; write one from 200 to 599")]
    Status(u16),
}

/// How long an answer waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delay {
    /// Percents in thousandths with their delays, rising; the first is that of nothing.
    points: Box<[(u32, Duration)]>,
}

/// How often a request fails, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Faults {
    /// Of 2^64 requests, so many fail.
    share: u128,
    statuses: Box<[u16]>,
}

impl Delay {
    /// The same delay every time.
    ///
    /// # Errors
    ///
    /// Where it is longer than [`MAX_DELAY`].
    pub fn fixed(delay: Duration) -> Result<Self, ChaosError> {
        Self::range(delay, delay)
    }

    /// Any delay between two, all equally likely.
    ///
    /// # Errors
    ///
    /// Where one is longer than [`MAX_DELAY`], or the first longer than the second.
    pub fn range(min: Duration, max: Duration) -> Result<Self, ChaosError> {
        if min > max {
            return Err(ChaosError::Backwards);
        }
        check_length(max)?;
        Ok(Self { points: Box::new([(0, min), (WHOLE, max)]) })
    }

    /// Delays by percentiles: so many percent of all answers wait no longer than so long.
    ///
    /// Between two of them delays rise evenly, from `min` on; above the last percentile all wait
    /// as long as it says. Percents are heeded to the thousandth.
    ///
    /// # Errors
    ///
    /// Where percents or delays do not rise, are out of bounds, or there are none.
    pub fn percentiles(min: Duration, points: &[(f64, Duration)]) -> Result<Self, ChaosError> {
        if points.is_empty() || points.len() > MAX_POINTS {
            return Err(ChaosError::Points(points.len()));
        }
        let mut all = vec![(0, min)];
        for (percent, delay) in points {
            let shown = || percent.to_string();
            if !(*percent > 0.0 && *percent <= 100.0) {
                return Err(ChaosError::Percent(shown()));
            }
            check_length(*delay)?;
            // Between 0 and 100,000, as just checked.
            let thousandths = (percent * 1000.0).round() as u32;
            let (before, least) = all.last().copied().unwrap_or((0, min));
            if thousandths <= before {
                return Err(ChaosError::Order(shown()));
            }
            if *delay < least {
                return Err(ChaosError::Falling(shown()));
            }
            all.push((thousandths, *delay));
        }
        Ok(Self { points: all.into_boxed_slice() })
    }

    /// The delay for one answer.
    #[must_use]
    pub fn draw(&self, random: u64) -> Duration {
        // A percent in thousandths, with 64 bits behind the point.
        let drawn = u128::from(random) * u128::from(WHOLE);
        let (mut low, mut least) = (0, Duration::ZERO);
        for (percent, delay) in &self.points {
            let high = u128::from(*percent) << 64;
            if drawn < high {
                let nanos = (*delay - least).as_nanos() * (drawn - low) / (high - low);
                // A share of a delay, which is at most MAX_DELAY.
                return least + Duration::from_nanos(nanos as u64);
            }
            (low, least) = (high, *delay);
        }
        least
    }

    /// The longest delay that is drawn.
    #[must_use]
    pub fn longest(&self) -> Duration {
        self.points.last().map_or(Duration::ZERO, |(_, delay)| *delay)
    }
}

impl Faults {
    /// Fails so large a share of all requests, 1 being all of them, with statuses that are equally
    /// likely.
    ///
    /// # Errors
    ///
    /// Where the share is not between 0 and 1, or there are no statuses that an answer can have.
    pub fn new(rate: f64, statuses: &[u16]) -> Result<Self, ChaosError> {
        if !(0.0..=1.0).contains(&rate) {
            return Err(ChaosError::Rate(rate.to_string()));
        }
        if statuses.is_empty() || statuses.len() > MAX_POINTS {
            return Err(ChaosError::Statuses(statuses.len()));
        }
        if let Some(status) = statuses.iter().find(|status| !(200..=599).contains(*status)) {
            return Err(ChaosError::Status(*status));
        }
        // Exact for both ends, and never negative.
        let share = (rate * 2.0_f64.powi(64)) as u128;
        Ok(Self { share, statuses: statuses.into() })
    }

    /// The status that one request fails with; `None` where it does not.
    #[must_use]
    pub fn draw(&self, random: u64) -> Option<u16> {
        let random = u128::from(random);
        if random >= self.share {
            return None;
        }
        let at = random * self.statuses.len() as u128 / self.share;
        self.statuses.get(usize::try_from(at).ok()?).copied()
    }
}

/// `20 ms`, `from 20 ms to 80 ms`, or the percentiles.
impl fmt::Display for Delay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.points {
            [(_, least), (WHOLE, most)] if least == most => write!(f, "{} ms", least.as_millis()),
            [(_, least), (WHOLE, most)] => {
                write!(f, "from {} ms to {} ms", least.as_millis(), most.as_millis())
            }
            points => {
                let mut comma = "";
                for (percent, delay) in points {
                    let percent = f64::from(*percent) / 1000.0;
                    write!(f, "{comma}{percent} %: {} ms", delay.as_millis())?;
                    comma = ", ";
                }
                Ok(())
            }
        }
    }
}

/// `5 % with 500, 503`.
impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // As it was written, to the third digit.
        let percent = (self.share as f64 / 2.0_f64.powi(64) * 100_000.0).round() / 1000.0;
        let statuses: Vec<String> = self.statuses.iter().map(u16::to_string).collect();
        write!(f, "{percent} % with {}", statuses.join(", "))
    }
}

fn check_length(delay: Duration) -> Result<(), ChaosError> {
    if delay > MAX_DELAY { Err(ChaosError::TooLong(delay)) } else { Ok(()) }
}

#[cfg(test)]
mod tests;
