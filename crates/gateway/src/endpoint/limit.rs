//! What one endpoint takes at once: calls in flight are counted, and bounded where it has limits.
//!
//! A call beyond the limits waits for its turn in a queue, first come first served, or is turned
//! away. Nothing here fails an endpoint: being busy is no illness.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use compiler::plan::{Limits, Queue};
use tokio::sync::Semaphore;

/// The way into an endpoint. One that neither counts nor bounds costs nothing.
#[derive(Debug)]
pub struct Gate(Option<Arc<Counts>>);

/// The place of a call, given back when dropped.
#[derive(Debug)]
pub(crate) struct Pass(Option<Arc<Counts>>);

/// The endpoint is at its limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct AtLimit;

#[derive(Debug)]
struct Counts {
    in_flight: AtomicU32,
    turned_away: AtomicU64,
    bound: Option<Bound>,
}

#[derive(Debug)]
struct Bound {
    most: u32,
    places: Semaphore,
    queue: Option<Queue>,
    waiting: AtomicU32,
}

/// What an endpoint with limits is doing, to be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Occupancy {
    /// Calls in flight, to the ends of their answers.
    pub in_flight: u32,
    /// Most of them.
    pub most: u32,
    /// Calls that wait.
    pub waiting: u32,
    /// Calls that were turned away since the endpoint was made.
    pub turned_away: u64,
}

impl Gate {
    /// A way in under these limits; `counts` asks for the count where there are none.
    #[must_use]
    pub fn new(limits: &Limits, counts: bool) -> Self {
        // A call of HTTP/1.1 has a connection for itself, so that both limits bound the calls.
        let most = [limits.requests, limits.connections].into_iter().flatten().min();
        let bound = most.map(|most| Bound {
            most,
            places: Semaphore::new(usize::try_from(most).unwrap_or(usize::MAX >> 4)),
            queue: limits.queue.filter(|queue| queue.length > 0),
            waiting: AtomicU32::new(0),
        });
        let is_watched = counts || bound.is_some();
        Self(is_watched.then(|| {
            Arc::new(Counts { in_flight: AtomicU32::new(0), turned_away: AtomicU64::new(0), bound })
        }))
    }

    /// A place that is free at once; `None` where there is none.
    pub(crate) fn try_enter(&self) -> Option<Pass> {
        let Some(counts) = &self.0 else { return Some(Pass(None)) };
        if let Some(bound) = &counts.bound {
            bound.places.try_acquire().ok()?.forget();
        }
        Some(counts.pass())
    }

    /// A place, for which the call may have to wait its turn.
    ///
    /// # Errors
    ///
    /// [`AtLimit`] where the queue is full, or the turn has not come in time.
    pub(crate) async fn enter(&self) -> Result<Pass, AtLimit> {
        if let Some(pass) = self.try_enter() {
            return Ok(pass);
        }
        let Some((counts, bound)) = self.bound() else { return Ok(Pass(None)) };
        if bound.wait().await {
            return Ok(counts.pass());
        }
        counts.turned_away.fetch_add(1, Ordering::Relaxed);
        Err(AtLimit)
    }

    /// Whether a call would get a place at once.
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.bound().is_none_or(|(_, bound)| bound.places.available_permits() > 0)
    }

    /// Calls in flight, where they are counted.
    #[must_use]
    pub fn in_flight(&self) -> u32 {
        self.0.as_ref().map_or(0, |counts| counts.in_flight.load(Ordering::Relaxed))
    }

    /// What an endpoint with limits is doing; `None` for one without.
    #[must_use]
    pub fn occupancy(&self) -> Option<Occupancy> {
        let (counts, bound) = self.bound()?;
        Some(Occupancy {
            in_flight: counts.in_flight.load(Ordering::Relaxed),
            most: bound.most,
            waiting: bound.waiting.load(Ordering::Relaxed),
            turned_away: counts.turned_away.load(Ordering::Relaxed),
        })
    }

    fn bound(&self) -> Option<(&Arc<Counts>, &Bound)> {
        let counts = self.0.as_ref()?;
        Some((counts, counts.bound.as_ref()?))
    }
}

