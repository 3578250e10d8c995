//! What stands for signatures in a build without them. An API that needs them is never deployed.

use std::time::SystemTime;

use compiler::plan::AwsPlan;
use http::HeaderMap;
use model::secret::Secret;

use super::{Held, NoKeys, Signed};

/// No keys.
#[derive(Debug)]
pub(crate) struct Keys;

impl Keys {
    pub(crate) fn new(_id: &str, _secret: &Secret, _token: Option<&Secret>) -> Self {
        Self
    }
}

/// Nobody is asked for keys.
#[allow(clippy::unused_async, reason = "the build with signatures waits for them")]
pub(super) async fn had(_plan: &AwsPlan, _region: Option<&str>) -> Result<Held, NoKeys> {
    Err(refusal())
}

/// No signature.
pub(crate) fn sign(
    _request: Signed<'_>,
    _keys: &Keys,
    _headers: &mut HeaderMap,
    _time: SystemTime,
) -> Result<(), NoKeys> {
    Err(refusal())
}

fn refusal() -> NoKeys {
    NoKeys("this build has no signatures of AWS".into())
}
