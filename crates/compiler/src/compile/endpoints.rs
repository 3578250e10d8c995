//! `endpointConfig` to the endpoint of each stage (spec/01 §1, §2.1).

use model::cursor::Cursor;
use model::endpoint::{EndpointConfig, EndpointKind, Member, StageConfig};
use model::{Diagnostics, Place, codes};

use super::credentials::StageSecurity;
use super::group::settings::{Settings, check_keys};
use super::group::{Kind, STAGE_KEYS, tree, wso2};
use super::lambda::{self, Ground};
use super::leaf::{self, Leaf};
use super::policies::{self, Policies, RULE_KEYS};
use super::{Source, dynamic, mock, url};
use crate::plan::{BackendPlan, Dialect, EndpointPlan, OperationPlan, Stages};

/// The kinds that this version serves.
#[derive(Clone, Copy)]
enum Root {
    Leaf(Dialect),
    /// At the address that a WSDL says.
    Wsdl,
    Dynamic,
    Sequence,
    Lambda,
    Group(Kind),
}

/// One of the two stages, with all that is said of it.
pub(super) struct Stage<'a> {
    source: &'a Source<'a>,
    policies: &'a Policies,
    operations: &'a [OperationPlan],
    config: &'a EndpointConfig,
    own: &'a StageConfig,
    root: Root,
    /// What `x-weir` says of this stage.
    extension: Option<Cursor<'a>>,
    /// The name of the endpoint.
    pub(super) name: String,
    /// What its endpoints are shown.
    security: StageSecurity<'a>,
}

pub(super) fn plan(
    source: &Source<'_>,
    policies: &Policies,
    operations: &[OperationPlan],
    found: &mut Diagnostics,
) -> Option<Stages<EndpointPlan>> {
    if mock::implementation(source, found)? != mock::Implementation::Endpoint {
        // Whatever `endpointConfig` says is never called (spec/02 §4.1).
        return Some(mock::endpoints(source, found));
    }
    let Some(config) = source.project.endpoint_config(found) else {
        let place = source.place("endpointConfig");
        let help = "Add `endpointConfig` with an `endpoint_type`.";
        found.error(codes::ENDPOINT_MISSING, place, "the API has no `endpointConfig`", help);
        return None;
    };
    let mut problems = Diagnostics::new();
    let stages = stages((source, policies, operations), &config, &mut problems);
    report_once(problems, found);
    stages
}

/// What is said of a group is looked at for each of its members, and is told once.
fn report_once(problems: Diagnostics, found: &mut Diagnostics) {
    let mut seen = std::collections::HashSet::new();
    for problem in problems {
        let place = problem.place.clone();
        if seen.insert((problem.code, place, problem.message.clone())) {
            found.report(problem);
        }
    }
}

