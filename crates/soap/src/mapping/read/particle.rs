//! Elements, and how they belong together.

use model::cursor::Cursor;
use model::{Diagnostics, codes};

use super::{Reader, keys, required};
use crate::mapping::{Attribute, Element, Particle, Term};

/// What a short text says: `p:type * nillable`.
struct Short {
    called: String,
    occurs: (u32, Option<u32>),
    is_nillable: bool,
}

impl<'a> Reader<'a> {
    pub(super) fn particles(&self, at: &Cursor<'a>, found: &mut Diagnostics) -> Vec<Particle> {
        let items = at.items(found);
        items.iter().filter_map(|item| self.particle(item, found)).collect()
    }

    fn particle(&self, at: &Cursor<'a>, found: &mut Diagnostics) -> Option<Particle> {
        let Some(first) = at.keys().next() else {
            let message = "an element, or a group of elements, is missing";
            let help = "Write a name and a type, such as `p:order: xsd:string`.";
            found.error(codes::MAPPING_MISSING, at.place(), message, help);
            return None;
        };
        let term = match first {
            "$any" => {
                keys(at, &["$any"], found);
                let (min, max) = self.occurs(&at.get("$any"), found);
                return Some(Particle { min, max, term: Term::Any });
            }
            "$sequence" => Term::Sequence(self.particles(&at.get(first), found)),
            "$choice" => Term::Choice(self.particles(&at.get(first), found)),
            "$all" => Term::All(self.particles(&at.get(first), found)),
            _ => return self.element(first, at, found),
        };
        keys(at, &[first, "occurs"], found);
        let (min, max) = self.occurs(&at.get("occurs"), found);
        Some(Particle { min, max, term })
    }

    fn element(&self, name: &str, at: &Cursor<'a>, found: &mut Diagnostics) -> Option<Particle> {
        keys(at, &[name], found);
        let place = at.get(name);
        let is_long = place.value().is_object();
        let short = if is_long { place.get("type") } else { place.clone() };
        if is_long {
            keys(&place, &["type", "default", "key"], found);
        }
        let said = self.short(&short, found)?;
        let name = self.name(name, &place, found);
        let key = place.get("key").word(found).filter(|_| is_long);
        let element = Element {
            key: key.map_or_else(|| name.local.clone(), Into::into),
            name,
            type_ref: self.type_ref(&said.called, &short, found),
            is_nillable: said.is_nillable,
            default: if is_long { place.get("default").text(found) } else { None },
        };
        let (min, max) = said.occurs;
        Some(Particle { min, max, term: Term::Element(element) })
    }

    pub(super) fn attribute(
        &self,
        name: &str,
        at: &Cursor<'a>,
        found: &mut Diagnostics,
    ) -> Option<Attribute> {
        let is_long = at.value().is_object();
        let short = if is_long { at.get("type") } else { at.clone() };
        if is_long {
            keys(at, &["type", "default", "key"], found);
        }
        let said = self.short(&short, found)?;
        let name = self.name(name, at, found);
        let key = at.get("key").word(found).filter(|_| is_long);
        Some(Attribute {
            key: key.unwrap_or_else(|| format!("@{}", name.local)).into(),
            name,
            type_ref: self.type_ref(&said.called, &short, found),
            is_required: said.occurs.0 > 0,
            default: if is_long { at.get("default").text(found) } else { None },
        })
    }

    /// Names of types in parentheses may have blanks in them.
    fn short(&self, at: &Cursor<'_>, found: &mut Diagnostics) -> Option<Short> {
        let text = required(at, "a type", found)?;
        let (called, rest) = match text.split_once(')') {
            Some((before, rest)) if text.starts_with('(') => (format!("{before})"), rest),
            _ => {
                let (called, rest) = text.split_once(' ').unwrap_or((&text, ""));
                (called.to_owned(), rest)
            }
        };
        let mut said = Short { called, occurs: (1, Some(1)), is_nillable: false };
        for word in rest.split_whitespace() {
            match (word, occurs(word)) {
                ("nillable", _) => said.is_nillable = true,
                (_, Some(occurs)) => said.occurs = occurs,
                _ => self.no_occurrence(word, at, found),
            }
        }
        Some(said)
    }

    fn occurs(&self, at: &Cursor<'_>, found: &mut Diagnostics) -> (u32, Option<u32>) {
        let Some(word) = at.word(found) else { return (1, Some(1)) };
        occurs(&word).unwrap_or_else(|| {
            self.no_occurrence(&word, at, found);
            (1, Some(1))
        })
    }

    fn no_occurrence(&self, word: &str, at: &Cursor<'_>, found: &mut Diagnostics) {
        let message = format!("`{word}` does not say how often something may be there");
        let help = "Write ?, *, +, a number, or two of them like 2..5 or 1..*.";
        found.error(codes::MAPPING_VALUE, at.place(), message, help);
    }
}

fn occurs(word: &str) -> Option<(u32, Option<u32>)> {
    let (min, max) = match word {
        "?" => (0, Some(1)),
        "*" => (0, None),
        "+" => (1, None),
        _ => match word.split_once("..") {
            Some((min, "*")) => (min.parse().ok()?, None),
            Some((min, max)) => (min.parse().ok()?, Some(max.parse().ok()?)),
            None => {
                let exactly = word.parse().ok()?;
                (exactly, Some(exactly))
            }
        },
    };
    max.is_none_or(|max| min <= max).then_some((min, max))
}
