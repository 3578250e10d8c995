//! Scripts in a flow: what of a message one is shown, and what becomes of its changes.
//!
//! The machine hands a script out ([`crate::Wants::Script`]); whoever runs the machine runs it, on
//! a thread that may be late, and brings it back ([`crate::Machine::take_script`]).

mod apply;
#[cfg(test)]
mod tests;

use std::sync::Arc;

pub(crate) use apply::{apply, log};

use ::script::{
    Addressing, Engines, MessageState, Outcome, PropertyValue, Script, ScriptError, ScriptLimits,
};
use http::{HeaderName, Method};
use model::fault::FaultCode;

use crate::expression::Need;
use crate::fault::MediationFault;
use crate::host::Host;
use crate::limits::Limits;
use crate::message::{Direction, Message};
use crate::payload::{Media, SoapVersion};
use crate::property::{Scope, Value};

/// Headers are shown to scripts in this scope.
const TRANSPORT: &str = "transport";

/// A script with the message that it is to see; it may go to another thread.
#[derive(Debug)]
pub struct ScriptRun {
    pub(crate) script: Arc<Script>,
    pub(crate) state: MessageState,
    pub(crate) ended: Option<Result<Outcome, ScriptError>>,
}

impl ScriptRun {
    /// What is shown of a message; forms of its body are made where the script asks for them.
    ///
    /// # Errors
    ///
    /// A body that cannot be read as the script asks for it.
    pub(crate) fn over(
        script: &Arc<Script>,
        message: &mut Message,
        host: &dyn Host,
        limits: &Limits,
    ) -> Result<Self, MediationFault> {
        let mut state = MessageState::default();
        show_body(script, message, limits, &mut state)?;
        show_properties(script, message, host, &mut state);
        for (name, value) in message.variables.iter() {
            state.variables.insert(name.to_owned(), shown(value));
        }
        show_addresses(message, host, &mut state);
        state.is_response = message.direction == Direction::Response;
        state.is_fault = message.property("ERROR_CODE").is_some();
        state.is_get = message.client_method == Method::GET;
        state.is_soap11 = is_soap11(message);
        state.is_pox = !matches!(message.payload.media(), Media::Soap(..)) && !state.is_soap11;
        Ok(Self { script: Arc::clone(script), state, ended: None })
    }

    /// Runs it, on this thread, in an engine of those that the thread keeps.
    pub fn run(&mut self, engines: &mut Engines, limits: &ScriptLimits) {
        self.ended = Some(engines.run(&self.script, &mut self.state, limits));
    }

    /// What its errors name.
    pub fn name(&self) -> &str {
        self.script.name()
    }
}

/// A fault for a script that did not end as it should.
pub fn failed(detail: impl Into<String>) -> MediationFault {
    MediationFault::new(FaultCode::ScriptFailed, detail)
}

fn is_soap11(message: &Message) -> bool {
    match message.payload.media() {
        Media::Soap(_, version) => *version == SoapVersion::Soap11,
        Media::Xml(_) => message.headers.contains_key("soapaction"),
        _ => false,
    }
}

fn show_body(
    script: &Script,
    message: &mut Message,
    limits: &Limits,
    state: &mut MessageState,
) -> Result<(), MediationFault> {
    let needs = script.needs();
    if needs.json {
        message.payload.prepare(Need::Json, limits)?;
        state.json = message.payload.json().map(|json| json.to_string());
    }
    if needs.xml || needs.envelope {
        message.payload.prepare(Need::Xml, limits)?;
        if let Some(envelope) = message.payload.envelope() {
            let content = envelope.content().filter(|_| needs.xml);
            state.xml = content.map(|id| Value::xml_of(&envelope.tree, id).text().to_string());
            let version = envelope.soap.unwrap_or(SoapVersion::Soap11);
            state.envelope = needs.envelope.then(|| envelope.write(Some(version)));
        }
    }
    if needs.text && !message.payload.is_empty() {
        state.text = Some(message.payload.text(limits)?);
    }
    Ok(())
}

/// All that policies have set, and of what the gateway knows that which the script names.
fn show_properties(script: &Script, message: &Message, host: &dyn Host, state: &mut MessageState) {
    let mut names: Vec<String> = script.names().map(str::to_owned).collect();
    if script.needs().all_names {
        names.extend(host.names());
        let query = message.uri.query().unwrap_or_default().as_bytes();
        let parameters = url::form_urlencoded::parse(query);
        names.extend(parameters.map(|(name, _)| format!("query.param.{name}")));
    }
    let mut show = |scope: &str, name: &str, value: &Value| {
        let properties = state.properties.entry(scope.to_owned()).or_default();
        properties.insert(name.to_owned(), shown(value));
    };
    for (name, value) in message.properties.iter() {
        show(Scope::Default.as_str(), name, value);
    }
    let scopes = script.scopes().filter_map(Scope::named).filter(|it| *it != Scope::Transport);
    for scope in std::iter::once(Scope::Default).chain(scopes) {
        for name in &names {
            if let Some(value) = message.get(scope, name, host) {
                show(scope.as_str(), name, &value);
            }
        }
    }
    for name in message.headers.keys() {
        if let Some(value) = message.header(name) {
            show(TRANSPORT, name.as_str(), &Value::text_of(value.as_ref()));
        }
    }
}

fn show_addresses(message: &Message, host: &dyn Host, state: &mut MessageState) {
    let own =
        |name: &str| message.get(Scope::Default, name, host).map(|value| value.text().to_string());
    let action = message.header(&HeaderName::from_static("soapaction"));
    for (which, text) in [
        (Addressing::To, message.to_text().map(str::to_owned)),
        (Addressing::From, own("From")),
        (Addressing::ReplyTo, own("ReplyTo")),
        (Addressing::FaultTo, own("FaultTo")),
        (Addressing::WsaAction, own("Action")),
        (Addressing::SoapAction, action.map(|text| text.trim_matches('"').to_owned())),
        (Addressing::MessageId, message.id.to_str().ok().map(str::to_owned)),
    ] {
        if let Some(text) = text {
            state.addressing.insert(which, text);
        }
    }
}

fn shown(value: &Value) -> PropertyValue {
    match value {
        Value::Text(text) => PropertyValue::Text(text.to_string()),
        Value::Boolean(value) => PropertyValue::Boolean(*value),
        Value::Integer(value) => PropertyValue::Integer(*value),
        Value::Number(value) => PropertyValue::Number(*value),
        Value::Json(value) => PropertyValue::Json(value.to_string()),
        Value::Xml(_) => PropertyValue::Xml(value.text().to_string()),
    }
}
