//! An XML document as a tree that can be changed.
//!
//! All nodes live in one arena and are named by their number, so nothing here recurses, and a
//! deep tree is dropped like a flat one.
//! Attributes are nodes too: their parent is the element, but they are not among its children.
//! Namespace declarations are no nodes; they are kept with the element that makes them.
//!
//! Deliberately absent: document types, entities, and giving memory back before the tree goes.
//! A call that would put a node below itself, or where no such node can be, does nothing.

mod links;
mod namespaces;

use std::cmp::Ordering;
use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Arc, OnceLock};

use crate::name::{Name, XMLNS};

pub use crate::name::XML;
pub use namespaces::Namespaces;
pub(crate) use namespaces::needed;

/// A node of one tree; it means nothing to another tree.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct NodeId(NonZeroU32);

/// Where something stands in the text that it was read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Place {
    /// From 1; 0 is unknown.
    pub line: u32,
    /// In characters, from 1; 0 is unknown.
    pub column: u32,
}

/// What a node is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The node above the document element.
    Document,
    /// An element.
    Element(Name),
    /// An attribute and its value.
    Attribute(Name, String),
    /// Text, whether it was written as such or as CDATA.
    Text(String),
    /// A comment.
    Comment(String),
    /// A processing instruction.
    Instruction {
        /// Whom it is for.
        target: String,
        /// What stands behind the target.
        data: String,
    },
}

/// A document and the nodes that were made for it.
#[derive(Clone, Debug)]
pub struct Tree {
    nodes: Vec<Node>,
    declarations: HashMap<NodeId, Vec<Declaration>>,
    /// Whether numbers of nodes are in document order.
    is_in_order: bool,
    /// The rank of each node in document order, found when it is first asked for.
    ranks: OnceLock<Vec<u32>>,
}

#[derive(Clone, Debug)]
struct Node {
    kind: Kind,
    place: Place,
    parent: Option<NodeId>,
    previous: Option<NodeId>,
    next: Option<NodeId>,
    children: Ends,
    attributes: Ends,
}

/// The first and the last of a list of siblings.
#[derive(Clone, Copy, Debug, Default)]
struct Ends {
    first: Option<NodeId>,
    last: Option<NodeId>,
}

/// Prefix and namespace.
pub(crate) type Declaration = (Arc<str>, Arc<str>);

struct Siblings<'a> {
    tree: &'a Tree,
    ends: Ends,
}

impl NodeId {
    fn from_index(index: usize) -> Self {
        let number = u32::try_from(index + 1).ok().and_then(NonZeroU32::new);
        Self(number.expect("an arena of four thousand million nodes does not fit in memory"))
    }

    pub(crate) fn index(self) -> usize {
        self.0.get() as usize - 1
    }
}

impl Default for Tree {
    fn default() -> Self {
        Self::new()
    }
}

impl Tree {
    /// A document without a child.
    #[must_use]
    pub fn new() -> Self {
        Self {
            nodes: vec![Node::new(Kind::Document, Place::default())],
            declarations: HashMap::new(),
            is_in_order: true,
            ranks: OnceLock::new(),
        }
    }

    /// The same with room for so many nodes.
    pub(crate) fn with_capacity(nodes: usize) -> Self {
        let mut tree = Self::new();
        tree.nodes.reserve(nodes);
        tree
    }

    /// The node above everything that is not detached.
    #[must_use]
    pub fn document(&self) -> NodeId {
        NodeId(NonZeroU32::MIN)
    }

    /// The document element: the first element below the document.
    #[must_use]
    pub fn root(&self) -> Option<NodeId> {
        self.elements(self.document()).next()
    }

