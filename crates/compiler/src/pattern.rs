//! URI templates of operations, as patterns to match request paths (spec/01 §3.2).

/// The template of an operation, ready to match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    /// The text as it was written.
    pub text: String,
}
