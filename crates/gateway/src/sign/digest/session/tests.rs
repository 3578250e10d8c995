#![allow(clippy::unwrap_used, reason = "a failed test may panic")]

use std::collections::HashSet;

use http::{HeaderMap, header};
use proptest::prelude::*;

use super::*;
use crate::sign::digest::scan;

mod vectors;

const NONCE: &str = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v";
const PLAIN: &str = "00112233445566778899aabbccddeeff";

/// The session that a challenge begins for a user with this cnonce.
fn session(challenge: &[u8], account: (&str, &str), cnonce: &str) -> Arc<Session> {
    let line = [b"Digest ", challenge].concat();
    let line = HeaderValue::from_bytes(&line).unwrap();
    let answer = HeaderMap::from_iter([(header::WWW_AUTHENTICATE, line)]);
    let challenge = Challenge::strongest(&answer).unwrap();
    let place = Place { origin: "http://h:80".into(), realm: challenge.realm.clone() };
    let (place, spaces) = (Arc::new(place), Spaces::Met("/".into()));
    let cnonce = Hex::verbatim(cnonce);
    Arc::new(Session::with_cnonce(challenge, place, spaces, account, cnonce))
}

/// The header of the proof of a GET.
fn get(session: &Session, target: &str, cnonce: &str) -> String {
    let header = session.header(&Method::GET, target, b"", 1, &Hex::verbatim(cnonce));
    String::from_utf8(header.as_bytes().to_vec()).unwrap()
}

/// One parameter of a header.
fn parameter(header: &HeaderValue, name: &str) -> String {
    let schemes = scan::challenges(header.as_bytes());
    let [scheme] = &schemes[..] else { panic!("{schemes:?}") };
    assert_eq!(scheme.name, b"digest");
    String::from_utf8(scan::value(&scheme.parameters, name).unwrap_or_default().to_vec()).unwrap()
}

#[test]
fn a_proof_covers_method_target_and_where_asked_body() {
    let response = |qop: &str, method: Method, target: &str, body: &[u8]| {
        let challenge = format!("realm=r, nonce=n, qop={qop}");
        let session = session(challenge.as_bytes(), ("u", "p"), PLAIN);
        parameter(&session.header(&method, target, body, 1, &Hex::verbatim(PLAIN)), "response")
    };
    let base = response("auth", Method::GET, "/a?b", b"x");
    assert_eq!(response("auth", Method::GET, "/a?b", b"y"), base);
    assert_ne!(response("auth", Method::PUT, "/a?b", b"x"), base);
    assert_ne!(response("auth", Method::GET, "/a?c", b"x"), base);
    let whole = response("auth-int", Method::GET, "/a?b", b"x");
    assert_ne!(response("auth-int", Method::GET, "/a?b", b"y"), whole);
}

