//! What makes, moves and shows the body: `payloadFactory`, `enrich`, `log`, `builder`, `makefault`,
//! `throwError`.

use std::sync::Arc;

use model::codes;
use xml::tree::NodeId;

use super::attribute::{Attribute, Attributes};
use super::format::{self, Language};
use super::reader::Reader;
use crate::expression::{Expression, Held};
use crate::host::Category;
use crate::sequence::{
    Argument, Enrich, EnrichAction, EnrichSource, EnrichTarget, FaultVersion, Log, LogLevel,
    MakeFault, MediaType, Mediator, PayloadFactory, Source, ThrowError,
};

const LEVELS: [(&str, LogLevel); 4] = [
    ("simple", LogLevel::Simple),
    ("headers", LogLevel::Headers),
    ("full", LogLevel::Full),
    ("custom", LogLevel::Custom),
];
const CATEGORIES: [(&str, Category); 6] = [
    ("INFO", Category::Info),
    ("TRACE", Category::Trace),
    ("DEBUG", Category::Debug),
    ("WARN", Category::Warn),
    ("ERROR", Category::Error),
    ("FATAL", Category::Error),
];
const MEDIA: [(&str, MediaType); 3] =
    [("xml", MediaType::Xml), ("json", MediaType::Json), ("text", MediaType::Text)];
const ACTIONS: [(&str, EnrichAction); 4] = [
    ("replace", EnrichAction::Replace),
    ("child", EnrichAction::Child),
    ("sibling", EnrichAction::Sibling),
    ("remove", EnrichAction::Remove),
];

pub(super) fn log(reader: &mut Reader<'_>, id: NodeId) -> Option<Mediator> {
    let mut attributes = Attributes::of(reader.tree, id);
    let level = reader.choice(&mut attributes, "level", &LEVELS);
    let category = reader.choice(&mut attributes, "category", &CATEGORIES);
    let separator = attributes.take("separator").map_or_else(|| ", ".to_owned(), |it| it.value);
    attributes.take("logMessageID");
    attributes.take("logFullPayload");
    attributes.finish(reader);
    let (mut properties, mut message) = (Vec::new(), None);
    for child in reader.elements(id) {
        if reader.is_mediator(child, "property") {
            properties.push(log_property(reader, child)?);
        } else if reader.is_mediator(child, "message") && message.is_none() {
            message = Some(log_message(reader, child)?);
        } else {
            reader.unexpected(child, "log", "`property` elements and one `message`");
        }
    }
    let (level, category) = (level?, category?);
    Some(Mediator::Log(Log { level, category, separator, properties, message }))
}

fn log_property(reader: &mut Reader<'_>, id: NodeId) -> Option<(String, Source)> {
    let mut attributes = Attributes::of(reader.tree, id);
    let name = reader.required(&mut attributes, "name");
    let source = reader.attribute_source(&mut attributes);
    attributes.finish(reader);
    Some((name?.value, source?))
}

fn log_message(reader: &mut Reader<'_>, id: NodeId) -> Option<Held> {
    let text = content(reader, id, "message");
    reader.template(&text)
}

/// The text of an element, as if it were an attribute.
fn content(reader: &Reader<'_>, id: NodeId, name: &str) -> Attribute {
    let value = reader.tree.text(id).trim().to_owned();
    Attribute { owner: id, name: name.to_owned(), value, place: reader.place(id) }
}

pub(super) fn payload_factory(reader: &mut Reader<'_>, id: NodeId) -> Option<Mediator> {
    let mut attributes = Attributes::of(reader.tree, id);
    let media = reader.choice(&mut attributes, "media-type", &MEDIA);
    let languages = [("default", Language::Default), ("freemarker", Language::FreeMarker)];
    let language = reader.choice(&mut attributes, "template-type", &languages);
    attributes.finish(reader);
    let (media, language) = (media?, language?);
    let (mut format, mut arguments) = (None, Vec::new());
    for child in reader.elements(id) {
        if reader.is_mediator(child, "format") && format.is_none() {
            format = Some(format::read(reader, child, media, language));
        } else if reader.is_mediator(child, "args") {
            arguments = self::arguments(reader, child)?;
        } else {
            reader.unexpected(child, "payloadFactory", "one `format` and one `args`");
        }
    }
    let Some(format) = format else {
        reader.lacks(id, "`payloadFactory` has no `format`", "Add `<format>` with the text in it.");
        return None;
    };
    let format = format?;
    format::missing_arguments(reader, id, &format, arguments.len());
    Some(Mediator::PayloadFactory(PayloadFactory { media, format, arguments }))
}

fn arguments(reader: &mut Reader<'_>, id: NodeId) -> Option<Vec<Argument>> {
    Attributes::of(reader.tree, id).finish(reader);
    let mut arguments = Vec::new();
    let mut is_sound = true;
    for child in reader.elements(id) {
        let argument = if reader.is_mediator(child, "arg") {
            argument(reader, child)
        } else {
            reader.unexpected(child, "args", "`arg` elements");
            None
        };
        is_sound &= argument.is_some();
        arguments.extend(argument);
    }
    is_sound.then_some(arguments)
}

