//! The session that a SOAP message belongs to, as its header says it (spec/01 §4.3).
//!
//! Only the beginning of a message is looked at, up to the end of its header; it may be cut off
//! anywhere. What is said of a beginning holds for every longer one, so that nobody has to wait for
//! more than is needed.
//!
//! Deliberately absent: DTDs, encodings other than UTF-8, and whatever else an XML parser checks
//! that does not matter for finding an id. The upstream will check the message itself.

use compiler::plan::AffinityKind;
use quick_xml::errors::{Error, IllFormedError};
use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::{BytesDecl, BytesStart, Event};
use quick_xml::name::{LocalName, Namespace, ResolveResult};
use quick_xml::reader::NsReader;

/// How much of a message is looked at, in bytes. No header is longer.
pub const LIMIT: usize = 64 * 1024;
/// How deeply a header may be nested.
const DEPTH: usize = 32;
/// How long an id may be, in bytes.
const ID_LENGTH: usize = 1024;

const SOAP_1_1: &str = "http://schemas.xmlsoap.org/soap/envelope/";
const SOAP_1_2: &str = "http://www.w3.org/2003/05/soap-envelope";
const ADDRESSING: &str = "http://www.w3.org/2005/08/addressing";
const ADDRESSING_2004: &str = "http://schemas.xmlsoap.org/ws/2004/08/addressing";
const AXIS2: &str = "http://ws.apache.org/namespaces/axis2";
const SYNAPSE: &str = "http://ws.apache.org/ns/synapse";

/// What the beginning of a message says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// The id of its session.
    Id(String),
    /// It belongs to none, or is no SOAP message.
    Nothing,
    /// Its header is not whole yet.
    More,
}

/// The session that a request belongs to.
#[must_use]
pub fn requested(kind: &AffinityKind, start: &[u8]) -> Found {
    use Tag::{ClientId, Parameters, ServiceGroupId, To};
    match kind {
        AffinityKind::Cookie(_) => Found::Nothing,
        AffinityKind::Soap => find(
            start,
            &[&[ServiceGroupId], &[Parameters, ServiceGroupId], &[To, Parameters, ServiceGroupId]],
        ),
        AffinityKind::ClientId => find(start, &[&[ClientId]]),
    }
}

/// The session that an answer begins, of those that [`AffinityKind::Soap`] knows: what the client
/// is asked to say of it from now on.
#[must_use]
pub fn answered(start: &[u8]) -> Found {
    find(start, &[&[Tag::ReplyTo, Tag::Parameters, Tag::ServiceGroupId]])
}

/// When a message that comes in pieces is worth another look.
///
/// Each look begins at the start of the message. A client that sends byte by byte must not make
/// that cost the square of what it sends.
#[derive(Debug, Clone, Copy, Default)]
pub struct Looks {
    next: usize,
}

impl Looks {
    /// Whether to look now that so many bytes have come.
    pub fn is_due(&mut self, length: usize) -> bool {
        let is_due = length >= self.next;
        if is_due {
            self.next = length + (length / 8).max(32);
        }
        is_due
    }
}

/// Elements that matter here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tag {
    Envelope(Version),
    Header(Version),
    To,
    ReplyTo,
    Parameters,
    ServiceGroupId,
    ClientId,
    Other,
}

/// Versions of SOAP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Version {
    V1_1,
    V1_2,
}

impl Tag {
    fn new(namespace: &ResolveResult<'_>, name: LocalName<'_>) -> Self {
        let ResolveResult::Bound(Namespace(namespace)) = namespace else { return Self::Other };
        match (*namespace, name.into_inner()) {
            (SOAP_1_1, "Envelope") => Self::Envelope(Version::V1_1),
            (SOAP_1_2, "Envelope") => Self::Envelope(Version::V1_2),
            (SOAP_1_1, "Header") => Self::Header(Version::V1_1),
            (SOAP_1_2, "Header") => Self::Header(Version::V1_2),
            (ADDRESSING | ADDRESSING_2004, "To") => Self::To,
            (ADDRESSING | ADDRESSING_2004, "ReplyTo") => Self::ReplyTo,
            (ADDRESSING | ADDRESSING_2004, "ReferenceParameters") => Self::Parameters,
            (AXIS2, "ServiceGroupId") => Self::ServiceGroupId,
            (SYNAPSE, "ClientID") => Self::ClientId,
            _ => Self::Other,
        }
    }
}

/// Looks for the text of an element at one of these paths below the header.
fn find(start: &[u8], paths: &[&[Tag]]) -> Found {
    let seen = start.get(..LIMIT).unwrap_or(start);
    let (text, is_text) = readable(seen);
    let found = Search { paths, open: Vec::new(), id: String::new(), is_begun: false }.run(text);
    match found {
        Found::More if !is_text || seen.len() == LIMIT => Found::Nothing,
        found => found,
    }
}

/// The part that is text, without a byte order mark; and whether what follows may be, too.
pub(crate) fn readable(bytes: &[u8]) -> (&str, bool) {
    let (text, is_text) = match str::from_utf8(bytes) {
        Ok(text) => (text, true),
        Err(error) => {
            let valid = bytes.get(..error.valid_up_to()).unwrap_or_default();
            // Without a length the last character is just not whole yet.
            (str::from_utf8(valid).unwrap_or_default(), error.error_len().is_none())
        }
    };
    // UTF-16 may look like UTF-8 with these in it.
    let (text, is_text) = text.split_once('\0').map_or((text, is_text), |(text, _)| (text, false));
    (text.strip_prefix('\u{feff}').unwrap_or(text), is_text)
}

