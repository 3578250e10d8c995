//! A document with other addresses and other locations of imports, and nothing else changed.
//!
//! The text is edited where these values stand, so comments, prefixes and blanks stay as they
//! were. What comes out is UTF-8, and says so where the document declared something else.

use std::ops::Range;

use xml::read::{ReadError, Spans};
use xml::tree::{NodeId, Tree};

use crate::description::{AddressKind, Description, DocumentKind, LinkKind};
use crate::limits::Limits;
use crate::markup::Markup;
use crate::namespace::{ADDRESSING, ADDRESSING_DRAFT, HTTP, SOAP, SOAP12, WSDL, WSDL_2, XSD};
use crate::parse;
use crate::source::DocumentId;

/// An address of a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddressSite<'a> {
    /// The local name of the service.
    pub service: &'a str,
    /// The name of the port.
    pub port: &'a str,
    /// How the address is written.
    pub kind: AddressKind,
    /// The address.
    pub address: &'a str,
}

/// The location of an import or include.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocationSite<'a> {
    /// Which of them.
    pub kind: LinkKind,
    /// The namespace that it names; empty for none.
    pub namespace: &'a str,
    /// The location as it is written.
    pub location: &'a str,
}

/// What is written in the place of addresses and locations; nothing leaves them as they are.
#[allow(missing_debug_implementations, reason = "it holds nothing but functions")]
pub struct Rewrite<'a> {
    /// For the address of a port.
    pub address: &'a mut dyn FnMut(&AddressSite<'_>) -> Option<String>,
    /// For the location of an import or include.
    pub location: &'a mut dyn FnMut(&LocationSite<'_>) -> Option<String>,
}

/// Rewrites a WSDL or a schema; any other document comes back as it is, in UTF-8.
///
/// # Errors
///
/// That the document cannot be read, which one that was read before never is.
pub fn rewrite(
    bytes: &[u8],
    limits: &Limits,
    rewrite: &mut Rewrite<'_>,
) -> Result<String, ReadError> {
    let text = parse::text(bytes, limits)?.text;
    // Spans are counted from behind a byte order mark.
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(&text);
    let (tree, spans) = xml::read::read_spans(text, &limits.of_document())?;
    let mut editor = Editor {
        markup: Markup { tree: &tree, document: None, lines_before: 0 },
        tree: &tree,
        spans: &spans,
        rewrite,
        edits: Vec::new(),
    };
    editor.edits.extend(encoding(text).map(|span| (span, "UTF-8".to_owned())));
    if let Some(root) = tree.root() {
        editor.document(root);
    }
    Ok(apply(text, editor.edits))
}

impl Description {
    /// Rewrites one of its documents: the addresses of ports, and the documents that are referred
    /// to. `None` where there is no such document.
    ///
    /// # Errors
    ///
    /// That the document cannot be read.
    pub fn rewrite(
        &self,
        id: DocumentId,
        limits: &Limits,
        address: &mut dyn FnMut(&AddressSite<'_>) -> Option<String>,
        document: &mut dyn FnMut(DocumentId) -> Option<String>,
    ) -> Option<Result<String, ReadError>> {
        let links = self.links_of(id);
        let mut location = |site: &LocationSite<'_>| {
            links.get(&(site.kind, site.location)).and_then(|target| document(*target))
        };
        let bytes = &self.document(id)?.bytes;
        Some(rewrite(bytes, limits, &mut Rewrite { address, location: &mut location }))
    }
}

struct Editor<'a, 'r> {
    markup: Markup<'a>,
    tree: &'a Tree,
    spans: &'a Spans,
    rewrite: &'a mut Rewrite<'r>,
    edits: Vec<(Range<usize>, String)>,
}

impl Editor<'_, '_> {
    fn document(&mut self, root: NodeId) {
        match parse::kind(self.markup, root) {
            DocumentKind::Wsdl1 => self.wsdl(root, WSDL, "port"),
            DocumentKind::Wsdl2 => self.wsdl(root, WSDL_2, "endpoint"),
            DocumentKind::Schema => self.schema(root),
            DocumentKind::Other => {}
        }
    }

    fn wsdl(&mut self, root: NodeId, namespace: &str, port: &str) {
        for child in self.markup.elements(root) {
            if self.markup.namespace(child) != namespace {
                continue;
            }
            match self.markup.local(child) {
                "import" => self.location(child, LinkKind::WsdlImport, "location"),
                "include" => self.location(child, LinkKind::WsdlInclude, "location"),
                "types" => self.types(child),
                "service" => {
                    let service = self.markup.trimmed(child, "name").unwrap_or_default();
                    for port in self.markup.named(child, namespace, port) {
                        self.port(port, service);
                    }
                }
                _ => {}
            }
        }
    }

