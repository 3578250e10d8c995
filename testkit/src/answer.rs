//! An answer as a client saw it.

use bytes::Bytes;

use crate::client::Head;

/// A whole response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The reason phrase; empty in HTTP/2.
    pub reason: String,
    /// The header fields in their order, names spelt as they came.
    pub headers: Vec<(String, String)>,
    /// The body without its framing.
    pub body: Bytes,
    /// The trailer fields in their order.
    pub trailers: Vec<(String, String)>,
    /// The interim (1xx) responses that came before.
    pub interim: Vec<Head>,
}

impl Answer {
    /// The first header field of that name, in any case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        find(&self.headers, name).next()
    }

    /// Every header field of that name, in any case.
    #[must_use]
    pub fn all(&self, name: &str) -> Vec<&str> {
        find(&self.headers, name).collect()
    }

    /// The first trailer field of that name, in any case.
    #[must_use]
    pub fn trailer(&self, name: &str) -> Option<&str> {
        find(&self.trailers, name).next()
    }

    /// The body as text; what is not UTF-8 is replaced.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// When it is not JSON; the message shows it.
    #[must_use]
    #[allow(clippy::panic, reason = "how a test fails")]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("not JSON ({error}): {:?}", self.text()))
    }
}

/// The values of all fields with that name.
pub(crate) fn find<'a, 'b>(
    fields: &'a [(String, String)],
    name: &'b str,
) -> impl Iterator<Item = &'a str> + use<'a, 'b> {
    fields
        .iter()
        .filter(move |(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.as_str())
}

/// A header map as pairs, for comparison in tests.
pub(crate) fn pairs(map: &http::HeaderMap) -> Vec<(String, String)> {
    let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    map.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect()
}
