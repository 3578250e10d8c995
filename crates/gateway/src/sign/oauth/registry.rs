//! All sources of tokens. It outlives snapshots, so that a new version of an API goes on with the
//! tokens of the old one.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use aws_lc_rs::digest;
use compiler::plan::{ClientProof, Grant, OAuthPlan, TokenProxy, TrustedCertificate};
use tokio::sync::Semaphore;
use url::Url;

use super::failure::TokenOutcome;
use super::source::{Server, TokenSource, Way};
use crate::config::oauth::OAuthConfig;
use crate::config::proxies::{Proxies, Proxy};
use crate::fetch::{FetchLimits, Fetcher};
use crate::sign::aws::Accounts;
use crate::upstream::tls::TrustStore;

/// The largest answer of an authorization server, in bytes.
const ANSWER: usize = 64 * 1024;

/// What tells one source from another; a hash, since it is made of secrets too.
type Key = [u8; 32];

/// All sources of tokens.
#[derive(Debug, Default)]
pub struct Tokens {
    sources: Mutex<HashMap<Key, Weak<TokenSource>>>,
    servers: Mutex<BTreeMap<String, Arc<Shared>>>,
    /// The accounts of AWS, which are kept in the same way.
    accounts: Accounts,
}

/// What all clients of one server share.
#[derive(Debug)]
struct Shared {
    turns: Arc<Semaphore>,
    metrics: Arc<ServerMetrics>,
}

/// Counters of one server.
#[derive(Debug)]
pub(super) struct ServerMetrics {
    name: String,
    outcomes: [AtomicU64; TokenOutcome::ALL.len()],
    micros: AtomicU64,
    refused: AtomicU64,
}

/// What one server's counters show.
#[derive(Debug, Clone, PartialEq)]
pub struct ServerTotals {
    /// Host and port.
    pub name: String,
    /// Requests that ended, in the order of [`TokenOutcome::ALL`].
    pub outcomes: [u64; TokenOutcome::ALL.len()],
    /// How long they took together.
    pub time: Duration,
    /// Tokens that upstreams refused.
    pub refused: u64,
}

/// What a source is made with, besides its plan.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Means<'a> {
    pub(crate) config: &'a OAuthConfig,
    /// The proxies of upstreams, which count where there are none for tokens.
    pub(crate) proxies: &'a Proxies,
    pub(crate) trust: &'a Arc<TrustStore>,
    pub(crate) certificates: &'a Arc<[TrustedCertificate]>,
}

impl Tokens {
    /// The accounts of AWS.
    pub(crate) fn accounts(&self) -> &Accounts {
        &self.accounts
    }

    /// The source of tokens for an upstream (`target`, its scheme, host and port); `None` for a
    /// token URL that is none, which the compiler refuses.
    pub(crate) fn source(
        &self,
        plan: &OAuthPlan,
        target: &str,
        means: Means<'_>,
    ) -> Option<Arc<TokenSource>> {
        let url = Url::parse(&plan.token_url).ok()?;
        let way = way(plan, &url, means)?;
        let key = key(plan, target, means.certificates);
        let mut sources = self.sources.lock().unwrap_or_else(PoisonError::into_inner);
        sources.retain(|_, source| source.strong_count() > 0);
        if let Some(source) = sources.get(&key).and_then(Weak::upgrade) {
            source.go(way);
            return Some(source);
        }
        let shared = self.shared(&url, means.config.connections);
        let server =
            Server::new(plan, url, way, (Arc::clone(&shared.turns), Arc::clone(&shared.metrics)));
        let is_exchange = matches!(plan.grant, Grant::Exchange { .. });
        let source = Arc::new(TokenSource::new(server, is_exchange));
        sources.insert(key, Arc::downgrade(&source));
        Some(source)
    }

    fn shared(&self, url: &Url, connections: usize) -> Arc<Shared> {
        let host = url.host_str().unwrap_or_default();
        let port = url.port_or_known_default().unwrap_or_default();
        let name = format!("{host}:{port}");
        let mut servers = self.servers.lock().unwrap_or_else(PoisonError::into_inner);
        let shared = servers.entry(name.clone()).or_insert_with(|| {
            Arc::new(Shared {
                turns: Arc::new(Semaphore::new(connections)),
                metrics: Arc::new(ServerMetrics::new(name)),
            })
        });
        Arc::clone(shared)
    }

