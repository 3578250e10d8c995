//! What a flow asks of the gateway around it.

use std::borrow::Cow;
use std::cell::RefCell;
use std::sync::Arc;

use crate::property::Value;
use crate::rule::Verdict;

/// The gateway, as a flow sees it. A test has one of its own.
pub trait Host {
    /// What the gateway knows under this name in the default scope, where no policy has set it:
    /// `api.ut.*`, `REST_METHOD`, `API_ELECTED_RESOURCE`, `uri.var.*`, … (spec/02 §3.8).
    fn property(&self, name: &str) -> Option<Value>;

    /// What the gateway knows in the axis2 scope: `REMOTE_ADDR`, `REMOTE_HOST`, ….
    fn axis2(&self, name: &str) -> Option<Value>;

    /// The names of all that [`Self::property`] knows, for scripts that compute them.
    fn names(&self) -> Vec<String> {
        Vec::new()
    }

    /// A secret of the vault (`wso2:vault-lookup`).
    fn secret(&self, alias: &str) -> Option<String>;

    /// A message authentication code over `text`, in hexadecimal; `None` for an algorithm that is
    /// not known (`hmac-generate`).
    fn hmac(&self, algorithm: &str, key: &str, text: &str) -> Option<String>;

    /// The time of day, in milliseconds since 1970 UTC.
    fn now_ms(&self) -> i64;

    /// A claim of the caller's token, as JSON.
    fn claim(&self, name: &str) -> Option<Cow<'_, serde_json::Value>>;

    /// The token that the caller has shown and that was found to be good.
    fn access_token(&self) -> Option<Cow<'_, str>> {
        None
    }

    /// All that tells one caller from another: credentials and what they stand for; `None` where
    /// nobody has shown anything.
    fn caller(&self) -> Option<String> {
        None
    }

    /// The answer that is kept for a key (`cache`), good or not.
    fn cached(&self, _key: &[u8]) -> Option<Arc<crate::cache::Cached>> {
        None
    }

    /// Keeps an answer, one of so many at most.
    fn keep(&self, _key: Vec<u8>, _answer: Arc<crate::cache::Cached>, _most: usize) {}

    /// The address that the request came from.
    fn client_address(&self) -> Option<std::net::IpAddr>;

    /// A number from 0 to 99 that is the same for one caller, for splits by percentage.
    fn bucket(&self) -> u8;

    /// A number by chance, for latency and errors that are simulated.
    fn random(&self) -> u64;

    /// Where it is noted what a flow does, for who wants it explained; nobody does mostly.
    fn notes(&self) -> Option<&RefCell<Vec<Note>>> {
        None
    }

    /// Takes a line that a policy logs.
    fn log(&self, category: Category, text: &str);
}

/// What a flow did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Note {
    /// This step ran.
    Step(Arc<str>),
    /// A rule was looked at.
    Rule(Verdict),
}

/// How much a line that is logged matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Category {
    /// `TRACE`.
    Trace,
    /// `DEBUG`.
    Debug,
    /// `INFO`.
    #[default]
    Info,
    /// `WARN`.
    Warn,
    /// `ERROR` and `FATAL`.
    Error,
}
