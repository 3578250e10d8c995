//! Rules: reading, deciding, saying why.

use serde_json::{Value as Json, json};

use super::*;
use crate::testing::{Ask, Gateway};

/// Reads rules that are sound.
#[track_caller]
fn table(rules: &Json, default: Option<&str>) -> RuleTable {
    let mut problems = Vec::new();
    let table = RuleTable::read(rules, default, true, &mut problems);
    assert_eq!(problems, [], "{rules}");
    table
}

fn decide(table: &RuleTable, ask: &Ask, gateway: &Gateway) -> (Message, Vec<Verdict>) {
    let mut message = ask.message();
    message.payload.load(ask.body.clone().into());
    let limits = Limits::default();
    table.apply(&mut message, gateway, &limits).expect("no fault");
    let verdict = |note| match note {
        Note::Rule(verdict) => Some(verdict),
        Note::Step(_) => None,
    };
    let verdicts = gateway.notes.take().into_iter().filter_map(verdict).collect();
    (message, verdicts)
}

/// Whether one condition holds.
#[track_caller]
fn check(condition: &Json, ask: &Ask, holds: bool) {
    let table = table(&json!([{"when": condition, "endpoint": "yes"}]), None);
    let (message, _) = decide(&table, ask, &Gateway::default());
    assert_eq!(message.endpoint.is_some(), holds, "{condition}");
}

