//! The attack set: hostile bodies, expressions, addresses and values. Each is answered with its
//! own code, and the gateway goes on serving.

mod addresses;
mod heads;
mod leaks;

use std::sync::Arc;
use std::time::Duration;

use mediation::Limits;
use serde_json::json;
use testkit::{Answer, Backend};

use super::{fixed_endpoint, mediated, open_to_all, refusal};
use crate::gateway::{Weir, code};

const PATH: &str = "/shop/1.0/a";
const JSON: (&str, &str) = ("content-type", "application/json");
const XML: (&str, &str) = ("content-type", "application/xml");
/// Reads XML, whatever it is.
const READS_XML: &str = r#"<property name="a" expression="//none"/>"#;
/// Reads JSON, whatever it is.
const READS_JSON: &str = r#"<property name="a" expression="json-eval($.none)"/>"#;

/// An API with these mediators in its request flow.
fn request(backend: &Backend, text: &str) -> Weir {
    Weir::start(&open_to_all(mediated(fixed_endpoint(&backend.url()), [text, "", ""])))
}

/// Limits that a test reaches in no time.
fn tight() -> Limits {
    let xml = xml::read::Limits { nodes: 10_000, ..xml::read::Limits::default() };
    Limits { xml, expression_steps: 100_000, ..Limits::default() }
}

/// The same with other limits.
fn limited(backend: &Backend, flows: [&str; 3], limits: Limits) -> Weir {
    let project = open_to_all(mediated(fixed_endpoint(&backend.url()), flows));
    Weir::with(&[&project], |config| config.mediation = Arc::new(limits))
}

/// A fault with this status and code, which tells nothing of the inside.
#[track_caller]
fn assert_fault(answer: &Answer, status: u16, number: &str, case: &str) {
    assert_eq!(
        (answer.status, said(answer)),
        (status, number.to_owned()),
        "{case}: {}",
        answer.text()
    );
    for part in ["crates/", "panicked", ".rs:", "127.0.0.1", "/etc/"] {
        assert!(!answer.text().contains(part), "{case}: {}", answer.text());
    }
}

/// The code of a fault, in the form that the caller speaks.
fn said(answer: &Answer) -> String {
    let text = answer.text();
    match text.split_once("<am:code>").and_then(|(_, rest)| rest.split_once("</am:code>")) {
        Some((number, _)) => number.to_owned(),
        None => code(answer),
    }
}

/// The gateway answers what is harmless.
async fn assert_serves(weir: &Weir) {
    let answer = testkit::bounded("an answer", weir.call("POST", PATH, &[JSON], b"{}")).await;
    assert_eq!((answer.status, &*answer.text()), (200, "{}"), "it goes on serving");
}

fn nested(open: &str, close: &str, depth: usize) -> String {
    format!("{}{}", open.repeat(depth), close.repeat(depth))
}

/// Bodies whose harm is in how they are written, by their content type.
fn bombs() -> Vec<(&'static str, (&'static str, &'static str), String)> {
    let mut laughs = "<!DOCTYPE l [<!ENTITY l0 \"lol\">".to_owned();
    for at in 1..10 {
        let inner = format!("&l{};", at - 1).repeat(10);
        laughs += &format!("<!ENTITY l{at} \"{inner}\">");
    }
    laughs += "]><l>&l9;</l>";
    let quadratic = format!(
        "<!DOCTYPE q [<!ENTITY q \"{}\">]><q>{}</q>",
        "x".repeat(50_000),
        "&q;".repeat(50_000)
    );
    vec![
        ("billion laughs", XML, laughs),
        ("quadratic blow-up", XML, quadratic),
        (
            "external entity",
            XML,
            "<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><a>&x;</a>".to_owned(),
        ),
        (
            "parameter entity",
            XML,
            "<!DOCTYPE a [<!ENTITY % x SYSTEM \"http://192.0.2.1/x\"> %x;]><a/>".to_owned(),
        ),
        ("deep XML", XML, nested("<a>", "</a>", 100_000)),
        ("deep XML, never closed", XML, "<a>".repeat(300_000)),
        ("wide XML", XML, format!("<a>{}</a>", "<b/>".repeat(20_000))),
        (
            "many attributes",
            XML,
            format!("<a {}/>", (0..100_000).map(|at| format!("a{at}='' ")).collect::<String>()),
        ),
        ("deep JSON", JSON, nested("[", "]", 1_000_000)),
        ("deep JSON, never closed", JSON, "{\"a\":".repeat(1_000_000)),
        ("deep JSON with quotes", JSON, format!("\"\\\"{}", nested("[", "]", 10))),
    ]
}

/// What a request with this body gets: declarations of types are a threat, the rest is too large.
fn refusal_of(body: &str) -> (u16, &'static str) {
    if body.starts_with("<!DOCTYPE") { (400, "400") } else { (413, "400901") }
}

