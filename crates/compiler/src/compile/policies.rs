//! Policies, sequences and rules to what runs for each operation (spec/02 §1.5, §1.8).
//!
//! Those of the API run before those of the operation, in every flow; rules of `x-weir` run last.

mod circle;
mod named;
mod rest_to_soap;
mod rules;
mod shipped;
mod soap;
mod trust;

use std::sync::Arc;

use mediation::parse::{self, Context};
use mediation::sequence::{Mediator, Step};
use mediation::{Library, RuleTable, Sequence};
use model::policy::Flow;
use model::{Diagnostics, Place, codes};
use policy::flow::{ApiFlows, Fragment, Known, RenderProblem, Rendering, Sources};
use policy::template::{self, Substitution};
use serde_json::{Map, Value};

use super::Source;
use crate::plan::{FlowsPlan, LibraryPlan, SequencePlan, TargetPattern};
pub(super) use named::{check as check_names, extras};
pub(super) use rules::KEYS as RULE_KEYS;
pub(super) use soap::{KEY as SOAP_KEY, plan as soap_plan};

/// What mediates for an API.
pub(super) struct Policies {
    flows: ApiFlows,
    /// What runs for every operation: request, response, fault.
    shared: [Vec<Step>; 3],
    rules: Option<Arc<RuleTable>>,
    rest_to_soap: rest_to_soap::RestToSoap,
    is_dynamic: bool,
    /// The sequences that steps call by their keys.
    pub(super) library: LibraryPlan,
    /// The hosts that the author has written into policies.
    pub(super) trusted: Vec<TargetPattern>,
    /// What runs for operations without policies of their own.
    default: Arc<FlowsPlan>,
}

impl Policies {
    /// Reads all that the API says of mediation.
    pub(super) fn read(source: &Source<'_>, found: &mut Diagnostics) -> Self {
        let project = source.project;
        let sources = Sources {
            policies: &project.policies,
            sequences: &project.sequences,
            shipped: &known,
            names: &names,
            render: &render,
            secrets: source.secrets.source,
        };
        let flows = policy::flow::resolve(&soap::extended(source.api), &sources, found);
        let mut made = Self {
            shared: Default::default(),
            rules: rules::of_extension(source, found),
            rest_to_soap: rest_to_soap::RestToSoap::default(),
            is_dynamic: is_dynamic(source),
            library: LibraryPlan(shipped::library()),
            trusted: trust::hosts(&flows, project),
            default: Arc::default(),
            flows,
        };
        made.library = made.with_sequences(source, found);
        if let Some(rules) = &made.rules {
            made.trusted.extend(trust::of_rules(rules));
        }
        for (index, flow) in Flow::ALL.into_iter().enumerate() {
            let fragments = made.flows.api.of(flow).to_vec();
            made.shared[index] = made.steps(&fragments, flow, found);
        }
        made.rest_to_soap = rest_to_soap::RestToSoap::read(source, &made, found);
        let shared = made.shared.each_ref().map(|steps| copies(steps));
        made.default = Arc::new(made.plan(shared, [None, None]));
        made
    }

    /// What runs for an operation, by its place in `operations`, its method and its template.
    pub(super) fn of(
        &self,
        index: Option<usize>,
        resource: (&str, &str),
        found: &mut Diagnostics,
    ) -> Arc<FlowsPlan> {
        let own = index.and_then(|index| self.flows.operations.get(index));
        let own = own.filter(|own| !own.is_empty());
        let soap = self.rest_to_soap.of(resource);
        if own.is_none() && soap.is_none() {
            return Arc::clone(&self.default);
        }
        let mut all = self.shared.each_ref().map(|steps| copies(steps));
        for (steps, flow) in all.iter_mut().zip(Flow::ALL) {
            let own = own.map(|own| own.of(flow)).unwrap_or_default();
            steps.extend(self.steps(own, flow, found));
        }
        Arc::new(self.plan(all, soap.unwrap_or_default()))
    }

    /// What turns REST into SOAP comes last, in both directions (spec/02 §1.4).
    fn plan(
        &self,
        [mut request, mut response, fault]: [Vec<Step>; 3],
        [ask, tell]: [Option<Step>; 2],
    ) -> FlowsPlan {
        if let Some(rules) = &self.rules {
            let mediator = Mediator::Rules(Arc::clone(rules));
            request.push(Step { place: Arc::from("rules of x-weir"), mediator });
        }
        request.extend(ask);
        response.extend(tell);
        let plan = |steps| SequencePlan::new(Sequence { steps, on_error: None });
        FlowsPlan { request: plan(request), response: plan(response), fault: plan(fault) }
    }

    fn steps(&self, fragments: &[Fragment], flow: Flow, found: &mut Diagnostics) -> Vec<Step> {
        let read = |fragment| self.step(fragment, flow, found);
        fragments.iter().filter_map(read).collect()
    }

    fn step(&self, fragment: &Fragment, flow: Flow, found: &mut Diagnostics) -> Option<Step> {
        let library = &self.library.0;
        let sequence = read(fragment, flow, self.is_dynamic, library, found)?;
        let mediator = Mediator::Inline(Arc::new(sequence));
        Some(Step { place: Arc::from(format!("policy {}", fragment.name)), mediator })
    }

