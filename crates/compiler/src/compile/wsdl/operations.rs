//! How the operations of a WSDL are told from each other: by their action, or by the first element
//! of the body.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use wsdl::Description;
use wsdl::description::{Call, Shape};

use super::super::Source;
use super::read;
use crate::plan::SoapPlan;

/// The operations of the project's WSDL, without what runs for them.
pub(in super::super) fn known(source: &Source<'_>) -> SoapPlan {
    let root = source.wsdls.roots.first();
    // What is wrong with it is told where it is served.
    let description = root.and_then(|root| read(&source.wsdls.archive, root).ok());
    description.map_or_else(SoapPlan::default, |description| of(&description))
}

fn of(description: &Description) -> SoapPlan {
    let mut actions = Unique::default();
    let mut elements = Unique::default();
    for call in description.calls().filter(|call| call.binding.kind.soap().is_some()) {
        let name = call.operation.name.as_str();
        if let Some(action) = call.bound.soap_action.as_deref().filter(|it| !it.is_empty()) {
            actions.add(action.to_owned(), name);
        }
        if let Some(element) = element(description, &call) {
            elements.add(element, name);
        }
    }
    SoapPlan {
        actions: actions.known(),
        elements: elements.known(),
        has_wsdl: true,
        ..SoapPlan::default()
    }
}

/// The first element of the body of a request.
fn element(description: &Description, call: &Call<'_>) -> Option<(String, String)> {
    let body = call.bound.input.as_ref()?.body.as_ref()?;
    if call.bound.shape == Shape::Rpc {
        let namespace = body.encoding.namespace.clone().unwrap_or_default();
        return Some((namespace, call.operation.name.clone()));
    }
    let message = description.message(call.operation.input.as_ref()?.message);
    let element = message.parts.get(*body.parts.first()?)?.element()?;
    let name = &description.schemas().element(element).name;
    Some((name.namespace.to_string(), name.local.to_string()))
}

/// Keys with what they mean, as long as that is one thing.
struct Unique<K>(BTreeMap<K, BTreeSet<String>>);

impl<K> Default for Unique<K> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<K: Ord> Unique<K> {
    fn add(&mut self, key: K, name: &str) {
        self.0.entry(key).or_default().insert(name.to_owned());
    }

    fn known(self) -> BTreeMap<K, Arc<str>> {
        let only = |names: BTreeSet<String>| match names.len() {
            1 => names.into_iter().next().map(Arc::from),
            _ => None,
        };
        self.0.into_iter().filter_map(|(key, names)| Some((key, only(names)?))).collect()
    }
}
