//! Connections that wait for their next request: one pool per worker.
//!
//! The lock is never contended, since a pool belongs to one worker's thread.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::link::Link;
use crate::upstream::Target;

type Targets = HashMap<Arc<Target>, Vec<Idle>, foldhash::fast::RandomState>;

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
        let mut targets = self.lock();
        let idle = targets.get_mut(target)?;
        while let Some(Idle { mut link, .. }) = idle.pop() {
            if link.is_quiet() {
                return Some(link);
            }
        }
        None
    }

    /// Keeps a connection whose exchange is over, or closes it where it can have no other.
    pub(super) fn put(&self, mut link: Box<Link>) {
        if !link.rest() {
            return;
        }
        let idle = Idle { since: Instant::now(), link };
        let mut targets = self.lock();
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
        self.lock().retain(|_, kept| {
            kept.retain_mut(|idle| {
                now.duration_since(idle.since) < older_than && idle.link.is_quiet()
            });
            !kept.is_empty()
        });
    }
}
