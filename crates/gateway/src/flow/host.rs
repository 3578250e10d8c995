//! What a flow asks of the gateway: properties of the exchange (spec/02 §3.8), time, logs.

use std::borrow::Cow;
use std::cell::RefCell;
use std::hash::BuildHasher as _;
use std::net::IpAddr;
use std::sync::Arc;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mediation::cache::Cached;
use mediation::host::{Category, Host, Note};
use mediation::property::Value;

use crate::admit::credential::{Credential, CredentialKind, KeyType};
use crate::clock;
use crate::exchange::Exchange;
use crate::snapshot::LiveApi;
use crate::variables;

/// The names of what is known of every exchange.
const KNOWN: [&str; 22] = [
    "REST_API_CONTEXT",
    "SYNAPSE_REST_API_VERSION",
    "SYNAPSE_REST_API",
    "REST_FULL_REQUEST_PATH",
    "REST_SUB_REQUEST_PATH",
    "REST_URL_PREFIX",
    "REST_METHOD",
    "API_ELECTED_RESOURCE",
    "SYNAPSE_RESOURCE",
    "AM_KEY_TYPE",
    "am.correlationID",
    "soap.operation",
    "api.ut.context",
    "api.ut.api",
    "api.ut.version",
    "api.ut.api_version",
    "api.ut.resource",
    "api.ut.HTTP_METHOD",
    "api.ut.hostName",
    "api.ut.consumerKey",
    "api.ut.userId",
    "api.ut.application.name",
];

/// An exchange, as policies see it.
pub(super) struct View<'a> {
    pub(super) exchange: &'a Exchange,
    pub(super) api: &'a LiveApi,
    /// Where it is noted what a flow does.
    pub(super) notes: Option<&'a RefCell<Vec<Note>>>,
}

impl Host for View<'_> {
    fn property(&self, name: &str) -> Option<Value> {
        if name.starts_with("uri.var.") {
            let value = variables::lookup(self.exchange, self.api, name)?;
            return Some(Value::text_of(value.as_ref()));
        }
        match name.strip_prefix("api.ut.") {
            Some(name) => self.usage(name),
            None => self.text(name),
        }
        .map(|text| Value::text_of(text.as_ref()))
    }

    fn names(&self) -> Vec<String> {
        let operation = self.exchange.record.operation;
        let operation = operation.and_then(|index| self.api.plan.operations.get(index));
        let variables = operation.map(|it| it.pattern.variables()).unwrap_or_default();
        let variables = variables.iter().map(|name| format!("uri.var.{name}"));
        KNOWN.iter().map(|name| (*name).to_owned()).chain(variables).collect()
    }

    fn axis2(&self, name: &str) -> Option<Value> {
        let peer = self.exchange.record.connection.peer;
        match name {
            "REMOTE_ADDR" | "REMOTE_HOST" => Some(Value::text_of(peer.ip().to_string())),
            "TransportInURL" => {
                let target = self.exchange.head.uri.path_and_query()?;
                Some(Value::text_of(target.as_str()))
            }
            _ => None,
        }
    }

    /// Expressions that ask the vault are refused at deployment.
    fn secret(&self, _alias: &str) -> Option<String> {
        None
    }

    fn hmac(&self, algorithm: &str, key: &str, text: &str) -> Option<String> {
        let algorithm = match algorithm.to_ascii_lowercase().replace('-', "").as_str() {
            "hmacsha1" => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            "hmacsha256" => hmac::HMAC_SHA256,
            "hmacsha384" => hmac::HMAC_SHA384,
            "hmacsha512" => hmac::HMAC_SHA512,
            _ => return None,
        };
        let tag = hmac::sign(&hmac::Key::new(algorithm, key.as_bytes()), text.as_bytes());
        Some(tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect())
    }

    fn now_ms(&self) -> i64 {
        let since = clock::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    }

    /// Of a token that was found to be good; of others nothing is believed.
    fn claim(&self, name: &str) -> Option<Cow<'_, serde_json::Value>> {
        let credential = self.credential()?;
        if credential.kind != CredentialKind::AccessToken {
            return None;
        }
        let token = self.exchange.caller_token.as_ref()?.to_str().ok()?;
        let token = token.split_once(' ').map_or(token, |(_, token)| token);
        let payload = URL_SAFE_NO_PAD.decode(token.trim().split('.').nth(1)?).ok()?;
        let mut claims: serde_json::Value = serde_json::from_slice(&payload).ok()?;
        claims.get_mut(name).map(|claim| Cow::Owned(claim.take()))
    }

    fn access_token(&self) -> Option<Cow<'_, str>> {
        self.credential().filter(|it| it.kind == CredentialKind::AccessToken)?;
        let shown = self.exchange.caller_token.as_ref()?.to_str().ok()?;
        let token = shown.split_once(' ').map_or(shown, |(_, token)| token);
        Some(Cow::Borrowed(token.trim()))
    }

    fn caller(&self) -> Option<String> {
        let credential = self.credential();
        let token = self.exchange.caller_token.as_ref();
        if credential.is_none() && token.is_none() {
            return None;
        }
        let text = |part: Option<&String>| part.cloned().unwrap_or_default();
        let kind = credential.map(|it| (it.kind, it.key_type, it.issuer.as_str()));
        let names = credential.map(|it| {
            [text(it.client_id.as_ref()), text(it.subject.as_ref()), text(it.application.as_ref())]
        });
        Some(format!("{kind:?} {names:?} {:?}", token.map(|token| token.as_bytes())))
    }

    fn cached(&self, key: &[u8]) -> Option<Arc<Cached>> {
        self.api.answers.get(key)
    }

    fn keep(&self, key: Vec<u8>, answer: Arc<Cached>, most: usize) {
        self.api.answers.keep(key, answer, most);
    }

    fn client_address(&self) -> Option<IpAddr> {
        Some(self.exchange.record.connection.peer.ip())
    }

    /// The same for one client, or where it is not known for one address.
    fn bucket(&self) -> u8 {
        let hasher = foldhash::fast::FixedState::with_seed(0);
        let client = self.credential().and_then(|it| it.client_id.as_deref());
        let hash = match client {
            Some(client) => hasher.hash_one(client),
            None => hasher.hash_one(self.exchange.record.connection.peer.ip()),
        };
        u8::try_from(hash % 100).unwrap_or_default()
    }

    fn random(&self) -> u64 {
        rand::random()
    }

    fn notes(&self) -> Option<&RefCell<Vec<Note>>> {
        self.notes
    }

    fn log(&self, category: Category, text: &str) {
        let request_id = self.exchange.record.request_id.to_str().unwrap_or_default();
        let api = self.api.plan.id.as_str();
        match category {
            Category::Trace => tracing::trace!(request_id, api, text, "A policy logs."),
            Category::Debug => tracing::debug!(request_id, api, text, "A policy logs."),
            Category::Info => tracing::info!(request_id, api, text, "A policy logs."),
            Category::Warn => tracing::warn!(request_id, api, text, "A policy logs."),
            Category::Error => tracing::error!(request_id, api, text, "A policy logs."),
        }
    }
}

