#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![allow(clippy::print_stderr, reason = "a skipped test says so")]

use std::time::Duration;

use model::diagnostic::{Diagnostics, Severity};
use proptest::prelude::*;

use super::*;

fn read(text: &str) -> Settings {
    let (settings, diagnostics) = Settings::read(text, "f.toml", &Variables::default());
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    settings
}

fn lines(diagnostics: &Diagnostics) -> Vec<String> {
    diagnostics.iter().map(|found| format!("{} {}", found.code, found.place)).collect()
}

#[test]
fn quoted_dotted_and_nested_keys_are_the_same() {
    let same = [
        "[passthru_http]\n\"http.socket.timeout\" = 5",
        "[passthru_http]\nhttp.socket.timeout = 5",
        "[passthru_http.http.socket]\ntimeout = 5",
        "passthru_http.http = { socket.timeout = 5 }",
        "passthru_http.'http.socket.timeout' = '5'",
    ];
    for text in same {
        let settings = read(text);
        let section = settings.section("passthru_http");
        assert_eq!(section.integer("http.socket.timeout"), Some(5), "{text}");
        assert!(settings.unknown().is_empty(), "{text}");
    }
}

#[test]
fn a_syntax_error_has_line_and_column_and_gives_nothing() {
    let (settings, diagnostics) =
        Settings::read("a = 1\nb = = 2\n[c\n", "f.toml", &Variables::default());
    assert!(diagnostics.has_errors());
    assert_eq!(lines(&diagnostics).first().unwrap(), "CF001 f.toml:2:5");
    assert_eq!(settings.values().count(), 0);
}

#[test]
fn a_key_given_twice_in_two_ways_is_a_warning_and_the_later_wins() {
    let text = "[a]\n\"b.c\" = 1\n[a.b]\nc = 2";
    let (settings, diagnostics) = Settings::read(text, "f.toml", &Variables::default());
    assert_eq!(lines(&diagnostics), ["CF002 f.toml:4"]);
    assert_eq!(settings.section("a").integer("b.c"), Some(2));
}

#[test]
fn getters_are_lenient_about_types() {
    let settings =
        read("i = '12'\nb = 'TRUE'\nn = 2\nf = '1.5'\nt = 8\nl = 'a, b,,c'\nm = ['x', 1]");
    let root = settings.section("");
    assert_eq!(root.integer("i"), Some(12));
    assert_eq!(root.bool("b"), Some(true));
    assert_eq!(root.number("n"), Some(2.0));
    assert_eq!(root.number("f"), Some(1.5));
    assert_eq!(root.text("t").as_deref(), Some("8"));
    assert_eq!(root.texts("l").unwrap(), ["a", "b", "c"]);
    assert_eq!(root.texts("m").unwrap(), ["x", "1"]);
    assert!(settings.take_diagnostics().is_empty());
}

#[test]
fn a_wrong_type_is_an_error_at_its_line_and_counts_as_not_set() {
    let settings = read("i = 'x'\nb = 1\nn = 'nan'\nd = '1 fortnight'\nt = [1]\npassword = [1]");
    let root = settings.section("");
    assert_eq!(root.integer("i"), None);
    assert_eq!(root.bool("b"), None);
    assert_eq!(root.number("n"), None);
    assert_eq!(root.duration("d", Unit::Seconds), None);
    assert_eq!(root.text("t"), None);
    let found = settings.take_diagnostics();
    assert_eq!(lines(&found), [1, 2, 3, 4, 5].map(|line| format!("CF007 f.toml:{line}")));
    assert!(settings.take_diagnostics().is_empty());
}

#[test]
fn a_secret_is_not_repeated_in_a_message() {
    let settings = read("password = 'hunter2'");
    assert_eq!(settings.section("").integer("password"), None);
    let message = settings.take_diagnostics().iter().next().unwrap().message.clone();
    assert!(!message.contains("hunter2"), "{message}");
}

#[test]
fn durations_have_units() {
    let cases = [
        ("900s", Some(900_000)),
        ("15m", Some(900_000)),
        ("2 h", Some(7_200_000)),
        ("1d", Some(86_400_000)),
        ("250ms", Some(250)),
        ("7", Some(7000)),
        ("-1s", None),
        ("s", None),
        ("", None),
        ("99999999999999999999s", None),
        ("18446744073709551615d", None),
        ("1.5s", None),
    ];
    for (text, expected) in cases {
        let expected = expected.map(Duration::from_millis);
        assert_eq!(parse_duration(text, Unit::Seconds), expected, "{text}");
    }
    assert_eq!(parse_duration("7", Unit::Milliseconds), Some(Duration::from_millis(7)));
}

#[test]
fn table_arrays_are_sections_of_their_own() {
    let settings = read("[[a.b]]\nn = 1\n[[a.b.c]]\nm = 2\n[[a.b.c]]\nm = 3\n[[a.b]]\n");
    let elements = settings.section("a").tables("b");
    assert_eq!(elements.len(), 2);
    let inner: Vec<_> =
        elements.first().unwrap().tables("c").iter().map(|table| table.integer("m")).collect();
    assert_eq!(inner, [Some(2), Some(3)]);
    let second = elements.get(1).unwrap();
    assert!(!second.has("n"));
    assert_eq!(second.place("n").to_string(), "f.toml:7");
}

