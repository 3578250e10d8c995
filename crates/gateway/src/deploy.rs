//! The single writer: takes changed projects, compiles them, and swaps in a new snapshot.
//!
//! APIs succeed or fail one by one; a broken one keeps its last good version serving.
//! An API that did not change is carried over with its state.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use compiler::ApiPlan;
use compiler::compile::{CompileOptions, CorsDefaults, Secrets, compile};
use compiler::plan::{Credentials, EndpointPlan, MockLeafPlan, OperationPlan};
use mock::state::Store;
use model::files::Files;
use model::project::Project;
use model::{Diagnostics, Place, Severity, codes};

use crate::admit::jwt::Admitter;
use crate::clock::Clock;
use crate::config::GatewayConfig;
use crate::endpoint::check::Watch;
use crate::endpoint::http::LeafContext;
use crate::endpoint::{Endpoint, Stage};
use crate::fetch::{FetchLimits, Fetcher};
use crate::flow::brief;
use crate::recording::Recordings;
use crate::route::{OperationTable, Router};
use crate::sign::oauth::Tokens;
use crate::snapshot::{LiveApi, Snapshot, environment_kind};
use crate::source::Change;
use crate::source::LoadedProject;
use crate::telemetry::metric::{ApiLabels, ApiMetrics, EndpointLabels};
use crate::upstream::tls::TrustStore;
use crate::vault::Vault;

/// The label of endpoints that belong to no stage alone.
const NAMED: &str = "named";

mod accounts;
mod contest;
mod identities;
mod wsdl;

/// One project as the gateway sees it.
#[derive(Debug, Clone)]
pub struct ProjectStatus {
    /// Where it is.
    pub path: PathBuf,
    /// What serves, if anything does.
    pub live: Option<Arc<LiveApi>>,
    /// What became of the last change.
    pub state: State,
    /// What was found in the last version.
    pub diagnostics: Diagnostics,
}

/// What became of the last change of a project.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It serves.
    Deployed,
    /// It was refused; the last good version serves, if there was one.
    Rejected,
    /// It is fine and not served here: meant for other gateways, retired, or advertised only.
    Elsewhere,
}

impl State {
    /// The word that is printed.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Deployed => "deployed",
            Self::Rejected => "rejected",
            Self::Elsewhere => "elsewhere",
        }
    }
}

/// Turns changes into snapshots.
#[derive(Debug)]
pub struct Deployer {
    config: Arc<GatewayConfig>,
    trust: Arc<TrustStore>,
    admitter: Arc<Admitter>,
    /// Where the secrets of projects are.
    vault: Arc<Vault>,
    environment: Option<String>,
    /// All sources of tokens for upstreams.
    tokens: Arc<Tokens>,
    /// Who checks the health of endpoints; `None` where nobody does.
    watch: Option<Watch>,
    /// WSDLs that were fetched.
    wsdls: wsdl::Cache,
    projects: BTreeMap<PathBuf, Entry>,
    generation: u64,
}

#[derive(Debug)]
struct Entry {
    status: ProjectStatus,
    /// What its last good version came to. It is also what serves, unless another API is served at
    /// the same address.
    wanted: Option<Arc<LiveApi>>,
    /// Since when that asks for its address: of two APIs at one address the older one keeps it.
    since: u64,
    /// Since when what serves does.
    live_since: u64,
    /// What was found in the project itself.
    found: Diagnostics,
    /// What is wrong with its address.
    contested: Diagnostics,
}

impl Entry {
    fn new(path: PathBuf) -> Self {
        let state = State::Rejected;
        Self {
            status: ProjectStatus { path, live: None, state, diagnostics: Diagnostics::new() },
            wanted: None,
            since: 0,
            live_since: 0,
            found: Diagnostics::new(),
            contested: Diagnostics::new(),
        }
    }

    /// A new good version asks for its address; where that is the old one, its claim is old too.
    fn want(&mut self, live: Arc<LiveApi>, generation: u64) {
        let is_same = self.wanted.as_ref().is_some_and(|old| is_at_same_address(old, &live));
        if !is_same {
            self.since = generation;
        }
        self.wanted = Some(live);
    }

    fn tell(&mut self, state: State, found: Diagnostics) {
        self.status.state = state;
        self.status.diagnostics = found.clone();
        self.found = found;
        self.contested = Diagnostics::new();
    }
}

