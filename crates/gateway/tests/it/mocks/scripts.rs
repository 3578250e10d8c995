use std::time::{Duration, Instant};

use serde_json::json;

use super::{project, scripts};
use crate::gateway::{Weir, code};

/// What WSO2 generates, by the rules of spec/02 §4.3: unknown codes are 501, `Accept` is matched
/// as it stands.
const GENERATED: &str = r#"
var responseCode = mc.getProperty('query.param.responseCode');
var responseCodeSC;
var responses = [];
if (!responses[200]) { responses[200] = []; }
responses[200]["application/json"] = { "id" : 1, "name" : "Rex", "tags" : null };
responses[200]["application/xml"] = <pet><id>1</id><name>Rex</name></pet>;
if (!responses[404]) { responses[404] = []; }
responses[404]["application/json"] = "";
responses[404]["application/xml"] = "";
responses[501] = [];
responses[501]["application/json"] = { "code" : 501, "description" : "Not Implemented" };
responses[501]["application/xml"] = <response><code>501</code><description>Not Implemented</description></response>;
if (responseCode == null) { responseCode = 200; }
if (!responses[responseCode]) {
  if (responses["default"]) { responseCodeSC = responseCode; responseCode = "default"; }
  else { responseCode = 501; responseCodeSC = 501; }
} else { responseCodeSC = responseCode; }
var accept = mc.getProperty('AcceptHeader');
if (accept == null || !responses[responseCode][accept]) {
  if (responses[responseCode]["application/json"]) { accept = "application/json"; }
  else { accept = "application/xml"; }
}
if (accept == "application/json") {
  mc.setProperty('CONTENT_TYPE', 'application/json');
  mc.setProperty('HTTP_SC', responseCodeSC + "");
  mc.setPayloadJSON(responses[responseCode]["application/json"]);
} else {
  mc.setProperty('CONTENT_TYPE', 'application/xml');
  mc.setProperty('HTTP_SC', responseCodeSC + "");
  mc.setPayloadXML(responses[responseCode]["application/xml"]);
}
"#;

