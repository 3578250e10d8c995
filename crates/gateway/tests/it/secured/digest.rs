//! Digest authentication (RFC 7616) against servers that nobody here wrote: httpbin, Apache and
//! lighttpd.

use std::time::Duration;

use serde_json::{Value, json};
use testkit::{Apache, Backend, Lighttpd, RawBackend, Reply, Script, Step};

use super::{secured, user};
use crate::gateway::{Weir, code};

/// httpbin on a threaded server that keeps connections.
const HTTPBIN: &str = r#"
import os, logging
from werkzeug.serving import make_server, WSGIRequestHandler
logging.disable(logging.CRITICAL)
from httpbin import app
WSGIRequestHandler.protocol_version = "HTTP/1.1"
server = make_server("127.0.0.1", int(os.environ["PORT"]), app, threaded=True)
print(server.server_port, flush=True)
server.serve_forever()
"#;

/// What Apache needs for a folder that asks for Digest.
const MODULES: [&str; 5] = ["auth_digest", "authn_core", "authn_file", "authz_user", "reflector"];

/// The user `u` with the password `p` in the realm `shop`, hashed with MD5.
const USERS: &str = "u:shop:177cb6fc687151196c49f6ed49529d34\n";
/// The same, hashed with SHA-256.
const USERS_SHA256: &str =
    "u:shop:bc978823881be950db9f52987ca450039f12d7d1ebb0fb2a620d9a2626449bc7\n";

async fn apache(directives: &str) -> Option<Apache> {
    let text = format!(
        "<Location />\nAuthType Digest\nAuthName shop\nAuthDigestProvider file\n\
         AuthUserFile @DIR@/users\nRequire valid-user\nSetHandler reflector\n{directives}\n\
         </Location>\nLogFormat \"%m %s %{{Authorization}}i\" seen\nCustomLog @DIR@/seen.log seen"
    );
    let apache = Apache::server(&MODULES, &text).await?;
    std::fs::write(apache.dir().join("users"), USERS).unwrap();
    Some(apache)
}

