//! Media types with their parameters (RFC 9110 §8.3).

use std::fmt;

/// A media type.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Media {
    essence: String,
    /// Names in lower case, and values without their quotes.
    parameters: Vec<(String, String)>,
}

impl Media {
    /// A media type without parameters.
    #[must_use]
    pub(super) fn new(essence: &str) -> Self {
        Self { essence: essence.to_owned(), parameters: Vec::new() }
    }

    /// Reads a `Content-Type`; of what is malformed, what can be read.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let (essence, mut rest) = text.split_once(';').unwrap_or((text, ""));
        let mut media = Self::new(&essence.trim().to_ascii_lowercase());
        while let Some((name, behind)) = rest.split_once('=') {
            let (value, behind) = value(behind.trim_start());
            let name = name.trim().trim_start_matches(';').trim().to_ascii_lowercase();
            if !media.parameters.iter().any(|(known, _)| *known == name) {
                media.parameters.push((name, value));
            }
            rest = behind;
        }
        media
    }

    /// The type without parameters, in lower case.
    #[must_use]
    pub fn essence(&self) -> &str {
        &self.essence
    }

    /// A parameter.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&str> {
        let found = self.parameters.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Sets a parameter, at its place where it is there already.
    pub(super) fn set(&mut self, name: &str, value: &str) {
        match self.parameters.iter_mut().find(|(known, _)| known == name) {
            Some((_, old)) => value.clone_into(old),
            None => self.parameters.push((name.to_owned(), value.to_owned())),
        }
    }

    /// Takes a parameter away.
    pub(super) fn remove(&mut self, name: &str) {
        self.parameters.retain(|(known, _)| known != name);
    }

    /// The name for UTF-8, as the message writes it where it does.
    pub(super) fn utf8_charset(&self) -> &str {
        let own = self.parameter("charset").filter(|charset| charset.eq_ignore_ascii_case("utf-8"));
        own.unwrap_or("UTF-8")
    }
}

/// Whether a charset is that of Latin-1, or part of it.
pub(super) fn is_latin(charset: &str) -> bool {
    ["iso-8859-1", "latin1", "us-ascii"].iter().any(|name| charset.eq_ignore_ascii_case(name))
}

/// A value, and what is behind it.
fn value(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let (value, behind) = text.split_once(';').unwrap_or((text, ""));
        return (value.trim().to_owned(), behind);
    };
    let mut value = String::new();
    let mut marks = quoted.chars();
    while let Some(mark) = marks.next() {
        match mark {
            '"' => break,
            '\\' => value.extend(marks.next()),
            _ => value.push(mark),
        }
    }
    let behind = marks.as_str();
    (value, behind.split_once(';').map_or("", |(_, behind)| behind))
}

impl fmt::Display for Media {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.essence)?;
        for (name, value) in &self.parameters {
            let is_token = !value.is_empty()
                && name != "action"
                && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
            if is_token {
                write!(formatter, "; {name}={value}")?;
            } else {
                let escaped = value.replace('\\', "\\\\").replace('"', "\\\"");
                write!(formatter, "; {name}=\"{escaped}\"")?;
            }
        }
        Ok(())
    }
}
