//! Templates in FreeMarker's language (`template-type="freemarker"`, spec/02 §3.7).
//!
//! A subset: interpolations, `if`, `list`, `sep`, `assign`, comments, and the built-ins that bodies
//! are made with. What is not among them is refused where a policy is read, so that nothing is left
//! to fail at the first request. Numbers are written without grouping, as `?c` does, and objects and
//! arrays as JSON: what FreeMarker does with them is no use in a body.
//!
//! Deliberately absent: macros, includes, and everything that reaches beyond the message.

mod builtin;
mod evaluate;
mod expression;
mod read;
mod token;
mod value;

#[cfg(test)]
mod tests;

pub(crate) use builtin::Builtin;
pub(crate) use evaluate::{Data, run};

/// Expressions, brackets and directives that may be nested.
const MAXIMUM_DEPTH: usize = 32;
/// The parts of one expression; what runs over them is nested no deeper than that.
const MAXIMUM_PARTS: usize = 400;

/// A template, ready to run.
#[derive(Debug)]
pub struct Template {
    source: String,
    nodes: Vec<Node>,
    reads_payload: bool,
}

/// Why a text is no template that can be run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateError {
    /// The line of the text, from 1.
    pub line: u32,
    /// What is wrong.
    pub message: String,
}

/// A piece of a template.
#[derive(Debug)]
enum Node {
    /// Text as it is.
    Text(String),
    /// `${…}`, and its line.
    Show(Expression, u32),
    /// `if`, `elseif` and `else`: the first that holds.
    If(Vec<Branch>, Vec<Self>),
    /// `list`.
    List(Box<List>),
    /// `sep`: between the turns of the loop around it.
    Between(Vec<Self>),
    /// `assign` of a value.
    Assign(String, Expression, u32),
    /// `assign` of what is written in it.
    Capture(String, Vec<Self>),
}

/// A condition, and what it is for.
#[derive(Debug)]
struct Branch {
    condition: Expression,
    line: u32,
    nodes: Vec<Node>,
}

/// A loop.
#[derive(Debug)]
struct List {
    items: Expression,
    /// The name of an item; of a key, where an object is listed with two names.
    name: String,
    /// The name of the value of a key.
    value: Option<String>,
    line: u32,
    nodes: Vec<Node>,
    /// Where there is no item.
    otherwise: Vec<Node>,
}

/// An expression.
#[derive(Debug)]
enum Expression {
    Text(std::sync::Arc<str>),
    /// A text with `${…}` in it.
    Joined(Vec<Self>),
    Number(serde_json::Number),
    Boolean(bool),
    List(Vec<Self>),
    /// A name at the start of an expression.
    Name(String),
    /// `.name`.
    Member(Box<Self>, String),
    /// `[…]`.
    Index(Box<Self>, Box<Self>),
    /// `(…)`, which says how far `!` and `??` look.
    Group(Box<Self>),
    Not(Box<Self>),
    Negative(Box<Self>),
    Binary(Operator, Box<Self>, Box<Self>),
    /// `a!b`, `a!`.
    Default(Box<Self>, Option<Box<Self>>),
    /// `a??`.
    Exists(Box<Self>),
    Builtin(Box<Self>, Builtin, Vec<Self>),
}

/// Operators between two values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Or,
    And,
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    ///
    /// The first thing in it that is wrong, or that is not supported.
    pub fn compile(source: &str) -> Result<Self, TemplateError> {
        let read = read::template(source)?;
        Ok(Self { source: source.to_owned(), nodes: read.nodes, reads_payload: read.reads_payload })
    }

    /// The text that it was read from.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Whether it asks for the body.
    #[must_use]
    pub fn reads_payload(&self) -> bool {
        self.reads_payload
    }
}
