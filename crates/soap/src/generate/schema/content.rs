//! Elements of a type.

use std::collections::HashMap;

use wsdl::schema::{
    Compositor, ElementId, Model, Particle as SchemaParticle, Term as SchemaTerm, TypeId,
};

use super::{Types, text_of};
use crate::generate::report::Fidelity;
use crate::mapping::{Content, Element, Particle, QName, Term};

impl Types<'_> {
    /// The elements of a type, those of its bases first.
    pub(super) fn content(&mut self, id: TypeId, key: &str) -> Content {
        let mut particles = Vec::new();
        for particle in self.schemas.content(id) {
            let Some(one) = self.particle(particle, key) else { continue };
            splice(one, &mut particles);
        }
        self.keyed(particles)
    }

    /// A content in which each key means one element.
    pub(in crate::generate) fn keyed(&self, mut particles: Vec<Particle>) -> Content {
        let mut taken = HashMap::new();
        assign(&mut particles, &mut taken);
        Content::new(particles)
    }

    /// The limits of the reader of schemas bound how deep this goes.
    fn particle(&mut self, particle: &SchemaParticle, key: &str) -> Option<Particle> {
        let SchemaParticle { min, max, term, source } = particle;
        let (min, max) = (*min, *max);
        if max == Some(0) {
            return None;
        }
        match term {
            SchemaTerm::Element(id) => Some(self.element(*id, min, max)),
            SchemaTerm::Any(_) => {
                let why = "elements that the schema does not name are kept by the general rules";
                self.note(Fidelity::Rough, *source, key, why);
                Some(Particle { min, max, term: Term::Any })
            }
            SchemaTerm::Model(model) => self.model(particle, model, key),
            SchemaTerm::Group(id) => {
                let schemas = self.schemas;
                self.model(particle, &schemas.group(*id).model, key)
            }
        }
    }

    fn model(&mut self, around: &SchemaParticle, model: &Model, key: &str) -> Option<Particle> {
        let mut inner = Vec::new();
        for one in &model.particles {
            let Some(made) = self.particle(one, key) else { continue };
            if model.compositor == Compositor::Sequence {
                splice(made, &mut inner);
            } else {
                inner.push(made);
            }
        }
        if inner.is_empty() {
            return None;
        }
        let (min, max) = (around.min, around.max);
        if max != Some(1) && inner.len() > 1 {
            let why = match model.compositor {
                Compositor::Choice => {
                    "a choice may repeat: elements of one name become one array, so that the \
                     order between names is lost"
                }
                Compositor::Sequence | Compositor::All => {
                    "a sequence may repeat: elements of one name become one array, and belong \
                     together by their places in it"
                }
            };
            self.note(Fidelity::Rough, around.source, key, why);
        }
        if let ([Particle { min: 1, max: Some(1), .. }], Some(only)) =
            (inner.as_slice(), inner.first())
        {
            return Some(Particle { min, max, term: only.term.clone() });
        }
        let term = match model.compositor {
            Compositor::Sequence => Term::Sequence(inner),
            Compositor::Choice => Term::Choice(inner),
            Compositor::All => Term::All(inner),
        };
        Some(Particle { min, max, term })
    }

    /// An element, or a choice of it and what may stand in its place.
    pub(in crate::generate) fn element(
        &mut self,
        id: ElementId,
        min: u32,
        max: Option<u32>,
    ) -> Particle {
        let schemas = self.schemas;
        let declared = schemas.element(id);
        let substitutes = schemas.substitutes(id);
        if substitutes.is_empty() && !declared.is_abstract {
            return Particle { min, max, term: Term::Element(self.one(id)) };
        }
        let all = std::iter::once(id).chain(substitutes);
        let concrete: Vec<_> = all.filter(|one| !schemas.element(*one).is_abstract).collect();
        if concrete.is_empty() {
            let why = "the element is abstract, and nothing may stand in its place";
            self.note(Fidelity::Missing, declared.source, &declared.name.local, why);
        } else if max != Some(1) {
            let why = "elements that may stand for each other become arrays of their own, so that \
                       the order between them is lost";
            self.note(Fidelity::Rough, declared.source, &declared.name.local, why);
        }
        let branches = concrete.into_iter().map(|one| Particle {
            min: 1,
            max: Some(1),
            term: Term::Element(self.one(one)),
        });
        let branches = branches.collect();
        Particle { min, max, term: Term::Choice(branches) }
    }

    fn one(&mut self, id: ElementId) -> Element {
        let schemas = self.schemas;
        let declared = schemas.element(id);
        if declared.is_missing {
            let why = "the element is not declared anywhere, so that it holds anything";
            self.note(Fidelity::Rough, declared.source, &declared.name.local, why);
        }
        let name = self.spaces.name(&declared.name);
        let type_ref = self.type_ref(declared.type_id, &name);
        Element {
            key: name.local.clone(),
            name,
            type_ref,
            is_nillable: declared.is_nillable,
            default: declared.value.as_ref().map(|value| text_of(value).to_owned()),
        }
    }
}

/// A sequence that is there once is no more than what is in it.
fn splice(particle: Particle, into: &mut Vec<Particle>) {
    match particle {
        Particle { min: 1, max: Some(1), term: Term::Sequence(inner) } => into.extend(inner),
        other => into.push(other),
    }
}

/// Gives elements whose local name is another's already a key with their prefix.
fn assign(particles: &mut [Particle], taken: &mut HashMap<std::sync::Arc<str>, QName>) {
    for particle in particles {
        match &mut particle.term {
            Term::Element(element) => {
                let known =
                    taken.entry(element.key.clone()).or_insert_with(|| element.name.clone());
                if *known != element.name {
                    element.key = element.name.written.clone();
                    if element.name.space.is_none() {
                        element.key = format!("{}_", element.name.local).into();
                    }
                }
            }
            Term::Sequence(inner) | Term::Choice(inner) | Term::All(inner) => assign(inner, taken),
            Term::Any => {}
        }
    }
}
