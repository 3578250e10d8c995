use gateway::config::{Environment, EnvironmentKind};
use serde_json::json;
use testkit::{Backend, Issuer};

use super::scripts;
use crate::gateway::{Weir, code};
use crate::stages::trust;

const SCRIPT: &str = "mc.setProperty('CONTENT_TYPE','application/json'); mc.setPayloadJSON('[]')";

#[tokio::test]
async fn a_mock_is_served_before_it_is_published() {
    for state in ["CREATED", "PROTOTYPED", "Pre-Released"] {
        let project = scripts(&[("GET", "/a", SCRIPT)]).set("lifeCycleStatus", json!(state));
        assert_eq!(Weir::start(&project).get("/pets/1.0/a").await.text(), "[]", "{state}");
    }
    for state in ["PUBLISHED", "DEPRECATED"] {
        let project = scripts(&[("GET", "/a", SCRIPT)]).set("lifeCycleStatus", json!(state));
        let weir = Weir::refused(&project);
        let refusal = weir.refusal();
        assert!(refusal.contains("AP032") && refusal.contains("mock_states"), "{refusal}");
        let weir = Weir::with(&[&project], |config| config.mocks_in_any_state = true);
        assert_eq!(weir.get("/pets/1.0/a").await.text(), "[]", "{state}");
    }
    let project = scripts(&[("GET", "/a", SCRIPT)]).set("lifeCycleStatus", json!("BLOCKED"));
    let answer = Weir::start(&project).get("/pets/1.0/a").await;
    assert_eq!(answer.status, 503);
    assert!(answer.text().contains("700700"), "{}", answer.text());
}

/// A mock is protected as any other API; its script is not asked for a caller who may not call.
#[tokio::test]
async fn a_mock_asks_for_a_token() {
    let project = scripts(&[("GET", "/open", SCRIPT)]).operation("GET", "/closed");
    let answer = Weir::start(&project).get("/pets/1.0/closed").await;
    assert_eq!((answer.status, code(&answer)), (401, "900902".to_owned()));
}

/// Keys of both kinds are taken, but at a gateway that is for one of them alone.
#[tokio::test]
async fn keys_are_looked_at_as_for_any_other_endpoint() {
    let issuer = Issuer::start().await;
    let backend = Backend::answer(200, &[], "live").await;
    let examples = json!({ "responses": { "200": { "description": "", "content": {
        "text/plain": { "example": "mocked" } } } }, "x-weir-mock": { "answer": "examples" } });
    let config =
        json!({ "endpoint_type": "http", "production_endpoints": { "url": backend.url() } });
    let mixed = super::project("ENDPOINT", &[("GET", "/a", examples)])
        .endpoint_config(config)
        .operation_set("authType", json!("Any"));
    let whole = scripts(&[("GET", "/a", SCRIPT)]).operation_set("authType", json!("Any"));
    for (project, body) in [(mixed, "mocked"), (whole, "[]")] {
        for (kind, key, expected) in [
            (EnvironmentKind::Hybrid, "PRODUCTION", Some(200)),
            (EnvironmentKind::Hybrid, "SANDBOX", Some(200)),
            (EnvironmentKind::Production, "PRODUCTION", Some(200)),
            (EnvironmentKind::Production, "SANDBOX", None),
            (EnvironmentKind::Sandbox, "PRODUCTION", None),
        ] {
            let weir = Weir::with(&[&project], |config| {
                config.environments = vec![Environment::new("Default", kind)];
                trust(config, &issuer);
            });
            let token = issuer.token(json!({ "keytype": key, "azp": "client-1" }));
            let bearer = format!("Bearer {token}");
            let answer = weir.call("GET", "/pets/1.0/a", &[("authorization", &bearer)], b"").await;
            assert_eq!(answer.status, expected.unwrap_or(401), "{kind:?} {key}: {}", answer.text());
            assert_eq!(answer.text() == body, expected.is_some(), "{kind:?} {key}");
        }
    }
    assert!(backend.take().is_empty());
}
