//! Production or sandbox: every row of spec/01 §3.5 with tokens that a real issuer signed.

use gateway::config::{Environment, EnvironmentKind, GatewayConfig, JwtIssuer};
use serde_json::{Value, json};
use testkit::{Answer, Backend, Issuer, Project};

use crate::gateway::{Weir, code};

const PRODUCTION: &str = "PRODUCTION";
const SANDBOX: &str = "SANDBOX";

struct Parts {
    issuer: Issuer,
    production: Backend,
    sandbox: Backend,
}

impl Parts {
    async fn start() -> Self {
        Self {
            issuer: Issuer::start().await,
            production: Backend::answer(200, &[], "production").await,
            sandbox: Backend::answer(200, &[], "sandbox").await,
        }
    }

    /// An API with these stages: one secured and one open operation.
    fn project(&self, stages: &[&str]) -> Project {
        let mut config = json!({ "endpoint_type": "http" });
        for stage in stages {
            let backend = if *stage == PRODUCTION { &self.production } else { &self.sandbox };
            let key = format!("{}_endpoints", stage.to_ascii_lowercase());
            config[key] = json!({ "url": backend.url() });
        }
        Project::new("Shop", "1.0", "/shop")
            .endpoint_config(config)
            .operation("GET", "/secured")
            .operation("GET", "/open")
            .open()
    }

    fn weir(&self, kind: EnvironmentKind, stages: &[&str]) -> Weir {
        Weir::with(&[&self.project(stages)], |config| {
            config.environments = vec![Environment::new("Default", kind)];
            trust(config, &self.issuer);
        })
    }

    async fn call(&self, weir: &Weir, path: &str, key: Option<&str>) -> Answer {
        let Some(key) = key else { return weir.get(path).await };
        let token = self.issuer.token(json!({ "keytype": key, "azp": "client-1" }));
        let bearer = format!("Bearer {token}");
        weir.call("GET", path, &[("Authorization", &bearer)], b"").await
    }
}

pub(crate) fn trust(config: &mut GatewayConfig, issuer: &Issuer) {
    config.admission.issuers = vec![JwtIssuer {
        issuer: issuer.name(),
        name: "Keys".to_owned(),
        jwks_url: Some(issuer.jwks_url()),
        certificate: None,
        consumer_key_claim: None,
        scopes_claim: "scope".to_owned(),
        jwks_refresh: std::time::Duration::from_secs(60),
    }];
}

/// What is expected: the backend that answers, or the status with a part of the body.
enum Expected {
    From(&'static str),
    Refused(u16, &'static str),
}

use Expected::{From, Refused};

#[tokio::test]
async fn the_key_chooses_the_stage() {
    use EnvironmentKind::{Hybrid, Production, Sandbox};
    let both: &[&str] = &[PRODUCTION, SANDBOX];
    let parts = Parts::start().await;
    let no_sandbox = "Sandbox key offered to the API with no sandbox endpoint";
    let no_production = "Production key offered to the API with no production endpoint";
    let wrong_sandbox = "<error><message>Sandbox Key Provided for Production Gateway</message>";
    let wrong_production = "<error><message>Production Key Provided for Sandbox Gateway</message>";
    for (kind, stages, path, key, expected) in [
        (Hybrid, both, "secured", Some(PRODUCTION), From("production")),
        (Hybrid, both, "secured", Some(SANDBOX), From("sandbox")),
        (Hybrid, &[PRODUCTION], "secured", Some(SANDBOX), Refused(403, no_sandbox)),
        (Hybrid, &[SANDBOX], "secured", Some(PRODUCTION), Refused(403, no_production)),
        (Hybrid, &[SANDBOX], "open", None, From("sandbox")),
        (Hybrid, both, "open", None, From("production")),
        (Hybrid, both, "open", Some(SANDBOX), From("production")),
        (Production, both, "secured", Some(PRODUCTION), From("production")),
        (Production, both, "secured", Some(SANDBOX), Refused(401, wrong_sandbox)),
        (Sandbox, both, "secured", Some(SANDBOX), From("sandbox")),
        (Sandbox, both, "secured", Some(PRODUCTION), Refused(401, wrong_production)),
        (Sandbox, both, "open", None, From("sandbox")),
    ] {
        let weir = parts.weir(kind, stages);
        let answer = parts.call(&weir, &format!("/shop/1.0/{path}"), key).await;
        let case = format!("{kind:?} {stages:?} {path} {key:?}: {}", answer.text());
        match expected {
            From(backend) => assert_eq!((answer.status, &*answer.text()), (200, backend), "{case}"),
            Refused(status, part) => {
                assert_eq!(answer.status, status, "{case}");
                assert!(answer.text().contains(part), "{case}");
            }
        }
        if answer.status == 403 {
            let body = answer.json();
            assert_eq!((&body["code"], &body["type"]), (&json!("900901"), &json!("Status report")));
            assert_eq!(body["message"], "Runtime Error");
        }
        if answer.status == 401 {
            assert!(answer.header("content-type").unwrap().starts_with("application/xml"));
        }
    }
}

#[tokio::test]
async fn a_token_is_not_handed_on_and_is_recorded() {
    let parts = Parts::start().await;
    let weir = parts.weir(EnvironmentKind::Hybrid, &[PRODUCTION, SANDBOX]);
    let answer = parts.call(&weir, "/shop/1.0/secured", Some(SANDBOX)).await;
    assert_eq!(answer.status, 200);
    assert_eq!(parts.sandbox.last().header("authorization"), None);
    let record = weir.record().await;
    assert_eq!(
        (&record["key_type"], &record["client_id"]),
        (&json!("sandbox"), &json!("client-1"))
    );
    let without = weir.get("/shop/1.0/secured").await;
    assert_eq!((without.status, code(&without)), (401, "900902".to_owned()));
    let wrong = [("Authorization", "Bearer abc.def.ghi")];
    let wrong = weir.call("GET", "/shop/1.0/secured", &wrong, b"").await;
    assert_eq!((wrong.status, code(&wrong)), (401, "900901".to_owned()));
    assert_eq!(wrong.json().get("type"), None::<&Value>);
}
