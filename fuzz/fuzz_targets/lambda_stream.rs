//! Any bytes are read as a stream of a function: no panic, and the same in pieces of any size. The
//! checksums are mended first, since chance makes none that fits.

#![no_main]

use bytes::BytesMut;
use lambda::stream::{Part, StreamForm, StreamLimits, StreamReader};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((size, data)) = data.split_first() else { return };
    let bytes = mend(data);
    for form in [StreamForm::Integration, StreamForm::Raw] {
        let whole = read(&bytes, form, usize::MAX);
        assert_eq!(whole, read(&bytes, form, usize::from(*size).max(1)));
        assert_eq!(read(data, form, usize::MAX), read(data, form, 1));
    }
});

/// Makes frames of what are lengths of headers and payloads, and their bytes.
fn mend(mut data: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    while let [headers, payload, rest @ ..] = data {
        let (headers, rest) = rest.split_at(rest.len().min(usize::from(*headers)));
        let (payload, rest) = rest.split_at(rest.len().min(usize::from(*payload)));
        let total = (16 + headers.len() + payload.len()) as u32;
        let mut frame = [total.to_be_bytes(), (headers.len() as u32).to_be_bytes()].concat();
        frame.extend(crc32fast::hash(&frame).to_be_bytes());
        frame.extend_from_slice(headers);
        frame.extend_from_slice(payload);
        frame.extend(crc32fast::hash(&frame).to_be_bytes());
        out.extend(frame);
        data = rest;
    }
    out
}

/// Status, body, and how it ended.
fn read(bytes: &[u8], form: StreamForm, size: usize) -> (Option<u16>, Vec<u8>, String) {
    let limits = StreamLimits { head: 200, total: Some(1000), ..StreamLimits::default() };
    let mut reader = StreamReader::new(form, limits);
    let (mut buffer, mut status, mut body) = (BytesMut::new(), None, Vec::new());
    let mut pieces = bytes.chunks(size.min(bytes.len().max(1)));
    loop {
        match reader.next(&mut buffer) {
            Err(error) => return (status, body, error.to_string()),
            Ok(Some(Part::Head(head))) => {
                assert!(status.replace(head.status.as_u16()).is_none());
            }
            Ok(Some(Part::Body(bytes))) => body.extend_from_slice(&bytes),
            Ok(Some(Part::End)) => return (status, body, String::new()),
            Ok(None) => match pieces.next() {
                Some(piece) => buffer.extend_from_slice(piece),
                None => return (status, body, format!("{:?}", reader.finish())),
            },
        }
    }
}
