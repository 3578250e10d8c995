//! The WSDL that an API serves: the documents of the project, with a gap wherever the base URL of
//! the gateway goes.

use std::cell::Cell;

use model::{Diagnostics, Place, Severity, codes};
use wsdl::description::DocumentKind;
use wsdl::{Description, DocumentId, Limits, Location};

use super::super::Source;
use super::{FOLDER, Wsdls};
use crate::plan::{WsdlDocument, WsdlKind, WsdlPlan};

/// How many problems of a WSDL are told.
const TOLD: usize = 10;

/// What is served of the project's WSDL; nothing where there is none, or where it cannot be read.
///
/// An API that maps REST to SOAP does not take the messages that its WSDL describes.
pub(in super::super) fn served(source: &Source<'_>, found: &mut Diagnostics) -> Option<WsdlPlan> {
    let root = source.wsdls.roots.first().filter(|_| source.api.kind != "SOAPTOREST")?;
    let description = describe(source.wsdls, root, found)?;
    let visibility = source.api.visibility.as_deref().unwrap_or("PUBLIC");
    let documents = documents(&description);
    Some(WsdlPlan { is_public: visibility == "PUBLIC", documents })
}

fn describe(wsdls: &Wsdls<'_>, root: &Location, found: &mut Diagnostics) -> Option<Description> {
    if wsdls.roots.len() > 1 {
        let message = format!("there are several WSDLs, and {root} is the one that is served");
        let help = "Keep one that no other imports.";
        found.warning(
            codes::WSDL_SEVERAL_ROOTS,
            Place::file(FOLDER.trim_end_matches('/')),
            message,
            help,
        );
    }
    let reading = wsdl::read(&wsdls.archive, root, &Limits::default());
    // Messages are passed on whatever a schema says.
    let problems = reading.found.into_iter().filter(|one| !wsdl::concerns_schema(one.code));
    let problems = problems.filter(|one| one.severity == Severity::Error);
    for mut problem in problems.take(TOLD) {
        problem.severity = Severity::Warning;
        problem.place.file = format!("{FOLDER}{}", problem.place.file);
        found.report(problem);
    }
    reading.description
}

fn documents(description: &Description) -> Vec<WsdlDocument> {
    let all = description.documents().iter().enumerate();
    let made = all.filter_map(|(index, document)| {
        let kind = kind(document.kind)?;
        let pieces = pieces(description, DocumentId::new(index))?;
        Some(WsdlDocument { kind, number: index, path: document.location.to_string(), pieces })
    });
    made.collect()
}

fn kind(kind: DocumentKind) -> Option<WsdlKind> {
    match kind {
        DocumentKind::Wsdl1 | DocumentKind::Wsdl2 => Some(WsdlKind::Wsdl),
        DocumentKind::Schema => Some(WsdlKind::Schema),
        DocumentKind::Other => None,
    }
}

/// A document cut where the base URL goes.
fn pieces(description: &Description, id: DocumentId) -> Option<Vec<Box<str>>> {
    // A document may hold any text, but not all of these.
    (0..8).find_map(|number| {
        let mark = format!("urn:weir:base:{number}:");
        let (written, count) = written(description, id, &mark)?;
        let pieces: Vec<Box<str>> = written.split(&mark).map(Into::into).collect();
        (pieces.len() == count + 1).then_some(pieces)
    })
}

/// The document with a mark for the base URL, and how many there are.
fn written(description: &Description, id: DocumentId, mark: &str) -> Option<(String, usize)> {
    let told = Cell::new(0);
    let mut address = |_: &wsdl::AddressSite<'_>| {
        told.set(told.get() + 1);
        Some(mark.to_owned())
    };
    let mut link = |target: DocumentId| {
        let kind = kind(description.document(target)?.kind)?;
        told.set(told.get() + 1);
        Some(format!("{mark}?{}={}", kind.word(), target.index()))
    };
    let written = description.rewrite(id, &Limits::default(), &mut address, &mut link)?.ok()?;
    Some((written, told.get()))
}
