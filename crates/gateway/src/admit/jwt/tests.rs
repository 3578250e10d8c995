#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::net::SocketAddr;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use compiler::plan::{SecurityPlan, TokenKinds};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey};
use rcgen::{CertificateParams, KeyPair};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::*;
use crate::admit::credential::{Bearer, CredentialKind, KeyType};
use crate::config::{HostnameVerifier, UpstreamTls};
use crate::fetch::FetchLimits;
use crate::upstream::tls::TrustStore;

const NOW: i64 = 1_750_000_000;
const ISSUER: &str = "https://idp.test/token";
const LONG: Duration = Duration::from_secs(3600);

/// A key that signs tokens.
struct Signer {
    pair: KeyPair,
    encoding: EncodingKey,
    algorithm: Algorithm,
    id: &'static str,
}

impl Signer {
    fn new(id: &'static str, algorithm: Algorithm) -> Self {
        let pair = match algorithm {
            Algorithm::ES256 => KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256),
            Algorithm::ES384 => KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384),
            Algorithm::EdDSA => KeyPair::generate_for(&rcgen::PKCS_ED25519),
            _ => KeyPair::from_pem(&RSA_PEM),
        }
        .unwrap();
        let pem = pair.serialize_pem();
        let encoding = match algorithm {
            Algorithm::ES256 | Algorithm::ES384 => EncodingKey::from_ec_pem(pem.as_bytes()),
            Algorithm::EdDSA => EncodingKey::from_ed_pem(pem.as_bytes()),
            _ => EncodingKey::from_rsa_pem(pem.as_bytes()),
        };
        Self { pair, encoding: encoding.unwrap(), algorithm, id }
    }

    fn jwk(&self) -> Value {
        if self.algorithm == Algorithm::EdDSA {
            let x = BASE64_URL_SAFE_NO_PAD.encode(self.pair.public_key_raw());
            return json!({"kty": "OKP", "crv": "Ed25519", "x": x, "kid": self.id});
        }
        let mut jwk = Jwk::from_encoding_key(&self.encoding, self.algorithm).unwrap();
        jwk.common.key_id = Some(self.id.to_owned());
        jwk.common.key_algorithm = None;
        serde_json::to_value(jwk).unwrap()
    }

    fn sign(&self, claims: &Value) -> String {
        self.sign_as(&json!({"alg": self.algorithm, "kid": self.id}), claims)
    }

    fn sign_as(&self, header: &Value, claims: &Value) -> String {
        let signed = format!("{}.{}", part(header), part(claims));
        let signature =
            jsonwebtoken::crypto::sign(signed.as_bytes(), &self.encoding, self.algorithm);
        format!("{signed}.{}", signature.unwrap())
    }
}

static RSA_PEM: LazyLock<String> = LazyLock::new(|| {
    let pair = KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, rcgen::RsaKeySize::_2048);
    pair.unwrap().serialize_pem()
});

fn part(value: &Value) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(value.to_string())
}

/// Serves a JWKS document that can be changed, and counts.
#[derive(Clone)]
struct Publisher {
    address: SocketAddr,
    document: Arc<std::sync::Mutex<Option<String>>>,
    fetches: Arc<AtomicUsize>,
}

impl Publisher {
    async fn start(keys: &[&Signer]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let publisher = Self {
            address: listener.local_addr().unwrap(),
            document: Arc::default(),
            fetches: Arc::default(),
        };
        publisher.publish(keys);
        let served = publisher.clone();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    head.push(stream.read_u8().await.unwrap());
                }
                served.fetches.fetch_add(1, Ordering::SeqCst);
                let (status, body) = match served.document.lock().unwrap().clone() {
                    Some(body) => ("200 OK", body),
                    None => ("500 Internal Server Error", String::new()),
                };
                let answer = format!(
                    "HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                    body.len()
                );
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        publisher
    }

    fn publish(&self, keys: &[&Signer]) {
        self.publish_values(&keys.iter().map(|key| key.jwk()).collect::<Vec<_>>());
    }

    fn publish_values(&self, keys: &[Value]) {
        *self.document.lock().unwrap() = Some(json!({ "keys": keys }).to_string());
    }

    fn go_down(&self) {
        *self.document.lock().unwrap() = None;
    }

    fn fetches(&self) -> usize {
        self.fetches.load(Ordering::SeqCst)
    }

    fn issuer(&self) -> JwtIssuer {
        JwtIssuer {
            issuer: ISSUER.to_owned(),
            name: "Test KM".to_owned(),
            jwks_url: Some(format!("http://{}/jwks", self.address)),
            certificate: None,
            consumer_key_claim: None,
            scopes_claim: "scope".to_owned(),
            jwks_refresh: LONG,
        }
    }
}

