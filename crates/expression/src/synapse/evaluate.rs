//! The value of a tree.

use std::borrow::Cow;
use std::cmp::Ordering;

use serde_json::Value;

use super::arithmetic::{self, Numeric};
use super::node::{Call, Chain, Node, Operator, Piece, Read, Root, Tail};
use super::{EvaluationError, MAX_TEXT, Scope, tail};
use crate::budget::Budget;
use crate::json_path::{Found, JsonPath};

/// Bytes of text that cost one step.
const BYTES_A_STEP: usize = 64;

/// The longest path after values are put in, in bytes.
const MAX_PATH: usize = 64 * 1024;

type Outcome<T> = Result<T, EvaluationError>;

impl Node {
    pub(super) fn evaluate<'s>(
        &'s self,
        scope: &'s dyn Scope,
        budget: &mut Budget,
    ) -> Outcome<Cow<'s, Value>> {
        budget.spend(1)?;
        match self {
            Self::Constant(value) => Ok(Cow::Borrowed(value)),
            Self::Read(read) => read.evaluate(scope, budget),
            Self::Call(call) => call.evaluate(scope, budget).map(Cow::Owned),
            Self::Chain(chain) => chain.evaluate(scope, budget),
            Self::Array(items) => array(items, scope, budget).map(Cow::Owned),
            Self::Exists(node) => exists(node, scope, budget),
            Self::Negate(node) => negate(&*node.evaluate(scope, budget)?),
            Self::Not(node) => {
                let value = node.evaluate(scope, budget)?;
                Ok(Cow::Owned(Value::Bool(!truth(&value, "`!`")?)))
            }
            Self::Choice(parts) => {
                let [condition, yes, no] = &**parts;
                let chosen = truth(&*condition.evaluate(scope, budget)?, "the condition of `? :`")?;
                if chosen { yes.evaluate(scope, budget) } else { no.evaluate(scope, budget) }
            }
        }
    }
}

fn array(items: &[Node], scope: &dyn Scope, budget: &mut Budget) -> Outcome<Value> {
    let mut values = Vec::with_capacity(items.len());
    for item in items {
        let value = item.evaluate(scope, budget)?;
        values.push(own(value, budget)?);
    }
    Ok(Value::Array(values))
}

fn exists<'s>(node: &Node, scope: &dyn Scope, budget: &mut Budget) -> Outcome<Cow<'s, Value>> {
    let found = match node.evaluate(scope, budget) {
        Ok(value) => !value.is_null(),
        Err(EvaluationError::Failed { .. }) => false,
        Err(error @ EvaluationError::Exhausted(_)) => return Err(error),
    };
    Ok(Cow::Owned(Value::Bool(found)))
}

fn negate<'s>(value: &Value) -> Outcome<Cow<'s, Value>> {
    let negated = arithmetic::negate(value);
    negated
        .map(Cow::Owned)
        .ok_or_else(|| EvaluationError::failed(format!("`-` takes a number, not {}", kind(value))))
}

impl Call {
    fn evaluate(&self, scope: &dyn Scope, budget: &mut Budget) -> Outcome<Value> {
        let mut arguments = Vec::with_capacity(self.arguments.len());
        for argument in &self.arguments {
            arguments.push(argument.evaluate(scope, budget)?);
        }
        let value = self.function.call(&arguments, scope, budget)?;
        charge(&value, budget)?;
        Ok(value)
    }
}

impl Chain {
    fn evaluate<'s>(
        &'s self,
        scope: &'s dyn Scope,
        budget: &mut Budget,
    ) -> Outcome<Cow<'s, Value>> {
        let mut left = self.first.evaluate(scope, budget)?;
        for (operator, node) in &self.rest {
            if matches!(operator, Operator::And | Operator::Or) {
                let is_true = truth(&left, operand(*operator))?;
                if is_true == (*operator == Operator::Or) {
                    return Ok(left);
                }
                left = node.evaluate(scope, budget)?;
                truth(&left, operand(*operator))?;
            } else {
                let right = node.evaluate(scope, budget)?;
                left = Cow::Owned(combine(*operator, &left, &right, budget)?);
            }
        }
        Ok(left)
    }
}

fn operand(operator: Operator) -> &'static str {
    if operator == Operator::And { "`&&`" } else { "`||`" }
}

