//! The two groups of `endpointConfig` as WSO2 writes them.

use model::endpoint::{GroupConfig, Member, StageConfig};
use model::{Diagnostics, codes};

use super::settings::Settings;
use super::{Group, Kind, MEMBER_KEYS, place_in_group};
use crate::compile::leaf::{self, Leaf};
use crate::plan::{EndpointPlan, MemberPlan};

/// `failover`: the primary, and what takes over from it (spec/01 §4.1).
pub(in super::super) fn failover(
    stage: &StageConfig,
    name: &str,
    settings: Settings<'_>,
    found: &mut Diagnostics,
) -> Option<EndpointPlan> {
    match stage.members.as_slice() {
        [] => return without_primary(stage, found),
        [_primary] => {}
        [_, ..] => {
            let message = "a single primary endpoint was expected, and there are several";
            let help = "Keep one, and list the others under `production_failovers` or \
                        `sandbox_failovers`.";
            found.error(codes::WRONG_SHAPE, stage.place.clone(), message, help);
            return None;
        }
    }
    let members = stage.members.iter().chain(&stage.failovers);
    let group = Group {
        kind: Kind::Failover,
        name: name.to_owned(),
        place: stage.place.clone(),
        members: self::members(members, name, &settings, found)?,
        settings,
        config: None,
    };
    group.plan(found)
}

/// A stage without a primary is no stage, whatever would take over.
fn without_primary(stage: &StageConfig, found: &mut Diagnostics) -> Option<EndpointPlan> {
    if let Some(first) = stage.failovers.first() {
        let message = "there is nothing to take over from: the stage has no primary endpoint";
        let help = "Add the primary, or remove what takes over.";
        found.warning(codes::NO_EFFECT, first.place.clone(), message, help);
    }
    None
}

/// `load_balance`: all members share the calls (spec/01 §4.2).
pub(in super::super) fn balance(
    stage: &StageConfig,
    config: &GroupConfig,
    name: &str,
    settings: Settings<'_>,
    found: &mut Diagnostics,
) -> Option<EndpointPlan> {
    if stage.members.is_empty() {
        return None;
    }
    let group = Group {
        kind: Kind::Balance,
        name: name.to_owned(),
        place: stage.place.clone(),
        members: members(&stage.members, name, &settings, found)?,
        settings,
        config: Some(config),
    };
    group.plan(found)
}

/// Every problem of every member is told; `None` if one cannot be built.
fn members<'a>(
    members: impl IntoIterator<Item = &'a Member>,
    name: &str,
    settings: &Settings<'_>,
    found: &mut Diagnostics,
) -> Option<Vec<MemberPlan>> {
    let members = members.into_iter().enumerate();
    let plans: Vec<_> = members
        .map(|(index, member)| self::member(member, format!("{name}_{index}"), settings, found))
        .collect();
    plans.into_iter().collect()
}

fn member(
    member: &Member,
    name: String,
    group: &Settings<'_>,
    found: &mut Diagnostics,
) -> Option<MemberPlan> {
    let mut member = member.clone();
    let extension = member.extension.clone();
    let own = Settings::new(extension.as_ref().map(|extension| extension.cursor()));
    own.check_keys(&[MEMBER_KEYS, leaf::KEYS], found);
    let (label, weight) = place_in_group(&own, found);
    let dialect = leaf::dialect_of_member(&mut member, group, found)?;
    let settings = own.before(group);
    let leaf = Leaf { member: &member, name, dialect, is_member: true, settings: &settings };
    let endpoint = EndpointPlan::Http(Box::new(leaf.plan(found)?));
    Some(MemberPlan { label, weight, endpoint })
}
