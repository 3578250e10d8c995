//! Messages of several parts (`multipart/related`, RFC 2387): the part with the envelope is found
//! and put into another version; the others stay byte for byte.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::ops::Range;

use xml::soap::Version;

use super::media::Media;
use super::{Optimize, Problem};

const XOP: &str = "application/xop+xml";
/// The id of the part that a message becomes.
const ROOT: &str = "<root.message@weir>";
/// The longest boundary (RFC 2046 §5.1.1).
const LONGEST_BOUNDARY: usize = 70;
/// The most parts that are looked at for the one with the envelope.
const MOST_PARTS: usize = 1000;

/// The part with the envelope.
pub(super) struct Root<'a> {
    body: &'a [u8],
    /// Where its header lines are.
    head: Range<usize>,
    /// Where its content is.
    content: Range<usize>,
    media: Media,
}

impl<'a> Root<'a> {
    /// The part that `start` names, or the first one.
    ///
    /// # Errors
    ///
    /// That there is none, or that it is in a transfer encoding.
    pub(super) fn find(outer: &Media, body: &'a [u8]) -> Result<Self, Problem> {
        let boundary = outer.parameter("boundary").unwrap_or_default();
        if boundary.is_empty() || boundary.len() > LONGEST_BOUNDARY {
            return Err(Problem("The Content-Type has no usable boundary".into()));
        }
        let start = outer.parameter("start");
        let mut found = None;
        for part in parts(body, boundary)?.into_iter().take(MOST_PARTS) {
            let is_it = start
                .is_none_or(|start| field(body, &part.0, "content-id").as_deref() == Some(start));
            if is_it {
                found = Some(part);
                break;
            }
        }
        let Some((head, content)) = found else {
            return Err(Problem("The message has no part with the envelope".into()));
        };
        let encoding = field(body, &head, "content-transfer-encoding").unwrap_or_default();
        if !["", "binary", "8bit", "7bit"].iter().any(|known| encoding.eq_ignore_ascii_case(known))
        {
            let message = "The part with the envelope is in the transfer encoding";
            return Err(Problem(format!("{message} {encoding:.40}; send it as binary")));
        }
        let media = Media::parse(&field(body, &head, "content-type").unwrap_or_default());
        Ok(Self { body, head, content, media })
    }

    pub(super) fn media(&self) -> Media {
        self.media.clone()
    }

    pub(super) fn content(&self) -> &'a [u8] {
        self.body.get(self.content.clone()).unwrap_or_default()
    }

    /// The whole message with another envelope.
    pub(super) fn replaced(&self, wanted: Version, envelope: &str) -> Vec<u8> {
        let piece = |range: Range<usize>| self.body.get(range).unwrap_or_default();
        let mut written = Vec::with_capacity(self.body.len() + envelope.len());
        written.extend_from_slice(piece(0..self.head.start));
        let mut has_type = false;
        for line in lines(piece(self.head.clone())) {
            match name_of(line).as_str() {
                "content-type" => {
                    has_type = true;
                    written.extend_from_slice(self.type_line(wanted).as_bytes());
                }
                "content-transfer-encoding" => {
                    written.extend_from_slice(b"Content-Transfer-Encoding: binary\r\n");
                }
                // It was that of the other envelope.
                "content-length" => {}
                _ => written.extend_from_slice(line),
            }
        }
        if !has_type {
            written.extend_from_slice(self.type_line(wanted).as_bytes());
        }
        written.extend_from_slice(piece(self.head.end..self.content.start));
        written.extend_from_slice(envelope.as_bytes());
        written.extend_from_slice(piece(self.content.end..self.body.len()));
        written
    }

    fn type_line(&self, wanted: Version) -> String {
        let mut media = self.media.clone();
        if media.essence() == XOP {
            media.set("type", wanted.media_type());
            media.set("charset", "UTF-8");
        } else {
            media = Media::new(wanted.media_type());
            media.set("charset", "UTF-8");
        }
        format!("Content-Type: {media}\r\n")
    }
}

/// The `Content-Type` of the whole for an envelope of this version.
pub(super) fn media_in(outer: &Media, wanted: Version, action: Option<&str>) -> Media {
    let mut media = outer.clone();
    for name in ["type", "start-info"] {
        let inner = outer.parameter(name).map(Media::parse).unwrap_or_default();
        if Version::of_media_type(inner.essence()).is_some() {
            media.set(name, wanted.media_type());
        }
    }
    match action.filter(|_| wanted == Version::V12) {
        Some(action) => media.set("action", action),
        None => media.remove("action"),
    }
    media
}

/// Where the header lines of a part are, and where its content.
type Part = (Range<usize>, Range<usize>);

/// Parts by where their header lines and their contents are.
fn parts(body: &[u8], boundary: &str) -> Result<Vec<Part>, Problem> {
    let broken = || Problem("The parts of the message are not where its boundary says".into());
    let delimiter = format!("--{boundary}");
    let mut marks = Marks { body, delimiter: delimiter.as_bytes(), at: 0 };
    let mut parts = Vec::new();
    let (_, mut start, mut is_last) = marks.next().ok_or_else(broken)?;
    while !is_last && parts.len() < MOST_PARTS {
        let (end, next, last) = marks.next().ok_or_else(broken)?;
        let part = body.get(start..end).ok_or_else(broken)?;
        let (head, content) = head_of(part).ok_or_else(broken)?;
        parts.push((start + head.start..start + head.end, start + content..end));
        (start, is_last) = (next, last);
    }
    Ok(parts)
}

