//! Policies that a project brings along: their forms, secrets in their parameters, and what is
//! refused (spec/02 §1.9).

use serde_json::{Value, json};
use testkit::{Backend, Project};

use super::{attach, fixed_endpoint, mediated, open_to_all, policed, refusal, specification};
use crate::gateway::Weir;

const HEADER: &str = r#"<header name="X-Own" scope="transport" value="{{ value }}"/>"#;

/// A project with this file as the specification of `own`, and what it does.
fn with_file(backend: &Backend, path: &str, text: impl Into<Vec<u8>>) -> Project {
    let stem = path.rsplit_once('.').expect("an extension").0;
    let attached = json!({ "request": [attach("own", "v1", json!({ "value": "1" }))] });
    policed(fixed_endpoint(&backend.url()), attached)
        .file(path, text)
        .file(&format!("{stem}.j2"), HEADER)
}

/// Flat and wrapped, YAML and JSON, in every place where exports have them.
#[tokio::test]
async fn every_form_of_a_specification_is_read() {
    let backend = Backend::echo().await;
    let flat = specification("own");
    let wrapped =
        json!({ "type": "operation_policy_specification", "version": "v4.1.0", "data": flat });
    let yaml = "category: Mediation\nname: own\nversion: v1\ndisplayName: Own\n\
        applicableFlows: [request]\nsupportedGateways:\n- Synapse\nsupportedApiTypes:\n- apiType: HTTP\n";
    let wrapped_yaml = format!(
        "type: operation_policy_specification\nversion: v4.7.0\ndata:\n  {}",
        yaml.trim_end().replace('\n', "\n  ")
    );
    for (path, text) in [
        ("Policies/own_v1.json", flat.to_string()),
        ("Policies/own_v1.json", wrapped.to_string()),
        ("Policies/own_v1.yaml", yaml.to_owned()),
        ("Policies/own_v1.yaml", wrapped_yaml.clone()),
        ("Policies/own_v1_api.yaml", wrapped_yaml),
        ("Policies/own_v1/own_v1.yaml", wrapped.to_string()),
    ] {
        let weir = Weir::start(&with_file(&backend, path, text.clone()));
        let answer = weir.get("/shop/1.0/a").await;
        assert_eq!(answer.status, 200, "{path}: {text}");
        assert_eq!(backend.last().header("x-own"), Some("1"), "{path}: {text}");
    }
}