#[test]
fn quotes_are_hashed_bare_and_sent_escaped() {
    let challenge = format!(r#"realm="x \"y\" \\z", nonce="{NONCE}", qop="auth""#);
    let session = session(challenge.as_bytes(), ("a\"b\\c", "p\"w\\"), PLAIN);
    let header = get(&session, "/", PLAIN);
    assert!(
        header.starts_with(r#"Digest username="a\"b\\c", realm="x \"y\" \\z", nonce="#),
        "{header}"
    );
    assert!(header.ends_with(r#"response="c9d510f4982794972eb48b0f57eac545""#), "{header}");
}

#[test]
fn names_take_the_form_that_the_upstream_reads() {
    for (name, parameters, expected) in [
        ("Jason", "", "username=\"Jason\", "),
        ("Jason", ", charset=UTF-8", "username=\"Jason\", "),
        ("Jäsøn %'1", ", charset=UTF-8", "username*=UTF-8''J%C3%A4s%C3%B8n%20%25%271, "),
        ("Jäsøn", "", "username=\"Jäsøn\", "),
        ("a\nb", "", "username*=UTF-8''a%0Ab, "),
        (
            "Jäsøn",
            ", charset=UTF-8, userhash=true",
            "username=\"76c0575202e95aa187aeaed1ccfe819dcd065dd2d752593e902e6f2245de4e8c\", userhash=true, ",
        ),
    ] {
        let challenge =
            format!(r#"realm="r", nonce="{NONCE}", qop="auth", algorithm=SHA-256{parameters}"#);
        let session = session(challenge.as_bytes(), (name, "sëcret"), PLAIN);
        let header = get(&session, "/", PLAIN);
        assert!(header.starts_with(&format!("Digest {expected}realm=\"r\"")), "{header}");
        if name == "Jäsøn" {
            let response = "46fb576f63f13f32b0db6495b5f36732fd71f8edc3a3a0fcb59174d6a0e8cd96";
            assert!(header.ends_with(&format!("response=\"{response}\"")), "{header}");
        }
    }
}

#[test]
fn realms_are_bytes() {
    let challenge =
        [b"realm=\"Gesch\xfctzt\", qop=auth, nonce=\"", NONCE.as_bytes(), b"\""].concat();
    let session = session(&challenge, ("Mufasa", "Circle of Life"), PLAIN);
    let header = session.header(&Method::GET, "/", b"", 1, &Hex::verbatim(PLAIN));
    let holds = |wanted: &[u8]| header.as_bytes().windows(wanted.len()).any(|part| part == wanted);
    assert!(holds(b"realm=\"Gesch\xfctzt\", "));
    assert!(holds(b"response=\"e7b85b50665c577d685a0aa3f0a2fe77\""));
}

#[test]
fn a_session_key_outlives_its_nonce() {
    let first = session(
        b"realm=r, nonce=first, algorithm=SHA-256-sess, qop=auth",
        ("Mufasa", "Circle of Life"),
        PLAIN,
    );
    assert_eq!(parameter(&first.proof(&Method::GET, "/", b"").header, "cnonce"), PLAIN);
    let next = Arc::new(first.next(b"second", "Mufasa"));
    let header = next.proof(&Method::GET, "/", b"").header;
    assert_eq!(parameter(&header, "nonce"), "second");
    assert_eq!(parameter(&header, "nc"), "00000001");
    assert_eq!(parameter(&header, "cnonce"), PLAIN);
    assert_eq!(
        parameter(&header, "response"),
        "0e82bee3c432378e8089e4ddf94c75f20c7eb87bece34913a1741c86f2b759b0"
    );
}

#[test]
fn many_threads_give_each_count_once() {
    const THREADS: usize = 8;
    const EACH: usize = 500;
    let session = session(b"realm=r, nonce=n, qop=auth", ("u", "p"), PLAIN);
    let said: Vec<(String, String)> = std::thread::scope(|scope| {
        let proofs = || {
            let all = (0..EACH).map(|_| session.proof(&Method::GET, "/", b"").header);
            let said = all.map(|header| (parameter(&header, "nc"), parameter(&header, "cnonce")));
            said.collect::<Vec<_>>()
        };
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(proofs)).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    let counts: HashSet<_> = said.iter().map(|(count, _)| count.clone()).collect();
    let expected: HashSet<_> = (1..=THREADS * EACH).map(|count| format!("{count:08x}")).collect();
    assert_eq!(counts, expected);
    let cnonces: HashSet<_> = said.iter().map(|(_, cnonce)| cnonce.as_str()).collect();
    assert_eq!(cnonces, HashSet::from([PLAIN]));
}

#[test]
fn nothing_secret_is_printed() {
    let session = session(b"realm=r, nonce=n, qop=auth", ("u", "p"), PLAIN);
    let proof = session.proof(&Method::GET, "/", b"");
    assert!(proof.header.is_sensitive());
    let printed = format!("{proof:?}");
    let key = String::from_utf8(session.key.as_bytes().to_vec()).unwrap();
    assert!(!printed.contains(&key) && !printed.contains(&parameter(&proof.header, "response")));
}

#[test]
fn spaces_end_at_slashes() {
    for (space, path, expected) in [
        ("/a", "/a", true),
        ("/a", "/a/b", true),
        ("/a", "/ab", false),
        ("/a/", "/a/b", true),
        ("/a/", "/a", false),
        ("/", "/a", true),
        ("", "*", true),
        ("/a", "/", false),
    ] {
        assert_eq!(covers(space, path), expected, "{space} {path}");
    }
}

proptest! {
    #[test]
    fn any_header_can_be_read_back(
        realm in proptest::collection::vec(b' '..=b'~', 0..20),
        nonce in "[ -~]{0,20}",
        name in "\\PC{0,12}",
        target in "/[!-~]{0,20}",
        parameters in proptest::sample::select(vec![
            "", ", charset=UTF-8", ", userhash=true", ", qop=auth", ", qop=auth-int",
            ", algorithm=SHA-512-256-sess, qop=\"auth-int,auth\"", ", algorithm=md5",
        ]),
    ) {
        let mut challenge = Vec::new();
        quote(&mut challenge, "realm", &realm);
        quote(&mut challenge, "nonce", nonce.as_bytes());
        challenge.extend_from_slice(parameters.as_bytes());
        let challenge = challenge.strip_prefix(b", ").unwrap();
        let session = session(challenge, (&name, "p"), PLAIN);
        let header = session.proof(&Method::GET, &target, b"").header;
        prop_assert_eq!(parameter(&header, "realm").into_bytes(), realm);
        prop_assert_eq!(parameter(&header, "nonce"), nonce);
        prop_assert_eq!(parameter(&header, "uri"), target);
        let extended = parameter(&header, "username*");
        let encoded = extended.strip_prefix("UTF-8''").unwrap_or_default();
        let decoded = percent_encoding::percent_decode_str(encoded).decode_utf8().unwrap();
        let plain = parameter(&header, "username");
        prop_assert!(decoded == name || plain == name || parameter(&header, "userhash") == "true");
    }
}
