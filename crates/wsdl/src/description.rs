//! What a WSDL says, resolved: services, ports, bindings, interfaces, messages, and schemas.
//!
//! Both versions of WSDL become the same data, in the words of WSDL 1.1: an interface of 2.0 is a
//! port type, an endpoint is a port, and what an operation of 2.0 takes is a message of one part.

mod binding;
mod interface;
mod service;
mod shape;

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use xml::name::Name;

use crate::arena::Arena;
use crate::location::Location;
use crate::schema::Schemas;
use crate::source::{DocumentId, Source};

pub use binding::{
    Binding, BindingFault, BindingId, BindingKind, BindingMessage, BindingOperation, Body, Coding,
    Encoding, Header, MimeContent, MimePart, SoapVersion, Style,
};
pub use interface::{
    Message, MessageId, Operation, OperationFault, OperationMessage, Part, PartContent, Pattern,
    PortType, PortTypeId,
};
pub use service::{Address, AddressKind, Port, Service};
pub use shape::Shape;

/// A WSDL with everything that it imports.
#[derive(Clone, Debug)]
pub struct Description {
    pub(crate) version: Version,
    pub(crate) name: Option<String>,
    pub(crate) target_namespace: Arc<str>,
    pub(crate) documentation: Option<Arc<str>>,
    pub(crate) documents: Vec<Document>,
    pub(crate) schemas: Schemas,
    pub(crate) messages: Arena<Message>,
    pub(crate) port_types: Arena<PortType>,
    pub(crate) bindings: Arena<Binding>,
    pub(crate) services: Vec<Service>,
    pub(crate) extensions: Vec<Extension>,
}

/// Which WSDL it is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// 1.1
    V1,
    /// 2.0
    V2,
}

/// A document that was read, or that could not be.
#[derive(Clone, Debug)]
pub struct Document {
    /// Where it is.
    pub location: Location,
    /// What it holds, byte for byte.
    pub bytes: Bytes,
    /// What it is.
    pub kind: DocumentKind,
    /// The namespace that it defines; empty for none.
    pub target_namespace: Arc<str>,
    /// What it imports and includes, in its order.
    pub links: Vec<Link>,
}

/// What a document is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DocumentKind {
    /// A WSDL 1.1.
    Wsdl1,
    /// A WSDL 2.0.
    Wsdl2,
    /// An XML Schema.
    Schema,
    /// Something else, or what could not be read.
    Other,
}

/// An import or include.
#[derive(Clone, Debug)]
pub struct Link {
    /// Which of them.
    pub kind: LinkKind,
    /// The namespace that it names, or that what is included becomes part of; empty for none.
    pub namespace: Arc<str>,
    /// The location as it is written.
    pub location: Option<Arc<str>>,
    /// The document; none where there is no location, or nothing is fetched for it.
    pub target: Option<DocumentId>,
    /// Where it stands.
    pub source: Source,
}

/// The ways in which a document refers to another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LinkKind {
    /// `import` of WSDL.
    WsdlImport,
    /// `include` of WSDL 2.0.
    WsdlInclude,
    /// `import` of XML Schema.
    SchemaImport,
    /// `include` of XML Schema.
    SchemaInclude,
    /// `redefine` of XML Schema.
    SchemaRedefine,
}

/// An element or attribute of another namespace, which is kept by name only.
#[derive(Clone, Debug)]
pub struct Extension {
    /// Its name.
    pub name: Name,
    /// Whether it says that it must be understood.
    pub is_required: bool,
    /// Where it stands.
    pub source: Source,
}

/// An operation as it is called at one port.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// The service.
    pub service: &'a Service,
    /// The port.
    pub port: &'a Port,
    /// Its binding.
    pub binding: &'a Binding,
    /// How the operation is bound there.
    pub bound: &'a BindingOperation,
    /// The interface.
    pub port_type: &'a PortType,
    /// What the operation is.
    pub operation: &'a Operation,
}

impl Description {
    /// Which WSDL it is written in.
    #[must_use]
    pub fn version(&self) -> Version {
        self.version
    }

    /// What it is called.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The namespace of the first document.
    #[must_use]
    pub fn target_namespace(&self) -> &str {
        &self.target_namespace
    }

    /// What is written about it.
    #[must_use]
    pub fn documentation(&self) -> Option<&str> {
        self.documentation.as_deref()
    }

    /// All documents, in the order in which they were met; the first is the one asked for.
    #[must_use]
    pub fn documents(&self) -> &[Document] {
        &self.documents
    }

    /// A document.
    #[must_use]
    pub fn document(&self, id: DocumentId) -> Option<&Document> {
        self.documents.get(id.index())
    }

    /// The schemas of all documents.
    #[must_use]
    pub fn schemas(&self) -> &Schemas {
        &self.schemas
    }

    /// The services, in the order in which they were met.
    #[must_use]
    pub fn services(&self) -> &[Service] {
        &self.services
    }

    /// A service, by its local name.
    #[must_use]
    pub fn service(&self, local: &str) -> Option<&Service> {
        self.services.iter().find(|service| &*service.name.local == local)
    }

    /// A binding.
    #[must_use]
    pub fn binding(&self, id: BindingId) -> &Binding {
        self.bindings.get(id)
    }

    /// All bindings, those that are missing too.
    pub fn bindings(&self) -> impl Iterator<Item = (BindingId, &Binding)> {
        self.bindings.iter()
    }

    /// An interface.
    #[must_use]
    pub fn port_type(&self, id: PortTypeId) -> &PortType {
        self.port_types.get(id)
    }

    /// All interfaces, those that are missing too.
    pub fn port_types(&self) -> impl Iterator<Item = (PortTypeId, &PortType)> {
        self.port_types.iter()
    }

    /// A message.
    #[must_use]
    pub fn message(&self, id: MessageId) -> &Message {
        self.messages.get(id)
    }

    /// All messages, those that are missing too.
    pub fn messages(&self) -> impl Iterator<Item = (MessageId, &Message)> {
        self.messages.iter()
    }

    /// Extensions that nothing else holds, of all documents.
    #[must_use]
    pub fn extensions(&self) -> &[Extension] {
        &self.extensions
    }

    /// Every operation at every port.
    pub fn calls(&self) -> impl Iterator<Item = Call<'_>> {
        self.services.iter().flatten_ports().flat_map(move |(service, port)| {
            let binding = self.binding(port.binding);
            binding.operations.iter().filter_map(move |bound| {
                let port_type = self.port_type(bound.port_type);
                let operation = port_type.operations.get(bound.operation)?;
                Some(Call { service, port, binding, bound, port_type, operation })
            })
        })
    }

    /// Which document a location leads to that is written in another one.
    #[must_use]
    pub fn links_of(&self, id: DocumentId) -> HashMap<(LinkKind, &str), DocumentId> {
        let links = self.document(id).map_or(&[][..], |document| &document.links);
        links
            .iter()
            .filter_map(|link| Some(((link.kind, link.location.as_deref()?), link.target?)))
            .collect()
    }
}

/// Services with their ports, one pair after the other.
trait FlattenPorts<'a> {
    fn flatten_ports(self) -> impl Iterator<Item = (&'a Service, &'a Port)>;
}

impl<'a, I: Iterator<Item = &'a Service>> FlattenPorts<'a> for I {
    fn flatten_ports(self) -> impl Iterator<Item = (&'a Service, &'a Port)> {
        self.flat_map(|service| service.ports.iter().map(move |port| (service, port)))
    }
}
