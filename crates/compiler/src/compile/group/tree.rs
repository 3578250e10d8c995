//! Groups below `x-weir.production` and `x-weir.sandbox`: members of any kind, groups included.
//!
//! A nested group has settings of its own; what its parent says of limits and health checks holds
//! for the leaves that are the parent's own members.

use model::cursor::Cursor;
use model::endpoint::{EndpointKind, Member};
use model::{Diagnostics, codes};

use super::settings::{Settings, check_keys};
use super::{Group, Kind, MEMBER_KEYS, NODE_KEYS, URL_KEYS, place_in_group, value};
use crate::compile::lambda;
use crate::compile::leaf::{self, Leaf};
use crate::plan::{EndpointPlan, MemberPlan, MockLeafPlan};

/// How deep groups are nested at most.
const MOST_LEVELS: usize = 4;
/// How many members a tree has at most.
const MOST_MEMBERS: usize = 1000;
const TYPES: &str = "Use http, address, lambda, mock, failover or loadBalance.";
/// Keys of a mock.
const MOCK_KEYS: &[&str] = &["code", "example"];

/// What holds for a whole tree.
pub(in super::super) struct Tree<'a> {
    /// `x-weir-http2` of `endpointConfig`.
    http2: Option<&'a str>,
    members: usize,
    found: &'a mut Diagnostics,
}

/// The kind of the group that the members of a stage make up, which may be left to
/// `endpoint_type`.
pub(in super::super) fn kind_of_stage(at: &Cursor<'_>, default: Option<Kind>) -> Option<Kind> {
    let written = value::scalar(&at.get("type"));
    written.map_or(default, |word| group_kind(&word))
}

/// Checks and builds the tree of a stage; `settings` holds what the stage and `x-weir` say.
pub(in super::super) fn of_stage(
    at: &Cursor<'_>,
    kind: Option<Kind>,
    name: &str,
    settings: Settings<'_>,
    http2: Option<&str>,
    found: &mut Diagnostics,
) -> Option<EndpointPlan> {
    let mut tree = Tree { http2, members: 0, found };
    let Some(kind) = kind_of_stage(at, kind) else {
        tree.refuse_type(at);
        return None;
    };
    tree.group(at, kind, name, settings, 1)
}

/// Checks and builds an endpoint that stands alone: a URL or a group.
pub(in super::super) fn of_node(
    at: &Cursor<'_>,
    name: &str,
    around: &Settings<'_>,
    found: &mut Diagnostics,
) -> Option<EndpointPlan> {
    let mut tree = Tree { http2: None, members: 0, found };
    if !at.value().is_object() {
        at.entries(tree.found);
        return None;
    }
    tree.node(at, name, around, 0)
}

fn group_kind(word: &str) -> Option<Kind> {
    match value::plain(word).as_str() {
        "failover" => Some(Kind::Failover),
        "loadbalance" => Some(Kind::Balance),
        _ => None,
    }
}

