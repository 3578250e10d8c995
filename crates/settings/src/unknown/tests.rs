#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use model::diagnostic::Severity;

use crate::{Settings, Variables};

fn read(text: &str) -> Settings {
    let (settings, diagnostics) = Settings::read(text, "f.toml", &Variables::default());
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    settings
}

#[test]
fn a_mistyped_key_is_named_with_the_nearest_known_one() {
    let settings = read("[apim.cors]\nalow_origins = '*'\n[apim]\ngateway_type = 'Regular'");
    let _origins = settings.section("apim.cors").texts("allow_origins");
    let unknown = settings.unknown();
    let warning = unknown.iter().find(|found| found.severity == Severity::Warning).unwrap();
    assert_eq!(warning.message, "apim.cors.alow_origins is not a known key.");
    assert_eq!(warning.help, "Did you mean apim.cors.allow_origins?");
    assert_eq!(warning.place.to_string(), "f.toml:2");
}

#[test]
fn a_section_that_nobody_knows_is_named_once() {
    let settings = read("[wier.gateway]\nworkers = 2\ndrain = '1s'");
    let _workers = settings.section("weir.gateway").integer("workers");
    let unknown = settings.unknown();
    assert_eq!(unknown.len(), 1);
    assert_eq!(unknown.iter().next().unwrap().message, "wier is not a known key.");
    assert_eq!(unknown.iter().next().unwrap().help, "Did you mean weir.gateway.workers?");
}

#[test]
fn sections_of_wso2_are_listed_in_one_note() {
    let settings = read("[database.x]\ntype = 'h2'\n[user_store]\ntype = 'd'\n[apim.ai]\nkey = ''");
    let unknown = settings.unknown();
    assert_eq!(unknown.len(), 1);
    let note = unknown.iter().next().unwrap();
    assert_eq!(note.severity, Severity::Note);
    assert!(note.message.contains("apim.ai, database, user_store"), "{}", note.message);
}

#[test]
fn the_same_key_in_several_elements_is_named_once() {
    let settings = read("[[weir.x]]\nodd = 1\n[[weir.x]]\nodd = 2");
    for element in settings.section("weir").tables("x") {
        let _even = element.integer("even");
    }
    assert_eq!(settings.unknown().len(), 1);
}

#[test]
fn a_file_of_something_else_does_not_flood() {
    let text: String = (0..500).map(|number| format!("[s{number}]\nk = 1\n")).collect();
    assert_eq!(read(&text).unknown().len(), super::MAX_NAMED);
}
