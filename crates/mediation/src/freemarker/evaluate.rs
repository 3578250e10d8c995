//! Running a template over a message.

mod builtins;
mod operate;

use std::sync::Arc;

use model::fault::FaultCode;
use serde_json::{Number, Value as Json};

use super::value::{Value, nodes_named};
use super::{Expression, List, Node, Operator, Template};
use crate::expression::Moment;
use crate::fault::MediationFault;
use crate::property::{Scope, Value as Held};
use operate::{arithmetic, compare};

/// What a template sees besides the message.
#[derive(Debug)]
pub(crate) struct Data<'a> {
    /// `args.arg1` and so on: as text, and as JSON where it is an object or an array.
    pub(crate) arguments: &'a [(Arc<str>, Option<Json>)],
    /// The body, where it is neither JSON nor XML.
    pub(crate) text: Option<&'a str>,
}

/// Fills a template in.
///
/// # Errors
///
/// What is missing or of another kind than is needed, with the line; a limit.
pub(crate) fn run(
    template: &Template,
    at: Moment<'_>,
    data: &Data<'_>,
) -> Result<String, MediationFault> {
    let mut run = Run {
        at,
        data,
        assigned: Vec::new(),
        loops: Vec::new(),
        out: String::new(),
        steps: 0,
        line: 1,
    };
    match run.nodes(&template.nodes) {
        Ok(()) => Ok(run.out),
        Err(Stop::Wrong(what) | Stop::Undefined(what)) => {
            let detail = format!("FreeMarker template, line {}: {what}", run.line);
            Err(MediationFault::new(FaultCode::PolicyExpression, detail))
        }
        Err(Stop::Steps) => {
            let detail = format!("more than {} steps in a template", at.limits.expression_steps);
            Err(MediationFault::new(FaultCode::PolicySteps, detail))
        }
        Err(Stop::Output) => {
            let detail = format!("a template made more than {} bytes", at.limits.output);
            Err(MediationFault::new(FaultCode::PolicyOutput, detail))
        }
    }
}

/// Why a run ends early.
pub(super) enum Stop {
    /// A value that is not there; `!`, `??` and the like look past it.
    Undefined(String),
    Wrong(String),
    Steps,
    Output,
}

/// What an expression comes to.
pub(super) type Outcome<'a> = Result<Value<'a>, Stop>;

/// A loop that is under way.
struct Turn<'a> {
    name: &'a str,
    key: Value<'a>,
    value: Option<(&'a str, Value<'a>)>,
    index: usize,
    has_next: bool,
}

pub(super) struct Run<'a> {
    at: Moment<'a>,
    data: &'a Data<'a>,
    assigned: Vec<(&'a str, Value<'a>)>,
    loops: Vec<Turn<'a>>,
    out: String,
    steps: u64,
    line: u32,
}

impl<'a> Run<'a> {
    fn nodes(&mut self, nodes: &'a [Node]) -> Result<(), Stop> {
        nodes.iter().try_for_each(|node| self.node(node))
    }

    fn node(&mut self, node: &'a Node) -> Result<(), Stop> {
        self.charge(1)?;
        match node {
            Node::Text(text) => self.write(text),
            Node::Show(expression, line) => {
                self.line = *line;
                let value = self.present(expression)?;
                let text = value.shown().ok_or_else(|| cannot_be_written(&value))?;
                self.write(&text)
            }
            Node::If(branches, otherwise) => {
                for branch in branches {
                    self.line = branch.line;
                    if self.holds(&branch.condition)? {
                        return self.nodes(&branch.nodes);
                    }
                }
                self.nodes(otherwise)
            }
            Node::List(list) => self.list(list),
            Node::Between(nodes) => match self.loops.last() {
                Some(turn) if turn.has_next => self.nodes(nodes),
                _ => Ok(()),
            },
            Node::Assign(name, expression, line) => {
                self.line = *line;
                let value = self.present(expression)?;
                self.assign(name, value);
                Ok(())
            }
            Node::Capture(name, nodes) => {
                let before = std::mem::take(&mut self.out);
                let written = self.nodes(nodes);
                let made = std::mem::replace(&mut self.out, before);
                written?;
                self.assign(name, Value::text(made));
                Ok(())
            }
        }
    }

