//! Which prefixes names are written with, and what must be declared for them.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use foldhash::quality::RandomState;

use super::plain;
use crate::name::{Name, XML, XMLNS};
use crate::tree::{Kind, NodeId, Tree, needed};

/// A start tag, ready to be written.
pub(super) struct Element<'a> {
    pub(super) name: Cow<'a, str>,
    /// Prefixes and namespaces.
    pub(super) declarations: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    /// Names and values.
    pub(super) attributes: Vec<(Cow<'a, str>, &'a str)>,
}

/// What is declared around the place that is written now.
pub(super) struct Scope<'a> {
    /// Namespaces of each prefix, innermost last.
    bound: HashMap<Cow<'a, str>, Vec<Cow<'a, str>>, RandomState>,
    /// What each open element declares.
    open: Vec<Vec<Cow<'a, str>>>,
    /// Numbers of prefixes that were made up.
    made: usize,
}

/// What one element says about prefixes.
#[derive(Default)]
struct Own<'a> {
    uses: HashMap<Cow<'a, str>, Use<'a>>,
    /// Prefixes in the order in which they came up.
    order: Vec<Cow<'a, str>>,
}

struct Use<'a> {
    uri: Cow<'a, str>,
    /// Whether it is not yet so around the element.
    is_new: bool,
}

impl<'a> Scope<'a> {
    pub(super) fn new() -> Self {
        Self { bound: HashMap::default(), open: Vec::new(), made: 0 }
    }

    /// Begins an element; one that is written alone brings what it needs from above.
    pub(super) fn open(&mut self, tree: &'a Tree, id: NodeId, is_top: bool) -> Element<'a> {
        if let Some(name) = self.settled(tree, id).filter(|_| !is_top) {
            self.open.push(Vec::new());
            return Element { name, declarations: Vec::new(), attributes: Vec::new() };
        }
        let mut own = Own::default();
        for (prefix, uri) in tree.declarations(id) {
            self.note(&mut own, Cow::Borrowed(prefix), Cow::Borrowed(uri));
        }
        if is_top {
            for (prefix, uri) in needed(tree, id) {
                self.note(&mut own, Cow::Owned((*prefix).into()), Cow::Owned((*uri).into()));
            }
        }
        let name = tree.name(id).map(|name| self.element(&mut own, name)).unwrap_or_default();
        let attributes = self.attributes(&mut own, tree, id);
        let declarations = self.declare(own);
        Element { name, declarations, attributes }
    }

    /// The name of an element that says nothing new about prefixes and has no attributes, as most.
    fn settled(&self, tree: &'a Tree, id: NodeId) -> Option<Cow<'a, str>> {
        let is_bare =
            tree.declarations(id).next().is_none() && tree.attributes(id).next().is_none();
        let name = tree.name(id).filter(|_| is_bare)?;
        let prefix = match &*name.namespace {
            "" => "",
            XML | XMLNS => return None,
            _ => usable(&name.prefix).unwrap_or_default(),
        };
        let is_known = self.uri(prefix).unwrap_or_default() == &*name.namespace;
        is_known.then(|| qualified(prefix, plain(&name.local)))
    }

    /// Ends the innermost element.
    pub(super) fn close(&mut self) {
        for prefix in self.open.pop().unwrap_or_default() {
            if let Some(uris) = self.bound.get_mut(&prefix) {
                uris.pop();
            }
        }
    }

    fn declare(&mut self, mut own: Own<'a>) -> Vec<(Cow<'a, str>, Cow<'a, str>)> {
        let mut declarations = Vec::new();
        let mut opened = Vec::new();
        for prefix in own.order {
            let Some(found) = own.uses.remove(&prefix).filter(|found| found.is_new) else {
                continue;
            };
            self.bound.entry(prefix.clone()).or_default().push(found.uri.clone());
            opened.push(prefix.clone());
            declarations.push((prefix, found.uri));
        }
        self.open.push(opened);
        declarations
    }

    fn element(&self, own: &mut Own<'a>, name: &'a Name) -> Cow<'a, str> {
        let local = plain(&name.local);
        match &*name.namespace {
            XML => qualified("xml", local),
            "" | XMLNS => {
                self.note(own, Cow::Borrowed(""), Cow::Borrowed(""));
                local
            }
            uri => {
                let prefix = usable(&name.prefix).unwrap_or_default();
                self.note(own, Cow::Borrowed(prefix), Cow::Borrowed(uri));
                qualified(prefix, local)
            }
        }
    }

    fn attributes(
        &mut self,
        own: &mut Own<'a>,
        tree: &'a Tree,
        id: NodeId,
    ) -> Vec<(Cow<'a, str>, &'a str)> {
        let mut attributes = Vec::new();
        let mut seen = HashSet::new();
        for attribute in tree.attributes(id) {
            let Kind::Attribute(name, value) = tree.kind(attribute) else { continue };
            let local = plain(&name.local);
            if *name.namespace == *XMLNS || !seen.insert((&*name.namespace, local.clone())) {
                continue;
            }
            let prefix = self.attribute(own, name);
            attributes.push((unmistakable(qualified(&prefix, local)), value.as_str()));
        }
        attributes
    }

    fn attribute(&mut self, own: &mut Own<'a>, name: &'a Name) -> Cow<'a, str> {
        match &*name.namespace {
            "" => Cow::Borrowed(""),
            XML => Cow::Borrowed("xml"),
            uri => {
                let prefix = match usable(&name.prefix) {
                    Some(prefix) if own.allows(prefix, uri) => Cow::Borrowed(prefix),
                    _ => self.other(own, uri),
                };
                self.note(own, prefix.clone(), Cow::Borrowed(uri));
                prefix
            }
        }
    }

