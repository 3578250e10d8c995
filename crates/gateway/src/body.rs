//! Bodies in flight: what a client sends on its way to an upstream, and what goes back.
//!
//! Both stream with back-pressure and are never gathered here.
//! A body that makes no progress within the socket timeout is given up.

mod last;
pub(crate) mod replay;
#[cfg(test)]
mod script;
mod trailers;

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Buf, Bytes};
use futures_util::task::AtomicWaker;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use thiserror::Error;

use crate::endpoint::group::Listener;
use crate::exchange::Record;
use crate::idle::IdleTimer;
use crate::listener::{BusyGuard, Handover, Upload, UploadError};
use crate::recording::Recorder;
use crate::upstream::{AnswerBody, AnswerError};
use last::LastPiece;
pub use replay::Reader;
pub(crate) use replay::Replay;

/// Why a body broke off.
#[derive(Debug, Error)]
pub enum BodyError {
    /// The peer failed or went away.
    #[error("{0}")]
    Peer(#[from] hyper::Error),
    /// The upstream's answer failed.
    #[error("{0}")]
    Answer(#[from] AnswerError),
    /// The body of a request broke the rules, or its client went away.
    #[error("{0}")]
    Upload(#[from] UploadError),
    /// Nothing came for the socket timeout.
    #[error("no progress within {0:?}")]
    Stalled(Duration),
    /// The limit for bodies was passed.
    #[error("the body exceeds the limit of {0} bytes")]
    TooLarge(u64),
    /// The answer was whole before the request was.
    #[error("the answer ended before the request")]
    GivenUp,
    /// What was kept of the body, to be sent again, is not to be had.
    #[error("the body cannot be read again: {0}")]
    Lost(std::io::Error),
}

/// How far the body of a request has come; shared with whoever judges a failure.
#[derive(Debug, Default)]
pub struct RequestProgress {
    bytes: AtomicU64,
    stage: AtomicU8,
    is_given_up: AtomicBool,
    reader: AtomicWaker,
}

/// The stages of a request body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum RequestStage {
    /// Nothing has been read yet.
    Waiting = 0,
    /// Some of it has been read.
    Flowing = 1,
    /// It has been read whole.
    Done = 2,
    /// The client sent something malformed.
    Broken = 3,
    /// It exceeded the limit.
    TooLarge = 4,
    /// The client stopped sending.
    Stalled = 5,
    /// The client went away.
    Gone = 6,
}

impl RequestProgress {
    /// The bytes read so far.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// How far it has come.
    pub fn stage(&self) -> RequestStage {
        match self.stage.load(Ordering::Acquire) {
            0 => RequestStage::Waiting,
            1 => RequestStage::Flowing,
            2 => RequestStage::Done,
            4 => RequestStage::TooLarge,
            5 => RequestStage::Stalled,
            6 => RequestStage::Gone,
            _ => RequestStage::Broken,
        }
    }

    /// Ends the body where it is, unless it has been read whole: nobody waits for it any more.
    pub(crate) fn give_up(&self) {
        if self.stage() != RequestStage::Done {
            self.is_given_up.store(true, Ordering::Release);
            self.reader.wake();
        }
    }

    fn set(&self, stage: RequestStage) {
        self.stage.store(stage as u8, Ordering::Release);
    }
}

/// Where the body of a request comes from.
#[derive(Debug)]
pub enum RequestSource {
    /// There is none.
    Empty,
    /// From the HTTP library.
    Library(Incoming),
    /// From a connection of HTTP/1.1.
    Own(Upload),
    /// From the gateway itself: at hand, and empty once it has been taken.
    Ready(Bytes),
    /// From a test.
    #[cfg(test)]
    Scripted(script::Script),
}

/// The end of a body that broke off, and what the client has to do with it.
type BrokenOff = (RequestStage, BodyError);

impl From<Incoming> for RequestSource {
    fn from(incoming: Incoming) -> Self {
        if incoming.is_end_stream() { Self::Empty } else { Self::Library(incoming) }
    }
}

impl RequestSource {
    fn poll_frame(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BrokenOff>>> {
        Poll::Ready(match self {
            Self::Empty => None,
            Self::Library(incoming) => {
                let next = std::task::ready!(Pin::new(incoming).poll_frame(context));
                next.map(|frame| frame.map_err(|error| (broken(&error), error.into())))
            }
            Self::Own(upload) => {
                let next = std::task::ready!(upload.poll_frame(context));
                next.map(|frame| frame.map_err(|error| (given_up_by(&error), error.into())))
            }
            Self::Ready(bytes) => {
                let bytes = std::mem::take(bytes);
                (!bytes.is_empty()).then(|| Ok(Frame::data(bytes)))
            }
            #[cfg(test)]
            Self::Scripted(script) => std::task::ready!(script.poll_frame(context)),
        })
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Library(incoming) => incoming.is_end_stream(),
            Self::Own(upload) => upload.is_end_stream(),
            Self::Ready(bytes) => bytes.is_empty(),
            #[cfg(test)]
            Self::Scripted(script) => script.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Empty => SizeHint::with_exact(0),
            Self::Library(incoming) => incoming.size_hint(),
            Self::Own(upload) => upload.size_hint(),
            Self::Ready(bytes) => SizeHint::with_exact(bytes.len() as u64),
            #[cfg(test)]
            Self::Scripted(script) => script.size_hint(),
        }
    }
}

/// The body of a request on its way to an upstream.
#[derive(Debug)]
pub enum RequestBody {
    /// No body.
    Empty,
    /// What the client sends, as it comes.
    Stream(Box<RequestStream>),
    /// What the client sends, for one of several attempts.
    Replayed(Box<Reader>),
}

/// A client's body that streams.
#[derive(Debug)]
pub struct RequestStream {
    source: RequestSource,
    progress: Arc<RequestProgress>,
    last: LastPiece,
    limit: Option<u64>,
    idle: IdleTimer,
    idle_limit: Duration,
}

impl RequestBody {
    /// Takes the body of a client's request.
    ///
    /// `limit` is in bytes; `idle` is the longest pause.
    pub fn new(source: RequestSource, limit: Option<u64>, idle: Duration) -> Self {
        if matches!(source, RequestSource::Empty) {
            return Self::Empty;
        }
        Self::Stream(Box::new(RequestStream {
            last: LastPiece::new(source.size_hint().exact()),
            source,
            progress: Arc::default(),
            limit,
            idle: IdleTimer::new(idle),
            idle_limit: idle,
        }))
    }

    /// The progress to watch; `None` when there is no body.
    pub fn progress(&self) -> Option<Arc<RequestProgress>> {
        match self {
            Self::Empty => None,
            Self::Stream(stream) => Some(Arc::clone(&stream.progress)),
            Self::Replayed(reader) => Some(Arc::clone(reader.progress())),
        }
    }
}

impl RequestStream {
    fn poll_next(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let Poll::Ready(next) = self.source.poll_frame(context) else {
            self.progress.reader.register(context.waker());
            if self.progress.is_given_up.load(Ordering::Acquire) {
                return Poll::Ready(Some(Err(BodyError::GivenUp)));
            }
            std::task::ready!(self.idle.poll_expired(context));
            self.progress.set(RequestStage::Stalled);
            return Poll::Ready(Some(Err(BodyError::Stalled(self.idle_limit))));
        };
        self.idle.progressed();
        Poll::Ready(match next {
            None => match self.last.end() {
                Some(frame) => Some(self.pass(frame)),
                None => {
                    self.progress.set(RequestStage::Done);
                    None
                }
            },
            Some(Err((stage, error))) => {
                self.progress.set(stage);
                Some(Err(error))
            }
            Some(Ok(frame)) => match self.last.pass(frame, self.source.is_end_stream()) {
                Some(frame) => Some(self.pass(frame)),
                None => return self.poll_next(context),
            },
        })
    }

    fn is_end(&self) -> bool {
        self.source.is_end_stream() && self.last.is_empty()
    }

    fn pass(&mut self, frame: Frame<Bytes>) -> Result<Frame<Bytes>, BodyError> {
        let length = frame.data_ref().map_or(0, |data| data.remaining() as u64);
        let total = self.progress.bytes.fetch_add(length, Ordering::Relaxed) + length;
        if let Some(limit) = self.limit.filter(|limit| total > *limit) {
            self.progress.set(RequestStage::TooLarge);
            return Err(BodyError::TooLarge(limit));
        }
        let done = frame.is_trailers() || self.is_end();
        self.progress.set(if done { RequestStage::Done } else { RequestStage::Flowing });
        Ok(trailers::cleaned(frame))
    }
}

fn given_up_by(error: &UploadError) -> RequestStage {
    match error {
        UploadError::Malformed(_) => RequestStage::Broken,
        UploadError::Gone(_) => RequestStage::Gone,
    }
}

/// Whether the client broke the rules or just left.
fn broken(error: &hyper::Error) -> RequestStage {
    let cause = crate::upstream::io_cause(error).map(std::io::Error::kind);
    let is_malformed = cause.is_some_and(|kind| {
        matches!(kind, std::io::ErrorKind::InvalidInput | std::io::ErrorKind::InvalidData)
    });
    if is_malformed { RequestStage::Broken } else { RequestStage::Gone }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match self.get_mut() {
            Self::Empty => Poll::Ready(None),
            Self::Stream(stream) => stream.poll_next(context),
            Self::Replayed(reader) => reader.poll_next(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Stream(stream) => stream.is_end(),
            Self::Replayed(reader) => reader.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Empty => SizeHint::with_exact(0),
            Self::Stream(stream) => stream.source.size_hint(),
            Self::Replayed(reader) => reader.size_hint(),
        }
    }
}

/// The body of an answer on its way to the client. Its end writes the access record.
#[derive(Debug)]
pub struct ResponseBody {
    source: Source,
    record: Option<Box<Record>>,
    busy: Option<BusyGuard>,
    /// What the task of an HTTP/2 stream watches.
    handover: Option<Arc<Handover>>,
    /// Who keeps what passes.
    recorder: Option<Box<Recorder>>,
}

#[cfg_attr(not(test), derive(Debug))]
enum Source {
    Ready(Option<Bytes>),
    Upstream(Box<UpstreamBody>),
    #[cfg(test)]
    Streamed(Streamed),
}

/// A body for tests.
#[cfg(test)]
type Streamed = Pin<Box<dyn Body<Data = Bytes, Error = BodyError> + Send>>;

#[cfg(test)]
impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Source")
    }
}

