//! The typed view of an API: the `data` of `api.yaml` (spec/04 §4).
//!
//! It is read for compiling, and never written back: whoever changes an API changes the document.
//! Only what the gateway or the control plane looks at has a field; everything else stays in the
//! document.

use crate::cursor::Cursor;
use crate::diagnostic::{Diagnostics, Place};
use crate::policy::{PolicyReferences, SequenceReference};

/// What `api.yaml` says of an API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiDefinition {
    /// Where the whole is.
    pub place: Place,
    /// `id`, which WSO2 ignores on import.
    pub id: Option<String>,
    /// `name`, without blanks, as WSO2 stores it (spec/04 §2.3).
    pub name: Option<String>,
    /// `version`, without blanks.
    pub version: Option<String>,
    /// Whether `version` is written as a fraction, such as `1.10`, so that digits may be lost.
    pub version_is_fraction: bool,
    /// `context` as written, or `contextTemplate` of the old form.
    pub context: Option<String>,
    /// `provider`.
    pub provider: Option<String>,
    /// `lifeCycleStatus`.
    pub lifecycle: Option<String>,
    /// `type`; `HTTP` where it is absent.
    pub kind: String,
    /// `transport`, in lower case; `None` where it is absent.
    pub transports: Option<Vec<String>>,
    /// `isDefaultVersion`.
    pub is_default_version: bool,
    /// `authorizationHeader`.
    pub authorization_header: Option<String>,
    /// `apiKeyHeader`.
    pub api_key_header: Option<String>,
    /// `securityScheme`; `None` where it is absent.
    pub security_scheme: Option<Vec<String>>,
    /// `audiences`, `all` left out.
    pub audiences: Vec<String>,
    /// `keyManagers`, `all` left out.
    pub key_managers: Vec<String>,
    /// `corsConfiguration`.
    pub cors: Option<CorsDefinition>,
    /// `scopes`.
    pub scopes: Vec<Scope>,
    /// `operations`.
    pub operations: Vec<Operation>,
    /// `x-weir-soap-operations`: what belongs to single operations of a SOAP service.
    pub soap_operations: Vec<SoapOperation>,
    /// `apiPolicies`.
    pub api_policies: PolicyReferences,
    /// `mediationPolicies`, or `inSequence` and its like of the old form.
    pub sequences: Vec<SequenceReference>,
    /// `endpointImplementationType`; `ENDPOINT` where it is absent.
    pub implementation: String,
    /// `gatewayType`.
    pub gateway_type: Option<String>,
    /// `gatewayVendor`.
    pub gateway_vendor: Option<String>,
    /// `subtypeConfiguration.subtype`.
    pub subtype: Option<String>,
    /// `advertiseInfo.advertised`.
    pub is_advertised: bool,
    /// `visibility`, in upper case.
    pub visibility: Option<String>,
    /// `accessControl`.
    pub access_control: Option<String>,
    /// `accessControlRoles`.
    pub access_control_roles: Vec<String>,
    /// `policies`: the subscription plans.
    pub policies: Vec<String>,
    /// `apiThrottlingPolicy`.
    pub throttling_policy: Option<String>,
    /// `enableSchemaValidation`.
    pub validates_schema: bool,
    /// `responseCachingEnabled`.
    pub caches_responses: bool,
    /// `maxTps` sets a limit.
    pub has_max_tps: bool,
    /// `primaryProductionEndpointId` or `primarySandboxEndpointId` names an endpoint of its own.
    pub has_endpoint_ids: bool,
}

/// `corsConfiguration`; `None` and empty lists stand for the defaults of the gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CorsDefinition {
    /// Where it is.
    pub place: Place,
    /// `corsConfigurationEnabled`.
    pub is_enabled: bool,
    /// `accessControlAllowOrigins`.
    pub allow_origins: Vec<String>,
    /// `accessControlAllowCredentials`.
    pub allow_credentials: Option<bool>,
    /// `accessControlAllowHeaders`.
    pub allow_headers: Vec<String>,
    /// `accessControlAllowMethods`.
    pub allow_methods: Vec<String>,
}

/// A scope that an API declares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// Its name, as tokens carry it.
    pub name: String,
    /// Roles that may have it.
    pub bindings: Vec<String>,
    /// Whether other APIs use it too.
    pub is_shared: bool,
}

