//! What holds for any bytes; the fuzz targets ask the same of theirs.

use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_LENGTH, HOST, TRANSFER_ENCODING};
use http::{HeaderMap, Method, Uri, Version};
use http1::{
    AnswerHead, BodyError, BodyReader, CHUNK_END, ChunkHead, Framing, HeadError, HeadLimits,
    HeadReader, LAST_CHUNK, Piece, RequestHead, write,
};

const LIMITS: HeadLimits = HeadLimits { bytes: 8 * 1024, fields: 64 };

/// A small generator (SplitMix64), so that the same input is always cut in the same way.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn from_bytes(bytes: &[u8]) -> Self {
        let prime = 0x0100_0000_01b3;
        Self(bytes.iter().fold(7, |hash: u64, byte| (hash ^ u64::from(*byte)).wrapping_mul(prime)))
    }

    /// A number below `end`, which is not 0.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % end as u64) as usize
    }

    /// Cuts bytes into pieces, most of them short.
    pub(crate) fn cut<'a>(&mut self, mut bytes: &'a [u8]) -> Vec<&'a [u8]> {
        let mut pieces = Vec::new();
        while !bytes.is_empty() {
            let longest = if self.below(4) == 0 { 64 } else { 4 };
            let (piece, rest) = bytes.split_at((1 + self.below(longest)).min(bytes.len()));
            pieces.push(piece);
            bytes = rest;
        }
        pieces
    }
}

/// A head with the number of bytes that it took; `None` if it is not complete.
type Read<T> = Result<Option<(T, usize)>, HeadError>;

/// Feeds pieces until there is a head.
fn feed<T>(
    pieces: &[&[u8]],
    mut read: impl FnMut(&mut BytesMut) -> Result<Option<T>, HeadError>,
) -> Read<T> {
    let (mut buffer, mut fed) = (BytesMut::new(), 0);
    for piece in pieces {
        buffer.extend_from_slice(piece);
        fed += piece.len();
        if let Some(head) = read(&mut buffer)? {
            return Ok(Some((head, fed - buffer.len())));
        }
    }
    Ok(None)
}

fn read_request(pieces: &[&[u8]]) -> Read<RequestHead> {
    let mut reader = HeadReader::default();
    feed(pieces, |buffer| reader.request(buffer, LIMITS))
}

fn read_answer(pieces: &[&[u8]], method: &Method) -> Read<AnswerHead> {
    let mut reader = HeadReader::default();
    feed(pieces, |buffer| reader.answer(buffer, LIMITS, method))
}

/// A request head: the same in pieces, nothing that the parser of others refuses or sees
/// otherwise, and the same again when it is written. Says whether it is accepted.
pub(crate) fn request_head(data: &[u8]) -> bool {
    let whole = read_request(&[data]);
    let pieces = read_request(&Random::from_bytes(data).cut(data));
    assert_eq!(shown(&whole), shown(&pieces));
    let Ok(Some((head, taken))) = whole else { return false };
    let bytes = &data[..taken];
    check_lines(bytes);
    check_request_with_httparse(bytes, &head);
    check_fields(&head.headers, head.framing, head.version);
    assert_ne!(head.framing, Framing::Close);
    if head.version == Version::HTTP_11 {
        assert_eq!(head.headers.get_all(HOST).iter().count(), 1);
        check_request_written(&head);
    }
    true
}

fn shown<T: std::fmt::Debug>(read: &Read<T>) -> String {
    format!("{read:?}")
}

/// Lines end in both characters, none is folded, and there is one empty line, the last.
fn check_lines(bytes: &[u8]) {
    let text = bytes.strip_suffix(b"\r\n\r\n").expect("a head ends in an empty line");
    let start = text.iter().position(|byte| !b"\r\n".contains(byte)).expect("a start line");
    let text = String::from_utf8_lossy(&text[start..]).into_owned();
    for line in text.split("\r\n") {
        assert!(!line.contains(['\r', '\n', '\0']), "{line:?}");
        assert!(!line.is_empty() && !line.starts_with([' ', '\t']), "{line:?}");
    }
}

