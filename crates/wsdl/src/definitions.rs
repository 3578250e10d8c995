//! WSDL 1.1: one `definitions` to messages, interfaces, bindings and services.
//!
//! What a binding says of an operation can be understood only when its interface is read, which may
//! be in a document to come. Until then it is kept as a [`OperationDraft`].

mod binding;
mod content;
pub(crate) mod finish;
mod port_type;
mod service;

pub(crate) use service::{check_addresses, reference_address};

use std::collections::HashSet;
use std::sync::Arc;

use model::codes;
use xml::name::Name;
use xml::tree::NodeId;

use crate::arena::{Arena, Awaited, Component, Id};
use crate::description::{
    Binding, BindingId, BindingMessage, BindingOperation, Extension, Link, LinkKind, Message, Part,
    PartContent, PortType, Service,
};
use crate::markup::{Markup, Reference};
use crate::namespace::{WSDL, XSD, XSD_DRAFTS};
use crate::report::Report;
use crate::schema::builder::{Builder, Kind};
use crate::schema::{any_type, read as schema};
use crate::source::Source;

/// What was read of all WSDLs so far.
#[derive(Debug, Default)]
pub(crate) struct Parts {
    pub(crate) name: Option<String>,
    pub(crate) target_namespace: Option<Arc<str>>,
    pub(crate) documentation: Option<Arc<str>>,
    pub(crate) messages: Arena<Message>,
    pub(crate) port_types: Arena<PortType>,
    pub(crate) bindings: Arena<Binding>,
    pub(crate) services: Vec<Service>,
    pub(crate) extensions: Vec<Extension>,
    pub(crate) drafts: Vec<(BindingId, Vec<OperationDraft>)>,
    /// Interfaces that services of WSDL 2.0 name, for bindings that name none.
    pub(crate) interfaces: Vec<(BindingId, crate::description::PortTypeId)>,
    service_names: HashSet<Name>,
}

/// What a binding says of an operation.
#[derive(Debug)]
pub(crate) struct OperationDraft {
    pub(crate) bound: BindingOperation,
    pub(crate) input: Option<MessageDraft>,
    pub(crate) output: Option<MessageDraft>,
}

/// What a binding says of a message.
#[derive(Debug, Default)]
pub(crate) struct MessageDraft {
    /// The name of the role, which tells overloaded operations apart.
    pub(crate) name: Option<String>,
    pub(crate) bound: BindingMessage,
    /// The parts that the body names; none for all.
    pub(crate) parts: Option<Vec<String>>,
}

/// Reads one document.
struct Reader<'a> {
    markup: Markup<'a>,
    target: Arc<str>,
    parts: &'a mut Parts,
    schemas: &'a mut Builder,
    report: &'a mut Report,
    links: Vec<Link>,
}

/// Reads a WSDL 1.1 and gives what it imports.
pub(crate) fn read(
    markup: Markup<'_>,
    root: NodeId,
    parts: &mut Parts,
    schemas: &mut Builder,
    report: &mut Report,
) -> Vec<Link> {
    let target = schema::target_namespace(markup, root).unwrap_or_else(|| "".into());
    let mut reader = Reader { markup, target, parts, schemas, report, links: Vec::new() };
    reader.definitions(root);
    reader.links
}

impl Parts {
    /// Takes the name and the documentation of the first WSDL.
    pub(crate) fn begin(&mut self, markup: Markup<'_>, root: NodeId, target: &Arc<str>) {
        if self.target_namespace.is_none() {
            self.target_namespace = Some(target.clone());
            self.name = markup.trimmed(root, "name").map(str::to_owned);
            self.documentation = markup.documentation(root);
        }
    }

    /// Adds a service, unless there is one of its name.
    pub(crate) fn add_service(&mut self, service: Service, report: &mut Report) {
        if self.service_names.insert(service.name.clone()) {
            self.services.push(service);
        } else {
            report_twice("service", &service.name, service.source, report);
        }
    }
}

/// Reports a second component of a name.
pub(crate) fn report_twice(word: &str, name: &Name, at: Source, report: &mut Report) {
    let message = format!("There is another {word} `{}`; this one does not count", name.local);
    report.warning(codes::WSDL_DUPLICATE, at, message, "Rename or delete one of them.");
}