/// A search through a message.
struct Search<'a> {
    paths: &'a [&'a [Tag]],
    /// The elements around the place that it has come to.
    open: Vec<Tag>,
    /// The text of the element that is sought, as far as it has come.
    id: String,
    /// Whether anything has been seen.
    is_begun: bool,
}

impl Search<'_> {
    fn run(mut self, text: &str) -> Found {
        // The reader leaves out one mark itself, and only one may be there.
        if text.starts_with('\u{feff}') {
            return Found::Nothing;
        }
        let mut reader = NsReader::from_str(text);
        loop {
            let seen = match reader.read_resolved_event() {
                Ok((namespace, event)) => self.see(&namespace, &event),
                Err(error) => {
                    let place = usize::try_from(reader.error_position()).unwrap_or(usize::MAX);
                    let rest = text.get(place..).unwrap_or_default();
                    Err(if is_cut(&error, rest) { Found::More } else { Found::Nothing })
                }
            };
            if let Err(found) = seen {
                return found;
            }
        }
    }

    /// Takes the next part in; an error is the result.
    fn see(&mut self, namespace: &ResolveResult<'_>, event: &Event<'_>) -> Result<(), Found> {
        let is_first = !std::mem::replace(&mut self.is_begun, true);
        match event {
            Event::Start(start) => self.open(start, namespace),
            Event::Empty(start) => self.open(start, namespace).and_then(|()| self.close()),
            Event::End(_) => self.close(),
            Event::Text(text) => self.text(text),
            Event::CData(_) | Event::GeneralRef(_) if self.open.is_empty() => Err(Found::Nothing),
            Event::CData(text) => self.text(text),
            Event::GeneralRef(reference) => match reference.resolve_char_ref() {
                Ok(Some(char)) => self.text(char.encode_utf8(&mut [0; 4])),
                Ok(None) => resolve_xml_entity(reference)
                    .map_or(Err(Found::Nothing), |text| self.text(text)),
                Err(_malformed) => Err(Found::Nothing),
            },
            Event::Decl(declaration) if is_first && is_utf8(declaration) => Ok(()),
            Event::Decl(_) | Event::DocType(_) => Err(Found::Nothing),
            Event::Comment(_) | Event::PI(_) => Ok(()),
            Event::Eof => Err(Found::More),
        }
    }

    fn open(&mut self, start: &BytesStart<'_>, namespace: &ResolveResult<'_>) -> Result<(), Found> {
        let tag = Tag::new(namespace, start.local_name());
        let is_expected = match (&*self.open, tag) {
            ([], Tag::Envelope(_)) => true,
            ([Tag::Envelope(one)], Tag::Header(other)) => *one == other,
            // Another root, or the body has begun.
            ([] | [_], _) => false,
            (open, _) => open.len() < DEPTH,
        };
        if !is_expected || !has_sound_attributes(start) {
            return Err(Found::Nothing);
        }
        self.open.push(tag);
        if self.is_inside() {
            self.id.clear();
        }
        Ok(())
    }

    fn close(&mut self) -> Result<(), Found> {
        let id = self.id.trim_ascii();
        if self.is_inside() && is_id(id) {
            return Err(Found::Id(id.to_owned()));
        }
        self.open.pop();
        // The header is over where nothing but the envelope is around.
        if self.open.len() < 2 { Err(Found::Nothing) } else { Ok(()) }
    }

    fn text(&mut self, text: &str) -> Result<(), Found> {
        if self.is_inside() {
            self.id.push_str(text);
        }
        // Elements alone stand outside of the root.
        let is_allowed = !self.open.is_empty() || text.trim_ascii().is_empty();
        if is_allowed { Ok(()) } else { Err(Found::Nothing) }
    }

    /// Whether it is right inside an element that is sought.
    fn is_inside(&self) -> bool {
        self.open.get(2..).is_some_and(|path| self.paths.contains(&path))
    }
}

/// Whether an error may come of the message being cut off, rather than of what is there.
pub(crate) fn is_cut(error: &Error, rest: &str) -> bool {
    match error {
        Error::Syntax(_) => {
            ["<!--", "<![CDATA["]
                .iter()
                .any(|opening| rest.starts_with(opening) || opening.starts_with(rest))
                || !rest.starts_with("<!")
        }
        Error::IllFormed(IllFormedError::UnclosedReference) => {
            rest.strip_prefix('&').is_some_and(|name| !name.contains(['&', '<']))
        }
        _ => false,
    }
}

fn is_utf8(declaration: &BytesDecl<'_>) -> bool {
    match declaration.encoding() {
        None => true,
        Some(Ok(encoding)) => encoding.eq_ignore_ascii_case("utf-8"),
        Some(Err(_malformed)) => false,
    }
}

fn has_sound_attributes(start: &BytesStart<'_>) -> bool {
    start.attributes().all(|one| one.is_ok_and(|attribute| !attribute.value.contains('<')))
}

fn is_id(text: &str) -> bool {
    !text.is_empty() && text.len() <= ID_LENGTH && !text.contains(char::is_control)
}

#[cfg(test)]
mod tests;
