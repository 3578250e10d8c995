//! Names of elements and attributes: a namespace and a local part (Namespaces in XML 1.0).

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// The namespace of the prefix `xml`, which needs no declaration.
pub const XML: &str = "http://www.w3.org/XML/1998/namespace";

/// The namespace of declarations themselves; no element or attribute may be in it.
pub const XMLNS: &str = "http://www.w3.org/2000/xmlns/";

/// An expanded name with the prefix that it was written with.
///
/// Equality and hash see namespace and local part only.
#[derive(Clone, Debug)]
pub struct Name {
    /// The namespace; empty for none.
    pub namespace: Arc<str>,
    /// The part behind the colon.
    pub local: Arc<str>,
    /// The part before the colon; empty for none.
    pub prefix: Arc<str>,
}

impl Name {
    /// A name in no namespace.
    #[must_use]
    pub fn local(local: &str) -> Self {
        Self::prefixed("", "", local)
    }

    /// A name in a namespace, without a prefix of its own.
    #[must_use]
    pub fn new(namespace: &str, local: &str) -> Self {
        Self::prefixed(namespace, "", local)
    }

    /// A name in a namespace, with the prefix that it should be written with.
    #[must_use]
    pub fn prefixed(namespace: &str, prefix: &str, local: &str) -> Self {
        Self { namespace: namespace.into(), local: local.into(), prefix: prefix.into() }
    }

    /// Whether it has this namespace and this local part.
    #[must_use]
    pub fn is(&self, namespace: &str, local: &str) -> bool {
        *self.local == *local && *self.namespace == *namespace
    }

    /// `prefix:local`, or `local` where there is no prefix.
    #[must_use]
    pub fn qualified(&self) -> String {
        if self.prefix.is_empty() {
            return (*self.local).to_owned();
        }
        format!("{}:{}", self.prefix, self.local)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.qualified())
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        self.is(&other.namespace, &other.local)
    }
}

impl Eq for Name {}

impl Hash for Name {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.namespace.hash(state);
        self.local.hash(state);
    }
}

/// Whether this is a name without a colon (`NCName`).
#[must_use]
pub fn is_ncname(text: &str) -> bool {
    if let [first, rest @ ..] = text.as_bytes()
        && (first.is_ascii_alphabetic() || *first == b'_')
        && rest.iter().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(byte))
    {
        return true;
    }
    let mut characters = text.chars();
    characters.next().is_some_and(is_name_start) && characters.all(is_name_character)
}

/// Whether a name without a colon may begin with this character.
#[must_use]
pub(crate) fn is_name_start(character: char) -> bool {
    matches!(character,
        'a'..='z' | 'A'..='Z' | '_'
        | '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}' | '\u{F8}'..='\u{2FF}'
        | '\u{370}'..='\u{37D}' | '\u{37F}'..='\u{1FFF}' | '\u{200C}'..='\u{200D}'
        | '\u{2070}'..='\u{218F}' | '\u{2C00}'..='\u{2FEF}' | '\u{3001}'..='\u{D7FF}'
        | '\u{F900}'..='\u{FDCF}' | '\u{FDF0}'..='\u{FFFD}' | '\u{10000}'..='\u{EFFFF}')
}

/// Whether a name without a colon may have this character behind its first.
#[must_use]
pub(crate) fn is_name_character(character: char) -> bool {
    is_name_start(character)
        || matches!(character,
            '0'..='9' | '-' | '.' | '\u{B7}' | '\u{300}'..='\u{36F}' | '\u{203F}'..='\u{2040}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prefix_does_not_count() {
        assert_eq!(Name::prefixed("urn:a", "p", "x"), Name::new("urn:a", "x"));
        assert_ne!(Name::new("urn:a", "x"), Name::local("x"));
        assert_eq!(Name::prefixed("urn:a", "p", "x").qualified(), "p:x");
        assert_eq!(Name::local("x").qualified(), "x");
    }

    #[test]
    fn plain_names() {
        for good in ["a", "_", "Ab-1.2", "\u{e9}t\u{e9}", "a\u{b7}"] {
            assert!(is_ncname(good), "{good}");
        }
        for bad in ["", "1a", "-a", "a:b", "a b", ".a", "$a", "a\u{d7}"] {
            assert!(!is_ncname(bad), "{bad}");
        }
    }
}
