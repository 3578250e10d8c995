//! Heads out of a buffer that fills in pieces.

use bytes::{Buf, Bytes, BytesMut};
use http::Method;

use crate::lines::Lines;
use crate::{AnswerHead, HeadError, HeadLimits, RequestHead, answer, fields, request};

/// Empty lines before a request line that are forgiven (RFC 9112 §2.2 asks for at least one).
const EMPTY_LINES: u8 = 4;

/// Reads heads.
///
/// It remembers where it was, so that a head that comes in pieces is searched once.
/// One reader serves all messages of a connection; after an error it is of no more use.
#[derive(Debug, Default)]
pub struct HeadReader {
    lines: Lines,
    empty_lines: u8,
    /// A whole head that was refused.
    refused: Bytes,
}

impl HeadReader {
    /// Splits the head of a request off the front of what has been read.
    ///
    /// `None` means that more has to be read; nothing but empty lines has been taken then.
    ///
    /// # Errors
    ///
    /// Says why the request is refused, as soon as that is certain.
    pub fn request(
        &mut self,
        buffer: &mut BytesMut,
        limits: HeadLimits,
    ) -> Result<Option<RequestHead>, HeadError> {
        if !self.skip_empty_lines(buffer)? {
            return Ok(None);
        }
        match self.lines.head(buffer, limits.bytes) {
            Ok(None) => Ok(None),
            Ok(Some(end)) => {
                let head = self.take(buffer, end);
                let read = request::parse(&head, limits);
                if read.is_err() {
                    self.refused = head;
                }
                read.map(Some)
            }
            Err(HeadError::TooLarge) if self.lines.in_first() => Err(HeadError::TargetTooLong),
            Err(error) => Err(error),
        }
    }

    /// Splits the head of an answer off the front of what has been read.
    ///
    /// `method` is the one that is answered: answers to HEAD and accepted CONNECT have no body.
    /// Interim answers (1xx) come back like others; what follows them is the next head.
    ///
    /// # Errors
    ///
    /// Says why the answer is refused, as soon as that is certain.
    pub fn answer(
        &mut self,
        buffer: &mut BytesMut,
        limits: HeadLimits,
        method: &Method,
    ) -> Result<Option<AnswerHead>, HeadError> {
        match buffer.first() {
            None => return Ok(None),
            Some(b'H') => {}
            Some(_) => return Err(HeadError::StatusLine),
        }
        let Some(end) = self.lines.head(buffer, limits.bytes)? else { return Ok(None) };
        answer::parse(&self.take(buffer, end), limits, method).map(Some)
    }

    /// What has come of the head of a request that was refused, for those who record it; `buffer` is
    /// what is left of what has been read.
    #[must_use]
    pub fn refused<'a>(&'a self, buffer: &'a [u8]) -> &'a [u8] {
        if self.refused.is_empty() { buffer } else { &self.refused }
    }

    /// Whether a request line has begun; a first byte that no method has is refused at once, so
    /// that a client that speaks TLS is not waited for.
    fn skip_empty_lines(&mut self, buffer: &mut BytesMut) -> Result<bool, HeadError> {
        loop {
            match **buffer {
                [] | [b'\r'] => return Ok(false),
                [b'\r', b'\n', ..] => buffer.advance(2),
                [b'\r', ..] => return Err(HeadError::BareCarriageReturn),
                [b'\n', ..] => return Err(HeadError::BareLineFeed),
                [first, ..] if fields::is_token(first) => return Ok(true),
                _ => return Err(HeadError::MethodInvalid),
            }
            self.empty_lines += 1;
            if self.empty_lines > EMPTY_LINES {
                return Err(HeadError::EmptyLines);
            }
        }
    }

    fn take(&mut self, buffer: &mut BytesMut, end: usize) -> Bytes {
        *self = Self::default();
        buffer.split_to(end).freeze()
    }
}
