//! `endpoint_security` (spec/03 §4.1), in every spelling.

use serde_json::Value;

use super::Extension;
use crate::cursor::Cursor;
use crate::diagnostic::{Diagnostics, Place};
use crate::secret::Secret;

/// The security of one stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointSecurity {
    /// Where it is.
    pub place: Place,
    /// `enabled`.
    pub is_enabled: bool,
    /// `type`.
    pub kind: SecurityKind,
    /// `username`.
    pub username: Option<String>,
    /// `password`.
    pub password: Option<Secret>,
    /// `grantType`, in upper case.
    pub grant_type: Option<String>,
    /// `tokenUrl`.
    pub token_url: Option<String>,
    /// `clientId`.
    pub client_id: Option<String>,
    /// `clientSecret`.
    pub client_secret: Option<Secret>,
    /// `customParameters`, which may be written as a mapping or as JSON in text.
    pub custom_parameters: Vec<(String, Secret)>,
    /// `apiKeyIdentifier`: the name of the header or query parameter.
    pub api_key_name: Option<String>,
    /// `apiKeyIdentifierType`: HEADER or QUERY_PARAMETER, in upper case.
    pub api_key_in: Option<String>,
    /// `apiKeyValue`.
    pub api_key: Option<Secret>,
    /// The way to the token URL.
    pub network: TokenNetworkConfig,
    /// `x-weir`.
    pub extension: Option<Extension>,
}

/// The keys that concern the call for a token (spec/03 §4.1).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TokenNetworkConfig {
    /// `connectionTimeoutConfigType`, in upper case.
    pub timeouts_from: Option<String>,
    /// `connectionTimeoutDuration`, milliseconds.
    pub connect: Option<String>,
    /// `connectionRequestTimeoutDuration`, milliseconds.
    pub turn: Option<String>,
    /// `socketTimeoutDuration`, milliseconds.
    pub answer: Option<String>,
    /// `proxyConfigType`, in upper case.
    pub proxy_from: Option<String>,
    /// `proxyConfigs`, where `proxyEnabled` is true.
    pub proxy: Option<TokenProxyConfig>,
}

/// `proxyConfigs`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenProxyConfig {
    /// Where it is.
    pub place: Place,
    /// `proxyHost`.
    pub host: Option<String>,
    /// `proxyPort`.
    pub port: Option<String>,
    /// `proxyProtocol`.
    pub protocol: Option<String>,
    /// `proxyUsername`.
    pub username: Option<String>,
    /// `proxyPassword`.
    pub password: Option<Secret>,
}

/// `type`, read without regard to case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecurityKind {
    /// `NONE`, or not said.
    None,
    /// `BASIC`.
    Basic,
    /// `DIGEST`.
    Digest,
    /// `OAUTH`.
    OAuth,
    /// `apikey`.
    ApiKey,
    /// Anything else.
    Other(String),
}

impl SecurityKind {
    fn parse(text: &str) -> Self {
        let word = text.trim().to_ascii_lowercase().replace(['_', '-', ' '], "");
        match word.as_str() {
            "" | "none" => Self::None,
            "basic" | "basicauth" => Self::Basic,
            "digest" | "digestauth" => Self::Digest,
            "oauth" | "oauth2" => Self::OAuth,
            "apikey" => Self::ApiKey,
            _ => Self::Other(text.trim().to_owned()),
        }
    }
}

impl EndpointSecurity {
    /// Reads `endpoint_security.<stage>` of an `endpointConfig`; the flat form of API Manager 3,
    /// without stages, holds for both.
    pub(super) fn read(config: &Cursor<'_>, stage: &str, found: &mut Diagnostics) -> Option<Self> {
        let both = config.get_any(&["endpoint_security", "endpointSecurity"]);
        let has_stages = ["production", "sandbox"].iter().any(|name| !both.get(name).is_absent());
        let at = if has_stages { both.get(stage) } else { both };
        // The flat form has no `enabled`: naming a type switches it on.
        Self::read_at(&at, !has_stages, found)
    }

