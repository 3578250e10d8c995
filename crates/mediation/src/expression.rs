//! Expressions of policies: XPath, `json-eval(…)` and `${…}`, told apart by their text (spec/02 §3.1).
//!
//! What most policies ask — a header, a property, a query parameter, a concatenation of these — is
//! recognised when it is compiled, and answered without the machinery behind the rest.

mod environment;
pub(crate) mod evaluate;
mod function;
mod held;
mod read;
mod scope;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use ::expression::{JsonPath, synapse};
use http::HeaderName;
use xml::xpath::XPath;

use crate::property::Scope;

pub use evaluate::Moment;
pub use held::Held;
pub use read::{CompileError, Hint};

/// A compiled expression.
#[derive(Debug)]
pub enum Expression {
    /// A text.
    Literal(Arc<str>),
    /// `$ctx:name`, `$axis2:name`.
    Property(Scope, Arc<str>),
    /// `get-property('scope', 'name')`: the same, but nothing where it is missing, not an empty text.
    Nullable(Box<Self>),
    /// `$trp:Name`.
    Header(HeaderName),
    /// `$url:name`.
    Query(Arc<str>),
    /// `$var:name`.
    Variable(Arc<str>),
    /// `concat(…)` of these.
    Concat(Vec<Self>),
    /// `boolean(…)` of one of these.
    Boolean(Box<Self>),
    /// `not(…)` of one of these.
    Not(Box<Self>),
    /// Any other XPath.
    XPath(Box<XPath>, Need),
    /// `json-eval(…)`.
    JsonPath(Box<JsonPath>),
    /// `json-eval($ctx:name.a.b)`: a path into a property.
    JsonOf(Scope, Arc<str>, Box<JsonPath>),
    /// `${…}`.
    Synapse(Box<synapse::Expression>),
}

/// In which form the body must be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Need {
    /// Not at all.
    #[default]
    Nothing,
    /// As JSON, in which one value is looked for.
    Field,
    /// As JSON.
    Json,
    /// As XML.
    Xml,
}

impl Expression {
    /// What of the body it needs, where more than its value is asked for: its places.
    pub fn need_of_places(&self) -> Need {
        match self {
            Self::JsonPath(_) => Need::Json,
            other => other.need(),
        }
    }

    /// What of the body it needs.
    pub fn need(&self) -> Need {
        match self {
            Self::XPath(_, need) => *need,
            Self::JsonPath(path) if path.is_simple() => Need::Field,
            Self::JsonPath(_) => Need::Json,
            Self::Synapse(expression) if expression.xpaths().next().is_some() => Need::Xml,
            Self::Synapse(expression) if expression.reads_payload() => Need::Json,
            Self::Concat(parts) => parts.iter().map(Self::need).max().unwrap_or_default(),
            Self::Boolean(inner) | Self::Not(inner) | Self::Nullable(inner) => inner.need(),
            _ => Need::Nothing,
        }
    }
}

impl std::fmt::Display for Expression {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let list =
            |parts: &[Self]| parts.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        match self {
            Self::Literal(text) => write!(formatter, "'{text}'"),
            Self::Property(Scope::Axis2, name) => write!(formatter, "$axis2:{name}"),
            Self::Property(_, name) => write!(formatter, "$ctx:{name}"),
            Self::Nullable(inner) => write!(formatter, "get-property({inner})"),
            Self::Header(name) => write!(formatter, "$trp:{name}"),
            Self::Query(name) => write!(formatter, "$url:{name}"),
            Self::Variable(name) => write!(formatter, "$var:{name}"),
            Self::Concat(parts) => write!(formatter, "concat({})", list(parts)),
            Self::Boolean(inner) => write!(formatter, "boolean({inner})"),
            Self::Not(inner) => write!(formatter, "not({inner})"),
            Self::XPath(path, _) => formatter.write_str(path.source()),
            Self::JsonPath(path) => formatter.write_str(path.source()),
            Self::JsonOf(scope, name, path) => {
                write!(formatter, "json-eval({}:{name} {})", scope.as_str(), path.source())
            }
            Self::Synapse(expression) => write!(formatter, "${{{}}}", expression.source()),
        }
    }
}
