//! Reading XML 1.0 with namespaces, within limits.
//!
//! The tokens come from quick-xml, which is lenient; what a document may be is decided here.
//! Document types are refused, so there are no entities but the five of XML and references to
//! characters, and nothing is ever fetched or expanded to more than it was.
//! Text, CDATA and references that touch each other become one text node.
//!
//! Deliberately absent: document types, XML 1.1, validation, reading in pieces.

mod attributes;
mod bytes;
mod characters;
mod cursor;
mod declaration;
mod error;
mod prefixes;
mod spans;

use std::borrow::Cow;

use quick_xml::Reader;
use quick_xml::events::Event;

use crate::name::{self, Name};
use crate::tree::{Declaration, Kind, Namespaces, NodeId, Place, Tree};
use attributes::Attribute;
use cursor::Cursor;
use prefixes::Prefixes;

pub use error::{ReadError, Reason};
pub use spans::Spans;

/// For how many bytes of text room is made for one node.
const BYTES_PER_NODE: usize = 16;
/// For how many nodes room is made at once.
const MOST_ROOM: usize = 16 * 1024;

/// What a document may cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the text.
    pub bytes: usize,
    /// Elements inside each other.
    pub depth: usize,
    /// Nodes, attributes included.
    pub nodes: usize,
    /// Attributes and namespace declarations of one element.
    pub attributes: usize,
    /// Bytes of one name with its prefix.
    pub name: usize,
}

/// What is made of the text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Document,
    Fragment,
}

struct Builder<'a> {
    text: &'a str,
    limits: &'a Limits,
    form: Form,
    tree: Tree,
    cursor: Cursor<'a>,
    prefixes: Prefixes<'a>,
    open: Vec<Open<'a>>,
    /// Text that is not yet a node, and where it began.
    pending: Option<(String, Place)>,
    /// Where things stand, if that was asked for.
    spans: Option<Spans>,
}

/// An element whose end has not been seen.
struct Open<'a> {
    id: NodeId,
    name: &'a str,
    place: Place,
    /// Where its content begins.
    content: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { bytes: 10 * 1024 * 1024, depth: 256, nodes: 1_000_000, attributes: 256, name: 1024 }
    }
}

/// Reads a document from bytes in UTF-8, UTF-16 or Latin-1.
///
/// A byte order mark and the declared encoding are honoured.
///
/// # Errors
///
/// What is wrong with the document, and where.
pub fn read(bytes: &[u8], limits: &Limits) -> Result<Tree, ReadError> {
    if bytes.len() > limits.bytes {
        return Err(ReadError::new(Place::default(), Reason::TooLarge));
    }
    read_text(&bytes::decode(bytes)?, limits)
}

/// The text of a document in UTF-8, UTF-16 or Latin-1, without its byte order mark.
///
/// # Errors
///
/// That the bytes are in another encoding than they declare, or in one that is not known.
pub fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, ReadError> {
    bytes::decode(bytes)
}

/// Reads a document from text; an encoding that it declares does not matter.
///
/// # Errors
///
/// What is wrong with the document, and where.
pub fn read_text(text: &str, limits: &Limits) -> Result<Tree, ReadError> {
    build(text, Form::Document, &Namespaces::new(), limits, None).map(|(tree, _)| tree)
}

/// Reads a document from text, and says where in it everything stands.
///
/// Offsets are counted from behind a byte order mark.
///
/// # Errors
///
/// What is wrong with the document, and where.
pub fn read_spans(text: &str, limits: &Limits) -> Result<(Tree, Spans), ReadError> {
    let spans = Some(Spans::default());
    let (tree, spans) = build(text, Form::Document, &Namespaces::new(), limits, spans)?;
    Ok((tree, spans.unwrap_or_default()))
}

/// Reads any number of elements and texts into a document that may have several.
///
/// The document node declares the given prefixes.
///
/// # Errors
///
/// What is wrong with the text, and where; an XML declaration is an error too.
pub fn read_fragment(text: &str, scope: &Namespaces, limits: &Limits) -> Result<Tree, ReadError> {
    build(text, Form::Fragment, scope, limits, None).map(|(tree, _)| tree)
}

