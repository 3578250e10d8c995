//! What the gateway can be told, with its defaults. Where each value comes from is the business of
//! `config/read.rs`.

pub mod aws;
pub mod environments;
pub mod oauth;
pub mod overrides;
pub mod proxies;
pub mod read;
pub mod secrets;
pub mod upstream;
mod upstream_tls;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderName;
use ipnet::IpNet;

pub use self::upstream_tls::{
    ClientRule, HostnameVerifier, ProfileFile, ProfileRoots, RootStore, ServerPattern, TlsProfile,
    UpstreamTls,
};
pub(crate) use self::upstream_tls::{STORE_PASSWORD, Store, StoreKind, locate};

/// Everything that configures a gateway. `Default` is what runs when nothing is configured.
#[derive(Debug, Clone)]
pub struct GatewayConfig {
    /// Where it listens.
    pub listeners: Listeners,
    /// How many workers serve, each with a runtime of its own; one per core by default.
    pub workers: usize,
    /// What a stranger may send.
    pub limits: Limits,
    /// How long things may take.
    pub timeouts: Timeouts,
    /// TLS towards clients.
    pub server_tls: ServerTls,
    /// TLS towards upstreams.
    pub upstream_tls: UpstreamTls,
    /// How upstreams are talked to.
    pub upstream: upstream::Upstreams,
    /// How tokens for upstreams are had.
    pub oauth: oauth::OAuthConfig,
    /// How functions of AWS Lambda are called.
    pub aws: aws::AwsConfig,
    /// Where the secrets of projects may be.
    pub secrets: secrets::SecretsConfig,
    /// How requests are forwarded.
    pub forwarding: Forwarding,
    /// CORS for APIs that switch it on without naming values, and whether it is on at all.
    pub cors: CorsConfig,
    /// Who may call.
    pub admission: Admission,
    /// The environments described in the configuration.
    pub environments: Vec<Environment>,
    /// The names of the environments that this gateway serves (`gateway_labels`).
    pub labels: Vec<String>,
    /// How endpoint faults choose their status.
    pub fault_status: FaultStatus,
    /// The version of SOAP that faults are written in.
    pub soap_faults: SoapFaults,
    /// Whether APIs that are mocks are served in every state of their life cycle.
    pub mocks_in_any_state: bool,
    /// The name of this server (`[server] hostname`), for URLs that name no other.
    pub hostname: String,
    /// Whether an API is answered only on its virtual host.
    pub strict_virtual_hosts: bool,
    /// Whether the pizza-shack sample backend is served on the management listener.
    pub sample_backend: bool,
    /// Defaults for the state of every leaf.
    pub endpoint_defaults: EndpointDefaults,
    /// What policies may use.
    pub mediation: Arc<mediation::Limits>,
    /// What scripts of policies may use.
    pub scripts: ScriptsConfig,
}

/// `[weir.scripts]`: the threads of scripts, and what one script may use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScriptsConfig {
    /// How many run at once.
    pub threads: usize,
    /// How many may wait for a thread.
    pub queue: usize,
    /// Time, memory and output of one run.
    pub limits: script::ScriptLimits,
}

/// Addresses to listen on; `None` switches a listener off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listeners {
    /// Gateway, clear text.
    pub http: Option<SocketAddr>,
    /// Gateway, TLS.
    pub https: Option<SocketAddr>,
    /// Management, TLS.
    pub manage: Option<SocketAddr>,
    /// Management, clear text.
    pub manage_http: Option<SocketAddr>,
    /// Admin: health, metrics, state.
    pub admin: Option<SocketAddr>,
}

/// What a stranger may send.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Largest request head, in bytes (431).
    pub head_bytes: usize,
    /// Most header fields in a request (431).
    pub header_fields: usize,
    /// Largest request body, in bytes (413); `None` is unlimited.
    pub body_bytes: Option<u64>,
    /// Most connections that are open at once on all gateway listeners (503).
    pub connections: usize,
    /// What one client may do on the gateway's listeners.
    pub clients: ClientLimits,
    /// Most TLS handshakes of a worker at once; further ones wait.
    pub handshakes: usize,
    /// Most concurrent streams of an HTTP/2 connection.
    pub http2_streams: u32,
    /// What else an HTTP/2 connection may do.
    pub http2: Http2Limits,
}

