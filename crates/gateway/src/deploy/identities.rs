//! What only the gateway can find out about the client certificates of a project: whether they fit
//! their keys, and whether they are still valid.

use compiler::ApiPlan;
use compiler::plan::{ClientIdentity, EndpointPlan};
use model::project::Project;
use model::{Diagnostics, codes};

use crate::clock::Clock;
use crate::upstream::tls::ClientKey;

/// Looks at the client certificates of every leaf.
pub(super) fn check(plan: &ApiPlan, project: &Project) -> Diagnostics {
    let mut found = Diagnostics::new();
    let stages = [&plan.endpoints.production, &plan.endpoints.sandbox];
    let leaves = stages.into_iter().flatten().flat_map(EndpointPlan::leaves);
    let mut seen = Vec::new();
    for leaf in leaves {
        let Some(ClientIdentity::Own(certificate)) = &leaf.identity else { continue };
        // Members share what their group says.
        if seen.contains(&&certificate.place) {
            continue;
        }
        seen.push(&certificate.place);
        let place = project.origin(&certificate.place);
        match ClientKey::new(certificate) {
            Err(problem) => {
                let message = format!("`{}`: {problem}", certificate.file);
                let help = "Give the key that the certificate was issued for, and in a chain that \
                            certificate first.";
                found.error(codes::CLIENT_KEY, place, message, help);
            }
            Ok(key) => {
                let now = Clock::system().unix_seconds();
                if key.expires_at().is_some_and(|end| end < now) {
                    let message = format!("the certificate in `{}` has expired", certificate.file);
                    let help = "Have it renewed: the endpoint will hardly take it.";
                    found.warning(codes::CLIENT_EXPIRED, place, message, help);
                }
            }
        }
    }
    found
}
