//! A deadline that moves with progress, cheap to move.
//!
//! One timer entry serves a whole body or connection: progress only notes the time, and a timer
//! that fires early is set again for the rest.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep};

/// Tells when nothing has happened for a while.
#[derive(Debug)]
pub(crate) struct IdleTimer {
    limit: Duration,
    /// Made by the first wait, so that what never waits asks no clock.
    running: Option<Running>,
}

#[derive(Debug)]
struct Running {
    last: Instant,
    sleep: Pin<Box<Sleep>>,
}

impl IdleTimer {
    /// Starts counting with the first wait.
    pub(crate) fn new(limit: Duration) -> Self {
        Self { limit, running: None }
    }

    /// Something happened.
    pub(crate) fn progressed(&mut self) {
        if let Some(running) = &mut self.running {
            running.last = Instant::now();
        }
    }

    /// Counts from then with another limit.
    pub(crate) fn restart(&mut self, since: Instant, limit: Duration) {
        self.limit = limit;
        let Some(running) = &mut self.running else {
            self.running = Some(Running::new(since, limit));
            return;
        };
        running.last = since;
        let deadline = since + limit;
        // A timer set further away than the new deadline would fire too late.
        if running.sleep.deadline() > deadline {
            running.sleep.as_mut().reset(deadline);
        }
    }

    /// Ready once nothing has happened for the limit.
    pub(crate) fn poll_expired(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let limit = self.limit;
        let running = self.running.get_or_insert_with(|| Running::new(Instant::now(), limit));
        loop {
            std::task::ready!(running.sleep.as_mut().poll(context));
            let deadline = running.last + limit;
            if deadline <= Instant::now() {
                return Poll::Ready(());
            }
            running.sleep.as_mut().reset(deadline);
        }
    }
}

impl Running {
    fn new(since: Instant, limit: Duration) -> Self {
        Self { last: since, sleep: Box::pin(tokio::time::sleep_until(since + limit)) }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn expires_exactly_when_nothing_happens() {
        let started = Instant::now();
        let mut timer = IdleTimer::new(Duration::from_millis(250));
        poll_fn(|context| timer.poll_expired(context)).await;
        assert_eq!(started.elapsed().as_millis(), 250);
    }

    #[tokio::test(start_paused = true)]
    async fn progress_moves_the_deadline() {
        let started = Instant::now();
        let mut timer = IdleTimer::new(Duration::from_millis(250));
        for _ in 0..3 {
            let expired = tokio::time::timeout(
                Duration::from_millis(200),
                poll_fn(|context| timer.poll_expired(context)),
            )
            .await;
            assert!(expired.is_err());
            timer.progressed();
        }
        poll_fn(|context| timer.poll_expired(context)).await;
        assert_eq!(started.elapsed().as_millis(), 850);
    }

    #[tokio::test(start_paused = true)]
    async fn a_shorter_limit_takes_effect() {
        let started = Instant::now();
        let mut timer = IdleTimer::new(Duration::from_secs(60));
        let _pending = tokio::time::timeout(
            Duration::from_millis(10),
            poll_fn(|context| timer.poll_expired(context)),
        )
        .await;
        timer.restart(Instant::now(), Duration::from_millis(100));
        poll_fn(|context| timer.poll_expired(context)).await;
        assert_eq!(started.elapsed().as_millis(), 110);
    }
}
