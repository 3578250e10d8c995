//! `property`, `propertyGroup`, `variable`, `header`.

use std::sync::Arc;

use http::HeaderName;
use model::codes;
use serde_json::Value as Json;
use xml::name::Name;
use xml::tree::NodeId;

use super::attribute::{Attribute, Attributes};
use super::reader::Reader;
use crate::expression::Held;
use crate::property::Scope;
use crate::sequence::{
    Extract, HeaderStep, HeaderTarget, Mediator, PropertyStep, Setting, Source, Type, VariableStep,
};

/// The scopes that can be written.
const SCOPES: &str = "default, axis2, axis2-client, transport, operation, analytics, trace";
/// Scopes of WSO2 that are not here, and why.
const REFUSED_SCOPES: [(&str, &str); 5] = [
    ("registry", "There is no registry; use a property of the default scope."),
    ("system", "Properties of the process cannot be changed; use a property of the default scope."),
    ("env", "The environment cannot be changed; use a property of the default scope."),
    ("file", "Files cannot be changed; use a property of the default scope."),
    ("func", "There are no templates; use a property of the default scope."),
];
/// The types of a value; the first is the default.
const TYPES: [(&str, Type); 9] = [
    ("STRING", Type::String),
    ("BOOLEAN", Type::Boolean),
    ("INTEGER", Type::Integer),
    ("LONG", Type::Integer),
    ("SHORT", Type::Integer),
    ("FLOAT", Type::Number),
    ("DOUBLE", Type::Number),
    ("OM", Type::Om),
    ("JSON", Type::Json),
];
/// Whether a value is removed; the first is the default.
const ACTIONS: [(&str, bool); 2] = [("set", false), ("remove", true)];
/// Headers of the default scope that are not headers of SOAP.
const ADDRESSING: [&str; 5] = ["From", "Action", "FaultTo", "ReplyTo", "RelatesTo"];

pub(super) fn property(reader: &mut Reader<'_>, id: NodeId) -> Option<Mediator> {
    let mut attributes = Attributes::of(reader.tree, id);
    let name = reader.required(&mut attributes, "name");
    let scope = scope(reader, &mut attributes);
    let kind = reader.choice(&mut attributes, "type", &TYPES);
    let extract = extract(reader, &mut attributes);
    let setting = setting(reader, &mut attributes, kind);
    attributes.finish(reader);
    let (name, scope, kind) = (name?, scope?, kind?);
    let held = reader.held(&name)?;
    let header = fixed_header(reader, &name, &held, scope)?;
    let step =
        PropertyStep { name: held, scope, header, kind, setting: setting?, extract: extract? };
    remember(reader, &step);
    Some(Mediator::Property(step))
}

pub(super) fn group(reader: &mut Reader<'_>, id: NodeId) -> Option<Mediator> {
    Attributes::of(reader.tree, id).finish(reader);
    for child in reader.elements(id) {
        if !reader.is_mediator(child, "property") {
            reader.unexpected(child, "propertyGroup", "`property` only");
            return None;
        }
    }
    Some(Mediator::Group(Arc::new(reader.steps(id))))
}

pub(super) fn variable(reader: &mut Reader<'_>, id: NodeId) -> Option<Mediator> {
    let mut attributes = Attributes::of(reader.tree, id);
    let name = reader.required(&mut attributes, "name");
    let kind = reader.choice(&mut attributes, "type", &TYPES);
    let setting = setting(reader, &mut attributes, kind);
    attributes.finish(reader);
    let name = name.and_then(|name| reader.held(&name));
    Some(Mediator::Variable(VariableStep { name: name?, kind: kind?, setting: setting? }))
}

pub(super) fn header(reader: &mut Reader<'_>, id: NodeId) -> Option<Mediator> {
    let mut attributes = Attributes::of(reader.tree, id);
    let scopes = [("default", Scope::Default), ("transport", Scope::Transport)];
    let scope = reader.choice(&mut attributes, "scope", &scopes)?;
    let name = header_name(reader, &mut attributes);
    let setting = setting(reader, &mut attributes, Some(Type::String));
    attributes.finish(reader);
    let (name, setting) = (name?, setting?);
    if scope == Scope::Transport {
        let held = reader.held(&name)?;
        let header = fixed_header(reader, &name, &held, scope)?;
        let kind = Type::String;
        let step = PropertyStep { name: held, scope, header, kind, setting, extract: None };
        return Some(Mediator::Property(step));
    }
    let target = header_target(reader, &name)?;
    if target == HeaderTarget::To && matches!(setting, Setting::Set(_)) {
        let place = reader.place(id);
        reader.to_places.push(place);
    }
    Some(Mediator::Header(HeaderStep { target, setting }))
}

/// The name of a header; that of the element in it, where there is none.
fn header_name(reader: &mut Reader<'_>, attributes: &mut Attributes) -> Option<Attribute> {
    let inline = reader.tree.elements(attributes.id).next();
    match inline {
        Some(inner) if !attributes.has("name") => {
            let value = reader.tree.name(inner)?.qualified();
            let place = reader.place(inner);
            Some(Attribute { owner: inner, name: "name".to_owned(), value, place })
        }
        _ => reader.required(attributes, "name"),
    }
}

