//! The tree of an expression.

use serde_json::Value;

use super::function::Function;
use crate::json_path::JsonPath;

/// A part of an expression that has a value.
#[derive(Debug, Clone)]
pub(super) enum Node {
    Constant(Value),
    Array(Vec<Self>),
    Read(Box<Read>),
    Call(Call),
    /// `exists(…)`: whether there is a value, and no error on the way to it.
    Exists(Box<Self>),
    Negate(Box<Self>),
    Not(Box<Self>),
    Chain(Box<Chain>),
    Choice(Box<[Self; 3]>),
}

/// Operands with operators of one level between them, taken from left to right.
///
/// Kept flat so that a long sum is no deep tree.
#[derive(Debug, Clone)]
pub(super) struct Chain {
    pub(super) first: Node,
    pub(super) rest: Vec<(Operator, Node)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
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

#[derive(Debug, Clone)]
pub(super) struct Call {
    pub(super) function: &'static Function,
    pub(super) arguments: Vec<Node>,
}

/// A value of the message or of the gateway, and the way into it.
#[derive(Debug, Clone)]
pub(super) struct Read {
    pub(super) root: Root,
    pub(super) tail: Tail,
}

#[derive(Debug, Clone)]
pub(super) enum Root {
    Payload,
    Variable(String),
    Header(String),
    Property { scope: &'static str, name: String },
    Query(String),
    Path(String),
    Parameter(String),
    Configuration(String),
    Call(Call),
}

/// The JSONPath after a root.
#[derive(Debug, Clone)]
pub(super) enum Tail {
    None,
    Fixed(JsonPath),
    /// With values put in when it is evaluated: `[vars.index]`, `[?(@.age > vars.least)]`.
    Made(Vec<Piece>),
}

#[derive(Debug, Clone)]
pub(super) enum Piece {
    Literal(String),
    Value(Node),
}

/// What a whole expression needs.
#[derive(Debug, Clone, Default)]
pub(super) struct Uses {
    pub(super) payload: bool,
    pub(super) xpaths: Vec<String>,
}

impl Operator {
    /// How it is written.
    pub(super) fn symbol(self) -> &'static str {
        match self {
            Self::Or => "||",
            Self::And => "&&",
            Self::Equal => "==",
            Self::Unequal => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Remainder => "%",
        }
    }
}