fn fetcher() -> Fetcher {
    let trust = TrustStore::load(&UpstreamTls {
        hostname_verifier: HostnameVerifier::Strict,
        extra_roots: Vec::new(),
        system_roots: false,
        ..UpstreamTls::default()
    });
    Fetcher::new(Arc::new(trust.unwrap()), FetchLimits::default())
}

fn admission(issuers: Vec<JwtIssuer>) -> Admission {
    Admission { issuers, ..Admission::default() }
}

fn admitter(issuers: Vec<JwtIssuer>) -> (Admitter, Clock) {
    let clock = Clock::set_to(NOW);
    let (admitter, diagnostics) = Admitter::new(&admission(issuers), &fetcher(), clock.clone());
    assert_eq!(diagnostics, Diagnostics::new());
    (admitter, clock)
}

fn security() -> SecurityPlan {
    SecurityPlan { authorization_header: None, audiences: Vec::new(), key_managers: Vec::new() }
}

/// Asks for nothing in particular.
static ANY: LazyLock<SecurityPlan> = LazyLock::new(security);

fn anything() -> Wanted<'static> {
    Wanted { security: &ANY, scopes: &[], tokens: TokenKinds::Any }
}

fn claims(extra: &Value) -> Value {
    let mut claims = json!({
        "iss": ISSUER, "sub": "alice", "azp": "client-1", "exp": NOW + 3600, "iat": NOW,
        "aut": "APPLICATION_USER", "aud": ["client-1", "second"], "scope": "read write",
        "keytype": "PRODUCTION", "application": {"name": "Shop", "id": 7},
    });
    for (name, value) in extra.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims
}

fn bearer(token: &str) -> HeaderValue {
    HeaderValue::from_str(&format!("Bearer {token}")).unwrap()
}

async fn admit(admitter: &Admitter, token: &str) -> Result<Arc<Credential>, Refused> {
    admitter.admit(Some(&bearer(token)), &anything()).await
}

/// The name of the fault, or `ok`, with the reason.
fn told(outcome: &Result<Arc<Credential>, Refused>) -> (&'static str, String) {
    match outcome {
        Ok(_) => ("ok", String::new()),
        Err(refused) => (refused.code.name(), refused.reason.to_string()),
    }
}

#[tokio::test]
async fn a_good_token_is_admitted_and_read() {
    let key = Signer::new("one", Algorithm::ES256);
    let publisher = Publisher::start(&[&key]).await;
    let (admitter, _) = admitter(vec![publisher.issuer()]);
    let got = admit(&admitter, &key.sign(&claims(&json!({})))).await.unwrap();
    let want = Credential {
        kind: CredentialKind::AccessToken,
        issuer: "Test KM".to_owned(),
        subject: Some("alice".to_owned()),
        client_id: Some("client-1".to_owned()),
        application: Some("Shop".to_owned()),
        key_type: KeyType::Production,
        bearer: Bearer::ApplicationUser,
        scopes: vec!["read".to_owned(), "write".to_owned()],
        audiences: vec!["client-1".to_owned(), "second".to_owned()],
        expires_at: NOW + 3600,
    };
    assert_eq!(*got, want);
}

