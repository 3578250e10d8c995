#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeMap;

use proptest::prelude::*;

use crate::{MAX_SUBSTITUTED_BYTES, MAX_VALUE_BYTES, Settings, Value, Variables};
use model::diagnostic::{Diagnostics, Spot};

fn variables() -> Variables {
    let environment = BTreeMap::from([("NAME", "from env"), ("TRAP", "$ref{a}")]);
    Variables::default()
        .with_environment(move |name| environment.get(name).map(|value| (*value).to_owned()))
        .with_property("carbon.home", "/opt/weir")
        .with_local_ip("10.0.0.7")
}

/// Reads a text and asks for every key of it.
fn read(text: &str) -> (Settings, Diagnostics) {
    let (settings, mut diagnostics) = Settings::read(text, "deployment.toml", &variables());
    let keys: Vec<_> = settings.values().map(|(key, _)| key.to_owned()).collect();
    for key in keys {
        let (text, list) = (settings.section("").text(&key), settings.section("").texts(&key));
        let wrong = settings.take_diagnostics();
        assert!(text.is_some() || list.is_some(), "{key}: {wrong:?}");
        let told = wrong.into_iter().filter(|found| found.code != "CF007");
        for found in told {
            diagnostics.error(found.code, found.place, found.message, found.help);
        }
    }
    (settings, diagnostics)
}

/// What the key `a` holds after substitution of `text`.
fn a(text: &str) -> String {
    let (settings, diagnostics) = read(text);
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    settings.section("").text("a").unwrap()
}

fn codes(diagnostics: &Diagnostics) -> Vec<&'static str> {
    diagnostics.iter().map(|diagnostic| diagnostic.code).collect()
}

#[test]
fn each_kind_of_placeholder_is_replaced() {
    let cases = [
        ("a = '$env{NAME}'", "from env"),
        ("a = 'x$env{NAME}y$env{NAME}'", "xfrom envyfrom env"),
        ("a = '$sys{carbon.home}/conf'", "/opt/weir/conf"),
        ("a = '${carbon.local.ip}'", "10.0.0.7"),
        ("a = '${http.nio.port} ${https.nio.port}'", "8280 8243"),
        ("a = '${mgt.transport.http.port} ${mgt.transport.https.port}'", "9763 9443"),
        ("a = '${http.nio.port}'\nserver.offset = 3", "8283"),
        ("a = '${https.nio.port}'\n[server]\noffset = '10'", "8253"),
        (
            "a = '${http.nio.port}'\n[transport.passthru_http.listener.parameters]\nport = 7003",
            "7003",
        ),
        (
            "a = '${http.nio.port}'\n[transport.http]\nlistener.port = 7004\n[server]\noffset = 1",
            "7005",
        ),
        ("a = '${mgt.transport.https.port}'\n[transport.https]\nproperties.port = 9000", "9000"),
        ("a = '${admin.username}:${admin.password}'", "admin:admin"),
        ("a = '${admin.username}'\n[super_admin]\nusername = 'root'", "root"),
        (
            "a = '${carbon.protocol}://${carbon.host}:${carbon.management.port}'",
            "https://localhost:9443",
        ),
        ("a = '$ref{b.c}'\n[b]\nc = 'deep $ref{b.d}'\nd = 7", "deep 7"),
        ("a = '$ref{b.c.d}'\n[b]\n'c.d' = true", "true"),
        ("a = '$env{TRAP}'", "$ref{a}"),
        ("a = '^[a-z]*$'", "^[a-z]*$"),
        ("a = '$ $$ $x ${ $ref{ {} ${}'", "$ $$ $x ${ $ref{ {} ${}"),
    ];
    for (text, expected) in cases {
        assert_eq!(a(text), expected, "{text}");
    }
}

#[test]
fn a_variable_decided_outside_wins_over_the_file() {
    let fixed = Variables::default().with_fixed("http.nio.port", "1234");
    let (settings, _) = Settings::read("a = '${http.nio.port}'\nserver.offset = 1", "f", &fixed);
    assert_eq!(settings.section("").text("a").unwrap(), "1234");
}

#[test]
fn texts_in_lists_are_substituted() {
    let (settings, diagnostics) = read("a = ['$env{NAME}', 'plain']");
    assert!(diagnostics.is_empty());
    assert_eq!(settings.section("").texts("a").unwrap(), ["from env", "plain"]);
}

#[test]
fn what_stays_unresolved_keeps_its_text_and_names_its_line() {
    let cases = [
        ("weir = 1\na = '$env{GONE}'", "CF003", "$env{GONE}"),
        ("weir = 1\na = '$sys{gone}'", "CF003", "$sys{gone}"),
        ("weir = 1\na = '${gone}'", "CF003", "${gone}"),
        ("weir = 1\na = '$ref{gone}'", "CF003", "$ref{gone}"),
        ("weir = [1]\na = '$ref{weir}'", "CF003", "$ref{weir}"),
        ("weir = 1\na = '$secret{alias}'", "CF006", "$secret{alias}"),
        ("weir = 1\na = '$ref{a}'", "CF004", "$ref{a}"),
    ];
    for (text, code, kept) in cases {
        let (settings, diagnostics) = read(text);
        assert_eq!(codes(&diagnostics), [code], "{text}");
        let place = &diagnostics.iter().next().unwrap().place;
        assert_eq!(place.spot, Spot::Line { line: 2, column: 0 }, "{text}");
        assert_eq!(settings.section("").text("a").unwrap(), kept, "{text}");
    }
}

