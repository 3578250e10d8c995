//! What sequences do, as far as it can be told before they run: whether they read the body, set the
//! address, wait, or end the flow.

use std::collections::BTreeSet;

use super::{
    Builtin, EndpointRef, FilterTest, HeaderTarget, Library, Log, LogLevel, MakeFault, MediaType,
    Mediator, PayloadFactory, PropertyStep, Rewrite, Sequence, Setting, Source,
};
use crate::expression::{Expression, Held, Need};
use crate::property::Scope;

impl Sequence {
    /// Whether any step, at any depth, is so; sequences by key are looked up.
    pub fn any(&self, library: &Library, test: &dyn Fn(&Mediator) -> bool) -> bool {
        let mut seen = BTreeSet::new();
        let mut open = vec![self];
        while let Some(sequence) = open.pop() {
            // Sequences may call each other, and themselves.
            if !seen.insert(std::ptr::from_ref(sequence)) {
                continue;
            }
            let catch = sequence.on_error.as_ref().and_then(|key| library.get(key));
            open.extend(catch.map(AsRef::as_ref));
            for step in &sequence.steps {
                if test(&step.mediator) {
                    return true;
                }
                open.extend(step.mediator.within(library));
            }
        }
        false
    }

    /// Whether a step reads the body, so that it must be gathered.
    pub fn reads_body(&self, library: &Library) -> bool {
        self.any(library, &Mediator::reads_body)
    }

    /// Whether a step sets the destination.
    pub fn sets_address(&self, library: &Library) -> bool {
        self.any(library, &Mediator::sets_address)
    }
}

impl Mediator {
    /// The fixed key of the sequence that this step calls.
    pub fn called(&self) -> Option<&str> {
        match self {
            Self::Named(Held::Literal(key)) => Some(key),
            _ => None,
        }
    }

    /// The sequences that run within this step.
    pub fn within<'a>(&'a self, library: &'a Library) -> Vec<&'a Sequence> {
        match self.called() {
            Some(key) => library.get(key).map(AsRef::as_ref).into_iter().collect(),
            None => self.inner(),
        }
    }

    /// The sequences that are written within this step.
    pub fn inner(&self) -> Vec<&Sequence> {
        match self {
            Self::Group(steps) | Self::Inline(steps) => vec![steps.as_ref()],
            Self::Filter(filter) => {
                let otherwise = filter.otherwise.as_deref();
                std::iter::once(filter.then.as_ref()).chain(otherwise).collect()
            }
            Self::Switch(switch) => {
                let cases = switch.cases.iter().map(|(_, steps)| steps.as_ref());
                cases.chain(switch.default.as_deref()).collect()
            }
            Self::ForEach(each) => vec![each.steps.as_ref()],
            Self::Cache(step) => vec![step.on_hit.as_ref()],
            _ => Vec::new(),
        }
    }

    /// Whether the body must be there in whole before it runs.
    pub fn awaits_body(&self) -> bool {
        // Rules before the one that looks at the body may decide.
        !matches!(self, Self::Rules(_)) && self.reads_body()
    }

    /// Whether it looks at the head alone, waits for nothing, and answers nothing.
    pub fn is_brief(&self) -> bool {
        let is_quick = match self {
            Self::Property(_)
            | Self::Group(_)
            | Self::Variable(_)
            | Self::Header(_)
            | Self::Filter(_)
            | Self::Switch(_)
            | Self::Inline(_)
            | Self::Log(_)
            | Self::Send(_)
            | Self::Rewrite(_)
            | Self::ThrowError(_)
            | Self::Rules(_) => true,
            Self::Named(key) => key.as_literal().is_some(),
            _ => false,
        };
        is_quick && !self.reads_body()
    }

