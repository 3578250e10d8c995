//! WSDLs to mappings, and the collections that `cargo xtask setup` fetches.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use model::{Diagnostics, Severity};
use soap::generate::{Choice, Generated, Unmapped, generate};
use wsdl::{Archive, Description, Documents, Fetched, Limits, Location, Refusal, read};

/// A folder with the documents of somebody else's tests and examples.
pub(crate) struct Collection {
    pub(crate) folder: PathBuf,
    archive: Archive,
    /// Paths by the name of the file, where only one has it.
    pub(crate) names: HashMap<String, String>,
}

impl Documents for Collection {
    fn fetch(&self, location: &Location) -> Result<Fetched, Refusal> {
        self.archive.fetch(location).or_else(|refusal| {
            let path = location.as_path().or_else(|| Some(location.as_url()?.path()));
            let name = path.and_then(|path| path.rsplit('/').next()).unwrap_or_default();
            let found = self.names.get(name).ok_or(refusal)?;
            self.archive.fetch(&Location::path(found).unwrap())
        })
    }
}

impl Collection {
    fn of(folder: PathBuf) -> Self {
        let mut archive = Archive::new();
        gather(&folder, &folder, &mut archive);
        let mut names: HashMap<String, Vec<String>> = HashMap::new();
        for (path, _) in archive.iter() {
            let name = path.rsplit('/').next().unwrap().to_owned();
            names.entry(name).or_default().push(path.to_owned());
        }
        let sole = |(name, mut paths): (String, Vec<String>)| {
            (paths.len() == 1).then(|| (name, paths.pop().unwrap()))
        };
        let names = names.into_iter().filter_map(sole).collect();
        Self { folder, archive, names }
    }

    /// The WSDLs in the order of their paths.
    pub(crate) fn wsdls(&self) -> Vec<String> {
        let paths = self.archive.iter().map(|(path, _)| path.to_owned());
        paths.filter(|path| path.ends_with(".wsdl")).collect()
    }

    /// What a WSDL says; nothing where there are errors.
    pub(crate) fn description(&self, path: &str) -> Option<Description> {
        let reading = read(self, &Location::path(path).unwrap(), &Limits::default());
        reading.description.filter(|_| is_sound(&reading.found))
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
    folders.into_iter().map(Collection::of).collect()
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

fn is_sound(found: &Diagnostics) -> bool {
    !found.iter().any(|one| one.severity == Severity::Error)
}

/// The mappings of all ports of a WSDL, each with service and port.
pub(crate) fn mappings(description: &Description) -> Vec<(String, String, Generated)> {
    let mut all = Vec::new();
    for service in description.services() {
        for port in &service.ports {
            let choice = Choice { service: Some(&service.name.local), port: Some(&port.name) };
            match generate(description, choice) {
                Ok(made) => {
                    all.push((service.name.local.to_string(), port.name.clone(), made));
                }
                Err(Unmapped::NoPort | Unmapped::NoOperation) => {}
                Err(other) => panic!("{other:?}"),
            }
        }
    }
    all
}

/// The mapping of a text.
pub(crate) fn of_text(text: &str) -> Generated {
    let mut archive = Archive::new();
    archive.insert("in.wsdl", text.to_owned()).unwrap();
    let reading = read(&archive, &Location::path("in.wsdl").unwrap(), &Limits::default());
    assert!(is_sound(&reading.found), "{:?}", reading.found);
    generate(&reading.description.unwrap(), Choice::default()).unwrap()
}
