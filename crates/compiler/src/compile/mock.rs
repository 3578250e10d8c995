//! Operations that are answered without an upstream (spec/02 §4): those of mock APIs, those that
//! say so themselves, and all of an API that has a mock in a group.

mod settings;

use std::sync::Arc;

use ::mock::state::{Limits, Roles};
use ::mock::{Prepared, Source as Contract};
use model::cursor::Cursor;
use model::lifecycle::State;
use model::{Diagnostics, codes};
use script::Script;

use super::Source;
use super::endpoints::name_of;
use crate::plan::{
    ChoicesPlan, EndpointPlan, ExtraPlan, MockAnswers, MockLeafPlan, MockPlan, OperationPlan,
    RolePlan, SequencePlan, Stages,
};
pub(super) use settings::KEY;
use settings::{Answer, Shared};

/// What a script of an operation is called in the definition.
const SCRIPT: &str = "x-mediation-script";

/// What implements an API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Implementation {
    /// Its endpoint.
    Endpoint,
    /// A script for each operation.
    Scripts,
    /// The examples of its definition.
    Examples,
}

/// What implements the API; `None` for a word that is unknown, which is told.
pub(super) fn implementation(
    source: &Source<'_>,
    found: &mut Diagnostics,
) -> Option<Implementation> {
    match source.api.implementation.as_str() {
        "ENDPOINT" => Some(Implementation::Endpoint),
        "INLINE" => Some(Implementation::Scripts),
        "MOCKED_OAS" => Some(Implementation::Examples),
        other => {
            let message = format!("the implementation `{other}` is unknown");
            let help = "Set `endpointImplementationType` to ENDPOINT, INLINE or MOCKED_OAS.";
            let place = source.place("endpointImplementationType");
            found.error(codes::IMPLEMENTATION, place, message, help);
            None
        }
    }
}

/// The endpoints of an API that is a mock: the same for keys of both kinds.
pub(super) fn endpoints(source: &Source<'_>, found: &mut Diagnostics) -> Stages<EndpointPlan> {
    check_state(source, found);
    let plan = || Some(EndpointPlan::Mock(Box::new(leaf(source))));
    Stages { production: plan(), sandbox: plan() }
}

/// The endpoint that answers by the mocks of operations.
pub(super) fn leaf(source: &Source<'_>) -> MockLeafPlan {
    MockLeafPlan { name: name_of(source, "mock"), wish: ::mock::Prefer::default() }
}

/// A mock is for those who try an API out before there is one (spec/02 §4.6).
fn check_state(source: &Source<'_>, found: &mut Diagnostics) {
    let state = source.api.lifecycle.as_deref().and_then(State::parse);
    let Some(state @ (State::Published | State::Deprecated)) = state else { return };
    if !source.options.mocks_in_any_state {
        let state = state.status();
        let message = format!("the API is a mock, and its state is {state}");
        let help = "Set `lifeCycleStatus` to CREATED or PROTOTYPED, or \
                    `endpointImplementationType` to ENDPOINT with an endpoint. To serve mocks in \
                    any state, set `[weir.compat] mock_states = \"any\"`.";
        found.error(codes::MOCK_STATE, source.place("lifeCycleStatus"), message, help);
    }
}

/// What is around the operations.
struct Mocks<'a> {
    source: &'a Source<'a>,
    implementation: Implementation,
    /// What holds for all operations.
    shared: Shared,
    /// Whether an endpoint of the API answers by mocks of operations that do not say so.
    has_leaf: bool,
    contract: Option<Arc<Contract>>,
    roles: Option<Arc<Roles>>,
}

