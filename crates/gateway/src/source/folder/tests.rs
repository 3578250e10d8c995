#![allow(clippy::unwrap_used, reason = "a failing test may panic")]

use std::sync::mpsc;
use std::time::Duration;

use super::*;
use crate::source::watch::watch;

fn write(dir: &Path, name: &str, content: &str) {
    let path = dir.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, content).unwrap();
}

fn described(changes: &[Change], root: &Path) -> Vec<String> {
    let name = |path: &Path| path.strip_prefix(root).unwrap().display().to_string();
    let mut all: Vec<String> = changes
        .iter()
        .map(|change| match change {
            Change::Upsert(project) => format!("+{} {}", name(&project.path), project.files.len()),
            Change::Remove(path) => format!("-{}", name(path)),
            Change::Unreadable { path, .. } => format!("?{}", name(path)),
        })
        .collect();
    all.sort();
    all
}

#[test]
fn projects_are_found_at_any_depth_and_not_inside_each_other() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().canonicalize().unwrap();
    write(&root, "a/api.yaml", "x");
    write(&root, "a/Definitions/swagger.yaml", "x");
    write(&root, "a/nested/api.yaml", "part of a");
    write(&root, "group/b/api.json", "x");
    write(&root, ".git/api.yaml", "hidden");
    write(&root, "notes/readme.md", "no project");
    let mut folders = ProjectFolders::new(vec![root.clone()]);
    assert_eq!(described(&folders.changes(), &root), ["+a 3", "+group/b 1"]);
    assert!(folders.changes().is_empty());
}

#[test]
fn a_change_concerns_its_project_only() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().canonicalize().unwrap();
    write(&root, "a/api.yaml", "x");
    write(&root, "b/api.yaml", "x");
    let mut folders = ProjectFolders::new(vec![root.clone()]);
    folders.changes();
    write(&root, "a/api.yaml", "longer");
    write(&root, "b/api.yaml", "longer");
    let changes = folders.changes_at(&[root.join("a/api.yaml")]);
    assert_eq!(described(&changes, &root), ["+a 1"]);
    std::fs::remove_dir_all(root.join("b")).unwrap();
    assert_eq!(described(&folders.changes_at(&[root.join("b")]), &root), ["-b"]);
    write(&root, "new/deep/c/api.yaml", "x");
    assert_eq!(described(&folders.changes_at(&[root.join("new")]), &root), ["+new/deep/c 1"]);
}

#[test]
fn links_that_lead_outside_are_passed_over() {
    let dir = tempfile::tempdir().unwrap();
    let outside = tempfile::tempdir().unwrap();
    let root = dir.path().canonicalize().unwrap();
    write(outside.path(), "api.yaml", "x");
    write(outside.path(), "secret.txt", "x");
    std::os::unix::fs::symlink(outside.path(), root.join("linked")).unwrap();
    write(&root, "a/api.yaml", "x");
    std::os::unix::fs::symlink(outside.path().join("secret.txt"), root.join("a/secret.txt"))
        .unwrap();
    std::os::unix::fs::symlink(root.join("a/api.yaml"), root.join("a/copy.yaml")).unwrap();
    let mut folders = ProjectFolders::new(vec![root.clone()]);
    assert_eq!(described(&folders.changes(), &root), ["+a 2"]);
}

#[test]
fn a_broken_archive_is_reported_once() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().canonicalize().unwrap();
    write(&root, "a.zip", "no zip");
    let mut folders = ProjectFolders::new(vec![root.clone()]);
    assert_eq!(described(&folders.changes(), &root), ["?a.zip"]);
    assert!(folders.changes().is_empty());
}

#[test]
fn the_system_tells_of_changes() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().canonicalize().unwrap();
    let (sender, receiver) = mpsc::channel();
    let watcher = watch(&[root.clone()], move |paths| {
        let _received = sender.send(paths);
    });
    assert!(!watcher.is_polling());
    write(&root, "a/api.yaml", "x");
    let mut folders = ProjectFolders::new(vec![root.clone()]);
    let mut seen = Vec::new();
    while seen.is_empty() {
        let paths = receiver.recv_timeout(Duration::from_secs(10)).expect("an event");
        seen = folders.changes_at(&paths);
    }
    assert_eq!(described(&seen, &root), ["+a 1"]);
}