/// What an HTTP/2 connection may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Http2Limits {
    /// Streams that a client gives up, and those that it spoils; an answer that is whole earns one.
    pub resets: Rate,
    /// Control frames of each kind; the work that they belong to earns more.
    pub control: Rate,
    /// Most connections of a worker to one upstream.
    pub upstream_connections: usize,
    /// Most streams at once on one of them, where the upstream allows as many.
    pub upstream_streams: usize,
}

/// How often something may happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// In a second, for as long as one likes.
    pub per_second: u32,
    /// At once.
    pub burst: u32,
}

/// What one client may do: one IPv4 address, or one IPv6 network of 64 bits. Trusted proxies are
/// exempt. `None` is no limit of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientLimits {
    /// Most connections that are open at once (503).
    pub connections: Option<usize>,
    /// Most new connections in a second (503).
    pub connection_rate: Option<u32>,
    /// Most TLS handshakes at once; further ones wait.
    pub handshakes: Option<usize>,
}

/// How long things may take.
#[derive(Debug, Clone)]
pub struct Timeouts {
    /// From the first byte of a connection or request to the end of its head (408).
    pub head: Duration,
    /// For a TLS handshake, the wait for its turn included.
    pub handshake: Duration,
    /// How long a client may stay idle between two requests.
    pub client_idle: Duration,
    /// From a call to the head of its answer (`synapse.global_timeout_interval`).
    pub endpoint: Duration,
    /// To connect to an upstream, TLS included.
    pub connect: Duration,
    /// Between two pieces of a body, both ways, and for idle tunnels (`http.socket.timeout`).
    pub socket: Duration,
    /// How long an idle connection to an upstream is kept.
    pub pool_idle: Duration,
    /// What is in flight may end within this time when the process stops.
    pub drain: Duration,
}

/// TLS towards clients.
#[derive(Debug, Clone)]
pub struct ServerTls {
    /// Certificates; the first is the one for clients that name no server, or an unknown one.
    pub certificates: Vec<KeyFiles>,
    /// Where a self-signed certificate is made and kept when none is configured.
    pub self_signed_dir: PathBuf,
    /// Whether TLS 1.2 is offered beside 1.3.
    pub tls12: bool,
}

/// One certificate with its key, in files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyFiles {
    /// Two PEM files (or one that holds both).
    Pem {
        /// The chain, the leaf first.
        certificate: PathBuf,
        /// The private key.
        key: PathBuf,
    },
    /// A PKCS#12 key store.
    Pkcs12 {
        /// The file.
        file: PathBuf,
        /// Its password.
        password: Secret,
        /// Which entry; the first one with a key when not named.
        alias: Option<String>,
    },
}

impl KeyFiles {
    /// The files.
    pub(crate) fn paths(&self) -> impl Iterator<Item = PathBuf> + use<> {
        let (first, second) = match self {
            Self::Pem { certificate, key } => (certificate.clone(), Some(key.clone())),
            Self::Pkcs12 { file, .. } => (file.clone(), None),
        };
        std::iter::once(first).chain(second)
    }
}

/// A text that is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(pub String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(***)")
    }
}

/// How requests are forwarded.
#[derive(Debug, Clone)]
pub struct Forwarding {
    /// Peers whose `Forwarded` and `X-Forwarded-*` are believed and extended; others' are
    /// replaced.
    pub trusted_proxies: Vec<IpNet>,
    /// Whether `X-Forwarded-For`, `-Proto`, `-Host` are sent.
    pub x_forwarded: bool,
    /// Whether `Forwarded` (RFC 7239) is sent.
    pub forwarded: bool,
    /// Whether the client's `Host` goes to every upstream (`http.headers.preserve` has `Host`).
    pub preserve_host: bool,
    /// Whether the upstream's `Server` is kept.
    pub preserve_server: bool,
    /// The name of WSO2's correlation header.
    pub correlation_header: HeaderName,
    /// Whether the API's authorization header goes to the upstream.
    pub outbound_auth_header: bool,
    /// Whether `Location` is left as the upstream wrote it.
    pub preserve_location: bool,
}

