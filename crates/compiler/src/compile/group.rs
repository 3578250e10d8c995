//! Groups: WSO2's `failover` and `load_balance` (spec/01 §1.4, §4), and trees below `x-weir`
//! (`docs/endpoint-groups.md`).

mod balance;
mod options;
pub(super) mod settings;
pub(super) mod tree;
pub(super) mod value;
pub(super) mod wso2;

use model::endpoint::GroupConfig;
use model::{Diagnostics, Place, codes};

use super::leaf;
use crate::plan::{BalancePlan, EndpointPlan, FailoverPlan, GroupPlan, MemberPlan};
use settings::Settings;

/// Keys of any group.
const GROUP_KEYS: &[&str] =
    &["mode", "spillBelow", "failOn", "retries", "replay", "outlierEjection"];
/// Keys of a failover group.
const FAILOVER_KEYS: &[&str] = &["order", "returnToPrimary"];
/// Keys of a load-balance group.
const BALANCE_KEYS: &[&str] =
    &["algorithm", "hashOn", "boundedLoad", "slowStart", "failOver", "affinity"];
/// Keys of a member below its own `x-weir`.
pub(super) const MEMBER_KEYS: &[&str] = &["name", "weight"];
/// Keys that say what a node of a tree is.
const NODE_KEYS: &[&str] = &["type", "members"];
/// Keys of a stage with a tree.
pub(super) const STAGE_KEYS: &[&str] = NODE_KEYS;
/// Keys of a node that are those of a URL.
const URL_KEYS: &[&str] = &["url", "config", "x-weir-http2"];

/// The two kinds of group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The next one when one fails.
    Failover,
    /// All share the calls.
    Balance,
}

impl Kind {
    /// The keys that a group of this kind may have.
    pub(super) fn keys(self) -> [&'static [&'static str]; 3] {
        let own = match self {
            Self::Failover => FAILOVER_KEYS,
            Self::Balance => BALANCE_KEYS,
        };
        [GROUP_KEYS, leaf::KEYS, own]
    }
}

/// A group whose members are known, before its options are read.
pub(super) struct Group<'a> {
    pub(super) kind: Kind,
    pub(super) name: String,
    pub(super) place: Place,
    pub(super) members: Vec<MemberPlan>,
    /// What `x-weir` says, the innermost word first.
    pub(super) settings: Settings<'a>,
    /// What WSO2's own keys say; `None` for a tree below `x-weir`.
    pub(super) config: Option<&'a GroupConfig>,
}

impl Group<'_> {
    pub(super) fn plan(self, found: &mut Diagnostics) -> Option<EndpointPlan> {
        self.check_members(found)?;
        let (kind, settings) = (self.kind, self.settings);
        let group = GroupPlan {
            mode: options::mode(&settings, kind, found),
            triggers: options::triggers(&settings, found),
            retries: options::retries(&settings, found),
            replay: options::replay(&settings, found),
            ejection: options::ejection(&settings, found),
            name: self.name,
            members: self.members,
        };
        Some(match kind {
            Kind::Failover => EndpointPlan::Failover(Box::new(FailoverPlan {
                order: options::order(&settings, found),
                recovery: options::recovery(&settings, found),
                group,
            })),
            Kind::Balance => {
                let affinity = balance::affinity(&settings, self.config, found);
                let algorithm = balance::algorithm(&settings, self.config, found);
                balance::check_weights(&settings, &group, &algorithm, self.place, found);
                let fail_over =
                    balance::fail_over(&settings, self.config, affinity.is_some(), found);
                let slow_start = value::time(settings.get("slowStart"), found).unwrap_or_default();
                EndpointPlan::Balance(Box::new(BalancePlan {
                    group,
                    algorithm,
                    slow_start,
                    fail_over,
                    affinity,
                }))
            }
        })
    }

    fn check_members(&self, found: &mut Diagnostics) -> Option<()> {
        let is_used = |member: &MemberPlan| self.kind == Kind::Failover || member.weight > 0;
        if !self.members.iter().any(is_used) {
            let message = "the group has no member that could be called";
            let help = "List at least one member, with a weight above 0.";
            found.error(codes::GROUP_EMPTY, self.place.clone(), message, help);
            return None;
        }
        if self.kind == Kind::Failover && self.members.len() == 1 {
            let message = "the group has a single member, so nothing takes over from it";
            let help = "Add a member that takes over.";
            found.warning(codes::GROUP_OF_ONE, self.place.clone(), message, help);
        }
        let mut labels = std::collections::HashSet::new();
        let labelled = self.members.iter().filter_map(|member| member.label.as_ref());
        for label in labelled {
            if !labels.insert(label) {
                let message = format!("two members have the name `{label}`");
                let help = "Give each member a name of its own.";
                found.error(codes::MEMBER_NAME, self.place.clone(), message, help);
            }
        }
        Some(())
    }
}

/// What a member says of its place in the group: its name and its weight.
fn place_in_group(own: &Settings<'_>, found: &mut Diagnostics) -> (Option<String>, u32) {
    let label = value::text(own.get("name"), found);
    let weight = value::count(own.get("weight"), 0..=1000, found).unwrap_or(1);
    (label, weight)
}
