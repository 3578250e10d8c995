//! Bodies out of a buffer that fills in pieces.

use bytes::{Bytes, BytesMut};
use http::HeaderMap;

use crate::chunk::Chunks;
use crate::{Framing, HeadError};

/// Takes a body out of what has been read.
#[derive(Debug)]
pub struct BodyReader {
    state: State,
}

#[derive(Debug)]
enum State {
    /// So many bytes are still to come.
    Length(u64),
    Chunked(Chunks),
    Close,
    Done,
    /// Said again to whoever asks again.
    Failed(BodyError),
}

/// A part of a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Content, never empty.
    Data(Bytes),
    /// The fields behind the last chunk; only when there are any.
    Trailers(HeaderMap),
    /// There is no more, however often one asks.
    End,
}

/// Why a body is broken off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum BodyError {
    /// The size of a chunk is not a number, or not followed by the end of its line.
    #[error("The size of a chunk is malformed")]
    ChunkSize,
    /// The size of a chunk has more digits than 64 bits.
    #[error("A chunk is too long")]
    ChunkTooLong,
    /// The data of a chunk are not followed by the end of a line.
    #[error("A chunk does not end where its size says")]
    ChunkEnd,
    /// An extension is too long or has a control character.
    #[error("The extension of a chunk is malformed or too long")]
    ChunkExtension,
    /// A field behind the last chunk is refused.
    #[error("A trailer field is refused: {0}")]
    Trailer(HeadError),
    /// The connection ended first.
    #[error("The body ended early")]
    Incomplete,
}

impl BodyReader {
    /// A reader for one body.
    #[must_use]
    pub fn new(framing: Framing) -> Self {
        let state = match framing {
            Framing::None | Framing::Length(0) => State::Done,
            Framing::Length(length) => State::Length(length),
            Framing::Chunked => State::Chunked(Chunks::default()),
            Framing::Close => State::Close,
        };
        Self { state }
    }

    /// The next piece; `None` when more has to be read.
    ///
    /// Data are split off the buffer, not copied, and never beyond the body.
    ///
    /// # Errors
    ///
    /// Says why the body is broken off; asked again, it says so again.
    pub fn next(&mut self, buffer: &mut BytesMut) -> Result<Option<Piece>, BodyError> {
        match &mut self.state {
            State::Done => Ok(Some(Piece::End)),
            State::Length(left) => {
                let data = split(buffer, left);
                if *left == 0 {
                    self.state = State::Done;
                }
                Ok(data.map(Piece::Data))
            }
            State::Chunked(chunks) => {
                let piece = chunks.next(buffer);
                if let Err(error) = piece {
                    self.state = State::Failed(error);
                } else if chunks.is_done() {
                    self.state = State::Done;
                }
                piece
            }
            State::Close => {
                let mut endless = u64::MAX;
                Ok(split(buffer, &mut endless).map(Piece::Data))
            }
            State::Failed(error) => Err(*error),
        }
    }

    /// The peer has ended the connection, and the buffer has been emptied by [`Self::next`].
    ///
    /// # Errors
    ///
    /// The body is not complete, unless it is one that ends with the connection.
    pub fn ended(&mut self) -> Result<(), BodyError> {
        match self.state {
            State::Done => Ok(()),
            State::Close => {
                self.state = State::Done;
                Ok(())
            }
            State::Failed(error) => Err(error),
            State::Length(_) | State::Chunked(_) => {
                self.state = State::Failed(BodyError::Incomplete);
                Err(BodyError::Incomplete)
            }
        }
    }

    /// Whether everything has been taken, trailers included; what the buffer still holds belongs
    /// to the next message.
    #[must_use]
    pub fn is_done(&self) -> bool {
        matches!(self.state, State::Done)
    }

    /// How many bytes of content are still to come, where that is known.
    #[must_use]
    pub fn remaining(&self) -> Option<u64> {
        match self.state {
            State::Done => Some(0),
            State::Length(left) => Some(left),
            State::Chunked(_) | State::Close | State::Failed(_) => None,
        }
    }
}

/// Up to `left` bytes off the front of the buffer, counted down.
pub(crate) fn split(buffer: &mut BytesMut, left: &mut u64) -> Option<Bytes> {
    if buffer.is_empty() {
        return None;
    }
    let taken = usize::try_from(*left).unwrap_or(usize::MAX).min(buffer.len());
    *left -= taken as u64;
    Some(buffer.split_to(taken).freeze())
}

#[cfg(test)]
mod tests;
