//! Services, and where they are.

use std::sync::Arc;

use xml::name::Name;

use super::{BindingId, Extension};
use crate::source::Source;

/// A service: ports that belong together.
#[derive(Clone, Debug)]
pub struct Service {
    /// Its name.
    pub name: Name,
    /// Its ports, in their order.
    pub ports: Vec<Port>,
    /// What is written about it.
    pub documentation: Option<Arc<str>>,
    /// What nothing else holds.
    pub extensions: Vec<Extension>,
    /// Where it stands.
    pub source: Source,
}

/// A port: a binding at an address.
#[derive(Clone, Debug)]
pub struct Port {
    /// Its name.
    pub name: String,
    /// How it is spoken.
    pub binding: BindingId,
    /// Where it is; several where the WSDL names several.
    pub addresses: Vec<Address>,
    /// What is written about it.
    pub documentation: Option<Arc<str>>,
    /// What nothing else holds.
    pub extensions: Vec<Extension>,
    /// Where it stands.
    pub source: Source,
}

/// Where a port is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// As it is written.
    pub location: String,
    /// By which element.
    pub kind: AddressKind,
    /// Where it stands.
    pub source: Source,
}

/// The element that an address is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AddressKind {
    /// `soap:address`
    Soap11,
    /// `soap12:address`
    Soap12,
    /// `http:address`
    Http,
    /// The attribute `address` of an endpoint of WSDL 2.0.
    Endpoint,
    /// The address of an endpoint reference of WS-Addressing.
    Reference,
}

impl Service {
    /// A port, by its name.
    #[must_use]
    pub fn port(&self, name: &str) -> Option<&Port> {
        self.ports.iter().find(|port| port.name == name)
    }
}

impl Port {
    /// The first address that is not empty.
    #[must_use]
    pub fn address(&self) -> Option<&str> {
        let addresses = self.addresses.iter().map(|address| address.location.as_str());
        addresses.into_iter().find(|address| !address.is_empty())
    }
}
