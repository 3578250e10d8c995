//! Documents on the web: of the host that was named, and of those that are allowed.
//!
//! Redirects are followed within one origin only, so that a host that is allowed cannot lead to
//! one that is not.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use gateway::config::GatewayConfig;
use gateway::fetch::{FetchError, FetchLimits, Fetcher};
use gateway::upstream::tls::TrustStore;
use tokio::runtime::Runtime;
use url::Url;
use wsdl::{Documents, Fetched, Limits, Location, Refusal};

/// For all documents of an import.
const TOTAL: Duration = Duration::from_secs(120);

/// Fetches documents.
pub(super) struct Web {
    fetcher: Fetcher,
    runtime: Runtime,
    hosts: Vec<String>,
    until: Instant,
}

impl Web {
    /// One that asks these hosts only.
    ///
    /// # Errors
    ///
    /// That the certificates to trust cannot be read.
    pub(super) fn new(config: &GatewayConfig, hosts: &[String]) -> Result<Self, String> {
        let trust = TrustStore::load(&config.upstream_tls).map_err(|error| error.to_string())?;
        let body_bytes = Limits::default().document_bytes;
        let limits = FetchLimits {
            answer: Duration::from_secs(30),
            total: Duration::from_secs(30),
            body_bytes,
            ..FetchLimits::default()
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        Ok(Self {
            fetcher: Fetcher::new(Arc::new(trust), limits),
            runtime: runtime.map_err(|error| format!("cannot start: {error}"))?,
            hosts: hosts.iter().map(|host| host.to_ascii_lowercase()).collect(),
            until: Instant::now() + TOTAL,
        })
    }

    /// The same, which asks the host of a document too.
    pub(super) fn with_host_of(mut self, location: &Location) -> Self {
        let host = location.as_url().and_then(Url::host_str);
        self.hosts.extend(host.map(str::to_ascii_lowercase));
        self
    }

    /// What is at a URL that the caller has named.
    ///
    /// # Errors
    ///
    /// Why it cannot be had.
    pub(super) fn bytes(&self, url: &str) -> Result<Bytes, String> {
        let parsed = Url::parse(url).map_err(|error| format!("{url}: {error}"))?;
        self.get(&parsed).map_err(|refusal| format!("{url}: {refusal}"))
    }

    fn get(&self, url: &Url) -> Result<Bytes, Refusal> {
        if Instant::now() > self.until {
            let reason = format!("all documents together took more than {} s", TOTAL.as_secs());
            return Err(Refusal::Failed(reason));
        }
        match self.runtime.block_on(self.fetcher.get(url)) {
            Ok(fetched) if fetched.status.is_success() => Ok(fetched.body),
            Ok(fetched) => Err(Refusal::Absent(format!("the server answers {}", fetched.status))),
            Err(FetchError::TooLarge(_)) => Err(Refusal::TooLarge),
            Err(error) => Err(Refusal::Failed(error.to_string())),
        }
    }
}

impl Documents for Web {
    fn fetch(&self, location: &Location) -> Result<Fetched, Refusal> {
        let Some(url) = location.as_url() else { return Err(Refusal::Outside) };
        let host = url.host_str().unwrap_or_default().to_ascii_lowercase();
        if !self.hosts.contains(&host) {
            return Err(Refusal::Host(host));
        }
        Ok(Fetched { location: location.clone(), bytes: self.get(url)? })
    }
}
