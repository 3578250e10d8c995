//! From a project to a plan, or to diagnostics that say why not.
//!
//! Every problem is told at once.
//! What this version does not support is an error, so that an API is refused rather than served in
//! another way than its author meant.
//! An API that is retired, only advertised or meant for another gateway gives no plan and no error.

mod certificates;
mod client_certificate;
mod cors;
mod credentials;
mod dynamic;
mod endpoints;
mod extensions;
mod group;
mod identity;
mod lambda;
mod leaf;
mod mock;
mod operations;
mod policies;
mod resilience;
mod security;
mod unsupported;
mod url;
mod wsdl;

use std::sync::Arc;

use definition::Document;
use model::api::ApiDefinition;
use model::lifecycle::State;
use model::project::Deployment;
use model::{Diagnostics, Files, Place, Project, codes};

use crate::plan::{ApiPlan, FlowsPlan, Lifecycle, OperationPlan, Schemes, SoapPlan};
pub use credentials::Secrets;

/// What the gateway's configuration contributes to every plan.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CompileOptions {
    /// CORS for what APIs leave out.
    pub cors: CorsDefaults,
    /// Whether APIs that are mocks are served in every state of their life cycle.
    pub mocks_in_any_state: bool,
    /// What endpoints of AWS leave out.
    pub aws: AwsDefaults,
}

/// What endpoints of AWS leave out, from the gateway's environment and configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AwsDefaults {
    /// The region (`AWS_REGION`, `AWS_DEFAULT_REGION`, or that of the profile).
    pub region: Option<String>,
    /// Where Lambda is called, in place of the service's own host (`AWS_ENDPOINT_URL_LAMBDA`,
    /// `AWS_ENDPOINT_URL`).
    pub lambda_url: Option<String>,
    /// Which of a region's hosts are called (`AWS_USE_FIPS_ENDPOINT`,
    /// `AWS_USE_DUALSTACK_ENDPOINT`).
    pub reach: ::lambda::function::Reach,
    /// How payloads become answers where nothing is said.
    pub mapping: ::lambda::Mapping,
    /// Whether `isBase64Encoded` is true for the `{}` in place of no body too, as in WSO2.
    pub has_flag_bug: bool,
}

impl Default for AwsDefaults {
    fn default() -> Self {
        Self {
            region: None,
            lambda_url: None,
            reach: ::lambda::function::Reach::default(),
            mapping: ::lambda::Mapping::Automatic,
            has_flag_bug: false,
        }
    }
}

/// CORS for what APIs leave out (`[apim.cors]`, spec/03 §6.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CorsDefaults {
    /// Whether the gateway speaks CORS at all.
    pub enable: bool,
    /// Origins for APIs that name none.
    pub allow_origins: Vec<String>,
    /// Methods for APIs that name none.
    pub allow_methods: Vec<String>,
    /// Headers for APIs that name none.
    pub allow_headers: Vec<String>,
    /// Credentials for APIs that do not say.
    pub allow_credentials: bool,
}

impl Default for CorsDefaults {
    fn default() -> Self {
        let owned = |text: &str| text.split(", ").map(str::to_owned).collect();
        Self {
            enable: true,
            allow_origins: owned("*"),
            allow_methods: owned("GET, PUT, POST, DELETE, PATCH, OPTIONS"),
            allow_headers: owned(
                "authorization, Access-Control-Allow-Origin, Content-Type, SOAPAction, apikey, \
                 Internal-Key",
            ),
            allow_credentials: false,
        }
    }
}

/// Gives the value of a variable in a parameter file.
pub type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// What every step of the compilation looks at.
struct Source<'a> {
    project: &'a Project,
    api: &'a ApiDefinition,
    definition: Option<&'a Document>,
    options: &'a CompileOptions,
    secrets: Secrets<'a>,
    /// The WSDLs that come with the project.
    wsdls: &'a wsdl::Wsdls<'a>,
}

impl Source<'_> {
    /// Where a key of the API's data is.
    fn place(&self, key: &str) -> Place {
        self.project.data().get(key).place()
    }
}

