//! Status and headers in front of a streamed body: JSON, and eight zeros.
//!
//! JSON has no zero byte (RFC 8259 §7), so the first of them ends it.

use bytes::{Buf, Bytes, BytesMut};

use super::StreamError;
use crate::answer::{AnswerLimits, Head, read_head};

/// Zeros between head and body.
const ZEROS: usize = 8;

/// A head that is being gathered.
#[derive(Debug)]
pub(super) struct Prelude {
    limit: usize,
    json: BytesMut,
    /// How many of the zeros have come.
    zeros: usize,
}

impl Prelude {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, json: BytesMut::new(), zeros: 0 }
    }

    /// Adds what came; gives the head when it is complete, and what is left behind it.
    pub(super) fn add(
        &mut self,
        mut bytes: Bytes,
        limits: AnswerLimits,
    ) -> Result<Option<(Head, Bytes)>, StreamError> {
        if self.zeros == 0 {
            let end = memchr::memchr(0, &bytes).unwrap_or(bytes.len());
            if self.json.len() + end > self.limit {
                return Err(StreamError::HeadTooLarge(self.limit));
            }
            self.json.extend_from_slice(&bytes.split_to(end));
        }
        while self.zeros < ZEROS {
            match bytes.first() {
                None => return Ok(None),
                Some(0) => bytes.advance(1),
                Some(_) => return Err(StreamError::HeadTooLarge(self.limit)),
            }
            self.zeros += 1;
        }
        let head = read_head(&self.json, limits)?;
        Ok(Some((head, bytes)))
    }
}
