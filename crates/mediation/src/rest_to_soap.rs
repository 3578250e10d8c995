//! The steps of a resource that is a SOAP operation: the request becomes an envelope, the answer
//! JSON (`SoapToRest/mapping.yaml`).
//!
//! What does not fit is answered here, so that the service is not called. Requests without a body
//! need no content type; API Manager's own sequences ask for one all the same.

#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use ::soap::mapping::{Mapping, ParameterPlace, Resource};
use ::soap::request::{self, Input};
use ::soap::{Problem, answer, problem};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use serde_json::Value as Json;

use crate::expression::Need;
use crate::fault::MediationFault;
use crate::host::Host;
use crate::limits::Limits;
use crate::machine::{End, Outcome};
use crate::mediator::{Surroundings, wrote};
use crate::message::{Message, Part, content_type};
use crate::payload::{Media, PayloadError};
use crate::property::Scope;

/// The header of SOAP 1.1 that names the operation.
const ACTION: HeaderName = HeaderName::from_static("soapaction");
/// What a request with a body that is no JSON is answered (spec/03 §1.8).
const REFUSAL: &str = r#"{"error": "Invalid Content-Type detected"}"#;

/// A resource of a mapping.
#[derive(Clone)]
pub struct SoapResource {
    mapping: Arc<Mapping>,
    index: usize,
    /// What tells its mapping from another one.
    mark: u64,
}

/// Which way a step turns messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// A request into an envelope.
    Request,
    /// An envelope into an answer.
    Answer,
}

impl SoapResource {
    /// A resource, by its place in the mapping.
    pub fn new(mapping: Arc<Mapping>, index: usize, mark: u64) -> Self {
        Self { mapping, index, mark }
    }

    fn resource(&self) -> Option<&Resource> {
        self.mapping.resources.get(self.index)
    }

    /// Runs the step.
    pub(crate) fn run(
        &self,
        turn: Turn,
        message: &mut Message,
        around: Surroundings<'_>,
    ) -> Result<Outcome, MediationFault> {
        let Some(resource) = self.resource() else { return Ok(Outcome::Next) };
        match turn {
            Turn::Request => self.ask(resource, message, around),
            Turn::Answer => self.tell(resource, message, around.limits).map(|()| Outcome::Next),
        }
    }

    fn ask(
        &self,
        resource: &Resource,
        message: &mut Message,
        around: Surroundings<'_>,
    ) -> Result<Outcome, MediationFault> {
        let limits = around.limits;
        let takes_body =
            !matches!(message.client_method.as_str(), "GET" | "HEAD" | "DELETE" | "OPTIONS");
        let has_body = !message.payload.is_empty();
        if (takes_body || has_body) && !message.payload.is_json() && !says_json(message) {
            return Ok(refuse(message, Bytes::from_static(REFUSAL.as_bytes()), "application/json"));
        }
        if has_body && message.payload.is_xml() {
            return Ok(refuse(message, Bytes::from_static(REFUSAL.as_bytes()), "application/json"));
        }
        let body = match message.payload.prepare(Need::Json, limits) {
            Ok(()) => message.payload.json().cloned(),
            Err(PayloadError::Unreadable(_)) => None,
            Err(error) => return Err(error.into()),
        };
        let made = if has_body && body.is_none() {
            Err(Problem::new("", "this is no JSON", "an object of JSON (RFC 8259)"))
        } else {
            let parameter = |place, name: &str| parameters(message, around.host, place, name);
            let input = Input { body: body.as_deref(), parameter: &parameter };
            request::write(&self.mapping, resource, &input, limits.output)
        };
        match made {
            Ok(envelope) => {
                wrote(&mut message.written, envelope.text.len(), limits)?;
                put(envelope, message);
                Ok(Outcome::Next)
            }
            Err(problem) => {
                Ok(refuse(message, json_bytes(&problem.to_json()), problem::CONTENT_TYPE))
            }
        }
    }

