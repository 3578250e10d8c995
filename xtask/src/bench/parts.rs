//! A benchmark of several parts, of which `--only` may choose.

use anyhow::ensure;
use serde_json::{Map, Value};

use super::report::save;
use super::trial::{Notes, Plan};

/// One part: the tables that it prints, and its samples.
pub(super) type Part<'a> = &'a dyn Fn(&Plan, &mut Notes) -> anyhow::Result<(String, Value)>;

/// Measures and reports all parts, or those whose name contains what `--only` says.
pub(super) fn run(plan: &Plan, name: &str, parts: &[(&str, Part<'_>)]) -> anyhow::Result<()> {
    let only = plan.only.as_deref().unwrap_or_default().to_ascii_lowercase();
    let mut notes = Notes::default();
    let (mut tables, mut results) = (String::new(), Map::new());
    for (part, measure) in parts.iter().filter(|(part, _)| part.contains(&only)) {
        println!("bench: {name}, {part}");
        let (table, samples) = measure(plan, &mut notes)?;
        tables.push_str(&table);
        results.insert((*part).to_owned(), samples);
    }
    let known: Vec<&str> = parts.iter().map(|(part, _)| *part).collect();
    ensure!(!results.is_empty(), "no part is called that: {}", known.join(", "));
    save(plan, name, &tables, &Value::from(results), &notes)
}
