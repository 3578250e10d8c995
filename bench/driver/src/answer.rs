//! Just enough of HTTP/1.1 to know when an answer is complete, and that it is the right one.

use std::io::Read;

use anyhow::{Context, bail, ensure};

/// Room for the head of an answer, in bytes.
pub(crate) const HEAD: usize = 4096;

/// Whether all of an answer is there; an error when it is not a 200 with a body of `length` bytes.
pub(crate) fn is_complete(bytes: &[u8], length: usize) -> anyhow::Result<bool> {
    let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
        ensure!(bytes.len() < HEAD, "a head of more than {HEAD} bytes");
        return Ok(false);
    };
    let (head, body) = bytes.split_at(end + 4);
    let mut lines = head.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let first = lines.next().unwrap_or_default();
    ensure!(first.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(first));
    let declared = lines.find_map(content_length).context("an answer without Content-Length")?;
    ensure!(declared == length, "an answer of {declared} bytes; {length} wanted");
    ensure!(body.len() <= length, "{} bytes too many", body.len() - length.min(body.len()));
    Ok(body.len() == length)
}

fn content_length(line: &[u8]) -> Option<usize> {
    let colon = line.iter().position(|byte| *byte == b':')?;
    let (name, value) = line.split_at(colon);
    if !name.eq_ignore_ascii_case(b"content-length") {
        return None;
    }
    std::str::from_utf8(value.get(1..)?).ok()?.trim().parse().ok()
}

/// Reads one answer from a stream that waits.
pub(crate) fn read(stream: &mut impl Read, length: usize) -> anyhow::Result<()> {
    let mut buffer = vec![0; HEAD + length];
    let mut filled = 0;
    while let Some(room) = buffer.get_mut(filled..).filter(|room| !room.is_empty()) {
        let count = stream.read(room)?;
        ensure!(count > 0, "closed in the middle of an answer");
        filled += count;
        if is_complete(buffer.get(..filled).unwrap_or_default(), length)? {
            return Ok(());
        }
    }
    bail!("an answer that is too long")
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ndate: x\r\nContent-Length: 3\r\n\r\nabc";

    #[test]
    fn an_answer_is_complete_with_its_last_byte() {
        for end in 0..ANSWER.len() {
            assert!(!is_complete(&ANSWER[..end], 3).expect("right so far"), "at {end}");
        }
        assert!(is_complete(ANSWER, 3).expect("right"));
        read(&mut &*ANSWER, 3).expect("right");
    }

    #[test]
    fn wrong_answers_are_refused() {
        assert!(is_complete(ANSWER, 4).is_err());
        assert!(is_complete(&[ANSWER, b"d"].concat(), 3).is_err());
        assert!(
            is_complete(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 3\r\n\r\nabc", 3).is_err()
        );
        assert!(is_complete(b"HTTP/1.1 200 OK\r\n\r\nabc", 3).is_err());
        assert!(read(&mut &ANSWER[..40], 3).is_err());
    }
}
