//! Directories as projects.

use std::path::{Path, PathBuf};

use model::Files;

/// The files of a directory and everything below it.
pub(crate) fn files(directory: &Path) -> Files {
    let mut files = Files::new();
    for path in walk(directory) {
        let relative = path.strip_prefix(directory).unwrap().to_str().unwrap().replace('\\', "/");
        files.insert(relative, std::fs::read(&path).unwrap()).unwrap();
    }
    files
}

/// The directories directly inside one, in order.
pub(crate) fn directories(directory: &Path) -> Vec<PathBuf> {
    entries(directory).into_iter().filter(|path| path.is_dir()).collect()
}

/// All files below a directory, in order.
pub(crate) fn walk(directory: &Path) -> Vec<PathBuf> {
    let nested = |path: PathBuf| if path.is_dir() { walk(&path) } else { vec![path] };
    entries(directory).into_iter().flat_map(nested).collect()
}

fn entries(directory: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<_> =
        std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}