fn check_request_with_httparse(bytes: &[u8], head: &RequestHead) {
    let mut room = [httparse::EMPTY_HEADER; 64];
    let mut other = httparse::Request::new(&mut room);
    assert_eq!(other.parse(bytes), Ok(httparse::Status::Complete(bytes.len())));
    assert_eq!(other.method, Some(head.method.as_str()));
    assert_eq!(other.version, Some(u8::from(head.version == Version::HTTP_11)));
    let path = other.path.expect("a path");
    assert_eq!(path.parse::<Uri>().ok().as_ref(), Some(&head.target));
    if path.starts_with('/') {
        assert_eq!(head.target.to_string(), path);
    }
    check_fields_with_httparse(other.headers, &head.headers);
}

fn check_fields_with_httparse(others: &[httparse::Header<'_>], ours: &HeaderMap) {
    assert_eq!(others.len(), ours.len());
    for name in ours.keys() {
        let is_same =
            |other: &&httparse::Header<'_>| other.name.eq_ignore_ascii_case(name.as_str());
        let theirs = others.iter().filter(is_same).map(|other| other.value);
        assert!(ours.get_all(name).iter().map(|value| value.as_bytes()).eq(theirs), "{name}");
    }
}

/// The framing is what the fields say, and they say it once.
fn check_fields(headers: &HeaderMap, framing: Framing, version: Version) {
    let lengths = headers.get_all(CONTENT_LENGTH).iter().count();
    let codings = headers.get_all(TRANSFER_ENCODING).iter().count();
    assert!(lengths + codings <= 1);
    assert!(codings == 0 || version == Version::HTTP_11);
    match framing {
        Framing::Length(length) => {
            let text = headers[CONTENT_LENGTH].to_str().expect("digits");
            assert!(text.bytes().all(|byte| byte.is_ascii_digit()));
            assert_eq!(text.parse(), Ok(length));
        }
        Framing::Chunked => assert!(headers[TRANSFER_ENCODING].as_bytes().len() == 7),
        Framing::None | Framing::Close => {}
    }
}

fn check_request_written(head: &RequestHead) {
    let mut out = BytesMut::new();
    let target = head.target.to_string();
    write::request_head(&mut out, &head.method, &target, &head.headers, head.framing);
    // What is written may be longer than what was read: `a:b` becomes `a: b`.
    let limits = HeadLimits { bytes: usize::MAX, fields: 65 };
    let again = HeadReader::default().request(&mut out, limits).expect("accepted").expect("whole");
    assert!(out.is_empty());
    assert_eq!((&again.method, &again.target), (&head.method, &head.target));
    assert_eq!(again.framing, head.framing);
    assert_eq!(again.keep_alive, head.keep_alive);
    assert_eq!(again.expects_continue, head.expects_continue);
    assert_eq!(unframed(&again.headers), unframed(&head.headers));
}

/// The fields without those that the writer writes itself.
fn unframed(headers: &HeaderMap) -> HeaderMap {
    let mut headers = headers.clone();
    headers.remove(CONTENT_LENGTH);
    headers.remove(TRANSFER_ENCODING);
    headers
}

/// The content of a body, its trailers, and how it ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Body {
    pub(crate) content: Vec<u8>,
    pub(crate) trailers: Option<HeaderMap>,
    pub(crate) end: Result<(), BodyError>,
    /// Bytes that were read and do not belong to the body.
    pub(crate) rest: usize,
}

/// Reads a body that comes in pieces, behind which the connection ends.
pub(crate) fn read_body(framing: Framing, pieces: &[&[u8]]) -> Body {
    let (mut reader, mut buffer) = (BodyReader::new(framing), BytesMut::new());
    let mut body = Body { content: Vec::new(), trailers: None, end: Ok(()), rest: 0 };
    let mut pieces = pieces.iter();
    loop {
        match reader.next(&mut buffer) {
            Ok(Some(Piece::Data(data))) => {
                assert!(!data.is_empty());
                body.content.extend_from_slice(&data);
            }
            Ok(Some(Piece::Trailers(trailers))) => {
                assert!(!trailers.is_empty() && body.trailers.is_none());
                body.trailers = Some(trailers);
            }
            Ok(Some(Piece::End)) => {
                assert!(reader.is_done());
                body.rest = buffer.len() + pieces.map(|piece| piece.len()).sum::<usize>();
                return body;
            }
            Ok(None) => match pieces.next() {
                Some(piece) => buffer.extend_from_slice(piece),
                None => {
                    body.end = reader.ended();
                    return body;
                }
            },
            Err(error) => {
                assert_eq!(reader.next(&mut buffer), Err(error));
                body.end = Err(error);
                return body;
            }
        }
    }
}

