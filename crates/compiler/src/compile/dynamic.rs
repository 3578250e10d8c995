//! `endpoint_type: default`: a leaf whose address is computed for each request (spec/02 §1).
//!
//! The `url` of such a stage is never looked at: WSO2 writes `default`, and whatever else stands
//! there has no effect.

use model::endpoint::Member;
use model::{Diagnostics, codes};

use super::endpoints::Stage;
use super::group::settings::Settings;
use super::group::value;
use super::leaf::{self, Leaf};
use crate::plan::{
    ClientIdentity, Dialect, DynamicPlan, EndpointPlan, Reach, TargetPattern, TargetPolicy,
};

/// Keys below `x-weir` that concern where a computed address may lead.
pub(super) const KEYS: &[&str] = &["allow", "allowPrivate"];

pub(super) fn plan(
    stage: &Stage<'_>,
    settings: &Settings<'_>,
    trusted: &[TargetPattern],
    found: &mut Diagnostics,
) -> Option<EndpointPlan> {
    let member = stage.single(found)?;
    let plan = of_member(member, stage.name.clone(), settings, trusted, found)?;
    Some(EndpointPlan::Dynamic(Box::new(plan)))
}

/// An endpoint for computed addresses; `trusted` are the hosts that the author has written.
pub(super) fn of_member(
    member: &Member,
    name: String,
    settings: &Settings<'_>,
    trusted: &[TargetPattern],
    found: &mut Diagnostics,
) -> Option<DynamicPlan> {
    let own = member.extension.as_ref().map(|extension| extension.cursor());
    let own = Settings::new(own);
    own.check_keys(&[leaf::KEYS, KEYS], found);
    let settings = own.before(settings);
    let targets = TargetPolicy { trusted: trusted.to_vec(), ..targets(&settings, found) };
    let dialect = Dialect::Dynamic;
    let leaf = Leaf { member, name, dialect, is_member: false, settings: &settings };
    let leaf = leaf.plan(found)?;
    let shows = leaf.credentials.is_some() || matches!(leaf.identity, Some(ClientIdentity::Own(_)));
    if shows && targets.allow.is_none() {
        let message = "the credentials are shown to whatever address is computed for a request";
        let help = "Add `x-weir.allow` with the hosts that may be called.";
        found.warning(codes::OPEN_TARGETS, member.place.clone(), message, help);
    }
    Some(DynamicPlan { leaf, targets })
}

fn targets(settings: &Settings<'_>, found: &mut Diagnostics) -> TargetPolicy {
    let reach = match value::flag(settings.get("allowPrivate"), found) {
        None => Reach::Networks,
        Some(true) => Reach::Local,
        Some(false) => Reach::Public,
    };
    TargetPolicy { allow: allow(settings, found), reach, trusted: Vec::new() }
}

/// An entry that is dropped could leave an address unguarded or shut out, hence an error.
fn allow(settings: &Settings<'_>, found: &mut Diagnostics) -> Option<Vec<TargetPattern>> {
    let at = settings.get("allow")?;
    let mut problems = Diagnostics::new();
    let entries = if at.value().is_array() { at.items(&mut problems) } else { vec![at.clone()] };
    if entries.is_empty() {
        let message = "`allow` is empty, so that no address would be called";
        let help = "List the hosts that may be called, or remove `allow` to allow any.";
        found.error(codes::TARGET_PATTERN, at.place(), message, help);
    }
    let mut patterns = Vec::new();
    for entry in entries {
        let text = value::scalar(&entry).unwrap_or_default();
        match TargetPattern::parse(&text) {
            Some(pattern) => patterns.push(pattern),
            None => {
                let message = format!("`{text}` is no pattern of targets");
                let help = "Write api.example.com, https://*.example.com, 192.0.2.7:8080 or \
                            10.0.0.0/8.";
                found.error(codes::TARGET_PATTERN, entry.place(), message, help);
            }
        }
    }
    Some(patterns)
}
