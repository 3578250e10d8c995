//! Whose a script is.

#![allow(clippy::unwrap_used, reason = "a failed test may panic")]

use serde_json::json;

use super::*;

fn document() -> Value {
    let answer = json!({"description": "", "content": {"application/json": {"example": 1}}});
    json!({"openapi": "3.0.0", "info": {"title": "a", "version": "1"},
        "paths": {"/a": {"get": {"responses": {"200": answer}}}}})
}

#[track_caller]
fn check(document: &mut Value, replaces: bool, expected: Kind) {
    let outcomes = update(document, "openapi.yaml", replaces);
    assert_eq!(outcomes.iter().map(|one| one.kind).collect::<Vec<_>>(), [expected]);
}

fn text(document: &mut Value) -> &mut Value {
    &mut document["paths"]["/a"]["get"][KEY]
}

#[test]
fn edited_scripts_are_left_alone() {
    let mut document = document();
    check(&mut document, false, Kind::Written);
    check(&mut document, false, Kind::Unchanged);
    document["paths"]["/a"]["get"]["responses"]["404"] = json!({"description": ""});
    check(&mut document, false, Kind::Renewed);
    let edited =
        format!("{}mc.setProperty('HTTP_SC', 201);\n", text(&mut document).as_str().unwrap());
    *text(&mut document) = json!(edited);
    check(&mut document, false, Kind::Kept);
    assert_eq!(text(&mut document), &json!(edited));
    check(&mut document, true, Kind::Replaced);
    check(&mut document, false, Kind::Unchanged);
}

#[test]
fn scripts_of_others_are_left_alone() {
    let mut document = document();
    *text(&mut document) = json!("var responseCode = mc.getProperty('query.param.responseCode');");
    check(&mut document, false, Kind::Kept);
    *text(&mut document) = json!(" \n");
    check(&mut document, false, Kind::Written);
}

#[test]
fn blanks_and_line_ends_are_no_edit() {
    let mut document = document();
    check(&mut document, false, Kind::Written);
    let script = text(&mut document).as_str().unwrap().replace('\n', " \r\n");
    assert!(is_unedited(script.trim_end()), "{script}");
    assert!(!is_unedited(&script.replace("usualCode", "usual")));
    assert!(!is_unedited("no mark"));
}

#[test]
fn what_is_wrong_in_the_document_is_told() {
    let mut document = document();
    document["paths"]["/a"]["get"]["responses"]["200"]["content"]["application/json"] =
        json!({"example": 1, "schema": {"type": "string", "required": true}});
    let notes = update(&mut document, "openapi.yaml", false).remove(0).notes.join("\n");
    assert!(notes.contains("not as its schema") && notes.contains("/required"), "{notes}");
}
