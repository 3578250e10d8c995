//! Simple types and facets.

use std::sync::Arc;

use xml::tree::NodeId;

use super::Reader;
use crate::schema::builtin::Builtin;
use crate::schema::{Enumerated, Facets, SimpleType, TypeId, WhiteSpace, builtin};

/// The facets, and what else stands in a restriction.
const IN_RESTRICTION: [&str; 13] = [
    "enumeration",
    "pattern",
    "length",
    "minLength",
    "maxLength",
    "minInclusive",
    "maxInclusive",
    "minExclusive",
    "maxExclusive",
    "totalDigits",
    "fractionDigits",
    "whiteSpace",
    "simpleType",
];

impl Reader<'_> {
    pub(super) fn simple(&mut self, node: NodeId) -> SimpleType {
        let mut found = None;
        for child in self.children(node) {
            match self.markup.local(child) {
                "restriction" => found = Some(self.restriction(child)),
                "list" => found = Some(self.list(child)),
                "union" => found = Some(self.union(child)),
                _ => self.other(child, &["restriction", "list", "union"]),
            }
        }
        found.unwrap_or_else(|| {
            let help = "Write `restriction`, `list` or `union` into it.";
            self.shape(node, "says nothing of its values", help);
            SimpleType::Builtin(Builtin::AnySimpleType)
        })
    }

    fn restriction(&mut self, node: NodeId) -> SimpleType {
        let mut base = self.referred(node, "base");
        let mut facets = Facets::default();
        let mut patterns = Vec::new();
        for child in self.children(node) {
            match self.markup.local(child) {
                "simpleType" if base.is_none() => base = Some(self.anonymous(child)),
                _ if self.facet(child, &mut facets, &mut patterns) => {}
                _ => self.other(child, &IN_RESTRICTION),
            }
        }
        facets.patterns.extend((!patterns.is_empty()).then_some(patterns));
        let base = self.or_any_simple(node, base, "base");
        SimpleType::Restriction { base, facets: Box::new(facets) }
    }

    fn list(&mut self, node: NodeId) -> SimpleType {
        let mut item = self.referred(node, "itemType");
        for child in self.children(node) {
            match self.markup.local(child) {
                "simpleType" if item.is_none() => item = Some(self.anonymous(child)),
                _ => self.other(child, &["simpleType"]),
            }
        }
        SimpleType::List { item: self.or_any_simple(node, item, "itemType") }
    }

    fn union(&mut self, node: NodeId) -> SimpleType {
        let mut members = Vec::new();
        let named = self.markup.attribute(node, "memberTypes").unwrap_or_default();
        for name in named.split_ascii_whitespace() {
            if let Some(reference) = self.markup.resolve(node, name, self.report) {
                members.push(self.refer(node, reference));
            }
        }
        for child in self.children(node) {
            match self.markup.local(child) {
                "simpleType" => members.push(self.anonymous(child)),
                _ => self.other(child, &["simpleType"]),
            }
        }
        if members.is_empty() {
            self.shape(node, "has no member", "Name types in `memberTypes`, or write them inside.");
        }
        SimpleType::Union { members }
    }

    fn or_any_simple(&mut self, node: NodeId, found: Option<TypeId>, attribute: &str) -> TypeId {
        if found.is_none() && self.markup.attribute(node, attribute).is_none() {
            self.lacks(node, attribute);
        }
        found.unwrap_or_else(|| builtin(Builtin::AnySimpleType))
    }

    /// Takes a facet; `false` where it is none.
    pub(super) fn facet(
        &mut self,
        node: NodeId,
        facets: &mut Facets,
        patterns: &mut Vec<Arc<str>>,
    ) -> bool {
        let local = self.markup.local(node);
        if local == "simpleType" || !IN_RESTRICTION.contains(&local) {
            return false;
        }
        let Some(value) = self.markup.attribute(node, "value") else {
            self.lacks(node, "value");
            return true;
        };
        match local {
            "enumeration" => facets.enumeration.push(Enumerated {
                value: value.into(),
                documentation: self.markup.documentation(node),
            }),
            "pattern" => patterns.push(value.into()),
            "minInclusive" => facets.min_inclusive = Some(value.trim().into()),
            "maxInclusive" => facets.max_inclusive = Some(value.trim().into()),
            "minExclusive" => facets.min_exclusive = Some(value.trim().into()),
            "maxExclusive" => facets.max_exclusive = Some(value.trim().into()),
            "whiteSpace" => facets.white_space = self.white_space(node, value.trim()),
            _ => {
                let number = self.facet_number(node, value.trim());
                match local {
                    "length" => facets.length = number,
                    "minLength" => facets.min_length = number,
                    "maxLength" => facets.max_length = number,
                    "totalDigits" => facets.total_digits = number,
                    _ => facets.fraction_digits = number,
                }
            }
        }
        true
    }

    fn facet_number(&mut self, node: NodeId, text: &str) -> Option<u64> {
        let number = text.strip_prefix('+').unwrap_or(text).parse().ok();
        if number.is_none() {
            self.wrong(node, "value", text, "Write a number that is not negative.");
        }
        number
    }

    fn white_space(&mut self, node: NodeId, text: &str) -> Option<WhiteSpace> {
        match text {
            "preserve" => Some(WhiteSpace::Preserve),
            "replace" => Some(WhiteSpace::Replace),
            "collapse" => Some(WhiteSpace::Collapse),
            _ => {
                self.wrong(node, "value", text, "Write preserve, replace or collapse.");
                None
            }
        }
    }
}
