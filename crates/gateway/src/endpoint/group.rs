//! Groups of endpoints: what decides who is called, without calling anybody.
//!
//! Nothing here has a clock or a socket: time and chance are handed in. What workers share is
//! atomic; the one lock, in `outlier.rs`, is taken when a member is left out.

pub mod algorithm;
pub mod budget;
pub mod checked;
pub mod latency;
pub mod order;
pub mod outlier;
pub mod ramp;
pub mod repeat;
pub mod window;

use compiler::plan::{ApiPlan, EndpointPlan, Limits};
use model::{Diagnostics, Place, codes};

/// Refuses what compiles and cannot be served yet: groups, and limits and health checks of single
/// endpoints. To be removed, with its call in `deploy.rs`, as soon as they can.
pub(crate) fn refuse(plan: Option<&ApiPlan>) -> Diagnostics {
    let mut found = Diagnostics::new();
    let stages = plan.map(|plan| [&plan.endpoints.production, &plan.endpoints.sandbox]);
    let refused = stages.into_iter().flatten().flatten().find_map(|endpoint| match endpoint {
        EndpointPlan::Http(leaf) => (leaf.limits != Limits::default()
            || leaf.health_check.is_some())
        .then_some((codes::IGNORED_SETTING, "`limits` and `healthCheck`")),
        EndpointPlan::Failover(_) => Some((codes::FAILOVER, "failover endpoints")),
        EndpointPlan::Balance(_) => Some((codes::LOAD_BALANCE, "load-balanced endpoints")),
    });
    if let Some((code, what)) = refused {
        let place = Place::pointer("api.yaml", "/data/endpointConfig");
        let message = format!("{what} are not supported by this version");
        let help = "Use `endpoint_type: http` with one URL for each stage, and no `x-weir`.";
        found.error(code, place, message, help);
    }
    found
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed test may panic")]

    use compiler::{CompileOptions, compile_files};
    use model::Files;

    use super::*;

    #[test]
    fn what_cannot_be_served_is_refused() {
        let url = "production_endpoints: {url: 'http://b'}";
        for (config, code) in [
            (format!("{{endpoint_type: http, {url}}}"), None),
            (format!("{{endpoint_type: failover, {url}}}"), Some(codes::FAILOVER)),
            (format!("{{endpoint_type: load_balance, {url}}}"), Some(codes::LOAD_BALANCE)),
            (
                format!("{{endpoint_type: http, {url}, x-weir: {{healthCheck: true}}}}"),
                Some(codes::IGNORED_SETTING),
            ),
        ] {
            let mut files = Files::new();
            let api = "name: A\nversion: v1\ncontext: a\noperations: [{target: /a, verb: GET}]\n";
            files.insert("api.yaml", format!("{api}endpointConfig: {config}\n")).unwrap();
            let (plan, found) = compile_files(files, None, &CompileOptions::default());
            assert!(!found.has_errors(), "{found:?}");
            let refused = refuse(Some(&plan.unwrap()));
            assert_eq!(refused.iter().next().map(|found| found.code), code, "{config}");
        }
    }
}
