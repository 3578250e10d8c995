//! `makefault` and `throwError`.

use std::sync::Arc;

use model::fault::FaultCode;
use xml::name::Name;
use xml::tree::{NodeId, Tree};

use super::Surroundings;
use crate::fault::MediationFault;
use crate::message::{Message, Part};
use crate::payload::{Envelope, Media, SoapVersion};
use crate::property::Value;
use crate::sequence::{FaultVersion, MakeFault, ThrowError};

pub(super) fn throw(
    step: &ThrowError,
    message: &mut Message,
    around: Surroundings<'_>,
) -> Result<MediationFault, MediationFault> {
    around.prepare(message, step.kind.need())?;
    let kind = step.kind.text(around.moment(message))?;
    let text = around.text(message, &step.message)?;
    let mut fault = MediationFault::thrown(FaultCode::PolicyFailed, text.as_ref());
    fault.kind = Some(kind.as_ref().to_owned());
    Ok(fault)
}

pub(super) fn run(
    step: &MakeFault,
    message: &mut Message,
    around: Surroundings<'_>,
) -> Result<(), MediationFault> {
    let code = around.text(message, &step.code)?;
    let reason = around.text(message, &step.reason)?;
    let detail = match &step.detail {
        Some(source) => around.value(message, source)?,
        None => None,
    };
    let version = match step.version {
        FaultVersion::AsMessage => as_message(message),
        other => other,
    };
    let soap = match version {
        FaultVersion::Soap11 => Some(SoapVersion::Soap11),
        FaultVersion::Soap12 => Some(SoapVersion::Soap12),
        FaultVersion::Pox | FaultVersion::AsMessage => None,
    };
    let mut envelope = Envelope::empty(soap);
    let fault = element(&mut envelope.tree, soap, "Fault");
    match soap {
        Some(SoapVersion::Soap12) => soap12(&mut envelope.tree, fault, &code, &reason, step),
        Some(SoapVersion::Soap11) => {
            add(&mut envelope.tree, fault, "faultcode", &format!("soapenv:{code}"));
            add(&mut envelope.tree, fault, "faultstring", &reason);
            if let Some(role) = &step.role {
                add(&mut envelope.tree, fault, "faultactor", role);
            }
        }
        None => {
            add(&mut envelope.tree, fault, "Code", &code);
            add(&mut envelope.tree, fault, "Reason", &reason);
        }
    }
    if let Some(detail) = detail {
        let place = match soap {
            Some(SoapVersion::Soap11) => child(&mut envelope.tree, fault, None, "detail"),
            Some(SoapVersion::Soap12) => child(&mut envelope.tree, fault, soap, "Detail"),
            None => child(&mut envelope.tree, fault, None, "Detail"),
        };
        put(&mut envelope.tree, place, &detail);
    }
    envelope.tree.append(envelope.body, fault);
    message.payload.set_envelope(envelope);
    message.set_message_type(match soap {
        Some(SoapVersion::Soap12) => "application/soap+xml",
        Some(SoapVersion::Soap11) => "text/xml",
        None => "application/xml",
    });
    if step.is_response == Some(true) {
        message.to = Part::Removed;
        message.properties.set(&Arc::from("RESPONSE"), Value::text_of("true"));
    }
    message.has_no_body = false;
    Ok(())
}

fn as_message(message: &Message) -> FaultVersion {
    match message.payload.media() {
        Media::Soap(..) => FaultVersion::Soap12,
        Media::Xml(own) if own.starts_with("text/xml") => FaultVersion::Soap11,
        _ => FaultVersion::Pox,
    }
}

fn soap12(tree: &mut Tree, fault: NodeId, code: &str, reason: &str, step: &MakeFault) {
    let soap = Some(SoapVersion::Soap12);
    let holder = child(tree, fault, soap, "Code");
    let value = child(tree, holder, soap, "Value");
    tree.set_text(value, &format!("soapenv:{code}"));
    let holder = child(tree, fault, soap, "Reason");
    let text = child(tree, holder, soap, "Text");
    tree.set_attribute(
        text,
        Name::prefixed("http://www.w3.org/XML/1998/namespace", "xml", "lang"),
        "en",
    );
    tree.set_text(text, reason);
    for (name, given) in [("Node", &step.node), ("Role", &step.role)] {
        if let Some(given) = given {
            let place = child(tree, fault, soap, name);
            tree.set_text(place, given);
        }
    }
}

fn put(tree: &mut Tree, place: NodeId, detail: &Value) {
    match detail {
        Value::Xml(inline) => {
            let nodes: Vec<NodeId> = inline.children(inline.document()).collect();
            for node in nodes {
                let copy = tree.import(inline, node);
                tree.append(place, copy);
            }
        }
        other => tree.set_text(place, &other.text()),
    }
}

fn element(tree: &mut Tree, soap: Option<SoapVersion>, local: &str) -> NodeId {
    tree.create_element(match soap {
        Some(version) => Name::prefixed(version.namespace(), "soapenv", local),
        None => Name::local(local),
    })
}

fn child(tree: &mut Tree, parent: NodeId, soap: Option<SoapVersion>, local: &str) -> NodeId {
    let made = element(tree, soap, local);
    tree.append(parent, made);
    made
}

fn add(tree: &mut Tree, parent: NodeId, local: &str, text: &str) {
    let made = child(tree, parent, None, local);
    tree.set_text(made, text);
}
