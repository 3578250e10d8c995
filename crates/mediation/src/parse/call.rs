//! What sends and what ends the flow: `send`, `call`, `respond`, `loopback`, `drop`.

use http::Method;
use model::codes;
use model::policy::Flow;
use xml::tree::NodeId;

use super::attribute::{Attribute, Attributes};
use super::reader::Reader;
use crate::expression::Held;
use crate::sequence::{CallStep, EndpointRef, Mediator};

/// What a call cannot do without, so that it is not passed over.
const SECURITY: [&str; 4] = ["authentication", "enableSec", "enableAddressing", "enableRM"];
/// The methods of an `http` endpoint.
const METHODS: [(&str, Method); 7] = [
    ("get", Method::GET),
    ("post", Method::POST),
    ("put", Method::PUT),
    ("delete", Method::DELETE),
    ("head", Method::HEAD),
    ("options", Method::OPTIONS),
    ("patch", Method::PATCH),
];

pub(super) fn send(reader: &mut Reader<'_>, id: NodeId) -> Option<Mediator> {
    let mut attributes = Attributes::of(reader.tree, id);
    attributes.take("buildmessage");
    if let Some(receive) = attributes.take("receive") {
        reader.bad_value(&receive, "Use `call`, and put the steps for the answer after it.");
    }
    attributes.finish(reader);
    endpoint_of(reader, id, "send").map(Mediator::Send)
}

pub(super) fn call(reader: &mut Reader<'_>, id: NodeId) -> Option<Mediator> {
    let mut attributes = Attributes::of(reader.tree, id);
    // A flow that waits holds up no other, so that both kinds are the same.
    attributes.take("blocking");
    attributes.take("initAxis2ClientOptions");
    attributes.finish(reader);
    endpoint_of(reader, id, "call").map(|endpoint| Mediator::Call(CallStep { endpoint }))
}

pub(super) fn respond(reader: &mut Reader<'_>, id: NodeId) -> Option<Mediator> {
    empty(reader, id);
    Some(Mediator::Respond)
}

pub(super) fn loopback(reader: &mut Reader<'_>, id: NodeId) -> Option<Mediator> {
    empty(reader, id);
    if reader.context.flow == Flow::Request {
        return Some(Mediator::Loopback);
    }
    reader.error(
        codes::MEDIATOR_UNSUPPORTED,
        reader.place(id),
        format!("`loopback` cannot stand in the {} flow", reader.context.flow),
        "Use it in the request flow, or remove it.",
    );
    None
}

pub(super) fn drop(reader: &mut Reader<'_>, id: NodeId) -> Option<Mediator> {
    empty(reader, id);
    Some(Mediator::Drop)
}

/// Reports what stands in an element that has nothing in it.
fn empty(reader: &mut Reader<'_>, id: NodeId) {
    Attributes::of(reader.tree, id).finish(reader);
    for child in reader.elements(id) {
        let parent = reader.local(id);
        reader.unexpected(child, parent, "nothing");
    }
}

/// The endpoint in a `send` or `call`; the outer `None` says that a mistake was reported.
fn endpoint_of(reader: &mut Reader<'_>, id: NodeId, mediator: &str) -> Option<Option<EndpointRef>> {
    let mut endpoint = None;
    for child in reader.elements(id) {
        if !reader.is_mediator(child, "endpoint") || endpoint.is_some() {
            reader.unexpected(child, mediator, "one `endpoint`");
            return None;
        }
        endpoint = Some(self::endpoint(reader, child)?);
    }
    if matches!(endpoint, None | Some(EndpointRef::To)) {
        reader.uses_to = true;
    }
    Some(endpoint)
}

fn endpoint(reader: &mut Reader<'_>, id: NodeId) -> Option<EndpointRef> {
    let mut attributes = Attributes::of(reader.tree, id);
    let key = attributes.take("key");
    let expression = attributes.take("key-expression");
    attributes.take("name");
    attributes.finish(reader);
    if let Some(key) = key {
        return reader.held(&key).map(EndpointRef::Named);
    }
    if let Some(expression) = expression {
        let compiled = reader.expression(&expression)?;
        return Some(EndpointRef::Named(Held::Expression(Box::new(compiled))));
    }
    let mut kind = None;
    for child in reader.elements(id) {
        match reader.local(child).to_ascii_lowercase().as_str() {
            "address" if kind.is_none() => kind = Some(address(reader, child)?),
            "http" if kind.is_none() => kind = Some(http(reader, child)?),
            "default" if kind.is_none() => kind = Some(default(reader, child)?),
            "description" => {}
            local => {
                refuse(reader, child, local);
                return None;
            }
        }
    }
    if kind.is_none() {
        reader.lacks(
            id,
            "`endpoint` says nothing about where it goes",
            "Write `address`, `http` or `default` in it, or a `key`.",
        );
    }
    kind
}

