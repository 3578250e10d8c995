//! The body of an answer over one of our own connections.

use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::StatusCode;
use http_body::{Frame, SizeHint};

use super::link::Link;
use super::pool::Pool;
use crate::body::BodyError;
use crate::tunnel::Switched;

/// The body of an answer, and the connection that it comes over.
///
/// The connection goes back to its pool with the last byte.
#[derive(Debug)]
pub(crate) struct OwnBody {
    /// `None` once the body has ended.
    under_way: Option<(Box<Link>, Arc<Pool>)>,
    /// Why it broke off, while that is held back.
    failed: Option<Box<BodyError>>,
}

impl OwnBody {
    pub(super) fn new(link: Box<Link>, pool: &Arc<Pool>, status: StatusCode) -> Self {
        let is_switch = status == StatusCode::SWITCHING_PROTOCOLS;
        if link.is_over() && !is_switch {
            pool.put(link);
            return Self { under_way: None, failed: None };
        }
        Self { under_way: Some((link, Arc::clone(pool))), failed: None }
    }

    /// The connection, where the answer was that it leaves HTTP.
    pub(crate) fn into_switched(self) -> Option<Switched> {
        self.under_way.map(|(link, _)| link.into_switched())
    }

    /// How many bytes of the request have been sent, where some may still be.
    pub(crate) fn sent(&self) -> Option<u64> {
        self.under_way.as_ref().map(|(link, _)| link.written())
    }

    pub(crate) fn poll_frame(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let Some((link, _)) = &mut self.under_way else {
            return Poll::Ready(self.failed.take().map(|error| Err(*error)));
        };
        let next = ready!(link.poll_frame(context));
        match next {
            Some(Err(error)) => return self.fail(error, context),
            _ if link.is_over() => self.release(),
            _ => {}
        }
        Poll::Ready(next)
    }

    /// Closes the connection, and says so a turn later: who forwards the body may throw away with
    /// an error what it was given just before, and the client should get what there is.
    fn fail<T>(&mut self, error: BodyError, context: &Context<'_>) -> Poll<T> {
        self.under_way = None;
        self.failed = Some(Box::new(error));
        context.waker().wake_by_ref();
        Poll::Pending
    }

    fn release(&mut self) {
        if let Some((link, pool)) = self.under_way.take() {
            pool.put(link);
        }
    }

    pub(crate) fn is_end_stream(&self) -> bool {
        self.under_way.is_none() && self.failed.is_none()
    }

    pub(crate) fn size_hint(&self) -> SizeHint {
        let remaining = match &self.under_way {
            Some((link, _)) => link.remaining(),
            None => self.failed.is_none().then_some(0),
        };
        remaining.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}
