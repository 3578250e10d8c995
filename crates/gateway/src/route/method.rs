//! A set of methods that takes no memory of its own.

use std::fmt;

use http::{HeaderValue, Method};

/// The methods that operations of an API can have, each one with its bit.
const KNOWN: [Method; 9] = [
    Method::GET,
    Method::HEAD,
    Method::POST,
    Method::PUT,
    Method::PATCH,
    Method::DELETE,
    Method::OPTIONS,
    Method::TRACE,
    Method::CONNECT,
];

/// A set of the methods that HTTP defines; prints as the value of `Allow` (RFC 9110 §10.2.1).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Methods(u16);

impl Methods {
    /// No method.
    pub const NONE: Self = Self(0);

    /// The set with one more method; an extension method changes nothing.
    #[must_use]
    pub fn with(self, method: &Method) -> Self {
        Self(self.0 | bit(method))
    }

    /// What is in either set.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What is in both sets.
    #[must_use]
    pub fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether a method is in the set.
    #[must_use]
    pub fn contains(self, method: &Method) -> bool {
        self.0 & bit(method) != 0
    }

    /// Whether the set is empty.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The methods, in a fixed order.
    pub fn iter(self) -> impl Iterator<Item = &'static Method> {
        const { &KNOWN }.iter().filter(move |method| self.contains(method))
    }

    /// The set as a header value, such as `GET, POST`.
    #[must_use]
    pub fn header_value(self) -> HeaderValue {
        // Names of methods are tokens (RFC 9110 §9.1), so this cannot be an invalid value.
        HeaderValue::try_from(self.to_string()).unwrap_or(HeaderValue::from_static(""))
    }
}

impl<'a> FromIterator<&'a Method> for Methods {
    fn from_iter<I: IntoIterator<Item = &'a Method>>(methods: I) -> Self {
        methods.into_iter().fold(Self::NONE, Self::with)
    }
}

impl fmt::Display for Methods {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for method in self.iter() {
            write!(f, "{separator}{method}")?;
            separator = ", ";
        }
        Ok(())
    }
}

fn bit(method: &Method) -> u16 {
    KNOWN.iter().position(|it| it == method).map_or(0, |at| 1 << at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_prints_in_a_fixed_order() {
        let set: Methods = [Method::POST, Method::GET, Method::POST].iter().collect();
        assert_eq!(set.to_string(), "GET, POST");
        assert_eq!(set.header_value(), "GET, POST");
        assert_eq!(Methods::NONE.to_string(), "");
        assert_eq!(set.iter().count(), 2);
    }

    #[test]
    fn sets_are_joined_and_cut() {
        let get = Methods::NONE.with(&Method::GET);
        let both = get.with(&Method::PUT);
        assert_eq!(both.intersection(get), get);
        assert_eq!(get.union(both), both);
        assert!(both.contains(&Method::PUT) && !get.contains(&Method::PUT));
    }

    #[test]
    fn an_extension_method_is_in_no_set() {
        let method = Method::from_bytes(b"PURGE").unwrap_or_default();
        assert!(Methods::NONE.with(&method).is_empty());
        assert!(!Methods::NONE.with(&Method::GET).contains(&method));
    }
}
