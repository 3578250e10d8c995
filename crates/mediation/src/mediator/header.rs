//! `header` of the default scope: the destination, addressing, and headers of SOAP.

use std::sync::Arc;

use xml::name::Name;
use xml::tree::NodeId;

use super::Surroundings;
use crate::fault::MediationFault;
use crate::message::{Message, Part};
use crate::property::Value;
use crate::sequence::{HeaderStep, HeaderTarget, Setting, Source};

pub(super) fn run(
    step: &HeaderStep,
    message: &mut Message,
    around: Surroundings<'_>,
) -> Result<(), MediationFault> {
    match (&step.target, &step.setting) {
        (HeaderTarget::To, Setting::Set(source)) => {
            let text = around.text(message, source)?;
            message.endpoint = None;
            message.is_chosen = false;
            let trimmed = text.trim();
            message.to = match trimmed.len() {
                0 => Part::Removed,
                all if all == text.len() => Part::Set(text),
                _ => Part::Set(Arc::from(trimmed)),
            };
        }
        (HeaderTarget::To, Setting::Remove) => {
            message.endpoint = None;
            message.is_chosen = false;
            message.to = Part::Removed;
        }
        (HeaderTarget::Addressing(name), Setting::Set(source)) => {
            let text = around.text(message, source)?;
            message.addressing.set(&Arc::from(*name), Value::Text(text));
        }
        (HeaderTarget::Addressing(name), Setting::Remove) => {
            message.addressing.remove(name);
        }
        (HeaderTarget::Soap(name), setting) => soap(name, setting, message, around)?,
    }
    Ok(())
}

fn soap(
    name: &Name,
    setting: &Setting,
    message: &mut Message,
    around: Surroundings<'_>,
) -> Result<(), MediationFault> {
    let block = match setting {
        Setting::Set(source @ Source::Xml(_)) => around.value(message, source)?,
        Setting::Set(source) => Some(Value::Text(around.text(message, source)?)),
        Setting::Remove => None,
    };
    let envelope = message.payload.envelope_mut(around.limits)?;
    let header = envelope.header_mut();
    let tree = &mut envelope.tree;
    let old: Vec<NodeId> = tree
        .elements(header)
        .filter(|id| tree.name(*id).is_some_and(|known| known == name))
        .collect();
    for id in old {
        tree.detach(id);
    }
    match block {
        Some(Value::Xml(inline)) => {
            let nodes: Vec<NodeId> = inline.children(inline.document()).collect();
            for node in nodes {
                let copy = tree.import(&inline, node);
                tree.append(header, copy);
            }
        }
        Some(value) => {
            let element = tree.create_element(name.clone());
            tree.declare(element, &name.prefix, &name.namespace);
            tree.set_text(element, &value.text());
            tree.append(header, element);
        }
        None => {}
    }
    Ok(())
}
