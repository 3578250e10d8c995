//! Tokens in time, against a server in the same process, with a clock that can be moved.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use compiler::plan::{
    Account, ClientProof, Grant, OAuthPlan, TokenClient, TokenNetwork, TokenProxy,
};
use model::secret::Secret;
use serde_json::json;
use testkit::{Backend, Reply};
use tokio::time::{Instant, advance};

use super::*;
use crate::config::UpstreamTls;
use crate::config::oauth::OAuthConfig;
use crate::config::proxies::Proxies;
use crate::upstream::tls::TrustStore;

fn plan(url: &str) -> OAuthPlan {
    OAuthPlan {
        token_url: format!("{url}/token"),
        grant: Grant::ClientCredentials,
        client: TokenClient {
            id: "client".to_owned(),
            proof: ClientProof::Basic(Secret::new("PLANTED-secret")),
        },
        parameters: Vec::new(),
        network: TokenNetwork::default(),
    }
}

fn password(url: &str, username: &str, password: &str) -> OAuthPlan {
    let (username, password) = (username.to_owned(), Secret::new(password));
    OAuthPlan { grant: Grant::Password(Account { username, password }), ..plan(url) }
}

/// A source of tokens from a registry of its own.
fn source(plan: &OAuthPlan) -> Arc<TokenSource> {
    of(&Tokens::default(), plan, "https://upstream:443")
}

fn of(tokens: &Tokens, plan: &OAuthPlan, target: &str) -> Arc<TokenSource> {
    let settings = UpstreamTls { system_roots: false, ..UpstreamTls::default() };
    let means = Means {
        config: &OAuthConfig::default(),
        proxies: &Proxies::default(),
        trust: &Arc::new(TrustStore::load(&settings).unwrap()),
        certificates: &Arc::default(),
    };
    tokens.source(plan, target, means).unwrap()
}

/// A server whose tokens are `t1`, `t2` and so on, with this beside each.
async fn giving(more: serde_json::Value) -> Backend {
    let count = AtomicUsize::new(0);
    Backend::with(move |_| {
        let number = count.fetch_add(1, Ordering::SeqCst) + 1;
        let mut token = more.clone();
        token["access_token"] = format!("t{number}").into();
        async move { Reply::json(&token) }
    })
    .await
}

async fn get(source: &TokenSource) -> String {
    shown(&source.get(None, None).await.unwrap())
}

fn shown(shown: &Shown) -> String {
    assert!(shown.token.header.is_sensitive());
    shown.token.header.to_str().unwrap().to_owned()
}

/// Waits for real sockets while the clock stands still.
async fn until(mut holds: impl FnMut() -> bool) {
    for _ in 0..100_000 {
        if holds() {
            return;
        }
        tokio::task::yield_now().await;
        std::thread::yield_now();
    }
    panic!("it never holds");
}

