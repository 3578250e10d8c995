//! A connection to an upstream as its frames show it: how many streams it may carry, and whether
//! the upstream is about to close it.
//!
//! The HTTP library knows both and says neither.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::Notify;

use crate::frames::{Frame, FrameCursor, Kind};
use crate::upstream::tls::TlsFailure;

/// What an upstream has said about a connection.
#[derive(Debug)]
pub(crate) struct Link {
    max_streams: AtomicU32,
    has_settings: AtomicBool,
    is_leaving: AtomicBool,
    /// The last stream that the upstream will look at.
    last_served: AtomicU32,
    /// The last stream whose request was begun to be sent.
    last_sent: AtomicU32,
    /// Why the upstream is not content with the client's certificate.
    refusal: OnceLock<TlsFailure>,
    /// Told of changes.
    changed: Arc<Notify>,
}

impl Link {
    /// Nothing has been said yet.
    pub(super) fn new(changed: Arc<Notify>) -> Self {
        Self {
            max_streams: AtomicU32::new(u32::MAX),
            has_settings: AtomicBool::new(false),
            is_leaving: AtomicBool::new(false),
            last_served: AtomicU32::new(u32::MAX),
            last_sent: AtomicU32::new(0),
            refusal: OnceLock::new(),
            changed,
        }
    }

    /// How many streams the upstream allows at once; `None` before its settings have come.
    pub(super) fn max_streams(&self) -> Option<usize> {
        let said = self.max_streams.load(Ordering::Relaxed);
        let has_settings = self.has_settings.load(Ordering::Acquire);
        has_settings.then(|| usize::try_from(said).unwrap_or(usize::MAX))
    }

    /// Whether no more streams are to be begun.
    pub(super) fn is_leaving(&self) -> bool {
        self.is_leaving.load(Ordering::Relaxed)
    }

    /// Whether a stream with this number, or a higher one, was never sent or will never be looked
    /// at.
    pub(super) fn has_left_out(&self, stream: u32) -> bool {
        let last_served = self.last_served.load(Ordering::Relaxed);
        stream > self.last_sent.load(Ordering::Relaxed) || stream > last_served
    }

    /// Why the upstream does not take part in the connection at all: it has looked at no request,
    /// and would refuse the next connection as well.
    pub(super) fn refusal(&self) -> Option<&TlsFailure> {
        self.refusal.get()
    }

    pub(super) fn see(&self, frame: &Frame<'_>) {
        match frame.kind {
            Kind::Settings if !frame.is_answer() => {
                if let Some(limit) = frame.max_streams() {
                    self.max_streams.store(limit, Ordering::Relaxed);
                }
                self.has_settings.store(true, Ordering::Release);
                self.changed.notify_waiters();
            }
            Kind::GoAway => {
                self.last_served.fetch_min(frame.last_stream(), Ordering::Relaxed);
                self.leave();
            }
            _ => {}
        }
    }

    pub(super) fn send(&self, frame: &Frame<'_>) {
        if frame.kind == Kind::Headers {
            self.last_sent.fetch_max(frame.stream, Ordering::Relaxed);
        }
    }

    fn leave(&self) {
        self.is_leaving.store(true, Ordering::Relaxed);
        self.changed.notify_waiters();
    }
}

/// A connection whose frames are watched as they come.
#[derive(Debug)]
pub(crate) struct Watched<S> {
    inner: S,
    received: FrameCursor,
    sent: FrameCursor,
    link: Arc<Link>,
    /// Whether the upstream takes no more. What it said before is still to be read, such as why; so
    /// that is no error here, and its end is seen by reading.
    is_gone: bool,
}

impl<S> Watched<S> {
    pub(crate) fn new(inner: S, link: Arc<Link>) -> Self {
        let (received, sent) = (FrameCursor::server(), FrameCursor::client());
        Self { inner, received, sent, link, is_gone: false }
    }

    /// What came of writing; `None` where it failed because the upstream is gone.
    fn judge<T>(&mut self, written: io::Result<T>) -> io::Result<Option<T>> {
        match written {
            Ok(written) => Ok(Some(written)),
            Err(error) if is_of_peer(&error) => {
                self.is_gone = true;
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}

/// Whether writing failed because the peer has closed the connection.
fn is_of_peer(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset};
    matches!(error.kind(), BrokenPipe | ConnectionAborted | ConnectionReset)
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let before = buffer.filled().len();
        let read = ready!(Pin::new(&mut this.inner).poll_read(context, buffer));
        if let Some(refusal) = read.as_ref().err().and_then(TlsFailure::late) {
            // The library hands on the text of an error alone.
            this.link.refusal.get_or_init(|| refusal);
        }
        let received = &buffer.filled()[before..];
        if received.is_empty() {
            this.link.leave();
        }
        this.received.feed(received, |frame| this.link.see(frame));
        Poll::Ready(read)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        if this.is_gone {
            return Poll::Ready(Ok(bytes.len()));
        }
        let written = ready!(Pin::new(&mut this.inner).poll_write(context, bytes));
        let Some(count) = this.judge(written)? else { return Poll::Ready(Ok(bytes.len())) };
        let taken = bytes.get(..count).unwrap_or_default();
        this.sent.feed(taken, |frame| this.link.send(frame));
        Poll::Ready(Ok(count))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        let whole = slices.iter().map(|slice| slice.len()).sum();
        if this.is_gone {
            return Poll::Ready(Ok(whole));
        }
        let written = ready!(Pin::new(&mut this.inner).poll_write_vectored(context, slices));
        let Some(count) = this.judge(written)? else { return Poll::Ready(Ok(whole)) };
        let mut left = count;
        for slice in slices {
            let taken = left.min(slice.len());
            this.sent.feed(&slice[..taken], |frame| this.link.send(frame));
            left -= taken;
        }
        Poll::Ready(Ok(count))
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.is_gone {
            return Poll::Ready(Ok(()));
        }
        let flushed = ready!(Pin::new(&mut self.inner).poll_flush(context));
        Poll::Ready(self.judge(flushed).map(|_| ()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}
