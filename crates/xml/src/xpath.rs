//! XPath 1.0 over [`Tree`]: an expression is read once, and evaluated as often as need be.
//!
//! All of the core library is here, and every axis but `namespace`.
//! What a host adds, variables and functions, it names by [`Knows`] when an expression is read and
//! gives by [`Environment`] when it is evaluated.
//! Both are bounded: nesting by a fixed depth, evaluation by a [`Budget`].
//!
//! Deliberately absent: nodes for namespaces, and everything of XPath 2.0 but the prefix `fn:`.

mod axis;
mod compare;
mod evaluate;
mod function;
mod library;
mod number;
mod parse;
mod path;
mod syntax;
mod token;
mod value;

use crate::tree::{Namespaces, NodeId, Tree};

pub use value::Value;

use evaluate::{Context, Evaluator};
use syntax::{Expression, Reference};

/// An expression, ready to be evaluated.
#[derive(Debug, Clone)]
pub struct XPath {
    source: Box<str>,
    root: Expression,
    variables: Vec<Reference>,
    functions: Vec<Reference>,
    reads_tree: bool,
}

/// Why a text is no expression.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message} (at byte {offset} of the expression)")]
pub struct SyntaxError {
    /// Where, in bytes from the start of the text.
    pub offset: usize,
    /// What is wrong, and how to mend it.
    pub message: String,
}

/// Why an evaluation came to no value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EvaluateError {
    /// The [`Budget`] is gone.
    #[error("evaluating takes too many steps; ask for less, or send a smaller message")]
    Exhausted,
    /// A variable or a function of the host gave text, a number or a boolean where only nodes will do.
    #[error("{place} needs nodes, but is given {kind}")]
    NotNodes {
        /// What needs nodes.
        place: &'static str,
        /// What it was given.
        kind: &'static str,
    },
    /// A function of the host failed; the text says which and why.
    #[error("{0}")]
    Failed(String),
}

/// What evaluations may still cost.
///
/// A step is a node visited, a part of an expression evaluated, or 64 bytes of text made.
#[derive(Debug, Clone)]
pub struct Budget {
    left: u64,
}

/// What an expression may refer to beyond the core library.
pub trait Knows {
    /// Whether there is such a variable.
    fn variable(&self, prefix: Option<&str>, local: &str) -> bool;
    /// Whether there is such a function that takes so many arguments.
    fn function(&self, prefix: Option<&str>, local: &str, arguments: usize) -> bool;
}

/// The values of what an expression refers to.
pub trait Environment {
    /// A variable's value; without one it is an empty node-set.
    ///
    /// Nodes must be of the tree that the expression is evaluated over.
    fn variable(&self, prefix: Option<&str>, local: &str) -> Option<Value>;

    /// Calls a function.
    ///
    /// Nodes, both ways, are of `tree`.
    ///
    /// # Errors
    ///
    /// The function cannot answer.
    fn function(
        &self,
        prefix: Option<&str>,
        local: &str,
        arguments: &[Value],
        tree: &Tree,
    ) -> Result<Value, EvaluateError>;
}

impl Budget {
    /// So many steps.
    #[must_use]
    pub fn new(steps: u64) -> Self {
        Self { left: steps }
    }

    /// Takes steps off; once there were too few, nothing is left.
    ///
    /// # Errors
    ///
    /// Fewer are left.
    pub fn spend(&mut self, steps: u64) -> Result<(), EvaluateError> {
        let left = self.left.checked_sub(steps);
        self.left = left.unwrap_or_default();
        left.map(|_| ()).ok_or(EvaluateError::Exhausted)
    }

    /// The steps that are left.
    #[must_use]
    pub fn left(&self) -> u64 {
        self.left
    }

    /// Pays for text of a length in bytes.
    fn spend_text(&mut self, length: usize) -> Result<(), EvaluateError> {
        self.spend(u64::try_from(length / 64).unwrap_or(u64::MAX))
    }
}

impl XPath {
    /// Reads an expression.
    ///
    /// Prefixes of name tests are looked up in `namespaces`; a name without prefix is in no namespace.
    /// Prefixes of variables and functions are the host's, and need no declaration.
    ///
    /// # Errors
    ///
    /// What is wrong with it, and where.
    pub fn compile(
        text: &str,
        namespaces: &Namespaces,
        knows: &dyn Knows,
    ) -> Result<Self, SyntaxError> {
        let parsed = parse::parse(text, namespaces, knows)?;
        Ok(Self {
            source: text.into(),
            root: parsed.root,
            variables: parsed.variables,
            functions: parsed.functions,
            reads_tree: parsed.reads_tree,
        })
    }

    /// The value of the expression at a node of a tree.
    ///
    /// Nodes are in document order, each but once.
    ///
    /// # Errors
    ///
    /// The budget is gone, a function of the host failed, or something is no node-set where one is
    /// needed.
    pub fn evaluate(
        &self,
        tree: &Tree,
        context: NodeId,
        environment: &dyn Environment,
        budget: &mut Budget,
    ) -> Result<Value, EvaluateError> {
        let mut evaluator = Evaluator {
            tree,
            environment,
            budget,
            variables: &self.variables,
            functions: &self.functions,
            ranks: None,
        };
        evaluator.evaluate(&self.root, Context { node: context, position: 1, size: 1 })
    }

    /// Whether it looks at the tree by itself: by a path, or by a function that reads the context
    /// node.
    ///
    /// Without it, all that is read are variables, functions and literals.
    #[must_use]
    pub fn reads_tree(&self) -> bool {
        self.reads_tree
    }

    /// The variables it refers to, prefix and local name, each but once.
    pub fn variables(&self) -> impl Iterator<Item = (Option<&str>, &str)> {
        self.variables.iter().map(Reference::parts)
    }

    /// The functions it calls beyond the core library, prefix and local name, each but once.
    pub fn functions(&self) -> impl Iterator<Item = (Option<&str>, &str)> {
        self.functions.iter().map(Reference::parts)
    }

    /// The expression as it was written.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }
}

#[cfg(test)]
mod tests;
