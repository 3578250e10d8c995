//! A request's body that can be sent more than once: what came of it is kept as it goes by.
//!
//! The first attempt streams: each piece is handed on as soon as it has come, and kept besides, in
//! memory and then in a file. A later attempt gets what was kept, and then what comes.
//! A body that becomes too long to be kept still goes out once, to whoever reads it then. Nobody
//! ever gets a part of a body as if it were the whole.
//!
//! The lock is not contended: the attempts at one request take turns, on one thread.

mod reader;
mod store;

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use compiler::plan::Replay as Limits;
use http::HeaderMap;
use http_body::{Body as _, Frame};

use super::{BodyError, RequestBody, RequestProgress, RequestStage};
pub use reader::Reader;
use reader::lock;
use store::{Found, Reading, Store};

/// A request's body that can be sent more than once.
#[derive(Debug, Clone)]
pub(crate) struct Replay(Arc<Mutex<Kept>>);

/// What all readers of a body share.
#[derive(Debug)]
pub(super) struct Kept {
    source: Source,
    /// What was announced, in bytes.
    length: Option<u64>,
    /// What has come, in bytes.
    taken: u64,
    /// All of that; `None` where it is too much, cannot be kept, or is needed no more.
    store: Option<Store>,
    trailers: Option<HeaderMap>,
    is_overrun: bool,
    is_settled: bool,
    /// The attempt under way.
    current: Option<Arc<RequestProgress>>,
}

/// The client's side.
#[derive(Debug)]
enum Source {
    /// The request has no body.
    None,
    /// More is to come.
    Open(RequestBody),
    /// Everything has come.
    Ended,
    /// It broke off.
    Failed(RequestStage),
}

/// How far a reader has come.
#[derive(Debug, Default)]
struct Place {
    offset: u64,
    /// Whether it has been given the trailers.
    is_past_trailers: bool,
    /// Whether it has asked the client for more.
    has_caught_up: bool,
}

/// For whom something is taken from the client.
#[derive(Debug, Clone, Copy)]
enum Reach {
    /// For a reader, who gets it.
    Next,
    /// For a look ahead: readers will get it, so it has to be kept.
    Ahead,
}

/// What a reader gets.
#[derive(Debug)]
enum Next {
    Frame(Frame<Bytes>),
    InFile(Reading),
    End,
    Failed(BodyError),
}

impl Replay {
    /// Takes the body of a client's request, of which nothing has been read.
    pub(crate) fn new(body: RequestBody, limits: Limits) -> Self {
        let length = body.size_hint().exact();
        let is_none = matches!(body, RequestBody::Empty);
        Self(Arc::new(Mutex::new(Kept {
            source: if is_none { Source::None } else { Source::Open(body) },
            length,
            taken: 0,
            store: Some(Store::new(limits)),
            trailers: None,
            is_overrun: false,
            is_settled: false,
            current: None,
        })))
    }

    /// The body from its start, for another attempt. Earlier ones end.
    pub(crate) fn body(&self) -> RequestBody {
        let mut kept = lock(&self.0);
        if matches!(kept.source, Source::None) {
            return RequestBody::Empty;
        }
        let progress = Arc::<RequestProgress>::default();
        let earlier = kept.current.replace(Arc::clone(&progress));
        drop(kept);
        if let Some(earlier) = earlier {
            earlier.give_up();
        }
        RequestBody::Replayed(Box::new(Reader::new(Arc::clone(&self.0), progress)))
    }

    /// Ends the attempt under way, so that more can be read ahead before the next one.
    pub(crate) fn take_back(&self) {
        let earlier = lock(&self.0).current.take();
        if let Some(earlier) = earlier {
            earlier.give_up();
        }
    }

    /// Whether a fresh reader would give the whole: everything that came was kept, and the client's
    /// side is not broken.
    pub(crate) fn can_repeat(&self) -> bool {
        let kept = lock(&self.0);
        kept.store.is_some() && !kept.is_settled && kept.failure().is_none()
    }

    /// Whether more came than may be kept, or could be.
    #[cfg(test)]
    pub(crate) fn is_overrun(&self) -> bool {
        lock(&self.0).is_overrun
    }

    /// There will be no other attempt: nothing more is kept for one.
    pub(crate) fn settle(&self) {
        let mut kept = lock(&self.0);
        kept.is_settled = true;
        let read = kept.current.as_ref().map_or(0, |progress| progress.bytes());
        if read == kept.taken && kept.trailers.is_none() {
            kept.store = None;
        }
    }

    /// Reads ahead until `enough` says so, `limit` bytes are at hand, or the body ends, and gives
    /// the beginning of the body up to `limit`.
    ///
    /// What was read is kept in memory, whatever the limits, and readers get it first. While there
    /// is a reader nothing is read: the beginning is what is at hand.
    ///
    /// # Errors
    ///
    /// When the client's side breaks off, or has.
    pub(crate) async fn peek(
        &self,
        limit: usize,
        mut enough: impl FnMut(&[u8]) -> bool,
    ) -> Result<Bytes, BodyError> {
        let mut seen = lock(&self.0).beginning(limit);
        while seen.len() < limit && !enough(&seen) {
            let Some(piece) = poll_fn(|context| lock(&self.0).poll_ahead(context)).await? else {
                break;
            };
            let room = limit - seen.len();
            seen.extend_from_slice(piece.get(..room).unwrap_or(&piece));
        }
        Ok(seen.freeze())
    }
}

