//! The streams of an HTTP/2 connection, each a task of its own, and the watch over clients that do
//! not take what they asked for.
//!
//! A client grants each stream a window, and one that grants none would hold its stream, and the
//! upstream's connection behind it, for ever: the answer's body is not asked for more, so its own
//! limit does not count.
//! So the task of a stream knows from the body whether a piece has been handed over that the
//! library cannot send, and ends the stream when that lasts too long.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hyper::rt::Executor;
use tokio::time::Instant;

use crate::idle::IdleTimer;

/// How many pieces of an answer's body have been handed over, and whether the last one is still to
/// be sent: an odd number means that it is.
#[derive(Debug, Default)]
pub(crate) struct Handover(AtomicU32);

impl Handover {
    /// More is asked for: what was handed over has been sent.
    pub(crate) fn asked(&self) {
        let pieces = self.0.load(Ordering::Relaxed);
        self.0.store(pieces.wrapping_add(pieces % 2), Ordering::Relaxed);
    }

    /// A piece was handed over.
    pub(crate) fn gave(&self) {
        let pieces = self.0.load(Ordering::Relaxed);
        self.0.store(pieces.wrapping_add(1), Ordering::Relaxed);
    }

    /// The number of the piece that is still to be sent.
    fn unsent(&self) -> Option<u32> {
        let pieces = self.0.load(Ordering::Relaxed);
        (pieces % 2 == 1).then_some(pieces)
    }
}

/// Runs the streams of one connection.
#[derive(Debug, Clone)]
pub(super) struct Streams {
    /// What the request that was just taken hands over by; its task is made right after.
    begun: Arc<Mutex<Option<Arc<Handover>>>>,
    patience: Duration,
}

impl Streams {
    /// `patience` is how long a client may take for one piece of an answer.
    pub(super) fn new(patience: Duration) -> Self {
        Self { begun: Arc::default(), patience }
    }

    /// A request was taken.
    pub(super) fn begin(&self) -> Arc<Handover> {
        let handover = Arc::<Handover>::default();
        let begun = Some(Arc::clone(&handover));
        *self.begun.lock().unwrap_or_else(PoisonError::into_inner) = begun;
        handover
    }
}

impl<F> Executor<F> for Streams
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, future: F) {
        match self.begun.lock().unwrap_or_else(PoisonError::into_inner).take() {
            Some(handover) => {
                let waiting = IdleTimer::new(self.patience);
                let task =
                    Stream { future, handover, patience: self.patience, waiting, unsent: None };
                tokio::spawn(task.run());
            }
            None => {
                tokio::spawn(future);
            }
        }
    }
}

struct Stream<F> {
    future: F,
    handover: Arc<Handover>,
    patience: Duration,
    waiting: IdleTimer,
    /// The piece that `waiting` was set for.
    unsent: Option<u32>,
}

impl<F: Future<Output = ()>> Stream<F> {
    /// Ends with the stream, or with the client's time; dropping the library's task then resets the
    /// stream.
    async fn run(self) {
        let Self { future, handover, patience, mut waiting, mut unsent } = self;
        let mut future = std::pin::pin!(future);
        std::future::poll_fn(move |context: &mut Context<'_>| {
            if future.as_mut().poll(context).is_ready() {
                return Poll::Ready(());
            }
            let now_unsent = handover.unsent();
            if now_unsent != unsent {
                unsent = now_unsent;
                if unsent.is_some() {
                    waiting.restart(Instant::now(), patience);
                }
            }
            if unsent.is_none() {
                return Poll::Pending;
            }
            ready!(waiting.poll_expired(context));
            tracing::debug!("A client took nothing of its answer; its stream is reset.");
            Poll::Ready(())
        })
        .await;
    }
}
