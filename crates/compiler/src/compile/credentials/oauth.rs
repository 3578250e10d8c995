//! The OAuth 2.0 client of an endpoint (spec/03 §4.1, §4.4), and under its own `x-weir` what WSO2
//! does not have.

use std::time::Duration;

use model::cursor::Cursor;
use model::endpoint::{EndpointSecurity, TokenProxyConfig};
use model::secret::Secret;
use model::{Diagnostics, Place, codes};
use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::PemObject as _;
use url::{Host, Url};

use super::super::group::settings::check_keys;
use super::secret::{Reader, is_masked};
use super::{account, known_account, word};
use crate::plan::{
    Account, ClientProof, Credentials, Grant, OAuthPlan, SigningAlgorithm, TokenClient,
    TokenNetwork, TokenProxy,
};

const CODE: &str = codes::SECURITY_OAUTH;
const EXTENSION_KEYS: &[&str] = &[
    "clientAuthentication",
    "algorithm",
    "key",
    "keyId",
    "scope",
    "audience",
    "resource",
    "tokenExchange",
];
const EXCHANGE_KEYS: &[&str] = &["subjectTokenType", "requestedTokenType"];
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

/// Everything that is read from.
struct Source<'a> {
    security: &'a EndpointSecurity,
    reader: Reader<'a>,
    extension: Option<Cursor<'a>>,
}

pub(super) fn plan(
    security: &EndpointSecurity,
    reader: Reader<'_>,
    found: &mut Diagnostics,
) -> Option<OAuthPlan> {
    let extension = security.extension.as_ref().map(|extension| extension.cursor());
    if let Some(at) = &extension {
        check_keys(at, &[EXTENSION_KEYS], found);
    }
    let source = Source { security, reader, extension };
    // Every problem is told.
    let token_url = source.token_url(found);
    let grant = source.grant(found);
    let client = source.client(found);
    let parameters = source.parameters(grant.as_ref(), found);
    let network = source.network(found);
    Some(OAuthPlan {
        token_url: token_url?,
        grant: grant?,
        client: client?,
        parameters: parameters?,
        network: network?,
    })
}

