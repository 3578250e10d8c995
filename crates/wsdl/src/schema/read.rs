//! One `schema` element to components.
//!
//! Names are followed as they are met: what is not defined yet gets a place that its definition
//! fills later. So one pass is enough, whatever the order of schemas.

mod attribute;
mod complex;
mod element;
mod particle;
mod redefine;
mod simple;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use model::{Severity, codes};
use xml::name::Name;
use xml::tree::NodeId;

use super::builder::{Builder, Kind};
use super::{Unmapped, known};
use crate::arena::{Awaited, Id};
use crate::description::{Link, LinkKind};
use crate::markup::{Markup, Reference};
use crate::namespace::XSD;
use crate::report::{Report, nearest};
use crate::source::Source;

/// Children that say something for readers of another kind, wherever they stand.
const UNMAPPED: [&str; 9] = [
    "key",
    "unique",
    "keyref",
    "notation",
    "assert",
    "assertion",
    "alternative",
    "openContent",
    "defaultOpenContent",
];

/// The elements that stand directly below `schema`.
const TOP: [&str; 10] = [
    "include",
    "import",
    "redefine",
    "element",
    "attribute",
    "complexType",
    "simpleType",
    "group",
    "attributeGroup",
    "annotation",
];

/// Reads one schema.
pub(crate) struct Reader<'a> {
    markup: Markup<'a>,
    /// The namespace of what is defined; empty for none.
    target: Arc<str>,
    /// Whether names without a namespace are in that of whoever includes this.
    is_chameleon: bool,
    elements_qualified: bool,
    attributes_qualified: bool,
    builder: &'a mut Builder,
    report: &'a mut Report,
    /// The definition that is read.
    owner: Option<Name>,
    links: Vec<Link>,
    imported: HashSet<Arc<str>>,
    used: HashMap<Arc<str>, Source>,
    redefined: Option<redefine::Redefined>,
}

/// Reads a schema and gives what it imports and includes.
///
/// `target` is the namespace that it is read for: its own, or that of whoever includes it.
pub(crate) fn read(
    markup: Markup<'_>,
    schema: NodeId,
    target: &Arc<str>,
    builder: &mut Builder,
    report: &mut Report,
) -> Vec<Link> {
    let own = target_namespace(markup, schema);
    let mut reader = Reader {
        markup,
        target: target.clone(),
        is_chameleon: own.is_none() && !target.is_empty(),
        elements_qualified: false,
        attributes_qualified: false,
        builder,
        report,
        owner: None,
        links: Vec::new(),
        imported: HashSet::new(),
        used: HashMap::new(),
        redefined: None,
    };
    reader.schema(schema);
    reader.links
}

/// The namespace that a schema says it defines.
pub(crate) fn target_namespace(markup: Markup<'_>, schema: NodeId) -> Option<Arc<str>> {
    markup.trimmed(schema, "targetNamespace").filter(|name| !name.is_empty()).map(Into::into)
}

impl<'a> Reader<'a> {
    fn schema(&mut self, schema: NodeId) {
        self.builder.add_namespace(&self.target.clone());
        self.elements_qualified = self.form(schema, "elementFormDefault").unwrap_or_default();
        self.attributes_qualified = self.form(schema, "attributeFormDefault").unwrap_or_default();
        for child in self.markup.elements(schema) {
            if self.markup.namespace(child) == XSD {
                self.owner = None;
                self.top(child);
            }
        }
        self.note_unimported();
    }

    fn top(&mut self, node: NodeId) {
        match self.markup.local(node) {
            "element" => self.global_element(node),
            "attribute" => self.global_attribute(node),
            "complexType" | "simpleType" => self.global_type(node),
            "group" => self.global_group(node),
            "attributeGroup" => self.global_attribute_group(node),
            "import" => self.import(node),
            "include" => self.include(node, LinkKind::SchemaInclude),
            "redefine" => self.redefine(node),
            "override" => {
                let help = "Use `redefine`, or put the definitions in the place of the others.";
                self.unsupported(node, "`override`", help);
            }
            "annotation" => {}
            other if UNMAPPED.contains(&other) => self.unmapped(node),
            _ => self.misplaced(node, &TOP),
        }
    }

    fn import(&mut self, node: NodeId) {
        let namespace = self.markup.trimmed(node, "namespace").unwrap_or_default();
        let namespace: Arc<str> = namespace.into();
        self.imported.insert(namespace.clone());
        let location = self.markup.trimmed(node, "schemaLocation").filter(|text| !text.is_empty());
        let source = self.markup.source(node);
        if location.is_none() {
            self.builder.unlocated.entry(namespace.clone()).or_insert(source);
        }
        self.link(LinkKind::SchemaImport, namespace, location, source);
    }

    /// Whether there is a document to include.
    fn include(&mut self, node: NodeId, kind: LinkKind) {
        let Some(location) = self.markup.trimmed(node, "schemaLocation") else {
            return self.lacks(node, "schemaLocation");
        };
        let source = self.markup.source(node);
        self.link(kind, self.target.clone(), Some(location), source);
    }

    fn link(
        &mut self,
        kind: LinkKind,
        namespace: Arc<str>,
        location: Option<&str>,
        source: Source,
    ) {
        let location = location.map(Into::into);
        self.links.push(Link { kind, namespace, location, target: None, source });
    }

    /// Remembers references into namespaces that are not imported.
    fn note_unimported(&mut self) {
        let is_open = |namespace: &str| {
            namespace != XSD && namespace != &*self.target && !self.imported.contains(namespace)
        };
        let mut open: Vec<_> =
            self.used.drain().filter(|(namespace, _)| is_open(namespace)).collect();
        open.sort_by_key(|(_, source)| *source);
        open.retain(|(namespace, _)| !known::is_known(namespace));
        self.builder.unimported.extend(open);
    }

