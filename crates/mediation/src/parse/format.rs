//! The format of a `payloadFactory`: a text, cut where something is filled in.

use ::expression::synapse;
use model::codes;
use xml::tree::{NodeId, Place};

use super::SYNAPSE;
use super::attribute::{Attribute, Attributes};
use super::reader::Reader;
use crate::expression::CompileError;
use crate::freemarker::Template;
use crate::sequence::{Format, MediaType, Piece};

/// The highest `$n`; what is beyond is text, such as an amount of money.
const MAXIMUM_ARGUMENT: usize = 999;

/// What the places to fill in are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    /// `$1` and `${…}`.
    Default,
    /// FreeMarker.
    FreeMarker,
}

/// Reads `format`.
pub(super) fn read(
    reader: &mut Reader<'_>,
    id: NodeId,
    media: MediaType,
    language: Language,
) -> Option<Format> {
    let mut attributes = Attributes::of(reader.tree, id);
    if let Some(key) = attributes.take("key") {
        let help = "There is no registry; write the text into `format`.";
        reader.bad_value(&key, help);
        return None;
    }
    attributes.finish(reader);
    let text = match media {
        // FreeMarker's tags are no XML, so that they stand in CDATA.
        MediaType::Xml if language == Language::FreeMarker && reader.elements(id).is_empty() => {
            Some(reader.tree.text(id))
        }
        MediaType::Xml if language == Language::FreeMarker => {
            Some(with_places(&markup(reader, id)))
        }
        MediaType::Xml => Some(markup(reader, id)),
        MediaType::Json | MediaType::Text => plain(reader, id, media),
    }?;
    if text.is_empty() && media != MediaType::Text {
        reader.lacks(id, "`format` has nothing in it", "Write the text of the body into it.");
        return None;
    }
    if language == Language::FreeMarker {
        return template(reader, id, &text);
    }
    let value = text.trim().to_owned();
    let holder = Attribute { owner: id, name: "format".to_owned(), value, place: reader.place(id) };
    let format = cut(&text, media == MediaType::Xml);
    format.map_err(|error| reader.bad_expression(&holder, &error)).ok()
}

/// Reads a template; a mistake in it is told at its line.
fn template(reader: &mut Reader<'_>, id: NodeId, text: &str) -> Option<Format> {
    let error = match Template::compile(text) {
        Ok(template) => return Some(Format::FreeMarker(Box::new(template))),
        Err(error) => error,
    };
    let start =
        reader.tree.children(id).next().map_or_else(|| reader.place(id), |it| reader.place(it));
    let place = match error.line.saturating_sub(1) {
        0 => start,
        lines => Place { line: start.line.saturating_add(lines), column: 1 },
    };
    let message = format!("The FreeMarker template: {}", error.message);
    reader.error(codes::EXPRESSION_SYNTAX, place, message, "Mend the template.");
    None
}

/// Says of a `$n` that there is no argument for it.
pub(super) fn missing_arguments(
    reader: &mut Reader<'_>,
    id: NodeId,
    format: &Format,
    arguments: usize,
) {
    let Format::Pieces(pieces) = format else { return };
    let highest = pieces.iter().filter_map(|piece| match piece {
        Piece::Argument(index) => Some(index.saturating_add(1)),
        _ => None,
    });
    if let Some(highest) = highest.max().filter(|highest| *highest > arguments) {
        reader.warn(
            codes::MEDIATOR_ATTRIBUTE,
            reader.place(id),
            format!("The format has `${highest}`, and there are {arguments} arguments"),
            "Add an `arg` for it; without one nothing is put there.",
        );
    }
}

/// The text of a format that is no XML.
fn plain(reader: &mut Reader<'_>, id: NodeId, media: MediaType) -> Option<String> {
    if let Some(child) = reader.elements(id).first() {
        let word = if media == MediaType::Json { "JSON" } else { "text" };
        let help = format!("the {word} in `<![CDATA[` and `]]>`, or `media-type=\"xml\"`,");
        reader.unexpected(*child, "format", &help);
        return None;
    }
    let text = reader.tree.text(id);
    Some(if media == MediaType::Json { text.trim().to_owned() } else { text })
}

/// What is in a format, written out.
fn markup(reader: &Reader<'_>, id: NodeId) -> String {
    let nodes: Vec<NodeId> = reader.tree.children(id).collect();
    let tree = reader.copied(&nodes);
    let pieces = tree.children(tree.document()).map(|child| xml::write::write(&tree, child));
    let text: String = pieces.collect();
    // The namespace of the mediators around it is none of the body.
    text.trim().replace(&format!(" xmlns=\"{SYNAPSE}\""), "")
}

/// Cuts at `$n` and `${…}`; in XML, what is between the braces was escaped.
fn cut(text: &str, is_xml: bool) -> Result<Format, CompileError> {
    let mut pieces = Vec::new();
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        plain.push_str(before);
        let (piece, left) = place(after, is_xml)?;
        match piece {
            Some(piece) => {
                if !plain.is_empty() {
                    pieces.push(Piece::Text(std::mem::take(&mut plain)));
                }
                pieces.push(piece);
            }
            None => plain.push('$'),
        }
        rest = left;
    }
    plain.push_str(rest);
    if !plain.is_empty() {
        pieces.push(Piece::Text(plain));
    }
    Ok(Format::Pieces(pieces))
}

/// The same text, with what stands in `${…}` as it was before it was escaped.
fn with_places(text: &str) -> String {
    let mut made = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let (inner, tail) = after.split_at(closing_brace(after).unwrap_or_default());
        made.extend([before, "${", &unescape(inner)]);
        rest = tail;
    }
    made.push_str(rest);
    made
}

/// What begins after a `$`, and the text after it.
fn place(after: &str, is_xml: bool) -> Result<(Option<Piece>, &str), CompileError> {
    if let Some(inner) = after.strip_prefix('{') {
        let Some(end) = closing_brace(inner) else {
            return Ok((None, after));
        };
        let (expression, rest) = inner.split_at(end);
        let expression = if is_xml { unescape(expression) } else { expression.to_owned() };
        let compiled = synapse::Expression::compile(&expression).map_err(CompileError::from)?;
        return Ok((Some(Piece::Expression(compiled)), rest.strip_prefix('}').unwrap_or(rest)));
    }
    let end = after.find(|at: char| !at.is_ascii_digit()).unwrap_or(after.len());
    let (digits, rest) = after.split_at(end);
    match digits.parse::<usize>() {
        Ok(number) if (1..=MAXIMUM_ARGUMENT).contains(&number) => {
            Ok((Some(Piece::Argument(number - 1)), rest))
        }
        _ => Ok((None, after)),
    }
}

/// Where the brace closes that was opened before the text; quotes hide braces.
fn closing_brace(text: &str) -> Option<usize> {
    let mut depth = 0_u32;
    let mut quote = None;
    for (at, character) in text.char_indices() {
        match (quote, character) {
            (Some(open), it) if open == it => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(character),
            (None, '{') => depth = depth.saturating_add(1),
            (None, '}') if depth == 0 => return Some(at),
            (None, '}') => depth -= 1,
            (None, _) => {}
        }
    }
    None
}

fn unescape(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&apos;", "'")
        .replace("&#39;", "'")
        .replace("&#34;", "\"")
        .replace("&amp;", "&")
}
