//! A text that is never printed.

pub mod seal;

use std::fmt;

/// A password, client secret or key.
///
/// `Debug` prints stars, and there is no `Display`: whoever needs the text asks for it by
/// [`Secret::expose`].
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Secret(String);

impl Secret {
    /// Wraps a text.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for the one place that sends it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether there is no text.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(***)")
    }
}

/// Where the text of a secret is, when it is not written out in a project.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reference<'a> {
    /// `$env{NAME}`: in a variable of the environment.
    Environment(&'a str),
    /// `$file{PATH}`: in a file.
    File(&'a str),
    /// `$sealed{TEXT}`: in the reference itself, encrypted (`weir encrypt`).
    Sealed(&'a str),
}

impl<'a> Reference<'a> {
    /// Reads a whole text as a reference; `None` where it is a text like any other.
    #[must_use]
    pub fn parse(text: &'a str) -> Option<Self> {
        let inner = text.trim().strip_suffix('}')?;
        let (kind, value) = inner.split_once('{')?;
        match kind {
            "$env" => Some(Self::Environment(value.trim())),
            "$file" => Some(Self::File(value.trim())),
            "$sealed" => Some(Self::Sealed(value.trim())),
            _ => None,
        }
    }
}

/// Gives the texts of secrets that projects refer to. The compiler reads no file and asks no
/// environment; this is handed to it.
pub trait SecretSource {
    /// The text of a secret.
    ///
    /// # Errors
    ///
    /// Why it cannot be had and how to mend it, in one sentence without the secret.
    fn resolve(&self, reference: Reference<'_>) -> Result<Secret, String>;

    /// Whether a project is only looked at, by somebody who need not have its secrets: then a
    /// secret that cannot be had is a warning.
    fn is_lenient(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_never_printed() {
        assert_eq!(format!("{:?}", Some(Secret::new("hunter2"))), "Some(Secret(***))");
    }
}