#[cfg(test)]
impl ResponseBody {
    /// Whatever a test wants to send.
    pub(crate) fn streamed(body: Streamed) -> Self {
        Self {
            source: Source::Streamed(body),
            record: None,
            busy: None,
            handover: None,
            recorder: None,
        }
    }
}

/// What an upstream sends, within a limit for its pauses.
#[derive(Debug)]
pub struct UpstreamBody {
    answer: AnswerBody,
    idle: IdleTimer,
    idle_limit: Duration,
    /// How much of the request had been sent at the last look.
    sent: Option<u64>,
    /// Who looks for a session in it.
    listener: Option<Box<Listener>>,
}

impl UpstreamBody {
    /// `idle` is the longest pause, in which nothing comes and nothing of the request is taken.
    pub(crate) fn new(answer: AnswerBody, idle: Duration) -> Self {
        Self { answer, idle: IdleTimer::new(idle), idle_limit: idle, sent: None, listener: None }
    }

    fn poll_next(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let Poll::Ready(next) = Pin::new(&mut self.answer).poll_frame(context) else {
            let sent = self.answer.sent();
            if std::mem::replace(&mut self.sent, sent) != sent {
                self.idle.progressed();
            }
            std::task::ready!(self.idle.poll_expired(context));
            return Poll::Ready(Some(Err(BodyError::Stalled(self.idle_limit))));
        };
        self.idle.progressed();
        if let (Some(listener), Some(Ok(frame))) = (&self.listener, &next)
            && frame.data_ref().is_some_and(|data| !listener.hear(data))
        {
            self.listener = None;
        }
        Poll::Ready(next)
    }
}