impl Kept {
    /// The next part for a reader at this place.
    fn poll_next(&mut self, place: &mut Place, context: &mut Context<'_>) -> Poll<Next> {
        // To an upstream it is of no use to have a part of it.
        if self.failure().is_some() {
            return Poll::Ready(Next::Failed(BodyError::GivenUp));
        }
        if place.offset < self.taken {
            return Poll::Ready(self.stored(place));
        }
        if let Some(trailers) = self.trailers.as_ref().filter(|_| !place.is_past_trailers) {
            place.is_past_trailers = true;
            return Poll::Ready(Next::Frame(Frame::trailers(trailers.clone())));
        }
        if !place.has_caught_up {
            place.has_caught_up = true;
            self.resume();
        }
        let Some(frame) = ready!(self.poll_source(Reach::Next, context)) else {
            return Poll::Ready(Next::End);
        };
        Poll::Ready(frame.map_or_else(Next::Failed, |frame| {
            place.offset = self.taken;
            place.is_past_trailers |= frame.is_trailers();
            Next::Frame(frame)
        }))
    }

    fn stored(&mut self, place: &mut Place) -> Next {
        match self.store.as_mut().and_then(|store| store.read(place.offset)) {
            Some(Found::Piece(piece)) => {
                place.offset += piece.len() as u64;
                Next::Frame(Frame::data(piece))
            }
            Some(Found::InFile(reading)) => Next::InFile(reading),
            None => Next::Failed(BodyError::GivenUp),
        }
    }

    /// While an attempt failed and the next one caught up, nobody asked the client for anything.
    fn resume(&mut self) {
        if let Source::Open(RequestBody::Stream(stream)) = &mut self.source {
            stream.idle.progressed();
        }
    }

    /// What comes from the client, once what came before has been kept.
    fn poll_source(
        &mut self,
        reach: Reach,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        if let Some(store) = &mut self.store
            && let Err(error) = ready!(store.poll_written(context))
        {
            self.lose(&error);
        }
        let Source::Open(source) = &mut self.source else { return Poll::Ready(None) };
        let next = ready!(Pin::new(&mut *source).poll_frame(context));
        match &next {
            Some(Ok(frame)) => {
                let is_end = source.is_end_stream();
                self.keep(frame, reach);
                if is_end {
                    self.source = Source::Ended;
                }
            }
            Some(Err(_)) => {
                let stage = source.progress().map(|progress| progress.stage());
                self.source = Source::Failed(stage.unwrap_or(RequestStage::Broken));
                self.store = None;
            }
            None => self.source = Source::Ended,
        }
        Poll::Ready(next)
    }

    fn keep(&mut self, frame: &Frame<Bytes>, reach: Reach) {
        if self.is_settled {
            self.store = None;
        }
        let data = frame.data_ref();
        self.taken += data.map_or(0, |data| data.len() as u64);
        match (&mut self.store, data) {
            (None, _) => {}
            (Some(_), None) => self.trailers = frame.trailers_ref().cloned(),
            (Some(store), Some(data)) => match reach {
                Reach::Ahead => store.add_in_memory(data),
                Reach::Next if store.has_room(data.len()) => store.add(data),
                Reach::Next => {
                    self.store = None;
                    self.is_overrun = true;
                }
            },
        }
    }

    /// What was kept is not there any more.
    fn lose(&mut self, error: &io::Error) {
        self.store = None;
        self.is_overrun = true;
        tracing::warn!(%error, "A request's body cannot be kept in a file.");
    }

    /// How the client's side broke off.
    fn failure(&self) -> Option<RequestStage> {
        if let Source::Failed(stage) = self.source { Some(stage) } else { None }
    }

    /// Whether there is nothing more for a reader at this place.
    fn is_end(&self, place: &Place) -> bool {
        matches!(self.source, Source::Ended)
            && place.offset == self.taken
            && (place.is_past_trailers || self.trailers.is_none())
    }

    fn beginning(&self, limit: usize) -> BytesMut {
        self.store.as_ref().map(|store| store.beginning(limit)).unwrap_or_default()
    }

    /// More of the body, for nobody yet; `None` where there is no more, or it is another's to read.
    fn poll_ahead(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<Bytes>, BodyError>> {
        if self.failure().is_some() {
            return Poll::Ready(Err(BodyError::GivenUp));
        }
        if self.current.is_some() {
            return Poll::Ready(Ok(None));
        }
        let next = ready!(self.poll_source(Reach::Ahead, context)).transpose()?;
        Poll::Ready(Ok(next.and_then(|frame| frame.into_data().ok())))
    }
}

#[cfg(test)]
mod tests;
