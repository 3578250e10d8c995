//! `payloadFactory`: a body out of a template and arguments (spec/02 §3.7).

use std::sync::Arc;

use bytes::Bytes;
use model::fault::FaultCode;
use serde::de::IgnoredAny;
use xml::escape;
use xml::tree::Namespaces;

use super::{Surroundings, wrote};
use crate::expression::{Expression, Need, evaluate};
use crate::fault::MediationFault;
use crate::freemarker::{self, Data, Template};
use crate::message::Message;
use crate::payload::{Envelope, Media, SoapVersion, read_json};
use crate::property::Scope;
use crate::sequence::{Argument, Format, MediaType, PayloadFactory, Piece, Source};

pub(super) fn run(
    step: &PayloadFactory,
    message: &mut Message,
    around: Surroundings<'_>,
) -> Result<(), MediationFault> {
    let text = match &step.format {
        Format::Pieces(pieces) => fill(step, pieces, message, around)?,
        Format::FreeMarker(template) => templated(step, template, message, around)?,
    };
    wrote(&mut message.written, text.len(), around.limits)?;
    match step.media {
        MediaType::Json => set_json(text, message)?,
        MediaType::Text => {
            let media = Media::of("text/plain");
            message.payload.set_bytes(Bytes::from(text), media);
            message.set_message_type("text/plain");
        }
        MediaType::Xml => set_xml(&text, message, around)?,
    }
    message.has_no_body = false;
    Ok(())
}

/// The text of an argument; XML and JSON written out.
fn value(
    argument: &Argument,
    message: &mut Message,
    around: Surroundings<'_>,
) -> Result<Arc<str>, MediationFault> {
    Ok(match &argument.source {
        Source::Expression(Expression::XPath(path, need)) => {
            around.prepare(message, *need)?;
            Arc::from(evaluate::markup(path, around.moment(message))?)
        }
        Source::Expression(_) => {
            around.value(message, &argument.source)?.map_or_else(|| Arc::from(""), |it| it.text())
        }
        source => around.text(message, source)?,
    })
}

/// Makes an argument fit into the template.
fn fit(
    text: &str,
    is_literal: bool,
    media: MediaType,
    message: &Message,
    around: Surroundings<'_>,
) -> String {
    let trimmed = text.trim();
    match media {
        MediaType::Text => text.to_owned(),
        MediaType::Json if !is_literal && is_json(trimmed) => trimmed.to_owned(),
        MediaType::Json if !is_literal && trimmed.starts_with('<') => {
            from_xml(trimmed, around).unwrap_or_else(|| escaped_json(text))
        }
        MediaType::Json => quoted(escaped_json(text), text, message, around),
        MediaType::Xml if !is_literal && is_xml(trimmed, around) => trimmed.to_owned(),
        MediaType::Xml if !is_literal && is_json(trimmed) => {
            to_xml(trimmed, around).unwrap_or_else(|| escape::text(text).into_owned())
        }
        MediaType::Xml => escape::text(text).into_owned(),
    }
}

/// `QUOTE_STRING_IN_PAYLOAD_FACTORY_JSON`: strings bring their own quotes.
fn quoted(escaped: String, text: &str, message: &Message, around: Surroundings<'_>) -> String {
    let asked = message.get(Scope::Default, "QUOTE_STRING_IN_PAYLOAD_FACTORY_JSON", around.host);
    let is_asked = asked.is_some_and(|value| value.text().eq_ignore_ascii_case("true"));
    let is_scalar = serde_json::from_str::<IgnoredAny>(text).is_ok();
    if is_asked && !is_scalar { format!("\"{escaped}\"") } else { escaped }
}

fn is_json(text: &str) -> bool {
    text.starts_with(['{', '[']) && serde_json::from_str::<IgnoredAny>(text).is_ok()
}

fn is_xml(text: &str, around: Surroundings<'_>) -> bool {
    text.starts_with('<')
        && xml::read::read_fragment(text, &Namespaces::new(), &around.limits.xml).is_ok()
}

fn from_xml(text: &str, around: Surroundings<'_>) -> Option<String> {
    let tree = xml::read::read_text(text, &around.limits.xml).ok()?;
    let value = xml::json::to_json(&tree, tree.root()?, &around.limits.json());
    serde_json::to_string(&value).ok()
}

fn to_xml(text: &str, around: Surroundings<'_>) -> Option<String> {
    let value = read_json(text.as_bytes(), around.limits).ok()?;
    let tree = xml::json::from_json(&value, &around.limits.json()).ok()?;
    let root = tree.root()?;
    Some(tree.elements(root).map(|id| xml::write::write(&tree, id)).collect())
}