#[tokio::test]
async fn a_missing_token_is_told_with_the_header_wanted() {
    let (admitter, _) = admitter(vec![]);
    let mut own = security();
    own.authorization_header = Some(HeaderName::from_static("x-auth-token"));
    for (header, security, name) in [
        (None, &*ANY, "Authorization"),
        (Some("Basic YTpi"), &ANY, "Authorization"),
        (Some("Bearer"), &ANY, "Authorization"),
        (Some("Bearer  "), &ANY, "Authorization"),
        (Some("eyJ.e.s"), &ANY, "Authorization"),
        (None, &own, "X-Auth-Token"),
    ] {
        let header = header.map(HeaderValue::from_static);
        let wanted = Wanted { security, ..anything() };
        let refused = admitter.admit(header.as_ref(), &wanted).await.unwrap_err();
        assert_eq!(refused.code, FaultCode::MissingCredentials, "{header:?}");
        assert_eq!(
            refused.description,
            format!(
                "Invalid Credentials. Make sure your API invocation call has a header: '{name} : Bearer ACCESS_TOKEN'"
            )
        );
        let challenge = refused.www_authenticate.clone().unwrap();
        assert!(challenge.to_str().unwrap().starts_with("Bearer realm="));
        let cached = admitter.check_cached(header.as_ref(), &wanted).unwrap();
        assert_eq!(cached, Err(refused), "no need to wait to be told");
    }
}

#[tokio::test]
async fn each_algorithm_is_verified() {
    for algorithm in [
        Algorithm::RS256,
        Algorithm::RS384,
        Algorithm::RS512,
        Algorithm::PS256,
        Algorithm::PS384,
        Algorithm::PS512,
        Algorithm::ES256,
        Algorithm::ES384,
        Algorithm::EdDSA,
    ] {
        let key = Signer::new("k", algorithm);
        let publisher = Publisher::start(&[&key]).await;
        let (admitter, _) = admitter(vec![publisher.issuer()]);
        let token = key.sign(&claims(&json!({})));
        assert_eq!(told(&admit(&admitter, &token).await).0, "ok", "{algorithm:?}");
        // One claim changed, the signature kept.
        let mut parts: Vec<_> = token.split('.').map(str::to_owned).collect();
        parts[1] = part(&claims(&json!({"sub": "mallory"})));
        let forged = admit(&admitter, &parts.join(".")).await;
        assert_eq!(
            told(&forged),
            ("InvalidCredentials", "the signature does not verify".to_owned())
        );
    }
}

