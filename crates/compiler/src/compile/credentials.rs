//! `endpoint_security` (spec/03 §4.1): what an endpoint is shown, so that it answers.
//!
//! It is said for a stage, and holds for every leaf of it; a leaf or a group may say something else
//! under `x-weir.security`, in the same words.
//! What is incomplete is refused: an API whose endpoint wants to know who calls is not served
//! without that.

mod oauth;
mod secret;

use http::{HeaderName, HeaderValue, header};
use model::cursor::Cursor;
use model::endpoint::{EndpointSecurity, SecurityKind};
use model::secret::Secret;
use model::{Diagnostics, Place, codes};

use super::group::settings::{Settings, check_keys, is_off};
use crate::plan::{Account, Credentials};
pub use secret::Secrets;
pub(super) use secret::StageSecurity;
use secret::{Known, Reader};

/// The key below `x-weir`.
pub(super) const KEY: &str = "security";
/// What may stand below it; the words are WSO2's.
const KEYS: &[&str] = &[
    "enabled",
    "type",
    "username",
    "password",
    "grantType",
    "tokenUrl",
    "clientId",
    "clientSecret",
    "customParameters",
    "additionalProperties",
    "apiKeyIdentifier",
    "apiKeyIdentifierType",
    "apiKeyValue",
    "connectionTimeoutConfigType",
    "connectionTimeoutDuration",
    "connectionRequestTimeoutDuration",
    "socketTimeoutDuration",
    "proxyConfigType",
    "proxyConfigs",
    "uniqueIdentifier",
    "x-weir",
];

/// Headers that frame or address a message, which no key may replace.
const RESERVED: [HeaderName; 8] = [
    header::HOST,
    header::CONTENT_LENGTH,
    header::CONTENT_TYPE,
    header::TRANSFER_ENCODING,
    header::CONNECTION,
    header::TE,
    header::TRAILER,
    header::UPGRADE,
];

/// What a leaf is shown: as the nearest place under `x-weir` says, else as its stage does.
pub(super) fn plan(settings: &Settings<'_>, found: &mut Diagnostics) -> Option<Credentials> {
    let stage = settings.stage();
    let secrets = stage.map_or_else(Secrets::none, |stage| stage.secrets);
    let before = stage.and_then(|stage| stage.before);
    match settings.security() {
        Some(at) if is_off(&at) => None,
        Some(at) => {
            check_keys(&at, &[KEYS], found);
            let security = EndpointSecurity::read_at(&at, true, found)?;
            of(&security, Reader { secrets, before }, found)
        }
        None => of(stage?.security?, Reader { secrets, before }, found),
    }
}

/// The text of a secret of a leaf that is no part of its `security`; it may be somewhere else.
pub(super) fn follow(
    settings: &Settings<'_>,
    secret: &Secret,
    place: Place,
    found: &mut Diagnostics,
) -> Option<Secret> {
    let secrets = settings.stage().map_or_else(Secrets::none, |stage| stage.secrets);
    Reader { secrets, before: None }.follow(secret, place, found)
}

/// The text of a secret that may be left out, where it is the one that is in use.
pub(super) fn kept(
    settings: &Settings<'_>,
    (written, place): (Option<&Secret>, Place),
    code: &'static str,
    known: Known<'_>,
    found: &mut Diagnostics,
) -> Option<Secret> {
    let stage = settings.stage();
    let secrets = stage.map_or_else(Secrets::none, |stage| stage.secrets);
    let before = stage.and_then(|stage| stage.before);
    Reader { secrets, before }.read(written, place, code, known, found)
}

fn of(
    security: &EndpointSecurity,
    reader: Reader<'_>,
    found: &mut Diagnostics,
) -> Option<Credentials> {
    if !security.is_enabled {
        return None;
    }
    match &security.kind {
        SecurityKind::None => None,
        SecurityKind::Basic => basic(security, reader, found).map(Credentials::Basic),
        SecurityKind::Digest => {
            let known = |old: &Credentials| match old {
                Credentials::Digest(account) => known_account(account, security),
                _ => None,
            };
            let code = codes::SECURITY_DIGEST;
            account(security, code, reader, &known, found).map(Credentials::Digest)
        }
        SecurityKind::OAuth => {
            oauth::plan(security, reader, found).map(|plan| Credentials::OAuth(Box::new(plan)))
        }
        SecurityKind::ApiKey => api_key(security, reader, found),
        SecurityKind::Other(name) => {
            let message = format!("the type `{name}` of endpoint security is unknown");
            let help = "Use NONE, BASIC, DIGEST, OAUTH or apikey.";
            found.error(codes::SECURITY_OTHER, security.place.clone(), message, help);
            None
        }
    }
}

