//! What the service says when it does not call the function.
//!
//! Statuses alone do not tell a function that is not there from one that is not ready, nor a pause
//! that helps from one that does not. The name of the error does.

mod table;

use serde_json::{Map, Value};

use table::TABLE;

/// Characters of a message that are kept for the log.
const MESSAGE: usize = 1024;
/// Characters of a name.
const NAME: usize = 128;
/// The longest pause that is believed, in seconds.
const LONGEST_PAUSE: u64 = 3600;

/// What an error of the service means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// Too many calls.
    Throttled,
    /// There is no such function, version or alias.
    NotFound,
    /// The caller may not call it.
    Denied,
    /// The credentials have run out.
    Expired,
    /// The credentials or the signature are wrong.
    Credentials,
    /// The event is too long.
    TooLarge,
    /// The event is not what it has to be.
    Invalid,
    /// The event is not JSON.
    MediaType,
    /// The function is being prepared, or was idle for long.
    NotReady,
    /// The function is being changed.
    Conflict,
    /// Network of the function: interfaces, addresses, security groups (EC2).
    Network,
    /// The key that the function's settings are encrypted with (KMS).
    Key,
    /// A file system that the function has.
    FileSystem,
    /// The function's snapshot (`SnapStart`).
    Snapshot,
    /// The function's code or runtime.
    Code,
    /// The function calls itself, by way of others.
    Recursive,
    /// An allowance of the account is used up.
    Quota,
    /// The service is in trouble.
    Service,
    /// Anything else.
    Other,
}

/// Whether the same call may be sent again without doing harm: the function has not run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Repeat {
    /// No, or it does not help.
    No,
    /// Yes, after a pause.
    Later,
    /// Yes, with other credentials.
    WithNewCredentials,
}

/// An error of the service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The status that it came with.
    pub status: u16,
    /// What it means.
    pub reason: Reason,
    /// Whether the same call may be sent again.
    pub repeat: Repeat,
    /// The name of the error, such as `ResourceNotFoundException`; empty where it has none.
    pub name: String,
    /// Its message; for the log, not for clients: it may name accounts and roles.
    pub message: String,
    /// What ran out, of a call that was throttled: `ConcurrentInvocationLimitExceeded` and others.
    pub throttle: Option<String>,
    /// How long to wait, in seconds.
    pub retry_after: Option<u64>,
}

impl Refusal {
    /// Reads an answer with a status of 300 or more: `x-amzn-ErrorType`, `Retry-After`, and the
    /// body, or the beginning of one ([`crate::limits::REFUSAL`]).
    #[must_use]
    pub fn read(
        status: u16,
        error_type: Option<&str>,
        retry_after: Option<&str>,
        body: &[u8],
    ) -> Self {
        let members = members(body);
        let text = |names: &[&str]| names.iter().find_map(|name| members.get(*name)?.as_str());
        // `Type` is who is to blame (`User`), but some emulators put the name there.
        let name = error_type
            .or_else(|| text(&["__type", "code", "Code"]))
            .or_else(|| text(&["Type"]).filter(|name| name.ends_with("Exception")))
            .map(bare)
            .unwrap_or_default();
        let message = text(&["message", "Message", "errorMessage"]).unwrap_or_default();
        let (reason, repeat) = meaning(status, name, message);
        Self {
            status,
            reason,
            repeat,
            name: name.chars().take(NAME).collect(),
            message: message.chars().take(MESSAGE).collect(),
            throttle: text(&["Reason"]).map(|reason| reason.chars().take(NAME).collect()),
            retry_after: retry_after.and_then(seconds),
        }
    }

    /// Whether the same call may be sent again: the function has not run, and it can help.
    #[must_use]
    pub fn is_safe_to_repeat(&self) -> bool {
        self.repeat != Repeat::No
    }
}

/// The name without the namespace in front and the address behind:
/// `com.amazonaws.lambda#XException:http://…`.
fn bare(text: &str) -> &str {
    let text = text.split(':').next().unwrap_or_default();
    text.rsplit('#').next().unwrap_or_default().trim()
}

fn meaning(status: u16, name: &str, message: &str) -> (Reason, Repeat) {
    // The same name is used for a wrong signature and for a right one that came too late.
    if message.starts_with("Signature expired") || message.starts_with("Signature not yet current")
    {
        return (Reason::Credentials, Repeat::No);
    }
    let known = TABLE.iter().find(|(known, ..)| *known == name);
    known.map_or_else(|| by_status(status), |(_, reason, repeat)| (*reason, *repeat))
}

/// What is left to go by where the name says nothing.
fn by_status(status: u16) -> (Reason, Repeat) {
    match status {
        400 => (Reason::Invalid, Repeat::No),
        401 | 403 => (Reason::Denied, Repeat::No),
        404 => (Reason::NotFound, Repeat::No),
        409 => (Reason::Conflict, Repeat::No),
        413 => (Reason::TooLarge, Repeat::No),
        415 => (Reason::MediaType, Repeat::No),
        429 => (Reason::Throttled, Repeat::Later),
        500.. => (Reason::Service, Repeat::No),
        _ => (Reason::Other, Repeat::No),
    }
}

fn members(body: &[u8]) -> Map<String, Value> {
    #[allow(clippy::disallowed_methods, reason = "the length is checked here")]
    let read = |body: &[u8]| serde_json::from_slice(body).ok();
    Some(body)
        .filter(|body| body.len() <= crate::limits::REFUSAL)
        .and_then(read)
        .unwrap_or_default()
}

/// Whole seconds; a date is not understood, and the service sends none.
fn seconds(text: &str) -> Option<u64> {
    text.trim().parse().ok().map(|seconds: u64| seconds.min(LONGEST_PAUSE))
}

#[cfg(test)]
mod tests;
