//! The compiled form of an API: data that can be compared and printed, and that holds no live
//! resource.

mod client;
mod credentials;
mod dynamic;
mod flows;
mod group;
mod lambda;
mod leaf;
mod mock;
mod print;
mod soap;
mod wsdl;

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderName, HeaderValue, Method};

use crate::pattern::Pattern;
use crate::template::UrlTemplate;

pub use client::{ClientCertificate, ClientIdentity, PrivateKey};
pub use credentials::{
    Account, ClientProof, Credentials, Grant, OAuthPlan, SigningAlgorithm, TokenClient,
    TokenNetwork, TokenProxy,
};
pub use dynamic::{DynamicPlan, HostPattern, Network, Reach, TargetPattern, TargetPolicy};
pub use flows::{BackendPlan, ExtraPlan, FlowsPlan, LibraryPlan, SequencePlan};
pub use group::{
    Affinity, AffinityKind, Algorithm, BalancePlan, BodyNeed, Budget, ConsistentHash, Ejection,
    FailOverSwitch, FailoverPlan, FailureRate, GroupPlan, HashKey, Hedge, MemberPlan, Mode, Order,
    Recovery, Replay, Retries, RetryPolicy, Triggers, WhenLost,
};
pub use lambda::{AwsPlan, AwsRole, AwsSource, FunctionPlan, LambdaPlan};
pub use leaf::{HealthCheck, HttpProbe, Limits, Probe, Queue, StatusSet};
pub use mediation::soap::{Format, Optimize, Wanted};

pub use mock::{ChoicesPlan, MockAnswers, MockLeafPlan, MockPlan, RolePlan};
pub use soap::SoapPlan;
pub use wsdl::{WsdlDocument, WsdlKind, WsdlPlan};

/// Everything the gateway needs to know of one API.
#[derive(Debug, Clone, PartialEq)]
pub struct ApiPlan {
    /// What tells this API from every other: `tenant/name/version`, the tenant without a domain
    /// left out.
    pub id: String,
    /// The name of the API.
    pub name: String,
    /// The version of the API.
    pub version: String,
    /// The full context: tenant prefix, context and version, with a leading and without a
    /// trailing slash, such as `/pizzashack/1.0.0`.
    pub context: String,
    /// The context without the version, when this is the default version of the API.
    pub default_context: Option<String>,
    /// The virtual hosts that this API is deployed to; empty where none is named.
    pub hosts: Vec<String>,
    /// The gateway environments that this API is deployed to; empty where none is named.
    pub environments: Vec<String>,
    /// The schemes of the `transport` list.
    pub schemes: Schemes,
    /// Where the API is in its life cycle.
    pub lifecycle: Lifecycle,
    /// What a caller must show.
    pub security: SecurityPlan,
    /// CORS answers; `None` when the API has them switched off.
    pub cors: Option<CorsPlan>,
    /// The operations, in the order in which they were declared.
    pub operations: Vec<OperationPlan>,
    /// The endpoint of each stage.
    pub endpoints: Stages<EndpointPlan>,
    /// What policies and rules call besides.
    pub extras: ExtraPlan,
    /// The sequences that policies call by their keys.
    pub library: LibraryPlan,
    /// The WSDL that it serves.
    pub wsdl: Option<Arc<WsdlPlan>>,
    /// The operations of its SOAP service, where something depends on which is called.
    pub soap: Option<Arc<SoapPlan>>,
    /// Certificates to trust for one host each, besides the system's roots.
    pub certificates: Vec<TrustedCertificate>,
    /// What mocks may keep between calls, where any keeps anything.
    pub mock_state: Option<::mock::state::Limits>,
    /// Whether the client's `Host` goes to the upstream (`x-weir-preserve-host`).
    pub preserve_host: bool,
}

/// The schemes an API is served over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schemes {
    /// Served over clear text.
    pub http: bool,
    /// Served over TLS.
    pub https: bool,
}

