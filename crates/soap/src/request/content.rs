//! The members of an object, in the order of the schema.

use std::collections::HashMap;

use model::cursor::join;
use serde_json::{Map, Value};

use super::element::Writer;
use super::{TEXT, TYPE};
use crate::mapping::{Content, Element, Fields, Particle, Term};
use crate::problem::Problem;
use crate::value;

/// The members of an object, and how many values of each are written.
pub(super) struct Members<'v> {
    object: &'v Map<String, Value>,
    fields: &'v Fields,
    pointer: &'v str,
    taken: HashMap<&'v str, usize>,
    /// Whether members that are no elements of the schema were written.
    has_written_others: bool,
}

impl<'v> Members<'v> {
    fn new(object: &'v Map<String, Value>, fields: &'v Fields, pointer: &'v str) -> Self {
        Self { object, fields, pointer, taken: HashMap::new(), has_written_others: false }
    }

    /// The values of an element, all of them.
    fn values(&self, element: &Element) -> &'v [Value] {
        let Some(value) = self.object.get(&*element.key) else { return &[] };
        let repeats = self.fields.by_key(&element.key).is_some_and(|field| field.repeats);
        match value {
            Value::Array(values) if repeats => values,
            one => std::slice::from_ref(one),
        }
    }

    /// The next value of an element, and where it is.
    fn next(&mut self, element: &'v Element) -> Option<(&'v Value, String)> {
        let values = self.values(element);
        let taken = self.taken.entry(&element.key).or_default();
        let value = values.get(*taken)?;
        let mut pointer = join(self.pointer, &element.key);
        if matches!(self.object.get(&*element.key), Some(Value::Array(_))) && values.len() != 1
            || values.first().is_some_and(|first| {
                !std::ptr::eq(first, self.object.get(&*element.key).unwrap_or(first))
            })
        {
            pointer = format!("{pointer}/{taken}");
        }
        *taken += 1;
        Some((value, pointer))
    }

    fn left(&self, element: &Element) -> usize {
        let taken = self.taken.get(&*element.key).copied().unwrap_or_default();
        self.values(element).len().saturating_sub(taken)
    }

    /// How many elements of these particles have values that are not written yet.
    fn pending(&self, particles: &[Particle]) -> usize {
        particles.iter().map(|one| self.pending_in(one)).sum()
    }

    fn pending_in(&self, particle: &Particle) -> usize {
        match &particle.term {
            Term::Element(element) => usize::from(self.left(element) > 0),
            Term::Any => usize::from(!self.has_written_others && self.others().next().is_some()),
            _ => self.pending(particle.inner()),
        }
    }

    /// Members that are no elements, no attributes and nothing of ours.
    fn others(&self) -> impl Iterator<Item = (&'v String, &'v Value)> {
        self.object.iter().filter(|(key, _)| {
            self.fields.by_key(key).is_none()
                && !key.starts_with('@')
                && !matches!(key.as_str(), TEXT | TYPE)
        })
    }
}

