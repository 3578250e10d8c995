//! Who may call: signed tokens of an issuer that publishes its keys.

use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::{Answer, Backend, Issuer, Project, Reply, TokenAlgorithm, WeirProcess};

use super::support::{Ask, eventually, home, open, serve, serve_with};

fn issuer_toml(name: &str, jwks: &str) -> String {
    format!(
        "[[apim.jwt.issuer]]\nname = \"{name}\"\n[apim.jwt.issuer.jwks]\nurl = \"{jwks}\"\nrefresh = \"1s\"\n"
    )
}

fn toml_of(issuer: &Issuer) -> String {
    issuer_toml(&issuer.name(), &issuer.jwks_url())
}

/// `GET /a` wants a token, `GET /b` one with the scope `buy`, `GET /o` none.
fn secured(name: &str, url: &str) -> Project {
    let scope = |name: &str| json!({ "scope": { "name": name, "displayName": name, "bindings": [] }, "shared": false });
    Project::new(name, "1", &format!("/{}", name.to_lowercase()))
        .endpoint(url)
        .set("scopes", json!([scope("buy")]))
        .operation("GET", "/a")
        .operation("GET", "/b")
        .secured(&["buy"])
        .operation("GET", "/o")
        .open()
}

async fn call(process: &WeirProcess, target: &str, headers: &[(&str, &str)]) -> Answer {
    let url = format!("{}{target}", process.http());
    Box::pin(async move { testkit::request("GET", &url, headers, "").await.unwrap() }).await
}

async fn bearer(process: &WeirProcess, target: &str, token: &str) -> Answer {
    call(process, target, &[("Authorization", &format!("Bearer {token}"))]).await
}

fn check(answer: &Answer, status: u16, code: &str) {
    assert_eq!(answer.status, status, "{answer:?}");
    let body = answer.json();
    assert_eq!(body["code"], code, "{body:#}");
    assert!(body["message"].is_string() && body["description"].is_string(), "{body:#}");
    assert_eq!(body.get("type"), None, "{body:#}");
    assert_eq!(answer.header("www-authenticate").is_some(), status == 401, "{answer:?}");
}

#[tokio::test]
async fn tokens_are_judged_as_specified() {
    let (backend, issuer) = (Backend::echo().await, Issuer::start().await);
    let apis = secured("Shop", &backend.url()).write_temp();
    secured("Strict", &backend.url()).set("audiences", json!(["them"])).write(apis.dir());
    let process = serve(apis.dir(), &toml_of(&issuer)).await;

    let missing = call(&process, "/shop/1/a", &[]).await;
    check(&missing, 401, "900902");
    let description = missing.json()["description"].as_str().unwrap().to_owned();
    assert!(description.contains("'Authorization : Bearer ACCESS_TOKEN'"), "{description}");
    assert!(missing.header("www-authenticate").unwrap().starts_with("Bearer "));
    check(&call(&process, "/shop/1/a", &[("Authorization", "Basic YTpi")]).await, 401, "900902");
    check(&bearer(&process, "/shop/1/a", "garbage").await, 401, "900901");

    let good = issuer.token(json!({}));
    for algorithm in [TokenAlgorithm::Rs256, TokenAlgorithm::Es256] {
        let token = issuer.token_with(algorithm, json!({}));
        assert_eq!(bearer(&process, "/shop/1/a", &token).await.status, 200, "{algorithm:?}");
    }
    let forged = format!("{}x", good.get(..good.len() - 5).unwrap());
    check(&bearer(&process, "/shop/1/a", &forged).await, 401, "900901");
    let expired = issuer.token(json!({ "exp": 1_000_000_000 }));
    check(&bearer(&process, "/shop/1/a", &expired).await, 401, "900901");
    let stranger = issuer.token(json!({ "iss": "stranger" }));
    check(&bearer(&process, "/shop/1/a", &stranger).await, 500, "900900");

    check(
        &bearer(&process, "/strict/1/a", &issuer.token(json!({ "aud": "us" }))).await,
        403,
        "900914",
    );
    let for_them = issuer.token(json!({ "aud": ["us", "them"] }));
    assert_eq!(bearer(&process, "/strict/1/a", &for_them).await.status, 200);

    check(
        &bearer(&process, "/shop/1/b", &issuer.token(json!({ "scope": "look" }))).await,
        403,
        "900910",
    );
    let buyer = issuer.token(json!({ "scope": "look buy" }));
    assert_eq!(bearer(&process, "/shop/1/b", &buyer).await.status, 200);
    assert_eq!(call(&process, "/shop/1/o", &[]).await.status, 200);
    assert_eq!(issuer.fetches(), 1, "keys are fetched once");
    for request in backend.requests() {
        assert_eq!(request.header("authorization"), None, "a token never goes on");
    }
    let exit = process.terminate().await;
    assert!(!exit.stderr.contains(good.rsplit('.').next().unwrap()), "a token was logged");
}

