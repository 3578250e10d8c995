//! Bindings and their operations.

use model::codes;
use xml::tree::NodeId;

use super::{MessageDraft, OperationDraft, Reader, report_twice};
use crate::arena::Id;
use crate::description::{
    Binding, BindingFault, BindingKind, BindingOperation, Encoding, Shape, SoapVersion, Style,
};
use crate::namespace::{HTTP, SOAP, SOAP12, TRANSPORT, WSDL};

impl Reader<'_> {
    pub(super) fn binding(&mut self, node: NodeId) {
        let Some(name) = self.name(node) else { return };
        let port_type = self.refer(node, "type", |parts| &mut parts.port_types);
        let kind = self.binding_kind(node);
        let style = match &kind {
            BindingKind::Soap { style, .. } => *style,
            BindingKind::Http { .. } | BindingKind::Other => Style::Document,
        };
        let (mut operations, mut extensions) = (Vec::new(), Vec::new());
        for child in self.markup.elements(node) {
            match self.markup.namespace(child) {
                WSDL => match self.markup.local(child) {
                    "operation" => operations.extend(self.bound_operation(child, style)),
                    "documentation" => {}
                    _ => self.unknown(child),
                },
                SOAP | SOAP12 | HTTP if self.markup.local(child) == "binding" => {}
                _ => extensions.push(self.extension(child)),
            }
        }
        let binding = Binding {
            name: name.clone(),
            port_type,
            kind,
            operations: Vec::new(),
            documentation: self.markup.documentation(node),
            extensions,
            is_missing: false,
            source: self.markup.source(node),
        };
        let source = binding.source;
        match self.parts.bindings.define(&name, binding) {
            Ok(id) => self.parts.drafts.push((id, operations)),
            Err(_) => report_twice("binding", &name, source, self.report),
        }
    }

    fn binding_kind(&mut self, node: NodeId) -> BindingKind {
        let is_protocol = |child: &NodeId| {
            self.markup.local(*child) == "binding"
                && [SOAP, SOAP12, HTTP].contains(&self.markup.namespace(*child))
        };
        let Some(protocol) = self.markup.elements(node).find(is_protocol) else {
            let message = format!("{} has no protocol that is known", self.markup.tag(node));
            let help = "Use SOAP 1.1, SOAP 1.2 or HTTP.";
            let at = self.markup.source(node);
            self.report.warning(codes::WSDL_PROTOCOL, at, message, help);
            return BindingKind::Other;
        };
        let version = match self.markup.namespace(protocol) {
            SOAP => SoapVersion::V11,
            SOAP12 => SoapVersion::V12,
            _ => return BindingKind::Http { method: self.method(protocol) },
        };
        let style = self.style(protocol).unwrap_or(Style::Document);
        let transport = self.markup.trimmed(protocol, "transport").unwrap_or(TRANSPORT);
        if !is_http(transport) {
            let message = format!("SOAP goes over the transport {transport:?}, and not over HTTP");
            let help = format!("Write `transport=\"{TRANSPORT}\"`, if it is HTTP after all.");
            let at = self.markup.source(protocol);
            self.report.warning(codes::WSDL_PROTOCOL, at, message, help);
        }
        BindingKind::Soap { version, style, transport: transport.to_owned() }
    }

    fn method(&mut self, node: NodeId) -> String {
        match self.markup.trimmed(node, "verb") {
            Some(verb) => verb.to_ascii_uppercase(),
            None => {
                self.lacks(node, "verb");
                "POST".to_owned()
            }
        }
    }

    fn style(&mut self, node: NodeId) -> Option<Style> {
        match self.markup.trimmed(node, "style")? {
            "document" => Some(Style::Document),
            "rpc" => Some(Style::Rpc),
            other => {
                self.wrong(node, "style", other, "Write document or rpc.");
                None
            }
        }
    }

    fn bound_operation(&mut self, node: NodeId, style: Style) -> Option<OperationDraft> {
        let Some(name) = self.markup.trimmed(node, "name") else {
            self.lacks(node, "name");
            return None;
        };
        let bound = BindingOperation {
            name: name.to_owned(),
            port_type: Id::new(0),
            operation: 0,
            soap_action: None,
            is_action_required: None,
            style,
            shape: Shape::Bare,
            location: None,
            method: None,
            input: None,
            output: None,
            faults: Vec::new(),
            documentation: self.markup.documentation(node),
            extensions: Vec::new(),
            source: self.markup.source(node),
        };
        let mut draft = OperationDraft { bound, input: None, output: None };
        for child in self.markup.elements(node) {
            self.in_operation(child, &mut draft);
        }
        Some(draft)
    }

    fn in_operation(&mut self, node: NodeId, draft: &mut OperationDraft) {
        let local = self.markup.local(node);
        match (self.markup.namespace(node), local) {
            (WSDL, "input") => draft.input = Some(self.message_draft(node)),
            (WSDL, "output") => draft.output = Some(self.message_draft(node)),
            (WSDL, "fault") => draft.bound.faults.extend(self.bound_fault(node)),
            (WSDL, "documentation") => {}
            (WSDL, _) => self.unknown(node),
            (SOAP | SOAP12, "operation") => {
                let action = self.markup.trimmed(node, "soapAction");
                draft.bound.soap_action = action.map(str::to_owned);
                draft.bound.is_action_required =
                    self.markup.flag(node, "soapActionRequired", self.report);
                if let Some(style) = self.style(node) {
                    draft.bound.style = style;
                }
            }
            (HTTP, "operation") => {
                draft.bound.location = self.markup.trimmed(node, "location").map(str::to_owned);
            }
            _ => draft.bound.extensions.push(self.extension(node)),
        }
    }

    fn message_draft(&mut self, node: NodeId) -> MessageDraft {
        let name = self.markup.trimmed(node, "name").map(str::to_owned);
        let mut draft = MessageDraft { name, ..MessageDraft::default() };
        for child in self.markup.elements(node) {
            self.content(child, &mut draft);
        }
        draft
    }

    fn bound_fault(&mut self, node: NodeId) -> Option<BindingFault> {
        let mut name = self.markup.trimmed(node, "name").map(str::to_owned);
        let mut encoding = Encoding::literal();
        for child in self.markup.elements(node) {
            match (self.markup.namespace(child), self.markup.local(child)) {
                (SOAP | SOAP12, "fault") => {
                    encoding = self.encoding(child);
                    let inner = self.markup.trimmed(child, "name").map(str::to_owned);
                    name = name.or(inner);
                }
                (WSDL, "documentation") => {}
                _ => self.foreign(child),
            }
        }
        if name.is_none() {
            self.lacks(node, "name");
        }
        let source = self.markup.source(node);
        Some(BindingFault { name: name?, fault: None, encoding, source })
    }
}

/// Whether a transport is HTTP, by any of the names that it has been given.
fn is_http(transport: &str) -> bool {
    let transport = transport.trim_end_matches('/');
    matches!(
        transport,
        "http://schemas.xmlsoap.org/soap/http"
            | "http://www.w3.org/2003/05/soap/bindings/HTTP"
            | "http://schemas.xmlsoap.org/wsdl/soap/http"
            | "http://schemas.xmlsoap.org/soap/https"
    )
}