fn stages(
    (source, policies, operations): (&Source<'_>, &Policies, &[OperationPlan]),
    config: &EndpointConfig,
    found: &mut Diagnostics,
) -> Option<Stages<EndpointPlan>> {
    let root = root(config, found)?;
    lambda::warn_of_disuse(source, config, found);
    let stage = |own, word: &str| Stage {
        source,
        policies,
        operations,
        config,
        own,
        root,
        extension: config.extension.as_ref().map(|extension| extension.cursor().get(word)),
        name: name_of(source, &format!("{word}Endpoint")),
        security: stage_security(source, own, word),
    };
    let both = [stage(&config.production, "production"), stage(&config.sandbox, "sandbox")];
    check_extension(&both, root, found);
    let [production, sandbox] = both.each_ref().map(|stage| stage.plan(found));
    if both.iter().all(Stage::is_empty) {
        let message = "the API has neither a production nor a sandbox endpoint";
        let help = "Add `production_endpoints`, `sandbox_endpoints` or both.";
        found.error(codes::NO_STAGE, config.place.clone(), message, help);
    }
    Some(Stages { production, sandbox })
}

/// The name of an endpoint, as WSO2 prints it.
pub(super) fn name_of(source: &Source<'_>, which: &str) -> String {
    let name = source.api.name.as_deref().unwrap_or_default();
    let version = source.api.version.as_deref().unwrap_or_default();
    format!("{name}--v{version}_API{which}")
}

/// What a stage's endpoints are shown, and what they were shown before.
fn stage_security<'a>(source: &Source<'a>, own: &'a StageConfig, word: &str) -> StageSecurity<'a> {
    let before = source.secrets.before.map(|plan| &plan.endpoints);
    let before = before.and_then(|stages| match word {
        "production" => stages.production.as_ref(),
        _ => stages.sandbox.as_ref(),
    });
    let (security, files) = (own.security.as_ref(), source.project.files());
    StageSecurity { security, secrets: source.secrets, files, before }
}

/// The kinds that this version serves; all others are refused with a code of their own.
fn root(config: &EndpointConfig, found: &mut Diagnostics) -> Option<Root> {
    let (code, what) = match &config.kind {
        EndpointKind::Http | EndpointKind::Service => return Some(Root::Leaf(Dialect::Http)),
        EndpointKind::Address => return Some(Root::Leaf(Dialect::Address)),
        EndpointKind::Wsdl => return Some(Root::Wsdl),
        EndpointKind::Default => return Some(Root::Dynamic),
        EndpointKind::SequenceBackend => return Some(Root::Sequence),
        EndpointKind::LoadBalance => return Some(Root::Group(Kind::Balance)),
        EndpointKind::Failover => return Some(Root::Group(Kind::Failover)),
        EndpointKind::AwsLambda => return Some(Root::Lambda),
        EndpointKind::WebSocket => (codes::WEBSOCKET, "WebSocket endpoints"),
        EndpointKind::GraphQl => (codes::GRAPHQL, "GraphQL endpoints"),
        EndpointKind::Mock => {
            let message = "a mock is no type of endpoint, but what implements the API";
            let help = "Set `endpointImplementationType` to INLINE or MOCKED_OAS.";
            found.error(codes::PROTOTYPE, type_place(config), message, help);
            return None;
        }
        EndpointKind::Absent | EndpointKind::Unknown(_) => {
            report_unknown(config, found);
            return None;
        }
    };
    let message = format!("{what} are not supported by this version");
    let help = "Use `endpoint_type: http` with one URL for each stage.";
    found.error(code, type_place(config), message, help);
    None
}

fn report_unknown(config: &EndpointConfig, found: &mut Diagnostics) {
    let message = match &config.kind {
        EndpointKind::Unknown(name) => format!("the endpoint type `{name}` is unknown"),
        _ => "the endpoint has no `endpoint_type`".to_owned(),
    };
    let help = "Write `endpoint_type: http`, for instance.";
    found.error(codes::ENDPOINT_TYPE, type_place(config), message, help);
}

fn type_place(config: &EndpointConfig) -> Place {
    url::deeper(&config.place, "endpoint_type")
}

/// The keys of `x-weir` itself and of its stages.
fn check_extension(stages: &[Stage<'_>; 2], root: Root, found: &mut Diagnostics) {
    let [first, _] = stages;
    let Some(extension) = &first.config.extension else { return };
    let default = match root {
        Root::Leaf(_) | Root::Wsdl | Root::Dynamic | Root::Sequence | Root::Lambda => None,
        Root::Group(kind) => Some(kind),
    };
    let of_leaves: &[&[&str]] = match root {
        Root::Dynamic => &[leaf::KEYS, dynamic::KEYS],
        Root::Leaf(_) | Root::Wsdl | Root::Group(_) | Root::Lambda => &[leaf::KEYS],
        Root::Sequence => &[],
    };
    let mut of_both: Vec<&[&str]> = vec![&["production", "sandbox"], RULE_KEYS, dynamic::KEYS];
    of_both.extend(of_leaves);
    of_both.extend(default.iter().flat_map(|kind| kind.keys()));
    for stage in stages {
        let mut of_stage: Vec<&[&str]> = of_leaves.to_vec();
        let kind = stage.tree().map_or(default, |at| tree::kind_of_stage(&at, default));
        of_stage.extend(kind.iter().flat_map(|kind| kind.keys()));
        of_both.extend(kind.iter().flat_map(|kind| kind.keys()));
        of_stage.push(STAGE_KEYS);
        let Some(at) = &stage.extension else { continue };
        check_keys(at, &of_stage, found);
        let kind = at.get("type");
        if stage.tree().is_none() && !kind.is_absent() {
            let message = "`type` has no effect here: it belongs to `members`";
            let help = "Remove it, or list the members.";
            found.warning(codes::NO_EFFECT, kind.place(), message, help);
        }
    }
    check_keys(&extension.cursor(), &of_both, found);
}

impl Stage<'_> {
    /// The place of the tree that `x-weir` gives instead of WSO2's endpoints.
    fn tree(&self) -> Option<Cursor<'_>> {
        self.extension.clone().filter(|at| !at.get("members").is_absent())
    }

    fn is_empty(&self) -> bool {
        let has_sequence = self.own.sequence.is_some() && matches!(self.root, Root::Sequence);
        let is_lambda = matches!(self.root, Root::Lambda);
        self.tree().is_none() && self.own.members.is_empty() && !has_sequence && !is_lambda
    }

    fn plan(&self, found: &mut Diagnostics) -> Option<EndpointPlan> {
        let common = self.config.extension.as_ref().map(|extension| extension.cursor());
        let settings = Settings::new(self.extension.clone().into_iter().chain(common));
        let config = self.config.lambda.as_ref();
        let ground = Ground { source: self.source, operations: self.operations, config };
        let settings = settings.within(Some(self.security)).knowing(self.source.wsdls);
        let settings = settings.invoking(ground);
        if let Some(at) = self.tree() {
            let kind = match self.root {
                Root::Leaf(_) | Root::Wsdl | Root::Dynamic | Root::Sequence | Root::Lambda => None,
                Root::Group(kind) => Some(kind),
            };
            let http2 = self.config.http2.as_deref();
            return tree::of_stage(&at, kind, &self.name, settings, http2, found);
        }
        match self.root {
            Root::Leaf(dialect) => self.leaf(self.single(found)?, dialect, &settings, found),
            Root::Wsdl => {
                let member = self.source.wsdls.located(self.single(found)?, found)?;
                self.leaf(&member, Dialect::Address, &settings, found)
            }
            Root::Dynamic => dynamic::plan(self, &settings, &self.policies.trusted, found),
            Root::Sequence => self.sequence(found),
            Root::Lambda => lambda::of_stage(self.config, &self.name, &settings, found),
            Root::Group(Kind::Failover) => wso2::failover(self.own, &self.name, settings, found),
            Root::Group(Kind::Balance) => {
                wso2::balance(self.own, &self.config.group, &self.name, settings, found)
            }
        }
    }

    fn sequence(&self, found: &mut Diagnostics) -> Option<EndpointPlan> {
        let name = self.own.sequence.as_deref()?;
        let place = self.own.place.clone();
        let sequence = policies::backend(self.source, self.policies, name, place, found)?;
        let name = self.name.clone();
        Some(EndpointPlan::Sequence(Box::new(BackendPlan { name, sequence })))
    }

    fn leaf(
        &self,
        member: &Member,
        dialect: Dialect,
        settings: &Settings<'_>,
        found: &mut Diagnostics,
    ) -> Option<EndpointPlan> {
        let own = member.extension.as_ref().map(|extension| extension.cursor());
        let own = Settings::new(own);
        own.check_keys(&[leaf::KEYS], found);
        let settings = own.before(settings);
        let name = self.name.clone();
        let leaf = Leaf { member, name, dialect, is_member: false, settings: &settings };
        leaf.plan(found).map(|leaf| EndpointPlan::Http(Box::new(leaf)))
    }

    /// The one URL of the stage with its settings.
    pub(super) fn single(&self, found: &mut Diagnostics) -> Option<&Member> {
        match self.own.members.as_slice() {
            [] => None,
            [member] => Some(member),
            [_, ..] => {
                let message = "a single endpoint was expected, and there are several";
                let help = "Keep one URL, or use `endpoint_type: load_balance`.";
                found.error(codes::WRONG_SHAPE, self.own.place.clone(), message, help);
                None
            }
        }
    }
}