/// Reads the files of a project, puts an environment of its parameter file into it, and compiles
/// it.
///
/// The environment is its name, and what gives the values of `${NAME}`.
/// No plan is given when anything at all is wrong, so that an API is never served without a part
/// that could not be read.
#[must_use]
pub fn compile_files(
    files: Files,
    environment: Option<(&str, Lookup<'_>)>,
    options: &CompileOptions,
    secrets: Secrets<'_>,
) -> (Option<ApiPlan>, Diagnostics) {
    let (project, mut found) = Project::read(files);
    let plan = project.and_then(|mut project| {
        if let Some((name, lookup)) = environment {
            found.extend(project.apply_environment(name, lookup));
        }
        let (plan, problems) = compile(&project, options, secrets);
        found.extend(problems);
        plan
    });
    (plan.filter(|_| !found.has_errors()), found)
}

/// Compiles a project.
///
/// Look at the diagnostics of [`Project::read`] too, or use [`compile_files`].
/// No plan is given when there are errors, and when the API is not to be served here.
#[must_use]
pub fn compile(
    project: &Project,
    options: &CompileOptions,
    secrets: Secrets<'_>,
) -> (Option<ApiPlan>, Diagnostics) {
    let mut found = Diagnostics::new();
    let api = project.api_definition(&mut found);
    let definition = project.definition.as_ref().map(|document| {
        let (definition, problems) = Document::read(document.content().value(), document.path());
        found.extend(problems);
        definition
    });
    let wsdls = wsdl::Wsdls::new(project);
    let definition = definition.as_ref();
    let source = Source { project, api: &api, definition, options, secrets, wsdls: &wsdls };
    let is_served = is_served_here(&source, &mut found);
    unsupported::check(&source, &mut found);
    extensions::check(project, &mut found);
    let plan = build(&source, &mut found);
    let plan = plan.filter(|_| is_served && !found.has_errors());
    (plan, at_their_origin(project, found))
}

/// Whether a project has the WSDL that an endpoint names by this URL, so that nobody has to fetch
/// it.
#[must_use]
pub fn brings_wsdl(project: &Project, url: &str) -> bool {
    wsdl::Wsdls::new(project).has(url)
}

/// The same problems, where their author can mend them.
fn at_their_origin(project: &Project, found: Diagnostics) -> Diagnostics {
    let mut moved = Diagnostics::new();
    for mut diagnostic in found {
        diagnostic.place = project.origin(&diagnostic.place);
        moved.report(diagnostic);
    }
    moved
}

fn build(source: &Source<'_>, found: &mut Diagnostics) -> Option<ApiPlan> {
    let identity = identity::read(source, found);
    let lifecycle = lifecycle(source, found);
    let schemes = schemes(source, found);
    let security = security::plan(source, found);
    let cors = cors::plan(source, found);
    let policies = policies::Policies::read(source, found);
    let mut operations = operations::plan(source, &policies, found);
    let endpoints = endpoints::plan(source, &policies, &operations, found);
    let soap = policies::soap_plan(source, &policies, found);
    let flows = all_flows(&operations, soap.as_ref());
    let extras = policies::extras(source, &policies, &flows, endpoints.as_ref(), found);
    policies::check_names(source, &policies, &flows, &extras, found);
    let mock_state = mock::attach(source, &mut operations, (endpoints.as_ref(), &extras), found);
    let wsdl = wsdl::served(source, found);
    let certificates = certificates::plan(source.project, found);
    let deployments = source.project.deployments(found);
    let identity = identity?;
    Some(ApiPlan {
        id: identity.id,
        name: identity.name,
        version: identity.version,
        context: identity.context,
        default_context: identity.default_context,
        hosts: distinct(deployments.iter().filter_map(|deployment| deployment.host.as_ref())),
        environments: distinct(deployments.iter().map(environment)),
        schemes: schemes?,
        lifecycle,
        security,
        cors,
        operations,
        endpoints: endpoints?,
        extras,
        library: policies.library,
        wsdl: wsdl.map(Arc::new),
        soap: soap.map(Arc::new),
        certificates,
        mock_state,
        preserve_host: extensions::preserve_host(source.project, found),
    })
}

/// What runs for any operation.
fn all_flows(operations: &[OperationPlan], soap: Option<&SoapPlan>) -> Vec<Arc<FlowsPlan>> {
    let own = operations.iter().map(|operation| &operation.flows);
    own.chain(soap.iter().flat_map(|soap| soap.flows.values())).map(Arc::clone).collect()
}

fn environment(deployment: &Deployment) -> &String {
    &deployment.environment
}

fn distinct<'a>(names: impl Iterator<Item = &'a String>) -> Vec<String> {
    let mut list: Vec<String> = Vec::new();
    for name in names {
        if !list.contains(name) {
            list.push(name.clone());
        }
    }
    list
}

