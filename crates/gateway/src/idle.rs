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
    last: Instant,
    sleep: Option<Pin<Box<Sleep>>>,
}

impl IdleTimer {
    /// Starts counting now.
    pub(crate) fn new(limit: Duration) -> Self {
        Self { limit, last: Instant::now(), sleep: None }
    }

    /// Something happened.
    pub(crate) fn progressed(&mut self) {
        // Without a timer set nothing reads `last`: it is noted when the timer is made.
        if self.sleep.is_some() {
            self.last = Instant::now();
        }
    }

    /// Counts from then with another limit.
    pub(crate) fn restart(&mut self, since: Instant, limit: Duration) {
        self.limit = limit;
        self.last = since;
        let deadline = since + limit;
        match &mut self.sleep {
            // A timer set further away than the new deadline would fire too late.
            Some(sleep) if sleep.deadline() > deadline => sleep.as_mut().reset(deadline),
            Some(_) => {}
            None => self.sleep = Some(Box::pin(tokio::time::sleep_until(deadline))),
        }
    }

    /// Ready once nothing has happened for the limit.
    pub(crate) fn poll_expired(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let last = &mut self.last;
        let limit = self.limit;
        let sleep = self.sleep.get_or_insert_with(|| {
            *last = Instant::now();
            Box::pin(tokio::time::sleep_until(*last + limit))
        });
        loop {
            std::task::ready!(sleep.as_mut().poll(context));
            let deadline = self.last + self.limit;
            if deadline <= Instant::now() {
                return Poll::Ready(());
            }
            sleep.as_mut().reset(deadline);
        }
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
