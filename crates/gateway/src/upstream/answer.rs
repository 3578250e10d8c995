//! The body of an answer, whichever client it came through; it gives its connection back itself.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::Response;
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;

use super::h1::OwnBody;
use super::pool::Lease;
use crate::body::BodyError;

/// How much of an answer is read that nobody gets.
const DRAINED: usize = 64 * 1024;

/// One answer.
pub(crate) type Answer = Response<AnswerBody>;

/// What comes after the head of an answer.
///
/// A body that is dropped before its end closes its connection.
#[derive(Debug)]
pub(crate) enum AnswerBody {
    /// Through the gateway's own client.
    Own(OwnBody),
    /// Through the HTTP library.
    Library(Incoming, Option<Lease>),
    /// What was made of the body of an answer.
    Made(Made),
}

/// A body that was made of another one.
pub(crate) struct Made(Pin<Box<dyn Body<Data = Bytes, Error = BodyError> + Send>>);

/// Why the body of an answer broke off.
#[derive(Debug, thiserror::Error)]
pub enum AnswerError {
    /// The connection broke.
    #[error("reading the answer failed: {0}")]
    Io(#[from] std::io::Error),
    /// What came is no such body, or not all of it.
    #[error("{0}")]
    Body(#[from] http1::BodyError),
    /// What came is no stream of a function, or the function failed in its midst.
    #[error("{0}")]
    Stream(#[from] lambda::stream::StreamError),
}

impl AnswerBody {
    /// What is made of the body of an answer.
    pub(crate) fn made(body: impl Body<Data = Bytes, Error = BodyError> + Send + 'static) -> Self {
        Self::Made(Made(Box::pin(body)))
    }

    /// What the HTTP library hands out; the lease goes back with the last byte.
    pub(super) fn library(incoming: Incoming, lease: Lease) -> Self {
        let mut lease = Some(lease);
        release_at_end(&incoming, &mut lease);
        Self::Library(incoming, lease)
    }

    /// Reads what is left of a short answer, so that its connection can be used again; a longer one
    /// is dropped, which closes the connection.
    pub(crate) async fn drain(mut self, limit: Duration) {
        let read = async {
            let mut left = DRAINED;
            while let Some(Ok(frame)) = self.frame().await {
                match left.checked_sub(frame.data_ref().map_or(0, Bytes::len)) {
                    Some(rest) => left = rest,
                    None => return,
                }
            }
        };
        // However that ends, the answer is of no use to anybody.
        let _given_up = tokio::time::timeout(limit, read).await;
    }

    /// How many bytes of the request have been sent, where that is known and more may follow.
    pub(crate) fn sent(&self) -> Option<u64> {
        match self {
            Self::Own(body) => body.sent(),
            Self::Library(..) | Self::Made(_) => None,
        }
    }
}

fn release_at_end(incoming: &Incoming, lease: &mut Option<Lease>) {
    if incoming.is_end_stream()
        && let Some(lease) = lease.take()
    {
        lease.release();
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match self.get_mut() {
            Self::Own(body) => body.poll_frame(context),
            Self::Library(incoming, lease) => {
                let next = std::task::ready!(Pin::new(&mut *incoming).poll_frame(context));
                match &next {
                    Some(Ok(_)) => release_at_end(incoming, lease),
                    Some(Err(_)) => {}
                    None => lease.take().into_iter().for_each(Lease::release),
                }
                Poll::Ready(next.map(|frame| frame.map_err(BodyError::from)))
            }
            Self::Made(made) => made.0.as_mut().poll_frame(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Own(body) => body.is_end_stream(),
            Self::Library(incoming, _) => incoming.is_end_stream(),
            Self::Made(made) => made.0.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Own(body) => body.size_hint(),
            Self::Library(incoming, _) => incoming.size_hint(),
            Self::Made(made) => made.0.size_hint(),
        }
    }
}

impl fmt::Debug for Made {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Made")
    }
}