fn refuse(reader: &mut Reader<'_>, id: NodeId, local: &str) {
    let help = match local {
        "wsdl" => "Write the address in `<address uri=\"…\"/>`.",
        "loadbalance" | "dynamicloadbalance" | "failover" | "session" | "membership" => {
            "Configure the endpoints of the API, and name one of them with `key`."
        }
        "recipientlist" => "Use `call` once for each recipient.",
        "property" => "Set it with `<property>` before the mediator.",
        "address" | "http" | "default" => "Write one of them.",
        _ => "Use `address`, `http` or `default`.",
    };
    let message = format!("`{local}` is not supported in an `endpoint`");
    reader.error(codes::MEDIATION_ENDPOINT, reader.place(id), message, help);
}

fn default(reader: &mut Reader<'_>, id: NodeId) -> Option<EndpointRef> {
    let mut attributes = Attributes::of(reader.tree, id);
    attributes.take("format");
    attributes.finish(reader);
    settings(reader, id)?;
    Some(EndpointRef::To)
}

fn address(reader: &mut Reader<'_>, id: NodeId) -> Option<EndpointRef> {
    let mut attributes = Attributes::of(reader.tree, id);
    let uri = reader.required(&mut attributes, "uri");
    attributes.finish(reader);
    settings(reader, id)?;
    target(reader, &uri?).map(EndpointRef::Address)
}

fn http(reader: &mut Reader<'_>, id: NodeId) -> Option<EndpointRef> {
    let mut attributes = Attributes::of(reader.tree, id);
    let template = reader.required(&mut attributes, "uri-template");
    let method = attributes.take("method");
    attributes.finish(reader);
    settings(reader, id)?;
    let method = match method {
        Some(method) => Some(method_of(reader, &method)?),
        None => None,
    };
    target(reader, &template?).map(|template| EndpointRef::Http { template, method })
}

fn method_of(reader: &mut Reader<'_>, attribute: &Attribute) -> Option<Method> {
    let wanted = attribute.value.trim();
    let known = METHODS.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
    if known.is_none() {
        let names: Vec<&str> = METHODS.iter().map(|(name, _)| *name).collect();
        reader.bad_value(attribute, format!("Write one of: {}.", names.join(", ")));
    }
    known.map(|(_, method)| method.clone())
}

/// A URL, or a template of one that may begin with a variable.
fn target(reader: &mut Reader<'_>, attribute: &Attribute) -> Option<Held> {
    let text = attribute.value.trim();
    let is_open = text.starts_with('{') || text.starts_with("${");
    if !is_open && !text.starts_with("http://") && !text.starts_with("https://") {
        reader.error(
            codes::MEDIATION_ENDPOINT,
            attribute.place,
            format!("`{}=\"{text}\"` is no address that can be called", attribute.name),
            "Write a URL that begins with `http://` or `https://`.",
        );
        return None;
    }
    let held = reader.template(attribute)?;
    Some(match held.as_literal() {
        Some(literal) => Held::literal(literal.trim()),
        None => held,
    })
}

/// What stands in a kind of endpoint: time limits and the like, which calls have from the API.
fn settings(reader: &mut Reader<'_>, id: NodeId) -> Option<()> {
    let kind = reader.local(id);
    let mut is_refused = false;
    for child in reader.elements(id) {
        let local = reader.local(child);
        if SECURITY.contains(&local) || local == "property" {
            refuse(reader, child, local);
            is_refused = true;
            continue;
        }
        reader.warn(
            codes::MEDIATOR_IGNORED,
            reader.place(child),
            format!("`{local}` in `{kind}` has no effect"),
            "Configure an endpoint of the API, and name it with `key`, or remove it.",
        );
    }
    (!is_refused).then_some(())
}
