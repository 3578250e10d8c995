//! The graph of documents: what is asked for, read, and asked for in turn.
//!
//! Each document is fetched once, however many ways lead to it, and its tree is dropped as soon as
//! it is read. A schema without a namespace of its own is read again for each namespace that it is
//! included into.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use bytes::Bytes;
use model::codes;
use xml::tree::{NodeId, Tree};

use crate::definitions::{self, Parts};
use crate::description::{Document, DocumentKind, Link, LinkKind};
use crate::documents::{Documents, Refusal};
use crate::limits::Limits;
use crate::location::Location;
use crate::markup::Markup;
use crate::namespace::{WSDL, WSDL_2, XSD};
use crate::parse::{self, Parsed};
use crate::report::Report;
use crate::schema::builder::Builder;
use crate::schema::{known, read as schema};
use crate::source::{DocumentId, Source};
use crate::version2;

/// Everything that is read so far.
pub(crate) struct Loader<'a> {
    from: &'a dyn Documents,
    limits: &'a Limits,
    pub(crate) report: Report,
    pub(crate) documents: Vec<Document>,
    pub(crate) parts: Parts,
    pub(crate) schemas: Builder,
    /// What became of each location that was asked for.
    asked: HashMap<Location, Option<DocumentId>>,
    /// The documents by where they really are.
    by_location: HashMap<Location, DocumentId>,
    tasks: VecDeque<Task>,
    /// Which documents were read for which namespace.
    done: HashSet<(DocumentId, Arc<str>)>,
    /// Which documents were taken apart at least once.
    seen: HashSet<DocumentId>,
    bytes_left: usize,
    nodes_left: usize,
    reads_left: usize,
}

/// A document to be read, and why.
struct Task {
    document: DocumentId,
    reason: Reason,
}

/// Why a document is read.
#[derive(Clone)]
struct Reason {
    /// How it is referred to; none for the first one.
    kind: Option<LinkKind>,
    /// The namespace that the reference names.
    namespace: Arc<str>,
    at: Source,
}

impl<'a> Loader<'a> {
    pub(crate) fn new(from: &'a dyn Documents, limits: &'a Limits) -> Self {
        Self {
            from,
            limits,
            report: Report::new(limits.steps),
            documents: Vec::new(),
            parts: Parts::default(),
            schemas: Builder::default(),
            asked: HashMap::new(),
            by_location: HashMap::new(),
            tasks: VecDeque::new(),
            done: HashSet::new(),
            seen: HashSet::new(),
            bytes_left: limits.total_bytes,
            nodes_left: limits.total_nodes,
            reads_left: limits.documents,
        }
    }

    /// Reads a document and everything that it leads to; gives what the first one is.
    pub(crate) fn run(&mut self, root: &Location) -> Option<DocumentKind> {
        let at = Source { document: Some(DocumentId(0)), line: 0, column: 0 };
        let found = match self.from.fetch(root) {
            Ok(found) => found,
            Err(refusal) => {
                self.add(root.clone(), Bytes::new());
                let (code, help) = advice(&refusal);
                let message = format!("The WSDL is not given: {refusal}");
                self.report.error(code, at, message, help);
                return None;
            }
        };
        let document = self.add(found.location, found.bytes);
        let reason = Reason { kind: None, namespace: "".into(), at };
        self.tasks.push_back(Task { document, reason });
        while let Some(task) = self.tasks.pop_front() {
            self.work(&task);
        }
        self.documents.first().map(|document| document.kind)
    }

    fn add(&mut self, location: Location, bytes: Bytes) -> DocumentId {
        let id = DocumentId::new(self.documents.len());
        self.by_location.insert(location.clone(), id);
        self.documents.push(Document {
            location,
            bytes,
            kind: DocumentKind::Other,
            target_namespace: "".into(),
            links: Vec::new(),
        });
        id
    }

    fn work(&mut self, task: &Task) {
        let Task { document, reason } = task;
        if self.seen.contains(document) && self.is_done(*document, reason) {
            return;
        }
        if self.reads_left == 0 {
            return;
        }
        self.reads_left -= 1;
        if self.reads_left == 0 {
            let message = format!("More than {} documents are to be read", self.limits.documents);
            let help = "Merge documents, or remove imports.";
            self.report.error(codes::WSDL_TOO_MANY, reason.at, message, help);
            return;
        }
        let Some(parsed) = self.parse(*document, reason) else {
            self.seen.insert(*document);
            return;
        };
        let Parsed { tree, lines_before } = parsed;
        if let Some(root) = tree.root() {
            self.take(*document, reason, &tree, root, lines_before);
        }
    }

