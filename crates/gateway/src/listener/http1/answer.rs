//! Writing an answer: its head and what is at hand of its body in one call to the system, then the
//! rest as it comes.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use ::http1::{AnswerFraming, CHUNK_END, ChunkHead, Connection, LAST_CHUNK, write};
use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode, header};
use http_body::Body as _;

use super::wire::{Outgoing, Wire};
use crate::body::ResponseBody;
use crate::clock;
use crate::exchange::Record;
use crate::idle::IdleTimer;
use crate::spare::{self, ROOM};

/// Up to so many bytes are copied behind the head: cheaper than for the kernel to gather them.
const COPIED: usize = 2 * 1024;
/// So many copied bytes are written before more is asked for.
const GATHERED: usize = ROOM / 2;

/// What a request says about its answer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked {
    /// Not HTTP/1.0.
    pub(super) is_http11: bool,
    /// The method is HEAD.
    pub(super) is_head: bool,
    /// Whether the client would send another request.
    pub(super) keep_alive: bool,
    /// Whether it takes trailers.
    pub(super) takes_trailers: bool,
}

/// Why an answer did not get through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Broken {
    /// Its body broke off, or is not as long as it said.
    Body,
    /// The client went away or takes nothing.
    Client,
}

/// An answer on its way.
#[derive(Debug)]
pub(super) struct Answering {
    body: ResponseBody,
    record: Option<Box<Record>>,
    outgoing: Outgoing,
    rest: Rest,
    /// Bytes of the body in `outgoing`.
    buffered: u64,
    /// Nothing more is asked of the body.
    is_over: bool,
    is_broken: bool,
    takes_trailers: bool,
    writing: IdleTimer,
    /// Whether the last write waits for the client.
    is_stuck: bool,
}

/// What may still be written of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rest {
    Nothing,
    Length(u64),
    Chunked,
    /// Everything, up to the end of the connection.
    Close,
}

impl Answering {
    /// Writes the head; `closes` is whether it says that the connection ends.
    pub(super) fn new(
        wire: &Wire,
        response: Response<ResponseBody>,
        asked: Asked,
        closes: bool,
        patience: Duration,
    ) -> Self {
        let (mut head, mut body) = response.into_parts();
        if !head.headers.contains_key(header::DATE) {
            head.headers.insert(header::DATE, clock::http_date());
        }
        let (framing, rest) = framing(head.status, body.size_hint().exact(), asked);
        let connection = match head.status {
            StatusCode::SWITCHING_PROTOCOLS => Connection::Upgrade,
            _ if closes => Connection::Close,
            _ if asked.is_http11 => Connection::Default,
            _ => Connection::KeepAlive,
        };
        let mut outgoing = Outgoing { head: spare::take(), ..Outgoing::default() };
        outgoing.head.extend_from_slice(&wire.lock().begin_answer());
        write::answer_head(&mut outgoing.head, head.status, &head.headers, framing, connection);
        Self {
            record: body.take_record(),
            is_over: rest == Rest::Nothing || body.is_end_stream(),
            body,
            outgoing,
            rest,
            buffered: 0,
            is_broken: false,
            takes_trailers: asked.takes_trailers && asked.is_http11,
            writing: IdleTimer::new(patience),
            is_stuck: false,
        }
        .settled()
    }

    /// Whether the connection ends with the body, whatever else is said.
    pub(super) fn ends_connection(&self) -> bool {
        self.rest == Rest::Close
    }

    /// Ready once everything has been written.
    ///
    /// # Errors
    ///
    /// Who is to blame for an answer that is not whole.
    pub(super) fn poll(
        &mut self,
        wire: &Wire,
        context: &mut Context<'_>,
    ) -> Poll<Result<(), Broken>> {
        loop {
            let waits = self.poll_gather(context).is_pending();
            ready!(self.poll_write(wire, context))?;
            if self.is_over {
                return Poll::Ready(self.end());
            }
            if waits {
                ready!(wire.lock().poll_gone(context));
                return Poll::Ready(Err(Broken::Client));
            }
        }
    }