impl Writer<'_> {
    /// Writes the elements of a content, and refuses members that it does not have.
    pub(super) fn content(
        &mut self,
        content: &Content,
        object: &Map<String, Value>,
        pointer: &str,
    ) -> Result<(), Problem> {
        let mut members = Members::new(object, content.fields(), pointer);
        for particle in content.particles() {
            self.particle(particle, &mut members)?;
        }
        check_rest(&members)
    }

    fn particle<'v>(
        &mut self,
        particle: &'v Particle,
        members: &mut Members<'v>,
    ) -> Result<(), Problem> {
        match &particle.term {
            Term::Element(element) => self.elements(particle, element, members),
            Term::Any => self.others(members),
            Term::Choice(inner) => self.choices(particle, inner, members),
            Term::Sequence(inner) | Term::All(inner) => self.rounds(particle, inner, members),
        }
    }

    fn elements<'v>(
        &mut self,
        particle: &'v Particle,
        element: &'v Element,
        members: &mut Members<'v>,
    ) -> Result<(), Problem> {
        let mut written = 0;
        while particle.max.is_none_or(|max| written < max) {
            let Some((value, pointer)) = members.next(element) else { break };
            // Null where nothing may stand is nothing.
            if value.is_null() && !element.is_nillable && particle.min == 0 {
                continue;
            }
            self.element(element, value, &pointer)?;
            written += 1;
        }
        if written >= particle.min {
            return Ok(());
        }
        let pointer = join(members.pointer, &element.key);
        if let Some(default) = element.default.as_ref().filter(|_| written == 0) {
            return self.element(element, &Value::from(default.as_str()), &pointer);
        }
        let expected = value::expected(self.mapping, element.type_ref);
        let message = if written == 0 {
            format!("`{}` is missing", element.key)
        } else {
            format!("there are fewer than {} of `{}`", particle.min, element.key)
        };
        Err(Problem::new(pointer, message, expected))
    }

    /// A sequence: once, or as often as there are values.
    fn rounds<'v>(
        &mut self,
        particle: &'v Particle,
        inner: &'v [Particle],
        members: &mut Members<'v>,
    ) -> Result<(), Problem> {
        let mut round = 0;
        while particle.max.is_none_or(|max| round < max) {
            if members.pending(inner) == 0 && (round >= particle.min || round > 0) {
                break;
            }
            for one in inner {
                self.particle(one, members)?;
            }
            round += 1;
        }
        Ok(())
    }

    /// A choice: the branch that most members are of.
    fn choices<'v>(
        &mut self,
        particle: &'v Particle,
        inner: &'v [Particle],
        members: &mut Members<'v>,
    ) -> Result<(), Problem> {
        let mut round = 0;
        while particle.max.is_none_or(|max| round < max) {
            let mut best: Option<(&'v Particle, usize)> = None;
            for branch in inner {
                let pending = members.pending_in(branch);
                if pending > best.map_or(0, |(_, most)| most) {
                    best = Some((branch, pending));
                }
            }
            let Some((branch, _)) = best else { break };
            self.particle(branch, members)?;
            round += 1;
        }
        let is_empty_enough = || inner.iter().any(is_emptiable);
        if round > 0 || particle.min == 0 || inner.is_empty() || is_empty_enough() {
            return Ok(());
        }
        // A branch that is an element with a default stands for itself.
        let default = inner.iter().find_map(|branch| match &branch.term {
            Term::Element(element) => element.default.as_ref().map(|_| branch),
            _ => None,
        });
        if let Some(branch) = default {
            return self.particle(branch, members);
        }
        let message = "none of the members is there of which one has to be";
        Err(Problem::new(members.pointer, message, format!("one of {}", names(inner))))
    }

    /// What any element may be: members that the schema does not name.
    fn others(&mut self, members: &mut Members<'_>) -> Result<(), Problem> {
        if std::mem::replace(&mut members.has_written_others, true) {
            return Ok(());
        }
        let all: Vec<_> = members.others().collect();
        for (key, value) in all {
            let pointer = join(members.pointer, key);
            self.general(key, value, &pointer)?;
        }
        Ok(())
    }
}

/// Whether nothing of it has to be there. The limits of the readers bound how deep this goes.
fn is_emptiable(particle: &Particle) -> bool {
    particle.min == 0
        || match &particle.term {
            Term::Element(_) => false,
            Term::Any => true,
            Term::Choice(inner) => inner.is_empty() || inner.iter().any(is_emptiable),
            Term::Sequence(inner) | Term::All(inner) => inner.iter().all(is_emptiable),
        }
}

fn check_rest(members: &Members<'_>) -> Result<(), Problem> {
    for (key, _) in members.object {
        let pointer = || join(members.pointer, key);
        if let Some(field) = members.fields.by_key(key) {
            let values = members.values(&field.element);
            let left: Vec<_> =
                values.iter().skip(values.len() - members.left(&field.element)).collect();
            if left.iter().any(|value| !value.is_null()) {
                let message = "this does not fit beside the other members, or is one too many";
                let expected = format!("what the schema allows of {}", all_names(members.fields));
                return Err(Problem::new(pointer(), message, expected));
            }
        } else if !key.starts_with('@')
            && !matches!(key.as_str(), TEXT | TYPE)
            && !members.has_written_others
        {
            let message = format!("there is no member `{key}`");
            return Err(Problem::new(pointer(), message, all_names(members.fields)));
        }
    }
    Ok(())
}

fn names(particles: &[Particle]) -> String {
    let names = particles.iter().map(|one| match &one.term {
        Term::Element(element) => element.key.to_string(),
        Term::Any => "any other".to_owned(),
        Term::Choice(inner) => format!("({})", names_within(inner, " or ")),
        Term::Sequence(inner) | Term::All(inner) => format!("({})", names_within(inner, " with ")),
    });
    names.collect::<Vec<_>>().join(", ")
}

fn names_within(inner: &[Particle], between: &str) -> String {
    let names = inner.iter().map(|one| names(std::slice::from_ref(one)));
    names.collect::<Vec<_>>().join(between)
}

fn all_names(fields: &Fields) -> String {
    const SHOWN: usize = 20;
    let mut names: Vec<_> =
        fields.iter().take(SHOWN).map(|field| field.element.key.to_string()).collect();
    if fields.iter().nth(SHOWN).is_some() {
        names.push("…".to_owned());
    }
    if names.is_empty() { "no member".to_owned() } else { names.join(", ") }
}
