//! Header fields: into a map, and what they say about the extent of the message.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Version};
use httparse::Header;

use crate::{Framing, HeadError, host};

/// Fields for which there is room without an allocation.
pub(crate) const COMMON: usize = 32;

/// The fields of a head, and what matters here of their content.
#[derive(Debug)]
pub(crate) struct Fields {
    pub(crate) headers: HeaderMap,
    pub(crate) notes: Notes,
}

/// What the fields say about extent, connection and host.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    length: Option<u64>,
    chunked: bool,
    close: bool,
    keep_alive: bool,
    /// `Expect: 100-continue`.
    pub(crate) continues: bool,
    host: bool,
}

impl Fields {
    /// Takes what has been parsed over into a map; values become slices of `head`.
    pub(crate) fn read(head: &Bytes, parsed: &[Header<'_>]) -> Result<Self, HeadError> {
        let mut notes = Notes::default();
        let headers = map(head, parsed, |name, value| notes.take(name, value))?;
        Ok(Self { headers, notes })
    }
}

impl Notes {
    /// How the body is delimited, as far as the fields say; `None` without any word about it.
    pub(crate) fn framing(&self, version: Version) -> Result<Option<Framing>, HeadError> {
        match (self.chunked, self.length) {
            (true, Some(_)) => Err(HeadError::BothLengths),
            (true, None) if version == Version::HTTP_10 => Err(HeadError::CodingOnHttp10),
            (true, None) => Ok(Some(Framing::Chunked)),
            (false, length) => Ok(length.map(Framing::Length)),
        }
    }

    /// Whether the connection lives on after the message (RFC 9112 §9.3).
    pub(crate) fn keep_alive(&self, version: Version) -> bool {
        !self.close && (self.keep_alive || version != Version::HTTP_10)
    }

    pub(crate) fn has_host(&self) -> bool {
        self.host
    }

    fn take(&mut self, name: &str, value: &[u8]) -> Result<(), HeadError> {
        match name.len() {
            4 if name.eq_ignore_ascii_case("host") => self.take_host(value),
            6 if name.eq_ignore_ascii_case("expect") => {
                self.continues |= value.eq_ignore_ascii_case(b"100-continue");
                Ok(())
            }
            10 if name.eq_ignore_ascii_case("connection") => {
                self.take_connection(value);
                Ok(())
            }
            14 if name.eq_ignore_ascii_case("content-length") => self.take_length(value),
            17 if name.eq_ignore_ascii_case("transfer-encoding") => self.take_coding(value),
            _ => Ok(()),
        }
    }

    fn take_host(&mut self, value: &[u8]) -> Result<(), HeadError> {
        if std::mem::replace(&mut self.host, true) {
            return Err(HeadError::HostRepeated);
        }
        if host::is_host(value) { Ok(()) } else { Err(HeadError::HostInvalid) }
    }

    fn take_connection(&mut self, value: &[u8]) {
        for option in elements(value) {
            self.close |= option.eq_ignore_ascii_case(b"close");
            self.keep_alive |= option.eq_ignore_ascii_case(b"keep-alive");
        }
    }

    fn take_length(&mut self, value: &[u8]) -> Result<(), HeadError> {
        if self.length.is_some() {
            return Err(HeadError::LengthRepeated);
        }
        self.length = Some(number(value).ok_or(HeadError::LengthInvalid)?);
        Ok(())
    }

    fn take_coding(&mut self, value: &[u8]) -> Result<(), HeadError> {
        if std::mem::replace(&mut self.chunked, true) {
            return Err(HeadError::CodingInvalid);
        }
        if value.eq_ignore_ascii_case(b"chunked") { Ok(()) } else { Err(coding_error(value)) }
    }
}

/// Takes fields over into a map and shows each to `note`; values become slices of `head`.
pub(crate) fn map(
    head: &Bytes,
    parsed: &[Header<'_>],
    mut note: impl FnMut(&str, &[u8]) -> Result<(), HeadError>,
) -> Result<HeaderMap, HeadError> {
    let mut headers =
        HeaderMap::try_with_capacity(parsed.len()).map_err(|_too_many| HeadError::TooManyFields)?;
    for field in parsed {
        note(field.name, field.value)?;
        let name = HeaderName::from_bytes(field.name.as_bytes())
            .map_err(|_invalid| HeadError::NameInvalid)?;
        let value = HeaderValue::from_maybe_shared(head.slice_ref(field.value))
            .map_err(|_invalid| HeadError::FieldInvalid)?;
        headers.try_append(name, value).map_err(|_too_many| HeadError::TooManyFields)?;
    }
    Ok(headers)
}

/// Whether a byte may be part of a token (RFC 9110 §5.6.2).
pub(crate) fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// What is wrong with fields that were refused; `lines` are those behind the start line.
#[cold]
pub(crate) fn diagnose(lines: &[u8]) -> HeadError {
    lines
        .split(|byte| *byte == b'\n')
        .filter_map(|line| line.strip_suffix(b"\r"))
        .find_map(|line| diagnose_field(line).err())
        .unwrap_or(HeadError::FieldInvalid)
}

fn diagnose_field(line: &[u8]) -> Result<(), HeadError> {
    match line {
        [] => return Ok(()),
        [b' ' | b'\t', ..] => return Err(HeadError::Folding),
        _ => {}
    }
    let colon = memchr::memchr(b':', line).ok_or(HeadError::ColonMissing)?;
    let (name, value) = line.split_at(colon);
    if name.last().is_some_and(|last| matches!(last, b' ' | b'\t')) {
        return Err(HeadError::SpaceBeforeColon);
    }
    if name.is_empty() || !name.iter().copied().all(is_token) {
        return Err(HeadError::NameInvalid);
    }
    let is_control = |byte: &u8| byte.is_ascii_control() && *byte != b'\t';
    if value.iter().any(is_control) { Err(HeadError::FieldInvalid) } else { Ok(()) }
}

/// Whether a carriage return stands anywhere but before a line feed.
#[cold]
pub(crate) fn has_bare_carriage_return(head: &[u8]) -> bool {
    memchr::memchr_iter(b'\r', head).any(|at| head.get(at + 1) != Some(&b'\n'))
}

/// The elements of a list (RFC 9110 §5.6.1), empty ones included.
fn elements(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii)
}

/// Digits and nothing else.
fn number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_u64, |number, digit| {
        let value = digit.checked_sub(b'0').filter(|value| *value < 10)?;
        number.checked_mul(10)?.checked_add(u64::from(value))
    })
}

/// Which fault a `Transfer-Encoding` is that is not `chunked` alone.
#[cold]
fn coding_error(value: &[u8]) -> HeadError {
    let is_chunked = |coding: &[u8]| coding.eq_ignore_ascii_case(b"chunked");
    let mut codings: Vec<&[u8]> = elements(value).collect();
    let ends_well = codings.pop().is_some_and(is_chunked);
    let is_other = |coding: &&[u8]| {
        let name = coding.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
        !name.is_empty() && name.iter().copied().all(is_token) && !is_chunked(name)
    };
    if ends_well && codings.iter().all(is_other) {
        HeadError::CodingUnknown
    } else {
        HeadError::CodingInvalid
    }
}
