//! The nodes of an axis, one after the other (XPath 1.0 §2.2).

use std::iter::{once, successors};

use super::EvaluateError;
use super::syntax::Axis;
use crate::tree::{Kind, NodeId, Tree};

/// Why a walk ended before its time.
pub(super) enum Stop {
    /// Whoever was shown the nodes has seen enough.
    Enough,
    Failed(EvaluateError),
}

/// Is shown nodes; what it returns as an error ends the walk.
pub(super) type Visit<'a> = dyn FnMut(NodeId) -> Result<(), Stop> + 'a;

impl From<EvaluateError> for Stop {
    fn from(error: EvaluateError) -> Self {
        Self::Failed(error)
    }
}

/// A walk that ended early because enough was seen has gone well.
pub(super) fn finished(walked: Result<(), Stop>) -> Result<(), EvaluateError> {
    match walked {
        Ok(()) | Err(Stop::Enough) => Ok(()),
        Err(Stop::Failed(error)) => Err(error),
    }
}

/// Shows the nodes of an axis, in the order in which they are counted.
pub(super) fn walk(
    tree: &Tree,
    axis: Axis,
    node: NodeId,
    visit: &mut Visit<'_>,
) -> Result<(), Stop> {
    match axis {
        Axis::Self_ => visit(node),
        Axis::Child => tree.children(node).try_for_each(visit),
        Axis::Attribute => tree.attributes(node).try_for_each(visit),
        Axis::Parent => tree.parent(node).map_or(Ok(()), visit),
        Axis::Ancestor => lineage(tree, node).skip(1).try_for_each(visit),
        Axis::AncestorOrSelf => lineage(tree, node).try_for_each(visit),
        Axis::Descendant => tree.descendants(node).try_for_each(visit),
        Axis::DescendantOrSelf => once(node).chain(tree.descendants(node)).try_for_each(visit),
        Axis::FollowingSibling => siblings_after(tree, node).try_for_each(visit),
        Axis::PrecedingSibling => siblings_before(tree, node).try_for_each(visit),
        Axis::Following => following(tree, node, visit),
        Axis::Preceding => preceding(tree, node, visit),
    }
}

/// The topmost node above a node, or itself.
pub(super) fn top(tree: &Tree, node: NodeId) -> NodeId {
    lineage(tree, node).last().unwrap_or(node)
}

/// A node and all that it is in, innermost first.
fn lineage(tree: &Tree, node: NodeId) -> impl Iterator<Item = NodeId> {
    successors(Some(node), |node| tree.parent(*node))
}

/// Shows what comes after a node and is not below it.
fn following(tree: &Tree, node: NodeId, visit: &mut Visit<'_>) -> Result<(), Stop> {
    let mut from = node;
    if let (Kind::Attribute(..), Some(element)) = (tree.kind(node), tree.parent(node)) {
        tree.descendants(element).try_for_each(&mut *visit)?;
        from = element;
    }
    for node in lineage(tree, from) {
        for sibling in siblings_after(tree, node) {
            visit(sibling)?;
            tree.descendants(sibling).try_for_each(&mut *visit)?;
        }
    }
    Ok(())
}

/// Shows what comes before a node and is not above it, nearest first.
fn preceding(tree: &Tree, node: NodeId, visit: &mut Visit<'_>) -> Result<(), Stop> {
    // An attribute has no siblings, so that what comes first is what its element follows.
    for node in lineage(tree, node) {
        for sibling in siblings_before(tree, node) {
            reversed(tree, sibling, visit)?;
        }
    }
    Ok(())
}

/// Shows all below a node, and then itself, against document order.
fn reversed(tree: &Tree, node: NodeId, visit: &mut Visit<'_>) -> Result<(), Stop> {
    let mut levels = vec![(node, tree.children(node).rev())];
    while let Some((parent, level)) = levels.last_mut() {
        if let Some(child) = level.next() {
            levels.push((child, tree.children(child).rev()));
        } else {
            visit(*parent)?;
            levels.pop();
        }
    }
    Ok(())
}

fn siblings_after(tree: &Tree, node: NodeId) -> impl Iterator<Item = NodeId> {
    successors(tree.next_sibling(node), |node| tree.next_sibling(*node))
}

fn siblings_before(tree: &Tree, node: NodeId) -> impl Iterator<Item = NodeId> {
    successors(tree.previous_sibling(node), |node| tree.previous_sibling(*node))
}