impl<'a> View<'a> {
    fn credential(&self) -> Option<&'a Credential> {
        self.exchange.record.credential.as_deref()
    }

    fn template(&self) -> Option<&'a str> {
        let operation = self.api.plan.operations.get(self.exchange.record.operation?)?;
        Some(&operation.template)
    }

    fn target(&self) -> &'a str {
        self.exchange.head.uri.path_and_query().map_or("/", |target| target.as_str())
    }

    /// Properties that WSO2 sets for statistics, `api.ut.…`.
    fn usage(&self, name: &str) -> Option<Cow<'a, str>> {
        let plan = &self.api.plan;
        let credential = self.credential();
        let own = |text: &'a Option<String>| text.as_deref().map(Cow::Borrowed);
        match name {
            "context" => Some(Cow::Borrowed(&plan.context)),
            "api" => Some(Cow::Borrowed(&plan.name)),
            "version" => Some(Cow::Borrowed(&plan.version)),
            "api_version" => Some(Cow::Owned(format!("{}:v{}", plan.name, plan.version))),
            "resource" => self.template().map(Cow::Borrowed),
            "HTTP_METHOD" => Some(Cow::Borrowed(self.exchange.head.method.as_str())),
            "hostName" => self.exchange.record.host.to_str().ok().map(Cow::Borrowed),
            "consumerKey" => own(&credential?.client_id),
            "userId" | "userName" => own(&credential?.subject),
            "application.name" => own(&credential?.application),
            _ => None,
        }
    }

    fn text(&self, name: &str) -> Option<Cow<'a, str>> {
        let plan = &self.api.plan;
        Some(match name {
            "REST_API_CONTEXT" => Cow::Borrowed(plan.context.as_str()),
            "SYNAPSE_REST_API_VERSION" => Cow::Borrowed(plan.version.as_str()),
            "SYNAPSE_REST_API" => Cow::Owned(format!("{}:v{}", plan.name, plan.version)),
            "REST_FULL_REQUEST_PATH" => Cow::Borrowed(self.target()),
            "REST_SUB_REQUEST_PATH" => {
                Cow::Borrowed(self.target().get(self.exchange.context_length..).unwrap_or_default())
            }
            "REST_URL_PREFIX" => {
                let record = &self.exchange.record;
                let host = record.host.to_str().ok()?;
                Cow::Owned(format!("{}://{host}", record.connection.scheme()))
            }
            "API_ELECTED_RESOURCE" | "SYNAPSE_RESOURCE" => Cow::Borrowed(self.template()?),
            "soap.operation" => Cow::Borrowed(self.exchange.record.soap_operation.as_deref()?),
            "AM_KEY_TYPE" => Cow::Borrowed(self.key_type()),
            "am.correlationID" => Cow::Borrowed(self.exchange.record.request_id.to_str().ok()?),
            _ => return None,
        })
    }

    /// That of the key that was shown; without one, that of the endpoint that is called.
    fn key_type(&self) -> &'static str {
        match self.credential().map(|credential| credential.key_type) {
            Some(KeyType::Sandbox) => "SANDBOX",
            _ => "PRODUCTION",
        }
    }
}
