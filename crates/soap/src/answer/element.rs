//! Elements of an answer as values.

use std::collections::HashMap;

use serde_json::{Map, Value};
use wsdl::namespace::{ENCODING, ENCODING_12, XSI};
use xml::json::Options;
use xml::tree::{Kind as Node, NodeId, Tree};

use super::insert;
use crate::mapping::{Builtin, Complex, Content, Field, Mapping, Resource, TypeRef};
use crate::request::{TEXT, TYPE};
use crate::value;

/// How deep references of SOAP's encoding are followed, so that circles end.
const DEPTH: usize = 100;

/// What elements are read with.
pub(super) struct Reader<'a> {
    pub(super) mapping: &'a Mapping,
    pub(super) tree: &'a Tree,
    types: HashMap<(&'a str, &'a str), TypeRef>,
    /// Elements that others refer to (`href`), by their ids.
    ids: HashMap<&'a str, NodeId>,
    options: Options,
}

impl<'a> Reader<'a> {
    pub(super) fn new(
        mapping: &'a Mapping,
        resource: &Resource,
        tree: &'a Tree,
        body: NodeId,
    ) -> Self {
        let is_encoded = resource.answer.as_ref().is_some_and(|one| one.is_encoded);
        let own = |id: NodeId| Some((tree.attribute(id, "", "id")?, id));
        let ids = match is_encoded {
            true => {
                tree.descendants(body).filter(|id| tree.is_element(*id)).filter_map(own).collect()
            }
            false => HashMap::new(),
        };
        // What says no type in the whole answer needs no types by name.
        let types = mapping.by_name();
        let options = Options { auto_primitive: true, ..Options::default() };
        Self { mapping, tree, types, ids, options }
    }

    /// The children of an element as members. What is alone where one element is expected is that
    /// element, whatever it is called: services disagree on what they call their answers.
    pub(super) fn children(
        &self,
        parent: NodeId,
        content: &Content,
        is_lenient: bool,
    ) -> Map<String, Value> {
        let mut members = Map::new();
        let all: Vec<_> =
            self.tree.elements(parent).filter(|id| !self.is_referred_to(*id)).collect();
        let alone = match (all.as_slice(), content.sole()) {
            ([only], Some(element)) if is_lenient => Some((*only, element)),
            _ => None,
        };
        if let Some((only, element)) = alone
            && self.field(content, only).is_none()
        {
            let value = self.value(only, element.type_ref, 0);
            insert(&mut members, &element.key, value, false);
            return members;
        }
        for child in all {
            self.member(child, content, &mut members, 0);
        }
        members
    }

    /// The members that the content names, and no others.
    pub(super) fn named(&self, parent: NodeId, content: &Content) -> Map<String, Value> {
        let mut members = Map::new();
        for child in self.tree.elements(parent) {
            if self.field(content, child).is_some() {
                self.member(child, content, &mut members, 0);
            }
        }
        members
    }

    /// The children of an element by the general rules.
    pub(super) fn general(&self, parent: NodeId) -> Map<String, Value> {
        let mut members = Map::new();
        for child in self.tree.elements(parent) {
            self.other(child, &mut members);
        }
        members
    }

    fn is_referred_to(&self, id: NodeId) -> bool {
        let own = self.tree.attribute(id, "", "id");
        let root = self.tree.attribute(id, ENCODING, "root");
        !self.ids.is_empty()
            && own.is_some()
            && root != Some("1")
            && self.tree.parent(id).is_some()
            && self.tree.name(id).is_some_and(|name| &*name.local == "multiRef")
    }

    fn member(
        &self,
        child: NodeId,
        content: &Content,
        members: &mut Map<String, Value>,
        depth: usize,
    ) {
        let Some(field) = self.field(content, child) else { return self.other(child, members) };
        let value = self.value(child, field.element.type_ref, depth);
        insert(members, &field.element.key, value, field.repeats);
    }

