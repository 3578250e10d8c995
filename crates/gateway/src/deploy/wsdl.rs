//! WSDLs that endpoints name by URL, fetched before their project is compiled.
//!
//! What was fetched last is kept: a project that is deployed again while its server is down is
//! compiled with that. Only the host of the URL is asked, for what its WSDL imports too.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use model::cursor::Cursor;
use model::project::Project;
use model::{Diagnostics, Place, codes};
use tokio::time::Instant;
use url::Url;
use wsdl::{Documents, Fetched, Limits, Location, Refusal};

use crate::fetch::{FetchLimits, Fetcher};

/// What fetching one document may cost.
pub(super) const LIMITS: FetchLimits = FetchLimits {
    connect: Duration::from_secs(5),
    answer: Duration::from_secs(10),
    total: Duration::from_secs(15),
    body_bytes: 16 << 20,
};
/// The most documents that one URL leads to.
const MOST: usize = 200;
/// How long all of them may take.
const LONGEST: Duration = Duration::from_secs(30);
/// The most bytes that are kept.
const KEPT: usize = 256 << 20;
/// The keys whose endpoints are of the type that stands beside them.
const STAGES: [&str; 2] = ["production_endpoints", "sandbox_endpoints"];
/// How deep endpoints are nested.
const DEPTH: usize = 16;

/// Documents by their URL, as they were fetched last.
#[derive(Debug, Default)]
pub(super) struct Cache(Mutex<BTreeMap<String, Bytes>>);

/// Fetches what the endpoints of a project name, unless the project brings it along.
pub(super) fn fetch(project: &mut Project, fetcher: &Fetcher, cache: &Cache) -> Diagnostics {
    let mut found = Diagnostics::new();
    let mut wanted = BTreeMap::new();
    let config = project.data().get("endpointConfig");
    urls(&config, false, DEPTH, &mut wanted);
    for (text, place) in wanted {
        let Ok(Location::Url(url)) = Location::url(&text) else { continue };
        if compiler::brings_wsdl(project, &text) {
            continue;
        }
        let until = Instant::now() + LONGEST;
        let asked = Asked { fetcher, host: &url, until, fetched: Mutex::default() };
        let root = Location::Url(url.clone());
        let first = asked.fetch(&root);
        if first.is_ok() {
            // Reading it asks for what it imports.
            drop(wsdl::read(&asked, &root, &Limits::default()));
        }
        let mut documents = asked.fetched.into_inner().unwrap_or_else(PoisonError::into_inner);
        if let Some(result) = documents.remove(url.as_str()) {
            documents.insert(text.clone(), result);
        }
        for (url, result) in documents {
            let result = cache.kept(&url, result, &place, &mut found);
            project.fetched.insert(url, result);
        }
    }
    found
}

impl Cache {
    /// What was fetched, or else what was fetched before.
    fn kept(
        &self,
        url: &str,
        result: Result<Bytes, String>,
        place: &Place,
        found: &mut Diagnostics,
    ) -> Result<Bytes, String> {
        let mut cache = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match result {
            Ok(bytes) => {
                let before = cache.remove(url);
                let size: usize = cache.values().map(Bytes::len).sum();
                if size + bytes.len() <= KEPT {
                    cache.insert(url.to_owned(), bytes.clone());
                }
                drop(before);
                Ok(bytes)
            }
            Err(why) => match cache.get(url) {
                Some(bytes) => {
                    let message = format!("{url} cannot be fetched, and is used as it was: {why}");
                    let help = "Mend the server, or put the WSDL into `WSDL/`.";
                    found.warning(codes::WSDL_ADDRESS, place.clone(), message, help);
                    Ok(bytes.clone())
                }
                None => Err(why),
            },
        }
    }
}

/// One URL, and what it leads to on the same host.
struct Asked<'a> {
    fetcher: &'a Fetcher,
    host: &'a Url,
    until: Instant,
    fetched: Mutex<BTreeMap<String, Result<Bytes, String>>>,
}

impl Documents for Asked<'_> {
    fn fetch(&self, location: &Location) -> Result<Fetched, Refusal> {
        let Location::Url(url) = location else { return Err(Refusal::Outside) };
        if url.origin() != self.host.origin() {
            return Err(Refusal::Host(url.host_str().unwrap_or_default().to_owned()));
        }
        let mut fetched = self.fetched.lock().unwrap_or_else(PoisonError::into_inner);
        if fetched.len() >= MOST && !fetched.contains_key(url.as_str()) {
            return Err(Refusal::Failed(format!("it leads to more than {MOST} documents")));
        }
        if Instant::now() > self.until && !fetched.contains_key(url.as_str()) {
            return Err(Refusal::Failed("what it leads to takes too long".to_owned()));
        }
        let result =
            fetched.entry(url.to_string()).or_insert_with(|| get(self.fetcher, url)).clone();
        let bytes = result.map_err(Refusal::Failed)?;
        Ok(Fetched { location: location.clone(), bytes })
    }
}

/// On a thread of its own, whatever the one that deploys is doing.
fn get(fetcher: &Fetcher, url: &Url) -> Result<Bytes, String> {
    let fetching = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| error.to_string())?;
        let fetched = runtime.block_on(fetcher.get(url)).map_err(|error| error.to_string())?;
        if !fetched.status.is_success() {
            return Err(format!("the server answers {}", fetched.status));
        }
        Ok(fetched.body)
    };
    std::thread::scope(|scope| scope.spawn(fetching).join())
        .unwrap_or_else(|_panic| Err("fetching it ran into a defect".to_owned()))
}

/// Every URL of an endpoint of type `wsdl`, wherever it is in `endpointConfig`.
fn urls(at: &Cursor<'_>, is_wsdl: bool, depth: usize, wanted: &mut BTreeMap<String, Place>) {
    if depth == 0 {
        return;
    }
    let mut quiet = Diagnostics::new();
    if at.value().is_array() {
        for item in at.items(&mut quiet) {
            urls(&item, is_wsdl, depth - 1, wanted);
        }
        return;
    }
    if !at.value().is_object() {
        return;
    }
    let kinds = ["endpoint_type", "type"].map(|key| at.get(key));
    let has_own = kinds.iter().any(|kind| !kind.is_absent());
    let is_wsdl = if has_own { kinds.iter().any(is_word) } else { is_wsdl };
    let url = at.get("url");
    if let Some(text) = url.value().as_str().map(str::trim).filter(|_| is_wsdl) {
        wanted.insert(text.to_owned(), url.place());
    }
    for (key, below) in at.entries(&mut quiet) {
        urls(&below, is_wsdl && STAGES.contains(&key), depth - 1, wanted);
    }
}

fn is_word(kind: &Cursor<'_>) -> bool {
    kind.value().as_str().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("wsdl"))
}
