//! Services and ports.

use std::collections::HashSet;

use model::codes;
use xml::name::Name;
use xml::tree::NodeId;

use super::{Reader, report_twice};
use crate::description::{Address, AddressKind, Port, Service};
use crate::markup::Markup;
use crate::namespace::{ADDRESSING, ADDRESSING_DRAFT, HTTP, SOAP, SOAP12, WSDL};
use crate::report::Report;
use crate::source::Source;

impl Reader<'_> {
    pub(super) fn service(&mut self, node: NodeId) {
        let Some(name) = self.name(node) else { return };
        let mut service = Service {
            name,
            ports: Vec::new(),
            documentation: self.markup.documentation(node),
            extensions: Vec::new(),
            source: self.markup.source(node),
        };
        let mut names = HashSet::new();
        for child in self.markup.elements(node) {
            match (self.markup.namespace(child), self.markup.local(child)) {
                (WSDL, "port") => {
                    let Some(port) = self.port(child) else { continue };
                    if names.insert(port.name.clone()) {
                        service.ports.push(port);
                    } else {
                        let name = Name::local(&port.name);
                        report_twice("port", &name, port.source, self.report);
                    }
                }
                (WSDL, "documentation") => {}
                (WSDL, _) => self.unknown(child),
                _ => service.extensions.push(self.extension(child)),
            }
        }
        self.parts.add_service(service, self.report);
    }

    fn port(&mut self, node: NodeId) -> Option<Port> {
        let Some(name) = self.markup.trimmed(node, "name").map(str::to_owned) else {
            self.lacks(node, "name");
            return None;
        };
        let binding = self.refer(node, "binding", |parts| &mut parts.bindings)?;
        let (mut addresses, mut extensions) = (Vec::new(), Vec::new());
        for child in self.markup.elements(node) {
            match (self.markup.namespace(child), self.markup.local(child)) {
                (SOAP | SOAP12 | HTTP, "address") => addresses.extend(self.address(child)),
                (ADDRESSING | ADDRESSING_DRAFT, "EndpointReference") => {
                    addresses.extend(reference_address(self.markup, child));
                }
                (WSDL, "documentation") => {}
                (WSDL, _) => self.unknown(child),
                _ => extensions.push(self.extension(child)),
            }
        }
        let source = self.markup.source(node);
        check_addresses(&name, &addresses, source, self.report);
        let documentation = self.markup.documentation(node);
        Some(Port { name, binding, addresses, documentation, extensions, source })
    }

    fn address(&mut self, node: NodeId) -> Option<Address> {
        let Some(location) = self.markup.trimmed(node, "location") else {
            self.lacks(node, "location");
            return None;
        };
        let kind = match self.markup.namespace(node) {
            SOAP => AddressKind::Soap11,
            SOAP12 => AddressKind::Soap12,
            _ => AddressKind::Http,
        };
        Some(Address { location: location.to_owned(), kind, source: self.markup.source(node) })
    }
}

/// The address in an endpoint reference of WS-Addressing.
pub(crate) fn reference_address(markup: Markup<'_>, node: NodeId) -> Option<Address> {
    let address = markup.elements(node).find(|child| {
        markup.local(*child) == "Address"
            && [ADDRESSING, ADDRESSING_DRAFT].contains(&markup.namespace(*child))
    })?;
    let location = markup.tree.text(address).trim().to_owned();
    Some(Address { location, kind: AddressKind::Reference, source: markup.source(address) })
}

/// Reports a port that nobody can reach.
pub(crate) fn check_addresses(name: &str, addresses: &[Address], at: Source, report: &mut Report) {
    let help = "Write the address of the service, or give it where the endpoint is configured.";
    let Some(address) = addresses.iter().find(|address| !address.location.is_empty()) else {
        let message = format!("The port `{name}` has no address");
        return report.warning(codes::WSDL_PORT_ADDRESS, at, message, help);
    };
    let url = url::Url::parse(&address.location);
    if !url.is_ok_and(|url| url.has_host()) {
        let shown: String = address.location.chars().take(120).collect();
        let message = format!("The address of the port `{name}` is no URL: {shown:?}");
        report.warning(codes::WSDL_PORT_ADDRESS, address.source, message, help);
    }
}
