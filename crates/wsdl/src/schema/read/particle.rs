//! What a content is made of, and how often.

use xml::tree::NodeId;

use super::Reader;
use crate::schema::{Compositor, Group, Model, Particle, Term};

/// What may stand in a model.
const PARTICLES: [&str; 6] = ["element", "sequence", "choice", "all", "group", "any"];

/// The names of particles that a content may consist of.
pub(super) fn is_particle(local: &str) -> bool {
    matches!(local, "sequence" | "choice" | "all" | "group")
}

impl Reader<'_> {
    pub(super) fn global_group(&mut self, node: NodeId) {
        let Some(name) = self.name(node) else { return };
        self.owner = Some(name.clone());
        let group = self.group(node, name.clone());
        self.builder.define_original(&name, group, self.report);
    }

    pub(super) fn group(&mut self, node: NodeId, name: xml::name::Name) -> Group {
        let mut model = Model { compositor: Compositor::Sequence, particles: Vec::new() };
        for child in self.children(node) {
            match self.compositor(child) {
                Some(compositor) => model = self.model(child, compositor),
                None => self.other(child, &["sequence", "choice", "all"]),
            }
        }
        Group { name, model, is_missing: false, source: self.markup.source(node) }
    }

    fn compositor(&self, node: NodeId) -> Option<Compositor> {
        match self.markup.local(node) {
            "sequence" => Some(Compositor::Sequence),
            "choice" => Some(Compositor::Choice),
            "all" => Some(Compositor::All),
            _ => None,
        }
    }

    fn model(&mut self, node: NodeId, compositor: Compositor) -> Model {
        let children = self.children(node);
        let particles = children.filter_map(|child| self.particle(child)).collect();
        Model { compositor, particles }
    }

    /// A particle; nothing where it may not occur at all, or is none.
    pub(super) fn particle(&mut self, node: NodeId) -> Option<Particle> {
        let (min, max) = self.occurs(node);
        let term = match self.markup.local(node) {
            "element" => self.local_element(node)?,
            "any" => Term::Any(self.wildcard(node)),
            "group" => {
                if self.markup.attribute(node, "ref").is_none() {
                    self.lacks(node, "ref");
                }
                Term::Group(self.referred(node, "ref")?)
            }
            _ => {
                let Some(compositor) = self.compositor(node) else {
                    self.other(node, &PARTICLES);
                    return None;
                };
                Term::Model(Box::new(self.model(node, compositor)))
            }
        };
        (max != Some(0)).then(|| Particle { min, max, term, source: self.markup.source(node) })
    }

    fn occurs(&mut self, node: NodeId) -> (u32, Option<u32>) {
        let min = match self.markup.trimmed(node, "minOccurs") {
            None => 1,
            Some(text) => self.count(node, "minOccurs", text).unwrap_or(1),
        };
        let max = match self.markup.trimmed(node, "maxOccurs") {
            None => Some(1),
            Some("unbounded") => None,
            Some(text) => Some(self.count(node, "maxOccurs", text).unwrap_or(1)),
        };
        match max {
            // `minOccurs="2"` alone: the default of the other one is no more than a slip.
            Some(max) if max < min => {
                let help = "Write a `maxOccurs` that is not less than `minOccurs`.";
                self.shape(node, "occurs at least more often than at most", help);
                (min, Some(min))
            }
            _ => (min, max),
        }
    }

    fn count(&mut self, node: NodeId, attribute: &str, text: &str) -> Option<u32> {
        let is_number = !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_digit());
        if !is_number {
            self.wrong(node, attribute, text, "Write a number that is not negative.");
            return None;
        }
        // What is larger will never be counted to.
        Some(text.parse().unwrap_or(u32::MAX))
    }
}