fn argument(reader: &mut Reader<'_>, id: NodeId) -> Option<Argument> {
    let mut attributes = Attributes::of(reader.tree, id);
    let is_json = reader.choice(&mut attributes, "evaluator", &[("xml", false), ("json", true)])?;
    let is_literal = reader.flag(&mut attributes, "literal", false);
    attributes.take("deepCheck");
    let source = match attributes.take("expression") {
        Some(expression) if is_json && !attributes.has("value") => {
            json_argument(reader, &expression).map(Source::Expression)
        }
        Some(expression) if !attributes.has("value") => {
            reader.expression(&expression).map(Source::Expression)
        }
        _ => reader.attribute_source(&mut attributes),
    };
    attributes.finish(reader);
    Some(Argument { source: source?, is_literal: is_literal? })
}

/// A path of JSON without `json-eval(…)` around it.
fn json_argument(reader: &mut Reader<'_>, expression: &Attribute) -> Option<Expression> {
    let text = expression.value.trim();
    if text.starts_with("json-eval(") || text.starts_with("${") {
        return reader.expression(expression);
    }
    let wrapped = format!("json-eval({text})");
    reader.expression_text(expression, &wrapped)
}

pub(super) fn builder(reader: &mut Reader<'_>, id: NodeId) -> Option<Mediator> {
    Attributes::of(reader.tree, id).finish(reader);
    let children = reader.elements(id);
    for child in &children {
        let message = "Builders of one's own are not supported in `builder`";
        let help = "Remove it; JSON, XML, text and forms are read without it.";
        reader.error(codes::MEDIATOR_UNSUPPORTED, reader.place(*child), message, help);
    }
    children.is_empty().then_some(Mediator::Builder)
}

pub(super) fn enrich(reader: &mut Reader<'_>, id: NodeId) -> Option<Mediator> {
    Attributes::of(reader.tree, id).finish(reader);
    let (mut source, mut target) = (None, None);
    for child in reader.elements(id) {
        if reader.is_mediator(child, "source") && source.is_none() {
            source = Some(child);
        } else if reader.is_mediator(child, "target") && target.is_none() {
            target = Some(child);
        } else {
            reader.unexpected(child, "enrich", "one `source` and one `target`");
        }
    }
    let Some(target) = target else {
        reader.lacks(id, "`enrich` has no `target`", "Add `<target>`.");
        return None;
    };
    let target = enrich_target(reader, target);
    let source = match (source, &target) {
        (Some(source), _) => enrich_source(reader, source),
        (None, Some((_, EnrichAction::Remove))) => Some((EnrichSource::Body, true)),
        (None, _) => {
            reader.lacks(id, "`enrich` has no `source`", "Add `<source>`.");
            None
        }
    };
    let ((target, action), (source, is_clone)) = (target?, source?);
    Some(Mediator::Enrich(Enrich { source, is_clone, target, action }))
}

fn enrich_source(reader: &mut Reader<'_>, id: NodeId) -> Option<(EnrichSource, bool)> {
    let mut attributes = Attributes::of(reader.tree, id);
    let is_clone = reader.flag(&mut attributes, "clone", false);
    let kinds = ["custom", "envelope", "body", "property", "inline", "variable"];
    let kind = reader.choice(&mut attributes, "type", &kinds.map(|kind| (kind, kind)))?;
    let source = match kind {
        "envelope" => Some(EnrichSource::Envelope),
        "body" => Some(EnrichSource::Body),
        "property" => held_of(reader, &mut attributes, "property").map(EnrichSource::Property),
        "variable" => variable_of(reader, &mut attributes).map(EnrichSource::Variable),
        "inline" => enrich_inline(reader, &mut attributes),
        _ => expression_of(reader, &mut attributes).map(EnrichSource::Custom),
    };
    attributes.finish(reader);
    Some((source?, is_clone?))
}

fn enrich_inline(reader: &mut Reader<'_>, attributes: &mut Attributes) -> Option<EnrichSource> {
    if let Some(key) = attributes.take("key") {
        reader.bad_value(&key, "There is no registry; write the content into `source`.");
        return None;
    }
    if let Some(tree) = reader.inline_xml(attributes.id) {
        return Some(EnrichSource::InlineXml(Arc::new(tree)));
    }
    let text = reader.tree.text(attributes.id).trim().to_owned();
    if text.is_empty() {
        reader.lacks(
            attributes.id,
            "`source` has nothing in it",
            "Write the content into `source`.",
        );
        return None;
    }
    Some(EnrichSource::InlineText(text))
}

