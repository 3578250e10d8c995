//! Operations: of `operations`, or of the definition where that is empty (spec/04 §2.2, §2.3).

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use definition::{Dialect, OperationDefinition};
use http::Method;
use model::api::Operation;
use model::{Diagnostics, Place, codes};

use super::Source;
use super::policies::Policies;
use crate::pattern::Pattern;
use crate::plan::{AuthPlan, OperationPlan, TokenKinds};

/// What a placeholder definition stands for.
const DEFAULT_VERBS: &[&str] = &["GET", "POST", "PUT", "DELETE", "PATCH"];
/// The verbs of an HTTP API (spec/04 §4.2).
const VERBS: &[&str] = &["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"];

/// An operation, wherever it is written.
struct Draft<'a> {
    place: Place,
    verb: Option<&'a str>,
    target: Option<&'a str>,
    auth_type: Option<&'a str>,
    throttling_policy: Option<&'a str>,
    scopes: &'a [String],
    is_open: bool,
    /// Its place in `operations`.
    index: Option<usize>,
}

/// Operations of the definition by method and template.
type Described<'a> = HashMap<(&'a str, &'a str), &'a OperationDefinition>;

pub(super) fn plan(
    source: &Source<'_>,
    policies: &Policies,
    found: &mut Diagnostics,
) -> Vec<OperationPlan> {
    let drafts = drafts(source, found);
    if drafts.is_empty() && !is_reported(source) {
        let message = "the API has no operation, neither in `operations` nor in its definition";
        let help = "Add operations, or a definition with paths.";
        found.error(codes::NO_OPERATIONS, source.place("operations"), message, help);
    }
    let scopes: HashSet<_> = source.api.scopes.iter().map(|scope| scope.name.as_str()).collect();
    let mut seen = HashSet::new();
    let mut operations = Vec::new();
    for draft in drafts {
        let Some(operation) = plan_one(&draft, policies, found) else { continue };
        if seen.insert((operation.method.clone(), operation.template.clone())) {
            check_scopes(&scopes, &draft, found);
            operations.push(operation);
        } else {
            let message = format!("{} {} is there already", operation.method, operation.template);
            let help = "Delete one of them; the first one is served.";
            found.warning(codes::DUPLICATE_OPERATION, draft.place, message, help);
        }
    }
    operations
}

/// The operations of the definition, so that a long list is not searched for each operation.
fn by_method_and_template<'a>(source: &Source<'a>) -> Described<'a> {
    let operations = source.definition.iter().flat_map(|definition| &definition.operations);
    operations
        .map(|operation| ((operation.method.as_str(), operation.template.as_str()), operation))
        .collect()
}

/// Whether it was told already why there is no operation.
fn is_reported(source: &Source<'_>) -> bool {
    let data = source.project.data();
    let written = data.get("operations").value();
    let is_wrong = !written.is_null() && !written.is_array();
    is_wrong || source.definition.is_some_and(|other| other.dialect == Dialect::Unknown)
}

fn drafts<'a>(source: &Source<'a>, found: &mut Diagnostics) -> Vec<Draft<'a>> {
    let definition = source.definition;
    let own = &source.api.operations;
    if !own.is_empty() {
        let described = by_method_and_template(source);
        let draft = |(index, operation)| Draft {
            index: Some(index),
            ..of_api(source, operation, &described, found)
        };
        return own.iter().enumerate().map(draft).collect();
    }
    match definition {
        Some(definition) if definition.is_placeholder => {
            DEFAULT_VERBS.iter().map(|verb| placeholder(source, verb)).collect()
        }
        Some(definition) => {
            let operations = definition.operations.iter();
            let operations = operations.filter(|operation| operation.method != "TRACE");
            operations.map(|operation| of_definition(source, operation)).collect()
        }
        None => Vec::new(),
    }
}

/// What an operation leaves out is taken from the definition.
fn of_api<'a>(
    source: &Source<'a>,
    operation: &'a Operation,
    described: &Described<'a>,
    found: &mut Diagnostics,
) -> Draft<'a> {
    let key = operation.verb.as_deref().zip(operation.target.as_deref());
    let described = key.and_then(|key| described.get(&key)).copied();
    let is_complete = source.definition.is_some_and(|definition| {
        !definition.is_placeholder && definition.dialect != Dialect::Unknown
    });
    let verb = operation.verb.as_deref().filter(|verb| VERBS.contains(verb));
    if let (true, None, Some(verb), Some(target)) =
        (is_complete, described, verb, &operation.target)
    {
        let message = format!("{verb} {target} is not in the definition");
        let help = "Add it to the definition, or remove it from `operations`.";
        let place = operation.place.clone();
        found.note(codes::TARGET_NOT_IN_DEFINITION, place, message, help);
    }
    let auth_type = operation.auth_type.as_deref();
    if let (Some(own), Some(described)) = (auth_type, described) {
        compare(own, described, &operation.place, found);
    }
    let policy = operation.throttling_policy.as_deref();
    Draft {
        place: operation.place.clone(),
        verb: operation.verb.as_deref(),
        target: operation.target.as_deref(),
        auth_type: auth_type.or(described.and_then(|other| other.auth_type.as_deref())),
        throttling_policy: policy.or(described.and_then(|other| other.throttling_tier.as_deref())),
        scopes: match (&operation.scopes, described) {
            (Some(scopes), _) => scopes,
            (None, Some(described)) => &described.scopes,
            (None, None) => &[],
        },
        is_open: is_open(source, described),
        index: None,
    }
}

