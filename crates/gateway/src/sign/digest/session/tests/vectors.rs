//! Answers that others have computed.

use super::*;

const CNONCE: &str = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";
/// Algorithm, `qop`, count, and `response`: computed by another program from the formulas of
/// RFC 7616 §3.4.
const ANSWERS: [(&str, &str, &str, &str); 30] = [
    ("MD5", "", "00000001", "e5537372ab52babf2ef5370960b81d9e"),
    ("MD5", "auth", "00000001", "4b9ced69a3463b993eb72d38d1bf199e"),
    ("MD5", "auth", "00000002", "96866740be3bedd0bc04307e1edbeafe"),
    ("MD5", "auth-int", "00000001", "ce1c317ed7171435d7f4d2f18f40c1e6"),
    ("MD5", "auth-int", "00000002", "d7bc4731453175b47d0a968a45e97ae9"),
    ("MD5-sess", "", "00000001", "70f54368f85cf1d0db879c81b860676e"),
    ("MD5-sess", "auth", "00000001", "064b7ebc15b1af69d0b843dda91475c2"),
    ("MD5-sess", "auth", "00000002", "c01edba9fff1fc61f4c12059a63d3bd6"),
    ("MD5-sess", "auth-int", "00000001", "3cc121a9dff28448a27c135fa1b49a86"),
    ("MD5-sess", "auth-int", "00000002", "9935cbbe17cef54fc3d29c9188045c17"),
    ("SHA-256", "", "00000001", "2abaede384e2e039afa7318468f6b3eb8129784397276653a6c5e2d477b597d4"),
    (
        "SHA-256",
        "auth",
        "00000001",
        "ad7b7250283427f7044ef0505fe6112ee1de2fce35a2b84fe9e6cfb682bc4e92",
    ),
    (
        "SHA-256",
        "auth",
        "00000002",
        "26e455f66ac87826d3144903ab617093cb74738c85bc68266c4dffd882a45703",
    ),
    (
        "SHA-256",
        "auth-int",
        "00000001",
        "6ddd915d484fa93ea7a5bf4acde7e36c16d2de601d1b1283c1446c05afc5b88a",
    ),
    (
        "SHA-256",
        "auth-int",
        "00000002",
        "27676cc16d93d0ab2cc0b672293126b82afa800969cf84971f30c47d28a557d0",
    ),
    (
        "SHA-256-sess",
        "",
        "00000001",
        "a40b5443f6def2e25849ba2d71c3371c25516b3b57f21a24357846169f727d3d",
    ),
    (
        "SHA-256-sess",
        "auth",
        "00000001",
        "802309c3435b64dee8eb5db099b8aee7238f4a5855d0cd77e0a346b632062da9",
    ),
    (
        "SHA-256-sess",
        "auth",
        "00000002",
        "4af7b56b281ffa34263d4bd6aad4a893f0ef288ff6dfbfef6f13ad78c03c20d1",
    ),
    (
        "SHA-256-sess",
        "auth-int",
        "00000001",
        "c80ba608c4a9827e12096d469ff3fabe7c2466c62503c09582d5e2f9b4563617",
    ),
    (
        "SHA-256-sess",
        "auth-int",
        "00000002",
        "e1b205894c411a91944bb34f350a03d83bd051470787d6a20bc615bae3009bb7",
    ),
    (
        "SHA-512-256",
        "",
        "00000001",
        "8f4197e51d4d6c4ab15caf38ac8eab19d6eaccc3440740347825172b38641244",
    ),
    (
        "SHA-512-256",
        "auth",
        "00000001",
        "1e1dbce13b269a30fea111248753266bf367fdcdfb8a7266d623e6b9b33034ad",
    ),
    (
        "SHA-512-256",
        "auth",
        "00000002",
        "2064e7c3e8a0824ccf18ff7abd528c809fe62458ae173439b1dd33cb515955f4",
    ),
    (
        "SHA-512-256",
        "auth-int",
        "00000001",
        "185471e7a610dec88a17548bd47230bf4e656d8226ebb844003897eb32fa1a47",
    ),
    (
        "SHA-512-256",
        "auth-int",
        "00000002",
        "35e5099dc827404c76ca283ba85e8c8c3318bac8d2b7b2f54f97dd88f0d5b41a",
    ),
    (
        "SHA-512-256-sess",
        "",
        "00000001",
        "cb91526df97c154812f3cb1b8a7d7bfba433cd78e2c1f35ef6c2d3e2a4647f74",
    ),
    (
        "SHA-512-256-sess",
        "auth",
        "00000001",
        "a341623be763ad53ee7ad49ec766ab4b48db4391800af516b905d9bf056eeb3f",
    ),
    (
        "SHA-512-256-sess",
        "auth",
        "00000002",
        "9e13466fbbade6d534cb95ccb1b311a26fb5bdd07b3848ae4584aacb19d7faa2",
    ),
    (
        "SHA-512-256-sess",
        "auth-int",
        "00000001",
        "ab2a8c0573fefbc576612ecf93ac1dfd6bd31fd00785ae96104e02d817d269e1",
    ),
    (
        "SHA-512-256-sess",
        "auth-int",
        "00000002",
        "1d6f770ea6de16d830024157dc2ace6ab58c79fb5c4386a51a75e15f14fc5abb",
    ),
];