/// An operation of `operations` (spec/04 §4.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// Where it is.
    pub place: Place,
    /// `target`: the URI template.
    pub target: Option<String>,
    /// `verb`, in upper case.
    pub verb: Option<String>,
    /// `authType`.
    pub auth_type: Option<String>,
    /// `throttlingPolicy`.
    pub throttling_policy: Option<String>,
    /// `scopes`; `None` where it is absent.
    pub scopes: Option<Vec<String>>,
    /// `operationPolicies`.
    pub policies: PolicyReferences,
}

/// An operation of a SOAP service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SoapOperation {
    /// Its name in the WSDL.
    pub name: String,
    /// What is said of it; of use are its policies alone.
    pub operation: Operation,
}

impl ApiDefinition {
    /// Reads the `data` of `api.yaml`.
    pub fn read(at: &Cursor<'_>, found: &mut Diagnostics) -> Self {
        let name = at.get("name").text(found).map(without_blanks).filter(|name| !name.is_empty());
        let version = at.get("version");
        let mut api = Self::empty(at.place());
        api.name = name;
        api.version_is_fraction = version.value().is_f64();
        api.version = version.text(found).map(without_blanks).filter(|text| !text.is_empty());
        api.id = at.get("id").word(found);
        api.context = at.get("context").word(found);
        api.provider = at.get("provider").word(found);
        api.lifecycle = at.get("lifeCycleStatus").word(found);
        api.kind = upper(at, "type", found).unwrap_or_else(|| "HTTP".to_owned());
        api.is_default_version = at.get("isDefaultVersion").flag(found).unwrap_or(false);
        api.read_security(at, found);
        api.read_traffic(at, found);
        api.read_gateway(at, found);
        api
    }

    fn empty(place: Place) -> Self {
        Self {
            place,
            id: None,
            name: None,
            version: None,
            version_is_fraction: false,
            context: None,
            provider: None,
            lifecycle: None,
            kind: String::new(),
            transports: None,
            is_default_version: false,
            authorization_header: None,
            api_key_header: None,
            security_scheme: None,
            audiences: Vec::new(),
            key_managers: Vec::new(),
            cors: None,
            scopes: Vec::new(),
            operations: Vec::new(),
            soap_operations: Vec::new(),
            api_policies: PolicyReferences::default(),
            sequences: Vec::new(),
            implementation: String::new(),
            gateway_type: None,
            gateway_vendor: None,
            subtype: None,
            is_advertised: false,
            visibility: None,
            access_control: None,
            access_control_roles: Vec::new(),
            policies: Vec::new(),
            throttling_policy: None,
            validates_schema: false,
            caches_responses: false,
            has_max_tps: false,
            has_endpoint_ids: false,
        }
    }

    fn read_security(&mut self, at: &Cursor<'_>, found: &mut Diagnostics) {
        let list = |key: &str, found: &mut Diagnostics| {
            let at = at.get(key);
            (!at.is_absent()).then(|| at.texts(found))
        };
        self.authorization_header = at.get("authorizationHeader").word(found);
        self.api_key_header = at.get("apiKeyHeader").word(found);
        self.security_scheme = list("securityScheme", found);
        self.audiences = without_all(list("audiences", found).unwrap_or_default());
        self.key_managers = without_all(list("keyManagers", found).unwrap_or_default());
        self.visibility = upper(at, "visibility", found);
        self.access_control = at.get("accessControl").word(found);
        self.access_control_roles = at.get("accessControlRoles").texts(found);
        let scopes = at.get("scopes").items(found);
        self.scopes = scopes.iter().filter_map(|at| Scope::read(at, found)).collect();
    }

