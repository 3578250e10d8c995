//! WSDL 2.0: one `description` to the same data as WSDL 1.1.
//!
//! It is read as far as listing services, endpoints and operations needs, with the elements that
//! messages consist of. What an operation takes becomes a message of one part.
//!
//! Deliberately absent: features and properties, fault codes, and the styles that HTTP adds.

mod interface;

use std::sync::Arc;

use model::codes;
use xml::name::Name;
use xml::tree::NodeId;

use crate::arena::{Arena, Component, Id};
use crate::definitions::{
    MessageDraft, OperationDraft, Parts, awaited, extension, report_twice, types,
};
use crate::description::{
    Address, AddressKind, Binding, BindingFault, BindingKind, BindingOperation, Encoding,
    Extension, Link, LinkKind, Port, Service, Shape, SoapVersion, Style,
};
use crate::markup::Markup;
use crate::namespace::{ADDRESSING, ADDRESSING_DRAFT, HTTP_2, SOAP_2, WSDL_2};
use crate::report::Report;
use crate::schema::builder::Builder;
use crate::schema::read as schema;

/// The protocol below SOAP where none is written.
const PROTOCOL: &str = "http://www.w3.org/2003/05/soap/bindings/HTTP/";

/// Reads one document.
struct Reader<'a> {
    markup: Markup<'a>,
    target: Arc<str>,
    parts: &'a mut Parts,
    schemas: &'a mut Builder,
    report: &'a mut Report,
    links: Vec<Link>,
}

/// Reads a WSDL 2.0 and gives what it imports and includes.
pub(crate) fn read(
    markup: Markup<'_>,
    root: NodeId,
    parts: &mut Parts,
    schemas: &mut Builder,
    report: &mut Report,
) -> Vec<Link> {
    let target = schema::target_namespace(markup, root).unwrap_or_else(|| "".into());
    let mut reader = Reader { markup, target, parts, schemas, report, links: Vec::new() };
    reader.description(root);
    reader.links
}

/// Gives bindings for any interface the one of the service that uses them.
pub(crate) fn assign_interfaces(parts: &mut Parts) {
    for (binding, interface) in std::mem::take(&mut parts.interfaces) {
        parts.bindings.get_mut(binding).port_type.get_or_insert(interface);
    }
}

