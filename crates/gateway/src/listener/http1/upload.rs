//! The body of a request, for whoever sends it on.

use std::sync::Arc;
use std::task::{Context, Poll, ready};

use ::http1::{Framing, Piece};
use bytes::Bytes;
use http_body::{Frame, SizeHint};

use super::wire::{UploadError, Wire};

/// The body of a request of HTTP/1.1, read from its connection as it is asked for.
#[derive(Debug)]
pub struct Upload {
    wire: Arc<Wire>,
    /// Bytes still to come, where that is known.
    left: Option<u64>,
    is_done: bool,
}

impl Upload {
    /// The body that the connection has been told to expect.
    pub(super) fn new(wire: Arc<Wire>, framing: Framing) -> Self {
        let left = if let Framing::Length(length) = framing { Some(length) } else { None };
        Self { wire, left, is_done: false }
    }

    /// The next part.
    pub(crate) fn poll_frame(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, UploadError>>> {
        if self.is_done {
            return Poll::Ready(None);
        }
        let piece = ready!(self.wire.poll_piece(context));
        Poll::Ready(match piece {
            Ok(Piece::Data(data)) => {
                if let Some(left) = &mut self.left {
                    *left = left.saturating_sub(data.len() as u64);
                    self.is_done = *left == 0;
                }
                Some(Ok(Frame::data(data)))
            }
            Ok(Piece::Trailers(trailers)) => {
                self.is_done = true;
                Some(Ok(Frame::trailers(trailers)))
            }
            Ok(Piece::End) => {
                self.is_done = true;
                None
            }
            Err(error) => {
                self.is_done = true;
                Some(Err(error))
            }
        })
    }

    /// Whether there is no more.
    pub(crate) fn is_end_stream(&self) -> bool {
        self.is_done
    }

    /// What is known of the rest.
    pub(crate) fn size_hint(&self) -> SizeHint {
        self.left.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        // By now the connection may be reading the body of another request.
        if !self.is_done {
            self.wire.let_go();
        }
    }
}
