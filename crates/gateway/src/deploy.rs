//! The single writer: takes changed projects, compiles them, and swaps in a new snapshot.
//!
//! APIs succeed or fail one by one; a broken one keeps its last good version serving.
//! An API that did not change is carried over with its state.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use compiler::ApiPlan;
use compiler::compile::{CompileOptions, CorsDefaults, compile};
use model::project::Project;
use model::{Diagnostics, Place};

use crate::admit::jwt::Admitter;
use crate::clock::Clock;
use crate::config::GatewayConfig;
use crate::endpoint::http::LeafContext;
use crate::endpoint::{Endpoint, Stage};
use crate::fetch::{FetchLimits, Fetcher};
use crate::route::{OperationTable, Router};
use crate::snapshot::{LiveApi, Snapshot, environment_kind};
use crate::source::Change;
use crate::source::LoadedProject;
use crate::telemetry::metric::{ApiLabels, ApiMetrics, EndpointLabels};
use crate::upstream::tls::TrustStore;

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
    environment: Option<String>,
    projects: BTreeMap<PathBuf, Entry>,
    generation: u64,
}

#[derive(Debug)]
struct Entry {
    status: ProjectStatus,
    /// When it was first deployed: of two APIs at one address the older one keeps it.
    since: u64,
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
        Self { config, trust, admitter, environment, projects: BTreeMap::new(), generation: 0 }
    }

    /// What became of every project, by path.
    pub fn statuses(&self) -> impl Iterator<Item = &ProjectStatus> {
        self.projects.values().map(|entry| &entry.status)
    }

    /// Applies changes and returns the snapshot that follows.
    pub fn apply(&mut self, changes: Vec<Change>) -> Snapshot {
        self.generation += 1;
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
        self.snapshot()
    }

    /// Builds everything anew under another configuration; state starts afresh.
    pub fn reconfigure(
        &mut self,
        config: Arc<GatewayConfig>,
        trust: Arc<TrustStore>,
        admitter: Arc<Admitter>,
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
                entry.status.live = Some(live);
            }
        }
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
        let place = Place::file(path.display().to_string());
        diagnostics.error(
            "PR001",
            place,
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
        entry.status.state = State::Rejected;
        entry.status.diagnostics = diagnostics;
    }

    /// The project is fine, and not served here.
    fn pass_over(&mut self, path: PathBuf, diagnostics: Diagnostics) {
        let status = &mut self.entry(path).status;
        status.live = None;
        status.state = State::Elsewhere;
        status.diagnostics = diagnostics;
    }

    fn entry(&mut self, path: PathBuf) -> &mut Entry {
        let generation = self.generation;
        self.projects.entry(path.clone()).or_insert_with(|| Entry {
            status: ProjectStatus {
                path,
                live: None,
                state: State::Rejected,
                diagnostics: Diagnostics::new(),
            },
            since: generation,
        })
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
            // A thread that panicked loses its projects; the others are deployed.
            running.into_iter().filter_map(|thread| thread.join().ok()).flatten().collect()
        })
    }

    fn compile(&self, loaded: LoadedProject) -> Compiled {
        let LoadedProject { path, files, .. } = loaded;
        let (project, mut diagnostics) = Project::read(files);
        let plan = project.and_then(|mut project| {
            if let Some(environment) = self.environment(&project) {
                let lookup = |name: &str| std::env::var(name).ok();
                diagnostics.extend(project.apply_environment(&environment, &lookup));
            }
            let options = CompileOptions { cors: cors_defaults(&self.config) };
            let (plan, found) = compile(&project, &options);
            diagnostics.extend(found);
            plan
        });
        let plan = plan.filter(|_| !diagnostics.has_errors());
        Compiled { path, plan, diagnostics }
    }

    /// The entry of `params.yaml` to apply, where there is such a file.
    fn environment(&self, project: &Project) -> Option<String> {
        project.params.as_ref()?;
        self.environment.clone()
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
            tracing::warn!(path = %path.display(), "{diagnostic}");
        }
        if !self.serves(&plan) {
            self.pass_over(path, diagnostics);
            return;
        }
        let live = Arc::new(self.live(plan));
        tracing::debug!(api = live.plan.id, context = live.plan.context, "An API was deployed.");
        let entry = self.entry(path);
        entry.status.live = Some(live);
        entry.status.state = State::Deployed;
        entry.status.diagnostics = diagnostics;
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
        LiveApi {
            operations: OperationTable::new(&plan),
            endpoints,
            metrics: ApiMetrics::new(labels, self.config.workers),
            generation: self.generation,
            plan,
        }
    }

    fn endpoint(&self, plan: &ApiPlan, stage: Stage) -> Option<Endpoint> {
        let endpoint = match stage {
            Stage::Production => plan.endpoints.production.as_ref(),
            Stage::Sandbox => plan.endpoints.sandbox.as_ref(),
        }?;
        let context = LeafContext {
            labels: EndpointLabels {
                api: plan.name.as_str().into(),
                version: plan.version.as_str().into(),
                stage: stage.as_str(),
                name: "".into(),
            },
            config: &self.config,
            trust: &self.trust,
            certificates: &plan.certificates,
            preserve_host: plan.preserve_host,
        };
        Some(Endpoint::new(endpoint, &context))
    }

    fn snapshot(&mut self) -> Snapshot {
        let mut served: Vec<(u64, PathBuf, Arc<LiveApi>)> = self
            .projects
            .iter()
            .filter_map(|(path, entry)| {
                Some((entry.since, path.clone(), Arc::clone(entry.status.live.as_ref()?)))
            })
            .collect();
        served.sort_by(|one, two| (one.0, &one.1).cmp(&(two.0, &two.1)));
        let router = Router::new(
            served.iter().map(|(_, _, live)| (&live.plan, Arc::clone(live))),
            self.config.strict_virtual_hosts,
        );
        for conflict in router.conflicts() {
            let (loser, winner) = (&served[conflict.loser], &served[conflict.winner]);
            let mut diagnostics = Diagnostics::new();
            diagnostics.error(
                "AP090",
                Place::file(loser.1.display().to_string()),
                format!("{} is served already, by {}", conflict.context, winner.1.display()),
                "give one of them another context or version, or remove it",
            );
            self.reject(loser.1.clone(), diagnostics);
        }
        Snapshot {
            generation: self.generation,
            config: Arc::clone(&self.config),
            router,
            apis: served.into_iter().map(|(_, _, live)| live).collect(),
            admitter: Arc::clone(&self.admitter),
            kind: environment_kind(&self.config),
        }
    }
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
    Ok(Deployer::new(config, trust, admitter, environment))
}

/// Builds everything anew under another configuration.
///
/// # Errors
///
/// As [`deployer`]; nothing has changed then.
pub fn reconfigure(
    deployer: &mut Deployer,
    config: Arc<GatewayConfig>,
) -> Result<Snapshot, String> {
    let (trust, admitter) = trusted(&config)?;
    Ok(deployer.reconfigure(config, trust, admitter))
}

fn trusted(config: &GatewayConfig) -> Result<(Arc<TrustStore>, Arc<Admitter>), String> {
    let trust = TrustStore::load(&config.upstream_tls).map_err(|error| error.to_string())?;
    let trust = Arc::new(trust);
    let fetcher = Fetcher::new(Arc::clone(&trust), FetchLimits::default());
    let (admitter, diagnostics) = Admitter::new(&config.admission, &fetcher, Clock::system());
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
