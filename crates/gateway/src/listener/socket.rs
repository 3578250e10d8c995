//! A client's connection of HTTP/2 with limits on how long it may keep us waiting.
//!
//! The HTTP library reads and writes through this.
//! At the end, what a client still sends is taken for a moment: closing at once would reset the
//! connection, and the reset could overtake the answer (RFC 9112 §9.6).

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

use super::phase::{Phase, PhaseCell};
use crate::config::Timeouts;
use crate::idle::IdleTimer;

/// How long a pause ends the wait for the end of a client that is still sending.
const LINGER_PAUSE: Duration = Duration::from_millis(500);
/// How long that wait lasts at most.
const LINGER_LIMIT: Duration = Duration::from_secs(5);

/// How long a client may keep us waiting.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    /// For a head.
    pub(crate) head: Duration,
    /// For the next request.
    pub(crate) idle: Duration,
    /// For taking what we write.
    pub(crate) write: Duration,
}

/// A client's connection.
#[derive(Debug)]
pub(crate) struct ClientSocket<S> {
    inner: S,
    /// Bytes that were read to tell the protocol.
    prefix: Bytes,
    phase: Arc<PhaseCell>,
    patience: Patience,
    reading: IdleTimer,
    /// The wait that `reading` was set for.
    waiting_for: Option<u32>,
    writing: IdleTimer,
    is_over: bool,
    /// The pause and the whole wait after our side has ended.
    lingering: Option<(IdleTimer, IdleTimer)>,
}

impl Patience {
    /// As configured.
    pub(super) fn of(timeouts: &Timeouts) -> Self {
        Self { head: timeouts.head, idle: timeouts.client_idle, write: timeouts.socket }
    }
}

impl<S> ClientSocket<S> {
    /// `prefix` is what has been read of it already.
    pub(crate) fn new(inner: S, prefix: Bytes, phase: Arc<PhaseCell>, patience: Patience) -> Self {
        Self {
            inner,
            prefix,
            phase,
            patience,
            reading: IdleTimer::new(patience.head),
            waiting_for: None,
            writing: IdleTimer::new(patience.write),
            is_over: false,
            lingering: None,
        }
    }

    /// Whether it was this side that lost its patience.
    pub(super) fn has_given_up(&self) -> bool {
        self.is_over
    }

    /// What the client still sends is taken for a moment after our end.
    pub(super) fn expect_more(&self) {
        self.phase.expect_more();
    }