/// The states of the life cycle that matter to the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lifecycle {
    /// CREATED, PRE-RELEASED or PROTOTYPED, PUBLISHED, DEPRECATED: served.
    Served,
    /// BLOCKED: every call is answered 503 with code 700700.
    Blocked,
}

/// Consumer-side security of an API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecurityPlan {
    /// The header that carries the token, when the API names one of its own.
    pub authorization_header: Option<HeaderName>,
    /// Accepted audiences; empty when any will do.
    pub audiences: Vec<String>,
    /// Accepted key managers (issuers by name); empty when all will do.
    pub key_managers: Vec<String>,
}

/// CORS settings of an API; the values are ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CorsPlan {
    /// Allowed origins; `*` as one entry allows any.
    pub allow_origins: Vec<String>,
    /// Whether credentials are allowed.
    pub allow_credentials: bool,
    /// The value of `Access-Control-Allow-Headers`.
    pub allow_headers: HeaderValue,
    /// Allowed methods, intersected with those of the matched resource at run time.
    pub allow_methods: Vec<Method>,
}

/// One operation: a method and a URI template.
#[derive(Debug, Clone, PartialEq)]
pub struct OperationPlan {
    /// The method.
    pub method: Method,
    /// The URI template as it was written, such as `/order/{orderId}`.
    pub template: Arc<str>,
    /// The template, ready to match.
    pub pattern: Pattern,
    /// What a caller must show to use it.
    pub auth: AuthPlan,
    /// The names of the throttling policy, kept for a later stage.
    pub throttling_policy: Option<String>,
    /// What its policies do.
    pub flows: Arc<FlowsPlan>,
    /// How it is answered without an upstream, where anything may ask for that.
    pub mock: Option<Arc<MockPlan>>,
    /// Whether it is answered so whatever endpoint the API has.
    pub is_mocked: bool,
    /// Whether what an upstream answers is kept, to become examples.
    pub records: bool,
}

/// What an operation asks of its caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuthPlan {
    /// `authType` is `None`: open.
    None,
    /// A valid token is needed.
    Required {
        /// One of these scopes is needed, unless the list is empty.
        scopes: Vec<String>,
        /// Which kind of token `authType` takes.
        tokens: TokenKinds,
    },
}

/// The kinds of access token that an operation takes (`authType`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKinds {
    /// `Any`, `Application & Application User`.
    Any,
    /// `Application`: tokens that stand for an application alone.
    Application,
    /// `Application User`: tokens that stand for a user.
    ApplicationUser,
}

/// One value for each stage; at least one is there.
#[derive(Debug, Clone, PartialEq)]
pub struct Stages<T> {
    /// For production keys, and for operations without security.
    pub production: Option<T>,
    /// For sandbox keys.
    pub sandbox: Option<T>,
}

/// An endpoint: a leaf, or a group of endpoints.
#[derive(Debug, Clone, PartialEq)]
pub enum EndpointPlan {
    /// A URL: `http`, `address` and `service` endpoints.
    Http(Box<HttpPlan>),
    /// An address that is computed for each request: `default` endpoints.
    Dynamic(Box<DynamicPlan>),
    /// A sequence of mediators that makes the answer itself.
    Sequence(Box<BackendPlan>),
    /// The mocks of the operations.
    Mock(Box<MockLeafPlan>),
    /// Members in an order; the next one takes over when one fails.
    Failover(Box<FailoverPlan>),
    /// Members that share the calls.
    Balance(Box<BalancePlan>),
}