    /// Reads the security of one endpoint. `names_are_enough` is whether naming a type switches it
    /// on where `enabled` is not said.
    pub fn read_at(
        at: &Cursor<'_>,
        names_are_enough: bool,
        found: &mut Diagnostics,
    ) -> Option<Self> {
        if at.entries(found).is_empty() {
            return None;
        }
        let secret = |key: &str, found: &mut Diagnostics| at.get(key).text(found).map(Secret::new);
        let upper = |key: &str, found: &mut Diagnostics| {
            at.get(key).word(found).map(|word| word.to_ascii_uppercase())
        };
        let kind = at.get("type").text(found).unwrap_or_default();
        let is_enabled = at.get("enabled").flag(found);
        let kind = SecurityKind::parse(&kind);
        Some(Self {
            place: at.place(),
            is_enabled: is_enabled.unwrap_or(names_are_enough && kind != SecurityKind::None),
            kind,
            username: at.get("username").word(found),
            password: secret("password", found),
            grant_type: upper("grantType", found),
            token_url: at.get("tokenUrl").word(found),
            client_id: at.get("clientId").word(found),
            client_secret: secret("clientSecret", found),
            custom_parameters: custom_parameters(&at.get("customParameters"), found),
            api_key_name: at.get("apiKeyIdentifier").word(found),
            api_key_in: upper("apiKeyIdentifierType", found),
            api_key: secret("apiKeyValue", found),
            network: TokenNetworkConfig::read(at, found),
            extension: Extension::read(at),
        })
    }

    /// Where one of its keys is.
    #[must_use]
    pub fn place_of(&self, key: &str) -> Place {
        self.place.deeper(key)
    }
}

impl TokenNetworkConfig {
    fn read(at: &Cursor<'_>, found: &mut Diagnostics) -> Self {
        let upper = |key: &str, found: &mut Diagnostics| {
            at.get(key).word(found).map(|word| word.to_ascii_uppercase())
        };
        Self {
            timeouts_from: upper("connectionTimeoutConfigType", found),
            connect: at.get("connectionTimeoutDuration").word(found),
            turn: at.get("connectionRequestTimeoutDuration").word(found),
            answer: at.get("socketTimeoutDuration").word(found),
            proxy_from: upper("proxyConfigType", found),
            proxy: TokenProxyConfig::read(&at.get("proxyConfigs"), found),
        }
    }
}

impl TokenProxyConfig {
    fn read(at: &Cursor<'_>, found: &mut Diagnostics) -> Option<Self> {
        if at.get("proxyEnabled").flag(found) != Some(true) {
            return None;
        }
        Some(Self {
            place: at.place(),
            host: at.get("proxyHost").word(found),
            port: at.get("proxyPort").word(found),
            protocol: at.get("proxyProtocol").word(found),
            username: at.get("proxyUsername").word(found),
            password: at.get("proxyPassword").text(found).map(Secret::new),
        })
    }

    /// Where one of its keys is.
    #[must_use]
    pub fn place_of(&self, key: &str) -> Place {
        self.place.deeper(key)
    }
}

/// A mapping of texts or of `{value, secured}`, or the same as JSON in text.
fn custom_parameters(at: &Cursor<'_>, found: &mut Diagnostics) -> Vec<(String, Secret)> {
    let Value::String(text) = at.value() else { return parameters(at, found) };
    if text.trim().is_empty() {
        return Vec::new();
    }
    match crate::yaml::parse(at.file(), text.as_bytes()) {
        Ok(value) => parameters(&Cursor::new(at.file(), at.pointer(), &value), found),
        Err(_) => parameters(at, found),
    }
}

fn parameters(at: &Cursor<'_>, found: &mut Diagnostics) -> Vec<(String, Secret)> {
    let mut pairs = Vec::new();
    for (name, value) in at.entries(found) {
        let inner = if value.value().is_object() { value.get("value") } else { value };
        pairs.extend(inner.text(found).map(|text| (name.to_owned(), Secret::new(text))));
    }
    pairs
}
