//! Where a document is, and where one that it refers to is.
//!
//! A location is a path below the root of an archive or folder, or a URL.
//! References are resolved against the document that they stand in: in a URL as RFC 3986 has it,
//! in an archive segment by segment, and never beyond its root.
//!
//! Deliberately absent: reading anything, and which hosts are allowed, which is for
//! [`Documents`](crate::Documents) to say.

use std::fmt;

use thiserror::Error;
use url::Url;

/// Longest path or URL, in bytes.
const LONGEST: usize = 4096;
/// How much of a malformed location a message shows.
const SHOWN: usize = 120;

/// Where a document is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Location {
    /// A path with `/` between its segments, relative to the root, without `.` and `..`.
    Path(String),
    /// An `http` or `https` URL without a fragment.
    Url(Url),
}

/// Why a text is no location.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum LocationError {
    /// There is nothing.
    #[error("the location is empty")]
    Empty,
    /// It has more bytes than any sensible one.
    #[error("the location has more than {LONGEST} bytes")]
    TooLong,
    /// `\` where `/` belongs.
    #[error("the location {0:?} has a backslash; write /")]
    Backslash(String),
    /// It begins at a root that is not the archive's.
    #[error("the location {0:?} is an absolute path; write a relative one")]
    Absolute(String),
    /// Its `..` lead out.
    #[error("the location {0:?} leads out of the archive")]
    Outside(String),
    /// A segment has a character that no file should have.
    #[error("the location {0:?} has a character that is not allowed in a path")]
    Character(String),
    /// A scheme that is never read.
    #[error("the scheme of {0:?} is not supported; use http or https")]
    Scheme(String),
    /// No URL.
    #[error("{0:?} is no URL: {1}")]
    Url(String, url::ParseError),
}

impl LocationError {
    /// Whether it is well-formed, and leads where nothing is read.
    #[must_use]
    pub fn is_forbidden(&self) -> bool {
        matches!(self, Self::Absolute(_) | Self::Outside(_) | Self::Scheme(_))
    }
}

impl Location {
    /// A file of an archive, by its path from the root.
    ///
    /// # Errors
    ///
    /// That the path is not relative, leaves the root, or has a character that is not allowed.
    pub fn path(path: &str) -> Result<Self, LocationError> {
        check_length(path)?;
        normalise(&[], path.split('/'), path).map(Self::Path)
    }

    /// A document on the web.
    ///
    /// # Errors
    ///
    /// That it is no URL, or not one of `http` or `https`.
    pub fn url(url: &str) -> Result<Self, LocationError> {
        let url = url.trim();
        check_length(url)?;
        let parsed = Url::parse(url).map_err(|error| LocationError::Url(shorten(url), error))?;
        from_url(parsed, url)
    }

    /// The document that a reference in this one leads to.
    ///
    /// # Errors
    ///
    /// That the reference is malformed, or leads where nothing is read.
    pub fn join(&self, reference: &str) -> Result<Self, LocationError> {
        let reference = reference.trim();
        check_length(reference)?;
        if has_scheme(reference) {
            return Self::url(reference);
        }
        match self {
            Self::Url(base) => {
                let joined = base.join(reference);
                let error = |error| LocationError::Url(shorten(reference), error);
                from_url(joined.map_err(error)?, reference)
            }
            Self::Path(base) => join_path(base, reference),
        }
    }

    /// The path, where this is a file of an archive.
    #[must_use]
    pub fn as_path(&self) -> Option<&str> {
        match self {
            Self::Path(path) => Some(path),
            Self::Url(_) => None,
        }
    }

    /// The URL, where this is a document on the web.
    #[must_use]
    pub fn as_url(&self) -> Option<&Url> {
        match self {
            Self::Path(_) => None,
            Self::Url(url) => Some(url),
        }
    }
}

