//! Properties of the axis2 scope: most are a part of the message itself (spec/02 §3.8).

use std::sync::Arc;

use http::{HeaderName, Method, StatusCode, header};

use super::{Message, Part};
use crate::host::Host;
use crate::payload::{Media, SoapVersion};
use crate::property::{Scope, Value};

impl Message {
    /// The value of a property; headers by their names in any case.
    pub fn get(&self, scope: Scope, name: &str, host: &dyn Host) -> Option<Value> {
        match scope {
            Scope::Default => self.default_property(name, host),
            Scope::Axis2 => self.axis2_property(name, host),
            Scope::Transport => {
                let name = HeaderName::try_from(name).ok()?;
                self.header(&name).map(|text| Value::text_of(text.as_ref()))
            }
            Scope::Other(scope) => self.others.get(&key(scope, name)).cloned(),
        }
    }

    /// Sets a property.
    pub fn set(&mut self, scope: Scope, name: &Arc<str>, value: Value) {
        match scope {
            Scope::Default => self.properties.set(name, value),
            Scope::Axis2 => self.set_axis2(name, value),
            Scope::Transport => {
                if let Ok(header) = HeaderName::try_from(name.as_ref()) {
                    self.set_header(&header, &value.text());
                }
            }
            Scope::Other(scope) => self.others.set(&Arc::from(key(scope, name)), value),
        }
    }

    /// Takes a property away.
    pub fn unset(&mut self, scope: Scope, name: &str) {
        match scope {
            Scope::Default => drop(self.properties.remove(name)),
            Scope::Axis2 => self.unset_axis2(name),
            Scope::Transport => {
                if let Ok(header) = HeaderName::try_from(name) {
                    self.headers.remove(header);
                }
            }
            Scope::Other(scope) => drop(self.others.remove(&key(scope, name))),
        }
    }

    fn default_property(&self, name: &str, host: &dyn Host) -> Option<Value> {
        if let Some(value) = self.properties.get(name) {
            return Some(value.clone());
        }
        match name {
            "To" => self.to_text().map(Value::text_of),
            "SYSTEM_TIME" => Some(Value::text_of(host.now_ms().to_string())),
            "SYSTEM_DATE" => {
                expression::synapse::date_text(host.now_ms(), "yyyy-MM-dd'T'HH:mm:ss.SSSXXX")
                    .map(Value::text_of)
            }
            "MessageID" => self.id.to_str().ok().map(Value::text_of),
            "MESSAGE_FORMAT" => Some(Value::text_of(self.format())),
            "FAULT" => Some(Value::Boolean(self.properties.get("ERROR_CODE").is_some())),
            "REST_METHOD" => Some(Value::text_of(self.client_method.as_str())),
            "From" | "Action" | "FaultTo" | "ReplyTo" | "RelatesTo" => {
                self.addressing.get(name).cloned()
            }
            _ => match name.strip_prefix("query.param.") {
                Some(parameter) => self.query_parameter(parameter).map(Value::text_of),
                None => host.property(name),
            },
        }
    }

    /// `query.param.x`: of the client's target; repeated ones, the last; a piece without `=`
    /// belongs to the value before it (spec/02 §3.8).
    fn query_parameter(&self, name: &str) -> Option<String> {
        let mut found: Option<String> = None;
        let mut is_last = false;
        for piece in self.uri.query()?.split('&') {
            let mut pairs = url::form_urlencoded::parse(piece.as_bytes());
            let Some((known, value)) = pairs.next() else { continue };
            if !piece.contains('=') && is_last {
                let value = found.get_or_insert_default();
                value.push('&');
                value.push_str(&known);
                continue;
            }
            is_last = known == name;
            if is_last {
                found = Some(value.into_owned());
            }
        }
        found
    }