fn is_at_same_address(one: &LiveApi, other: &LiveApi) -> bool {
    let address = |api: &'_ LiveApi| {
        let ApiPlan { context, default_context, hosts, .. } = &api.plan;
        (context.clone(), default_context.clone(), hosts.clone())
    };
    address(one) == address(other)
}

/// A project that was compiled, before it is given live things.
struct Compiled {
    path: PathBuf,
    plan: Option<ApiPlan>,
    diagnostics: Diagnostics,
}

impl Deployer {
    /// Nothing is deployed yet.
    #[must_use]
    pub fn new(
        config: Arc<GatewayConfig>,
        trust: Arc<TrustStore>,
        admitter: Arc<Admitter>,
        environment: Option<String>,
    ) -> Self {
        let projects = BTreeMap::new();
        Self {
            config,
            trust,
            admitter,
            vault: Arc::default(),
            environment,
            tokens: Arc::default(),
            watch: None,
            wsdls: wsdl::Cache::default(),
            projects,
            generation: 0,
        }
    }

    /// Has secrets looked for in this vault.
    #[must_use]
    pub fn with_secrets(self, vault: Arc<Vault>) -> Self {
        Self { vault, ..self }
    }

    /// Has the health of endpoints checked from now on.
    #[must_use]
    pub fn watched_by(self, watch: Watch) -> Self {
        Self { watch: Some(watch), ..self }
    }

    /// What became of every project, by path.
    pub fn statuses(&self) -> impl Iterator<Item = &ProjectStatus> {
        self.projects.values().map(|entry| &entry.status)
    }

    /// A snapshot from before the first: it serves no API.
    #[must_use]
    pub fn nothing(&self) -> Snapshot {
        let (router, apis) = contest::settle(&mut BTreeMap::new(), false);
        self.snapshot_of(router, apis)
    }

    /// Applies changes and returns the snapshot that follows.
    pub fn apply(&mut self, changes: Vec<Change>) -> Snapshot {
        self.generation += 1;
        self.take(changes);
        self.snapshot()
    }

    fn take(&mut self, changes: Vec<Change>) {
        let mut loaded = Vec::new();
        for change in changes {
            match change {
                Change::Upsert(project) => loaded.push(project),
                Change::Remove(path) => self.remove(&path),
                Change::Unreadable { path, error } => self.unreadable(path, &error),
            }
        }
        for compiled in self.compile_all(loaded) {
            self.deploy(compiled);
        }
    }

    /// Builds everything anew under another configuration; state starts afresh.
    ///
    /// `changes` holds every project, since what is compiled depends on the configuration too; one
    /// that is broken just now goes on with its last good version.
    pub fn reconfigure(
        &mut self,
        config: Arc<GatewayConfig>,
        trust: Arc<TrustStore>,
        admitter: Arc<Admitter>,
        changes: Vec<Change>,
    ) -> Snapshot {
        self.generation += 1;
        self.config = config;
        self.trust = trust;
        self.admitter = admitter;
        let served: Vec<(PathBuf, ApiPlan)> = self
            .projects
            .iter()
            .filter_map(|(path, entry)| {
                Some((path.clone(), entry.status.live.as_ref()?.plan.clone()))
            })
            .collect();
        for (path, plan) in served {
            let live = Arc::new(self.live(plan));
            if let Some(entry) = self.projects.get_mut(&path) {
                entry.status.live = Some(Arc::clone(&live));
                entry.wanted = Some(live);
            }
        }
        self.take(changes);
        self.snapshot()
    }

    fn remove(&mut self, path: &Path) {
        if let Some(entry) = self.projects.remove(path) {
            let api = entry.status.live.as_ref().map(|live| live.plan.id.as_str());
            tracing::info!(path = %path.display(), api, "An API was removed.");
        }
    }

    fn unreadable(&mut self, path: PathBuf, error: &str) {
        let mut diagnostics = Diagnostics::new();
        diagnostics.error(
            codes::UNREADABLE,
            Place::file(""),
            error,
            "make the project readable; it is read again when it changes",
        );
        self.reject(path, diagnostics);
    }

    fn reject(&mut self, path: PathBuf, diagnostics: Diagnostics) {
        for diagnostic in &diagnostics {
            tracing::error!(path = %path.display(), "{diagnostic}");
        }
        let entry = self.entry(path);
        entry.wanted = entry.status.live.clone();
        entry.since = entry.live_since;
        entry.tell(State::Rejected, diagnostics);
    }