/// Of a common policy and one of the API, of one name and version, `policyType` chooses.
#[tokio::test]
async fn the_type_tells_the_common_one_from_that_of_the_api() {
    let backend = Backend::echo().await;
    let text = |value: &str| format!(r#"<header name="X-Own" scope="transport" value="{value}"/>"#);
    for (kind, expected) in [("api", "api"), ("common", "common"), ("", "common")] {
        let mut reference = attach("own", "v1", json!({}));
        if !kind.is_empty() {
            reference["policyType"] = json!(kind);
        }
        let policies = json!({ "request": [reference] });
        let project = policed(fixed_endpoint(&backend.url()), policies)
            .file("Policies/own_v1.json", specification("own").to_string())
            .file("Policies/own_v1.j2", text("common"))
            .file("Policies/own_v1_api.json", specification("own").to_string())
            .file("Policies/own_v1_api.j2", text("api"));
        let weir = Weir::start(&project);
        assert_eq!(weir.get("/shop/1.0/a").await.status, 200);
        assert_eq!(backend.last().header("x-own"), Some(expected), "{kind}");
    }
}

/// A policy of the project takes the place of a shipped one of its name and version.
#[tokio::test]
async fn a_policy_of_the_project_comes_before_a_shipped_one() {
    let backend = Backend::echo().await;
    let mut own = specification("addHeader");
    own["version"] = json!("v3");
    let policies = json!({ "request": [attach("addHeader", "v3", json!({}))] });
    let project = policed(fixed_endpoint(&backend.url()), policies)
        .file("Policies/addHeader_v3.json", own.to_string())
        .file("Policies/addHeader_v3.j2", r#"<header name="X-Own" scope="transport" value="1"/>"#);
    let weir = Weir::start(&project);
    assert_eq!(weir.get("/shop/1.0/a").await.status, 200);
    assert_eq!(backend.last().header("x-own"), Some("1"));
}

fn with_secret(backend: &Backend, value: Value) -> Project {
    let mut own = specification("own");
    own["policyAttributes"] = json!([
        { "name": "key", "displayName": "Key", "type": "Secret", "required": true },
    ]);
    let policies = json!({ "request": [attach("own", "v1", json!({ "key": value }))] });
    policed(fixed_endpoint(&backend.url()), policies)
        .file("Policies/own_v1.json", own.to_string())
        .file("Policies/own_v1.j2", r#"<header name="X-Own" scope="transport" value="{{ key }}"/>"#)
}

#[tokio::test]
async fn secrets_come_from_where_they_are_kept() {
    let backend = Backend::echo().await;
    let dir = tempfile::TempDir::new().unwrap();
    let path = std::env::var("PATH").expect("every process has it");
    let file = dir.path().canonicalize().unwrap().join("key");
    std::fs::write(&file, "from & file\n").unwrap();
    for (value, expected) in [
        ("written".to_owned(), "written"),
        ("$env{PATH}".to_owned(), path.as_str()),
        (format!("$file{{{}}}", file.display()), "from & file"),
    ] {
        let project = with_secret(&backend, json!(value));
        let weir = Weir::with(&[&project], |config| {
            config.secrets.directories = vec![dir.path().canonicalize().unwrap()];
        });
        assert_eq!(weir.get("/shop/1.0/a").await.status, 200);
        assert_eq!(backend.last().header("x-own"), Some(expected), "{value}");
        assert!(!weir.findings().contains("from & file"), "{}", weir.findings());
    }
    for value in
        ["", "********", "$env{WEIR_NONE_OF_THESE}", "$file{/etc/hostname}", "$file{../key}"]
    {
        let said = refusal(&with_secret(&backend, json!(value)));
        assert!(said.contains("PO016"), "{value}: {said}");
    }
}

/// Row 30 of spec/02 §6.1, and what else is refused at deployment.
#[tokio::test]
async fn what_cannot_run_is_refused_with_its_name() {
    let config = || fixed_endpoint("http://192.0.2.1");
    for (text, code, part) in [
        (r#"<xslt key="a"/>"#, "MD", "xslt"),
        (r#"<dblookup/>"#, "MD", "dblookup"),
        (r#"<clone/>"#, "MD", "clone"),
        (r#"<class name="com.example.Mine"/>"#, "MD", "com.example.Mine"),
        (r#"<script language="js">function (</script>"#, "MD", "script"),
        (r#"<script language="groovy">mc</script>"#, "MD", "groovy"),
        (r#"<headr name="To" value="http://b"/>"#, "MD003", "header"),
        (r#"<header name="To" value="http://b"#, "MD001", ""),
        (r#"<?xml version="1.0"?><log/>"#, "MD002", ""),
        (r#"<property name="a" value="b & c"/>"#, "MD013", ""),
        (r#"<header name="To" expression="http://b/x"/>"#, "MD", "value"),
        (r#"<filter source="$trp:a" regex="("><then/></filter>"#, "MD011", ""),
        (r#"<property name="a" expression="$trp:"/>"#, "MD", ""),
        (r#"<property name="a" value="{{ b "/>"#, "PO009", ""),
        (r#"{% for a in range(1000000000) %}<log/>{% endfor %}"#, "PO009", ""),
        (r#"<sequence key="nowhere"/>"#, "MD", "nowhere"),
    ] {
        for flow in 0..3 {
            let mut flows = ["", "", ""];
            flows[flow] = text;
            let said = refusal(&open_to_all(mediated(config(), flows)));
            let is_told = said.contains(&format!("[{code}")) && said.contains(part);
            assert!(is_told, "{text} in flow {flow}: {said}");
        }
    }
}
