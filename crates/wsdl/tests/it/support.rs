//! The collections that `cargo xtask setup` fetches.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use model::{Diagnostic, Diagnostics, Severity};
use wsdl::{Archive, Documents, Fetched, Location, Refusal};

/// A folder with the documents of somebody else's tests and examples.
pub(crate) struct Collection {
    pub(crate) name: String,
    pub(crate) folder: PathBuf,
    pub(crate) archive: Archive,
    /// Paths by the name of the file, where only one has it.
    pub(crate) names: HashMap<String, String>,
}

/// A collection in which a document that is not where it should be is looked for by its name.
///
/// Packages flatten the folders that their WSDLs came from.
pub(crate) struct Anywhere<'a>(pub(crate) &'a Collection);

impl Documents for Anywhere<'_> {
    fn fetch(&self, location: &Location) -> Result<Fetched, Refusal> {
        let Self(collection) = self;
        collection.archive.fetch(location).or_else(|refusal| {
            let path = location.as_path().or_else(|| Some(location.as_url()?.path()));
            let name = path.and_then(|path| path.rsplit('/').next()).unwrap_or_default();
            let found = collection.names.get(name).ok_or(refusal)?;
            collection.archive.fetch(&Location::path(found).unwrap())
        })
    }
}

/// The collections in the order of their names; empty, and said so, where there are none.
pub(crate) fn collections() -> Vec<Collection> {
    let folder = testkit::workspace_root().join("target/corpus/wsdl");
    let entries = std::fs::read_dir(&folder).into_iter().flatten().flatten();
    let is_complete = |path: &PathBuf| path.is_dir() && path.extension().is_none();
    let mut folders: Vec<_> = entries.map(|entry| entry.path()).filter(is_complete).collect();
    folders.sort();
    if folders.is_empty() {
        eprintln!("skipped: there are no WSDLs in {} (cargo xtask setup)", folder.display());
    }
    folders.into_iter().map(collection).collect()
}

fn collection(folder: PathBuf) -> Collection {
    let mut archive = Archive::new();
    gather(&folder, &folder, &mut archive);
    let name = folder.file_name().unwrap().to_string_lossy().into_owned();
    let mut names: HashMap<String, Vec<String>> = HashMap::new();
    for (path, _) in archive.iter() {
        let name = path.rsplit('/').next().unwrap().to_owned();
        names.entry(name).or_default().push(path.to_owned());
    }
    let sole = |(name, mut paths): (String, Vec<String>)| {
        (paths.len() == 1).then(|| (name, paths.pop().unwrap()))
    };
    let names = names.into_iter().filter_map(sole).collect();
    Collection { name, folder, archive, names }
}

fn gather(root: &Path, folder: &Path, archive: &mut Archive) {
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        let extension = path.extension().map(|one| one.to_string_lossy().to_ascii_lowercase());
        if entry.file_type().unwrap().is_dir() {
            gather(root, &path, archive);
        } else if extension.is_some_and(|one| one == "wsdl" || one == "xsd") && path.is_file() {
            let inside = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
            archive.insert(&inside, std::fs::read(&path).unwrap()).unwrap();
        }
    }
}

impl Collection {
    /// The WSDLs in the order of their paths.
    pub(crate) fn wsdls(&self) -> Vec<String> {
        let paths = self.archive.iter().map(|(path, _)| path.to_owned());
        paths.filter(|path| path.ends_with(".wsdl")).collect()
    }
}

/// The errors among diagnostics.
pub(crate) fn errors(found: &Diagnostics) -> Vec<&Diagnostic> {
    found.iter().filter(|one| one.severity == Severity::Error).collect()
}
