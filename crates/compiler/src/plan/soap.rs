//! The operations of a SOAP service, where something depends on which of them is called.

use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter};
use std::sync::Arc;

use super::FlowsPlan;

/// How an operation is told, and what runs for it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SoapPlan {
    /// The operations of the WSDL by their action; an action that several have is not here.
    pub actions: BTreeMap<String, Arc<str>>,
    /// The operations by namespace and name of the first element in the body.
    pub elements: BTreeMap<(String, String), Arc<str>>,
    /// What runs for an operation in the place of what runs for the resource.
    pub flows: BTreeMap<Arc<str>, Arc<FlowsPlan>>,
    /// Whether there is a WSDL: without one the element has the name of the operation.
    pub has_wsdl: bool,
}

impl SoapPlan {
    /// The operation with this action.
    #[must_use]
    pub fn by_action(&self, action: &str) -> Option<&Arc<str>> {
        self.actions.get(action)
    }

    /// The operation whose message begins with this element.
    #[must_use]
    pub fn by_element(&self, namespace: &str, local: &str) -> Option<Arc<str>> {
        if !self.has_wsdl {
            return Some(local.into());
        }
        self.elements.get(&(namespace.to_owned(), local.to_owned())).map(Arc::clone)
    }
}

impl Display for SoapPlan {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let from = if self.has_wsdl { "of the WSDL" } else { "named by the body" };
        writeln!(f, "soap operations {from}")?;
        for (action, name) in &self.actions {
            writeln!(f, "  action {action}: {name}")?;
        }
        for ((namespace, local), name) in &self.elements {
            writeln!(f, "  element {{{namespace}}}{local}: {name}")?;
        }
        for (name, flows) in &self.flows {
            write!(f, "  policies of {name}\n{flows}")?;
        }
        Ok(())
    }
}