    /// The field of an element; one of another namespace where only one has its name.
    fn field<'c>(&self, content: &'c Content, id: NodeId) -> Option<&'c Field> {
        let name = self.tree.name(id)?;
        let mut alike = content.fields().by_local(&name.local);
        let exact = content
            .fields()
            .by_local(&name.local)
            .find(|field| self.mapping.namespace(&field.element.name) == &*name.namespace);
        exact.or_else(|| {
            let first = alike.next()?;
            let is_free = content.fields().has_any;
            (alike.next().is_none() && !is_free).then_some(first)
        })
    }

    fn other(&self, child: NodeId, members: &mut Map<String, Value>) {
        let Some(name) = self.tree.name(child) else { return };
        let value = self.free(child);
        insert(members, &name.local, value, false);
    }

    fn free(&self, id: NodeId) -> Value {
        let target = self.target(id);
        match xml::json::to_json(self.tree, target, &self.options) {
            Value::Object(mut members) if members.len() == 1 => {
                members.iter_mut().next().map(|(_, value)| value.take()).unwrap_or_default()
            }
            other => other,
        }
    }

    /// The element that holds the value: another one, where this refers to it.
    fn target(&self, id: NodeId) -> NodeId {
        let href = self
            .tree
            .attribute(id, "", "href")
            .or_else(|| self.tree.attribute(id, ENCODING_12, "ref"));
        let target = href.and_then(|href| self.ids.get(href.trim_start_matches('#')));
        target.copied().unwrap_or(id)
    }

    /// The value of an element. It goes as deep as the document is, whose depth is limited; what
    /// refers to others is limited here.
    fn value(&self, id: NodeId, declared: TypeRef, depth: usize) -> Value {
        let id = self.target(id);
        if depth > DEPTH {
            return Value::from(self.tree.text(id));
        }
        if matches!(self.tree.attribute(id, XSI, "nil"), Some("true" | "1")) {
            return Value::Null;
        }
        let actual = self.actual(id, declared);
        let is_said = actual != declared;
        match actual {
            TypeRef::Builtin(Builtin::AnyType) => self.free(id),
            _ => match self.mapping.complex(actual) {
                Some(complex) if complex.array.is_some() => self.array(id, complex, depth),
                Some(complex) => {
                    let said = self.mapping.own(actual).filter(|_| is_said);
                    self.complex(id, complex, said.map(|one| one.key.as_str()), depth)
                }
                None => self.simple(id, actual),
            },
        }
    }

    /// A text; an element where a text was expected is kept by the general rules.
    fn simple(&self, id: NodeId, type_ref: TypeRef) -> Value {
        if self.tree.elements(id).next().is_some() {
            return self.free(id);
        }
        value::to_json(self.mapping, type_ref, &self.tree.text(id))
    }

    /// The type that an element says that it is of, where that may stand there.
    fn actual(&self, id: NodeId, declared: TypeRef) -> TypeRef {
        let Some(said) = self.tree.attribute(id, XSI, "type") else { return declared };
        let (prefix, local) = said.trim().split_once(':').unwrap_or(("", said.trim()));
        let scope = self.tree.namespaces(id);
        let namespace = scope.get(prefix).unwrap_or_default();
        if namespace == wsdl::namespace::XSD {
            let builtin = Builtin::ALL.iter().find(|one| one.name() == local);
            let is_free = declared == TypeRef::Builtin(Builtin::AnyType);
            return builtin.filter(|_| is_free).map_or(declared, |one| TypeRef::Builtin(*one));
        }
        let named = self.types.get(&(namespace, local)).copied();
        named.filter(|one| self.mapping.is_derived(*one, declared)).unwrap_or(declared)
    }

    fn complex(&self, id: NodeId, complex: &Complex, said: Option<&str>, depth: usize) -> Value {
        let mut members = Map::new();
        if let Some(said) = said {
            members.insert(TYPE.to_owned(), Value::from(said));
        }
        self.attributes(id, complex, &mut members);
        if let Some(text) = complex.text {
            let value = value::to_json(self.mapping, text, &self.tree.text(id));
            if complex.attributes.is_empty() && members.is_empty() {
                return value;
            }
            members.insert(TEXT.to_owned(), value);
        } else if complex.is_mixed {
            let text = self.own_text(id);
            if !text.trim().is_empty() {
                members.insert(TEXT.to_owned(), Value::from(text));
            }
        }
        for child in self.tree.elements(id) {
            self.member(child, &complex.content, &mut members, depth + 1);
        }
        Value::Object(members)
    }

    /// The texts between the elements, one behind the other.
    fn own_text(&self, id: NodeId) -> String {
        let texts = self.tree.children(id).filter_map(|child| match self.tree.kind(child) {
            Node::Text(text) => Some(text.as_str()),
            _ => None,
        });
        texts.collect()
    }

    fn attributes(&self, id: NodeId, complex: &Complex, members: &mut Map<String, Value>) {
        for attribute in self.tree.attributes(id) {
            let Some(name) = self.tree.name(attribute) else { continue };
            if [XSI, ENCODING, ENCODING_12].contains(&&*name.namespace) {
                continue;
            }
            let text = self.tree.text(attribute);
            let declared = complex.attributes.iter().find(|one| {
                *one.name.local == *name.local
                    && self.mapping.namespace(&one.name) == &*name.namespace
            });
            match declared {
                Some(one) => {
                    let value = value::to_json(self.mapping, one.type_ref, &text);
                    members.insert(one.key.to_string(), value);
                }
                None if complex.has_any_attribute => {
                    members.insert(format!("@{}", name.local), Value::from(text));
                }
                // Ids and the like of SOAP's encoding, or nothing that the schema has.
                None if matches!(&*name.local, "id" | "href") => {}
                None => {
                    members.insert(format!("@{}", name.local), Value::from(text));
                }
            }
        }
    }

    fn array(&self, id: NodeId, complex: &Complex, depth: usize) -> Value {
        let item = complex.array.unwrap_or(TypeRef::Builtin(Builtin::AnyType));
        self.tree.elements(id).map(|child| self.value(child, item, depth + 1)).collect()
    }
}