#[test]
fn the_examples_of_rfc_7616_hold() {
    let account = ("Mufasa", "Circle of Life");
    for (algorithm, response) in [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ] {
        let challenge = format!(
            r#"realm="http-auth@example.org", qop="auth, auth-int", algorithm={algorithm}, nonce="{NONCE}", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS""#
        );
        let session = session(challenge.as_bytes(), account, CNONCE);
        assert_eq!(
            get(&session, "/dir/index.html", CNONCE),
            format!(
                r#"Digest username="Mufasa", realm="http-auth@example.org", nonce="{NONCE}", algorithm={algorithm}, opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS", qop=auth, uri="/dir/index.html", nc=00000001, cnonce="{CNONCE}", response="{response}""#
            )
        );
    }
}

/// With the numbers of erratum 4897.
#[test]
fn the_example_of_rfc_7616_with_a_hashed_name_holds() {
    let challenge = br#"realm="api@example.org", qop="auth", algorithm=SHA-512-256, nonce="5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK", opaque="HRPCssKJSGjCrkzDg8OhwpzCiGPChXYjwrI2QmXDnsOS", charset=UTF-8, userhash=true"#;
    let cnonce = "NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v";
    let session = session(challenge, ("J\u{e4}s\u{f8}n Doe", "Secret, or not?"), cnonce);
    assert_eq!(
        get(&session, "/doe.json", cnonce),
        r#"Digest username="793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06ece9b0b", userhash=true, realm="api@example.org", nonce="5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK", algorithm=SHA-512-256, opaque="HRPCssKJSGjCrkzDg8OhwpzCiGPChXYjwrI2QmXDnsOS", qop=auth, uri="/doe.json", nc=00000001, cnonce="NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v", response="3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5""#
    );
}

#[test]
fn the_example_of_rfc_2617_holds() {
    let challenge = br#"realm="testrealm@host.com", qop="auth,auth-int", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41""#;
    let session = session(challenge, ("Mufasa", "Circle Of Life"), "0a4f113b");
    assert_eq!(
        get(&session, "/dir/index.html", "0a4f113b"),
        r#"Digest username="Mufasa", realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41", qop=auth, uri="/dir/index.html", nc=00000001, cnonce="0a4f113b", response="6629fae49393a05397450978507c4ef1""#
    );
}

/// With the number of its errata.
#[test]
fn the_example_of_rfc_2069_holds() {
    let challenge = br#"realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41""#;
    let session = session(challenge, ("Mufasa", "CircleOfLife"), "");
    assert_eq!(
        get(&session, "/dir/index.html", ""),
        r#"Digest username="Mufasa", realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41", uri="/dir/index.html", response="1949323746fe6a43ef61f9606e7febea""#
    );
}

#[test]
fn every_algorithm_counts_with_every_qop() {
    for (algorithm, qop, nc, response) in ANSWERS {
        let qop_list = if qop.is_empty() { String::new() } else { format!(", qop={qop}") };
        let challenge = format!(
            r#"realm="http-auth@example.org", nonce="{NONCE}", algorithm={algorithm}{qop_list}"#
        );
        let session = session(challenge.as_bytes(), ("Mufasa", "Circle of Life"), PLAIN);
        assert_eq!(session.needs_body(), qop == "auth-int");
        let (target, body) = ("/dir/index.html?a=b&c", b"{\"a\":\x00\xff}");
        let count = if nc == "00000001" { 1 } else { 2 };
        let header = session.header(&Method::POST, target, body, count, &Hex::verbatim(PLAIN));
        let said = |name| parameter(&header, name);
        let place = format!("{algorithm} {qop} {nc}");
        assert_eq!(said("response"), response, "{place}");
        assert_eq!((said("algorithm"), said("qop")), (algorithm.into(), qop.into()), "{place}");
        assert_eq!((said("uri"), said("nonce")), (target.into(), NONCE.into()), "{place}");
        assert_eq!(said("nc"), if qop.is_empty() { "" } else { nc }, "{place}");
        let has_cnonce = !qop.is_empty() || algorithm.ends_with("-sess");
        assert_eq!(said("cnonce"), if has_cnonce { PLAIN } else { "" }, "{place}");
    }
}
