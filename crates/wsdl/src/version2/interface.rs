//! Interfaces, their operations and faults.

use model::codes;
use xml::name::Name;
use xml::tree::NodeId;

use super::Reader;
use crate::arena::Awaited;
use crate::definitions::{awaited, report_twice};
use crate::description::{
    Message, Operation, OperationFault, OperationMessage, Part, PartContent, Pattern, PortType,
};
use crate::namespace::{ADDRESSING_WSDL, EXTENSIONS_2, WSDL_2};
use crate::schema::any_type;

/// The name of the only part of a message.
const PART: &str = "parameters";

impl Reader<'_> {
    pub(super) fn interface(&mut self, node: NodeId) {
        let Some(name) = self.name(node) else { return };
        let mut port_type = PortType {
            name: name.clone(),
            extends: self.extends(node),
            operations: Vec::new(),
            documentation: self.markup.documentation(node),
            extensions: Vec::new(),
            is_missing: false,
            source: self.markup.source(node),
        };
        for child in self.markup.elements(node) {
            match (self.markup.namespace(child), self.markup.local(child)) {
                (WSDL_2, "operation") => {
                    port_type.operations.extend(self.operation(child, &name.local));
                }
                (WSDL_2, "fault") => self.fault(child),
                (WSDL_2, "documentation") => {}
                (WSDL_2, _) => self.unknown(child),
                _ => port_type.extensions.push(self.extension(child)),
            }
        }
        let source = port_type.source;
        if self.parts.port_types.define(&name, port_type).is_err() {
            report_twice("interface", &name, source, self.report);
        }
    }

    fn extends(&mut self, node: NodeId) -> Vec<crate::description::PortTypeId> {
        let named = self.markup.attribute(node, "extends").unwrap_or_default();
        let mut extends = Vec::new();
        for name in named.split_ascii_whitespace() {
            if let Some(reference) = self.markup.resolve(node, name, self.report) {
                let awaited = awaited(&reference, self.markup.source(node), &self.target);
                extends.push(self.parts.port_types.refer(&reference.name, awaited));
            }
        }
        extends
    }

    /// A fault of the interface, as a message under a name that no message of 1.1 can have.
    fn fault(&mut self, node: NodeId) {
        let Some(name) = self.name(node) else { return };
        let name = Name { local: fault_name(&name.local).into(), ..name };
        let message = self.message(node, name.clone());
        let source = message.source;
        if self.parts.messages.define(&name, message).is_err() {
            report_twice("message", &name, source, self.report);
        }
    }

    fn operation(&mut self, node: NodeId, interface: &str) -> Option<Operation> {
        let Some(name) = self.markup.trimmed(node, "name").map(str::to_owned) else {
            self.lacks(node, "name");
            return None;
        };
        let (mut input, mut output) = (None, None);
        let (mut faults, mut extensions) = (Vec::new(), Vec::new());
        for child in self.markup.elements(node) {
            match (self.markup.namespace(child), self.markup.local(child)) {
                (WSDL_2, "input") => input = Some(child),
                (WSDL_2, "output") => output = Some(child),
                (WSDL_2, "outfault") => faults.extend(self.operation_fault(child)),
                (WSDL_2, "infault" | "documentation") => {}
                (WSDL_2, _) => self.unknown(child),
                _ => extensions.push(self.extension(child)),
            }
        }
        let pattern = self.pattern(node, &name);
        let mut role = |child: Option<NodeId>, label: &str| {
            let child = child?;
            let local = format!("{interface}.{name}.{label}");
            let full = Name::new(&self.target, &local);
            let message = self.message(child, full);
            let message = self.parts.messages.push(message);
            let (name, action) = (format!("{name}{label}"), self.action(child));
            Some(OperationMessage { name, message, action, source: self.markup.source(child) })
        };
        let input = role(input, "Request");
        let output = role(output, "Response");
        let is_safe = self.markup.tree.attribute(node, EXTENSIONS_2, "safe");
        Some(Operation {
            name,
            pattern,
            input,
            output,
            faults,
            parameter_order: Vec::new(),
            is_safe: is_safe.is_some_and(|safe| matches!(safe.trim(), "true" | "1")),
            documentation: self.markup.documentation(node),
            extensions,
            source: self.markup.source(node),
        })
    }

    fn pattern(&mut self, node: NodeId, name: &str) -> Pattern {
        let written = self.markup.trimmed(node, "pattern").unwrap_or("in-out");
        let pattern = match written.rsplit('/').next().unwrap_or(written) {
            "in-only" | "robust-in-only" => Pattern::OneWay,
            "in-out" | "in-opt-out" => Pattern::RequestResponse,
            "out-only" | "robust-out-only" => Pattern::Notification,
            "out-in" | "out-opt-in" => Pattern::SolicitResponse,
            other => {
                self.wrong(node, "pattern", other, "Use in-only, robust-in-only or in-out.");
                Pattern::RequestResponse
            }
        };
        if matches!(pattern, Pattern::SolicitResponse | Pattern::Notification) {
            let message = format!("The operation `{name}` begins with the service; it is left out");
            let help = "Use the pattern in-out if it is the client that calls.";
            let at = self.markup.source(node);
            self.report.warning(codes::WSDL_PATTERN, at, message, help);
        }
        pattern
    }

    fn operation_fault(&mut self, node: NodeId) -> Option<OperationFault> {
        if self.markup.attribute(node, "ref").is_none() {
            self.lacks(node, "ref");
        }
        let reference = self.markup.reference(node, "ref", self.report)?;
        let at = self.markup.source(node);
        let local = (*reference.name.local).to_owned();
        let name = Name { local: fault_name(&local).into(), ..reference.name };
        let message = self.parts.messages.refer(&name, Awaited { at, fallback: None });
        let documentation = self.markup.documentation(node);
        Some(OperationFault {
            name: local,
            message,
            action: self.action(node),
            documentation,
            source: at,
        })
    }

    /// What `element` says, as a message.
    fn message(&mut self, node: NodeId, name: Name) -> Message {
        let source = self.markup.source(node);
        Message {
            name,
            parts: self.content(node).map(|content| part(content, source)).into_iter().collect(),
            documentation: self.markup.documentation(node),
            is_missing: false,
            source,
        }
    }

    fn content(&mut self, node: NodeId) -> Option<PartContent> {
        match self.markup.trimmed(node, "element") {
            Some("#none") => None,
            None | Some("#any" | "#other") => Some(PartContent::Type(any_type())),
            Some(_) => {
                let reference = self.markup.reference(node, "element", self.report)?;
                let awaited = awaited(&reference, self.markup.source(node), &self.target);
                let elements = &mut self.schemas.schemas.elements;
                Some(PartContent::Element(elements.refer(&reference.name, awaited)))
            }
        }
    }

    fn action(&self, node: NodeId) -> Option<String> {
        ADDRESSING_WSDL
            .iter()
            .find_map(|namespace| self.markup.tree.attribute(node, namespace, "Action"))
            .map(|action| action.trim().to_owned())
    }
}

fn part(content: PartContent, source: crate::source::Source) -> Part {
    Part { name: PART.to_owned(), content, documentation: None, source }
}

/// The name of the message of a fault; the blank keeps it apart from what has a name in a WSDL.
fn fault_name(local: &str) -> String {
    format!("fault {local}")
}