fn combine(operator: Operator, left: &Value, right: &Value, budget: &mut Budget) -> Outcome<Value> {
    match operator {
        Operator::Equal => equal(left, right, budget).map(Value::Bool),
        Operator::Unequal => equal(left, right, budget).map(|it| Value::Bool(!it)),
        Operator::Less | Operator::LessOrEqual | Operator::Greater | Operator::GreaterOrEqual => {
            compare(operator, left, right).map(Value::Bool)
        }
        Operator::Add if left.is_string() || right.is_string() => join(left, right, budget),
        _ => {
            let (Some(left), Some(right)) = (Numeric::of(left), Numeric::of(right)) else {
                return Err(wrong_kinds(operator, left, right));
            };
            arithmetic::calculate(operator, left, right)
        }
    }
}

/// Numbers by their value, `null` only with itself, others by their texts.
fn equal(left: &Value, right: &Value, budget: &mut Budget) -> Outcome<bool> {
    if let (Some(left), Some(right)) = (Numeric::of(left), Numeric::of(right)) {
        return Ok(order(left, right) == Some(Ordering::Equal));
    }
    if left.is_null() || right.is_null() {
        return Ok(left.is_null() && right.is_null());
    }
    charge(left, budget)?;
    charge(right, budget)?;
    Ok(left == right || text_of(left) == text_of(right))
}

fn compare(operator: Operator, left: &Value, right: &Value) -> Outcome<bool> {
    let numbers = Numeric::of(left).zip(Numeric::of(right));
    let Some((one, other)) = numbers else { return Err(wrong_kinds(operator, left, right)) };
    let order = order(one, other);
    Ok(match operator {
        Operator::Less => order == Some(Ordering::Less),
        Operator::Greater => order == Some(Ordering::Greater),
        Operator::LessOrEqual => order.is_some_and(Ordering::is_le),
        _ => order.is_some_and(Ordering::is_ge),
    })
}

fn order(left: Numeric, right: Numeric) -> Option<Ordering> {
    match (left, right) {
        (Numeric::Whole(left), Numeric::Whole(right)) => Some(left.cmp(&right)),
        _ => left.decimal().partial_cmp(&right.decimal()),
    }
}

fn join(left: &Value, right: &Value, budget: &mut Budget) -> Outcome<Value> {
    let is_scalar = |it: &Value| !(it.is_null() || it.is_array() || it.is_object());
    if !is_scalar(left) || !is_scalar(right) {
        return Err(wrong_kinds(Operator::Add, left, right));
    }
    let (left, right) = (text_of(left), text_of(right));
    if left.len() + right.len() > MAX_TEXT {
        return Err(EvaluationError::failed("`+` makes a text of more than 1 MiB"));
    }
    spend_text(left.len() + right.len(), budget)?;
    Ok(Value::String([left, right].concat()))
}

fn wrong_kinds(operator: Operator, left: &Value, right: &Value) -> EvaluationError {
    let has_text = left.is_string() || right.is_string();
    let help = if has_text && operator != Operator::Add {
        "; make a number of a text with integer(…) or float(…)"
    } else {
        ""
    };
    EvaluationError::failed(format!(
        "`{}` cannot take {} and {}{help}",
        operator.symbol(),
        kind(left),
        kind(right)
    ))
}

fn truth(value: &Value, what: &str) -> Outcome<bool> {
    value.as_bool().ok_or_else(|| {
        EvaluationError::failed(format!(
            "{what} takes true or false, not {}; compare it, or use boolean(…)",
            kind(value)
        ))
    })
}

impl Read {
    fn evaluate<'s>(
        &'s self,
        scope: &'s dyn Scope,
        budget: &mut Budget,
    ) -> Outcome<Cow<'s, Value>> {
        let Some(value) = self.root.value(scope, budget)? else {
            return Ok(Cow::Owned(Value::Null));
        };
        let made;
        let path = match &self.tail {
            Tail::None => return Ok(value),
            Tail::Fixed(path) => path,
            Tail::Made(pieces) => {
                made = make(pieces, scope, budget)?;
                &made
            }
        };
        let value = match self.root {
            Root::Payload => value,
            _ => parsed(value, budget)?,
        };
        match value {
            Cow::Borrowed(value) => taken(path.evaluate(value, budget)?, budget),
            Cow::Owned(value) => {
                let found = taken(path.evaluate(&value, budget)?, budget)?;
                own(found, budget).map(Cow::Owned)
            }
        }
    }
}

