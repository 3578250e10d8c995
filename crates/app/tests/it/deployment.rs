//! Environments: which APIs are served here, on which hosts, with which parameters.

use serde_json::json;
use tempfile::TempDir;
use testkit::{Backend, Project, WeirProcess};

use super::support::{
    Ask, configure, home, open, serve, serve_with, until_status, weir, weir_with,
};

const ENVIRONMENTS: &str = r#"
[[apim.gateway.environment]]
name = "Default"
type = "hybrid"
https_endpoint = "https://localhost:8243"
[[apim.gateway.environment.virtual_host]]
http_endpoint = "http://shop.test"
https_endpoint = "https://shop.test"
[[apim.gateway.environment]]
name = "Far"
type = "hybrid"
https_endpoint = "https://far.test"
"#;

/// `deployment_environments.yaml` with these entries.
fn deployed(project: Project, entries: &[(&str, Option<&str>)]) -> Project {
    let entries: Vec<_> = entries
        .iter()
        .map(|(name, host)| json!({ "deploymentEnvironment": name, "deploymentVhost": host, "displayOnDevportal": true }))
        .collect();
    let document =
        json!({ "type": "deployment_environments", "version": "v4.7.0", "data": entries });
    project.file("deployment_environments.yaml", document.to_string())
}

#[tokio::test]
async fn an_api_for_other_environments_is_not_served() {
    let backend = Backend::echo().await;
    let apis = TempDir::new().unwrap();
    deployed(open("Here", &backend.url()), &[("Default", None)]).write(apis.path());
    deployed(open("Far", &backend.url()), &[("Far", None)]).write(apis.path());
    deployed(open("Both", &backend.url()), &[("Far", None), ("Default", None)]).write(apis.path());
    open("Plain", &backend.url()).write(apis.path());
    let process = serve(apis.path(), ENVIRONMENTS).await;
    assert!(process.line().ends_with("(3 APIs)"), "{}", process.line());
    for (target, status) in
        [("/here/1/a", 200), ("/far/1/a", 404), ("/both/1/a", 200), ("/plain/1/a", 200)]
    {
        assert_eq!(process.get(target).await.status, status, "{target}");
    }
    assert_eq!(process.project("Far-1").await.unwrap()["state"], "elsewhere");
    // Another label, without a restart.
    let labels = "[apim.sync_runtime_artifacts.gateway]\ngateway_labels = [\"Far\"]\n";
    configure(process.home(), &format!("{labels}{ENVIRONMENTS}"));
    process.signal("HUP");
    until_status(&process, "/far/1/a", 200).await;
    for (target, status) in [("/here/1/a", 404), ("/both/1/a", 200), ("/plain/1/a", 200)] {
        assert_eq!(process.get(target).await.status, status, "{target}");
    }
    assert_eq!(process.project("Here-1").await.unwrap()["state"], "elsewhere");
}

async fn on_host(process: &WeirProcess, host: &str, target: &str) -> (u16, String) {
    let url = format!("{}{target}", process.http());
    let answer = testkit::request("GET", &url, &[("Host", host)], "").await.unwrap();
    (answer.status, answer.text())
}

#[tokio::test]
async fn virtual_hosts_choose_and_may_be_strict() {
    let (hosted, plain) =
        (Backend::answer(200, &[], "hosted").await, Backend::answer(200, &[], "plain").await);
    let apis = TempDir::new().unwrap();
    let same = |backend: &Backend| open("Shop", &backend.url());
    deployed(same(&hosted), &[("Default", Some("shop.test"))]).write(&apis.path().join("hosted"));
    same(&plain).write(&apis.path().join("plain"));
    deployed(open("Only", &hosted.url()), &[("Default", Some("shop.test"))]).write(apis.path());
    let process = serve(apis.path(), ENVIRONMENTS).await;
    assert!(process.line().ends_with("(3 APIs)"), "{}\n{}", process.line(), process.stderr());
    assert_eq!(on_host(&process, "SHOP.test:8280", "/shop/1/a").await, (200, "hosted".to_owned()));
    assert_eq!(on_host(&process, "other.test", "/shop/1/a").await, (200, "plain".to_owned()));
    assert_eq!(on_host(&process, "other.test", "/only/1/a").await.0, 200);
    configure(
        process.home(),
        &format!("[weir.gateway]\nstrict_virtual_hosts = true\n{ENVIRONMENTS}"),
    );
    process.signal("HUP");
    until_status(&process, "/only/1/a", 404).await;
    assert_eq!(on_host(&process, "shop.test", "/only/1/a").await.0, 200);
    assert_eq!(on_host(&process, "other.test", "/shop/1/a").await, (200, "plain".to_owned()));
}

fn with_parameters(production: &str, staging: &str) -> Project {
    let entry = |name: &str, url: &str| json!({ "name": name, "configs": { "endpoints": { "production": { "url": url }, "sandbox": { "url": url } } } });
    let environments = json!([entry("prod", production), entry("staging", staging)]);
    open("Shop", "http://127.0.0.1:1")
        .file("params.yaml", json!({ "environments": environments }).to_string())
}

#[tokio::test]
async fn the_parameters_of_the_chosen_environment_are_applied() {
    let (prod, staging) =
        (Backend::answer(200, &[], "prod").await, Backend::answer(200, &[], "staging").await);
    let apis = with_parameters(&prod.url(), &staging.url()).write_temp();
    let chosen = serve_with(apis.dir(), home(""), &["--environment", "staging"], &[]).await;
    assert_eq!(chosen.get("/shop/1/a").await.text(), "staging");
    drop(chosen);
    let variables = [("WEIR_ENVIRONMENT", "prod")];
    let by_variable = serve_with(apis.dir(), home(""), &[], &variables).await;
    assert_eq!(by_variable.get("/shop/1/a").await.text(), "prod");
    drop(by_variable);
    let none = serve(apis.dir(), "").await;
    let project = none.project("Shop-1").await.unwrap();
    assert_eq!(project["state"], "deployed");
    let note = &project["diagnostics"][0];
    assert_eq!(
        (&note["code"], &note["severity"]),
        (&json!("PA011"), &json!("note")),
        "{project:#}"
    );
    let message = note["message"].as_str().unwrap();
    assert!(message.contains("`prod`, `staging`"), "{message}");
    let logged = none.logged("PA011").await;
    assert!(logged.contains("\"level\":\"INFO\""), "{logged}");
}

#[test]
fn validation_takes_parameters_into_account() {
    let apis = with_parameters("http://127.0.0.1:2", "ftp://nowhere").write_temp();
    let path = apis.path.to_str().unwrap();
    let none = weir(&["validate", path]);
    assert_eq!(none.code, 0, "{none:?}");
    assert!(none.stdout.contains("note[PA011]"), "{none:?}");
    let good = weir(&["validate", "--environment", "prod", path]);
    assert!(good.code == 0 && !good.stdout.contains("PA011"), "{good:?}");
    let bad = weir_with(&["validate", path], &[("WEIR_ENVIRONMENT", "staging")]);
    assert_eq!(bad.code, 1, "{bad:?}");
    let unknown = weir(&["validate", "--environment", "other", path]);
    assert_eq!(unknown.code, 1);
    assert!(
        unknown.stdout.contains("error[PA002]") && unknown.stdout.contains("`staging`"),
        "{unknown:?}"
    );
}
