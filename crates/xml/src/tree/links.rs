//! Putting nodes into a tree, taking them out, copying them.

use super::{Ends, Kind, NodeId, Tree};
use crate::name::Name;

impl Tree {
    /// Makes a node the last child of another, wherever it was before.
    ///
    /// An attribute becomes an attribute of an element, in the place of one with its name.
    pub fn append(&mut self, parent: NodeId, child: NodeId) {
        if let Kind::Attribute(name, _) = self.kind(child) {
            self.append_attribute(parent, child, &name.clone());
        } else if self.may_hold(parent, child) {
            self.detach(child);
            self.changed();
            self.link_last(parent, child);
        }
    }

    fn append_attribute(&mut self, parent: NodeId, attribute: NodeId, name: &Name) {
        if !self.is_element(parent) {
            return;
        }
        self.detach(attribute);
        self.remove_attribute(parent, &name.namespace, &name.local);
        self.changed();
        self.link_attribute(parent, attribute);
    }

    /// Puts a node behind a sibling, wherever it was before.
    pub fn insert_after(&mut self, sibling: NodeId, node: NodeId) {
        let Some(parent) = self.room_beside(sibling, node) else { return };
        self.detach(node);
        match self.node(sibling).next {
            Some(next) => self.link_before(parent, next, node),
            None => self.link_last(parent, node),
        }
        self.changed();
    }

    /// Puts a node in front of a sibling, wherever it was before.
    pub fn insert_before(&mut self, sibling: NodeId, node: NodeId) {
        let Some(parent) = self.room_beside(sibling, node) else { return };
        self.detach(node);
        self.link_before(parent, sibling, node);
        self.changed();
    }

    /// Takes a node out of its parent; it stays in the tree's count and can be put back.
    pub fn detach(&mut self, id: NodeId) {
        let Some(parent) = self.node(id).parent else { return };
        let (previous, next) = (self.node(id).previous, self.node(id).next);
        match previous {
            Some(previous) => self.node_mut(previous).next = next,
            None => self.siblings_mut(parent, id).first = next,
        }
        match next {
            Some(next) => self.node_mut(next).previous = previous,
            None => self.siblings_mut(parent, id).last = previous,
        }
        let node = self.node_mut(id);
        (node.parent, node.previous, node.next) = (None, None, None);
        self.changed();
    }

    /// Puts a node in the place of another, which becomes detached.
    pub fn replace(&mut self, old: NodeId, new: NodeId) {
        if self.room_beside(old, new).is_some() {
            self.insert_before(old, new);
            self.detach(old);
        }
    }

    pub(super) fn link_last(&mut self, parent: NodeId, id: NodeId) {
        let last = self.node(parent).children.last;
        self.link_behind(parent, last, id);
    }

    pub(super) fn link_attribute(&mut self, parent: NodeId, id: NodeId) {
        let last = self.node(parent).attributes.last;
        self.link_behind(parent, last, id);
    }

    /// Copies a node and all below it, with the declarations that are among them.
    pub(super) fn copy(&mut self, other: &Self, top: NodeId) -> NodeId {
        let copied = self.copy_one(other, top);
        let (mut from, mut to) = (top, copied);
        while let Some(next) = other.following_below(from, top) {
            let parent = self.copied_parent(other, (from, to), next);
            to = self.copy_one(other, next);
            self.link_last(parent, to);
            from = next;
        }
        self.changed();
        copied
    }

    /// The copy of the parent of `next`, found from a node before it and that node's copy.
    fn copied_parent(&self, other: &Self, at: (NodeId, NodeId), next: NodeId) -> NodeId {
        let (mut from, mut to) = at;
        let parent = other.parent(next);
        while Some(from) != parent {
            match (other.parent(from), self.parent(to)) {
                (Some(above), Some(copy)) => (from, to) = (above, copy),
                _ => break,
            }
        }
        to
    }

    fn copy_one(&mut self, other: &Self, id: NodeId) -> NodeId {
        let copy = self.push(other.kind(id).clone(), other.place(id));
        for attribute in other.attributes(id) {
            let kind = other.kind(attribute).clone();
            self.push_attribute(copy, kind, other.place(attribute));
        }
        for (prefix, uri) in other.declared(id) {
            self.add_declaration(copy, prefix.clone(), uri.clone());
        }
        copy
    }

    fn link_behind(&mut self, parent: NodeId, last: Option<NodeId>, id: NodeId) {
        match last {
            Some(last) => self.node_mut(last).next = Some(id),
            None => self.siblings_mut(parent, id).first = Some(id),
        }
        self.siblings_mut(parent, id).last = Some(id);
        let node = self.node_mut(id);
        (node.parent, node.previous) = (Some(parent), last);
    }

    fn link_before(&mut self, parent: NodeId, sibling: NodeId, id: NodeId) {
        let previous = self.node(sibling).previous;
        match previous {
            Some(previous) => self.node_mut(previous).next = Some(id),
            None => self.node_mut(parent).children.first = Some(id),
        }
        self.node_mut(sibling).previous = Some(id);
        let node = self.node_mut(id);
        (node.parent, node.previous, node.next) = (Some(parent), previous, Some(sibling));
    }

    /// The list of siblings that a node is in, or would be in.
    fn siblings_mut(&mut self, parent: NodeId, id: NodeId) -> &mut Ends {
        let is_attribute = matches!(self.kind(id), Kind::Attribute(..));
        let node = self.node_mut(parent);
        if is_attribute { &mut node.attributes } else { &mut node.children }
    }

    fn may_hold(&self, parent: NodeId, child: NodeId) -> bool {
        matches!(self.kind(parent), Kind::Element(_) | Kind::Document)
            && !matches!(self.kind(child), Kind::Attribute(..) | Kind::Document)
            && self.ancestors(parent).all(|above| above != child)
    }

    /// The parent of a sibling, where the node may become a child of it too.
    fn room_beside(&self, sibling: NodeId, node: NodeId) -> Option<NodeId> {
        let parent = self.node(sibling).parent?;
        let is_child = !matches!(self.kind(sibling), Kind::Attribute(..));
        (is_child && sibling != node && self.may_hold(parent, node)).then_some(parent)
    }
}
