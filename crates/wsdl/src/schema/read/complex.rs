//! Types, and what complex ones hold.

use xml::name::Name;
use xml::tree::NodeId;

use super::Reader;
use super::particle::is_particle;
use crate::schema::{ComplexType, Content, Derivation, Facets, Type, TypeId, TypeKind, any_type};

/// What stands in a complex type or a derivation.
const IN_TYPE: [&str; 10] = [
    "sequence",
    "choice",
    "all",
    "group",
    "attribute",
    "attributeGroup",
    "anyAttribute",
    "simpleContent",
    "complexContent",
    "annotation",
];

impl Reader<'_> {
    pub(super) fn global_type(&mut self, node: NodeId) {
        let Some(name) = self.name(node) else { return };
        self.owner = Some(name.clone());
        let defined = self.definition(node, Some(name.clone()));
        self.builder.define_original(&name, defined, self.report);
    }

    /// A type that stands inside of something.
    pub(super) fn anonymous(&mut self, node: NodeId) -> TypeId {
        let defined = self.definition(node, None);
        self.builder.schemas.types.push(defined)
    }

    pub(super) fn definition(&mut self, node: NodeId, name: Option<Name>) -> Type {
        let kind = if self.markup.local(node) == "simpleType" {
            TypeKind::Simple(self.simple(node))
        } else {
            TypeKind::Complex(Box::new(self.complex(node)))
        };
        Type {
            name,
            kind,
            documentation: self.markup.documentation(node),
            content_types: self.content_types(node),
            is_missing: false,
            source: self.markup.source(node),
        }
    }

    fn complex(&mut self, node: NodeId) -> ComplexType {
        let mut complex = ComplexType {
            base: any_type(),
            derivation: Derivation::Restriction,
            is_abstract: self.flag(node, "abstract"),
            is_mixed: self.flag(node, "mixed"),
            content: Content::Empty,
            attributes: crate::schema::Attributes::default(),
            array: None,
        };
        for child in self.children(node) {
            match self.markup.local(child) {
                "simpleContent" => self.simple_content(child, &mut complex),
                "complexContent" => {
                    if self.markup.attribute(child, "mixed").is_some() {
                        complex.is_mixed = self.flag(child, "mixed");
                    }
                    self.complex_content(child, &mut complex);
                }
                _ => self.member(child, &mut complex),
            }
        }
        complex
    }

    /// A particle or an attribute of a type.
    fn member(&mut self, node: NodeId, complex: &mut ComplexType) {
        if is_particle(self.markup.local(node)) {
            if matches!(complex.content, Content::Elements(_)) {
                self.shape(node, "stands beside another content", "Put both into one sequence.");
            } else if let Some(particle) = self.particle(node) {
                complex.content = Content::Elements(particle);
            }
        } else if self.markup.local(node) == "attribute" {
            let array = self.array(node);
            complex.array = array.or_else(|| complex.array.take());
            self.add_attribute(node, &mut complex.attributes);
        } else if !self.add_attribute(node, &mut complex.attributes) {
            self.other(node, &IN_TYPE);
        }
    }

    /// The extension or restriction in a content, with its base.
    fn derivation(&mut self, node: NodeId, complex: &mut ComplexType) -> Option<NodeId> {
        let mut found = None;
        for child in self.children(node) {
            match self.markup.local(child) {
                "extension" => complex.derivation = Derivation::Extension,
                "restriction" => complex.derivation = Derivation::Restriction,
                _ => {
                    self.other(child, &["extension", "restriction"]);
                    continue;
                }
            }
            found = Some(child);
        }
        let Some(derivation) = found else {
            self.shape(node, "is empty", "Write `extension` or `restriction` into it.");
            return None;
        };
        match self.referred(derivation, "base") {
            Some(base) => complex.base = base,
            None if self.markup.attribute(derivation, "base").is_none() => {
                self.lacks(derivation, "base");
            }
            None => {}
        }
        Some(derivation)
    }

    fn complex_content(&mut self, node: NodeId, complex: &mut ComplexType) {
        let Some(derivation) = self.derivation(node, complex) else { return };
        for child in self.children(derivation) {
            self.member(child, complex);
        }
    }

    fn simple_content(&mut self, node: NodeId, complex: &mut ComplexType) {
        let Some(derivation) = self.derivation(node, complex) else {
            complex.content = Content::Simple { inner: None, facets: Box::default() };
            return;
        };
        let (mut facets, mut patterns, mut inner) = (Facets::default(), Vec::new(), None);
        for child in self.children(derivation) {
            if self.markup.local(child) == "simpleType" {
                inner = Some(self.anonymous(child));
            } else if !self.facet(child, &mut facets, &mut patterns)
                && !self.add_attribute(child, &mut complex.attributes)
            {
                self.other(child, &["attribute", "attributeGroup", "anyAttribute"]);
            }
        }
        facets.patterns.extend((!patterns.is_empty()).then_some(patterns));
        complex.content = Content::Simple { inner, facets: Box::new(facets) };
    }
}
