//! Which policies run where: for the whole API and for each operation, the texts of its policies
//! in their order (spec/02 §1.5).
//!
//! WSO2 leaves out what it cannot find, render or read, and logs a line; here each of these is an
//! error, so that no API is served without a policy that its author attached.

mod legacy;
mod lookup;

use std::fmt;

use model::api::ApiDefinition;
use model::policy::{
    ApiType, BackendSequence, Flow, PolicyFile, PolicyReference, PolicyReferences,
    PolicySpecification, SequenceFile,
};
use model::secret::SecretSource;
use model::{Diagnostics, Place, codes};
use serde_json::{Map, Value};

use crate::validate;

/// Most policies in one list.
const MAX_POLICIES: usize = 100;
/// Most text of all policies of an API, in bytes.
const MAX_TEXT: usize = 16 << 20;

/// A policy that is there without being in the project.
#[derive(Debug, Clone, Copy)]
pub struct Known {
    /// What it is.
    pub specification: &'static PolicySpecification,
    /// What it does; `None` where it is only known by name, and not supported.
    pub template: Option<&'static str>,
    /// Why it is not supported, and what to use instead; empty where it is, or nothing is known.
    pub refusal: &'static str,
}

/// The text of a policy with its parameters put in.
#[derive(Clone, PartialEq, Eq)]
pub struct Rendering {
    /// The text.
    pub text: String,
    /// Whether the parameters had to be escaped to make XML of it.
    pub is_escaped: bool,
}

/// Why a template cannot be filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenderProblem {
    /// The line of the template, from 1; 0 where it is not known.
    pub line: u32,
    /// What is wrong.
    pub message: String,
}

/// Fills in a template.
pub type Render<'a> = dyn Fn(&str, &Map<String, Value>) -> Result<Rendering, RenderProblem> + 'a;

/// Where policies are looked for, and what makes text of them.
#[derive(Clone, Copy)]
pub struct Sources<'a> {
    /// Those of the project, which come first.
    pub policies: &'a [PolicyFile],
    /// The sequences of the project.
    pub sequences: &'a [SequenceFile],
    /// Gives a policy that is always there, by name and version.
    pub shipped: &'a dyn Fn(&str, &str) -> Option<Known>,
    /// The names and versions of all of these, for suggestions.
    pub names: &'a dyn Fn() -> Vec<(&'static str, &'static str)>,
    /// Fills in a template.
    pub render: &'a Render<'a>,
    /// Gives the secrets that parameters refer to.
    pub secrets: &'a dyn SecretSource,
}

/// A piece of mediation that is to be read as XML.
#[derive(Clone, PartialEq, Eq)]
pub struct Fragment {
    /// Its name for messages, such as `addHeader v3`.
    pub name: String,
    /// The XML, which may hold secrets.
    pub text: String,
    /// Where it is attached.
    pub place: Place,
    /// The file that the text comes from; `None` for policies that are always there.
    pub file: Option<String>,
    /// Whether the text is the file as it is, so that it may have a prolog and its lines are those
    /// of the file; else it is a template that was filled in.
    pub is_document: bool,
}

/// The mediation of one level, in the order in which it runs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Flows {
    /// On the way to the upstream.
    pub request: Vec<Fragment>,
    /// On the way back.
    pub response: Vec<Fragment>,
    /// When something failed.
    pub fault: Vec<Fragment>,
}

/// The mediation of an API.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ApiFlows {
    /// That of the API itself, which runs first in every flow.
    pub api: Flows,
    /// That of its operations, in their order.
    pub operations: Vec<Flows>,
}

impl ApiFlows {
    /// The text of everything that runs.
    pub fn fragments(&self) -> impl Iterator<Item = &str> {
        let levels = std::iter::once(&self.api).chain(&self.operations);
        let fragments =
            levels.flat_map(|flows| Flow::ALL.into_iter().flat_map(|flow| flows.of(flow)));
        fragments.map(|fragment| fragment.text.as_str())
    }

    /// What runs for an operation, in its order; for one that is not there, what runs for the API.
    pub fn of(&self, operation: usize, flow: Flow) -> impl Iterator<Item = &Fragment> {
        let own = self.operations.get(operation).map(|flows| flows.of(flow)).unwrap_or_default();
        self.api.of(flow).iter().chain(own)
    }

    /// Whether nothing runs at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.api.is_empty() && self.operations.iter().all(Flows::is_empty)
    }
}

impl Flows {
    /// What runs in a flow.
    #[must_use]
    pub fn of(&self, flow: Flow) -> &[Fragment] {
        match flow {
            Flow::Request => &self.request,
            Flow::Response => &self.response,
            Flow::Fault => &self.fault,
        }
    }

    /// Whether nothing runs in any flow.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        Flow::ALL.iter().all(|flow| self.of(*flow).is_empty())
    }

    fn of_mut(&mut self, flow: Flow) -> &mut Vec<Fragment> {
        match flow {
            Flow::Request => &mut self.request,
            Flow::Response => &mut self.response,
            Flow::Fault => &mut self.fault,
        }
    }
}

impl fmt::Debug for Sources<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sources").field("policies", &self.policies.len()).finish_non_exhaustive()
    }
}

/// Without the text, which may hold secrets.
impl fmt::Debug for Rendering {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Rendering({} bytes)", self.text.len())
    }
}

/// Without the text, which may hold secrets.
impl fmt::Debug for Fragment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fragment({} at {}, {} bytes)", self.name, self.place, self.text.len())
    }
}

