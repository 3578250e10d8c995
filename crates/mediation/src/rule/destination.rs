//! Where a rule sends a request.

use std::fmt;
use std::sync::Arc;

use http::HeaderName;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::expression::Moment;
use crate::property::Scope;

/// All but the unreserved characters (RFC 3986 §2.3): a value stays one segment.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Where a rule sends a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    /// An endpoint of the API, of any kind.
    Endpoint(Arc<str>),
    /// A URL with variables in it.
    Url {
        /// Its pieces.
        pieces: Vec<Piece>,
        /// Whether the rest of the path is appended.
        keeps_path: bool,
    },
}

/// A piece of a URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Text as it is.
    Text(String),
    /// `{header.X-Region}`.
    Header(HeaderName),
    /// `{uri.var.id}`, `{query.param.id}` and any other property.
    Property(Arc<str>),
}

impl Destination {
    /// Reads a URL template.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn url(text: &str, keeps_path: bool) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut rest = text.trim();
        if !(rest.starts_with("http://") || rest.starts_with("https://")) {
            return Err(format!("`{text}` does not begin with http:// or https://"));
        }
        while let Some((before, after)) = rest.split_once('{') {
            let (name, tail) =
                after.split_once('}').ok_or_else(|| format!("`{text}` has a {{ without its }}"))?;
            pieces.push(Piece::Text(before.to_owned()));
            pieces.push(Piece::variable(name)?);
            rest = tail;
        }
        pieces.push(Piece::Text(rest.to_owned()));
        Ok(Self::Url { pieces, keeps_path })
    }

    pub(super) fn keeps_path(&self) -> bool {
        match self {
            Self::Endpoint(_) => true,
            Self::Url { keeps_path, .. } => *keeps_path,
        }
    }

    /// The URL with its variables filled in, each percent-encoded.
    pub(super) fn expand(&self, at: Moment<'_>) -> String {
        let Self::Url { pieces, .. } = self else { return String::new() };
        let mut url = String::new();
        for piece in pieces {
            let value = match piece {
                Piece::Text(text) => {
                    url.push_str(text);
                    continue;
                }
                Piece::Header(name) => at.message.header(name).map(std::borrow::Cow::into_owned),
                Piece::Property(name) => {
                    let value = at.message.get(Scope::Default, name, at.host);
                    value.map(|value| value.text().as_ref().to_owned())
                }
            };
            url.extend(utf8_percent_encode(&value.unwrap_or_default(), RESERVED));
        }
        url
    }
}

impl Piece {
    fn variable(name: &str) -> Result<Self, String> {
        match name.strip_prefix("header.") {
            Some(header) => HeaderName::try_from(header)
                .map(Self::Header)
                .map_err(|_| format!("`{header}` is no name of a header")),
            None if name.is_empty() => Err("{} names no variable".to_owned()),
            None => Ok(Self::Property(Arc::from(name))),
        }
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Endpoint(name) => write!(formatter, "endpoint {name}"),
            Self::Url { pieces, keeps_path } => {
                for piece in pieces {
                    match piece {
                        Piece::Text(text) => formatter.write_str(text)?,
                        Piece::Header(name) => write!(formatter, "{{header.{name}}}")?,
                        Piece::Property(name) => write!(formatter, "{{{name}}}")?,
                    }
                }
                if *keeps_path { Ok(()) } else { formatter.write_str(" (path left out)") }
            }
        }
    }
}
