//! Folders of API projects, and what has changed in them.
//!
//! A folder that holds `api.yaml`, `api.json` or `api_product.yaml` is a project, and so is a zip;
//! projects are not looked for inside projects.
//! Hidden files and links that lead out of the folder are passed over.
//!
//! A project that is being written is not taken half: what was read counts only when names, sizes
//! and times are the same before and after reading; otherwise it is looked at again.
//! A project whose files were touched but say the same is not new.
//! What was written a moment ago is read twice, because the clocks of file systems are coarse.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::path::{Path, PathBuf};

use model::files::{Files, MAX_FILE_BYTES, MAX_TOTAL_BYTES};

use super::stamp::{Stamp, inside};
use super::{Change, LoadedProject, archive, wsdl};

/// Files that make a folder a project.
const MARKS: [&str; 8] = [
    "api.yaml",
    "api.yml",
    "api.json",
    "api_product.yaml",
    "api_product.yml",
    "api_product.json",
    "Meta-information/api.yaml",
    "Meta-information/api.json",
];
/// Deepest folder in which projects are looked for.
const MAX_DEPTH: usize = 8;

/// Folders of projects, with what was read last.
#[derive(Debug)]
pub struct ProjectFolders {
    roots: Vec<PathBuf>,
    known: BTreeMap<PathBuf, Known>,
    /// What has to be looked at again soon.
    unsettled: BTreeSet<PathBuf>,
    /// Folders that cannot be read.
    closed: BTreeSet<PathBuf>,
}

/// What was read of a project last.
#[derive(Debug)]
struct Known {
    stamp: Stamp,
    /// A hash of all names and contents; `None` where they could not be read.
    digest: Option<u64>,
}

/// What a search has found.
#[derive(Debug, Default)]
struct Found {
    projects: BTreeSet<PathBuf>,
    closed: Vec<(PathBuf, String)>,
}

impl ProjectFolders {
    /// Folders below which projects are looked for; a root may be a project itself, or a link.
    #[must_use]
    pub fn new(roots: Vec<PathBuf>) -> Self {
        let roots = roots.into_iter().map(|root| std::path::absolute(&root).unwrap_or(root));
        Self {
            roots: roots.collect(),
            known: BTreeMap::new(),
            unsettled: BTreeSet::new(),
            closed: BTreeSet::new(),
        }
    }

    /// Whether something has to be looked at again soon.
    #[must_use]
    pub fn is_unsettled(&self) -> bool {
        !self.unsettled.is_empty()
    }

    /// Looks at everything.
    pub fn changes(&mut self) -> Vec<Change> {
        let mut found = Found::default();
        for root in &self.roots {
            found.search(root);
        }
        let closed: BTreeSet<PathBuf> = found.closed.iter().map(|(path, _)| path.clone()).collect();
        let opened: Vec<PathBuf> = self.closed.difference(&closed).cloned().collect();
        self.closed.retain(|path| closed.contains(path));
        let gone = self.known.keys().filter(|path| !found.projects.contains(*path)).cloned();
        let gone: Vec<PathBuf> = gone.collect();
        let mut changes: Vec<Change> = opened.into_iter().map(Change::Remove).collect();
        changes.extend(gone.iter().filter_map(|path| self.forget(path)));
        changes.extend(self.take(found));
        changes
    }

    /// Looks at everything, and takes every project as a new one.
    pub fn reread(&mut self) -> Vec<Change> {
        for known in self.known.values_mut() {
            *known = Known { stamp: Stamp::default(), digest: None };
        }
        self.changes()
    }

    /// Looks at what was being written before.
    pub fn settle(&mut self) -> Vec<Change> {
        let paths = self.unsettled.clone();
        paths.iter().filter_map(|path| self.refresh(path)).collect()
    }

    /// Looks at the projects that these paths belong to, and for new ones below them.
    pub fn changes_at(&mut self, paths: &[PathBuf]) -> Vec<Change> {
        let mut found = Found::default();
        for path in paths {
            self.candidates(path, &mut found);
        }
        self.take(found)
    }

    fn take(&mut self, found: Found) -> Vec<Change> {
        let mut changes = Vec::new();
        for (path, error) in found.closed {
            if self.closed.insert(path.clone()) {
                changes.push(Change::Unreadable { path, error });
            }
        }
        changes.extend(found.projects.iter().filter_map(|path| self.refresh(path)));
        changes
    }

