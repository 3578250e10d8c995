//! Evaluating paths: from a set of nodes to the next, step by step (XPath 1.0 §2).

use super::EvaluateError;
use super::axis::{Stop, finished, top, walk};
use super::evaluate::{Context, Evaluator};
use super::syntax::{Axis, Expression, Path, Start, Step, Test, Type};
use super::value::Value;
use crate::tree::{Kind, NodeId, Tree};

/// Nodes in document order, and what is known of them.
struct Set {
    nodes: Vec<NodeId>,
    shape: Shape,
}

/// How nodes of a set lie to each other.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// There is one node at most.
    Single,
    /// None is above another.
    Flat,
    /// Some may be above others.
    Nested,
}

impl Evaluator<'_> {
    /// The nodes that a path leads to.
    pub(super) fn path(
        &mut self,
        path: &Path,
        context: Context,
    ) -> Result<Vec<NodeId>, EvaluateError> {
        let mut set = self.start(&path.start, context)?;
        for step in &path.steps {
            set = self.step(&set, step, usize::MAX)?;
        }
        Ok(set.nodes)
    }

    /// Whether a path leads to any node.
    pub(super) fn leads_anywhere(
        &mut self,
        path: &Path,
        context: Context,
    ) -> Result<bool, EvaluateError> {
        let mut set = self.start(&path.start, context)?;
        let Some((last, steps)) = path.steps.split_last() else {
            return Ok(!set.nodes.is_empty());
        };
        for step in steps {
            set = self.step(&set, step, usize::MAX)?;
        }
        for node in &set.nodes {
            if !self.nodes_of_step(*node, last, 1)?.is_empty() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Sorts nodes into document order, and drops what is there twice.
    pub(super) fn ordered(&mut self, nodes: &mut Vec<NodeId>) -> Result<(), EvaluateError> {
        if nodes.len() < 2 {
            return Ok(());
        }
        let count = nodes.len() as u64;
        self.budget.spend(count.saturating_mul(u64::from(count.ilog2())))?;
        if self.ranks.is_none() {
            self.budget.spend(self.tree.len() as u64 / 8)?;
        }
        let ranks = self.ranks.get_or_insert_with(|| self.tree.ranks());
        let rank = |node: &NodeId| ranks.get(node.index()).copied();
        if !nodes.is_sorted_by(|one, other| rank(one) < rank(other)) {
            nodes.sort_unstable_by_key(rank);
            nodes.dedup();
        }
        Ok(())
    }

    fn start(&mut self, start: &Start, context: Context) -> Result<Set, EvaluateError> {
        match start {
            Start::Context => Ok(Set { nodes: vec![context.node], shape: Shape::Single }),
            Start::Top => {
                Ok(Set { nodes: vec![top(self.tree, context.node)], shape: Shape::Single })
            }
            Start::Filter(primary, predicates) => {
                let place = if predicates.is_empty() { "`/`" } else { "a predicate" };
                let mut nodes = self.nodes(primary, context, place)?;
                for predicate in predicates {
                    self.filter(&mut nodes, predicate)?;
                }
                let shape = if nodes.len() < 2 { Shape::Single } else { Shape::Nested };
                Ok(Set { nodes, shape })
            }
        }
    }

    fn step(&mut self, set: &Set, step: &Step, most: usize) -> Result<Set, EvaluateError> {
        let mut nodes = Vec::new();
        for node in &set.nodes {
            let mut found = self.nodes_of_step(*node, step, most)?;
            if step.axis.is_reverse() {
                found.reverse();
            }
            if nodes.is_empty() {
                nodes = found;
            } else {
                nodes.append(&mut found);
            }
        }
        let (shape, is_ordered) = outcome(step.axis, set.shape);
        if !is_ordered {
            self.ordered(&mut nodes)?;
        }
        let shape = if nodes.len() < 2 { Shape::Single } else { shape };
        Ok(Set { nodes, shape })
    }

    /// The nodes that a step takes from one node, in the order of its axis.
    ///
    /// `most` is how many are of use.
    fn nodes_of_step(
        &mut self,
        node: NodeId,
        step: &Step,
        most: usize,
    ) -> Result<Vec<NodeId>, EvaluateError> {
        let most = match step.predicates.first() {
            None => most,
            Some(Expression::Number(number)) => whole(*number),
            Some(_) => usize::MAX,
        };
        let mut found = self.candidates(node, step, most)?;
        for predicate in &step.predicates {
            self.filter(&mut found, predicate)?;
        }
        Ok(found)
    }

    fn candidates(
        &mut self,
        node: NodeId,
        step: &Step,
        most: usize,
    ) -> Result<Vec<NodeId>, EvaluateError> {
        let (tree, budget) = (self.tree, &mut *self.budget);
        let mut found = Vec::new();
        finished(walk(tree, step.axis, node, &mut |node| {
            budget.spend(1)?;
            if takes(tree, &step.test, step.axis, node) {
                found.push(node);
            }
            if found.len() < most { Ok(()) } else { Err(Stop::Enough) }
        }))?;
        Ok(found)
    }

    /// Keeps the nodes for which a predicate holds.
    fn filter(
        &mut self,
        nodes: &mut Vec<NodeId>,
        predicate: &Expression,
    ) -> Result<(), EvaluateError> {
        if let Expression::Number(number) = predicate {
            let index = whole(*number).checked_sub(1);
            let kept = index.and_then(|index| nodes.get(index)).copied();
            nodes.clear();
            nodes.extend(kept);
            return Ok(());
        }
        let size = nodes.len();
        let mut kept = Vec::new();
        for (index, node) in nodes.iter().enumerate() {
            let context = Context { node: *node, position: index + 1, size };
            if self.holds(predicate, context)? {
                kept.push(*node);
            }
        }
        *nodes = kept;
        Ok(())
    }

    fn holds(&mut self, predicate: &Expression, context: Context) -> Result<bool, EvaluateError> {
        if !matches!(predicate.kind(), Type::Number | Type::Unknown) {
            return self.boolean(predicate, context);
        }
        match self.evaluate(predicate, context)? {
            Value::Number(number) => Ok(whole(number) == context.position),
            other => Ok(other.boolean()),
        }
    }
}

/// How the nodes lie that an axis leads to from a set, and whether they come in order.
fn outcome(axis: Axis, from: Shape) -> (Shape, bool) {
    match (axis, from) {
        (Axis::Self_, shape) => (shape, true),
        (Axis::Attribute, _) => (Shape::Flat, true),
        (Axis::Parent, Shape::Single) => (Shape::Single, true),
        (Axis::Child, Shape::Single | Shape::Flat)
        | (Axis::FollowingSibling | Axis::PrecedingSibling, Shape::Single) => (Shape::Flat, true),
        (_, Shape::Single) | (Axis::Descendant | Axis::DescendantOrSelf, Shape::Flat) => {
            (Shape::Nested, true)
        }
        _ => (Shape::Nested, false),
    }
}

/// The position that a number stands for; 0 is none.
fn whole(number: f64) -> usize {
    // Too large a number becomes the largest position, which no node has.
    if number >= 1.0 && number.fract() == 0.0 { number as usize } else { 0 }
}

fn takes(tree: &Tree, test: &Test, axis: Axis, node: NodeId) -> bool {
    let name = match (test, tree.kind(node)) {
        (Test::Node, _) | (Test::Text, Kind::Text(_)) | (Test::Comment, Kind::Comment(_)) => {
            return true;
        }
        (Test::Instruction(wanted), Kind::Instruction { target, .. }) => {
            return wanted.as_deref().is_none_or(|wanted| wanted == target);
        }
        (_, Kind::Element(name)) if axis != Axis::Attribute => name,
        (_, Kind::Attribute(name, _)) if axis == Axis::Attribute => name,
        _ => return false,
    };
    match test {
        Test::AnyName => true,
        Test::Namespace(namespace) => name.namespace == *namespace,
        Test::Name { namespace, local } => name.is(namespace, local),
        _ => false,
    }
}
