//! Where documents come from.
//!
//! The readers of this crate read nothing themselves: they ask [`Documents`] for the bytes of a
//! [`Location`]. Which hosts are allowed, and how large a document may be that is fetched, is for
//! whoever implements it to say.
//! [`Archive`] is the implementation for what is in memory already: an archive or a folder.

use std::collections::{BTreeMap, HashMap};

use bytes::Bytes;
use thiserror::Error;

use crate::location::{Location, LocationError};

/// A document that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// Where it really is: after redirects, or in the case that the file has.
    pub location: Location,
    /// What it holds.
    pub bytes: Bytes,
}

/// Why a document is not given.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// There is none; with the reason, where one is known.
    #[error("there is no such document{}", behind_colon(.0))]
    Absent(String),
    /// Several files have this name but for the case of letters.
    #[error("several files have that name but for the case of letters: {}", .0.join(", "))]
    Ambiguous(Vec<String>),
    /// It is on the web, and only what is in the archive is read.
    #[error("it is outside of the archive")]
    Outside,
    /// Its host is not one of those that may be asked.
    #[error("the host {0} is not allowed")]
    Host(String),
    /// It has more bytes than are accepted.
    #[error("it is too large")]
    TooLarge,
    /// Getting it failed.
    #[error("it cannot be read: {0}")]
    Failed(String),
}

/// Gives documents by their location.
pub trait Documents {
    /// The document at a location.
    ///
    /// # Errors
    ///
    /// Why it is not given.
    fn fetch(&self, location: &Location) -> Result<Fetched, Refusal>;
}

/// Documents in memory, by their path from the root of an archive or a folder.
///
/// A path is found in another case too where exactly one file has it: archives made on Windows
/// rely on that. What macOS adds to archives is left out.
#[derive(Clone, Debug, Default)]
pub struct Archive {
    files: BTreeMap<String, Bytes>,
    /// Paths by their lower case.
    folded: HashMap<String, Vec<String>>,
}

impl Archive {
    /// An archive without a file.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a file; one that macOS made beside another is ignored.
    ///
    /// # Errors
    ///
    /// That the path is not relative, leaves the root, or has a character that is not allowed.
    pub fn insert(&mut self, path: &str, content: impl Into<Bytes>) -> Result<(), LocationError> {
        if is_litter(path) {
            return Ok(());
        }
        let Location::Path(path) = Location::path(path)? else { return Ok(()) };
        if self.files.insert(path.clone(), content.into()).is_none() {
            self.folded.entry(path.to_lowercase()).or_default().push(path);
        }
        Ok(())
    }

    /// Paths and contents, in the order of the paths.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Bytes)> {
        self.files.iter().map(|(path, content)| (path.as_str(), content))
    }

    /// How many files there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether there is no file.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    fn found(&self, path: &str) -> Result<Fetched, Refusal> {
        let content = self.files.get(path).ok_or_else(|| Refusal::Absent(String::new()))?;
        Ok(Fetched { location: Location::Path(path.to_owned()), bytes: content.clone() })
    }
}

impl Documents for Archive {
    fn fetch(&self, location: &Location) -> Result<Fetched, Refusal> {
        let Location::Path(path) = location else { return Err(Refusal::Outside) };
        if self.files.contains_key(path) {
            return self.found(path);
        }
        match self.folded.get(&path.to_lowercase()).map(Vec::as_slice) {
            Some([only]) => self.found(only),
            Some(several) => Err(Refusal::Ambiguous(several.to_vec())),
            None => Err(Refusal::Absent(String::new())),
        }
    }
}

impl<D: Documents + ?Sized> Documents for &D {
    fn fetch(&self, location: &Location) -> Result<Fetched, Refusal> {
        (**self).fetch(location)
    }
}

/// The files of a project, or of any other tree, as documents.
impl From<&model::Files> for Archive {
    fn from(files: &model::Files) -> Self {
        let mut archive = Self::new();
        for (path, content) in files.iter() {
            // Paths of such a tree are inside of it, whatever else they are.
            drop(archive.insert(path, content.clone()));
        }
        archive
    }
}

fn behind_colon(reason: &str) -> String {
    if reason.is_empty() { String::new() } else { format!(": {reason}") }
}

/// Whether a file is one that macOS makes beside others.
fn is_litter(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let is_below = path.starts_with("__MACOSX/") || path.contains("/__MACOSX/");
    is_below || name.starts_with("._") || name == ".DS_Store"
}

#[cfg(test)]
mod tests;