#[tokio::test]
async fn bad_tokens_are_refused() {
    let (key, stranger) =
        (Signer::new("one", Algorithm::ES256), Signer::new("one", Algorithm::ES256));
    let rsa = Signer::new("rsa", Algorithm::RS256);
    let publisher = Publisher::start(&[&key, &rsa]).await;
    let (admitter, _) = admitter(vec![publisher.issuer()]);
    let good = claims(&json!({}));
    let with = |extra: Value| key.sign(&claims(&extra));
    let unsigned = |alg: &str| format!("{}.{}.", part(&json!({"alg": alg})), part(&good));
    // The public key, misused as the secret of an HMAC.
    let hmac = |header: Value| {
        let signed = format!("{}.{}", part(&header), part(&good));
        let secret = EncodingKey::from_secret(rsa.pair.public_key_pem().as_bytes());
        let tag = jsonwebtoken::crypto::sign(signed.as_bytes(), &secret, Algorithm::HS256);
        format!("{signed}.{}", tag.unwrap())
    };
    let invalid = "InvalidCredentials";
    for (name, token, code, reason) in [
        ("garbage", "garbage".to_owned(), invalid, "not a JWT"),
        ("two parts", "a.b".to_owned(), invalid, "not a JWT"),
        ("encrypted", "a.b.c.d.e".to_owned(), invalid, "not a signed JWT"),
        ("not base64", "!.!.!".to_owned(), invalid, "header of the token is malformed"),
        ("none", unsigned("none"), invalid, "unsigned"),
        ("None", unsigned("None"), invalid, "unsigned"),
        ("empty signature", unsigned("ES256"), invalid, "no key"),
        ("HS256", hmac(json!({"alg": "HS256", "kid": "rsa"})), invalid, "algorithm"),
        ("HS256 as RS256", hmac(json!({"alg": "RS256", "kid": "rsa"})), invalid, "does not verify"),
        (
            "alg of another key",
            key.sign_as(&json!({"alg": "RS256", "kid": "one"}), &good),
            invalid,
            "does not verify",
        ),
        (
            "alg of another curve",
            key.sign_as(&json!({"alg": "ES384", "kid": "one"}), &good),
            invalid,
            "does not verify",
        ),
        (
            "critical",
            key.sign_as(
                &json!({"alg": "ES256", "kid": "one", "crit": ["b64"], "b64": false}),
                &good,
            ),
            invalid,
            "critical",
        ),
        ("wrong key", stranger.sign(&good), invalid, "does not verify"),
        ("wrong key, no kid", stranger.sign_as(&json!({"alg": "ES256"}), &good), invalid, "no key"),
        (
            "unknown kid",
            key.sign_as(&json!({"alg": "ES256", "kid": "x"}), &good),
            invalid,
            "no key",
        ),
        ("no issuer", with(json!({"iss": null})), "Unclassified", "names no issuer"),
        (
            "unknown issuer",
            with(json!({"iss": "https://evil.test"})),
            "Unclassified",
            "not configured",
        ),
        ("expired", with(json!({"exp": NOW - 5})), invalid, "expired"),
        ("no exp", with(json!({"exp": null})), invalid, "when it expires"),
        ("exp as text", with(json!({"exp": "9999999999"})), invalid, "when it expires"),
        ("nbf ahead", with(json!({"nbf": NOW + 6})), invalid, "not valid yet"),
        ("nbf malformed", with(json!({"nbf": "soon"})), invalid, "not valid yet"),
    ] {
        let outcome = admit(&admitter, &token).await;
        let (got, why) = told(&outcome);
        assert_eq!(got, code, "{name}: {why}");
        assert!(why.contains(reason), "{name}: {why}");
        let refused = outcome.unwrap_err();
        assert_eq!(refused.www_authenticate.is_some(), code == invalid, "{name}");
    }
    assert_eq!(publisher.fetches(), 1, "unknown keys do not set off a fetch each");
}

#[tokio::test]
async fn clocks_may_differ_by_the_skew() {
    let key = Signer::new("one", Algorithm::ES256);
    let publisher = Publisher::start(&[&key]).await;
    let (admitter, _) = admitter(vec![publisher.issuer()]);
    for (extra, want) in [
        (json!({"exp": NOW - 4}), "ok"),
        (json!({"exp": NOW - 5}), "InvalidCredentials"),
        (json!({"nbf": NOW + 5}), "ok"),
        (json!({"nbf": NOW + 6}), "InvalidCredentials"),
        (json!({"exp": 1_750_000_000.5}), "ok"),
    ] {
        let outcome = admit(&admitter, &key.sign(&claims(&extra))).await;
        assert_eq!(told(&outcome).0, want, "{extra}");
    }
}

