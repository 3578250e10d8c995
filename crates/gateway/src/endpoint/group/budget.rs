//! How much a group may repeat, so that repeating never makes an overload worse.

use std::time::Duration;

use compiler::plan::Budget;
use tokio::time::Instant;

use super::window::{Counts, Window};

/// What the share is taken over.
const SPAN: Duration = Duration::from_secs(10);

/// Repeats that are left to a group: a share of its requests of the last ten seconds, and some in
/// each second besides.
#[derive(Debug)]
pub struct RetryBudget {
    budget: Budget,
    /// Requests, and repeats.
    window: Window,
}

impl RetryBudget {
    /// A budget of which nothing is spent.
    #[must_use]
    pub fn new(budget: Budget, start: Instant) -> Self {
        Self { budget, window: Window::new(SPAN, start) }
    }

    /// Counts a request, which adds to what may be repeated.
    pub fn earn(&self, now: Instant) {
        self.window.add(Counts { first: 1, second: 0 }, now);
    }

    /// Whether one repeat more is allowed; then it is spent.
    ///
    /// Workers that ask in the same moment may each get the last one.
    pub fn spend(&self, now: Instant) -> bool {
        let is_allowed = self.left(now) > 0;
        if is_allowed {
            self.window.add(Counts { first: 0, second: 1 }, now);
        }
        is_allowed
    }

    /// How many repeats are left.
    #[must_use]
    pub fn left(&self, now: Instant) -> u64 {
        let Counts { first: requests, second: repeats } = self.window.sum(now);
        let earned = requests * u64::from(self.budget.percent) / 100;
        let given = u64::from(self.budget.minimum) * SPAN.as_secs();
        (earned + given).saturating_sub(repeats)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spent(budget: &RetryBudget, now: Instant) -> usize {
        (0..100_000).take_while(|_| budget.spend(now)).count()
    }

    #[test]
    fn a_share_of_the_requests_and_some_besides() {
        let start = Instant::now();
        let budget = RetryBudget::new(Budget { percent: 20, minimum: 2 }, start);
        assert_eq!(spent(&budget, start), 20);
        (0..500).for_each(|_| budget.earn(start));
        assert_eq!(spent(&budget, start), 100);
        assert_eq!(budget.left(start), 0);
        // What was earned and what was spent are forgotten together.
        assert_eq!(spent(&budget, start + SPAN), 20);
    }

    #[test]
    fn none_is_none() {
        let start = Instant::now();
        let budget = RetryBudget::new(Budget { percent: 0, minimum: 0 }, start);
        (0..500).for_each(|_| budget.earn(start));
        assert!(!budget.spend(start));
    }

    #[test]
    fn steady_traffic_keeps_to_its_share() {
        let start = Instant::now();
        let budget = RetryBudget::new(Budget { percent: 10, minimum: 0 }, start);
        let mut repeats = 0;
        for millisecond in 0..60_000 {
            let now = start + Duration::from_millis(millisecond);
            budget.earn(now);
            repeats += u32::from(budget.spend(now));
        }
        assert!((5_500..=6_500).contains(&repeats), "{repeats}");
    }
}