#[test]
fn conditions() {
    let get = Ask::default().with(&[("Cookie", "a=1; s=\"x y\""), ("X-N", "12.5")]);
    let post = Ask::json(r#"{"o":{"n":5,"s":"eu","z":null,"l":[1]}}"#);
    for (condition, ask, holds) in [
        (json!({"header": "x-region", "equals": "eu"}), &get, true),
        (json!({"header": "X-Region", "equals": "EU"}), &get, false),
        (json!({"header": "X-Region", "prefix": "e"}), &get, true),
        (json!({"header": "X-Region", "regex": "e"}), &get, false),
        (json!({"header": "X-Region", "regex": "e.|us"}), &get, true),
        (json!({"header": "X-Region", "in": ["us", "eu"]}), &get, true),
        (json!({"header": "X-Region", "in": "eu"}), &get, true),
        (json!({"header": "X-Region", "exists": true}), &get, true),
        (json!({"header": "X-None", "exists": true}), &get, false),
        (json!({"header": "X-None", "exists": false}), &get, true),
        (json!({"header": "X-None", "equals": ""}), &get, false),
        (json!({"header": "X-N", "range": [12, 13]}), &get, true),
        (json!({"header": "X-N", "range": [null, 12.5]}), &get, true),
        (json!({"header": "X-N", "range": [13, null]}), &get, false),
        (json!({"header": "X-Region", "range": [null, null]}), &get, false),
        (json!({"query": "TIER", "equals": "gold x"}), &get, true),
        (json!({"path": "", "equals": "/orders/7"}), &get, true),
        (json!({"path": "", "regex": "/orders/\\d+"}), &get, true),
        (json!({"path": "/orders"}), &get, true),
        (json!({"path": "/order/"}), &get, false),
        (json!({"method": "GET"}), &get, true),
        (json!({"method": ["POST", "PUT"]}), &get, false),
        (json!({"method": ["POST", "PUT"]}), &post, true),
        (json!({"client": "192.0.2.0/24"}), &get, true),
        (json!({"client": ["10.0.0.0/8", "2001:db8::/32"]}), &get, false),
        (json!({"client": "", "equals": "192.0.2.7"}), &get, true),
        (json!({"client": "", "in": ["192.0.2.8"]}), &get, false),
        (json!({"cookie": "s", "equals": "x y"}), &get, true),
        (json!({"cookie": "b", "exists": false}), &get, true),
        (json!({"json": "$.o.n", "equals": 5}), &post, true),
        (json!({"json": "$.o.n", "range": [5, 5]}), &post, true),
        (json!({"json": "$.o.s", "equals": "eu"}), &post, true),
        (json!({"json": "$.o.none", "exists": true}), &post, false),
        (json!({"json": "$.o.l", "exists": true}), &post, true),
        (json!({"json": "$.o.s", "exists": true}), &get, false),
        (json!({"xpath": "//o/s", "equals": "eu"}), &post, true),
        (json!({"xpath": "count(//l)", "range": [1, 1]}), &post, true),
        (json!({"property": "AM_KEY_TYPE", "equals": "SANDBOX"}), &get, true),
        (json!({"property": "uri.var.id", "prefix": "a/"}), &get, true),
        (json!({"property": "none", "exists": true}), &get, false),
        (json!({"percentage": 43}), &get, true),
        (json!({"percentage": 42}), &get, false),
        (json!({"percentage": 0}), &get, false),
        (json!({"percentage": 100}), &get, true),
        (json!([{"method": "GET"}, {"header": "X-Region", "equals": "eu"}]), &get, true),
        (json!([{"method": "GET"}, {"header": "X-Region", "equals": "us"}]), &get, false),
        (json!([]), &get, true),
    ] {
        check(&condition, ask, holds);
    }
}

#[test]
fn the_first_that_applies_decides_and_says_why() {
    let table = table(
        &json!([
            {"name": "us", "when": {"header": "X-Region", "equals": "us"}, "endpoint": "us"},
            {"when": [{"method": "GET"}, {"json": "$.a", "exists": true}], "endpoint": "a"},
            {"when": {"header": "X-Region", "prefix": "e"}, "url": "https://{header.X-Region}.b/{uri.var.id}?q={query.param.region}{none}"},
            {"endpoint": "never"},
        ]),
        Some("https://std"),
    );
    let (message, verdicts) = decide(&table, &Ask::default(), &Gateway::default());
    assert_eq!(message.destination().map(AsRef::as_ref), Some("https://eu.b/a%2Fb%20c?q=eu"));
    assert!(message.postfix_text().is_some() && message.endpoint.is_none());
    let shown: Vec<String> = verdicts
        .iter()
        .map(|it| format!("{}: {}", it.rule, it.why_not.as_deref().unwrap_or("applies")))
        .collect();
    assert_eq!(
        shown,
        ["us: header x-region equals \"us\"", "rule 2: json $.a is there", "rule 3: applies"]
    );
    assert_eq!(table.endpoints().collect::<Vec<_>>(), ["us", "a", "never"]);
    assert!(table.computes());
    assert_eq!(table.need(), Need::Field);
}

#[test]
fn the_default_and_the_path() {
    let rules = json!([{"when": {"method": "DELETE"}, "endpoint": "x"}]);
    let gateway = Gateway::default();
    for (default, to, endpoint) in [
        (Some("https://std"), Some("https://std"), None),
        (Some(" std "), None, Some("std")),
        (Some(""), None, None),
        (None, None, None),
    ] {
        let (message, _) = decide(&table(&rules, default), &Ask::default(), &gateway);
        assert_eq!(message.destination().map(AsRef::as_ref), to);
        assert_eq!(message.endpoint.as_deref(), endpoint);
    }
    let whole = table(&json!([{"url": "https://b/x", "keepPath": false}]), None);
    let (message, _) = decide(&whole, &Ask::default(), &gateway);
    assert_eq!((message.postfix_text(), table(&json!([]), None).need()), (None, Need::Nothing));
}

#[test]
fn the_body_is_asked_for_when_a_rule_that_looks_at_it_has_its_turn() {
    let rules = json!([
        {"name": "us", "when": {"header": "X-Place", "equals": "us"}, "endpoint": "us"},
        {"name": "a", "when": [{"method": "POST"}, {"json": "$.a", "equals": 1}], "endpoint": "a"},
        {"name": "b", "when": {"json": "$.b", "equals": 2}, "endpoint": "b"},
    ]);
    let table = table(&rules, Some("std"));
    let (gateway, limits) = (Gateway::default(), Limits::default());
    let ask = |region| Ask::json(r#"{"b":2}"#).with(&[("X-Place", region)]);
    let mut message = ask("us").message();
    assert!(message.payload.is_unread());
    assert!(matches!(table.apply(&mut message, &gateway, &limits), Ok(Outcome::Next)));
    assert_eq!(message.endpoint.as_deref(), Some("us"));
    let mut message = ask("eu").message();
    gateway.notes.take();
    assert!(matches!(table.apply(&mut message, &gateway, &limits), Ok(Outcome::Body)));
    assert!(message.endpoint.is_none() && gateway.notes.take().is_empty());
    message.payload.load(ask("eu").body.into());
    assert!(matches!(table.apply(&mut message, &gateway, &limits), Ok(Outcome::Next)));
    assert_eq!((message.endpoint.as_deref(), gateway.notes.take().len()), (Some("b"), 3));
}

#[test]
fn a_rule_takes_the_place_of_an_earlier_destination() {
    let mut message = Ask::default().message();
    message.to = Part::Set(Arc::from("http://old"));
    let (gateway, limits) = (Gateway::default(), Limits::default());
    table(&json!([{"endpoint": "eu"}]), None)
        .apply(&mut message, &gateway, &limits)
        .expect("no fault");
    assert_eq!((message.endpoint.as_deref(), message.destination()), (Some("eu"), None));
    table(&json!([{"url": "http://new"}]), None)
        .apply(&mut message, &gateway, &limits)
        .expect("no fault");
    assert_eq!(
        (message.endpoint.as_deref(), message.destination().map(AsRef::as_ref)),
        (None, Some("http://new"))
    );
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    for (rules, pointer) in [
        (json!({}), ""),
        (json!([1]), "/0"),
        (json!([{"when": {"method": "GET"}}]), "/0"),
        (json!([{"endpoint": "a", "url": "http://b"}]), "/0"),
        (json!([{"endpoint": ""}]), "/0"),
        (json!([{"url": "ftp://b"}]), "/0/url"),
        (json!([{"url": "http://b/{x"}]), "/0/url"),
        (json!([{"url": "http://b/{}"}]), "/0/url"),
        (json!([{"url": "http://b/{header.a b}"}]), "/0/url"),
        (json!([{"endpoint": "a", "keepPath": "no"}]), "/0/keepPath"),
        (json!([{"endpoint": "a", "keepPath": false}]), "/0/keepPath"),
        (json!([{"endpoint": "a", "target": "b"}]), "/0/target"),
        (json!([{"endpoint": "a", "when": 1}]), "/0/when"),
        (json!([{"endpoint": "a", "when": {}}]), "/0/when"),
        (json!([{"endpoint": "a", "when": [{"header": "X"}]}]), "/0/when/0"),
        (
            json!([{"endpoint": "a", "when": {"header": "X", "query": "y", "equals": "z"}}]),
            "/0/when",
        ),
        (json!([{"endpoint": "a", "when": {"header": "X", "equals": "z", "in": []}}]), "/0/when"),
        (json!([{"endpoint": "a", "when": {"header": "X", "percentage": 3}}]), "/0/when"),
        (json!([{"endpoint": "a", "when": {"header": "X Y", "equals": "z"}}]), "/0/when/header"),
        (json!([{"endpoint": "a", "when": {"header": "", "equals": "z"}}]), "/0/when/header"),
        (json!([{"endpoint": "a", "when": {"header": "X", "regex": "("}}]), "/0/when/regex"),
        (json!([{"endpoint": "a", "when": {"header": "X", "equals": null}}]), "/0/when/equals"),
        (json!([{"endpoint": "a", "when": {"header": "X", "exists": "yes"}}]), "/0/when/exists"),
        (json!([{"endpoint": "a", "when": {"header": "X", "range": [1]}}]), "/0/when/range"),
        (json!([{"endpoint": "a", "when": {"header": "X", "range": ["1", "2"]}}]), "/0/when/range"),
        (json!([{"endpoint": "a", "when": {"json": "$[", "equals": "z"}}]), "/0/when/json"),
        (json!([{"endpoint": "a", "when": {"xpath": "//m:a", "equals": "z"}}]), "/0/when/xpath"),
        (json!([{"endpoint": "a", "when": {"client": "10.0.0.0/99"}}]), "/0/when/in"),
        (json!([{"endpoint": "a", "when": {"client": "", "prefix": "10."}}]), "/0/when/prefix"),
        (json!([{"endpoint": "a", "when": {"percentage": 101}}]), "/0/when/percentage"),
        (
            json!([{"endpoint": "a", "when": {"headr": "X", "header": "X", "equals": "z"}}]),
            "/0/when/headr",
        ),
        (json!(vec![json!({"endpoint": "a"}); 1001]), ""),
    ] {
        let mut problems = Vec::new();
        RuleTable::read(&rules, None, true, &mut problems);
        let places: Vec<&str> = problems.iter().map(|it| it.pointer.as_str()).collect();
        assert_eq!(places, [pointer], "{problems:?}");
    }
    let mut problems = Vec::new();
    RuleTable::read(&json!([]), Some("ftp://b"), true, &mut problems);
    assert_eq!(problems.first().map(|it| it.pointer.as_str()), Some("/default"));
}

#[test]
fn limits_are_those_of_expressions() {
    let table = table(
        &json!([{"when": {"header": "X-A", "regex": "(?=a)(a|aa)+$"}, "endpoint": "a"}]),
        None,
    );
    let headers = vec![("X-A", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab")];
    let mut message = Ask { headers, ..Ask::default() }.message();
    let fault =
        table.apply(&mut message, &Gateway::default(), &Limits::default()).expect_err("a fault");
    assert_eq!(fault.code, model::fault::FaultCode::PolicyRegex);
}