    /// Whether a document that was seen needs not be read again for this reason.
    fn is_done(&self, id: DocumentId, reason: &Reason) -> bool {
        let Some(document) = self.documents.get(id.index()) else { return true };
        match document.kind {
            DocumentKind::Schema => {
                self.done.contains(&(id, effective(&document.target_namespace, reason)))
            }
            DocumentKind::Wsdl1 | DocumentKind::Wsdl2 | DocumentKind::Other => true,
        }
    }

    fn parse(&mut self, id: DocumentId, reason: &Reason) -> Option<Parsed> {
        let bytes = self.documents.get(id.index())?.bytes.clone();
        let whole = Source { document: Some(id), line: 0, column: 0 };
        if bytes.len() > self.bytes_left {
            self.bytes_left = 0;
            let most = self.limits.total_bytes;
            let message = format!("All documents together have more than {most} bytes");
            self.report.error(codes::WSDL_TOO_MUCH, whole, message, "Remove what is not needed.");
            return None;
        }
        self.bytes_left -= bytes.len();
        // What is built in takes the place of a schema that cannot be read.
        let has_known = known::is_known(&reason.namespace);
        let parsed = parse::parse(&bytes, id, self.limits, has_known, &mut self.report)?;
        if parsed.tree.len() > self.nodes_left {
            self.nodes_left = 0;
            let most = self.limits.total_nodes;
            let message = format!("All documents together have more than {most} nodes");
            let help = "Remove what is not needed.";
            self.report.error(codes::WSDL_TOO_COMPLEX, whole, message, help);
            return None;
        }
        self.nodes_left -= parsed.tree.len();
        Some(parsed)
    }

    /// Reads a document as what it is.
    fn take(&mut self, id: DocumentId, reason: &Reason, tree: &Tree, root: NodeId, before: u32) {
        let markup = Markup { tree, document: Some(id), lines_before: before };
        let kind = parse::kind(markup, root);
        let own = schema::target_namespace(markup, root).unwrap_or_else(|| "".into());
        let is_first = self.seen.insert(id);
        if is_first && let Some(document) = self.documents.get_mut(id.index()) {
            document.kind = kind;
            document.target_namespace = own.clone();
        }
        if kind == DocumentKind::Other {
            return parse::report_other(markup, root, reason.kind.is_some(), &mut self.report);
        }
        self.check_reason(kind, &own, reason);
        let target = match kind {
            DocumentKind::Schema => effective(&own, reason),
            _ => own,
        };
        if !self.done.insert((id, target.clone())) {
            return;
        }
        let (report, schemas) = (&mut self.report, &mut self.schemas);
        let links = match kind {
            DocumentKind::Schema => schema::read(markup, root, &target, schemas, report),
            DocumentKind::Wsdl2 => version2::read(markup, root, &mut self.parts, schemas, report),
            _ => definitions::read(markup, root, &mut self.parts, schemas, report),
        };
        self.follow(id, links, is_first);
    }

    /// Reports a reference that does not fit what it leads to.
    fn check_reason(&mut self, kind: DocumentKind, own: &Arc<str>, reason: &Reason) {
        let Some(how) = reason.kind else { return };
        let is_schema = kind == DocumentKind::Schema;
        let wants_schema = !matches!(how, LinkKind::WsdlImport | LinkKind::WsdlInclude);
        if is_schema != wants_schema {
            let what = if is_schema { "a schema" } else { "a WSDL" };
            let message = format!("The import leads to {what}, which is read as such");
            let help = "Import schemas by `xsd:import` inside of `types`, WSDLs by `wsdl:import`.";
            return self.report.warning(codes::WSDL_IMPORT_KIND, reason.at, message, help);
        }
        let is_include = matches!(
            how,
            LinkKind::SchemaInclude | LinkKind::SchemaRedefine | LinkKind::WsdlInclude
        );
        if *own == reason.namespace || (is_include && own.is_empty()) {
            return;
        }
        let (code, help) = (codes::WSDL_IMPORT_NAMESPACE, "Make the two namespaces agree.");
        let message =
            format!("It names the namespace {:?}, and leads to {own:?}", &*reason.namespace);
        if is_include {
            self.report.error(code, reason.at, message, "Import it instead of including it.");
        } else {
            self.report.warning(code, reason.at, message, help);
        }
    }

