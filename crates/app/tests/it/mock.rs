//! `weir mock generate` and `weir mock record` on projects on disk.

use serde_json::{Value, json};
use testkit::{Backend, Project};

use super::support::{Ask as _, eventually, serve, weir};

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

/// A gateway listens to a real backend, and what it heard becomes examples that a mock gives.
#[tokio::test]
async fn what_a_gateway_has_recorded_becomes_examples() {
    let backend = Backend::answer(200, &[("content-type", "application/json")], r#"{"a":1}"#).await;
    let parent = tempfile::tempdir().unwrap();
    let project = Project::new("Real", "1.0.0", "/real").endpoint(&backend.url());
    let folder = project.operation("GET", "/a").open().write(parent.path());
    let file = folder.join("Definitions/swagger.yaml");
    let written = definition(&folder);
    let recorded = written.replace("    get:", "    get:\n      x-weir-mock: { record: true }");
    assert_ne!(recorded, written);
    std::fs::write(&file, recorded).unwrap();
    let apis = parent.path().to_str().unwrap();
    let process = serve(parent.path(), "").await;
    let url = format!("{}/real/1.0.0/a", process.http());
    assert_eq!(testkit::get(&url).await.unwrap().text(), r#"{"a":1}"#);
    let running = process.listener("admin").await.to_string();
    let record = ["mock", "record", "--apis", apis, "--running", &running];
    let done = weir(&record);
    assert_eq!(done.code, 0, "{done:?}");
    assert!(done.stdout.contains("1 example written, 0 known already"), "{done:?}");
    let document = definition(&folder);
    assert!(document.contains("recorded-") && document.contains("record: true"), "{document}");
    // The definition has changed, so that the API is served anew, and is listened to anew.
    let report = eventually("what is known already", async || {
        testkit::get(&url).await.ok()?;
        let done = weir(&[&record[..], &["--json"]].concat());
        (done.code == 0).then(|| done.json()["projects"][0].clone())
    });
    let report = report.await;
    assert_eq!((&report["added"], &report["known"]), (&json!(0), &json!(1)));
    assert_eq!(definition(&folder), document);
}
