//! The bytes of a connection, shared by its task, the body of its request and interim answers.
//!
//! One lock guards them. The task of a connection runs on one thread, and so does nearly everything
//! that holds a body of it, so nobody waits for it; it is never held while foreign code runs.

use std::io::{self, IoSlice};
use std::pin::{Pin, pin};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};

use ::http1::{BodyReader, Framing, Piece, write};
use bytes::{Buf, Bytes, BytesMut};
use http::{HeaderMap, StatusCode};
use tokio::io::{AsyncReadExt, AsyncWrite};

use crate::interim::Outlet;
use crate::spare::{self, ROOM};
use crate::transport::Transport;

/// What a read of a body is given at most.
const MOST_ROOM: usize = 64 * 1024;
/// Bytes behind a request that are read while it is served; more waits in the kernel.
const AHEAD: usize = 64 * 1024;
/// Interim answers that wait to be written, in bytes.
const INTERIM: usize = 16 * 1024;

/// The bytes of a connection.
#[derive(Debug)]
pub(crate) struct Wire(Mutex<State>);

/// What the lock guards.
#[derive(Debug)]
pub(super) struct State {
    transport: Transport,
    /// What has been read and belongs to nobody yet.
    pub(super) input: BytesMut,
    /// What the next buffer is made for.
    room: usize,
    /// Whether `input` may be larger than others can use.
    is_large: bool,
    /// Interim answers that wait to be written.
    interim: BytesMut,
    /// Whether an interim answer may still be given to the request.
    pub(super) takes_interim: bool,
    /// The body of the request that is served.
    pub(super) upload: Progress,
    /// The task of the connection, while it leaves reading to whoever holds the body.
    owner: Option<Waker>,
}

/// How far the body of a request has been read.
#[derive(Debug)]
pub(super) struct Progress {
    reader: BodyReader,
    /// Whether somebody holds the body, who alone reads then.
    is_held: bool,
    /// Whether the client waits for 100 before it sends the body.
    awaits_continue: bool,
    is_broken: bool,
}

