//! Frames of `application/vnd.amazon.eventstream`.
//!
//! A frame is two lengths (of everything, and of the headers) with a checksum, headers, a payload,
//! and a checksum of all that. Nothing of a frame is believed before its checksum fits, but for the
//! lengths, which have their own.

use bytes::{Buf, Bytes, BytesMut};

use super::header::{HeaderError, Headers};

/// Two lengths and their checksum.
const PRELUDE: usize = 12;
/// The checksum at the end.
const CHECKSUM: usize = 4;
/// Bytes of headers, by the protocol.
const LONGEST_HEADERS: usize = 128 * 1024;
/// Bytes of a frame: a payload of 16 MB, by the protocol, and all around it.
pub(super) const LONGEST: usize = 16 * 1024 * 1024 + LONGEST_HEADERS + PRELUDE + CHECKSUM;

/// One frame.
#[derive(Debug, Clone, PartialEq)]
pub struct Frame {
    /// In their order.
    pub headers: Headers,
    /// A slice of what was read.
    pub payload: Bytes,
}

/// Why bytes are no frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum FrameError {
    /// The checksum of the lengths is another.
    #[error("the checksum of a frame's lengths does not fit")]
    PreludeChecksum,
    /// The checksum of the frame is another.
    #[error("the checksum of a frame does not fit")]
    Checksum,
    /// Lengths that contradict each other.
    #[error("the lengths of a frame contradict each other")]
    Lengths,
    /// Longer than allowed.
    #[error("a frame is too long")]
    TooLarge,
    /// Headers that are none.
    #[error("the headers of a frame are damaged: {0}")]
    Headers(#[from] HeaderError),
}

/// Takes frames out of a buffer.
#[derive(Debug)]
pub struct FrameReader {
    /// Bytes of one frame.
    limit: usize,
    /// The lengths of the frame that is waited for; they are checked once.
    lengths: Option<Lengths>,
}

#[derive(Debug, Clone, Copy)]
struct Lengths {
    total: usize,
    headers: usize,
}

impl FrameReader {
    /// For frames of so many bytes, or what the protocol allows if that is less.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self { limit: limit.min(LONGEST), lengths: None }
    }

    /// Takes a frame; `None` while it is not complete.
    ///
    /// # Errors
    /// See [`FrameError`]; where the next frame begins is not known then.
    pub fn next(&mut self, buffer: &mut BytesMut) -> Result<Option<Frame>, FrameError> {
        let lengths = match self.lengths {
            Some(lengths) => lengths,
            None => match buffer.get(..PRELUDE) {
                Some(prelude) => self.read_lengths(prelude)?,
                None => return Ok(None),
            },
        };
        self.lengths = Some(lengths);
        if buffer.len() < lengths.total {
            return Ok(None);
        }
        self.lengths = None;
        let mut frame = buffer.split_to(lengths.total).freeze();
        let checksum = frame.split_off(lengths.total - CHECKSUM).get_u32();
        if crc32fast::hash(&frame) != checksum {
            return Err(FrameError::Checksum);
        }
        frame.advance(PRELUDE);
        let headers = Headers::read(frame.split_to(lengths.headers))?;
        Ok(Some(Frame { headers, payload: frame }))
    }

    fn read_lengths(&self, mut prelude: &[u8]) -> Result<Lengths, FrameError> {
        let checksum = crc32fast::hash(prelude.get(..PRELUDE - CHECKSUM).unwrap_or_default());
        let (total, headers) = (prelude.get_u32() as usize, prelude.get_u32() as usize);
        if prelude.get_u32() != checksum {
            return Err(FrameError::PreludeChecksum);
        }
        if total > self.limit || headers > LONGEST_HEADERS {
            return Err(FrameError::TooLarge);
        }
        if total < PRELUDE + CHECKSUM + headers {
            return Err(FrameError::Lengths);
        }
        Ok(Lengths { total, headers })
    }
}
