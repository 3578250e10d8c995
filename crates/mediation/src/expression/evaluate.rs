//! Evaluating: the value, the text and the truth of an expression (spec/02 §3.3, §3.4).

use std::borrow::Cow;
use std::sync::Arc;

use ::expression::json_path::FindError;
use ::expression::synapse::EvaluationError;
use ::expression::{Budget, Exhausted, Found, JsonPath};
use model::fault::FaultCode;
use xml::tree::NodeId;
use xml::xpath::{self, EvaluateError, XPath};

use super::environment::Surroundings;
use super::{Expression, Held, Need};
use crate::fault::MediationFault;
use crate::host::{Category, Host};
use crate::limits::Limits;
use crate::message::Message;
use crate::payload::PayloadError;
use crate::property::{Scope, Value};

/// What an expression is asked of: a message at one moment of its flow.
#[derive(Clone, Copy)]
pub struct Moment<'a> {
    /// The message.
    pub message: &'a Message,
    /// The gateway.
    pub host: &'a dyn Host,
    /// The limits of the flow.
    pub limits: &'a Limits,
}

impl std::fmt::Debug for Moment<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Moment")
    }
}

/// Makes the form of the body that is needed.
///
/// A body that is not what it should be is told to the log, and then counts as none: an expression
/// over it is empty (spec/02 §3.4).
///
/// # Errors
///
/// A body that passes a limit.
pub(crate) fn prepare(
    message: &mut Message,
    need: Need,
    host: &dyn Host,
    limits: &Limits,
) -> Result<(), MediationFault> {
    match message.payload.prepare(need, limits) {
        Err(PayloadError::Unreadable(why)) => {
            tell_unreadable(host, &why);
            Ok(())
        }
        other => other.map_err(MediationFault::from),
    }
}

impl Expression {
    /// The value; `None` where there is none.
    ///
    /// # Errors
    ///
    /// An evaluation that took too many steps, or cannot be done.
    pub fn value(&self, at: Moment<'_>) -> Result<Option<Value>, MediationFault> {
        Ok(match self {
            Self::Literal(text) => Some(Value::Text(Arc::clone(text))),
            Self::Property(scope, name) => at.message.get(*scope, name, at.host),
            Self::Nullable(inner) => inner.value(at)?,
            Self::Variable(name) => at.message.variables.get(name).cloned(),
            Self::Header(name) => at.message.header(name).map(|text| Value::text_of(text.as_ref())),
            Self::Query(name) => at.message.query(name).map(Value::text_of),
            Self::Concat(_) => self.text(at)?.map(Value::Text),
            Self::Boolean(_) | Self::Not(_) => Some(Value::Boolean(self.holds(at)?)),
            Self::XPath(path, _) => x_path(path, at, |found, tree| match found {
                xpath::Value::Nodes(nodes) if nodes.is_empty() => None,
                xpath::Value::Nodes(nodes) => match nodes.as_slice() {
                    [node] if is_element(tree, *node) => Some(Value::xml_of(tree, *node)),
                    _ => Some(Value::text_of(found.joined(tree))),
                },
                xpath::Value::Boolean(value) => Some(Value::Boolean(*value)),
                _ => Some(Value::text_of(found.joined(tree))),
            })?,
            Self::JsonPath(path) => json_value(path, at)?,
            Self::JsonOf(scope, name, path) => {
                Some(Value::text_of(json_of(*scope, name, path, at)?))
            }
            Self::Synapse(expression) => {
                let found = expression
                    .evaluate(&at, &mut at.budget())
                    .map_err(|error| of_synapse(&error))?;
                match found {
                    serde_json::Value::Null => None,
                    serde_json::Value::String(text) => Some(Value::text_of(text)),
                    serde_json::Value::Bool(value) => Some(Value::Boolean(value)),
                    other => Some(Value::Json(Arc::new(other))),
                }
            }
        })
    }

    /// The text; `None` where there is no value at all, which only `get-property` tells from empty.
    ///
    /// # Errors
    ///
    /// As [`Self::value`].
    pub fn text(&self, at: Moment<'_>) -> Result<Option<Arc<str>>, MediationFault> {
        Ok(match self {
            Self::Literal(text) => Some(Arc::clone(text)),
            Self::Property(..) | Self::Variable(_) => {
                Some(self.value(at)?.map_or_else(empty, |value| value.content()))
            }
            Self::Nullable(inner) => inner.value(at)?.map(|value| value.content()),
            Self::Header(name) => {
                Some(at.message.header(name).map_or_else(empty, |text| Arc::from(text.as_ref())))
            }
            Self::Query(name) => Some(at.message.query(name).map_or_else(empty, Arc::from)),
            Self::Concat(parts) => Some(concat(parts, at)?),
            Self::Boolean(_) | Self::Not(_) => Some(truth(self.holds(at)?)),
            Self::XPath(path, _) => {
                Some(x_path(path, at, |found, tree| Arc::from(found.joined(tree)))?)
            }
            Self::JsonPath(path) => Some(json_text(path, at)?),
            Self::JsonOf(scope, name, path) => Some(Arc::from(json_of(*scope, name, path, at)?)),
            Self::Synapse(expression) => {
                let text =
                    expression.text(&at, &mut at.budget()).map_err(|error| of_synapse(&error))?;
                Some(Arc::from(text))
            }
        })
    }