/// An answer head with its body: the same in pieces, and a head is what the parser of others sees.
/// The first byte chooses the method of the request. Says whether it is accepted.
pub(crate) fn answer(data: &[u8]) -> bool {
    let Some((choice, data)) = data.split_first() else { return false };
    let method =
        [Method::GET, Method::GET, Method::HEAD, Method::CONNECT][usize::from(*choice) % 4].clone();
    let mut random = Random::from_bytes(data);
    let whole = read_answer(&[data], &method);
    let pieces = read_answer(&random.cut(data), &method);
    assert_eq!(shown(&whole), shown(&pieces));
    let Ok(Some((head, taken))) = whole else { return false };
    let (bytes, behind) = data.split_at(taken);
    check_lines(bytes);
    check_fields(&head.headers, head.framing, head.version);
    assert!(!head.keep_alive || head.framing != Framing::Close);
    let mut room = [httparse::EMPTY_HEADER; 64];
    let mut other = httparse::Response::new(&mut room);
    assert_eq!(other.parse(bytes), Ok(httparse::Status::Complete(bytes.len())));
    assert_eq!(other.code, Some(head.status.as_u16()));
    assert_eq!(other.version, Some(u8::from(head.version == Version::HTTP_11)));
    check_fields_with_httparse(other.headers, &head.headers);
    let body = read_body(head.framing, &[behind]);
    assert_eq!(body, read_body(head.framing, &random.cut(behind)));
    true
}

/// A body in chunks: the same in pieces, sizes that the parser of others sees, and the same again
/// when it is written. Says whether it is accepted.
pub(crate) fn chunks(data: &[u8]) -> bool {
    let body = read_body(Framing::Chunked, &[data]);
    let pieces = Random::from_bytes(data).cut(data);
    assert_eq!(body, read_body(Framing::Chunked, &pieces));
    if body.end.is_err() {
        return false;
    }
    let taken = &data[..data.len() - body.rest];
    assert_eq!(body.content, decode(taken).expect("what is accepted is well-formed"));
    let written = write_chunks(&body.content, body.trailers.as_ref());
    let again = read_body(Framing::Chunked, &[&written]);
    assert_eq!((&again.content, again.end, again.rest), (&body.content, Ok(()), 0));
    true
}

/// Content in one chunk and its trailers.
fn write_chunks(content: &[u8], trailers: Option<&HeaderMap>) -> Bytes {
    let mut out = BytesMut::new();
    if !content.is_empty() {
        out.extend_from_slice(ChunkHead::new(content.len()).as_bytes());
        out.extend_from_slice(content);
        out.extend_from_slice(CHUNK_END);
    }
    match trailers {
        Some(trailers) => write::trailers(&mut out, trailers),
        None => out.extend_from_slice(LAST_CHUNK),
    }
    out.freeze()
}

/// The content of chunks that are there as a whole, read in another way.
fn decode(mut bytes: &[u8]) -> Option<Vec<u8>> {
    let mut content = Vec::new();
    loop {
        let Ok(httparse::Status::Complete((line, size))) = httparse::parse_chunk_size(bytes) else {
            return None;
        };
        let rest = bytes.get(line..)?;
        if size == 0 {
            return rest.ends_with(b"\r\n").then_some(content);
        }
        let (data, rest) = rest.split_at_checked(usize::try_from(size).ok()?)?;
        content.extend_from_slice(data);
        bytes = rest.strip_prefix(b"\r\n")?;
    }
}
