//! Evaluating expressions (XPath 1.0 §3), and values as the types that are asked for.

use super::number;
use super::syntax::{Expression, Operator, Reference};
use super::value::Value;
use super::{Budget, Environment, EvaluateError};
use crate::tree::{Kind, NodeId, Tree};

/// One evaluation.
pub(super) struct Evaluator<'a> {
    pub(super) tree: &'a Tree,
    pub(super) environment: &'a dyn Environment,
    pub(super) budget: &'a mut Budget,
    pub(super) variables: &'a [Reference],
    pub(super) functions: &'a [Reference],
    /// Where each node stands in document order, once that was asked for.
    pub(super) ranks: Option<Vec<u32>>,
}

/// What an expression is evaluated at.
#[derive(Clone, Copy)]
pub(super) struct Context {
    pub(super) node: NodeId,
    /// From 1.
    pub(super) position: usize,
    pub(super) size: usize,
}

impl Evaluator<'_> {
    pub(super) fn evaluate(
        &mut self,
        expression: &Expression,
        context: Context,
    ) -> Result<Value, EvaluateError> {
        self.budget.spend(1)?;
        match expression {
            Expression::Literal(text) => {
                self.budget.spend_text(text.len())?;
                Ok(Value::Text(text.as_ref().to_owned()))
            }
            Expression::Number(number) => Ok(Value::Number(*number)),
            Expression::Variable(index) => self.variable(*index),
            Expression::Call(function, arguments) => self.call(*function, arguments, context),
            Expression::Extension(index, arguments) => self.extension(*index, arguments, context),
            Expression::Negative { odd, operand } => {
                let number = self.number(operand, context)?;
                Ok(Value::Number(if *odd { -number } else { number }))
            }
            Expression::Chain(first, rest) => self.chain(first, rest, context),
            Expression::Union(parts) => self.union(parts, context),
            Expression::Path(path) => self.path(path, context).map(Value::Nodes),
        }
    }

    pub(super) fn boolean(
        &mut self,
        expression: &Expression,
        context: Context,
    ) -> Result<bool, EvaluateError> {
        if let Expression::Path(path) = expression {
            self.budget.spend(1)?;
            return self.leads_anywhere(path, context);
        }
        Ok(self.evaluate(expression, context)?.boolean())
    }

    pub(super) fn number(
        &mut self,
        expression: &Expression,
        context: Context,
    ) -> Result<f64, EvaluateError> {
        match self.evaluate(expression, context)? {
            Value::Nodes(nodes) => {
                let text = self.first_text(&nodes)?;
                Ok(number::parse(&text))
            }
            other => Ok(other.number(self.tree)),
        }
    }

    pub(super) fn text(
        &mut self,
        expression: &Expression,
        context: Context,
    ) -> Result<String, EvaluateError> {
        match self.evaluate(expression, context)? {
            Value::Nodes(nodes) => self.first_text(&nodes),
            Value::Text(text) => Ok(text),
            other => Ok(other.scalar()),
        }
    }

    /// The nodes of an expression; `place` is what needs them.
    pub(super) fn nodes(
        &mut self,
        expression: &Expression,
        context: Context,
        place: &'static str,
    ) -> Result<Vec<NodeId>, EvaluateError> {
        match self.evaluate(expression, context)? {
            Value::Nodes(nodes) => Ok(nodes),
            other => Err(EvaluateError::NotNodes { place, kind: other.described() }),
        }
    }

    /// The text of a node, paid for.
    pub(super) fn node_text(&mut self, node: NodeId) -> Result<String, EvaluateError> {
        let (tree, budget) = (self.tree, &mut *self.budget);
        let mut text = String::new();
        match tree.kind(node) {
            Kind::Attribute(_, value)
            | Kind::Text(value)
            | Kind::Comment(value)
            | Kind::Instruction { data: value, .. } => {
                budget.spend_text(value.len())?;
                text.push_str(value);
            }
            Kind::Document | Kind::Element(_) => {
                for below in tree.descendants(node) {
                    budget.spend(1)?;
                    if let Kind::Text(part) = tree.kind(below) {
                        budget.spend_text(part.len())?;
                        text.push_str(part);
                    }
                }
            }
        }
        Ok(text)
    }

    fn first_text(&mut self, nodes: &[NodeId]) -> Result<String, EvaluateError> {
        nodes.first().map_or_else(|| Ok(String::new()), |node| self.node_text(*node))
    }

    fn variable(&mut self, index: usize) -> Result<Value, EvaluateError> {
        let variables = self.variables;
        let (prefix, local) = variables.get(index).map(Reference::parts).unwrap_or_default();
        let value = self.environment.variable(prefix, local);
        self.admitted(value.unwrap_or(Value::Nodes(Vec::new())))
    }

    fn extension(
        &mut self,
        index: usize,
        arguments: &[Expression],
        context: Context,
    ) -> Result<Value, EvaluateError> {
        let arguments = arguments
            .iter()
            .map(|argument| self.evaluate(argument, context))
            .collect::<Result<Vec<_>, _>>()?;
        let functions = self.functions;
        let (prefix, local) = functions.get(index).map(Reference::parts).unwrap_or_default();
        let value = self.environment.function(prefix, local, &arguments, self.tree)?;
        self.admitted(value)
    }

    /// A value of the host: paid for, and in order.
    fn admitted(&mut self, mut value: Value) -> Result<Value, EvaluateError> {
        match &mut value {
            Value::Nodes(nodes) => self.ordered(nodes)?,
            Value::Text(text) => self.budget.spend_text(text.len())?,
            Value::Number(_) | Value::Boolean(_) => {}
        }
        Ok(value)
    }

    fn union(&mut self, parts: &[Expression], context: Context) -> Result<Value, EvaluateError> {
        let mut nodes = Vec::new();
        for part in parts {
            nodes.append(&mut self.nodes(part, context, "`|`")?);
        }
        self.ordered(&mut nodes)?;
        Ok(Value::Nodes(nodes))
    }

    fn chain(
        &mut self,
        first: &Expression,
        rest: &[(Operator, Expression)],
        context: Context,
    ) -> Result<Value, EvaluateError> {
        match rest.first().map(|(operator, _)| operator.level()) {
            None => self.evaluate(first, context),
            Some(0 | 1) => self.logic(first, rest, context).map(Value::Boolean),
            Some(2 | 3) => self.comparisons(first, rest, context),
            Some(_) => self.arithmetic(first, rest, context).map(Value::Number),
        }
    }

    /// `and` and `or`, which ask no further than need be.
    fn logic(
        &mut self,
        first: &Expression,
        rest: &[(Operator, Expression)],
        context: Context,
    ) -> Result<bool, EvaluateError> {
        let mut holds = self.boolean(first, context)?;
        for (operator, operand) in rest {
            if holds == (*operator == Operator::Or) {
                break;
            }
            holds = self.boolean(operand, context)?;
        }
        Ok(holds)
    }

    fn comparisons(
        &mut self,
        first: &Expression,
        rest: &[(Operator, Expression)],
        context: Context,
    ) -> Result<Value, EvaluateError> {
        let mut left = self.evaluate(first, context)?;
        for (operator, operand) in rest {
            let right = self.evaluate(operand, context)?;
            left = Value::Boolean(self.compare(*operator, &left, &right)?);
        }
        Ok(left)
    }

    fn arithmetic(
        &mut self,
        first: &Expression,
        rest: &[(Operator, Expression)],
        context: Context,
    ) -> Result<f64, EvaluateError> {
        let mut left = self.number(first, context)?;
        for (operator, operand) in rest {
            let right = self.number(operand, context)?;
            left = match operator {
                Operator::Subtract => left - right,
                Operator::Multiply => left * right,
                Operator::Divide => left / right,
                Operator::Modulo => left % right,
                _ => left + right,
            };
        }
        Ok(left)
    }
}
