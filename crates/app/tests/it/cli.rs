//! The command line: what it prints, and how it ends.

use std::fs;

use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::Project;

use super::support::{Ask, Done, WEIR, configure, home, open, serve_with, weir, weir_with, zipped};

const LATER: [&str; 2] = ["backup", "restore"];

#[test]
fn help_lists_what_works_and_nothing_else() {
    for arguments in [&["help"][..], &["--help"], &["-h"]] {
        let done = weir(arguments);
        assert_eq!(done.code, 0);
        for command in [
            "serve",
            "validate",
            "explain",
            "environments",
            "import-wsdl",
            "mock",
            "encrypt",
            "version",
            "help",
        ] {
            assert!(done.stdout.contains(&format!("\n  {command} ")), "{command}: {}", done.stdout);
        }
        for command in LATER {
            assert!(!done.stdout.contains(command), "{command}: {}", done.stdout);
        }
        assert!(!done.stdout.contains('\u{1b}'), "colour without a terminal");
    }
    let done = weir(&["help", "serve"]);
    assert_eq!(done.code, 0);
    for flag in ["--home", "--config", "--apis", "--role", "--http", "--https", "--manage"] {
        assert!(done.stdout.contains(flag), "{flag}: {}", done.stdout);
    }
}

#[test]
fn what_comes_later_is_refused_by_name() {
    for command in LATER {
        for rest in [&[][..], &["list", "--region", "eu", "x"], &["--help"]] {
            let done = weir(&[&[command], rest].concat());
            assert_eq!(done.code, 2, "{done:?}");
            let told = done.stderr.contains(command) && done.stderr.contains("not in this version");
            assert!(told && done.stdout.is_empty(), "{done:?}");
        }
    }
    let done = weir(&["serve", "--role", "control"]);
    assert_eq!(done.code, 2);
    assert!(done.stderr.contains("not in this version"), "{done:?}");
}

#[test]
fn wrong_usage_ends_with_two() {
    for arguments in [
        &[][..],
        &["nonsense"],
        &["serve", "--nonsense"],
        &["serve", "--http", "nowhere"],
        &["serve", "--workers", "0"],
        &["serve", "--role", "other"],
        &["validate"],
        &["explain", "GET", "/a"],
        &["explain", "--apis", ".", "GET"],
        &["explain", "--apis", ".", "G T", "/a"],
        &["explain", "--apis", ".", "GET", "/a", "-H", "no colon"],
        &["explain", "--apis", ".", "GET", "not a url"],
        &["version", "--nonsense"],
    ] {
        let done = weir(arguments);
        assert_eq!(done.code, 2, "{arguments:?}: {done:?}");
        assert!(!done.stderr.is_empty(), "{arguments:?}");
    }
    let done = weir_with(&["serve"], &[("WEIR_HTTP", "nowhere")]);
    assert_eq!(done.code, 2);
    assert!(done.stderr.contains("WEIR_HTTP"), "{done:?}");
}

#[test]
fn versions_are_text_or_json() {
    let text = weir(&["version"]);
    let json = weir(&["version", "--json"]).json();
    assert_eq!(json["name"], "weir");
    assert_eq!(text.stdout, format!("weir {}\n", json["version"].as_str().unwrap()));
}

#[test]
fn a_configuration_that_cannot_be_read_is_an_error() {
    let missing = weir(&["environments", "--config", "/nowhere.toml"]);
    assert_eq!(missing.code, 1);
    assert!(missing.stderr.contains("/nowhere.toml"), "{missing:?}");
    let home = home("[server\nhostname = 1");
    let broken = weir(&["environments", "--home", home.path().to_str().unwrap()]);
    assert_eq!(broken.code, 1);
    assert!(broken.stdout.contains("deployment.toml:1"), "{broken:?}");
    let served = weir(&["serve", "--home", home.path().to_str().unwrap()]);
    assert_eq!(served.code, 1);
    assert!(served.stderr.contains("deployment.toml"), "{served:?}");
}

#[test]
fn the_shipped_environment_is_read() {
    let Some(shared) = testkit::shared_dir() else {
        eprintln!("skipped: there are no shared fixtures");
        return;
    };
    let file = shared.join("fixtures/wso2/deployment/deployment.toml");
    let file = file.to_str().unwrap();
    let done = weir(&["environments", "--config", file]);
    assert_eq!(done.code, 0, "{done:?}");
    assert!(done.stdout.starts_with("Default  (gateway endpoint)"), "{}", done.stdout);
    assert!(done.stdout.contains("advertised   https://localhost:8243"), "{}", done.stdout);
    assert!(!done.stdout.contains("${"), "{}", done.stdout);
    let json = weir(&["environments", "--config", file, "--json"]).json();
    assert_eq!(json["gatewayEndpoint"], "https://localhost:8243");
    assert_eq!(json["environments"][0]["type"], "hybrid");
    assert!(!json.to_string().contains("wso2carbon"), "{json}");
}