fn build(
    text: &str,
    form: Form,
    scope: &Namespaces,
    limits: &Limits,
    spans: Option<Spans>,
) -> Result<(Tree, Option<Spans>), ReadError> {
    if text.len() > limits.bytes {
        return Err(ReadError::new(Place::default(), Reason::TooLarge));
    }
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    characters::check(text)?;
    let mut builder = Builder {
        text,
        limits,
        form,
        tree: Tree::with_capacity((text.len() / BYTES_PER_NODE).min(MOST_ROOM)),
        cursor: Cursor::new(text),
        prefixes: Prefixes::new(scope),
        open: Vec::new(),
        pending: None,
        spans,
    };
    let document = builder.tree.document();
    for (prefix, uri) in scope.iter() {
        builder.tree.declare(document, prefix, uri);
    }
    builder.run()?;
    Ok((builder.tree, builder.spans))
}

impl<'a> Builder<'a> {
    fn run(&mut self) -> Result<(), ReadError> {
        let mut reader = Reader::from_str(self.text);
        let config = reader.config_mut();
        config.check_end_names = false;
        config.allow_unmatched_ends = true;
        loop {
            let start = offset(&reader);
            let place = self.cursor.place(start);
            match reader.read_event() {
                Ok(Event::Eof) => return self.finish(place),
                Ok(event) => self.event(&event, (start, offset(&reader)), place)?,
                Err(error) => return Err(self.lexical(start, place, &error)),
            }
        }
    }

    fn event(&mut self, event: &Event<'a>, at: (usize, usize), place: Place) -> Outcome {
        let token = self.text.get(at.0..at.1).unwrap_or_default();
        match event {
            Event::Start(_) | Event::Empty(_) => self.start(token, at.0, place),
            Event::End(_) => self.end(token, at.0, place),
            Event::Text(_) => self.characters(token, place),
            Event::CData(_) => self.character_data(between(token, "<![CDATA[", "]]>"), place),
            Event::GeneralRef(_) => self.reference(between(token, "&", ";"), place),
            Event::Comment(_) => self.comment(between(token, "<!--", "-->"), place),
            Event::PI(_) => self.instruction(between(token, "<?", "?>"), place),
            Event::Decl(_) => self.declaration(between(token, "<?xml", "?>"), at.0, place),
            Event::DocType(_) => Err(ReadError::new(place, Reason::DoctypeRefused)),
            Event::Eof => Ok(()),
        }
    }

    fn start(&mut self, token: &'a str, offset: usize, place: Place) -> Outcome {
        self.flush()?;
        let parent = self.parent(place)?;
        if self.open.len() >= self.limits.depth {
            return Err(ReadError::new(place, Reason::TooDeep));
        }
        let is_empty = token.ends_with("/>");
        let inner = between(token, "<", if is_empty { "/>" } else { ">" });
        let name_end = inner.find(characters::is_space).unwrap_or(inner.len());
        let (name, rest) = inner.split_at(name_end);
        self.check_name(name, place)?;
        let base = offset + 1 + name_end;
        let attributes = attributes::split(rest, self.limits.attributes)
            .map_err(|(at, reason)| ReadError::new(self.cursor.place(base + at), reason))?;
        self.prefixes.open();
        self.check_names(&attributes, base)?;
        let declared = self.declare(&attributes, base)?;
        let element =
            self.prefixes.element(name).map_err(|reason| ReadError::new(place, reason))?;
        let id = self.child(parent, Kind::Element(element), place)?;
        for (prefix, uri) in declared {
            self.tree.add_declaration(id, prefix, uri);
        }
        self.add_attributes(id, &attributes, base)?;
        if is_empty {
            self.prefixes.close();
        } else {
            self.open.push(Open { id, name, place, content: offset + token.len() });
        }
        Ok(())
    }

