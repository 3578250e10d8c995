//! HTTP/2 connections to upstreams: one pool per worker.
//!
//! An upstream says how many streams a connection may carry at once. Requests go to the connection
//! that carries the fewest; another one is opened when all are full, up to a limit, and beyond it
//! requests wait for a stream to end.
//! A connection is not used any more once its upstream has announced its end; its streams finish.
//!
//! The lock is never contended, since a pool belongs to one worker's thread.

mod body;
mod link;
mod send;

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use compiler::plan::Http2 as Choice;
use hyper::client::conn::http2::SendRequest;
use tokio::sync::Notify;
use tokio::sync::futures::OwnedNotified;
use tokio::time::Instant;

use super::tls::TlsFailure;
use super::{SendFailure, Target};
use crate::config::Http2Limits;
pub(super) use body::Http2Body;
pub(super) use link::{Link, Watched};
pub(super) use send::{Outcome, send, send_over};

/// How many streams a connection carries in its life: their numbers have an end (RFC 9113 §5.1.1).
const LIFE: usize = 500_000_000;

/// A connection, as the HTTP library hands it out.
pub(super) type Http2 = SendRequest<Http2Body>;

/// The HTTP/2 connections of one worker.
#[derive(Debug)]
pub(crate) struct Http2Pool {
    limits: Http2Limits,
    sites: Mutex<Sites>,
}

#[derive(Debug, Default)]
struct Sites(HashMap<Arc<Target>, Site, foldhash::fast::RandomState>);

/// What is known of a target.
#[derive(Debug)]
struct Site {
    speaks: Speaks,
    connections: Vec<Arc<Kept>>,
    /// Connections that were one too many, until their streams have ended or they are needed.
    retiring: Vec<Arc<Kept>>,
    /// Connections that are being opened.
    opening: usize,
    /// How many streams a connection carries, as it was last seen.
    typical: usize,
    /// Most streams at once since connections were last looked through.
    busiest: usize,
    /// Whether anybody has asked since then, and since when nobody has.
    is_asked: bool,
    quiet_since: Option<Instant>,
    /// How often no connection could be opened, and why the last time.
    failures: (u64, Option<SendFailure>),
    queue: Arc<Queue>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Speaks {
    NobodyKnows,
    Http1,
    Http2,
}

/// Requests that wait for a stream or for a connection.
#[derive(Debug, Default)]
struct Queue {
    waiting: AtomicUsize,
    changed: Arc<Notify>,
}

/// A connection with the streams on it.
#[derive(Debug)]
struct Kept {
    sender: Http2,
    link: Arc<Link>,
    streams: AtomicUsize,
    /// Streams that were ever begun.
    begun: AtomicUsize,
    /// Those of them that were given up before there was an answer or an error.
    given_up: AtomicUsize,
    idle_since: Mutex<Instant>,
    queue: Arc<Queue>,
}

/// What a request to a target is to do.
pub(super) enum Take {
    /// Use HTTP/1.1.
    Elsewhere,
    /// Use this place on a connection.
    Seat(Seat),
    /// Open a connection.
    Open(Opening),
    /// Ask again after this.
    Wait(Waiting),
    /// Give up: the connection that it waited for could not be opened.
    Failed(SendFailure),
}

/// One stream's place on a connection.
#[derive(Debug)]
pub(crate) struct Seat {
    kept: Arc<Kept>,
    /// How many streams were begun on the connection, this one included.
    index: usize,
    is_heard: bool,
}

impl Seat {
    /// A handle on the connection.
    pub(super) fn sender(&self) -> Http2 {
        self.kept.sender.clone()
    }

    /// There was an answer or an error.
    pub(super) fn heard(&mut self) {
        self.is_heard = true;
    }

    /// Whether the upstream has certainly not looked at the request, as the frames show.
    ///
    /// Streams are numbered in the order in which they are begun, but one that is given up early
    /// may get no number: so the number is at least that of a stream after all the others.
    pub(super) fn was_left_out(&self) -> bool {
        let others = self.kept.given_up.load(Ordering::Relaxed);
        let least = self.index.saturating_sub(others).saturating_mul(2).saturating_sub(1);
        u32::try_from(least).is_ok_and(|least| self.kept.link.has_left_out(least))
    }

    /// Why the upstream does not take part in the connection, where that is for its certificate.
    pub(super) fn refusal(&self) -> Option<&TlsFailure> {
        self.kept.link.refusal()
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let Kept { streams, idle_since, queue, given_up, .. } = &*self.kept;
        if !self.is_heard {
            given_up.fetch_add(1, Ordering::Relaxed);
        }
        if streams.fetch_sub(1, Ordering::Relaxed) == 1 {
            *idle_since.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        }
        if queue.waiting.load(Ordering::Relaxed) > 0 {
            queue.changed.notify_one();
        }
    }
}

/// The right to open one connection.
#[derive(Debug)]
pub(super) struct Opening {
    pool: Arc<Http2Pool>,
    target: Arc<Target>,
    is_over: bool,
}

impl Opening {
    /// The connection speaks HTTP/2.
    pub(super) fn http2(mut self, sender: Http2, link: Arc<Link>) -> Seat {
        self.is_over = true;
        self.pool.opened(&self.target, sender, link)
    }