#[tokio::test]
async fn an_api_may_name_its_own_header() {
    let (backend, issuer) = (Backend::echo().await, Issuer::start().await);
    let apis =
        secured("Shop", &backend.url()).set("authorizationHeader", json!("X-Door")).write_temp();
    let process = serve(apis.dir(), &toml_of(&issuer)).await;
    let token = format!("Bearer {}", issuer.token(json!({})));
    check(&call(&process, "/shop/1/a", &[("Authorization", &token)]).await, 401, "900902");
    let answer =
        call(&process, "/shop/1/a", &[("X-Door", &token), ("Authorization", "Basic YTpi")]).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let seen = backend.last();
    assert_eq!(seen.header("x-door"), None);
    assert_eq!(seen.header("authorization"), Some("Basic YTpi"), "it is the upstream's own");
}

#[tokio::test]
async fn tokens_go_on_where_that_is_asked_for() {
    let (backend, issuer) = (Backend::echo().await, Issuer::start().await);
    let apis = secured("Shop", &backend.url()).write_temp();
    let toml =
        format!("[apim.oauth_config]\nenable_outbound_auth_header = true\n{}", toml_of(&issuer));
    let process = serve(apis.dir(), &toml).await;
    let token = issuer.token(json!({}));
    assert_eq!(bearer(&process, "/shop/1/a", &token).await.status, 200);
    assert_eq!(backend.last().header("authorization"), Some(format!("Bearer {token}").as_str()));
}

fn staged(name: &str, config: Value) -> Project {
    secured(name, "http://unused").endpoint_config(config)
}

#[tokio::test]
async fn the_key_type_chooses_the_stage() {
    let (production, sandbox) =
        (Backend::answer(200, &[], "production").await, Backend::answer(200, &[], "sandbox").await);
    let issuer = Issuer::start().await;
    let (p, s) = (json!({ "url": production.url() }), json!({ "url": sandbox.url() }));
    let apis = TempDir::new().unwrap();
    staged(
        "Both",
        json!({ "endpoint_type": "http", "production_endpoints": p, "sandbox_endpoints": s }),
    )
    .write(apis.path());
    staged("Prod", json!({ "endpoint_type": "http", "production_endpoints": p }))
        .write(apis.path());
    staged("Sand", json!({ "endpoint_type": "http", "sandbox_endpoints": s })).write(apis.path());
    let p_token = issuer.token(json!({ "keytype": "PRODUCTION" }));
    let s_token = issuer.token(json!({ "keytype": "SANDBOX" }));
    let process = serve(apis.path(), &toml_of(&issuer)).await;
    for (target, token, want) in [
        ("/both/1/a", &p_token, "production"),
        ("/both/1/a", &s_token, "sandbox"),
        ("/both/1/o", &s_token, "production"),
        ("/sand/1/o", &p_token, "sandbox"),
        ("/sand/1/a", &s_token, "sandbox"),
    ] {
        let answer = bearer(&process, target, token).await;
        assert_eq!((answer.status, answer.text().as_str()), (200, want), "{target}");
    }
    for (target, token, want) in [
        ("/prod/1/a", &s_token, "Sandbox key offered to the API with no sandbox endpoint"),
        ("/sand/1/a", &p_token, "Production key offered to the API with no production endpoint"),
    ] {
        let answer = bearer(&process, target, token).await;
        let want = json!({ "code": "900901", "type": "Status report", "message": "Runtime Error", "description": want });
        assert_eq!((answer.status, answer.json()), (403, want), "{target}");
    }
    drop(process);

    for (kind, wrong, right, stage, text) in [
        (
            "production",
            &s_token,
            &p_token,
            "production",
            "Sandbox Key Provided for Production Gateway",
        ),
        ("sandbox", &p_token, &s_token, "sandbox", "Production Key Provided for Sandbox Gateway"),
    ] {
        let environment =
            format!("[[apim.gateway.environment]]\nname = \"Default\"\ntype = \"{kind}\"\n");
        let process = serve(apis.path(), &format!("{environment}{}", toml_of(&issuer))).await;
        let refused = bearer(&process, "/both/1/a", wrong).await;
        assert_eq!(refused.status, 401, "{refused:?}");
        assert!(
            refused.header("content-type").unwrap().starts_with("application/xml"),
            "{refused:?}"
        );
        assert!(
            refused.text().ends_with(&format!("<error><message>{text}</message></error>")),
            "{refused:?}"
        );
        assert_eq!(bearer(&process, "/both/1/a", right).await.text(), stage);
        assert_eq!(call(&process, "/both/1/o", &[]).await.text(), stage);
    }
}

