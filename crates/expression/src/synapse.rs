//! `${…}` expressions (WSO2's "Synapse expressions"; spec/02 §3.5).
//!
//! An expression is read once, into a tree of bounded depth, and evaluated under a budget.
//! What it asks about the message comes through [`Scope`], so that this module knows no gateway.
//!
//! A value that is missing is `null`, and an empty text where a text is wanted.
//! Operators and functions refuse `null` and values of the wrong kind; only `==`, `!=`, `exists` and the `is…` functions take anything.
//!
//! More lenient than WSO2: `&&` and `||` leave the right side alone when the left one decides, and bind weaker than comparisons;
//! `+` joins a text with a number or a boolean; two numbers are equal when their values are (`1 == 1.0`);
//! whole numbers have 64 bits; dividing decimals does not round to the digits of the dividend.
//!
//! Deliberately absent: `hashicorp-vault`, and `xpath` on a variable.

mod arithmetic;
mod cursor;
mod date;
mod evaluate;
mod function;
mod node;
mod parse;
mod tail;
mod template;

use std::borrow::Cow;

use serde_json::Value;
use thiserror::Error;

use crate::budget::{Budget, Exhausted, SyntaxError};

pub use date::date_text;
pub use template::{Part, Template};

/// The longest text that an operator or a function makes, in bytes.
pub const MAX_TEXT: usize = 1 << 20;

/// Why an expression has no value.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum EvaluationError {
    /// A value is of the wrong kind, or out of range.
    #[error("{message}")]
    Failed {
        /// What is wrong; names the function or operator.
        message: String,
    },
    /// The budget is used up.
    #[error(transparent)]
    Exhausted(#[from] Exhausted),
}

/// What an expression can ask about the message, and about the gateway.
pub trait Scope {
    /// The body as JSON; nothing when there is none, or none that can be read.
    fn payload(&self) -> Option<Cow<'_, Value>>;
    /// A variable of the mediation flow.
    fn variable(&self, name: &str) -> Option<Cow<'_, Value>>;
    /// A header; its name in any case.
    fn header(&self, name: &str) -> Option<Cow<'_, str>>;
    /// A property of the scope `synapse` or `axis2`.
    fn property(&self, scope: &str, name: &str) -> Option<Cow<'_, Value>>;
    /// A query parameter, decoded.
    fn query_parameter(&self, name: &str) -> Option<String>;
    /// A variable of the path's template, decoded.
    fn path_parameter(&self, name: &str) -> Option<String>;
    /// A parameter of the sequence template that runs.
    fn function_parameter(&self, name: &str) -> Option<Cow<'_, Value>>;
    /// A value that the operator configured.
    fn configuration(&self, name: &str) -> Option<String>;
    /// The text of a resource of the registry.
    fn registry(&self, path: &str) -> Option<String>;
    /// A property of a resource of the registry.
    fn registry_property(&self, _path: &str, _name: &str) -> Option<String> {
        None
    }
    /// A secret, by its alias.
    fn secret(&self, alias: &str) -> Option<String>;
    /// The text that an XPath expression finds in the body.
    ///
    /// # Errors
    /// What is wrong with the expression or with the body.
    fn xpath(&self, path: &str) -> Result<String, String>;
    /// The time, in milliseconds since 1970 in UTC.
    fn now_ms(&self) -> i64;
}

/// An expression, ready to be evaluated.
#[derive(Debug, Clone)]
pub struct Expression {
    source: String,
    root: node::Node,
    uses: node::Uses,
}

impl EvaluationError {
    fn failed(message: impl Into<String>) -> Self {
        Self::Failed { message: message.into() }
    }
}

impl Expression {
    /// Reads what stands between `${` and `}`.
    ///
    /// # Errors
    /// What is no expression, nests too deep, or names a value or function that does not exist.
    pub fn compile(text: &str) -> Result<Self, SyntaxError> {
        let (root, uses) = parse::parse(text)?;
        Ok(Self { source: text.to_owned(), root, uses })
    }

    /// The value; `null` when what is asked for is missing.
    ///
    /// # Errors
    /// A value of the wrong kind, or a budget that is used up.
    pub fn evaluate(
        &self,
        scope: &dyn Scope,
        budget: &mut Budget,
    ) -> Result<Value, EvaluationError> {
        let value = self.root.evaluate(scope, budget)?;
        evaluate::own(value, budget)
    }

    /// The value as text: a text as it is, nothing for `null`, and compact JSON for arrays and objects.
    ///
    /// # Errors
    /// As [`Self::evaluate`].
    pub fn text(&self, scope: &dyn Scope, budget: &mut Budget) -> Result<String, EvaluationError> {
        let value = self.root.evaluate(scope, budget)?;
        evaluate::charge(&value, budget)?;
        Ok(match value {
            Cow::Owned(Value::String(text)) => text,
            other => evaluate::text_of(&other).into_owned(),
        })
    }

    /// Its text.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Whether the body must have been read, as JSON or as XML.
    #[must_use]
    pub fn reads_payload(&self) -> bool {
        self.uses.payload
    }

    /// The XPath expressions that are written in it, for a scope that prepares them.
    pub fn xpaths(&self) -> impl Iterator<Item = &str> {
        self.uses.xpaths.iter().map(String::as_str)
    }
}

#[cfg(test)]
mod tests;
