//! Whether this build can sign for the accounts of AWS that an API calls functions with.

use compiler::ApiPlan;
use compiler::plan::{Credentials, EndpointPlan, HttpPlan};
use model::project::Project;
use model::{Diagnostics, codes};

use crate::sign::aws;

/// Refuses an API that needs signatures, in a build that has none.
pub(super) fn check(plan: &ApiPlan, project: &Project) -> Diagnostics {
    let mut found = Diagnostics::new();
    let stages = [&plan.endpoints.production, &plan.endpoints.sandbox];
    let named = plan.extras.named.iter().map(|(_, endpoint)| endpoint);
    let mut leaves = stages.into_iter().flatten().chain(named).flat_map(EndpointPlan::leaves);
    let is_signed = |leaf: &HttpPlan| matches!(leaf.credentials, Some(Credentials::Aws(_)));
    if !aws::IS_THERE && leaves.any(is_signed) {
        let message = "this build cannot call functions of AWS Lambda";
        let help = "Use a build with the feature `aws`, which is on by default.";
        let place = project.data().get("endpointConfig").place();
        found.error(codes::AWS_LAMBDA, place, message, help);
    }
    found
}
