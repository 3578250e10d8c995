//! Where an API or an operation attaches policies: `apiPolicies`, `operationPolicies`.

use std::fmt;

use serde_json::{Map, Value};

use super::{DEFAULT_VERSION, Flow};
use crate::codes;
use crate::cursor::Cursor;
use crate::diagnostic::{Diagnostics, Place};

/// One policy, attached with its parameters.
#[derive(Clone, PartialEq, Eq)]
pub struct PolicyReference {
    /// Where it is attached.
    pub place: Place,
    /// `policyName`.
    pub name: String,
    /// `policyVersion`; [`DEFAULT_VERSION`] where it is absent.
    pub version: String,
    /// `policyId`, which means something only to the control plane that wrote it.
    pub id: Option<String>,
    /// `policyType`: `common` or `api`, as written.
    pub kind: Option<String>,
    /// `parameters`, as written.
    pub parameters: Map<String, Value>,
}

/// The policies of one level, in the order in which they run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PolicyReferences {
    /// On the way to the upstream.
    pub request: Vec<PolicyReference>,
    /// On the way back.
    pub response: Vec<PolicyReference>,
    /// When something failed.
    pub fault: Vec<PolicyReference>,
}

/// Without the parameters, which may hold secrets.
impl fmt::Debug for PolicyReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PolicyReference({} {} at {})", self.name, self.version, self.place)
    }
}

impl PolicyReferences {
    /// Reads `{request: […], response: […], fault: […]}`; absent lists are empty.
    pub fn read(at: &Cursor<'_>, found: &mut Diagnostics) -> Self {
        let mut references = Self::default();
        for (key, list) in at.entries(found) {
            let entries = list.items(found);
            match Flow::parse(key) {
                Some(flow) => {
                    let read = entries.iter().filter_map(|at| PolicyReference::read(at, found));
                    references.list_mut(flow).extend(read);
                }
                None if entries.is_empty() => {}
                None => report_flow(key, &list, found),
            }
        }
        references
    }

    /// The policies of a flow.
    #[must_use]
    pub fn of(&self, flow: Flow) -> &[PolicyReference] {
        match flow {
            Flow::Request => &self.request,
            Flow::Response => &self.response,
            Flow::Fault => &self.fault,
        }
    }

    /// Whether no policy is attached in any flow.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        Flow::ALL.iter().all(|flow| self.of(*flow).is_empty())
    }

    fn list_mut(&mut self, flow: Flow) -> &mut Vec<PolicyReference> {
        match flow {
            Flow::Request => &mut self.request,
            Flow::Response => &mut self.response,
            Flow::Fault => &mut self.fault,
        }
    }
}

impl PolicyReference {
    fn read(at: &Cursor<'_>, found: &mut Diagnostics) -> Option<Self> {
        at.entries(found);
        let Some(name) = at.get("policyName").word(found) else {
            let help = "Write `policyName`, such as `addHeader`.";
            let message = "a policy is attached without its name";
            found.error(codes::POLICY_REFERENCE, at.place(), message, help);
            return None;
        };
        let version = at.get("policyVersion").word(found);
        let parameters = at.get("parameters");
        parameters.entries(found);
        Some(Self {
            place: at.place(),
            name,
            version: version.unwrap_or_else(|| DEFAULT_VERSION.to_owned()),
            id: at.get("policyId").word(found),
            kind: at.get("policyType").word(found),
            parameters: parameters.value().as_object().cloned().unwrap_or_default(),
        })
    }

    /// Whether the policy is meant that belongs to this API only.
    #[must_use]
    pub fn is_api_specific(&self) -> bool {
        self.kind.as_deref().is_some_and(|kind| kind.eq_ignore_ascii_case("api"))
    }

    /// Where one of its parameters is.
    #[must_use]
    pub fn place_of(&self, parameter: &str) -> Place {
        self.place.deeper("parameters").deeper(parameter)
    }
}

fn report_flow(key: &str, at: &Cursor<'_>, found: &mut Diagnostics) {
    let message = format!("`{key}` is no flow, so that its policies would never run");
    let help = "Attach policies under request, response or fault.";
    found.error(codes::POLICY_REFERENCE, at.place(), message, help);
}