fn header_target(reader: &mut Reader<'_>, name: &Attribute) -> Option<HeaderTarget> {
    let text = name.value.trim();
    if text == "To" {
        return Some(HeaderTarget::To);
    }
    if let Some(known) = ADDRESSING.iter().find(|known| **known == text) {
        return Some(HeaderTarget::Addressing(known));
    }
    let Some((prefix, local)) = text.split_once(':') else {
        reader.bad_value(
            name,
            "Add `scope=\"transport\"` for a header of HTTP; without it, write To, From, Action, \
             FaultTo, ReplyTo, RelatesTo, or a header of SOAP with its prefix.",
        );
        return None;
    };
    let namespaces = reader.tree.namespaces(name.owner);
    match namespaces.get(prefix) {
        Some(uri) => Some(HeaderTarget::Soap(Name::prefixed(uri, prefix, local))),
        None => {
            reader.error(
                codes::EXPRESSION_PREFIX,
                name.place,
                format!("The prefix `{prefix}` of the header `{text}` is not declared"),
                format!("Declare it with `xmlns:{prefix}=\"…\"` on the element."),
            );
            None
        }
    }
}

fn scope(reader: &mut Reader<'_>, attributes: &mut Attributes) -> Option<Scope> {
    let Some(attribute) = attributes.take("scope") else {
        return Some(Scope::Default);
    };
    let wanted = attribute.value.trim();
    let scope = Scope::named(wanted);
    if scope.is_none() {
        let refused = REFUSED_SCOPES.iter().find(|(name, _)| *name == wanted);
        match refused {
            Some((_, help)) => reader.bad_value(&attribute, *help),
            None => reader.bad_value(&attribute, format!("Write one of: {SCOPES}.")),
        }
    }
    scope
}

/// What a `property`, `variable` or `header` does.
fn setting(
    reader: &mut Reader<'_>,
    attributes: &mut Attributes,
    kind: Option<Type>,
) -> Option<Setting> {
    if reader.choice(attributes, "action", &ACTIONS)? {
        // Written by editors, and of no effect.
        attributes.take("value").or_else(|| attributes.take("expression"));
        return Some(Setting::Remove);
    }
    let value = attributes.has("value").then(|| value_of(reader, attributes.id)).flatten();
    let source = reader.source(attributes)?;
    match value {
        Some(value) if !fits(&value.value, kind?) => {
            reader.bad_value(&value, "Write a value of the type that `type` names.");
            None
        }
        _ => Some(Setting::Set(source)),
    }
}

fn value_of(reader: &Reader<'_>, id: NodeId) -> Option<Attribute> {
    Attributes::of(reader.tree, id).take("value")
}

/// Whether a text can be a value of this type.
fn fits(text: &str, kind: Type) -> bool {
    let text = text.trim();
    match kind {
        Type::Integer => text.parse::<i64>().is_ok(),
        Type::Number => text.parse::<f64>().is_ok(),
        Type::Boolean => text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false"),
        Type::Json => serde_json::from_str::<Json>(text).is_ok(),
        Type::String | Type::Om => true,
    }
}

/// `pattern` and `group`; the outer `None` says that a mistake was reported.
fn extract(reader: &mut Reader<'_>, attributes: &mut Attributes) -> Option<Option<Extract>> {
    let pattern = attributes.take("pattern");
    let group = attributes.take("group");
    let Some(pattern) = pattern else {
        if let Some(group) = group {
            reader.lacks(
                group.owner,
                "`group` stands without `pattern`",
                "Add `pattern`, or remove `group`.",
            );
            return None;
        }
        return Some(None);
    };
    let compiled = reader.regex(&pattern)?;
    let Some(attribute) = group else {
        return Some(Some(Extract { pattern: compiled, group: 0 }));
    };
    let most = compiled.group_count();
    match attribute.value.trim().parse::<usize>() {
        Ok(group) if group <= most => Some(Some(Extract { pattern: compiled, group })),
        _ => {
            reader.bad_value(&attribute, format!("`pattern` has the groups 0 to {most}."));
            None
        }
    }
}

/// The header of a fixed name in the transport scope; the outer `None` says that it is malformed.
fn fixed_header(
    reader: &mut Reader<'_>,
    name: &Attribute,
    held: &Held,
    scope: Scope,
) -> Option<Option<HeaderName>> {
    let Some(literal) = held.as_literal().filter(|_| scope == Scope::Transport) else {
        return Some(None);
    };
    match HeaderName::try_from(literal.trim()) {
        Ok(header) => Some(Some(header)),
        Err(_) => {
            reader.bad_value(
                name,
                "The name of a header has letters, digits and hyphens, and no blanks.",
            );
            None
        }
    }
}

/// Keeps a fixed value for the classes that take their limits from properties.
fn remember(reader: &mut Reader<'_>, step: &PropertyStep) {
    let Some(name) = step.name.as_literal() else {
        return;
    };
    let value = match &step.setting {
        Setting::Set(Source::Text(held)) => held.as_literal().map(str::to_owned),
        _ => None,
    };
    match step.setting {
        _ if step.scope != Scope::Default => {}
        Setting::Remove => drop(reader.constants.remove(name)),
        Setting::Set(_) => drop(reader.constants.insert(name.to_owned(), value)),
    }
}