/// CORS (`[apim.cors]`).
#[derive(Debug, Clone)]
pub struct CorsConfig {
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

/// Who may call.
#[derive(Debug, Clone)]
pub struct Admission {
    /// The issuers whose tokens are taken.
    pub issuers: Vec<JwtIssuer>,
    /// Serve secured operations openly when no issuer is configured.
    pub allow_unauthenticated: bool,
    /// The header of the token where an API names none.
    pub authorization_header: HeaderName,
    /// How far clocks may differ.
    pub clock_skew: Duration,
    /// How many validated tokens are remembered.
    pub cache_entries: u64,
    /// How long a validated token is remembered at most; never beyond its expiry.
    pub cache_time: Duration,
}

/// One `[[apim.jwt.issuer]]`.
#[derive(Debug, Clone)]
pub struct JwtIssuer {
    /// The `iss` claim.
    pub issuer: String,
    /// The name that `keyManagers` lists refer to; the issuer where none is given.
    pub name: String,
    /// Where its keys are published.
    pub jwks_url: Option<String>,
    /// Its certificate or public key, a PEM file.
    pub certificate: Option<PathBuf>,
    /// The claim that names the client.
    pub consumer_key_claim: Option<String>,
    /// The claim that holds the scopes; `scope` by default.
    pub scopes_claim: String,
    /// How often the keys are fetched anew at most.
    pub jwks_refresh: Duration,
}

/// One `[[apim.gateway.environment]]`.
#[derive(Debug, Clone)]
pub struct Environment {
    /// Its name.
    pub name: String,
    /// Which keys it takes.
    pub kind: EnvironmentKind,
    /// The name to show.
    pub display_name: String,
    /// A description.
    pub description: String,
    /// The gateway type, such as `Regular`.
    pub gateway_type: String,
    /// The vendor.
    pub provider: String,
    /// Whether it is shown in the API console.
    pub display_in_api_console: bool,
    /// Advertised for clear text.
    pub http_endpoint: Option<String>,
    /// Advertised for TLS.
    pub https_endpoint: Option<String>,
    /// Advertised for WebSocket.
    pub ws_endpoint: Option<String>,
    /// Advertised for WebSocket over TLS.
    pub wss_endpoint: Option<String>,
    /// Where `WebSub` callbacks arrive, clear text.
    pub websub_http_endpoint: Option<String>,
    /// Where `WebSub` callbacks arrive, TLS.
    pub websub_https_endpoint: Option<String>,
    /// Whether its URL is shown as that of the token endpoint.
    pub show_as_token_endpoint_url: bool,
    /// Where WSO2's gateway takes its administration calls; kept and not called.
    pub service_url: String,
    /// The virtual hosts.
    pub virtual_hosts: Vec<VirtualHost>,
    /// Whether its endpoints are those of the gateway's own listeners, because none are given.
    pub is_derived: bool,
}

impl Environment {
    /// An environment of which only the name and the kind are known.
    #[must_use]
    pub fn new(name: &str, kind: EnvironmentKind) -> Self {
        Self {
            name: name.to_owned(),
            kind,
            display_name: name.to_owned(),
            description: String::new(),
            gateway_type: "Regular".to_owned(),
            provider: "wso2".to_owned(),
            display_in_api_console: true,
            http_endpoint: None,
            https_endpoint: None,
            ws_endpoint: None,
            wss_endpoint: None,
            websub_http_endpoint: None,
            websub_https_endpoint: None,
            show_as_token_endpoint_url: true,
            service_url: String::new(),
            virtual_hosts: Vec::new(),
            is_derived: false,
        }
    }

    /// The URL to advertise: HTTPS where there is one.
    #[must_use]
    pub fn advertised(&self) -> Option<&str> {
        self.https_endpoint.as_deref().or(self.http_endpoint.as_deref())
    }
}

/// Which keys an environment takes (spec/01 §3.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EnvironmentKind {
    /// Both.
    Hybrid,
    /// Production keys.
    Production,
    /// Sandbox keys.
    Sandbox,
}

