//! `weir mock generate` on projects on disk.

use serde_json::{Value, json};
use testkit::Project;

use super::support::weir;

fn mock() -> Project {
    Project::new("Mock", "1.0.0", "/mock").set("endpointImplementationType", json!("INLINE"))
}

/// The scripts of a definition, as text.
fn definition(folder: &std::path::Path) -> String {
    std::fs::read_to_string(folder.join("Definitions/swagger.yaml")).unwrap()
}

#[test]
fn scripts_are_written_once_and_edited_ones_are_left_alone() {
    let parent = tempfile::tempdir().unwrap();
    let folder = mock().operation("GET", "/a").write(parent.path());
    let apis = parent.path().to_str().unwrap();
    let generate = |more: &[&str]| weir(&[&["mock", "generate", "--apis", apis], more].concat());

    let done = generate(&[]);
    assert_eq!(done.code, 0, "{done:?}");
    assert!(done.stdout.contains(" written, 0 unchanged, 0 left alone"), "{done:?}");
    let first = definition(&folder);
    assert!(first.contains("x-mediation-script"), "{first}");

    let done = generate(&[]);
    assert!(done.stdout.contains("0 scripts written"), "{done:?}");
    assert_eq!(definition(&folder), first);

    let edited = first.replace("var usualCode", "var other = 1;\n        var usualCode");
    assert_ne!(edited, first);
    std::fs::write(folder.join("Definitions/swagger.yaml"), &edited).unwrap();
    let done = generate(&["--json"]);
    let report: Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!(report["projects"][0]["operations"][0]["script"], "left alone", "{report}");
    assert_eq!(report["projects"][0]["written"], Value::Null, "{report}");
    assert_eq!(definition(&folder), edited);

    let done = generate(&["--force"]);
    assert_eq!(done.code, 0, "{done:?}");
    assert!(!definition(&folder).contains("var other"), "{}", definition(&folder));
}

#[test]
fn apis_with_an_upstream_are_left_alone() {
    let parent = tempfile::tempdir().unwrap();
    let folder = Project::new("Real", "1.0.0", "/real").operation("GET", "/a").write(parent.path());
    let apis = parent.path().to_str().unwrap();
    let before = definition(&folder);
    let done = weir(&["mock", "generate", "--apis", apis]);
    assert_eq!(done.code, 0, "{done:?}");
    assert!(done.stdout.contains("left alone") && done.stdout.contains("ENDPOINT"), "{done:?}");
    assert_eq!(definition(&folder), before);
    let done = weir(&["mock", "generate", "--apis", apis, "--all"]);
    assert!(done.stdout.contains(" written"), "{done:?}");
}

#[test]
fn what_cannot_be_read_is_told() {
    let parent = tempfile::tempdir().unwrap();
    let nowhere = parent.path().join("nowhere");
    let done = weir(&["mock", "generate", "--apis", nowhere.to_str().unwrap()]);
    assert_eq!(done.code, 1, "{done:?}");
    let folder = mock().operation("GET", "/a").write(parent.path());
    std::fs::write(folder.join("Definitions/swagger.yaml"), "a: [").unwrap();
    let done = weir(&["mock", "generate", "--apis", parent.path().to_str().unwrap()]);
    assert_eq!(done.code, 1, "{done:?}");
    assert!(done.stdout.contains("Definitions/swagger.yaml"), "{done:?}");
    assert_eq!(weir(&["mock"]).code, 2);
}
