//! Rules that neither compiler nor clippy checks: which crate may know which, licences, banned
//! crates, sizes of files, names, links between documents.
//!
//! Every finding is printed; none stops the search for others.

mod documents;
mod licence;
mod manifests;
mod sources;

use std::fmt::Display;
use std::path::{Path, PathBuf};

use anyhow::ensure;

use crate::shell::root;

/// What was found so far.
#[derive(Debug, Default)]
pub(crate) struct Findings(Vec<String>);

impl Findings {
    /// Notes a finding about a file or crate.
    fn add(&mut self, place: impl Display, finding: impl Display) {
        self.0.push(format!("{place}: {finding}"));
    }
}

/// `cargo xtask tidy`.
pub(crate) fn run() -> anyhow::Result<()> {
    let mut findings = Findings::default();
    let files = files(root());
    manifests::check(&mut findings)?;
    sources::check(&files, &mut findings);
    documents::check(&files, &mut findings);
    for finding in &findings.0 {
        println!("{finding}");
    }
    ensure!(findings.0.is_empty(), "{} findings", findings.0.len());
    println!("tidy: {} files, nothing to complain of", files.len());
    Ok(())
}

/// Every file of the repository, relative to its root, in order.
fn files(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let (path, name) = (entry.path(), entry.file_name());
            let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
            if is_folder && !is_foreign(&name.to_string_lossy()) {
                folders.push(path);
            } else if !is_folder {
                found.extend(path.strip_prefix(root).map(Path::to_path_buf));
            }
        }
    }
    found.sort();
    found
}

/// Folders that are not part of the repository.
fn is_foreign(name: &str) -> bool {
    matches!(name, ".git" | "target" | "bench-out" | "weir-home" | "corpus" | "artifacts")
}
