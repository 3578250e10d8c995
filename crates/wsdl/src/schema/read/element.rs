//! Elements.

use xml::name::Name;
use xml::tree::NodeId;

use super::Reader;
use crate::namespace::{XMIME, XMIME_DRAFT};
use crate::schema::{Element, Term, TypeId, any_type};

impl Reader<'_> {
    pub(super) fn global_element(&mut self, node: NodeId) {
        let Some(name) = self.name(node) else { return };
        self.owner = Some(name.clone());
        let (element, is_heir) = self.element(node, name.clone(), true);
        let defined = self.builder.define(&name, element, self.report);
        if let Some(id) = defined.filter(|_| is_heir) {
            self.builder.heirs.push(id);
        }
    }

    /// An element of a content: a declaration, or a reference to one.
    pub(super) fn local_element(&mut self, node: NodeId) -> Option<Term> {
        if self.markup.attribute(node, "ref").is_some() {
            return self.referred(node, "ref").map(Term::Element);
        }
        let local = self.name(node)?.local;
        let is_qualified = self.form(node, "form").unwrap_or(self.elements_qualified);
        let namespace = if is_qualified { self.target.clone() } else { "".into() };
        let name = self.name_in(namespace, &local);
        let (element, _) = self.element(node, name, false);
        Some(Term::Element(self.builder.schemas.elements.push(element)))
    }

    /// The declaration, and whether its type is that of what it substitutes.
    fn element(&mut self, node: NodeId, name: Name, is_global: bool) -> (Element, bool) {
        let written = self.element_type(node);
        let heads = self.heads(node);
        let element = Element {
            name,
            type_id: written.unwrap_or_else(any_type),
            is_global,
            is_nillable: self.flag(node, "nillable"),
            is_abstract: self.flag(node, "abstract"),
            value: self.value(node),
            documentation: self.markup.documentation(node),
            content_types: self.content_types(node),
            is_missing: false,
            source: self.markup.source(node),
            heads,
        };
        let is_heir = written.is_none() && !element.heads.is_empty();
        (element, is_heir)
    }

    /// The type that is named, or that is written inside.
    fn element_type(&mut self, node: NodeId) -> Option<TypeId> {
        let mut found = self.referred(node, "type");
        for child in self.children(node) {
            match self.markup.local(child) {
                "complexType" | "simpleType" if found.is_some() => {
                    self.shape(child, "stands beside another type", "Keep one of them.");
                }
                "complexType" | "simpleType" => found = Some(self.anonymous(child)),
                _ => self.other(child, &["complexType", "simpleType", "key", "unique", "keyref"]),
            }
        }
        found
    }

    /// What it may be used in the place of.
    fn heads(&mut self, node: NodeId) -> Vec<crate::schema::ElementId> {
        let Some(value) = self.markup.attribute(node, "substitutionGroup") else {
            return Vec::new();
        };
        let mut heads = Vec::new();
        for name in value.split_ascii_whitespace() {
            if let Some(reference) = self.markup.resolve(node, name, self.report) {
                heads.push(self.refer(node, reference));
            }
        }
        heads
    }

    pub(super) fn content_types(&self, node: NodeId) -> Option<std::sync::Arc<str>> {
        let tree = self.markup.tree;
        [XMIME, XMIME_DRAFT]
            .iter()
            .find_map(|namespace| tree.attribute(node, namespace, "expectedContentTypes"))
            .map(Into::into)
    }
}
