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

use compiler::plan::{ApiPlan, EndpointPlan};
use model::{Diagnostics, Place, codes};

/// Refuses what compiles and cannot be served yet: groups. To be removed, with its call in
/// `deploy.rs`, as soon as they can.
pub(crate) fn refuse(plan: Option<&ApiPlan>) -> Diagnostics {
    let mut found = Diagnostics::new();
    let stages = plan.map(|plan| [&plan.endpoints.production, &plan.endpoints.sandbox]);
    for endpoint in stages.into_iter().flatten().flatten() {
        let (code, what) = match endpoint {
            EndpointPlan::Http(_) => continue,
            EndpointPlan::Failover(_) => (codes::FAILOVER, "failover endpoints"),
            EndpointPlan::Balance(_) => (codes::LOAD_BALANCE, "load-balanced endpoints"),
        };
        let place = Place::pointer("api.yaml", "/data/endpointConfig");
        let message = format!("{what} are not supported by this version");
        let help = "Use `endpoint_type: http` with one URL for each stage.";
        found.error(code, place, message, help);
        break;
    }
    found
}
