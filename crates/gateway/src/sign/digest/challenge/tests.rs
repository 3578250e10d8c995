#![allow(clippy::unwrap_used, reason = "a failed test may panic")]

use super::*;

fn answer(lines: &[&str]) -> HeaderMap {
    let lines = lines.iter().map(|line| HeaderValue::from_bytes(line.as_bytes()).unwrap());
    lines.map(|line| (header::WWW_AUTHENTICATE, line)).collect()
}

fn read(line: &str) -> Challenge {
    Challenge::strongest(&answer(&[line])).unwrap()
}

fn refused(lines: &[&str]) -> Unusable {
    Challenge::strongest(&answer(lines)).unwrap_err()
}

#[test]
fn everything_that_a_challenge_says_is_read() {
    let read = read(
        r#"Digest realm="a \"b\"", domain="/a  http://h/b", nonce="n", opaque="o", stale=TRUE, algorithm=sha-256-SESS, qop="auth, auth-int", charset=utf-8, userhash=true, x=y"#,
    );
    let expected = Challenge {
        realm: b"a \"b\""[..].into(),
        nonce: b"n"[..].into(),
        opaque: Some(b"o"[..].into()),
        algorithm: Algorithm { hash: Hash::Sha256, is_session: true },
        algorithm_name: Some(b"sha-256-SESS"[..].into()),
        qop: Qop::Auth,
        domain: ["/a".into(), "http://h/b".into()].into(),
        is_stale: true,
        is_utf8: true,
        takes_userhash: true,
    };
    assert_eq!(read, expected);
}

