//! URI templates of endpoint addresses (RFC 6570, simple and reserved expansion; spec/01 §3.3).

/// An endpoint address with variables, ready to be expanded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UrlTemplate {
    /// The text as it was written.
    pub text: String,
}

/// Why a text was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("placeholder")]
pub struct TemplateError;

impl UrlTemplate {
    /// Placeholder.
    ///
    /// # Errors
    ///
    /// Where a brace is not closed.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let balanced = text.matches('{').count() == text.matches('}').count();
        balanced.then(|| Self { text: text.to_owned() }).ok_or(TemplateError)
    }
}
