//! `x-weir.rules` and `x-weir.default`: where requests go, without policies.

use std::sync::Arc;

use mediation::RuleTable;
use model::{Diagnostics, Place, codes};

use super::super::Source;
use super::super::url::deeper;

/// The keys below `x-weir` that concern rules.
pub(in crate::compile) const KEYS: &[&str] = &["rules", "default", "keepPath", "endpoints"];

pub(super) fn of_extension(source: &Source<'_>, found: &mut Diagnostics) -> Option<Arc<RuleTable>> {
    let extension = source.project.data().get("endpointConfig").get("x-weir");
    let (rules, default) = (extension.get("rules"), extension.get("default"));
    if rules.is_absent() {
        if !default.is_absent() {
            let message = "`default` has no effect without `rules`";
            found.warning(codes::NO_EFFECT, default.place(), message, "Add rules, or remove it.");
        }
        return None;
    }
    let keeps_path = extension.get("keepPath").value().as_bool().unwrap_or(true);
    let mut problems = Vec::new();
    let table = RuleTable::read(rules.value(), default.value().as_str(), keeps_path, &mut problems);
    for problem in &problems {
        let place = place_of(&rules.place(), &problem.pointer);
        let help = "See docs/dynamic-endpoints.md for what a rule may say.";
        found.error(codes::RULE, place, problem.message.as_str(), help);
    }
    problems.is_empty().then(|| Arc::new(table))
}

fn place_of(rules: &Place, pointer: &str) -> Place {
    let parts = pointer.split('/').filter(|part| !part.is_empty());
    parts.fold(rules.clone(), |place, part| deeper(&place, part))
}
