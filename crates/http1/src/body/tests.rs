#![allow(clippy::unwrap_used, reason = "a failed test may panic")]

//! Every framing of a body, every fault of a chunk.

use bytes::BytesMut;
use http::HeaderMap;

use super::{BodyError, BodyReader, Piece};
use crate::{Framing, HeadError};

/// Content, trailers, and what follows the body.
type Body = (Vec<u8>, HeaderMap, Vec<u8>);

/// Reads a body that comes in pieces of `size` bytes; `Ok(None)` if it does not end.
fn read(framing: Framing, bytes: &[u8], size: usize) -> Result<Option<Body>, BodyError> {
    let (mut reader, mut buffer) = (BodyReader::new(framing), BytesMut::new());
    let (mut content, mut trailers) = (Vec::new(), HeaderMap::new());
    let mut pieces = bytes.chunks(size);
    loop {
        match reader.next(&mut buffer)? {
            Some(Piece::Data(data)) => {
                assert!(!data.is_empty());
                content.extend_from_slice(&data);
            }
            Some(Piece::Trailers(fields)) => trailers = fields,
            Some(Piece::End) => {
                assert!(reader.is_done());
                assert_eq!(reader.remaining(), Some(0));
                assert_eq!(reader.ended(), Ok(()));
                buffer.extend(pieces.flatten());
                return Ok(Some((content, trailers, buffer.to_vec())));
            }
            None => match pieces.next() {
                Some(piece) => buffer.extend_from_slice(piece),
                None => return Ok(None),
            },
        }
    }
}

#[track_caller]
fn refuse(bytes: impl AsRef<[u8]>, error: BodyError) {
    let bytes = bytes.as_ref();
    for size in [1, 2, 3, 7, bytes.len()] {
        let result = read(Framing::Chunked, bytes, size);
        assert_eq!(result, Err(error), "{} in pieces of {size}", bytes.escape_ascii());
    }
}

#[track_caller]
fn accept(bytes: impl AsRef<[u8]>, content: &str) -> HeaderMap {
    let bytes = [bytes.as_ref(), b"GET"].concat();
    let whole = read(Framing::Chunked, &bytes, bytes.len()).unwrap().unwrap();
    for size in 1..bytes.len() {
        assert_eq!(read(Framing::Chunked, &bytes, size), Ok(Some(whole.clone())), "{size}");
    }
    let (found, trailers, rest) = whole;
    assert_eq!(found, content.as_bytes());
    assert_eq!(rest, b"GET");
    trailers
}

#[test]
fn no_body_takes_nothing() {
    for framing in [Framing::None, Framing::Length(0)] {
        assert!(BodyReader::new(framing).is_done());
        let (content, _, rest) = read(framing, b"GET", 3).unwrap().unwrap();
        assert_eq!((content, rest), (vec![], b"GET".to_vec()));
    }
}

#[test]
fn a_length_is_taken_exactly() {
    for size in 1..9 {
        let (content, _, rest) = read(Framing::Length(5), b"helloGET", size).unwrap().unwrap();
        assert_eq!((content, rest), (b"hello".to_vec(), b"GET".to_vec()));
    }
    assert_eq!(read(Framing::Length(5), b"hell", 4), Ok(None));
}

#[test]
fn what_remains_of_a_length_is_counted() {
    let (mut reader, mut buffer) = (BodyReader::new(Framing::Length(5)), BytesMut::from("hel"));
    assert_eq!(reader.remaining(), Some(5));
    assert!(reader.next(&mut buffer).unwrap().is_some());
    assert_eq!((reader.remaining(), reader.is_done()), (Some(2), false));
    assert_eq!(reader.next(&mut buffer), Ok(None));
    buffer.extend_from_slice(b"lo");
    assert!(reader.next(&mut buffer).unwrap().is_some());
    assert_eq!((reader.remaining(), reader.is_done()), (Some(0), true));
}

#[test]
fn a_body_may_end_with_its_connection() {
    let (mut reader, mut buffer) = (BodyReader::new(Framing::Close), BytesMut::from("abc"));
    assert_eq!(reader.next(&mut buffer), Ok(Some(Piece::Data("abc".into()))));
    assert_eq!(reader.next(&mut buffer), Ok(None));
    assert_eq!((reader.remaining(), reader.is_done()), (None, false));
    assert_eq!(reader.ended(), Ok(()));
    assert_eq!(reader.next(&mut buffer), Ok(Some(Piece::End)));
}

#[test]
fn an_early_end_is_told_and_stays() {
    for framing in [Framing::Length(1), Framing::Chunked] {
        let mut reader = BodyReader::new(framing);
        assert_eq!(reader.ended(), Err(BodyError::Incomplete));
        assert_eq!(reader.next(&mut BytesMut::from("a")), Err(BodyError::Incomplete));
        assert_eq!(reader.ended(), Err(BodyError::Incomplete));
        assert!(!reader.is_done());
    }
}

#[test]
fn every_prefix_of_chunks_waits_for_more() {
    let bytes = b"5;a=b\r\nhello\r\n00\r\nA: b\r\n\r\n";
    for length in 0..bytes.len() {
        assert_eq!(read(Framing::Chunked, &bytes[..length], 2), Ok(None), "{length}");
    }
}

