//! What stands behind the APIs: one backend for most of them, and groups of endpoints for a few, written
//! in the words of each engine.

use serde_json::{Value, json};

use super::peer::Peer;
use super::policies::Policy;
use super::rig::{Rig, free_ports};

/// How the members of a group share the requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sharing {
    /// One after the other.
    Balance,
    /// The first has them all, until it fails.
    Failover,
}

/// A group of endpoints.
#[derive(Debug, Clone)]
pub(crate) struct Group {
    /// How its members share.
    pub(crate) sharing: Sharing,
    /// Their ports.
    pub(crate) members: Vec<u16>,
    /// Whether an engine does more than by default against members that fail.
    pub(crate) is_careful: bool,
}

/// The groups of a rig.
#[derive(Debug, Default)]
pub(crate) struct Behind {
    /// Further ports of the backend, as members of groups.
    pub(crate) ports: Vec<u16>,
    /// Whether the backend writes down at which port each request came.
    pub(crate) is_counted: bool,
    /// The groups, each for an API of its own.
    pub(crate) groups: Vec<Group>,
    /// The policies, each with an API of its own; not together with groups.
    pub(crate) policies: &'static [Policy],
}

impl Behind {
    /// Groups whose members are all ports of the backend.
    pub(crate) fn shapes(shapes: impl Iterator<Item = (Sharing, usize)>) -> anyhow::Result<Self> {
        let shapes: Vec<(Sharing, usize)> = shapes.collect();
        let ports = free_ports(shapes.iter().map(|(_, members)| *members).max().unwrap_or(0))?;
        let group = |(sharing, members): (Sharing, usize)| Group {
            sharing,
            members: ports.iter().copied().take(members).collect(),
            is_careful: false,
        };
        let groups = shapes.into_iter().map(group).collect();
        Ok(Self { ports, groups, ..Self::default() })
    }
}

impl Group {
    /// Whether an engine has this group. What is ours alone the others do not have, and careful are
    /// those that are not so by default.
    pub(crate) fn is_for(&self, peer: Peer) -> bool {
        let shares = self.sharing == Sharing::Balance || peer == Peer::Weir;
        shares && (!self.is_careful || matches!(peer, Peer::Haproxy | Peer::Envoy))
    }

    /// The `endpointConfig` of a project.
    pub(crate) fn endpoint_config(&self) -> String {
        let url = |port: &u16| format!("{{url: \"http://127.0.0.1:{port}\"}}");
        let list = |ports: &[u16]| -> String {
            ports.iter().map(|port| format!("\n    - {}", url(port))).collect()
        };
        match (self.sharing, self.members.split_first()) {
            (Sharing::Failover, Some((primary, others))) => format!(
                "endpoint_type: failover\n    production_endpoints: {}\n    production_failovers:{}",
                url(primary),
                list(others)
            ),
            _ => format!(
                "endpoint_type: load_balance\n    \
                 algoClassName: org.apache.synapse.endpoints.algorithms.RoundRobin\n    \
                 production_endpoints:{}",
                list(&self.members)
            ),
        }
    }
}

/// Where the API at `index` goes, in the configurations of the peers.
pub(crate) fn target(rig: &Rig, peer: Peer, index: usize) -> String {
    let mut groups = groups(rig, peer);
    let found = groups.find(|(number, _)| rig.group_api(*number) == index);
    found.map_or_else(|| "backend".to_owned(), |(number, _)| name(number))
}

/// The `upstream` of each group.
pub(crate) fn nginx(rig: &Rig) -> anyhow::Result<String> {
    let server = |port: &u16| format!("    server 127.0.0.1:{port};\n");
    groups(rig, Peer::Nginx)
        .map(|(number, group)| {
            let servers = group.members.iter().map(server).collect();
            rig.filled("nginx-group.conf", &[("NAME", name(number)), ("SERVERS", servers)])
        })
        .collect()
}

/// The `backend` of each group.
pub(crate) fn haproxy(rig: &Rig) -> anyhow::Result<String> {
    let server = |port: &u16| format!("  server at{port} 127.0.0.1:{port} pool-max-conn 512\n");
    groups(rig, Peer::Haproxy)
        .map(|(number, group)| {
            let servers = group.members.iter().map(server).collect();
            let file =
                if group.is_careful { "haproxy-group-careful.cfg" } else { "haproxy-group.cfg" };
            rig.filled(file, &[("NAME", name(number)), ("SERVERS", servers)])
        })
        .collect()
}

/// The clusters of all groups, each like that of the backend.
pub(crate) fn envoy(rig: &Rig, backend: &Value) -> Vec<Value> {
    let endpoint = |port: &u16| {
        let address = json!({ "address": "127.0.0.1", "port_value": port });
        json!({ "endpoint": { "address": { "socket_address": address } } })
    };
    let cluster = |(number, group): (usize, &Group)| {
        let endpoints: Vec<Value> = group.members.iter().map(endpoint).collect();
        let mut cluster = backend.clone();
        cluster["name"] = name(number).into();
        cluster["lb_policy"] = "ROUND_ROBIN".into();
        cluster["load_assignment"] = json!({
            "cluster_name": name(number),
            "endpoints": [{ "lb_endpoints": endpoints }],
        });
        cluster
    };
    groups(rig, Peer::Envoy).map(cluster).collect()
}

/// What Envoy sends again; `None` where it keeps to its default, which is nothing.
pub(crate) fn envoy_retries(rig: &Rig, index: usize) -> anyhow::Result<Option<Value>> {
    let mut careful = groups(rig, Peer::Envoy).filter(|(_, group)| group.is_careful);
    if !careful.any(|(number, _)| rig.group_api(number) == index) {
        return Ok(None);
    }
    Ok(Some(serde_json::from_str(&rig.filled("envoy-retries.json", &[])?)?))
}

/// The groups that an engine has, with their numbers.
pub(crate) fn groups(rig: &Rig, peer: Peer) -> impl Iterator<Item = (usize, &Group)> {
    rig.behind.groups.iter().enumerate().filter(move |(_, group)| group.is_for(peer))
}

fn name(number: usize) -> String {
    format!("group{number}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(sharing: Sharing) -> Group {
        Group { sharing, members: vec![1, 2, 3], is_careful: false }
    }

    #[test]
    fn a_balanced_group_lists_all_members() {
        let text = group(Sharing::Balance).endpoint_config();
        assert!(text.starts_with("endpoint_type: load_balance\n"));
        assert_eq!(text.matches("\n    - {url: \"http://127.0.0.1:").count(), 3);
    }

    #[test]
    fn the_first_member_is_the_primary() {
        let text = group(Sharing::Failover).endpoint_config();
        assert!(text.contains("production_endpoints: {url: \"http://127.0.0.1:1\"}\n"));
        assert_eq!(text.matches("\n    - ").count(), 2);
    }

    #[test]
    fn only_some_engines_have_some_groups() {
        let who = |group: &Group| {
            [Peer::Nginx, Peer::Haproxy, Peer::Envoy, Peer::Weir].map(|peer| group.is_for(peer))
        };
        assert_eq!(who(&group(Sharing::Balance)), [true; 4]);
        assert_eq!(who(&group(Sharing::Failover)), [false, false, false, true]);
        let careful = Group { is_careful: true, ..group(Sharing::Balance) };
        assert_eq!(who(&careful), [false, true, true, false]);
    }
}