#[test]
fn what_is_left_out_is_as_before() {
    let read = read(r#"Digest realm="", nonce="n""#);
    assert_eq!(read.algorithm, Algorithm { hash: Hash::Md5, is_session: false });
    assert_eq!((read.algorithm_name, read.opaque, read.qop), (None, None, Qop::None));
    assert!(!read.is_stale && !read.is_utf8 && !read.takes_userhash && read.domain.is_empty());
}

#[test]
fn the_first_of_several_parameters_of_a_name_counts() {
    assert_eq!(&*read("Digest realm=a, nonce=b, realm=c, NONCE=d").realm, b"a");
}

#[test]
fn what_servers_write_is_understood() {
    for line in [
        // Apache httpd.
        r#"Digest realm="private", nonce="QqYQXwYABQA=3c", algorithm=MD5, qop="auth""#,
        // lighttpd.
        r#"Digest realm="private", charset="UTF-8", algorithm=MD5, nonce="5f10a6a5:beef", qop="auth""#,
        // httpbin.
        r#"Digest realm="private", nonce="0a", qop="auth", opaque="b", algorithm=MD5, stale=FALSE"#,
        r#"digest realm=private,nonce=0a,qop=auth"#,
        r#"Digest qop = "auth" , nonce = "a" , realm = "private""#,
        r#"Negotiate, Basic realm="Digest", Digest realm="private", nonce=a, qop="AUTH,token""#,
    ] {
        let read = read(line);
        assert_eq!((&*read.realm, read.qop), (&b"private"[..], Qop::Auth), "{line}");
        assert_eq!(read.algorithm.hash, Hash::Md5, "{line}");
    }
}

#[test]
fn the_strongest_challenge_is_taken() {
    let nonce = |lines: &[&str]| {
        let taken = Challenge::strongest(&answer(lines)).unwrap();
        String::from_utf8(taken.nonce.into()).unwrap()
    };
    let [md5, sha256, sha512] = [
        "Digest realm=r, nonce=md5, qop=auth",
        "Digest realm=r, nonce=sha256, qop=auth, algorithm=SHA-256",
        "Digest realm=r, nonce=sha512, qop=auth-int, algorithm=SHA-512-256-sess",
    ];
    assert_eq!(nonce(&[md5, sha512, sha256]), "sha512");
    assert_eq!(nonce(&[&format!("{md5}, {sha256}")]), "sha256");
    assert_eq!(nonce(&["Basic realm=r", md5]), "md5");
    assert_eq!(nonce(&["Digest realm=r, nonce=no, algorithm=SHA-512", md5]), "md5");
    // Within one algorithm: what is covered, and then the order.
    let [int, none] = ["Digest realm=r, nonce=int, qop=auth-int", "Digest realm=r, nonce=none"];
    assert_eq!(nonce(&[none, int]), "int");
    assert_eq!(nonce(&[int, md5, none]), "md5");
    assert_eq!(nonce(&[md5, "Digest realm=r, nonce=second, qop=auth"]), "md5");
}

#[test]
fn qop_is_a_list() {
    for (list, expected) in [
        ("auth", Qop::Auth),
        ("auth-int", Qop::AuthInt),
        ("auth-int, auth", Qop::Auth),
        ("auth-int,x", Qop::AuthInt),
        ("  AUTH-INT ", Qop::AuthInt),
        ("", Qop::None),
        (",", Qop::None),
    ] {
        let line = format!(r#"Digest realm=r, nonce=n, qop="{list}""#);
        assert_eq!(read(&line).qop, expected, "{list}");
    }
}

#[test]
fn what_cannot_be_met_says_why() {
    for (lines, expected) in [
        (&[][..], Unusable::Absent),
        (&["Basic realm=r", "Bearer"], Unusable::Absent),
        (&["Basic realm=\"Digest realm=r, nonce=n\""], Unusable::Absent),
        (&["Digest nonce=n"], Unusable::Incomplete("realm")),
        (&["Digest realm=r"], Unusable::Incomplete("nonce")),
        (&["Digest"], Unusable::Incomplete("realm")),
        (&["Digest realm=r, nonce=\"n"], Unusable::Incomplete("nonce")),
        (&["Digest realm=r, nonce=n, algorithm=SHA-512"], Unusable::Algorithm("SHA-512".into())),
        (&["Digest realm=r, nonce=n, algorithm=\"\""], Unusable::Algorithm(String::new())),
        (&["Digest realm=r, nonce=n, qop=token"], Unusable::Qop("token".into())),
        (&["Basic x=y", "Digest realm=r", "Digest x=y"], Unusable::Incomplete("nonce")),
    ] {
        assert_eq!(refused(lines), expected, "{lines:?}");
    }
    let long = format!("Digest realm=r, nonce={}", "n".repeat(LONGEST_LINE));
    assert_eq!(refused(&[&long]), Unusable::TooLong);
    let lines = ["Basic realm=r"; MOST_LINES];
    assert_eq!(refused(&[&lines[..], &["Digest realm=r, nonce=n"]].concat()), Unusable::Absent);
}

#[test]
fn what_an_upstream_wrote_is_shown_in_short() {
    let text = refused(&[&format!("Digest realm=r, nonce=n, algorithm=\"\t{}\"", "x".repeat(500))]);
    assert_eq!(text, Unusable::Algorithm(format!("\\t{}", "x".repeat(SHOWN - 1))));
    assert!(text.to_string().starts_with("the upstream asks for Digest with the algorithm `\\tx"));
}

#[test]
fn domains_are_paths_of_the_same_origin() {
    let spaces = |origin: &str, domain: &str| {
        let line = format!(r#"Digest realm=r, nonce=n, domain="{domain}""#);
        read(&line).spaces(origin).join(" ")
    };
    let all = "/a http://H.example/b?c https://h.example/c http://h.example:8080/d //x/e f";
    assert_eq!(spaces("http://h.example:80", all), "/a /b");
    assert_eq!(spaces("https://h.example:443", all), "/a /c");
    assert_eq!(spaces("http://h.example:8080", all), "/a /d");
    assert_eq!(spaces("http://[::1]:81", "http://[::1]:81 http://[::2]:81/x"), "/");
    assert_eq!(spaces("http://h.example:80", ""), "");
    assert_eq!(spaces("http://h:80", &"/x ".repeat(100)).len(), MOST_SPACES * 3 - 1);
}