fn enrich_target(reader: &mut Reader<'_>, id: NodeId) -> Option<(EnrichTarget, EnrichAction)> {
    let mut attributes = Attributes::of(reader.tree, id);
    let action = reader.choice(&mut attributes, "action", &ACTIONS);
    let kinds = ["custom", "envelope", "body", "property", "key", "variable"];
    let kind = reader.choice(&mut attributes, "type", &kinds.map(|kind| (kind, kind)))?;
    let target = match kind {
        "envelope" => Some(EnrichTarget::Envelope),
        "body" => Some(EnrichTarget::Body),
        "property" => held_of(reader, &mut attributes, "property").map(EnrichTarget::Property),
        "variable" => variable_of(reader, &mut attributes).map(EnrichTarget::Variable),
        "key" => expression_of(reader, &mut attributes).map(EnrichTarget::Key),
        _ => expression_of(reader, &mut attributes).map(EnrichTarget::Custom),
    };
    attributes.finish(reader);
    Some((target?, action?))
}

fn held_of(reader: &mut Reader<'_>, attributes: &mut Attributes, name: &str) -> Option<Held> {
    let attribute = reader.required(attributes, name)?;
    reader.held(&attribute)
}

fn variable_of(reader: &mut Reader<'_>, attributes: &mut Attributes) -> Option<Held> {
    let name = if attributes.has("property") { "property" } else { "variable" };
    held_of(reader, attributes, name)
}

fn expression_of(reader: &mut Reader<'_>, attributes: &mut Attributes) -> Option<Expression> {
    let name = if attributes.has("expression") { "expression" } else { "xpath" };
    let attribute = reader.required(attributes, name)?;
    reader.expression(&attribute)
}

pub(super) fn make_fault(reader: &mut Reader<'_>, id: NodeId) -> Option<Mediator> {
    let mut attributes = Attributes::of(reader.tree, id);
    let version = match attributes.has("version") {
        true => reader.choice(
            &mut attributes,
            "version",
            &[
                ("soap11", FaultVersion::Soap11),
                ("soap12", FaultVersion::Soap12),
                ("pox", FaultVersion::Pox),
            ],
        ),
        false => Some(FaultVersion::AsMessage),
    };
    let is_response = match attributes.has("response") {
        true => Some(reader.flag(&mut attributes, "response", false)?),
        false => None,
    };
    attributes.finish(reader);
    let mut parts = FaultParts::default();
    for child in reader.elements(id) {
        parts.read(reader, child)?;
    }
    let version = version?;
    if version == FaultVersion::Pox && parts.code.is_none() {
        parts.code = Some(Source::Text(Held::literal("Server")));
    }
    let (Some(code), Some(reason)) = (parts.code, parts.reason) else {
        reader.lacks(id, "`makefault` needs a code and a reason", "Add `<code>` and `<reason>`.");
        return None;
    };
    let FaultParts { node, role, detail, .. } = parts;
    Some(Mediator::MakeFault(MakeFault { version, code, reason, node, role, detail, is_response }))
}

/// What stands in a `makefault`.
#[derive(Debug, Default)]
struct FaultParts {
    code: Option<Source>,
    reason: Option<Source>,
    node: Option<String>,
    role: Option<String>,
    detail: Option<Source>,
}

impl FaultParts {
    fn read(&mut self, reader: &mut Reader<'_>, id: NodeId) -> Option<()> {
        let mut attributes = Attributes::of(reader.tree, id);
        match reader.local(id) {
            "code" => self.code = Some(local_code(reader.attribute_source(&mut attributes)?)),
            "reason" => self.reason = Some(text_source(reader, &mut attributes)?),
            "node" => self.node = Some(reader.tree.text(id).trim().to_owned()),
            "role" => self.role = Some(reader.tree.text(id).trim().to_owned()),
            "detail" => self.detail = Some(text_source(reader, &mut attributes)?),
            _ => {
                reader.unexpected(id, "makefault", "`code`, `reason`, `node`, `role` and `detail`");
                return None;
            }
        }
        attributes.finish(reader);
        Some(())
    }
}

/// `value`, `expression`, elements, or the text.
fn text_source(reader: &mut Reader<'_>, attributes: &mut Attributes) -> Option<Source> {
    let text = reader.tree.text(attributes.id);
    let has_value = attributes.has("value") || attributes.has("expression");
    if has_value || reader.tree.elements(attributes.id).next().is_some() {
        return reader.source(attributes);
    }
    Some(Source::Text(Held::literal(text.trim())))
}

/// Without the prefix: it is the one of the version, whatever it is called.
fn local_code(code: Source) -> Source {
    match &code {
        Source::Text(held) => match held.as_literal().and_then(|text| text.rsplit_once(':')) {
            Some((_, local)) => Source::Text(Held::literal(local.trim())),
            None => code,
        },
        _ => code,
    }
}

pub(super) fn throw_error(reader: &mut Reader<'_>, id: NodeId) -> Option<Mediator> {
    let mut attributes = Attributes::of(reader.tree, id);
    let kind = reader.required(&mut attributes, "type");
    let message = match attributes.take("expression") {
        Some(expression) => reader.expression(&expression).map(Source::Expression),
        None => {
            let message = reader.required(&mut attributes, "errorMessage");
            message.and_then(|message| reader.held(&message)).map(Source::Text)
        }
    };
    attributes.finish(reader);
    let kind = kind.and_then(|kind| reader.held(&kind));
    Some(Mediator::ThrowError(ThrowError { kind: kind?, message: message? }))
}
