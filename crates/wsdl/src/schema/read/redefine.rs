//! `redefine`: a document is included, and some of its definitions get another form.

use std::any::Any;

use xml::name::Name;
use xml::tree::NodeId;

use super::Reader;
use crate::arena::Id;
use crate::description::LinkKind;
use crate::schema::builder::{Kind, Redefinable};
use crate::schema::{AttributeGroup, Group, Type};

/// What is redefined while its new form is read: its name, and the id of its original.
#[derive(Debug)]
pub(super) struct Redefined {
    name: Name,
    original: Box<dyn Any>,
}

impl Reader<'_> {
    pub(super) fn redefine(&mut self, node: NodeId) {
        self.include(node, LinkKind::SchemaRedefine);
        for child in self.children(node) {
            self.owner = None;
            match self.markup.local(child) {
                "complexType" | "simpleType" => self.redefine_as::<Type>(child, |reader, name| {
                    reader.definition(child, Some(name))
                }),
                "group" => {
                    self.redefine_as::<Group>(child, |reader, name| reader.group(child, name));
                }
                "attributeGroup" => self.redefine_as::<AttributeGroup>(child, |reader, name| {
                    reader.attribute_group(child, name)
                }),
                _ => self.other(child, &["complexType", "simpleType", "group", "attributeGroup"]),
            }
        }
    }

    fn redefine_as<T: Redefinable + Clone + 'static>(
        &mut self,
        node: NodeId,
        read: impl FnOnce(&mut Self, Name) -> T,
    ) {
        let Some(name) = self.name(node) else { return };
        self.owner = Some(name.clone());
        let (original, own) = self.builder.begin_redefine::<T>(&name, self.markup.source(node));
        self.redefined = Some(Redefined { name: name.clone(), original: Box::new(original) });
        let defined = read(self, name.clone());
        self.redefined = None;
        self.builder.end_redefine(&name, own, defined, self.report);
    }

    /// The original, where a redefinition refers to itself.
    pub(super) fn original<T: Kind + 'static>(&self, name: &Name) -> Option<Id<T>> {
        let redefined = self.redefined.as_ref()?;
        let is_itself = redefined.name.local == name.local
            && (redefined.name.namespace == name.namespace
                || (self.is_chameleon && name.namespace.is_empty()));
        is_itself.then(|| redefined.original.downcast_ref::<Id<T>>().copied()).flatten()
    }
}
