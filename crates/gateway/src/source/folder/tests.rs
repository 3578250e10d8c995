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
    let watcher = watch(std::slice::from_ref(&root), move |paths| {
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

#[test]
fn what_was_only_touched_is_not_new() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().canonicalize().unwrap();
    write(&root, "a/api.yaml", "x");
    let mut folders = ProjectFolders::new(vec![root.clone()]);
    folders.changes();
    write(&root, "a/.new", "x");
    std::fs::rename(root.join("a/.new"), root.join("a/api.yaml")).unwrap();
    assert!(folders.changes().is_empty());
    assert_eq!(described(&folders.reread(), &root), ["+a 1"]);
}

#[test]
fn a_change_within_a_tick_of_the_clock_is_seen() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().canonicalize().unwrap();
    write(&root, "a/api.yaml", "x");
    let mut folders = ProjectFolders::new(vec![root.clone()]);
    folders.changes();
    let file = std::fs::File::options().write(true).open(root.join("a/api.yaml")).unwrap();
    let written = file.metadata().unwrap().modified().unwrap();
    write(&root, "a/api.yaml", "y");
    file.set_modified(written).unwrap();
    assert!(folders.is_unsettled());
    assert_eq!(described(&folders.settle(), &root), ["+a 1"]);
}

#[test]
fn a_swapped_link_is_seen_and_hidden_targets_are_no_projects() {
    use std::os::unix::fs::symlink;
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().canonicalize().unwrap();
    write(&root, "..1/shop/api.yaml", "old");
    write(&root, "..2/shop/api.yaml", "new one");
    symlink("..1", root.join("..data")).unwrap();
    symlink("..data/shop", root.join("shop")).unwrap();
    let mut folders = ProjectFolders::new(vec![root.clone()]);
    assert_eq!(described(&folders.changes(), &root), ["+shop 1"]);
    symlink("..2", root.join("..data_tmp")).unwrap();
    std::fs::rename(root.join("..data_tmp"), root.join("..data")).unwrap();
    let told = [root.join("..data_tmp"), root.join("..data")];
    assert_eq!(described(&folders.changes_at(&told), &root), ["+shop 1"]);
    assert!(folders.changes_at(&[root.join("..2/shop/api.yaml")]).is_empty());
}

#[test]
fn a_root_may_be_a_link_that_is_swapped() {
    use std::os::unix::fs::symlink;
    let dir = tempfile::tempdir().unwrap();
    let base = dir.path().canonicalize().unwrap();
    write(&base, "r1/a/api.yaml", "x");
    write(&base, "r2/a/api.yaml", "longer");
    write(&base, "r2/b/api.yaml", "x");
    let root = base.join("current");
    symlink("r1", &root).unwrap();
    let mut folders = ProjectFolders::new(vec![root.clone()]);
    assert_eq!(described(&folders.changes(), &root), ["+a 1"]);
    let watcher = watch(std::slice::from_ref(&root), |_| ());
    assert!(watcher.is_current());
    symlink("r2", base.join("next")).unwrap();
    std::fs::rename(base.join("next"), &root).unwrap();
    assert!(!watcher.is_current());
    assert_eq!(described(&folders.changes(), &root), ["+a 1", "+b 1"]);
}
