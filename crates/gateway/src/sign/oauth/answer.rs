//! What an authorization server answers (RFC 6749 §5).

use std::time::Duration;

use http::{HeaderValue, StatusCode};
use model::secret::Secret;
use serde_json::Value;

use super::failure::{TokenFailure, TokenOutcome};
use crate::fetch::Fetched;

/// Lives beyond a year are taken for a year.
const LONGEST: f64 = 365.0 * 86_400.0;
/// How much of an error's description is repeated, in characters.
const SHOWN: usize = 200;

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
    let header = HeaderValue::try_from(format!("Bearer {token}"));
    let Ok(mut header) = header else {
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

/// The error that RFC 6749 §5.2 has words for.
fn reason(value: Option<&Value>) -> String {
    let text = |key: &str| value.and_then(|value| value.get(key)).and_then(Value::as_str);
    match (text("error"), text("error_description")) {
        (Some(error), Some(description)) => format!(", {}: {}", shown(error), shown(description)),
        (Some(error), None) => format!(", {}", shown(error)),
        (None, _) => String::new(),
    }
}

/// A text from outside on one line, shortened.
fn shown(text: &str) -> String {
    let text = text.chars().map(|one| if one.is_control() { ' ' } else { one });
    text.take(SHOWN).collect()
}

fn invalid(detail: impl Into<String>) -> TokenFailure {
    TokenFailure::new(TokenOutcome::Invalid, detail)
}