/// The password that the same user has had.
fn known_account(account: &Account, security: &EndpointSecurity) -> Option<Secret> {
    let is_same = security.username.as_deref() == Some(account.username.as_str());
    is_same.then(|| account.password.clone())
}

fn basic(
    security: &EndpointSecurity,
    reader: Reader<'_>,
    found: &mut Diagnostics,
) -> Option<Account> {
    let known = |old: &Credentials| match old {
        Credentials::Basic(account) => known_account(account, security),
        _ => None,
    };
    let code = codes::SECURITY_BASIC;
    let account = account(security, code, reader, &known, found)?;
    if account.username.contains(':') {
        let message = "a user name with a colon cannot be sent by basic authentication";
        let help = "Use a user name without a colon (RFC 7617 §2).";
        found.error(code, security.place_of("username"), message, help);
        return None;
    }
    Some(account)
}

/// User and password, without characters that no header can carry.
fn account(
    security: &EndpointSecurity,
    code: &'static str,
    reader: Reader<'_>,
    known: Known<'_>,
    found: &mut Diagnostics,
) -> Option<Account> {
    let username = security.username.clone();
    if username.is_none() {
        let message = "the `username` is missing";
        found.error(code, security.place_of("username"), message, "Add `username`.");
    }
    let place = security.place_of("password");
    let password = reader.read(security.password.as_ref(), place, code, known, found);
    let (username, password) = (username?, password?);
    let parts = [("username", username.as_str()), ("password", password.expose())];
    let unsendable = parts.iter().find(|(_, text)| text.chars().any(char::is_control));
    if let Some((key, _)) = unsendable {
        let message = format!("the `{key}` has a control character, which cannot be sent");
        let help = "Remove line breaks, tabs and the like.";
        found.error(code, security.place_of(key), message, help);
        return None;
    }
    Some(Account { username, password })
}

fn api_key(
    security: &EndpointSecurity,
    reader: Reader<'_>,
    found: &mut Diagnostics,
) -> Option<Credentials> {
    let code = codes::SECURITY_API_KEY;
    let name = security.api_key_name.as_deref();
    if name.is_none() {
        let message = "the `apiKeyIdentifier` is missing";
        let help = "Write the name of the header or of the query parameter.";
        found.error(code, security.place_of("apiKeyIdentifier"), message, help);
    }
    let place = security.place_of("apiKeyValue");
    let known = |old: &Credentials| match old {
        Credentials::HeaderKey { name: old, key } => {
            name.is_some_and(|name| name.eq_ignore_ascii_case(old.as_str())).then(|| key.clone())
        }
        Credentials::QueryKey { name: old, key } => {
            (name == Some(old.as_str())).then(|| key.clone())
        }
        _ => None,
    };
    let key = reader.read(security.api_key.as_ref(), place, code, &known, found);
    let kind = security.api_key_in.as_deref().unwrap_or_default();
    match kind.replace(['_', '-', ' '], "").as_str() {
        "HEADER" => header_key(security, name?, key?, found),
        "QUERY" | "QUERYPARAM" | "QUERYPARAMETER" => {
            Some(Credentials::QueryKey { name: name?.to_owned(), key: key? })
        }
        _ => {
            let message = match kind {
                "" => "the `apiKeyIdentifierType` is missing".to_owned(),
                other => format!("the `apiKeyIdentifierType` `{other}` is unknown"),
            };
            let help = "Write HEADER or QUERY_PARAMETER.";
            found.error(code, security.place_of("apiKeyIdentifierType"), message, help);
            None
        }
    }
}

fn header_key(
    security: &EndpointSecurity,
    name: &str,
    key: Secret,
    found: &mut Diagnostics,
) -> Option<Credentials> {
    let code = codes::SECURITY_API_KEY;
    let parsed = HeaderName::from_bytes(name.as_bytes()).ok();
    let Some(name) = parsed.filter(|name| !RESERVED.contains(name)) else {
        let message = format!("a key cannot be sent in the header `{name}`");
        let help = "Name another header, such as X-API-Key.";
        found.error(code, security.place_of("apiKeyIdentifier"), message, help);
        return None;
    };
    if HeaderValue::try_from(key.expose()).is_err() {
        let message = "the key has a character that no header can carry";
        let help = "Remove line breaks and other control characters.";
        found.error(code, security.place_of("apiKeyValue"), message, help);
        return None;
    }
    Some(Credentials::HeaderKey { name, key })
}

/// The text of a key under `x-weir`; lists are not taken.
fn word(at: &Cursor<'_>, key: &str, found: &mut Diagnostics) -> Option<String> {
    at.get(key).word(found)
}
