//! Mocks: what an answer of a script and one of the definition cost, beside nginx's `return` and
//! Prism; the memory of those that nobody calls; and what scripts that mean harm do to other APIs.

mod attack;
mod cost;
mod memory;
mod words;

use anyhow::ensure;
use serde_json::{Map, Value};

use super::report::save;
use super::trial::{Notes, Plan};
pub(crate) use words::{BODY, Mock, write};

/// Measures and reports; all parts, or the one whose name contains `only`.
pub(super) fn run(plan: &Plan) -> anyhow::Result<()> {
    let only = plan.only.as_deref().unwrap_or_default().to_ascii_lowercase();
    let is_wanted = |name: &str| name.contains(&only);
    let mut notes = Notes::default();
    let (mut tables, mut results) = (String::new(), Map::new());
    if is_wanted("cost") {
        println!("bench: mocks, cost");
        let (table, samples) = cost::measure(plan, &mut notes)?;
        tables.push_str(&table);
        results.insert("cost".to_owned(), samples);
    }
    if is_wanted("memory") {
        println!("bench: mocks, memory");
        let (table, samples) = memory::measure(plan)?;
        tables.push_str(&table);
        results.insert("memory".to_owned(), samples);
    }
    if is_wanted("attack") {
        println!("bench: mocks, attack");
        let (table, samples) = attack::measure(plan, &mut notes)?;
        tables.push_str(&table);
        results.insert("attack".to_owned(), samples);
    }
    ensure!(!results.is_empty(), "no part is called that: cost, memory, attack");
    save(plan, "mocks", &tables, &Value::from(results), &notes)
}
