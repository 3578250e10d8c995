#![allow(clippy::unwrap_used, reason = "a failed test may panic")]

use http::{HeaderValue, Method, header};

use super::*;

const ORIGIN: &str = "https://h.example:443";

fn digest() -> Digest {
    Digest::new("Mufasa", &Secret::new("Circle of Life"))
}

/// A 401 with these challenges.
fn asks(challenges: &str) -> HeaderMap {
    let line = HeaderValue::from_str(challenges).unwrap();
    HeaderMap::from_iter([(header::WWW_AUTHENTICATE, line)])
}

fn asks_in(realm: &str, nonce: &str) -> HeaderMap {
    asks(&format!("Digest realm={realm}, nonce={nonce}, qop=auth"))
}

/// An answer that names the next nonce.
fn next(nonce: &str) -> HeaderMap {
    let line = HeaderValue::from_str(&format!("qop=auth, nextnonce=\"{nonce}\"")).unwrap();
    HeaderMap::from_iter([(AUTHENTICATION_INFO, line)])
}

fn proof(session: &Arc<Session>) -> Proof {
    session.proof(&Method::GET, "/", b"")
}

/// Has a request challenged that must be sent again.
fn again(digest: &Digest, path: &str, answer: &HeaderMap, used: Option<&Proof>) -> Arc<Session> {
    match digest.challenged(ORIGIN, path, answer, used) {
        Verdict::Again(session) => session,
        verdict => panic!("{verdict:?}"),
    }
}

fn is_refused(digest: &Digest, answer: &HeaderMap, used: &Proof) -> bool {
    matches!(digest.challenged(ORIGIN, "/", answer, Some(used)), Verdict::Refused)
}

/// The nonce for a path, or nothing.
fn nonce(digest: &Digest, path: &str) -> String {
    let session = digest.session(ORIGIN, path);
    session.map(|session| session.nonce().escape_ascii().to_string()).unwrap_or_default()
}

/// The count that a proof shows.
fn count(proof: &Proof) -> String {
    let schemes = scan::challenges(proof.header.as_bytes());
    let count = scan::value(&schemes[0].parameters, "nc").unwrap_or_default();
    String::from_utf8(count.to_vec()).unwrap()
}

