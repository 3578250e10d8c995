//! Reading steps: which mediator an element is, and what is remembered on the way.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::codes;
use model::diagnostic::{self, Diagnostic, Severity};
use model::policy::Flow;
use xml::tree::{Kind, NodeId, Place, Tree};

use super::attribute::excerpt;
use super::{
    Context, OWN, SYNAPSE, advice, body, cache, call, class, flow, lint, opa, own, property,
    rewrite, script,
};
use crate::sequence::{Mediator, Sequence, Step};

/// Reads the element of one mediator; `None` when it reported why not.
type Read = fn(&mut Reader<'_>, NodeId) -> Option<Mediator>;

/// What can be read, by local name.
pub(super) const MEDIATORS: [(&str, Read); 27] = [
    ("property", property::property),
    ("propertyGroup", property::group),
    ("variable", property::variable),
    ("header", property::header),
    ("filter", flow::filter),
    ("switch", flow::switch),
    ("sequence", flow::sequence),
    ("foreach", flow::for_each),
    ("log", body::log),
    ("send", call::send),
    ("call", call::call),
    ("respond", call::respond),
    ("loopback", call::loopback),
    ("drop", call::drop),
    ("payloadFactory", body::payload_factory),
    ("enrich", body::enrich),
    ("builder", body::builder),
    ("rewrite", rewrite::rewrite),
    ("makefault", body::make_fault),
    ("throwError", body::throw_error),
    ("class", class::class),
    ("script", script::script),
    ("opa", opa::opa),
    ("cache", cache::cache),
    ("latency", own::misplaced),
    ("fail", own::misplaced),
    ("dynamicEndpoint", own::misplaced),
];

/// What is known while one text is read.
pub(super) struct Reader<'a> {
    /// The text.
    pub(super) tree: &'a Tree,
    /// Where it comes from.
    pub(super) context: &'a Context<'a>,
    found: &'a mut Vec<Diagnostic>,
    has_errors: bool,
    /// Properties of the default scope that were set so far; `None` when only a message tells.
    /// The shipped classes take their limits from these.
    pub(super) constants: BTreeMap<String, Option<String>>,
    /// Where the destination is set.
    pub(super) to_places: Vec<Place>,
    /// Whether something sends to the destination that is set, whatever the endpoint of the API.
    pub(super) uses_to: bool,
}

impl<'a> Reader<'a> {
    pub(super) fn new(
        tree: &'a Tree,
        context: &'a Context<'a>,
        found: &'a mut Vec<Diagnostic>,
    ) -> Self {
        Self {
            tree,
            context,
            found,
            has_errors: false,
            constants: BTreeMap::new(),
            to_places: Vec::new(),
            uses_to: false,
        }
    }

    /// What was read, unless there was an error on the way.
    pub(super) fn finish(mut self, sequence: Option<Sequence>) -> Option<Sequence> {
        let is_fixed = self.context.flow == Flow::Request && !self.context.is_dynamic_endpoint;
        if is_fixed && !self.uses_to {
            for place in std::mem::take(&mut self.to_places) {
                self.warn(
                    codes::TO_WITHOUT_EFFECT,
                    place,
                    "`To` is set, and the endpoint of the API has an address of its own, which wins",
                    "Use an endpoint of type `default`, or the policy `dynamicEndpoint`.",
                );
            }
        }
        sequence.filter(|_| !self.has_errors)
    }

    /// Reports what forbids deployment.
    pub(super) fn error(
        &mut self,
        code: &'static str,
        place: Place,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.has_errors = true;
        self.report(Severity::Error, code, place, &message.into(), help.into());
    }

    /// Reports what is probably not meant.
    pub(super) fn warn(
        &mut self,
        code: &'static str,
        place: Place,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.report(Severity::Warning, code, place, &message.into(), help.into());
    }

    fn report(
        &mut self,
        severity: Severity,
        code: &'static str,
        place: Place,
        message: &str,
        help: String,
    ) {
        let message = format!("{message} ({}).", self.context.origin);
        let place = at(self.context, place);
        self.found.push(Diagnostic { severity, code, place, message, help });
    }

