//! Bodies in chunks (RFC 9112 §7.1).

use bytes::{Buf, BytesMut};
use http::HeaderMap;
use httparse::{EMPTY_HEADER, Status};

use crate::body::{BodyError, Piece, split};
use crate::lines::{Lines, has_bare_carriage_return};
use crate::{HeadError, fields};

/// Digits of a size: 64 bits.
const DIGITS: usize = 16;

/// Bytes of extensions behind one size.
const EXTENSION: usize = 256;

/// Bytes of extensions in one body.
const EXTENSIONS: usize = 4 * 1024;

/// Bytes of the fields behind the last chunk.
const TRAILER_BYTES: usize = 8 * 1024;

/// Fields behind the last chunk.
const TRAILER_FIELDS: usize = 64;

/// Takes the content out of chunks.
#[derive(Debug, Default)]
pub(crate) struct Chunks {
    state: State,
    /// Bytes of extensions so far.
    extensions: usize,
}

#[derive(Debug, Default)]
enum State {
    /// A size comes next.
    #[default]
    Size,
    /// So many bytes of a chunk come next.
    Data(u64),
    /// The end of a chunk comes next.
    End,
    /// The fields behind the last chunk, or the empty line.
    Trailers(Lines),
    Done,
}

impl Chunks {
    pub(crate) fn is_done(&self) -> bool {
        matches!(self.state, State::Done)
    }

    pub(crate) fn next(&mut self, buffer: &mut BytesMut) -> Result<Option<Piece>, BodyError> {
        loop {
            match &mut self.state {
                State::Size => match size(buffer)? {
                    Some(line) => self.begin(buffer, &line)?,
                    None => return Ok(None),
                },
                State::Data(left) => {
                    let Some(data) = split(buffer, left) else { return Ok(None) };
                    if *left == 0 {
                        self.state = State::End;
                    }
                    return Ok(Some(Piece::Data(data)));
                }
                State::End => match **buffer {
                    [] | [b'\r'] => return Ok(None),
                    [b'\r', b'\n', ..] => {
                        buffer.advance(2);
                        self.state = State::Size;
                    }
                    _ => return Err(BodyError::ChunkEnd),
                },
                State::Trailers(lines) => {
                    let trailers = trailers(buffer, lines).map_err(BodyError::Trailer)?;
                    let Some(trailers) = trailers else { return Ok(None) };
                    self.state = State::Done;
                    let has_any = !trailers.is_empty();
                    return Ok(Some(if has_any { Piece::Trailers(trailers) } else { Piece::End }));
                }
                State::Done => return Ok(Some(Piece::End)),
            }
        }
    }

    fn begin(&mut self, buffer: &mut BytesMut, line: &SizeLine) -> Result<(), BodyError> {
        self.extensions += line.extension;
        if self.extensions > EXTENSIONS {
            return Err(BodyError::ChunkExtension);
        }
        buffer.advance(line.bytes);
        let last = line.size == 0;
        self.state = if last { State::Trailers(Lines::default()) } else { State::Data(line.size) };
        Ok(())
    }
}

/// The line in front of a chunk.
#[derive(Debug)]
struct SizeLine {
    size: u64,
    /// Bytes of the whole line.
    bytes: usize,
    /// Bytes between size and end of line.
    extension: usize,
}

/// Reads a size with its line; `None` while the line is not complete.
///
/// Everything is refused as soon as it is seen, so an unfinished line is short.
fn size(buffer: &[u8]) -> Result<Option<SizeLine>, BodyError> {
    let (mut size, mut digits) = (0_u64, 0);
    while let Some(digit) = buffer.get(digits).and_then(|byte| char::from(*byte).to_digit(16)) {
        if digits == DIGITS {
            return Err(BodyError::ChunkTooLong);
        }
        size = size << 4 | u64::from(digit);
        digits += 1;
    }
    let rest = buffer.get(digits..).unwrap_or_default();
    if digits == 0 && !rest.is_empty() {
        return Err(BodyError::ChunkSize);
    }
    let extension = match rest {
        [b';', ..] => extension(rest)?,
        _ => 0,
    };
    match rest.get(extension..).unwrap_or_default() {
        [] | [b'\r'] => Ok(None),
        [b'\r', b'\n', ..] => Ok(Some(SizeLine { size, bytes: digits + extension + 2, extension })),
        _ if extension == 0 => Err(BodyError::ChunkSize),
        _ => Err(BodyError::ChunkExtension),
    }
}

/// How long the extensions are that `rest` begins with, as far as they are there.
fn extension(rest: &[u8]) -> Result<usize, BodyError> {
    let is_end = |byte: &u8| byte.is_ascii_control() && *byte != b'\t';
    let length = rest.iter().take(EXTENSION + 1).position(is_end);
    match length.unwrap_or(rest.len()) {
        length if length > EXTENSION => Err(BodyError::ChunkExtension),
        length => Ok(length),
    }
}

/// The fields behind the last chunk; `None` while they are not complete.
fn trailers(buffer: &mut BytesMut, lines: &mut Lines) -> Result<Option<HeaderMap>, HeadError> {
    let Some(end) = lines.end(buffer, TRAILER_BYTES)? else { return Ok(None) };
    if end.lines > TRAILER_FIELDS {
        return Err(HeadError::TooManyFields);
    }
    let section = buffer.split_to(end.bytes).freeze();
    let mut room = [EMPTY_HEADER; TRAILER_FIELDS];
    match httparse::parse_headers(&section, &mut room) {
        Ok(Status::Complete((_, parsed))) => fields::map(&section, parsed, |_, _| Ok(())).map(Some),
        Ok(Status::Partial) => Err(HeadError::FieldInvalid),
        Err(_) if has_bare_carriage_return(&section) => Err(HeadError::BareCarriageReturn),
        Err(_) => Err(fields::diagnose(&section).unwrap_or(HeadError::FieldInvalid)),
    }
}
