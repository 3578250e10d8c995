//! Tokens of an authorization server (RFC 6749) that is made of Authlib.

use std::time::Duration;

use serde_json::{Value, json};
use testkit::{Backend, Client, Reply, Script};

use super::{project, secured};
use crate::gateway::{Weir, code};
use crate::proxies::Tinyproxy;

const SERVER: &str = include_str!("authorization_server.py");

/// An authorization server, and a backend that asks for its tokens at `/api`.
struct Server(Script);

impl Server {
    /// One whose tokens live so many seconds.
    async fn start(life: u32, key: &str) -> Option<Self> {
        Script::venv("authlib", SERVER, &[&life.to_string(), key]).await.map(Self)
    }

    fn backend(&self) -> String {
        format!("{}/api", self.0.url())
    }

    fn tokens(&self) -> String {
        format!("{}/token", self.0.url())
    }

    /// The grants and parameters of every token that was asked for.
    async fn calls(&self) -> Vec<Value> {
        let answer = testkit::get(&format!("{}/calls", self.0.url())).await.unwrap();
        answer.json().as_array().unwrap().clone()
    }

    async fn revoke(&self) {
        let url = format!("{}/revoke", self.0.url());
        assert_eq!(testkit::request("POST", &url, &[], b"").await.unwrap().status, 200);
    }
}

/// `endpoint_security` of a client, with further keys.
fn client(tokens: &str, id: &str, secret: &str, more: Value) -> Value {
    let mut security = json!({
        "enabled": true,
        "type": "OAUTH",
        "grantType": "CLIENT_CREDENTIALS",
        "tokenUrl": tokens,
        "clientId": id,
        "clientSecret": secret,
    });
    let Value::Object(more) = more else { unreachable!("a mapping") };
    security.as_object_mut().unwrap().extend(more);
    security
}

#[tokio::test]
async fn a_token_is_had_once_and_used_again() {
    let Some(server) = Server::start(3600, "").await else { return };
    let more = json!({ "customParameters": { "scope": "read write", "tenant": "a&b=ü" } });
    let weir =
        Weir::start(&secured(&server.backend(), client(&server.tokens(), "basic", "s3cret", more)));
    let mut connection = weir.client().await;
    for index in 0..5 {
        let body = format!("body {index}");
        let answer = connection.call("POST", "/shop/1.0/a", &[], body.as_bytes()).await.unwrap();
        assert_eq!(answer.status, 200, "{}", answer.text());
        let seen = answer.json();
        assert_eq!(
            (&seen["client"], &seen["scope"], &seen["body"]),
            (&json!("basic"), &json!("read write"), &json!(body))
        );
    }
    let expected =
        json!({ "grant_type": "client_credentials", "scope": "read write", "tenant": "a&b=ü" });
    assert_eq!(server.calls().await, [expected]);
    let metric = weir.metric("gateway_token_requests_total").await;
    assert_eq!(metric, 1.0);
}

#[tokio::test]
async fn a_thousand_first_requests_cause_one_call_for_a_token() {
    let tokens = Backend::with(|_| async {
        let token = json!({ "access_token": "t0ken", "expires_in": 3600 });
        Reply::json(&token).delay(Duration::from_millis(200))
    })
    .await;
    let backend = Backend::echo().await;
    let security = client(&format!("{}/token", tokens.url()), "c", "s", json!({}));
    let weir = Weir::start(&secured(&backend.url(), security));
    let mut connections = Vec::new();
    for _ in 0..20 {
        connections.push(weir.h2().await);
    }
    let url = weir.url("/shop/1.0/a");
    let calls = connections.iter_mut().map(|connection| connection.get_together(&url, 50));
    for statuses in futures_util::future::join_all(calls).await {
        assert_eq!(statuses.unwrap(), [200; 50]);
    }
    assert_eq!(tokens.requests().len(), 1);
    assert_eq!(backend.requests().len(), 1000);
    for request in backend.requests() {
        assert_eq!(request.header("authorization"), Some("Bearer t0ken"));
    }
}