impl Reader<'_> {
    fn description(&mut self, root: NodeId) {
        self.parts.begin(self.markup, root, &self.target);
        for child in self.markup.elements(root) {
            if self.markup.namespace(child) != WSDL_2 {
                let extension = extension(self.markup, child, self.report);
                self.parts.extensions.push(extension);
                continue;
            }
            match self.markup.local(child) {
                "import" => self.link(child, LinkKind::WsdlImport),
                "include" => self.link(child, LinkKind::WsdlInclude),
                "types" => {
                    let (links, extensions) = types(self.markup, child, self.schemas, self.report);
                    self.links.extend(links);
                    self.parts.extensions.extend(extensions);
                }
                "interface" => self.interface(child),
                "binding" => self.binding(child),
                "service" => self.service(child),
                "documentation" => {}
                _ => self.unknown(child),
            }
        }
    }

    fn link(&mut self, node: NodeId, kind: LinkKind) {
        let location = self.markup.trimmed(node, "location");
        if location.is_none() && kind == LinkKind::WsdlInclude {
            self.lacks(node, "location");
        }
        let namespace = match kind {
            LinkKind::WsdlInclude => self.target.clone(),
            _ => self.markup.trimmed(node, "namespace").unwrap_or_default().into(),
        };
        let source = self.markup.source(node);
        let location = location.map(Into::into);
        self.links.push(Link { kind, namespace, location, target: None, source });
    }

    fn binding(&mut self, node: NodeId) {
        let Some(name) = self.name(node) else { return };
        let named = self.markup.attribute(node, "interface").is_some();
        let port_type =
            named.then(|| self.refer(node, "interface", |parts| &mut parts.port_types)).flatten();
        let (mut drafts, mut extensions) = (Vec::new(), Vec::new());
        for child in self.markup.elements(node) {
            match (self.markup.namespace(child), self.markup.local(child)) {
                (WSDL_2, "operation") => drafts.extend(self.bound_operation(child)),
                (WSDL_2, "fault" | "documentation") => {}
                (WSDL_2, _) => self.unknown(child),
                _ => extensions.push(self.extension(child)),
            }
        }
        let binding = Binding {
            name: name.clone(),
            port_type,
            kind: self.binding_kind(node),
            operations: Vec::new(),
            documentation: self.markup.documentation(node),
            extensions,
            is_missing: false,
            source: self.markup.source(node),
        };
        let source = binding.source;
        match self.parts.bindings.define(&name, binding) {
            Ok(id) => self.parts.drafts.push((id, drafts)),
            Err(_) => report_twice("binding", &name, source, self.report),
        }
    }

    fn binding_kind(&mut self, node: NodeId) -> BindingKind {
        let tree = self.markup.tree;
        let attribute = |namespace, local| tree.attribute(node, namespace, local).map(str::trim);
        match self.markup.trimmed(node, "type") {
            Some(SOAP_2) => {
                let version = match attribute(SOAP_2, "version") {
                    Some("1.1") => SoapVersion::V11,
                    None | Some("1.2") => SoapVersion::V12,
                    Some(other) => {
                        self.wrong(node, "wsoap:version", other, "Write 1.1 or 1.2.");
                        SoapVersion::V12
                    }
                };
                let transport = attribute(SOAP_2, "protocol").unwrap_or(PROTOCOL).to_owned();
                BindingKind::Soap { version, style: Style::Document, transport }
            }
            Some(HTTP_2) => {
                let method = attribute(HTTP_2, "methodDefault").unwrap_or_default();
                BindingKind::Http { method: method.to_owned() }
            }
            Some(other) => {
                let message = format!("The protocol {other:?} of a binding is not known");
                let help = format!("Use `{SOAP_2}` or `{HTTP_2}`.");
                let at = self.markup.source(node);
                self.report.warning(codes::WSDL_PROTOCOL, at, message, help);
                BindingKind::Other
            }
            None => {
                self.lacks(node, "type");
                BindingKind::Other
            }
        }
    }

    fn bound_operation(&mut self, node: NodeId) -> Option<OperationDraft> {
        if self.markup.attribute(node, "ref").is_none() {
            self.lacks(node, "ref");
        }
        let reference = self.markup.reference(node, "ref", self.report)?;
        let tree = self.markup.tree;
        let attribute = |namespace, local| {
            tree.attribute(node, namespace, local).map(|value| value.trim().to_owned())
        };
        let mut draft = draft(&reference.name.local);
        draft.bound.soap_action = attribute(SOAP_2, "action");
        draft.bound.location = attribute(HTTP_2, "location");
        draft.bound.method = attribute(HTTP_2, "method");
        draft.bound.documentation = self.markup.documentation(node);
        draft.bound.source = self.markup.source(node);
        for child in self.markup.elements(node) {
            match (self.markup.namespace(child), self.markup.local(child)) {
                (WSDL_2, "outfault") => draft.bound.faults.extend(self.bound_fault(child)),
                (WSDL_2, "input" | "output" | "infault" | "documentation") => {}
                (WSDL_2, _) => self.unknown(child),
                _ => draft.bound.extensions.push(self.extension(child)),
            }
        }
        Some(draft)
    }

    fn bound_fault(&mut self, node: NodeId) -> Option<BindingFault> {
        let reference = self.markup.reference(node, "ref", self.report)?;
        let name = (*reference.name.local).to_owned();
        let source = self.markup.source(node);
        Some(BindingFault { name, fault: None, encoding: Encoding::literal(), source })
    }

    fn service(&mut self, node: NodeId) {
        let Some(name) = self.name(node) else { return };
        let interface = self.refer(node, "interface", |parts| &mut parts.port_types);
        let mut service = Service {
            name,
            ports: Vec::new(),
            documentation: self.markup.documentation(node),
            extensions: Vec::new(),
            source: self.markup.source(node),
        };
        for child in self.markup.elements(node) {
            match (self.markup.namespace(child), self.markup.local(child)) {
                (WSDL_2, "endpoint") => {
                    let Some(port) = self.endpoint(child) else { continue };
                    let interface = interface.map(|interface| (port.binding, interface));
                    self.parts.interfaces.extend(interface);
                    service.ports.push(port);
                }
                (WSDL_2, "documentation") => {}
                (WSDL_2, _) => self.unknown(child),
                _ => service.extensions.push(self.extension(child)),
            }
        }
        self.parts.add_service(service, self.report);
    }

    fn endpoint(&mut self, node: NodeId) -> Option<Port> {
        let Some(name) = self.markup.trimmed(node, "name").map(str::to_owned) else {
            self.lacks(node, "name");
            return None;
        };
        let binding = self.refer(node, "binding", |parts| &mut parts.bindings)?;
        let source = self.markup.source(node);
        let (kind, mut extensions) = (AddressKind::Endpoint, Vec::new());
        let written = self.markup.trimmed(node, "address").map(str::to_owned);
        let mut addresses: Vec<_> =
            written.into_iter().map(|location| Address { location, kind, source }).collect();
        for child in self.markup.elements(node) {
            match (self.markup.namespace(child), self.markup.local(child)) {
                (ADDRESSING | ADDRESSING_DRAFT, "EndpointReference") => {
                    let reference = crate::definitions::reference_address(self.markup, child);
                    addresses.extend(reference);
                }
                (WSDL_2, "documentation") => {}
                (WSDL_2, _) => self.unknown(child),
                _ => extensions.push(self.extension(child)),
            }
        }
        crate::definitions::check_addresses(&name, &addresses, source, self.report);
        let documentation = self.markup.documentation(node);
        Some(Port { name, binding, addresses, documentation, extensions, source })
    }

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

    fn name(&mut self, node: NodeId) -> Option<Name> {
        let Some(local) = self.markup.trimmed(node, "name").filter(|name| !name.is_empty()) else {
            self.lacks(node, "name");
            return None;
        };
        Some(Name { namespace: self.target.clone(), local: local.into(), prefix: "".into() })
    }

    fn extension(&mut self, node: NodeId) -> Extension {
        extension(self.markup, node, self.report)
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

/// What a binding says of an operation that it does not mention.
pub(crate) fn draft(name: &str) -> OperationDraft {
    let bound = BindingOperation {
        name: name.to_owned(),
        port_type: Id::new(0),
        operation: 0,
        soap_action: None,
        is_action_required: None,
        style: Style::Document,
        shape: Shape::Bare,
        location: None,
        method: None,
        input: None,
        output: None,
        faults: Vec::new(),
        documentation: None,
        extensions: Vec::new(),
        source: crate::source::Source::BUILT_IN,
    };
    OperationDraft {
        bound,
        input: Some(MessageDraft::default()),
        output: Some(MessageDraft::default()),
    }
}

#[cfg(test)]
mod tests;
