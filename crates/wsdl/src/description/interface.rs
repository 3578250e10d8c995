//! Messages and interfaces: what is said, before how it is sent.

use std::sync::Arc;

use xml::name::Name;

use super::Extension;
use crate::arena::{Component, Id};
use crate::schema::{ElementId, TypeId};
use crate::source::Source;

/// The number of a [`Message`].
pub type MessageId = Id<Message>;
/// The number of a [`PortType`].
pub type PortTypeId = Id<PortType>;

/// A message.
#[derive(Clone, Debug)]
pub struct Message {
    /// Its name.
    pub name: Name,
    /// Its parts, in their order.
    pub parts: Vec<Part>,
    /// What is written about it.
    pub documentation: Option<Arc<str>>,
    /// Whether it is only referred to, and nobody has defined it.
    pub is_missing: bool,
    /// Where it stands.
    pub source: Source,
}

/// A part of a message.
#[derive(Clone, Debug)]
pub struct Part {
    /// Its name.
    pub name: String,
    /// What it is.
    pub content: PartContent,
    /// What is written about it.
    pub documentation: Option<Arc<str>>,
    /// Where it stands.
    pub source: Source,
}

/// What a part is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartContent {
    /// An element, which stands in the message as it is.
    Element(ElementId),
    /// A type, whose values stand in an element named as the part.
    Type(TypeId),
}

/// An interface: operations that belong together.
#[derive(Clone, Debug)]
pub struct PortType {
    /// Its name.
    pub name: Name,
    /// The interfaces whose operations it has too; 2.0 only.
    pub extends: Vec<PortTypeId>,
    /// Its own operations, in their order.
    pub operations: Vec<Operation>,
    /// What is written about it.
    pub documentation: Option<Arc<str>>,
    /// What nothing else holds.
    pub extensions: Vec<Extension>,
    /// Whether it is only referred to, and nobody has defined it.
    pub is_missing: bool,
    /// Where it stands.
    pub source: Source,
}

/// Something that can be called.
#[derive(Clone, Debug)]
pub struct Operation {
    /// Its name; overloaded operations share it.
    pub name: String,
    /// Who says what.
    pub pattern: Pattern,
    /// What the service is sent.
    pub input: Option<OperationMessage>,
    /// What the service answers.
    pub output: Option<OperationMessage>,
    /// What it may answer instead.
    pub faults: Vec<OperationFault>,
    /// The order of parts that `parameterOrder` says.
    pub parameter_order: Vec<String>,
    /// Whether calling it does no harm; 2.0 only.
    pub is_safe: bool,
    /// What is written about it.
    pub documentation: Option<Arc<str>>,
    /// What nothing else holds.
    pub extensions: Vec<Extension>,
    /// Where it stands.
    pub source: Source,
}

/// Who says what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// The service is sent a message and answers nothing.
    OneWay,
    /// The service is sent a message and answers it.
    RequestResponse,
    /// The service sends a message and is answered.
    SolicitResponse,
    /// The service sends a message.
    Notification,
}

/// A message in its role.
#[derive(Clone, Debug)]
pub struct OperationMessage {
    /// The name of the role, as it is written or as the specification makes it (§2.4.5).
    pub name: String,
    /// The message.
    pub message: MessageId,
    /// The action of WS-Addressing that is written.
    pub action: Option<String>,
    /// Where it stands.
    pub source: Source,
}

/// A fault that an operation may answer.
#[derive(Clone, Debug)]
pub struct OperationFault {
    /// Its name.
    pub name: String,
    /// Its message.
    pub message: MessageId,
    /// The action of WS-Addressing that is written.
    pub action: Option<String>,
    /// What is written about it.
    pub documentation: Option<Arc<str>>,
    /// Where it stands.
    pub source: Source,
}

impl Message {
    /// A part, by its name.
    #[must_use]
    pub fn part(&self, name: &str) -> Option<&Part> {
        self.parts.iter().find(|part| part.name == name)
    }
}

impl Part {
    /// The element that it is.
    #[must_use]
    pub fn element(&self) -> Option<ElementId> {
        match self.content {
            PartContent::Element(id) => Some(id),
            PartContent::Type(_) => None,
        }
    }
}

impl PortType {
    /// The action of WS-Addressing that an operation's message has where none is written
    /// (WS-Addressing 1.0, Metadata §4.4.4).
    #[must_use]
    pub fn default_action(&self, message: &OperationMessage) -> String {
        self.action(&[&message.name])
    }

    /// As [`PortType::default_action`], for a fault of an operation.
    #[must_use]
    pub fn default_fault_action(&self, operation: &Operation, fault: &OperationFault) -> String {
        self.action(&[&operation.name, "Fault", &fault.name])
    }

    fn action(&self, parts: &[&str]) -> String {
        let namespace = &*self.name.namespace;
        let delimiter = if namespace.starts_with("urn:") { ":" } else { "/" };
        let base = namespace.strip_suffix(delimiter).unwrap_or(namespace);
        let mut action = format!("{base}{delimiter}{}", self.name.local);
        for part in parts {
            action.push_str(delimiter);
            action.push_str(part);
        }
        action
    }
}

impl Component for Message {
    fn missing(name: &Name, source: Source) -> Self {
        let name = name.clone();
        Self { name, parts: Vec::new(), documentation: None, is_missing: true, source }
    }

    fn is_missing(&self) -> bool {
        self.is_missing
    }
}

impl Component for PortType {
    fn missing(name: &Name, source: Source) -> Self {
        Self {
            name: name.clone(),
            extends: Vec::new(),
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