impl ResponseBody {
    /// A body that is at hand.
    pub fn ready(bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        Self {
            source: Source::Ready(if bytes.is_empty() { None } else { Some(bytes) }),
            record: None,
            busy: None,
            handover: None,
            recorder: None,
        }
    }

    /// The bytes of a body that is at hand, which stay there; none of one that streams.
    pub(crate) fn at_hand(&self) -> Bytes {
        match &self.source {
            Source::Ready(Some(bytes)) => bytes.clone(),
            _ => Bytes::new(),
        }
    }

    /// No body.
    pub fn empty() -> Self {
        Self {
            source: Source::Ready(None),
            record: None,
            busy: None,
            handover: None,
            recorder: None,
        }
    }

    /// What an upstream sends.
    pub fn upstream(body: UpstreamBody) -> Self {
        Self {
            source: Source::Upstream(Box::new(body)),
            record: None,
            busy: None,
            handover: None,
            recorder: None,
        }
    }

    /// Lets somebody look for a session in it.
    pub(crate) fn heard_by(mut self, listener: Listener) -> Self {
        if let Source::Upstream(body) = &mut self.source {
            body.listener = Some(Box::new(listener));
        }
        self
    }

    /// Lets the end of this body end the exchange.
    pub(crate) fn finishing(mut self, record: Box<Record>) -> Self {
        self.record = Some(record);
        self
    }

