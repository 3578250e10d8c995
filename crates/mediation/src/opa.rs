//! `opa`: asks an OPA server whether a request may pass (spec/02 §2.1).
//!
//! The server sees what WSO2's `APIMOPARequestGenerator` sends, with two differences: the names of
//! headers are in lower case, and `requestOrigin` is the address that the request came from and not
//! what the caller says in `X-Forwarded-For`.
//! It fails closed: no answer, or one that is no boolean, lets nothing pass.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use model::fault::FaultCode;
use serde_json::{Map, Value as Json, json};

use crate::fault::MediationFault;
use crate::host::Host;
use crate::machine::Ask;
use crate::message::Message;
use crate::property::Scope;

/// The step.
#[derive(Debug)]
pub struct Opa {
    /// Where the decision is asked for: the server, the policy and the rule.
    pub url: Arc<str>,
    /// What the server is shown (`accessKey`), ready as `Authorization`.
    pub key: Option<HeaderValue>,
    /// The rule; without one that is `allow` of what the policy comes to.
    pub rule: Option<Arc<str>>,
    /// Whether the caller's token is sent along (`sendAccessToken`).
    pub sends_token: bool,
    /// Properties of the default scope to send (`additionalMCProperties`).
    pub properties: Vec<Arc<str>>,
    /// How long the answer may take (`connectionTimeout`).
    pub timeout: Duration,
}

impl Opa {
    /// The question about a message.
    pub(crate) fn ask(&self, message: &Message, host: &dyn Host) -> Ask {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        if let Some(key) = &self.key {
            headers.insert(header::AUTHORIZATION, key.clone());
        }
        let body = json!({ "input": self.input(message, host) }).to_string();
        Ask {
            url: Arc::clone(&self.url),
            headers,
            body: Bytes::from(body),
            timeout: self.timeout,
            rule: self.rule.clone(),
        }
    }

    fn input(&self, message: &Message, host: &dyn Host) -> Json {
        let mut input = Map::new();
        let origin = host.client_address().map(|address| address.to_string());
        input.insert("requestOrigin".to_owned(), origin.into());
        input.insert("method".to_owned(), message.method.as_str().into());
        let path = message.uri.path_and_query().map_or("/", |target| target.as_str());
        input.insert("path".to_owned(), path.into());
        input.insert("transportHeaders".to_owned(), headers(message));
        let resource = host.property("API_ELECTED_RESOURCE").map(|resource| resource.json());
        input.insert("electedResource".to_owned(), resource.unwrap_or_default());
        input.insert("apiContext".to_owned(), self.context(host));
        for name in &self.properties {
            // What is there already is not for a property to say.
            if let Some(value) = message.get(Scope::Default, name, host)
                && !input.contains_key(name.as_ref())
            {
                input.insert(name.as_ref().to_owned(), value.json());
            }
        }
        Json::Object(input)
    }

    /// The API and who calls it.
    fn context(&self, host: &dyn Host) -> Json {
        let mut context = Map::new();
        for (name, property) in [
            ("apiName", "api.ut.api"),
            ("apiVersion", "api.ut.version"),
            ("keyType", "AM_KEY_TYPE"),
            ("consumerKey", "api.ut.consumerKey"),
            ("applicationName", "api.ut.application.name"),
            ("username", "api.ut.userName"),
        ] {
            if let Some(value) = host.property(property) {
                context.insert(name.to_owned(), value.json());
            }
        }
        let is_known = context.contains_key("consumerKey") || context.contains_key("username");
        context.insert("isAuthenticated".to_owned(), is_known.into());
        if let Some(issuer) = host.claim("iss") {
            context.insert("issuer".to_owned(), issuer.into_owned());
        }
        if let Some(token) = host.access_token().filter(|_| self.sends_token) {
            context.insert("accessToken".to_owned(), token.into_owned().into());
        }
        Json::Object(context)
    }
}

/// All headers; those that are there more than once, with commas between their values.
fn headers(message: &Message) -> Json {
    let mut all = Map::new();
    for name in message.headers.keys() {
        let values = message.headers.get_all(name).iter();
        let values: Vec<_> = values.map(|it| String::from_utf8_lossy(it.as_bytes())).collect();
        all.insert(name.as_str().to_owned(), values.join(", ").into());
    }
    Json::Object(all)
}

/// Whether an answer lets the message pass.
pub(crate) fn judge(
    rule: Option<&str>,
    status: StatusCode,
    body: &[u8],
) -> Result<(), MediationFault> {
    let failed = |detail: String| MediationFault::new(FaultCode::PolicyFailed, detail);
    if status != StatusCode::OK {
        return Err(failed(format!("the OPA server answered {}", status.as_u16())));
    }
    let answer: Json = serde_json::from_slice(body)
        .map_err(|error| failed(format!("the OPA server answered what is no JSON: {error}")))?;
    let result = answer.get("result");
    let decision = match rule {
        Some(_) => result,
        // All of the policy, of which `allow` decides.
        None => result.and_then(|result| result.get("allow")),
    };
    match decision.and_then(Json::as_bool) {
        Some(true) => Ok(()),
        Some(false) => {
            Err(MediationFault::new(FaultCode::PolicyForbidden, "the OPA policy says no"))
        }
        None => Err(failed(
            "the OPA server answered no boolean `result`; is there such a rule?".to_owned(),
        )),
    }
}

impl std::fmt::Display for Opa {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "opa {} within {} ms", self.url, self.timeout.as_millis())?;
        if let Some(key) = &self.key {
            use std::hash::{DefaultHasher, Hash, Hasher};
            // Keys are told apart, and not shown.
            let mut hasher = DefaultHasher::new();
            key.hash(&mut hasher);
            write!(out, " with key #{:016x}", hasher.finish())?;
        }
        if self.sends_token {
            write!(out, " with the token")?;
        }
        if !self.properties.is_empty() {
            write!(out, " with {}", self.properties.join(", "))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