    /// The project is fine, and not served here.
    fn pass_over(&mut self, path: PathBuf, diagnostics: Diagnostics) {
        let entry = self.entry(path);
        entry.wanted = None;
        entry.status.live = None;
        entry.tell(State::Elsewhere, diagnostics);
    }

    fn entry(&mut self, path: PathBuf) -> &mut Entry {
        self.projects.entry(path.clone()).or_insert_with(|| Entry::new(path))
    }

    /// Compiles on as many threads as there are cores: thousands of projects come at start.
    fn compile_all(&self, projects: Vec<LoadedProject>) -> Vec<Compiled> {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        if projects.len() < 2 * threads {
            return projects.into_iter().map(|project| self.compile(project)).collect();
        }
        let size = projects.len().div_ceil(threads);
        let mut rest = projects.into_iter();
        let chunks: Vec<Vec<LoadedProject>> =
            (0..threads).map(|_| rest.by_ref().take(size).collect()).collect();
        std::thread::scope(|scope| {
            let running: Vec<_> = chunks
                .into_iter()
                .map(|chunk| {
                    scope.spawn(move || {
                        chunk.into_iter().map(|one| self.compile(one)).collect::<Vec<_>>()
                    })
                })
                .collect();
            // Defects were caught for each project, so that no thread is lost.
            running.into_iter().filter_map(|thread| thread.join().ok()).flatten().collect()
        })
    }

    /// A defect refuses the one project, and neither ends the thread nor what it serves.
    fn compile(&self, loaded: LoadedProject) -> Compiled {
        let LoadedProject { path, files } = loaded;
        let before = self.projects.get(&path).and_then(|entry| entry.status.live.as_ref());
        let before = before.map(|live| &live.plan);
        let compiling = AssertUnwindSafe(|| self.compile_files(files, before));
        let compiled = std::panic::catch_unwind(compiling);
        let (plan, diagnostics) = compiled.unwrap_or_else(|_panic| {
            let mut diagnostics = Diagnostics::new();
            let message = "reading this project ran into a defect of the program";
            let help = "report it, with the project if you may";
            diagnostics.error(codes::DEFECT, Place::file(""), message, help);
            (None, diagnostics)
        });
        Compiled { path, plan, diagnostics }
    }

    /// `before` is what is served now.
    fn compile_files(
        &self,
        files: Files,
        before: Option<&ApiPlan>,
    ) -> (Option<ApiPlan>, Diagnostics) {
        let (project, mut diagnostics) = Project::read(files);
        let plan = project.and_then(|mut project| {
            diagnostics.extend(self.parametrise(&mut project));
            // Whoever serves nobody asks nobody.
            if self.watch.is_some() {
                let fetcher = Fetcher::new(Arc::clone(&self.trust), wsdl::LIMITS);
                diagnostics.extend(wsdl::fetch(&mut project, &fetcher, &self.wsdls));
            }
            let options = CompileOptions {
                cors: cors_defaults(&self.config),
                mocks_in_any_state: self.config.mocks_in_any_state,
                aws: self.config.aws.defaults.clone(),
            };
            let (plan, found) =
                compile(&project, &options, Secrets { source: &*self.vault, before });
            diagnostics.extend(found);
            if let Some(plan) = &plan {
                diagnostics.extend(identities::check(plan, &project));
                diagnostics.extend(accounts::check(plan, &project));
            }
            plan
        });
        (plan.filter(|_| !diagnostics.has_errors()), diagnostics)
    }

    /// Applies the entry of `params.yaml`, where there is such a file.
    fn parametrise(&self, project: &mut Project) -> Diagnostics {
        if project.params.is_none() {
            return Diagnostics::new();
        }
        // The gateway's own variables may hold its keys.
        let lookup = |name: &str| match name.starts_with("WEIR_") {
            true => None,
            false => std::env::var(name).ok(),
        };
        match &self.environment {
            Some(environment) => project.apply_environment(environment, &lookup),
            None => project.environment_not_chosen(),
        }
    }

