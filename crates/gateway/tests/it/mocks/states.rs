use serde_json::json;

use super::scripts;
use crate::gateway::{Weir, code};

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
