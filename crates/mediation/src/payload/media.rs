//! Content types, as far as they say how a body is read and written.

use super::SoapVersion;

/// How a body is written, with its content type as it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Media {
    /// `application/json` and whatever ends in `+json`.
    Json(String),
    /// `application/xml`, `text/xml` and whatever ends in `+xml`.
    Xml(String),
    /// SOAP: `application/soap+xml`, and `text/xml` where an envelope is written.
    Soap(String, SoapVersion),
    /// `application/x-www-form-urlencoded`.
    Form(String),
    /// `text/plain` and other text.
    Text(String),
    /// Anything else.
    Binary(String),
}

impl Default for Media {
    fn default() -> Self {
        Self::Binary(String::new())
    }
}

impl Media {
    /// What a `Content-Type` says; empty where there is none.
    pub fn of(content_type: &str) -> Self {
        let essence = content_type.split(';').next().unwrap_or_default().trim();
        let own = content_type.to_owned();
        let is = |name: &str| essence.eq_ignore_ascii_case(name);
        let bytes = essence.as_bytes();
        let ends = |end: &str| {
            let tail = bytes.len().checked_sub(end.len()).and_then(|at| bytes.get(at..));
            tail.is_some_and(|tail| tail.eq_ignore_ascii_case(end.as_bytes()))
        };
        let is_text = || bytes.get(..5).is_some_and(|head| head.eq_ignore_ascii_case(b"text/"));
        if is("application/json") || is("text/json") || ends("+json") {
            Self::Json(own)
        } else if is("application/soap+xml") {
            Self::Soap(own, SoapVersion::Soap12)
        } else if is("application/xml") || is("text/xml") || ends("+xml") {
            Self::Xml(own)
        } else if is("application/x-www-form-urlencoded") {
            Self::Form(own)
        } else if is_text() {
            Self::Text(own)
        } else {
            Self::Binary(own)
        }
    }

    /// The content type, as it was given.
    pub fn content_type(&self) -> &str {
        match self {
            Self::Json(own)
            | Self::Xml(own)
            | Self::Soap(own, _)
            | Self::Form(own)
            | Self::Text(own)
            | Self::Binary(own) => own,
        }
    }

    /// The version of SOAP that it is written in.
    pub fn soap(&self) -> Option<SoapVersion> {
        match self {
            Self::Soap(_, version) => Some(*version),
            _ => None,
        }
    }

    /// Whether it is `text/xml`, in which there may be an envelope of SOAP 1.1.
    pub(crate) fn is_text_xml(&self) -> bool {
        let essence = self.content_type().split(';').next().unwrap_or_default();
        essence.trim().eq_ignore_ascii_case("text/xml")
    }

    /// Whether bytes of one are bytes of the other.
    pub(super) fn is_same_form(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
            || matches!(other, Self::Binary(_))
            || matches!(
                (self, other),
                (Self::Xml(_), Self::Soap(..)) | (Self::Soap(..), Self::Xml(_))
            )
    }
}
