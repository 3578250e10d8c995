//! Endpoints whose address is computed: what can be told before policies set one.

use http::Method;
use serde_json::{Value, json};
use testkit::{Issuer, Project};

use crate::gateway::{Weir, code, open};
use crate::stages::trust;

fn project(stages: &[&str], extension: Value) -> Project {
    let mut config = json!({ "endpoint_type": "default", "x-weir": extension });
    for stage in stages {
        config[format!("{stage}_endpoints")] = json!({ "url": "default" });
    }
    Project::new("Shop", "1.0", "/shop").endpoint_config(config)
}

/// Row 4 of spec/02 §6.1.
#[tokio::test]
async fn without_an_address_there_is_a_fault() {
    let weir = Weir::start(&open(project(&["production"], json!({})), "/*"));
    let answer = weir.get("/shop/1.0/y").await;
    assert_eq!((answer.status, code(&answer)), (500, "303001".to_owned()));
    let body = answer.json();
    assert_eq!(
        (&body["type"], &body["message"]),
        (&json!("Status report"), &json!("Runtime Error"))
    );
    assert!(!answer.text().contains("To"), "the log alone tells why");
}

/// Rows 11 and 12 of spec/02 §6.1, as far as the choice of the stage goes.
#[tokio::test]
async fn the_key_still_chooses_the_stage() {
    let issuer = Issuer::start().await;
    let project = project(&["production"], json!({})).operation("GET", "/secured");
    let weir = Weir::with(&[&project], |config| trust(config, &issuer));
    for (key, status, expected) in [("SANDBOX", 403, "900901"), ("PRODUCTION", 500, "303001")] {
        let token = issuer.token(json!({ "keytype": key, "azp": "client-1" }));
        let bearer = format!("Bearer {token}");
        let headers = [("Authorization", bearer.as_str())];
        let answer = weir.call("GET", "/shop/1.0/secured", &headers, b"").await;
        assert_eq!((answer.status, code(&answer).as_str()), (status, expected), "{key}");
    }
}

#[tokio::test]
async fn it_is_shown_and_switched() {
    let extension = json!({ "allow": ["*.example.com", "10.0.0.0/8"] });
    let weir = Weir::start(&open(project(&["production"], extension), "/*"));
    let shown = weir.endpoint().await;
    assert_eq!((&shown["kind"], &shown["url"]), (&json!("default"), &json!("computed")));
    assert_eq!(shown["allow"], json!(["*.example.com", "10.0.0.0/8"]));
    assert_eq!((&shown["ready"], &shown["targets"]), (&json!(true), &json!([])));
    let id = shown["id"].as_str().unwrap().to_owned();
    let (status, drained) = weir.admin(Method::POST, &format!("/endpoints/{id}/drain")).await;
    assert_eq!(
        (status, &drained["ready"], &drained["state"]),
        (200, &json!(false), &json!("MAINTNENCE"))
    );
    let answer = weir.get("/shop/1.0/y").await;
    assert!(answer.text().contains("Currently , Default endpoint : [ Name : Shop--v1.0_API"));
    let metrics = weir.metrics().await;
    assert!(metrics.contains("gateway_upstream_attempts_total{"), "{metrics}");
    let (status, resumed) = weir.admin(Method::POST, &format!("/endpoints/{id}/resume")).await;
    assert_eq!((status, &resumed["ready"]), (200, &json!(true)));
}
