//! A tree with what its readers ask of it: places, attributes, and names with their namespaces.

use std::sync::Arc;

use model::codes;
use xml::name::Name;
use xml::tree::{NodeId, Tree};

use crate::namespace::{WSDL, XSD};
use crate::report::Report;
use crate::source::{DocumentId, Source};

/// One document while it is read.
#[derive(Clone, Copy)]
pub(crate) struct Markup<'a> {
    pub(crate) tree: &'a Tree,
    pub(crate) document: Option<DocumentId>,
    /// How many lines were cut off in front.
    pub(crate) lines_before: u32,
}

/// A name out of a value, such as `tns:Order`.
#[derive(Clone, Debug)]
pub(crate) struct Reference {
    pub(crate) name: Name,
    /// Whether it was written without a prefix.
    pub(crate) is_bare: bool,
}

impl<'a> Markup<'a> {
    pub(crate) fn source(&self, node: NodeId) -> Source {
        let place = self.tree.place(node);
        let Some(document) = self.document else { return Source::BUILT_IN };
        let line = place.line.saturating_add(self.lines_before);
        Source { document: Some(document), line, column: place.column }
    }

    pub(crate) fn local(&self, node: NodeId) -> &'a str {
        self.tree.name(node).map_or("", |name| &name.local)
    }

    pub(crate) fn namespace(&self, node: NodeId) -> &'a str {
        self.tree.name(node).map_or("", |name| &name.namespace)
    }

    /// As a message shows it: `<wsdl:port>`.
    pub(crate) fn tag(&self, node: NodeId) -> String {
        format!("<{}>", self.tree.name(node).map(Name::qualified).unwrap_or_default())
    }

    pub(crate) fn is(&self, node: NodeId, namespace: &str, local: &str) -> bool {
        self.tree.name(node).is_some_and(|name| name.is(namespace, local))
    }

    /// An attribute without a namespace.
    pub(crate) fn attribute(&self, node: NodeId, local: &str) -> Option<&'a str> {
        self.tree.attribute(node, "", local)
    }

    /// An attribute without the blanks around its value.
    pub(crate) fn trimmed(&self, node: NodeId, local: &str) -> Option<&'a str> {
        self.attribute(node, local).map(str::trim)
    }

    pub(crate) fn elements(&self, node: NodeId) -> impl Iterator<Item = NodeId> + use<'a> {
        self.tree.elements(node)
    }

    /// The children with this name.
    pub(crate) fn named<'n>(
        &self,
        node: NodeId,
        namespace: &'n str,
        local: &'n str,
    ) -> impl Iterator<Item = NodeId> + use<'a, 'n> {
        let tree = self.tree;
        tree.elements(node)
            .filter(move |child| tree.name(*child).is_some_and(|name| name.is(namespace, local)))
    }

    /// What `documentation` says, directly below for WSDL and in `annotation` for schemas.
    pub(crate) fn documentation(&self, node: NodeId) -> Option<Arc<str>> {
        let direct = self
            .elements(node)
            .filter(|child| self.local(*child) == "documentation" && self.namespace(*child) != XSD);
        let annotated = self.named(node, XSD, "annotation");
        let annotated = annotated.flat_map(|child| self.named(child, XSD, "documentation"));
        let texts: Vec<String> = direct
            .chain(annotated)
            .map(|child| self.tree.text(child).trim().to_owned())
            .filter(|text| !text.is_empty())
            .collect();
        (!texts.is_empty()).then(|| texts.join("\n").into())
    }

    /// The name that an attribute refers to.
    pub(crate) fn reference(
        &self,
        node: NodeId,
        attribute: &str,
        report: &mut Report,
    ) -> Option<Reference> {
        let value = self.attribute(node, attribute)?;
        self.resolve(node, value, report)
    }

    /// A name with what its prefix means here; an error is reported where that is nothing.
    pub(crate) fn resolve(
        &self,
        node: NodeId,
        value: &str,
        report: &mut Report,
    ) -> Option<Reference> {
        if !report.has_steps() {
            return None;
        }
        let value = value.trim();
        let (prefix, local) = value.split_once(':').unwrap_or(("", value));
        let at = self.source(node);
        if !xml::name::is_ncname(local) {
            let message = format!("{value:?} is not a name");
            report.error(codes::WSDL_VALUE, at, message, "Write a name such as `tns:Order`.");
            return None;
        }
        let namespace = match self.lookup(node, prefix, report) {
            Some(namespace) => namespace,
            None if prefix.is_empty() => "",
            None => {
                report_prefix(prefix, value, at, report);
                return None;
            }
        };
        Some(Reference { name: Name::new(namespace, local), is_bare: prefix.is_empty() })
    }

    /// The namespace of a prefix at a node.
    fn lookup(&self, node: NodeId, prefix: &str, report: &mut Report) -> Option<&'a str> {
        if prefix == "xml" {
            return Some(xml::name::XML);
        }
        let mut at = Some(node);
        let mut steps = 0;
        let mut found = None;
        while let Some(element) = at {
            steps += 1;
            for (known, namespace) in self.tree.declarations(element) {
                steps += 1;
                if known == prefix {
                    found = Some(namespace);
                }
            }
            if found.is_some() {
                break;
            }
            at = self.tree.parent(element);
        }
        report.spend(steps, self.source(node));
        found.filter(|namespace| !namespace.is_empty())
    }

    /// A boolean of XML Schema; anything else is reported, and `false`.
    pub(crate) fn flag(&self, node: NodeId, attribute: &str, report: &mut Report) -> Option<bool> {
        let value = self.trimmed(node, attribute)?;
        match value {
            "true" | "1" => Some(true),
            "false" | "0" => Some(false),
            _ => {
                let message = format!("`{attribute}` of {} is {value:?}", self.tag(node));
                let code = self.value_code(node);
                report.error(code, self.source(node), message, "Write true or false.");
                None
            }
        }
    }

    /// The code for values that are not allowed, which differs between WSDL and schemas.
    fn value_code(&self, node: NodeId) -> &'static str {
        if self.namespace(node) == XSD { codes::SCHEMA_VALUE } else { codes::WSDL_VALUE }
    }

    /// Whether an extension says that it must be understood.
    pub(crate) fn is_required(&self, node: NodeId, report: &mut Report) -> bool {
        let Some(value) = self.tree.attribute(node, WSDL, "required") else { return false };
        match value.trim() {
            "true" | "1" => true,
            "false" | "0" => false,
            value => {
                let message = format!("`wsdl:required` of {} is {value:?}", self.tag(node));
                let at = self.source(node);
                report.error(codes::WSDL_VALUE, at, message, "Write true or false.");
                false
            }
        }
    }
}

fn report_prefix(prefix: &str, value: &str, at: Source, report: &mut Report) {
    report.error(
        codes::WSDL_PREFIX,
        at,
        format!("The prefix of `{value}` is not declared"),
        format!("Declare it with `xmlns:{prefix}=\"…\"` on this element or above."),
    );
}
