//! A project as a tree of files in memory.
//!
//! Deliberately absent: reading directories and archives, which is input and output and belongs to
//! the gateway and the control plane.

use std::collections::BTreeMap;
use std::collections::btree_map;
use std::fmt;

use bytes::Bytes;

use crate::codes;
use crate::diagnostic::{Diagnostics, Place};

/// Most files of a project.
pub const MAX_FILES: usize = 10_000;
/// Most bytes of one file: 16 MiB.
pub const MAX_FILE_BYTES: usize = 16 << 20;
/// Most bytes of a project: 128 MiB.
pub const MAX_TOTAL_BYTES: usize = 128 << 20;
/// Longest path, in bytes.
pub const MAX_PATH_BYTES: usize = 1024;
/// Most segments of a path.
pub const MAX_PATH_DEPTH: usize = 32;

/// Why a file was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FilesError {
    /// The path is empty, absolute, leaves the tree, or has a character that is not portable.
    #[error("`{0}` is not a relative path inside the project")]
    Path(String),
    /// More than [`MAX_FILES`] files.
    #[error("the project has more than {MAX_FILES} files")]
    TooMany,
    /// A file of more than [`MAX_FILE_BYTES`] bytes.
    #[error("`{0}` is larger than {MAX_FILE_BYTES} bytes")]
    TooLarge(String),
    /// More than [`MAX_TOTAL_BYTES`] bytes in all.
    #[error("the project is larger than {MAX_TOTAL_BYTES} bytes")]
    TooMuch,
}

impl FilesError {
    /// Reports it; the place is the file itself where there is one, else `origin`, such as the name
    /// of an archive.
    pub fn report(&self, origin: &str, found: &mut Diagnostics) {
        let (code, file, help) = match self {
            Self::Path(_) => (codes::BAD_PATH, origin, "Use relative paths inside the project."),
            Self::TooLarge(path) => (codes::BUDGET, path.as_str(), "Remove or split the file."),
            Self::TooMany | Self::TooMuch => (codes::BUDGET, origin, "Remove what is not needed."),
        };
        found.error(code, Place::file(file), self.to_string(), help);
    }
}

/// Relative paths, with `/` between segments, and what the files hold.
///
/// The limits above hold for every tree, so that nobody fills the memory with an archive.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Files {
    entries: BTreeMap<String, Bytes>,
    total: usize,
}

/// The paths and sizes without the content, which may hold passwords.
impl fmt::Debug for Files {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map()
            .entries(self.entries.iter().map(|(path, content)| (path, content.len())))
            .finish()
    }
}

impl Files {
    /// An empty tree.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a file, or replaces the one at that path.
    ///
    /// # Errors
    ///
    /// When the path is not inside the tree, or a limit is passed; the tree is then unchanged.
    pub fn insert(
        &mut self,
        path: impl Into<String>,
        content: impl Into<Bytes>,
    ) -> Result<(), FilesError> {
        let (path, content) = (path.into(), content.into());
        if !is_inside(&path) {
            return Err(FilesError::Path(path));
        }
        if content.len() > MAX_FILE_BYTES {
            return Err(FilesError::TooLarge(path));
        }
        let before = self.entries.get(&path).map_or(0, Bytes::len);
        let total = self.total - before + content.len();
        if total > MAX_TOTAL_BYTES {
            return Err(FilesError::TooMuch);
        }
        if self.entries.len() >= MAX_FILES && !self.entries.contains_key(&path) {
            return Err(FilesError::TooMany);
        }
        self.total = total;
        self.entries.insert(path, content);
        Ok(())
    }

    /// Takes a file out.
    pub fn remove(&mut self, path: &str) -> Option<Bytes> {
        let content = self.entries.remove(path)?;
        self.total -= content.len();
        Some(content)
    }

    /// What a file holds.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&Bytes> {
        self.entries.get(path)
    }

    /// Whether there is a file at that path.
    #[must_use]
    pub fn contains(&self, path: &str) -> bool {
        self.entries.contains_key(path)
    }

    /// The first of some paths that is there.
    #[must_use]
    pub fn first_of<'a>(&self, paths: &[&'a str]) -> Option<&'a str> {
        paths.iter().copied().find(|path| self.contains(path))
    }

    /// All files, in the order of their paths.
    pub fn iter(&self) -> btree_map::Iter<'_, String, Bytes> {
        self.entries.iter()
    }

    /// The files directly inside a directory, by name; `directory` has no trailing slash.
    pub fn in_directory<'a>(
        &'a self,
        directory: &'a str,
    ) -> impl Iterator<Item = (&'a str, &'a Bytes)> + 'a {
        self.entries.iter().filter_map(move |(path, content)| {
            let name = path.strip_prefix(directory)?.strip_prefix('/')?;
            (!name.contains('/')).then_some((name, content))
        })
    }

    /// How many files there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no file.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Strips the one directory that everything is in, as archives of projects have it
    /// (spec/04 §2.1), and tells its name.
    ///
    /// Nothing is stripped when a file lies at the root, or when there are several directories.
    /// What macOS adds to archives (`__MACOSX/`, `.DS_Store`) is dropped first.
    #[must_use]
    pub fn strip_root(mut self) -> (Self, Option<String>) {
        let litter = |path: &str| path.starts_with("__MACOSX/") || path.ends_with(".DS_Store");
        for path in self.entries.keys().filter(|path| litter(path)).cloned().collect::<Vec<_>>() {
            self.remove(&path);
        }
        let Some(root) = self.single_root() else { return (self, None) };
        let entries = std::mem::take(&mut self.entries);
        let strip = |path: String| path.split_once('/').map(|(_, rest)| rest.to_owned());
        self.entries = entries
            .into_iter()
            .filter_map(|(path, content)| strip(path).map(|path| (path, content)))
            .collect();
        (self, Some(root))
    }

    fn single_root(&self) -> Option<String> {
        let mut roots = self.entries.keys().map(|path| path.split_once('/').map(|(root, _)| root));
        let first = roots.next()??;
        roots.all(|root| root == Some(first)).then(|| first.to_owned())
    }
}

/// Whether a path is relative, stays inside, and means the same on every system.
fn is_inside(path: &str) -> bool {
    let segment_is_fine = |segment: &str| {
        !segment.is_empty()
            && segment != "."
            && segment != ".."
            && !segment.contains(['\\', ':', '\0'])
            && !segment.chars().any(char::is_control)
    };
    path.len() <= MAX_PATH_BYTES
        && path.split('/').count() <= MAX_PATH_DEPTH
        && path.split('/').all(segment_is_fine)
}

#[cfg(test)]
mod tests;
