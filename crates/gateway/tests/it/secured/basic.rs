//! Basic authentication (RFC 7617), and what becomes of the caller's own `Authorization`.

use serde_json::json;
use testkit::{Backend, Issuer, Nginx, Project};

use super::{project, secured, user};
use crate::gateway::{Weir, shop};

/// Every punctuation character that nginx takes in its file, and some that are not ASCII.
const PASSWORD: &str = "a!\"#$%&'()*+,-./;<=>?@[\\]^_`{|}~ü€";

#[tokio::test]
async fn a_real_server_takes_user_and_password() {
    let directives = "auth_basic shop; auth_basic_user_file users; \
                      add_header X-User $remote_user always; location / { try_files /page =404; }";
    let Some(nginx) = Nginx::server(directives).await else { return };
    std::fs::write(nginx.dir().join("users"), format!("m\u{e4}x:{{PLAIN}}{PASSWORD}\n")).unwrap();
    let right = Weir::start(&secured(&nginx.url(), user("BASIC", "m\u{e4}x", PASSWORD)));
    let answer = right.get("/shop/1.0/page").await;
    assert_ne!(answer.status, 401, "{}", answer.text());
    assert_eq!(answer.header("x-user"), Some("m\u{e4}x"));
    // The server's own answer for somebody else.
    let wrong = Weir::start(&secured(&nginx.url(), user("basic", "m\u{e4}x", "wrong")));
    let answer = wrong.get("/shop/1.0/page").await;
    assert_eq!(answer.status, 401);
    assert!(answer.header("www-authenticate").unwrap().starts_with("Basic"));
}

#[tokio::test]
async fn each_stage_is_shown_its_own() {
    let (production, sandbox) = (Backend::echo().await, Backend::echo().await);
    let issuer = Issuer::start().await;
    let project =
        Project::new("Shop", "1.0", "/shop").operation("GET", "/*").endpoint_config(json!({
            "endpoint_type": "http",
            "production_endpoints": { "url": production.url() },
            "sandbox_endpoints": { "url": sandbox.url() },
            "endpoint_security": { "production": user("BASIC", "u", "p") },
        }));
    let weir = Weir::with(&[&project], |config| crate::stages::trust(config, &issuer));
    for (key, backend, expected) in
        [("PRODUCTION", &production, Some("Basic dTpw")), ("SANDBOX", &sandbox, None)]
    {
        let token =
            format!("Bearer {}", issuer.token(json!({ "keytype": key, "azp": "client-1" })));
        let headers = [("authorization", token.as_str())];
        let answer = weir.call("GET", "/shop/1.0/a", &headers, b"").await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(backend.last().header("authorization"), expected);
    }
}

#[tokio::test]
async fn the_callers_authorization_is_replaced_removed_or_passed_as_configured() {
    let backend = Backend::echo().await;
    let security = || user("BASIC", "u", "p");
    let open = || shop(&backend.url());
    let own_header = |project: Project| project.set("authorizationHeader", json!("X-Token"));
    for (what, project, passes, expected) in [
        ("removed", open(), false, None),
        ("passed", open(), true, Some("Bearer of-the-caller")),
        ("replaced", secured(&backend.url(), security()), false, Some("Basic dTpw")),
        ("replaced though passed", secured(&backend.url(), security()), true, Some("Basic dTpw")),
        // The consumer's token is somewhere else: this one is for the backend.
        ("not the gateway's", own_header(open()), false, Some("Bearer of-the-caller")),
        (
            "not the gateway's, replaced",
            own_header(secured(&backend.url(), security())),
            false,
            Some("Basic dTpw"),
        ),
    ] {
        let weir =
            Weir::with(&[&project], |config| config.forwarding.outbound_auth_header = passes);
        let headers = [("authorization", "Bearer of-the-caller"), ("x-token", "Bearer x")];
        let answer = weir.call("GET", "/shop/1.0/a", &headers, b"").await;
        assert_eq!(answer.status, 200, "{what}: {}", answer.text());
        assert_eq!(backend.last().header("authorization"), expected, "{what}");
        let is_own = what.starts_with("not");
        assert_eq!(backend.last().header("x-token").is_none(), is_own, "{what}");
    }
}

#[tokio::test]
async fn what_is_switched_off_shows_nothing() {
    let backend = Backend::echo().await;
    for security in [
        json!({ "enabled": false, "type": "BASIC", "username": "u", "password": "p" }),
        json!({ "enabled": false, "type": "OAUTH", "tokenUrl": "http://127.0.0.1:1/" }),
        json!({ "enabled": true, "type": "NONE", "username": "u", "password": "p" }),
    ] {
        let weir = Weir::start(&secured(&backend.url(), security));
        assert_eq!(weir.get("/shop/1.0/a").await.status, 200);
        assert_eq!(backend.last().header("authorization"), None);
    }
}

#[tokio::test]
async fn health_checks_show_what_calls_show() {
    let directives = "auth_basic shop; auth_basic_user_file users; \
                      location / { add_header X-User $remote_user; try_files /page =404; }";
    let Some(nginx) = Nginx::server(directives).await else { return };
    std::fs::write(nginx.dir().join("users"), "u:{PLAIN}p\n").unwrap();
    let config = |password: &str| {
        json!({
            "endpoint_type": "http",
            "production_endpoints": { "url": nginx.url() },
            "endpoint_security": { "production": user("BASIC", "u", password) },
            "x-weir": { "healthCheck": {
                "path": "/page", "interval": "20ms", "unhealthyAfter": 1, "healthyAfter": 1,
                "expectedStatuses": [404],
            } },
        })
    };
    let right = Weir::start(&project(config("p")));
    right.until("a good check", || async { right.endpoint().await["check"]["good"] != 0 }).await;
    let wrong = Weir::start(&project(config("wrong")));
    wrong
        .until("unhealthy", || async { wrong.endpoint().await["check"]["healthy"] == false })
        .await;
    assert_eq!(wrong.endpoint().await["check"]["last"]["text"], "answered 401");
}

#[tokio::test]
async fn a_password_that_a_new_version_leaves_out_stays_in_use() {
    let backend = Backend::echo().await;
    let mut weir = Weir::start(&secured(&backend.url(), user("BASIC", "u", "p")));
    for left_out in ["", "******"] {
        weir.deploy(&secured(&backend.url(), user("BASIC", "u", left_out)));
        assert_eq!(weir.get("/shop/1.0/a").await.status, 200);
        assert_eq!(backend.last().header("authorization"), Some("Basic dTpw"));
    }
    weir.deploy(&secured(&backend.url(), user("BASIC", "u", "q")));
    assert_eq!(weir.get("/shop/1.0/a").await.status, 200);
    assert_eq!(backend.last().header("authorization"), Some("Basic dTpx"));
    // Another user has no password: the version before it stays.
    weir.deploy(&secured(&backend.url(), user("BASIC", "other", "")));
    assert_eq!(weir.get("/shop/1.0/a").await.status, 200);
    assert_eq!(backend.last().header("authorization"), Some("Basic dTpx"));
}
