//! Header fields: into a map, and what they say about the extent of the message.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Version};
use httparse::Header;

use crate::names::{self, Role};
use crate::{Framing, HeadError, host};

/// Room in a map for what a gateway adds to a message, so that it need not grow.
const ADDED: usize = 6;

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
        let headers = map(head, parsed, |role, value| notes.take(role, value))?;
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

    fn take(&mut self, role: Role, value: &[u8]) -> Result<(), HeadError> {
        match role {
            Role::Host => self.take_host(value),
            Role::Expect => {
                self.continues |= value.eq_ignore_ascii_case(b"100-continue");
                Ok(())
            }
            Role::Connection => {
                self.take_connection(value);
                Ok(())
            }
            Role::Length => self.take_length(value),
            Role::Coding => self.take_coding(value),
            Role::Other => Ok(()),
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
    mut note: impl FnMut(Role, &[u8]) -> Result<(), HeadError>,
) -> Result<HeaderMap, HeadError> {
    let mut headers = HeaderMap::try_with_capacity(parsed.len() + ADDED)
        .map_err(|_too_many| HeadError::TooManyFields)?;
    for field in parsed {
        let (name, role) = names::read(field.name)?;
        note(role, field.value)?;
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

/// What is wrong with lines of which the parser only says that something is; `None` if it is none
/// of what a field can have.
#[cold]
pub(crate) fn diagnose(lines: &[u8]) -> Option<HeadError> {
    lines
        .split(|byte| *byte == b'\n')
        .map(|line| line.strip_suffix(b"\r").unwrap_or(line))
        .find_map(|line| diagnose_field(line).err())
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