#[tokio::test]
async fn bombs_in_requests() {
    let backend = Backend::echo().await;
    for (name, kind, body) in bombs() {
        for reads in [READS_XML, READS_JSON] {
            let weir = limited(&backend, [reads, "", ""], tight());
            let kind = [kind];
            let call = weir.call("POST", PATH, &kind, body.as_bytes());
            let answer = testkit::bounded(name, call).await;
            if name.ends_with("with quotes") {
                // No JSON at all: nothing is found in it, and it goes on as it is.
                assert_eq!(answer.status, 200, "{name}");
                continue;
            }
            let (status, number) = refusal_of(&body);
            assert_fault(&answer, status, number, name);
            assert!(backend.take().is_empty(), "{name}");
            assert_serves(&weir).await;
            drop(backend.take());
        }
    }
}

/// What an upstream does wrong is not the caller's fault.
#[tokio::test]
async fn bombs_in_answers() {
    for (name, kind, body) in bombs() {
        let backend = Backend::answer(200, &[kind], body.clone()).await;
        for reads in [READS_XML, READS_JSON] {
            let weir = limited(&backend, ["", reads, ""], tight());
            let answer = testkit::bounded(name, weir.get(PATH)).await;
            if name.ends_with("with quotes") {
                assert_eq!((answer.status, answer.text()), (200, body.clone()), "{name}");
                continue;
            }
            assert_fault(&answer, 500, "400907", name);
        }
    }
}

