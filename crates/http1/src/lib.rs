//! HTTP/1.1 messages on the wire (RFC 9112), without any input or output.
//!
//! Readers take messages out of a buffer that somebody else fills, writers put them into a buffer
//! that somebody else empties.
//! The readers are strict: what two parsers could read in two ways is refused, because such a
//! message is how a request is smuggled past a gateway.
//! Targets and header values are slices of the buffer they were read into, so they keep that
//! buffer's memory until they are dropped.
//!
//! Deliberately absent: sockets, timeouts, HTTP/2, and every rule about what headers mean beyond
//! the extent of a message and the life of its connection.

mod answer;
mod body;
mod chunk;
mod error;
mod fields;
mod head;
mod host;
mod lines;
mod names;
mod reader;
mod request;
mod target;
pub mod write;

pub use answer::AnswerHead;
pub use body::{BodyError, BodyReader, Piece};
pub use error::HeadError;
pub use reader::HeadReader;
pub use request::RequestHead;
pub use write::{AnswerFraming, CHUNK_END, ChunkHead, Connection, LAST_CHUNK};

/// How large a head may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeadLimits {
    /// Bytes from the first of the start line to the last of the empty line.
    pub bytes: usize,
    /// Header fields.
    pub fields: usize,
}

/// How the extent of a body is told (RFC 9112 §6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// There is no body.
    None,
    /// So many bytes, by `Content-Length`.
    Length(u64),
    /// In chunks, by `Transfer-Encoding: chunked`.
    Chunked,
    /// Everything up to the end of the connection; only answers have this.
    Close,
}