/// Says of each operation how it is mocked; gives the limits of what is kept between calls, where
/// anything is.
pub(super) fn attach(
    source: &Source<'_>,
    operations: &mut [OperationPlan],
    endpoints: (Option<&Stages<EndpointPlan>>, &ExtraPlan),
    found: &mut Diagnostics,
) -> Option<Limits> {
    let implementation = implementation(source, &mut Diagnostics::new())?;
    let shared = settings::shared(source, implementation, found);
    let (stages, extras) = endpoints;
    let stages = stages.into_iter().flat_map(|all| [&all.production, &all.sandbox]).flatten();
    let has_leaf = stages.chain(extras.named.iter().map(|(_, it)| it)).any(EndpointPlan::has_mock);
    let document = source.project.definition.as_ref().filter(|_| source.definition.is_some());
    let contract = document.map(|it| (it.content().value(), it.path()));
    let needs_all = has_leaf && implementation != Implementation::Scripts;
    let mut mocks = Mocks { source, implementation, has_leaf, contract: None, roles: None, shared };
    let says_anything =
        |operation: &OperationPlan| mocks.at(operation).is_some_and(|at| !at.get(KEY).is_absent());
    if needs_all || mocks.shared.holds_documents() || operations.iter().any(says_anything) {
        mocks.contract = contract.map(|(value, file)| Contract::new(value, file));
    }
    if mocks.shared.state.is_some() {
        mocks.roles = mocks.contract.as_ref().map(|contract| roles(source, contract, found));
    }
    for operation in operations.iter_mut() {
        mocks.attach(operation, found);
    }
    if let Some(contract) = &mocks.contract {
        contract.settle();
    }
    mocks.shared.state.filter(|_| operations.iter().any(keeps_state))
}

/// The collections of the definition.
fn roles(source: &Source<'_>, contract: &Arc<Contract>, found: &mut Diagnostics) -> Arc<Roles> {
    let (roles, notes) = Roles::read(contract);
    let place = source.project.data().get(KEY).get("state").place();
    for note in notes {
        let help = "Mend what is named; until then the operation is answered by its examples.";
        found.note(codes::MOCK_ANSWER, place.clone(), note, help);
    }
    if roles.is_empty() {
        let message = "`state` has no effect: the definition has no collection";
        let help = "Add a path such as `/pets`, and `/pets/{petId}` for its entries.";
        found.warning(codes::NO_EFFECT, place, message, help);
    }
    Arc::new(roles)
}

fn keeps_state(operation: &OperationPlan) -> bool {
    operation.mock.as_ref().is_some_and(|mock| mock.role.is_some())
}

