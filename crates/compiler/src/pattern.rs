//! URI templates of operations, as patterns to match request paths (spec/01 §3.2).

/// The template of an operation, ready to match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    /// The text as it was written.
    pub text: String,
}

/// Why a text was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("placeholder")]
pub struct PatternError;

impl Pattern {
    /// Placeholder.
    ///
    /// # Errors
    ///
    /// Where a brace is not closed.
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        let balanced = text.matches('{').count() == text.matches('}').count();
        balanced.then(|| Self { text: text.to_owned() }).ok_or(PatternError)
    }
}