    fn types(&mut self, node: NodeId) {
        for child in self.markup.elements(node) {
            if self.markup.is(child, XSD, "schema") {
                self.schema(child);
            } else if self.markup.is(child, XSD, "import") {
                self.location(child, LinkKind::SchemaImport, "schemaLocation");
            }
        }
    }

    fn schema(&mut self, node: NodeId) {
        for (local, kind) in [
            ("import", LinkKind::SchemaImport),
            ("include", LinkKind::SchemaInclude),
            ("redefine", LinkKind::SchemaRedefine),
        ] {
            for child in self.markup.named(node, XSD, local) {
                self.location(child, kind, "schemaLocation");
            }
        }
    }

    fn location(&mut self, node: NodeId, kind: LinkKind, attribute: &str) {
        let Some(location) = self.markup.trimmed(node, attribute) else { return };
        let namespace = self.markup.trimmed(node, "namespace").unwrap_or_default();
        let site = LocationSite { kind, namespace, location };
        if let Some(new) = (self.rewrite.location)(&site) {
            self.set_attribute(node, attribute, &new);
        }
    }

    fn port(&mut self, node: NodeId, service: &str) {
        let port = self.markup.trimmed(node, "name").unwrap_or_default();
        if self.markup.namespace(node) == WSDL_2 {
            self.address(node, "address", (service, port, AddressKind::Endpoint));
        }
        for child in self.markup.elements(node) {
            let kind = match (self.markup.namespace(child), self.markup.local(child)) {
                (SOAP, "address") => AddressKind::Soap11,
                (SOAP12, "address") => AddressKind::Soap12,
                (HTTP, "address") => AddressKind::Http,
                (ADDRESSING | ADDRESSING_DRAFT, "EndpointReference") => {
                    self.reference(child, service, port);
                    continue;
                }
                _ => continue,
            };
            self.address(child, "location", (service, port, kind));
        }
    }

    fn address(&mut self, node: NodeId, attribute: &str, of: (&str, &str, AddressKind)) {
        let Some(address) = self.markup.trimmed(node, attribute) else { return };
        let (service, port, kind) = of;
        let new = (self.rewrite.address)(&AddressSite { service, port, kind, address });
        if let Some(new) = new {
            self.set_attribute(node, attribute, &new);
        }
    }

    /// The address in an endpoint reference of WS-Addressing, which is a text.
    fn reference(&mut self, node: NodeId, service: &str, port: &str) {
        let is_address = |child: &NodeId| {
            self.markup.local(*child) == "Address"
                && [ADDRESSING, ADDRESSING_DRAFT].contains(&self.markup.namespace(*child))
        };
        let Some(element) = self.markup.elements(node).find(is_address) else { return };
        let Some(span) = self.spans.content(element) else { return };
        let text = self.tree.text(element);
        let (kind, address) = (AddressKind::Reference, text.trim());
        let new = (self.rewrite.address)(&AddressSite { service, port, kind, address });
        if let Some(new) = new {
            self.edits.push((span, xml::escape::text(&new).into_owned()));
        }
    }

    fn set_attribute(&mut self, node: NodeId, local: &str, value: &str) {
        let tree = self.tree;
        let is_it = |one: &NodeId| tree.name(*one).is_some_and(|name| name.is("", local));
        let span = tree.attributes(node).find(is_it).and_then(|one| self.spans.value(one));
        if let Some(span) = span {
            self.edits.push((span, xml::escape::text(value).into_owned()));
        }
    }
}

/// Where a declaration names an encoding that is not UTF-8.
fn encoding(text: &str) -> Option<Range<usize>> {
    let declaration = text.strip_prefix("<?xml")?.split_once("?>")?.0;
    let at = declaration.find("encoding")?;
    let behind = declaration.get(at..)?;
    let quote = behind.find(['"', '\''])?;
    let mark = behind.get(quote..)?.chars().next()?;
    let value = behind.get(quote + 1..)?.split_once(mark)?.0;
    let start = "<?xml".len() + at + quote + 1;
    (!value.eq_ignore_ascii_case("utf-8")).then(|| start..start + value.len())
}

/// The text with edits that do not overlap.
fn apply(text: &str, mut edits: Vec<(Range<usize>, String)>) -> String {
    edits.sort_by_key(|(span, _)| span.start);
    let mut written = String::with_capacity(text.len() + 256);
    let mut at = 0;
    for (span, new) in edits {
        written.push_str(text.get(at..span.start).unwrap_or_default());
        written.push_str(&new);
        at = span.end;
    }
    written.push_str(text.get(at..).unwrap_or_default());
    written
}

#[cfg(test)]
mod tests;