impl EnvironmentKind {
    /// The word that configuration and REST APIs use.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hybrid => "hybrid",
            Self::Production => "production",
            Self::Sandbox => "sandbox",
        }
    }
}

/// The environment whose URL is the gateway endpoint: the first of type production, else the first
/// hybrid one, else the first.
#[must_use]
pub fn advertised_environment(environments: &[Environment]) -> Option<&Environment> {
    let of = |kind| environments.iter().find(move |environment| environment.kind == kind);
    of(EnvironmentKind::Production)
        .or_else(|| of(EnvironmentKind::Hybrid))
        .or_else(|| environments.first())
}

/// One virtual host of an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VirtualHost {
    /// The host name, lower case.
    pub host: String,
    /// The advertised URL for clear text.
    pub http_endpoint: String,
    /// The advertised URL for TLS.
    pub https_endpoint: String,
    /// The advertised URL for WebSocket.
    pub ws_endpoint: String,
    /// The advertised URL for WebSocket over TLS.
    pub wss_endpoint: String,
    /// Where `WebSub` callbacks arrive, clear text.
    pub websub_http_endpoint: String,
    /// Where `WebSub` callbacks arrive, TLS.
    pub websub_https_endpoint: String,
}

impl VirtualHost {
    /// A virtual host with WSO2's default ports.
    #[must_use]
    pub fn new(host: &str) -> Self {
        Self {
            host: host.to_ascii_lowercase(),
            http_endpoint: format!("http://{host}:80"),
            https_endpoint: format!("https://{host}:443"),
            ws_endpoint: format!("ws://{host}:9099"),
            wss_endpoint: format!("wss://{host}:8099"),
            websub_http_endpoint: format!("http://{host}:9021"),
            websub_https_endpoint: format!("https://{host}:8021"),
        }
    }
}

/// How endpoint faults choose their status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultStatus {
    /// 500 for everything, as WSO2.
    Wso2,
    /// 502, 503 and 504.
    Precise,
}

/// The version of SOAP that faults of the gateway are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SoapFaults {
    /// That of the caller.
    Caller,
    /// 1.1 for everybody, as WSO2.
    Always11,
}

/// `[synapse_properties]` that stand in for what a leaf does not say.
#[derive(Debug, Clone)]
pub struct EndpointDefaults {
    /// `synapse.global_endpoint_suspend_duration`; −1 is unset.
    pub suspend_initial_ms: i64,
    /// `synapse.global_endpoint_suspend_progression_factor`.
    pub suspend_factor: f64,
    /// Whether the two above win over what a leaf says.
    pub override_leaf: bool,
    /// How long a session sticks to a leaf where the group does not say.
    pub session: Duration,
    /// Whether a group keeps the body before its first attempt, for the next one.
    pub build_on_failover: bool,
    /// Whether the body is kept when an attempt times out, for the next one.
    pub preserve_payload_on_timeout: bool,
    /// Failures after which a stand-alone leaf is suspended in any case; `None` is never.
    pub failover_retries: Option<u32>,
    /// The same for a leaf in a group.
    pub recursive_failover_retries: Option<u32>,
    /// How long a leaf is suspended after `failover_retries`.
    pub failover_suspension: Duration,
    /// How long a leaf is suspended after `recursive_failover_retries`.
    pub recursive_failover_suspension: Duration,
    /// Whether a load-balance group tries its next leaf after a failure.
    pub load_balance_failover: bool,
}

impl Default for EndpointDefaults {
    fn default() -> Self {
        Self {
            suspend_initial_ms: -1,
            suspend_factor: 1.0,
            override_leaf: false,
            session: Duration::from_secs(600),
            build_on_failover: false,
            preserve_payload_on_timeout: false,
            failover_retries: None,
            recursive_failover_retries: None,
            failover_suspension: Duration::from_secs(30),
            recursive_failover_suspension: Duration::from_secs(30),
            load_balance_failover: true,
        }
    }
}

