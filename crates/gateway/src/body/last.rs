//! The last piece of a body whose length was announced, kept back until the body has ended.
//!
//! In HTTP/2 a length may be announced that the body then exceeds. Its first bytes, passed on under
//! that length over HTTP/1.1, would be a whole request to the upstream; so the piece that completes
//! them waits for the end, or for the error that takes its place.

use bytes::{Buf as _, Bytes};
use http_body::Frame;

/// A piece that waits for the end of its body.
#[derive(Debug)]
pub(super) struct LastPiece {
    /// Bytes that are still to come, where their number was announced.
    missing: Option<u64>,
    held: Option<Frame<Bytes>>,
    trailers: Option<Frame<Bytes>>,
}

impl LastPiece {
    /// `length` is what was announced.
    pub(super) fn new(length: Option<u64>) -> Self {
        Self { missing: length, held: None, trailers: None }
    }

    /// Whether nothing waits.
    pub(super) fn is_empty(&self) -> bool {
        self.held.is_none() && self.trailers.is_none()
    }

    /// What may go on now that this has come; `None` when it waits.
    pub(super) fn pass(&mut self, frame: Frame<Bytes>, is_end: bool) -> Option<Frame<Bytes>> {
        let Some(data) = frame.data_ref() else {
            let held = self.held.take();
            if held.is_some() {
                self.trailers = Some(frame);
                return held;
            }
            return Some(frame);
        };
        let length = data.remaining() as u64;
        if let Some(missing) = &mut self.missing {
            *missing = missing.saturating_sub(length);
        }
        if length == 0 && self.held.is_some() {
            return if is_end { self.held.take() } else { None };
        }
        if self.missing == Some(0) && !is_end {
            self.held = Some(frame);
            return None;
        }
        Some(frame)
    }

    /// What goes on at the end.
    pub(super) fn end(&mut self) -> Option<Frame<Bytes>> {
        self.held.take().or_else(|| self.trailers.take())
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;

    use super::*;

    fn data(text: &'static str) -> Frame<Bytes> {
        Frame::data(Bytes::from_static(text.as_bytes()))
    }

    fn text(frame: Option<Frame<Bytes>>) -> Option<String> {
        let bytes = frame?.into_data().unwrap_or_else(|_trailers| Bytes::from_static(b"trailers"));
        Some(String::from_utf8_lossy(&bytes).into_owned())
    }

    fn passed(last: &mut LastPiece, piece: &'static str, is_end: bool) -> Option<String> {
        text(last.pass(data(piece), is_end))
    }

    #[test]
    fn the_piece_that_completes_a_body_waits_for_its_end() {
        let mut last = LastPiece::new(Some(6));
        assert_eq!(passed(&mut last, "one", false).as_deref(), Some("one"));
        assert_eq!(passed(&mut last, "two", false), None);
        assert!(!last.is_empty());
        assert_eq!(passed(&mut last, "", false), None);
        assert_eq!(text(last.end()).as_deref(), Some("two"));
        assert_eq!((text(last.end()), last.is_empty()), (None, true));
    }

    #[test]
    fn an_empty_piece_may_be_the_end() {
        let mut last = LastPiece::new(Some(3));
        assert_eq!(passed(&mut last, "two", false), None);
        assert_eq!(passed(&mut last, "", true).as_deref(), Some("two"));
        assert!(last.is_empty());
    }

    #[test]
    fn trailers_come_after_the_piece() {
        let mut last = LastPiece::new(Some(3));
        assert_eq!(passed(&mut last, "two", false), None);
        let trailers = last.pass(Frame::trailers(HeaderMap::new()), true);
        assert_eq!(text(trailers).as_deref(), Some("two"));
        assert_eq!(text(last.end()).as_deref(), Some("trailers"));
        assert!(last.is_empty());
    }

    #[test]
    fn nothing_waits_at_the_end_or_without_a_length() {
        let mut last = LastPiece::new(Some(3));
        assert_eq!(passed(&mut last, "two", true).as_deref(), Some("two"));
        let mut last = LastPiece::new(None);
        assert_eq!(passed(&mut last, "two", false).as_deref(), Some("two"));
        assert_eq!(passed(&mut last, "", false).as_deref(), Some(""));
        assert!(last.pass(Frame::trailers(HeaderMap::new()), true).is_some());
    }
}
