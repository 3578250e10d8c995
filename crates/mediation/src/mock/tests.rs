use std::sync::Arc;

use ::script::Script;
use model::fault::FaultCode;

use super::sequence;
use crate::machine::End;
use crate::testing::{Ask, Gateway, Outcome, check_steps};

fn run(script: &str, ask: &Ask) -> Outcome {
    let script = Script::compile(script, "script of GET /orders/{id}", None).expect("a script");
    let steps = Arc::new(sequence(Arc::new(script.ignoring_result())));
    check_steps(steps, crate::Library::default(), ask, &Gateway::default())
}

#[track_caller]
fn answers(script: &str, ask: &Ask, status: u16, content_type: &str, body: &str) {
    let mut outcome = run(script, ask);
    assert!(matches!(outcome.end, Ok(End::Respond)), "{outcome:?}");
    assert_eq!(outcome.status(), Some(status), "{script}");
    assert_eq!(outcome.body(), body, "{script}");
    assert_eq!(outcome.header("content-type"), content_type, "{script}");
}

/// spec/02 §4.2 and §6.1, statements 34, 36 and 37.
#[test]
fn the_script_says_status_type_and_body() {
    let get = Ask::default();
    let json = "application/json";
    let typed = "mc.setProperty('CONTENT_TYPE', 'application/json');";
    let told = format!("{typed} mc.setPayloadJSON({{\"a\": mc.getProperty('AcceptHeader')}});");
    answers(&told, &get, 200, json, r#"{"a":"application/json"}"#);
    let silent = Ask { headers: Vec::new(), ..Ask::default() };
    answers(&told, &silent, 200, json, r#"{"a":""}"#);
    for status in ["404", "'404'", "404.0", "'404.0'"] {
        let script =
            format!("{typed} mc.setProperty('HTTP_SC', {status}); mc.setPayloadJSON('[]');");
        answers(&script, &get, 404, json, "[]");
    }
    answers(
        "mc.setPayloadJSON({b: 1})",
        &get,
        200,
        "application/xml",
        "<jsonObject><b>1</b></jsonObject>",
    );
    answers("mc.setPayloadXML(<b>1</b>)", &get, 200, "application/xml", "<b>1</b>");
    let turned = format!("{typed} mc.setPayloadXML(<b>1</b>)");
    answers(&turned, &get, 200, json, r#"{"b":1}"#);
    let gone = "mc.setProperty('HTTP_SC', 204); mc.setProperty('X-A', '1', 'transport');";
    let outcome = run(gone, &get);
    assert!(outcome.message.has_no_body);
    assert_eq!(outcome.header("x-a"), "1");
    assert!(outcome.message.own_headers.iter().any(|name| name == "x-a"));
}

/// What a script does not touch goes back as it came, in the type that it says.
#[test]
fn a_body_that_is_not_touched_goes_back() {
    let script = "mc.setProperty('CONTENT_TYPE', 'application/json');";
    let mut outcome = run(script, &Ask::json(r#"{"mine":true}"#));
    assert_eq!(outcome.body(), r#"{"mine":true}"#);
}

#[test]
fn what_is_no_status_is_an_error_of_the_script() {
    for status in ["'abc'", "99", "199", "600", "'1e3'"] {
        let outcome = run(&format!("mc.setProperty('HTTP_SC', {status})"), &Ask::default());
        assert_eq!(outcome.fault(), FaultCode::ScriptFailed, "{status}");
    }
}

#[test]
fn an_error_says_script_and_place() {
    let outcome = run("var a = 1;\n  nothing.there;", &Ask::default());
    let Err(fault) = outcome.end else { panic!("{outcome:?}") };
    let detail = fault.detail.unwrap_or_default();
    assert!(detail.contains("script of GET /orders/{id}"), "{detail}");
    assert!(detail.contains("line 2, column 3"), "{detail}");
}
