//! How the parts of a message lie in the body.
//!
//! The rule for the wrapped form is that of JAX-WS 2.3 (§2.3.1.2): one part each way that is an
//! element, the input's named as the operation, both of them sequences of elements and nothing
//! else. The name of the part does not count: some tools say `parameters`, others do not.

use super::{BindingMessage, Description, MessageId, Operation, Style};
use crate::schema::{Compositor, Content, Derivation, ElementId, Schemas, Term, any_type};

/// How the parts of an operation's messages lie in the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// The parts stand in the body as they are.
    Bare,
    /// One element holds the parameters as its children.
    Wrapped {
        /// The element around the parameters.
        input: ElementId,
        /// The element around the results; none for one-way operations.
        output: Option<ElementId>,
    },
    /// An element named after the operation holds the parts.
    Rpc,
}

impl Description {
    /// How the parts of an operation lie in the body.
    pub(crate) fn shape_of(
        &self,
        operation: &Operation,
        style: Style,
        input: Option<&BindingMessage>,
        output: Option<&BindingMessage>,
    ) -> Shape {
        if style == Style::Rpc {
            return Shape::Rpc;
        }
        self.wrapped(operation, input, output).unwrap_or(Shape::Bare)
    }

    fn wrapped(
        &self,
        operation: &Operation,
        input: Option<&BindingMessage>,
        output: Option<&BindingMessage>,
    ) -> Option<Shape> {
        let request = self.wrapper(operation.input.as_ref()?.message, input?)?;
        if *self.schemas.element(request).name.local != *operation.name {
            return None;
        }
        let answer = match &operation.output {
            Some(answer) => Some(self.wrapper(answer.message, output?)?),
            None => None,
        };
        Some(Shape::Wrapped { input: request, output: answer })
    }

    /// The one element of a body, where it is nothing but a sequence of elements.
    fn wrapper(&self, message: MessageId, bound: &BindingMessage) -> Option<ElementId> {
        let [part] = bound.body.as_ref()?.parts.as_slice() else { return None };
        let element = self.message(message).parts.get(*part)?.element()?;
        is_wrapper(&self.schemas, element).then_some(element)
    }
}

/// Whether an element is a sequence of elements without attributes.
fn is_wrapper(schemas: &Schemas, id: ElementId) -> bool {
    let element = schemas.element(id);
    let Some(complex) = schemas.type_of(element.type_id).complex() else { return false };
    let has_attributes = !complex.attributes.uses.is_empty()
        || !complex.attributes.groups.is_empty()
        || complex.attributes.any.is_some();
    let is_plain = complex.base == any_type() && complex.derivation == Derivation::Restriction;
    if element.is_missing || element.is_nillable || has_attributes || !is_plain || complex.is_mixed
    {
        return false;
    }
    match &complex.content {
        Content::Empty => true,
        Content::Simple { .. } => false,
        Content::Elements(particle) => match &particle.term {
            Term::Model(model) if model.compositor == Compositor::Sequence => {
                let is_element = |term: &Term| matches!(term, Term::Element(_));
                particle.max == Some(1) && model.particles.iter().all(|one| is_element(&one.term))
            }
            _ => false,
        },
    }
}
