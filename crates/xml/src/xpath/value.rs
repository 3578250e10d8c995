//! What an expression evaluates to.

use super::number;
use crate::tree::{NodeId, Tree};

/// A value of one of XPath's four types.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Nodes of one tree, in document order, each but once.
    Nodes(Vec<NodeId>),
    /// Text.
    Text(String),
    /// A number, which may be NaN or infinite.
    Number(f64),
    /// True or false.
    Boolean(bool),
}

impl Value {
    /// The value as XPath's `string()` gives it: of nodes, the text of the first.
    #[must_use]
    pub fn text(&self, tree: &Tree) -> String {
        match self {
            Self::Nodes(nodes) => nodes.first().map(|node| tree.text(*node)).unwrap_or_default(),
            other => other.scalar(),
        }
    }

    /// The value as mediation reads it: of nodes, the texts of all (spec/02 §3.3).
    #[must_use]
    pub fn joined(&self, tree: &Tree) -> String {
        match self {
            Self::Nodes(nodes) => nodes.iter().map(|node| tree.text(*node)).collect(),
            other => other.scalar(),
        }
    }

    /// The value as XPath's `boolean()` gives it.
    #[must_use]
    pub fn boolean(&self) -> bool {
        match self {
            Self::Nodes(nodes) => !nodes.is_empty(),
            Self::Text(text) => !text.is_empty(),
            Self::Number(number) => *number != 0.0 && !number.is_nan(),
            Self::Boolean(boolean) => *boolean,
        }
    }

    /// The value as XPath's `number()` gives it.
    #[must_use]
    pub fn number(&self, tree: &Tree) -> f64 {
        match self {
            Self::Nodes(_) => number::parse(&self.text(tree)),
            Self::Text(text) => number::parse(text),
            Self::Number(number) => *number,
            Self::Boolean(boolean) => f64::from(u8::from(*boolean)),
        }
    }

    /// The kind of value, with its article.
    pub(super) fn described(&self) -> &'static str {
        match self {
            Self::Nodes(_) => "nodes",
            Self::Text(_) => "text",
            Self::Number(_) => "a number",
            Self::Boolean(_) => "a boolean",
        }
    }

    /// The text of what is no node-set.
    pub(super) fn scalar(&self) -> String {
        match self {
            Self::Nodes(_) => String::new(),
            Self::Text(text) => text.clone(),
            Self::Number(number) => number::format(*number),
            Self::Boolean(boolean) => boolean.to_string(),
        }
    }
}