    fn deploy(&mut self, compiled: Compiled) {
        let Compiled { path, plan, diagnostics } = compiled;
        let Some(plan) = plan else {
            if diagnostics.has_errors() {
                self.reject(path, diagnostics);
            } else {
                self.pass_over(path, diagnostics);
            }
            return;
        };
        for diagnostic in &diagnostics {
            match diagnostic.severity {
                Severity::Note => tracing::info!(path = %path.display(), "{diagnostic}"),
                _ => tracing::warn!(path = %path.display(), "{diagnostic}"),
            }
        }
        if !self.serves(&plan) {
            self.pass_over(path, diagnostics);
            return;
        }
        let live = Arc::new(self.live(plan));
        tracing::debug!(api = live.plan.id, context = live.plan.context, "An API was deployed.");
        let generation = self.generation;
        let entry = self.entry(path);
        entry.want(live, generation);
        entry.tell(State::Deployed, diagnostics);
    }

    /// An API that names environments is for these; without any configured, all are served.
    fn serves(&self, plan: &ApiPlan) -> bool {
        self.config.environments.is_empty()
            || plan.environments.is_empty()
            || plan.environments.iter().any(|name| self.config.labels.contains(name))
    }

    fn live(&self, plan: ApiPlan) -> LiveApi {
        let labels = ApiLabels {
            name: plan.name.as_str().into(),
            version: plan.version.as_str().into(),
            context: plan.context.as_str().into(),
        };
        let endpoints = compiler::plan::Stages {
            production: self.endpoint(&plan, Stage::Production),
            sandbox: self.endpoint(&plan, Stage::Sandbox),
        };
        let extras = plan
            .extras
            .named
            .iter()
            .map(|(name, endpoint)| (Arc::clone(name), self.attach(&plan, endpoint, NAMED)));
        let computed = plan.extras.computed.as_ref();
        let computed = computed.map(|it| EndpointPlan::Dynamic(it.clone()));
        let is_sequence = |it: &Option<Endpoint>| matches!(it, Some(Endpoint::Sequence(_)));
        let has_backends = is_sequence(&endpoints.production) || is_sequence(&endpoints.sandbox);
        let soap = plan.soap.iter().flat_map(|soap| soap.flows.values());
        let flows = plan.operations.iter().map(|operation| &operation.flows).chain(soap);
        let has_policies = flows.into_iter().any(|flows| !flows.is_empty());
        let is_brief = |operation: &OperationPlan| {
            // A script sees what policies have left.
            let is_plain = operation.mock.as_ref().is_none_or(|mock| !mock.needs_message());
            is_plain && brief::is_brief(&operation.flows, &plan.library.0)
        };
        LiveApi {
            brief: plan.operations.iter().map(is_brief).collect(),
            operations: OperationTable::new(&plan),
            extras: extras.collect(),
            computed: computed.map(|it| self.attach(&plan, &it, NAMED)),
            has_flows: has_policies || has_backends,
            has_backends,
            endpoints,
            exchanges_tokens: exchanges_tokens(&plan),
            mock: plan.operations.iter().any(|it| it.is_mocked).then(|| self.mock(&plan)),
            mock_state: plan.mock_state.map(|limits| Mutex::new(Store::new(limits))),
            records: plan.operations.iter().any(|it| it.records),
            recordings: Recordings::default(),
            answers: Default::default(),
            metrics: ApiMetrics::new(labels, self.config.workers),
            generation: self.generation,
            plan,
        }
    }

    /// What answers operations that are mocked among others that are not.
    fn mock(&self, plan: &ApiPlan) -> Endpoint {
        let name = format!("{}--v{}_APImock", plan.name, plan.version);
        let leaf = MockLeafPlan { name, wish: mock::Prefer::default() };
        self.attach(plan, &EndpointPlan::Mock(Box::new(leaf)), NAMED)
    }

    fn endpoint(&self, plan: &ApiPlan, stage: Stage) -> Option<Endpoint> {
        let endpoint = match stage {
            Stage::Production => plan.endpoints.production.as_ref(),
            Stage::Sandbox => plan.endpoints.sandbox.as_ref(),
        }?;
        Some(self.attach(plan, endpoint, stage.as_str()))
    }

