//! What an object may hold: the elements of a content by key and by name, found once.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Element, Particle, Term};

/// The elements of a type or of a part of a message.
#[derive(Debug, Clone, Default)]
pub struct Content {
    particles: Vec<Particle>,
    fields: Fields,
}

/// The elements of a content, each key once.
#[derive(Debug, Clone, Default)]
pub struct Fields {
    list: Vec<Field>,
    by_key: HashMap<Arc<str>, usize>,
    by_local: HashMap<Arc<str>, Vec<usize>>,
    /// Whether other elements may be there too.
    pub has_any: bool,
}

/// An element of a content.
#[derive(Debug, Clone)]
pub struct Field {
    /// The element, as it first stands there.
    pub element: Element,
    /// Whether there may be several, so that its value is an array.
    pub repeats: bool,
    /// Whether it has to be there.
    pub is_required: bool,
}

impl Content {
    /// The content that these particles make.
    #[must_use]
    pub fn new(particles: Vec<Particle>) -> Self {
        let mut fields = Fields::default();
        fields.gather(&particles, true);
        for (key, most) in most(&particles, false) {
            if let Some(field) = fields.by_key.get(&key).and_then(|at| fields.list.get_mut(*at)) {
                field.repeats = most > 1;
            }
        }
        Self { particles, fields }
    }

    /// The particles, in their order.
    #[must_use]
    pub fn particles(&self) -> &[Particle] {
        &self.particles
    }

    /// The elements.
    #[must_use]
    pub fn fields(&self) -> &Fields {
        &self.fields
    }

    /// Whether it holds nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.particles.is_empty()
    }

    /// Its element, where it is a single one.
    #[must_use]
    pub fn sole(&self) -> Option<&Element> {
        match self.particles.as_slice() {
            [Particle { term: Term::Element(element), max: Some(1), .. }] => Some(element),
            _ => None,
        }
    }
}

/// The fields follow from the particles.
impl PartialEq for Content {
    fn eq(&self, other: &Self) -> bool {
        self.particles == other.particles
    }
}

impl Fields {
    /// The element of a key.
    #[must_use]
    pub fn by_key(&self, key: &str) -> Option<&Field> {
        self.by_key.get(key).and_then(|index| self.list.get(*index))
    }

    /// The elements with this local name.
    pub fn by_local<'a>(&'a self, local: &str) -> impl Iterator<Item = &'a Field> + use<'a> {
        let indices = self.by_local.get(local).map_or(&[][..], Vec::as_slice);
        indices.iter().filter_map(|index| self.list.get(*index))
    }

    /// All of them, in the order in which they stand.
    pub fn iter(&self) -> impl Iterator<Item = &Field> {
        self.list.iter()
    }

    /// The limits of the readers bound how deep this goes.
    fn gather(&mut self, particles: &[Particle], is_required: bool) {
        for particle in particles {
            let is_required = is_required && particle.min > 0;
            match &particle.term {
                Term::Element(element) => self.add(element, is_required),
                Term::Any => self.has_any = true,
                Term::Choice(inner) => self.gather(inner, is_required && inner.len() == 1),
                Term::Sequence(inner) | Term::All(inner) => self.gather(inner, is_required),
            }
        }
    }

    fn add(&mut self, element: &Element, is_required: bool) {
        if let Some(field) = self.by_key.get(&element.key).and_then(|at| self.list.get_mut(*at)) {
            // The same element at another place, or in another branch.
            field.is_required |= is_required;
            return;
        }
        let index = self.list.len();
        self.by_key.insert(Arc::clone(&element.key), index);
        self.by_local.entry(Arc::clone(&element.name.local)).or_default().push(index);
        self.list.push(Field { element: element.clone(), repeats: false, is_required });
    }
}

/// How often each key may be there: once, or 2 for more often.
fn most(particles: &[Particle], is_choice: bool) -> HashMap<Arc<str>, u32> {
    let mut all: HashMap<Arc<str>, u32> = HashMap::new();
    for particle in particles {
        let times = if particle.max.is_some_and(|max| max <= 1) { 1 } else { 2 };
        let own = match &particle.term {
            Term::Element(element) => HashMap::from([(Arc::clone(&element.key), 1)]),
            Term::Choice(inner) => most(inner, true),
            Term::Sequence(inner) | Term::All(inner) => most(inner, false),
            Term::Any => HashMap::new(),
        };
        for (key, count) in own {
            let count = count * times;
            let known = all.entry(key).or_default();
            *known = if is_choice { (*known).max(count) } else { *known + count }.min(2);
        }
    }
    all
}
