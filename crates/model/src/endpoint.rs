//! The typed view of `endpointConfig` (spec/01 §1).
//!
//! Numbers stay text, because WSO2's rules look at how they are written (`"0"` switches suspension
//! off, `"00"` does not); the compiler turns them into numbers.

mod group;
mod lambda;
mod security;

use serde_json::Value;

use crate::cursor::Cursor;
use crate::diagnostic::{Diagnostics, Place};

pub use group::{Extension, GroupConfig};
pub use lambda::LambdaConfig;
pub use security::{EndpointSecurity, SecurityKind, TokenNetworkConfig, TokenProxyConfig};

/// `endpointConfig`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointConfig {
    /// Where it is.
    pub place: Place,
    /// `endpoint_type`.
    pub kind: EndpointKind,
    /// `production_endpoints`, `production_failovers` and the security of the stage.
    pub production: StageConfig,
    /// `sandbox_endpoints`, `sandbox_failovers` and the security of the stage.
    pub sandbox: StageConfig,
    /// What concerns a group of endpoints.
    pub group: GroupConfig,
    /// What concerns functions of AWS Lambda, for an endpoint of that type.
    pub lambda: Option<LambdaConfig>,
    /// `implementation_status` is `prototyped`.
    pub is_prototyped: bool,
    /// `x-weir-http2`, which holds for every URL that says nothing of it.
    pub http2: Option<String>,
    /// `x-weir`.
    pub extension: Option<Extension>,
}

/// `endpoint_type` (spec/01 §1.1); read without regard to case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EndpointKind {
    /// `http`.
    Http,
    /// `address`.
    Address,
    /// `service`: from the service catalogue; behaves as `http`.
    Service,
    /// `load_balance`.
    LoadBalance,
    /// `failover`.
    Failover,
    /// `default`: dynamic.
    Default,
    /// `awslambda`.
    AwsLambda,
    /// `sequence_backend`.
    SequenceBackend,
    /// `ws`.
    WebSocket,
    /// `wsdl`.
    Wsdl,
    /// `graphql`.
    GraphQl,
    /// `prototyped`, `INLINE`, `MOCKED_OAS`: the portal's pseudo types for mocks.
    Mock,
    /// No `endpoint_type` at all.
    Absent,
    /// Anything else.
    Unknown(String),
}

/// One stage of an endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StageConfig {
    /// Where it is.
    pub place: Place,
    /// The members: one for a plain endpoint, the primary for failover, all for load balancing.
    pub members: Vec<Member>,
    /// What takes over for failover.
    pub failovers: Vec<Member>,
    /// `endpoint_security` of the stage.
    pub security: Option<EndpointSecurity>,
    /// `production` or `sandbox` of a sequence backend: the name of the sequence, without `.xml`.
    pub sequence: Option<String>,
}

/// The part of a WSDL that an endpoint of type `wsdl` is at.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WsdlPort {
    /// `wsdlendpointService`.
    pub service: Option<String>,
    /// `wsdlendpointPort`.
    pub port: Option<String>,
}

/// One URL with its settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Where it is.
    pub place: Place,
    /// `url`, without blanks around it.
    pub url: Option<String>,
    /// `endpoint_type` of the member itself.
    pub kind: Option<EndpointKind>,
    /// `config`, unless it is absent, null or empty.
    pub config: Option<LeafConfig>,
    /// Which service and port of a WSDL it is.
    pub wsdl: WsdlPort,
    /// `x-weir-http2`.
    pub http2: Option<String>,
    /// `x-weir`.
    pub extension: Option<Extension>,
}

/// `config` of a URL (spec/01 §1.5); absent and empty are the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeafConfig {
    /// Where it is.
    pub place: Place,
    /// `actionSelect`.
    pub action: Option<String>,
    /// `actionDuration`, milliseconds.
    pub action_duration: Option<String>,
    /// `retryErroCode` (sic).
    pub retry_codes: CodeList,
    /// `retryTimeOut`: a count, whatever its name says.
    pub retries: Option<String>,
    /// `retryDelay`, milliseconds.
    pub retry_delay: Option<String>,
    /// `suspendErrorCode`.
    pub suspend_codes: CodeList,
    /// `suspendDuration`, milliseconds.
    pub suspend_duration: Option<String>,
    /// `suspendMaxDuration`, milliseconds.
    pub suspend_max_duration: Option<String>,
    /// `factor`.
    pub factor: Option<String>,
    /// `format`, of address endpoints.
    pub format: Option<String>,
    /// `optimize`, of address endpoints.
    pub optimize: Option<String>,
}

/// A list of error codes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CodeList {
    /// Absent, null or blank.
    Absent,
    /// A list, each entry as text.
    List(Vec<String>),
    /// A single value, which WSO2's template ignores (product-apim#11883).
    Bare(String),
}

impl EndpointKind {
    /// Reads an `endpoint_type`.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        match text.trim().to_ascii_lowercase().as_str() {
            "" => Self::Absent,
            "http" => Self::Http,
            "address" => Self::Address,
            "service" => Self::Service,
            "load_balance" => Self::LoadBalance,
            "failover" => Self::Failover,
            "default" => Self::Default,
            "awslambda" => Self::AwsLambda,
            "sequence_backend" => Self::SequenceBackend,
            "ws" => Self::WebSocket,
            "wsdl" => Self::Wsdl,
            "graphql" => Self::GraphQl,
            "prototyped" | "inline" | "mocked_oas" => Self::Mock,
            _ => Self::Unknown(text.trim().to_owned()),
        }
    }
}