impl Counts {
    fn pass(self: &Arc<Self>) -> Pass {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        Pass(Some(Arc::clone(self)))
    }
}

impl Bound {
    /// Waits for a place; `false` where that takes too long, or too many wait.
    async fn wait(&self) -> bool {
        let Some(queue) = self.queue else { return false };
        if self.waiting.fetch_add(1, Ordering::Relaxed) >= queue.length {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            return false;
        }
        let _turn = Turn(&self.waiting);
        match tokio::time::timeout(queue.wait, self.places.acquire()).await {
            Ok(Ok(place)) => {
                place.forget();
                true
            }
            _ => false,
        }
    }
}

/// A place in the queue, left also by who gives up.
struct Turn<'a>(&'a AtomicU32);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        let Some(counts) = &self.0 else { return };
        counts.in_flight.fetch_sub(1, Ordering::Relaxed);
        if let Some(bound) = &counts.bound {
            bound.places.add_permits(1);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed test may panic")]

    use std::time::Duration;

    use super::*;

    fn limits(requests: u32, length: u32) -> Limits {
        let queue = Queue { length, wait: Duration::from_secs(1) };
        Limits { connections: None, requests: Some(requests), queue: Some(queue) }
    }

    #[test]
    fn without_limits_nothing_is_counted_unless_asked() {
        let gate = Gate::new(&Limits::default(), false);
        let _pass = gate.try_enter().unwrap();
        assert_eq!((gate.in_flight(), gate.has_room()), (0, true));
        let gate = Gate::new(&Limits::default(), true);
        let pass = gate.try_enter().unwrap();
        assert_eq!((gate.in_flight(), gate.occupancy()), (1, None));
        drop(pass);
        assert_eq!(gate.in_flight(), 0);
    }

    #[test]
    fn connections_bound_calls_too() {
        let limits = Limits { connections: Some(1), requests: Some(5), queue: None };
        let gate = Gate::new(&limits, false);
        let _pass = gate.try_enter().unwrap();
        assert!(gate.try_enter().is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn who_finds_the_queue_full_or_waits_too_long_is_turned_away() {
        let gate = Gate::new(&limits(1, 1), false);
        let _pass = gate.enter().await.unwrap();
        let start = tokio::time::Instant::now();
        let (first, second) = tokio::join!(gate.enter(), gate.enter());
        assert_eq!((first.unwrap_err(), second.unwrap_err()), (AtLimit, AtLimit));
        assert_eq!(start.elapsed(), Duration::from_secs(1));
        let seen = gate.occupancy().unwrap();
        assert_eq!((seen.in_flight, seen.waiting, seen.turned_away), (1, 0, 2));
    }

    #[tokio::test(start_paused = true)]
    async fn a_place_that_is_given_back_goes_to_who_waits() {
        let gate = Gate::new(&limits(1, 5), false);
        let pass = gate.enter().await.unwrap();
        let leave = async {
            tokio::task::yield_now().await;
            assert_eq!(gate.occupancy().unwrap().waiting, 1);
            drop(pass);
            assert!(gate.try_enter().is_none(), "nobody overtakes who waits");
        };
        let (entered, ()) = tokio::join!(gate.enter(), leave);
        let pass = entered.unwrap();
        assert!(!gate.has_room());
        drop(pass);
        assert!(gate.has_room());
    }

    #[tokio::test(start_paused = true)]
    async fn who_gives_up_waiting_leaves_the_queue() {
        let gate = Gate::new(&limits(1, 1), false);
        let pass = gate.enter().await.unwrap();
        let short = Duration::from_millis(1);
        assert!(tokio::time::timeout(short, gate.enter()).await.is_err());
        assert_eq!(gate.occupancy().unwrap().waiting, 0);
        drop(pass);
        assert!(gate.has_room());
    }
}