/// The lines with the boundary: where what is before them ends, where what is behind them begins,
/// and whether it is the last one.
struct Marks<'a> {
    body: &'a [u8],
    delimiter: &'a [u8],
    at: usize,
}

impl Iterator for Marks<'_> {
    type Item = (usize, usize, bool);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let rest = self.body.get(self.at..)?;
            let found = self.at + position(rest, self.delimiter)?;
            let behind = found + self.delimiter.len();
            self.at = behind;
            let is_line = found == 0 || self.body.get(..found)?.ends_with(b"\n");
            let tail = self.body.get(behind..)?;
            let (tail, is_last) = match tail.strip_prefix(b"--") {
                Some(tail) => (tail, true),
                None => (tail, false),
            };
            let blanks = tail.iter().take_while(|byte| b" \t".contains(byte)).count();
            let tail = tail.get(blanks..)?;
            let line_end = match tail {
                [b'\r', b'\n', ..] => 2,
                [b'\n', ..] => 1,
                [] if is_last => 0,
                _ if is_last => 0,
                // A longer boundary that begins as this one.
                _ => continue,
            };
            if !is_line {
                continue;
            }
            let before = self.body.get(..found)?;
            let before = before.strip_suffix(b"\n").unwrap_or(before);
            let before = before.strip_suffix(b"\r").unwrap_or(before);
            let next = self.body.len() - tail.len() + line_end;
            self.at = next;
            return Some((before.len(), next, is_last));
        }
    }
}

/// Where the header lines of a part are, and where its content begins.
fn head_of(part: &[u8]) -> Option<(Range<usize>, usize)> {
    if let Some(line) = [&b"\r\n"[..], b"\n"].into_iter().find(|line| part.starts_with(line)) {
        return Some((0..0, line.len()));
    }
    let ends = [&b"\r\n\r\n"[..], b"\n\n"];
    let found = ends.into_iter().filter_map(|end| Some((position(part, end)?, end.len())));
    let (at, length) = found.min()?;
    let line = length / 2;
    Some((0..at + line, at + length))
}

fn position(text: &[u8], sought: &[u8]) -> Option<usize> {
    text.windows(sought.len()).position(|window| window == sought)
}

/// Header lines with their ends; one that goes on in the next line is one.
fn lines(head: &[u8]) -> Vec<&[u8]> {
    let mut found: Vec<&[u8]> = Vec::new();
    let mut start = 0;
    let mut at = 0;
    while let Some(end) = head.get(at..).and_then(|rest| position(rest, b"\n")) {
        at += end + 1;
        let goes_on = head.get(at).is_some_and(|byte| b" \t".contains(byte));
        if !goes_on {
            found.extend(head.get(start..at));
            start = at;
        }
    }
    found.extend(head.get(start..).filter(|rest| !rest.is_empty()));
    found
}

fn name_of(line: &[u8]) -> String {
    let name = line.split(|byte| *byte == b':').next().unwrap_or_default();
    String::from_utf8_lossy(name).trim().to_ascii_lowercase()
}

/// A header field of a part.
fn field(body: &[u8], head: &Range<usize>, name: &str) -> Option<String> {
    let lines = lines(body.get(head.clone())?);
    let line = lines.into_iter().find(|line| name_of(line) == name)?;
    let text = String::from_utf8_lossy(line);
    let (_, value) = text.split_once(':')?;
    Some(value.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// A message of one part.
pub(super) struct Package {
    pub(super) media: Media,
    pub(super) body: Vec<u8>,
}

/// Makes a message the only part of a package.
pub(super) fn around(
    version: Version,
    inner: &Media,
    content: &[u8],
    optimize: Optimize,
) -> Package {
    let boundary = boundary(content);
    let mut media = Media::new("multipart/related");
    media.set("boundary", &boundary);
    let mut part = inner.clone();
    if optimize == Optimize::Mtom {
        media.set("type", XOP);
        part = Media::new(XOP);
        if let Some(charset) = inner.parameter("charset") {
            part.set("charset", charset);
        }
        part.set("type", version.media_type());
    } else {
        media.set("type", version.media_type());
    }
    media.set("start", ROOT);
    if optimize == Optimize::Mtom {
        media.set("start-info", version.media_type());
    }
    if let Some(action) = inner.parameter("action") {
        media.set("action", action);
    }
    let head = format!(
        "--{boundary}\r\nContent-Type: {part}\r\nContent-Transfer-Encoding: binary\r\nContent-ID: {ROOT}\r\n\r\n"
    );
    let tail = format!("\r\n--{boundary}--\r\n");
    let body = [head.as_bytes(), content, tail.as_bytes()].concat();
    Package { media, body }
}

/// A boundary that the content does not have, and that nobody can foretell.
fn boundary(content: &[u8]) -> String {
    let names = std::iter::repeat_with(|| {
        let mut hasher = RandomState::new().build_hasher();
        hasher.write(content.get(..64).unwrap_or(content));
        format!("weir-{:016x}", hasher.finish())
    });
    let is_free = |name: &String| position(content, name.as_bytes()).is_none();
    names.into_iter().find(is_free).unwrap_or_default()
}
