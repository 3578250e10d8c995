//! Finding the policy that a reference means.

use model::policy::{PolicyFile, PolicyReference, PolicySpecification};
use model::{Diagnostics, codes};

use super::{Policy, Sources};
use crate::nearest;

/// Looks among the policies of the project first, then among those that are always there.
///
/// `None` where there is none, or none that can be used, which is told.
pub(super) fn find<'a>(
    reference: &PolicyReference,
    sources: &Sources<'a>,
    found: &mut Diagnostics,
) -> Option<Policy<'a>> {
    if let Some(file) = in_project(reference, sources.policies) {
        return of_project(reference, file, found);
    }
    let Some(known) = (sources.shipped)(&reference.name, &reference.version) else {
        report_unknown(reference, sources, found);
        return None;
    };
    let Some(template) = known.template else {
        let name = &reference.name;
        let message = match known.refusal {
            "" => format!("policy `{name}` is not supported by this version"),
            why => format!("policy `{name}` is not supported by this version: {why}"),
        };
        let help = "Remove it, or add a policy of the same name to `Policies/`.";
        found.error(codes::POLICY_REFUSED, reference.place.clone(), message, help);
        return None;
    };
    Some(Policy { specification: known.specification, template, file: None })
}

/// Of two policies with the same name and version, the one that belongs to the API is taken where
/// that is asked for, and else the other.
fn in_project<'a>(
    reference: &PolicyReference,
    policies: &'a [PolicyFile],
) -> Option<&'a PolicyFile> {
    let is_meant = |policy: &&PolicyFile| is_meant(reference, &policy.specification);
    let mut candidates: Vec<_> = policies.iter().filter(is_meant).collect();
    candidates.sort_by_key(|policy| policy.is_api_specific != reference.is_api_specific());
    candidates.first().copied()
}

fn is_meant(reference: &PolicyReference, specification: &PolicySpecification) -> bool {
    specification.name == reference.name && specification.version == reference.version
}

fn of_project<'a>(
    reference: &PolicyReference,
    file: &'a PolicyFile,
    found: &mut Diagnostics,
) -> Option<Policy<'a>> {
    let specification = &file.specification;
    // One for other gateways has no definition for this one; that it is for others is said by
    // whoever judges it.
    let template = match &file.definition {
        Some(definition) => definition.text.as_str(),
        None if !specification.supports_gateway(model::policy::GATEWAY) => "",
        None => {
            report_no_definition(reference, file, found);
            return None;
        }
    };
    let path = file.definition.as_ref().map_or(file.path.as_str(), |one| one.path.as_str());
    Some(Policy { specification, template, file: Some(path) })
}

fn report_no_definition(reference: &PolicyReference, file: &PolicyFile, found: &mut Diagnostics) {
    let stem = file.path.rsplit_once('.').map_or(file.path.as_str(), |(stem, _)| stem);
    let message = format!("policy `{}` has no definition", reference.name);
    let help = format!("Add `{stem}.j2`.");
    found.error(codes::POLICY_DEFINITION, reference.place.clone(), message, help);
}

fn report_unknown(reference: &PolicyReference, sources: &Sources<'_>, found: &mut Diagnostics) {
    let PolicyReference { name, version, place, .. } = reference;
    let mut known = (sources.names)();
    let own = sources.policies.iter().map(|file| &file.specification);
    known.extend(own.map(|one| (one.name.as_str(), one.version.as_str())));
    let versions = known.iter().filter(|(other, _)| other == name).map(|(_, version)| *version);
    if let Some(nearest) = nearest_version(version, versions) {
        let message = format!("policy `{name}` has no version {version}");
        let help = format!("Use {nearest}, or add this version to `Policies/`.");
        found.error(codes::POLICY_VERSION, place.clone(), message, help);
        return;
    }
    let message = format!("there is no policy `{name}`");
    let help = match nearest(name, known.iter().map(|(name, _)| *name)) {
        Some(nearest) => format!("Did you mean `{nearest}`? Or add the policy to `Policies/`."),
        None => "Add the policy to `Policies/`, or mend the name.".to_owned(),
    };
    found.error(codes::UNKNOWN_POLICY, place.clone(), message, help);
}

/// The version with the nearest number, the higher one of two.
fn nearest_version<'a>(wanted: &str, versions: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = number(wanted);
    versions.min_by(|left, right| {
        let [left, right] = [left, right].map(|version| number(version));
        let distance = |number: f64| (number - wanted).abs();
        distance(left).total_cmp(&distance(right)).then(right.total_cmp(&left))
    })
}

/// `v2` and `v1.1` as numbers; 0 where it is none.
fn number(version: &str) -> f64 {
    let digits = version.trim_start_matches(|c: char| !c.is_ascii_digit());
    digits.parse().ok().filter(|number: &f64| number.is_finite()).unwrap_or(0.0)
}