#[tokio::test(start_paused = true)]
async fn a_token_is_replaced_ahead_of_its_end_while_the_old_one_serves() {
    let server = giving(json!({ "expires_in": 100 })).await;
    let source = source(&plan(&server.url()));
    assert_eq!(get(&source).await, "Bearer t1");
    advance(Duration::from_secs(79)).await;
    assert_eq!(get(&source).await, "Bearer t1");
    assert_eq!(server.requests().len(), 1);
    // After four fifths of its life the next one is asked for, and nobody waits for it.
    advance(Duration::from_secs(2)).await;
    let first = source.current(None, Instant::now()).map(|token| shown(&token));
    assert_eq!(first.as_deref(), Some("Bearer t1"));
    until(|| {
        let now = source.current(None, Instant::now()).map(|token| shown(&token));
        now.as_deref() == Some("Bearer t2")
    })
    .await;
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_token_is_not_shown_after_its_end() {
    for (life, lives) in [
        (json!(10), 8),
        (json!("10"), 8),
        (json!(10.5), 8),
        (serde_json::Value::Null, 2900),
        (json!("soon"), 2900),
        (json!(1e300), 31_000_000),
    ] {
        let server = giving(json!({ "expires_in": life })).await;
        let source = source(&plan(&server.url()));
        assert_eq!(get(&source).await, "Bearer t1");
        let now = Instant::now();
        assert!(source.current(None, now + Duration::from_secs(lives)).is_some(), "{life}");
        let year = Duration::from_secs(366 * 86_400);
        assert!(source.current(None, now + year).is_none(), "{life}");
    }
    // What ends at once is shown by those who have waited for it, and by nobody else.
    for life in [json!(0), json!(-5)] {
        let server = giving(json!({ "expires_in": life })).await;
        let source = source(&plan(&server.url()));
        assert_eq!(get(&source).await, "Bearer t1");
        assert!(source.current(None, Instant::now()).is_none());
        assert_eq!(get(&source).await, "Bearer t2");
    }
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_remembered_for_longer_each_time() {
    let server = Backend::answer(500, &[], "oops").await;
    let source = source(&plan(&server.url()));
    let mut calls = 0;
    for pause in [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0] {
        assert!(source.get(None, None).await.is_err());
        calls += 1;
        // Until the pause is over nobody asks, a fifth earlier or later.
        assert!(source.get(None, None).await.is_err());
        advance(Duration::from_secs_f64(pause * 0.79)).await;
        assert!(source.get(None, None).await.is_err());
        assert_eq!(server.requests().len(), calls, "{pause}");
        advance(Duration::from_secs_f64(pause * 0.42)).await;
    }
    let report = source.report(Instant::now()).unwrap();
    let (_, text) = report.last_failure.unwrap();
    assert!(text.starts_with("Error while accessing the Token URL. It answered 500"), "{text}");
}

#[tokio::test]
async fn many_at_once_wait_for_one_request_on_any_thread() {
    let server = Backend::with(|_| async {
        Reply::json(&json!({ "access_token": "t", "expires_in": 0 }))
            .delay(Duration::from_millis(300))
    })
    .await;
    let source = source(&plan(&server.url()));
    let threads = (0..4).map(|_| {
        let source = Arc::clone(&source);
        std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let all = (0..250).map(|_| get(&source));
                for token in futures_util::future::join_all(all).await {
                    assert_eq!(token, "Bearer t");
                }
            });
        })
    });
    let threads: Vec<_> = threads.collect();
    let joined = move || threads.into_iter().for_each(|thread| thread.join().unwrap());
    tokio::task::spawn_blocking(joined).await.unwrap();
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_request_outlives_whoever_began_it_but_not_its_thread() {
    let gate = Arc::new(tokio::sync::Semaphore::new(0));
    let held = Arc::clone(&gate);
    let server = Backend::with(move |_| {
        let gate = Arc::clone(&held);
        async move {
            gate.acquire().await.unwrap().forget();
            Reply::json(&json!({ "access_token": "t", "expires_in": 100 }))
        }
    })
    .await;
    let source = source(&plan(&server.url()));
    // Its caller leaves; the request goes on.
    let gone = tokio::time::timeout(Duration::from_millis(1), source.get(None, None)).await;
    assert!(gone.is_err());
    server.arrived(1).await;
    // Another one comes with a deadline that is over first.
    let soon = Some(Instant::now() + Duration::from_millis(1));
    assert!(source.get(None, soon).await.is_err());
    gate.add_permits(1);
    assert_eq!(get(&source).await, "Bearer t");
    assert_eq!(server.requests().len(), 1);

    // Where the thread that asks ends, those who wait ask themselves.
    let other = of(&Tokens::default(), &plan(&server.url()), "https://other:443");
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let asking = Arc::clone(&other);
    runtime.spawn(async move { asking.get(None, None).await.is_ok() });
    server.arrived(2).await;
    let waiting = tokio::spawn({
        let other = Arc::clone(&other);
        async move { get(&other).await }
    });
    tokio::task::yield_now().await;
    runtime.shutdown_background();
    gate.add_permits(2);
    assert_eq!(testkit::bounded("a token after all", waiting).await.unwrap(), "Bearer t");
}

