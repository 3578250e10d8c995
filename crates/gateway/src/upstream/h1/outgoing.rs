//! A request on its way out: head, body and trailers, written as they come.
//!
//! Nothing of the body is copied: its pieces are written from where the client's connection read
//! them, between the lines that frame them.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf as _, Bytes, BytesMut};
use http::header::{EXPECT, HeaderValue};
use http::{Method, Request};
use http_body::{Body as _, Frame};
use http1::{CHUNK_END, ChunkHead, Framing, LAST_CHUNK, write};
use tokio::io::AsyncWrite;

use crate::body::{BodyError, RequestBody};
use crate::idle::IdleTimer;
use crate::transport::Transport;
use crate::upstream::{Target, Terms, proxy};

/// What follows the data of the chunk that is known to be the last.
const LAST_CHUNK_BEHIND_DATA: &[u8] = b"\r\n0\r\n\r\n";

/// How long an upstream is given to say whether it wants a body, before it gets it unasked
/// (RFC 9110 §10.1.1).
const CONTINUE_LIMIT: Duration = Duration::from_secs(1);

/// Why the rest of a request is not sent.
#[derive(Debug)]
pub(super) enum Unsendable {
    /// The client's body broke.
    Body(BodyError),
    /// The client's body is shorter or longer than it said.
    Mismatch,
    /// The upstream's connection broke.
    Io(io::Error),
    /// The upstream took nothing for so long.
    Stalled(Duration),
}

/// A request as far as it has not been written.
#[derive(Debug)]
pub(super) struct Outgoing {
    /// Written first: the head, the line of a chunk, or trailers.
    front: BytesMut,
    /// Written then: a piece of the body.
    data: Bytes,
    /// Written last: the end of a chunk.
    tail: &'static [u8],
    body: RequestBody,
    stage: Stage,
    /// A length counts down.
    framing: Framing,
    has_body: bool,
    /// Runs while the upstream has not said whether it wants the body.
    held: Option<IdleTimer>,
    /// Bytes that the connection has taken.
    written: u64,
    stall: IdleTimer,
    stall_limit: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// More of the body is to come.
    Body,
    /// The upstream does not want the body.
    Unwanted,
    /// What is at hand is all.
    Ended,
    /// The connection has taken everything.
    Done,
}

impl Outgoing {
    /// Nothing to send.
    pub(super) fn none() -> Self {
        Self {
            front: BytesMut::new(),
            data: Bytes::new(),
            tail: &[],
            body: RequestBody::Empty,
            stage: Stage::Done,
            framing: Framing::None,
            has_body: false,
            held: None,
            written: 0,
            stall: IdleTimer::new(Duration::ZERO),
            stall_limit: Duration::ZERO,
        }
    }

    /// A request to send to `to`, whose body is taken out of it.
    pub(super) fn new(request: &mut Request<RequestBody>, to: &Target, terms: &Terms<'_>) -> Self {
        let absolute = proxy::hand_over(request, to);
        let body = std::mem::replace(request.body_mut(), RequestBody::Empty);
        let framing = framing(request.method(), &body);
        let has_body = !matches!(body, RequestBody::Empty);
        let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
        let target = absolute.as_deref().unwrap_or(path);
        let mut front = BytesMut::new();
        let held = has_body && terms.awaits_continue;
        if held {
            // For this connection alone: over HTTP/2 nothing is asked.
            let mut headers = request.headers().clone();
            headers.insert(EXPECT, HeaderValue::from_static("100-continue"));
            write::request_head(&mut front, request.method(), target, &headers, framing);
        } else {
            write::request_head(&mut front, request.method(), target, request.headers(), framing);
        }
        let is_whole = matches!(framing, Framing::None | Framing::Length(0));
        let stage = if is_whole { Stage::Ended } else { Stage::Body };
        Self {
            front,
            body,
            stage,
            framing,
            has_body,
            held: held.then(|| IdleTimer::new(CONTINUE_LIMIT)),
            stall: IdleTimer::new(terms.stall),
            stall_limit: terms.stall,
            ..Self::none()
        }
    }

    /// Whether everything has been sent.
    pub(super) fn is_done(&self) -> bool {
        self.stage == Stage::Done
    }

    /// Whether the connection has taken nothing, so that another one may carry the request.
    pub(super) fn is_unsent(&self) -> bool {
        self.written == 0
    }

    /// How many bytes the connection has taken.
    pub(super) fn written(&self) -> u64 {
        self.written
    }

    /// The request's own body, also once it has been sent.
    pub(super) fn has_body(&self) -> bool {
        self.has_body
    }

    /// The body where nothing has been read of it, for another way of sending it.
    pub(super) fn into_untouched_body(self) -> Option<RequestBody> {
        let is_untouched = self.data.is_empty() && self.tail.is_empty() && self.is_unsent();
        let is_begun = self.has_body && self.stage != Stage::Body;
        (is_untouched && !is_begun).then_some(self.body)
    }

    /// The body that is being sent.
    pub(super) fn body(&self) -> &RequestBody {
        &self.body
    }

    /// The upstream wants the body.
    pub(super) fn release(&mut self) {
        self.held = None;
    }

    /// The upstream has answered: a body that it was asked about is not sent any more.
    pub(super) fn answered(&mut self) {
        if self.held.take().is_some() {
            self.stage = Stage::Unwanted;
            self.body = RequestBody::Empty;
        }
    }