/// The path or the URL, without a password that it may hold.
impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) => f.write_str(path),
            Self::Url(url) if url.username().is_empty() && url.password().is_none() => {
                f.write_str(url.as_str())
            }
            Self::Url(url) => {
                let host = url.host_str().unwrap_or_default();
                let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
                let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
                write!(f, "{}://{host}{port}{}{query}", url.scheme(), url.path())
            }
        }
    }
}

fn check_length(text: &str) -> Result<(), LocationError> {
    match text.len() {
        0 => Err(LocationError::Empty),
        1..=LONGEST => Ok(()),
        _ => Err(LocationError::TooLong),
    }
}

fn from_url(mut url: Url, shown: &str) -> Result<Location, LocationError> {
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(LocationError::Scheme(shorten(shown)));
    }
    url.set_fragment(None);
    Ok(Location::Url(url))
}

/// Whether a reference begins with a scheme (RFC 3986 §3.1); `C:` looks like one and is none.
fn has_scheme(reference: &str) -> bool {
    let Some((scheme, _)) = reference.split_once(':') else { return false };
    scheme.len() > 1
        && scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.chars().all(|mark| mark.is_ascii_alphanumeric() || "+-.".contains(mark))
}

fn join_path(base: &str, reference: &str) -> Result<Location, LocationError> {
    let is_drive = reference.as_bytes().get(1) == Some(&b':');
    if reference.starts_with('/') || is_drive {
        return Err(LocationError::Absolute(shorten(reference)));
    }
    let path = reference.split_once('#').map_or(reference, |(path, _)| path);
    if path.is_empty() {
        return Ok(Location::Path(base.to_owned()));
    }
    let mut folder: Vec<&str> = base.split('/').collect();
    folder.pop();
    let segments: Vec<String> = path.split('/').map(decode).collect();
    let segments = segments.iter().map(String::as_str);
    normalise(&folder, segments, reference).map(Location::Path)
}

/// Goes from a folder along segments that are decoded already.
fn normalise<'a>(
    folder: &[&'a str],
    segments: impl Iterator<Item = &'a str>,
    shown: &str,
) -> Result<String, LocationError> {
    let mut at = folder.to_vec();
    for segment in segments {
        match segment {
            "" if at.is_empty() && shown.starts_with('/') => {
                return Err(LocationError::Absolute(shorten(shown)));
            }
            "" | "." => {}
            ".." => {
                at.pop().ok_or_else(|| LocationError::Outside(shorten(shown)))?;
            }
            _ => {
                check_segment(segment, shown)?;
                at.push(segment);
            }
        }
    }
    if at.is_empty() { Err(LocationError::Empty) } else { Ok(at.join("/")) }
}

fn check_segment(segment: &str, shown: &str) -> Result<(), LocationError> {
    if segment.contains('\\') {
        return Err(LocationError::Backslash(shorten(shown)));
    }
    if segment.contains(['/', ':', '\0']) || segment.chars().any(char::is_control) {
        return Err(LocationError::Character(shorten(shown)));
    }
    Ok(())
}

/// A segment with its `%xx` decoded; what is no such escape, or no UTF-8, stays as it is.
fn decode(segment: &str) -> String {
    let mut bytes = Vec::with_capacity(segment.len());
    let mut rest = segment.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        match (first, behind) {
            (b'%', [high, low, after @ ..])
                if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() =>
            {
                bytes.push(digit(*high) * 16 + digit(*low));
                rest = after;
            }
            _ => {
                bytes.push(*first);
                rest = behind;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| segment.to_owned())
}

fn digit(hex: u8) -> u8 {
    char::from(hex).to_digit(16).and_then(|digit| u8::try_from(digit).ok()).unwrap_or_default()
}

fn shorten(text: &str) -> String {
    if text.chars().count() <= SHOWN {
        return text.to_owned();
    }
    text.chars().take(SHOWN).chain(['…']).collect()
}

#[cfg(test)]
mod tests;
