//! Whether a policy may be attached where it is, and what its template is given (spec/02 §1.9).
//!
//! As in WSO2, only required parameters are held to their pattern.
//! What WSO2 would skip without a word is told here.

use model::policy::{
    ApiType, AttributeKind, Flow, GATEWAY, PolicyAttribute, PolicyReference, PolicySpecification,
};
use model::secret::{Reference, Secret, SecretSource};
use model::{Diagnostics, Place, codes};
use serde_json::{Map, Value};

use crate::pattern::Pattern;

/// What stands for a secret that is not at hand, where a project is only looked at.
const PLACEHOLDER: &str = "not at hand";

/// Judges a policy at its place: the flow, the gateway, the type of the API, and the parameters.
#[must_use]
pub fn check(
    reference: &PolicyReference,
    specification: &PolicySpecification,
    flow: Flow,
    api: &ApiType,
) -> Diagnostics {
    let mut found = Diagnostics::new();
    check_flow(reference, specification, flow, &mut found);
    check_gateway(reference, specification, &mut found);
    check_api(reference, specification, api, &mut found);
    for attribute in &specification.attributes {
        check_attribute(reference, attribute, &mut found);
    }
    check_unknown(reference, specification, &mut found);
    found
}

/// What the template of a policy is given: the parameters, defaults where they are absent,
/// booleans as such, and secrets in place of references to them.
///
/// A text that is a reference as a whole is followed whatever the type of its attribute, because
/// older policies know no type for secrets.
/// A secret that cannot be had is told, and left out.
pub fn parameters(
    reference: &PolicyReference,
    specification: &PolicySpecification,
    secrets: &dyn SecretSource,
    found: &mut Diagnostics,
) -> Map<String, Value> {
    let mut parameters = Map::new();
    for attribute in &specification.attributes {
        if let Some(value) = given(reference, attribute).or(attribute.default.as_ref()) {
            parameters.insert(attribute.name.clone(), typed(attribute, value));
        }
    }
    for (name, value) in &reference.parameters {
        if specification.attribute(name).is_none() && !value.is_null() {
            parameters.insert(name.clone(), value.clone());
        }
    }
    let follow = Follow { reference, secrets };
    parameters.into_iter().filter_map(|one| follow.value(one, found)).collect()
}

/// Puts secrets in place of references.
struct Follow<'a> {
    reference: &'a PolicyReference,
    secrets: &'a dyn SecretSource,
}

impl Follow<'_> {
    fn value(
        &self,
        (name, value): (String, Value),
        found: &mut Diagnostics,
    ) -> Option<(String, Value)> {
        let Some(at) = value.as_str().and_then(Reference::parse) else {
            return Some((name, value));
        };
        let secret = self.resolve(at, self.reference.place_of(&name), found)?;
        Some((name, secret.expose().into()))
    }

    fn resolve(&self, at: Reference<'_>, place: Place, found: &mut Diagnostics) -> Option<Secret> {
        let problem = match self.secrets.resolve(at) {
            Ok(secret) if !secret.is_empty() => return Some(secret),
            Ok(_) => "the secret is empty".to_owned(),
            Err(problem) => problem,
        };
        let help = "Mend the reference, or what it refers to; docs/secrets.md says how.";
        if self.secrets.is_lenient() {
            found.warning(codes::POLICY_SECRET, place, problem, help);
            return Some(Secret::new(PLACEHOLDER));
        }
        found.error(codes::POLICY_SECRET, place, problem, help);
        None
    }
}

/// The value of a parameter as it is written; `None` where it counts as absent.
///
/// Exports leave secrets empty or masked, so that such a secret is absent.
fn given<'a>(reference: &'a PolicyReference, attribute: &PolicyAttribute) -> Option<&'a Value> {
    let value = reference.parameters.get(&attribute.name).filter(|value| !value.is_null())?;
    let is_left_out = attribute.kind == AttributeKind::Secret && is_masked(value);
    (!is_left_out).then_some(value)
}

fn is_masked(value: &Value) -> bool {
    let text = value.as_str().map(str::trim);
    text.is_some_and(|text| {
        text.is_empty() || text.chars().count() > 2 && text.chars().all(|c| c == '*' || c == '•')
    })
}

/// A boolean as such, whose text a template would take for true whatever it says.
fn typed(attribute: &PolicyAttribute, value: &Value) -> Value {
    match (attribute.kind, value) {
        (AttributeKind::Boolean, Value::String(text)) => {
            boolean(text).map_or_else(|| value.clone(), Value::Bool)
        }
        _ => value.clone(),
    }
}

