//! What restricts the values of a simple type.

use std::sync::Arc;

/// Restrictions as they are written; values stay texts, as which type they are of depends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facets {
    /// How long a value is: characters, bytes of binary data, items of a list.
    pub length: Option<u64>,
    /// How long at least.
    pub min_length: Option<u64>,
    /// How long at most.
    pub max_length: Option<u64>,
    /// Regular expressions of XML Schema: of each inner list one has to match the whole value.
    pub patterns: Vec<Vec<Arc<str>>>,
    /// The values that there are; empty for no such restriction.
    pub enumeration: Vec<Enumerated>,
    /// Not less than this.
    pub min_inclusive: Option<Arc<str>>,
    /// Not more than this.
    pub max_inclusive: Option<Arc<str>>,
    /// More than this.
    pub min_exclusive: Option<Arc<str>>,
    /// Less than this.
    pub max_exclusive: Option<Arc<str>>,
    /// How many digits at most.
    pub total_digits: Option<u64>,
    /// How many of them behind the point at most.
    pub fraction_digits: Option<u64>,
    /// What becomes of blanks.
    pub white_space: Option<WhiteSpace>,
}

/// One of the values that there are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enumerated {
    /// The value.
    pub value: Arc<str>,
    /// What is written about it.
    pub documentation: Option<Arc<str>>,
}

/// What becomes of the blanks of a value before it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhiteSpace {
    /// They stay.
    Preserve,
    /// Each becomes a space.
    Replace,
    /// Several become one space, and none stay at the ends.
    Collapse,
}

impl Facets {
    /// Whether nothing is restricted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// These, with what they leave open taken from the facets of the base.
    #[must_use]
    pub(crate) fn over(mut self, base: &Self) -> Self {
        self.length = self.length.or(base.length);
        self.min_length = self.min_length.or(base.min_length);
        self.max_length = self.max_length.or(base.max_length);
        self.patterns.extend(base.patterns.iter().cloned());
        if self.enumeration.is_empty() {
            self.enumeration.clone_from(&base.enumeration);
        }
        // A bound replaces one of either kind on the same side.
        if self.min_inclusive.is_none() && self.min_exclusive.is_none() {
            self.min_inclusive.clone_from(&base.min_inclusive);
            self.min_exclusive.clone_from(&base.min_exclusive);
        }
        if self.max_inclusive.is_none() && self.max_exclusive.is_none() {
            self.max_inclusive.clone_from(&base.max_inclusive);
            self.max_exclusive.clone_from(&base.max_exclusive);
        }
        self.total_digits = self.total_digits.or(base.total_digits);
        self.fraction_digits = self.fraction_digits.or(base.fraction_digits);
        self.white_space = self.white_space.or(base.white_space);
        self
    }
}