impl Default for GatewayConfig {
    fn default() -> Self {
        Self {
            listeners: Listeners::default(),
            workers: std::thread::available_parallelism().map_or(1, usize::from),
            limits: Limits::default(),
            timeouts: Timeouts::default(),
            server_tls: ServerTls {
                certificates: Vec::new(),
                self_signed_dir: PathBuf::from("weir-home/data"),
                tls12: true,
            },
            upstream_tls: UpstreamTls::default(),
            oauth: oauth::OAuthConfig::default(),
            aws: aws::AwsConfig::default(),
            secrets: secrets::SecretsConfig::default(),
            upstream: upstream::Upstreams::default(),
            forwarding: Forwarding::default(),
            cors: CorsConfig::default(),
            admission: Admission::default(),
            environments: Vec::new(),
            labels: vec!["Default".to_owned()],
            fault_status: FaultStatus::Wso2,
            soap_faults: SoapFaults::Caller,
            mocks_in_any_state: false,
            hostname: "localhost".to_owned(),
            strict_virtual_hosts: false,
            sample_backend: false,
            endpoint_defaults: EndpointDefaults::default(),
            mediation: Arc::default(),
            scripts: ScriptsConfig::default(),
        }
    }
}

impl Default for ScriptsConfig {
    fn default() -> Self {
        Self { threads: 4, queue: 256, limits: script::ScriptLimits::default() }
    }
}

impl Default for Listeners {
    fn default() -> Self {
        Self {
            http: Some(SocketAddr::from(([0, 0, 0, 0], 8280))),
            https: Some(SocketAddr::from(([0, 0, 0, 0], 8243))),
            manage: Some(SocketAddr::from(([0, 0, 0, 0], 9443))),
            manage_http: Some(SocketAddr::from(([127, 0, 0, 1], 9763))),
            admin: Some(SocketAddr::from(([127, 0, 0, 1], 9290))),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            head_bytes: 64 * 1024,
            header_fields: 100,
            body_bytes: None,
            connections: 20_000,
            clients: ClientLimits::default(),
            handshakes: 1024,
            http2_streams: 200,
            http2: Http2Limits::default(),
        }
    }
}

impl Default for Http2Limits {
    fn default() -> Self {
        Self {
            resets: Rate { per_second: 50, burst: 200 },
            control: Rate { per_second: 200, burst: 1000 },
            upstream_connections: 8,
            upstream_streams: 100,
        }
    }
}

impl Default for ClientLimits {
    fn default() -> Self {
        Self { connections: Some(10_000), connection_rate: None, handshakes: Some(512) }
    }
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            head: Duration::from_secs(30),
            handshake: Duration::from_secs(10),
            client_idle: Duration::from_secs(180),
            endpoint: Duration::from_secs(120),
            connect: Duration::from_secs(90),
            socket: Duration::from_secs(180),
            pool_idle: Duration::from_secs(170),
            drain: Duration::from_secs(30),
        }
    }
}

impl Default for Forwarding {
    fn default() -> Self {
        Self {
            trusted_proxies: Vec::new(),
            x_forwarded: true,
            forwarded: true,
            preserve_host: false,
            preserve_server: true,
            correlation_header: HeaderName::from_static("activityid"),
            outbound_auth_header: false,
            preserve_location: false,
        }
    }
}

impl Default for CorsConfig {
    fn default() -> Self {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Self {
            enable: true,
            allow_origins: owned(&["*"]),
            allow_methods: owned(&["GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS"]),
            allow_headers: owned(&[
                "authorization",
                "Access-Control-Allow-Origin",
                "Content-Type",
                "SOAPAction",
                "apikey",
                "Internal-Key",
            ]),
            allow_credentials: false,
        }
    }
}

impl Default for Admission {
    fn default() -> Self {
        Self {
            issuers: Vec::new(),
            allow_unauthenticated: false,
            authorization_header: http::header::AUTHORIZATION,
            clock_skew: Duration::from_secs(5),
            cache_entries: 100_000,
            cache_time: Duration::from_secs(900),
        }
    }
}