#[test]
fn a_plain_table_counts_as_a_list_of_one() {
    let settings = read("[a.b]\nn = 1");
    let elements = settings.section("a").tables("b");
    assert_eq!(elements.first().unwrap().integer("n"), Some(1));
    assert_eq!(lines(&settings.take_diagnostics()), ["CF012 f.toml:2"]);
}

#[test]
fn values_know_their_origin() {
    let settings = read("\n[a]\nb = 1\npassword = 'x'");
    let section = settings.section("a");
    section.effective("b", "1");
    section.effective("c", "2");
    section.effective("password", "x");
    section.effective("url", "https://me:secret@host/?a=b");
    section.effective_from("d", "3", Origin::Flag("--d".to_owned()));
    section.effective_from("e", "4", Origin::Environment("WEIR_E".to_owned()));
    let shown: Vec<_> = settings
        .effective()
        .iter()
        .map(|line| format!("{} = {} — {}", line.key, line.value, line.origin))
        .collect();
    assert_eq!(
        shown,
        [
            "a.b = 1 — f.toml:3",
            "a.c = 2 — default",
            "a.d = 3 — flag --d",
            "a.e = 4 — environment WEIR_E",
            "a.password = *** — f.toml:4",
            "a.url = https://me:***@host/?a=b — default",
        ]
    );
}

#[test]
fn the_first_name_that_is_set_is_taken() {
    let settings = read("two = 2\nthree = 3");
    let root = settings.section("");
    assert_eq!(root.either(&["one", "two", "three"]), "two");
    assert_eq!(root.either(&["four", "five"]), "four");
    assert!(settings.unknown().is_empty());
}

#[test]
fn secrets_are_told_by_their_keys() {
    for key in
        ["a.password", "keystore.tls.key_password", "x.client_secret", "apim.ai.key", "a[1].token"]
    {
        assert!(is_secret_key(key), "{key}");
    }
    for key in [
        "weir.tls.key",
        "weir.tls.certificate[0].key",
        "apim.jwt.issuer[].consumer_key_claim",
        "apim.gateway.environment[].show_as_token_endpoint_url",
        "keystore.tls.alias",
    ] {
        assert!(!is_secret_key(key), "{key}");
    }
}

#[test]
fn outsized_input_is_refused_or_cut() {
    let (_, diagnostics) =
        Settings::read(&"#".repeat(MAX_FILE_BYTES + 1), "f.toml", &Variables::default());
    assert_eq!(lines(&diagnostics), ["CF011 f.toml"]);
    let (settings, diagnostics) =
        Settings::read(&format!("{} = 1", "k".repeat(2000)), "f.toml", &Variables::default());
    assert_eq!(lines(&diagnostics), ["CF013 f.toml:1"]);
    assert_eq!(settings.values().count(), 0);
}

#[test]
fn deep_nesting_is_an_error_and_not_the_end() {
    for text in [
        format!("{}a = 1", "a.".repeat(100_000)),
        format!("a = {}", "[".repeat(100_000)),
        format!("[{}a]\nb = 1", "a.".repeat(100_000)),
        format!("a = {}", "{a=".repeat(100_000)),
    ] {
        let (_, diagnostics) = Settings::read(&text, "f.toml", &Variables::default());
        assert!(!diagnostics.is_empty());
    }
}

/// The folder of shared fixtures, where there is one.
fn shared(path: &str) -> Option<String> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared").to_owned();
    let root = std::env::var("WEIR_SHARED").unwrap_or(beside);
    std::fs::read_to_string(format!("{root}/{path}")).ok()
}

#[test]
fn the_file_that_wso2_ships_is_read_completely() {
    let Some(text) = shared("fixtures/wso2/deployment/deployment.toml") else {
        eprintln!("skipped: the shared fixtures are not here");
        return;
    };
    let settings = read(&text);
    let environments = settings.section("apim.gateway").tables("environment");
    assert_eq!(environments.len(), 1);
    let first = environments.first().unwrap();
    assert_eq!(first.text("https_endpoint").as_deref(), Some("https://localhost:8243"));
    assert_eq!(first.text("password").as_deref(), Some("admin"));
    assert_eq!(
        settings.section("server").text("base_path").as_deref(),
        Some("https://localhost:9443")
    );
    let errors = settings.take_diagnostics();
    assert!(errors.iter().all(|found| found.severity != Severity::Error), "{errors:?}");
}

proptest! {
    #[test]
    fn durations_survive_a_round_trip(milliseconds in 0_u64..=1_000_000_000_000) {
        let duration = Duration::from_millis(milliseconds);
        prop_assert_eq!(parse_duration(&duration_text(duration), Unit::Seconds), Some(duration));
    }

    #[test]
    fn masking_leaves_nothing_of_a_password(host in "[a-z:@/?]{0,20}", text in any::<String>()) {
        let _shown = mask_credentials(&text);
        let shown = mask_credentials(&format!("http://user:topsecret@{host} {text}"));
        prop_assert!(!shown.contains("topsecret"));
    }
}
