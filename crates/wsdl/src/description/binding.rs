//! Bindings: how the messages of an interface are sent.

use std::sync::Arc;

use xml::name::Name;

use super::{Extension, MessageId, PortTypeId, Shape};
use crate::arena::{Component, Id};
use crate::source::Source;

/// The number of a [`Binding`].
pub type BindingId = Id<Binding>;

/// How an interface is spoken.
#[derive(Clone, Debug)]
pub struct Binding {
    /// Its name.
    pub name: Name,
    /// The interface; none where the binding is for any, as WSDL 2.0 allows.
    pub port_type: Option<PortTypeId>,
    /// The protocol.
    pub kind: BindingKind,
    /// The operations that can be called, in their order.
    pub operations: Vec<BindingOperation>,
    /// What is written about it.
    pub documentation: Option<Arc<str>>,
    /// What nothing else holds.
    pub extensions: Vec<Extension>,
    /// Whether it is only referred to, and nobody has defined it.
    pub is_missing: bool,
    /// Where it stands.
    pub source: Source,
}

/// The protocol of a binding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BindingKind {
    /// SOAP.
    Soap {
        /// Its version.
        version: SoapVersion,
        /// The style of operations that name none.
        style: Style,
        /// The URI of the transport.
        transport: String,
    },
    /// HTTP without SOAP.
    Http {
        /// The method, such as `GET`; operations of 2.0 may have their own.
        method: String,
    },
    /// None that is known.
    Other,
}

/// A version of SOAP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SoapVersion {
    /// 1.1
    V11,
    /// 1.2
    V12,
}

/// How the body of a message is made of parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// The parts stand in the body as they are.
    Document,
    /// The parts stand in an element named after the operation.
    Rpc,
}

/// How values are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// As the schema says.
    Literal,
    /// By the rules of an encoding, with `xsi:type` and references.
    Encoded,
}

/// How something is written, and in which namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoding {
    /// How.
    pub coding: Coding,
    /// The namespace of the element around the parts, for RPC.
    pub namespace: Option<String>,
    /// The encodings that are used, for [`Coding::Encoded`].
    pub styles: Vec<String>,
}

/// How an operation is called.
#[derive(Clone, Debug)]
pub struct BindingOperation {
    /// Its name.
    pub name: String,
    /// The interface that has it: the binding's, or one that this extends.
    pub port_type: PortTypeId,
    /// Which of the operations of that interface it is.
    pub operation: usize,
    /// `SOAPAction`, or the parameter `action` of SOAP 1.2.
    pub soap_action: Option<String>,
    /// Whether a call without that action is refused; SOAP 1.2 only.
    pub is_action_required: Option<bool>,
    /// Its style, or that of the binding.
    pub style: Style,
    /// How its parts lie in the body.
    pub shape: Shape,
    /// What is added to the address, for HTTP.
    pub location: Option<String>,
    /// The method, for HTTP.
    pub method: Option<String>,
    /// What the service is sent.
    pub input: Option<BindingMessage>,
    /// What the service answers.
    pub output: Option<BindingMessage>,
    /// What it may answer instead.
    pub faults: Vec<BindingFault>,
    /// What is written about it.
    pub documentation: Option<Arc<str>>,
    /// What nothing else holds.
    pub extensions: Vec<Extension>,
    /// Where it stands.
    pub source: Source,
}

/// How a message is sent.
#[derive(Clone, Debug, Default)]
pub struct BindingMessage {
    /// The body of the envelope.
    pub body: Option<Body>,
    /// The headers of the envelope.
    pub headers: Vec<Header>,
    /// The parts of a multipart message, the envelope among them; empty where it is none.
    pub multipart: Vec<MimePart>,
    /// What is sent without an envelope.
    pub content: Vec<MimeContent>,
    /// What nothing else holds.
    pub extensions: Vec<Extension>,
}

/// The body of an envelope.
#[derive(Clone, Debug)]
pub struct Body {
    /// The parts of the message that are in it, by their place in the message.
    pub parts: Vec<usize>,
    /// How they are written.
    pub encoding: Encoding,
    /// Where it stands.
    pub source: Source,
}

/// A header of an envelope.
#[derive(Clone, Debug)]
pub struct Header {
    /// The message that it is a part of.
    pub message: MessageId,
    /// Its place in that message; none where the message has no such part.
    pub part: Option<usize>,
    /// The name of the part.
    pub part_name: String,
    /// How it is written.
    pub encoding: Encoding,
    /// What is answered where it is wrong.
    pub faults: Vec<Self>,
    /// Where it stands.
    pub source: Source,
}

/// A fault, and how it is written.
#[derive(Clone, Debug)]
pub struct BindingFault {
    /// Its name.
    pub name: String,
    /// Which of the faults of the operation it is.
    pub fault: Option<usize>,
    /// How its detail is written.
    pub encoding: Encoding,
    /// Where it stands.
    pub source: Source,
}

/// A part of a multipart message.
#[derive(Clone, Debug, Default)]
pub struct MimePart {
    /// Its name.
    pub name: Option<String>,
    /// Whether it is the envelope.
    pub is_envelope: bool,
    /// What it may be, where it is not the envelope; any of them.
    pub contents: Vec<MimeContent>,
}

/// Something that is sent without an envelope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MimeContent {
    /// A part as it is (`mime:content`).
    Content {
        /// The part of the message; the only one where none is named.
        part: Option<String>,
        /// The media type, perhaps with `*`; any where none is named.
        media_type: Option<String>,
    },
    /// A part as XML (`mime:mimeXml`).
    Xml {
        /// The part of the message; the only one where none is named.
        part: Option<String>,
    },
    /// Parts in the query or as a form (`http:urlEncoded`).
    UrlEncoded,
    /// Parts in the place of their names in the address (`http:urlReplacement`).
    UrlReplacement,
}

impl Encoding {
    /// As the schema says.
    pub(crate) fn literal() -> Self {
        Self { coding: Coding::Literal, namespace: None, styles: Vec::new() }
    }
}

impl BindingKind {
    /// The version of SOAP, where it is SOAP.
    #[must_use]
    pub fn soap(&self) -> Option<SoapVersion> {
        match self {
            Self::Soap { version, .. } => Some(*version),
            Self::Http { .. } | Self::Other => None,
        }
    }
}

impl SoapVersion {
    /// As it is written: `1.1`, `1.2`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::V11 => "1.1",
            Self::V12 => "1.2",
        }
    }
}

impl Component for Binding {
    fn missing(name: &Name, source: Source) -> Self {
        Self {
            name: name.clone(),
            port_type: None,
            kind: BindingKind::Other,
            operations: Vec::new(),
            documentation: None,
            extensions: Vec::new(),
            is_missing: true,
            source,
        }
    }

    fn is_missing(&self) -> bool {
        self.is_missing
    }
}