    /// It speaks HTTP/1.1 only.
    pub(super) fn http1(mut self) {
        self.is_over = true;
        self.pool.close_opening(&self.target, |site| site.speaks = Speaks::Http1);
    }

    /// There is none.
    pub(super) fn failed(mut self, failure: &SendFailure) {
        self.is_over = true;
        self.pool.close_opening(&self.target, |site| {
            site.failures = (site.failures.0 + 1, Some(failure.copy()));
        });
    }
}

impl Drop for Opening {
    /// A request that is given up opens nothing; another one may have to.
    fn drop(&mut self) {
        if !self.is_over {
            self.pool.close_opening(&self.target, |_| {});
        }
    }
}

/// The wait for a change.
pub(super) struct Waiting {
    changed: std::pin::Pin<Box<OwnedNotified>>,
    queue: Arc<Queue>,
}

impl Waiting {
    fn new(queue: &Arc<Queue>) -> Self {
        queue.waiting.fetch_add(1, Ordering::Relaxed);
        let mut changed = Box::pin(Arc::clone(&queue.changed).notified_owned());
        // From now on, so that no change is missed.
        changed.as_mut().enable();
        Self { changed, queue: Arc::clone(queue) }
    }

    /// Ends with the change.
    pub(super) async fn over(mut self) {
        self.changed.as_mut().await;
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.queue.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Kept {
    /// How many streams it may carry; `None` while its upstream has not said.
    fn limit(&self, most: usize) -> Option<usize> {
        self.link.max_streams().map(|limit| limit.min(most))
    }

    fn streams(&self) -> usize {
        self.streams.load(Ordering::Relaxed)
    }

    fn is_usable(&self) -> bool {
        !self.sender.is_closed()
            && !self.link.is_leaving()
            && self.begun.load(Ordering::Relaxed) < LIFE
    }

    fn seat(self: &Arc<Self>) -> Seat {
        self.streams.fetch_add(1, Ordering::Relaxed);
        let index = self.begun.fetch_add(1, Ordering::Relaxed) + 1;
        Seat { kept: Arc::clone(self), index, is_heard: false }
    }

    fn idle_for(&self, now: Instant) -> Duration {
        let since = *self.idle_since.lock().unwrap_or_else(PoisonError::into_inner);
        if self.streams() > 0 { Duration::ZERO } else { now.duration_since(since) }
    }
}

impl Site {
    fn new(typical: usize) -> Self {
        Self {
            speaks: Speaks::NobodyKnows,
            connections: Vec::new(),
            retiring: Vec::new(),
            opening: 0,
            typical,
            busiest: 0,
            is_asked: true,
            quiet_since: None,
            failures: (0, None),
            queue: Arc::default(),
        }
    }

    /// A place on the connection with the fewest streams that has one.
    ///
    /// The first request on a connection need not wait for its settings: one is always allowed.
    fn seat(&mut self, most: usize) -> Option<Seat> {
        self.connections.retain(|kept| kept.is_usable());
        let has_room = |kept: &&Arc<Kept>| kept.streams() < kept.limit(most).unwrap_or(1);
        let seat = self.connections.iter().filter(has_room).min_by_key(|kept| kept.streams());
        let seat = match seat.map(Kept::seat) {
            Some(seat) => seat,
            None => self.take_back(|kept| has_room(&kept))?,
        };
        if let Some(limit) = seat.kept.limit(most) {
            self.typical = limit.max(1);
        }
        self.busiest = self.busiest.max(self.streams());
        Some(seat)
    }

    /// Streams on all of its connections.
    fn streams(&self) -> usize {
        self.connections.iter().chain(&self.retiring).map(|kept| kept.streams()).sum()
    }

    /// A place on a connection that was to be closed, and is needed now.
    fn take_back(&mut self, has_room: impl Fn(&Arc<Kept>) -> bool) -> Option<Seat> {
        self.retiring.retain(|kept| kept.is_usable());
        let index = self.retiring.iter().position(has_room)?;
        let kept = self.retiring.swap_remove(index);
        let seat = kept.seat();
        self.connections.push(kept);
        Some(seat)
    }

    /// How many connections there are, or will be.
    fn count(&self) -> usize {
        self.connections.len() + self.retiring.len() + self.opening
    }

    /// Closes a connection where there is one too many: once its streams have ended.
    fn retire(&mut self) {
        if self.has_surplus() {
            self.retiring.extend(self.connections.pop());
        }
        self.retiring.retain(|kept| kept.is_usable() && kept.streams() > 0);
    }

    /// Whether those who wait are too many for the connections that are to come.
    fn needs_more(&self) -> bool {
        let is_unsettled = |kept: &&Arc<Kept>| kept.limit(1).is_none();
        let coming = self.opening + self.connections.iter().filter(is_unsettled).count();
        // While nobody knows what is spoken there, one connection finds out.
        let expected = if self.speaks == Speaks::Http2 { self.typical } else { usize::MAX };
        let waiting = self.queue.waiting.load(Ordering::Relaxed);
        coming == 0 || waiting >= coming.saturating_mul(expected)
    }

    /// Whether nobody has asked for this long, as far as is seen from time to time.
    fn is_quiet_for(&mut self, limit: Duration, now: Instant) -> bool {
        let is_waited_for = self.opening > 0 || self.queue.waiting.load(Ordering::Relaxed) > 0;
        if std::mem::take(&mut self.is_asked) || is_waited_for {
            self.quiet_since = None;
            return false;
        }
        now.duration_since(*self.quiet_since.get_or_insert(now)) >= limit
    }

    /// Whether the connections but the last would have carried twice what there was.
    fn has_surplus(&self) -> bool {
        let others = self.connections.len().saturating_sub(1);
        others > 0 && self.busiest.saturating_mul(2) <= others.saturating_mul(self.typical)
    }
}

impl Http2Pool {
    /// A pool without connections.
    pub(super) fn new(limits: Http2Limits) -> Self {
        Self { limits, sites: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, Sites> {
        self.sites.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn site<'a>(&self, sites: &'a mut Sites, target: &Arc<Target>) -> &'a mut Site {
        sites.0.entry(Arc::clone(target)).or_insert_with(|| Site::new(self.limits.upstream_streams))
    }

    /// Whether HTTP/2 may be spoken to this target, as far as is known.
    pub(super) fn may_speak(&self, target: &Arc<Target>) -> bool {
        match target.http2 {
            Choice::Never => false,
            Choice::Negotiate if target.tls.is_none() => false,
            Choice::Negotiate | Choice::Always => match self.lock().0.get_mut(target) {
                None => true,
                Some(site) => {
                    site.is_asked = true;
                    site.speaks != Speaks::Http1
                }
            },
        }
    }

    /// What a request to this target is to do; `seen` is how many failures it has seen, and starts
    /// with `None`.
    pub(super) fn take(self: &Arc<Self>, target: &Arc<Target>, seen: &mut Option<u64>) -> Take {
        let mut sites = self.lock();
        let site = self.site(&mut sites, target);
        site.is_asked = true;
        if site.speaks == Speaks::Http1 {
            return Take::Elsewhere;
        }
        if let Some(seat) = site.seat(self.limits.upstream_streams) {
            return Take::Seat(seat);
        }
        let (failures, last) = &site.failures;
        if seen.replace(*failures).is_some_and(|seen| seen < *failures)
            && site.connections.is_empty()
            && let Some(failure) = last
        {
            return Take::Failed(failure.copy());
        }
        let is_full = site.count() >= self.limits.upstream_connections;
        if !is_full && site.needs_more() {
            site.opening += 1;
            let (pool, target) = (Arc::clone(self), Arc::clone(target));
            return Take::Open(Opening { pool, target, is_over: false });
        }
        Take::Wait(Waiting::new(&site.queue))
    }

    /// Keeps a connection that was opened.
    fn opened(&self, target: &Arc<Target>, sender: Http2, link: Arc<Link>) -> Seat {
        let mut sites = self.lock();
        let site = self.site(&mut sites, target);
        site.opening = site.opening.saturating_sub(1);
        site.speaks = Speaks::Http2;
        let kept = Arc::new(Kept {
            sender,
            link,
            streams: AtomicUsize::new(0),
            begun: AtomicUsize::new(0),
            given_up: AtomicUsize::new(0),
            idle_since: Mutex::new(Instant::now()),
            queue: Arc::clone(&site.queue),
        });
        let seat = kept.seat();
        site.connections.push(kept);
        site.busiest = site.busiest.max(site.streams());
        site.queue.changed.notify_waiters();
        seat
    }

    fn close_opening(&self, target: &Arc<Target>, note: impl FnOnce(&mut Site)) {
        let mut sites = self.lock();
        let site = self.site(&mut sites, target);
        site.opening = site.opening.saturating_sub(1);
        note(site);
        site.queue.changed.notify_waiters();
    }

    /// Keeps a connection that was expected to speak HTTP/1.1.
    pub(super) fn adopt(&self, target: &Arc<Target>, sender: Http2, link: Arc<Link>) -> Seat {
        self.site(&mut self.lock(), target).opening += 1;
        self.opened(target, sender, link)
    }

    /// What tells this pool of what a connection's upstream says.
    pub(super) fn link(&self, target: &Arc<Target>) -> Arc<Link> {
        let mut sites = self.lock();
        Arc::new(Link::new(Arc::clone(&self.site(&mut sites, target).queue.changed)))
    }

    /// Closes connections that have been idle for longer than this, and those that are not needed.
    pub(super) fn close_idle(&self, older_than: Duration) {
        let now = Instant::now();
        self.lock().0.retain(|_, site| {
            site.connections.retain(|kept| kept.is_usable() && kept.idle_for(now) < older_than);
            site.retire();
            site.busiest = site.streams();
            site.count() > 0 || !site.is_quiet_for(older_than, now)
        });
    }
}

#[cfg(test)]
mod tests;
