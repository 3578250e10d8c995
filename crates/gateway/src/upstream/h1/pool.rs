//! Connections that wait for their next request: one pool per worker.
//!
//! The lock is never contended, since a pool belongs to one worker's thread.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::link::Link;
use crate::upstream::Target;

/// How long before an upstream closes a connection it is not used any more: a request that crosses
/// its end on the way may not be sent again.
const GRACE: Duration = Duration::from_secs(1);

type Targets = HashMap<Arc<Target>, Vec<Idle>, foldhash::fast::RandomState>;

/// The idle connections to an endpoint that bounds how many there may be: one pool for all workers,
/// since what idles with one worker would keep another from connecting.
#[derive(Debug, Default)]
pub(crate) struct SharedIdle(Mutex<Vec<Idle>>);

/// The idle connections of one worker.
#[derive(Debug)]
pub(crate) struct Pool {
    targets: Mutex<Targets>,
    /// Most connections to one target.
    most: usize,
}

#[derive(Debug)]
struct Idle {
    link: Box<Link>,
    since: Instant,
    /// When the upstream is about to close it.
    until: Option<Instant>,
}

impl Idle {
    /// Whether it can still be used.
    fn is_good(&mut self) -> bool {
        self.until.is_none_or(|until| Instant::now() < until) && self.link.is_quiet()
    }
}

impl SharedIdle {
    fn lock(&self) -> MutexGuard<'_, Vec<Idle>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn close_idle(&self, older_than: Duration) -> usize {
        let now = Instant::now();
        let mut kept = self.lock();
        kept.retain_mut(|idle| now.duration_since(idle.since) < older_than && idle.is_good());
        kept.len()
    }
}

impl Pool {
    pub(super) fn new(most: usize) -> Self {
        Self { targets: Mutex::default(), most }
    }

    fn lock(&self) -> MutexGuard<'_, Targets> {
        self.targets.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a connection, the one used last first; those that have ended are dropped.
    pub(super) fn take(&self, target: &Target) -> Option<Box<Link>> {
        if let Some(shared) = &target.shared {
            return take_good(&mut shared.lock(), target);
        }
        take_good(self.lock().get_mut(target)?, target)
    }

    /// Keeps a connection whose exchange is over, or closes it where it can have no other.
    pub(super) fn put(&self, mut link: Box<Link>) {
        if !link.rest() {
            return;
        }
        let since = Instant::now();
        let until = match link.lifetime() {
            // So short that its end may be on the way already.
            Some(lifetime) if lifetime <= GRACE => return,
            Some(lifetime) => since.checked_add(lifetime - GRACE),
            None => None,
        };
        let idle = Idle { link, since, until };
        let mut targets = self.lock();
        if let Some(shared) = idle.link.target().shared.clone() {
            // Known here for the sake of `close_idle`.
            targets.entry(Arc::clone(idle.link.target())).or_default();
            shared.lock().push(idle);
            return;
        }
        if let Some(kept) = targets.get_mut(&**idle.link.target()) {
            if kept.len() < self.most {
                kept.push(idle);
            }
        } else {
            targets.insert(Arc::clone(idle.link.target()), vec![idle]);
        }
    }

    /// Closes what has been idle for longer than this or has ended, and forgets targets without
    /// connections.
    pub(super) fn close_idle(&self, older_than: Duration) {
        let now = Instant::now();
        self.lock().retain(|target, kept| {
            if let Some(shared) = &target.shared {
                return shared.close_idle(older_than) > 0;
            }
            kept.retain_mut(|idle| now.duration_since(idle.since) < older_than && idle.is_good());
            !kept.is_empty()
        });
    }
}

/// What leads elsewhere makes room: an endpoint with variables in its URL has several targets.
fn take_good(kept: &mut Vec<Idle>, target: &Target) -> Option<Box<Link>> {
    while let Some(mut idle) = kept.pop() {
        let leads_there = std::ptr::eq(&raw const **idle.link.target(), target)
            || **idle.link.target() == *target;
        if leads_there && idle.is_good() {
            return Some(idle.link);
        }
    }
    None
}
