//! XML Schema as data: components in arenas, with names resolved to ids.
//!
//! It holds what a mapping between messages and other forms needs: elements, attributes, types
//! with their derivations and facets, wildcards, and SOAP's arrays.
//! What is read and means nothing to such a mapping (`key`, `assert` and the like) is listed in
//! [`Schemas::unmapped`], so that a report can say so.
//!
//! Deliberately absent: validation of documents, and of most of what makes a schema valid; the
//! attributes `block` and `final`, which only forbid.

pub(crate) mod builder;
pub mod builtin;
pub mod component;
pub mod facets;
mod finish;
pub(crate) mod known;
mod missing;
pub(crate) mod read;
mod view;

use std::collections::HashMap;
use std::sync::Arc;

use xml::name::Name;

use crate::arena::{Arena, Id};
use crate::namespace::XSD;
use crate::source::Source;

pub use builtin::Builtin;
pub use component::{
    Array, Attribute, AttributeGroup, AttributeGroupId, AttributeId, AttributeUse, Attributes,
    ComplexType, Compositor, Content, Derivation, Element, ElementId, Group, GroupId, Model,
    Particle, Process, SimpleType, Term, Type, TypeId, TypeKind, Value, Wildcard,
    WildcardNamespaces,
};
pub use facets::{Enumerated, Facets, WhiteSpace};
pub(crate) use finish::finish;
pub use view::{AllAttributes, Variety};

/// All schemas of a description together.
#[derive(Clone, Debug)]
pub struct Schemas {
    pub(crate) elements: Arena<Element>,
    pub(crate) attributes: Arena<Attribute>,
    pub(crate) types: Arena<Type>,
    pub(crate) groups: Arena<Group>,
    pub(crate) attribute_groups: Arena<AttributeGroup>,
    /// What may stand in the place of an element, directly.
    pub(crate) substitutes: HashMap<ElementId, Vec<ElementId>>,
    /// What is derived from a type, directly.
    pub(crate) derived: HashMap<TypeId, Vec<TypeId>>,
    pub(crate) unmapped: Vec<Unmapped>,
    pub(crate) namespaces: Vec<Arc<str>>,
}

/// Something in a schema that is read and has no effect here.
#[derive(Clone, Debug)]
pub struct Unmapped {
    /// The local name of what it is, such as `key` or `assert`.
    pub kind: Arc<str>,
    /// The element or type that it is in, where that has a name.
    pub owner: Option<Name>,
    /// Where it stands.
    pub source: Source,
}

/// The id of one of XML Schema's own types.
pub(crate) fn builtin(builtin: Builtin) -> TypeId {
    Id::new(builtin as usize)
}

/// The type that holds anything, from which all are derived.
pub(crate) fn any_type() -> TypeId {
    builtin(Builtin::AnyType)
}

impl Default for Schemas {
    fn default() -> Self {
        let mut types = Arena::default();
        for one in Builtin::ALL {
            let name = Name::prefixed(XSD, "xsd", one.name());
            let kind = match one {
                Builtin::AnyType => {
                    let any = ComplexType::any(any_type(), Source::BUILT_IN);
                    TypeKind::Complex(Box::new(any))
                }
                _ => TypeKind::Simple(SimpleType::Builtin(*one)),
            };
            let defined = types.define(
                &name,
                Type {
                    name: Some(name.clone()),
                    kind,
                    documentation: None,
                    content_types: None,
                    is_missing: false,
                    source: Source::BUILT_IN,
                },
            );
            debug_assert_eq!(defined, Ok(builtin(*one)), "the order of the list is that of ids");
        }
        Self {
            elements: Arena::default(),
            attributes: Arena::default(),
            types,
            groups: Arena::default(),
            attribute_groups: Arena::default(),
            substitutes: HashMap::new(),
            derived: HashMap::new(),
            unmapped: Vec::new(),
            namespaces: Vec::new(),
        }
    }
}

/// By id. An id of another description gives some other component, or panics.
impl Schemas {
    /// An element.
    #[must_use]
    pub fn element(&self, id: ElementId) -> &Element {
        self.elements.get(id)
    }

    /// An attribute.
    #[must_use]
    pub fn attribute(&self, id: AttributeId) -> &Attribute {
        self.attributes.get(id)
    }

    /// A type.
    #[must_use]
    pub fn type_of(&self, id: TypeId) -> &Type {
        self.types.get(id)
    }

    /// A group of particles.
    #[must_use]
    pub fn group(&self, id: GroupId) -> &Group {
        self.groups.get(id)
    }

    /// A group of attributes.
    #[must_use]
    pub fn attribute_group(&self, id: AttributeGroupId) -> &AttributeGroup {
        self.attribute_groups.get(id)
    }

    /// The id of one of XML Schema's own types.
    #[must_use]
    pub fn builtin(&self, one: Builtin) -> TypeId {
        builtin(one)
    }
}

/// By name.
impl Schemas {
    /// A global element.
    #[must_use]
    pub fn find_element(&self, namespace: &str, local: &str) -> Option<ElementId> {
        self.elements.find(namespace, local).filter(|id| !self.element(*id).is_missing)
    }

    /// A global attribute.
    #[must_use]
    pub fn find_attribute(&self, namespace: &str, local: &str) -> Option<AttributeId> {
        self.attributes.find(namespace, local).filter(|id| !self.attribute(*id).is_missing)
    }

    /// A type with a name.
    #[must_use]
    pub fn find_type(&self, namespace: &str, local: &str) -> Option<TypeId> {
        self.types.find(namespace, local).filter(|id| !self.type_of(*id).is_missing)
    }
}

/// All of a kind.
impl Schemas {
    /// All elements, local ones and those that are missing too.
    pub fn elements(&self) -> impl Iterator<Item = (ElementId, &Element)> {
        self.elements.iter()
    }

    /// All attributes.
    pub fn attributes(&self) -> impl Iterator<Item = (AttributeId, &Attribute)> {
        self.attributes.iter()
    }

    /// All types, XML Schema's own first.
    pub fn types(&self) -> impl Iterator<Item = (TypeId, &Type)> {
        self.types.iter()
    }

    /// All groups of particles.
    pub fn groups(&self) -> impl Iterator<Item = (GroupId, &Group)> {
        self.groups.iter()
    }

    /// All groups of attributes.
    pub fn attribute_groups(&self) -> impl Iterator<Item = (AttributeGroupId, &AttributeGroup)> {
        self.attribute_groups.iter()
    }

    /// What was read and has no effect, in the order in which it was met.
    #[must_use]
    pub fn unmapped(&self) -> &[Unmapped] {
        &self.unmapped
    }

    /// The target namespaces of the schemas that were read, each once; an empty one is none.
    #[must_use]
    pub fn namespaces(&self) -> &[Arc<str>] {
        &self.namespaces
    }
}

#[cfg(test)]
mod tests;