impl EndpointConfig {
    /// Reads `endpointConfig`.
    pub fn read(at: &Cursor<'_>, found: &mut Diagnostics) -> Self {
        at.entries(found);
        let kind = at.get("endpoint_type").text(found).unwrap_or_default();
        let kind = EndpointKind::parse(&kind);
        let status = at.get("implementation_status").word(found);
        let http2 = at.get("x-weir-http2").word(found);
        let stage = |name, found: &mut Diagnostics| {
            StageConfig::read(at, name, &kind, http2.as_deref(), found)
        };
        let (production, sandbox) = (stage("production", found), stage("sandbox", found));
        let is_lambda = kind == EndpointKind::AwsLambda;
        Self {
            place: at.place(),
            kind,
            production,
            sandbox,
            group: GroupConfig::read(at, found),
            lambda: is_lambda.then(|| LambdaConfig::read(at, found)),
            is_prototyped: status.is_some_and(|status| status.eq_ignore_ascii_case("prototyped")),
            http2,
            extension: Extension::read(at),
        }
    }
}

impl StageConfig {
    fn read(
        at: &Cursor<'_>,
        stage: &str,
        kind: &EndpointKind,
        http2: Option<&str>,
        found: &mut Diagnostics,
    ) -> Self {
        let sequence = at.get(stage);
        let sequence = (*kind == EndpointKind::SequenceBackend).then(|| sequence.word(found));
        let members = at.get(&format!("{stage}_endpoints"));
        let named = WsdlPort::read(at, if stage == "sandbox" { "Sandbox" } else { "" }, found);
        let mut read = |at: &Cursor<'_>| {
            let mut members = Member::read_all(at, found);
            for member in &mut members {
                member.http2 = member.http2.take().or_else(|| http2.map(str::to_owned));
                member.wsdl.complete(&named);
            }
            members
        };
        Self {
            place: members.place(),
            members: read(&members),
            failovers: read(&at.get(&format!("{stage}_failovers"))),
            security: EndpointSecurity::read(at, stage, found),
            sequence: sequence.flatten().map(|name| without_extension(&name)),
        }
    }
}

impl Member {
    /// One mapping, a list of them, or nothing at all.
    fn read_all(at: &Cursor<'_>, found: &mut Diagnostics) -> Vec<Self> {
        match at.value() {
            Value::Array(_) => at.items(found).iter().map(|at| Self::read(at, found)).collect(),
            Value::Object(map) if map.is_empty() => Vec::new(),
            Value::Object(_) => vec![Self::read(at, found)],
            Value::String(text) if text.trim().is_empty() => Vec::new(),
            _ => {
                at.entries(found);
                Vec::new()
            }
        }
    }

    /// Reads one URL with its settings.
    pub fn read(at: &Cursor<'_>, found: &mut Diagnostics) -> Self {
        let kind = at.get("endpoint_type").word(found);
        Self {
            place: at.place(),
            url: at.get("url").word(found),
            kind: kind.map(|kind| EndpointKind::parse(&kind)),
            config: LeafConfig::read(&at.get("config"), found),
            wsdl: WsdlPort::read(at, "", found),
            http2: at.get("x-weir-http2").word(found),
            extension: Extension::read(at),
        }
    }

    /// Where one of its keys is.
    #[must_use]
    pub fn place_of(&self, key: &str) -> Place {
        self.place.deeper(key)
    }
}

impl WsdlPort {
    fn read(at: &Cursor<'_>, suffix: &str, found: &mut Diagnostics) -> Self {
        let mut word = |key: &str| at.get(&format!("{key}{suffix}")).word(found);
        Self { service: word("wsdlendpointService"), port: word("wsdlendpointPort") }
    }

    /// What a member leaves out is what the stage says.
    fn complete(&mut self, stage: &Self) {
        if self.service.is_none() && self.port.is_none() {
            self.clone_from(stage);
        }
    }
}

impl LeafConfig {
    fn read(at: &Cursor<'_>, found: &mut Diagnostics) -> Option<Self> {
        // Old exports write an unused config as "" or [].
        let is_unused = match at.value() {
            Value::Null => true,
            Value::String(text) => text.trim().is_empty(),
            Value::Array(items) => items.is_empty(),
            Value::Object(map) => map.is_empty(),
            _ => false,
        };
        if is_unused || at.entries(found).is_empty() {
            return None;
        }
        Some(Self {
            place: at.place(),
            action: at.get("actionSelect").word(found),
            action_duration: at.get("actionDuration").word(found),
            retry_codes: CodeList::read(&at.get_any(&["retryErroCode", "retryErrorCode"]), found),
            retries: at.get("retryTimeOut").word(found),
            retry_delay: at.get("retryDelay").word(found),
            suspend_codes: CodeList::read(&at.get("suspendErrorCode"), found),
            suspend_duration: at.get("suspendDuration").word(found),
            suspend_max_duration: at.get("suspendMaxDuration").word(found),
            factor: at.get("factor").word(found),
            format: at.get("format").word(found),
            optimize: at.get("optimize").word(found),
        })
    }

    /// Where one of its keys is.
    #[must_use]
    pub fn place_of(&self, key: &str) -> Place {
        self.place.deeper(key)
    }
}

impl CodeList {
    fn read(at: &Cursor<'_>, found: &mut Diagnostics) -> Self {
        match at.value() {
            Value::Null => Self::Absent,
            Value::Array(_) => Self::List(at.texts(found)),
            _ => at.word(found).map_or(Self::Absent, Self::Bare),
        }
    }
}

fn without_extension(name: &str) -> String {
    name.strip_suffix(".xml").unwrap_or(name).to_owned()
}