    /// Asks for what a document refers to, and keeps its links.
    fn follow(&mut self, id: DocumentId, mut links: Vec<Link>, is_first: bool) {
        let Some(base) = self.documents.get(id.index()).map(|one| one.location.clone()) else {
            return;
        };
        for link in &mut links {
            link.target = self.ask(&base, link);
            if let Some(document) = link.target {
                let (kind, namespace) = (Some(link.kind), link.namespace.clone());
                let reason = Reason { kind, namespace, at: link.source };
                self.tasks.push_back(Task { document, reason });
            }
        }
        if let Some(document) = self.documents.get_mut(id.index()).filter(|_| is_first) {
            document.links = links;
        }
    }

    /// The document that a link leads to, fetched where it is not there yet.
    fn ask(&mut self, base: &Location, link: &Link) -> Option<DocumentId> {
        let written = link.location.as_deref()?;
        let location = match base.join(written) {
            Ok(location) => location,
            Err(error) => {
                let forbidden = error.is_forbidden();
                let code = if forbidden { codes::WSDL_FORBIDDEN } else { codes::WSDL_LOCATION };
                let help = "Put the document beside the WSDL, and refer to it by a relative path.";
                self.unread(code, link, format!("Nothing is read: {error}"), help);
                return None;
            }
        };
        if let Some(known) = self.asked.get(&location) {
            return *known;
        }
        let found = self.fetch(base, &location, link);
        self.asked.insert(location, found);
        found
    }

    fn fetch(&mut self, base: &Location, location: &Location, link: &Link) -> Option<DocumentId> {
        let is_known = known::is_known(&link.namespace);
        if is_known && is_elsewhere(base, location) {
            return None;
        }
        if self.documents.len() > self.limits.documents {
            let message = format!("More than {} documents are imported", self.limits.documents);
            let help = "Merge documents, or remove imports.";
            self.report.error(codes::WSDL_TOO_MANY, link.source, message, help);
            return None;
        }
        match self.from.fetch(location) {
            Ok(found) => match self.by_location.get(&found.location) {
                Some(known) => Some(*known),
                None => Some(self.add(found.location, found.bytes)),
            },
            Err(_) if is_known => None,
            Err(refusal) => {
                let (code, help) = advice(&refusal);
                self.unread(code, link, format!("{location} is not given: {refusal}"), help);
                None
            }
        }
    }

    /// Reports a document that cannot be had.
    fn unread(&mut self, code: &'static str, link: &Link, message: String, help: &str) {
        self.schemas.unread.insert(link.namespace.clone());
        self.report.doubtful(code, link.source, message, help.to_owned(), &link.namespace);
    }
}

/// The namespace that a schema is read for.
fn effective(own: &Arc<str>, reason: &Reason) -> Arc<str> {
    let is_included =
        matches!(reason.kind, Some(LinkKind::SchemaInclude | LinkKind::SchemaRedefine));
    if own.is_empty() && is_included { reason.namespace.clone() } else { own.clone() }
}

/// Whether a document is at another place of the web than the one that refers to it.
fn is_elsewhere(base: &Location, location: &Location) -> bool {
    let host = |at: &Location| at.as_url().map(|url| url.host_str().map(str::to_owned));
    location.as_url().is_some() && host(base) != host(location)
}

/// The code of a refusal, and what to do.
fn advice(refusal: &Refusal) -> (&'static str, &'static str) {
    match refusal {
        Refusal::Absent(_) => (codes::WSDL_ABSENT, "Add the document, or mend the location."),
        Refusal::Ambiguous(_) => {
            (codes::WSDL_ABSENT, "Write the name of the file in the case that it has.")
        }
        Refusal::Outside => (
            codes::WSDL_FORBIDDEN,
            "Put the document beside the WSDL, and refer to it by a relative path.",
        ),
        Refusal::Host(_) => {
            (codes::WSDL_FORBIDDEN, "Allow the host, or give all documents in an archive.")
        }
        Refusal::TooLarge => (codes::WSDL_TOO_LARGE, "Split the document."),
        Refusal::Failed(_) => {
            (codes::WSDL_ABSENT, "Try again, or give all documents in an archive.")
        }
    }
}

/// The namespaces of the elements that documents begin with.
pub(crate) const ROOTS: [(&str, &str, DocumentKind); 3] = [
    (WSDL, "definitions", DocumentKind::Wsdl1),
    (WSDL_2, "description", DocumentKind::Wsdl2),
    (XSD, "schema", DocumentKind::Schema),
];

#[cfg(test)]
mod tests;
