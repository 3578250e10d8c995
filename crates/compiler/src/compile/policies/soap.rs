//! Policies of single SOAP operations (`x-weir-soap-operations`), and whether anything else asks
//! which operation is called.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use model::api::ApiDefinition;
use model::{Diagnostics, codes};

use super::super::{Source, wsdl};
use super::Policies;
use crate::plan::{FlowsPlan, SoapPlan};

/// The key of `api.yaml`.
pub(in crate::compile) const KEY: &str = "x-weir-soap-operations";
/// The property that policies read.
const PROPERTY: &str = "soap.operation";
/// The operation of an API that passes messages on.
const PASSED_ON: (&str, &str) = ("POST", "/*");
/// How many operations a message lists.
const LISTED: usize = 20;

/// The API with an operation more for each SOAP operation that has policies, so that these are
/// found, checked and filled in as all others are.
pub(super) fn extended(api: &ApiDefinition) -> Cow<'_, ApiDefinition> {
    if api.soap_operations.is_empty() {
        return Cow::Borrowed(api);
    }
    let mut api = api.clone();
    let more: Vec<_> = api.soap_operations.iter().map(|one| one.operation.clone()).collect();
    api.operations.extend(more);
    Cow::Owned(api)
}

/// What depends on the SOAP operation; nothing where nobody asks.
pub(in crate::compile) fn plan(
    source: &Source<'_>,
    policies: &Policies,
    found: &mut Diagnostics,
) -> Option<SoapPlan> {
    let own = &source.api.soap_operations;
    let texts = policies.flows.fragments();
    let mut sequences = source.project.sequences.iter().map(|file| file.text.as_str());
    let is_read = texts.into_iter().any(|text| text.contains(PROPERTY))
        || sequences.any(|text| text.contains(PROPERTY));
    let has_rules = policies.rules.as_ref().is_some_and(|rules| rules.asks_operation());
    if own.is_empty() && !is_read && !has_rules {
        return None;
    }
    let known = wsdl::operations(source);
    check(source, &known, found);
    let first = source.api.operations.len();
    let mut flows: BTreeMap<Arc<str>, Arc<FlowsPlan>> = BTreeMap::new();
    for (index, one) in own.iter().enumerate() {
        let own = policies.of(Some(first + index), PASSED_ON, found);
        flows.insert(Arc::from(one.name.as_str()), own);
    }
    Some(SoapPlan { flows, ..known })
}

/// A name that no message can have would be a policy that never runs.
fn check(source: &Source<'_>, known: &SoapPlan, found: &mut Diagnostics) {
    if !known.has_wsdl {
        return;
    }
    let names: BTreeSet<&str> =
        known.actions.values().chain(known.elements.values()).map(AsRef::as_ref).collect();
    for one in source.api.soap_operations.iter().filter(|one| !names.contains(&*one.name)) {
        let message =
            format!("the WSDL has no SOAP operation `{}`, or none that can be told", one.name);
        let list: Vec<&str> = names.iter().take(LISTED).copied().collect();
        let help = format!("Use one of {}.", list.join(", "));
        found.error(codes::EXTENSION_VALUE, one.operation.place.clone(), message, help);
    }
}
