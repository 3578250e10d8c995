//! Groups of endpoints: what they cost, how evenly they share, and what is lost when a member dies.

mod chance;
mod cost;
mod losses;
mod spread;

use anyhow::ensure;
use serde_json::{Map, Value};

use super::report::save;
use super::trial::{Notes, Plan};
pub(super) use cost::compared;
use losses::Trouble;

/// What of it is measured.
#[derive(Debug, Clone, Copy)]
enum Part {
    Cost,
    Spread,
    Losses(Trouble),
}

const PARTS: [(&str, Part); 4] = [
    ("cost", Part::Cost),
    ("spread", Part::Spread),
    ("killed", Part::Losses(Trouble::Killed)),
    ("flapping", Part::Losses(Trouble::Flapping)),
];

/// Measures and reports; all parts, or those whose name contains `only`.
pub(crate) fn run(plan: &Plan) -> anyhow::Result<()> {
    let only = plan.only.as_deref().unwrap_or_default().to_ascii_lowercase();
    let parts = PARTS.iter().filter(|(name, _)| name.contains(&only));
    let mut notes = Notes::default();
    let (mut tables, mut results) = (String::new(), Map::new());
    for (name, part) in parts {
        println!("bench: groups, {name}");
        let (table, samples) = match *part {
            Part::Cost => cost::measure(plan, &mut notes),
            Part::Spread => spread::measure(plan, &mut notes),
            Part::Losses(trouble) => losses::measure(plan, trouble, &mut notes),
        }?;
        tables.push_str(&table);
        results.insert((*name).to_owned(), samples);
    }
    ensure!(!results.is_empty(), "no part is called that: cost, spread, killed, flapping");
    save(plan, "groups", &tables, &Value::from(results), &notes)
}
