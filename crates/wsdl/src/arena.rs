//! Components by number and by name.
//!
//! What a name refers to may be defined later, or never.
//! So the first reference makes a place for it, the definition fills that place, and what stays
//! empty to the end is a dangling reference.

use std::collections::HashMap;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::sync::Arc;

use xml::name::Name;

use crate::source::Source;

/// The number of a component of one description; it means nothing to another.
pub struct Id<T> {
    index: u32,
    kind: PhantomData<fn() -> T>,
}

/// What an [`Arena`] holds.
pub(crate) trait Component {
    /// What stands in the place of a component that nobody has defined.
    fn missing(name: &Name, at: Source) -> Self;

    /// Whether nobody has defined it.
    fn is_missing(&self) -> bool;
}

/// Components of one kind.
#[derive(Clone, Debug)]
pub(crate) struct Arena<T> {
    items: Vec<T>,
    names: Names<T>,
    /// The references that came before a definition, in their order.
    awaited: Vec<(Id<T>, Name, Awaited)>,
}

/// Ids by namespace and local name, so that two borrowed texts are enough to ask.
type Names<T> = HashMap<Arc<str>, HashMap<Arc<str>, Id<T>>>;

/// A reference that came before the definition.
#[derive(Clone, Debug)]
pub(crate) struct Awaited {
    /// Where it stands.
    pub(crate) at: Source,
    /// The namespace in which it may be meant, where it was written without one.
    pub(crate) fallback: Option<Arc<str>>,
}

impl<T> Id<T> {
    pub(crate) fn new(index: usize) -> Self {
        let index = u32::try_from(index).expect("limits on documents keep this far below");
        Self { index, kind: PhantomData }
    }

    /// Its place in the list of all components of its kind.
    #[must_use]
    pub fn index(self) -> usize {
        self.index as usize
    }
}

impl<T> Clone for Id<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Id<T> {}

impl<T> PartialEq for Id<T> {
    fn eq(&self, other: &Self) -> bool {
        self.index == other.index
    }
}

impl<T> Eq for Id<T> {}

impl<T> PartialOrd for Id<T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Id<T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.index.cmp(&other.index)
    }
}

impl<T> Hash for Id<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.index.hash(state);
    }
}

impl<T> fmt::Debug for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.index)
    }
}

impl<T> Default for Arena<T> {
    fn default() -> Self {
        Self { items: Vec::new(), names: HashMap::new(), awaited: Vec::new() }
    }
}

impl<T> Arena<T> {
    pub(crate) fn get(&self, id: Id<T>) -> &T {
        &self.items[id.index()]
    }

    pub(crate) fn get_mut(&mut self, id: Id<T>) -> &mut T {
        &mut self.items[id.index()]
    }

    pub(crate) fn len(&self) -> usize {
        self.items.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (Id<T>, &T)> {
        self.items.iter().enumerate().map(|(index, item)| (Id::new(index), item))
    }

    /// All ids, so that components can be changed on the way.
    pub(crate) fn ids(&self) -> impl Iterator<Item = Id<T>> + use<T> {
        (0..self.items.len()).map(Id::new)
    }

    pub(crate) fn find(&self, namespace: &str, local: &str) -> Option<Id<T>> {
        self.names.get(namespace)?.get(local).copied()
    }

    /// A component that no name leads to.
    pub(crate) fn push(&mut self, item: T) -> Id<T> {
        self.items.push(item);
        Id::new(self.items.len() - 1)
    }

    /// The local names that are defined in a namespace, or all where that is none.
    pub(crate) fn names_in(&self, namespace: &str) -> impl Iterator<Item = (&Arc<str>, Id<T>)> {
        let table = self.names.get(namespace);
        table.into_iter().flatten().map(|(local, id)| (local, *id))
    }

    fn bind(&mut self, name: &Name, id: Id<T>) {
        self.names.entry(name.namespace.clone()).or_default().insert(name.local.clone(), id);
    }
}

impl<T: Component> Arena<T> {
    /// What a name refers to, defined or not.
    pub(crate) fn refer(&mut self, name: &Name, awaited: Awaited) -> Id<T> {
        if let Some(id) = self.find(&name.namespace, &name.local) {
            return id;
        }
        let id = self.push(T::missing(name, awaited.at));
        self.bind(name, id);
        self.awaited.push((id, name.clone(), awaited));
        id
    }

    /// A place for a component that only its id leads to, and that has to be filled.
    pub(crate) fn reserve(&mut self, name: &Name, at: Source) -> Id<T> {
        self.push(T::missing(name, at))
    }

    /// Gives a name its component, unless it has one already: then that one's id comes back.
    pub(crate) fn define(&mut self, name: &Name, item: T) -> Result<Id<T>, Id<T>> {
        let Some(id) = self.find(&name.namespace, &name.local) else {
            let id = self.push(item);
            self.bind(name, id);
            return Ok(id);
        };
        if !self.get(id).is_missing() {
            return Err(id);
        }
        *self.get_mut(id) = item;
        Ok(id)
    }

    /// References that nothing was defined for, in the order in which they were met.
    pub(crate) fn dangling(&self) -> Vec<(Id<T>, Name, Awaited)> {
        let is_open = |(id, _, _): &&(Id<T>, Name, Awaited)| self.get(*id).is_missing();
        self.awaited.iter().filter(is_open).cloned().collect()
    }
}
