//! Credentials that are the same for every request: Basic, and keys in a header or in the query.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use compiler::plan::Account;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// What stays as it is in a query (RFC 3986 §2.3).
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What is put in place of a secret where people can see it.
const MASK: &str = "***";

/// What is put into every request.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Fixed {
    /// A header; whatever the request has under its name is replaced.
    Header(HeaderName, HeaderValue),
    /// A parameter of the query; whatever the request has under its name is removed.
    Query {
        /// The name as it is.
        name: String,
        /// Name and value as they are sent.
        pair: String,
    },
}

impl Fixed {
    /// User and password for `Basic`, in UTF-8 (RFC 7617 §2.1).
    pub(crate) fn basic(account: &Account) -> Option<Self> {
        let text = format!("{}:{}", account.username, account.password.expose());
        let value = format!("Basic {}", BASE64_STANDARD.encode(text));
        Self::header(header::AUTHORIZATION, &value)
    }

    /// A key in a header; `None` for one that no header can carry, which the compiler refuses.
    pub(crate) fn header(name: HeaderName, value: &str) -> Option<Self> {
        let mut value = HeaderValue::try_from(value).ok()?;
        value.set_sensitive(true);
        Some(Self::Header(name, value))
    }

    /// A key in the query.
    pub(crate) fn query(name: &str, key: &str) -> Self {
        let escape = |text| utf8_percent_encode(text, ESCAPED);
        Self::Query { name: name.to_owned(), pair: format!("{}={}", escape(name), escape(key)) }
    }

    /// Puts the header in, and gives what the client had under its name.
    pub(crate) fn put(&self, headers: &mut HeaderMap) -> Option<HeaderValue> {
        match self {
            Self::Header(name, value) => headers.insert(name, value.clone()),
            Self::Query { .. } => None,
        }
    }

    /// Puts the parameter at the end of a request's target.
    pub(crate) fn extend(&self, target: &mut String) {
        let Self::Query { name, pair } = self else { return };
        if let Some((path, query)) = target.split_once('?') {
            let is_ours = |pair: &&str| is_named(pair, name);
            if query.split('&').any(|pair| is_ours(&pair)) {
                let kept: Vec<&str> = query.split('&').filter(|pair| !is_ours(pair)).collect();
                *target = match kept.as_slice() {
                    [] => path.to_owned(),
                    kept => format!("{path}?{}", kept.join("&")),
                };
            }
        }
        if !target.contains('?') {
            target.push('?');
        } else if !target.ends_with(['?', '&']) {
            target.push('&');
        }
        target.push_str(pair);
    }

    /// Takes the key out of an address that an upstream repeats, so that no caller learns it.
    pub(crate) fn conceal(&self, headers: &mut HeaderMap) {
        let Self::Query { pair, .. } = self else { return };
        for name in [header::LOCATION, header::CONTENT_LOCATION, header::LINK, header::REFRESH] {
            let Some(value) = headers.get(&name).and_then(|value| value.to_str().ok()) else {
                continue;
            };
            if value.contains(pair.as_str()) {
                match HeaderValue::try_from(without(value, pair)) {
                    Ok(value) => headers.insert(name, value),
                    Err(_) => headers.remove(name),
                };
            }
        }
    }

    /// A URL as it may be shown.
    pub(crate) fn mask(&self, url: &str) -> String {
        match self {
            Self::Header(..) => url.to_owned(),
            Self::Query { pair, .. } => {
                let name = pair.split('=').next().unwrap_or_default();
                url.replace(pair.as_str(), &format!("{name}={MASK}"))
            }
        }
    }
}

/// Whether a pair of a query has this name.
fn is_named(pair: &str, name: &str) -> bool {
    let key = pair.split('=').next().unwrap_or_default().replace('+', " ");
    percent_decode_str(&key).decode_utf8().is_ok_and(|key| key == name)
}

/// A text without a parameter, and without the mark before it.
fn without(text: &str, pair: &str) -> String {
    text.replace(&format!("?{pair}&"), "?")
        .replace(&format!("&{pair}"), "")
        .replace(&format!("?{pair}"), "")
        .replace(pair, "")
}

impl std::fmt::Debug for Fixed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Header(name, _) => write!(f, "Header({name})"),
            Self::Query { name, .. } => write!(f, "Query({name})"),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may fail by panicking")]
mod tests {
    use model::secret::Secret;

    use super::*;

    #[test]
    fn every_character_of_a_password_arrives() {
        let password = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~ü€";
        let account = Account { username: "usér".to_owned(), password: Secret::new(password) };
        let mut headers = HeaderMap::new();
        headers.append(header::AUTHORIZATION, HeaderValue::from_static("Bearer of-the-caller"));
        let replaced = Fixed::basic(&account).unwrap().put(&mut headers);
        assert_eq!(replaced.unwrap(), "Bearer of-the-caller");
        let all: Vec<_> = headers.get_all(header::AUTHORIZATION).iter().collect();
        let [value] = all.as_slice() else { panic!("{all:?}") };
        assert!(value.is_sensitive());
        let encoded = value.to_str().unwrap().strip_prefix("Basic ").unwrap();
        let decoded = BASE64_STANDARD.decode(encoded).unwrap();
        assert_eq!(String::from_utf8(decoded).unwrap(), format!("usér:{password}"));
    }

    #[test]
    fn a_key_replaces_what_the_client_says_under_its_name() {
        for (target, expected) in [
            ("/a", "/a?api%20key=k%26%3D%C3%BC"),
            ("/a?", "/a?api%20key=k%26%3D%C3%BC"),
            ("/a?x=1", "/a?x=1&api%20key=k%26%3D%C3%BC"),
            ("/a?x=1&", "/a?x=1&api%20key=k%26%3D%C3%BC"),
            ("/a?api+key=mine", "/a?api%20key=k%26%3D%C3%BC"),
            ("/a?api%20key=mine&x=1&api%20ke%79", "/a?x=1&api%20key=k%26%3D%C3%BC"),
            ("/a?api_key=mine", "/a?api_key=mine&api%20key=k%26%3D%C3%BC"),
            ("/a?x=%ff&api key=mine", "/a?x=%ff&api%20key=k%26%3D%C3%BC"),
        ] {
            let mut text = target.to_owned();
            Fixed::query("api key", "k&=ü").extend(&mut text);
            assert_eq!(text, expected, "{target}");
        }
    }

    #[test]
    fn an_upstream_that_repeats_the_key_does_not_give_it_away() {
        let fixed = Fixed::query("key", "s3cret");
        for (location, expected) in [
            ("/a/?key=s3cret", "/a/"),
            ("http://b/a?x=1&key=s3cret", "http://b/a?x=1"),
            ("http://b/a?key=s3cret&x=1#f", "http://b/a?x=1#f"),
            ("/a?key=other", "/a?key=other"),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::LOCATION, HeaderValue::from_static(location));
            fixed.conceal(&mut headers);
            assert_eq!(headers[header::LOCATION], expected);
        }
        assert_eq!(fixed.mask("http://b/a?x=1&key=s3cret"), "http://b/a?x=1&key=***");
        assert!(!format!("{fixed:?}").contains("s3cret"));
    }
}