#[test]
fn the_production_environment_is_the_gateway_endpoint() {
    let toml = r#"
[[apim.gateway.environment]]
name = "Mixed"
type = "hybrid"
https_endpoint = "https://mixed.test:${https.nio.port}"
[[apim.gateway.environment]]
name = "Sand"
type = "sandbox"
http_endpoint = "http://sand.test:${http.nio.port}"
[[apim.gateway.environment]]
name = "Prod"
type = "production"
http_endpoint = "http://prod.test"
https_endpoint = "https://prod.test:${https.nio.port}"
"#;
    let home = home(toml);
    let home = home.path().to_str().unwrap();
    let json = weir(&["environments", "--home", home, "--json"]).json();
    assert_eq!(json["gatewayEnvironment"], "Prod");
    assert_eq!(json["gatewayEndpoint"], "https://prod.test:8243");
    let advertised: Vec<&Value> =
        json["environments"].as_array().unwrap().iter().map(|one| &one["advertised"]).collect();
    assert_eq!(
        advertised,
        ["https://mixed.test:8243", "http://sand.test:8280", "https://prod.test:8243"]
    );
    let text = weir(&["environments", "--home", home]).stdout;
    assert!(text.contains("Prod  (gateway endpoint)"), "{text}");
    // The environment wins over the file, and its port is the one that is substituted.
    let moved =
        weir_with(&["environments", "--json"], &[("WEIR_HOME", home), ("WEIR_HTTPS", ":9999")]);
    assert_eq!(moved.json()["gatewayEndpoint"], "https://prod.test:9999");
}

#[tokio::test]
async fn flags_win_over_the_environment_and_that_over_the_file() {
    let apis = TempDir::new().unwrap();
    let toml = "[transport.passthru_http.listener]\nport = 1\n[weir.admin]\nlisten = \"127.0.0.1:2\"\n\
                [weir.gateway]\nworkers = 2\n";
    let variables = [("WEIR_HTTP", "127.0.0.1:3"), ("WEIR_WORKERS", "3")];
    let more = ["--http", "127.0.0.1:0", "--admin", "127.0.0.1:0"];
    let process = serve_with(apis.path(), home(toml), &more, &variables).await;
    let config = process.admin("/config").await.json();
    let from = |value: &str| -> Vec<Value> {
        let all = config.as_array().unwrap();
        all.iter().filter(|one| one["from"].as_str().unwrap().contains(value)).cloned().collect()
    };
    let has = |from: &[Value], key: &str| {
        from.iter().any(|one| one["key"].as_str().unwrap().contains(key))
    };
    assert!(has(&from("--http"), "passthru_http"), "{config:#}");
    assert!(has(&from("--admin"), "admin"), "{config:#}");
    assert!(has(&from("WEIR_WORKERS"), "workers"), "{config:#}");
    assert!(from("WEIR_HTTP").is_empty(), "{config:#}");
    assert!(has(&from("default"), "fault_status"), "{config:#}");
}

#[test]
fn all_shared_fixtures_are_read() {
    let Some(shared) = testkit::shared_dir() else {
        eprintln!("skipped: there are no shared fixtures");
        return;
    };
    let fixtures = shared.join("fixtures/wso2");
    let done = weir(&["validate", "--json", fixtures.to_str().unwrap()]);
    let json = done.json();
    let projects = json["projects"].as_array().unwrap();
    assert!(projects.len() >= 3, "{json:#}");
    for project in projects {
        let path = project["path"].as_str().unwrap();
        for diagnostic in project["diagnostics"].as_array().unwrap() {
            for key in ["severity", "code", "file", "message", "help"] {
                assert!(diagnostic[key].is_string(), "{path}: {diagnostic}");
            }
        }
        let codes = |severity: &str| -> Vec<&str> {
            let all = project["diagnostics"].as_array().unwrap();
            let of = all.iter().filter(|one| one["severity"] == severity);
            of.map(|one| one["code"].as_str().unwrap()).collect()
        };
        if path.contains("MyProduct") {
            assert_eq!(codes("error"), ["PR006"], "{project:#}");
        }
    }
    let shack =
        projects.iter().find(|one| one["path"].as_str().unwrap().ends_with("/PizzaShackAPI-1.0.0"));
    assert_eq!(shack.unwrap()["valid"], true, "{json:#}");
}

