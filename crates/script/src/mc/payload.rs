//! The body.

use rquickjs::{Coerced, Result, Value};
use serde::de::IgnoredAny;

use super::Call;
use crate::state::Change;
use crate::xml_object;

/// `getPayloadJSON()`: an object of its own at each call.
pub(super) fn json<'js>(call: &Call<'_, 'js>) -> Result<Value<'js>> {
    let text = call.held.borrow().message.json.clone();
    match text {
        Some(text) => call.ctx.json_parse(text),
        None => Ok(Value::new_null(call.ctx.clone())),
    }
}

/// `getJsonText()`.
pub(super) fn json_text<'js>(call: &Call<'_, 'js>) -> Result<Value<'js>> {
    let text = call.held.borrow().message.json.clone();
    give_or_null(call, text)
}

/// `getPayloadText()`.
pub(super) fn text<'js>(call: &Call<'_, 'js>) -> Result<Value<'js>> {
    let text = call.held.borrow().message.text.clone();
    call.give(text.unwrap_or_default())
}

/// `getMessageString()`: the envelope as text.
pub(super) fn message<'js>(call: &Call<'_, 'js>) -> Result<Value<'js>> {
    let text = call.held.borrow().message.envelope.clone();
    give_or_null(call, text)
}

fn give_or_null<'js>(call: &Call<'_, 'js>, text: Option<String>) -> Result<Value<'js>> {
    match text {
        Some(text) => call.give(text),
        None => Ok(Value::new_null(call.ctx.clone())),
    }
}

/// `setPayloadJSON(value)`: text is JSON already, everything else is written as JSON.
pub(super) fn set_json<'js>(call: &Call<'_, 'js>) -> Result<Value<'js>> {
    put_json(call, 0)
}

/// `setJsonObject(mc, value)` and `setJsonText(mc, text)`.
pub(super) fn set_json_object<'js>(call: &Call<'_, 'js>) -> Result<Value<'js>> {
    put_json(call, 1)
}

fn put_json<'js>(call: &Call<'_, 'js>, index: usize) -> Result<Value<'js>> {
    let value = call.argument(index);
    let text = match value.as_string() {
        Some(text) => text.to_string()?,
        // As WSO2 does it for what has no JSON.
        None => match call.ctx.json_stringify(value)? {
            Some(text) => text.to_string()?,
            None => "{}".to_owned(),
        },
    };
    if text.trim().is_empty() {
        return clear(call);
    }
    serde_json::from_str::<IgnoredAny>(&text)
        .map_err(|error| call.refuse(&format!("the body is no JSON: {error}")))?;
    call.change(text.len(), Change::Json(text.clone()), |message| {
        message.text = Some(text.clone());
        message.json = Some(text);
        message.xml = None;
        message.envelope = None;
    })
}

/// An answer without a body: what API Manager's own scripts say by an empty text.
fn clear<'js>(call: &Call<'_, 'js>) -> Result<Value<'js>> {
    call.change(0, Change::Empty, |message| {
        message.text = None;
        message.xml = None;
        message.json = None;
        message.envelope = None;
    })
}

/// `getPayloadXML()`.
pub(super) fn xml<'js>(call: &Call<'_, 'js>) -> Result<Value<'js>> {
    let text = call.held.borrow().message.xml.clone();
    make_or_null(call, text)
}

/// `getEnvelopeXML()`.
pub(super) fn envelope<'js>(call: &Call<'_, 'js>) -> Result<Value<'js>> {
    let text = call.held.borrow().message.envelope.clone();
    make_or_null(call, text)
}

fn make_or_null<'js>(call: &Call<'_, 'js>, text: Option<String>) -> Result<Value<'js>> {
    match text {
        Some(text) => xml_object::make(call.ctx, call.held, &text),
        None => Ok(Value::new_null(call.ctx.clone())),
    }
}

/// `setPayloadXML(xml)`: an XML object, or text.
pub(super) fn set_xml<'js>(call: &Call<'_, 'js>) -> Result<Value<'js>> {
    let text = markup(call, 0)?;
    if text.trim().is_empty() {
        return clear(call);
    }
    let text = sole_element(call, "body", &text)?;
    call.change(text.len(), Change::Xml(text.clone()), |message| {
        message.text = Some(text.clone());
        message.xml = Some(text);
        message.json = None;
        message.envelope = None;
    })
}

/// The argument as markup: that of an XML object, or text.
fn markup(call: &Call<'_, '_>, index: usize) -> Result<String> {
    let value = call.argument(index);
    let own = value.as_object().map(xml_object::text).transpose()?.flatten();
    own.map_or_else(|| value.get::<Coerced<String>>().map(|text| text.0), Ok)
}

/// A text that is one element.
fn sole_element(call: &Call<'_, '_>, what: &str, text: &str) -> Result<String> {
    let element = xml_object::sole_element(text);
    element.map_err(|error| call.refuse(&format!("the {what} is no XML: {error}")))
}

/// `addHeader(mustUnderstand, xml)`: a header block of SOAP, of an XML object or text.
pub(super) fn add_header<'js>(call: &Call<'_, 'js>) -> Result<Value<'js>> {
    let must_understand = call.argument(0).as_bool().unwrap_or_default();
    let xml = sole_element(call, "header", &markup(call, 1)?)?;
    call.change(xml.len(), Change::Header { xml, must_understand }, |_| {})
}

/// `mc.__xml(markup, value, markup, …)`: what a literal of XML becomes.
pub(super) fn literal<'js>(call: &Call<'_, 'js>) -> Result<Value<'js>> {
    let mut text = String::new();
    for (index, value) in call.arguments.iter().enumerate() {
        if index % 2 == 0 {
            text.push_str(&value.get::<Coerced<String>>()?.0);
            continue;
        }
        match value.as_object().map(xml_object::text).transpose()?.flatten() {
            Some(xml) => text.push_str(&xml),
            None => text.push_str(&xml::escape::text(&value.get::<Coerced<String>>()?.0)),
        }
    }
    xml_object::make(call.ctx, call.held, &text)
}
