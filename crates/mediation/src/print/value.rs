//! Expressions as they could have been written.

use std::fmt::{self, Display, Formatter};

use crate::expression::Held;

impl Display for Held {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Literal(text) => out.write_str(text),
            Self::Expression(expression) => write!(out, "{{{expression}}}"),
            Self::Template(template) => write!(out, "template {:?}", template.source()),
        }
    }
}

/// `${…}`.
pub(super) fn synapse(expression: &::expression::synapse::Expression) -> String {
    format!("${{{}}}", expression.source())
}
