//! Between two requests, and the end of a connection.

use std::future::poll_fn;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use super::wire::{Progress, State, Wire};
use super::{Handler, Server};
use crate::transport::Transport;

/// What is read and dropped of a body that nobody wanted, so that the connection can live on.
const DRAINED: u64 = 256 * 1024;
/// How long that may take.
const DRAIN_TIME: Duration = Duration::from_millis(500);
/// How long a pause ends the wait for the end of a client that is still sending.
const LINGER_PAUSE: Duration = Duration::from_millis(500);
/// How long that wait lasts at most.
const LINGER_TIME: Duration = Duration::from_secs(5);

/// What a client may still do when its connection is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Farewell {
    /// It waits for the end.
    Silent,
    /// It may be sending, and would not see the answer if the connection were reset.
    Sending,
    /// It has been waited for long enough.
    Slow,
}

impl<H: Handler> Server<H> {
    /// Takes what is left of the request's body; whether another request can follow.
    pub(super) async fn finish_upload(&mut self) -> bool {
        if self.wire.lock().upload.is_done() {
            return true;
        }
        let mut dropped = 0;
        let draining = poll_fn(|context| self.wire.lock().poll_drain(context, &mut dropped));
        if tokio::time::timeout(DRAIN_TIME, draining).await.is_ok_and(|is_done| is_done) {
            return true;
        }
        self.close(Farewell::Sending).await;
        false
    }

    /// Ends the connection after an answer.
    ///
    /// A client that may still be sending is read from for a moment: closing over unread bytes
    /// resets the connection, and the reset could overtake the answer (RFC 9112 §9.6).
    pub(super) async fn close(&mut self, farewell: Farewell) {
        let wire = &*self.wire;
        let (is_heard_out, is_plain) = {
            let state = wire.lock();
            let is_plain = matches!(state.transport(), Transport::Plain(_));
            (state.upload.is_done() && state.input.is_empty(), is_plain)
        };
        let lingers = farewell != Farewell::Silent || !is_heard_out;
        if !lingers && is_plain {
            return;
        }
        let ending = async {
            let ended = poll_fn(|context| wire.lock().poll_shutdown(context)).await;
            let mut has_more = lingers && ended.is_ok();
            while has_more {
                let wasted = poll_fn(|context| waste(wire, context));
                has_more = tokio::time::timeout(LINGER_PAUSE, wasted).await.unwrap_or(false);
            }
        };
        let limit = if farewell == Farewell::Slow { LINGER_PAUSE } else { LINGER_TIME };
        // Whoever takes longer is cut off.
        let _in_time = tokio::time::timeout(limit, ending).await;
    }

    /// Ends the connection in the middle of an answer, with a reset where its end would make the
    /// answer look whole or the client takes nothing.
    pub(super) fn cut(&self, resets: bool) {
        if resets && let Transport::Plain(stream) = self.wire.lock().transport() {
            // Where this cannot be set the connection is closed all the same.
            let _set = stream.set_zero_linger();
        }
    }
}

/// Takes and drops what comes; whether there may be more.
fn waste(wire: &Wire, context: &mut Context<'_>) -> Poll<bool> {
    let mut state = wire.lock();
    state.input.clear();
    state.take_buffer();
    state.poll_read(context, 1).map(|read| read.is_ok_and(|count| count > 0))
}

impl Progress {
    /// Whether the connection can live on after an answer that is given now.
    pub(super) fn may_be_finished(&self) -> bool {
        self.is_done() || self.is_open() && (self.is_held() || self.rest() <= DRAINED)
    }
}

impl State {
    /// Reads and drops the rest of the body, once nobody holds it; whether that worked.
    fn poll_drain(&mut self, context: &mut Context<'_>, dropped: &mut u64) -> Poll<bool> {
        loop {
            if self.upload.is_held() {
                self.leave_reading(context);
                return Poll::Pending;
            }
            match self.upload.skip(&mut self.input) {
                Ok(count) => *dropped += count,
                Err(_malformed) => return Poll::Ready(false),
            }
            if self.upload.is_done() {
                return Poll::Ready(true);
            }
            if *dropped > DRAINED {
                return Poll::Ready(false);
            }
            match ready!(self.poll_read(context, super::LEAST)) {
                Ok(1..) => {}
                Ok(0) | Err(_) => return Poll::Ready(false),
            }
        }
    }
}
