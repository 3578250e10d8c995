//! Bytes to a tree, and what kind of document that is.

use std::borrow::Cow;

use model::{Severity, codes};
use xml::read::{ReadError, Reason};
use xml::tree::{NodeId, Tree};

use crate::description::DocumentKind;
use crate::limits::Limits;
use crate::load::ROOTS;
use crate::markup::Markup;
use crate::namespace::{ENVELOPE, ENVELOPE_12, WSDL_2_DRAFTS, XSD_DRAFTS};
use crate::report::Report;
use crate::source::{DocumentId, Source};

/// A document that is well-formed.
pub(crate) struct Parsed {
    pub(crate) tree: Tree,
    /// How many lines were cut off in front.
    pub(crate) lines_before: u32,
}

/// The text of a document, and what was cut off in front of its XML declaration.
pub(crate) struct Text<'a> {
    pub(crate) text: Cow<'a, str>,
    pub(crate) lines_before: u32,
    pub(crate) was_cut: bool,
}

/// Reads a document; what is wrong is reported.
///
/// `is_spare` says that something else can take its place, so that nothing is an error.
pub(crate) fn parse(
    bytes: &[u8],
    id: DocumentId,
    limits: &Limits,
    is_spare: bool,
    report: &mut Report,
) -> Option<Parsed> {
    let result = text(bytes, limits).and_then(|text| {
        let tree = xml::read::read_text(&text.text, &limits.of_document())?;
        Ok((tree, text.lines_before, text.was_cut))
    });
    match result {
        Ok((tree, lines_before, was_cut)) => {
            if was_cut {
                let at = Source { document: Some(id), line: 1, column: 1 };
                let message = "Blanks stand in front of the XML declaration; they are ignored";
                let help = "Remove what stands in front of `<?xml`.";
                report.warning(codes::WSDL_PROLOG, at, message, help);
            }
            Some(Parsed { tree, lines_before })
        }
        Err(error) => {
            let before = lines_before(bytes);
            report_malformed(&error, id, before, is_spare, report);
            None
        }
    }
}

/// The text of a document, without blanks or a second byte order mark in front.
pub(crate) fn text<'a>(bytes: &'a [u8], limits: &Limits) -> Result<Text<'a>, ReadError> {
    if bytes.len() > limits.document_bytes {
        return Err(ReadError { place: xml::tree::Place::default(), reason: Reason::TooLarge });
    }
    let start = declaration(bytes);
    let text = xml::read::decode(bytes.get(start..).unwrap_or(bytes))?;
    Ok(Text { text, lines_before: lines_before(bytes), was_cut: start > 0 })
}

/// Where the XML declaration begins, where only blanks and byte order marks stand before it.
///
/// One byte order mark at the very beginning is as it should be.
fn declaration(bytes: &[u8]) -> usize {
    const MARK: &[u8] = &[0xEF, 0xBB, 0xBF];
    let mut rest = bytes;
    loop {
        if let Some(behind) = rest.strip_prefix(MARK) {
            rest = behind;
        } else if let [b' ' | b'\t' | b'\r' | b'\n', behind @ ..] = rest {
            rest = behind;
        } else {
            break;
        }
    }
    let start = bytes.len() - rest.len();
    let is_plain = start == 0 || (start == MARK.len() && bytes.starts_with(MARK));
    if is_plain || !rest.starts_with(b"<?xml") { 0 } else { start }
}

fn lines_before(bytes: &[u8]) -> u32 {
    let cut = bytes.get(..declaration(bytes)).unwrap_or_default();
    u32::try_from(cut.iter().filter(|byte| **byte == b'\n').count()).unwrap_or(u32::MAX)
}

fn report_malformed(
    error: &ReadError,
    id: DocumentId,
    before: u32,
    is_spare: bool,
    report: &mut Report,
) {
    let ReadError { place, reason } = error;
    let line = if place.line == 0 { 0 } else { place.line.saturating_add(before) };
    let at = Source { document: Some(id), line, column: place.column };
    let (code, help) = match reason {
        Reason::NotWellFormed(_) | Reason::UndeclaredPrefix(_) | Reason::UnknownEntity(_) => {
            (codes::WSDL_SYNTAX, "Mend the text at this place.")
        }
        Reason::DoctypeRefused => (
            codes::WSDL_DOCTYPE,
            "Remove `<!DOCTYPE …>` with everything in it, and write out the entities it defines.",
        ),
        Reason::Encoding(_) => (codes::WSDL_ENCODING, "Save the document as UTF-8."),
        Reason::TooLarge => (codes::WSDL_TOO_LARGE, "Split the document."),
        Reason::TooDeep => (codes::WSDL_TOO_DEEP, "Give inner types names, and refer to them."),
        Reason::TooManyNodes | Reason::TooManyAttributes | Reason::NameTooLong => {
            (codes::WSDL_TOO_COMPLEX, "Split the document.")
        }
    };
    let mut message = capitalised(&reason.to_string());
    if is_spare {
        message.push_str(" (what is built in takes its place)");
    }
    let severity = if is_spare { Severity::Warning } else { Severity::Error };
    report.add(severity, code, at, message, help.to_owned());
}

fn capitalised(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(characters).collect()
}

/// What a document is, by the element that it begins with.
pub(crate) fn kind(markup: Markup<'_>, root: NodeId) -> DocumentKind {
    ROOTS
        .iter()
        .find(|(namespace, local, _)| markup.is(root, namespace, local))
        .map_or(DocumentKind::Other, |(_, _, kind)| *kind)
}

/// Says what a document is that is neither a WSDL nor a schema.
pub(crate) fn report_other(
    markup: Markup<'_>,
    root: NodeId,
    is_imported: bool,
    report: &mut Report,
) {
    let (namespace, local) = (markup.namespace(root), markup.local(root));
    let wanted = if is_imported { "a WSDL or a schema" } else { "a WSDL" };
    let what = if local.eq_ignore_ascii_case("html") {
        "an HTML page, perhaps an error or a form to log in".to_owned()
    } else if WSDL_2_DRAFTS.contains(&namespace) {
        "a draft of WSDL 2.0, which is not supported".to_owned()
    } else if XSD_DRAFTS.contains(&namespace) {
        "a schema in a draft of XML Schema, which is not supported".to_owned()
    } else if [ENVELOPE, ENVELOPE_12].contains(&namespace) {
        "a SOAP message, perhaps a fault".to_owned()
    } else {
        format!("a document that begins with <{local}> in the namespace {namespace:?}")
    };
    let message = format!("This is no {}, but {what}", wanted.trim_start_matches("a "));
    let help = "Give a document that begins with `definitions` of WSDL 1.1 or `description` of \
                WSDL 2.0; schemas begin with `schema`.";
    report.error(codes::WSDL_NOT_WSDL, markup.source(root), message, help);
}