    fn list(&mut self, list: &'a List) -> Result<(), Stop> {
        self.line = list.line;
        let items = match self.loosely(&list.items)? {
            Value::Missing => return Err(undefined(&list.items)),
            Value::Json(Json::Object(_)) if list.value.is_none() => {
                let help = "an object is listed with two names, `as key, value`";
                return Err(Stop::Wrong(help.to_owned()));
            }
            items => items,
        };
        let wrong = || Stop::Wrong(format!("`list` needs a list, and this is {}", items.kind()));
        let count = items.size().ok_or_else(wrong)?;
        if count == 0 {
            return self.nodes(&list.otherwise);
        }
        let entries = entries(list, &items)?;
        for index in 0..count {
            let turn = turn(list, &items, &entries, index);
            self.loops.push(turn);
            let done = self.nodes(&list.nodes);
            self.loops.pop();
            done?;
        }
        Ok(())
    }

    fn assign(&mut self, name: &'a str, value: Value<'a>) {
        match self.assigned.iter_mut().find(|(known, _)| *known == name) {
            Some((_, place)) => *place = value,
            None => self.assigned.push((name, value)),
        }
    }

    fn write(&mut self, text: &str) -> Result<(), Stop> {
        self.charge(weight(text.len()))?;
        if self.out.len().saturating_add(text.len()) > self.at.limits.output {
            return Err(Stop::Output);
        }
        self.out.push_str(text);
        Ok(())
    }

    pub(super) fn charge(&mut self, steps: u64) -> Result<(), Stop> {
        self.steps = self.steps.saturating_add(steps);
        if self.steps > self.at.limits.expression_steps { Err(Stop::Steps) } else { Ok(()) }
    }

