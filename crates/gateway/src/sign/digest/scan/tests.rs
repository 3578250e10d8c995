#![allow(clippy::unwrap_used, reason = "a failed test may panic")]

use proptest::prelude::*;

use super::*;

/// What is found in a line, written out so that it can be compared.
fn found(line: &str) -> String {
    let shown = |parameter: &Parameter| {
        let [name, value] = [&parameter.name, &parameter.value].map(|text| text.escape_ascii());
        format!(" {name}=<{value}>")
    };
    let scheme = |scheme: &Scheme| {
        let parameters: String = scheme.parameters.iter().map(shown).collect();
        format!("[{}{parameters}]", scheme.name.escape_ascii())
    };
    challenges(line.as_bytes()).iter().map(scheme).collect()
}

#[test]
fn challenges_are_told_from_parameters() {
    for (line, expected) in [
        (r#"Digest realm="a", nonce="b""#, "[digest realm=<a> nonce=<b>]"),
        (r#"Basic realm="a", Digest realm="b", nonce="c""#, {
            "[basic realm=<a>][digest realm=<b> nonce=<c>]"
        }),
        (r#"Newauth realm="apps", type=1, title="Login to \"apps\"", Basic realm="simple""#, {
            r#"[newauth realm=<apps> type=<1> title=<Login to \"apps\">][basic realm=<simple>]"#
        }),
        (r#"Negotiate, NTLM, Digest realm="b""#, "[negotiate][ntlm][digest realm=<b>]"),
        ("Negotiate YWJjZA==, Digest realm=b", "[negotiate][digest realm=<b>]"),
        ("Bearer abc.def-_~+/, Digest realm=b", "[bearer][digest realm=<b>]"),
        ("NTLM Digest realm=b", "[ntlm][digest realm=<b>]"),
        ("DIGEST\tREALM = \"a\" ,,\t, Nonce\t=\tb ,", "[digest realm=<a> nonce=<b>]"),
        (", ,Digest realm=b", "[digest realm=<b>]"),
        ("Digest", "[digest]"),
        ("", ""),
    ] {
        assert_eq!(found(line), expected, "{line}");
    }
}