#[test]
fn every_problem_is_told_with_its_place() {
    let dir = TempDir::new().unwrap();
    let broken = Project::new("Bro ken", "1", "bro ken")
        .endpoint("ftp://nowhere")
        .operation("FETCH", "/a")
        .operation("GET", "/{a")
        .write(dir.path());
    open("Good", "http://127.0.0.1:1").write(dir.path());
    fs::create_dir(dir.path().join("text")).unwrap();
    fs::write(dir.path().join("text/api.yaml"), "type: api\ndata:\n  name: [\n").unwrap();
    let done = weir(&["validate", dir.path().to_str().unwrap()]);
    assert_eq!(done.code, 1, "{done:?}");
    let errors = done.stdout.matches("error[").count();
    assert!(errors >= 5, "{}", done.stdout);
    assert_eq!(done.stdout.matches("  --> ").count(), done.stdout.matches("  help: ").count());
    let place = format!("{}/api.yaml#/data/context", broken.display());
    assert!(done.stdout.contains(&place), "{place}: {}", done.stdout);
    assert!(done.stdout.contains("/text/api.yaml:"), "{}", done.stdout);
    assert!(
        done.stdout.contains("Good-1: valid, Good 1 at /good/1 with 2 operations"),
        "{}",
        done.stdout
    );
    assert!(done.stdout.contains("3 projects checked: "), "{}", done.stdout);
    assert!(done.stdout.contains(": refused\n"), "{}", done.stdout);
    let json = weir(&["validate", "--json", dir.path().to_str().unwrap()]);
    assert_eq!(json.code, 1);
    let json = json.json();
    let valid: Vec<&Value> =
        json["projects"].as_array().unwrap().iter().map(|one| &one["valid"]).collect();
    assert_eq!(valid, [&json!(false), &json!(true), &json!(false)]);
}

#[test]
fn archives_and_conflicts_are_checked() {
    let dir = TempDir::new().unwrap();
    let project = open("Shop", "http://127.0.0.1:1").write(dir.path());
    let archive = dir.path().join("copy.zip");
    fs::write(&archive, zipped(&project)).unwrap();
    assert_eq!(weir(&["validate", archive.to_str().unwrap()]).code, 0);
    let done = weir(&["validate", dir.path().to_str().unwrap()]);
    assert_eq!(done.code, 1, "{done:?}");
    assert!(done.stdout.contains("error[AP030]"), "{}", done.stdout);
    fs::write(&archive, "no zip").unwrap();
    let done = weir(&["validate", archive.to_str().unwrap()]);
    assert_eq!(done.code, 1);
    assert!(done.stdout.contains("error[PR011]"), "{}", done.stdout);
    assert!(done.stdout.contains("copy.zip\n"), "{}", done.stdout);
}

#[test]
fn nothing_to_validate_is_an_error() {
    let dir = TempDir::new().unwrap();
    for path in [dir.path(), &dir.path().join("absent")] {
        let done = weir(&["validate", path.to_str().unwrap()]);
        assert_eq!(done.code, 1, "{done:?}");
        assert!(!done.stderr.is_empty());
    }
}

#[test]
fn projects_below_the_current_folder_are_named_as_there() {
    let dir = TempDir::new().unwrap();
    open("Shop", "http://127.0.0.1:1").write(dir.path());
    let mut command = std::process::Command::new(WEIR);
    let done = Done::of(&command.args(["validate", "."]).current_dir(dir.path()).output().unwrap());
    assert!(done.stdout.starts_with("Shop-1: valid"), "{done:?}");
}

fn explain(apis: &TempDir, arguments: &[&str]) -> Value {
    let arguments =
        [&["explain", "--json", "--apis", apis.path().to_str().unwrap()], arguments].concat();
    let done = weir(&arguments);
    assert_eq!(done.code, 0, "{done:?}");
    done.json()
}