    /// A prefix for a namespace: one that is there, or a new one.
    fn other(&mut self, own: &Own<'a>, uri: &str) -> Cow<'a, str> {
        let mut known = own.order.iter().chain(self.bound.keys());
        let is_it = |prefix: &&Cow<'a, str>| {
            !prefix.is_empty()
                && own.allows(prefix, uri)
                && own.uri(prefix).or_else(|| self.uri(prefix)) == Some(uri)
        };
        if let Some(prefix) = known.find(is_it) {
            return prefix.clone();
        }
        loop {
            self.made += 1;
            let prefix = Cow::Owned(format!("ns{}", self.made));
            if !own.uses.contains_key(&prefix) && !self.bound.contains_key(&prefix) {
                return prefix;
            }
        }
    }

    /// Notes that a prefix must mean a namespace at this element.
    fn note(&self, own: &mut Own<'a>, prefix: Cow<'a, str>, uri: Cow<'a, str>) {
        let is_new = self.uri(&prefix).unwrap_or_default() != uri;
        if own.uses.insert(prefix.clone(), Use { uri, is_new }).is_none() {
            own.order.push(prefix);
        }
    }

    fn uri(&self, prefix: &str) -> Option<&str> {
        self.bound.get(prefix)?.last().map(|uri| &**uri)
    }
}

impl Own<'_> {
    fn uri(&self, prefix: &str) -> Option<&str> {
        self.uses.get(prefix).map(|found| &*found.uri)
    }

    /// Whether a prefix may mean this namespace here.
    fn allows(&self, prefix: &str, uri: &str) -> bool {
        self.uri(prefix).is_none_or(|known| known == uri)
    }
}

/// A prefix that may be written as it is.
fn usable(prefix: &str) -> Option<&str> {
    let is_usable = crate::name::is_ncname(prefix) && !matches!(prefix, "xml" | "xmlns");
    is_usable.then_some(prefix)
}

fn qualified<'a>(prefix: &str, local: Cow<'a, str>) -> Cow<'a, str> {
    if prefix.is_empty() { local } else { Cow::Owned([prefix, ":", &local].concat()) }
}

/// The name of an attribute that cannot be taken for a declaration.
fn unmistakable(name: Cow<'_, str>) -> Cow<'_, str> {
    if name == "xmlns" { Cow::Borrowed("_xmlns") } else { name }
}
