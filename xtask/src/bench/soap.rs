//! SOAP: how long a large WSDL takes to import, and what turning REST into SOAP costs by the
//! request, beside SOAP that goes through and beside the same work in Python by zeep.
//!
//! All three APIs ask the same service, which answers 10 KiB of SOAP; the request is as large.
//! What zeep costs is the time of its own two steps, made in one process without any network.

mod import;
mod turn;

use anyhow::ensure;
use serde_json::{Map, Value};

use super::report::save;
use super::trial::{Notes, Plan};

/// Measures and reports; both parts, or the one whose name contains `only`.
pub(super) fn run(plan: &Plan) -> anyhow::Result<()> {
    let only = plan.only.as_deref().unwrap_or_default().to_ascii_lowercase();
    let is_wanted = |name: &str| name.contains(&only);
    let (mut tables, mut results) = (String::new(), Map::new());
    if is_wanted("import") {
        println!("bench: soap, import");
        let (table, samples) = import::measure(plan)?;
        tables.push_str(&table);
        results.insert("import".to_owned(), samples);
    }
    if is_wanted("turn") {
        println!("bench: soap, turn");
        let (table, samples) = turn::measure(plan)?;
        tables.push_str(&table);
        results.insert("turn".to_owned(), samples);
    }
    ensure!(!results.is_empty(), "no part is called that: import, turn");
    save(plan, "soap", &tables, &Value::from(results), &Notes::default())
}