/// Statements 32 to 34.
#[tokio::test]
async fn a_generated_script_answers_by_code_and_accept() {
    let weir = Weir::start(&scripts(&[("GET", "/pets/{petId}", GENERATED)]));
    for (target, accept, status, kind, body) in [
        ("/pets/1.0/pets/1", None, 200, "application/json", r#"{"id":1,"name":"Rex","tags":null}"#),
        (
            "/pets/1.0/pets/1",
            Some("text/html"),
            200,
            "application/json",
            r#"{"id":1,"name":"Rex","tags":null}"#,
        ),
        (
            "/pets/1.0/pets/1",
            Some("application/xml"),
            200,
            "application/xml",
            "<pet><id>1</id><name>Rex</name></pet>",
        ),
        (
            "/pets/1.0/pets/1?responseCode=599",
            None,
            501,
            "application/json",
            r#"{"code":501,"description":"Not Implemented"}"#,
        ),
        (
            "/pets/1.0/pets/1?responseCode=599",
            Some("application/xml"),
            501,
            "application/xml",
            "<response><code>501</code><description>Not Implemented</description></response>",
        ),
        ("/pets/1.0/pets/1?responseCode=404", None, 404, "application/xml", ""),
    ] {
        let headers: Vec<_> = accept.iter().map(|accept| ("accept", *accept)).collect();
        let answer = weir.call("GET", target, &headers, b"").await;
        assert_eq!((answer.status, answer.text().as_str()), (status, body), "{target} {accept:?}");
        assert_eq!(answer.header("content-type"), Some(kind), "{target} {accept:?}");
    }
}

/// Statements 35 to 37 and 39, and a body that is read.
#[tokio::test]
async fn a_script_says_what_is_answered() {
    let weir = Weir::start(&scripts(&[
        ("GET", "/none", ""),
        ("GET", "/untyped", "mc.setPayloadJSON({a: 1});"),
        (
            "GET",
            "/header",
            "mc.setProperty('X-A','1','transport'); mc.setPayloadJSON('{}'); mc.setProperty('CONTENT_TYPE', 'application/json');",
        ),
        (
            "GET",
            "/loose/{petId}",
            "mc.setProperty('CONTENT_TYPE','application/json'); mc.setPayloadJSON({is: mc.getProperty('uri.var.petId') == 1, q: mc.getProperty('query.param.q')})",
        ),
        (
            "POST",
            "/sum",
            "const {items: [a, b, ...rest]} = mc.getPayloadJSON(); mc.setProperty('CONTENT_TYPE', 'application/json'); mc.setProperty('HTTP_SC', 201); mc.setPayloadJSON({sum: a + b, rest: rest.at(-1) ?? null});",
        ),
        ("DELETE", "/gone", "mc.setProperty('HTTP_SC', '204')"),
    ]));
    let answer = weir.get("/pets/1.0/none").await;
    assert_eq!((answer.status, answer.text().as_str()), (501, ""));
    let answer = weir.get("/pets/1.0/untyped").await;
    assert_eq!(answer.header("content-type"), Some("application/xml"));
    assert_eq!((answer.status, answer.text().as_str()), (200, "<jsonObject><a>1</a></jsonObject>"));
    let secret = [("x-mine", "secret"), ("accept", "a/b")];
    let answer = weir.call("GET", "/pets/1.0/header", &secret, b"").await;
    assert_eq!((answer.header("x-a"), answer.text().as_str()), (Some("1"), "{}"));
    assert_eq!((answer.header("x-mine"), answer.header("accept")), (None, None));
    let answer = weir.get("/pets/1.0/loose/1?q=a%20b").await;
    assert_eq!(answer.text(), r#"{"is":true,"q":"a b"}"#);
    let json = [("content-type", "application/json")];
    let answer = weir.call("POST", "/pets/1.0/sum", &json, br#"{"items": [1, 2, 3, 4]}"#).await;
    assert_eq!((answer.status, answer.text().as_str()), (201, r#"{"sum":3,"rest":4}"#));
    let answer = weir.call("DELETE", "/pets/1.0/gone", &[], b"").await;
    assert_eq!((answer.status, answer.text().as_str()), (204, ""));
    assert_eq!(answer.header("content-type"), None);
}

/// Statement 38, with a loop in one built-in function besides.
#[tokio::test]
async fn a_script_without_end_fails_alone() {
    let ends = "mc.setProperty('CONTENT_TYPE','application/json'); mc.setPayloadJSON('[]')";
    let weir = Weir::with(
        &[&scripts(&[
            ("GET", "/loop", "while (true) {}"),
            ("GET", "/built-in", "var a = 'x'.repeat(1 << 20); while (true) { JSON.stringify(a) }"),
            ("GET", "/fine", ends),
        ])],
        |config| {
            config.scripts.threads = 2;
            config.scripts.limits.time = Duration::from_millis(300);
        },
    );
    let start = Instant::now();
    let others = async {
        for _ in 0..20 {
            assert_eq!(weir.get("/pets/1.0/fine").await.text(), "[]");
        }
    };
    let endless = async {
        let answer = weir.get("/pets/1.0/loop").await;
        assert_eq!((answer.status, code(&answer)), (500, "400908".to_owned()));
        let answer = weir.get("/pets/1.0/built-in").await;
        assert_eq!((answer.status, code(&answer)), (500, "400908".to_owned()));
    };
    tokio::join!(others, endless);
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}

/// Nothing of one call is there for the next.
#[tokio::test]
async fn every_call_begins_anew() {
    let script = "var before = typeof leaked + typeof kept + [].mine + ({}).mine + mc.mine;\n\
                  leaked = 1; this.kept = 2; mc.mine = 3;\n\
                  ['__pro' + 'to__'].forEach(name => { try { [][name].mine = 4; ({})[name].mine = 5 } catch (e) {} });\n\
                  mc.setProperty('CONTENT_TYPE', 'application/json');\n\
                  mc.setPayloadJSON({before});";
    let weir = Weir::with(&[&scripts(&[("GET", "/a", script)])], |config| {
        config.scripts.threads = 1;
    });
    for _ in 0..5 {
        let expected = json!({ "before": "undefinedundefinedundefinedundefinedundefined" });
        assert_eq!(weir.get("/pets/1.0/a").await.json(), expected);
    }
}

/// An error is answered without a word of it; policies before the script, and their properties.
#[tokio::test]
async fn policies_run_before_and_not_after() {
    let policy = |name: &str, value: &str| {
        json!({ "policyName": "addHeader", "policyVersion": "v3",
                "parameters": { "headerName": name, "headerValue": value } })
    };
    let script = "mc.setProperty('CONTENT_TYPE', 'application/json');\n\
                  mc.setPayloadJSON({seen: mc.getProperty('AcceptHeader')});\n\
                  if (mc.getProperty('query.param.fail')) null.secret;";
    let policies =
        json!({ "request": [policy("Accept", "by/policy")], "response": [policy("X-After", "1")] });
    let weir = Weir::start(&scripts(&[("GET", "/a", script)]).set("apiPolicies", policies));
    let answer = weir.get("/pets/1.0/a").await;
    assert_eq!(answer.text(), r#"{"seen":"by/policy"}"#);
    assert_eq!(answer.header("x-after"), None);
    let answer = weir.get("/pets/1.0/a?fail=1").await;
    assert_eq!((answer.status, code(&answer)), (500, "400908".to_owned()));
    assert!(!answer.text().contains("secret"), "{}", answer.text());
}

#[tokio::test]
async fn scripts_that_are_none_are_refused_with_their_place() {
    let weir = Weir::refused(&scripts(&[("GET", "/a", "var a = 1;\nvar b = ;")]));
    let refusal = weir.refusal();
    assert!(refusal.contains("AP033"), "{refusal}");
    assert!(refusal.contains("line 2, column"), "{refusal}");
    assert!(refusal.contains("/paths/~1a/get/x-mediation-script"), "{refusal}");
}

#[tokio::test]
async fn implementations_that_are_unknown_are_refused() {
    let weir = Weir::refused(&project("INLINED", &[("GET", "/a", json!({ "responses": {} }))]));
    assert!(weir.refusal().contains("AP020"), "{}", weir.refusal());
}
