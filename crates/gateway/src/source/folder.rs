//! Folders of API projects, and what has changed in them.
//!
//! A folder that holds `api.yaml`, `api.json` or `api_product.yaml` is a project, and so is a zip;
//! projects are not looked for inside projects.
//! Hidden files and links that lead out of the folder are passed over.
//!
//! A project that is being written is not taken half: what was read counts only when names, sizes
//! and times are the same before and after reading; otherwise it is looked at again.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::path::{Path, PathBuf};

use model::files::{Files, MAX_FILE_BYTES, MAX_TOTAL_BYTES};

use super::stamp::{Stamp, inside};
use super::{Change, LoadedProject, archive};

/// Files that make a folder a project.
const MARKS: [&str; 3] = ["api.yaml", "api.json", "api_product.yaml"];
/// Deepest folder in which projects are looked for.
const MAX_DEPTH: usize = 8;

/// Folders of projects, with what was read last.
#[derive(Debug)]
pub struct ProjectFolders {
    roots: Vec<PathBuf>,
    known: BTreeMap<PathBuf, Stamp>,
    unsettled: BTreeSet<PathBuf>,
}

impl ProjectFolders {
    /// Folders below which projects are looked for; a root may be a project itself.
    #[must_use]
    pub fn new(roots: Vec<PathBuf>) -> Self {
        let roots = roots.into_iter().map(|root| root.canonicalize().unwrap_or(root)).collect();
        Self { roots, known: BTreeMap::new(), unsettled: BTreeSet::new() }
    }

    /// Whether something was being written when it was looked at last.
    #[must_use]
    pub fn is_unsettled(&self) -> bool {
        !self.unsettled.is_empty()
    }

    /// Looks at everything.
    pub fn changes(&mut self) -> Vec<Change> {
        let mut found = BTreeSet::new();
        let mut changes = Vec::new();
        for root in &self.roots {
            discover(root, root, 0, &mut found, &mut changes);
        }
        let gone: Vec<PathBuf> =
            self.known.keys().filter(|path| !found.contains(*path)).cloned().collect();
        changes.extend(gone.iter().filter_map(|path| self.forget(path)));
        self.unsettled.clear();
        changes.extend(found.iter().filter_map(|path| self.refresh(path)));
        changes
    }

    /// Looks at what was being written before.
    pub fn settle(&mut self) -> Vec<Change> {
        let paths: Vec<PathBuf> = std::mem::take(&mut self.unsettled).into_iter().collect();
        self.changes_at(&paths)
    }

    /// Looks at the projects that these paths belong to, and for new ones below them.
    pub fn changes_at(&mut self, paths: &[PathBuf]) -> Vec<Change> {
        let mut candidates = BTreeSet::new();
        let mut changes = Vec::new();
        for path in paths {
            self.candidates(path, &mut candidates, &mut changes);
        }
        for path in candidates {
            self.unsettled.remove(&path);
            changes.extend(self.refresh(&path));
        }
        changes
    }

    /// The projects that a change at a path may concern.
    fn candidates(&self, path: &Path, found: &mut BTreeSet<PathBuf>, changes: &mut Vec<Change>) {
        let Some(root) = self.roots.iter().find(|root| path.starts_with(root)) else { return };
        let below = self.known.range((Bound::Included(path.to_owned()), Bound::Unbounded));
        let below = below.map(|(known, _)| known).take_while(|known| known.starts_with(path));
        found.extend(below.cloned());
        let owner = path
            .ancestors()
            .take_while(|ancestor| ancestor.starts_with(root))
            .find(|ancestor| self.known.contains_key(*ancestor) || is_project(ancestor));
        match owner {
            Some(owner) => {
                found.insert(owner.to_owned());
            }
            None => discover(path, root, 0, found, changes),
        }
    }

    fn forget(&mut self, path: &Path) -> Option<Change> {
        self.known.remove(path).map(|_| Change::Remove(path.to_owned()))
    }

    /// Reads a project again when it looks different.
    fn refresh(&mut self, path: &Path) -> Option<Change> {
        if !is_project(path) {
            return self.forget(path);
        }
        let before = match Stamp::take(path) {
            Ok(stamp) => stamp,
            Err(error) => return Some(self.unreadable(path, error.to_string())),
        };
        if self.known.get(path) == Some(&before) {
            return None;
        }
        let read = read(path, &before);
        if Stamp::take(path).is_ok_and(|after| after != before) {
            self.unsettled.insert(path.to_owned());
            return None;
        }
        self.known.insert(path.to_owned(), before);
        Some(match read {
            Ok(files) => Change::Upsert(LoadedProject { path: path.to_owned(), files }),
            Err(error) => Change::Unreadable { path: path.to_owned(), error },
        })
    }

    fn unreadable(&mut self, path: &Path, error: String) -> Change {
        self.known.insert(path.to_owned(), Stamp::default());
        Change::Unreadable { path: path.to_owned(), error }
    }
}

/// Whether a path is a project.
fn is_project(path: &Path) -> bool {
    if is_archive(path) && path.is_file() {
        return true;
    }
    MARKS.iter().any(|mark| path.join(mark).is_file())
}

fn is_archive(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("zip"))
}

fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."))
}

/// Finds the projects at and below a path.
fn discover(
    path: &Path,
    root: &Path,
    depth: usize,
    found: &mut BTreeSet<PathBuf>,
    changes: &mut Vec<Change>,
) {
    if is_project(path) {
        found.insert(path.to_owned());
        return;
    }
    if depth > MAX_DEPTH || !path.is_dir() {
        return;
    }
    let entries = match std::fs::read_dir(path) {
        Ok(entries) => entries,
        Err(error) => {
            let error = format!("this folder cannot be read: {error}");
            changes.push(Change::Unreadable { path: path.to_owned(), error });
            return;
        }
    };
    for entry in entries.flatten().map(|entry| entry.path()) {
        let is_inside = inside(&entry, root).is_ok_and(|metadata| metadata.is_some());
        if !is_hidden(&entry) && is_inside {
            discover(&entry, root, depth + 1, found, changes);
        }
    }
}

fn read(path: &Path, stamp: &Stamp) -> Result<Files, String> {
    if path.is_dir() {
        return read_folder(path, stamp);
    }
    let bytes = read_file(path, MAX_TOTAL_BYTES)?;
    archive::read(&bytes).map_err(|error| error.to_string())
}

fn read_folder(path: &Path, stamp: &Stamp) -> Result<Files, String> {
    let mut files = Files::new();
    for seen in &stamp.0 {
        let content = read_file(&path.join(&seen.name), MAX_FILE_BYTES)?;
        files.insert(seen.name.as_str(), content).map_err(|error| error.to_string())?;
    }
    Ok(files)
}

fn read_file(path: &Path, limit: usize) -> Result<Vec<u8>, String> {
    use std::io::Read as _;
    let mut content = Vec::new();
    let read = std::fs::File::open(path)
        .and_then(|file| file.take(limit as u64 + 1).read_to_end(&mut content));
    match read {
        Ok(_) if content.len() > limit => {
            Err(format!("{} is larger than {limit} bytes", path.display()))
        }
        Ok(_) => Ok(content),
        Err(error) => Err(format!("{} cannot be read: {error}", path.display())),
    }
}

#[cfg(test)]
mod tests;