/// Turning one into the other is under the same limits.
#[tokio::test]
async fn bombs_that_are_turned() {
    let backend = Backend::echo().await;
    for (to, kind, body) in [
        ("application/xml", JSON, nested("[", "]", 1_000)),
        ("application/json", XML, nested("<a>", "</a>", 10_000)),
        ("application/xml", JSON, format!("{{\"{}\": 1}}", "\u{1F600}".repeat(40_000))),
        ("application/json", XML, "<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>".to_owned()),
    ] {
        let text = format!(r#"<property name="messageType" scope="axis2" value="{to}"/>"#);
        let weir = request(&backend, &text);
        let answer = testkit::bounded(to, weir.call("POST", PATH, &[kind], body.as_bytes())).await;
        let (status, number) = refusal_of(&body);
        assert_fault(&answer, status, number, body.get(..20).unwrap_or_default());
        assert!(backend.take().is_empty());
    }
}

#[tokio::test]
async fn bodies_over_the_limit() {
    let backend = Backend::echo().await;
    let limits = || Limits { body: 1000, ..Limits::default() };
    let body = |length: usize| format!("\"{}\"", "x".repeat(length - 2));
    let weir = limited(&backend, [READS_JSON, "", ""], limits());
    assert_eq!(weir.call("POST", PATH, &[JSON], body(1000).as_bytes()).await.status, 200);
    drop(backend.take());
    let answer = weir.call("POST", PATH, &[JSON], body(1001).as_bytes()).await;
    assert_fault(&answer, 413, "400901", "with a length");
    let chunk = format!("3e8\r\n{}\r\n", "x".repeat(1000));
    let text = format!(
        "POST {PATH} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n{chunk}{chunk}0\r\n\r\n"
    );
    let answer = weir.raw(&text).await;
    assert!(answer.starts_with("HTTP/1.1 413 ") && answer.contains("400901"), "{answer}");
    assert!(backend.take().is_empty());
    assert_serves(&weir).await;
    // Policies that read no body are not concerned.
    let mark = r#"<header name="X-A" scope="transport" value="1"/>"#;
    let weir = limited(&backend, [mark, mark, ""], limits());
    let answer = weir.call("POST", PATH, &[JSON], body(100_000).as_bytes()).await;
    assert_eq!((answer.status, answer.body.len()), (200, 100_000));
    // An answer that is too long.
    let weir = limited(&backend, ["", READS_JSON, ""], limits());
    let answer = weir.call("POST", PATH, &[JSON], body(1001).as_bytes()).await;
    assert_fault(&answer, 500, "400907", "an answer");
    assert_serves(&weir).await;
}

/// What policies write is limited too.
#[tokio::test]
async fn texts_that_grow() {
    let backend = Backend::echo().await;
    let limits = Limits { output: 10_000, ..Limits::default() };
    let twice = r#"<property name="a" expression="concat($ctx:a, $ctx:a)"/>"#.repeat(64);
    let text = format!(r#"<property name="a" value="xxxxxxxxxx"/>{twice}"#);
    let weir = limited(&backend, [&text, "", ""], limits.clone());
    let answer = testkit::bounded("an answer", weir.call("POST", PATH, &[JSON], b"{}")).await;
    assert_fault(&answer, 500, "400905", "a property that grows");
    let body = format!(
        r#"<payloadFactory media-type="text"><format>{}</format><args><arg expression="$trp:X-A"/></args></payloadFactory>"#,
        "$1".repeat(200)
    );
    let weir = limited(&backend, [&body, "", ""], limits);
    let long = "x".repeat(1000);
    let answer = weir.call("POST", PATH, &[("x-a", &long)], b"").await;
    assert_fault(&answer, 500, "400905", "a body that grows");
    assert!(backend.take().is_empty());
}

#[tokio::test]
async fn regular_expressions_that_never_end() {
    let backend = Backend::echo().await;
    let bomb = format!("{}!", "a".repeat(5_000));
    for pattern in [
        "(a+)+b",
        "(a|a)*b",
        "(a|aa)+b",
        "([a-z]+)*b",
        "(?=(a+)+b)a*",
        r"(a*)*\1b",
        r"(?:(a)\1?)*+b|(a*)+\2c",
        "(?<!b)(a+)+b",
        "(.*)(.*)(.*)(.*)(.*)(.*)(.*)(.*)b",
    ] {
        let text = format!(
            r#"<filter source="$trp:X-A" regex="{}"><then><drop/></then></filter>"#,
            pattern.replace('<', "&lt;")
        );
        let weir = request(&backend, &text);
        let sent = [("x-a", bomb.as_str()), JSON];
        let call = weir.call("POST", PATH, &sent, b"{}");
        let answer = tokio::time::timeout(Duration::from_secs(20), call).await;
        let answer = answer.unwrap_or_else(|_| panic!("{pattern} runs on"));
        if answer.status != 200 {
            assert_fault(&answer, 500, "400903", pattern);
        }
        assert_serves(&weir).await;
    }
}

#[tokio::test]
async fn expressions_that_never_end() {
    let backend = Backend::echo().await;
    let xml = format!("<a>{}</a>", "<b>1</b>".repeat(2_000));
    let list = format!("[{}]", vec!["1"; 2_000].join(","));
    let deep = format!("{}1{}", "{\"a\":[".repeat(50), "]}".repeat(50));
    let mut stopped = Vec::new();
    for (expression, kind, body) in [
        ("count(//*[count(//*[count(//*) > 0]) > 0])", XML, &xml),
        (
            "//b[. = //b[last()]/preceding-sibling::b]/following::b/preceding::b/following::b",
            XML,
            &xml,
        ),
        ("string(//*/ancestor-or-self::*/descendant::*/ancestor::*/descendant::*)", XML, &xml),
        ("json-eval($[?(@ in $[?(@ in $)])])", JSON, &list),
        ("json-eval($..*..*..*..*..*..*)", JSON, &deep),
    ] {
        let text =
            format!(r#"<property name="a" expression="{}"/>"#, expression.replace('>', "&gt;"));
        let said = refusal(&open_to_all(mediated(fixed_endpoint(&backend.url()), [&text, "", ""])));
        assert_eq!(said, "", "{expression}");
        let weir = limited(&backend, [&text, "", ""], tight());
        let kind = [kind];
        let call = weir.call("POST", PATH, &kind, body.as_bytes());
        let answer = tokio::time::timeout(Duration::from_secs(30), call).await;
        let answer = answer.unwrap_or_else(|_| panic!("{expression} runs on"));
        if answer.status != 200 {
            assert_fault(&answer, 500, "400902", expression);
            assert!(backend.take().is_empty(), "{expression}");
            stopped.push(expression);
        }
        assert_serves(&weir).await;
        drop(backend.take());
    }
    // Of the others the result is found without going every way.
    assert!(stopped.len() >= 2, "{stopped:?}");
    // Too deep to be read at all.
    for expression in
        [nested("(", ")", 10_000), nested("not(", ")", 10_000), nested("-(", ")", 10_000)]
    {
        let text = format!(r#"<property name="a" expression="{expression}"/>"#);
        let said = refusal(&open_to_all(mediated(fixed_endpoint(&backend.url()), [&text, "", ""])));
        assert!(said.contains("[MD"), "{}", said.get(..200).unwrap_or(&said));
    }
}

/// Sequences in a circle, and loops over much, come to an end.
#[tokio::test]
async fn flows_that_never_end() {
    let backend = Backend::echo().await;
    let call = |key: &str| {
        format!(
            r#"<sequence xmlns="http://ws.apache.org/ns/synapse" name="x"><sequence key="{key}"/></sequence>"#
        )
    };
    for (first, second) in [("a", "a"), ("b", "a")] {
        let mut project = mediated(fixed_endpoint(&backend.url()), ["", "", ""])
            .set("mediationPolicies", json!([{ "name": "a", "type": "in" }]))
            .file("Sequences/in-sequence/a.xml", call(first));
        if first == "b" {
            project = project.file("Sequences/in-sequence/b.xml", call(second));
        }
        let said = refusal(&open_to_all(project));
        assert!(said.contains("MD016"), "{first}: {said}");
    }
    let limits = Limits { mediators: 1_000, ..Limits::default() };
    let each = r#"<foreach expression="//b"><sequence><property name="a" value="1"/></sequence></foreach>"#;
    let weir = limited(&backend, [each, "", ""], limits);
    let xml = format!("<a>{}</a>", "<b/>".repeat(2_000));
    let answer =
        testkit::bounded("an answer", weir.call("POST", PATH, &[XML], xml.as_bytes())).await;
    assert_fault(&answer, 500, "400904", "a loop");
    assert!(backend.take().is_empty());
    assert_serves(&weir).await;
}