#[test]
fn one_digest_serves_all_workers() {
    fn shared<T: Send + Sync>() {}
    shared::<Digest>();
    shared::<Session>();
    assert_eq!(format!("{:?}", digest()), r#"Digest { username: "Mufasa", .. }"#);
}

#[test]
fn a_challenge_is_kept_for_its_origin() {
    let digest = digest();
    assert!(digest.session(ORIGIN, "/").is_none());
    let session = again(&digest, "/", &asks_in("r", "n"), None);
    assert_eq!(count(&proof(&session)), "00000001");
    let second = digest.session(ORIGIN, "/other?query").unwrap();
    assert_eq!(count(&proof(&second)), "00000002");
    assert!(digest.session("https://h.example:444", "/").is_none());
    assert!(digest.session("http://h.example:443", "/").is_none());
}

#[test]
fn what_is_no_challenge_says_why() {
    let digest = digest();
    for (answer, expected) in [
        (HeaderMap::new(), Unusable::Absent),
        (asks("Basic realm=r"), Unusable::Absent),
        (asks("Digest realm=r, nonce=n, algorithm=SHA-512"), Unusable::Algorithm("SHA-512".into())),
    ] {
        let verdict = digest.challenged(ORIGIN, "/", &answer, None);
        assert!(matches!(&verdict, Verdict::NoChallenge(why) if *why == expected), "{verdict:?}");
    }
    assert!(digest.session(ORIGIN, "/").is_none());
}

#[test]
fn the_first_proof_of_a_new_challenge_tells_a_wrong_password() {
    let digest = digest();
    let first = proof(&again(&digest, "/", &asks_in("r", "1"), None));
    assert!(is_refused(&digest, &asks_in("r", "2"), &first));
    // The challenge that came with the refusal is kept, so that a right password would pass.
    assert_eq!(nonce(&digest, "/"), "2");
    let next = proof(&digest.session(ORIGIN, "/").unwrap());
    assert!(is_refused(&digest, &asks_in("r", "3"), &next));
}

#[test]
fn a_stale_nonce_is_replaced() {
    let digest = digest();
    let first = proof(&again(&digest, "/", &asks_in("r", "1"), None));
    let stale = asks("Digest realm=r, nonce=2, qop=auth, stale=true");
    assert_eq!(again(&digest, "/", &stale, Some(&first)).nonce(), b"2");
    assert_eq!(nonce(&digest, "/"), "2");
}

#[test]
fn a_nonce_that_an_upstream_forgot_is_replaced() {
    let digest = digest();
    let session = again(&digest, "/", &asks_in("r", "1"), None);
    let [_accepted, later] = [proof(&session), proof(&session)];
    assert_eq!(again(&digest, "/", &asks_in("r", "2"), Some(&later)).nonce(), b"2");
}

#[tokio::test(start_paused = true)]
async fn a_nonce_that_nobody_used_in_time_is_replaced() {
    let digest = digest();
    again(&digest, "/", &asks_in("r", "1"), None);
    tokio::time::advance(Duration::from_secs(11)).await;
    let first = proof(&digest.session(ORIGIN, "/").unwrap());
    assert_eq!(again(&digest, "/", &asks_in("r", "2"), Some(&first)).nonce(), b"2");
}

#[test]
fn a_nonce_that_another_request_replaced_says_nothing_of_the_password() {
    let digest = digest();
    let first = proof(&again(&digest, "/", &asks_in("r", "1"), None));
    again(&digest, "/", &asks_in("r", "2"), None);
    assert_eq!(again(&digest, "/", &asks_in("r", "3"), Some(&first)).nonce(), b"3");
}

#[test]
fn a_proof_for_another_realm_says_nothing_of_the_password() {
    let digest = digest();
    let first = proof(&again(&digest, "/", &asks_in("a", "1"), None));
    assert_eq!(again(&digest, "/", &asks_in("b", "2"), Some(&first)).realm(), b"b");
}

#[test]
fn a_nonce_that_is_handed_out_again_is_counted_on() {
    let digest = digest();
    let first = proof(&again(&digest, "/", &asks_in("r", "1"), None));
    let second = proof(&again(&digest, "/", &asks_in("r", "1"), None));
    assert_eq!((count(&first), count(&second)), ("00000001".into(), "00000002".into()));
    let changed = asks("Digest realm=r, nonce=1, qop=auth, algorithm=SHA-256");
    assert_eq!(count(&proof(&again(&digest, "/", &changed, None))), "00000001");
}

#[test]
fn the_next_nonce_replaces_the_one_that_was_used() {
    let digest = digest();
    let session = again(&digest, "/", &asks_in("r", "1"), None);
    let [first, second] = [proof(&session), proof(&session)];
    digest.answered(&first, &HeaderMap::new());
    assert_eq!(nonce(&digest, "/"), "1");
    digest.answered(&first, &next("2"));
    let used = proof(&digest.session(ORIGIN, "/").unwrap());
    assert_eq!((nonce(&digest, "/"), count(&used)), ("2".into(), "00000001".into()));
    // An answer to the older nonce comes late.
    digest.answered(&second, &next("3"));
    assert_eq!(nonce(&digest, "/"), "2");
    // The same nonce again does not begin a new count.
    digest.answered(&used, &next("2"));
    assert_eq!(count(&proof(&digest.session(ORIGIN, "/").unwrap())), "00000002");
    // Nor is it a challenge: that it is forgotten says nothing of the password.
    assert!(!is_refused(&digest, &asks_in("r", "4"), &used));
}

#[test]
fn no_endless_nonce_is_taken() {
    let digest = digest();
    let first = proof(&again(&digest, "/", &asks_in("r", "1"), None));
    for length in [LONGEST_NONCE + 1, 10 * LONGEST_NONCE] {
        digest.answered(&first, &next(&"x".repeat(length)));
        assert_eq!(nonce(&digest, "/"), "1");
    }
    digest.answered(&first, &next(&"x".repeat(LONGEST_NONCE)));
    assert_eq!(nonce(&digest, "/").len(), LONGEST_NONCE);
}

#[test]
fn the_longest_domain_decides() {
    let digest = digest();
    for (nonce, domain) in [("all", "/"), ("deep", "/a/b /x"), ("mid", "/a")] {
        let line = format!("Digest realm={nonce}, nonce={nonce}, qop=auth, domain=\"{domain}\"");
        again(&digest, "/", &asks(&line), None);
    }
    for (path, expected) in [
        ("/a/b/c", "deep"),
        ("/a/b?c=/d", "deep"),
        ("/a/bc", "mid"),
        ("/x/y", "deep"),
        ("/xy", "all"),
        ("/a?/b", "mid"),
    ] {
        assert_eq!(nonce(&digest, path), expected, "{path}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_realm_that_was_used_last_decides_elsewhere() {
    let digest = digest();
    let tick = || tokio::time::advance(Duration::from_millis(5));
    for realm in ["a", "b"] {
        let line = format!("Digest realm={realm}, nonce={realm}, qop=auth, domain=/{realm}");
        again(&digest, "/", &asks(&line), None);
        tick().await;
    }
    assert_eq!(nonce(&digest, "/else"), "b");
    tick().await;
    assert_eq!(nonce(&digest, "/a/x"), "a");
    tick().await;
    assert_eq!(nonce(&digest, "/else"), "a");
}

#[test]
fn realms_without_a_domain_are_told_by_where_they_came_up() {
    let digest = digest();
    let challenge = |path, realm, id| again(&digest, path, &asks_in(realm, id), None);
    challenge("/users/5/orders?x=/", "users", "u1");
    challenge("/admin/logs/today", "admin", "a1");
    assert_eq!(nonce(&digest, "/users/5/carts"), "u1");
    // Nobody knows yet, so that the realm that was used last is tried.
    challenge("/users/6/orders", "users", "u2");
    for (path, expected) in [("/users/7/x", "u2"), ("/users/", "u2"), ("/admin/logs/x", "a1")] {
        assert_eq!(nonce(&digest, path), expected, "{path}");
    }
    challenge("/status", "users", "u3");
    challenge("*", "users", "u4");
    assert_eq!(nonce(&digest, "/whatever"), "u4");
    assert_eq!(nonce(&digest, "/admin/logs/"), "a1");
    challenge(&format!("/{}/x", "\u{e9}".repeat(300)), "admin", "a2");
    assert_eq!(nonce(&digest, "/admin/logs/").len(), 2);
}

#[tokio::test(start_paused = true)]
async fn sessions_end_when_nobody_uses_them() {
    let digest = digest();
    again(&digest, "/", &asks_in("r", "1"), None);
    tokio::time::advance(IDLE).await;
    assert_eq!(nonce(&digest, "/"), "1");
    tokio::time::advance(IDLE).await;
    assert_eq!(nonce(&digest, "/"), "1");
    tokio::time::advance(IDLE + Duration::from_millis(1)).await;
    assert_eq!(nonce(&digest, "/"), "");
    again(&digest, "/", &asks_in("other", "2"), None);
    assert_eq!(digest.realms.load().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_realm_that_was_used_longest_ago_gives_way() {
    let digest = digest();
    let origin = |index: usize| format!("https://h{index}:443");
    for index in 0..MOST {
        let verdict = digest.challenged(&origin(index), "/", &asks_in("r", "n"), None);
        assert!(matches!(verdict, Verdict::Again(_)));
        tokio::time::advance(Duration::from_millis(5)).await;
    }
    assert!(digest.session(&origin(0), "/").is_some());
    for index in MOST..MOST + 10 {
        let verdict = digest.challenged(&origin(index), "/", &asks_in("r", "n"), None);
        assert!(matches!(verdict, Verdict::Again(_)));
    }
    assert_eq!(digest.realms.load().len(), MOST);
    let is_kept = |index| digest.session(&origin(index), "/").is_some();
    assert!(is_kept(0) && !(1..=10).any(is_kept) && (11..MOST + 10).all(is_kept));
}

#[test]
fn many_threads_share_one_user() {
    let digest = digest();
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let digest = &digest;
            scope.spawn(move || {
                for turn in 0..200 {
                    let realm = format!("r{}", turn % 5);
                    let answer = asks_in(&realm, &format!("{thread}-{turn}"));
                    let session = again(digest, &format!("/{realm}/x"), &answer, None);
                    let proof = proof(&session);
                    digest.answered(&proof, &next(&format!("{thread}-{turn}-next")));
                    assert!(digest.session(ORIGIN, &format!("/{realm}/y")).is_some());
                }
            });
        }
    });
    assert_eq!(digest.realms.load().len(), 5);
}
