//! Any text is read as a configuration file: no panic, bounded output, every getter in any order.

#![no_main]

use libfuzzer_sys::fuzz_target;
use settings::{
    MAX_FILE_BYTES, MAX_SUBSTITUTED_BYTES, Section, Settings, Unit, Value, Variables,
    mask_credentials,
};

fuzz_target!(|text: &str| {
    if text.len() > MAX_FILE_BYTES {
        return;
    }
    let variables = Variables::default()
        .with_environment(|name| (name.len() < 8).then(|| "$ref{a} ${http.nio.port}".repeat(4)))
        .with_secrets(|alias| (alias.len() < 8).then(|| "s3cret".to_owned()))
        .with_property("a", "$sys{a}");
    let (settings, _) = Settings::read(text, "deployment.toml", &variables);
    // Every value is a part of the text or was inserted by substitution.
    let total: usize = settings.values().map(|(_, value)| length(value)).sum();
    assert!(total <= 8 * text.len() + MAX_SUBSTITUTED_BYTES);
    let keys: Vec<String> = settings.values().map(|(key, _)| key.to_owned()).collect();
    for key in keys.iter().take(64) {
        ask(&settings.section(""), key);
    }
    let _unknown = settings.unknown();
    let _effective = settings.effective();
    let _found = settings.take_diagnostics();
    let _masked = mask_credentials(text);
});

fn ask(root: &Section<'_>, key: &str) {
    let _flag = root.bool(key);
    let _integer = root.integer(key);
    let _number = root.number(key);
    let _duration = root.duration(key, Unit::Milliseconds);
    let _text = root.text(key);
    let _texts = root.texts(key);
    let parent = key.rsplit_once(['.', '[']).map_or(key, |(parent, _)| parent);
    let _tables = root.tables(parent);
    let _place = root.place(key);
    root.effective(key, key);
}

fn length(value: &Value) -> usize {
    match value {
        Value::Text(text) | Value::Date(text) => text.len(),
        Value::List(values) => values.iter().map(length).sum(),
        Value::Integer(_) | Value::Float(_) | Value::Bool(_) => 0,
    }
}