    fn format(&self) -> &'static str {
        if self.client_method == Method::GET {
            return "get";
        }
        match self.payload.media() {
            Media::Soap(..) => "soap12",
            Media::Xml(_) if self.headers.contains_key("soapaction") => "soap11",
            _ => "pox",
        }
    }

    fn axis2_property(&self, name: &str, host: &dyn Host) -> Option<Value> {
        match name {
            "HTTP_METHOD" => Some(Value::text_of(self.method.as_str())),
            "HTTP_SC" => self.status.map(|status| Value::Integer(i64::from(status.as_u16()))),
            "REST_URL_POSTFIX" => self.postfix_text().map(Value::text_of),
            "NO_ENTITY_BODY" => self.has_no_body.then_some(Value::Boolean(true)),
            "messageType" => {
                let media = self.written_as();
                let essence = media.content_type().split(';').next().unwrap_or_default().trim();
                (!essence.is_empty()).then(|| Value::text_of(essence))
            }
            "ContentType" => {
                self.header(&header::CONTENT_TYPE).map(|it| Value::text_of(it.as_ref()))
            }
            "TransportURL" | "TransportInURL" => {
                self.uri.path_and_query().map(|target| Value::text_of(target.as_str()))
            }
            _ => self.axis2.get(name).cloned().or_else(|| host.axis2(name)),
        }
    }

    fn set_axis2(&mut self, name: &Arc<str>, value: Value) {
        let text = value.text();
        match name.as_ref() {
            "HTTP_METHOD" => {
                let method = Method::from_bytes(text.trim().as_bytes()).ok();
                // That one would make a tunnel of the connection.
                if let Some(method) = method.filter(|method| method != Method::CONNECT) {
                    self.method = method;
                }
            }
            "HTTP_SC" => {
                // What is no status is left to the status that there is.
                let status = text.trim().parse::<u16>().ok();
                let status = status.filter(|status| (200..=599).contains(status));
                if let Some(status) = status.and_then(|it| StatusCode::from_u16(it).ok()) {
                    self.status = Some(status);
                }
            }
            "REST_URL_POSTFIX" => self.postfix = Part::Set(text),
            "messageType" => self.ask_message_type(&text),
            "ContentType" => self.set_header(&header::CONTENT_TYPE, &text),
            "NO_ENTITY_BODY" => self.has_no_body = is_true(&text),
            _ => self.axis2.set(name, value),
        }
    }

    /// Of a list, as `Accept` has it, the first; what is no type leaves everything as it is.
    fn ask_message_type(&mut self, text: &str) {
        let first = text.split(',').next().unwrap_or_default();
        let (essence, parameters) = first.split_once(';').unwrap_or((first, ""));
        let essence = essence.trim();
        if essence.contains('*') || !essence.contains('/') {
            return;
        }
        let parameters: Vec<&str> = parameters
            .split(';')
            .map(str::trim)
            .filter(|it| !it.is_empty() && !it.to_ascii_lowercase().starts_with("q="))
            .collect();
        let text = [&[essence], parameters.as_slice()].concat().join("; ");
        self.set_message_type(&text);
        if essence.eq_ignore_ascii_case("text/xml") {
            self.message_type = Some(Media::Soap(text, SoapVersion::Soap11));
        }
    }

    fn unset_axis2(&mut self, name: &str) {
        match name {
            "REST_URL_POSTFIX" => self.postfix = Part::Removed,
            "NO_ENTITY_BODY" => self.has_no_body = false,
            "TRANSPORT_HEADERS" => self.headers.clear(),
            "messageType" => self.message_type = None,
            "ContentType" => drop(self.headers.remove(header::CONTENT_TYPE)),
            "HTTP_METHOD" => self.method = self.client_method.clone(),
            "HTTP_SC" => self.status = None,
            _ => drop(self.axis2.remove(name)),
        }
    }
}

/// Java's `Boolean.parseBoolean`.
pub(crate) fn is_true(text: &str) -> bool {
    text.trim().eq_ignore_ascii_case("true")
}

fn key(scope: &str, name: &str) -> String {
    format!("{scope} {name}")
}
