use http::Method;
use serde_json::{Value, json};
use testkit::Backend;

use super::project;
use crate::gateway::Weir;

/// What a backend answered is kept for chosen operations, and passes unharmed.
#[tokio::test]
async fn answers_of_chosen_operations_are_kept() {
    let backend = Backend::echo().await;
    let recorded = json!({ "responses": {}, "x-weir-mock": { "record": true } });
    let other = json!({ "responses": {} });
    let config =
        json!({ "endpoint_type": "http", "production_endpoints": { "url": backend.url() } });
    let project = project("ENDPOINT", &[("POST", "/kept", recorded), ("POST", "/other", other)])
        .endpoint_config(config);
    let weir = Weir::start(&project);
    let json = [("content-type", "application/json"), ("accept-encoding", "gzip")];
    for body in [r#"{"a":1}"#, r#"{"a":1}"#, r#"{"a":2}"#] {
        let answer = weir.call("POST", "/pets/1.0/kept", &json, body.as_bytes()).await;
        assert_eq!(answer.text(), body);
    }
    assert_eq!(backend.last().header("accept-encoding"), None);
    let long = "x".repeat(300_000);
    assert_eq!(weir.call("POST", "/pets/1.0/kept", &json, long.as_bytes()).await.text(), long);
    let image = [("content-type", "image/png")];
    assert_eq!(weir.call("POST", "/pets/1.0/kept", &image, b"png").await.text(), "png");
    assert_eq!(weir.call("POST", "/pets/1.0/other", &json, b"{}").await.text(), "{}");
    let (status, told) = weir.admin(Method::GET, "/mocks/recordings").await;
    assert_eq!((status, &told["count"]), (200, &json!(2)), "{told}");
    let first = json!({
        "api": "Pets/1.0", "method": "POST", "path": "/kept", "status": 200,
        "mediaType": "application/json", "body": r#"{"a":1}"#,
    });
    assert_eq!(told["list"][0], first);
    let (_, none) = weir.admin(Method::GET, "/mocks/recordings?api=Cats/1.0").await;
    assert_eq!(none, Value::Null);
    let (status, told) = weir.admin(Method::DELETE, "/mocks/recordings?api=Pets/1.0").await;
    assert_eq!((status, &told["forgotten"]), (200, &json!(2)));
    assert_eq!(weir.admin(Method::GET, "/mocks/recordings").await.1["count"], json!(0));
}