#[tokio::test]
async fn what_an_api_wants_is_checked_in_each_request() {
    let key = Signer::new("one", Algorithm::ES256);
    let publisher = Publisher::start(&[&key]).await;
    let (admitter, _) = admitter(vec![publisher.issuer()]);
    let user = key.sign(&claims(&json!({})));
    let application =
        key.sign(&claims(&json!({"aut": "APPLICATION", "scope": ["a b", "c"], "aud": "only"})));
    let list = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    use TokenKinds::{Any, Application, ApplicationUser};
    for (token, audiences, managers, scopes, tokens, want) in [
        (&user, &[][..], &[][..], &[][..], Any, "ok"),
        (&user, &["second"], &[], &[], Any, "ok"),
        (&user, &["all"], &["all"], &[], Any, "ok"),
        (&user, &["third"], &[], &[], Any, "AudienceMismatch"),
        (&application, &["only"], &[], &[], Any, "ok"),
        (&user, &[], &["Test KM", "other"], &[], Any, "ok"),
        (&user, &[], &["other"], &[], Any, "InvalidCredentials"),
        (&user, &[], &[], &["admin", "write"], Any, "ok"),
        (&user, &[], &[], &["admin"], Any, "ScopeMissing"),
        (&application, &[], &[], &["a b"], Any, "ok"),
        (&application, &[], &[], &["a"], Any, "ScopeMissing"),
        (&user, &[], &[], &[], ApplicationUser, "ok"),
        (&user, &[], &[], &[], Application, "WrongTokenKind"),
        (&application, &[], &[], &[], Application, "ok"),
        (&application, &[], &[], &[], ApplicationUser, "WrongTokenKind"),
        // The first of several faults is told.
        (&user, &["third"], &[], &["admin"], Application, "AudienceMismatch"),
        (&user, &[], &[], &["admin"], Application, "WrongTokenKind"),
    ] {
        let security =
            SecurityPlan { audiences: list(audiences), key_managers: list(managers), ..security() };
        let scopes = list(scopes);
        let wanted = Wanted { security: &security, scopes: &scopes, tokens };
        let outcome = admitter.admit(Some(&bearer(token)), &wanted).await;
        assert_eq!(told(&outcome).0, want, "{wanted:?}");
        let cached = admitter.check_cached(Some(&bearer(token)), &wanted);
        assert_eq!(cached.unwrap(), outcome, "the cache judges alike: {wanted:?}");
    }
}

#[tokio::test]
async fn claims_are_found_where_the_issuer_keeps_them() {
    let key = Signer::new("one", Algorithm::ES256);
    let publisher = Publisher::start(&[&key]).await;
    let mut own = publisher.issuer();
    own.consumer_key_claim = Some("cid".to_owned());
    own.scopes_claim = "scp".to_owned();
    let (standard, own) = (admitter(vec![publisher.issuer()]).0, admitter(vec![own]).0);
    let token = key.sign(&claims(&json!({"cid": "c-2", "scp": ["x"], "keytype": "SANDBOX"})));
    let got = admit(&own, &token).await.unwrap();
    assert_eq!((got.client_id.as_deref(), &got.scopes[..]), (Some("c-2"), &["x".to_owned()][..]));
    assert_eq!(got.key_type, KeyType::Sandbox);
    for (extra, client, bearer, kind) in [
        (
            json!({"azp": null, "client_id": "b"}),
            Some("b"),
            Bearer::ApplicationUser,
            KeyType::Production,
        ),
        (
            json!({"azp": null, "consumerKey": "c"}),
            Some("c"),
            Bearer::ApplicationUser,
            KeyType::Production,
        ),
        (json!({"aut": null}), Some("client-1"), Bearer::ApplicationUser, KeyType::Production),
        (
            json!({"aut": null, "sub": "client-1"}),
            Some("client-1"),
            Bearer::Application,
            KeyType::Production,
        ),
        (
            json!({"aut": null, "sub": null}),
            Some("client-1"),
            Bearer::Application,
            KeyType::Production,
        ),
        (json!({"keytype": null}), Some("client-1"), Bearer::ApplicationUser, KeyType::Production),
        (
            json!({"keytype": "sandbox"}),
            Some("client-1"),
            Bearer::ApplicationUser,
            KeyType::Sandbox,
        ),
    ] {
        let got = admit(&standard, &key.sign(&claims(&extra))).await.unwrap();
        assert_eq!(
            (got.client_id.as_deref(), got.bearer, got.key_type),
            (client, bearer, kind),
            "{extra}"
        );
    }
}

#[tokio::test]
async fn a_good_token_is_remembered_no_longer_than_it_lasts() {
    let key = Signer::new("one", Algorithm::ES256);
    let publisher = Publisher::start(&[&key]).await;
    let (admitter, clock) = admitter(vec![publisher.issuer()]);
    let token = bearer(&key.sign(&claims(&json!({"exp": NOW + 60}))));
    let recall = || admitter.check_cached(Some(&token), &anything());
    assert!(recall().is_none(), "nothing is known of it yet");
    let first = admitter.admit(Some(&token), &anything()).await.unwrap();
    assert!(Arc::ptr_eq(&first, &recall().unwrap().unwrap()));
    clock.advance(Duration::from_secs(64));
    assert!(recall().is_some(), "within the skew");
    clock.advance(Duration::from_secs(1));
    assert!(recall().is_none());
    let outcome = admitter.admit(Some(&token), &anything()).await;
    assert_eq!(told(&outcome), ("InvalidCredentials", "the token has expired".to_owned()));

    let lasting = bearer(&key.sign(&claims(&json!({"exp": NOW + 86_400}))));
    admitter.admit(Some(&lasting), &anything()).await.unwrap();
    clock.advance(Duration::from_secs(899));
    assert!(admitter.check_cached(Some(&lasting), &anything()).is_some());
    clock.advance(Duration::from_secs(1));
    assert!(admitter.check_cached(Some(&lasting), &anything()).is_none(), "the cache time is over");
}

