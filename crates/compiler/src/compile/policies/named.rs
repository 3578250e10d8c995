//! `x-weir.endpoints`: endpoints of any kind that rules and steps choose by name; and the endpoint
//! for addresses that steps give themselves.

use std::sync::Arc;

use mediation::sequence::{EndpointRef, Mediator};
use model::endpoint::{EndpointKind, Member, WsdlPort};
use model::{Diagnostics, codes};

use super::super::group::settings::Settings;
use super::super::{Source, dynamic, endpoints, group};
use super::Policies;
use crate::plan::{DynamicPlan, EndpointPlan, ExtraPlan, FlowsPlan, Stages};

/// The endpoints besides those of the stages.
pub(in crate::compile) fn extras(
    source: &Source<'_>,
    policies: &Policies,
    flows: &[Arc<FlowsPlan>],
    stages: Option<&Stages<EndpointPlan>>,
    found: &mut Diagnostics,
) -> ExtraPlan {
    let extension = source.project.data().get("endpointConfig").get("x-weir");
    let prefix = endpoints::name_of(source, "endpoint");
    let settings = Settings::new(Some(extension.clone())).knowing(source.wsdls);
    let mut named = Vec::new();
    for (key, at) in extension.get("endpoints").entries(found) {
        let name = format!("{prefix}_{key}");
        if let Some(plan) = group::tree::of_node(&at, &name, &settings, found) {
            named.push((Arc::from(key), plan));
        }
    }
    let sequences = || flows.iter().flat_map(|flows| flows.sequences());
    let stages = stages.map(|it| [&it.production, &it.sandbox]).into_iter().flatten().flatten();
    let backends = stages.filter_map(|plan| match plan {
        EndpointPlan::Sequence(plan) => Some(&plan.sequence),
        _ => None,
    });
    let computes = sequences().chain(backends).any(|it| it.computes(&policies.library.0));
    if !computes && !policies.is_dynamic {
        for key in dynamic::KEYS {
            let at = extension.get(key);
            if !at.is_absent() {
                let message = format!("`{key}` has no effect: no address is computed");
                let help = "Remove it, or add `rules` with a `url`.";
                found.warning(codes::NO_EFFECT, at.place(), message, help);
            }
        }
    }
    let computed = computes.then(|| computed(source, policies, &settings, found)).flatten();
    ExtraPlan { named, computed: computed.map(Box::new) }
}

/// The endpoint for addresses of steps: it is shown nothing that is meant for others.
fn computed(
    source: &Source<'_>,
    policies: &Policies,
    settings: &Settings<'_>,
    found: &mut Diagnostics,
) -> Option<DynamicPlan> {
    let place = source.place("endpointConfig");
    let member = Member {
        place,
        url: None,
        kind: Some(EndpointKind::Default),
        config: None,
        wsdl: WsdlPort::default(),
        http2: None,
        extension: None,
    };
    let name = endpoints::name_of(source, "computedEndpoint");
    dynamic::of_member(&member, name, settings, &policies.trusted, found)
}

/// Checks that every name that is chosen is the name of an endpoint.
pub(in crate::compile) fn check(
    source: &Source<'_>,
    policies: &Policies,
    flows: &[Arc<FlowsPlan>],
    extras: &ExtraPlan,
    found: &mut Diagnostics,
) {
    let known: Vec<&str> = extras.named.iter().map(|(name, _)| name.as_ref()).collect();
    let mut missing: Vec<String> = Vec::new();
    for sequence in flows.iter().flat_map(|flows| flows.sequences()) {
        let names = std::cell::RefCell::new(&mut missing);
        // The test sees every step, and says yes to none.
        sequence.sequence.any(&policies.library.0, &|mediator| {
            for name in named_by(mediator) {
                let mut missing = names.borrow_mut();
                if !known.contains(&name) && !missing.iter().any(|other| other == name) {
                    missing.push(name.to_owned());
                }
            }
            false
        });
    }
    for name in missing {
        let message = format!("there is no endpoint `{name}`");
        let help = if known.is_empty() {
            "Add it to `x-weir.endpoints` in `endpointConfig`.".to_owned()
        } else {
            format!("Use one of {}, or add it to `x-weir.endpoints`.", known.join(", "))
        };
        found.error(codes::NAMED_ENDPOINT, source.place("endpointConfig"), message, help);
    }
}

fn named_by(mediator: &Mediator) -> Vec<&str> {
    match mediator {
        Mediator::Rules(table) => table.endpoints().collect(),
        Mediator::Send(Some(EndpointRef::Named(held))) => held.as_literal().into_iter().collect(),
        Mediator::Call(call) => match &call.endpoint {
            Some(EndpointRef::Named(held)) => held.as_literal().into_iter().collect(),
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}