/// Whether this gateway is the one to serve the API at all.
fn is_served_here(source: &Source<'_>, found: &mut Diagnostics) -> bool {
    let api = source.api;
    let is_retired = api.lifecycle.as_deref().and_then(State::parse) == Some(State::Retired);
    if is_retired {
        let help = "Set `lifeCycleStatus` to PUBLISHED to serve it.";
        let message = "the API is retired, so it is not deployed";
        found.note(codes::RETIRED, source.place("lifeCycleStatus"), message, help);
    }
    if api.is_advertised {
        let help = "Set `advertiseInfo.advertised` to false to serve it here.";
        let message = "the API is only advertised, so it is not deployed";
        found.note(codes::ADVERTISED, source.place("advertiseInfo"), message, help);
    }
    let ours = |kind: &&String| {
        let known = ["wso2/synapse", "synapse", "regular", "wso2", "hybrid"];
        known.iter().any(|name| kind.eq_ignore_ascii_case(name))
    };
    let other = api.gateway_type.as_ref().filter(|kind| !ours(kind));
    if let Some(kind) = other {
        let message = format!("the API is meant for the gateway `{kind}`, so it is not deployed");
        let help = "Set `gatewayType` to `wso2/synapse` to serve it here.";
        found.warning(codes::GATEWAY_TYPE, source.place("gatewayType"), message, help);
    }
    !is_retired && !api.is_advertised && other.is_none()
}

/// CREATED is served too: a gateway that is handed a project is meant to serve it, and local
/// projects start in that state.
fn lifecycle(source: &Source<'_>, found: &mut Diagnostics) -> Lifecycle {
    let written = source.api.lifecycle.as_deref().unwrap_or(State::Created.status());
    match State::parse(written) {
        Some(State::Blocked) => Lifecycle::Blocked,
        Some(_) => Lifecycle::Served,
        None => {
            let other = written.to_ascii_uppercase();
            let message = format!("the state `{other}` of the life cycle is unknown");
            let help = "Use CREATED, PROTOTYPED, PUBLISHED, BLOCKED, DEPRECATED or RETIRED.";
            found.error(codes::LIFECYCLE, source.place("lifeCycleStatus"), message, help);
            Lifecycle::Served
        }
    }
}

/// Both where the API does not say.
fn schemes(source: &Source<'_>, found: &mut Diagnostics) -> Option<Schemes> {
    let Some(names) = &source.api.transports else {
        return Some(Schemes { http: true, https: true });
    };
    let place = source.place("transport");
    for name in names.iter().filter(|name| !matches!(name.as_str(), "http" | "https")) {
        let message = format!("the transport `{name}` is unknown, and is ignored");
        found.warning(codes::TRANSPORT, place.clone(), message, "Use `http` or `https`.");
    }
    let has = |scheme: &str| names.iter().any(|name| name == scheme);
    let schemes = Schemes { http: has("http"), https: has("https") };
    if !schemes.http && !schemes.https {
        let message = "the API has no transport, so that nobody could call it";
        found.error(codes::TRANSPORT, place, message, "List `http`, `https` or both.");
        return None;
    }
    Some(schemes)
}
