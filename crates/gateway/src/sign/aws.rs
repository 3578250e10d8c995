//! Signatures for accounts of AWS (Signature Version 4), and the keys that they are made with.
//!
//! Nothing is signed yet: whoever asks for keys is told so, and nothing is called.

use std::sync::Arc;
use std::time::SystemTime;

use http::HeaderMap;
use tokio::time::Instant;

use crate::config::aws::AwsEnvironment;

/// An account that calls are signed for.
#[derive(Debug)]
pub(crate) struct Account;

/// What a signature is made with.
#[derive(Debug)]
pub(crate) struct Keys;

/// Why there are no keys.
#[derive(Debug, thiserror::Error)]
#[error("calls of AWS cannot be signed by this build")]
pub(crate) struct NoKeys;

/// What is signed.
#[derive(Debug, Clone, Copy)]
#[allow(dead_code, reason = "read once calls are signed")]
pub(crate) struct Signed<'a> {
    pub(crate) method: &'a str,
    pub(crate) host: &'a str,
    pub(crate) path_and_query: &'a str,
    pub(crate) body: &'a [u8],
    pub(crate) region: &'a str,
    pub(crate) service: &'static str,
}

impl Account {
    /// The keys at hand.
    pub(crate) fn current(self: &Arc<Self>, _now: Instant) -> Option<Arc<Keys>> {
        None
    }

    /// The keys, once they have been had.
    pub(crate) async fn get(
        self: &Arc<Self>,
        _deadline: Option<Instant>,
    ) -> Result<Arc<Keys>, NoKeys> {
        Err(NoKeys)
    }

    /// The service does not take the keys; whether another call with other ones makes sense.
    pub(crate) fn refused(&self, _keys: &Arc<Keys>) -> bool {
        false
    }
}

/// Puts the signature in.
pub(crate) fn sign(
    _request: Signed<'_>,
    _keys: &Keys,
    _headers: &mut HeaderMap,
    _time: SystemTime,
) {
}

/// The region that the environment names.
pub(crate) fn region_of_profile(environment: &AwsEnvironment) -> Option<String> {
    ["AWS_REGION", "AWS_DEFAULT_REGION"]
        .iter()
        .find_map(|name| environment.get(name))
        .map(str::to_owned)
}