    /// The sequences of the project can be called too.
    fn with_sequences(&self, source: &Source<'_>, found: &mut Diagnostics) -> LibraryPlan {
        let files = &source.project.sequences;
        if files.is_empty() {
            return self.library.clone();
        }
        let mut library = Library::clone(&self.library.0);
        let keys: Vec<&str> = files.iter().map(|file| file.name.as_str()).collect();
        for file in files {
            let fragment = Fragment {
                name: file.name.clone(),
                text: file.text.clone(),
                place: Place::file(&file.path),
                file: Some(file.path.clone()),
                is_document: true,
            };
            // What is attached is told of where it is; what is not need not be right.
            let is_attached = source.api.sequences.iter().any(|it| it.name == file.name);
            let mut problems = Diagnostics::new();
            let known = |key: &str| keys.contains(&key) || self.library.0.contains_key(key);
            let read = read_knowing(&fragment, file.flow, self.is_dynamic, &known, &mut problems);
            match read {
                Some(sequence) => {
                    library.insert(Arc::from(file.name.as_str()), Arc::new(sequence));
                }
                None if !is_attached => problems.into_iter().for_each(|mut problem| {
                    problem.severity = model::Severity::Warning;
                    found.report(problem);
                }),
                None => {}
            }
        }
        circle::check(files, &library, found);
        LibraryPlan(Arc::new(library))
    }
}

/// The same steps once more; what they do is shared.
fn copies(steps: &[Step]) -> Vec<Step> {
    let copy = |step: &Step| match &step.mediator {
        Mediator::Inline(sequence) => {
            let mediator = Mediator::Inline(Arc::clone(sequence));
            Some(Step { place: Arc::clone(&step.place), mediator })
        }
        _ => None,
    };
    steps.iter().filter_map(copy).collect()
}

/// Reads a fragment; problems are told at the file, or else where it is attached.
pub(super) fn read(
    fragment: &Fragment,
    flow: Flow,
    is_dynamic_endpoint: bool,
    library: &Library,
    found: &mut Diagnostics,
) -> Option<Sequence> {
    let known = |key: &str| library.contains_key(key);
    read_knowing(fragment, flow, is_dynamic_endpoint, &known, found)
}

fn read_knowing(
    fragment: &Fragment,
    flow: Flow,
    is_dynamic_endpoint: bool,
    known_sequences: &dyn Fn(&str) -> bool,
    found: &mut Diagnostics,
) -> Option<Sequence> {
    let origin = format!("policy {}", fragment.name);
    let context = Context {
        file: fragment.file.as_deref().unwrap_or_default(),
        origin: &origin,
        flow,
        known_sequences,
        is_dynamic_endpoint,
        line_offset: 0,
    };
    let mut problems = Vec::new();
    let sequence = if fragment.is_document {
        parse::parse_file(&fragment.text, &context, &mut problems)
    } else {
        parse::parse(&fragment.text, &context, &mut problems)
    };
    for mut problem in problems {
        if fragment.file.is_none() {
            problem.place = fragment.place.clone();
        }
        found.report(problem);
    }
    sequence
}

/// Whether the endpoint goes where `To` says.
fn is_dynamic(source: &Source<'_>) -> bool {
    let kind = source.project.data().get("endpointConfig").get("endpoint_type");
    kind.value().as_str().is_some_and(|kind| kind.eq_ignore_ascii_case("default"))
}

fn known(name: &str, version: &str) -> Option<Known> {
    let shipped = policy::shipped::specification(name, version)?;
    Some(Known {
        specification: &shipped.specification,
        template: shipped.template,
        refusal: shipped.refusal,
    })
}

fn names() -> Vec<(&'static str, &'static str)> {
    let name = |shipped: &'static policy::shipped::Shipped| {
        let specification = &shipped.specification;
        (specification.name.as_str(), specification.version.as_str())
    };
    policy::shipped::all().iter().map(name).collect()
}

/// Fills in a template (spec/02 §7.1).
pub(super) fn render(
    text: &str,
    parameters: &Map<String, Value>,
) -> Result<Rendering, RenderProblem> {
    let rendered = template::render_policy(text, parameters, &parse::is_well_formed);
    let rendered =
        rendered.map_err(|error| RenderProblem { line: error.line, message: error.message })?;
    let is_escaped = rendered.substitution == Substitution::Escaped;
    Ok(Rendering { text: rendered.text, is_escaped })
}

/// The sequence that answers in place of an upstream.
pub(super) fn backend(
    source: &Source<'_>,
    policies: &Policies,
    name: &str,
    place: Place,
    found: &mut Diagnostics,
) -> Option<SequencePlan> {
    let backends = &source.project.backends;
    let fragment = policy::flow::backend(name, backends, place, &render, found)?;
    let sequence = read(&fragment, Flow::Request, true, &policies.library.0, found)?;
    if sequence.steps.is_empty() {
        let message = format!("the sequence `{name}` has no step, so that it would answer nothing");
        let help = "Let it make an answer, with a `payloadFactory` for instance.";
        found.error(codes::MEDIATION_SHAPE, fragment.place, message, help);
    }
    SequencePlan::new(sequence)
}