    /// Takes what the body has at hand, as far as there is room.
    fn poll_gather(&mut self, context: &mut Context<'_>) -> Poll<()> {
        while !self.is_over && self.has_room() {
            match ready!(Pin::new(&mut self.body).poll_frame(context)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => self.push(data),
                    Err(frame) => self.finish(frame.trailers_ref()),
                },
                Some(Err(_told_by_the_record)) => {
                    self.is_over = true;
                    self.is_broken = true;
                }
                None => self.finish(None),
            }
            self.is_over |= self.is_broken;
            if !self.is_over && self.body.is_end_stream() {
                self.finish(None);
            }
        }
        Poll::Ready(())
    }

    fn has_room(&self) -> bool {
        let Outgoing { head, data, tail } = &self.outgoing;
        data.is_empty() && tail.is_empty() && head.len() < GATHERED
    }

    fn push(&mut self, mut data: Bytes) {
        if let Rest::Length(left) = &mut self.rest {
            let most = usize::try_from(*left).unwrap_or(usize::MAX);
            self.is_broken |= data.len() > most;
            data.truncate(most);
            *left -= data.len() as u64;
        }
        if data.is_empty() {
            return;
        }
        self.buffered += data.len() as u64;
        let is_chunk = self.rest == Rest::Chunked;
        let Outgoing { head, data: place, tail } = &mut self.outgoing;
        if is_chunk {
            head.extend_from_slice(ChunkHead::new(data.len()).as_bytes());
        }
        let end: &[u8] = if is_chunk { CHUNK_END } else { b"" };
        if data.len() <= COPIED {
            head.extend_from_slice(&data);
            head.extend_from_slice(end);
        } else {
            *place = data;
            tail.extend_from_slice(end);
        }
    }

    /// The body has come to its end.
    fn finish(&mut self, trailers: Option<&HeaderMap>) {
        self.is_over = true;
        match self.rest {
            Rest::Length(left) => self.is_broken |= left > 0,
            Rest::Nothing | Rest::Close => {}
            Rest::Chunked => {
                let Outgoing { head, data, tail } = &mut self.outgoing;
                let to = if data.is_empty() && tail.is_empty() { head } else { tail };
                match trailers.filter(|_| self.takes_trailers) {
                    Some(trailers) => write::trailers(to, trailers),
                    None => to.extend_from_slice(LAST_CHUNK),
                }
            }
        }
    }

    /// A body that was over before it began has an end to be written too.
    fn settled(mut self) -> Self {
        if self.is_over {
            self.finish(None);
        }
        self
    }

    fn poll_write(&mut self, wire: &Wire, context: &mut Context<'_>) -> Poll<Result<(), Broken>> {
        if self.outgoing.is_empty() {
            return Poll::Ready(Ok(()));
        }
        let mut has_written = false;
        let written = wire.lock().poll_write(context, &mut self.outgoing, &mut has_written);
        // Only what waits to be written counts: an upstream's pauses have limits of their own.
        let was_stuck = std::mem::replace(&mut self.is_stuck, written.is_pending());
        if has_written || !was_stuck {
            self.writing.progressed();
        }
        match written {
            Poll::Ready(Ok(())) => {
                if let Some(record) = &mut self.record {
                    record.sent(std::mem::take(&mut self.buffered));
                }
                Poll::Ready(Ok(()))
            }
            Poll::Ready(Err(_gone)) => Poll::Ready(Err(Broken::Client)),
            Poll::Pending => self.writing.poll_expired(context).map(|()| Err(Broken::Client)),
        }
    }

    fn end(&mut self) -> Result<(), Broken> {
        let head = std::mem::take(&mut self.outgoing.head);
        if head.capacity() <= ROOM {
            spare::give(head);
        }
        if let Some(record) = self.record.take() {
            record.finish(!self.is_broken);
        }
        if self.is_broken { Err(Broken::Body) } else { Ok(()) }
    }
}

/// How an answer says the extent of its body, and what is written of that.
fn framing(status: StatusCode, exact: Option<u64>, asked: Asked) -> (AnswerFraming, Rest) {
    let has_none = matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    if has_none || status.is_informational() {
        return (AnswerFraming::Bare, Rest::Nothing);
    }
    if asked.is_head {
        // The length that GET would have been answered: ours, or what the upstream says.
        let own = exact.filter(|length| *length > 0);
        return (own.map_or(AnswerFraming::Keep, AnswerFraming::Length), Rest::Nothing);
    }
    match exact {
        Some(length) => (AnswerFraming::Length(length), Rest::Length(length)),
        None if asked.is_http11 => (AnswerFraming::Chunked, Rest::Chunked),
        None => (AnswerFraming::Close, Rest::Close),
    }
}
