#![allow(clippy::unwrap_used, reason = "a failed test may panic")]

use proptest::prelude::*;

use super::*;

fn tree(paths: &[&str]) -> Files {
    let mut files = Files::new();
    for path in paths {
        files.insert(*path, path.as_bytes().to_vec()).unwrap();
    }
    files
}

fn paths(files: &Files) -> Vec<&str> {
    files.iter().map(|(path, _)| path.as_str()).collect()
}

#[test]
fn the_single_root_is_stripped() {
    let (files, root) = tree(&["Pizza-1/api.yaml", "Pizza-1/Docs/a/b.txt"]).strip_root();
    assert_eq!(root.as_deref(), Some("Pizza-1"));
    assert_eq!(paths(&files), ["Docs/a/b.txt", "api.yaml"]);
}

#[test]
fn several_roots_stay() {
    for names in [&["a/x", "b/x"][..], &["a/x", "y"], &["api.yaml"], &[]] {
        let (files, root) = tree(names).strip_root();
        assert_eq!(root, None);
        assert_eq!(paths(&files), names);
    }
}

#[test]
fn litter_does_not_hide_the_root() {
    let (files, root) = tree(&["P/api.yaml", "__MACOSX/P/._api.yaml", ".DS_Store"]).strip_root();
    assert_eq!(root.as_deref(), Some("P"));
    assert_eq!(paths(&files), ["api.yaml"]);
}

#[test]
fn paths_that_leave_the_tree_are_refused() {
    for path in ["", "/a", "a/", "../a", "a/../b", "a//b", "./a", "C:/a", "a\\b", "a\0b"] {
        let refused = Files::new().insert(path, "x");
        assert_eq!(refused, Err(FilesError::Path(path.to_owned())), "{path:?}");
    }
}

#[test]
fn a_file_over_the_limit_is_refused() {
    let refused = Files::new().insert("a", vec![0; MAX_FILE_BYTES + 1]);
    assert_eq!(refused, Err(FilesError::TooLarge("a".to_owned())));
}

#[test]
fn what_is_refused_is_reported() {
    let mut found = Diagnostics::new();
    Files::new().insert("../a", "x").unwrap_err().report("p.zip", &mut found);
    let printed = found.iter().next().unwrap().to_string();
    let expect = "error[PR009]: `../a` is not a relative path inside the project\n  --> p.zip\n  help: Use relative paths inside the project.";
    assert_eq!(printed, expect);
}

#[test]
fn replacing_a_file_does_not_count_it_twice() {
    let mut files = Files::new();
    for _ in 0..20 {
        files.insert("a", vec![0; MAX_FILE_BYTES]).unwrap();
    }
    assert_eq!(files.len(), 1);
    assert_eq!(files.remove("a").unwrap().len(), MAX_FILE_BYTES);
}

#[test]
fn a_directory_lists_its_own_files_only() {
    let files = tree(&["D/a", "D/sub/b", "Dx/c", "d"]);
    assert_eq!(files.in_directory("D").map(|(name, _)| name).collect::<Vec<_>>(), ["a"]);
}

proptest! {
    #[test]
    fn what_is_taken_can_be_joined_to_a_directory(path in "[a-z./\\\\: ]{0,12}") {
        if Files::new().insert(path.clone(), "x").is_ok() {
            prop_assert!(!path.starts_with('/'));
            prop_assert!(path.split('/').all(|segment| segment != ".." && !segment.is_empty()));
        }
    }
}
