//! What an upstream sends: a buffer that grows with what it is used for, and what is taken out.

use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use http::Method;
use http1::{AnswerHead, BodyError, BodyReader, Framing, HeadError, HeadLimits, HeadReader, Piece};
use tokio::io::{AsyncReadExt as _, ReadBuf};

use crate::spare;
use crate::transport::Transport;

/// What is read at once at first.
const FIRST_READ: usize = spare::ROOM;

/// What is read at once from an upstream that sends much.
const LARGEST_READ: usize = 64 * 1024;

/// The answer on one connection, as far as it has come.
#[derive(Debug)]
pub(super) struct Incoming {
    buffer: BytesMut,
    /// Whether others can use the buffer: it is no larger than usual.
    is_usual: bool,
    /// How much is asked for at once.
    size: usize,
    /// Whether that was needed since the last request.
    is_filled: bool,
    /// Whether anything has come since the last request.
    is_heard: bool,
    heads: HeadReader,
    body: BodyReader,
    /// What lies behind the piece that was handed out last.
    ahead: Option<Piece>,
}

impl Incoming {
    pub(super) fn new() -> Self {
        Self {
            buffer: BytesMut::new(),
            is_usual: false,
            size: FIRST_READ,
            is_filled: false,
            is_heard: false,
            heads: HeadReader::default(),
            body: BodyReader::new(Framing::None),
            ahead: None,
        }
    }

    /// Gives the buffer back until the next request.
    pub(super) fn rest(&mut self) {
        self.give_buffer();
        let size = if self.is_filled { self.size } else { (self.size / 2).max(FIRST_READ) };
        *self = Self { size, ..Self::new() };
    }

    /// Whether anything has come since the last request.
    pub(super) fn is_heard(&self) -> bool {
        self.is_heard
    }

    /// Whether more has come than the answer.
    pub(super) fn has_rest(&self) -> bool {
        !self.buffer.is_empty()
    }

    /// What has been read and belongs to no answer.
    pub(super) fn take_rest(&mut self) -> Bytes {
        self.buffer.split().freeze()
    }

    /// The next head, where it has come whole.
    pub(super) fn head(
        &mut self,
        limits: HeadLimits,
        method: &Method,
    ) -> Result<Option<AnswerHead>, HeadError> {
        if self.buffer.is_empty() {
            return Ok(None);
        }
        self.heads.answer(&mut self.buffer, limits, method)
    }

    /// From here on comes the body of the final answer.
    pub(super) fn begin_body(&mut self, framing: Framing) {
        self.body = BodyReader::new(framing);
        self.look_ahead();
        if let Framing::Length(length) = framing {
            self.expect(length);
        }
    }

    /// The next piece of the body, where it has come.
    pub(super) fn piece(&mut self) -> Result<Option<Piece>, BodyError> {
        let piece = match self.ahead.take() {
            None => self.body.next(&mut self.buffer)?,
            ahead => ahead,
        };
        if matches!(piece, Some(Piece::Data(_))) {
            self.look_ahead();
        }
        Ok(piece)
    }

    /// Whether the end has come behind what was handed out.
    pub(super) fn is_over(&self) -> bool {
        match &self.ahead {
            Some(piece) => *piece == Piece::End,
            None => self.body.is_done(),
        }
    }

    /// The upstream has ended.
    pub(super) fn ended(&mut self) -> Result<(), BodyError> {
        self.body.ended()
    }

    /// How many bytes are still to come, where that is known.
    pub(super) fn remaining(&self) -> Option<u64> {
        match &self.ahead {
            Some(Piece::Data(data)) => Some(self.body.remaining()? + data.len() as u64),
            Some(Piece::Trailers(_)) => None,
            Some(Piece::End) | None => self.body.remaining(),
        }
    }

    /// Finds out whether the end has already come, so that who forwards the piece before can say
    /// so at once. What is malformed is said when it is asked for.
    fn look_ahead(&mut self) {
        if self.body.remaining().is_none() && !self.buffer.is_empty() {
            self.ahead = self.body.next(&mut self.buffer).ok().flatten();
        }
    }

    /// Makes room for a body of known length.
    fn expect(&mut self, length: u64) {
        let length = usize::try_from(length).unwrap_or(LARGEST_READ);
        // One byte more than is to come: a read that is not filled leaves nothing behind.
        let size = length.saturating_add(1).next_power_of_two();
        self.size = self.size.max(size.min(LARGEST_READ));
        self.is_filled |= size >= self.size;
    }

    /// Reads what there is; 0 at the end.
    pub(super) fn poll_read(
        &mut self,
        transport: &mut Transport,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        self.take_buffer();
        let room = self.buffer.capacity() - self.buffer.len();
        let reading = pin!(transport.read_buf(&mut self.buffer)).poll(context);
        if reading.is_pending() && self.buffer.is_empty() {
            self.give_buffer();
        }
        let count = ready!(reading)?;
        self.is_heard |= count > 0;
        if count == room {
            self.is_filled = true;
            self.size = (self.size * 2).min(LARGEST_READ);
        }
        Poll::Ready(Ok(count))
    }
}

impl Incoming {
    /// Makes room to read.
    fn take_buffer(&mut self) {
        if self.buffer.capacity() == 0 && self.size == FIRST_READ {
            self.buffer = spare::take();
            self.is_usual = true;
        } else if self.buffer.capacity() - self.buffer.len() < self.size / 4 {
            self.is_usual &= self.buffer.is_empty() && self.size == FIRST_READ;
            self.buffer.reserve(self.size);
        }
    }

    /// Who waits holds no buffer.
    fn give_buffer(&mut self) {
        let buffer = std::mem::take(&mut self.buffer);
        if std::mem::take(&mut self.is_usual) && buffer.is_empty() {
            spare::give(buffer);
        }
    }
}

/// Whether a connection that waits for its next request still may have one.
///
/// Readiness is no sign of its end: a read that filled its buffer leaves it behind, and so does
/// what TLS exchanges by itself. Only a read tells.
pub(super) fn is_quiet(transport: &mut Transport, context: &mut Context<'_>) -> bool {
    use tokio::io::AsyncRead as _;
    let mut byte = [0];
    Pin::new(transport).poll_read(context, &mut ReadBuf::new(&mut byte)).is_pending()
}
