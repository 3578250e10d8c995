//! Values of a template, borrowed from the message where they are a part of it.

use std::sync::Arc;

use serde_json::{Number, Value as Json};
use xml::tree::{Kind, NodeId, Tree};

use crate::property::Scope;

/// A value.
#[derive(Debug, Clone)]
pub(super) enum Value<'a> {
    Missing,
    Borrowed(&'a str),
    Text(Arc<str>),
    Number(Number),
    Boolean(bool),
    /// An object or an array.
    Json(&'a Json),
    /// Elements or attributes of the body.
    Nodes(&'a Tree, Arc<[NodeId]>),
    List(Arc<Vec<Self>>),
    /// `ctx`, `axis2` or `trp`.
    Scope(Scope),
    /// `args`.
    Arguments,
}

impl<'a> Value<'a> {
    pub(super) fn text(text: impl Into<Arc<str>>) -> Self {
        Self::Text(text.into())
    }

    pub(super) fn of_json(value: &'a Json) -> Self {
        match value {
            Json::Null => Self::Missing,
            Json::Bool(value) => Self::Boolean(*value),
            Json::Number(number) => Self::Number(number.clone()),
            Json::String(text) => Self::Borrowed(text),
            Json::Array(_) | Json::Object(_) => Self::Json(value),
        }
    }

    pub(super) fn is_missing(&self) -> bool {
        match self {
            Self::Missing => true,
            Self::Nodes(_, nodes) => nodes.is_empty(),
            _ => false,
        }
    }

    /// As text; `None` where it cannot be written.
    pub(super) fn shown(&self) -> Option<Arc<str>> {
        Some(match self {
            Self::Borrowed(text) => Arc::from(*text),
            Self::Text(text) => Arc::clone(text),
            Self::Number(number) => Arc::from(plain(number)),
            Self::Boolean(value) => Arc::from(if *value { "true" } else { "false" }),
            Self::Json(value) => Arc::from(value.to_string()),
            Self::Nodes(tree, nodes) => match nodes.as_ref() {
                [only] => Arc::from(tree.text(*only)),
                _ => return None,
            },
            Self::Missing | Self::List(_) | Self::Scope(_) | Self::Arguments => return None,
        })
    }

    /// The text, where it is one and no number or the like.
    pub(super) fn string(&self) -> Option<Arc<str>> {
        match self {
            Self::Borrowed(_) | Self::Text(_) | Self::Nodes(..) => self.shown(),
            _ => None,
        }
    }

    /// How many there are, of what can be counted.
    pub(super) fn size(&self) -> Option<usize> {
        match self {
            Self::Json(Json::Array(items)) => Some(items.len()),
            Self::Json(Json::Object(fields)) => Some(fields.len()),
            Self::List(items) => Some(items.len()),
            Self::Nodes(_, nodes) => Some(nodes.len()),
            _ => None,
        }
    }

    /// One of a list.
    pub(super) fn item(&self, index: usize) -> Self {
        match self {
            Self::Json(Json::Array(items)) => items.get(index).map_or(Self::Missing, Self::of_json),
            Self::List(items) => items.get(index).cloned().unwrap_or(Self::Missing),
            Self::Nodes(tree, nodes) => match nodes.get(index) {
                Some(node) => Self::Nodes(tree, Arc::from([*node])),
                None => Self::Missing,
            },
            _ => Self::Missing,
        }
    }

    /// Whether there is something in it.
    pub(super) fn has_content(&self) -> bool {
        match self {
            Self::Missing => false,
            Self::Borrowed(text) => !text.is_empty(),
            Self::Text(text) => !text.is_empty(),
            Self::Nodes(tree, nodes) => match nodes.as_ref() {
                [only] => tree.first_child(*only).is_some() || !tree.text(*only).is_empty(),
                nodes => !nodes.is_empty(),
            },
            other => other.size().is_none_or(|size| size > 0),
        }
    }

    /// What it is, for a message.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Borrowed(_) | Self::Text(_) => "a text",
            Self::Number(_) => "a number",
            Self::Boolean(_) => "a boolean",
            Self::Json(Json::Object(_)) | Self::Scope(_) | Self::Arguments => "an object",
            Self::Json(_) | Self::List(_) => "a list",
            Self::Nodes(..) => "XML",
        }
    }
}

/// The elements of a name in elements, or with `@` their attributes; in any namespace.
pub(super) fn nodes_named(tree: &Tree, nodes: &[NodeId], name: &str) -> Vec<NodeId> {
    if let Some(name) = name.strip_prefix('@') {
        let attributes = nodes.iter().flat_map(|node| tree.attributes(*node));
        let is_it = |id: &NodeId| match tree.kind(*id) {
            Kind::Attribute(known, _) => known.local.as_ref() == name,
            _ => false,
        };
        return attributes.filter(is_it).collect();
    }
    let elements = nodes.iter().flat_map(|node| tree.elements(*node));
    let is_it = |id: &NodeId| tree.name(*id).is_some_and(|known| known.local.as_ref() == name);
    elements.filter(is_it).collect()
}

/// A number without grouping, exponent or needless fraction.
pub(super) fn plain(number: &Number) -> String {
    match number.as_f64() {
        Some(value) if number.is_f64() => value.to_string(),
        _ => number.to_string(),
    }
}