/// The mediation of an API and of each of its operations.
///
/// Sequences of older projects count as policies of the API, before all others.
#[must_use]
pub fn resolve(api: &ApiDefinition, sources: &Sources<'_>, found: &mut Diagnostics) -> ApiFlows {
    let api_type = ApiType { api_type: api.kind.clone(), sub_type: api.subtype.clone() };
    let mut resolver = Resolver { sources, api_type, left: MAX_TEXT, found };
    let mut flows = ApiFlows::default();
    for sequence in &api.sequences {
        let fragment = resolver.sequence(sequence);
        flows.api.of_mut(sequence.flow).extend(fragment);
    }
    resolver.level(&api.api_policies, &mut flows.api);
    for operation in &api.operations {
        let mut own = Flows::default();
        resolver.level(&operation.policies, &mut own);
        flows.operations.push(own);
    }
    flows
}

/// The sequence that answers in place of an upstream, by the name that an endpoint gives.
///
/// `place` is where the endpoint names it.
/// As WSO2 does, the text is filled in as a template without parameters.
pub fn backend(
    name: &str,
    backends: &[BackendSequence],
    place: Place,
    render: &Render<'_>,
    found: &mut Diagnostics,
) -> Option<Fragment> {
    let Some(file) = backends.iter().find(|file| file.name == name) else {
        let message = format!("the sequence `{name}` is not in the project");
        let help = format!("Add `Sequence-Backend/{name}.xml`.");
        found.error(codes::SEQUENCE_MISSING, place, message, help);
        return None;
    };
    match render(&file.text, &Map::new()) {
        Ok(rendering) => Some(Fragment {
            name: file.name.clone(),
            is_document: rendering.text == file.text,
            text: rendering.text,
            place,
            file: Some(file.path.clone()),
        }),
        Err(problem) => {
            report_render(&problem, Some(&file.path), &place, &file.name, found);
            None
        }
    }
}

struct Resolver<'a, 'b> {
    sources: &'a Sources<'a>,
    api_type: ApiType,
    /// How much text there may still be, in bytes.
    left: usize,
    found: &'b mut Diagnostics,
}

/// A policy that was found.
struct Policy<'a> {
    specification: &'a PolicySpecification,
    template: &'a str,
    file: Option<&'a str>,
}

impl Resolver<'_, '_> {
    fn level(&mut self, references: &PolicyReferences, flows: &mut Flows) {
        for flow in Flow::ALL {
            let list = references.of(flow);
            if let Some(first_too_many) = list.get(MAX_POLICIES) {
                let message = format!("more than {MAX_POLICIES} policies are attached");
                let help = "Put several steps into one policy.";
                let place = first_too_many.place.clone();
                self.found.error(codes::POLICY_LIMIT, place, message, help);
            }
            for reference in list.iter().take(MAX_POLICIES) {
                let fragment = self.policy(reference, flow);
                flows.of_mut(flow).extend(fragment);
            }
        }
    }

    fn policy(&mut self, reference: &PolicyReference, flow: Flow) -> Option<Fragment> {
        let policy = lookup::find(reference, self.sources, self.found)?;
        let checked = validate::check(reference, policy.specification, flow, &self.api_type);
        let is_refused = checked.has_errors();
        self.found.extend(checked);
        let parameters =
            validate::parameters(reference, policy.specification, self.sources.secrets, self.found);
        if is_refused {
            return None;
        }
        self.render(reference, &policy, &parameters)
    }

    fn render(
        &mut self,
        reference: &PolicyReference,
        policy: &Policy<'_>,
        parameters: &Map<String, Value>,
    ) -> Option<Fragment> {
        let PolicySpecification { name, version, .. } = policy.specification;
        let rendered = (self.sources.render)(policy.template, parameters);
        let rendering = match rendered {
            Ok(rendering) => rendering,
            Err(problem) => {
                report_render(&problem, policy.file, &reference.place, name, self.found);
                return None;
            }
        };
        if rendering.is_escaped {
            let message = "a parameter holds characters of XML, and was escaped to be put in";
            let help = "Write `&amp;`, `&lt;` or `&quot;` in the parameter.";
            let place = reference.place.clone();
            self.found.warning(codes::MEDIATION_AMPERSAND, place, message, help);
        }
        self.take(Fragment {
            name: format!("{name} {version}"),
            text: rendering.text,
            place: reference.place.clone(),
            file: policy.file.map(str::to_owned),
            is_document: false,
        })
    }

    /// Counts the text of a fragment.
    fn take(&mut self, fragment: Fragment) -> Option<Fragment> {
        let had = self.left;
        self.left = had.saturating_sub(fragment.text.len());
        if fragment.text.len() <= had {
            return Some(fragment);
        }
        if had > 0 {
            let message =
                format!("the policies of the API have more than {MAX_TEXT} bytes of text");
            let help = "Shorten the parameters, or attach policies to the API as a whole.";
            self.found.error(codes::POLICY_LIMIT, fragment.place, message, help);
        }
        None
    }
}

fn report_render(
    problem: &RenderProblem,
    file: Option<&str>,
    place: &Place,
    name: &str,
    found: &mut Diagnostics,
) {
    let place = match file {
        Some(file) if problem.line > 0 => Place::line(file, problem.line, 0),
        Some(file) => Place::file(file),
        None => place.clone(),
    };
    let message = format!("the template of `{name}` cannot be filled in: {}", problem.message);
    found.error(codes::POLICY_TEMPLATE, place, message, "Mend the template.");
}

#[cfg(test)]
mod tests;
