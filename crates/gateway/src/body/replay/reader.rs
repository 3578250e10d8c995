//! One reading of a body that is kept: first what has come already, then what comes.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Frame, SizeHint};

use super::store::Reading;
use super::{Kept, Next, Place};
use crate::body::{BodyError, RequestProgress, RequestStage};

/// The body for one attempt at sending it.
///
/// Of the readers of a body the newest alone may read; the others have been given up.
#[derive(Debug)]
pub struct Reader {
    kept: Arc<Mutex<Kept>>,
    progress: Arc<RequestProgress>,
    place: Place,
    reading: Option<Reading>,
    is_over: bool,
}

impl Reader {
    pub(super) fn new(kept: Arc<Mutex<Kept>>, progress: Arc<RequestProgress>) -> Self {
        Self { kept, progress, place: Place::default(), reading: None, is_over: false }
    }

    /// How far this attempt has come.
    pub(in crate::body) fn progress(&self) -> &Arc<RequestProgress> {
        &self.progress
    }

    /// The next part.
    pub(in crate::body) fn poll_next(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        if self.is_over {
            return Poll::Ready(None);
        }
        if self.is_given_up() {
            return Poll::Ready(Some(Err(BodyError::GivenUp)));
        }
        let Poll::Ready(next) = self.poll_any(context) else {
            self.progress.reader.register(context.waker());
            if self.is_given_up() {
                return Poll::Ready(Some(Err(BodyError::GivenUp)));
            }
            return Poll::Pending;
        };
        let next = next.map(|frame| frame.inspect(|frame| self.passed(frame))).transpose();
        if matches!(next, Ok(None)) {
            self.is_over = true;
            self.progress.set(RequestStage::Done);
        }
        Poll::Ready(next.transpose())
    }

    fn poll_any(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        loop {
            if let Some(reading) = &mut self.reading {
                let read = ready!(reading.poll(context));
                self.reading = None;
                return Poll::Ready(Some(self.read(read)));
            }
            let mut kept = lock(&self.kept);
            match ready!(kept.poll_next(&mut self.place, context)) {
                Next::Frame(frame) => return Poll::Ready(Some(Ok(frame))),
                Next::InFile(reading) => self.reading = Some(reading),
                Next::End => return Poll::Ready(None),
                Next::Failed(error) => {
                    if let Some(stage) = kept.failure() {
                        self.progress.set(stage);
                    }
                    return Poll::Ready(Some(Err(error)));
                }
            }
        }
    }

    fn read(&mut self, read: std::io::Result<Bytes>) -> Result<Frame<Bytes>, BodyError> {
        match read {
            Ok(data) => {
                self.place.offset += data.len() as u64;
                Ok(Frame::data(data))
            }
            Err(error) => {
                lock(&self.kept).lose(&error);
                Err(BodyError::Lost(error))
            }
        }
    }

    fn passed(&mut self, frame: &Frame<Bytes>) {
        let length = frame.data_ref().map_or(0, |data| data.len() as u64);
        self.progress.bytes.fetch_add(length, Ordering::Relaxed);
        self.is_over = lock(&self.kept).is_end(&self.place);
        self.progress.set(if self.is_over { RequestStage::Done } else { RequestStage::Flowing });
    }

    fn is_given_up(&self) -> bool {
        self.progress.is_given_up.load(Ordering::Acquire)
    }

    /// Whether there is no more.
    pub(in crate::body) fn is_end_stream(&self) -> bool {
        self.is_over || lock(&self.kept).is_end(&self.place)
    }

    /// What is known of the rest.
    pub(in crate::body) fn size_hint(&self) -> SizeHint {
        let length = lock(&self.kept).length;
        let rest = length.map(|length| length.saturating_sub(self.place.offset));
        rest.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

pub(super) fn lock(kept: &Mutex<Kept>) -> MutexGuard<'_, Kept> {
    kept.lock().unwrap_or_else(PoisonError::into_inner)
}