fn boolean(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

fn check_flow(
    reference: &PolicyReference,
    specification: &PolicySpecification,
    flow: Flow,
    found: &mut Diagnostics,
) {
    if specification.applies_to(flow) {
        return;
    }
    let flows: Vec<_> = specification.flows.iter().map(|flow| flow.as_str()).collect();
    let message = format!("policy `{}` may not be used in the {flow} flow", reference.name);
    let help = match flows.as_slice() {
        [] => "Add the flow to its `applicableFlows`.".to_owned(),
        flows => format!("Attach it under {}.", flows.join(" or ")),
    };
    found.error(codes::POLICY_FLOW, reference.place.clone(), message, help);
}

fn check_gateway(
    reference: &PolicyReference,
    specification: &PolicySpecification,
    found: &mut Diagnostics,
) {
    if specification.supports_gateway(GATEWAY) {
        return;
    }
    let gateways = match specification.gateways.as_slice() {
        [] => "no gateway at all".to_owned(),
        gateways => gateways.join(" and "),
    };
    let message = format!("policy `{}` is for {gateways}", reference.name);
    let help = format!("Use a policy with `{GATEWAY}` among its `supportedGateways`.");
    found.error(codes::POLICY_GATEWAY, reference.place.clone(), message, help);
}

/// A warning: WSO2 asks for the type only where policies are offered, not where they run.
fn check_api(
    reference: &PolicyReference,
    specification: &PolicySpecification,
    api: &ApiType,
    found: &mut Diagnostics,
) {
    if specification.supports_api(&api.api_type, api.sub_type.as_deref()) {
        return;
    }
    let message = format!("policy `{}` is not meant for {} APIs", reference.name, api.api_type);
    let help = "Use another policy, or add the type to its `supportedApiTypes`.";
    found.warning(codes::POLICY_API_TYPE, reference.place.clone(), message, help);
}

fn check_attribute(
    reference: &PolicyReference,
    attribute: &PolicyAttribute,
    found: &mut Diagnostics,
) {
    let place = reference.place_of(&attribute.name);
    let Some(value) = given(reference, attribute) else {
        if attribute.required && attribute.default.is_none() {
            report_missing(reference, attribute, place, found);
        }
        return;
    };
    let is_reference = value.as_str().is_some_and(|text| Reference::parse(text).is_some());
    if is_reference {
        return;
    }
    if attribute.required {
        check_pattern(attribute, value, &place, found);
    }
    check_value(attribute, value, place, found);
}

fn report_missing(
    reference: &PolicyReference,
    attribute: &PolicyAttribute,
    place: Place,
    found: &mut Diagnostics,
) {
    let name = &attribute.name;
    if reference.parameters.get(name).is_some_and(|value| !value.is_null()) {
        let message = format!("the secret `{name}` is empty or masked");
        let help = "Write it, or refer to it by `$env{NAME}`, `$file{PATH}` or `$sealed{TEXT}`.";
        found.error(codes::POLICY_SECRET, place, message, help);
        return;
    }
    let message = format!("policy `{}` requires `{name}`", reference.name);
    let help = format!("Write `{name}` under `parameters`.");
    found.error(codes::POLICY_ATTRIBUTE_MISSING, place, message, help);
}

fn check_pattern(
    attribute: &PolicyAttribute,
    value: &Value,
    place: &Place,
    found: &mut Diagnostics,
) {
    let (Some(pattern), Some(text)) = (&attribute.pattern, plain(value)) else { return };
    let name = &attribute.name;
    match Pattern::compile(pattern) {
        Ok(compiled) if compiled.matches(&text) => {}
        Ok(_) => {
            let message = format!("the value of `{name}` does not match `{pattern}`");
            let help = "Write a value that the whole pattern matches.";
            found.error(codes::POLICY_ATTRIBUTE_PATTERN, place.clone(), message, help);
        }
        Err(problem) => {
            let message = format!("the pattern `{pattern}` of `{name}` is not checked: {problem}");
            let help = "Mend the `validationRegex` of the policy, or remove it.";
            found.warning(codes::POLICY_PATTERN, place.clone(), message, help);
        }
    }
}

/// A warning: WSO2 does not look at the type of a value, only its portal does.
fn check_value(attribute: &PolicyAttribute, value: &Value, place: Place, found: &mut Diagnostics) {
    let Some(expected) = expected(attribute, value) else { return };
    let message = format!("the value of `{}` is not {expected}", attribute.name);
    found.warning(codes::POLICY_ATTRIBUTE_VALUE, place, message, format!("Write {expected}."));
}

/// What a value should have been; `None` where it is that, or is left empty.
fn expected(attribute: &PolicyAttribute, value: &Value) -> Option<String> {
    let text = plain(value);
    let text = text.as_deref().map(str::trim);
    if text == Some("") {
        return None;
    }
    let fits = match attribute.kind {
        AttributeKind::String | AttributeKind::Secret => text.is_some(),
        AttributeKind::Integer => text.is_some_and(|text| text.parse::<i64>().is_ok()),
        AttributeKind::Boolean => text.is_some_and(|text| boolean(text).is_some()),
        AttributeKind::Enum => {
            attribute.allowed.is_empty()
                || text.is_some_and(|text| attribute.allowed.iter().any(|one| one == text))
        }
        AttributeKind::Map | AttributeKind::Json => true,
    };
    let expected = match attribute.kind {
        AttributeKind::Integer => "a whole number".to_owned(),
        AttributeKind::Boolean => "true or false".to_owned(),
        AttributeKind::Enum => format!("one of {}", attribute.allowed.join(", ")),
        _ => "text".to_owned(),
    };
    (!fits).then_some(expected)
}

/// A value as the text that a template prints; `None` for lists and mappings.
fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

fn check_unknown(
    reference: &PolicyReference,
    specification: &PolicySpecification,
    found: &mut Diagnostics,
) {
    for name in reference.parameters.keys() {
        if specification.attribute(name).is_some() {
            continue;
        }
        let message = format!("policy `{}` describes no parameter `{name}`", reference.name);
        let known = specification.attributes.iter().map(|attribute| attribute.name.as_str());
        let help = match crate::nearest(name, known) {
            Some(nearest) => format!("Did you mean `{nearest}`? Mend the name, or remove it."),
            None => "Remove the parameter.".to_owned(),
        };
        found.warning(codes::POLICY_ATTRIBUTE_UNKNOWN, reference.place_of(name), message, help);
    }
}

#[cfg(test)]
mod tests;
