//! Any text is filled in as the template of a policy, with any parameters: no panic, nothing longer
//! than the limit, and the same each time.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mediation::parse::is_well_formed;
use policy::template::{TemplateLimits, render, render_policy};
use serde_json::{Map, Value};

fuzz_target!(|input: (&str, &str, &str)| {
    let (template, text, json) = input;
    let mut parameters = Map::new();
    parameters.insert("value".to_owned(), Value::from(text));
    parameters.insert("flag".to_owned(), Value::from(text.len() % 2 == 0));
    if json.len() < 4096
        && let Ok(value) = serde_json::from_str(json)
    {
        parameters.insert("json".to_owned(), value);
    }
    let limits = TemplateLimits::default();
    let made = render(template, &parameters, &limits);
    if let Ok(made) = &made {
        assert!(made.len() <= limits.output_bytes);
    }
    let policy = render_policy(template, &parameters, &is_well_formed);
    assert_eq!(made.is_ok(), policy.is_ok());
});
