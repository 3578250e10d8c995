//! Documents: links lead somewhere, nothing lies about unlinked, the examples are described.

use std::path::{Component, Path, PathBuf};

use super::Findings;
use crate::ci::example_projects;
use crate::shell::root;

pub(super) fn check(files: &[PathBuf], findings: &mut Findings) {
    let is_document = |file: &&PathBuf| file.extension().is_some_and(|end| end == "md");
    let mut linked = Vec::new();
    for file in files.iter().filter(is_document) {
        let text = std::fs::read_to_string(root().join(file)).unwrap_or_default();
        let targets = targets(file, &text);
        for target in &targets {
            if !root().join(target).exists() {
                findings.add(file.display(), format_args!("links to {}", target.display()));
            }
        }
        if matches!(file.to_string_lossy().as_ref(), "README.md" | "ARCHITECTURE.md") {
            linked.extend(targets);
        }
    }
    for file in files.iter().filter(is_document).filter(|file| file.starts_with("docs")) {
        if !linked.contains(file) {
            findings.add(file.display(), "neither README.md nor ARCHITECTURE.md links to it");
        }
    }
    check_examples(findings);
}

/// Every example is named in the README of the examples.
fn check_examples(findings: &mut Findings) {
    let readme = std::fs::read_to_string(root().join("examples/README.md")).unwrap_or_default();
    for project in example_projects() {
        let name = project.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if !readme.contains(&name) {
            findings.add("examples/README.md", format_args!("does not describe {name}"));
        }
    }
}

/// The files that a document links to, relative to the root; web pages and anchors are left out.
fn targets(document: &Path, text: &str) -> Vec<PathBuf> {
    let folder = document.parent().unwrap_or(Path::new(""));
    let mut fenced = false;
    let mut found = Vec::new();
    for line in text.lines() {
        fenced ^= line.trim_start().starts_with("```");
        let links = line.split("](").skip(1).filter_map(|part| part.split(')').next());
        let paths = links.filter_map(|link| link.split('#').next());
        let paths = paths.filter(|path| !path.is_empty() && !path.contains(':'));
        if !fenced {
            found.extend(paths.map(|path| normal(&folder.join(path))));
        }
    }
    found
}

/// Without `.` and `..`.
fn normal(path: &Path) -> PathBuf {
    let mut clean = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => drop(clean.pop()),
            Component::CurDir => {}
            other => clean.push(other),
        }
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_found() {
        let text = "see [a](../README.md#top), [b](style.md) and [c](https://example.org/x)\n\
                    [d](#here)\n```\n[e](gone.md)\n```\n";
        let expected = [PathBuf::from("README.md"), PathBuf::from("docs/style.md")];
        assert_eq!(targets(Path::new("docs/a.md"), text), expected);
    }
}
