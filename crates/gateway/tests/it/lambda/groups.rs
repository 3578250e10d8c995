//! Functions as members of groups, beside endpoints of other kinds.

use serde_json::{Value, json};
use testkit::{Backend, Project, RefusedPort, Reply};

use super::{calling, config, event, refusal};
use crate::gateway::Weir;

fn group(kind: &str, members: &[Value]) -> Project {
    let mut config = config("http://127.0.0.1:9", json!({}));
    config["x-weir"]["production"] = json!({ "type": kind, "members": members });
    let project = Project::new("Functions", "1.0", "/f").endpoint_config(config);
    calling(calling(project, "GET", "/a", "any"), "POST", "/a", "any")
}

/// A request goes on to the next member with all that it came with, also behind a function, whose
/// call had none of it.
#[tokio::test]
async fn a_failover_group_goes_on_from_a_function_and_to_one() {
    let json_type = [("content-type", "application/json"), ("x-own", "1")];
    let down = RefusedPort::new();
    let plain = Backend::answer(200, &[], "plain").await;
    let function = Backend::answer(200, &[], "\"function\"").await;
    let throttled =
        Backend::builder().start(|_| refusal(429, "TooManyRequestsException", "")).await;
    let lambda = |url: &str| json!({ "type": "lambda", "url": url, "function": "spare" });
    let http = |url: &str| json!({ "url": url });

    let weir = Weir::start(&group("failover", &[lambda(&down.url()), http(&plain.url())]));
    let answer = weir.call("POST", "/f/1.0/a?b=1", &json_type, b"{\"n\": 1}").await;
    assert_eq!((answer.status, answer.text()), (200, "plain".to_owned()));
    let call = plain.last();
    assert_eq!((&*call.target, call.header("x-own")), ("/a?b=1", Some("1")));
    assert_eq!(call.text(), "{\"n\": 1}");
    assert_eq!(call.header("x-amz-date"), None);
    assert_eq!(call.header("authorization"), None);

    let weir = Weir::with(
        &[&group("failover", &[lambda(&throttled.url()), http(&plain.url())])],
        |config| {
            config.aws.attempts = 1;
        },
    );
    let answer = weir.call("POST", "/f/1.0/a", &json_type, b"{}").await;
    assert_eq!(answer.text(), "plain", "what was throttled has not run");

    let weir = Weir::start(&group("failover", &[http(&down.url()), lambda(&function.url())]));
    let answer = weir.call("POST", "/f/1.0/a?b=1", &json_type, b"{\"n\": 1}").await;
    assert_eq!((answer.status, answer.text()), (200, "\"function\"".to_owned()));
    let call = function.last();
    assert_eq!(call.target, "/2015-03-31/functions/spare/invocations");
    let event = event(&call);
    assert_eq!(event["body"], "{\"n\": 1}");
    assert_eq!(event["headers"]["x-own"], "1");
}

/// A status that a function names may be as bad as no answer at all.
#[tokio::test]
async fn a_group_looks_at_what_a_function_answers() {
    let bad = Backend::answer(200, &[], r#"{"statusCode": 503, "body": "down"}"#).await;
    let good = Backend::answer(200, &[], r#"{"statusCode": 200, "body": "up"}"#).await;
    let member = |backend: &Backend| json!({ "type": "lambda", "url": backend.url() });
    let mut project = config("http://127.0.0.1:9", json!({}));
    project["x-weir"]["production"] = json!({
        "type": "failover",
        "failOn": { "statuses": ["503"] },
        "members": [member(&bad), member(&good)],
    });
    let project = Project::new("Functions", "1.0", "/f").endpoint_config(project);
    let weir = Weir::start(&calling(project, "GET", "/a", "any"));
    assert_eq!(weir.get("/f/1.0/a").await.text(), "up");
    assert_eq!(bad.requests().len(), 1);
}

#[tokio::test]
async fn a_balance_group_spreads_calls_over_functions_and_others() {
    let function = Backend::builder().start(|_| Reply::new(200).body("\"f\"")).await;
    let plain = Backend::answer(200, &[], "p").await;
    let members =
        [json!({ "type": "lambda", "url": function.url() }), json!({ "url": plain.url() })];
    let weir = Weir::start(&group("loadBalance", &members));
    for _ in 0..10 {
        assert_eq!(weir.get("/f/1.0/a").await.status, 200);
    }
    assert_eq!((function.requests().len(), plain.requests().len()), (5, 5));
}
