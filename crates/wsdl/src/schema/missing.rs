//! What stands in the place of components that nobody has defined.

use xml::name::Name;

use super::{
    Attribute, AttributeGroup, Attributes, Builtin, ComplexType, Compositor, Element, Group, Model,
    Type, TypeKind, any_type, builtin,
};
use crate::arena::Component;
use crate::source::Source;

impl Component for Element {
    fn missing(name: &Name, source: Source) -> Self {
        Self {
            name: name.clone(),
            type_id: any_type(),
            is_global: true,
            is_nillable: false,
            is_abstract: false,
            value: None,
            heads: Vec::new(),
            documentation: None,
            content_types: None,
            is_missing: true,
            source,
        }
    }

    fn is_missing(&self) -> bool {
        self.is_missing
    }
}

impl Component for Attribute {
    fn missing(name: &Name, source: Source) -> Self {
        Self {
            name: name.clone(),
            type_id: builtin(Builtin::AnySimpleType),
            is_global: true,
            value: None,
            documentation: None,
            is_missing: true,
            source,
        }
    }

    fn is_missing(&self) -> bool {
        self.is_missing
    }
}

impl Component for Type {
    fn missing(name: &Name, source: Source) -> Self {
        Self {
            name: Some(name.clone()),
            kind: TypeKind::Complex(Box::new(ComplexType::any(any_type(), source))),
            documentation: None,
            content_types: None,
            is_missing: true,
            source,
        }
    }

    fn is_missing(&self) -> bool {
        self.is_missing
    }
}

impl Component for Group {
    fn missing(name: &Name, source: Source) -> Self {
        let model = Model { compositor: Compositor::Sequence, particles: Vec::new() };
        Self { name: name.clone(), model, is_missing: true, source }
    }

    fn is_missing(&self) -> bool {
        self.is_missing
    }
}

impl Component for AttributeGroup {
    fn missing(name: &Name, source: Source) -> Self {
        Self { name: name.clone(), attributes: Attributes::default(), is_missing: true, source }
    }

    fn is_missing(&self) -> bool {
        self.is_missing
    }
}