    fn read_traffic(&mut self, at: &Cursor<'_>, found: &mut Diagnostics) {
        let transports = at.get("transport");
        if !transports.is_absent() {
            let names = transports.texts(found);
            let names = names.iter().flat_map(|name| name.split(',')).map(str::trim);
            self.transports = Some(names.map(str::to_ascii_lowercase).collect());
        }
        let cors = at.get("corsConfiguration");
        self.cors = (!cors.is_absent()).then(|| CorsDefinition::read(&cors, found));
        let operations = at.get("operations").items(found);
        self.operations = operations.iter().map(|at| Operation::read(at, found)).collect();
        let soap_operations = at.get("x-weir-soap-operations");
        for (name, at) in soap_operations.entries(found) {
            let operation = Operation::read(&at, found);
            self.soap_operations.push(SoapOperation { name: name.to_owned(), operation });
        }
        self.api_policies = PolicyReferences::read(&at.get("apiPolicies"), found);
        self.sequences = SequenceReference::read_all(at, found);
        self.policies = at.get("policies").texts(found);
        self.throttling_policy = at.get("apiThrottlingPolicy").word(found);
        self.validates_schema = at.get("enableSchemaValidation").flag(found).unwrap_or(false);
        self.caches_responses = at.get("responseCachingEnabled").flag(found).unwrap_or(false);
        let max_tps = at.get("maxTps");
        self.has_max_tps =
            ["production", "sandbox"].iter().any(|stage| !max_tps.get(stage).is_absent());
    }

    fn read_gateway(&mut self, at: &Cursor<'_>, found: &mut Diagnostics) {
        let implementation = upper(at, "endpointImplementationType", found);
        self.implementation = implementation.unwrap_or_else(|| "ENDPOINT".to_owned());
        self.gateway_type = at.get("gatewayType").word(found);
        self.gateway_vendor = at.get("gatewayVendor").word(found);
        self.subtype = upper(&at.get("subtypeConfiguration"), "subtype", found);
        let advertised = at.get("advertiseInfo").get("advertised").flag(found);
        self.is_advertised = advertised.unwrap_or(false);
        let ids = ["primaryProductionEndpointId", "primarySandboxEndpointId"];
        self.has_endpoint_ids = ids.iter().filter_map(|key| at.get(key).word(found)).any(|id| {
            // The implicit ids stand for the inline `endpointConfig` (spec/01 §1.7).
            id != "default_production_endpoint" && id != "default_sandbox_endpoint"
        });
    }

    /// The tenant of the provider: what is behind the last `@`, unless that is `carbon.super`.
    #[must_use]
    pub fn provider_tenant(&self) -> Option<&str> {
        let (_, domain) = self.provider.as_deref()?.rsplit_once('@')?;
        (!domain.is_empty() && domain != "carbon.super").then_some(domain)
    }
}

impl CorsDefinition {
    fn read(at: &Cursor<'_>, found: &mut Diagnostics) -> Self {
        Self {
            place: at.place(),
            is_enabled: at.get("corsConfigurationEnabled").flag(found).unwrap_or(false),
            allow_origins: at.get("accessControlAllowOrigins").texts(found),
            allow_credentials: at.get("accessControlAllowCredentials").flag(found),
            allow_headers: at.get("accessControlAllowHeaders").texts(found),
            allow_methods: at.get("accessControlAllowMethods").texts(found),
        }
    }
}

impl Scope {
    /// Reads `{scope: {name, …}, shared}`, or the plain `{name, …}` of older exports.
    fn read(at: &Cursor<'_>, found: &mut Diagnostics) -> Option<Self> {
        let inner = at.get("scope");
        let inner = if inner.is_absent() { at.clone() } else { inner };
        Some(Self {
            name: inner.get_any(&["name", "key"]).word(found)?,
            bindings: inner.get("bindings").texts(found),
            is_shared: at.get("shared").flag(found).unwrap_or(false),
        })
    }
}

impl Operation {
    fn read(at: &Cursor<'_>, found: &mut Diagnostics) -> Self {
        at.entries(found);
        let scopes = at.get("scopes");
        Self {
            place: at.place(),
            target: at.get("target").word(found),
            verb: upper(at, "verb", found),
            auth_type: at.get("authType").word(found),
            throttling_policy: at.get("throttlingPolicy").word(found),
            scopes: (!scopes.is_absent()).then(|| scopes.texts(found)),
            policies: PolicyReferences::read(&at.get("operationPolicies"), found),
        }
    }
}

fn upper(at: &Cursor<'_>, key: &str, found: &mut Diagnostics) -> Option<String> {
    at.get(key).word(found).map(|word| word.to_ascii_uppercase())
}

fn without_blanks(text: String) -> String {
    if text.contains(char::is_whitespace) { text.split_whitespace().collect() } else { text }
}

fn without_all(names: Vec<String>) -> Vec<String> {
    if names.iter().any(|name| name.eq_ignore_ascii_case("all")) { Vec::new() } else { names }
}