#[tokio::test]
async fn the_password_grant_and_its_refresh_token() {
    // So short that each request finds the last token ended.
    let Some(server) = Server::start(2, "").await else { return };
    let more = json!({
        "grantType": "PASSWORD", "username": "max müller", "password": "p&ss=w+rd%20€",
    });
    let weir =
        Weir::start(&secured(&server.backend(), client(&server.tokens(), "basic", "s3cret", more)));
    let mut connection = weir.client().await;
    let renewed = async {
        loop {
            let answer = connection.get("/shop/1.0/a").await.unwrap();
            assert_eq!(answer.status, 200, "{}", answer.text());
            assert_eq!(answer.json()["user"], "max müller");
            let calls = server.calls().await;
            if calls.len() >= 3 {
                return calls;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let calls = testkit::bounded("renewed tokens", renewed).await;
    let grants: Vec<_> = calls.iter().map(|call| call["grant_type"].as_str().unwrap()).collect();
    assert_eq!(grants[..3], ["password", "refresh_token", "refresh_token"]);
}

#[tokio::test]
async fn each_way_of_authentication_is_taken() {
    let key = rcgen::KeyPair::generate().unwrap();
    let Some(server) = Server::start(3600, &key.public_key_pem()).await else { return };
    let keys = json!({ "x-weir": {
        "clientAuthentication": "private_key_jwt", "algorithm": "ES256", "key": key.serialize_pem(),
    } });
    for (id, secret, more) in [
        ("basic", "s3cret", json!({})),
        ("post", "s&cret:+/ü", json!({ "x-weir": { "clientAuthentication": "body" } })),
        (
            "secret-jwt",
            "s3cret",
            json!({ "x-weir": { "clientAuthentication": "client_secret_jwt" } }),
        ),
        ("key-jwt", "", keys),
    ] {
        let weir =
            Weir::start(&secured(&server.backend(), client(&server.tokens(), id, secret, more)));
        let answer = weir.get("/shop/1.0/a").await;
        assert_eq!(answer.status, 200, "{id}: {}", answer.text());
        assert_eq!(answer.json()["client"], id);
    }
}

#[tokio::test]
async fn a_token_that_was_revoked_is_replaced_and_the_call_repeated() {
    let Some(server) = Server::start(3600, "").await else { return };
    let weir = Weir::start(&secured(
        &server.backend(),
        client(&server.tokens(), "basic", "s3cret", json!({})),
    ));
    let mut connection = weir.client().await;
    for _ in 0..2 {
        let answer = connection.call("POST", "/shop/1.0/a", &[], b"body").await.unwrap();
        assert_eq!((answer.status, &answer.json()["body"]), (200, &json!("body")));
        server.revoke().await;
    }
    // The second request found its token revoked.
    assert_eq!(server.calls().await.len(), 2);
    // Many at once find theirs revoked, and one other token is had.
    let calls = (0..20).map(|_| async {
        let answer = weir.call("POST", "/shop/1.0/a", &[], b"body").await;
        assert_eq!((answer.status, &answer.json()["body"]), (200, &json!("body")));
    });
    futures_util::future::join_all(calls).await;
    assert_eq!(server.calls().await.len(), 3);
}

/// An authorization server that gives any number of tokens.
async fn giving() -> Backend {
    let count = std::sync::atomic::AtomicUsize::new(0);
    Backend::with(move |_| {
        let number = count.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1;
        async move {
            Reply::json(&json!({ "access_token": format!("token-{number}"), "expires_in": 3600 }))
        }
    })
    .await
}

#[tokio::test]
async fn an_answer_of_401_or_403_that_stays_goes_to_the_caller() {
    for (status, calls) in [(401, 2), (403, 1)] {
        let tokens = giving().await;
        let backend = Backend::answer(status, &[("www-authenticate", "Bearer")], "no").await;
        let security = client(&tokens.url(), "c", "s", json!({}));
        let weir = Weir::start(&secured(&backend.url(), security));
        let answer = weir.call("POST", "/shop/1.0/a", &[], b"body").await;
        assert_eq!((answer.status, answer.text().as_str()), (status, "no"));
        assert_eq!((backend.requests().len(), tokens.requests().len()), (calls, calls));
        for request in backend.requests() {
            assert_eq!(request.text(), "body");
        }
        // It says nothing against the endpoint.
        assert_eq!(weir.state().await, "ACTIVE");
    }
}

#[tokio::test]
async fn a_backend_that_always_answers_401_does_not_make_the_server_busy() {
    let tokens = giving().await;
    let backend = Backend::answer(401, &[], "no").await;
    let weir = Weir::start(&secured(&backend.url(), client(&tokens.url(), "c", "s", json!({}))));
    for _ in 0..20 {
        assert_eq!(weir.get("/shop/1.0/a").await.status, 401);
    }
    assert!(tokens.requests().len() <= 3, "{}", tokens.requests().len());
}

#[tokio::test]
async fn a_body_that_cannot_be_sent_again_is_not() {
    let tokens = giving().await;
    let backend = Backend::with(|request| async move {
        let is_first = request.header("authorization") == Some("Bearer token-1");
        Reply::new(if is_first { 401 } else { 200 })
    })
    .await;
    let weir = Weir::start(&secured(&backend.url(), client(&tokens.url(), "c", "s", json!({}))));
    let answer = weir.call("POST", "/shop/1.0/a", &[], &vec![b'x'; 3_000_000]).await;
    assert_eq!((answer.status, backend.requests().len()), (401, 1));
    // The token is dropped all the same.
    let answer = weir.call("POST", "/shop/1.0/a", &[], &vec![b'x'; 3_000_000]).await;
    assert_eq!((answer.status, backend.requests().len()), (200, 2));
}

/// Every way in which no token can be had: the caller gets one fault, and the backend nothing.
#[tokio::test]
async fn without_a_token_the_backend_is_not_called() {
    let backend = Backend::echo().await;
    let closed = format!("http://127.0.0.1:{}/token", testkit::free_port());
    let answers = [
        (401, "{\"error\":\"invalid_client\"}"),
        (400, "{\"error\":\"invalid_grant\",\"error_description\":\"s3cret\"}"),
        (500, "oops"),
        (302, ""),
        (200, "no JSON"),
        (200, "{\"token\":\"t\"}"),
        (200, "{\"access_token\":\"\"}"),
        (200, "{\"access_token\":\"a\\nb\"}"),
        (200, "{\"access_token\":\"t\",\"token_type\":\"DPoP\"}"),
    ];
    let mut servers = Vec::new();
    for (status, body) in answers {
        servers.push(Backend::answer(status, &[("location", "/elsewhere")], body).await);
    }
    servers.push(Backend::answer(200, &[], "x".repeat(1_000_000)).await);
    servers
        .push(Backend::with(|_| async { Reply::new(200).delay(Duration::from_secs(3600)) }).await);
    let urls = servers.iter().map(Backend::url).chain([closed]);
    for url in urls {
        let more = json!({ "socketTimeoutDuration": 300, "connectionTimeoutDuration": 300 });
        let weir = Weir::start(&secured(&backend.url(), client(&url, "c", "s3cret", more)));
        for _ in 0..2 {
            let answer = weir.call("POST", "/shop/1.0/a", &[], b"body").await;
            assert_eq!((answer.status, code(&answer)), (500, "303003".to_owned()), "{url}");
            let fault = answer.json();
            let start = "Could not generate access token for oauth configured http endpoint \
                         Shop--v1.0_APIproductionEndpoint.";
            assert_eq!(fault["description"], start);
            assert!(!answer.text().contains("s3cret") && !answer.text().contains(&url));
        }
        // It says nothing against the endpoint, and the server is left alone for a moment.
        assert_eq!(weir.state().await, "ACTIVE");
        assert_eq!(weir.metric("gateway_token_requests_total").await, 1.0, "{url}");
    }
    assert_eq!(backend.requests().len(), 0);
}

#[tokio::test]
async fn the_server_is_reached_through_a_proxy_that_wants_a_password() {
    let (Some(server), Some(proxy)) = (Server::start(3600, "").await, Tinyproxy::start().await)
    else {
        return;
    };
    for (password, status) in [("pass", 200), ("wrong", 500)] {
        let more = json!({ "proxyConfigs": {
            "proxyEnabled": true, "proxyHost": "127.0.0.1", "proxyPort": proxy.port,
            "proxyProtocol": "http", "proxyUsername": "user", "proxyPassword": password,
        } });
        let security = client(&server.tokens(), "basic", "s3cret", more);
        let weir = Weir::start(&secured(&server.backend(), security));
        assert_eq!(weir.get("/shop/1.0/a").await.status, status, "{password}");
    }
    assert_eq!(server.calls().await.len(), 1);
}

#[tokio::test]
async fn members_get_tokens_of_their_own() {
    let tokens = giving().await;
    let (one, two) = (Backend::echo().await, Backend::echo().await);
    let config = json!({
        "endpoint_type": "load_balance",
        "production_endpoints": [{ "url": one.url() }, { "url": two.url() }],
        "endpoint_security": { "production": client(&tokens.url(), "c", "s", json!({})) },
    });
    let weir = Weir::start(&project(config));
    for _ in 0..6 {
        assert_eq!(weir.call("POST", "/shop/1.0/a", &[], b"body").await.status, 200);
    }
    let shown = |backend: &Backend| {
        let mut all: Vec<_> = backend
            .requests()
            .iter()
            .map(|request| request.header("authorization").unwrap().to_owned())
            .collect();
        all.dedup();
        all
    };
    let (one, two) = (shown(&one), shown(&two));
    assert_eq!((one.len(), two.len()), (1, 1));
    assert_ne!(one, two);
    assert_eq!(tokens.requests().len(), 2);
}

#[tokio::test]
async fn the_next_member_is_tried_where_the_first_ones_token_cannot_be_had() {
    let tokens = giving().await;
    let (one, two) = (Backend::echo().await, Backend::echo().await);
    let closed = format!("http://127.0.0.1:{}/token", testkit::free_port());
    let config = json!({
        "endpoint_type": "failover",
        "production_endpoints": {
            "url": one.url(), "x-weir": { "security": client(&closed, "c", "s", json!({})) },
        },
        "production_failovers": [{ "url": two.url() }],
        "endpoint_security": { "production": client(&tokens.url(), "c", "s", json!({})) },
    });
    let weir = Weir::start(&project(config));
    let answer = weir.call("POST", "/shop/1.0/a", &[], b"body").await;
    assert_eq!((answer.status, answer.text().as_str()), (200, "body"));
    assert_eq!(one.requests().len(), 0);
    assert_eq!(two.last().header("authorization"), Some("Bearer token-1"));
    // The first one has done nothing wrong.
    assert_eq!(weir.endpoint().await["members"][0]["health"]["state"], "ACTIVE");
}

#[tokio::test]
async fn a_token_outlives_a_new_version_of_its_api() {
    let tokens = giving().await;
    let backend = Backend::echo().await;
    let security = |secret: &str| client(&tokens.url(), "c", secret, json!({}));
    let mut weir = Weir::start(&secured(&backend.url(), security("s")));
    assert_eq!(weir.get("/shop/1.0/a").await.status, 200);
    weir.deploy(&secured(&backend.url(), security("s")).set("description", json!("new")));
    assert_eq!(weir.get("/shop/1.0/a").await.status, 200);
    assert_eq!(tokens.requests().len(), 1);
    weir.deploy(&secured(&backend.url(), security("other")));
    assert_eq!(weir.get("/shop/1.0/a").await.status, 200);
    assert_eq!(tokens.requests().len(), 2);
}

/// A caller's token, exchanged for one of its own at the authorization server (RFC 8693).
#[tokio::test]
async fn the_callers_token_is_exchanged() {
    let issuer = testkit::Issuer::start().await;
    let tokens = giving().await;
    let backend = Backend::echo().await;
    let more = json!({ "x-weir": { "tokenExchange": {}, "audience": "https://backend.example" } });
    let security = client(&tokens.url(), "c", "s", more);
    let exchanging = testkit::Project::new("Shop", "1.0", "/shop")
        .operation("GET", "/*")
        .endpoint_config(json!({
            "endpoint_type": "http",
            "production_endpoints": { "url": backend.url() },
            "endpoint_security": { "production": security.clone() },
        }));
    let weir = Weir::with(&[&exchanging], |config| crate::stages::trust(config, &issuer));
    let mut client = weir.client().await;
    let token = |subject: &str| {
        issuer.token(json!({ "keytype": "PRODUCTION", "azp": "a", "sub": subject }))
    };
    let (one, two) = (token("one"), token("two"));
    for (token, expected) in [(&one, "token-1"), (&two, "token-2"), (&one, "token-1")] {
        let answer = get_with(&mut client, token).await;
        assert_eq!(answer, 200);
        let header = format!("Bearer {expected}");
        assert_eq!(backend.last().header("authorization"), Some(header.as_str()));
        let form = tokens.last().text();
        assert!(
            form.contains("grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange")
        );
        assert!(form.contains("audience=https%3A%2F%2Fbackend.example"), "{form}");
    }
    // Whoever shows nothing has nothing to exchange.
    let open = Weir::start(&secured(&backend.url(), security));
    let answer = open.get("/shop/1.0/a").await;
    assert_eq!((answer.status, code(&answer)), (500, "303003".to_owned()));
}

async fn get_with(client: &mut Client, token: &str) -> u16 {
    let header = format!("Bearer {token}");
    let headers = [("authorization", header.as_str())];
    client.call("GET", "/shop/1.0/a", &headers, b"").await.unwrap().status
}
