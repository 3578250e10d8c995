//! The client's side of a body, for tests: what comes, and when.

use std::collections::VecDeque;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Frame, SizeHint};

use super::{BodyError, BrokenOff, RequestBody, RequestSource, RequestStage};

/// Longest pause of a body that follows a script.
pub(super) const IDLE: Duration = Duration::from_secs(20);

/// What a client sends, in order.
#[derive(Debug)]
pub struct Script {
    steps: VecDeque<Step>,
    length: Option<u64>,
    /// Whether its end is known as soon as its last part has come.
    is_end_known: bool,
}

/// What happens next.
#[derive(Debug, Clone)]
pub(super) enum Step {
    Data(Bytes),
    Trailers(HeaderMap),
    /// Nothing for a moment.
    Pause,
    /// Nothing any more.
    Hang,
    /// The client leaves.
    Leave,
}

impl Script {
    /// A client that announces this length.
    pub(super) fn new(steps: impl IntoIterator<Item = Step>, length: Option<u64>) -> Self {
        Self { steps: steps.into_iter().collect(), length, is_end_known: true }
    }

    /// A client whose last part does not say that it is the last.
    pub(super) fn ending_late(self) -> Self {
        Self { is_end_known: false, ..self }
    }

    /// The body of a request, of at most so many bytes.
    pub(super) fn body(self, limit: Option<u64>) -> RequestBody {
        RequestBody::new(RequestSource::Scripted(self), limit, IDLE)
    }

    pub(super) fn poll_frame(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BrokenOff>>> {
        match self.steps.pop_front() {
            None => Poll::Ready(None),
            Some(Step::Data(data)) => Poll::Ready(Some(Ok(Frame::data(data)))),
            Some(Step::Trailers(fields)) => Poll::Ready(Some(Ok(Frame::trailers(fields)))),
            Some(Step::Pause) => {
                context.waker().wake_by_ref();
                Poll::Pending
            }
            Some(Step::Hang) => {
                self.steps.push_front(Step::Hang);
                Poll::Pending
            }
            // What comes behind an error must not be taken for an end.
            Some(Step::Leave) => {
                let left = (RequestStage::Gone, BodyError::GivenUp);
                Poll::Ready(Some(Err(left)))
            }
        }
    }

    pub(super) fn is_end_stream(&self) -> bool {
        self.is_end_known && self.steps.is_empty()
    }

    pub(super) fn size_hint(&self) -> SizeHint {
        self.length.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}
