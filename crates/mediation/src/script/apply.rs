//! What a script changed, and what it printed.

use std::sync::Arc;

use ::script::{Addressing, Change, Level, Line, MessageState, PropertyValue};
use http::{HeaderName, HeaderValue};
use xml::name::Name;
use xml::tree::Namespaces;

use crate::fault::MediationFault;
use crate::host::{Category, Host};
use crate::limits::Limits;
use crate::message::{Message, Part, header_value};
use crate::payload::{Envelope, Media, of_xml, read_json};
use crate::property::{Scope, Value};

/// What says to policies that a message is an answer.
const RESPONSE: &str = "RESPONSE";

/// Hands what a script printed to the log.
pub(crate) fn log(name: &str, lines: &[Line], host: &dyn Host) {
    for line in lines {
        let category = match line.level {
            Level::Debug => Category::Debug,
            Level::Info => Category::Info,
            Level::Warn => Category::Warn,
            Level::Error => Category::Error,
        };
        host.log(category, &format!("{name}: {}", line.text));
    }
}

/// Does to the message what a script did to what it was shown.
///
/// # Errors
///
/// A value that passes a limit.
pub(crate) fn apply(
    state: MessageState,
    message: &mut Message,
    limits: &Limits,
) -> Result<(), MediationFault> {
    state.changes.into_iter().try_for_each(|change| one(change, message, limits))
}

fn one(change: Change, message: &mut Message, limits: &Limits) -> Result<(), MediationFault> {
    match change {
        Change::Property { scope, name, value } => {
            let scope = Scope::named(&scope).unwrap_or(Scope::Default);
            match value {
                Some(value) => {
                    let value = kept(value, limits)?;
                    message.set(scope, &Arc::from(name), value);
                }
                None => message.unset(scope, &name),
            }
        }
        Change::Variable { name, value } => match value {
            Some(value) => message.variables.set(&Arc::from(name), kept(value, limits)?),
            None => drop(message.variables.remove(&name)),
        },
        Change::Address(which, text) => address(which, text, message),
        Change::Json(json) => {
            message.payload.set_json_text(json.into(), limits)?;
            has_body(message, "application/json");
        }
        Change::Xml(text) => {
            let tree = xml::read::read_text(&text, &limits.xml).map_err(|error| of_xml(&error))?;
            message.payload.set_envelope(Envelope::of(tree));
            has_body(message, "application/xml");
        }
        Change::Empty => message.payload.clear(),
        Change::Header { xml, must_understand } => {
            add_header(&xml, must_understand, message, limits)?;
        }
        Change::IsResponse(true) => {
            message.properties.set(&Arc::from(RESPONSE), Value::text_of("true"));
        }
        Change::IsResponse(false) => drop(message.properties.remove(RESPONSE)),
    }
    Ok(())
}

/// Puts a block into the header of the envelope.
fn add_header(
    xml: &str,
    must_understand: bool,
    message: &mut Message,
    limits: &Limits,
) -> Result<(), MediationFault> {
    let block = xml::read::read_text(xml, &limits.xml).map_err(|error| of_xml(&error))?;
    let Some(root) = block.root() else { return Ok(()) };
    let envelope = message.payload.envelope_mut(limits)?;
    let header = envelope.header_mut();
    let tree = &mut envelope.tree;
    let copy = tree.import(&block, root);
    tree.append(header, copy);
    if must_understand && let Some(own) = tree.name(header).cloned() {
        tree.set_attribute(copy, Name { local: "mustUnderstand".into(), ..own }, "1");
    }
    Ok(())
}

/// A body was made; a message that says nothing of how it is written gets a content type.
fn has_body(message: &mut Message, content_type: &str) {
    message.has_no_body = false;
    if matches!(message.written_as(), Media::Binary(own) if own.is_empty()) {
        message.set_message_type(content_type);
    }
}

fn address(which: Addressing, text: Option<String>, message: &mut Message) {
    let name = match which {
        Addressing::To => {
            message.to = text.map_or(Part::Removed, |text| Part::Set(Arc::from(text)));
            return;
        }
        Addressing::MessageId => {
            message.id =
                header_value(&text.unwrap_or_default()).unwrap_or(HeaderValue::from_static(""));
            return;
        }
        Addressing::SoapAction => {
            let name = HeaderName::from_static("soapaction");
            match text {
                Some(text) => message.set_header(&name, &format!("\"{text}\"")),
                None => drop(message.headers.remove(name)),
            }
            return;
        }
        Addressing::From => "From",
        Addressing::ReplyTo => "ReplyTo",
        Addressing::FaultTo => "FaultTo",
        Addressing::WsaAction => "Action",
    };
    match text {
        Some(text) => message.addressing.set(&Arc::from(name), Value::text_of(text)),
        None => drop(message.addressing.remove(name)),
    }
}

fn kept(value: PropertyValue, limits: &Limits) -> Result<Value, MediationFault> {
    Ok(match value {
        PropertyValue::Text(text) => Value::text_of(text),
        PropertyValue::Boolean(value) => Value::Boolean(value),
        PropertyValue::Integer(value) => Value::Integer(value),
        PropertyValue::Number(value) => Value::Number(value),
        PropertyValue::Json(text) => Value::Json(Arc::new(read_json(text.as_bytes(), limits)?)),
        PropertyValue::Xml(text) => {
            let tree = xml::read::read_fragment(&text, &Namespaces::new(), &limits.xml);
            Value::Xml(Arc::new(tree.map_err(|error| of_xml(&error))?))
        }
    })
}