/// `api.yaml` wins over the definition; that should not go unseen where they disagree.
fn compare(own: &str, described: &OperationDefinition, place: &Place, found: &mut Diagnostics) {
    let Some(other) = described.auth_type.as_deref() else { return };
    let kind = |written| auth_kind(written).ok_or(written);
    if kind(own) != kind(other) {
        let message = format!("the authType is `{own}` here and `{other}` at {}", described.place);
        let help = "Write the same in both; `api.yaml` wins.";
        found.warning(codes::AUTH_TYPE_DIFFERS, place.clone(), message, help);
    }
}

fn of_definition<'a>(source: &Source<'a>, operation: &'a OperationDefinition) -> Draft<'a> {
    Draft {
        place: operation.place.clone(),
        verb: Some(&operation.method),
        target: Some(&operation.template),
        auth_type: operation.auth_type.as_deref(),
        throttling_policy: operation.throttling_tier.as_deref(),
        scopes: &operation.scopes,
        is_open: is_open(source, Some(operation)),
        index: None,
    }
}

fn placeholder<'a>(source: &Source<'a>, verb: &'a str) -> Draft<'a> {
    Draft {
        place: source.place("operations"),
        verb: Some(verb),
        target: Some("/*"),
        auth_type: None,
        throttling_policy: None,
        scopes: &[],
        is_open: is_open(source, None),
        index: None,
    }
}

/// `x-wso2-disable-security`, of the definition or of the operation.
fn is_open(source: &Source<'_>, operation: Option<&OperationDefinition>) -> bool {
    source.definition.is_some_and(|definition| definition.disables_security)
        || operation.is_some_and(|operation| operation.disables_security)
}

fn plan_one(
    draft: &Draft<'_>,
    policies: &Policies,
    found: &mut Diagnostics,
) -> Option<OperationPlan> {
    let method = method(draft, found);
    let target = target(draft, found);
    let (method, (template, pattern)) = (method?, target?);
    let flows = policies.of(draft.index, (method.as_str(), &template), found);
    Some(OperationPlan {
        method,
        template,
        pattern,
        auth: auth(draft, found),
        throttling_policy: draft.throttling_policy.map(str::to_owned),
        flows,
        mock: None,
        is_mocked: false,
        records: false,
    })
}

fn method(draft: &Draft<'_>, found: &mut Diagnostics) -> Option<Method> {
    if let Some(verb) = draft.verb.filter(|verb| VERBS.contains(verb)) {
        return verb.parse().ok();
    }
    let message = match draft.verb {
        Some(verb) => format!("the verb `{verb}` is unknown"),
        None => "the operation has no verb".to_owned(),
    };
    let help = format!("Use one of {}.", VERBS.join(", "));
    found.error(codes::VERB, draft.place.clone(), message, help);
    None
}

fn target(draft: &Draft<'_>, found: &mut Diagnostics) -> Option<(Arc<str>, Pattern)> {
    let help = "Write a path such as `/orders/{id}` or `/files/*`.";
    let Some(target) = draft.target else {
        found.error(codes::TARGET, draft.place.clone(), "the operation has no target", help);
        return None;
    };
    match Pattern::parse(target) {
        Ok(pattern) => Some((target.into(), pattern)),
        Err(error) => {
            let message = format!("the target `{target}` is not a URI template: {error}");
            found.error(codes::TARGET, draft.place.clone(), message, help);
            None
        }
    }
}

fn auth(draft: &Draft<'_>, found: &mut Diagnostics) -> AuthPlan {
    if draft.is_open {
        return AuthPlan::None;
    }
    let written = draft.auth_type.unwrap_or("Any");
    let tokens = match auth_kind(written) {
        Some(None) => return AuthPlan::None,
        Some(Some(tokens)) => tokens,
        None => {
            let message = format!("the authType `{written}` is unknown; a token is asked for");
            let help = "Use Any, None, Application or Application User.";
            found.warning(codes::AUTH_TYPE, draft.place.clone(), message, help);
            TokenKinds::Any
        }
    };
    AuthPlan::Required { scopes: draft.scopes.to_vec(), tokens }
}

/// What an `authType` means: `None` inside is no token at all, outside it is unknown.
fn auth_kind(written: &str) -> Option<Option<TokenKinds>> {
    match written.to_ascii_lowercase().replace(['_', ' '], "").as_str() {
        "none" => Some(None),
        "application" => Some(Some(TokenKinds::Application)),
        "applicationuser" => Some(Some(TokenKinds::ApplicationUser)),
        "any" | "application&applicationuser" => Some(Some(TokenKinds::Any)),
        _ => None,
    }
}

fn check_scopes(declared: &HashSet<&str>, draft: &Draft<'_>, found: &mut Diagnostics) {
    for name in draft.scopes.iter().filter(|name| !declared.contains(name.as_str())) {
        let message = format!("the scope `{name}` is not declared by the API");
        let help = "Declare the scope under `scopes`, or mend its name.";
        found.warning(codes::UNKNOWN_SCOPE, draft.place.clone(), message, help);
    }
}
