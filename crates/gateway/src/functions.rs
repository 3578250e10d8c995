//! The functions that an account of AWS Lambda has (`ListFunctions` of 2015-03-31).

use std::sync::Arc;
use std::time::Duration;

use compiler::plan::{AwsPlan, AwsRole, AwsSource};
use http::{HeaderMap, HeaderValue, header};
use lambda::Refusal;
use lambda::function::Partition;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use tokio::time::Instant;
use url::Url;

use crate::clock;
use crate::config::GatewayConfig;
use crate::config::aws::AwsConfig;
use crate::fetch::{FetchError, FetchLimits, Fetched, Fetcher};
use crate::sign::aws::{self, Accounts, Keys, NoKeys, Signed};
use crate::upstream::tls::TrustStore;

/// What a page may cost: fifty functions, each with its environment and layers.
const LIMITS: FetchLimits = FetchLimits {
    connect: Duration::from_secs(5),
    answer: Duration::from_secs(30),
    total: Duration::from_secs(30),
    body_bytes: 16 * 1024 * 1024,
};
/// The most pages, so that a service whose pages never end is not read for ever.
const PAGES: usize = 10_000;
/// How long keys may take.
const KEYS: Duration = Duration::from_secs(30);
/// Escaped in a query, as signatures want it (RFC 3986 §2.3).
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Whose functions, and where.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// The region; that of the environment where it is not said.
    pub region: Option<String>,
    /// The ARN of a role to assume with the keys of the environment.
    pub role: Option<String>,
}

/// What an account has in a region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Functions {
    /// The region.
    pub region: String,
    /// The ARNs, in the order of the service.
    pub arns: Vec<String>,
}

/// Why there is no list.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// Neither the caller nor the environment says where.
    #[error("no region: give --region, or set AWS_REGION")]
    NoRegion,
    /// The name of the region makes no host.
    #[error("`{0}` is no region")]
    BadRegion(String),
    /// There are no keys, or they make no signature.
    #[error("no keys of AWS: {0}")]
    NoKeys(String),
    /// The address of the service is no URL.
    #[error("`{0}` is no URL of Lambda")]
    BadUrl(String),
    /// Nobody answers.
    #[error("Lambda cannot be asked at {0}: {1}")]
    Unreached(String, FetchError),
    /// The service says no.
    #[error("Lambda refuses: {status} {name}: {message}")]
    Refused {
        /// Its status.
        status: u16,
        /// The name of the error.
        name: String,
        /// Its message.
        message: String,
    },
    /// It is not `ListFunctions` that answers.
    #[error("what answers at {0} is not Lambda: {1}")]
    NoList(String, &'static str),
}

impl From<NoKeys> for ListError {
    fn from(why: NoKeys) -> Self {
        Self::NoKeys(why.to_string())
    }
}

/// Asks for all of them, page by page; through the proxy that calls of functions go through.
///
/// # Errors
///
/// Why there is no list; a part of one is none.
pub async fn list(
    asked: Asked,
    config: &GatewayConfig,
    trust: Arc<TrustStore>,
) -> Result<Functions, ListError> {
    let region = asked.region.or_else(|| config.aws.defaults.region.clone());
    let region = region.ok_or(ListError::NoRegion)?;
    let service = service(&region, &config.aws)?;
    let fetcher = fetcher(&service, config, trust)?;
    let role = asked.role.map(|arn| AwsRole {
        arn,
        session_name: "weir".to_owned(),
        region: region.clone(),
        external_id: None,
        tags: Vec::new(),
        duration: None,
    });
    let plan = AwsPlan { source: AwsSource::Chain { profile: None }, role };
    let account = Accounts::default().account(&plan, Some(&region));
    let keys = account.get(Some(Instant::now() + KEYS)).await?;
    let mut arns = Vec::new();
    let mut marker = None;
    for _ in 0..PAGES {
        let page = page(&service, marker.as_deref(), (&region, &keys), &fetcher).await?;
        let no_list = |why| ListError::NoList(service.clone(), why);
        let functions = page.get("Functions").and_then(Value::as_array);
        for function in functions.ok_or_else(|| no_list("it has no list of functions"))? {
            let arn = function.get("FunctionArn").and_then(Value::as_str);
            arns.push(arn.ok_or_else(|| no_list("a function has no ARN"))?.to_owned());
        }
        marker = match page.get("NextMarker").and_then(Value::as_str) {
            Some(next) if !next.is_empty() => Some(next.to_owned()),
            _ => return Ok(Functions { region, arns }),
        };
    }
    Err(ListError::NoList(service, "its pages do not end"))
}

/// Where the service is, without a slash at the end.
fn service(region: &str, config: &AwsConfig) -> Result<String, ListError> {
    let bad = || ListError::BadRegion(region.to_owned());
    let partition = Partition::of_region(region).ok_or_else(bad)?;
    let defaults = &config.defaults;
    Ok(match &defaults.lambda_url {
        Some(url) => url.trim_end_matches('/').to_owned(),
        None => format!("https://{}", partition.host("lambda", region, defaults.reach)),
    })
}

fn fetcher(
    service: &str,
    config: &GatewayConfig,
    trust: Arc<TrustStore>,
) -> Result<Fetcher, ListError> {
    let bad = || ListError::BadUrl(service.to_owned());
    let url = Url::parse(service).map_err(|_| bad())?;
    let host = url.host_str().ok_or_else(bad)?;
    let proxy = config.upstream.proxies.choose(url.scheme() == "https", host);
    Ok(Fetcher::new(trust, LIMITS).through(proxy))
}

async fn page(
    service: &str,
    marker: Option<&str>,
    (region, keys): (&str, &Keys),
    fetcher: &Fetcher,
) -> Result<Value, ListError> {
    let from = marker.map(|marker| format!("&Marker={}", utf8_percent_encode(marker, ESCAPED)));
    let page = format!("{service}/2015-03-31/functions/?MaxItems=50{}", from.unwrap_or_default());
    let url = Url::parse(&page).map_err(|_| ListError::BadUrl(service.to_owned()))?;
    let bad = || ListError::BadUrl(service.to_owned());
    let host = match (url.host_str().ok_or_else(bad)?, url.port()) {
        (host, Some(port)) => format!("{host}:{port}"),
        (host, None) => host.to_owned(),
    };
    let mut headers = HeaderMap::new();
    headers.insert(header::HOST, HeaderValue::try_from(&host).map_err(|_| bad())?);
    headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    let path = &url[url::Position::BeforePath..url::Position::AfterQuery];
    let signed = Signed {
        method: "GET",
        host: &host,
        path_and_query: path,
        body: &[],
        region,
        service: "lambda",
    };
    aws::sign(signed, keys, &mut headers, clock::now())?;
    let fetched = fetcher.get_with(&url, headers).await;
    let fetched = fetched.map_err(|error| ListError::Unreached(service.to_owned(), error))?;
    if !fetched.status.is_success() {
        return Err(refused(&fetched));
    }
    let no_json = |_| ListError::NoList(service.to_owned(), "it answers no JSON");
    serde_json::from_slice(&fetched.body).map_err(no_json)
}

fn refused(fetched: &Fetched) -> ListError {
    let name = fetched.headers.get("x-amzn-errortype").and_then(|value| value.to_str().ok());
    let refusal = Refusal::read(fetched.status.as_u16(), name, None, &fetched.body);
    let Refusal { status, name, message, .. } = refusal;
    ListError::Refused { status, name, message }
}
