//! Attributes that hold a text or an expression: `name="x"`, `name="{$ctx:x}"`, `name="a-${vars.x}"`.

use std::sync::Arc;

use ::expression::synapse::Template;
use xml::tree::Namespaces;

use super::{CompileError, Expression, Need};

/// The value of such an attribute.
#[derive(Debug)]
pub enum Held {
    /// A text.
    Literal(Arc<str>),
    /// A whole `{…}`.
    Expression(Box<Expression>),
    /// A text with `${…}` in it.
    Template(Box<Template>),
}

impl Held {
    /// A text as it is.
    pub fn literal(text: &str) -> Self {
        Self::Literal(Arc::from(text))
    }

    /// Reads an attribute; a text without braces is a literal.
    ///
    /// # Errors
    ///
    /// What is wrong with the expression in it.
    pub fn compile(text: &str, namespaces: &Namespaces) -> Result<Self, CompileError> {
        let trimmed = text.trim();
        let inner = trimmed.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
        if let Some(inner) = inner {
            return Ok(Self::Expression(Box::new(Expression::compile(inner, namespaces)?)));
        }
        Self::template(text)
    }

    /// Reads a text in which only `${…}` is an expression.
    ///
    /// # Errors
    ///
    /// What is wrong with an expression in it.
    pub fn template(text: &str) -> Result<Self, CompileError> {
        if !text.contains("${") {
            return Ok(Self::literal(text));
        }
        let template = Template::compile(text).map_err(CompileError::from)?;
        Ok(if template.is_constant() {
            Self::literal(text)
        } else {
            Self::Template(Box::new(template))
        })
    }

    /// The text, where it is known before any message.
    pub fn as_literal(&self) -> Option<&str> {
        match self {
            Self::Literal(text) => Some(text),
            _ => None,
        }
    }

    /// What of the body it needs.
    pub fn need(&self) -> Need {
        match self {
            Self::Literal(_) => Need::Nothing,
            Self::Expression(expression) => expression.need(),
            Self::Template(template) if template.reads_payload() => Need::Json,
            Self::Template(_) => Need::Nothing,
        }
    }
}
