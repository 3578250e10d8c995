//! What a project looks like from outside: names, sizes and times of its files.
//!
//! Two equal stamps mean that nothing was written in between, so a project is read only when its
//! stamp is new, and what was read counts only when the stamp is the same afterwards.

use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::{Duration, SystemTime};

use model::files::MAX_FILES;

use crate::clock;

/// A file may change twice within this time and show the same time of change.
const COARSEST_CLOCK: Duration = Duration::from_millis(20);

/// Deepest folder inside a project.
const MAX_DEPTH: usize = 8;

/// One file as it is seen from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seen {
    /// Relative to the project, with `/` between segments.
    pub(super) name: String,
    length: u64,
    modified: Option<SystemTime>,
    /// Device and inode: a file that was moved here may have the size and time of the old one.
    identity: (u64, u64),
}

/// Every file of a project, sorted by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Stamp(pub(super) Vec<Seen>);

impl Stamp {
    /// Looks at a folder or an archive.
    ///
    /// # Errors
    ///
    /// What cannot be looked at, or more files than the limit.
    pub(super) fn take(project: &Path) -> io::Result<Self> {
        let metadata = std::fs::metadata(project)?;
        let mut seen = Vec::new();
        if metadata.is_dir() {
            let root = project.canonicalize()?;
            walk(project, &root, "", 0, &mut seen)?;
        } else {
            seen.push(Seen::new(String::new(), &metadata));
        }
        seen.sort_by(|one, two| one.name.cmp(&two.name));
        Ok(Self(seen))
    }

    /// Whether a file was written so short ago that another change may not show.
    pub(super) fn is_fresh(&self) -> bool {
        let now = clock::now();
        let written = self.0.iter().filter_map(|seen| seen.modified);
        written
            .max()
            .is_some_and(|last| now.duration_since(last).is_ok_and(|age| age < COARSEST_CLOCK))
    }
}

impl Seen {
    fn new(name: String, metadata: &Metadata) -> Self {
        Self {
            name,
            length: metadata.len(),
            modified: metadata.modified().ok(),
            identity: (metadata.dev(), metadata.ino()),
        }
    }
}

fn walk(
    dir: &Path,
    root: &Path,
    prefix: &str,
    depth: usize,
    seen: &mut Vec<Seen>,
) -> io::Result<()> {
    if depth > MAX_DEPTH {
        let deep = format!("{} is nested deeper than {MAX_DEPTH} folders", dir.display());
        return Err(io::Error::other(deep));
    }
    for entry in std::fs::read_dir(dir)? {
        let entry = entry?;
        let Some(name) = entry.file_name().to_str().map(str::to_owned) else { continue };
        if name.starts_with('.') {
            continue;
        }
        let path = entry.path();
        let Some(metadata) = inside(&path, root)? else { continue };
        let name = if prefix.is_empty() { name } else { format!("{prefix}/{name}") };
        if metadata.is_dir() {
            walk(&path, root, &name, depth + 1, seen)?;
        } else if metadata.is_file() {
            seen.push(Seen::new(name, &metadata));
        }
        if seen.len() > MAX_FILES {
            let many = format!("{} has more than {MAX_FILES} files", root.display());
            return Err(io::Error::other(many));
        }
    }
    Ok(())
}

/// The metadata of what a path leads to; `None` for a link that leads out of `root` or nowhere.
pub(super) fn inside(path: &Path, root: &Path) -> io::Result<Option<Metadata>> {
    let metadata = std::fs::symlink_metadata(path)?;
    if !metadata.is_symlink() {
        return Ok(Some(metadata));
    }
    match path.canonicalize() {
        Ok(target) if target.starts_with(root) => std::fs::metadata(&target).map(Some),
        Ok(_) => Ok(None),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