#[tokio::test]
async fn without_an_issuer_nobody_is_admitted() {
    let (backend, issuer) = (Backend::echo().await, Issuer::start().await);
    let apis = secured("Shop", &backend.url()).write_temp();
    let process = serve(apis.dir(), "").await;
    let good = format!("Bearer {}", issuer.token(json!({})));
    for headers in [
        &[][..],
        &[("Authorization", good.as_str())],
        &[("Authorization", "Bearer x")],
        &[("Authorization", "x")],
    ] {
        check(&call(&process, "/shop/1/a", headers).await, 401, "900902");
    }
    assert_eq!(process.get("/shop/1/o").await.status, 200);
    assert_eq!(issuer.fetches(), 0);
}

#[tokio::test]
async fn all_may_be_let_in_loudly() {
    let backend = Backend::echo().await;
    let apis = secured("Shop", &backend.url()).write_temp();
    let toml = "[weir.gateway]\nallow_unauthenticated = true\n";
    let process = serve(apis.dir(), toml).await;
    let warning = process.logged("ANYBODY CAN CALL").await;
    assert!(
        warning.contains("\"level\":\"WARN\"") && warning.contains("allow_unauthenticated"),
        "{warning}"
    );
    for target in ["/shop/1/a", "/shop/1/b"] {
        assert_eq!(process.get(target).await.status, 200, "{target}");
    }
    // It counts only as long as there is no issuer.
    let issuer = Issuer::start().await;
    let process = serve(apis.dir(), &format!("{toml}{}", toml_of(&issuer))).await;
    check(&call(&process, "/shop/1/a", &[]).await, 401, "900902");
}

#[tokio::test]
async fn an_issuer_may_be_down_for_a_while() {
    let (backend, issuer) = (Backend::echo().await, Issuer::start().await);
    let keys = testkit::get(&issuer.jwks_url()).await.unwrap().body;
    let up = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let is_up = std::sync::Arc::clone(&up);
    let publisher = Backend::builder()
        .start(move |_| match is_up.load(std::sync::atomic::Ordering::SeqCst) {
            true => Reply::new(200).body(keys.clone()),
            false => Reply::new(503),
        })
        .await;
    let apis = secured("Shop", &backend.url()).write_temp();
    let process = serve(apis.dir(), &issuer_toml(&issuer.name(), &publisher.url())).await;
    let token = issuer.token(json!({}));
    check(&bearer(&process, "/shop/1/a", &token).await, 500, "900900");
    process.logged("Cannot fetch the keys of a token issuer.").await;
    assert_eq!(process.get("/shop/1/o").await.status, 200, "open operations need no keys");
    up.store(true, std::sync::atomic::Ordering::SeqCst);
    let admitted =
        async || (bearer(&process, "/shop/1/a", &token).await.status == 200).then_some(());
    eventually("the issuer to be asked again", admitted).await;
    // What was found good stays good while the issuer is away.
    up.store(false, std::sync::atomic::Ordering::SeqCst);
    assert_eq!(bearer(&process, "/shop/1/a", &token).await.status, 200);
}

#[tokio::test]
async fn a_key_file_needs_no_publisher() {
    let (backend, issuer) = (Backend::echo().await, Issuer::start().await);
    let toml = format!(
        "[[apim.jwt.issuer]]\nname = \"{}\"\ncertificate = \"issuer.pem\"\n",
        issuer.name()
    );
    let home = home(&toml);
    let stores = home.path().join("repository/resources/security");
    std::fs::create_dir_all(&stores).unwrap();
    std::fs::write(stores.join("issuer.pem"), issuer.public_key_pem()).unwrap();
    let apis = secured("Shop", &backend.url()).write_temp();
    open("Plain", &backend.url()).write(apis.dir());
    let process = serve_with(apis.dir(), home, &[], &[]).await;
    assert_eq!(bearer(&process, "/shop/1/a", &issuer.token(json!({}))).await.status, 200);
    assert_eq!(issuer.fetches(), 0);
}
