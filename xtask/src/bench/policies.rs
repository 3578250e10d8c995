//! Policies: what they cost by the request, beside what the peers have for it, and what they cost to
//! deploy.

mod cost;
mod deployment;
mod words;

use super::parts::{self, Part};
use super::trial::{Notes, Plan};
pub(crate) use words::{
    Policy, envoy_routes, haproxy_choice, haproxy_target, nginx_map, nginx_route, write,
};

/// Measures and reports; both parts, or the one whose name contains what `--only` says.
pub(super) fn run(plan: &Plan) -> anyhow::Result<()> {
    let deployment = |plan: &Plan, _: &mut Notes| deployment::measure(plan);
    let parts: [(&str, Part<'_>); 2] = [("cost", &cost::measure), ("deployment", &deployment)];
    parts::run(plan, "policies", &parts)
}