#[test]
fn values_are_read_as_they_are_meant() {
    for (line, expected) in [
        (r#"Digest qop="auth, auth-int", realm="a, b""#, {
            "[digest qop=<auth, auth-int> realm=<a, b>]"
        }),
        (r#"Digest realm="Digest realm=\"x\", nonce=y""#, {
            r#"[digest realm=<Digest realm=\"x\", nonce=y>]"#
        }),
        (r#"Digest realm="a\\b\"c\d""#, r#"[digest realm=<a\\b\"cd>]"#),
        (r#"Digest realm="", nonce=, opaque="x""#, "[digest realm=<> nonce=<> opaque=<x>]"),
        ("Digest algorithm=MD5-sess, stale=False", "[digest algorithm=<MD5-sess> stale=<False>]"),
        ("Digest nonce=ab/c+d==, realm=r", "[digest nonce=<ab/c+d==> realm=<r>]"),
        ("Digest realm='a, nonce=b'", r"[digest realm=<\'a> nonce=<b\'>]"),
        ("Digest qop=auth,auth-int, nonce=b", "[digest qop=<auth,auth-int> nonce=<b>]"),
        ("Digest nonce=b, auth, realm=c", "[digest nonce=<b>][auth realm=<c>]"),
        (r#"Digest realm="a", realm="b""#, "[digest realm=<a> realm=<b>]"),
        ("Digest realm=\"\u{e9}\"", r"[digest realm=<\xc3\xa9>]"),
    ] {
        assert_eq!(found(line), expected, "{line}");
    }
}

#[test]
fn what_is_malformed_is_skipped_up_to_the_next_comma() {
    for (line, expected) in [
        (r#"Digest realm="a" nonce="b""#, "[digest realm=<a> nonce=<b>]"),
        ("Digest realm=My Realm, nonce=b", "[digest realm=<My> nonce=<b>]"),
        (r#"Digest realm="a" Basic "x, y", nonce=b"#, "[digest realm=<a> nonce=<b>]"),
        (r#"Digest realm="a", "x, Basic y", nonce=b"#, "[digest realm=<a> nonce=<b>]"),
        (r#"Digest realm="a", (x), nonce=b"#, "[digest realm=<a> nonce=<b>]"),
        ("Digest realm=a, b@c=d, nonce=b", "[digest realm=<a> nonce=<b>]"),
        (r#"Digest realm="a", nonce="b, opaque=c"#, "[digest realm=<a>]"),
        (r#"Digest realm="a", nonce="b\"#, "[digest realm=<a>]"),
        (r#"Digest realm="a", x"b, opaque=c"#, "[digest realm=<a>]"),
        ("realm=a, Digest realm=b", "[digest realm=<b>]"),
        ("=, \"\", Digest realm=b", "[digest realm=<b>]"),
    ] {
        assert_eq!(found(line), expected, "{line}");
    }
}

#[test]
fn a_line_without_a_scheme_has_parameters_alone() {
    let parameters = parameters(br#"qop=auth, NextNonce="a, b", nc=00000001"#);
    assert_eq!(value(&parameters, "nextnonce"), Some(&b"a, b"[..]));
    assert_eq!(value(&parameters, "nc"), Some(&b"00000001"[..]));
    assert_eq!(value(&parameters, "rspauth"), None);
}

#[test]
fn lists_without_end_are_cut() {
    assert_eq!(challenges("A x=1, ".repeat(1000).as_bytes()).len(), MOST_CHALLENGES);
    let many = format!("A {}", "x=1, ".repeat(1000));
    assert_eq!(challenges(many.as_bytes())[0].parameters.len(), MOST_PARAMETERS);
}

/// Names with values.
type Parameters = Vec<(String, Vec<u8>)>;

/// A line as a careful server writes it.
fn written(schemes: &[(String, Parameters)]) -> Vec<u8> {
    let mut line = Vec::new();
    for (scheme, parameters) in schemes {
        if !line.is_empty() {
            line.extend_from_slice(b", ");
        }
        line.extend_from_slice(scheme.as_bytes());
        for (index, (name, value)) in parameters.iter().enumerate() {
            line.extend_from_slice(if index == 0 { b" " } else { b", " });
            line.extend_from_slice(name.as_bytes());
            line.extend_from_slice(b"=\"");
            for byte in value {
                if matches!(byte, b'"' | b'\\') {
                    line.push(b'\\');
                }
                line.push(*byte);
            }
            line.push(b'"');
        }
    }
    line
}

proptest! {
    #[test]
    fn any_bytes_are_read(line in proptest::collection::vec(any::<u8>(), 0..200)) {
        for scheme in challenges(&line) {
            prop_assert!(!scheme.name.is_empty());
        }
        let lone = parameters(&line);
        prop_assert!(lone.iter().all(|parameter| !parameter.name.is_empty()));
    }

    #[test]
    fn any_mixture_of_what_matters_is_read(
        pieces in proptest::collection::vec(
            proptest::sample::select(vec![
                "Digest", "Basic", " ", ",", "=", "\"", "\\", "realm", "nonce", "qop", "auth", "\t",
                "==", "'", "a/b", "auth-int",
            ]),
            0..30,
        )
    ) {
        let line = pieces.concat();
        let read: usize = challenges(line.as_bytes())
            .iter()
            .flat_map(|scheme| &scheme.parameters)
            .map(|parameter| parameter.value.len())
            .sum();
        prop_assert!(read <= line.len());
    }

    #[test]
    fn what_is_written_is_read_back(
        schemes in proptest::collection::vec(
            (
                "[a-z][a-z0-9-]{0,8}",
                proptest::collection::vec(
                    ("[a-z*]{1,8}", proptest::collection::vec(b' '..=b'~', 0..12)),
                    0..6,
                ),
            ),
            0..5,
        )
    ) {
        let read: Vec<_> = challenges(&written(&schemes))
            .into_iter()
            .map(|scheme| {
                let pairs = scheme.parameters.into_iter();
                let pairs = pairs.map(|one| (String::from_utf8(one.name).unwrap(), one.value));
                (String::from_utf8(scheme.name).unwrap(), pairs.collect::<Vec<_>>())
            })
            .collect();
        prop_assert_eq!(read, schemes);
    }
}