    /// A value that must be there.
    pub(super) fn present(&mut self, expression: &'a Expression) -> Outcome<'a> {
        let value = self.evaluate(expression)?;
        if value.is_missing() { Err(undefined(expression)) } else { Ok(value) }
    }

    /// A value that may be missing; within brackets, at any step of the way to it.
    pub(super) fn loosely(&mut self, expression: &'a Expression) -> Outcome<'a> {
        match self.evaluate(expression) {
            Err(Stop::Undefined(_)) if matches!(expression, Expression::Group(_)) => {
                Ok(Value::Missing)
            }
            other => other,
        }
    }

    fn holds(&mut self, expression: &'a Expression) -> Result<bool, Stop> {
        match self.present(expression)? {
            Value::Boolean(value) => Ok(value),
            other => {
                let help = "compare it, or ask for `?has_content`";
                Err(Stop::Wrong(format!("a condition is {}; {help}", other.kind())))
            }
        }
    }

    fn evaluate(&mut self, expression: &'a Expression) -> Outcome<'a> {
        self.charge(1)?;
        Ok(match expression {
            Expression::Text(text) => Value::Text(Arc::clone(text)),
            Expression::Joined(pieces) => self.joined(pieces)?,
            Expression::Number(number) => Value::Number(number.clone()),
            Expression::Boolean(value) => Value::Boolean(*value),
            Expression::List(items) => {
                let items: Result<Vec<_>, _> =
                    items.iter().map(|item| self.present(item)).collect();
                Value::List(Arc::new(items?))
            }
            Expression::Name(name) => self.named(name),
            Expression::Member(of, name) => {
                let of = self.present(of)?;
                self.member(&of, name)?
            }
            Expression::Index(of, index) => self.indexed(of, index)?,
            Expression::Group(inner) => self.evaluate(inner)?,
            Expression::Not(inner) => Value::Boolean(!self.holds(inner)?),
            Expression::Negative(inner) => {
                let zero = Value::Number(Number::from(0));
                let value = self.present(inner)?;
                arithmetic(Operator::Subtract, &zero, &value)?
            }
            Expression::Binary(operator, left, right) => self.binary(*operator, left, right)?,
            Expression::Default(of, other) => match (self.loosely(of)?, other) {
                (value, _) if !value.is_missing() => value,
                (_, Some(other)) => self.evaluate(other)?,
                (_, None) => Value::Borrowed(""),
            },
            Expression::Exists(of) => Value::Boolean(!self.loosely(of)?.is_missing()),
            Expression::Builtin(of, builtin, arguments) => self.builtin(of, *builtin, arguments)?,
        })
    }

    fn joined(&mut self, pieces: &'a [Expression]) -> Outcome<'a> {
        let mut joined = String::new();
        for piece in pieces {
            let value = self.present(piece)?;
            let text = value.shown().ok_or_else(|| cannot_be_written(&value))?;
            self.grow(&mut joined, &text)?;
        }
        Ok(Value::text(joined))
    }

    /// Puts a text behind another, within the limits.
    pub(super) fn grow(&mut self, joined: &mut String, text: &str) -> Result<(), Stop> {
        self.charge(weight(joined.len().saturating_add(text.len())))?;
        if joined.len().saturating_add(text.len()) > self.at.limits.output {
            return Err(Stop::Output);
        }
        joined.push_str(text);
        Ok(())
    }

    fn named(&self, name: &'a str) -> Value<'a> {
        for turn in self.loops.iter().rev() {
            if turn.name == name {
                return turn.key.clone();
            }
            if let Some((_, value)) = turn.value.as_ref().filter(|(known, _)| *known == name) {
                return value.clone();
            }
            match name.strip_prefix(turn.name) {
                Some("_index") => return Value::Number(Number::from(turn.index)),
                Some("_has_next") => return Value::Boolean(turn.has_next),
                _ => {}
            }
        }
        if let Some((_, value)) = self.assigned.iter().find(|(known, _)| *known == name) {
            return value.clone();
        }
        match name {
            "payload" => self.payload(),
            "args" => Value::Arguments,
            "ctx" => Value::Scope(Scope::Default),
            "axis2" => Value::Scope(Scope::Axis2),
            "trp" => Value::Scope(Scope::Transport),
            _ => Value::Missing,
        }
    }

    fn payload(&self) -> Value<'a> {
        let payload = &self.at.message.payload;
        if let Some(text) = self.data.text {
            return Value::Borrowed(text);
        }
        if payload.is_json() {
            return payload.json().map_or(Value::Missing, |value| Value::of_json(value));
        }
        match payload.envelope() {
            Some(envelope) if !payload.is_empty() => {
                Value::Nodes(&envelope.tree, Arc::from([envelope.body]))
            }
            _ => Value::Missing,
        }
    }

    fn member(&mut self, of: &Value<'a>, name: &str) -> Outcome<'a> {
        Ok(match of {
            Value::Json(Json::Object(fields)) => {
                fields.get(name).map_or(Value::Missing, Value::of_json)
            }
            Value::Nodes(tree, nodes) => {
                let found = nodes_named(tree, nodes, name);
                self.charge(u64::try_from(nodes.len()).unwrap_or(u64::MAX))?;
                Value::Nodes(tree, Arc::from(found))
            }
            Value::Scope(scope) => self.property(*scope, name),
            Value::Arguments => self.argument(name),
            other => {
                return Err(Stop::Wrong(format!("there is no `{name:.60}` in {}", other.kind())));
            }
        })
    }

    fn property(&mut self, scope: Scope, name: &str) -> Value<'a> {
        let message = self.at.message;
        let set = match scope {
            Scope::Default => message.properties.get(name),
            Scope::Axis2 => message.axis2.get(name),
            _ => None,
        };
        if let Some(Held::Json(value)) = set {
            return Value::of_json(value);
        }
        match message.get(scope, name, self.at.host) {
            None => Value::Missing,
            Some(Held::Boolean(value)) => Value::Boolean(value),
            Some(Held::Integer(value)) => Value::Number(Number::from(value)),
            Some(Held::Number(value)) => {
                Number::from_f64(value).map_or(Value::Missing, Value::Number)
            }
            Some(other) => Value::Text(other.text()),
        }
    }

    fn argument(&self, name: &str) -> Value<'a> {
        let number = name.strip_prefix("arg").and_then(|number| number.parse::<usize>().ok());
        let index = number.and_then(|number| number.checked_sub(1));
        match index.and_then(|index| self.data.arguments.get(index)) {
            Some((_, Some(json))) => Value::of_json(json),
            Some((text, None)) => Value::Text(Arc::clone(text)),
            None => Value::Missing,
        }
    }

    fn indexed(&mut self, of: &'a Expression, index: &'a Expression) -> Outcome<'a> {
        let of = self.present(of)?;
        match self.present(index)? {
            Value::Number(number) => {
                match number.as_u64().and_then(|it| usize::try_from(it).ok()) {
                    Some(index) if of.size().is_some() => Ok(of.item(index)),
                    _ => Err(Stop::Wrong(format!("{} has no item {number}", of.kind()))),
                }
            }
            key => match key.string() {
                Some(name) => self.member(&of, &name),
                None => Err(Stop::Wrong(format!("an index is {}", key.kind()))),
            },
        }
    }

    fn binary(
        &mut self,
        operator: Operator,
        left: &'a Expression,
        right: &'a Expression,
    ) -> Outcome<'a> {
        match operator {
            Operator::Or => {
                return Ok(Value::Boolean(self.holds(left)? || self.holds(right)?));
            }
            Operator::And => {
                return Ok(Value::Boolean(self.holds(left)? && self.holds(right)?));
            }
            _ => {}
        }
        let (left, right) = (self.present(left)?, self.present(right)?);
        match operator {
            Operator::Add => self.add(&left, &right),
            Operator::Subtract | Operator::Multiply | Operator::Divide | Operator::Remainder => {
                arithmetic(operator, &left, &right)
            }
            _ => compare(operator, &left, &right).map(Value::Boolean),
        }
    }

    fn add(&mut self, left: &Value<'a>, right: &Value<'a>) -> Outcome<'a> {
        match (left, right) {
            (Value::Number(_), Value::Number(_)) => arithmetic(Operator::Add, left, right),
            (Value::List(first), Value::List(second)) => {
                let length = first.len().saturating_add(second.len());
                self.charge(u64::try_from(length).unwrap_or(u64::MAX))?;
                Ok(Value::List(Arc::new(first.iter().chain(second.iter()).cloned().collect())))
            }
            _ => {
                let mut joined = String::new();
                for part in [left, right] {
                    let text = part.shown().ok_or_else(|| cannot_be_written(part))?;
                    self.grow(&mut joined, &text)?;
                }
                Ok(Value::text(joined))
            }
        }
    }

