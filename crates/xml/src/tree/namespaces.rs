//! Which prefix means which namespace.

use std::collections::HashSet;
use std::sync::Arc;

use indexmap::IndexMap;
use indexmap::map::Entry;

use super::{Declaration, Kind, NodeId, Tree};
use crate::name::{Name, XML};

/// Prefixes and their namespaces; the empty prefix is the default namespace.
///
/// `xml` is always known, and not listed.
#[derive(Clone, Debug, Default)]
pub struct Namespaces(IndexMap<Arc<str>, Arc<str>>);

impl Namespaces {
    /// No prefix but `xml`.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The namespace of a prefix; `None` for the empty prefix means names are in no namespace.
    #[must_use]
    pub fn get(&self, prefix: &str) -> Option<&str> {
        if prefix == "xml" {
            return Some(XML);
        }
        self.0.get(prefix).map(|uri| &**uri).filter(|uri| !uri.is_empty())
    }

    /// Gives a prefix a namespace; an empty one takes the prefix away.
    pub fn set(&mut self, prefix: &str, uri: &str) {
        self.0.insert(prefix.into(), uri.into());
    }

    /// Prefixes with their namespaces, in no order to rely on.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(prefix, uri)| (&**prefix, &**uri)).filter(|(_, uri)| !uri.is_empty())
    }

    /// Adds a prefix unless it is known already.
    pub(super) fn add(&mut self, prefix: &Arc<str>, uri: &Arc<str>) {
        if let Entry::Vacant(entry) = self.0.entry(prefix.clone()) {
            entry.insert(uri.clone());
        }
    }
}

/// The declarations above an element that it, or something below it, relies on.
pub(crate) fn needed(tree: &Tree, top: NodeId) -> Vec<Declaration> {
    let above = tree.parent(top).map(|parent| tree.namespaces(parent)).unwrap_or_default();
    if above.0.is_empty() {
        return Vec::new();
    }
    let mut used = HashSet::new();
    for node in tree.subtree(top) {
        for at in std::iter::once(node).chain(tree.attributes(node)) {
            note(tree.kind(at), &mut used);
        }
    }
    let is_own = |prefix: &str| tree.declarations(top).any(|(own, _)| own == prefix);
    above
        .0
        .into_iter()
        .filter(|(prefix, uri)| !uri.is_empty() && used.contains(&**prefix) && !is_own(prefix))
        .collect()
}

/// Notes the prefixes that a node may rely on.
fn note<'a>(kind: &'a Kind, used: &mut HashSet<&'a str>) {
    match kind {
        Kind::Element(name) => note_name(name, used),
        Kind::Attribute(name, value) => {
            if !name.prefix.is_empty() {
                used.insert(&name.prefix);
            }
            note_value(value, used);
        }
        Kind::Text(text) => note_value(text, used),
        Kind::Document | Kind::Comment(_) | Kind::Instruction { .. } => {}
    }
}

fn note_name<'a>(name: &'a Name, used: &mut HashSet<&'a str>) {
    if !name.namespace.is_empty() {
        used.insert(&name.prefix);
    }
}

fn note_value<'a>(value: &'a str, used: &mut HashSet<&'a str>) {
    if let Some((prefix, _)) = value.trim_start().split_once(':') {
        used.insert(prefix);
    }
}