    fn check_names(&mut self, attributes: &[Attribute<'a>], base: usize) -> Outcome {
        for attribute in attributes {
            if let Err(reason) = self.name_reason(attribute.name) {
                return Err(ReadError::new(self.cursor.place(base + attribute.offset), reason));
            }
        }
        Ok(())
    }

    /// Takes the declarations among attributes into scope.
    fn declare(
        &mut self,
        attributes: &[Attribute<'a>],
        base: usize,
    ) -> Result<Vec<Declaration>, ReadError> {
        let mut declared = Vec::new();
        for attribute in attributes {
            let Some(prefix) = attribute.declared_prefix() else { continue };
            let pair = characters::expand(attribute.value)
                .and_then(|uri| self.prefixes.declare(prefix, &uri))
                .map_err(|reason| {
                    ReadError::new(self.cursor.place(base + attribute.offset), reason)
                })?;
            declared.extend(pair);
        }
        Ok(declared)
    }

    fn add_attributes(&mut self, id: NodeId, attributes: &[Attribute<'a>], base: usize) -> Outcome {
        for attribute in attributes {
            let place = self.cursor.place(base + attribute.offset);
            if attribute.declared_prefix().is_some() {
                continue;
            }
            let (name, value) = self
                .prefixes
                .attribute(attribute.name)
                .and_then(|name| Ok((name, characters::expand(attribute.value)?)))
                .map_err(|reason| ReadError::new(place, reason))?;
            self.room(place)?;
            let kind = Kind::Attribute(name, value.into_owned());
            let node = self.tree.push_attribute(id, kind, place);
            if let Some(spans) = &mut self.spans {
                let start = base + attribute.value_offset;
                spans.add_value(node, start..start + attribute.value.len());
            }
        }
        if attributes.len() > 1 {
            self.check_twins(id)?;
        }
        Ok(())
    }

    fn check_twins(&self, id: NodeId) -> Outcome {
        let mut seen = std::collections::HashSet::new();
        let twin = self
            .tree
            .attributes(id)
            .find(|attribute| self.tree.name(*attribute).is_some_and(|name| !seen.insert(name)));
        let Some(twin) = twin else { return Ok(()) };
        let name = self.tree.name(twin).map(Name::qualified).unwrap_or_default();
        let message = format!("the attribute {name} is there twice; remove one");
        Err(ReadError::new(self.tree.place(twin), Reason::NotWellFormed(message)))
    }

    fn end(&mut self, token: &str, offset: usize, place: Place) -> Outcome {
        self.flush()?;
        let name = between(token, "</", ">").trim_end_matches(characters::is_space);
        let shown = || characters::shorten(name);
        let Some(open) = self.open.pop() else {
            return Err(malformed(place, format!("</{}> ends nothing; remove it", shown())));
        };
        if open.name != name {
            let (expected, from) = (open.name, open.place);
            let message =
                format!("</{}> stands where </{expected}> should, which begins at {from}", shown());
            return Err(malformed(place, message));
        }
        if let Some(spans) = &mut self.spans {
            spans.add_content(open.id, open.content..offset);
        }
        self.prefixes.close();
        Ok(())
    }

    fn characters(&mut self, text: &str, place: Place) -> Outcome {
        if memchr::memmem::find(text.as_bytes(), b"]]>").is_some() {
            return Err(malformed(place, "]]> stands in a text; write ]]&gt;".to_owned()));
        }
        if self.is_outside() && text.chars().all(characters::is_space) {
            return Ok(());
        }
        self.character_data(text, place)
    }

    fn character_data(&mut self, text: &str, place: Place) -> Outcome {
        let text = characters::lines(text);
        self.gather(place)?.push_str(&text);
        Ok(())
    }

    fn reference(&mut self, name: &str, place: Place) -> Outcome {
        let character =
            characters::resolve(name).map_err(|reason| ReadError::new(place, reason))?;
        self.gather(place)?.push(character);
        Ok(())
    }

    fn comment(&mut self, text: &str, place: Place) -> Outcome {
        self.flush()?;
        if text.contains("--") || text.ends_with('-') {
            let message = "a comment holds --, or ends with -; take that out".to_owned();
            return Err(malformed(place, message));
        }
        let parent = self.above();
        self.child(parent, Kind::Comment(characters::lines(text).into_owned()), place)?;
        Ok(())
    }

    fn instruction(&mut self, inner: &str, place: Place) -> Outcome {
        self.flush()?;
        let end = inner.find(characters::is_space).unwrap_or(inner.len());
        let (target, data) = inner.split_at(end);
        if target.len() > self.limits.name {
            return Err(ReadError::new(place, Reason::NameTooLong));
        }
        if !name::is_ncname(target) || target.eq_ignore_ascii_case("xml") {
            let message = format!("a processing instruction cannot be for {target:?}");
            return Err(malformed(place, message));
        }
        let data = characters::lines(data.trim_start_matches(characters::is_space)).into_owned();
        let parent = self.above();
        self.child(parent, Kind::Instruction { target: target.to_owned(), data }, place)?;
        Ok(())
    }

    fn declaration(&mut self, inner: &str, offset: usize, place: Place) -> Outcome {
        if self.form == Form::Fragment {
            let message = "an XML declaration cannot stand in a part of a document; remove it";
            return Err(malformed(place, message.to_owned()));
        }
        if offset != 0 {
            let message = "an XML declaration is not at the very beginning; move it there";
            return Err(malformed(place, message.to_owned()));
        }
        declaration::check(inner).map_err(|reason| ReadError::new(place, reason))
    }

    fn finish(&mut self, place: Place) -> Outcome {
        self.flush()?;
        if let Some(open) = self.open.last() {
            let message = format!("<{0}> does not end; add </{0}>", open.name);
            return Err(malformed(open.place, message));
        }
        if self.form == Form::Document && self.tree.root().is_none() {
            return Err(malformed(place, "there is no element; a document needs one".to_owned()));
        }
        Ok(())
    }

    /// What is wrong where quick-xml found no token.
    fn lexical(&self, start: usize, place: Place, error: &quick_xml::Error) -> ReadError {
        let rest = self.text.get(start..).unwrap_or_default();
        let is_doctype = rest.get(..9).is_some_and(|head| head.eq_ignore_ascii_case("<!DOCTYPE"));
        if is_doctype {
            return ReadError::new(place, Reason::DoctypeRefused);
        }
        if rest.starts_with('&') {
            let message = "& begins no reference; write &amp;".to_owned();
            return malformed(place, message);
        }
        malformed(place, error.to_string())
    }

    /// Where text goes that is read now.
    fn gather(&mut self, place: Place) -> Result<&mut String, ReadError> {
        if self.is_outside() {
            let message = "text stands outside of the document's element; remove it".to_owned();
            return Err(malformed(place, message));
        }
        Ok(&mut self.pending.get_or_insert_with(|| (String::new(), place)).0)
    }

    fn flush(&mut self) -> Outcome {
        if let Some((text, place)) = self.pending.take().filter(|(text, _)| !text.is_empty()) {
            let parent = self.above();
            self.child(parent, Kind::Text(text), place)?;
        }
        Ok(())
    }

    fn child(&mut self, parent: NodeId, kind: Kind, place: Place) -> Result<NodeId, ReadError> {
        self.room(place)?;
        Ok(self.tree.push_child(parent, kind, place))
    }

    fn room(&self, place: Place) -> Outcome {
        if self.tree.len() > self.limits.nodes {
            return Err(ReadError::new(place, Reason::TooManyNodes));
        }
        Ok(())
    }

    /// The node that an element is put into.
    fn parent(&self, place: Place) -> Result<NodeId, ReadError> {
        if self.is_outside() && self.tree.root().is_some() {
            let message = "a second element stands behind the document's; remove it".to_owned();
            return Err(malformed(place, message));
        }
        Ok(self.above())
    }

    fn above(&self) -> NodeId {
        self.open.last().map_or_else(|| self.tree.document(), |open| open.id)
    }

    /// Whether this is the part of a document where there is no text.
    fn is_outside(&self) -> bool {
        self.open.is_empty() && self.form == Form::Document
    }

    fn check_name(&self, name: &str, place: Place) -> Outcome {
        self.name_reason(name).map_err(|reason| ReadError::new(place, reason))
    }

    fn name_reason(&self, name: &str) -> Result<(), Reason> {
        if name.len() > self.limits.name {
            return Err(Reason::NameTooLong);
        }
        let (prefix, local) = name.split_once(':').unwrap_or(("_", name));
        if name::is_ncname(prefix) && name::is_ncname(local) {
            return Ok(());
        }
        Err(Reason::NotWellFormed(format!("{name:?} is not a name")))
    }
}

type Outcome = Result<(), ReadError>;

fn malformed(place: Place, message: String) -> ReadError {
    ReadError::new(place, Reason::NotWellFormed(message))
}

fn offset(reader: &Reader<&[u8]>) -> usize {
    usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX)
}

/// A token without the marks that it begins and ends with.
fn between<'a>(token: &'a str, start: &str, end: &str) -> &'a str {
    let token = token.strip_prefix(start).unwrap_or(token);
    token.strip_suffix(end).unwrap_or(token)
}

#[cfg(test)]
mod tests;