    /// What a name refers to, defined or not.
    fn refer<T: Kind>(&mut self, node: NodeId, reference: Reference) -> Id<T> {
        let Reference { mut name, is_bare } = reference;
        let at = self.markup.source(node);
        if self.is_chameleon && name.namespace.is_empty() {
            name = Name { namespace: self.target.clone(), ..name };
        }
        if !name.namespace.is_empty() && !self.used.contains_key(&name.namespace) {
            self.used.insert(name.namespace.clone(), at);
        }
        let fallback = is_bare && name.namespace != self.target;
        let fallback = fallback.then(|| self.target.clone());
        T::arena_mut(&mut self.builder.schemas).refer(&name, Awaited { at, fallback })
    }

    /// What an attribute refers to.
    fn referred<T: Kind + 'static>(&mut self, node: NodeId, attribute: &str) -> Option<Id<T>> {
        let reference = self.markup.reference(node, attribute, self.report)?;
        if matches!(attribute, "base" | "ref")
            && let Some(original) = self.original::<T>(&reference.name)
        {
            return Some(original);
        }
        Some(self.refer(node, reference))
    }

    /// A name in the target namespace, out of the attribute `name`.
    fn name(&mut self, node: NodeId) -> Option<Name> {
        let Some(local) = self.markup.trimmed(node, "name") else {
            self.lacks(node, "name");
            return None;
        };
        if !xml::name::is_ncname(local) {
            self.wrong(node, "name", local, "Write a name without a colon.");
            return None;
        }
        Some(self.name_in(self.target.clone(), local))
    }

    fn name_in(&self, namespace: Arc<str>, local: &str) -> Name {
        Name { namespace, local: local.into(), prefix: "".into() }
    }

    /// `qualified` or `unqualified`.
    fn form(&mut self, node: NodeId, attribute: &str) -> Option<bool> {
        match self.markup.trimmed(node, attribute)? {
            "qualified" => Some(true),
            "unqualified" => Some(false),
            other => {
                self.wrong(node, attribute, other, "Write qualified or unqualified.");
                None
            }
        }
    }

    fn flag(&mut self, node: NodeId, attribute: &str) -> bool {
        self.markup.flag(node, attribute, self.report).unwrap_or_default()
    }

    /// A value out of `default` or `fixed`.
    fn value(&mut self, node: NodeId) -> Option<super::Value> {
        let default = self.markup.attribute(node, "default");
        match (default, self.markup.attribute(node, "fixed")) {
            (Some(default), None) => Some(super::Value::Default(default.into())),
            (None, Some(fixed)) => Some(super::Value::Fixed(fixed.into())),
            (Some(_), Some(fixed)) => {
                let help = "Keep one of them.";
                self.shape(node, "has both `default` and `fixed`", help);
                Some(super::Value::Fixed(fixed.into()))
            }
            (None, None) => None,
        }
    }

    /// Whether it is a child that means something, and is one of XML Schema.
    fn children(&self, node: NodeId) -> impl Iterator<Item = NodeId> + use<'a> {
        let tree = self.markup.tree;
        self.markup.elements(node).filter(move |child| {
            tree.name(*child)
                .is_some_and(|name| *name.namespace == *XSD && &*name.local != "annotation")
        })
    }

    /// Lists what has no effect here.
    fn unmapped(&mut self, node: NodeId) {
        let kind = self.markup.local(node).into();
        let source = self.markup.source(node);
        let owner = self.owner.clone();
        self.builder.schemas.unmapped.push(Unmapped { kind, owner, source });
    }

    /// Lists a child that has no effect, or reports one that must not be there.
    fn other(&mut self, node: NodeId, expected: &[&'static str]) {
        if UNMAPPED.contains(&self.markup.local(node)) {
            self.unmapped(node);
        } else {
            self.misplaced(node, expected);
        }
    }

    fn misplaced(&mut self, node: NodeId, expected: &[&'static str]) {
        let local = self.markup.local(node);
        let help = match nearest(local, expected.iter().copied()) {
            Some(near) if near != local => format!("Did you mean `{near}`?"),
            _ => "Remove it, or put it where XML Schema has it.".to_owned(),
        };
        let message = format!("{} has no place here; it has no effect", self.markup.tag(node));
        let at = self.markup.source(node);
        self.report.add(Severity::Warning, codes::SCHEMA_SHAPE, at, message, help);
    }

    fn lacks(&mut self, node: NodeId, attribute: &str) {
        let help = format!("Add `{attribute}`.");
        self.shape(node, &format!("has no `{attribute}`"), &help);
    }

    fn shape(&mut self, node: NodeId, what: &str, help: &str) {
        let message = format!("{} {what}", self.markup.tag(node));
        self.report.error(codes::SCHEMA_SHAPE, self.markup.source(node), message, help);
    }

    fn wrong(&mut self, node: NodeId, attribute: &str, value: &str, help: &str) {
        let value: String = value.chars().take(80).collect();
        let message = format!("`{attribute}` of {} is {value:?}", self.markup.tag(node));
        self.report.error(codes::SCHEMA_VALUE, self.markup.source(node), message, help);
    }

    fn unsupported(&mut self, node: NodeId, what: &str, help: &str) {
        let message = format!("{what} is not supported");
        self.report.error(codes::SCHEMA_UNSUPPORTED, self.markup.source(node), message, help);
    }
}