    /// The projects that a change at a path may concern.
    fn candidates(&self, path: &Path, found: &mut Found) {
        let Some(root) = self.roots.iter().find(|root| path.starts_with(root)) else { return };
        let places = || path.ancestors().take_while(|place| place.starts_with(root));
        if let Some(owner) = places().find(|place| self.known.contains_key(*place)) {
            found.projects.insert(owner.to_owned());
            return;
        }
        let place = match places().filter(|place| *place != root && is_hidden(place)).last() {
            // Others may link to what is hidden: Kubernetes swaps `..data` and nothing else.
            Some(hidden) if hidden == path => path.parent().unwrap_or(root),
            Some(_) => return,
            None => path,
        };
        if let Some(owner) =
            place.ancestors().take_while(|it| it.starts_with(root)).find(|it| is_project(it))
        {
            found.projects.insert(owner.to_owned());
            return;
        }
        let below = self.known.range::<Path, _>((Bound::Included(place), Bound::Unbounded));
        let below = below.map(|(known, _)| known).take_while(|known| known.starts_with(place));
        found.projects.extend(below.cloned());
        found.search_at(place, root);
    }

    fn forget(&mut self, path: &Path) -> Option<Change> {
        self.unsettled.remove(path);
        self.known.remove(path).map(|_| Change::Remove(path.to_owned()))
    }

    /// Reads a project again when it looks different, or was written when it was read last.
    fn refresh(&mut self, path: &Path) -> Option<Change> {
        let was_unsettled = self.unsettled.remove(path);
        if !is_project(path) {
            return self.forget(path);
        }
        let before = match Stamp::take(path) {
            Ok(stamp) => stamp,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return self.wait(path),
            Err(error) => return self.unreadable(path, Stamp::default(), error.to_string()),
        };
        let known = self.known.get(path);
        if !was_unsettled && known.is_some_and(|known| known.stamp == before) {
            return None;
        }
        let is_fresh = before.is_fresh();
        let read = read(path, &before);
        if Stamp::take(path).ok().as_ref() != Some(&before) {
            return self.wait(path);
        }
        if is_fresh {
            self.unsettled.insert(path.to_owned());
        }
        match read {
            Ok(files) => self.upsert(path, before, files),
            Err(error) => self.unreadable(path, before, error),
        }
    }

    /// Looks at a project again soon.
    fn wait(&mut self, path: &Path) -> Option<Change> {
        self.unsettled.insert(path.to_owned());
        None
    }

    fn upsert(&mut self, path: &Path, stamp: Stamp, files: Files) -> Option<Change> {
        let digest = Some(digest(&files));
        let before = self.known.insert(path.to_owned(), Known { stamp, digest });
        if before.is_some_and(|before| before.digest == digest) {
            return None;
        }
        let mut files = files;
        wsdl::unpack(&mut files);
        Some(Change::Upsert(LoadedProject { path: path.to_owned(), files }))
    }

    fn unreadable(&mut self, path: &Path, stamp: Stamp, error: String) -> Option<Change> {
        let before = self.known.insert(path.to_owned(), Known { stamp, digest: None });
        let is_known = before.is_some_and(|before| {
            before.digest.is_none()
                && self.known.get(path).is_some_and(|now| now.stamp == before.stamp)
        });
        (!is_known).then(|| Change::Unreadable { path: path.to_owned(), error })
    }
}

impl Found {
    /// Finds the projects at and below a root.
    fn search(&mut self, root: &Path) {
        self.search_at(root, root);
    }

    /// Finds the projects at and below a path of a root.
    fn search_at(&mut self, path: &Path, root: &Path) {
        let real = root.canonicalize().unwrap_or_else(|_absent| root.to_owned());
        let is_inside = inside(path, &real).is_ok_and(|metadata| metadata.is_some());
        if path == root || is_inside {
            self.discover(path, &real, 0);
        }
    }

    /// `root` is free of links.
    fn discover(&mut self, path: &Path, root: &Path, depth: usize) {
        if is_project(path) {
            self.projects.insert(path.to_owned());
            return;
        }
        if depth > MAX_DEPTH || !path.is_dir() {
            return;
        }
        let entries = match std::fs::read_dir(path) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return,
            Err(error) => {
                self.closed.push((path.to_owned(), format!("this folder cannot be read: {error}")));
                return;
            }
        };
        for entry in entries.flatten().map(|entry| entry.path()) {
            let is_inside = inside(&entry, root).is_ok_and(|metadata| metadata.is_some());
            if !is_hidden(&entry) && is_inside {
                self.discover(&entry, root, depth + 1);
            }
        }
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

/// A hash of names and contents, to tell whether two readings are the same.
fn digest(files: &Files) -> u64 {
    use std::hash::{Hash as _, Hasher as _};
    let mut hasher = std::hash::DefaultHasher::new();
    for (name, content) in files.iter() {
        name.hash(&mut hasher);
        content.hash(&mut hasher);
    }
    hasher.finish()
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
