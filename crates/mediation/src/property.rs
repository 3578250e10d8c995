//! Properties: named values beside the message, in scopes (spec/02 §3.7, §3.8).

use std::fmt;
use std::sync::Arc;

use serde_json::Value as Json;
use xml::tree::{Kind, NodeId, Tree};

/// The value of a property or a variable.
#[derive(Clone)]
pub enum Value {
    /// Text.
    Text(Arc<str>),
    /// `BOOLEAN`.
    Boolean(bool),
    /// `INTEGER`, `LONG`, `SHORT`.
    Integer(i64),
    /// `FLOAT`, `DOUBLE`.
    Number(f64),
    /// `JSON`.
    Json(Arc<Json>),
    /// `OM`: the children of the document node of a tree of its own.
    Xml(Arc<Tree>),
}

/// Where a property lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// `default`, called `synapse` in `${…}`: for one flow of one exchange, and its answer.
    Default,
    /// `axis2`: what steers sending, such as `HTTP_METHOD`.
    Axis2,
    /// `axis2-client`, `operation`, `analytics` and `trace`: kept apart, read by nobody else.
    Other(&'static str),
    /// `transport`: the headers of the message.
    Transport,
}

impl Scope {
    /// The scope of this name; `None` where there is none.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "default" | "synapse" => Self::Default,
            "axis2" => Self::Axis2,
            "axis2-client" => Self::Other("axis2-client"),
            "operation" => Self::Other("operation"),
            "analytics" => Self::Other("analytics"),
            "trace" => Self::Other("trace"),
            "transport" => Self::Transport,
            _ => return None,
        })
    }

    /// WSO2's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Axis2 => "axis2",
            Self::Other(name) => name,
            Self::Transport => "transport",
        }
    }
}

impl Value {
    /// Text.
    pub fn text_of(text: impl Into<Arc<str>>) -> Self {
        Self::Text(text.into())
    }

    /// XML: a copy of one node, alone in a tree of its own.
    pub fn xml_of(tree: &Tree, id: NodeId) -> Self {
        let mut own = Tree::new();
        let copy = own.import(tree, id);
        let document = own.document();
        own.append(document, copy);
        Self::Xml(Arc::new(own))
    }

    /// As text: XML written out, JSON compact, numbers without a needless fraction.
    pub fn text(&self) -> Arc<str> {
        match self {
            Self::Text(text) => Arc::clone(text),
            Self::Boolean(value) => Arc::from(if *value { "true" } else { "false" }),
            Self::Integer(value) => Arc::from(value.to_string()),
            Self::Number(value) => Arc::from(value.to_string()),
            Self::Json(value) => Arc::from(expression::json_path::text_of(value)),
            Self::Xml(tree) => Arc::from(xml::write::write_document(tree)),
        }
    }

    /// As text for an XPath: of XML, the text in it.
    pub fn content(&self) -> Arc<str> {
        match self {
            Self::Xml(tree) => Arc::from(tree.text(tree.document())),
            other => other.text(),
        }
    }

    /// As JSON: text stays text.
    pub fn json(&self) -> Json {
        match self {
            Self::Text(text) => Json::String(text.as_ref().to_owned()),
            Self::Boolean(value) => Json::Bool(*value),
            Self::Integer(value) => Json::from(*value),
            Self::Number(value) => Json::from(*value),
            Self::Json(value) => Json::clone(value),
            Self::Xml(_) => Json::String(self.text().as_ref().to_owned()),
        }
    }

    /// Bytes that it takes, about.
    pub fn size(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Xml(tree) => xml_size(tree),
            Self::Json(value) => json_size(value),
            Self::Boolean(_) | Self::Integer(_) | Self::Number(_) => 8,
        }
    }
}

/// Bytes of a tree, about.
pub(crate) fn xml_size(tree: &Tree) -> usize {
    let texts = tree.descendants(tree.document()).map(|id| match tree.kind(id) {
        Kind::Text(text) => text.len(),
        _ => 0,
    });
    texts.sum::<usize>().saturating_add(tree.len().saturating_mul(64))
}

/// How deep a JSON value is nested; bounded, since what is written is checked with it.
pub(crate) fn json_depth(value: &Json) -> usize {
    match value {
        Json::Array(items) => 1 + items.iter().map(json_depth).max().unwrap_or_default(),
        Json::Object(fields) => 1 + fields.values().map(json_depth).max().unwrap_or_default(),
        _ => 0,
    }
}

/// Bytes of a JSON value, about; the depth was limited when it was read.
pub(crate) fn json_size(value: &Json) -> usize {
    match value {
        Json::String(text) => text.len().saturating_add(16),
        Json::Array(items) => items.iter().map(json_size).sum::<usize>().saturating_add(16),
        Json::Object(fields) => fields
            .iter()
            .map(|(name, value)| name.len().saturating_add(json_size(value)))
            .sum::<usize>()
            .saturating_add(16),
        _ => 16,
    }
}

impl fmt::Debug for Value {
    /// Kind and size: values may be secrets.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self {
            Self::Text(_) => "text",
            Self::Boolean(_) => "boolean",
            Self::Integer(_) => "integer",
            Self::Number(_) => "number",
            Self::Json(_) => "JSON",
            Self::Xml(_) => "XML",
        };
        write!(formatter, "{kind} of {} bytes", self.size())
    }
}

/// A few named values; looked through from the end, since there are few.
#[derive(Debug, Clone, Default)]
pub struct Properties {
    entries: Vec<(Arc<str>, Value)>,
}

impl Properties {
    /// The value of this name.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.entries.iter().rev().find(|(known, _)| known.as_ref() == name).map(|(_, value)| value)
    }

    /// Sets a value.
    pub fn set(&mut self, name: &Arc<str>, value: Value) {
        match self.entries.iter_mut().find(|(known, _)| known == name) {
            Some((_, place)) => *place = value,
            None => self.entries.push((Arc::clone(name), value)),
        }
    }

    /// Takes a value away.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        let index = self.entries.iter().position(|(known, _)| known.as_ref() == name)?;
        Some(self.entries.swap_remove(index).1)
    }

    /// Whether nothing is set.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// All of them, in the order in which they were first set.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.entries.iter().map(|(name, value)| (name.as_ref(), value))
    }
}
