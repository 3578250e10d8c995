//! Schemas while they are read.
//!
//! What a schema redefines is moved behind its redefinition, which every other reference then
//! leads to; it stays reachable from there alone.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use model::codes;
use xml::name::Name;

use super::component::{Attribute, AttributeGroup, Element, Group, Type};
use super::{ElementId, Schemas};
use crate::arena::{Arena, Component, Id};
use crate::report::Report;
use crate::source::Source;

/// The schemas, and what has to be remembered until all are read.
#[derive(Debug, Default)]
pub(crate) struct Builder {
    pub(crate) schemas: Schemas,
    /// Elements that have the type of what they substitute.
    pub(crate) heirs: Vec<ElementId>,
    /// Originals of redefinitions that are still to come.
    originals: Originals,
    /// Namespaces that are imported without a location, with the first place.
    pub(crate) unlocated: HashMap<Arc<str>, Source>,
    /// Namespaces of documents that could not be had.
    pub(crate) unread: HashSet<Arc<str>>,
    /// References into namespaces that the schema does not import.
    pub(crate) unimported: Vec<(Arc<str>, Source)>,
    namespaces: HashSet<Arc<str>>,
}

/// Places for originals, by what is redefined.
#[derive(Debug, Default)]
struct Originals {
    types: Waiting<Type>,
    groups: Waiting<Group>,
    attribute_groups: Waiting<AttributeGroup>,
}

#[derive(Debug)]
pub(crate) struct Waiting<T> {
    by_name: HashMap<Name, VecDeque<Id<T>>>,
    /// All of them with their names, to find out which never came.
    all: Vec<(Id<T>, Name, Source)>,
}

impl<T> Default for Waiting<T> {
    fn default() -> Self {
        Self { by_name: HashMap::new(), all: Vec::new() }
    }
}

/// The kinds of components that a name may lead to.
pub(crate) trait Kind: Component + Sized {
    /// What a message calls it.
    const WORD: &'static str;

    fn arena(schemas: &Schemas) -> &Arena<Self>;
    fn arena_mut(schemas: &mut Schemas) -> &mut Arena<Self>;
    fn source(&self) -> Source;
}

/// A kind that may be redefined.
pub(crate) trait Redefinable: Kind {
    fn waiting(builder: &mut Builder) -> &mut Waiting<Self>;
}

macro_rules! kinds {
    ($($kind:ident = $word:literal, $field:ident;)*) => {$(
        impl Kind for $kind {
            const WORD: &'static str = $word;

            fn arena(schemas: &Schemas) -> &Arena<Self> {
                &schemas.$field
            }

            fn arena_mut(schemas: &mut Schemas) -> &mut Arena<Self> {
                &mut schemas.$field
            }

            fn source(&self) -> Source {
                self.source
            }
        }
    )*};
}

kinds! {
    Element = "element", elements;
    Attribute = "attribute", attributes;
    Type = "type", types;
    Group = "group", groups;
    AttributeGroup = "attribute group", attribute_groups;
}

macro_rules! redefinable {
    ($($kind:ident = $field:ident;)*) => {$(
        impl Redefinable for $kind {
            fn waiting(builder: &mut Builder) -> &mut Waiting<Self> {
                &mut builder.originals.$field
            }
        }
    )*};
}

redefinable! {
    Type = types;
    Group = groups;
    AttributeGroup = attribute_groups;
}

impl Builder {
    /// Notes a namespace that is defined.
    pub(crate) fn add_namespace(&mut self, namespace: &Arc<str>) {
        if self.namespaces.insert(namespace.clone()) {
            self.schemas.namespaces.push(namespace.clone());
        }
    }

    /// Gives a name its component; a second one is reported.
    pub(crate) fn define<T: Kind>(
        &mut self,
        name: &Name,
        item: T,
        report: &mut Report,
    ) -> Option<Id<T>> {
        let at = item.source();
        let known = match T::arena_mut(&mut self.schemas).define(name, item) {
            Ok(id) => return Some(id),
            Err(known) => known,
        };
        let first = T::arena(&self.schemas).get(known).source();
        // What is built in steps back where a schema brings it along.
        let is_known = at.document.is_none() || first.document.is_none();
        if !is_known && report.has_room(codes::SCHEMA_DUPLICATE, model::Severity::Warning) {
            let line = first.line;
            report.warning(
                codes::SCHEMA_DUPLICATE,
                at,
                format!("The {} `{}` is defined twice, first at line {line}", T::WORD, name.local),
                "Delete or rename one of them.",
            );
        }
        None
    }

    /// Gives a name its component, or fills the place of an original that waits for it.
    pub(crate) fn define_original<T: Redefinable>(
        &mut self,
        name: &Name,
        item: T,
        report: &mut Report,
    ) {
        let waiting = T::waiting(self).by_name.get_mut(name).and_then(VecDeque::pop_front);
        match waiting {
            Some(id) => *T::arena_mut(&mut self.schemas).get_mut(id) = item,
            None => drop(self.define(name, item, report)),
        }
    }

    /// Makes a place for what a redefinition is built on, before the redefinition is read.
    ///
    /// It also says where the redefinition goes: to a place that waits for it, or to the name.
    pub(crate) fn begin_redefine<T: Redefinable + Clone>(
        &mut self,
        name: &Name,
        at: Source,
    ) -> (Id<T>, Option<Id<T>>) {
        let original = T::arena_mut(&mut self.schemas).reserve(name, at);
        let own = T::waiting(self).by_name.get_mut(name).and_then(VecDeque::pop_front);
        let defined = T::arena(&self.schemas).find(&name.namespace, &name.local);
        let defined = defined.filter(|id| !T::arena(&self.schemas).get(*id).is_missing());
        match defined.filter(|_| own.is_none()) {
            Some(id) => {
                let arena = T::arena_mut(&mut self.schemas);
                *arena.get_mut(original) = arena.get(id).clone();
                *arena.get_mut(id) = T::missing(name, at);
            }
            None => {
                let waiting = T::waiting(self);
                waiting.by_name.entry(name.clone()).or_default().push_back(original);
                waiting.all.push((original, name.clone(), at));
            }
        }
        (original, own)
    }

    /// Puts a redefinition where [`Builder::begin_redefine`] said.
    pub(crate) fn end_redefine<T: Redefinable>(
        &mut self,
        name: &Name,
        own: Option<Id<T>>,
        item: T,
        report: &mut Report,
    ) {
        match own {
            Some(id) => *T::arena_mut(&mut self.schemas).get_mut(id) = item,
            None => drop(self.define(name, item, report)),
        }
    }

    /// Reports redefinitions of what is not there.
    pub(crate) fn check_originals(&self, report: &mut Report) {
        missing_originals::<Type>(&self.originals.types, &self.schemas, report);
        missing_originals::<Group>(&self.originals.groups, &self.schemas, report);
        let groups = &self.originals.attribute_groups;
        missing_originals::<AttributeGroup>(groups, &self.schemas, report);
    }
}

fn missing_originals<T: Kind>(waiting: &Waiting<T>, schemas: &Schemas, report: &mut Report) {
    for (id, name, at) in &waiting.all {
        if T::arena(schemas).get(*id).is_missing() {
            let message = format!("The {} `{}` is redefined, and not there", T::WORD, name.local);
            let help = "Mend the name, or define it under a name of its own.";
            report.error(codes::SCHEMA_REDEFINE, *at, message, help);
        }
    }
}