#[tokio::test]
async fn a_bad_token_is_remembered_for_a_moment() {
    let (key, stranger) =
        (Signer::new("one", Algorithm::ES256), Signer::new("one", Algorithm::ES256));
    let publisher = Publisher::start(&[&key]).await;
    let (admitter, clock) = admitter(vec![publisher.issuer()]);
    let token = bearer(&stranger.sign(&claims(&json!({}))));
    let outcome = admitter.admit(Some(&token), &anything()).await;
    assert_eq!(admitter.check_cached(Some(&token), &anything()), Some(outcome));
    clock.advance(Duration::from_secs(10));
    assert_eq!(admitter.check_cached(Some(&token), &anything()), None);
}

#[tokio::test]
async fn a_new_key_is_fetched_when_a_token_names_it() {
    let (old, new) = (Signer::new("old", Algorithm::ES256), Signer::new("new", Algorithm::ES256));
    let publisher = Publisher::start(&[&old]).await;
    let (admitter, clock) = admitter(vec![publisher.issuer()]);
    let sign = |key: &Signer| key.sign(&claims(&json!({"jti": key.id})));
    assert_eq!(told(&admit(&admitter, &sign(&old)).await).0, "ok");
    publisher.publish(&[&new]);
    let outcome = admit(&admitter, &sign(&new)).await;
    assert_eq!(told(&outcome).0, "InvalidCredentials", "too soon for another fetch");
    assert_eq!(publisher.fetches(), 1);

    pass(LONG).await;
    clock.advance(Duration::from_secs(10));
    assert_eq!(told(&admit(&admitter, &sign(&new)).await).0, "ok");
    assert_eq!(publisher.fetches(), 2);
    let late = old.sign(&claims(&json!({"jti": "another"})));
    assert_eq!(told(&admit(&admitter, &late).await).0, "InvalidCredentials", "taken back");
}

/// Lets time pass for tokio, and goes on in real time, as sockets do.
async fn pass(time: Duration) {
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
}

#[tokio::test]
async fn keys_that_were_had_outlive_a_failing_publisher() {
    let key = Signer::new("one", Algorithm::ES256);
    let publisher = Publisher::start(&[&key]).await;
    let (admitter, _) = admitter(vec![publisher.issuer()]);
    admitter.warm_up().await;
    publisher.go_down();
    pass(LONG).await;
    let unknown = key.sign_as(&json!({"alg": "ES256", "kid": "other"}), &claims(&json!({})));
    assert_eq!(told(&admit(&admitter, &unknown).await).0, "InvalidCredentials");
    assert!(publisher.fetches() >= 2, "a fetch was tried and failed");
    assert_eq!(told(&admit(&admitter, &key.sign(&claims(&json!({})))).await).0, "ok");
}

#[tokio::test]
async fn without_any_key_a_token_cannot_be_judged() {
    let key = Signer::new("one", Algorithm::ES256);
    let publisher = Publisher::start(&[&key]).await;
    let (admitter, _) = admitter(vec![publisher.issuer()]);
    publisher.go_down();
    let token = key.sign(&claims(&json!({})));
    for _ in 0..3 {
        let refused = admit(&admitter, &token).await.unwrap_err();
        assert_eq!(refused.code, FaultCode::Unclassified);
        assert_eq!(refused.www_authenticate, None);
    }
    assert_eq!(publisher.fetches(), 1, "a failed fetch is not repeated at once");
    publisher.publish(&[&key]);
    pass(Duration::from_secs(5)).await;
    assert_eq!(told(&admit(&admitter, &token).await).0, "ok", "and that was not remembered");
}