/// Why the body of a request ends early.
#[derive(Debug, thiserror::Error)]
pub enum UploadError {
    /// The client broke the rules.
    #[error("{0}")]
    Malformed(#[from] ::http1::BodyError),
    /// The client went away.
    #[error("the client went away: {0}")]
    Gone(#[from] io::Error),
}

/// Bytes on their way out: what is copied into `head`, then a part of a body, then `tail`.
#[derive(Debug, Default)]
pub(super) struct Outgoing {
    pub(super) head: BytesMut,
    pub(super) data: Bytes,
    pub(super) tail: BytesMut,
}

impl Wire {
    /// A connection; `input` is what has been read of it already.
    pub(super) fn new(transport: Transport, input: BytesMut) -> Self {
        Self(Mutex::new(State {
            transport,
            input,
            room: ROOM,
            is_large: false,
            interim: BytesMut::new(),
            takes_interim: false,
            upload: Progress::new(Framing::None, false),
            owner: None,
        }))
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        // What a panic left behind is looked at with as much care as what a client sends.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A piece of the body for whoever holds it.
    pub(super) fn poll_piece(&self, context: &mut Context<'_>) -> Poll<Result<Piece, UploadError>> {
        let mut state = self.lock();
        let piece = ready!(state.poll_piece(context));
        state.upload.is_broken |= piece.is_err();
        if !state.upload.is_held() {
            state.pass_reading(Some(context.waker()));
        }
        Poll::Ready(piece)
    }

    /// Nobody holds the body any more.
    pub(super) fn let_go(&self) {
        let mut state = self.lock();
        state.upload.is_held = false;
        state.pass_reading(None);
    }
}

impl Outlet for Wire {
    fn pass(&self, status: StatusCode, headers: &HeaderMap) {
        let mut state = self.lock();
        if !state.takes_interim || state.interim.len() >= INTERIM {
            return;
        }
        let before = state.interim.len();
        write::interim_head(&mut state.interim, status, headers);
        if state.interim.len() > INTERIM {
            state.interim.truncate(before);
        }
        if let Some(owner) = state.owner.take() {
            owner.wake();
        }
    }
}

impl Progress {
    pub(super) fn new(framing: Framing, awaits_continue: bool) -> Self {
        let reader = BodyReader::new(framing);
        Self { is_held: !reader.is_done(), reader, awaits_continue, is_broken: false }
    }

    /// Whether the body has been read whole.
    pub(super) fn is_done(&self) -> bool {
        self.reader.is_done()
    }

    /// Whether somebody else reads.
    pub(super) fn is_held(&self) -> bool {
        self.is_held && !self.is_broken && !self.reader.is_done()
    }

    /// Whether its end can still be found: the client sends it, and without a mistake so far.
    pub(super) fn is_open(&self) -> bool {
        !self.awaits_continue && !self.is_broken
    }

    /// How many bytes are still to come, as far as that is known.
    pub(super) fn rest(&self) -> u64 {
        self.reader.remaining().unwrap_or_default()
    }

    /// Drops what has come; gives how much that was.
    pub(super) fn skip(&mut self, input: &mut BytesMut) -> Result<u64, ::http1::BodyError> {
        let mut dropped = 0;
        while let Some(piece) = self.reader.next(input)? {
            match piece {
                Piece::Data(data) => dropped += data.len() as u64,
                Piece::Trailers(_) | Piece::End => break,
            }
        }
        Ok(dropped)
    }
}

impl State {
    /// Reads once, into at least `least` bytes; 0 is the end of the client.
    pub(super) fn poll_read(
        &mut self,
        context: &mut Context<'_>,
        least: usize,
    ) -> Poll<io::Result<usize>> {
        if self.input.capacity() - self.input.len() < least {
            self.is_large |= self.room > ROOM || !self.input.is_empty();
            self.input.reserve(self.room);
        }
        let room = self.input.capacity() - self.input.len();
        let reading = pin!(self.transport.read_buf(&mut self.input));
        let count = ready!(reading.poll(context))?;
        if count == room && room >= self.room {
            self.room = (self.room * 2).min(MOST_ROOM);
        }
        Poll::Ready(Ok(count))
    }

    /// Makes room to read a head.
    pub(super) fn take_buffer(&mut self) {
        if self.input.capacity() == 0 {
            self.input = spare::take();
        }
    }

    /// Gives back a buffer that holds nothing.
    pub(super) fn give_buffer(&mut self) {
        let buffer = std::mem::take(&mut self.input);
        if !std::mem::take(&mut self.is_large) {
            spare::give(buffer);
        }
        self.room = ROOM;
    }

    /// While the request is served: writes interim answers, and sees whether the client is still
    /// there. Ready when it is not.
    ///
    /// A client that has ended its side alone counts as gone, as most servers have it: an end that
    /// is seen here nearly always is that of the whole connection.
    pub(super) fn poll_gone(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if let Poll::Ready(Err(_gone)) = self.poll_interim(context) {
            return Poll::Ready(());
        }
        if self.upload.is_held() {
            self.leave_reading(context);
            return Poll::Pending;
        }
        while self.input.len() < AHEAD {
            match ready!(self.poll_read(context, 1)) {
                Ok(0) | Err(_) => return Poll::Ready(()),
                Ok(_) => {}
            }
        }
        Poll::Pending
    }

    fn poll_piece(&mut self, context: &mut Context<'_>) -> Poll<Result<Piece, UploadError>> {
        loop {
            if let Some(piece) = self.upload.reader.next(&mut self.input)? {
                self.upload.awaits_continue = false;
                return Poll::Ready(Ok(piece));
            }
            if self.upload.awaits_continue && self.takes_interim {
                self.upload.awaits_continue = false;
                write::interim_head(&mut self.interim, StatusCode::CONTINUE, &HeaderMap::new());
            }
            // A failure shows in reading as well.
            let _written = self.poll_interim(context);
            let least = self.room / 2;
            if ready!(self.poll_read(context, least))? == 0 {
                let end = io::Error::from(io::ErrorKind::UnexpectedEof);
                return Poll::Ready(Err(end.into()));
            }
        }
    }

    /// Lets this task be woken when whoever holds the body reads no more.
    pub(super) fn leave_reading(&mut self, context: &Context<'_>) {
        if !self.owner.as_ref().is_some_and(|owner| owner.will_wake(context.waker())) {
            self.owner = Some(context.waker().clone());
        }
    }

    /// Hands reading back to the connection's task, which is woken unless it runs right now.
    fn pass_reading(&mut self, running: Option<&Waker>) {
        let Some(owner) = self.owner.take() else { return };
        if !running.is_some_and(|running| running.will_wake(&owner)) {
            owner.wake();
        }
    }

    fn poll_interim(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.interim.is_empty() {
            return Poll::Ready(Ok(()));
        }
        while !self.interim.is_empty() {
            let written = Pin::new(&mut self.transport).poll_write(context, &self.interim);
            let count = accepted(ready!(written)?)?;
            self.interim.advance(count);
        }
        self.interim = BytesMut::new();
        Pin::new(&mut self.transport).poll_flush(context)
    }

    /// The final answer begins: no interim answer comes any more, and those that wait go first.
    pub(super) fn begin_answer(&mut self) -> BytesMut {
        self.takes_interim = false;
        std::mem::take(&mut self.interim)
    }

    /// Writes all of `outgoing`, and notes whether anything was written by this call.
    pub(super) fn poll_write(
        &mut self,
        context: &mut Context<'_>,
        outgoing: &mut Outgoing,
        has_written: &mut bool,
    ) -> Poll<io::Result<()>> {
        let mut transport = Pin::new(&mut self.transport);
        while !outgoing.is_empty() {
            let written = if outgoing.is_one() {
                transport.as_mut().poll_write(context, &outgoing.head)
            } else {
                transport.as_mut().poll_write_vectored(context, &outgoing.slices())
            };
            outgoing.advance(accepted(ready!(written)?)?);
            *has_written = true;
        }
        transport.poll_flush(context)
    }

    /// Ends our side.
    pub(super) fn poll_shutdown(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.transport).poll_shutdown(context)
    }

    /// Takes the connection out, with what has been read of it.
    pub(super) fn switch(&mut self) -> (Transport, Bytes) {
        let nothing = Transport::Other(Box::new(tokio::io::empty()));
        let transport = std::mem::replace(&mut self.transport, nothing);
        (transport, std::mem::take(&mut self.input).freeze())
    }

    pub(super) fn transport(&self) -> &Transport {
        &self.transport
    }
}

impl Outgoing {
    pub(super) fn is_empty(&self) -> bool {
        self.head.is_empty() && self.data.is_empty() && self.tail.is_empty()
    }

    fn is_one(&self) -> bool {
        self.data.is_empty() && self.tail.is_empty()
    }

    fn slices(&self) -> [IoSlice<'_>; 3] {
        [IoSlice::new(&self.head), IoSlice::new(&self.data), IoSlice::new(&self.tail)]
    }

    fn advance(&mut self, mut count: usize) {
        let head = count.min(self.head.len());
        // Cleared as a whole it keeps its room.
        if head == self.head.len() {
            self.head.clear()
        } else {
            self.head.advance(head)
        }
        count -= head;
        let data = count.min(self.data.len());
        self.data.advance(data);
        self.tail.advance(count - data);
    }
}

fn accepted(count: usize) -> io::Result<usize> {
    if count == 0 { Err(io::ErrorKind::WriteZero.into()) } else { Ok(count) }
}
