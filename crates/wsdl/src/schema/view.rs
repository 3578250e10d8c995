//! What a type has altogether, with what it takes from its bases.
//!
//! Chains of bases end, and are not longer than the limit, because the reader has seen to that.

use std::collections::HashSet;

use super::{
    AttributeUse, Attributes, Builtin, ComplexType, Content, Derivation, ElementId, Facets,
    Particle, Schemas, SimpleType, Term, TypeId, TypeKind, Wildcard, any_type, builtin,
};
use crate::namespace::{ENCODING, ENCODING_12};

/// All attributes of a type.
#[derive(Clone, Debug, Default)]
pub struct AllAttributes<'a> {
    /// Those that may be there, each name once, those of the bases first.
    pub uses: Vec<&'a AttributeUse>,
    /// Any others.
    pub any: Option<&'a Wildcard>,
}

/// How the values of a simple type are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variety<'a> {
    /// One value of a type of XML Schema.
    Atomic(Builtin),
    /// Values of this type with blanks between them.
    List(TypeId),
    /// A value of one of these types.
    Union(&'a [TypeId]),
}

impl Schemas {
    /// The particles of a complex type in their order, those of extended bases first.
    #[must_use]
    pub fn content(&self, id: TypeId) -> Vec<&Particle> {
        let mut particles = Vec::new();
        for complex in self.bases(id) {
            if let Content::Elements(particle) = &complex.content {
                particles.push(particle);
            }
            if complex.derivation == Derivation::Restriction {
                break;
            }
        }
        particles.reverse();
        particles
    }

    /// Whether texts may stand between the elements of a type.
    #[must_use]
    pub fn is_mixed(&self, id: TypeId) -> bool {
        self.type_of(id).complex().is_some_and(|complex| complex.is_mixed)
    }