impl Source<'_> {
    fn token_url(&self, found: &mut Diagnostics) -> Option<String> {
        let place = self.security.place_of("tokenUrl");
        let Some(text) = &self.security.token_url else {
            let help = "Write the URL of the authorization server's token endpoint.";
            found.error(CODE, place, "the `tokenUrl` is missing", help);
            return None;
        };
        let url = Url::parse(text).ok().filter(|url| {
            matches!(url.scheme(), "http" | "https") && url.has_host() && url.fragment().is_none()
        });
        let Some(url) = url else {
            let message = format!("`{}` is no token URL", without_account(text));
            let help = "Write an http or https URL with a host and without a fragment.";
            found.error(CODE, place, message, help);
            return None;
        };
        if !url.username().is_empty() || url.password().is_some() {
            let message = "the token URL has a user, which is not sent";
            let help = "Write the client in `clientId` and `clientSecret`.";
            found.error(CODE, place, message, help);
            return None;
        }
        if url.scheme() == "http" && !is_local(&url) {
            let message = "secrets and tokens go to this token URL in clear text";
            found.warning(codes::CLEAR_TOKEN_URL, place, message, "Use https.");
        }
        Some(url.into())
    }

    fn grant(&self, found: &mut Diagnostics) -> Option<Grant> {
        let security = self.security;
        if let Some(at) = self.extended("tokenExchange") {
            check_keys(&at, &[EXCHANGE_KEYS], found);
            let kind = word(&at, "subjectTokenType", found);
            return Some(Grant::Exchange {
                subject_token_type: kind.unwrap_or_else(|| ACCESS_TOKEN.to_owned()),
                requested_token_type: word(&at, "requestedTokenType", found),
            });
        }
        let written = security.grant_type.as_deref().unwrap_or_default();
        match written.replace(['-', ' '], "_").as_str() {
            "CLIENT_CREDENTIALS" | "" => Some(Grant::ClientCredentials),
            "PASSWORD" => {
                let known = |old: &Credentials| match old {
                    Credentials::OAuth(old) => match &old.grant {
                        Grant::Password(account) => known_account(account, security),
                        _ => None,
                    },
                    _ => None,
                };
                account(security, CODE, self.reader, &known, found).map(Grant::Password)
            }
            _ => {
                let message = format!("the `grantType` `{written}` is not supported");
                let help = "Use CLIENT_CREDENTIALS or PASSWORD.";
                found.error(CODE, security.place_of("grantType"), message, help);
                None
            }
        }
    }

    fn client(&self, found: &mut Diagnostics) -> Option<TokenClient> {
        let id = self.security.client_id.clone();
        if id.is_none() {
            let place = self.security.place_of("clientId");
            found.error(CODE, place, "the `clientId` is missing", "Add `clientId`.");
        }
        let at = self.extended("clientAuthentication");
        let method = at.as_ref().and_then(|at| at.word(found)).unwrap_or_default();
        let proof = match method.to_ascii_lowercase().as_str() {
            "" | "basic" | "client_secret_basic" => self.secret(found).map(ClientProof::Basic),
            "body" | "client_secret_post" => self.secret(found).map(ClientProof::Body),
            "client_secret_jwt" => self.secret_jwt(found),
            "private_key_jwt" => self.key_jwt(found),
            "tls_client_auth" => Some(ClientProof::Certificate),
            _ => {
                let message = format!("the client authentication `{method}` is unknown");
                let help = "Use client_secret_basic, client_secret_post, client_secret_jwt, \
                            private_key_jwt or tls_client_auth.";
                let place = at.map_or_else(|| self.security.place.clone(), |at| at.place());
                found.error(CODE, place, message, help);
                None
            }
        };
        let uses_key = matches!(proof, Some(ClientProof::KeyJwt { .. }) | None);
        let has_algorithm = uses_key || matches!(proof, Some(ClientProof::SecretJwt { .. }));
        self.warn_of_idle("algorithm", has_algorithm, found);
        self.warn_of_idle("key", uses_key, found);
        self.warn_of_idle("keyId", uses_key, found);
        Some(TokenClient { id: id?, proof: proof? })
    }

    /// The secret of the client, or the one that it has had.
    fn secret(&self, found: &mut Diagnostics) -> Option<Secret> {
        let security = self.security;
        let is_same = |old: &OAuthPlan| security.client_id.as_ref() == Some(&old.client.id);
        let known = |old: &Credentials| match old {
            Credentials::OAuth(old) if is_same(old) => match &old.client.proof {
                ClientProof::Basic(secret)
                | ClientProof::Body(secret)
                | ClientProof::SecretJwt { secret, .. } => Some(secret.clone()),
                ClientProof::KeyJwt { .. } | ClientProof::Certificate => None,
            },
            _ => None,
        };
        let place = security.place_of("clientSecret");
        self.reader.read(security.client_secret.as_ref(), place, CODE, &known, found)
    }

    fn secret_jwt(&self, found: &mut Diagnostics) -> Option<ClientProof> {
        let algorithm = self.algorithm(SigningAlgorithm::Hs256, true, found);
        let secret = self.secret(found);
        Some(ClientProof::SecretJwt { secret: secret?, algorithm: algorithm? })
    }

    fn key_jwt(&self, found: &mut Diagnostics) -> Option<ClientProof> {
        let algorithm = self.algorithm(SigningAlgorithm::Rs256, false, found);
        let key_id = self.extended("keyId").and_then(|at| at.word(found));
        let place = self
            .extension
            .as_ref()
            .map_or_else(|| self.security.place.clone(), |extension| extension.get("key").place());
        let written = self.extended("key").and_then(|at| at.text(found)).map(Secret::new);
        let known = |old: &Credentials| match old {
            Credentials::OAuth(old) if self.security.client_id.as_ref() == Some(&old.client.id) => {
                match &old.client.proof {
                    ClientProof::KeyJwt { key, .. } => Some(key.clone()),
                    _ => None,
                }
            }
            _ => None,
        };
        let key = self.reader.read(written.as_ref(), place.clone(), CODE, &known, found);
        // Whoever only looks at a project need not have its key.
        let is_checked = !self.reader.secrets.source.is_lenient();
        if let Some(key) = key.as_ref().filter(|_| is_checked)
            && PrivateKeyDer::from_pem_slice(key.expose().as_bytes()).is_err()
        {
            let message = "the `key` is no private key in PEM";
            let help = "Write the whole file, from BEGIN to END, or `$file{…}`.";
            found.error(CODE, place, message, help);
            return None;
        }
        Some(ClientProof::KeyJwt { key: key?, key_id, algorithm: algorithm? })
    }

    fn algorithm(
        &self,
        default: SigningAlgorithm,
        is_shared: bool,
        found: &mut Diagnostics,
    ) -> Option<SigningAlgorithm> {
        let Some(at) = self.extended("algorithm") else { return Some(default) };
        let written = at.word(found).unwrap_or_default();
        let fitting = || {
            SigningAlgorithm::ALL.iter().filter(|(_, algorithm)| algorithm.is_shared() == is_shared)
        };
        let chosen = fitting().find(|(name, _)| name.eq_ignore_ascii_case(&written));
        if chosen.is_none() {
            let names: Vec<_> = fitting().map(|(name, _)| *name).collect();
            let message = format!("the algorithm `{written}` does not fit here");
            found.error(CODE, at.place(), message, format!("Use one of {}.", names.join(", ")));
        }
        chosen.map(|(_, algorithm)| *algorithm)
    }

    /// `customParameters`, and those that `x-weir` has words for.
    fn parameters(
        &self,
        grant: Option<&Grant>,
        found: &mut Diagnostics,
    ) -> Option<Vec<(String, Secret)>> {
        let custom = &self.security.custom_parameters;
        let place = self.security.place_of("customParameters");
        let mut all = Vec::new();
        let mut is_whole = true;
        for (name, value) in custom {
            if is_sent_anyway(name, grant) {
                let message = format!("the parameter `{name}` is sent anyway");
                found.error(CODE, place.clone(), message, "Remove it from `customParameters`.");
                is_whole = false;
            }
            match self.parameter(name, value, place.clone(), found) {
                Some(value) => all.push((name.clone(), value)),
                None => is_whole = false,
            }
        }
        for name in ["scope", "audience", "resource"] {
            let Some(at) = self.extended(name) else { continue };
            if custom.iter().any(|(custom, _)| custom == name) {
                let message = format!("`{name}` is among `customParameters` already");
                found.error(CODE, at.place(), message, "Say it once.");
                is_whole = false;
            }
            let values = at.texts(found);
            if name == "scope" {
                all.push((name.to_owned(), Secret::new(values.join(" "))));
            } else {
                let each = values.into_iter().map(|value| (name.to_owned(), Secret::new(value)));
                all.extend(each);
            }
        }
        is_whole.then_some(all)
    }

    /// The value of a custom parameter; an empty one is sent as it is, a masked one is as it was.
    fn parameter(
        &self,
        name: &str,
        value: &Secret,
        place: Place,
        found: &mut Diagnostics,
    ) -> Option<Secret> {
        if !is_masked(value) {
            return self.reader.follow(value, place, found);
        }
        let is_same = |old: &OAuthPlan| self.security.client_id.as_ref() == Some(&old.client.id);
        let known = |old: &Credentials| match old {
            Credentials::OAuth(old) if is_same(old) => {
                old.parameters.iter().find(|(old, _)| old == name).map(|(_, value)| value.clone())
            }
            _ => None,
        };
        self.reader.read(Some(value), place, CODE, &known, found)
    }

    fn network(&self, found: &mut Diagnostics) -> Option<TokenNetwork> {
        let network = &self.security.network;
        // Where nothing says whose times count, those that are written do (spec/03 §4.1).
        let has_own = !matches!(network.timeouts_from.as_deref(), Some("GLOBAL" | "NONE"));
        let mut time = |key: &str, written: &Option<String>| match written.as_deref() {
            Some(text) if has_own => self.time(key, text, found),
            _ => Some(None),
        };
        let connect = time("connectionTimeoutDuration", &network.connect);
        let turn = time("connectionRequestTimeoutDuration", &network.turn);
        let answer = time("socketTimeoutDuration", &network.answer);
        let proxy = match (&network.proxy, network.proxy_from.as_deref()) {
            (_, Some("NONE")) => Some(TokenProxy::None),
            (Some(proxy), from) if from != Some("GLOBAL") => self.proxy(proxy, found),
            _ => Some(TokenProxy::Global),
        };
        Some(TokenNetwork { connect: connect?, turn: turn?, answer: answer?, proxy: proxy? })
    }

    /// Milliseconds; −1 and 0 are those of the gateway. The outer `None` is a diagnostic.
    fn time(&self, key: &str, text: &str, found: &mut Diagnostics) -> Option<Option<Duration>> {
        match text.parse::<i64>() {
            Ok(-1 | 0) => Some(None),
            Ok(number @ 1..=3_600_000) => {
                Some(u64::try_from(number).ok().map(Duration::from_millis))
            }
            _ => {
                let message = format!("`{key}` cannot be `{text}`");
                let help = "Write milliseconds up to 3600000, or -1 for those of the gateway.";
                found.error(CODE, self.security.place_of(key), message, help);
                None
            }
        }
    }

    fn proxy(&self, proxy: &TokenProxyConfig, found: &mut Diagnostics) -> Option<TokenProxy> {
        let mut wrong = |key: &str, message: &str, help: &str| {
            found.error(CODE, proxy.place_of(key), message, help);
        };
        let port = proxy.port.as_deref().unwrap_or("80").parse().ok().filter(|port| *port > 0);
        if port.is_none() {
            wrong("proxyPort", "the port of the proxy is malformed", "Write 1 to 65535.");
        }
        if proxy.host.is_none() {
            wrong("proxyHost", "the host of the proxy is missing", "Add `proxyHost`.");
        }
        let protocol = proxy.protocol.as_deref().unwrap_or("http");
        if !protocol.eq_ignore_ascii_case("http") {
            let message = "only proxies that are reached in clear text are supported";
            wrong("proxyProtocol", message, "Use `http`; tokens go through it encrypted.");
            return None;
        }
        let account = match &proxy.username {
            None => None,
            Some(username) => Some(Account {
                username: username.clone(),
                password: self.proxy_password(proxy, found)?,
            }),
        };
        let host = proxy.host.as_ref()?.trim_matches(['[', ']']).to_owned();
        Some(TokenProxy::Own { host, port: port?, account })
    }

    fn proxy_password(&self, proxy: &TokenProxyConfig, found: &mut Diagnostics) -> Option<Secret> {
        let known = |old: &Credentials| match old {
            Credentials::OAuth(old) => match &old.network.proxy {
                TokenProxy::Own { account: Some(old), .. } => {
                    (Some(&old.username) == proxy.username.as_ref()).then(|| old.password.clone())
                }
                _ => None,
            },
            _ => None,
        };
        let place = proxy.place_of("proxyPassword");
        self.reader.read(proxy.password.as_ref(), place, CODE, &known, found)
    }

    fn warn_of_idle(&self, key: &str, is_used: bool, found: &mut Diagnostics) {
        if let Some(at) = self.extended(key).filter(|_| !is_used) {
            let message = format!("`{key}` has no effect with this client authentication");
            found.warning(codes::NO_EFFECT, at.place(), message, "Remove it.");
        }
    }

    /// A key of `x-weir`, where it is there.
    fn extended(&self, key: &str) -> Option<Cursor<'_>> {
        self.extension.as_ref().map(|at| at.get(key)).filter(|at| !at.is_absent())
    }
}

/// Parameters of which there would be two.
fn is_sent_anyway(name: &str, grant: Option<&Grant>) -> bool {
    match name {
        "grant_type" | "client_assertion" | "client_assertion_type" => true,
        "username" | "password" => matches!(grant, Some(Grant::Password(_))),
        "subject_token" | "subject_token_type" | "requested_token_type" => {
            matches!(grant, Some(Grant::Exchange { .. }))
        }
        _ => false,
    }
}

fn is_local(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// A URL as it may be printed.
fn without_account(text: &str) -> &str {
    if text.contains('@') { "…" } else { text }
}