impl Reader<'_> {
    fn definitions(&mut self, root: NodeId) {
        self.parts.begin(self.markup, root, &self.target);
        for child in self.markup.elements(root) {
            if self.markup.namespace(child) != WSDL {
                let extension = self.extension(child);
                self.parts.extensions.push(extension);
                continue;
            }
            match self.markup.local(child) {
                "import" => self.import(child),
                "types" => self.types(child),
                "message" => self.message(child),
                "portType" => self.port_type(child),
                "binding" => self.binding(child),
                "service" => self.service(child),
                "documentation" => {}
                _ => self.unknown(child),
            }
        }
    }

    fn import(&mut self, node: NodeId) {
        let Some(location) = self.markup.trimmed(node, "location") else {
            return self.lacks(node, "location");
        };
        let namespace = self.markup.trimmed(node, "namespace").unwrap_or_default();
        self.links.push(Link {
            kind: LinkKind::WsdlImport,
            namespace: namespace.into(),
            location: Some(location.into()),
            target: None,
            source: self.markup.source(node),
        });
    }

    fn types(&mut self, node: NodeId) {
        let (links, extensions) = types(self.markup, node, self.schemas, self.report);
        self.links.extend(links);
        self.parts.extensions.extend(extensions);
    }

    fn message(&mut self, node: NodeId) {
        let Some(name) = self.name(node) else { return };
        let mut message = Message {
            name: name.clone(),
            parts: Vec::new(),
            documentation: self.markup.documentation(node),
            is_missing: false,
            source: self.markup.source(node),
        };
        let mut names = HashSet::new();
        for child in self.markup.elements(node) {
            match self.markup.local(child) {
                "part" if self.markup.namespace(child) == WSDL => {
                    let Some(part) = self.part(child) else { continue };
                    if names.insert(part.name.clone()) {
                        message.parts.push(part);
                    } else {
                        let name = Name::local(&part.name);
                        report_twice("part", &name, part.source, self.report);
                    }
                }
                "documentation" => {}
                _ => self.foreign(child),
            }
        }
        let source = message.source;
        if self.parts.messages.define(&name, message).is_err() {
            report_twice("message", &name, source, self.report);
        }
    }

    fn part(&mut self, node: NodeId) -> Option<Part> {
        let Some(name) = self.markup.trimmed(node, "name") else {
            self.lacks(node, "name");
            return None;
        };
        let has_element = self.markup.attribute(node, "element").is_some();
        let has_type = self.markup.attribute(node, "type").is_some();
        if has_element && has_type {
            let message = format!("The part `{name}` has both `element` and `type`");
            let at = self.markup.source(node);
            let help = "Keep one of them; the element counts.";
            self.report.warning(codes::WSDL_STYLE, at, message, help);
        }
        if !has_element && !has_type {
            self.lacks(node, "element");
        }
        let content = match self.schema_reference(node, "element") {
            Some(element) => PartContent::Element(element),
            None => {
                let named = self.schema_reference(node, "type");
                PartContent::Type(named.unwrap_or_else(any_type))
            }
        };
        let (name, source) = (name.to_owned(), self.markup.source(node));
        let documentation = self.markup.documentation(node);
        Some(Part { name, content, documentation, source })
    }

    /// What an attribute refers to in a schema.
    fn schema_reference<T: Kind>(&mut self, node: NodeId, attribute: &str) -> Option<Id<T>> {
        let reference = self.markup.reference(node, attribute, self.report)?;
        let awaited = awaited(&reference, self.markup.source(node), &self.target);
        Some(T::arena_mut(&mut self.schemas.schemas).refer(&reference.name, awaited))
    }

    /// What an attribute refers to in a WSDL.
    fn refer<T: Component>(
        &mut self,
        node: NodeId,
        attribute: &str,
        arena: fn(&mut Parts) -> &mut Arena<T>,
    ) -> Option<Id<T>> {
        if self.markup.attribute(node, attribute).is_none() {
            self.lacks(node, attribute);
            return None;
        }
        let reference = self.markup.reference(node, attribute, self.report)?;
        let awaited = awaited(&reference, self.markup.source(node), &self.target);
        Some(arena(self.parts).refer(&reference.name, awaited))
    }

    /// A name in the target namespace, out of the attribute `name`.
    fn name(&mut self, node: NodeId) -> Option<Name> {
        let Some(local) = self.markup.trimmed(node, "name").filter(|name| !name.is_empty()) else {
            self.lacks(node, "name");
            return None;
        };
        Some(Name { namespace: self.target.clone(), local: local.into(), prefix: "".into() })
    }

    /// Keeps what another specification has put here; a diagnostic where it must be understood.
    fn extension(&mut self, node: NodeId) -> Extension {
        extension(self.markup, node, self.report)
    }

    /// A child that is neither known nor kept.
    fn foreign(&mut self, node: NodeId) {
        if self.markup.namespace(node) == WSDL {
            self.unknown(node);
        } else {
            let extension = self.extension(node);
            self.parts.extensions.push(extension);
        }
    }

    fn unknown(&mut self, node: NodeId) {
        let message = format!("{} has no place here; it has no effect", self.markup.tag(node));
        let at = self.markup.source(node);
        self.report.warning(codes::WSDL_UNKNOWN, at, message, "Mend its name or its place.");
    }

    fn lacks(&mut self, node: NodeId, attribute: &str) {
        let message = format!("{} has no `{attribute}`", self.markup.tag(node));
        let at = self.markup.source(node);
        self.report.error(codes::WSDL_MISSING, at, message, format!("Add `{attribute}`."));
    }

    /// A value that is not known; the default takes its place.
    fn wrong(&mut self, node: NodeId, attribute: &str, value: &str, help: &str) {
        let value: String = value.chars().take(80).collect();
        let message =
            format!("`{attribute}` of {} is {value:?}; it is ignored", self.markup.tag(node));
        self.report.warning(codes::WSDL_VALUE, self.markup.source(node), message, help);
    }
}

