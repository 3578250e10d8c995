//! What active health checks say of an endpoint: so many good or bad ones in a row turn it.
//!
//! Every check is good or bad, whatever it brought; there is no third state that would leave an
//! endpoint as it was.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use compiler::plan::HealthCheck;

/// The state of an endpoint by its checks. Healthy until checks say otherwise, so that a deployment
/// does not begin with an outage.
#[derive(Debug)]
pub(super) struct Checked {
    healthy_after: u32,
    unhealthy_after: u32,
    is_healthy: AtomicBool,
    /// Checks in a row that spoke against the state.
    run: AtomicU32,
}

impl Checked {
    /// An endpoint that was not checked yet.
    pub(super) fn new(check: &HealthCheck) -> Self {
        Self {
            healthy_after: check.healthy_after,
            unhealthy_after: check.unhealthy_after,
            is_healthy: AtomicBool::new(true),
            run: AtomicU32::new(0),
        }
    }

    /// Whether it may be called.
    pub(super) fn is_healthy(&self) -> bool {
        self.is_healthy.load(Ordering::Relaxed)
    }

    /// Notes how a check ended; gives the new state when it has turned. To be told by the one task
    /// that checks the endpoint.
    pub(super) fn note(&self, is_good: bool) -> Option<bool> {
        let was_healthy = self.is_healthy();
        if is_good == was_healthy {
            self.run.store(0, Ordering::Relaxed);
            return None;
        }
        let run = self.run.load(Ordering::Relaxed).saturating_add(1);
        let needed = if was_healthy { self.unhealthy_after } else { self.healthy_after };
        if run < needed {
            self.run.store(run, Ordering::Relaxed);
            return None;
        }
        self.run.store(0, Ordering::Relaxed);
        self.is_healthy.store(is_good, Ordering::Relaxed);
        Some(is_good)
    }

    /// Healthy until checks say otherwise, as at first; whether it was not.
    pub(super) fn restore(&self) -> bool {
        self.run.store(0, Ordering::Relaxed);
        !self.is_healthy.swap(true, Ordering::Relaxed)
    }

    /// Checks in a row that spoke against the state, and how many turn it.
    pub(super) fn progress(&self) -> (u32, u32) {
        let needed = if self.is_healthy() { self.unhealthy_after } else { self.healthy_after };
        (self.run.load(Ordering::Relaxed), needed)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use compiler::plan::Probe;

    use super::*;

    #[test]
    fn so_many_in_a_row_turn_it() {
        let check = HealthCheck {
            probe: Probe::Tcp,
            interval: Duration::from_secs(1),
            timeout: Duration::from_secs(1),
            healthy_after: 2,
            unhealthy_after: 3,
        };
        let checked = Checked::new(&check);
        let mut seen = String::new();
        for outcome in "xx.xxxx.x..xxx..".chars() {
            let turned = checked.note(outcome == '.');
            assert!(turned.is_none_or(|is_healthy| is_healthy == checked.is_healthy()));
            seen.push(if checked.is_healthy() { '.' } else { 'x' });
        }
        assert_eq!(seen, ".....xxxxx...xx.");
        assert_eq!(checked.progress(), (0, 3));
    }
}
