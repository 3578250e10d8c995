//! Scripts that are made, run as the gateway runs scripts.

use std::collections::BTreeMap;
use std::sync::Arc;

use mock::{Contract, generate};
use model::yaml;

use script::{Engines, MessageState, PropertyValue, Script, ScriptLimits};

/// The properties and the payload that a script has set.
struct Ran {
    status: String,
    media_type: String,
    changes: String,
}

#[track_caller]
fn run(document: &str, method: &str, path: &str, code: Option<&str>, accept: &str) -> Ran {
    let document = yaml::parse("openapi.yaml", document.as_bytes()).unwrap();
    let (contract, _) = Contract::read(&document, "openapi.yaml");
    let text = generate::script(contract.operation(method, path).unwrap()).text;
    let script = Script::compile(&text, "mock", None);
    let script = script.unwrap_or_else(|error| panic!("{error}\n{text}"));
    let script = Arc::new(script.ignoring_result());
    assert!(script.may_be_kept(), "{text}");
    let mut state = MessageState::default();
    let mut properties = BTreeMap::new();
    properties.insert("AcceptHeader".to_owned(), PropertyValue::Text(accept.to_owned()));
    let code = code
        .map(|code| ("query.param.responseCode".to_owned(), PropertyValue::Text(code.to_owned())));
    properties.extend(code);
    state.properties.entry("default".to_owned()).or_default().extend(properties);
    let before = state.clone();
    let ran = script.run(&mut state, &ScriptLimits::default());
    ran.unwrap_or_else(|error| panic!("{error}\n{text}"));
    // In an engine that is kept it does the same, each time.
    let mut engines = Engines::default();
    for _ in 0..3 {
        let mut again = before.clone();
        engines.run(&script, &mut again, &ScriptLimits::default()).unwrap();
        assert_eq!(again.changes, state.changes, "{text}");
    }
    assert_eq!(engines.kept(), 1, "{text}");
    let property = |name: &str| match state.properties["default"].get(name) {
        Some(PropertyValue::Text(text)) => text.clone(),
        other => panic!("{name}: {other:?}"),
    };
    let (status, media_type) = (property("HTTP_SC"), property("CONTENT_TYPE"));
    Ran { status, media_type, changes: format!("{:?}", state.changes) }
}

#[test]
fn scripts_answer_as_wso2_users_know() {
    let document = include_str!("../golden/openapi3/openapi.yaml");
    let check = |code: Option<&str>, accept: &str, status: &str, media_type: &str, part: &str| {
        let ran = run(document, "GET", "/pets", code, accept);
        assert_eq!(
            (ran.status.as_str(), ran.media_type.as_str()),
            (status, media_type),
            "{code:?} {accept}"
        );
        assert!(ran.changes.contains(part), "{part}: {}", ran.changes);
    };
    check(None, "", "200", "application/json", "Rex");
    check(None, "*/*", "200", "application/json", "Rex");
    check(None, "text/csv", "200", "text/csv", "name");
    check(
        None,
        "application/json;q=0.1, application/xml",
        "200",
        "application/xml",
        "{Rex} &amp; co",
    );
    check(None, "image/png", "200", "application/json", "Rex");
    check(Some("200"), "application/json", "200", "application/json", "Rex");
    check(Some("404"), "application/json", "404", "application/json", "__proto__");
    check(Some("500"), "application/json", "501", "application/json", "Not Implemented");
    check(Some("500"), "application/xml", "501", "application/xml", "Not Implemented");
    check(Some("nonsense"), "", "501", "application/json", "Not Implemented");
    check(Some("constructor"), "", "501", "application/json", "Not Implemented");
}

#[test]
fn every_script_of_the_samples_runs() {
    let (old, new) = (
        include_str!("../golden/openapi2/openapi.yaml"),
        include_str!("../golden/openapi3/openapi.yaml"),
    );
    let check = |document, method, path, code, status: &str| {
        assert_eq!(run(document, method, path, code, "application/xml").status, status);
    };
    check(old, "GET", "/pets/{id}", None, "200");
    check(old, "GET", "/pets/{id}", Some("418"), "418");
    check(old, "DELETE", "/pets/{id}", None, "204");
    check(new, "POST", "/pets", None, "200");
    let text = run(new, "GET", "/name", None, "");
    assert!(text.changes.contains("Rex"), "{}", text.changes);
    let number = run(new, "GET", "/name", Some("500"), "");
    assert_eq!((number.status.as_str(), number.media_type.as_str()), ("500", "application/json"));
    let nothing = run(new, "GET", "/name", None, "text/plain");
    assert!(nothing.changes.contains("NO_ENTITY_BODY"), "{}", nothing.changes);
}
