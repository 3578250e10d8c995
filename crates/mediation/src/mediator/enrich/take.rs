//! The source of an `enrich`.

use std::borrow::Cow;
use std::sync::Arc;

use ::expression::Found;
use serde_json::Value as Json;
use xml::tree::Tree;

use crate::expression::evaluate::exhausted;
use crate::expression::{Expression, Need, evaluate};
use crate::fault::MediationFault;
use crate::mediator::Surroundings;
use crate::message::Message;
use crate::payload::Media;
use crate::property::{Scope, Value, json_size, xml_size};
use crate::sequence::{Enrich, EnrichSource};

/// What was taken.
#[derive(Debug)]
pub(super) enum Item {
    /// Nothing.
    Nothing,
    /// Nodes: the children of the document node of a tree.
    Nodes(Arc<Tree>),
    /// JSON.
    Json(Json),
    /// Text.
    Text(Arc<str>),
}

impl Item {
    /// Bytes that it takes, about.
    pub(super) fn size(&self) -> usize {
        match self {
            Self::Nothing => 0,
            Self::Nodes(tree) => xml_size(tree),
            Self::Json(value) => json_size(value),
            Self::Text(text) => text.len(),
        }
    }

    /// As the value of a property.
    pub(super) fn value(self) -> Option<Value> {
        match self {
            Self::Nothing => None,
            Self::Nodes(tree) => Some(Value::Xml(tree)),
            Self::Json(Json::String(text)) => Some(Value::text_of(text)),
            Self::Json(value) => Some(Value::Json(Arc::new(value))),
            Self::Text(text) => Some(Value::Text(text)),
        }
    }

    /// Of a property: text that is JSON or XML counts as that.
    fn of_value(value: Value, around: Surroundings<'_>) -> Self {
        match value {
            Value::Xml(tree) => Self::Nodes(tree),
            Value::Json(value) => Self::Json(Json::clone(&value)),
            other => Self::of_text(&other.text(), around),
        }
    }

    /// Text that is JSON or XML counts as that.
    pub(super) fn of_text(text: &str, around: Surroundings<'_>) -> Self {
        let trimmed = text.trim();
        if trimmed.starts_with('<')
            && let Ok(tree) = xml::read::read_text(trimmed, &around.limits.xml)
        {
            return Self::Nodes(Arc::new(tree));
        }
        if trimmed.starts_with(['{', '['])
            && let Ok(value) = crate::payload::read_json(trimmed.as_bytes(), around.limits)
        {
            return Self::Json(value);
        }
        Self::Text(Arc::from(text))
    }
}

/// Takes what the step asks for; where it is not a clone, it is gone from where it was.
pub(super) fn take(
    step: &Enrich,
    message: &mut Message,
    around: Surroundings<'_>,
) -> Result<Item, MediationFault> {
    let item = match &step.source {
        EnrichSource::Custom(expression) => {
            let item = custom(expression, message, around)?;
            if !step.is_clone {
                super::put::remove(expression, message, around)?;
            }
            return Ok(item);
        }
        EnrichSource::Envelope => {
            around.prepare(message, Need::Xml)?;
            let envelope = message.payload.envelope();
            envelope.map_or(Item::Nothing, |it| Item::Nodes(alone(&it.tree, &[it.envelope])))
        }
        EnrichSource::Body => body(message, around)?,
        EnrichSource::Property(name) => {
            let name = name.text(around.moment(message))?;
            let value = message.get(Scope::Default, &name, around.host);
            if !step.is_clone {
                message.unset(Scope::Default, &name);
            }
            value.map_or(Item::Nothing, |value| Item::of_value(value, around))
        }
        EnrichSource::Variable(name) => {
            let name = name.text(around.moment(message))?;
            let value = message.variables.get(&name).cloned();
            if !step.is_clone {
                message.variables.remove(&name);
            }
            value.map_or(Item::Nothing, |value| Item::of_value(value, around))
        }
        EnrichSource::InlineXml(tree) => Item::Nodes(Arc::clone(tree)),
        EnrichSource::InlineText(text) => Item::of_text(text, around),
    };
    Ok(item)
}

/// The body: JSON where it is JSON, text where it is text, else its elements.
fn body(message: &mut Message, around: Surroundings<'_>) -> Result<Item, MediationFault> {
    if message.payload.is_empty() {
        return Ok(Item::Nothing);
    }
    if matches!(message.payload.media(), Media::Text(_)) && !message.payload.is_changed() {
        return Ok(Item::Text(Arc::from(message.payload.text(around.limits)?)));
    }
    if message.payload.is_json() {
        around.prepare(message, Need::Json)?;
        let value = message.payload.json().map(|value| Json::clone(value));
        return Ok(value.map_or(Item::Nothing, Item::Json));
    }
    around.prepare(message, Need::Xml)?;
    let Some(envelope) = message.payload.envelope() else { return Ok(Item::Nothing) };
    let nodes: Vec<_> = envelope.tree.elements(envelope.body).collect();
    Ok(if nodes.is_empty() { Item::Nothing } else { Item::Nodes(alone(&envelope.tree, &nodes)) })
}

fn custom(
    expression: &Expression,
    message: &mut Message,
    around: Surroundings<'_>,
) -> Result<Item, MediationFault> {
    around.prepare(message, expression.need_of_places())?;
    let at = around.moment(message);
    match expression {
        Expression::XPath(path, _) => evaluate::nodes(path, at, |tree, nodes, text| {
            if nodes.is_empty() {
                text.map_or(Item::Nothing, |text| Item::Text(Arc::from(text)))
            } else {
                Item::Nodes(alone(tree, nodes))
            }
        }),
        Expression::JsonPath(path) => {
            let Some(value) = message.payload.json() else { return Ok(Item::Nothing) };
            Ok(match path.evaluate(value, &mut at.budget()).map_err(exhausted)? {
                Found::Missing => Item::Nothing,
                Found::One(found) => Item::Json(Cow::into_owned(found)),
                Found::Many(found) => {
                    Item::Json(Json::Array(found.into_iter().map(Cow::into_owned).collect()))
                }
            })
        }
        other => Ok(other.value(at)?.map_or(Item::Nothing, |value| Item::of_value(value, around))),
    }
}

/// Copies of nodes, alone in a tree.
pub(super) fn alone(tree: &Tree, nodes: &[xml::tree::NodeId]) -> Arc<Tree> {
    let mut own = Tree::new();
    let document = own.document();
    for node in nodes {
        let copy = own.import(tree, *node);
        if matches!(own.kind(copy), xml::tree::Kind::Attribute(..)) {
            let text = tree.text(*node);
            let copy = own.create_text(&text);
            own.append(document, copy);
        } else {
            own.append(document, copy);
        }
    }
    Arc::new(own)
}
