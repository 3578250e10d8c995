//! What lies between a client's connection and the HTTP library: the watch over its frames.
//!
//! A connection that has to end is taken away from the library, which learns of it as an error, and
//! is left for whoever serves it to say goodbye: `GOAWAY` with the reason, and a moment for the
//! client to read it.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::time::Instant;

use super::watch::{Watch, code};
use crate::idle::IdleTimer;
use crate::listener::socket::ClientSocket;
use crate::telemetry::metric::Http2End;

/// What a client is given to take the last frame and to end its side.
const FAREWELL: Duration = Duration::from_millis(500);

/// A connection that was taken away from the HTTP library.
#[derive(Debug)]
pub(super) struct Taken<S> {
    /// Why it has to end.
    cause: Http2End,
    socket: ClientSocket<S>,
    /// The last frame, unless another one had just been begun.
    frame: Option<[u8; 17]>,
}

/// Where a connection that was taken away is left, or why the library ended it.
#[derive(Debug)]
pub(super) struct Left<S>(Mutex<(Option<Taken<S>>, Option<Http2End>)>);

impl<S> Default for Left<S> {
    fn default() -> Self {
        Self(Mutex::new((None, None)))
    }
}

impl<S> Left<S> {
    /// The connection, where it was taken away.
    pub(super) fn taken(&self) -> Option<Taken<S>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).0.take()
    }

    /// What the library has told the client, where it ended the connection.
    pub(super) fn told(&self) -> Option<Http2End> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).1
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Taken<S> {
    /// Says why and waits a moment for the client to have read it: closing at once over what it
    /// still sends would reset the connection under the last frame.
    pub(super) async fn farewell(mut self) -> Http2End {
        let saying = async {
            if let Some(frame) = self.frame {
                self.socket.write_all(&frame).await?;
            }
            self.socket.end().await?;
            while self.socket.waste().await? {}
            Ok::<(), io::Error>(())
        };
        // The client may be gone, or may go on sending; either way this is the end.
        let said = tokio::time::timeout(FAREWELL, saying).await;
        tracing::debug!(
            cause = self.cause.label(),
            heard = said.is_ok(),
            "A client was sent away."
        );
        self.cause
    }
}

/// A client's connection under watch.
#[derive(Debug)]
pub(super) struct Guard<S> {
    /// Gone once it was taken away.
    socket: Option<ClientSocket<S>>,
    watch: Watch,
    left: Arc<Left<S>>,
    /// How long the client may owe us something.
    patience: Duration,
    waiting: IdleTimer,
    /// The wait that `waiting` was set for.
    waiting_since: Option<Instant>,
}

impl<S> Guard<S> {
    pub(super) fn new(
        socket: ClientSocket<S>,
        watch: Watch,
        left: &Arc<Left<S>>,
        patience: Duration,
    ) -> Self {
        Self {
            socket: Some(socket),
            watch,
            left: Arc::clone(left),
            patience,
            waiting: IdleTimer::new(patience),
            waiting_since: None,
        }
    }

    /// Takes the connection away from the library.
    fn end(&mut self, cause: Http2End) -> io::Error {
        if let Some(socket) = self.socket.take() {
            let frame =
                self.watch.can_send().then(|| goaway(self.watch.last_stream(), code(cause)));
            let taken = Taken { cause, socket, frame };
            self.left.0.lock().unwrap_or_else(PoisonError::into_inner).0 = Some(taken);
        }
        gone()
    }

    /// Nothing came: whether the client has owed us something for too long.
    fn poll_overdue(&mut self, context: &mut Context<'_>) -> Poll<Http2End> {
        if let Some(cause) = self.watch.found() {
            return Poll::Ready(cause);
        }
        let Some((since, cause)) = self.watch.overdue() else { return Poll::Pending };
        if self.waiting_since != Some(since) {
            self.waiting_since = Some(since);
            self.waiting.restart(since, self.patience);
        }
        self.waiting.poll_expired(context).map(|()| cause)
    }
}

/// The last frame on a connection (RFC 9113 §6.8).
fn goaway(last_stream: u32, code: u32) -> [u8; 17] {
    let mut frame = [0; 17];
    frame[2] = 8;
    frame[3] = 7;
    frame[9..13].copy_from_slice(&last_stream.to_be_bytes());
    frame[13..].copy_from_slice(&code.to_be_bytes());
    frame
}

fn gone() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionAborted, "the connection was ended for its frames")
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Guard<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let Some(socket) = &mut this.socket else { return Poll::Ready(Err(gone())) };
        let before = buffer.filled().len();
        let read = Pin::new(&mut *socket).poll_read(context, buffer);
        if read.is_pending() {
            let cause = ready!(this.poll_overdue(context));
            return Poll::Ready(Err(this.end(cause)));
        }
        let received = &buffer.filled()[before..];
        if received.is_empty() && socket.has_given_up() {
            let cause = this.watch.overdue().map_or(Http2End::Idle, |(_, cause)| cause);
            return Poll::Ready(Err(this.end(cause)));
        }
        if let Err(cause) = this.watch.receive(received) {
            buffer.set_filled(before);
            return Poll::Ready(Err(this.end(cause)));
        }
        read
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Guard<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        let Some(socket) = &mut this.socket else { return Poll::Ready(Err(gone())) };
        let count = ready!(Pin::new(socket).poll_write(context, bytes))?;
        this.watch.send(bytes.get(..count).unwrap_or_default());
        Poll::Ready(Ok(count))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        let Some(socket) = &mut this.socket else { return Poll::Ready(Err(gone())) };
        let count = ready!(Pin::new(socket).poll_write_vectored(context, slices))?;
        let mut left = count;
        for slice in slices {
            let taken = left.min(slice.len());
            this.watch.send(&slice[..taken]);
            left -= taken;
        }
        Poll::Ready(Ok(count))
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.as_ref().is_some_and(AsyncWrite::is_write_vectored)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Some(socket) = &mut self.socket else { return Poll::Ready(Err(gone())) };
        Pin::new(socket).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let Some(socket) = &mut this.socket else { return Poll::Ready(Ok(())) };
        if let Some(cause) = this.watch.told() {
            this.left.0.lock().unwrap_or_else(PoisonError::into_inner).1 = Some(cause);
            // Otherwise the end could overtake the frame that says why.
            socket.expect_more();
        }
        Pin::new(socket).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_frame_names_the_last_stream_and_the_reason() {
        let mut seen = Vec::new();
        crate::frames::FrameCursor::server()
            .feed(&goaway(0x0102_0304, 0xb), |frame| seen.push((frame.kind, frame.code())));
        assert_eq!(seen, [(crate::frames::Kind::GoAway, 0xb)]);
        assert_eq!(goaway(0x0102_0304, 0)[9..13], [1, 2, 3, 4]);
    }
}