    /// The counters of all servers.
    #[must_use]
    pub fn totals(&self) -> Vec<ServerTotals> {
        let servers = self.servers.lock().unwrap_or_else(PoisonError::into_inner);
        servers.values().map(|shared| shared.metrics.read()).collect()
    }
}

impl ServerMetrics {
    fn new(name: String) -> Self {
        Self {
            name,
            outcomes: Default::default(),
            micros: AtomicU64::new(0),
            refused: AtomicU64::new(0),
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn note(&self, outcome: TokenOutcome, time: Duration) {
        let place = TokenOutcome::ALL.iter().position(|one| *one == outcome);
        if let Some(count) = place.and_then(|place| self.outcomes.get(place)) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        self.micros.fetch_add(micros, Ordering::Relaxed);
    }

    pub(super) fn refused(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    fn read(&self) -> ServerTotals {
        ServerTotals {
            name: self.name.clone(),
            outcomes: std::array::from_fn(|place| {
                self.outcomes.get(place).map_or(0, |count| count.load(Ordering::Relaxed))
            }),
            time: Duration::from_micros(self.micros.load(Ordering::Relaxed)),
            refused: self.refused.load(Ordering::Relaxed),
        }
    }
}

/// How the server is reached.
fn way(plan: &OAuthPlan, url: &Url, means: Means<'_>) -> Option<Way> {
    let Means { config, proxies, trust, certificates } = means;
    let host = url.host_str()?.trim_matches(['[', ']']);
    let is_secured = url.scheme() == "https";
    let proxy = match &plan.network.proxy {
        TokenProxy::None => None,
        TokenProxy::Global => {
            let of_tokens = config.proxies.as_ref().unwrap_or(proxies);
            of_tokens.choose(is_secured, host)
        }
        TokenProxy::Own { host, port, account } => Some(Arc::new(Proxy {
            host: host.as_str().into(),
            port: *port,
            authorization: account
                .as_ref()
                .and_then(|account| Proxy::basic(&account.username, account.password.expose())),
        })),
    };
    let connect = plan.network.connect.unwrap_or(config.connect);
    let answer = plan.network.answer.unwrap_or(config.answer);
    let limits = FetchLimits { connect, answer, total: connect + answer, body_bytes: ANSWER };
    let fetcher =
        Fetcher::new(Arc::clone(trust), limits).through(proxy).trusting(Arc::clone(certificates));
    Some(Way { fetcher, turn: plan.network.turn.unwrap_or(config.turn), life: config.life })
}

/// All that tells one source from another: tokens are never shared between different credentials
/// or upstreams.
fn key(plan: &OAuthPlan, target: &str, certificates: &[TrustedCertificate]) -> Key {
    let mut parts: Vec<&str> = vec![target, &plan.token_url, &plan.client.id];
    let algorithm;
    match &plan.client.proof {
        ClientProof::Basic(secret) => parts.extend(["basic", secret.expose()]),
        ClientProof::Body(secret) => parts.extend(["body", secret.expose()]),
        ClientProof::SecretJwt { secret, algorithm: chosen } => {
            algorithm = format!("{chosen:?}");
            parts.extend(["secret", secret.expose(), &algorithm]);
        }
        ClientProof::KeyJwt { key, key_id, algorithm: chosen } => {
            algorithm = format!("{chosen:?}");
            let key_id = key_id.as_deref().unwrap_or_default();
            parts.extend(["key", key.expose(), key_id, &algorithm]);
        }
        ClientProof::Certificate => parts.push("certificate"),
    }
    match &plan.grant {
        Grant::ClientCredentials => parts.push("client"),
        Grant::Password(account) => {
            parts.extend(["password", &account.username, account.password.expose()]);
        }
        Grant::Exchange { subject_token_type, requested_token_type } => {
            let requested = requested_token_type.as_deref().unwrap_or_default();
            parts.extend(["exchange", subject_token_type, requested]);
        }
    }
    for (name, value) in &plan.parameters {
        parts.extend([name, value.expose()]);
    }
    // The way to the server, so that no project goes that of another.
    let way = format!("{:?} {certificates:?}", plan.network);
    parts.push(&way);
    if let TokenProxy::Own { account: Some(account), .. } = &plan.network.proxy {
        parts.push(account.password.expose());
    }
    let mut context = digest::Context::new(&digest::SHA256);
    for part in parts {
        context.update(&part.len().to_be_bytes());
        context.update(part.as_bytes());
    }
    context.finish().as_ref().try_into().expect("SHA-256 is 32 bytes long")
}
