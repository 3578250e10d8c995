//! Projects as older and other versions of WSO2 have exported them (spec/02 §1.8).
#![allow(clippy::print_stderr, reason = "a test that is skipped says so")]

use serde_json::{Value, json};
use testkit::{Backend, Project};

use super::{attach, fixed_endpoint, open_to_all, policed, refusal, specification};
use crate::gateway::Weir;

/// A sequence as a file of its own: with a prolog, as exports have it.
fn sequence(name: &str, text: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- exported -->\n\
        <sequence xmlns=\"http://ws.apache.org/ns/synapse\" name=\"{name}\">\n{text}\n</sequence>\n"
    )
}

fn order(mark: &str) -> String {
    format!(
        r#"<property name="X-Order" scope="transport" expression="concat(get-property('transport', 'X-Order'), '{mark}')"/>"#
    )
}

/// Of 4.0: `mediationPolicies`; shared ones and those of the API.
#[tokio::test]
async fn sequences_of_mediation_policies_run_first() {
    let backend = Backend::echo().await;
    let project = Project::new("Shop", "1.0", "/shop")
        .endpoint_config(fixed_endpoint(&backend.url()))
        .set(
            "mediationPolicies",
            json!([
                { "id": "1", "name": "both", "type": "in", "shared": false },
                { "id": "2", "name": "both", "type": "in", "shared": true },
                { "id": "3", "name": "back.xml", "type": "OUT", "shared": false },
            ]),
        )
        .set("apiPolicies", json!({ "request": [attach("own", "v1", json!({}))] }))
        .file("Sequences/in-sequence/both.xml", sequence("both", &order("shared,")))
        .file("Sequences/in-sequence/Custom/both.xml", sequence("both", &order("own,")))
        .file("Sequences/out-sequence/Custom/back.xml", sequence("back", &order("back,")))
        .file("Policies/own_v1.json", specification("own").to_string())
        .file("Policies/own_v1.j2", order("policy,"));
    let weir = Weir::start(&open_to_all(project));
    let answer = weir.call("POST", "/shop/1.0/a", &[], b"body").await;
    assert_eq!((answer.status, &*answer.text()), (200, "body"));
    assert_eq!(backend.last().header("x-order"), Some("own,shared,policy,"));
    assert_eq!(answer.header("x-order"), Some("back,"));
}

/// Of 3.x: one name for each direction.
#[tokio::test]
async fn sequences_of_the_old_keys_run() {
    let backend = Backend::echo().await;
    let dead = testkit::RefusedPort::new();
    for (url, status) in [(backend.url(), 200), (format!("http://{}", dead.address()), 500)] {
        let project = Project::new("Shop", "1.0", "/shop")
            .endpoint_config(fixed_endpoint(&url))
            .set("inSequence", json!("there"))
            .set("outSequence", json!("back"))
            .set("faultSequence", json!("wrong"))
            .file("Sequences/in-sequence/there.xml", sequence("there", &order("there")))
            .file("Sequences/out-sequence/back.xml", sequence("back", &order("back")))
            .file("Sequences/fault-sequence/Custom/wrong.xml", sequence("wrong", &order("wrong")));
        let weir = Weir::start(&open_to_all(project));
        let answer = weir.get("/shop/1.0/a").await;
        assert_eq!(answer.status, status, "{}", answer.text());
        let expected = if status == 200 { "back" } else { "wrong" };
        assert_eq!(answer.header("x-order"), Some(expected));
    }
    assert_eq!(backend.last().header("x-order"), Some("there"));
}