    /// The attributes of a type, its bases' included.
    #[must_use]
    pub fn all_attributes(&self, id: TypeId) -> AllAttributes<'_> {
        let mut all = AllAttributes::default();
        let (mut seen, mut inherits_any) = (HashSet::new(), true);
        for complex in self.bases(id) {
            let mut uses = Vec::new();
            let any = self.gather(&complex.attributes, &mut uses);
            for one in uses.into_iter().rev() {
                let name = &self.attribute(one.attribute).name;
                if seen.insert(name) && !one.is_prohibited {
                    all.uses.push(one);
                }
            }
            if inherits_any {
                all.any = all.any.or(any);
                inherits_any = complex.derivation == Derivation::Extension;
            }
        }
        all.uses.reverse();
        all
    }

    /// The attributes that are written in one place, those of groups included.
    fn gather<'a>(
        &'a self,
        attributes: &'a Attributes,
        uses: &mut Vec<&'a AttributeUse>,
    ) -> Option<&'a Wildcard> {
        let mut any = attributes.any.as_ref();
        uses.extend(&attributes.uses);
        let mut seen = HashSet::new();
        let mut open: Vec<_> = attributes.groups.iter().rev().copied().collect();
        while let Some(id) = open.pop() {
            if seen.insert(id) {
                let group = &self.attribute_group(id).attributes;
                uses.extend(&group.uses);
                any = any.or(group.any.as_ref());
                open.extend(group.groups.iter().rev());
            }
        }
        any
    }

    /// The simple type of a text: the type itself, or that of a complex type's simple content.
    #[must_use]
    pub fn simple(&self, id: TypeId) -> Option<TypeId> {
        let mut at = id;
        loop {
            let TypeKind::Complex(complex) = &self.type_of(at).kind else { return Some(at) };
            at = match &complex.content {
                Content::Simple { inner: Some(inner), .. } => *inner,
                Content::Simple { inner: None, .. } => complex.base,
                Content::Empty if complex.derivation == Derivation::Extension => complex.base,
                Content::Empty | Content::Elements(_) => return None,
            };
            if at == any_type() {
                return None;
            }
        }
    }

    /// How the values of a simple type, or of a simple content, are made.
    #[must_use]
    pub fn variety(&self, id: TypeId) -> Option<Variety<'_>> {
        let mut at = self.simple(id)?;
        loop {
            at = match &self.type_of(at).kind {
                TypeKind::Simple(SimpleType::Builtin(one)) => {
                    let item = one.item().map(|item| Variety::List(builtin(item)));
                    return Some(item.unwrap_or(Variety::Atomic(*one)));
                }
                TypeKind::Simple(SimpleType::Restriction { base, .. }) => *base,
                TypeKind::Simple(SimpleType::List { item }) => return Some(Variety::List(*item)),
                TypeKind::Simple(SimpleType::Union { members }) => {
                    return Some(Variety::Union(members));
                }
                TypeKind::Complex(_) => self.simple(at)?,
            };
        }
    }

    /// The type of XML Schema that a value is of, where it is a single one.
    #[must_use]
    pub fn atomic(&self, id: TypeId) -> Option<Builtin> {
        match self.variety(id)? {
            Variety::Atomic(one) => Some(one),
            Variety::List(_) | Variety::Union(_) => None,
        }
    }

    /// What restricts the values of a simple type or a simple content, all derivations together.
    #[must_use]
    pub fn facets(&self, id: TypeId) -> Facets {
        let mut facets = Facets::default();
        let mut at = id;
        loop {
            at = match &self.type_of(at).kind {
                TypeKind::Simple(SimpleType::Restriction { base, facets: own }) => {
                    facets = facets.over(own);
                    *base
                }
                TypeKind::Complex(complex) => match &complex.content {
                    Content::Simple { inner, facets: own } => {
                        facets = facets.over(own);
                        inner.unwrap_or(complex.base)
                    }
                    Content::Empty if complex.derivation == Derivation::Extension => complex.base,
                    Content::Empty | Content::Elements(_) => return facets,
                },
                TypeKind::Simple(_) => return facets,
            };
            if at == any_type() {
                return facets;
            }
        }
    }

    /// What an array of SOAP's encoding holds, and how deep: `None` where it is no such array.
    ///
    /// An array may say it in `arrayType`, or have one repeated element.
    #[must_use]
    pub fn array_item(&self, id: TypeId) -> Option<TypeId> {
        if !self.is_encoded_array(id) {
            return None;
        }
        let declared = self.bases(id).find_map(|complex| complex.array.as_ref());
        declared.map(|array| array.item).or_else(|| self.sole_item(id))
    }

    /// Whether a type is derived from `Array` of SOAP's encoding, or is it.
    #[must_use]
    pub fn is_encoded_array(&self, id: TypeId) -> bool {
        self.is_derived(id, |name| {
            &*name.local == "Array" && [ENCODING, ENCODING_12].contains(&&*name.namespace)
        })
    }

    fn is_derived(&self, id: TypeId, is_it: impl Fn(&xml::name::Name) -> bool) -> bool {
        let mut at = id;
        loop {
            let one = self.type_of(at);
            if one.name.as_ref().is_some_and(&is_it) {
                return true;
            }
            match one.complex() {
                Some(complex) if complex.base != at => at = complex.base,
                _ => return false,
            }
        }
    }

    fn sole_item(&self, id: TypeId) -> Option<TypeId> {
        let content = self.content(id);
        let [only] = content.as_slice() else { return None };
        let Term::Model(model) = &only.term else { return None };
        match model.particles.as_slice() {
            [Particle { term: Term::Element(element), .. }] => Some(self.element(*element).type_id),
            _ => None,
        }
    }

    /// Whether a type is another, or derived from it.
    #[must_use]
    pub fn is_derived_from(&self, id: TypeId, ancestor: TypeId) -> bool {
        let mut at = id;
        loop {
            if at == ancestor {
                return true;
            }
            let base = self.base(at);
            if base == at {
                return false;
            }
            at = base;
        }
    }

    /// What a type is derived from; `anyType` from itself.
    #[must_use]
    pub fn base(&self, id: TypeId) -> TypeId {
        match &self.type_of(id).kind {
            TypeKind::Complex(complex) => complex.base,
            TypeKind::Simple(SimpleType::Builtin(one)) => builtin(one.base()),
            TypeKind::Simple(SimpleType::Restriction { base, .. }) => *base,
            TypeKind::Simple(SimpleType::List { .. } | SimpleType::Union { .. }) => {
                builtin(Builtin::AnySimpleType)
            }
        }
    }

    /// The elements that may stand in the place of one, directly or by way of others.
    #[must_use]
    pub fn substitutes(&self, id: ElementId) -> Vec<ElementId> {
        reachable(id, |at| self.substitutes.get(&at))
    }

    /// The types that are derived from one, directly or by way of others.
    #[must_use]
    pub fn derived(&self, id: TypeId) -> Vec<TypeId> {
        reachable(id, |at| self.derived.get(&at))
    }

    /// A complex type and its bases, from the most derived one on; `anyType` is the last.
    fn bases(&self, id: TypeId) -> impl Iterator<Item = &ComplexType> {
        let complex = |id: TypeId| Some((id, self.type_of(id).complex()?));
        std::iter::successors(complex(id), move |(at, one)| {
            (one.base != *at).then(|| complex(one.base)).flatten()
        })
        .map(|(_, one)| one)
    }
}

fn reachable<'a, T: Copy + Eq + std::hash::Hash + 'a>(
    from: T,
    next: impl Fn(T) -> Option<&'a Vec<T>>,
) -> Vec<T> {
    let (mut seen, mut found) = (HashSet::from([from]), Vec::new());
    let mut open = vec![from];
    while let Some(at) = open.pop() {
        for one in next(at).into_iter().flatten() {
            if seen.insert(*one) {
                found.push(*one);
                open.push(*one);
            }
        }
    }
    found
}
