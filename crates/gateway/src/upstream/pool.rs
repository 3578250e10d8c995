//! Connections that wait for their next request: one pool per worker.
//!
//! The lock is never contended, since a pool belongs to one worker's thread.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use hyper::client::conn::http1;
use tokio::time::Instant;

use super::Target;
use super::http2_pool::Seat;
use crate::body::{RequestBody, RequestProgress, RequestStage};

/// An HTTP/1.1 connection, as the HTTP library hands it out.
pub(super) type Http1 = http1::SendRequest<RequestBody>;

/// The connections of one worker.
#[derive(Debug, Default)]
pub(crate) struct Pool {
    targets: Mutex<HashMap<Arc<Target>, Kept, foldhash::fast::RandomState>>,
}

#[derive(Debug, Default)]
struct Kept {
    idle: Vec<(Http1, Instant)>,
}

impl Pool {
    fn lock(&self) -> MutexGuard<'_, HashMap<Arc<Target>, Kept, foldhash::fast::RandomState>> {
        self.targets.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a connection, the one used last first.
    pub(super) fn take(&self, target: &Target) -> Option<Http1> {
        take_idle(&mut self.lock().get_mut(target)?.idle)
    }

    /// Keeps a connection, unless all workers together may have so many only: it could keep another
    /// worker from connecting.
    fn put(&self, target: Arc<Target>, connection: Http1) {
        if target.shared.is_some() {
            return;
        }
        self.lock().entry(target).or_default().idle.push((connection, Instant::now()));
    }

    /// Closes what has been idle for longer than this, and forgets targets without connections.
    pub(super) fn close_idle(&self, older_than: Duration) {
        let now = Instant::now();
        self.lock().retain(|_, kept| {
            kept.idle.retain(|(connection, since)| {
                !connection.is_closed() && now.duration_since(*since) < older_than
            });
            !kept.idle.is_empty()
        });
    }
}

/// The newest connection that can take a request; closed ones are dropped, busy ones stay.
fn take_idle(idle: &mut Vec<(Http1, Instant)>) -> Option<Http1> {
    let mut index = idle.len();
    while index > 0 {
        index -= 1;
        let (connection, _) = &mut idle[index];
        match connection.poll_ready(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Ok(())) => return Some(idle.remove(index).0),
            Poll::Ready(Err(_closed)) => drop(idle.remove(index)),
            Poll::Pending => {}
        }
    }
    None
}

/// The use of one connection by one exchange.
#[derive(Debug)]
pub(crate) struct Lease {
    connection: Option<(Http1, Arc<Target>, Arc<Pool>)>,
    /// The place on an HTTP/2 connection; given back when dropped.
    _seat: Option<Seat>,
    progress: Option<Arc<RequestProgress>>,
}

impl Lease {
    /// A connection of its own.
    pub(super) fn new(
        connection: Http1,
        target: &Arc<Target>,
        pool: &Arc<Pool>,
        progress: Option<Arc<RequestProgress>>,
    ) -> Self {
        let connection = Some((connection, Arc::clone(target), Arc::clone(pool)));
        Self { connection, _seat: None, progress }
    }

    /// A stream on a connection that others use too.
    pub(super) fn stream(seat: Seat, progress: Option<Arc<RequestProgress>>) -> Self {
        Self { connection: None, _seat: Some(seat), progress }
    }

    /// Gives the connection back, once the answer has been read whole.
    ///
    /// A connection whose request is still being sent is closed instead.
    pub(crate) fn release(mut self) {
        let is_sent = self.is_sent();
        if let Some((connection, target, pool)) = self.connection.take()
            && is_sent
            && !connection.is_closed()
        {
            pool.put(target, connection);
        }
    }

    fn is_sent(&self) -> bool {
        self.progress.as_ref().is_none_or(|progress| progress.stage() == RequestStage::Done)
    }
}

impl Drop for Lease {
    /// With the answer ends the exchange; what is left of the request would keep the connection.
    fn drop(&mut self) {
        if let Some(progress) = &self.progress {
            progress.give_up();
        }
    }
}