#[tokio::test]
async fn old_keys_are_fetched_anew_without_anybody_waiting() {
    let key = Signer::new("one", Algorithm::ES256);
    let publisher = Publisher::start(&[&key]).await;
    let mut issuer = publisher.issuer();
    issuer.jwks_refresh = Duration::from_secs(60);
    let (admitter, _) = admitter(vec![issuer]);
    admitter.warm_up().await;
    pass(Duration::from_secs(601)).await;
    let sign = |id: u32| key.sign(&claims(&json!({"jti": id})));
    assert_eq!(told(&admit(&admitter, &sign(1)).await).0, "ok");
    while publisher.fetches() < 2 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn many_at_once_cause_one_fetch() {
    let key = Signer::new("one", Algorithm::ES256);
    let publisher = Publisher::start(&[&key]).await;
    let (admitter, _) = admitter(vec![publisher.issuer()]);
    let tokens: Vec<_> = (0..20).map(|id| key.sign(&claims(&json!({"jti": id})))).collect();
    let all = tokens.iter().map(|token| admit(&admitter, token));
    for outcome in futures_util::future::join_all(all).await {
        assert_eq!(told(&outcome).0, "ok");
    }
    assert_eq!(publisher.fetches(), 1);
}

#[tokio::test]
async fn keys_that_do_not_fit_are_passed_over() {
    let key = Signer::new("one", Algorithm::ES256);
    let rsa = Signer::new("rsa", Algorithm::RS256);
    let pss = Signer::new("rsa", Algorithm::PS256);
    let edited = |signer: &Signer, name: &str, value: Value| {
        let mut jwk = signer.jwk();
        jwk[name] = value;
        jwk
    };
    let publisher = Publisher::start(&[]).await;
    let sign = |signer: &Signer| signer.sign(&claims(&json!({})));
    let anonymous = key.sign_as(&json!({"alg": "ES256"}), &claims(&json!({})));
    let plain = || key.jwk();
    for (name, keys, token, want) in [
        (
            "odd keys beside it",
            vec![json!({"kty": "new"}), json!(7), json!({}), plain()],
            sign(&key),
            "ok",
        ),
        ("no kid in the token", vec![rsa.jwk(), plain()], anonymous.clone(), "ok"),
        ("no kid in the document", vec![edited(&key, "kid", Value::Null)], sign(&key), "ok"),
        (
            "for encryption",
            vec![edited(&key, "use", json!("enc")), rsa.jwk()],
            sign(&key),
            "InvalidCredentials",
        ),
        ("for signatures", vec![edited(&key, "use", json!("sig"))], sign(&key), "ok"),
        (
            "not for verifying",
            vec![edited(&key, "key_ops", json!(["encrypt"])), rsa.jwk()],
            sign(&key),
            "InvalidCredentials",
        ),
        ("its own alg", vec![edited(&rsa, "alg", json!("RS256"))], sign(&rsa), "ok"),
        (
            "another alg",
            vec![edited(&pss, "alg", json!("RS256"))],
            sign(&pss),
            "InvalidCredentials",
        ),
        (
            "a secret",
            vec![json!({"kty": "oct", "k": "AAAA", "kid": "one"})],
            sign(&key),
            "Unclassified",
        ),
        (
            "a short modulus",
            vec![json!({"kty": "RSA", "kid": "rsa", "e": "AQAB", "n": "AQAB"})],
            sign(&rsa),
            "Unclassified",
        ),
        ("no key at all", vec![], sign(&key), "Unclassified"),
    ] {
        publisher.publish_values(&keys);
        let (admitter, _) = admitter(vec![publisher.issuer()]);
        assert_eq!(told(&admit(&admitter, &token).await).0, want, "{name}");
    }
}

fn with_certificate(dir: &TempDir, text: &str) -> JwtIssuer {
    let file = dir.path().join("issuer.pem");
    std::fs::write(&file, text).unwrap();
    JwtIssuer {
        issuer: ISSUER.to_owned(),
        name: "Test KM".to_owned(),
        jwks_url: None,
        certificate: Some(file),
        consumer_key_claim: None,
        scopes_claim: "scope".to_owned(),
        jwks_refresh: LONG,
    }
}

#[tokio::test]
async fn a_certificate_or_a_public_key_verifies_too() {
    let dir = TempDir::new().unwrap();
    for algorithm in
        [Algorithm::RS256, Algorithm::PS256, Algorithm::ES256, Algorithm::ES384, Algorithm::EdDSA]
    {
        let (key, other) = (Signer::new("any", algorithm), Signer::new("any", Algorithm::ES256));
        let params = CertificateParams::new(vec!["idp.test".to_owned()]).unwrap();
        let certificate = params.self_signed(&key.pair).unwrap().pem();
        for text in [certificate, key.pair.public_key_pem()] {
            let (admitter, _) = admitter(vec![with_certificate(&dir, &text)]);
            let outcome = admit(&admitter, &key.sign(&claims(&json!({})))).await;
            assert_eq!(told(&outcome).0, "ok", "{algorithm:?}");
            let outcome = admit(&admitter, &other.sign(&claims(&json!({})))).await;
            assert_eq!(told(&outcome).0, "InvalidCredentials", "{algorithm:?}");
        }
    }
}

#[tokio::test]
async fn settings_that_are_of_no_use_are_told() {
    let dir = TempDir::new().unwrap();
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec!["idp.test".to_owned()]).unwrap();
    params.not_before = rcgen::date_time_ymd(2001, 1, 1);
    params.not_after = rcgen::date_time_ymd(2002, 1, 1);
    let expired = params.self_signed(&key).unwrap().pem();
    let usable = with_certificate(&dir, &expired);
    let nothing = JwtIssuer { certificate: None, ..usable.clone() };
    let absent = JwtIssuer { certificate: Some(dir.path().join("absent.pem")), ..usable.clone() };
    let bad_url = JwtIssuer { jwks_url: Some("idp.test/jwks".to_owned()), ..nothing.clone() };
    let garbage_dir = TempDir::new().unwrap();
    let garbage = with_certificate(&garbage_dir, "nothing");
    for (issuers, code, is_error) in [
        (vec![usable.clone()], "ADM003", false),
        (vec![usable.clone(), usable.clone()], "ADM001", true),
        (vec![nothing], "ADM002", true),
        (vec![absent], "ADM004", true),
        (vec![garbage], "ADM004", true),
        (vec![bad_url], "ADM005", true),
    ] {
        let (_, diagnostics) = Admitter::new(&admission(issuers), &fetcher(), Clock::set_to(NOW));
        let last = diagnostics.iter().last().unwrap();
        assert_eq!(last.code, code, "{last}");
        assert_eq!(last.severity == model::diagnostic::Severity::Error, is_error, "{last}");
    }
}

#[tokio::test]
async fn all_are_served_openly_only_without_issuers_and_when_told_so() {
    let key = Signer::new("one", Algorithm::ES256);
    let publisher = Publisher::start(&[&key]).await;
    for (issuers, allow, want) in [
        (vec![], true, "ok"),
        (vec![], false, "MissingCredentials"),
        (vec![publisher.issuer()], true, "MissingCredentials"),
    ] {
        let settings = Admission { issuers, allow_unauthenticated: allow, ..Admission::default() };
        let (admitter, _) = Admitter::new(&settings, &fetcher(), Clock::set_to(NOW));
        let outcome = admitter.admit(None, &anything()).await;
        assert_eq!(told(&outcome).0, want);
        assert_eq!(admitter.check_cached(None, &anything()), Some(outcome));
    }
    let (admitter, _) = admitter(vec![]);
    let (code, reason) = told(&admit(&admitter, &key.sign(&claims(&json!({})))).await);
    assert_eq!(code, "MissingCredentials");
    assert!(reason.contains("[[apim.jwt.issuer]]"), "{reason}");
}