/// Escaped for a place between quotes (RFC 8259 §7).
fn escaped_json(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    let inner = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    inner.unwrap_or_default().to_owned()
}

/// Runs a FreeMarker template.
fn templated(
    step: &PayloadFactory,
    template: &Template,
    message: &mut Message,
    around: Surroundings<'_>,
) -> Result<String, MediationFault> {
    let mut arguments = Vec::with_capacity(step.arguments.len());
    for argument in &step.arguments {
        let text = value(argument, message, around)?;
        let is_json = !argument.is_literal && text.trim_start().starts_with(['{', '[']);
        let json = is_json.then(|| read_json(text.as_bytes(), around.limits).ok()).flatten();
        arguments.push((text, json));
    }
    let mut text = None;
    if template.reads_payload() && !message.payload.is_empty() {
        match message.payload.media() {
            _ if message.payload.is_json() => around.prepare(message, Need::Json)?,
            _ if message.payload.is_xml() => around.prepare(message, Need::Xml)?,
            Media::Form(_) => around.prepare(message, Need::Xml)?,
            _ => text = Some(message.payload.text(around.limits)?),
        }
    }
    let data = Data { arguments: &arguments, text: text.as_deref() };
    freemarker::run(template, around.moment(message), &data)
}

fn fill(
    step: &PayloadFactory,
    pieces: &[Piece],
    message: &mut Message,
    around: Surroundings<'_>,
) -> Result<String, MediationFault> {
    let mut arguments = Vec::with_capacity(step.arguments.len());
    for argument in &step.arguments {
        let text = value(argument, message, around)?;
        arguments.push(fit(&text, argument.is_literal, step.media, message, around));
    }
    let mut made = String::new();
    for piece in pieces {
        match piece {
            Piece::Text(text) => made.push_str(text),
            Piece::Argument(index) => {
                made.push_str(arguments.get(*index).map(String::as_str).unwrap_or_default());
            }
            Piece::Expression(expression) => {
                let need = if expression.reads_payload() { Need::Json } else { Need::Nothing };
                around.prepare(message, need)?;
                let at = around.moment(message);
                let text = expression.text(&at, &mut at.budget()).map_err(|error| {
                    MediationFault::new(FaultCode::PolicyExpression, error.to_string())
                })?;
                made.push_str(&fit(&text, false, step.media, message, around));
            }
        }
        if made.len() > around.limits.output {
            let detail = format!("payloadFactory made more than {} bytes", around.limits.output);
            return Err(MediationFault::new(FaultCode::PolicyOutput, detail));
        }
    }
    Ok(made)
}

fn set_json(text: String, message: &mut Message) -> Result<(), MediationFault> {
    if !text.trim().is_empty()
        && let Err(error) = serde_json::from_str::<IgnoredAny>(&text)
    {
        let detail = format!("payloadFactory made what is no JSON: {error}");
        return Err(MediationFault::new(FaultCode::PolicyFailed, detail));
    }
    message.payload.set_bytes(Bytes::from(text), Media::of("application/json"));
    message.set_message_type("application/json");
    Ok(())
}

fn set_xml(
    text: &str,
    message: &mut Message,
    around: Surroundings<'_>,
) -> Result<(), MediationFault> {
    let fragment = xml::read::read_fragment(text.trim(), &Namespaces::new(), &around.limits.xml)
        .map_err(|error| {
            let detail = format!("payloadFactory made what is no XML: {error}");
            MediationFault::new(FaultCode::PolicyFailed, detail)
        })?;
    // A whole envelope takes the place of the envelope; anything else that of the body.
    let envelope = Envelope::of(fragment);
    let kept = written(message, &envelope);
    if message.payload.is_xml() {
        around.prepare(message, Need::Xml)?;
    }
    match (message.payload.envelope(), envelope.content()) {
        (Some(Envelope { soap: Some(_), .. }), Some(content)) if envelope.soap.is_none() => {
            message.payload.envelope_mut(around.limits)?.set_content(&envelope.tree, content);
        }
        _ => message.payload.set_envelope(envelope),
    }
    message.set_message_type(&kept);
    Ok(())
}

/// XML keeps the content type of XML that was there; else it is `application/xml`.
fn written(message: &Message, envelope: &Envelope) -> String {
    let now = message.written_as();
    match (&now, envelope.soap) {
        (Media::Soap(own, _), _) => own.clone(),
        (Media::Xml(own), _) if !own.is_empty() => own.clone(),
        (_, Some(SoapVersion::Soap12)) => "application/soap+xml".to_owned(),
        (_, Some(SoapVersion::Soap11)) => "text/xml".to_owned(),
        _ => "application/xml".to_owned(),
    }
}