/// The requests that Apache has seen: method, status and credentials.
async fn seen(apache: &Apache, count: usize) -> Vec<String> {
    let file = apache.dir().join("seen.log");
    testkit::bounded("the log of Apache", async {
        loop {
            let text = std::fs::read_to_string(&file).unwrap_or_default();
            if text.lines().count() >= count {
                return text.lines().map(str::to_owned).collect();
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await
}

/// How many calls were made to the endpoint.
async fn round_trips(weir: &Weir) -> f64 {
    weir.metric("gateway_upstream_attempts_total").await
}

#[tokio::test]
async fn httpbin_in_all_its_variants() {
    let Some(httpbin) = Script::venv("httpbin", HTTPBIN, &[]).await else { return };
    // It takes any proof that is right, so that each variant needs a gateway without a challenge.
    let weir = || Weir::start(&secured(&httpbin.url(), user("DIGEST", "user", "passwd")));
    for qop in ["auth", "auth-int", "both"] {
        for algorithm in ["MD5", "SHA-256"] {
            let weir = weir();
            for _ in 0..2 {
                let path = format!("/shop/1.0/digest-auth/{qop}/user/passwd/{algorithm}");
                let answer = weir.get(&path).await;
                let (status, text) = (answer.status, answer.text());
                assert_eq!(status, 200, "{qop} {algorithm}: {text}");
                assert_eq!(answer.json()["authenticated"], true);
            }
            assert_eq!(round_trips(&weir).await, 3.0);
        }
    }
    // The server knows an algorithm that no client has to know; its challenge goes to the caller.
    let answer = weir().get("/shop/1.0/digest-auth/auth/user/passwd/SHA-512").await;
    assert_eq!(answer.status, 401);
    assert!(answer.header("www-authenticate").unwrap().contains("SHA-512"));
}

#[tokio::test]
async fn a_wrong_password_is_the_callers_401_after_two_calls() {
    let Some(httpbin) = Script::venv("httpbin", HTTPBIN, &[]).await else { return };
    let weir = Weir::start(&secured(&httpbin.url(), user("DIGEST", "u", "wrong")));
    let answer = weir.get("/shop/1.0/digest-auth/auth/u/p/MD5").await;
    assert_eq!(answer.status, 401);
    assert_eq!(round_trips(&weir).await, 2.0);
}

#[tokio::test]
async fn a_nonce_is_used_again() {
    let Some(apache) = apache("").await else { return };
    let weir = Weir::start(&secured(&apache.url(), user("DIGEST", "u", "p")));
    let mut client = weir.client().await;
    for index in 0..5 {
        let body = format!("body {index}");
        let answer = client.call("POST", "/shop/1.0/a?b=%2f", &[], body.as_bytes()).await.unwrap();
        assert_eq!((answer.status, answer.text()), (200, body));
    }
    // One call without anything, and then one for each request, each with the next number.
    let seen = seen(&apache, 6).await;
    assert_eq!(seen.len(), 6, "{seen:#?}");
    assert!(seen[0].starts_with("POST 401 -"), "{seen:#?}");
    for (index, line) in seen.iter().enumerate().skip(1) {
        assert!(line.starts_with("POST 200 Digest"), "{line}");
        assert!(line.contains(&format!("nc=0000000{index}")), "{line}");
    }
}

#[tokio::test]
async fn a_nonce_that_goes_stale_is_replaced_without_the_caller_noticing() {
    let Some(apache) = apache("AuthDigestNonceLifetime 1").await else { return };
    let weir = Weir::start(&secured(&apache.url(), user("DIGEST", "u", "p")));
    let call = || weir.call("POST", "/shop/1.0/a", &[], b"body");
    let began = tokio::time::Instant::now();
    assert_eq!(call().await.status, 200);
    let between = began.elapsed();
    // The server itself says when the nonce has become too old. It has handed out a next one with
    // its answer, which is younger by no more than the call took.
    let lines = seen(&apache, 2).await;
    let header = lines[1].strip_prefix("POST 200 ").unwrap().replace("\\\"", "\"");
    testkit::bounded("a stale nonce", async {
        let url = format!("{}/a", apache.url());
        let headers = [("authorization", header.as_str())];
        while testkit::request("POST", &url, &headers, b"").await.unwrap().status == 200 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    tokio::time::sleep(between).await;
    let answer = call().await;
    assert_eq!((answer.status, answer.text().as_str()), (200, "body"));
    assert_eq!(round_trips(&weir).await, 4.0);
}

#[tokio::test]
async fn a_burst_in_whose_middle_a_nonce_goes_stale_is_served_whole() {
    let served = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let count = std::sync::Arc::clone(&served);
    let backend = Backend::with(move |request| {
        let served = std::sync::Arc::clone(&count);
        async move {
            use std::sync::atomic::Ordering::SeqCst;
            // Each nonce is good for ten requests.
            let number = served.load(SeqCst) / 10;
            let nonce =
                request.header("authorization").and_then(|header| parameter(header, "nonce"));
            if nonce != Some(format!("n{number}")) {
                let stale = if nonce.is_some() { ", stale=TRUE" } else { "" };
                let challenge =
                    format!("Digest realm=\"r\", nonce=\"n{number}\", qop=\"auth\"{stale}");
                return Reply::new(401).header("www-authenticate", &challenge);
            }
            served.fetch_add(1, SeqCst);
            Reply::new(200).body(request.body.clone())
        }
    })
    .await;
    let weir = Weir::start(&secured(&backend.url(), user("DIGEST", "u", "p")));
    for index in 0..35 {
        let body = format!("body {index}");
        let answer = weir.call("POST", "/shop/1.0/a", &[], body.as_bytes()).await;
        assert_eq!((answer.status, answer.text()), (200, body));
    }
    // One challenge for each nonce.
    assert_eq!(round_trips(&weir).await, 39.0);
}

#[tokio::test]
async fn many_at_once_share_a_nonce() {
    let Some(apache) = apache("").await else { return };
    let weir = Weir::start(&secured(&apache.url(), user("DIGEST", "u", "p")));
    assert_eq!(weir.call("POST", "/shop/1.0/a", &[], b"a").await.status, 200);
    let calls = (0..20).map(|_| async {
        let mut client = weir.client().await;
        for _ in 0..10 {
            let answer = client.call("POST", "/shop/1.0/a", &[], b"a").await.unwrap();
            assert_eq!(answer.status, 200);
        }
    });
    futures_util::future::join_all(calls).await;
    assert_eq!(round_trips(&weir).await, 202.0);
}

#[tokio::test]
async fn lighttpd_with_md5_and_sha256() {
    for (algorithm, users) in [("MD5", USERS), ("SHA-256", USERS_SHA256)] {
        let Some(lighttpd) = Lighttpd::digest(algorithm, "shop", users).await else { return };
        let weir = Weir::start(&secured(&lighttpd.url(), user("digest", "u", "p")));
        for _ in 0..3 {
            let answer = weir.get("/shop/1.0/page").await;
            assert_eq!((answer.status, answer.text().as_str()), (200, "a page"), "{algorithm}");
        }
        assert_eq!(round_trips(&weir).await, 4.0, "{algorithm}");
        let wrong = Weir::start(&secured(&lighttpd.url(), user("digest", "u", "wrong")));
        assert_eq!(wrong.get("/shop/1.0/page").await.status, 401);
    }
}

/// The parameters of a `Digest` header.
fn parameter(header: &str, name: &str) -> Option<String> {
    let rest = header.split_once(&format!("{name}="))?.1;
    Some(rest.split([',', ' ']).next()?.trim_matches('"').to_owned())
}

#[tokio::test]
async fn who_does_not_ask_is_not_shown_anything() {
    let backend = Backend::echo().await;
    let weir = Weir::start(&secured(&backend.url(), user("DIGEST", "u", "p")));
    let answer = weir.call("POST", "/shop/1.0/a", &[], b"body").await;
    assert_eq!((answer.status, answer.text().as_str()), (200, "body"));
    assert_eq!(backend.last().header("authorization"), None);
    assert_eq!(round_trips(&weir).await, 1.0);
    // Somebody else's challenge goes to the caller.
    let challenge = [("www-authenticate", "Basic realm=\"a\", Negotiate")];
    let backend = Backend::answer(401, &challenge, "no").await;
    let weir = Weir::start(&secured(&backend.url(), user("DIGEST", "u", "p")));
    let answer = weir.get("/shop/1.0/a").await;
    assert_eq!((answer.status, answer.text().as_str()), (401, "no"));
    assert_eq!(round_trips(&weir).await, 1.0);
}

/// A backend that takes any proof and hands out nonces of its own.
async fn asking(
    challenge: &'static str,
    headers: &'static [(&'static str, &'static str)],
) -> Backend {
    Backend::with(move |request| async move {
        match request.header("authorization") {
            None => Reply::new(401).header("www-authenticate", challenge).body("who are you"),
            Some(_) => {
                let reply = Reply::new(200).body(request.body.clone());
                headers.iter().fold(reply, |reply, (name, value)| reply.header(name, value))
            }
        }
    })
    .await
}

#[tokio::test]
async fn the_next_nonce_is_taken() {
    let next = &[("authentication-info", "nextnonce=\"second\", qop=auth")];
    let backend = asking("Digest realm=\"r\", nonce=\"first\", qop=\"auth\"", next).await;
    let weir = Weir::start(&secured(&backend.url(), user("DIGEST", "u", "p")));
    for expected in ["first", "second"] {
        assert_eq!(weir.get("/shop/1.0/a").await.status, 200);
        let seen = backend.last();
        let header = seen.header("authorization").unwrap();
        assert_eq!(parameter(header, "nonce").as_deref(), Some(expected));
        assert_eq!(parameter(header, "nc").as_deref(), Some("00000001"));
    }
    assert_eq!(round_trips(&weir).await, 3.0);
}

#[tokio::test]
async fn what_is_signed_is_what_is_sent() {
    let backend = asking("Digest realm=\"r\", nonce=\"n\", qop=\"auth\"", &[]).await;
    let url = format!("{}/base?fixed=1", backend.url());
    let weir = Weir::start(&secured(&url, user("DIGEST", "u", "p")));
    let answer = weir.call("PUT", "/shop/1.0/a%20b?c=d", &[], b"body").await;
    assert_eq!((answer.status, answer.text().as_str()), (200, "body"));
    let seen = backend.last();
    let header = seen.header("authorization").unwrap();
    assert_eq!(parameter(header, "uri").as_deref(), Some(seen.target.as_str()));
}

/// A long body is not sent to somebody who will refuse it: the upstream is asked first.
#[tokio::test]
async fn a_long_body_is_held_back_until_the_challenge_is_answered() {
    let body = vec![b'x'; 3_000_000];
    let challenge = "HTTP/1.1 401 Unauthorized\r\n\
                     WWW-Authenticate: Digest realm=r, nonce=n, qop=auth\r\n\
                     Content-Length: 0\r\n\r\n";
    let answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    let backend = RawBackend::script(vec![
        vec![Step::ReadHead, Step::write(challenge), Step::Close],
        vec![Step::ReadHead, Step::write(answer), Step::Close],
    ])
    .await;
    let weir = Weir::start(&secured(&backend.url(), user("DIGEST", "u", "p")));
    let answer = weir.call("POST", "/shop/1.0/a", &[], &body).await;
    assert_eq!(answer.status, 200);
    let first = backend.text(0);
    assert!(first.to_ascii_lowercase().contains("\r\nexpect: 100-continue\r\n"), "{first}");
}

#[tokio::test]
async fn a_body_too_long_to_be_sent_again_is_refused_in_words() {
    // It asks for the hash of the body, which is not gathered above a limit.
    let backend = asking("Digest realm=\"r\", nonce=\"n\", qop=\"auth-int\"", &[]).await;
    let weir = Weir::start(&secured(&backend.url(), user("DIGEST", "u", "p")));
    let small = weir.call("POST", "/shop/1.0/a", &[], &vec![b'x'; 100_000]).await;
    assert_eq!((small.status, small.text().len()), (200, 100_000));
    let large = weir.call("POST", "/shop/1.0/a", &[], &vec![b'x'; 3_000_000]).await;
    assert_eq!((large.status, code(&large)), (413, "413".to_owned()));
    // The endpoint is not to blame.
    assert_eq!(weir.state().await, "ACTIVE");
}

#[tokio::test]
async fn members_have_challenges_of_their_own() {
    let (Some(one), Some(two)) = (apache("").await, apache("").await) else { return };
    let member = |apache: &Apache| json!({ "url": apache.url() });
    let config = json!({
        "endpoint_type": "load_balance",
        "production_endpoints": [member(&one), member(&two)],
        "endpoint_security": { "production": user("DIGEST", "u", "p") },
    });
    let weir = Weir::start(&super::project(config));
    for _ in 0..6 {
        let answer = weir.call("POST", "/shop/1.0/a", &[], b"body").await;
        assert_eq!((answer.status, answer.text().as_str()), (200, "body"));
    }
    for apache in [&one, &two] {
        let seen = seen(apache, 4).await;
        assert_eq!(
            seen.iter().filter(|line| line.starts_with("POST 401 -")).count(),
            1,
            "{seen:?}"
        );
        assert_eq!(seen.iter().filter(|line| line.starts_with("POST 200 Digest")).count(), 3);
    }
}

#[tokio::test]
async fn health_checks_answer_challenges_too() {
    let Some(apache) = apache("").await else { return };
    let config = |password: &str| -> Value {
        json!({
            "endpoint_type": "http",
            "production_endpoints": { "url": apache.url() },
            "endpoint_security": { "production": user("DIGEST", "u", password) },
            "x-weir": { "healthCheck": {
                "method": "POST", "interval": "20ms", "unhealthyAfter": 1, "healthyAfter": 1,
            } },
        })
    };
    let right = Weir::start(&super::project(config("p")));
    right.until("a good check", || async { right.endpoint().await["check"]["good"] != 0 }).await;
    assert_eq!(right.endpoint().await["check"]["bad"], 0);
    let wrong = Weir::start(&super::project(config("wrong")));
    wrong
        .until("unhealthy", || async { wrong.endpoint().await["check"]["healthy"] == false })
        .await;
}