#[tokio::test(start_paused = true)]
async fn a_refresh_token_is_used_and_replaced_and_given_up() {
    let count = AtomicUsize::new(0);
    let server = Backend::with(move |request| {
        let number = count.fetch_add(1, Ordering::SeqCst) + 1;
        let form = request.text();
        async move {
            // The third refresh token is refused.
            if form.contains("refresh_token=r2") {
                return Reply::new(400).body("{\"error\":\"invalid_grant\"}");
            }
            let token = format!("t{number}");
            Reply::json(&json!({
                "access_token": token, "expires_in": 1, "refresh_token": format!("r{number}"),
            }))
        }
    })
    .await;
    let source = source(&password(&server.url(), "u", "p"));
    for expected in ["t1", "t2", "t4"] {
        assert_eq!(get(&source).await, format!("Bearer {expected}"));
        advance(Duration::from_secs(2)).await;
    }
    let forms: Vec<_> = server.requests().iter().map(|request| request.text()).collect();
    let grants: Vec<_> = forms.iter().map(|form| form.split('&').next().unwrap()).collect();
    assert_eq!(
        grants,
        [
            "grant_type=password",
            "grant_type=refresh_token",
            "grant_type=refresh_token",
            "grant_type=password"
        ]
    );
    assert!(forms[1].contains("refresh_token=r1") && forms[2].contains("refresh_token=r2"));
}

#[tokio::test(start_paused = true)]
async fn a_refusal_drops_the_token_once_and_has_a_pause_where_it_does_not_help() {
    let server = giving(json!({ "expires_in": 3600 })).await;
    let source = source(&plan(&server.url()));
    let first = source.get(None, None).await.unwrap();
    first.token.accept();
    // A hundred requests had the same token.
    for _ in 0..100 {
        assert!(source.refused(&first));
    }
    let second = source.get(None, None).await.unwrap();
    assert_eq!((shown(&second).as_str(), server.requests().len()), ("Bearer t2", 2));
    // It is refused at once too: another one would hardly help.
    assert!(!source.refused(&second));
    assert!(!source.refused(&second));
    assert_eq!(get(&source).await, "Bearer t2");
    advance(Duration::from_millis(1300)).await;
    assert!(source.refused(&second));
    let third = source.get(None, None).await.unwrap();
    assert!(!source.refused(&third));
    advance(Duration::from_millis(1300)).await;
    assert!(!source.refused(&third), "the pause is longer");
    advance(Duration::from_millis(1300)).await;
    assert!(source.refused(&third));
    // One that was taken and is refused later is replaced without a pause.
    let fourth = source.get(None, None).await.unwrap();
    fourth.token.accept();
    assert!(source.refused(&fourth));
    assert_eq!(get(&source).await, "Bearer t5");
}

