//! Projects have the shape that apictl writes.

use serde_json::{Value, json};
use testkit::Project;

fn shop() -> Project {
    Project::new("Shop", "1.0.0", "/shop")
        .endpoint("http://127.0.0.1:9/base")
        .operation("GET", "/items/{id}")
        .open()
        .operation("POST", "/items")
        .secured(&["write"])
        .operation_set("throttlingPolicy", json!("10KPerMin"))
        .file("Docs/read \"me\".txt", "hi")
}

fn read(text: &str) -> Value {
    serde_saphyr::from_str(text).unwrap()
}

#[test]
fn api_yaml_reads_back() {
    let api = read(&shop().api_yaml());
    assert_eq!(api["data"]["context"], "/shop");
    assert_eq!(api["data"]["version"], "1.0.0");
    let endpoint = &api["data"]["endpointConfig"]["production_endpoints"]["url"];
    assert_eq!(endpoint, "http://127.0.0.1:9/base");
    let operations = &api["data"]["operations"];
    assert_eq!(operations[0]["authType"], "None");
    assert_eq!(operations[0]["target"], "/items/{id}");
    assert_eq!(operations[1]["scopes"], json!(["write"]));
    assert_eq!(operations[1]["throttlingPolicy"], "10KPerMin");
}

#[test]
fn the_definition_reads_back() {
    let definition = read(&shop().definition_yaml());
    let get = &definition["paths"]["/items/{id}"]["get"];
    assert_eq!(get["parameters"][0]["name"], "id");
    assert_eq!(get["responses"]["200"]["description"], "OK");
    assert_eq!(definition["paths"]["/items"]["post"]["x-throttling-tier"], "Unlimited");
}

#[test]
fn everything_is_written() {
    let written = shop().set("tags", json!(["a: b", "-", ""])).write_temp();
    assert!(written.path.starts_with(written.dir()) && written.path.ends_with("Shop-1.0.0"));
    let api = std::fs::read_to_string(written.path.join("api.yaml")).unwrap();
    assert_eq!(read(&api)["data"]["tags"], json!(["a: b", "-", ""]));
    assert!(written.path.join("Definitions/swagger.yaml").exists());
    assert_eq!(std::fs::read(written.path.join("Docs/read \"me\".txt")).unwrap(), b"hi");
}

#[test]
fn a_key_set_to_null_is_gone() {
    let api = read(&shop().set("provider", Value::Null).api_yaml());
    assert_eq!(api["data"].get("provider"), None);
}
