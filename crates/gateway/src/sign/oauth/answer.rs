//! What an authorization server answers (RFC 6749 §5).

use std::time::Duration;

use http::{HeaderValue, StatusCode};
use model::secret::Secret;
use serde_json::Value;

use super::failure::{TokenFailure, TokenOutcome};
use crate::fetch::Fetched;

/// Lives beyond a year are taken for a year.
const LONGEST: f64 = 365.0 * 86_400.0;
/// How much of a word is repeated, in characters.
const SHOWN: usize = 40;
const ERRORS: [&str; 8] = [
    "invalid_request",
    "invalid_client",
    "invalid_grant",
    "unauthorized_client",
    "unsupported_grant_type",
    "invalid_scope",
    "invalid_target",
    "access_denied",
];

/// A token as it was given.
#[derive(Debug)]
pub(super) struct Given {
    /// The value of `Authorization`.
    pub(super) header: HeaderValue,
    /// Its life; `None` where the server does not say.
    pub(super) life: Option<Duration>,
    /// What the next one can be had with.
    pub(super) refresh_token: Option<Secret>,
}

/// Reads an answer.
pub(super) fn read(answer: &Fetched) -> Result<Given, TokenFailure> {
    let value = serde_json::from_slice::<Value>(&answer.body).ok();
    if answer.status != StatusCode::OK {
        return Err(TokenFailure::refused(answer.status, &reason(value.as_ref())));
    }
    let Some(value) = value.filter(Value::is_object) else {
        return Err(invalid("The answer of the Token URL is no JSON object"));
    };
    let text = |key: &str| value.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    let Some(token) = text("access_token") else {
        return Err(invalid("Missing key [access_token]"));
    };
    if let Some(kind) = text("token_type").filter(|kind| !is_bearer(kind)) {
        let kind = shown(kind);
        return Err(invalid(format!("The token is of the type {kind}, which cannot be shown")));
    }
    // RFC 6750 §2.1 has fewer characters; some servers do not keep to it.
    let is_plain = token.bytes().all(|byte| byte.is_ascii_graphic());
    let header = HeaderValue::try_from(format!("Bearer {token}")).ok().filter(|_| is_plain);
    let Some(mut header) = header else {
        return Err(invalid("The access token has a character that no header can carry"));
    };
    header.set_sensitive(true);
    Ok(Given {
        header,
        life: value.get("expires_in").and_then(life),
        refresh_token: text("refresh_token").map(Secret::new),
    })
}

/// Servers write `bearer` in many ways, and some write nothing that means anything (`JWT`,
/// `BearerToken`); those that need a proof of their own cannot be shown as bearer tokens.
fn is_bearer(kind: &str) -> bool {
    !["dpop", "mac", "pop", "n_a"].iter().any(|other| kind.eq_ignore_ascii_case(other))
}

/// Seconds, as a number or in text.
fn life(value: &Value) -> Option<Duration> {
    let seconds = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    let seconds = seconds.filter(|seconds| !seconds.is_nan())?;
    Some(Duration::from_secs_f64(seconds.clamp(0.0, LONGEST)))
}

/// The error, where it is one of the words of RFC 6749 §5.2. Nothing else is repeated: some servers
/// describe an error by what they were sent.
fn reason(value: Option<&Value>) -> String {
    let error = value.and_then(|value| value.get("error")).and_then(Value::as_str);
    let known = error.filter(|error| ERRORS.contains(error));
    known.map_or_else(String::new, |error| format!(", {error}"))
}

/// A text from outside on one line, shortened.
fn shown(text: &str) -> String {
    let text = text.chars().map(|one| if one.is_control() { ' ' } else { one });
    text.take(SHOWN).collect()
}

fn invalid(detail: impl Into<String>) -> TokenFailure {
    TokenFailure::new(TokenOutcome::Invalid, detail)
}