#[tokio::test]
async fn tokens_are_shared_by_equals_alone() {
    let server = giving(json!({ "expires_in": 3600 })).await;
    let tokens = Tokens::default();
    let base = plan(&server.url());
    let target = "https://upstream:443";
    let first = of(&tokens, &base, target);
    assert!(Arc::ptr_eq(&first, &of(&tokens, &base, target)));
    let changed = |change: &dyn Fn(&mut OAuthPlan)| {
        let mut plan = base.clone();
        change(&mut plan);
        plan
    };
    let parameter = |name: &str, value: &str| (name.to_owned(), Secret::new(value));
    let others = [
        changed(&|plan| plan.token_url.push('2')),
        changed(&|plan| plan.client.id.push('2')),
        changed(&|plan| plan.client.proof = ClientProof::Basic(Secret::new("other"))),
        changed(&|plan| plan.client.proof = ClientProof::Body(Secret::new("PLANTED-secret"))),
        changed(&|plan| plan.client.proof = ClientProof::Certificate),
        changed(&|plan| plan.parameters = vec![parameter("scope", "a")]),
        changed(&|plan| plan.parameters = vec![parameter("sco", "pea")]),
        password(&server.url(), "u", "p"),
        password(&server.url(), "u", "q"),
        password(&server.url(), "v", "p"),
    ];
    let mut sources = vec![first, of(&tokens, &base, "https://upstream:8443")];
    sources.extend(others.iter().map(|plan| of(&tokens, plan, target)));
    for (index, one) in sources.iter().enumerate() {
        for other in &sources[index + 1..] {
            assert!(!Arc::ptr_eq(one, other), "{index}");
        }
    }
    let printed = format!("{sources:?} {tokens:?}");
    assert!(!printed.contains("PLANTED"), "{printed}");
}

#[tokio::test]
async fn a_request_is_encoded_as_a_form() {
    let server = giving(json!({})).await;
    let mut asked = password(&server.url(), "ü ser", "a&b=c+d%e");
    asked.parameters =
        vec![("scope".to_owned(), Secret::new("a b")), ("x&y".to_owned(), Secret::new("ü"))];
    get(&source(&asked)).await;
    let request = server.last();
    assert_eq!(
        request.text(),
        "grant_type=password&username=%C3%BC+ser&password=a%26b%3Dc%2Bd%25e&scope=a+b&x%26y=%C3%BC"
    );
    let header = |name| request.header(name);
    assert_eq!(header("content-type"), Some("application/x-www-form-urlencoded"));
    assert_eq!(header("accept"), Some("application/json"));
    assert_eq!(header("authorization"), Some("Basic Y2xpZW50OlBMQU5URUQtc2VjcmV0"));
    asked.client.proof = ClientProof::Body(Secret::new("s&"));
    get(&source(&asked)).await;
    assert!(server.last().text().ends_with("&client_id=client&client_secret=s%26"));
    assert_eq!(server.last().header("authorization"), None);
}

#[tokio::test]
async fn what_stands_in_the_way_is_told_in_wso2s_words() {
    let ca = testkit::Ca::new();
    let secure = Backend::builder()
        .tls(ca.server_config(&ca.leaf(&["elsewhere.test"]), &["http/1.1"]))
        .answer(200, &[], "{}")
        .await;
    let closed = format!("http://127.0.0.1:{}", testkit::free_port());
    let refused = Backend::answer(
        401,
        &[],
        "{\"error\":\"invalid_client\",\"error_description\":\"no\\nsuch client\"}",
    )
    .await;
    let keyless = Backend::answer(200, &[], "{\"token\":\"t\"}").await;
    let silent =
        Backend::with(|_| async { Reply::new(200).delay(Duration::from_secs(3600)) }).await;
    for (url, outcome, told) in [
        (refused.url(), TokenOutcome::Refused, "answered 401 Unauthorized, invalid_client"),
        (keyless.url(), TokenOutcome::Invalid, "Missing key [access_token]"),
        (closed, TokenOutcome::Connect, "Unable to connect to the OAuth token endpoint."),
        (
            "http://nowhere.invalid".to_owned(),
            TokenOutcome::Resolve,
            "Unable to resolve the hostname",
        ),
        (secure.url(), TokenOutcome::Tls, "SSL handshake failed"),
        (silent.url(), TokenOutcome::Timeout, "Socket timeout"),
    ] {
        let network =
            TokenNetwork { answer: Some(Duration::from_millis(200)), ..TokenNetwork::default() };
        let plan = OAuthPlan { network, ..plan(&url) };
        let failure = source(&plan).get(None, None).await.unwrap_err();
        assert_eq!(failure.outcome, outcome, "{failure}");
        assert!(failure.to_string().contains(told), "{failure}");
        assert!(!format!("{failure:?}").contains("PLANTED"));
    }
}

