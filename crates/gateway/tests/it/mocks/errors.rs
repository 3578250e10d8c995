use std::time::{Duration, Instant};

use serde_json::{Value, json};
use testkit::Backend;

use super::{examples, response, scripts};
use crate::gateway::{Weir, code, open};

fn read() -> Value {
    json!({ "responses": {
        "200": response(json!({}), &[("a", json!({ "a": 1 }))]),
        "503": response(json!({}), &[("busy", json!({ "busy": true }))]),
    } })
}

#[tokio::test]
async fn answers_take_their_time() {
    let mut own = read();
    own["x-weir-mock"] = json!({ "latency": "0ms" });
    let project = examples(&[("GET", "/slow", read()), ("GET", "/quick", own)]);
    for latency in [
        json!(80),
        json!("80ms"),
        json!({ "min": 80, "max": "100ms" }),
        json!({ "min": 80, "p50": 90, "p99.9": 100 }),
    ] {
        let weir = Weir::start(&project.clone().set("x-weir-mock", json!({ "latency": latency })));
        let start = Instant::now();
        assert_eq!(weir.get("/pets/1.0/slow").await.text(), r#"{"a":1}"#);
        assert!(start.elapsed() >= Duration::from_millis(80), "{latency}");
        let record = weir.records(1).await.remove(0);
        assert_eq!(record["endpoint"], "Pets--v1.0_APImock");
        assert_eq!(weir.get("/pets/1.0/quick").await.status, 200);
    }
}

#[tokio::test]
async fn answers_fail_now_and_then() {
    let project = examples(&[("GET", "/a", read())]);
    let weir = |errors: Value| {
        Weir::start(&project.clone().set("x-weir-mock", json!({ "errors": errors })))
    };
    // The definition's own answer of this status, and a fault where it has none.
    let always = weir(json!({ "rate": 1, "status": [503] }));
    let answer = always.get("/pets/1.0/a").await;
    assert_eq!((answer.status, answer.text().as_str()), (503, r#"{"busy":true}"#));
    let answer = weir(json!({ "rate": "1.0", "status": 500 })).get("/pets/1.0/a").await;
    assert_eq!((answer.status, code(&answer)), (500, "400912".to_owned()));
    let half = weir(json!({ "rate": 0.5 }));
    let mut seen = [0, 0];
    for _ in 0..64 {
        match half.get("/pets/1.0/a").await.status {
            200 => seen[0] += 1,
            503 => seen[1] += 1,
            other => panic!("{other}"),
        }
    }
    // Of 64, one kind alone comes once in 2^63.
    assert!(seen.iter().all(|count| *count > 0), "{seen:?}");
    assert_eq!(weir(json!({ "rate": 0 })).get("/pets/1.0/a").await.status, 200);
}

#[tokio::test]
async fn policies_slow_and_fail_what_is_no_mock() {
    let backend = Backend::echo().await;
    let policed = |name: &str, version: &str, parameters: Value| {
        let policy =
            json!({ "policyName": name, "policyVersion": version, "parameters": parameters });
        let project = testkit::Project::new("Shop", "1.0", "/shop").endpoint(&backend.url());
        open(project.set("apiPolicies", json!({ "request": [policy] })), "/*")
    };
    let fails = json!({ "rate": "100", "status": "418", "message": "on \"purpose\"" });
    let weir = Weir::start(&policed("mockError", "v1", fails));
    let answer = weir.call("POST", "/shop/1.0/a", &[], b"body").await;
    assert_eq!(answer.status, 418);
    let expected =
        json!({ "code": "418", "message": "Simulated Error", "description": "on \"purpose\"" });
    assert_eq!(answer.json(), expected);
    assert!(backend.take().is_empty());
    let weir = Weir::start(&policed("mockError", "v1", json!({ "rate": "0" })));
    assert_eq!(weir.get("/shop/1.0/a").await.status, 200);
    for parameters in [
        json!({ "milliseconds": 60, "maximum": "70" }),
        json!({ "percentiles": "1:60, 100:70" }),
        json!({ "milliseconds": "60" }),
    ] {
        let slow = parameters.get("percentiles").is_none();
        let weir = Weir::start(&policed("mockLatency", "v2", parameters));
        let start = Instant::now();
        assert_eq!(weir.get("/shop/1.0/a").await.status, 200);
        assert!(!slow || start.elapsed() >= Duration::from_millis(60));
    }
}

/// What cannot be meant is refused, with its place.
#[tokio::test]
async fn settings_that_are_none_are_refused() {
    let project = scripts(&[("GET", "/a", "mc.setPayloadJSON('[]')")]);
    for (setting, code, told) in [
        (json!({ "latncy": 1 }), "AP023", "latency"),
        (json!({ "latency": "soon" }), "AP024", "/data/x-weir-mock/latency"),
        (json!({ "latency": { "min": 9, "max": 1 } }), "AP024", "exchange"),
        (json!({ "latency": { "p50": 9, "p40": 10 } }), "AP024", "less than"),
        (json!({ "errors": { "rate": 2 } }), "AP024", "from 0 to 1"),
        (json!({ "errors": { "rate": 1, "status": 99 } }), "AP024", "no status"),
        (json!({ "state": "yes" }), "AP024", "entries"),
        (json!("examples"), "AP024", "mapping"),
    ] {
        let refused = Weir::refused(&project.clone().set("x-weir-mock", setting.clone()));
        let refusal = refused.refusal();
        assert!(refusal.contains(code) && refusal.contains(told), "{setting}: {refusal}");
    }
    let refused = Weir::refused(&project.operation_set("x-weir-mock", json!({})));
    assert!(refused.refusal().contains("an operation of the definition"));
}