impl Tree<'_> {
    fn group(
        &mut self,
        at: &Cursor<'_>,
        kind: Kind,
        name: &str,
        settings: Settings<'_>,
        level: usize,
    ) -> Option<EndpointPlan> {
        if level > MOST_LEVELS {
            let message = format!("groups are nested more than {MOST_LEVELS} deep");
            self.found.error(codes::GROUP_DEPTH, at.place(), message, "Flatten the groups.");
            return None;
        }
        let list = at.get("members");
        let items = list.items(self.found);
        self.members += items.len();
        if self.members > MOST_MEMBERS {
            let message = format!("there are more than {MOST_MEMBERS} members");
            self.found.error(codes::GROUP_DEPTH, list.place(), message, "List fewer members.");
            return None;
        }
        // Every problem of every member is told.
        let members: Vec<_> = items
            .iter()
            .enumerate()
            .map(|(index, at)| self.member(at, &format!("{name}_{index}"), &settings, level))
            .collect();
        let members = members.into_iter().collect::<Option<Vec<_>>>()?;
        let name = name.to_owned();
        let group = Group { kind, name, place: list.place(), members, settings, config: None };
        group.plan(self.found)
    }

    fn member(
        &mut self,
        at: &Cursor<'_>,
        name: &str,
        group: &Settings<'_>,
        level: usize,
    ) -> Option<MemberPlan> {
        if !at.value().is_object() {
            at.entries(self.found);
            return None;
        }
        let own = Settings::new([at.clone()]).inside(group);
        let (label, weight) = place_in_group(&own, self.found);
        let endpoint = self.node(at, name, group, level);
        Some(MemberPlan { label, weight, endpoint: endpoint? })
    }

    /// A group or a URL.
    fn node(
        &mut self,
        at: &Cursor<'_>,
        name: &str,
        group: &Settings<'_>,
        level: usize,
    ) -> Option<EndpointPlan> {
        let own = Settings::new([at.clone()]).inside(group);
        let word = value::scalar(&at.get("type"));
        match word.as_deref().and_then(group_kind) {
            Some(kind) => {
                let [shared, leaf, of_kind] = kind.keys();
                let known = [NODE_KEYS, MEMBER_KEYS, shared, leaf, of_kind];
                check_keys(at, &known, self.found);
                self.group(at, kind, name, own, level + 1)
            }
            None if word.is_none() && !at.get("members").is_absent() => {
                self.refuse_type(at);
                None
            }
            None if word.as_deref().is_some_and(|word| value::plain(word) == "mock") => {
                Some(self.mock(at, name))
            }
            None if word.as_deref().is_some_and(|word| lambda::is_type(&value::plain(word))) => {
                check_keys(at, &[&["type"], MEMBER_KEYS, lambda::MEMBER, leaf::KEYS], self.found);
                lambda::of_member(at, name, &own.before(group), self.http2, self.found)
            }
            None => self.leaf(at, word.as_deref(), name, &own.before(group)),
        }
    }

    /// Answers by the mocks of the operations, mostly when nobody else does.
    fn mock(&mut self, at: &Cursor<'_>, name: &str) -> EndpointPlan {
        check_keys(at, &[&["type"], MEMBER_KEYS, MOCK_KEYS], self.found);
        let there = |key: &str| Some(at.get(key)).filter(|at| !at.is_absent());
        let code = value::count(there("code"), 100..=599, self.found);
        let code = code.map(|code| code.to_string());
        let example = value::text(there("example"), self.found);
        let wish = mock::Prefer { code, example, is_dynamic: false };
        EndpointPlan::Mock(Box::new(MockLeafPlan { name: name.to_owned(), wish }))
    }

    fn leaf(
        &mut self,
        at: &Cursor<'_>,
        word: Option<&str>,
        name: &str,
        settings: &Settings<'_>,
    ) -> Option<EndpointPlan> {
        check_keys(at, &[&["type"], MEMBER_KEYS, URL_KEYS, leaf::KEYS], self.found);
        let mut member = Member::read(at, self.found);
        member.kind = word.map(EndpointKind::parse);
        if matches!(member.kind, Some(EndpointKind::Unknown(_))) {
            self.refuse_type(at);
            return None;
        }
        member.http2 = member.http2.or_else(|| self.http2.map(str::to_owned));
        let dialect = leaf::dialect_of_member(&mut member, settings, self.found)?;
        let name = name.to_owned();
        let leaf = Leaf { member: &member, name, dialect, is_member: true, settings };
        leaf.plan(self.found).map(|leaf| EndpointPlan::Http(Box::new(leaf)))
    }

    fn refuse_type(&mut self, at: &Cursor<'_>) {
        let word = at.get("type");
        if let Some(name) = value::scalar(&word) {
            let message = format!("the type `{name}` is unknown here");
            self.found.error(codes::MEMBER_TYPE, word.place(), message, TYPES);
        } else {
            let message = "the group does not say of which type it is";
            let help = "Add `type: failover` or `type: loadBalance`.";
            self.found.error(codes::MEMBER_TYPE, at.place(), message, help);
        }
    }
}