    /// Leaves the end of the exchange to whoever writes this body.
    pub(crate) fn take_record(&mut self) -> Option<Box<Record>> {
        self.record.take()
    }

    /// Keeps the client's connection busy until this body is gone.
    pub(crate) fn guarding(mut self, busy: BusyGuard) -> Self {
        self.busy = Some(busy);
        self
    }

    /// Says of each piece when it is handed over and when the next one is asked for.
    pub(crate) fn handing_over(mut self, handover: Arc<Handover>) -> Self {
        self.handover = Some(handover);
        self
    }

    /// Lets somebody keep what passes.
    pub(crate) fn recorded_by(mut self, recorder: Recorder) -> Self {
        self.recorder = Some(Box::new(recorder));
        self
    }

    fn recorded(&mut self, frame: &Frame<Bytes>) {
        if let Some(recorder) = &mut self.recorder
            && frame.data_ref().is_some_and(|data| !recorder.hear(data))
        {
            self.recorder = None;
        }
    }

    fn ended(&mut self, complete: bool) {
        if let Some(recorder) = self.recorder.take()
            && complete
        {
            recorder.end();
        }
        if let Some(record) = self.record.take() {
            record.finish(complete);
        }
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = self.get_mut();
        if let Some(handover) = &this.handover {
            handover.asked();
        }
        let next = match &mut this.source {
            Source::Ready(bytes) => bytes.take().map(|bytes| Ok(Frame::data(bytes))),
            Source::Upstream(body) => {
                std::task::ready!(body.poll_next(context)).map(|frame| frame.map(trailers::cleaned))
            }
            #[cfg(test)]
            Source::Streamed(body) => std::task::ready!(body.as_mut().poll_frame(context)),
        };
        match &next {
            Some(Ok(frame)) => {
                if let Some(handover) = &this.handover {
                    handover.gave();
                }
                if let (Some(data), Some(record)) = (frame.data_ref(), &mut this.record) {
                    record.sent(data.len() as u64);
                }
                this.recorded(frame);
                if this.is_end_stream() {
                    this.ended(true);
                }
            }
            None => this.ended(true),
            Some(Err(_)) => this.ended(false),
        }
        Poll::Ready(next)
    }

    fn is_end_stream(&self) -> bool {
        match &self.source {
            Source::Ready(bytes) => bytes.is_none(),
            Source::Upstream(body) => body.answer.is_end_stream(),
            #[cfg(test)]
            Source::Streamed(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.source {
            Source::Ready(bytes) => {
                SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
            }
            Source::Upstream(body) => body.answer.size_hint(),
            #[cfg(test)]
            Source::Streamed(body) => body.size_hint(),
        }
    }
}

impl Drop for ResponseBody {
    /// A body that is dropped before its end was not delivered, unless there is nothing in it.
    fn drop(&mut self) {
        let complete = self.is_end_stream();
        self.ended(complete);
    }
}