    /// The truth (spec/02 §3.3): of a text, whether it is not empty; of JSONPath and `${…}`,
    /// whether it is `true`.
    ///
    /// # Errors
    ///
    /// As [`Self::value`].
    pub fn holds(&self, at: Moment<'_>) -> Result<bool, MediationFault> {
        Ok(match self {
            Self::JsonPath(_) | Self::JsonOf(..) | Self::Synapse(_) => {
                let text = self.text(at)?;
                text.is_some_and(|text| text.trim().eq_ignore_ascii_case("true"))
            }
            Self::Boolean(inner) => inner.holds(at)?,
            Self::Not(inner) => !inner.holds(at)?,
            Self::XPath(path, _) => x_path(path, at, |found, _| found.boolean())?,
            Self::Property(..) | Self::Nullable(_) | Self::Variable(_) => {
                self.value(at)?.is_some_and(|value| match value {
                    Value::Boolean(value) => value,
                    Value::Integer(value) => value != 0,
                    Value::Number(value) => value != 0.0 && !value.is_nan(),
                    other => !other.content().is_empty(),
                })
            }
            _ => self.text(at)?.is_some_and(|text| !text.is_empty()),
        })
    }
}

impl Held {
    /// The text; empty where an expression has no value.
    ///
    /// # Errors
    ///
    /// An evaluation that took too many steps, or cannot be done.
    pub fn text(&self, at: Moment<'_>) -> Result<Arc<str>, MediationFault> {
        Ok(match self {
            Self::Literal(text) => Arc::clone(text),
            Self::Expression(expression) => expression.text(at)?.unwrap_or_else(empty),
            Self::Template(template) => {
                Arc::from(template.text(&at, &mut at.budget()).map_err(|error| of_synapse(&error))?)
            }
        })
    }
}

impl Moment<'_> {
    pub(crate) fn budget(&self) -> Budget {
        Budget::new(self.limits.expression_steps)
    }
}

fn empty() -> Arc<str> {
    Arc::from("")
}

fn truth(value: bool) -> Arc<str> {
    Arc::from(if value { "true" } else { "false" })
}

fn concat(parts: &[Expression], at: Moment<'_>) -> Result<Arc<str>, MediationFault> {
    let mut whole = String::new();
    for part in parts {
        whole.push_str(&part.text(at)?.unwrap_or_else(empty));
        if whole.len() > at.limits.output {
            let detail = format!("concat made more than {} bytes", at.limits.output);
            return Err(MediationFault::new(FaultCode::PolicyOutput, detail));
        }
    }
    Ok(Arc::from(whole))
}

fn is_element(tree: &xml::tree::Tree, id: NodeId) -> bool {
    matches!(tree.kind(id), xml::tree::Kind::Element(_))
}

/// Evaluates against the envelope, or against an empty one where the body does not matter.
fn x_path<T>(
    path: &XPath,
    at: Moment<'_>,
    then: impl FnOnce(&xpath::Value, &xml::tree::Tree) -> T,
) -> Result<T, MediationFault> {
    let surroundings = Surroundings::new(path, at);
    let tree = surroundings.tree();
    let mut budget = xpath::Budget::new(at.limits.expression_steps);
    let found = path
        .evaluate(tree, surroundings.context(), &surroundings, &mut budget)
        .map_err(|error| of_xpath(path, &error))?;
    Ok(then(&found, tree))
}

/// The nodes that a path selects, with their tree; the text, where it is no path.
pub(crate) fn nodes<T>(
    path: &XPath,
    at: Moment<'_>,
    then: impl FnOnce(&xml::tree::Tree, &[NodeId], Option<String>) -> T,
) -> Result<T, MediationFault> {
    x_path(path, at, |found, tree| match found {
        xpath::Value::Nodes(nodes) => then(tree, nodes, None),
        other => then(tree, &[], Some(other.joined(tree))),
    })
}

