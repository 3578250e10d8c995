//! An expression as data.

use std::sync::Arc;

use super::library::Core;

/// A part of an expression.
#[derive(Debug, Clone)]
pub(super) enum Expression {
    Literal(Box<str>),
    Number(f64),
    /// An index into the variables of the expression.
    Variable(usize),
    Call(Core, Vec<Self>),
    /// An index into the functions of the expression, and the arguments.
    Extension(usize, Vec<Self>),
    /// The sign changes an odd number of times, or an even one.
    Negative {
        odd: bool,
        operand: Box<Self>,
    },
    /// Operators of one precedence, from left to right.
    Chain(Box<Self>, Vec<(Operator, Self)>),
    Union(Vec<Self>),
    Path(Path),
}

/// Nodes to start from, and the way from there.
#[derive(Debug, Clone)]
pub(super) struct Path {
    pub(super) start: Start,
    pub(super) steps: Vec<Step>,
}

#[derive(Debug, Clone)]
pub(super) enum Start {
    /// The context node.
    Context,
    /// The top of the tree that holds the context node.
    Top,
    /// The nodes of an expression, filtered.
    Filter(Box<Expression>, Vec<Expression>),
}

#[derive(Debug, Clone)]
pub(super) struct Step {
    pub(super) axis: Axis,
    pub(super) test: Test,
    pub(super) predicates: Vec<Expression>,
    /// A predicate may ask for the position.
    pub(super) positional: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Axis {
    Ancestor,
    AncestorOrSelf,
    Attribute,
    Child,
    Descendant,
    DescendantOrSelf,
    Following,
    FollowingSibling,
    Parent,
    Preceding,
    PrecedingSibling,
    Self_,
}

/// What nodes of an axis a step takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Test {
    /// `node()`.
    Node,
    Text,
    Comment,
    Instruction(Option<Box<str>>),
    /// `*`.
    AnyName,
    /// `prefix:*`.
    Namespace(Arc<str>),
    Name {
        namespace: Arc<str>,
        local: Box<str>,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Or,
    And,
    Equal,
    Differs,
    Less,
    AtMost,
    Greater,
    AtLeast,
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
}

/// What kind of value an expression has, as far as its text tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    Nodes,
    Text,
    Number,
    Boolean,
    Unknown,
}

/// The name of a variable or of a function of the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reference {
    pub(super) prefix: Option<Box<str>>,
    pub(super) local: Box<str>,
}

impl Expression {
    pub(super) fn kind(&self) -> Type {
        match self {
            Self::Literal(_) => Type::Text,
            Self::Number(_) | Self::Negative { .. } => Type::Number,
            Self::Variable(_) | Self::Extension(..) => Type::Unknown,
            Self::Call(function, _) => function.kind(),
            Self::Chain(_, rest) => {
                rest.first().map_or(Type::Unknown, |(operator, _)| operator.kind())
            }
            Self::Union(_) | Self::Path(_) => Type::Nodes,
        }
    }
}

impl Axis {
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "ancestor" => Self::Ancestor,
            "ancestor-or-self" => Self::AncestorOrSelf,
            "attribute" => Self::Attribute,
            "child" => Self::Child,
            "descendant" => Self::Descendant,
            "descendant-or-self" => Self::DescendantOrSelf,
            "following" => Self::Following,
            "following-sibling" => Self::FollowingSibling,
            "parent" => Self::Parent,
            "preceding" => Self::Preceding,
            "preceding-sibling" => Self::PrecedingSibling,
            "self" => Self::Self_,
            _ => return None,
        })
    }

    /// Whether positions count against document order.
    pub(super) fn is_reverse(self) -> bool {
        matches!(
            self,
            Self::Ancestor | Self::AncestorOrSelf | Self::Preceding | Self::PrecedingSibling
        )
    }
}

impl Operator {
    /// How strongly it binds: 0 for `or`, 5 for `*`.
    pub(super) fn level(self) -> u8 {
        match self {
            Self::Or => 0,
            Self::And => 1,
            Self::Equal | Self::Differs => 2,
            Self::Less | Self::AtMost | Self::Greater | Self::AtLeast => 3,
            Self::Add | Self::Subtract => 4,
            Self::Multiply | Self::Divide | Self::Modulo => 5,
        }
    }

    fn kind(self) -> Type {
        if self.level() >= 4 { Type::Number } else { Type::Boolean }
    }
}

impl Reference {
    pub(super) fn parts(&self) -> (Option<&str>, &str) {
        (self.prefix.as_deref(), &self.local)
    }
}
