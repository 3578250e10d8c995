//! Operations that are answered without an upstream.

use std::fmt;
use std::sync::Arc;

use mediation::rule::Choices;
use mock::chaos::{Delay, Faults};
use mock::state::{Action, Role, Roles};
use mock::{Prefer, Prepared};

use super::SequencePlan;

/// How one operation is answered.
#[derive(Debug, Clone, PartialEq)]
pub struct MockPlan {
    /// Where its answers come from.
    pub answers: MockAnswers,
    /// What the definition says of the operation, where anything asks for it.
    pub prepared: Option<Arc<Prepared>>,
    /// Conditions on the request that choose an answer.
    pub choices: ChoicesPlan,
    /// How long an answer takes.
    pub delay: Option<Delay>,
    /// How often it fails instead.
    pub faults: Option<Faults>,
    /// Whether requests are held against the definition.
    pub validates_requests: bool,
    /// Whether answers are held against the definition.
    pub checks_answers: bool,
    /// What it does with a collection that is kept between calls.
    pub role: Option<RolePlan>,
}

/// One of the operations that have a collection behind them.
#[derive(Clone)]
pub struct RolePlan {
    roles: Arc<Roles>,
    method: Box<str>,
    template: Arc<str>,
}

/// Where the answers of a mock come from.
#[derive(Debug, Clone, PartialEq)]
pub enum MockAnswers {
    /// A script (`x-mediation-script`), with the steps around it.
    Script(SequencePlan),
    /// The definition.
    Examples,
    /// Nowhere: the operation has no script.
    Nothing,
}

/// Ordered conditions, and the answer that each of them chooses.
#[derive(Clone, Default)]
pub struct ChoicesPlan {
    /// The conditions.
    pub choices: Arc<Choices>,
    /// What is answered, by number.
    pub wishes: Vec<Prefer>,
    /// What tells it from another one, and is printed.
    text: Arc<str>,
}

/// An endpoint that answers by the mocks of the operations.
#[derive(Debug, Clone, PartialEq)]
pub struct MockLeafPlan {
    /// Its name, for logs.
    pub name: String,
    /// The answer that it gives where the request does not ask for another one.
    pub wish: Prefer,
}

impl MockPlan {
    /// Whether an answer needs more of the request than its head.
    #[must_use]
    pub fn needs_message(&self) -> bool {
        matches!(self.answers, MockAnswers::Script(_)) || !self.choices.choices.is_empty()
    }
}

impl RolePlan {
    /// What an operation does with a collection; `None` where it has none.
    #[must_use]
    pub fn new(roles: &Arc<Roles>, method: &str, template: &Arc<str>) -> Option<Self> {
        roles.role(method, template)?;
        let (method, template) = (method.into(), Arc::clone(template));
        Some(Self { roles: Arc::clone(roles), method, template })
    }

    /// What it does.
    #[must_use]
    pub fn get(&self) -> Option<&Role> {
        self.roles.role(&self.method, &self.template)
    }
}

/// The same operation of the same definition, which is compared elsewhere.
impl PartialEq for RolePlan {
    fn eq(&self, other: &Self) -> bool {
        (&self.method, &self.template) == (&other.method, &other.template)
    }
}

impl fmt::Debug for RolePlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RolePlan({self})")
    }
}

impl fmt::Display for RolePlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.get().map(|role| role.action) {
            Some(Action::List) => "lists what is kept",
            Some(Action::Create) => "keeps what it is sent",
            Some(Action::Read) => "reads what is kept",
            Some(Action::Replace) => "replaces what is kept",
            Some(Action::Update) => "changes what is kept",
            Some(Action::Delete) => "deletes what is kept",
            None => "nothing",
        })
    }
}

impl ChoicesPlan {
    /// Conditions, and as many wishes.
    #[must_use]
    pub fn new(choices: Choices, wishes: Vec<Prefer>) -> Self {
        let conditions = choices.to_string();
        let lines = conditions.lines().zip(&wishes).map(|(when, wish)| {
            let code = wish.code.as_deref().unwrap_or("any code");
            let example = wish.example.as_deref().map_or(String::new(), |it| format!(" `{it}`"));
            format!("{when}: {code}{example}\n")
        });
        let text = Arc::from(lines.collect::<String>());
        Self { choices: Arc::new(choices), wishes, text }
    }
}

impl PartialEq for ChoicesPlan {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl fmt::Debug for ChoicesPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ChoicesPlan({:?})", self.text)
    }
}

impl fmt::Display for ChoicesPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
