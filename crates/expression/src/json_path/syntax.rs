//! A path as it is kept.

use serde_json::Value;

use crate::JavaRegex;

/// Steps from the root, or from what a filter looks at, and what becomes of the values there.
#[derive(Debug, Clone)]
pub(super) struct Path {
    /// Whether it begins at `@`.
    pub(super) is_relative: bool,
    pub(super) steps: Vec<Step>,
    pub(super) tail: Option<Tail>,
}

/// One step, and whether it is taken from every value below as well (`..`).
#[derive(Debug, Clone)]
pub(super) struct Step {
    pub(super) is_deep: bool,
    pub(super) select: Select,
}

#[derive(Debug, Clone)]
pub(super) enum Select {
    /// Children of an object; more than one are a union.
    Names(Vec<Box<str>>),
    /// Places in an array, from the end when negative; more than one are a union.
    Indexes(Vec<i64>),
    Slice(Slice),
    Every,
    Filter(Test),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Slice {
    pub(super) from: Option<i64>,
    pub(super) to: Option<i64>,
    /// Never 0.
    pub(super) step: i64,
}

/// What makes new values of those that were found.
#[derive(Debug, Clone)]
pub(super) enum Tail {
    /// A union of names at the end: one object with these keys.
    Merge { is_deep: bool, names: Vec<Box<str>> },
    /// A function, and the path that goes on from its result.
    Call { function: Function, arguments: Vec<Operand>, then: Option<Box<Path>> },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Function {
    Length,
    Min,
    Max,
    Average,
    Deviation,
    Sum,
    Keys,
    Concat,
    Append,
    First,
    Last,
    Index,
}

/// What a filter asks.
#[derive(Debug, Clone)]
pub(super) enum Test {
    Any(Vec<Self>),
    All(Vec<Self>),
    Not(Box<Self>),
    Exists(Path),
    Constant(bool),
    Compare(Operand, Comparison, Operand),
}

#[derive(Debug, Clone)]
pub(super) enum Operand {
    Literal(Value),
    Pattern(JavaRegex),
    Path(Path),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    Differs,
    /// Equal, and of the same type.
    Same,
    NotSame,
    Less,
    AtMost,
    Greater,
    AtLeast,
    Matches,
    In,
    NotIn,
    Contains,
    All,
    SubsetOf,
    AnyOf,
    NoneOf,
    Size,
    Empty,
}

impl Path {
    pub(super) fn is_definite(&self) -> bool {
        let steps = self.steps.iter().all(Step::is_definite);
        match &self.tail {
            None => steps,
            Some(Tail::Merge { is_deep, .. }) => steps && !is_deep,
            Some(Tail::Call { then, .. }) => {
                (steps || self.gathers()) && then.as_ref().is_none_or(|then| then.is_definite())
            }
        }
    }

    /// Whether its function is asked about all values together: those of a path that begins with `..`.
    pub(super) fn gathers(&self) -> bool {
        self.steps.first().is_some_and(|step| step.is_deep)
    }
}

impl Step {
    pub(super) fn is_definite(&self) -> bool {
        !self.is_deep
            && match &self.select {
                Select::Names(names) => names.len() == 1,
                Select::Indexes(indexes) => indexes.len() == 1,
                Select::Slice(_) | Select::Every | Select::Filter(_) => false,
            }
    }
}

impl Function {
    /// Its name in a path; `size` is another one of `length`.
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "length" | "size" => Self::Length,
            "min" => Self::Min,
            "max" => Self::Max,
            "avg" => Self::Average,
            "stddev" => Self::Deviation,
            "sum" => Self::Sum,
            "keys" => Self::Keys,
            "concat" => Self::Concat,
            "append" => Self::Append,
            "first" => Self::First,
            "last" => Self::Last,
            "index" => Self::Index,
            _ => return None,
        })
    }
}
