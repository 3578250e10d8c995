#![allow(clippy::unwrap_used, reason = "a failed test may panic")]

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::{Duration, UNIX_EPOCH};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use super::*;

/// Signs what comes on standard input as botocore does, one request a line.
const BOTOCORE: &str = include_str!("botocore.py");
const REQUESTS: usize = 4000;

#[derive(Debug)]
struct Case {
    id: String,
    secret: String,
    token: Option<String>,
    region: String,
    host: String,
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    seconds: u64,
}

fn case() -> impl Strategy<Value = Case> {
    let keys = ("[A-Z0-9]{16,20}", "[ -~]{20,44}", prop::option::of("[A-Za-z0-9+/=]{1,400}"));
    let region = prop_oneof![
        Just("eu-west-1".to_owned()),
        Just("us-gov-east-1".to_owned()),
        "[a-z]{2}-[a-z]{4,9}-[1-9]",
    ];
    let host = prop_oneof![
        Just("lambda.eu-west-1.amazonaws.com".to_owned()),
        Just("127.0.0.1:9000".to_owned()),
        Just("[::1]:9000".to_owned()),
        "[a-z][a-z0-9-]{0,12}(:[1-9][0-9]{3})?",
    ];
    // Names as they are, and whatever is escaped in a path or a query.
    let segment = prop_oneof!["[A-Za-z0-9_:$.-]{1,40}", "([a-z~]|%[2-7C-E][0-9A-F]){1,12}"]
        .prop_filter("no place of its own", |text| text != "." && text != "..");
    let query = prop_oneof![
        Just(String::new()),
        "\\?Qualifier=([A-Za-z0-9_-]|%24){1,12}",
        "\\?[a-z]{1,3}=[a-z0-9._~-]{0,5}(&[a-z]{1,3}=([a-z]|%2[0F]){0,5}){0,3}",
    ];
    let path = (vec(segment, 1..6), query)
        .prop_map(|(segments, query)| format!("/{}{query}", segments.join("/")));
    let headers = vec(("x-amz-[a-z]{3,12}", "[!-~]([ -~]{0,60}[!-~])?"), 0..4);
    let body = prop_oneof![vec(any::<u8>(), 0..600), "\\PC{0,200}".prop_map(String::into_bytes)];
    (keys, region, host, path, headers, body, 0_u64..4_102_444_800).prop_map(
        |((id, secret, token), region, host, path, headers, body, seconds)| {
            let headers = headers.into_iter().collect::<std::collections::BTreeMap<_, _>>();
            let headers = headers.into_iter().collect();
            Case { id, secret, token, region, host, path, headers, body, seconds }
        },
    )
}

impl Case {
    /// The `Authorization` that we send.
    fn ours(&self) -> String {
        let secret = Secret::new(self.secret.clone());
        let token = self.token.clone().map(Secret::new);
        let keys = Keys::new(&self.id, &secret, token.as_ref());
        let mut headers = HeaderMap::new();
        headers.insert(HOST, self.host.parse().unwrap());
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(http::header::USER_AGENT, HeaderValue::from_static("not signed"));
        for (name, value) in &self.headers {
            headers.insert(HeaderName::try_from(name).unwrap(), value.parse().unwrap());
        }
        let signed = Signed {
            method: "POST",
            host: &self.host,
            path_and_query: &self.path,
            body: &self.body,
            region: &self.region,
            service: "lambda",
        };
        let time = UNIX_EPOCH + Duration::from_secs(self.seconds);
        sign(signed, &keys, &mut headers, time).unwrap();
        assert!(headers["authorization"].is_sensitive());
        assert!(headers.get("x-amz-security-token").is_none_or(HeaderValue::is_sensitive));
        headers["authorization"].to_str().unwrap().to_owned()
    }

    fn told(&self) -> Value {
        let body = BASE64_STANDARD.encode(&self.body);
        let headers: Vec<_> =
            self.headers.iter().map(|(name, value)| json!([name, value])).collect();
        json!({ "id": self.id, "secret": self.secret, "token": self.token, "region": self.region,
            "host": self.host, "path": self.path, "headers": headers, "body": body,
            "seconds": self.seconds })
    }
}

#[test]
#[allow(clippy::print_stderr, reason = "a skipped test says so")]
fn thousands_of_requests_are_signed_as_botocore_signs_them() {
    let python = testkit::workspace_root().join("target/venv/bin/python");
    let is_there = Command::new(&python).args(["-c", "import botocore"]).output();
    if !is_there.is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: target/venv has no botocore (cargo xtask setup)");
        return;
    }
    let mut runner = TestRunner::deterministic();
    let strategy = case();
    let cases: Vec<Case> =
        (0..REQUESTS).map(|_| strategy.new_tree(&mut runner).unwrap().current()).collect();
    let mut child = Command::new(python)
        .args(["-c", BOTOCORE])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let lines: String = cases.iter().map(|case| format!("{}\n", case.told())).collect();
    let writer = std::thread::spawn(move || input.write_all(lines.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    let theirs = String::from_utf8(output.stdout).unwrap();
    assert_eq!(theirs.lines().count(), REQUESTS);
    for (case, theirs) in cases.iter().zip(theirs.lines()) {
        assert_eq!(case.ours(), theirs, "{case:?}");
    }
}