#[test]
fn a_request_is_explained_and_not_sent() {
    let apis = TempDir::new().unwrap();
    // Nobody listens there: whoever sent something would fail.
    let cors = json!({
        "corsConfigurationEnabled": true,
        "accessControlAllowOrigins": ["https://shop.test"],
        "accessControlAllowCredentials": false,
        "accessControlAllowHeaders": ["X-A"],
        "accessControlAllowMethods": ["GET"],
    });
    Project::new("Shop", "1", "/shop")
        .endpoint("http://127.0.0.1:1/{uri.var.id}/x")
        .set("corsConfiguration", cors)
        .set("authorizationHeader", json!("X-Key-To-Door"))
        .operation("GET", "/open/{id}")
        .open()
        .operation("POST", "/open/{id}")
        .open()
        .operation("GET", "/closed/{id}")
        .secured(&["buy"])
        .set("scopes", json!([{ "scope": { "name": "buy", "displayName": "buy", "bindings": [] }, "shared": false }]))
        .write(apis.path());
    let open = explain(
        &apis,
        &["GET", "http://h/shop/1/open/7?a=b", "-H", "Cookie: s=hidden", "-H", "X-Other: seen"],
    );
    assert_eq!(open["request"]["method"], "GET");
    assert_eq!(open["request"]["url"], "http://127.0.0.1:1/7/x/open/7?a=b", "{open:#}");
    let text = open.to_string();
    assert!(!text.contains("hidden") && text.contains("seen") && text.contains("***"), "{open:#}");
    let closed = explain(&apis, &["GET", "/shop/1/closed/7", "-H", "X-Key-To-Door: Bearer hidden"]);
    let text = closed.to_string();
    assert!(text.contains("buy") && !text.contains("hidden"), "{closed:#}");
    let home = home("[apim.oauth_config]\nenable_outbound_auth_header = true\n");
    let home = ["--home", home.path().to_str().unwrap()];
    let token = ["GET", "/shop/1/closed/7", "-H", "X-Key-To-Door: Bearer hidden"];
    let passed_on = explain(&apis, &[&home[..], &token].concat()).to_string();
    assert!(passed_on.contains("x-key-to-door") && !passed_on.contains("hidden"), "{passed_on}");
    let missing = explain(&apis, &["GET", "/shop/1/nothing"]);
    assert_eq!(missing["answer"]["status"], 404);
    let elsewhere = explain(&apis, &["GET", "/nothing"]);
    assert_eq!(
        (&elsewhere["answer"]["status"], &elsewhere["request"]),
        (&json!(404), &Value::Null)
    );
    let wrong = explain(&apis, &["DELETE", "/shop/1/open/7"]);
    assert_eq!(wrong["answer"]["status"], 405);
    let preflight = ["-H", "Origin: https://shop.test", "-H", "Access-Control-Request-Method: GET"];
    let preflight = explain(&apis, &[&["OPTIONS", "/shop/1/open/7"], &preflight[..]].concat());
    assert_eq!(preflight["answer"]["status"], 200, "{preflight:#}");
    let body = explain(&apis, &["POST", "/shop/1/open/7", "--data", "four"]);
    assert!(body.to_string().contains("content-length"), "{body:#}");
}

#[test]
fn refused_projects_are_told_when_a_request_is_explained() {
    let apis = TempDir::new().unwrap();
    open("Good", "http://127.0.0.1:1").write(apis.path());
    open("Bad", "nowhere").set("version", Value::Null).write(apis.path());
    let arguments = ["explain", "--apis", apis.path().to_str().unwrap(), "GET", "/good/1/a"];
    let done = weir(&arguments);
    assert_eq!(done.code, 1);
    assert!(
        done.stdout.contains("error[") && done.stdout.contains("http://127.0.0.1:1"),
        "{done:?}"
    );
    let json = weir(&[&arguments[..], &["--json"]].concat());
    assert_eq!(json.code, 1);
    assert_eq!(json.json()["refused"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn colours_are_for_terminals_that_want_them() {
    let dir = TempDir::new().unwrap();
    fs::write(dir.path().join("api.yaml"), "type: api\n").unwrap();
    configure(dir.path(), "");
    let command = format!("{WEIR} validate {}", dir.path().display());
    let run = async |prefix: &str| {
        let command = format!("{prefix} {command}");
        super::support::tool("script", &["-qec", &command, "/dev/null"]).await
    };
    let Some(coloured) = run("env -u NO_COLOR").await else { return };
    assert_eq!(coloured.code, 1);
    assert!(coloured.stdout.contains("\u{1b}[1;31merror["), "{coloured:?}");
    let plain = run("env NO_COLOR=1").await.unwrap();
    assert!(!plain.stdout.contains('\u{1b}') && plain.stdout.contains("error["), "{plain:?}");
}