    /// Whether the body may be looked at.
    pub fn reads_body(&self) -> bool {
        match self {
            Self::Property(step) => {
                step.setting.need().max(step.name.need()) != Need::Nothing
                    || step.steers_serialisation()
            }
            Self::Variable(step) => step.setting.need().max(step.name.need()) != Need::Nothing,
            Self::Header(step) => {
                matches!(step.target, HeaderTarget::Soap(_)) || step.setting.need() != Need::Nothing
            }
            Self::Filter(filter) => filter.test.source().need() != Need::Nothing,
            Self::Switch(switch) => switch.source.need() != Need::Nothing,
            Self::Log(log) => log.reads_body(),
            Self::PayloadFactory(factory) => factory.reads_body(),
            Self::Class(builtin) => builtin.reads_body(),
            Self::Rules(table) => table.need() != Need::Nothing,
            Self::Script(script) => script.needs().body(),
            Self::Latency(expression) => expression.need() != Need::Nothing,
            Self::Rewrite(rewrite) => rewrite.reads_body(),
            Self::Enrich(_) | Self::ForEach(_) | Self::Builder | Self::Call(_) | Self::Soap(..) => {
                true
            }
            Self::Send(endpoint) => endpoint.as_ref().is_some_and(|it| it.need() != Need::Nothing),
            Self::ThrowError(step) => step.message.need().max(step.kind.need()) != Need::Nothing,
            Self::MakeFault(step) => step.reads_body(),
            // What its sequence does is not known before it runs.
            Self::Named(held) => !matches!(held, Held::Literal(_)),
            _ => false,
        }
    }

    /// Whether the destination is set here.
    pub fn sets_address(&self) -> bool {
        match self {
            Self::Header(step) => {
                step.target == HeaderTarget::To && matches!(step.setting, Setting::Set(_))
            }
            Self::Rules(_) => true,
            Self::Rewrite(rewrite) => rewrite.output.is_none(),
            _ => false,
        }
    }

    /// Whether nothing after it runs.
    pub fn ends_flow(&self) -> bool {
        matches!(
            self,
            Self::Send(_) | Self::Respond | Self::Loopback | Self::Drop | Self::ThrowError(_)
        )
    }
}

impl PropertyStep {
    /// Whether it changes how the body is written, so that it is written anew.
    pub fn steers_serialisation(&self) -> bool {
        self.scope == Scope::Axis2
            && matches!(&self.name, Held::Literal(name)
                if matches!(name.as_ref(), "messageType" | "DISABLE_CHUNKING" | "FORCE_HTTP_1.0"))
            && matches!(self.setting, Setting::Set(_))
    }
}

impl Setting {
    /// What of the body it needs.
    pub fn need(&self) -> Need {
        match self {
            Self::Set(source) => source.need(),
            Self::Remove => Need::Nothing,
        }
    }
}

impl EndpointRef {
    fn need(&self) -> Need {
        match self {
            Self::To => Need::Nothing,
            Self::Address(held) | Self::Named(held) | Self::Http { template: held, .. } => {
                held.need()
            }
        }
    }
}

impl Source {
    /// What of the body it needs.
    pub fn need(&self) -> Need {
        match self {
            Self::Text(held) => held.need(),
            Self::Expression(expression) => expression.need(),
            Self::Xml(_) => Need::Nothing,
        }
    }
}

impl FilterTest {
    /// What it looks at.
    pub fn source(&self) -> &Expression {
        match self {
            Self::Is(expression) | Self::Matches(expression, _) => expression,
        }
    }
}

impl Log {
    fn reads_body(&self) -> bool {
        matches!(self.level, LogLevel::Full | LogLevel::Headers)
            || self.properties.iter().any(|(_, source)| source.need() != Need::Nothing)
            || self.message.as_ref().is_some_and(|held| held.need() != Need::Nothing)
    }
}

impl PayloadFactory {
    /// Where an argument asks for it; XML also to see whether it stands in an envelope that stays.
    fn reads_body(&self) -> bool {
        self.media == MediaType::Xml
            || self.arguments.iter().any(|argument| argument.source.need() != Need::Nothing)
            || self.format.reads_payload()
    }
}

impl Builtin {
    fn reads_body(&self) -> bool {
        match self {
            Self::JsonThreat(_) | Self::XmlThreat(_) => true,
            Self::Injection { body, .. } => *body,
            Self::Claim(check) => check.claim.need().max(check.value.need()) != Need::Nothing,
            Self::Csrf { cookie } => cookie.need() != Need::Nothing,
        }
    }
}

impl Rewrite {
    fn reads_body(&self) -> bool {
        self.rules
            .iter()
            .flat_map(|rule| &rule.actions)
            .any(|action| action.value.as_ref().is_some_and(|value| value.need() != Need::Nothing))
    }
}

impl MakeFault {
    fn reads_body(&self) -> bool {
        [Some(&self.code), Some(&self.reason), self.detail.as_ref()]
            .into_iter()
            .flatten()
            .any(|source| source.need() != Need::Nothing)
    }
}