impl<'a> Mocks<'a> {
    /// Where the operation is in the definition.
    fn at(&self, operation: &OperationPlan) -> Option<Cursor<'a>> {
        let document = self.source.project.definition.as_ref()?;
        let method = operation.method.as_str().to_ascii_lowercase();
        let at = document.content().get("paths").get(&operation.template).get(&method);
        (!at.is_absent()).then_some(at)
    }

    fn attach(&self, operation: &mut OperationPlan, found: &mut Diagnostics) {
        let at = self.at(operation);
        let own = settings::own(at.as_ref(), &self.shared, found);
        operation.records = own.records;
        let says_so = own.answer.is_some() && self.implementation == Implementation::Endpoint;
        operation.is_mocked = says_so;
        if !(says_so || self.has_leaf) {
            return;
        }
        if self.implementation != Implementation::Endpoint && own.records {
            let message = "nothing is recorded: the API is a mock, so nobody else answers";
            let help = "Remove `record`, or give the API an endpoint.";
            let place = at.as_ref().map_or_else(|| self.source.place("operations"), Cursor::place);
            found.warning(codes::NO_EFFECT, place, message, help);
        }
        let usual = match self.implementation {
            Implementation::Scripts => Answer::Script,
            Implementation::Endpoint | Implementation::Examples => Answer::Examples,
        };
        let (choices, wishes) = own.choices;
        let mut plan = MockPlan {
            answers: MockAnswers::Nothing,
            prepared: None,
            choices: ChoicesPlan::new(choices, wishes),
            delay: own.delay,
            faults: own.faults,
            validates_requests: own.validates_requests,
            checks_answers: own.checks_answers,
            role: None,
        };
        match own.answer.unwrap_or(usual) {
            Answer::Script => self.script(&mut plan, operation, at.as_ref(), found),
            Answer::Examples => self.examples(&mut plan, operation, at.as_ref(), found),
        }
        if plan.prepared.is_none() && (plan.validates_requests || plan.checks_answers) {
            plan.prepared = self.prepared(operation, at.as_ref(), &mut Diagnostics::new());
        }
        operation.mock = Some(Arc::new(plan));
    }

    fn script(
        &self,
        plan: &mut MockPlan,
        operation: &OperationPlan,
        at: Option<&Cursor<'a>>,
        found: &mut Diagnostics,
    ) {
        let name = format!("{} {}", operation.method, operation.template);
        if !plan.choices.choices.is_empty()
            && let Some(at) = at
        {
            let message = "`choose` has no effect: the operation is answered by a script";
            let help = "Choose in the script, or set `answer: examples`.";
            found.warning(codes::NO_EFFECT, at.get(KEY).get("choose").place(), message, help);
        }
        plan.choices = ChoicesPlan::default();
        let written = at.map(|at| at.get(SCRIPT));
        let text = written.as_ref().and_then(|at| at.value().as_str());
        let Some((at, text)) = written.as_ref().zip(text.filter(|text| !text.trim().is_empty()))
        else {
            let message = format!("{name} has no script, so that it is answered 501");
            let help = "Write one into `x-mediation-script`, or have `weir mock generate` do it.";
            let place = at.map_or_else(|| self.source.place("operations"), Cursor::place);
            found.warning(codes::MOCK_SCRIPT, place, message, help);
            return;
        };
        match Script::compile(text, &format!("script of {name}"), None) {
            Ok(script) => {
                let steps = mediation::mock::sequence(Arc::new(script.ignoring_result()));
                if let Some(sequence) = SequencePlan::new(steps) {
                    plan.answers = MockAnswers::Script(sequence);
                }
            }
            Err(error) => {
                let (line, column) = (error.line, error.column);
                let message = format!(
                    "the script of {name} cannot be used: line {line}, column {column}: {}",
                    error.message
                );
                found.error(codes::MOCK_SCRIPT, at.place(), message, error.help);
            }
        }
    }

    fn examples(
        &self,
        plan: &mut MockPlan,
        operation: &OperationPlan,
        at: Option<&Cursor<'a>>,
        found: &mut Diagnostics,
    ) {
        plan.answers = MockAnswers::Examples;
        plan.prepared = self.prepared(operation, at, found);
        plan.role = self.role(operation);
        if plan.prepared.is_none() {
            let (method, template) = (&operation.method, &operation.template);
            let message = format!(
                "{method} {template} is not in the definition, so that its mock \
                                   is answered 501"
            );
            let help = "Add the operation with its responses to the definition.";
            let place = self.source.place("operations");
            found.warning(codes::MOCK_ANSWER, place, message, help);
        }
    }

    fn role(&self, operation: &OperationPlan) -> Option<RolePlan> {
        RolePlan::new(self.roles.as_ref()?, operation.method.as_str(), &operation.template)
    }

    fn prepared(
        &self,
        operation: &OperationPlan,
        at: Option<&Cursor<'a>>,
        found: &mut Diagnostics,
    ) -> Option<Arc<Prepared>> {
        let contract = self.contract.as_ref()?;
        let method = operation.method.as_str();
        let (prepared, notes) = Prepared::read(contract, method, &operation.template)?;
        for note in notes {
            let message = format!("{method} {}: {note}", operation.template);
            let help = "Add an example, or mend what is named; until then other answers are given.";
            let place = at.map_or_else(|| self.source.place("operations"), Cursor::place);
            found.note(codes::MOCK_ANSWER, place, message, help);
        }
        Some(Arc::new(prepared))
    }
}
