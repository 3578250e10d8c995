//! An expression as it is read.

/// Which letters count as the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fold {
    Exact,
    /// Small and capital letters of ASCII (`(?i)`).
    Ascii,
    /// Those of all scripts (`(?iu)`).
    Unicode,
}

#[derive(Debug, Clone)]
pub(super) enum Node {
    Character(char, Fold),
    /// A class in the syntax of the engines, made of ranges only.
    Class(String),
    Sequence(Vec<Self>),
    Choice(Vec<Self>),
    /// A group with its number, or without one.
    Group(Option<usize>, Box<Self>),
    Atomic(Box<Self>),
    Look {
        is_ahead: bool,
        is_negated: bool,
        node: Box<Self>,
    },
    Repeat {
        node: Box<Self>,
        least: u32,
        most: Option<u32>,
        greed: Greed,
    },
    /// What a group took before.
    Back(usize, Fold),
    At(Place),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Greed {
    Greedy,
    Lazy,
    Possessive,
}

/// What takes no characters; `is_unix` knows no other line end than `\n`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Start,
    LineStart {
        is_unix: bool,
    },
    /// The end, or before the line end at the end.
    LastLine {
        is_unix: bool,
    },
    LineEnd {
        is_unix: bool,
    },
    End,
    /// Where the match before ended.
    Continued,
    Word {
        is_negated: bool,
        is_unicode: bool,
    },
}

/// What a parser learns.
#[derive(Debug, Clone)]
pub(super) struct Parsed {
    pub(super) root: Node,
    /// Groups with a number.
    pub(super) groups: usize,
    pub(super) names: Vec<(String, usize)>,
}