/// The names of sequences that came with WSO2, without any file.
#[tokio::test]
async fn sequences_that_came_with_wso2_are_known() {
    let backend = Backend::echo().await;
    let in_flow = [
        "debug_in_flow",
        "log_in_message",
        "disable_chunking",
        "regex_policy",
        "json_validator",
        "xml_validator",
        "preserve_accept_header",
        "json_to_xml_in_message",
        "xml_to_json_in_message",
    ];
    let flows = [
        ("in", in_flow.as_slice()),
        (
            "out",
            &[
                "debug_out_flow",
                "log_out_message",
                "json_to_xml_out_message",
                "xml_to_json_out_message",
            ],
        ),
        ("fault", &["json_fault", "debug_json_fault"]),
    ];
    for (flow, names) in flows {
        for name in names {
            let project = Project::new("Shop", "1.0", "/shop")
                .endpoint_config(fixed_endpoint(&backend.url()))
                .set("mediationPolicies", json!([{ "name": name, "type": flow, "shared": true }]));
            let weir = Weir::start(&open_to_all(project));
            let json = [("content-type", "application/json")];
            let answer = weir.call("POST", "/shop/1.0/a", &json, br#"{"a": 1}"#).await;
            assert_eq!(answer.status, 200, "{name}: {}", answer.text());
            let (sent, got) = (backend.last().text(), answer.text());
            assert_eq!(
                sent.contains("<a>1</a>"),
                *name == "json_to_xml_in_message",
                "{name}: {sent}"
            );
            assert_eq!(got.contains("<a>1</a>"), name.starts_with("json_to_xml"), "{name}: {got}");
        }
    }
}

/// Sequences call each other by name, and a missing one is told.
#[tokio::test]
async fn sequences_call_each_other() {
    let backend = Backend::echo().await;
    let calls = format!(r#"{}<sequence key="inner"/>"#, order("outer,"));
    let project = || {
        Project::new("Shop", "1.0", "/shop")
            .endpoint_config(fixed_endpoint(&backend.url()))
            .set("mediationPolicies", json!([{ "name": "outer", "type": "in" }]))
            .file("Sequences/in-sequence/Custom/outer.xml", sequence("outer", &calls))
    };
    let whole =
        project().file("Sequences/in-sequence/inner.xml", sequence("inner", &order("inner")));
    let weir = Weir::start(&open_to_all(whole));
    assert_eq!(weir.get("/shop/1.0/a").await.status, 200);
    assert_eq!(backend.last().header("x-order"), Some("outer,inner"));
    let said = refusal(&open_to_all(project()));
    assert!(said.contains("inner"), "{said}");
    let missing = Project::new("Shop", "1.0", "/shop")
        .endpoint_config(fixed_endpoint(&backend.url()))
        .set("mediationPolicies", json!([{ "name": "nowhere", "type": "in" }]));
    let said = refusal(&open_to_all(missing));
    assert!(said.contains("PO018") && said.contains("in-sequence/Custom/nowhere.xml"), "{said}");
}

/// Policies among the fixtures, with a template for them.
#[tokio::test]
async fn policies_of_the_fixtures_run() {
    let Some(shared) = testkit::shared_dir() else {
        eprintln!("skipped: there is no shared folder");
        return;
    };
    let backend = Backend::echo().await;
    let text = r#"<log level="custom"><property name="{{ propertyName }}" value="{{ propertyValue }}"/></log>
        <property name="{{ propertyName }}" value="{{ propertyValue }}" scope="transport"/>"#;
    for (path, name, version) in [
        (
            "customAddLogMessage/customAddLogMessage.yaml",
            "customAddLogMessageTestOperationPolicy",
            "v1",
        ),
        ("DevFirstSampleCaseArtifacts/customAddLogMessage_v1.yaml", "customAddLogMessage", "v1"),
        ("DevFirstSampleCaseArtifacts/customAddLogMessage_v2.yaml", "customAddLogMessage", "v2"),
    ] {
        let specification = std::fs::read(shared.join("fixtures/wso2").join(path)).unwrap();
        let parameters = json!({ "propertyName": "X-Prop", "propertyValue": "a & b" });
        let policies = json!({ "request": [attach(name, version, parameters)] });
        let project = policed(fixed_endpoint(&backend.url()), policies)
            .file(&format!("Policies/{name}_{version}.yaml"), specification)
            .file(&format!("Policies/{name}_{version}.j2"), text);
        let weir = Weir::start(&project);
        assert_eq!(weir.get("/shop/1.0/a").await.status, 200, "{path}");
        assert_eq!(backend.last().header("x-prop"), Some("a & b"), "{path}");
        let said = refusal(&{
            let policies = json!({ "request": [attach(name, version, json!({}))] });
            let project = policed(fixed_endpoint(&backend.url()), policies);
            let specification = std::fs::read(shared.join("fixtures/wso2").join(path)).unwrap();
            project.file(&format!("Policies/{name}_{version}.yaml"), specification)
        });
        assert!(said.contains("PO003") || said.contains("PO010"), "{path}: {said}");
    }
}

/// Projects among the fixtures attach nothing that is not found.
#[tokio::test]
async fn projects_of_the_fixtures_load() {
    let Some(shared) = testkit::shared_dir() else {
        eprintln!("skipped: there is no shared folder");
        return;
    };
    for path in [
        "PizzaShackAPI-1.0.0",
        "MyProduct-1.0.0/APIs/PizzaShackAPI-1.0.0",
        "MyProduct-1.0.0/APIs/SwaggerPetstore-1.0.5",
    ] {
        let folder = shared.join("fixtures/wso2").join(path);
        let read = |file: &str| std::fs::read(folder.join(file)).unwrap_or_default();
        let project = Project::new("Fixture", "1.0", "/fixture")
            .file("api.yaml", read("api.yaml"))
            .file("Definitions/swagger.yaml", read("Definitions/swagger.yaml"));
        let mut weir = Weir::with(&[], |_| {});
        weir.deploy(&project);
        let said = weir.findings();
        assert!(!said.contains("[PO") && !said.contains("[MD"), "{path}: {said}");
    }
}

/// Unknown keys of newer versions do no harm.
#[tokio::test]
async fn policies_of_newer_products_are_left_alone() {
    let backend = Backend::echo().await;
    let reference = json!({
        "policyName": "addHeader", "policyVersion": "v3", "policyId": "f1", "policyType": "common",
        "parameters": { "headerName": "X-A", "headerValue": "1" },
    });
    let project = Project::new("Shop", "1.0", "/shop")
        .endpoint_config(fixed_endpoint(&backend.url()))
        .set("apiHubPolicies", json!([{ "name": "set-headers" }]))
        .set("apiPolicies", json!({ "request": [reference], "response": Value::Null, "fault": [] }))
        .operation("GET", "/a")
        .open()
        .operation_set("operationHubPolicies", json!([]))
        .operation_set("operationPolicies", json!({ "request": [], "response": [], "fault": [] }));
    let weir = Weir::start(&project);
    assert_eq!(weir.get("/shop/1.0/a").await.status, 200);
    assert_eq!(backend.last().header("x-a"), Some("1"));
}