#[test]
fn chunks_that_are_accepted() {
    let cases = [
        ("0\r\n\r\n", ""),
        ("0000000000000000\r\n\r\n", ""),
        ("5\r\nhello\r\n0\r\n\r\n", "hello"),
        ("000000000000000a\r\n0123456789\r\n0\r\n\r\n", "0123456789"),
        ("A\r\n0123456789\r\n0\r\n\r\n", "0123456789"),
        ("1\r\na\r\n2\r\nbc\r\n0\r\n\r\n", "abc"),
        ("2\r\n\r\n\r\n0\r\n\r\n", "\r\n"),
        ("1;a\r\na\r\n0;b=\"c d\";e\r\n\r\n", "a"),
        ("1; a=\tb\r\na\r\n0\r\n\r\n", "a"),
    ];
    cases.into_iter().for_each(|(bytes, content)| assert!(accept(bytes, content).is_empty()));
}

#[test]
fn trailers_are_given_behind_the_content() {
    let trailers = accept("1\r\na\r\n0\r\nA: b \r\na:c\r\nDigest:\r\n\r\n", "a");
    assert_eq!(trailers.get_all("a").iter().collect::<Vec<_>>(), ["b", "c"]);
    assert_eq!(trailers["digest"], "");
    let many: String = (0..64).map(|number| format!("A{number}: b\r\n")).collect();
    assert_eq!(accept(format!("0\r\n{many}\r\n"), "").len(), 64);
}

#[test]
fn sizes_that_are_refused() {
    let cases = [
        ("\r\n", BodyError::ChunkSize),
        ("\n", BodyError::ChunkSize),
        ("x\r\n", BodyError::ChunkSize),
        ("0x5\r\nhello\r\n", BodyError::ChunkSize),
        ("+5\r\nhello\r\n", BodyError::ChunkSize),
        ("-5\r\nhello\r\n", BodyError::ChunkSize),
        (" 5\r\nhello\r\n", BodyError::ChunkSize),
        ("5 \r\nhello\r\n", BodyError::ChunkSize),
        ("5 ;a\r\nhello\r\n", BodyError::ChunkSize),
        ("5\t\r\nhello\r\n", BodyError::ChunkSize),
        ("5\nhello\r\n", BodyError::ChunkSize),
        ("5\rhello\r\n", BodyError::ChunkSize),
        ("5\r\rhello\r\n", BodyError::ChunkSize),
        ("5_0\r\n", BodyError::ChunkSize),
        ("5g\r\n", BodyError::ChunkSize),
        (";a\r\n", BodyError::ChunkSize),
        ("\u{661}\r\n", BodyError::ChunkSize),
        ("10000000000000000\r\n", BodyError::ChunkTooLong),
        ("00000000000000005\r\nhello\r\n", BodyError::ChunkTooLong),
    ];
    cases.into_iter().for_each(|(bytes, error)| refuse(bytes, error));
}

#[test]
fn a_chunk_of_any_size_is_waited_for() {
    assert_eq!(read(Framing::Chunked, b"ffffffffffffffff\r\nabc", 21), Ok(None));
}

#[test]
fn ends_of_chunks_that_are_refused() {
    for bytes in
        ["1\r\nab\r\n", "1\r\na\n0\r\n", "1\r\na\r0\r\n", "1\r\na0\r\n\r\n", "1\r\na\r\r\n"]
    {
        refuse(bytes, BodyError::ChunkEnd);
    }
}

#[test]
fn extensions_that_are_refused() {
    for extension in ["a\nb", "a\rb", "a\0b", "a\x1bb", "a\x7fb", "a\r", "a\n"] {
        refuse(format!("1;{extension}\r\na\r\n0\r\n\r\n"), BodyError::ChunkExtension);
    }
}

#[test]
fn extensions_are_limited_one_by_one_and_together() {
    let longest = format!(";{}", "a".repeat(255));
    let chunk = format!("1{longest}\r\na\r\n");
    assert!(accept(format!("{chunk}0\r\n\r\n"), "a").is_empty());
    refuse(format!("1{longest}a\r\na\r\n0\r\n\r\n"), BodyError::ChunkExtension);
    // Refused before it ends.
    refuse(format!("1{longest}a"), BodyError::ChunkExtension);
    assert!(accept(format!("{}0\r\n\r\n", chunk.repeat(16)), &"a".repeat(16)).is_empty());
    refuse(format!("{}0;\r\n\r\n", chunk.repeat(16)), BodyError::ChunkExtension);
}

#[test]
fn trailers_that_are_refused() {
    let cases = [
        ("A: b\n\r\n", HeadError::BareLineFeed),
        ("\n", HeadError::BareLineFeed),
        ("A: b\r\n\n", HeadError::BareLineFeed),
        ("A: b\rc\r\n\r\n", HeadError::BareCarriageReturn),
        ("\rA: b\r\n\r\n", HeadError::BareCarriageReturn),
        (" A: b\r\n\r\n", HeadError::Folding),
        ("A: b\r\n c\r\n\r\n", HeadError::Folding),
        ("A : b\r\n\r\n", HeadError::SpaceBeforeColon),
        ("A\r\n\r\n", HeadError::ColonMissing),
        (": b\r\n\r\n", HeadError::NameInvalid),
        ("A: \0\r\n\r\n", HeadError::FieldInvalid),
    ];
    for (lines, error) in cases {
        refuse(format!("0\r\n{lines}"), BodyError::Trailer(error));
    }
    let many = format!("0\r\n{}\r\n", "A: b\r\n".repeat(65));
    refuse(many, BodyError::Trailer(HeadError::TooManyFields));
    let large = format!("0\r\nA: {}\r\n\r\n", "a".repeat(8 * 1024));
    refuse(large, BodyError::Trailer(HeadError::TooLarge));
}