/// What a path selects, to be put into another text: elements in elements as XML, else the text.
pub(crate) fn markup(path: &XPath, at: Moment<'_>) -> Result<String, MediationFault> {
    nodes(path, at, |tree, nodes, text| {
        let one = |id: &NodeId| {
            let mut texts =
                tree.children(*id).filter(|it| matches!(tree.kind(*it), xml::tree::Kind::Text(_)));
            let is_structure = tree.elements(*id).next().is_some()
                && texts.all(|text| tree.text(text).trim().is_empty());
            if is_structure { xml::write::write(tree, *id) } else { tree.text(*id) }
        };
        text.unwrap_or_else(|| nodes.iter().map(one).collect())
    })
}

/// The nodes of the message that a path selects; those of variables are none of it.
pub(crate) fn selected(path: &XPath, at: Moment<'_>) -> Result<Vec<NodeId>, MediationFault> {
    // The tree may be a copy with the nodes of variables beside those of the message, which keep
    // their numbers.
    nodes(path, at, |tree, nodes, _| {
        let top = |id: &NodeId| std::iter::successors(Some(*id), |id| tree.parent(*id)).last();
        nodes.iter().copied().filter(|id| top(id) == Some(tree.document())).collect()
    })
}

fn of_xpath(path: &XPath, error: &EvaluateError) -> MediationFault {
    MediationFault::new(FaultCode::PolicyExpression, format!("{}: {error}", path.source()))
}

fn of_synapse(error: &EvaluationError) -> MediationFault {
    MediationFault::new(FaultCode::PolicyExpression, error.to_string())
}

pub(crate) fn exhausted(error: Exhausted) -> MediationFault {
    MediationFault::new(FaultCode::PolicyExpression, error.to_string())
}

fn json_text(path: &JsonPath, at: Moment<'_>) -> Result<Arc<str>, MediationFault> {
    if let Some(value) = at.message.payload.json() {
        return path.text(value, &mut at.budget()).map(Arc::from).map_err(exhausted);
    }
    let text = |value: serde_json::Value| match value {
        serde_json::Value::String(text) => Arc::from(text),
        other => Arc::from(other.to_string()),
    };
    Ok(field(path, at)?.map_or_else(empty, text))
}

/// Objects and arrays stay JSON; scalars become text.
fn json_value(path: &JsonPath, at: Moment<'_>) -> Result<Option<Value>, MediationFault> {
    let Some(value) = at.message.payload.json() else {
        let found = field(path, at)?.map(Cow::Owned);
        return Ok(Some(value_of(found.map_or(Found::Missing, Found::One))));
    };
    let found = path.evaluate(value, &mut at.budget()).map_err(exhausted)?;
    Ok(Some(value_of(found)))
}

fn value_of(found: Found<'_>) -> Value {
    match found {
        Found::Missing => Value::Text(empty()),
        Found::One(found) if found.is_object() || found.is_array() => {
            Value::Json(Arc::new(Cow::into_owned(found)))
        }
        Found::One(found) => Value::text_of(::expression::json_path::text_of(&found)),
        Found::Many(found) => {
            let items = found.into_iter().map(Cow::into_owned).collect();
            Value::Json(Arc::new(serde_json::Value::Array(items)))
        }
    }
}

/// A value in the text of a body of which nothing has been made; one that is no JSON counts as none.
fn field(path: &JsonPath, at: Moment<'_>) -> Result<Option<serde_json::Value>, MediationFault> {
    let payload = &at.message.payload;
    let Some(bytes) = payload.unmade_json().filter(|_| path.is_simple()) else { return Ok(None) };
    let malformed = |why: &dyn std::fmt::Display| {
        payload.note_malformed();
        tell_unreadable(at.host, why);
    };
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            malformed(&error);
            return Ok(None);
        }
    };
    match path.find(text, &mut at.budget()) {
        Ok(found) => Ok(found),
        Err(FindError::Malformed(error)) => {
            malformed(&error);
            Ok(None)
        }
        Err(FindError::Exhausted(error)) => Err(exhausted(error)),
    }
}

fn tell_unreadable(host: &dyn Host, why: &dyn std::fmt::Display) {
    host.log(Category::Warn, &format!("The body cannot be read, and counts as empty: {why}"));
}

/// A path into JSON that a property holds; what is none has nothing at any path.
fn json_of(
    scope: Scope,
    name: &str,
    path: &JsonPath,
    at: Moment<'_>,
) -> Result<String, MediationFault> {
    let Some(value) = at.message.get(scope, name, at.host) else { return Ok(String::new()) };
    let held = match value {
        Value::Json(value) => value,
        other => {
            let text = other.text();
            match crate::payload::read_json(text.as_bytes(), at.limits) {
                Ok(value) => Arc::new(value),
                Err(_) => return Ok(String::new()),
            }
        }
    };
    path.text(&held, &mut at.budget()).map_err(exhausted)
}