    /// Sends what can be sent now; ready once that is everything.
    pub(super) fn poll(
        &mut self,
        transport: &mut Transport,
        context: &mut Context<'_>,
    ) -> Poll<Result<(), Unsendable>> {
        loop {
            self.fill(context)?;
            if !self.is_written() {
                let written = self.poll_write(transport, context);
                ready!(self.bounded(written, context))?;
                continue;
            }
            match self.stage {
                Stage::Done => return Poll::Ready(Ok(())),
                Stage::Unwanted => return Poll::Pending,
                Stage::Ended => {
                    let flushed = Pin::new(transport).poll_flush(context);
                    ready!(self.bounded(flushed, context))?;
                    self.stage = Stage::Done;
                    // The client's connection may go on.
                    self.body = RequestBody::Empty;
                    return Poll::Ready(Ok(()));
                }
                Stage::Body => {
                    // What TLS holds back would wait for the client otherwise.
                    let _pending =
                        Pin::new(transport).poll_flush(context).map_err(Unsendable::Io)?;
                    return Poll::Pending;
                }
            }
        }
    }

    /// Takes the next piece of the body, once the one before has been written.
    ///
    /// The first one is taken with the head still unwritten, so that both go out at once.
    fn fill(&mut self, context: &mut Context<'_>) -> Result<(), Unsendable> {
        if let Some(held) = &mut self.held {
            if !self.front.is_empty() || held.poll_expired(context).is_pending() {
                return Ok(());
            }
            self.held = None;
        }
        while self.stage == Stage::Body && self.data.is_empty() && self.tail.is_empty() {
            match Pin::new(&mut self.body).poll_frame(context) {
                Poll::Pending => return Ok(()),
                Poll::Ready(Some(Ok(frame))) => self.take(frame)?,
                Poll::Ready(None) => self.end()?,
                Poll::Ready(Some(Err(error))) => return Err(Unsendable::Body(error)),
            }
            // The upstream has not been given anything to take before this.
            self.stall.progressed();
        }
        Ok(())
    }

    fn take(&mut self, frame: Frame<Bytes>) -> Result<(), Unsendable> {
        let data = match frame.into_data() {
            Ok(data) => data,
            Err(frame) => return self.take_trailers(frame),
        };
        if data.is_empty() {
            return Ok(());
        }
        match &mut self.framing {
            Framing::Length(left) => {
                *left = left.checked_sub(data.len() as u64).ok_or(Unsendable::Mismatch)?;
                if *left == 0 {
                    self.stage = Stage::Ended;
                }
            }
            Framing::Chunked => {
                self.front.extend_from_slice(ChunkHead::new(data.len()).as_bytes());
                self.tail = CHUNK_END;
                if self.body.is_end_stream() {
                    self.tail = LAST_CHUNK_BEHIND_DATA;
                    self.stage = Stage::Ended;
                }
            }
            Framing::None | Framing::Close => return Err(Unsendable::Mismatch),
        }
        self.data = data;
        Ok(())
    }

    fn take_trailers(&mut self, frame: Frame<Bytes>) -> Result<(), Unsendable> {
        match frame.into_trailers() {
            Ok(trailers) if self.framing == Framing::Chunked => {
                write::trailers(&mut self.front, &trailers);
                self.stage = Stage::Ended;
                Ok(())
            }
            // There is no place for them behind a body of known length.
            Ok(_) => self.end(),
            Err(_other) => Ok(()),
        }
    }

    fn end(&mut self) -> Result<(), Unsendable> {
        match self.framing {
            Framing::Chunked => self.front.extend_from_slice(LAST_CHUNK),
            Framing::Length(left) if left > 0 => return Err(Unsendable::Mismatch),
            Framing::Length(_) | Framing::None | Framing::Close => {}
        }
        self.stage = Stage::Ended;
        Ok(())
    }

    fn is_written(&self) -> bool {
        self.front.is_empty() && self.data.is_empty() && self.tail.is_empty()
    }

    fn poll_write(
        &mut self,
        transport: &mut Transport,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        let transport = Pin::new(transport);
        let count = ready!(match (&*self.front, &*self.data, self.tail) {
            (front, [], []) => transport.poll_write(context, front),
            ([], data, []) => transport.poll_write(context, data),
            (front, data, tail) => {
                let slices = [front, data, tail].map(IoSlice::new);
                transport.poll_write_vectored(context, &slices)
            }
        })?;
        if count == 0 {
            return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
        }
        self.advance(count);
        Poll::Ready(Ok(()))
    }

    fn advance(&mut self, mut count: usize) {
        self.written += count as u64;
        self.stall.progressed();
        let front = count.min(self.front.len());
        self.front.advance(front);
        count -= front;
        let data = count.min(self.data.len());
        self.data.advance(data);
        count -= data;
        self.tail = self.tail.get(count..).unwrap_or_default();
    }

    /// Waits for the upstream, but not for ever.
    fn bounded(
        &mut self,
        outcome: Poll<io::Result<()>>,
        context: &mut Context<'_>,
    ) -> Poll<Result<(), Unsendable>> {
        if let Poll::Ready(outcome) = outcome {
            return Poll::Ready(outcome.map_err(Unsendable::Io));
        }
        ready!(self.stall.poll_expired(context));
        Poll::Ready(Err(Unsendable::Stalled(self.stall_limit)))
    }
}

/// How the body of a request is delimited.
fn framing(method: &Method, body: &RequestBody) -> Framing {
    match body {
        // Where a body is usual its absence is said (RFC 9110 §8.6).
        RequestBody::Empty => match *method {
            Method::POST | Method::PUT | Method::PATCH => Framing::Length(0),
            _ => Framing::None,
        },
        body @ (RequestBody::Stream(_) | RequestBody::Replayed(_)) => {
            body.size_hint().exact().map_or(Framing::Chunked, Framing::Length)
        }
    }
}

#[cfg(test)]
mod tests;