#[tokio::test]
async fn connections_to_one_server_are_limited() {
    let gate = Arc::new(tokio::sync::Semaphore::new(0));
    let held = Arc::clone(&gate);
    let server = Backend::with(move |_| {
        let gate = Arc::clone(&held);
        async move {
            gate.acquire().await.unwrap().forget();
            Reply::json(&json!({ "access_token": "t" }))
        }
    })
    .await;
    let tokens = Tokens::default();
    let network = TokenNetwork { turn: Some(Duration::from_millis(50)), ..Default::default() };
    let plan = OAuthPlan { network, ..plan(&server.url()) };
    let sources: Vec<_> =
        (0..9).map(|index| of(&tokens, &plan, &format!("https://upstream:{index}"))).collect();
    let asking: Vec<_> = sources
        .iter()
        .map(|source| {
            let source = Arc::clone(source);
            tokio::spawn(async move { source.get(None, None).await.map(|_| ()) })
        })
        .collect();
    server.arrived(8).await;
    let mut ended = Vec::new();
    let (first, _index, rest) = futures_util::future::select_all(asking).await;
    ended.push(first);
    gate.add_permits(8);
    for one in rest {
        ended.push(one.await);
    }
    let failures: Vec<_> = ended.into_iter().filter_map(|one| one.unwrap().err()).collect();
    let [failure] = failures.as_slice() else { panic!("{failures:?}") };
    assert_eq!(failure.outcome, TokenOutcome::Busy);
    assert_eq!(server.requests().len(), 8);
}

#[test]
fn another_way_to_the_server_is_another_source() {
    let plan = plan("http://127.0.0.1:1");
    let proxied = OAuthPlan {
        network: TokenNetwork {
            proxy: TokenProxy::Own { host: "p".to_owned(), port: 1, account: None },
            ..TokenNetwork::default()
        },
        ..plan.clone()
    };
    let tokens = Tokens::default();
    let one = of(&tokens, &plan, "https://upstream:443");
    assert!(!Arc::ptr_eq(&one, &of(&tokens, &proxied, "https://upstream:443")));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_down_takes_neither_token_nor_refresh_token_away() {
    let count = AtomicUsize::new(0);
    let server = Backend::with(move |_| {
        let number = count.fetch_add(1, Ordering::SeqCst) + 1;
        async move {
            match number {
                2 => Reply::new(503),
                _ => Reply::json(&json!({
                    "access_token": format!("t{number}"), "expires_in": 100, "refresh_token": "r",
                })),
            }
        }
    })
    .await;
    let source = source(&password(&server.url(), "u", "p"));
    let token = source.get(None, None).await.unwrap();
    token.token.accept();
    // The next one is asked for ahead of time, and does not come.
    advance(Duration::from_secs(81)).await;
    assert!(source.current(None, Instant::now()).is_some());
    until(|| source.report(Instant::now()).unwrap().last_failure.is_some()).await;
    assert_eq!(server.requests().len(), 2, "the grant is not tried besides");
    // Meanwhile a refusal does not drop what there is.
    assert!(!source.refused(&token));
    assert_eq!(get(&source).await, "Bearer t1");
    advance(Duration::from_secs(20)).await;
    assert_eq!(get(&source).await, "Bearer t3");
    assert!(server.last().text().contains("refresh_token=r"));
}

#[tokio::test]
async fn what_could_not_be_shown_whole_is_no_token() {
    for token in [" ", "a b", "a\tb", "t\u{f6}ken"] {
        let body = json!({ "access_token": token }).to_string();
        let server = Backend::answer(200, &[], body).await;
        let failure = source(&plan(&server.url())).get(None, None).await.unwrap_err();
        assert_eq!(failure.outcome, TokenOutcome::Invalid, "{token:?}");
    }
}