impl Root {
    fn value<'s>(
        &'s self,
        scope: &'s dyn Scope,
        budget: &mut Budget,
    ) -> Outcome<Option<Cow<'s, Value>>> {
        let text = |found: Option<String>| found.map(|it| Cow::Owned(Value::String(it)));
        Ok(match self {
            Self::Payload => scope.payload(),
            Self::Variable(name) => scope.variable(name),
            Self::Header(name) => text(scope.header(name).map(Cow::into_owned)),
            Self::Property { scope: within, name } => scope.property(within, name),
            Self::Query(name) => text(scope.query_parameter(name)),
            Self::Path(name) => text(scope.path_parameter(name)),
            Self::Parameter(name) => scope.function_parameter(name),
            Self::Configuration(name) => text(scope.configuration(name)),
            Self::Call(call) => Some(Cow::Owned(call.evaluate(scope, budget)?)),
        })
    }
}

/// A text that holds JSON as the value that it holds; any other text is `null`, for it has no parts.
fn parsed<'s>(value: Cow<'s, Value>, budget: &mut Budget) -> Outcome<Cow<'s, Value>> {
    let Value::String(text) = &*value else { return Ok(value) };
    spend_text(text.len(), budget)?;
    if text.len() > MAX_TEXT {
        return Err(EvaluationError::failed("a text of more than 1 MiB is not read as JSON"));
    }
    Ok(Cow::Owned(serde_json::from_str(text).unwrap_or_default()))
}

fn make(pieces: &[Piece], scope: &dyn Scope, budget: &mut Budget) -> Outcome<JsonPath> {
    let mut text = String::new();
    for piece in pieces {
        match piece {
            Piece::Literal(literal) => text.push_str(literal),
            Piece::Value(node) => {
                let value = node.evaluate(scope, budget)?;
                charge(&value, budget)?;
                text.push_str(&tail::literal(&value));
            }
        }
        if text.len() > MAX_PATH {
            return Err(EvaluationError::failed("a path with its values is longer than 64 KiB"));
        }
    }
    // To compile is dearer than to copy.
    budget.spend(text.len() as u64)?;
    JsonPath::compile(&text)
        .map_err(|error| EvaluationError::failed(format!("the path `{text}`: {error}")))
}

fn taken<'s>(found: Found<'s>, budget: &mut Budget) -> Outcome<Cow<'s, Value>> {
    match found {
        Found::Missing => Ok(Cow::Owned(Value::Null)),
        Found::One(value) => Ok(value),
        Found::Many(values) => {
            let mut all = Vec::with_capacity(values.len());
            for value in values {
                all.push(own(value, budget)?);
            }
            Ok(Cow::Owned(Value::Array(all)))
        }
    }
}

/// The value itself; copying a borrowed one is charged.
pub(super) fn own(value: Cow<'_, Value>, budget: &mut Budget) -> Outcome<Value> {
    if let Cow::Borrowed(value) = &value {
        charge(value, budget)?;
    }
    Ok(value.into_owned())
}

/// Takes the steps that copying or printing a value costs.
pub(super) fn charge(value: &Value, budget: &mut Budget) -> Outcome<()> {
    let mut open = vec![value];
    while let Some(value) = open.pop() {
        budget.spend(1)?;
        match value {
            Value::String(text) => spend_text(text.len(), budget)?,
            Value::Array(items) => open.extend(items),
            Value::Object(members) => {
                for (name, value) in members {
                    spend_text(name.len(), budget)?;
                    open.push(value);
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// Takes the steps that a text of so many bytes costs.
pub(super) fn spend_text(bytes: usize, budget: &mut Budget) -> Outcome<()> {
    Ok(budget.spend((bytes / BYTES_A_STEP) as u64)?)
}

/// A value as text: nothing for `null`, compact JSON for what has parts.
pub(super) fn text_of(value: &Value) -> Cow<'_, str> {
    match value {
        Value::Null => Cow::Borrowed(""),
        Value::String(text) => Cow::Borrowed(text),
        other => Cow::Owned(other.to_string()),
    }
}

/// The kind of a value, with its article.
pub(super) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}
