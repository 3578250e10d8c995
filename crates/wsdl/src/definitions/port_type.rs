//! Interfaces and their operations.

use model::codes;
use xml::tree::NodeId;

use super::{Reader, report_twice};
use crate::description::{Operation, OperationFault, OperationMessage, Pattern, PortType};
use crate::namespace::{ADDRESSING_WSDL, WSDL};

impl Reader<'_> {
    pub(super) fn port_type(&mut self, node: NodeId) {
        let Some(name) = self.name(node) else { return };
        let mut port_type = PortType {
            name: name.clone(),
            extends: Vec::new(),
            operations: Vec::new(),
            documentation: self.markup.documentation(node),
            extensions: Vec::new(),
            is_missing: false,
            source: self.markup.source(node),
        };
        for child in self.markup.elements(node) {
            match self.markup.local(child) {
                "operation" if self.markup.namespace(child) == WSDL => {
                    port_type.operations.extend(self.operation(child));
                }
                "documentation" => {}
                _ if self.markup.namespace(child) == WSDL => self.unknown(child),
                _ => port_type.extensions.push(self.extension(child)),
            }
        }
        let source = port_type.source;
        if self.parts.port_types.define(&name, port_type).is_err() {
            report_twice("interface", &name, source, self.report);
        }
    }

    fn operation(&mut self, node: NodeId) -> Option<Operation> {
        let Some(name) = self.markup.trimmed(node, "name") else {
            self.lacks(node, "name");
            return None;
        };
        let (mut input, mut output, mut first) = (None, None, None);
        let (mut faults, mut extensions) = (Vec::new(), Vec::new());
        for child in self.markup.elements(node) {
            let local = self.markup.local(child);
            if self.markup.namespace(child) != WSDL {
                extensions.push(self.extension(child));
                continue;
            }
            match local {
                "input" => input = Some(child),
                "output" => output = Some(child),
                "fault" => faults.extend(self.operation_fault(child)),
                "documentation" => {}
                _ => self.unknown(child),
            }
            if first.is_none() && matches!(local, "input" | "output") {
                first = Some(local);
            }
        }
        let pattern = match (first, input.is_some() && output.is_some()) {
            (Some("output"), true) => Pattern::SolicitResponse,
            (Some("output"), false) => Pattern::Notification,
            (_, true) => Pattern::RequestResponse,
            (_, false) => Pattern::OneWay,
        };
        self.check_pattern(node, name, pattern, first.is_some());
        let [default_input, default_output] = default_names(name, pattern);
        Some(Operation {
            name: name.to_owned(),
            pattern,
            input: input.and_then(|child| self.role(child, default_input)),
            output: output.and_then(|child| self.role(child, default_output)),
            faults,
            parameter_order: self
                .markup
                .attribute(node, "parameterOrder")
                .map(|order| order.split_ascii_whitespace().map(str::to_owned).collect())
                .unwrap_or_default(),
            is_safe: false,
            documentation: self.markup.documentation(node),
            extensions,
            source: self.markup.source(node),
        })
    }

    fn check_pattern(&mut self, node: NodeId, name: &str, pattern: Pattern, has_any: bool) {
        if !has_any {
            return self.lacks(node, "input");
        }
        if matches!(pattern, Pattern::SolicitResponse | Pattern::Notification) {
            let message = format!("The operation `{name}` begins with the service; it is left out");
            let help = "Write `input` before `output` if it is the client that calls.";
            let at = self.markup.source(node);
            self.report.warning(codes::WSDL_PATTERN, at, message, help);
        }
    }

    fn role(&mut self, node: NodeId, default: String) -> Option<OperationMessage> {
        let message = self.refer(node, "message", |parts| &mut parts.messages)?;
        let name = self.markup.trimmed(node, "name").map_or(default, str::to_owned);
        Some(OperationMessage {
            name,
            message,
            action: self.action(node),
            source: self.markup.source(node),
        })
    }

    fn operation_fault(&mut self, node: NodeId) -> Option<OperationFault> {
        let message = self.refer(node, "message", |parts| &mut parts.messages)?;
        let Some(name) = self.markup.trimmed(node, "name") else {
            self.lacks(node, "name");
            return None;
        };
        Some(OperationFault {
            name: name.to_owned(),
            message,
            action: self.action(node),
            documentation: self.markup.documentation(node),
            source: self.markup.source(node),
        })
    }

    /// The action of WS-Addressing, in any of the namespaces that it was given.
    fn action(&self, node: NodeId) -> Option<String> {
        ADDRESSING_WSDL
            .iter()
            .find_map(|namespace| self.markup.tree.attribute(node, namespace, "Action"))
            .map(|action| action.trim().to_owned())
    }
}

/// The names of input and output that are not written (WSDL 1.1 §2.4.5).
fn default_names(operation: &str, pattern: Pattern) -> [String; 2] {
    match pattern {
        Pattern::OneWay | Pattern::Notification => [operation.to_owned(), operation.to_owned()],
        Pattern::RequestResponse => [format!("{operation}Request"), format!("{operation}Response")],
        Pattern::SolicitResponse => [format!("{operation}Response"), format!("{operation}Solicit")],
    }
}
