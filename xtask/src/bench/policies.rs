//! Policies: what they cost by the request, beside what the peers have for it, and what they cost to
//! deploy.

mod cost;
mod deployment;
mod words;

use anyhow::ensure;
use serde_json::{Map, Value};

use super::report::save;
use super::trial::{Notes, Plan};
pub(crate) use words::{
    Policy, envoy_routes, haproxy_choice, haproxy_target, nginx_map, nginx_route, write,
};

/// Measures and reports; both parts, or the one whose name contains `only`.
pub(super) fn run(plan: &Plan) -> anyhow::Result<()> {
    let only = plan.only.as_deref().unwrap_or_default().to_ascii_lowercase();
    let is_wanted = |name: &str| name.contains(&only);
    let mut notes = Notes::default();
    let (mut tables, mut results) = (String::new(), Map::new());
    if is_wanted("cost") {
        println!("bench: policies, cost");
        let (table, samples) = cost::measure(plan, &mut notes)?;
        tables.push_str(&table);
        results.insert("cost".to_owned(), samples);
    }
    if is_wanted("deployment") {
        println!("bench: policies, deployment");
        let (table, samples) = deployment::measure(plan)?;
        tables.push_str(&table);
        results.insert("deployment".to_owned(), samples);
    }
    ensure!(!results.is_empty(), "no part is called that: cost, deployment");
    save(plan, "policies", &tables, &Value::from(results), &notes)
}