    /// The turn of the loop over a name.
    pub(super) fn turn(&self, of: &Expression) -> Result<(usize, bool), Stop> {
        let turn = match of {
            Expression::Name(name) => self.loops.iter().rev().find(|turn| turn.name == name),
            _ => None,
        };
        let wrong = || Stop::Wrong("`?index` and `?has_next` follow the name of a loop".to_owned());
        turn.map(|turn| (turn.index, turn.has_next)).ok_or_else(wrong)
    }
}

/// The keys and values of an object that is listed with two names.
fn entries<'a>(list: &List, items: &Value<'a>) -> Result<Vec<(Value<'a>, Value<'a>)>, Stop> {
    let of_field =
        |(key, held): (&'a String, &'a Json)| (Value::Borrowed(key.as_str()), Value::of_json(held));
    match items {
        _ if list.value.is_none() => Ok(Vec::new()),
        Value::Json(Json::Object(fields)) => Ok(fields.iter().map(of_field).collect()),
        _ => Err(Stop::Wrong(format!("two names list an object, and this is {}", items.kind()))),
    }
}

fn turn<'a>(
    list: &'a List,
    items: &Value<'a>,
    entries: &[(Value<'a>, Value<'a>)],
    index: usize,
) -> Turn<'a> {
    let count = items.size().unwrap_or_default();
    let has_next = index.saturating_add(1) < count;
    let name = list.name.as_str();
    match (&list.value, entries.get(index)) {
        (Some(value), Some((key, held))) => {
            Turn { name, key: key.clone(), value: Some((value, held.clone())), index, has_next }
        }
        _ => Turn { name, key: items.item(index), value: None, index, has_next },
    }
}

/// Steps for bytes that are written or copied.
fn weight(bytes: usize) -> u64 {
    u64::try_from(bytes / 16).unwrap_or(u64::MAX)
}

fn undefined(expression: &Expression) -> Stop {
    let what = match expression {
        Expression::Name(name) | Expression::Member(_, name) => format!("`{name:.60}`"),
        _ => "a value".to_owned(),
    };
    Stop::Undefined(format!("{what} is missing; give another with `!`, or ask with `??`"))
}

pub(super) fn cannot_be_written(value: &Value<'_>) -> Stop {
    Stop::Wrong(format!("{} cannot be written as text", value.kind()))
}
