//! The body of a request that may have to be sent again: an upstream may refuse a stream, or close
//! a connection before it has looked at one, and says so.
//!
//! What has been read of the body is kept until the answer begins, as long as it is little; the
//! pieces are shared with what is being sent, not copied.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};

use crate::body::{BodyError, RequestBody};

/// How much of a body is kept, in bytes.
const KEPT: usize = 64 * 1024;

/// A body on its way.
#[derive(Debug)]
pub(crate) enum Http2Body {
    /// No body.
    Empty,
    /// One attempt at sending a body.
    Stream {
        shared: Arc<Shared>,
        /// Which attempt it is for; only the last one may read on.
        attempt: u32,
    },
}

/// A body that attempts share.
#[derive(Debug)]
pub(crate) struct Shared(Mutex<Replay>);

#[derive(Debug)]
struct Replay {
    source: RequestBody,
    attempt: u32,
    /// What the attempt at hand still has to send again.
    again: VecDeque<Piece>,
    /// What has been read, in order; `None` once it is too much, or not needed any more.
    kept: Option<Vec<Piece>>,
    kept_bytes: usize,
}

#[derive(Debug, Clone)]
enum Piece {
    Data(Bytes),
    Trailers(HeaderMap),
}

impl Piece {
    fn length(&self) -> usize {
        match self {
            Self::Data(data) => data.len(),
            Self::Trailers(_) => 0,
        }
    }

    fn of(frame: &Frame<Bytes>) -> Option<Self> {
        let data = frame.data_ref().map(|data| Self::Data(data.clone()));
        data.or_else(|| frame.trailers_ref().map(|fields| Self::Trailers(fields.clone())))
    }

    fn frame(self) -> Frame<Bytes> {
        match self {
            Self::Data(data) => Frame::data(data),
            Self::Trailers(fields) => Frame::trailers(fields),
        }
    }
}

impl Http2Body {
    /// The first attempt at a body.
    pub(super) fn new(source: RequestBody) -> Self {
        if matches!(source, RequestBody::Empty) {
            return Self::Empty;
        }
        let replay = Replay {
            source,
            attempt: 0,
            again: VecDeque::new(),
            kept: Some(Vec::new()),
            kept_bytes: 0,
        };
        Self::Stream { shared: Arc::new(Shared(Mutex::new(replay))), attempt: 0 }
    }

    /// What a later attempt will need.
    pub(super) fn origin(&self) -> Origin {
        match self {
            Self::Empty => Origin(None),
            Self::Stream { shared, .. } => Origin(Some(Arc::clone(shared))),
        }
    }
}

/// Where attempts at a body come from.
#[derive(Debug)]
pub(super) struct Origin(Option<Arc<Shared>>);

impl Origin {
    /// Another attempt; `None` where what has been sent is no longer there. Earlier ones end.
    pub(super) fn again(&self) -> Option<Http2Body> {
        let Some(shared) = &self.0 else { return Some(Http2Body::Empty) };
        let mut replay = shared.lock();
        replay.again = replay.kept.clone()?.into();
        replay.attempt += 1;
        Some(Http2Body::Stream { shared: Arc::clone(shared), attempt: replay.attempt })
    }

    /// The body as it came, where nothing of it has been read.
    pub(super) fn untouched(&self) -> Option<RequestBody> {
        let Some(shared) = &self.0 else { return Some(RequestBody::Empty) };
        let mut replay = shared.lock();
        if !replay.kept.as_ref()?.is_empty() {
            return None;
        }
        replay.attempt += 1;
        Some(std::mem::replace(&mut replay.source, RequestBody::Empty))
    }

    /// There will be no other attempt.
    pub(super) fn settle(&self) {
        if let Some(shared) = &self.0 {
            shared.lock().kept = None;
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Replay> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Replay {
    fn poll_next(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        if let Some(piece) = self.again.pop_front() {
            return Poll::Ready(Some(Ok(piece.frame())));
        }
        let next = ready!(Pin::new(&mut self.source).poll_frame(context));
        if let Some(Ok(frame)) = &next {
            self.keep(frame);
        }
        Poll::Ready(next)
    }

    fn keep(&mut self, frame: &Frame<Bytes>) {
        let (Some(kept), Some(piece)) = (&mut self.kept, Piece::of(frame)) else { return };
        self.kept_bytes += piece.length();
        if self.kept_bytes > KEPT {
            self.kept = None;
        } else {
            kept.push(piece);
        }
    }
}

impl Body for Http2Body {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let Self::Stream { shared, attempt } = self.get_mut() else { return Poll::Ready(None) };
        let mut replay = shared.lock();
        if replay.attempt != *attempt {
            return Poll::Ready(Some(Err(BodyError::GivenUp)));
        }
        replay.poll_next(context)
    }

    fn is_end_stream(&self) -> bool {
        let Self::Stream { shared, .. } = self else { return true };
        let replay = shared.lock();
        replay.again.is_empty() && replay.source.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let Self::Stream { shared, .. } = self else { return SizeHint::with_exact(0) };
        let replay = shared.lock();
        let again: usize = replay.again.iter().map(Piece::length).sum();
        match replay.source.size_hint().exact() {
            Some(rest) => SizeHint::with_exact(rest + again as u64),
            None => SizeHint::new(),
        }
    }
}