    /// Where a node is; a text without a place of its own is where its element is.
    pub(super) fn place(&self, id: NodeId) -> Place {
        let own = self.tree.place(id);
        match self.tree.parent(id) {
            Some(parent) if own.line == 0 => self.tree.place(parent),
            _ => own,
        }
    }

    /// The local name of an element.
    pub(super) fn local(&self, id: NodeId) -> &'a str {
        self.tree.name(id).map_or("", |name| name.local.as_ref())
    }

    /// Whether an element has this local name, and is in no namespace or in Synapse's.
    pub(super) fn is_mediator(&self, id: NodeId, local: &str) -> bool {
        self.tree.name(id).is_some_and(|name| {
            let is_synapse = name.namespace.is_empty() || name.namespace.as_ref() == SYNAPSE;
            is_synapse && name.local.eq_ignore_ascii_case(local)
        })
    }

    /// The elements in an element.
    pub(super) fn elements(&self, id: NodeId) -> Vec<NodeId> {
        self.tree.elements(id).collect()
    }

    /// The steps in an element.
    pub(super) fn steps(&mut self, parent: NodeId) -> Sequence {
        let nodes: Vec<NodeId> = self.tree.children(parent).collect();
        self.steps_of(&nodes)
    }

    /// The steps that these nodes are.
    pub(super) fn steps_of(&mut self, nodes: &[NodeId]) -> Sequence {
        let mut sequence = Sequence::default();
        let mut places = Vec::new();
        for id in nodes {
            match self.tree.kind(*id) {
                Kind::Element(_) => {
                    if let Some(mediator) = self.mediator(*id) {
                        sequence.steps.push(self.step(*id, mediator));
                        places.push(self.place(*id));
                    }
                }
                Kind::Text(text) if !text.trim().is_empty() => self.stray_text(*id, text),
                _ => {}
            }
        }
        lint::unreachable(self, &sequence, &places);
        sequence
    }

    /// A step at an element.
    pub(super) fn step(&self, id: NodeId, mediator: Mediator) -> Step {
        let line = self.place(id).line.saturating_add(self.context.line_offset);
        Step { place: Arc::from(format!("{}, line {line}", self.context.origin)), mediator }
    }

    fn stray_text(&mut self, id: NodeId, text: &str) {
        self.error(
            codes::MEDIATION_SHAPE,
            self.place(id),
            format!("The text `{}` stands where a mediator is expected", excerpt(text.trim())),
            "Remove it, or put it into the mediator it belongs to.",
        );
    }

    fn mediator(&mut self, id: NodeId) -> Option<Mediator> {
        let name = self.tree.name(id)?;
        let local = name.local.as_ref();
        if name.namespace.as_ref() == OWN {
            return own::read(self, id);
        }
        if !name.namespace.is_empty() && name.namespace.as_ref() != SYNAPSE {
            self.error(
                codes::MEDIATOR_UNKNOWN,
                self.place(id),
                format!("`{}` of the namespace `{}` is no mediator", local, name.namespace),
                format!("Mediators have no namespace, or `{SYNAPSE}`."),
            );
            return None;
        }
        let known = MEDIATORS.iter().find(|(known, _)| known.eq_ignore_ascii_case(local));
        match known {
            Some((_, read)) => read(self, id),
            None => {
                advice::refuse(self, id, local);
                None
            }
        }
    }

    /// Says of elements that they have no place in another.
    pub(super) fn unexpected(&mut self, id: NodeId, parent: &str, allowed: &str) {
        let local = self.local(id);
        self.error(
            codes::MEDIATOR_VALUE,
            self.place(id),
            format!("`{local}` is not allowed in `{parent}`"),
            format!("Write {allowed} there."),
        );
    }
}

/// The place in the file.
pub(super) fn at(context: &Context<'_>, place: Place) -> diagnostic::Place {
    diagnostic::Place::line(
        context.file,
        place.line.saturating_add(context.line_offset),
        place.column,
    )
}