    fn tell(
        &self,
        resource: &Resource,
        message: &mut Message,
        limits: &Limits,
    ) -> Result<(), MediationFault> {
        // A policy has made JSON of it already, or there is nothing to turn.
        if message.payload.is_json() || message.payload.is_empty() || message.has_no_body {
            return Ok(());
        }
        let status = message.status.unwrap_or(StatusCode::OK);
        let media = message.payload.media().clone();
        let bytes = message.payload.write(&media, limits)?;
        let read = answer::read(&self.mapping, resource, status.as_u16(), &bytes, &limits.xml);
        let Some(answer) = read else { return Ok(()) };
        let bytes = json_bytes(&answer.body);
        wrote(&mut message.written, bytes.len(), limits)?;
        let kind = if answer.is_problem { problem::CONTENT_TYPE } else { "application/json" };
        set_body(message, bytes, kind);
        message.status = StatusCode::from_u16(answer.status).ok().or(Some(status));
        Ok(())
    }
}

/// Whether the content type is that of JSON (spec/03 §1.8).
fn says_json(message: &Message) -> bool {
    let said = content_type(&message.headers).trim_start();
    said.get(..16).is_some_and(|said| said.eq_ignore_ascii_case("application/json"))
}

/// The values of a parameter, as the client sent them.
fn parameters(
    message: &Message,
    host: &dyn Host,
    place: ParameterPlace,
    name: &str,
) -> Vec<String> {
    match place {
        ParameterPlace::Query => {
            let query = message.uri.query().unwrap_or_default();
            let pairs = url::form_urlencoded::parse(query.as_bytes());
            pairs.filter(|(known, _)| known == name).map(|(_, value)| value.into_owned()).collect()
        }
        ParameterPlace::Path => {
            let value = message.get(Scope::Default, &format!("uri.var.{name}"), host);
            value.map(|value| value.text().as_ref().to_owned()).into_iter().collect()
        }
        ParameterPlace::Header => {
            let Ok(name) = HeaderName::try_from(name) else { return Vec::new() };
            message.header(&name).map(std::borrow::Cow::into_owned).into_iter().collect()
        }
    }
}

fn put(envelope: request::Envelope, message: &mut Message) {
    set_body(message, Bytes::from(envelope.text), &envelope.content_type);
    match &envelope.action {
        Some(action) => message.set_header(&ACTION, action),
        None => {
            message.headers.remove(&ACTION);
        }
    }
    let wanted = envelope.content_type.split(';').next().unwrap_or_default();
    if let Ok(wanted) = HeaderValue::from_str(&format!("{wanted}, multipart/related;q=0.1")) {
        message.headers.insert(header::ACCEPT, wanted);
    }
    message.method = Method::POST;
    message.postfix = Part::Removed;
}

fn set_body(message: &mut Message, bytes: Bytes, kind: &str) {
    message.payload.set_bytes(bytes, Media::of(kind));
    message.message_type = None;
    message.has_no_body = false;
    message.set_header(&header::CONTENT_TYPE, kind);
}

/// The answer to a request that the service is not sent.
fn refuse(message: &mut Message, bytes: Bytes, kind: &str) -> Outcome {
    set_body(message, bytes, kind);
    message.status = Some(StatusCode::BAD_REQUEST);
    Outcome::Ends(End::Respond)
}

fn json_bytes(value: &Json) -> Bytes {
    // A value has text keys only, so that this cannot fail.
    Bytes::from(value.to_string())
}

/// What tells it from another one.
impl fmt::Display for SoapResource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(resource) = self.resource() else { return f.write_str("nothing") };
        let Resource { method, path, operation, version, action, .. } = resource;
        let action = action.as_deref().unwrap_or("none");
        let version = version.as_str();
        write!(
            f,
            "{method} {path}: {operation}, SOAP {version}, action {action}, mapping {:x}",
            self.mark
        )
    }
}

/// Without the mapping, which is long.
impl fmt::Debug for SoapResource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SoapResource({self})")
    }
}