#[test]
fn a_cycle_is_reported_once_and_ends() {
    let (_, diagnostics) = read("a = '$ref{b}'\nb = '$ref{c}'\nc = '$ref{a}'");
    assert_eq!(codes(&diagnostics), ["CF004"]);
    let message = diagnostics.iter().next().unwrap().message.clone();
    assert!(message.contains("a → b → c → a"), "{message}");
}

#[test]
fn a_long_chain_of_references_is_cut() {
    use std::fmt::Write as _;
    let mut text = String::new();
    for number in 0..100 {
        writeln!(text, "k{number} = '$ref{{k{}}}'", number + 1).unwrap();
    }
    text.push_str("k100 = 'end'");
    let (_, diagnostics) = read(&text);
    assert!(codes(&diagnostics).iter().all(|code| *code == "CF004"), "{diagnostics:?}");
    assert!(!diagnostics.is_empty());
}

#[test]
fn secrets_from_a_store_are_inserted() {
    let store = Variables::default().with_secrets(|alias| Some(format!("opened {alias}")));
    let (settings, diagnostics) = Settings::read("a = '$secret{db}'", "f", &store);
    assert!(diagnostics.is_empty());
    let section = settings.section("");
    assert_eq!(section.text("a").unwrap(), "opened db");
    section.effective("a", "opened db");
    assert_eq!(settings.effective().first().unwrap().value, "***");
}

#[test]
fn a_secret_stays_masked_when_referred_to() {
    let (settings, _) = read("[x]\npassword = 'p4ss'\n[weir]\nurl = '$ref{x.password}'");
    settings.section("weir").effective("url", "p4ss");
    assert_eq!(settings.effective().first().unwrap().value, "***");
}

#[test]
fn nothing_is_said_about_a_key_until_it_is_read() {
    let text = "[database.apim_db]\npassword = '$secret{apim_db}'\n[weir]\na = '$ref{database.apim_db.password}'";
    let (settings, diagnostics) = Settings::read(text, "f", &Variables::default());
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    assert!(settings.section("weir").has("a"));
    assert!(settings.take_diagnostics().is_empty());
    for _ in 0..2 {
        assert_eq!(settings.section("weir").text("a").as_deref(), Some("$secret{apim_db}"));
    }
    let found = settings.take_diagnostics();
    assert_eq!(codes(&found), ["CF006"]);
    assert_eq!(found.iter().next().unwrap().place.to_string(), "f:2");
}

#[test]
fn a_bomb_of_references_stays_small() {
    use std::fmt::Write as _;
    let mut text = format!("k0 = '{}'\n", "x".repeat(1000));
    for number in 1..40 {
        let before = number - 1;
        writeln!(text, "k{number} = '{}'", format!("$ref{{k{before}}}").repeat(10)).unwrap();
    }
    let (settings, diagnostics) = read(&text);
    assert!(codes(&diagnostics).contains(&"CF005"));
    assert!(size(&settings) <= text.len() + MAX_SUBSTITUTED_BYTES);
}

fn size(settings: &Settings) -> usize {
    settings.values().map(|(_, value)| length(value)).sum()
}

fn length(value: &Value) -> usize {
    match value {
        Value::Text(text) => text.len(),
        Value::List(values) => values.iter().map(length).sum(),
        _ => 0,
    }
}

/// Pieces that make placeholders, halves of them and plain text.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z ${}]{0,6}",
        Just("$ref{".to_owned()),
        Just("${".to_owned()),
        Just("}".to_owned()),
        (0..8_u8).prop_map(|number| format!("$ref{{k{number}}}")),
        Just("$env{NAME}".to_owned()),
        Just("$env{TRAP}".to_owned()),
        Just("${http.nio.port}".to_owned()),
        Just("${admin.password}".to_owned()),
        Just("é".to_owned()),
    ]
}

fn value() -> impl Strategy<Value = String> {
    prop::collection::vec(piece(), 0..8).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn substitution_ends_within_its_bounds(values in prop::collection::vec(value(), 1..8)) {
        let text: String =
            values.iter().enumerate().map(|(at, value)| format!("k{at} = '{value}'\n")).collect();
        let (settings, _) = read(&text);
        for (_, value) in settings.values() {
            prop_assert!(length(value) <= MAX_VALUE_BYTES + text.len());
        }
    }

    #[test]
    fn text_without_dollar_is_unchanged(value in "[^$'\\p{C}]{0,80}") {
        let (settings, diagnostics) = read(&format!("a = '{value}'"));
        prop_assert!(diagnostics.is_empty());
        prop_assert_eq!(settings.section("").text("a"), Some(value));
    }

    #[test]
    fn any_text_is_read_without_panic(text in any::<String>()) {
        let (settings, _) = read(&text);
        let _unknown = settings.unknown();
    }
}