/// A leaf that talks to a URL.
#[derive(Debug, Clone, PartialEq)]
pub struct HttpPlan {
    /// The name as WSO2 prints it, such as `Pizza--v1.0.0_APIproductionEndpoint`.
    pub name: String,
    /// Which kind it is; they differ in texts, in SOAP messages and in where the address is from.
    pub dialect: Dialect,
    /// The address.
    pub url: UrlTemplate,
    /// How it wants SOAP messages to be written.
    pub message: Wanted,
    /// Timeouts, retries and suspension.
    pub resilience: Resilience,
    /// How HTTP/2 is chosen towards the upstream.
    pub http2: Http2,
    /// What it is shown, where it wants to know who calls.
    pub credentials: Option<Credentials>,
    /// What it says of client certificates; `None` leaves that to the configuration.
    pub identity: Option<ClientIdentity>,
    /// What it takes at most.
    pub limits: Limits,
    /// How its health is checked without calls.
    pub health_check: Option<HealthCheck>,
    /// The functions of AWS Lambda that are called there.
    pub lambda: Option<Box<LambdaPlan>>,
}

/// The kinds of URL leaf.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// `http` and `service`: the URL is a URI template.
    Http,
    /// `address`: the URL is fixed, and SOAP messages go to it bare.
    Address,
    /// `default`: the address is that of the request, and SOAP messages go to it bare.
    Dynamic,
    /// `awslambda`: the URL is that of the service, and each operation has its path.
    Lambda,
}

/// How HTTP/2 is chosen towards an upstream (`x-weir-http2`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Http2 {
    /// Over TLS when the upstream offers it by ALPN; in clear text for gRPC only.
    #[default]
    Negotiate,
    /// Always, without negotiation (prior knowledge, RFC 9113 §3.3).
    Always,
    /// Never.
    Never,
}

/// What a leaf does when a call takes too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeoutAction {
    /// Answer a fault.
    Fault,
    /// Answer nothing: the connection to the client is closed at the socket timeout.
    Discard,
    /// Never time out before the global timeout; then as `Discard`.
    Never,
}

/// Timeouts, retries and suspension of a leaf (spec/01 §1.5, §2.3–2.6). Numbers are as configured;
/// the formulas live in the gateway's `endpoint/health.rs`.
#[derive(Debug, Clone, PartialEq)]
pub struct Resilience {
    /// Time to the head of the answer; `None` is the global endpoint timeout.
    pub timeout: Option<Duration>,
    /// What happens when it has passed.
    pub on_timeout: TimeoutAction,
    /// `retryErroCode`: the timeout class; empty means 101504 and 101505.
    pub timeout_codes: Vec<i64>,
    /// `retryTimeOut`: failures of the timeout class before suspension.
    pub retries_before_suspension: u32,
    /// `retryDelay`: how long a leaf that timed out is left alone.
    pub retry_delay: Duration,
    /// `suspendErrorCode`: the codes that suspend; empty means any.
    pub suspend_codes: Vec<i64>,
    /// `suspendDuration` in milliseconds; −1 is unset.
    pub initial_ms: i64,
    /// `suspendMaxDuration` in milliseconds; `i64::MAX` is unset.
    pub maximum_ms: i64,
    /// `factor`.
    pub factor: f64,
    /// `suspendDuration` is `0`: neither suspension nor the timed-out state.
    pub suspension_is_off: bool,
    /// Whether the leaf is in a group: then the gateway's limit of failures is the one for
    /// members, `maximum.failover.recursive.retries` (spec/01 §2.6). Nothing else differs.
    pub is_member: bool,
}

impl Default for Resilience {
    /// What a leaf without `config` has (spec/01 §2.1).
    fn default() -> Self {
        Self {
            timeout: None,
            on_timeout: TimeoutAction::Fault,
            timeout_codes: Vec::new(),
            retries_before_suspension: 0,
            retry_delay: Duration::ZERO,
            suspend_codes: Vec::new(),
            initial_ms: -1,
            maximum_ms: i64::MAX,
            factor: 1.0,
            suspension_is_off: false,
            is_member: false,
        }
    }
}

/// A certificate to trust for one host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustedCertificate {
    /// Its alias.
    pub alias: String,
    /// The host that it was given for, lower case.
    pub host: String,
    /// The port that it was given for; `None` is any port of the host.
    pub port: Option<u16>,
    /// The certificates of the file, in DER.
    pub der: Vec<Vec<u8>>,
}
