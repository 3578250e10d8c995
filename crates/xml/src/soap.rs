//! The two versions of SOAP, and what tells them apart.
//!
//! Deliberately absent: messages as such, which are trees like any other.

/// The namespace of SOAP 1.1.
const NAMESPACE_11: &str = "http://schemas.xmlsoap.org/soap/envelope/";
/// The namespace of SOAP 1.2.
const NAMESPACE_12: &str = "http://www.w3.org/2003/05/soap-envelope";

/// A version of SOAP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Version {
    /// 1.1
    V11,
    /// 1.2
    V12,
}

impl Version {
    /// The namespace of its envelopes.
    #[must_use]
    pub fn namespace(self) -> &'static str {
        match self {
            Self::V11 => NAMESPACE_11,
            Self::V12 => NAMESPACE_12,
        }
    }

    /// The media type of its messages.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::V11 => "text/xml",
            Self::V12 => "application/soap+xml",
        }
    }

    /// The version whose envelopes are in this namespace.
    #[must_use]
    pub fn of_namespace(namespace: &str) -> Option<Self> {
        [Self::V11, Self::V12].into_iter().find(|version| version.namespace() == namespace)
    }

    /// The version whose messages are of this media type, without parameters.
    #[must_use]
    pub fn of_media_type(media: &str) -> Option<Self> {
        let is_it = |version: &Self| media.eq_ignore_ascii_case(version.media_type());
        [Self::V11, Self::V12].into_iter().find(is_it)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_known_by_namespace_and_media_type() {
        for version in [Version::V11, Version::V12] {
            assert_eq!(Version::of_namespace(version.namespace()), Some(version));
            assert_eq!(Version::of_media_type(version.media_type()), Some(version));
        }
        assert_eq!(Version::of_media_type("Text/XML"), Some(Version::V11));
        assert_eq!(Version::of_media_type("application/xml"), None);
    }
}
