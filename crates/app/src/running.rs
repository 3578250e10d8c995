//! Asking the gateway that serves, by its admin listener.

use std::sync::Arc;

use gateway::fetch::{FetchLimits, Fetcher};
use gateway::upstream::tls::TrustStore;
use serde_json::Value;
use url::Url;

use crate::{cli, load};

/// The longest answer, in bytes.
const LONGEST: usize = 64 * 1024 * 1024;

/// What it answers to `GET` of a path with its query; without an address, the one of the
/// configuration is asked.
///
/// # Errors
///
/// Nobody answers, or what is answered is no JSON or an error; as text to show.
pub(crate) fn ask(home: &cli::Home, address: Option<&str>, target: &str) -> Result<Value, String> {
    let loaded = load::load(home, Default::default())?;
    let own = loaded.config.listeners.admin.map(|address| address.to_string());
    let address = address.map(str::to_owned).or(own);
    let address = address.ok_or("the admin listener is switched off; use --running=ADDR")?;
    let url = Url::parse(&format!("http://{address}{target}"))
        .map_err(|error| format!("`{address}` is no address: {error}"))?;
    let trust = TrustStore::load(&loaded.config.upstream_tls).map_err(|error| error.to_string())?;
    let limits = FetchLimits { body_bytes: LONGEST, ..FetchLimits::default() };
    let fetcher = Fetcher::new(Arc::new(trust), limits);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("cannot start: {error}"))?;
    let fetched = runtime
        .block_on(fetcher.get(&url))
        .map_err(|error| format!("nobody answers at {address}: {error}"))?;
    let text = String::from_utf8_lossy(&fetched.body);
    if !fetched.status.is_success() {
        return Err(text.trim().to_owned());
    }
    serde_json::from_str(&text).map_err(|error| format!("{address} answered no JSON: {error}"))
}