    /// The longest wait in a phase, and from when it counts.
    ///
    /// An exchange has none, but nobody wakes this socket when it ends: it looks again often enough
    /// to see each wait that follows before that is too long.
    fn limit(&self, phase: Phase) -> (Instant, Duration) {
        let Patience { head, idle, .. } = self.patience;
        match phase {
            Phase::Idle if self.phase.has_served() => (self.phase.idle_since(), idle),
            Phase::Idle => (Instant::now(), head),
            Phase::Busy => (Instant::now(), head.min(idle)),
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> ClientSocket<S> {
    /// Nothing came: ends the connection once it has taken too long.
    fn poll_patience(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let (phase, number) = self.phase.load();
        if self.waiting_for != Some(number) {
            let (since, limit) = self.limit(phase);
            self.waiting_for = Some(number);
            self.reading.restart(since, limit);
        }
        ready!(self.reading.poll_expired(context));
        if phase == Phase::Busy {
            self.reading.restart(Instant::now(), self.patience.head.min(self.patience.idle));
            return self.reading.poll_expired(context).map(Ok);
        }
        self.is_over = true;
        Poll::Ready(Ok(()))
    }

    /// Takes and drops what still comes, until the client ends, pauses or takes too long.
    fn poll_linger(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let new = || (IdleTimer::new(LINGER_PAUSE), IdleTimer::new(LINGER_LIMIT));
        let (pause, whole) = self.lingering.get_or_insert_with(new);
        // First, since it is not looked at any more once bytes without end have used up the turn.
        if whole.poll_expired(context).is_ready() {
            return Poll::Ready(());
        }
        let mut storage = [0; 8 * 1024];
        loop {
            let mut buffer = ReadBuf::new(&mut storage);
            match Pin::new(&mut self.inner).poll_read(context, &mut buffer) {
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => pause.progressed(),
                Poll::Ready(_ended) => return Poll::Ready(()),
                Poll::Pending => break,
            }
        }
        pause.poll_expired(context)
    }

    /// Ends our side, once everything is written.
    pub(super) async fn end(&mut self) -> io::Result<()> {
        std::future::poll_fn(|context| Pin::new(&mut self.inner).poll_flush(context)).await?;
        std::future::poll_fn(|context| Pin::new(&mut self.inner).poll_shutdown(context)).await
    }

    /// Takes what the client still sends; `false` once it has ended.
    pub(super) async fn waste(&mut self) -> io::Result<bool> {
        let mut storage = [0; 8 * 1024];
        let mut buffer = ReadBuf::new(&mut storage);
        std::future::poll_fn(|context| Pin::new(&mut self.inner).poll_read(context, &mut buffer))
            .await?;
        Ok(!buffer.filled().is_empty())
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for ClientSocket<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.is_over {
            return Poll::Ready(Ok(()));
        }
        if !self.prefix.is_empty() {
            let count = self.prefix.len().min(buffer.remaining());
            buffer.put_slice(&self.prefix.split_to(count));
            return Poll::Ready(Ok(()));
        }
        match Pin::new(&mut self.inner).poll_read(context, buffer) {
            Poll::Pending => self.poll_patience(context),
            ready => ready,
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> ClientSocket<S> {
    fn poll_written(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        if written.is_ready() {
            self.writing.progressed();
            return written;
        }
        ready!(self.writing.poll_expired(context));
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the client takes no more bytes")))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for ClientSocket<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.inner).poll_write(context, bytes);
        self.poll_written(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.inner).poll_write_vectored(context, slices);
        self.poll_written(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.lingering.is_none() {
            ready!(Pin::new(&mut self.inner).poll_shutdown(context))?;
        }
        if self.phase.may_be_sending() {
            ready!(self.poll_linger(context));
        }
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    const PATIENCE: Patience = Patience {
        head: Duration::from_millis(300),
        idle: Duration::from_millis(900),
        write: Duration::from_millis(500),
    };

    fn socket(
        phase: &Arc<PhaseCell>,
        prefix: &'static [u8],
    ) -> (tokio::io::DuplexStream, ClientSocket<tokio::io::DuplexStream>) {
        let (client, server) = duplex(64);
        let prefix = Bytes::from_static(prefix);
        (client, ClientSocket::new(server, prefix, Arc::clone(phase), PATIENCE))
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_client_is_dropped_without_a_word() {
        let (mut client, mut server) = socket(&Arc::default(), b"");
        let started = Instant::now();
        let mut buffer = [0; 16];
        assert_eq!(server.read(&mut buffer).await.ok(), Some(0));
        assert_eq!(started.elapsed(), PATIENCE.head);
        drop(server);
        let mut rest = Vec::new();
        client.read_to_end(&mut rest).await.expect("the other end is closed");
        assert!(rest.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn an_exchange_has_no_limit_here_and_the_next_wait_has_its_own() {
        let phase: Arc<PhaseCell> = Arc::default();
        let (_client, mut server) = socket(&phase, b"GET");
        let mut buffer = [0; 16];
        assert_eq!(server.read(&mut buffer).await.ok(), Some(3));
        let busy = phase.stream();
        let waited = tokio::time::timeout(Duration::from_secs(60), server.read(&mut buffer)).await;
        assert!(waited.is_err());
        drop(busy);
        let started = Instant::now();
        assert_eq!(server.read(&mut buffer).await.ok(), Some(0));
        assert_eq!(started.elapsed(), PATIENCE.idle);
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_takes_nothing_is_cut_off() {
        let (_client, mut server) = socket(&Arc::default(), b"");
        let started = Instant::now();
        let error = server.write_all(&[0; 1000]).await.expect_err("nobody reads");
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert_eq!(started.elapsed(), PATIENCE.write);
    }
}
