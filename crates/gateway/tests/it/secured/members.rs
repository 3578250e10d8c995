//! Members of groups, each with credentials of its own: none learns those of another.

use serde_json::{Value, json};
use testkit::{Backend, RawBackend};

use super::{key, project, user};
use crate::gateway::Weir;

/// A failover group whose members say this of security.
fn failover(members: &[(String, Value)], stage: &Value) -> Value {
    let member = |(url, security): &(String, Value)| json!({ "url": url, "x-weir": { "security": security }, "config": { "suspendDuration": "0" } });
    let members: Vec<Value> = members.iter().map(member).collect();
    json!({
        "endpoint_type": "failover",
        "production_endpoints": members[0],
        "production_failovers": members[1..],
        "endpoint_security": { "production": stage },
    })
}

#[tokio::test]
async fn the_next_member_does_not_learn_what_the_first_one_was_shown() {
    let stage = user("BASIC", "u", "p");
    for (first, second, expected) in [
        (Value::Null, json!(false), (None, Some("of-the-caller"))),
        (user("BASIC", "first", "1"), key("HEADER", "X-Key", "2"), (None, Some("2"))),
        (key("HEADER", "X-Key", "1"), json!(false), (None, Some("of-the-caller"))),
        (key("HEADER", "X-Key", "1"), Value::Null, (Some("Basic dTpw"), Some("of-the-caller"))),
        (
            key("QUERY_PARAMETER", "k", "1"),
            key("QUERY_PARAMETER", "k2", "2"),
            (None, Some("of-the-caller")),
        ),
    ] {
        // The first one hangs up after it has read the request.
        let (broken, backend) = (RawBackend::closing().await, Backend::echo().await);
        let members = [(broken.url(), first.clone()), (backend.url(), second.clone())];
        let weir = Weir::start(&project(failover(&members, &stage)));
        let headers = [("x-key", "of-the-caller")];
        let answer = weir.call("GET", "/shop/1.0/a", &headers, b"").await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let seen = backend.last();
        let shown = (seen.header("authorization"), seen.header("x-key"));
        assert_eq!(shown, expected, "{first} {second}");
        assert!(!seen.target.contains("k=1"), "{}", seen.target);
    }
}

#[tokio::test]
async fn the_callers_own_authorization_comes_back_for_the_next_member() {
    for first in [user("BASIC", "first", "1"), user("DIGEST", "first", "1")] {
        let (broken, backend) = (RawBackend::closing().await, Backend::echo().await);
        let members = [(broken.url(), first.clone()), (backend.url(), json!(false))];
        let project = project(failover(&members, &Value::Null));
        let weir = Weir::with(&[&project], |config| config.forwarding.outbound_auth_header = true);
        let headers = [("authorization", "Bearer of-the-caller")];
        let answer = weir.call("GET", "/shop/1.0/a", &headers, b"").await;
        assert_eq!(answer.status, 200, "{first}: {}", answer.text());
        assert_eq!(backend.last().header("authorization"), Some("Bearer of-the-caller"), "{first}");
    }
}