/// What an arena has to know of a reference that comes before the definition.
pub(crate) fn awaited(reference: &Reference, at: Source, target: &Arc<str>) -> Awaited {
    let fallback = reference.is_bare && reference.name.namespace != *target;
    Awaited { at, fallback: fallback.then(|| target.clone()) }
}

/// Reads the schemas in `types` and gives what they import, and what else stands there.
pub(crate) fn types(
    markup: Markup<'_>,
    node: NodeId,
    schemas: &mut Builder,
    report: &mut Report,
) -> (Vec<Link>, Vec<Extension>) {
    let (mut links, mut extensions) = (Vec::new(), Vec::new());
    for child in markup.elements(node) {
        let namespace = markup.namespace(child);
        if markup.is(child, XSD, "schema") {
            let target = schema::target_namespace(markup, child).unwrap_or_else(|| "".into());
            links.extend(schema::read(markup, child, &target, schemas, report));
        } else if XSD_DRAFTS.contains(&namespace) {
            let message = format!("A schema is in the draft {namespace} of XML Schema");
            let help = "Write it in http://www.w3.org/2001/XMLSchema.";
            report.error(codes::SCHEMA_UNSUPPORTED, markup.source(child), message, help);
        } else if markup.is(child, XSD, "import") {
            links.extend(schema_import(markup, child));
        } else if markup.local(child) != "documentation" {
            extensions.push(extension(markup, child, report));
        }
    }
    (links, extensions)
}

/// An import of a schema that stands directly in `types`, as WSDL 2.0 allows.
fn schema_import(markup: Markup<'_>, node: NodeId) -> Option<Link> {
    let location = markup.trimmed(node, "schemaLocation")?;
    Some(Link {
        kind: LinkKind::SchemaImport,
        namespace: markup.trimmed(node, "namespace").unwrap_or_default().into(),
        location: Some(location.into()),
        target: None,
        source: markup.source(node),
    })
}

/// An extension by its name; a diagnostic where it must be understood.
pub(crate) fn extension(markup: Markup<'_>, node: NodeId, report: &mut Report) -> Extension {
    let is_required = markup.is_required(node, report);
    let name = markup.tree.name(node).cloned().unwrap_or_else(|| Name::local(""));
    let source = markup.source(node);
    if is_required && !is_understood(&name) {
        let message = format!("{} is marked as required, and not understood", markup.tag(node));
        let help = "Remove `wsdl:required`, or accept that it has no effect.";
        report.warning(codes::WSDL_REQUIRED, source, message, help);
    }
    Extension { name, is_required, source }
}

/// Extensions that need nothing done: what they ask for is done by the two ends.
fn is_understood(name: &Name) -> bool {
    &*name.local == "UsingAddressing"
        && crate::namespace::ADDRESSING_WSDL.contains(&&*name.namespace)
}

#[cfg(test)]
mod tests;
