//! Rules: `x-weir.rules`, and the shipped policy `dynamicEndpoint`.

use serde_json::{Value, json};
use testkit::{Backend, Project};

use super::{attach, dynamic_endpoint, open_to_all};
use crate::gateway::{Weir, code};

struct Three {
    dead: testkit::RefusedPort,
    own: Backend,
    eu: Backend,
    big: Backend,
}

impl Three {
    async fn start() -> Self {
        Self {
            dead: testkit::RefusedPort::new(),
            own: Backend::echo().await,
            eu: Backend::echo().await,
            big: Backend::echo().await,
        }
    }

    /// Who was asked, and for what.
    fn asked(&self) -> Vec<(&'static str, String)> {
        let mut all = Vec::new();
        for (name, backend) in [("own", &self.own), ("eu", &self.eu), ("big", &self.big)] {
            all.extend(backend.take().into_iter().map(|request| (name, request.target)));
        }
        all
    }

    fn rules(&self) -> Value {
        json!([
            { "name": "europe", "when": { "header": "X-Region", "equals": "eu" }, "endpoint": "eu" },
            { "when": [{ "method": "POST" }, { "json": "$.total", "range": [1000, null] }],
              "url": format!("{}/big", self.big.url()) },
            { "when": { "path": "/v2" }, "url": format!("{}/two/{{query.param.x}}", self.big.url()), "keepPath": false },
            { "when": { "query": "who", "regex": "a+" }, "endpoint": "eu" },
            { "when": { "cookie": "beta", "exists": true }, "endpoint": "eu" },
            { "when": { "client": "192.0.2.0/24" }, "endpoint": "eu" },
        ])
    }

    fn endpoints(&self) -> Value {
        let dead = format!("http://{}", self.dead.address());
        let members = json!([{ "url": dead }, { "url": self.eu.url() }]);
        json!({ "eu": { "type": "failover", "members": members } })
    }
}

async fn check(weir: &Weir, three: &Three) {
    let json = ("content-type", "application/json");
    for (method, path, headers, body, expected) in [
        ("GET", "/a", vec![("x-region", "eu")], "", ("eu", "/a")),
        ("GET", "/a", vec![("x-region", "us")], "", ("own", "/a")),
        ("POST", "/a", vec![json], r#"{"total": 1000}"#, ("big", "/big/a")),
        ("POST", "/a", vec![json], r#"{"total": 999}"#, ("own", "/a")),
        ("GET", "/v2/x?x=a%2Fb", vec![], "", ("big", "/two/a%2Fb")),
        ("GET", "/a?who=aaa", vec![], "", ("eu", "/a?who=aaa")),
        ("GET", "/a?who=ab", vec![], "", ("own", "/a?who=ab")),
        ("GET", "/a", vec![("cookie", "x=1; beta=1")], "", ("eu", "/a")),
    ] {
        let answer =
            weir.call(method, &format!("/shop/1.0{path}"), &headers, body.as_bytes()).await;
        assert_eq!(answer.status, 200, "{method} {path} {headers:?}: {}", answer.text());
        let asked = three.asked();
        assert_eq!(asked, [(expected.0, expected.1.to_owned())], "{method} {path} {headers:?}");
    }
}

#[tokio::test]
async fn rules_of_the_endpoint_choose() {
    let three = Three::start().await;
    let config = json!({
        "endpoint_type": "http",
        "production_endpoints": { "url": three.own.url() },
        "x-weir": { "rules": three.rules(), "endpoints": three.endpoints() },
    });
    let project = Project::new("Shop", "1.0", "/shop").endpoint_config(config);
    check(&Weir::start(&open_to_all(project)), &three).await;
}

#[tokio::test]
async fn rules_of_the_shipped_policy_choose_the_same() {
    let three = Three::start().await;
    let mut config = dynamic_endpoint();
    config["x-weir"] = json!({ "endpoints": three.endpoints() });
    let parameters = json!({ "rules": three.rules(), "default": three.own.url() });
    let project = Project::new("Shop", "1.0", "/shop")
        .endpoint_config(config)
        .set("apiPolicies", json!({ "request": [attach("dynamicEndpoint", "v1", parameters)] }));
    check(&Weir::start(&open_to_all(project)), &three).await;
}

#[tokio::test]
async fn no_rule_and_no_default_is_no_address() {
    let mut config = dynamic_endpoint();
    config["x-weir"] = json!({
        "rules": [{ "when": { "header": "X-A", "exists": true }, "url": "http://192.0.2.1/" }],
    });
    let project = Project::new("Shop", "1.0", "/shop").endpoint_config(config);
    let weir = Weir::start(&open_to_all(project));
    let answer = weir.get("/shop/1.0/a").await;
    assert_eq!((answer.status, code(&answer)), (500, "303001".to_owned()));
}
