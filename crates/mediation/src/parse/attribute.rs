//! The attributes of an element, and which of them were asked for.

use model::codes;
use xml::tree::{Kind, NodeId, Place, Tree};

use super::reader::Reader;

/// Written by tools, and of no effect at any mediator.
const NEUTRAL: [&str; 6] = ["description", "statistics", "trace", "id", "onStatistics", "uuid"];

/// One attribute.
#[derive(Debug, Clone)]
pub(super) struct Attribute {
    /// The element that has it.
    pub(super) owner: NodeId,
    /// Its name.
    pub(super) name: String,
    /// Its value.
    pub(super) value: String,
    /// Where it is.
    pub(super) place: Place,
}

/// Those of one element, without those in a namespace.
#[derive(Debug)]
pub(super) struct Attributes {
    /// The element.
    pub(super) id: NodeId,
    /// Its name, for messages.
    pub(super) element: String,
    left: Vec<Attribute>,
}

impl Attributes {
    /// Those of this element.
    pub(super) fn of(tree: &Tree, id: NodeId) -> Self {
        let element = tree.name(id).map(|name| name.local.as_ref().to_owned()).unwrap_or_default();
        let left = tree.attributes(id).filter_map(|attribute| one(tree, id, attribute)).collect();
        Self { id, element, left }
    }

    /// Takes the one of this name.
    pub(super) fn take(&mut self, name: &str) -> Option<Attribute> {
        let index = self.left.iter().position(|attribute| attribute.name == name)?;
        Some(self.left.remove(index))
    }

    /// Whether there is one of this name that was not taken.
    pub(super) fn has(&self, name: &str) -> bool {
        self.left.iter().any(|attribute| attribute.name == name)
    }

    /// Says of those that nobody took that they have no effect.
    pub(super) fn finish(self, reader: &mut Reader<'_>) {
        for attribute in self.left {
            if NEUTRAL.contains(&attribute.name.as_str()) {
                continue;
            }
            reader.warn(
                codes::MEDIATOR_IGNORED,
                attribute.place,
                format!("The attribute `{}` of `{}` has no effect", attribute.name, self.element),
                "Mend its name, or remove it.",
            );
        }
    }
}

fn one(tree: &Tree, owner: NodeId, id: NodeId) -> Option<Attribute> {
    let Kind::Attribute(name, value) = tree.kind(id) else {
        return None;
    };
    let own = tree.place(id);
    let place = if own.line == 0 { tree.place(owner) } else { own };
    let value = value.clone();
    name.namespace.is_empty().then(|| Attribute {
        owner,
        name: name.local.as_ref().to_owned(),
        value,
        place,
    })
}

impl Reader<'_> {
    /// An attribute that must be there and not be empty.
    pub(super) fn required(
        &mut self,
        attributes: &mut Attributes,
        name: &str,
    ) -> Option<Attribute> {
        match attributes.take(name) {
            Some(attribute) if !attribute.value.trim().is_empty() => Some(attribute),
            _ => {
                let element = attributes.element.clone();
                self.lacks(
                    attributes.id,
                    &format!("`{element}` has no `{name}`"),
                    &format!("Add the attribute `{name}`."),
                );
                None
            }
        }
    }

    /// Says that an element lacks something that it needs.
    pub(super) fn lacks(&mut self, id: NodeId, message: &str, help: &str) {
        self.error(codes::MEDIATOR_ATTRIBUTE, self.place(id), message, help);
    }

    /// Says that the value of an attribute is none of those allowed.
    pub(super) fn bad_value(&mut self, attribute: &Attribute, help: impl Into<String>) {
        let element = self.tree.name(attribute.owner).map(|name| name.local.as_ref().to_owned());
        let message = format!(
            "`{}=\"{}\"` of `{}` is not allowed",
            attribute.name,
            excerpt(&attribute.value),
            element.unwrap_or_default()
        );
        self.error(codes::MEDIATOR_VALUE, attribute.place, message, help);
    }

    /// One of some words, without regard to case; the first one where the attribute is absent.
    /// `None` when it is another one, which is reported.
    pub(super) fn choice<T: Copy>(
        &mut self,
        attributes: &mut Attributes,
        name: &str,
        words: &[(&str, T)],
    ) -> Option<T> {
        let Some(attribute) = attributes.take(name) else {
            return words.first().map(|(_, value)| *value);
        };
        let wanted = attribute.value.trim();
        let known = words.iter().find(|(word, _)| word.eq_ignore_ascii_case(wanted));
        if known.is_none() {
            let allowed: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            self.bad_value(&attribute, format!("Write one of: {}.", allowed.join(", ")));
        }
        known.map(|(_, value)| *value)
    }

    /// `true` or `false`; `absent` where the attribute is not there.
    pub(super) fn flag(
        &mut self,
        attributes: &mut Attributes,
        name: &str,
        absent: bool,
    ) -> Option<bool> {
        let words = if absent {
            [("true", true), ("false", false)]
        } else {
            [("false", false), ("true", true)]
        };
        self.choice(attributes, name, &words)
    }
}

/// The beginning of a text, for a message.
pub(super) fn excerpt(text: &str) -> String {
    let mut short: String = text.chars().take(60).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}
