//! Scripts: what they see, what they change, and where they are stopped.

mod attacks;
mod limits;
pub(crate) mod methods;

use super::*;
use crate::{Change, ErrorKind, PropertyValue};

/// A script that must be sound.
#[track_caller]
fn compiled(text: &str) -> Script {
    match Script::compile(text, "policy a v1, line 3", None) {
        Ok(script) => script,
        Err(error) => panic!("{text}: {error}"),
    }
}

/// A message with something of everything.
pub(crate) fn state() -> MessageState {
    let mut state = MessageState {
        json: Some(r#"{"a": {"b": [1, null, "x"]}, "checkNull": null}"#.to_owned()),
        xml: Some(
            r#"<o:order xmlns:o="urn:o" id="7"><item n="1">x</item><item n="2">y</item></o:order>"#
                .to_owned(),
        ),
        text: Some("plain".to_owned()),
        envelope: Some("<Envelope/>".to_owned()),
        is_get: true,
        ..MessageState::default()
    };
    let mut set = |scope: &str, name: &str, value: PropertyValue| {
        state.properties.entry(scope.to_owned()).or_default().insert(name.to_owned(), value);
    };
    set("default", "uri.var.petId", PropertyValue::Text("1".to_owned()));
    set("default", "flag", PropertyValue::Boolean(true));
    set("default", "count", PropertyValue::Integer(3));
    set("default", "xml", PropertyValue::Xml("<a>t</a>".to_owned()));
    set("default", "json", PropertyValue::Json(r#"{"k":1}"#.to_owned()));
    set("transport", "x-name", PropertyValue::Text("n".to_owned()));
    state.addressing.insert(crate::Addressing::To, "http://a/b".to_owned());
    state
}

/// What a script prints, last; and what it changed.
#[track_caller]
fn run(text: &str) -> (String, Vec<Change>, bool) {
    let mut state = state();
    match compiled(text).run(&mut state, &ScriptLimits::default()) {
        Ok(outcome) => {
            let last = state.lines.last().map(|line| line.text.clone()).unwrap_or_default();
            (last, state.changes, outcome.continues)
        }
        Err(error) => panic!("{text}: {error}"),
    }
}

/// Why a script breaks off.
#[track_caller]
fn failure(text: &str) -> ScriptError {
    match compiled(text).run(&mut state(), &ScriptLimits::default()) {
        Ok(outcome) => panic!("{text}: {outcome:?}"),
        Err(error) => error,
    }
}

#[test]
fn languages_are_the_names_of_one() {
    for name in ["js", "rhinoJs", "nashornJs", "graalJs", "javascript", "JavaScript"] {
        assert!(is_language(name), "{name}");
    }
    for name in ["groovy", "rb", "python", ""] {
        assert!(!is_language(name), "{name}");
    }
}

#[test]
fn mistakes_have_places() {
    for (text, place, part) in [
        ("var a = ;", (1, 9), "SyntaxError"),
        ("var a = 1;\nif (a {\n}", (2, 7), "SyntaxError"),
        ("var a = 'x", (1, 9), "not closed"),
        ("\n  var s = new java.lang.String('a');", (2, 15), "Java"),
        ("importPackage(Packages.java.io);", (1, 1), "Java"),
        ("x\n = a::b;", (2, 5), "::"),
        ("x.item.(@id == 1)", (1, 7), "filter"),
        ("for each (var x in y) {}", (1, 1), "for each"),
        ("var x = <a>{}</a>;", (1, 13), "braces"),
        ("var x = <a><b></a>;\nvar y;", (1, 9), "does not end"),
        ("import fs from 'fs';", (1, 8), "SyntaxError"),
    ] {
        let Err(error) = Script::compile(text, "s", None) else { panic!("{text} is taken") };
        assert_eq!((error.line, error.column), place, "{text}: {error}");
        assert!(error.message.contains(part), "{text}: {error}");
    }
}

#[test]
fn failures_have_places() {
    let error = failure("var a = 1;\n\n  nothing.here();");
    assert_eq!((error.kind, error.line, error.column), (ErrorKind::Thrown, 3, 3), "{error}");
    assert!(error.message.contains("nothing"), "{error}");
    assert!(error.to_string().starts_with("policy a v1, line 3, line 3"), "{error}");
    // Lines stay where they are behind a literal of several.
    let error = failure("var x = <a>\n  <b>{1}</b>\n</a>;\nthrow new Error('no');");
    assert_eq!((error.line, error.message.as_str()), (4, "Error: no"), "{error}");
    assert_eq!(failure("throw 'text'").message, "text");
    assert_eq!(failure("throw {a: 1}").kind, ErrorKind::Thrown);
    assert!(failure("throw null").message.contains("`null` was thrown"));
}

#[test]
fn the_value_of_a_script_says_whether_the_flow_goes_on() {
    for (text, continues) in [
        ("false", false),
        ("true", true),
        ("1; 0", true),
        ("", true),
        ("null", true),
        ("'false'", true),
    ] {
        assert_eq!(run(text).2, continues, "{text}");
    }
    let script = Script::compile(
        "function mediate(mc) { mc.setTo('x'); return false; }",
        "s",
        Some("mediate"),
    );
    let mut state = state();
    let outcome = script.expect("sound").run(&mut state, &ScriptLimits::default());
    assert_eq!(outcome, Ok(Outcome { continues: false }));
    assert_eq!(state.changes.len(), 1);
    let script = Script::compile("var a;", "s", Some("mediate")).expect("sound");
    assert!(script.run(&mut MessageState::default(), &ScriptLimits::default()).is_err());
}

#[test]
fn what_is_needed_is_told() {
    let needs = |text: &str| compiled(text).needs();
    assert_eq!(needs("mc.setProperty('a', 'b')"), Needs::default());
    assert!(needs("var x = mc.getPayloadJSON()").json);
    assert!(needs("mc['getPayloadXML']()").xml);
    assert!(needs("mc.getPropertyKeySet()").all_names);
    assert!(!needs("mc.getProperty('a') + mc.getProperty( \"b\" )").all_names);
    for computed in
        ["mc.getProperty(a)", "mc.getProperty('a' + b)", "mc.getProperty(`a${b}`)", "mc[a]()"]
    {
        assert!(needs(computed).all_names, "{computed}");
    }
    let script = compiled("mc.getProperty('a'); /* 'no' */ mc.getProperty(\"b\", 'transport')");
    assert_eq!(script.names().collect::<Vec<_>>(), ["a", "b", "transport"]);
    assert_eq!(script.scopes().collect::<Vec<_>>(), ["transport"]);
    assert!(!needs("mc.setPayloadJSON({})").body());
}

#[test]
fn scripts_begin_clean() {
    let script = compiled(
        "print(typeof left, typeof Array.prototype.mine, JSON.stringify({a: 1}), typeof mc.mine);\
         left = 1; Array.prototype.mine = 1; JSON.stringify = function () { return 'x'; }; mc.mine = 1;",
    );
    for _ in 0..3 {
        let mut state = state();
        script.run(&mut state, &ScriptLimits::default()).expect("it runs");
        let printed: Vec<_> = state.lines.into_iter().map(|line| line.text).collect();
        assert_eq!(printed, [r#"undefined undefined {"a":1} undefined"#]);
    }
}

#[test]
fn nothing_leads_outside() {
    let names = "require process fetch XMLHttpRequest setTimeout setInterval console std os Deno \
                 load read readFile Worker WebAssembly performance Java java Packages scriptArgs";
    for name in names.split_whitespace() {
        assert_eq!(run(&format!("print(typeof {name} )")).0, "undefined", "{name}");
    }
    assert_eq!(failure("require('fs')").kind, ErrorKind::Thrown);
    // A module that cannot be loaded is a promise that nobody keeps.
    run("import('fs').then(function () { throw 1; }, function () { return 0; });");
    let text = "try { Atomics.wait(new Int32Array(new SharedArrayBuffer(8)), 0, 0); print('waits') } catch (e) { print('no') }";
    assert_eq!(run(text).0, "no");
}
