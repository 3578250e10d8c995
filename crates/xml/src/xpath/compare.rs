//! Comparing values (XPath 1.0 §3.4).

use std::collections::HashSet;

use super::EvaluateError;
use super::evaluate::Evaluator;
use super::number;
use super::syntax::Operator;
use super::value::Value;
use crate::tree::NodeId;

/// Chooses one of two numbers.
type Choice = fn(f64, f64) -> f64;

impl Evaluator<'_> {
    /// Whether a comparison holds; of nodes, whether it holds for any.
    pub(super) fn compare(
        &mut self,
        operator: Operator,
        left: &Value,
        right: &Value,
    ) -> Result<bool, EvaluateError> {
        match (left, right) {
            (Value::Nodes(left), Value::Nodes(right)) => match operator {
                Operator::Equal => self.share_text(left, right),
                Operator::Differs => self.differ(left, right),
                _ => self.compare_extremes(operator, left, right),
            },
            (Value::Nodes(_), Value::Boolean(_)) | (Value::Boolean(_), Value::Nodes(_)) => {
                let (left, right) = (left.boolean(), right.boolean());
                Ok(scalars(operator, &Value::Boolean(left), &Value::Boolean(right)))
            }
            (Value::Nodes(nodes), other) => self.any(nodes, |text| scalars(operator, text, other)),
            (other, Value::Nodes(nodes)) => self.any(nodes, |text| scalars(operator, other, text)),
            _ => Ok(scalars(operator, left, right)),
        }
    }

    fn any(
        &mut self,
        nodes: &[NodeId],
        holds: impl Fn(&Value) -> bool,
    ) -> Result<bool, EvaluateError> {
        for node in nodes {
            if holds(&Value::Text(self.node_text(*node)?)) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether a text on the left is also on the right.
    fn share_text(&mut self, left: &[NodeId], right: &[NodeId]) -> Result<bool, EvaluateError> {
        if right.is_empty() {
            return Ok(false);
        }
        let texts =
            left.iter().map(|node| self.node_text(*node)).collect::<Result<HashSet<_>, _>>()?;
        for node in right {
            if texts.contains(&self.node_text(*node)?) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether there is a text on the left and another one on the right.
    fn differ(&mut self, left: &[NodeId], right: &[NodeId]) -> Result<bool, EvaluateError> {
        let (Some(first), false) = (left.first(), right.is_empty()) else {
            return Ok(false);
        };
        // If all of the right is the same text, any other text on the left will do.
        let first = Value::Text(self.node_text(*first)?);
        let other = |text: &Value| *text != first;
        Ok(self.any(right, other)? || self.any(left, other)?)
    }

    /// Whether the least or the greatest number of each side compare so.
    fn compare_extremes(
        &mut self,
        operator: Operator,
        left: &[NodeId],
        right: &[NodeId],
    ) -> Result<bool, EvaluateError> {
        let rises = matches!(operator, Operator::Less | Operator::AtMost);
        let (nearest, furthest): (Choice, Choice) =
            if rises { (f64::min, f64::max) } else { (f64::max, f64::min) };
        let left = self.extreme(left, nearest)?;
        let right = self.extreme(right, furthest)?;
        Ok(numbers(operator, left, right))
    }

    /// The least or greatest number of nodes, or NaN.
    fn extreme(&mut self, nodes: &[NodeId], choose: Choice) -> Result<f64, EvaluateError> {
        let mut found = f64::NAN;
        for node in nodes {
            // Of a number and NaN, both functions choose the number.
            found = choose(found, number::parse(&self.node_text(*node)?));
        }
        Ok(found)
    }
}

/// Compares what is no node-set.
fn scalars(operator: Operator, left: &Value, right: &Value) -> bool {
    let is_equality = matches!(operator, Operator::Equal | Operator::Differs);
    let wanted = operator == Operator::Equal;
    match (left, right) {
        (Value::Boolean(_), _) | (_, Value::Boolean(_)) if is_equality => {
            (left.boolean() == right.boolean()) == wanted
        }
        (Value::Text(left), Value::Text(right)) if is_equality => (left == right) == wanted,
        _ => numbers(operator, scalar_number(left), scalar_number(right)),
    }
}

fn scalar_number(value: &Value) -> f64 {
    match value {
        Value::Number(number) => *number,
        Value::Boolean(boolean) => f64::from(u8::from(*boolean)),
        Value::Text(text) => number::parse(text),
        Value::Nodes(_) => f64::NAN,
    }
}

fn numbers(operator: Operator, left: f64, right: f64) -> bool {
    match operator {
        Operator::Differs => left != right,
        Operator::Less => left < right,
        Operator::AtMost => left <= right,
        Operator::Greater => left > right,
        Operator::AtLeast => left >= right,
        _ => left == right,
    }
}
