//! URI templates of endpoint addresses (RFC 6570, simple and reserved expansion; spec/01 §3.3).

/// An endpoint address with variables, ready to be expanded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UrlTemplate {
    /// The text as it was written.
    pub text: String,
}