    /// Attaches live things to a plan of an endpoint; `stage` is a label.
    fn attach(&self, plan: &ApiPlan, endpoint: &EndpointPlan, stage: &'static str) -> Endpoint {
        let context = LeafContext {
            labels: EndpointLabels {
                api: plan.name.as_str().into(),
                version: plan.version.as_str().into(),
                stage,
                name: "".into(),
            },
            config: &self.config,
            trust: &self.trust,
            certificates: &plan.certificates,
            preserve_host: plan.preserve_host,
            counts: false,
            tokens: &self.tokens,
            watch: self.watch.as_ref(),
            computed: None,
        };
        Endpoint::new(endpoint, &context)
    }

    fn snapshot(&mut self) -> Snapshot {
        let (router, apis) = contest::settle(&mut self.projects, self.config.strict_virtual_hosts);
        self.snapshot_of(router, apis)
    }

    fn snapshot_of(&self, router: Router<Arc<LiveApi>>, apis: Arc<[Arc<LiveApi>]>) -> Snapshot {
        Snapshot {
            generation: self.generation,
            config: Arc::clone(&self.config),
            router,
            apis,
            admitter: Arc::clone(&self.admitter),
            tokens: Arc::clone(&self.tokens),
            kind: environment_kind(&self.config),
        }
    }
}

fn exchanges_tokens(plan: &ApiPlan) -> bool {
    let stages = [&plan.endpoints.production, &plan.endpoints.sandbox];
    let named = plan.extras.named.iter().map(|(_, endpoint)| endpoint);
    let leaves = stages.into_iter().flatten().chain(named).flat_map(EndpointPlan::leaves);
    leaves.filter_map(|leaf| leaf.credentials.as_ref()).any(Credentials::exchanges_tokens)
}

/// A deployer for a configuration, with what it trusts and whose tokens it takes.
///
/// # Errors
///
/// Trust material that cannot be read, or issuers that cannot be used; each is named.
pub fn deployer(
    config: Arc<GatewayConfig>,
    environment: Option<String>,
) -> Result<Deployer, String> {
    let (trust, admitter) = trusted(&config)?;
    let vault = Arc::new(Vault::open(&config.secrets)?);
    Ok(Deployer::new(config, trust, admitter, environment).with_secrets(vault))
}

/// Builds everything anew under another configuration; `projects` gives all projects.
///
/// # Errors
///
/// As [`deployer`]; nothing has changed then, and no project was read.
pub fn reconfigure(
    deployer: &mut Deployer,
    config: Arc<GatewayConfig>,
    projects: impl FnOnce() -> Vec<Change>,
) -> Result<Snapshot, String> {
    let (trust, admitter) = trusted(&config)?;
    deployer.vault = Arc::new(Vault::open(&config.secrets)?);
    Ok(deployer.reconfigure(config, trust, admitter, projects()))
}

/// Reads roots, client certificates and secrets anew where one of their files was written since;
/// `None` where none was. `projects` gives all projects, as for [`reconfigure`].
///
/// # Errors
///
/// As [`deployer`]; nothing has changed then, and the same files are not tried again.
pub fn renew_trust(
    deployer: &mut Deployer,
    projects: impl FnOnce() -> Vec<Change>,
) -> Option<Result<Snapshot, String>> {
    let config = Arc::clone(&deployer.config);
    // Both are asked, so that neither has its change told once more.
    let has_changed = deployer.trust.has_changed() | deployer.vault.has_changed();
    has_changed.then(|| reconfigure(deployer, config, projects))
}

fn trusted(config: &GatewayConfig) -> Result<(Arc<TrustStore>, Arc<Admitter>), String> {
    let trust = TrustStore::load(&config.upstream_tls).map_err(|error| error.to_string())?;
    let trust = Arc::new(trust);
    let fetcher = Fetcher::new(Arc::clone(&trust), FetchLimits::default());
    let (admitter, diagnostics) = Admitter::new(&config.admission, &fetcher, Clock::system());
    for diagnostic in &diagnostics {
        tracing::warn!("{diagnostic}");
    }
    if diagnostics.has_errors() {
        return Err(diagnostics.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"));
    }
    Ok((trust, Arc::new(admitter)))
}

fn cors_defaults(config: &GatewayConfig) -> CorsDefaults {
    CorsDefaults {
        enable: config.cors.enable,
        allow_origins: config.cors.allow_origins.clone(),
        allow_methods: config.cors.allow_methods.clone(),
        allow_headers: config.cors.allow_headers.clone(),
        allow_credentials: config.cors.allow_credentials,
    }
}
