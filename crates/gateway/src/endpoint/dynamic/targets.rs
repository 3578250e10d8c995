//! The targets that computed addresses have led to: a table with a limit.
//!
//! Reading it takes no lock. It is written when a target is met for the first time, as a whole.
//! What no call is under way to is dropped when it has been idle for long, or when its place is
//! needed; a target that is not well is kept longest, so that it is not taken for a new one.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::time::Instant;

/// How many targets of one endpoint are known at a time.
pub(crate) const MOST: usize = 1000;
/// How long a target is kept that nobody calls.
const IDLE: Duration = Duration::from_secs(600);
/// When a target was used is noted this exactly, so that calls seldom write to it.
const STEP_MS: u64 = 1000;

/// What the table asks of a target.
pub(crate) trait Occupant {
    /// Whether a call is under way.
    fn is_busy(&self) -> bool;
    /// Whether it has no history that has to be remembered.
    fn is_well(&self) -> bool;
}

/// Targets by scheme, host and port.
#[derive(Debug)]
pub(crate) struct Targets<T> {
    known: ArcSwap<Known<T>>,
    /// Held by who writes.
    writing: Mutex<()>,
    most: usize,
    start: Instant,
}

/// Every place is taken by a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Full;

type Known<T> = HashMap<Arc<str>, Entry<T>, foldhash::fast::RandomState>;

#[derive(Debug)]
struct Entry<T> {
    target: Arc<T>,
    /// Milliseconds since the table was made.
    used: Arc<AtomicU64>,
}

impl<T> Clone for Entry<T> {
    fn clone(&self) -> Self {
        Self { target: Arc::clone(&self.target), used: Arc::clone(&self.used) }
    }
}

impl<T: Occupant> Targets<T> {
    /// A table without targets, for so many.
    pub(crate) fn new(most: usize, now: Instant) -> Self {
        Self {
            known: ArcSwap::from_pointee(HashMap::default()),
            writing: Mutex::new(()),
            most,
            start: now,
        }
    }

    /// A target that was met before.
    pub(crate) fn get(&self, origin: &str, now: Instant) -> Option<Arc<T>> {
        let known = self.known.load();
        let entry = known.get(origin)?;
        let now = self.stamp(now);
        if entry.used.load(Ordering::Relaxed).saturating_add(STEP_MS) <= now {
            entry.used.store(now, Ordering::Relaxed);
        }
        Some(Arc::clone(&entry.target))
    }

    /// A target that may be new; then it is made.
    ///
    /// # Errors
    ///
    /// [`Full`] where there is no place for it.
    pub(crate) fn get_or_add(
        &self,
        origin: &str,
        now: Instant,
        make: impl FnOnce() -> T,
    ) -> Result<Arc<T>, Full> {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(target) = self.get(origin, now) {
            return Ok(target);
        }
        let mut known = Known::clone(&self.known.load());
        self.make_room(&mut known, now)?;
        let target = Arc::new(make());
        let used = Arc::new(AtomicU64::new(self.stamp(now)));
        known.insert(origin.into(), Entry { target: Arc::clone(&target), used });
        self.known.store(Arc::new(known));
        Ok(target)
    }

    /// All that are known, in the order of their names.
    pub(crate) fn list(&self) -> Vec<Arc<T>> {
        let known = self.known.load();
        let mut list: Vec<_> = known.iter().collect();
        list.sort_unstable_by(|one, other| one.0.cmp(other.0));
        list.into_iter().map(|(_, entry)| Arc::clone(&entry.target)).collect()
    }

    /// How many are known.
    pub(crate) fn len(&self) -> usize {
        self.known.load().len()
    }

    fn make_room(&self, known: &mut Known<T>, now: Instant) -> Result<(), Full> {
        let idle = u64::try_from(IDLE.as_millis()).unwrap_or(u64::MAX);
        let oldest = self.stamp(now).saturating_sub(idle);
        known.retain(|_, entry| {
            let is_kept = entry.target.is_busy() || !entry.target.is_well();
            is_kept || entry.used.load(Ordering::Relaxed) >= oldest
        });
        while known.len() >= self.most {
            let idle = known.iter().filter(|(_, entry)| !entry.target.is_busy());
            let first = idle.min_by_key(|(_, entry)| {
                (!entry.target.is_well(), entry.used.load(Ordering::Relaxed))
            });
            let first = first.map(|(origin, _)| Arc::clone(origin)).ok_or(Full)?;
            known.remove(&first);
        }
        Ok(())
    }

    fn stamp(&self, now: Instant) -> u64 {
        let passed = now.saturating_duration_since(self.start).as_millis();
        u64::try_from(passed).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed test may panic")]

    use super::*;

    #[derive(Debug, Default)]
    struct Fake {
        is_busy: bool,
        is_ill: bool,
    }

    impl Occupant for Fake {
        fn is_busy(&self) -> bool {
            self.is_busy
        }

        fn is_well(&self) -> bool {
            !self.is_ill
        }
    }

    const BUSY: Fake = Fake { is_busy: true, is_ill: false };
    const ILL: Fake = Fake { is_busy: false, is_ill: true };

    fn has(targets: &Targets<Fake>, origin: &str) -> bool {
        targets.known.load().contains_key(origin)
    }

    #[test]
    fn a_target_is_made_once() {
        let now = Instant::now();
        let targets = Targets::new(3, now);
        assert!(targets.get("a", now).is_none());
        let one = targets.get_or_add("a", now, Fake::default).unwrap();
        let two = targets.get_or_add("a", now, || unreachable!("it is known")).unwrap();
        assert!(Arc::ptr_eq(&one, &two) && Arc::ptr_eq(&one, &targets.get("a", now).unwrap()));
        assert_eq!((targets.len(), targets.list().len()), (1, 1));
    }

    #[test]
    fn the_one_used_longest_ago_makes_room_and_the_ill_last() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let targets = Targets::new(3, start);
        targets.get_or_add("ill", at(0), || ILL).unwrap();
        targets.get_or_add("a", at(1), Fake::default).unwrap();
        targets.get_or_add("b", at(3), Fake::default).unwrap();
        targets.get("a", at(5)).unwrap();
        targets.get_or_add("c", at(6), Fake::default).unwrap();
        assert!(has(&targets, "a") && has(&targets, "ill") && !has(&targets, "b"));
        targets.get_or_add("busy", at(7), || BUSY).unwrap();
        targets.get_or_add("busier", at(8), || BUSY).unwrap();
        assert_eq!(targets.len(), 3);
        assert!(has(&targets, "ill"));
        targets.get_or_add("busiest", at(9), || BUSY).unwrap();
        assert!(!has(&targets, "ill"));
        assert_eq!(targets.get_or_add("d", at(10), Fake::default).unwrap_err(), Full);
        assert!(targets.get("busy", at(10)).is_some());
    }

    #[test]
    fn what_nobody_calls_is_forgotten() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let targets = Targets::new(10, start);
        targets.get_or_add("a", at(0), Fake::default).unwrap();
        targets.get_or_add("used", at(0), Fake::default).unwrap();
        targets.get_or_add("ill", at(0), || ILL).unwrap();
        targets.get_or_add("busy", at(0), || BUSY).unwrap();
        targets.get("used", at(500)).unwrap();
        targets.get_or_add("new", at(700), Fake::default).unwrap();
        let known = ["a", "used", "ill", "busy", "new"].map(|origin| has(&targets, origin));
        assert_eq!(known, [false, true, true, true, true]);
    }
}