    /// How many nodes were made, the document and detached ones included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether no node was made but the document.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.nodes.len() == 1
    }

    /// What it is.
    #[must_use]
    pub fn kind(&self, id: NodeId) -> &Kind {
        &self.node(id).kind
    }

    /// The name of an element or an attribute.
    #[must_use]
    pub fn name(&self, id: NodeId) -> Option<&Name> {
        match self.kind(id) {
            Kind::Element(name) | Kind::Attribute(name, _) => Some(name),
            _ => None,
        }
    }

    /// Where it was read.
    #[must_use]
    pub fn place(&self, id: NodeId) -> Place {
        self.node(id).place
    }

    /// Whether it is an element.
    #[must_use]
    pub fn is_element(&self, id: NodeId) -> bool {
        matches!(self.kind(id), Kind::Element(_))
    }

    /// The node that it is a child or an attribute of.
    #[must_use]
    pub fn parent(&self, id: NodeId) -> Option<NodeId> {
        self.node(id).parent
    }

    /// The first node below it.
    #[must_use]
    pub fn first_child(&self, id: NodeId) -> Option<NodeId> {
        self.node(id).children.first
    }

    /// The sibling in front of it.
    #[must_use]
    pub fn previous_sibling(&self, id: NodeId) -> Option<NodeId> {
        self.node(id).previous
    }

    /// The sibling behind it.
    #[must_use]
    pub fn next_sibling(&self, id: NodeId) -> Option<NodeId> {
        self.node(id).next
    }

    /// Everything directly below it, without its attributes.
    pub fn children(&self, id: NodeId) -> impl DoubleEndedIterator<Item = NodeId> {
        Siblings { tree: self, ends: self.node(id).children }
    }

    /// The elements among its children.
    pub fn elements(&self, id: NodeId) -> impl DoubleEndedIterator<Item = NodeId> {
        self.children(id).filter(|child| self.is_element(*child))
    }

    /// Everything below it in document order, without attributes.
    pub fn descendants(&self, id: NodeId) -> impl Iterator<Item = NodeId> {
        self.subtree(id).skip(1)
    }

    /// The attributes of an element.
    pub fn attributes(&self, id: NodeId) -> impl DoubleEndedIterator<Item = NodeId> {
        Siblings { tree: self, ends: self.node(id).attributes }
    }

    /// The value of an attribute.
    #[must_use]
    pub fn attribute(&self, id: NodeId, namespace: &str, local: &str) -> Option<&str> {
        match self.kind(self.attribute_node(id, namespace, local)?) {
            Kind::Attribute(_, value) => Some(value),
            _ => None,
        }
    }

    /// The string-value of XPath: of an element or the document, all text below it.
    #[must_use]
    pub fn text(&self, id: NodeId) -> String {
        match self.kind(id) {
            Kind::Attribute(_, value) | Kind::Text(value) | Kind::Comment(value) => value.clone(),
            Kind::Instruction { data, .. } => data.clone(),
            Kind::Element(_) | Kind::Document => self.text_below(id),
        }
    }

    /// Prefixes that are declared here or above.
    #[must_use]
    pub fn namespaces(&self, id: NodeId) -> Namespaces {
        let mut scope = Namespaces::new();
        for node in self.ancestors(id) {
            for (prefix, uri) in self.declared(node) {
                scope.add(prefix, uri);
            }
        }
        scope
    }

    /// Prefixes and namespaces declared by this element itself.
    pub fn declarations(&self, id: NodeId) -> impl Iterator<Item = (&str, &str)> {
        self.declared(id).iter().map(|(prefix, uri)| (&**prefix, &**uri))
    }

    /// Declares a prefix, or the default namespace for the empty prefix.
    ///
    /// The prefixes `xml` and `xmlns` are not declared, nor is a prefix for no namespace.
    pub fn declare(&mut self, id: NodeId, prefix: &str, uri: &str) {
        let is_fixed = matches!(prefix, "xml" | "xmlns") || (uri.is_empty() && !prefix.is_empty());
        if is_fixed || !matches!(self.kind(id), Kind::Element(_) | Kind::Document) {
            return;
        }
        self.add_declaration(id, prefix.into(), uri.into());
    }

    /// Takes the declarations of a namespace from an element; names that need it keep it.
    pub fn undeclare(&mut self, id: NodeId, uri: &str) {
        if let Some(declared) = self.declarations.get_mut(&id) {
            declared.retain(|(_, known)| known.as_ref() != uri);
        }
    }

    /// A detached element.
    pub fn create_element(&mut self, name: Name) -> NodeId {
        self.push(Kind::Element(name), Place::default())
    }

    /// A detached text.
    pub fn create_text(&mut self, text: &str) -> NodeId {
        self.push(Kind::Text(text.to_owned()), Place::default())
    }

    /// A detached node of any kind; another document node has no use.
    pub fn create(&mut self, kind: Kind, place: Place) -> NodeId {
        self.push(kind, place)
    }

    /// Sets an attribute, or declares a prefix where the name is in the namespace of declarations.
    pub fn set_attribute(&mut self, id: NodeId, name: Name, value: &str) {
        if !self.is_element(id) {
            return;
        }
        if *name.namespace == *XMLNS {
            let prefix = if &*name.local == "xmlns" { "" } else { &name.local };
            self.declare(id, prefix, value);
        } else if let Some(attribute) = self.attribute_node(id, &name.namespace, &name.local) {
            self.set_text(attribute, value);
        } else {
            let attribute = self.push(Kind::Attribute(name, value.to_owned()), Place::default());
            self.append(id, attribute);
        }
    }

    /// Takes an attribute away.
    pub fn remove_attribute(&mut self, id: NodeId, namespace: &str, local: &str) {
        if let Some(attribute) = self.attribute_node(id, namespace, local) {
            self.detach(attribute);
        }
    }

    /// Gives an element this text as its only child, any other node this text as its value.
    ///
    /// The document stays as it is.
    pub fn set_text(&mut self, id: NodeId, text: &str) {
        match &mut self.node_mut(id).kind {
            Kind::Document => {}
            Kind::Attribute(_, value) | Kind::Text(value) | Kind::Comment(value) => {
                text.clone_into(value);
            }
            Kind::Instruction { data, .. } => text.clone_into(data),
            Kind::Element(_) => self.set_content(id, text),
        }
    }

    /// Gives an element or an attribute another name.
    ///
    /// Another attribute of that name goes away.
    pub fn rename(&mut self, id: NodeId, name: Name) {
        if let (Kind::Attribute(..), Some(element)) = (self.kind(id), self.parent(id)) {
            let twin = self.attribute_node(element, &name.namespace, &name.local);
            if let Some(twin) = twin.filter(|twin| *twin != id) {
                self.detach(twin);
            }
        }
        if let Kind::Element(old) | Kind::Attribute(old, _) = &mut self.node_mut(id).kind {
            *old = name;
        }
    }

    /// Copies a node of another tree with everything below it, and gives the detached copy.
    ///
    /// The copy of an element declares what its names need, and prefixes that a value or a text
    /// begins with, as in `xsi:type="xs:int"`.
    /// A document becomes its document element, or an empty text where there is none.
    pub fn import(&mut self, other: &Self, id: NodeId) -> NodeId {
        match other.kind(id) {
            Kind::Document => match other.root() {
                Some(root) => self.import(other, root),
                None => self.create_text(""),
            },
            Kind::Element(_) => {
                let copy = self.copy(other, id);
                for (prefix, uri) in needed(other, id) {
                    self.add_declaration(copy, prefix, uri);
                }
                copy
            }
            kind => self.push(kind.clone(), other.place(id)),
        }
    }

    /// Document order: an element before its attributes, those before its children.
    ///
    /// Detached trees come behind the document, in the order in which they were made.
    #[must_use]
    pub fn compare(&self, a: NodeId, b: NodeId) -> Ordering {
        if self.is_in_order {
            return a.cmp(&b);
        }
        let ranks = self.ranks.get_or_init(|| self.find_ranks());
        ranks.get(a.index()).cmp(&ranks.get(b.index()))
    }

    /// Itself and everything below it in document order, without attributes.
    pub(crate) fn subtree(&self, id: NodeId) -> impl Iterator<Item = NodeId> {
        std::iter::successors(Some(id), move |at| self.following_below(*at, id))
    }

    /// The rank of each node in document order, by [`NodeId::index`].
    pub(crate) fn ranks(&self) -> Vec<u32> {
        self.ranks.get_or_init(|| self.find_ranks()).clone()
    }

    /// A new node that is linked to nothing.
    pub(crate) fn push(&mut self, kind: Kind, place: Place) -> NodeId {
        let id = NodeId::from_index(self.nodes.len());
        self.nodes.push(Node::new(kind, place));
        self.ranks.take();
        id
    }

    /// A new last child of a node, which must be the last node of the document so far.
    pub(crate) fn push_child(&mut self, parent: NodeId, kind: Kind, place: Place) -> NodeId {
        let id = self.push(kind, place);
        self.link_last(parent, id);
        id
    }

    /// A new last attribute of an element that has no child yet and was made last.
    pub(crate) fn push_attribute(&mut self, parent: NodeId, kind: Kind, place: Place) -> NodeId {
        let id = self.push(kind, place);
        self.link_attribute(parent, id);
        id
    }

    pub(crate) fn add_declaration(&mut self, id: NodeId, prefix: Arc<str>, uri: Arc<str>) {
        let declared = self.declarations.entry(id).or_default();
        match declared.iter_mut().find(|(known, _)| *known == prefix) {
            Some((_, known)) => *known = uri,
            None => declared.push((prefix, uri)),
        }
    }

    pub(crate) fn declared(&self, id: NodeId) -> &[Declaration] {
        self.declarations.get(&id).map_or(&[], Vec::as_slice)
    }

    fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.index()]
    }

    fn node_mut(&mut self, id: NodeId) -> &mut Node {
        &mut self.nodes[id.index()]
    }

    fn attribute_node(&self, id: NodeId, namespace: &str, local: &str) -> Option<NodeId> {
        self.attributes(id)
            .find(|attribute| self.name(*attribute).is_some_and(|name| name.is(namespace, local)))
    }

    /// Itself, its parent, and so on.
    fn ancestors(&self, id: NodeId) -> impl Iterator<Item = NodeId> {
        std::iter::successors(Some(id), |at| self.parent(*at))
    }

    /// The next node in document order that is below `top`.
    fn following_below(&self, id: NodeId, top: NodeId) -> Option<NodeId> {
        if let Some(child) = self.node(id).children.first {
            return Some(child);
        }
        let mut at = id;
        while at != top {
            if let Some(next) = self.next_sibling(at) {
                return Some(next);
            }
            at = self.parent(at)?;
        }
        None
    }

    fn text_below(&self, id: NodeId) -> String {
        let mut text = String::new();
        for node in self.descendants(id) {
            if let Kind::Text(piece) = self.kind(node) {
                text.push_str(piece);
            }
        }
        text
    }

    fn set_content(&mut self, id: NodeId, text: &str) {
        while let Some(child) = self.node(id).children.first {
            self.detach(child);
        }
        if !text.is_empty() {
            let child = self.create_text(text);
            self.append(id, child);
        }
    }

    fn changed(&mut self) {
        self.is_in_order = false;
        self.ranks.take();
    }

    fn find_ranks(&self) -> Vec<u32> {
        let mut ranks = vec![0; self.nodes.len()];
        let mut rank = 0;
        let tops = (0..self.nodes.len())
            .map(NodeId::from_index)
            .filter(|node| self.parent(*node).is_none());
        for node in tops.flat_map(|top| self.subtree(top)) {
            for at in std::iter::once(node).chain(self.attributes(node)) {
                ranks[at.index()] = rank;
                rank += 1;
            }
        }
        ranks
    }
}

impl Node {
    fn new(kind: Kind, place: Place) -> Self {
        Self {
            kind,
            place,
            parent: None,
            previous: None,
            next: None,
            children: Ends::default(),
            attributes: Ends::default(),
        }
    }
}

impl Iterator for Siblings<'_> {
    type Item = NodeId;

    fn next(&mut self) -> Option<NodeId> {
        let id = self.ends.first?;
        if self.ends.last == Some(id) {
            self.ends = Ends::default();
        } else {
            self.ends.first = self.tree.next_sibling(id);
        }
        Some(id)
    }
}

impl DoubleEndedIterator for Siblings<'_> {
    fn next_back(&mut self) -> Option<NodeId> {
        let id = self.ends.last?;
        if self.ends.first == Some(id) {
            self.ends = Ends::default();
        } else {
            self.ends.last = self.tree.previous_sibling(id);
        }
        Some(id)
    }
}

#[cfg(test)]
mod tests;
